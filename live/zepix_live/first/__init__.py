"""The first alert: a configuration by five questions, a test alert, and what became of it."""

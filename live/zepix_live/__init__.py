"""The live runner: a receiver that loses no alert, an engine that decides, and what they keep on disk between them."""

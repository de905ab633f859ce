"""The parts of the report: markup, figures, sections, and the style and script that go into the page."""

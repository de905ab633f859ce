"""Pictures for notebooks and files: what the report draws, and what only a notebook asks for.

Builders make plain dictionaries as plotly.js reads them (``report_parts`` uses the same ones); ``picture`` makes plotly
figures of them that print as text and save themselves as one file.
"""

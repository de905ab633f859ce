"""The record of a run: its journal (one JSON object a line), and the digest that two equal runs share."""

from zepix.journal.codec import SCHEMA, decode_line, encode_line, plain
from zepix.journal.digest import canonical_lines, digest
from zepix.journal.reader import read_header, read_journal
from zepix.journal.writer import write_journal

__all__ = [
    "SCHEMA",
    "canonical_lines",
    "decode_line",
    "digest",
    "encode_line",
    "plain",
    "read_header",
    "read_journal",
    "write_journal",
]

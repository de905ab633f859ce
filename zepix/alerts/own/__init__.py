"""Dialects of one's own: what a TOML table says about foreign bodies becomes a dialect like the built-in ones.

``load(path)`` reads the tables ``[dialect.NAME]`` of a file; ``docs/dialects.md`` says what may stand in them.
"""

from zepix.alerts.own.files import FILE_LIMIT_BYTES, load, loads
from zepix.alerts.own.reader import OwnDialect
from zepix.alerts.own.table import Table

__all__ = ["FILE_LIMIT_BYTES", "OwnDialect", "Table", "load", "loads"]

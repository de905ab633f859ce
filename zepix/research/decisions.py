"""The table of decisions: what became of each alert at each plugin that saw it, and the numbers that decided.

The fixed columns come first, then one column for each number that any decision carried, in order of first appearance
and null where a decision did not carry it. A column is whole numbers if all its values are, else floats, truth values,
or text; what is no single value (a list, a mapping) is written as JSON text. A number named like a fixed column becomes
``number_<name>``. Strategies choose these names, so there is a limit: past 200 the rest goes into one column ``more``.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.journal.codec import plain
from zepix.model import DecisionRow
from zepix.research import arrow
from zepix.research.columns import texts

__all__ = ["FIXED_COLUMNS", "MAX_NUMBER_COLUMNS", "decisions_table"]

MAX_NUMBER_COLUMNS: Final = 200
_WORDS: Final = (
    ("id", "alert_id"),
    ("dialect", "dialect"),
    ("strategy", "plugin_id"),
    ("family", "family"),
    ("outcome", "outcome"),
    ("reason", "reason"),
    ("symbol", "symbol"),
    ("type", "type"),
    ("side", "side"),
    ("timeframe", "timeframe"),
)
FIXED_COLUMNS: Final = frozenset({"received_at", "more", *(name for name, _ in _WORDS)})
_INT64: Final = range(-(2**63), 2**63)


def decisions_table(record: RunRecord) -> Any:
    """One row a decision, in the order in which they were made (pyarrow.Table)."""
    rows = record.decisions
    received = [arrow.NO_TIME if row.received_ns is None else row.received_ns for row in rows]
    words = [(name, arrow.strings(texts(rows, field))) for name, field in _WORDS]
    return arrow.table([words[0], ("received_at", arrow.times(received)), *words[1:], *_numbers(rows)])


def _numbers(rows: list[DecisionRow]) -> list[tuple[str, Any]]:
    """Columns of the numbers, each of the length of ``rows``."""
    columns: dict[str, dict[int, Any]] = {}
    rest: dict[int, dict[str, Any]] = {}
    for at, row in enumerate(rows):
        for name, value in row.numbers.items():
            if value is None:
                continue
            if name in columns or len(columns) < MAX_NUMBER_COLUMNS:
                columns.setdefault(name, {})[at] = value
            else:
                rest.setdefault(at, {})[name] = value
    taken = set(FIXED_COLUMNS)
    table = [
        (_free_name(arrow.clean(str(name)), taken), _column(values, len(rows))) for name, values in columns.items()
    ]
    if rest:
        table.append(("more", _column({at: _text(values) for at, values in rest.items()}, len(rows))))
    return table


def _free_name(name: str, taken: set[str]) -> str:
    """The name, or ``number_<name>`` where it is taken; it is taken from now on."""
    while name in taken:
        name = f"number_{name}"
    taken.add(name)
    return name


def _column(values: dict[int, Any], length: int) -> Any:
    """An array with ``values`` at their rows and null elsewhere."""
    missing = np.ones(length, bool)
    where = np.fromiter(values, np.int64, len(values))
    missing[where] = False
    found = [_scalar(value) for value in values.values()]
    kinds = {type(value) for value in found}
    if kinds == {bool}:
        return arrow.booleans(_spread(found, where, length, bool), missing)
    if kinds == {int} and all(value in _INT64 for value in found):
        return arrow.integers(_spread(found, where, length, np.int64), missing)
    if kinds <= {int, float}:
        return arrow.floats(_spread(list(map(_as_float, found)), where, length, np.float64), missing)
    words = [""] * length
    for at, value in zip(values, found, strict=True):
        words[at] = value if isinstance(value, str) else _text(value)
    return arrow.strings(words, missing)


def _spread(found: list[Any], where: Any, length: int, kind: Any) -> Any:
    column = np.zeros(length, kind)
    column[where] = found
    return column


def _scalar(value: Any) -> Any:
    """A bool, int, float or str."""
    if type(value) in (bool, int, float, str):
        return value
    if isinstance(value, (Decimal, float)):
        return float(value)
    cleaned = plain(value)
    return cleaned if isinstance(cleaned, (bool, int, float, str)) else _text(cleaned)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("nan")


def _text(value: Any) -> str:
    return json.dumps(plain(value), separators=(",", ":"))

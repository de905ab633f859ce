"""What the columns of statements are called, and which section of a report a row of headings begins."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from zepix.errors import ConfigError

__all__ = ["FIELDS", "Section", "mapped", "section_of", "what_is_missing"]

FIELDS: Final = (
    "position", "symbol", "side", "volume", "open_time", "open_price", "close_time", "close_price", "sl", "tp",
    "commission", "fee", "swap", "profit", "comment", "reason", "entry", "time", "price", "deal",
)  # fmt: skip
"""What a column can hold; ``--columns FIELD=HEADING`` says which it is."""

_CLOSED: Final = {
    "position": "position|position id|positionid|ticket|trade id|trade|id|order id|deal id",
    "symbol": "symbol|instrument|market|item|asset|pair",
    "side": "side|type|direction|action|buy sell",
    "volume": "volume|lots|size|quantity|amount|units",
    "open_time": "open time|opened|opening time|entry time|time open|open date|opened at|time entry",
    "open_price": "open price|entry price|opening price|price open|price entry|entry",
    "close_time": "close time|closed|closing time|exit time|time close|close date|closed at|time exit",
    "close_price": "close price|exit price|closing price|price close|price exit|exit",
    "sl": "sl|s l|stop loss|stop",
    "tp": "tp|t p|take profit|target",
    "commission": "commission|commissions",
    "fee": "fee|fees|charges",
    "swap": "swap|swaps|rollover|financing|overnight",
    "profit": "profit|gross profit|gross p l|gross|pnl|p l",
    "comment": "comment|comments",
    "reason": "reason|close reason|exit reason",
}
_DEALS: Final = {
    "deal": "deal|ticket", "time": "time|time msc", "symbol": "symbol", "side": "type", "entry": "direction|entry",
    "volume": "volume", "price": "price", "position": "position id|position|positionid", "commission": "commission",
    "fee": "fee", "swap": "swap", "profit": "profit", "comment": "comment", "reason": "reason",
}  # fmt: skip
_CLOSED_NEEDS: Final = ("symbol", "side", "volume", "open_time", "open_price", "close_time", "close_price", "profit")
_DEAL_NEEDS: Final = ("time", "symbol", "side", "entry", "volume", "price", "profit")
_PARTS: Final = re.compile(r"[^a-z0-9]+")


class Section:
    """Where a table's columns are: ``kind`` is ``closed`` (a row a closed position) or ``deals`` (a row a deal)."""

    def __init__(self, kind: str, places: Mapping[str, int], line: int) -> None:
        self.kind, self.places, self.line = kind, dict(places), line

    @property
    def needs(self) -> tuple[str, ...]:
        """What no row can be without."""
        return _CLOSED_NEEDS if self.kind == "closed" else _DEAL_NEEDS

    def cell(self, cells: Sequence[Any], name: str) -> Any:
        place = self.places.get(name)
        return cells[place] if place is not None and place < len(cells) else ""


def section_of(cells: Sequence[Any], line: int) -> Section | None:
    """The section that a row of headings begins; None for a row that is none."""
    plain = [_plain(cell) for cell in cells]
    if "symbol" in plain and "position" in plain and plain.count("time") == 2 and plain.count("price") == 2:
        first_time, first_price = plain.index("time"), plain.index("price")
        again = {
            "close_time": plain.index("time", first_time + 1),
            "close_price": plain.index("price", first_price + 1),
        }
        named = _named(plain, _CLOSED)
        return Section("closed", {**named, "open_time": first_time, "open_price": first_price, **again}, line)
    if "entry" in plain or "direction" in plain:
        named = _named(plain, _DEALS)
        if "time msc" in plain:
            named["time"] = plain.index("time msc")
        if all(name in named for name in _DEAL_NEEDS):
            return Section("deals", named, line)
    named = _named(plain, _CLOSED)
    if all(name in named for name in _CLOSED_NEEDS):
        return Section("closed", named, line)
    return None


def what_is_missing(rows: Sequence[tuple[int, Sequence[Any]]]) -> str:
    """Of the row that names most fields, what it lacks to be a table of positions; empty where no row names three."""
    best = max(rows, key=lambda row: len(_named([_plain(cell) for cell in row[1]], _CLOSED)), default=None)
    if best is None:
        return ""
    line, cells = best
    named = _named([_plain(cell) for cell in cells], _CLOSED)
    lacking = [name for name in _CLOSED_NEEDS if name not in named]
    if len(named) < 3 or not lacking:
        return ""
    return f"line {line} names {', '.join(named)}, but no {', '.join(lacking)}"


def mapped(cells: Sequence[Any], columns: Mapping[str, str], line: int) -> Section | None:
    """The section whose headings a map names; None for a row that has not all of them.

    Raises ConfigError for a field that there is none of, and for a map that leaves out what is needed.
    """
    unknown = sorted(set(columns) - set(FIELDS))
    if unknown:
        raise ConfigError(f"--columns {', '.join(unknown)}: no such field; there are {', '.join(FIELDS)}")
    kind = "deals" if "entry" in columns else "closed"
    plain = [_plain(cell) for cell in cells]
    wanted = {name: _plain(heading) for name, heading in columns.items()}
    if not all(heading in plain for heading in wanted.values()):
        return None
    known = _named(plain, _DEALS if kind == "deals" else _CLOSED)
    section = Section(kind, {**known, **{name: plain.index(heading) for name, heading in wanted.items()}}, line)
    missing = [name for name in section.needs if name not in section.places]
    if missing:
        raise ConfigError(f"--columns: nothing names {', '.join(missing)}; add {missing[0]}=HEADING")
    return section


def _named(plain: Sequence[str], words: Mapping[str, str]) -> dict[str, int]:
    """The place of each field that a heading names, the more telling heading first."""
    found: dict[str, int] = {}
    for name, spelled in words.items():
        for word in spelled.split("|"):
            if word in plain:
                found[name] = plain.index(word)
                break
    return found


def _plain(cell: Any) -> str:
    text = cell if isinstance(cell, str) else ""
    return _PARTS.sub(" ", text.casefold()).strip()

"""The first cell of a line of text, where it is a key or a licence rather than a part of the trade.

It is one in a short line of cells between commas, semicolons or pipes of which a later one is a symbol or a command
(``LICENSE,buy,EURUSD``, ``KEY|name|buy|BTCUSDT``, ``LICENSE,eaoff``), unless the first cell is itself a symbol, a
command, a number or a pair of name and value. Rather too much is taken than too little; a dialect of one's own, whose
first cell its owner knows, is left alone but for licences beyond doubt.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["first_cell"]

_COMMAND: Final = r"(?:buy|sell|close|cancel|long|short|exit|entry|flat|newsltp|ea ?o)[a-z+_&]{0,24}"
_IS_COMMAND: Final = re.compile(_COMMAND, re.IGNORECASE)
_LICENSE_CELL: Final = re.compile(
    rf"\s{{0,8}}(?P<cell>(?!{_COMMAND}\s*,)[^\s,|=:;\"{{}}]{{1,128}}),\s{{0,8}}"
    rf"{_COMMAND}\s{{0,8}},\s{{0,8}}[a-z{{]",
    re.IGNORECASE,
)
_DIGITS_CELL: Final = re.compile(r"\s{0,8}(?P<cell>[0-9]{8,20})\s{0,8},")
_OF_DIALECT: Final[dict[str | None, re.Pattern[str]]] = {
    "pineconnector": re.compile(r"[\s\"']{0,8}(?P<cell>[^\s,\"'{}][^,\"{}\r\n]{0,127}),"),
    "pipe": re.compile(r"\s{0,8}(?P<cell>[^\s|][^|\r\n]{0,127})\|"),
}
_BUILT_IN: Final = frozenset({None, "pineconnector", "pipe", "key_value", "v6"})
_BLOT: Final = "***"
_SEPARATOR: Final = re.compile(r"[,;|]")
_LONGEST_LINE: Final = 1024
_LONGEST_CELL: Final = 128
_MOST_CELLS: Final = 12
_CURRENCY: Final = (
    "USD|EUR|GBP|JPY|CHF|AUD|NZD|CAD|SEK|NOK|DKK|PLN|HUF|CZK|TRY|ZAR|MXN|SGD|HKD|CNH|CNY|INR|"
    "XAU|XAG|XPT|XPD|BTC|ETH|USDT"
)
_PAIR: Final = re.compile(rf"(?:{_CURRENCY})[/_.-]?(?:{_CURRENCY})[A-Za-z0-9.#+!_-]{{0,8}}", re.IGNORECASE)
_SYMBOL: Final = re.compile(
    r"[A-Z0-9_]{2,16}:[A-Z0-9./!_-]{2,20}|[A-Z][A-Z0-9]{2,11}(?:[./!_-][A-Z0-9]{1,8})?|\{\{ticker\}\}"
)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,7}(?:\.[0-9]{1,8})?%?|[0-9]{1,9}\.[0-9]{1,8}|[0-9]{4}-[0-9]{2}-[0-9]{2}\S*")
_OPEN: Final = re.compile(r"\{\{[^{}]{1,64}\}\}")
_WORD_IN_CAPITALS: Final = re.compile(r"[A-Z]+(?:_[A-Z]+)+")
_V6_WORDS: Final = frozenset(
    f"{word}{end}"
    for word, ends in (
        ("BULLISH_", ("ENTRY",)),
        ("BEARISH_", ("ENTRY",)),
        *((word, ("BULLISH", "BEARISH")) for word in ("EXIT_", "REVERSAL_", "SCREENER_FULL_")),
        *((word, ("",)) for word in ("TREND_PULSE", "SIDEWAYS_BREAKOUT", "MOMENTUM_CHANGE", "STATE_CHANGE")),
        *((word, ("",)) for word in ("BREAKOUT", "BREAKDOWN", "TRENDLINE_BULLISH_BREAK", "TRENDLINE_BEARISH_BREAK")),
    )
    for end in ends
)
_PERIOD: Final = re.compile(r"[0-9]{1,4}[a-zA-Z]?|[MHDW][0-9]{0,3}|\{\{interval\}\}")


def first_cell(line: str, dialect: str | None) -> tuple[int, int] | None:
    """Where the first cell stands, if it is a secret: of the dialect's lines, or of what looks like them."""
    if "," not in line and "|" not in line and ";" not in line:
        return None
    if dialect == "v6" and line.partition("|")[0].strip().upper() in _V6_WORDS:
        return None
    pattern = _OF_DIALECT.get(dialect)
    mark = pattern.match(line) if pattern is not None else None
    if mark is None and "," in line[:160]:
        mark = _LICENSE_CELL.match(line) or _DIGITS_CELL.match(line)
    if mark is not None:
        cell = mark["cell"].strip()
        return None if cell.startswith(_BLOT) or cell.endswith(_BLOT) else mark.span("cell")
    return _of_cells(line) if dialect in _BUILT_IN else None


def _of_cells(line: str) -> tuple[int, int] | None:
    head = line[: _LONGEST_CELL + 32]
    found = _SEPARATOR.search(head)
    if found is None or len(line) > _LONGEST_LINE or line.lstrip()[:1] in ("{", "["):
        return None
    start, end = len(line) - len(line.lstrip(" \t\"'")), found.start()
    first = line[start:end].strip()
    if (
        not first
        or first.startswith(_BLOT)
        or first.endswith(_BLOT)
        or len(first) > _LONGEST_CELL
        or _is_of_the_trade(first)
    ):
        return None
    cells = [cell.strip(" \t\"'") for cell in line[found.end() :].split(found[0], _MOST_CELLS)]
    if found[0] == "|" and _WORD_IN_CAPITALS.fullmatch(first) and len(cells) > 1 and _PERIOD.fullmatch(cells[1]):
        return None  # the type of a V6 line, its ticker and its timeframe
    named = _IS_COMMAND.fullmatch(cells[0]) or _OPEN.fullmatch(cells[0])
    if not named and not any(_PAIR.fullmatch(cell) or _SYMBOL.fullmatch(cell) for cell in cells):
        return None
    return start, start + len(first)


def _is_of_the_trade(cell: str) -> bool:
    """Whether a cell is a symbol beyond doubt, a command, a number, a placeholder, or a name with its value."""
    name, equals, value = cell.partition("=")
    if equals and value.strip("= "):
        return True
    if ":" in cell and " " in cell:  # prose
        return True
    short = cell.lower()
    return any(one.fullmatch(cell) is not None for one in (_PAIR, _NUMBER, _OPEN)) or (
        _IS_COMMAND.fullmatch(short) is not None or name.strip() == ""
    )

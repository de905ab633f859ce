"""Timeframes: one spelling for each (``1m 5m 15m 30m 1h 4h 1d``), however TradingView, Pine or MT5 write them."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["FILE_NAMES", "NS", "file_name", "from_file_name", "minutes", "normalise", "timeframe_minutes"]

_WORDS: Final = (
    ("minutes", "m"),
    ("minute", "m"),
    ("mins", "m"),
    ("hours", "h"),
    ("hour", "h"),
    ("days", "d"),
    ("day", "d"),
    ("week", "w"),
)
NS: Final = 1_000_000_000
_UNIT_MINUTES: Final = {"m": 1, "min": 1, "h": 60, "d": 1440, "w": 10080}
FILE_NAMES: Final = {
    "1m": "M1",
    "5m": "M5",
    "15m": "M15",
    "30m": "M30",
    "1h": "H1",
    "4h": "H4",
    "1d": "D1",
    "tick": "TICK",
}
_BY_MINUTES: Final = {
    1: "1m",
    2: "2m",
    3: "3m",
    5: "5m",
    10: "10m",
    15: "15m",
    30: "30m",
    45: "45m",
    60: "1h",
    120: "2h",
    180: "3h",
    240: "4h",
    360: "6h",
    480: "8h",
    720: "12h",
    1440: "1d",
    10080: "1w",
}


def minutes(text: str) -> int:
    """Minutes of a timeframe in any spelling (``5``, ``5m``, ``M5``, ``1h``, ``60``, ``H1``, ``D``, ``15 minutes``).

    Raises ValueError for anything else; ``1M`` (a month at TradingView) is not a timeframe here.
    """
    return _known_minutes(text) if type(text) is str else _minutes(text)


def _minutes(text: str) -> int:
    word = str(text).strip()
    if word == "1M":
        raise ValueError("a month is no timeframe here")
    low = word.lower().replace(" ", "")
    for long, short in _WORDS:
        if low.endswith(long):
            low = low[: -len(long)] + short
            break
    number = "".join(c for c in low if c.isdigit() and c.isascii())
    unit = "".join(c for c in low if not (c.isdigit() and c.isascii()))
    spelled = low in (number + unit, unit + number)
    unit = unit or "m"
    if unit not in _UNIT_MINUTES or len(number) > 5 or not spelled or not low:
        raise ValueError(f"{text!r} is no timeframe, examples: 5, 5m, 1h, 240, 1D")
    count = int(number or 1)
    if count < 1:
        raise ValueError(f"{text!r} is no timeframe, examples: 5, 5m, 1h, 240, 1D")
    return count * _UNIT_MINUTES[unit]


_known_minutes: Final = lru_cache(maxsize=1024)(_minutes)
"""The same few words are read again and again."""
timeframe_minutes = minutes
"""``minutes`` under the name that ``zepix`` gives it."""


def normalise(text: str) -> str:
    """The one spelling: 1, 1m, 1min -> 1m; 60, 1h, 1H, H1 -> 1h; D, 1D, 1440 -> 1d. Raises ValueError."""
    count = minutes(text)
    return _BY_MINUTES.get(count, f"{count}m")


def file_name(timeframe: str) -> str:
    """As it stands in the name of a Parquet file: ``M1 .. D1``, ``TICK``."""
    if timeframe == "tick":
        return "TICK"
    known = FILE_NAMES.get(timeframe)
    if known:
        return known
    count = minutes(timeframe)
    return f"H{count // 60}" if count % 60 == 0 and count < 1440 else f"M{count}"


def from_file_name(word: str) -> str:
    """``M15`` -> ``15m``, ``TICK`` -> ``tick``; raises ValueError."""
    return "tick" if word.upper() == "TICK" else normalise(word)

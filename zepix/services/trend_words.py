"""What scripts write of trends, read into numbers: +1 bullish, -1 bearish, 0 neutral.

Trends come in two orders, known by their length: five values run from high to low (1d, 4h, 1h, 15m, 5m; V3 entries),
six from low to high (1m, 5m, 15m, 1h, 4h, 1d; V3 pulses). Changes come as ``15:BULL->BEAR`` with either arrow (V6), or
as ``15:-1`` (V3).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from zepix.model.timeframe import normalise

__all__ = [
    "FIVE",
    "SIX",
    "WORDS",
    "changes_by_timeframe",
    "direction_of",
    "market_state_direction",
    "timeframe_label",
    "trends_by_timeframe",
]

FIVE: Final = ("1d", "4h", "1h", "15m", "5m")
SIX: Final = ("1m", "5m", "15m", "1h", "4h", "1d")
WORDS: Final = {1: "BULLISH", 0: "NEUTRAL", -1: "BEARISH"}
_DIRECTIONS: Final = {
    **dict.fromkeys(("BULL", "BULLISH", "BUY", "LONG", "UP", "1", "+1"), 1),
    **dict.fromkeys(("BEAR", "BEARISH", "SELL", "SHORT", "DOWN", "-1"), -1),
    **dict.fromkeys(("SIDE", "SIDEWAYS", "NEUTRAL", "NONE", "0"), 0),
}
_INT: Final = {int}
_ARROW: Final = re.compile(r"\u2192|->")
_MOST_PARTS: Final = 16
_LONGEST: Final = 512
_SHOWN: Final = 60


@lru_cache(maxsize=256)
def timeframe_label(word: str) -> str:
    """The one spelling of a timeframe; raises ValueError."""
    return normalise(word)


def direction_of(word: object) -> int:
    """-1, 0 or 1 of a number or a word (BULL, bearish, buy, SIDE, ...); raises ValueError for anything else."""
    found: int | None = None
    if isinstance(word, str):
        known = _DIRECTIONS.get(word)
        found = _DIRECTIONS.get(word.strip().upper()) if known is None else known
    elif isinstance(word, int | float) and not isinstance(word, bool) and word in (-1, 0, 1):
        found = int(word)
    if found is None:
        raise ValueError(f"{_shown(word)} is no direction; say BULLISH, BEARISH or NEUTRAL (1, -1, 0)")
    return found


def market_state_direction(state: str) -> int:
    """Which way a market state leans: +1 for ``TRENDING_BULLISH, MIXED_BULLISH, BULLISH``, -1 for their opposites."""
    word = state.upper()
    return 1 if word.endswith("BULLISH") else -1 if word.endswith("BEARISH") else 0


def trends_by_timeframe(value: str | Sequence[Any]) -> Mapping[str, int]:
    """``"1,1,-1,1,1"`` -> {1d: 1, 4h: 1, 1h: -1, 15m: 1, 5m: 1}; six values in the other order. Raises ValueError."""
    if type(value) is tuple and set(map(type, value)) == _INT:
        return _of_numbers(value)
    parts = _parts(value, ",") if isinstance(value, str) else list(value)[: _MOST_PARTS + 1]
    return _of_numbers(tuple(direction_of(part) for part in parts))


@lru_cache(maxsize=4096)
def _of_numbers(parts: tuple[int, ...]) -> Mapping[str, int]:
    order = {5: FIVE, 6: SIX}.get(len(parts))
    if order is None:
        raise ValueError(f"trends are five values (1d to 5m) or six (1m to 1d), not {len(parts)}")
    return MappingProxyType({tf: direction_of(part) for tf, part in zip(order, parts, strict=True)})


def changes_by_timeframe(value: str | Mapping[str, Any]) -> tuple[dict[str, int], list[str]]:
    """(the new direction of each timeframe that changed, what could not be read).

    Takes text (``15:BULL->BEAR,60:SIDE->BEAR``, ``15:-1;60:1;``) or a table of timeframe -> new direction or (old,
    new). One part that cannot be read leaves the others standing.
    """
    pairs = _pairs(value) if isinstance(value, str) else list(value.items())[:_MOST_PARTS]
    found: dict[str, int] = {}
    unread: list[str] = []
    for period, states in pairs:
        new = states[-1] if isinstance(states, tuple | list) and states else states
        try:
            found[timeframe_label(str(period).strip())] = direction_of(new)
        except ValueError as error:
            unread.append(str(error))
    return found, unread


def _pairs(text: str) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for part in _parts(text.replace(";", ","), ","):
        if part:
            period, _, states = part.partition(":")
            pairs.append((period, _ARROW.split(states, 1)[-1]))
    return pairs


def _parts(text: str, separator: str) -> list[str]:
    if len(text) > _LONGEST:
        raise ValueError(f"{len(text)} characters are too many for trends; at most {_LONGEST}")
    return [part.strip() for part in text.split(separator, _MOST_PARTS)][:_MOST_PARTS]


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."

"""Pieces of which the schemas of dialects are put together: a price, a word, a number that may come as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

__all__ = [
    "FLAG",
    "LEVEL",
    "NUMBER",
    "PERIOD",
    "POSITIVE",
    "PRICE",
    "SIDE",
    "SYMBOL",
    "TEXT",
    "TIME",
    "TREND",
    "any_name",
    "either",
    "number_between",
    "words",
]

Schema = dict[str, Any]
_AS_TEXT: Final[Schema] = {"type": "string", "pattern": "^\\s*[-+]?[0-9.]+([eE][-+]?[0-9]+)?\\s*$|^$|\\{\\{"}
"""A number as text, nothing, or a placeholder that TradingView left open."""
_NOTHING: Final[Schema] = {"type": "null"}


def either(*schemas: Schema) -> Schema:
    """One of several."""
    return {"anyOf": list(schemas)}


def number_between(low: float, high: float) -> Schema:
    """A number from ``low`` to ``high``, also as text."""
    return either({"type": "number", "minimum": low, "maximum": high}, _AS_TEXT, _NOTHING)


def words(*allowed: str) -> Schema:
    """One of some words in any case, with spaces around it if need be; null, and a placeholder left open, too."""
    pattern = "|".join("".join(f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in word) for word in allowed)
    text = {"type": "string", "pattern": f"^\\s*({pattern})?\\s*$|\\{{\\{{", "examples": list(allowed)}
    return either(text, _NOTHING)


def any_name(names: Sequence[str]) -> Schema:
    """An object that has at least one of the names."""
    if len(names) == 1:
        return {"required": list(names)}
    return {"anyOf": [{"required": [name]} for name in names]}


NUMBER: Final[Schema] = either({"type": "number"}, _AS_TEXT, _NOTHING)
POSITIVE: Final[Schema] = either({"type": "number", "exclusiveMinimum": 0}, _AS_TEXT, _NOTHING)
PRICE: Final[Schema] = either({"type": "number", "exclusiveMinimum": 0, "maximum": 1e12}, _AS_TEXT, _NOTHING)
LEVEL: Final[Schema] = either({"type": "number", "minimum": 0, "maximum": 1e12}, _AS_TEXT, _NOTHING)
TREND: Final[Schema] = either({"type": "number", "minimum": -1, "maximum": 1}, _AS_TEXT, _NOTHING)
TEXT: Final[Schema] = {"type": ["string", "number", "null"], "maxLength": 256}
SYMBOL: Final[Schema] = {
    "type": ["string", "null"],
    "maxLength": 64,
    "examples": ["EURUSD", "OANDA:XAUUSD", "{{ticker}}"],
}
PERIOD: Final[Schema] = {
    "type": ["string", "integer", "null"],
    "examples": ["5", "5m", "1h", "240", "1D", "{{interval}}"],
}
TIME: Final[Schema] = {
    "type": ["string", "number", "null"],
    "examples": ["2026-01-05T14:45:00Z", 1767624300],
    "description": "ISO 8601 with a zone, or Unix time in s, ms, us or ns; it informs.",
}
SIDE: Final[Schema] = words("buy", "sell", "long", "short")
FLAG: Final[Schema] = {"type": ["boolean", "string", "number", "null"]}

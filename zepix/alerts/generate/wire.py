"""Numbers as Pine writes them: ``str.tostring(x)`` has at most ten decimals and no trailing zeros."""

from __future__ import annotations

from typing import Final

__all__ = ["fixed", "number"]

DECIMALS: Final = 10


def number(value: float) -> str:
    """``1.3771``, ``4470.610768188``, ``2`` (no decimals where there are none), never an exponent."""
    return fixed(value, DECIMALS)


def fixed(value: float, decimals: int) -> str:
    """At most ``decimals`` of them, without trailing zeros; a zero has no sign."""
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text

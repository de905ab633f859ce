"""Small words of the path of an alert: instants, amounts, reasons; nothing that could command a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zepix.research.report_parts.refusals import meaning

__all__ = ["amount", "harmless", "instant", "price", "sentence", "spread"]


def instant(iso: str | None) -> str:
    """``2014-05-01 00:00:03.25`` of an ISO time in UTC; a dash for none."""
    return "-" if iso is None else iso.removesuffix("Z").replace("T", " ")


def amount(value: Any) -> str:
    """A value without needless digits: floats by their shortest form, lists and tables in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} {amount(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(amount, value)) + "]"
    return str(value)


def price(value: float, digits: int | None) -> str:
    """A price with its symbol's digits; without needless ones where nobody knows them."""
    return amount(value) if digits is None else f"{value:.{digits}f}"


def spread(row: Mapping[str, Any]) -> str:
    """``351 points, 3.51 spread pips`` of what ``Scale.spread`` gave."""
    return f"{row['spread_points']} points, {amount(row['spread_pips'])} {row['spread_unit']}"


def sentence(reason: str) -> str:
    """What a reason means; the reason itself where nobody said."""
    return meaning(reason) or reason


def harmless(text: str) -> str:
    """Text without control characters: a body must not command the terminal it is shown on."""
    return "".join(c if c.isprintable() else "?" for c in text)

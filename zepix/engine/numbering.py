"""How far a house has counted its orders, tickets and chains: what begins anew beside its past goes on counting.

A number that were given twice would make of two tickets one, wherever rows are read by book and number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from zepix.engine.engine import TradingEngine
from zepix.engine.house import House

__all__ = ["count_on", "counted"]


def counted(engine: TradingEngine, house: House) -> dict[str, int]:
    """By kind of thing, the last number that was given."""
    found = {name: int(getattr(owner, attribute)) for name, owner, attribute in _counters(engine, house)}
    if house.profits is not None:
        found["profits"] = int(house.profits._counts["numbered"])
    return found


def count_on(engine: TradingEngine, house: House, numbers: Mapping[str, int]) -> None:
    """Go on after ``numbers``, as ``counted`` said them; a house that has begun nothing yet. What a house counts and
    ``numbers`` does not name begins at 1."""
    for name, owner, attribute in _counters(engine, house):
        setattr(owner, attribute, max(int(numbers.get(name, 0)), int(getattr(owner, attribute))))
    if house.profits is not None:
        house.profits._counts["numbered"] = max(numbers.get("profits", 0), house.profits._counts["numbered"])


def _counters(engine: TradingEngine, house: House) -> Iterator[tuple[str, Any, str]]:
    yield "orders", engine, "last_order"
    yield "tickets", engine.broker.book, "last_ticket"  # type: ignore[attr-defined]
    if house.dual is not None:
        yield "pairs", house.dual, "_last_chain"
    if house.reentry is not None:
        yield "recoveries", house.reentry.book, "_last"
    if house.safety.shield is not None:
        yield "shields", house.safety.shield, "_last"

"""Small runs for the comparison: a price that moves by a known law, entries and exits by alerts, one plugin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from strategies.bracket import Bracket
from tests.world import CATALOGUE, Market, alert, bars
from zepix.model import Alert, Series
from zepix.research.comparing import compare
from zepix.research.comparing.comparison import PARTS, Comparison
from zepix.research.result import Result

START = 110_000


def law(minute: int) -> int:
    """The bid at the open of a minute, in points: faster and faster upwards, so that every minute moves otherwise."""
    return START + minute * minute // 4


def curve(count: int = 60, *, spread: int = 10, symbol: str = "EURUSD", lift: dict[int, int] | None = None) -> Series:
    """Bars whose opens follow ``law``; ``lift`` raises single opens. No range reaches far."""
    quads = []
    for n in range(count):
        start = law(n) + (lift or {}).get(n, 0)
        quads.append((start, start + 2, start - 2, start + 1))
    return bars(*quads, spread=spread, symbol=symbol)


TRIPS: Sequence[tuple[str, int, int]] = (("buy", 4, 10), ("sell", 12, 20), ("buy", 22, 30), ("sell", 33, 41))
"""Side, minute of the entry, minute of the exit; none overlaps another."""


def trips(*, later: float = 0, volume: float = 0.1, without: Iterable[int] = (), **fields: Any) -> list[Alert]:
    """The alerts of ``TRIPS``, all ``later`` minutes; ids stay the same."""
    found = []
    for number, (side, entry, leaving) in enumerate(TRIPS):
        if number not in without:
            found.append(alert(entry + later, "entry", side, id=f"in{number}", volume=volume, **fields))
        found.append(alert(leaving + later, "exit", side, id=f"out{number}"))
    return found


def played(alerts: Sequence[Alert], *series: Series, settings: dict[str, Any] | None = None, **rules: Any) -> Result:
    """The run of these alerts with the plain strategy."""
    rules.setdefault("catalogue", CATALOGUE)
    record = Market(list(series) or [curve()], **rules).play(alerts, Bracket, **(settings or {})).record
    return Result(record)


def only(found: Comparison) -> dict[str, int]:
    """The parts that are not zero, in minor units; what every comparison promises is checked on the way."""
    minor = {name: int(amount.scaleb(found.a.digits)) for name, amount in found.parts.items()}
    assert list(minor) == list(PARTS)
    assert sum(minor.values()) == found.b.profit - found.a.profit == int(found.sum.scaleb(found.a.digits))
    for pair in found.pairs:
        assert sum(pair.parts.values()) == pair.b.profit - pair.a.profit
    return {name: amount for name, amount in minor.items() if amount}


def compared(a: Result, b: Result) -> dict[str, int]:
    return only(compare(a, b))

"""What makes a comparison meaningless however well its parts sum: clocks that are hours apart, sizes in another unit,
two sides that have nothing to do with each other."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from zepix.research.comparing.books import Book, Ticket

__all__ = ["doubts"]

_LEAST: Final = 5
_MOST_ASKED: Final = 500
_QUARTER_NS: Final = 900 * 10**9
_NEAR_NS: Final = 60 * 10**9
_MOST_QUARTERS: Final = 14 * 4
_TIMES: Final = 50


def doubts(a: Book, b: Book, pairs: Sequence[tuple[Ticket, Ticket]]) -> list[str]:
    """Sentences to read before any figure; none where nothing is odd."""
    fewer = min(len(a.tickets), len(b.tickets))
    said: list[str] = []
    if fewer >= _LEAST and 2 * len(pairs) < fewer:
        shift = _shift(a, b)
        if shift:
            said.append(shift)
        elif not pairs:
            said.append(
                f"tickets: none of the {len(a.tickets)} here has a partner among the {len(b.tickets)} there; are these "
                "the same symbols, sides and days?"
            )
    ratios = [two.units / one.units for one, two in pairs if one.units and two.units]
    usual = statistics.median(ratios) if len(ratios) >= _LEAST else Fraction(1)
    if usual >= _TIMES or usual <= Fraction(1, _TIMES):
        many = f"{float(usual):,.0f} times" if usual > 1 else f"a {float(1 / usual):,.0f}th of"
        said.append(f"sizes: those there are {many} those here (median); is their unit another one (lots, base units)?")
    return said


def _shift(a: Book, b: Book) -> str:
    """By how many quarters of an hour most entries there lie from those here; empty where by none."""
    entries: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in b.tickets:
        entries[one.symbol, one.side].append(one.entry_ns)
    for times in entries.values():
        times.sort()
    asked = a.tickets[:: -(-len(a.tickets) // _MOST_ASKED)]

    def met(quarters: int) -> int:
        return sum(_is_near(entries[one.symbol, one.side], one.entry_ns + quarters * _QUARTER_NS) for one in asked)

    best = max((q for q in range(-_MOST_QUARTERS, _MOST_QUARTERS + 1) if q), key=lambda q: (met(q), -abs(q)))
    hits = met(best)
    if 2 * hits < min(len(asked), len(b.tickets)) or hits <= 2 * met(0):
        return ""
    minutes = abs(best) * 15
    word = "later" if best > 0 else "earlier"
    return (
        f"times: entries there lie {minutes // 60} h {minutes % 60:02} min {word} than those here ({hits} of "
        f"{len(asked)} would meet); is the time zone right that was said for them (--zone, --server-zone)?"
    )


def _is_near(times: Sequence[int], at_ns: int) -> bool:
    place = bisect_left(times, at_ns - _NEAR_NS)
    return place < len(times) and times[place] <= at_ns + _NEAR_NS

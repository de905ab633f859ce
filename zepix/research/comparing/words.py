"""A comparison as eight lines of text: what differs first, then figures. ASCII."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from zepix.research.headline import count

if TYPE_CHECKING:
    from zepix.research.comparing.books import Book
    from zepix.research.comparing.comparison import Comparison

__all__ = ["amount", "lines", "meanings", "reason_lines"]

_PRICES: Final = ("data", "spread", "slippage", "levels")
_TIME: Final = ("signal time", "latency", "exits", "size", "conversion")
_COSTS: Final = ("commission", "swap", "charges")
_ALONE: Final = ("refused here", "missed here", "refused there", "missed there", "still open", "unexplained")
_MOST_REASONS: Final = 4
_NOTHING: Final = "nothing that the records tell of prices, logs, account and settings"

meanings: Final = {
    "data": "other prices at the same instant",
    "signal time": "the alert came at another time",
    "latency": "from the alert to the fill",
    "spread": "another spread where one trades at the ask",
    "slippage": "fills beside bid, ask or level",
    "levels": "other prices asked for: pending orders, stops, targets",
    "exits": "left for another reason or at another time",
    "size": "another volume",
    "conversion": "another rate into the account's currency",
    "refused here": "only there: here the alert was refused",
    "missed here": "only there: here the alert did not come",
    "refused there": "only here: there the alert was refused",
    "missed there": "only here: there the alert did not come",
    "charges": "money beside tickets: fees, interest",
    "commission": "another commission for the same size",
    "swap": "another swap for the same size",
    "still open": "closed on one side, still open on the other",
    "unexplained": "what the records do not tell",
}


def amount(value: Decimal, *, sign: bool = True) -> str:
    """``+1,234.50``; zero without a sign."""
    if not value:
        return f"{abs(value):,}"
    return f"{value:+,}" if sign else f"{value:,}"


def lines(found: Comparison) -> list[str]:
    """Eight lines, then the notes."""
    a, b = found.a, found.b
    rules = Counter(one.rule for one in found.pairs)
    by = ", ".join(f"by {rule} {number}" for rule, number in sorted(rules.items())) or "none"
    here = sum(one.where == "here" for one in found.lonely)
    unit = found.currency
    said = [
        f"zepix compare: {_name(a)} (here) and {_name(b)} (there)",
        "different: "
        + (" | ".join(found.different) or "nothing that the records tell: prices, logs, account, settings"),
        f"tickets: {len(found.pairs)} on both sides ({by}), {here} only here, {len(found.lonely) - here} only there",
        f"profit: {amount(a.money(a.profit), sign=False)} here, {amount(b.money(b.profit), sign=False)} there, "
        f"difference {amount(found.sum)} {unit}",
        f"prices: {_parts(found, _PRICES)}",
        f"time, exits, size: {_parts(found, _TIME)}",
        f"costs: {_parts(found, _COSTS)}",
        f"without a partner: {_parts(found, _ALONE)}",
    ]
    return [*said, *reason_lines(found), *(f"note: {one}" for one in found.notes)]


def reason_lines(found: Comparison) -> list[str]:
    """Why tickets have no partner, one line a part."""
    said = []
    for part, reasons in found.reasons().items():
        told = ", ".join(f"{count(number, 'ticket')} ({why})" for why, number in reasons.most_common(_MOST_REASONS))
        rest = len(reasons) - _MOST_REASONS
        said.append(f"note: {part}: {told}{f' and {rest} more reasons' if rest > 0 else ''}")
    return said


def _name(book: Book) -> str:
    return book.name if book.name == book.kind else f"{book.kind} {book.name}"


def _parts(found: Comparison, names: Sequence[str]) -> str:
    return ", ".join(f"{name} {amount(found.parts[name])}" for name in names)

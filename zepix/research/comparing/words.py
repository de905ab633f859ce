"""A comparison as eight lines of text: what differs first, then figures. ASCII."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from zepix.research.headline import count

if TYPE_CHECKING:
    from zepix.research.comparing.books import Book
    from zepix.research.comparing.comparison import Comparison

__all__ = ["amount", "label_of", "lines", "meanings", "reason_lines", "step_name"]

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


_NAMES: Final = {
    ("alerts", "missed there"): ("signals never sent", "trades whose alert was not received"),
    ("replay", "missed there"): ("not replayed", "the replay did not have the alert"),
    ("live", "missed there"): ("not received live", "the alert did not reach the live runner"),
    ("statement", "missed there"): ("not at the broker", "no such position in the statement"),
    ("statement", "missed here"): ("not ours", "positions that the statement alone has"),
}
"""What a part is called on the way to a stage, where its own name would not tell; and what it means there."""
_FROM_TRADINGVIEW: Final = {
    "data": ("feed", "TradingView's price at the same instant is another one"),
    "spread": ("spread", "TradingView has one price; a broker sells at the ask"),
    "slippage": ("slippage", "TradingView fills at its own price"),
    "commission": ("commission", "TradingView's list has another commission, or none"),
}
"""The same on the way from TradingView's own trades."""


def step_name(from_kind: str, to_kind: str, part: str) -> tuple[str, str]:
    """What a part is called on the way from one kind of side to another, and what it means there."""
    known = _FROM_TRADINGVIEW if from_kind in ("trades", "alerts") else {}
    return known.get(part) or _NAMES.get((to_kind, part)) or (part, meanings[part])


def label_of(found: Comparison, part: str) -> str:
    """The name of a part in a chain of comparisons."""
    return step_name(found.a.kind, found.b.kind, part)[0]


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


def reason_lines(found: Comparison, label: Callable[[str], str] = str) -> list[str]:
    """Why tickets have no partner, one line a part; ``label``: what a part is called."""
    said = []
    for part, reasons in found.reasons().items():
        told = ", ".join(f"{count(number, 'ticket')} ({why})" for why, number in reasons.most_common(_MOST_REASONS))
        rest = len(reasons) - _MOST_REASONS
        said.append(f"note: {label(part)}: {told}{f' and {rest} more reasons' if rest > 0 else ''}")
    return said


def _name(book: Book) -> str:
    return book.name if book.name == book.kind else f"{book.kind} {book.name}"


def _parts(found: Comparison, names: Sequence[str]) -> str:
    return ", ".join(f"{name} {amount(found.parts[name])}" for name in names)

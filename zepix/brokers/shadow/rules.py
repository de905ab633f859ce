"""Pure questions of the shadow broker: may it, does it, would it. Acting on the answers is the broker's."""

from __future__ import annotations

from typing import Final

from zepix.errors import ZepixError
from zepix.model import Catalogue, Instrument, Order, Refused
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook

__all__ = ["MAX_ANSWERS", "MAX_CHAIN", "Chains", "Tradable", "is_meant", "stops_are_valid", "volume_problem"]

MAX_CHAIN: Final = 64
"""How deep commands may answer one another at one instant, before it is called an endless chain."""
MAX_ANSWERS: Final = 1024
"""How many commands in all may answer others at one instant: a chain that branches is endless too."""


class Tradable:
    """Which symbols can be traded in a run at all; a yes is remembered."""

    def __init__(self, catalogue: Catalogue, prices: PriceBook, conversions: Conversions) -> None:
        self._catalogue = catalogue
        self._prices = prices
        self._conversions = conversions
        self._known: set[str] = set()

    def refusal_for(self, symbol: str) -> Refused | None:
        """``unknown_symbol, no_prices`` or ``no_conversion``; None where it can be traded."""
        if symbol in self._known:
            return None
        if symbol not in self._catalogue:
            return Refused("unknown_symbol", f"{symbol} is in no catalogue")
        prices = self._prices.get(symbol)
        if prices is None:
            return Refused("no_prices", f"{symbol} has no prices in this run")
        home = self._conversions.account_currency
        for currency in (prices.instrument.profit_currency, prices.instrument.margin_currency):
            if not self._conversions.has(currency):
                return Refused("no_conversion", f"no bars convert {currency} into {home}")
        self._known.add(symbol)
        return None


def is_meant(close: Order, entry: Order) -> bool:
    """Whether a close that arrives means an entry under way: by its number, else by symbol and side.

    An entry that is still held for closes of its own, only where the close was raised after it: else two reversals
    under way together would wait for each other.
    """
    if entry.plugin_id != close.plugin_id or close in entry.taken_by:
        return False
    if entry.status == "held" and entry.id > close.id:
        return False
    if close.targets:
        return entry.id in close.targets
    return entry.symbol == close.symbol and close.side in (0, entry.side)


class Chains:
    """Counts commands that answer a command of the same instant, and raises ZepixError that names an endless chain."""

    def __init__(self) -> None:
        self._at_ns = -1
        self._answers = 0

    def count(self, order: Order, cause: Order | None, now_ns: int) -> None:
        if cause is None or cause.decided_ns != now_ns:
            return
        order.cause, order.depth = cause, cause.depth + 1
        self._answers = self._answers + 1 if self._at_ns == now_ns else 1
        self._at_ns = now_ns
        if order.depth > MAX_CHAIN or self._answers > MAX_ANSWERS:
            raise ZepixError(_endless(order))


def _endless(order: Order) -> str:
    chain: list[str] = []
    link: Order | None = order
    while link is not None and len(chain) < 4:
        chain.append(f"{link.kind} {link.symbol} by {link.plugin_id} (order {link.id})")
        link = link.cause
    limit = MAX_CHAIN if order.depth > MAX_CHAIN else MAX_ANSWERS
    return f"over {limit} commands answered one another at {order.decided_ns} ns; the last: {' <- '.join(chain)}"


def volume_problem(instrument: Instrument, steps: int) -> tuple[str, dict[str, float]]:
    """(reason, the limit that was missed) of a volume that an instrument does not take; an empty reason for others."""
    lots = instrument.lots(steps)
    if not steps or lots < instrument.volume_min:
        return "volume_too_small", {"volume_min": float(instrument.volume_min)}
    if lots > instrument.volume_max:
        return "volume_too_large", {"volume_max": float(instrument.volume_max)}
    return "", {}


def stops_are_valid(side: int, closing: int, sl: int, tp: int, level: int) -> bool:
    """A stop strictly behind and a target strictly ahead of the closing side's price, neither nearer than ``level``."""
    if sl and not (side * (closing - sl) > 0 and side * (closing - sl) >= level):
        return False
    return not (tp and not (side * (tp - closing) > 0 and side * (tp - closing) >= level))

"""Pure questions of the shadow broker: may it, does it, would it. Acting on the answers is the broker's."""

from __future__ import annotations

from typing import Final

from zepix.model import Catalogue, Order, Refused
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook

__all__ = ["MAX_ANSWERS", "MAX_CHAIN", "Tradable", "endless", "stops_are_valid", "takes_along"]

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


def takes_along(close: Order, entry: Order) -> bool:
    """Whether a close that arrives takes an entry under way along.

    An entry that is still held for closes of its own, only where the close was raised after it: else two reversals
    under way together would wait for each other.
    """
    return (
        entry.symbol == close.symbol
        and entry.plugin_id == close.plugin_id
        and close.side in (0, entry.side)
        and (entry.status != "held" or entry.id < close.id)
        and close not in entry.taken_by
    )


def endless(order: Order) -> str:
    chain: list[str] = []
    link: Order | None = order
    while link is not None and len(chain) < 4:
        chain.append(f"{link.kind} {link.symbol} by {link.plugin_id} (order {link.id})")
        link = link.cause
    limit = MAX_CHAIN if order.depth > MAX_CHAIN else MAX_ANSWERS
    return f"over {limit} commands answered one another at {order.decided_ns} ns; the last: {' <- '.join(chain)}"


def stops_are_valid(side: int, closing: int, sl: int, tp: int, level: int) -> bool:
    """A stop strictly behind and a target strictly ahead of the closing side's price, neither nearer than ``level``."""
    if sl and not (side * (closing - sl) > 0 and side * (closing - sl) >= level):
        return False
    return not (tp and not (side * (tp - closing) > 0 and side * (tp - closing) >= level))

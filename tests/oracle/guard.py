"""The oracle's equity guard: at a share of the base equity everything is closed, and nobody enters any more."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from .account import Quotes
from .bars import Bar
from .broker import Broker
from .commands import Close

__all__ = ["Guard"]


class Guard:
    """Holds the equity against its stop and its target where the account watch looks, right after it.

    ``given``: stop_frac, target_frac (0: none), base_equity (0: the balance at the start); empty for no guard.
    """

    def __init__(self, broker: Broker, given: Mapping[str, Any]) -> None:
        self.broker = broker
        self.account = broker.account
        base = Decimal(str(given.get("base_equity", 0))) or self.account.equity(0, {})
        stop, target = (Decimal(str(given.get(name, 0))) for name in ("stop_frac", "target_frac"))
        self.below = base * stop if stop else None
        self.above = base * target if target else None
        self.hold(self.account.equity(0, {}), self.account.equity(0, {}))

    def at_ends(self, ended: Mapping[str, Bar]) -> None:
        """Bars that end now may have been at both lows and at both highs, the other symbols at their last known."""
        known = self.account.last_known(self.broker.now)
        lowest, highest = dict(known), dict(known)
        for symbol, bar in ended.items():
            corners = [(bar.bid_low, bar.ask_low), (bar.bid_high, bar.ask_high)]
            corners.sort(key=lambda quote: self.ahead(symbol, quote))
            lowest[symbol], highest[symbol] = corners
        self.look(lowest, highest)

    def at_opens(self) -> None:
        known = self.account.last_known(self.broker.now)
        self.look(known, known)

    def ahead(self, symbol: str, quote: tuple[int, int]) -> int:
        """Points times steps that the symbol's tickets are ahead at these prices."""
        tickets = self.account.tickets[symbol]
        return sum(t.side * t.steps * (quote[0 if t.side > 0 else 1] - t.entry) for t in tickets)

    def look(self, lowest: Quotes, highest: Quotes) -> None:
        now = self.broker.now
        if self.below is not None or self.above is not None:
            self.hold(self.account.equity(now, lowest), self.account.equity(now, highest))

    def hold(self, lowest: Decimal, highest: Decimal) -> None:
        if self.broker.refuses_entries:
            return
        at_stop = self.below is not None and lowest <= self.below
        if at_stop or (self.above is not None and highest >= self.above):
            self.broker.refuses_entries = True
            self.broker.notes["guard: stop" if at_stop else "guard: target"] += 1
            self.close_everything()

    def filled(self) -> None:
        """What fills all the same is closed too."""
        if self.broker.refuses_entries:
            self.broker.notes["guard: filled all the same"] += 1
            self.close_everything()

    def close_everything(self) -> None:
        """A closing order for each symbol with a ticket or an entry under way, in the order of the tickets."""
        broker = self.broker
        tickets = sorted((t for each in self.account.tickets.values() for t in each), key=lambda t: t.number)
        entries = [order for order in broker.openings if order.is_under_way]
        closes = [
            Close("", symbol, 0, "equity_guard") for symbol in dict.fromkeys(o.symbol for o in [*tickets, *entries])
        ]
        arrive_now = [broker.stamp(close) for close in closes]
        broker.closes += closes
        if broker.phase == 4:
            for close in [close for close, now in zip(closes, arrive_now, strict=True) if now]:
                broker.arrive_close(close)
        elif broker.do_closes is not None:
            broker.do_closes()

"""The shadow broker in its step form: fed bar by bar, as a live feed brings them.

At one instant the feed calls ``ended`` for every bar that ends, then ``opened`` for every bar that opens; between the
two the session does what phase 1 brings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from zepix.brokers.shadow.agenda import Agenda
from zepix.brokers.shadow.step_form import GrowingPrices, StepForm
from zepix.model import Catalogue, Ticket
from zepix.model.timeframe import NS, minutes
from zepix.services.minute_fold import Minutes
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["StepFeed"]


class StepFeed:
    """Prices that grow, and the form that watches them; ``timeframes`` names the symbols of the feed."""

    def __init__(
        self,
        catalogue: Catalogue,
        timeframes: Mapping[str, str],
        calendar: Callable[[SymbolPrices, int], int | None] | None = None,
        *,
        is_late: bool = False,
    ) -> None:
        """``is_late``: bars come after their end, so that the clock says nothing of what opened meanwhile."""
        order = {symbol: number for number, symbol in enumerate(catalogue)}
        self.growing = {
            symbol: GrowingPrices(catalogue[symbol], order[symbol], frame, length_ns(frame))
            for symbol, frame in timeframes.items()
        }
        for prices in self.growing.values():
            prices.is_late = is_late
        self.agenda = Agenda()
        self.prices = PriceBook(self.growing.values())
        self.form = StepForm(self.agenda, calendar, is_late=is_late)

    def set_timeframe(self, symbol: str, timeframe: str) -> None:
        """Say what a symbol comes in, as its first row shows. Raises ValueError once it has rows."""
        prices = self.growing[symbol]
        if prices.n:
            raise ValueError(f"{symbol} has come in bars of {prices.series.timeframe} already")
        prices.tf_ns = length_ns(timeframe)
        prices.series = replace(prices.series, timeframe=timeframe, timeframe_ns=prices.tf_ns)

    def take_over(
        self,
        symbol: str,
        time: Any,
        columns: Mapping[str, Any],
        ended_rows: int,
        first: int = 0,
        minutes: Minutes | None = None,
    ) -> None:
        """Rows of ``symbol`` that the feed brought before a state was saved; give them before ``load_state``.

        ``columns``: int32 points by name (``bid_open`` ... ``ask_close``), as long as ``time`` (int64 ns); of the rows
        ``ended_rows`` had ended, and a last one that had not is its open in all four prices. ``first``: so many rows
        before these were forgotten, and are ``minutes`` now.
        """
        self.growing[symbol].take_over(time, columns, ended_rows, first, minutes)

    def forget(self, symbol: str, row: int, tickets: Iterable[Ticket]) -> None:
        """Keep the ticks of ``symbol`` before ``row`` as minutes only; ``tickets``: all that are open. Bars that
        strategies see, stops, trails and excursions stay what they were. Raises ValueError for bars."""
        prices = self.growing[symbol]
        self.form.forget(prices, row, tickets)
        prices.forget(row)

    def ended(self, symbol: str, bid: tuple[int, int, int], ask: tuple[int, int, int]) -> None:
        """The bar in progress of ``symbol`` has ended: (high, low, close) in points, of both sides."""
        prices = self.growing[symbol]
        prices.end_bar(bid, ask)
        self.form.ended(prices)

    def opened(self, symbol: str, t_ns: int, bid: int, ask: int) -> None:
        """A bar of ``symbol`` opens at ``t_ns`` with these prices in points; raises ValueError if time runs back."""
        prices = self.growing[symbol]
        prices.open_bar(t_ns, bid, ask)
        self.form.opened(prices)


def length_ns(timeframe: str) -> int:
    """How long a bar lasts; a tick not at all."""
    return 0 if timeframe == "tick" else minutes(timeframe) * 60 * NS

"""Old ticks are forgotten: a session that goes on for ever keeps the newest ones, and minutes of all before.

Nothing decides otherwise for it. Bars of every timeframe, which are all that strategies see of the past, are the same
from minutes as from ticks; a ticket carries the range of the ticks that it lived; the rest asks for the newest tick.
When ticks go depends on how many there are and on nothing else, so that a rerun forgets at the same moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.brokers.shadow.step import StepFeed
from zepix.research.price_sums import Summed, sums_until
from zepix.research.simulate import Simulation

__all__ = ["KEPT_TICKS", "MOST_TICKS", "Forgetting"]

KEPT_TICKS: Final = 20_000
MOST_TICKS: Final = 80_000
"""So many ticks of a symbol there are at most; then all but ``KEPT_TICKS`` of them go."""


class Forgetting:
    """Lets old ticks of one session go; and says of those that are gone what a saved state is checked by."""

    def __init__(self, feed: StepFeed, simulation: Simulation) -> None:
        self._feed = feed
        self._simulation = simulation
        self._sums: Summed = {}
        """By symbol: how many rows are gone, and the sums of them (``price_sums``)."""

    def look(self, symbol: str) -> None:
        """After a tick of ``symbol``: whether there are too many."""
        prices = self._feed.growing[symbol]
        if prices.n - prices.first >= MOST_TICKS and not prices.tf_ns:
            self._forget(symbol, prices.n - KEPT_TICKS)

    def state(self) -> dict[str, Any]:
        """Values of JSON, by symbol."""
        return {symbol: [row, list(sums)] for symbol, (row, sums) in self._sums.items()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Be where a saved session was, whether its rows are here whole (from the journal) or without what is gone."""
        for symbol, (row, sums) in state.items():
            prices = self._feed.growing[symbol]
            if prices.first == row:
                self._sums[symbol] = (row, tuple(sums))
                self._simulation.price_sums[symbol] = (row, tuple(sums))
            elif prices.first < row < prices.n:
                self._forget(symbol, row)
            else:
                raise ValueError(f"{symbol}: of the prices at hand the first {row} cannot be forgotten")

    def _forget(self, symbol: str, row: int) -> None:
        prices, sums = self._feed.growing[symbol], self._simulation.price_sums
        sums_until(prices, self._sums, row)
        if sums.get(symbol, (0, ()))[0] < row:
            sums[symbol] = self._sums[symbol]
        self._feed.forget(symbol, row, self._simulation.broker.tickets.values())

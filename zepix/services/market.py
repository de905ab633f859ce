"""Prices, spread, ATR and bars as a strategy may know them now; what is unknown gets the cautious value.

Spread unknown = 999.9 pips, price unknown = None, ATR unknown = NaN, volatility UNKNOWN, market not open: no trade,
never a guess. Indicators use bars that had ended at or before now, on bid prices.
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from zepix.kernels.atr import atr
from zepix.kernels.resample import fold_first, fold_last, fold_max, fold_min, group_starts, group_times
from zepix.kernels.search import last_at_or_before
from zepix.model import Bar, Catalogue, Side
from zepix.model.series import Int32, Int64
from zepix.model.settings_market import MarketSettings
from zepix.model.timeframe import NS, minutes, normalise
from zepix.services.growing_bars import GrowingBars
from zepix.services.ports import Clock
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["UNKNOWN_SPREAD_PIPS", "VOLATILITY_STATES", "MarketDataService", "WatchPort"]

UNKNOWN_SPREAD_PIPS: Final = 999.9
VOLATILITY_STATES: Final = ("HIGH", "MODERATE", "LOW", "UNKNOWN")


class WatchPort(Protocol):
    """Who wakes a strategy by price, by time, or at the end of a bar."""

    def watch_price(self, plugin_id: str, symbol: str, direction: int, points: int) -> int: ...

    def drop_watch(self, watch_id: int) -> None: ...

    def subscribe(self, plugin_id: str, symbol: str, timeframe: str) -> None: ...


class BarTable:
    """Bid bars of one symbol in one timeframe, whole, in points; rows are only read up to now."""

    def __init__(self, prices: SymbolPrices, timeframe: str) -> None:
        self.timeframe = timeframe
        self._prices = prices
        self.tf_ns = minutes(timeframe) * 60 * NS
        if self.tf_ns < prices.tf_ns:
            raise ValueError(
                f"{prices.symbol}: {timeframe} is finer than the prices at hand ({prices.series.timeframe})"
            )
        none = np.empty(0, np.int32)
        self.time: Int64 = np.empty(0, np.int64)
        self.columns: tuple[Int32, Int32, Int32, Int32] = (none, none, none, none)
        self._atr: dict[int, NDArray[np.float64]] = {}
        self._growing = GrowingBars(prices, self.tf_ns) if prices.is_growing else None
        if self._growing is not None:
            self._take_in()
            return
        whole = (prices.bid_open, prices.bid_high, prices.bid_low, prices.bid_close)
        if self.tf_ns == prices.tf_ns:
            self.time, self.columns = prices.time, whole
        else:
            starts = group_starts(prices.time, self.tf_ns)
            folds = (fold_first, fold_max, fold_min, fold_last)
            self.time = group_times(prices.time, starts, self.tf_ns)
            first, high, low, last = (fold(c, starts) for fold, c in zip(folds, whole, strict=True))
            self.columns = (first, high, low, last)

    def _take_in(self) -> None:
        """The rows that a feed brought since the last time."""
        fresh = None if self._growing is None else self._growing.refresh()
        if fresh is not None:
            self.time, self.columns = fresh
            self._atr.clear()

    def ended_row(self, t_ns: int) -> int:
        if self._growing is not None:
            self._take_in()
            t_ns = self._prices.known_until(t_ns)
        return int(last_at_or_before(self.time, t_ns - self.tf_ns))

    def ended_within(self, after_ns: int, until_ns: int) -> list[Bar]:
        """The bars that ended after one instant and at the latest at another, oldest first."""
        last = first = self.ended_row(until_ns)
        while first >= 0 and int(self.time[first]) + self.tf_ns > after_ns:
            first -= 1
        return _bars(self._prices, self, first + 1, last + 1)

    def ended_at(self, prices: SymbolPrices, t_ns: int) -> tuple[Bar | None, int | None]:
        """(the bar that ended exactly at t, the end of the next one); None for none."""
        row = self.ended_row(t_ns)
        ends_now = row >= 0 and int(self.time[row]) + self.tf_ns == t_ns
        following = int(self.time[row + 1]) + self.tf_ns if row + 1 < len(self.time) else None
        if following is None and self._growing is not None:  # only a feed knows which bar comes next
            following = (t_ns // self.tf_ns + 1) * self.tf_ns
        return (_bars(prices, self, row, row + 1)[0] if ends_now else None), following

    def atr(self, period: int) -> NDArray[np.float64]:
        """Wilder's ATR in points, row i from rows up to i."""
        if period not in self._atr:
            _, high, low, close = self.columns
            self._atr[period] = atr(high, low, close, period)
        return self._atr[period]


class MarketDataService:
    """The market service of one plugin."""

    def __init__(
        self,
        clock: Clock,
        prices: PriceBook,
        catalogue: Catalogue,
        watches: WatchPort,
        tables: dict[tuple[str, str], BarTable],
        plugin_id: str,
        *,
        bars: PriceBook | None = None,
        settings: MarketSettings | None = None,
    ) -> None:
        """``bars``: what indicators and bars are made of, where fills (and quotes) come from finer prices."""
        self._settings = MarketSettings() if settings is None else settings
        self._clock = clock
        self._prices = prices
        self._bars = prices if bars is None else bars
        self._catalogue = catalogue
        self._watches = watches
        self._tables = tables
        self._plugin_id = plugin_id

    def quote_points(self, symbol: str) -> tuple[int, int] | None:
        """(bid, ask) in points as known now; None where nothing is known."""
        prices = self._prices.get(symbol)
        return None if prices is None else prices.quote(self._clock.now_ns, self._clock.phase)

    def quote(self, symbol: str) -> tuple[float, float] | None:
        """(bid, ask) as prices; None where nothing is known."""
        points = self.quote_points(symbol)
        if points is None:
            return None
        instrument = self._catalogue[symbol]
        return instrument.price(points[0]), instrument.price(points[1])

    def price(self, symbol: str, side: Side | str) -> float | None:
        """The price a market order of ``side`` would pay now: the ask for a buy, the bid for a sell."""
        points = self.quote_points(symbol)
        if points is None:
            return None
        return self._catalogue[symbol].price(points[1] if Side.of(side).sign > 0 else points[0])

    def get_current_price(self, symbol: str) -> float | None:
        """The middle of bid and ask."""
        points = self.quote_points(symbol)
        return None if points is None else (points[0] + points[1]) / 2 * self._catalogue[symbol].point_float

    def gap_to_mid(self, symbol: str, price: float) -> Decimal | None:
        """How far ``price`` (in whole points) lies from the middle of bid and ask, exactly; None if unknown."""
        points = self.quote_points(symbol)
        if points is None:
            return None
        instrument = self._catalogue[symbol]
        return abs(2 * instrument.points(price) - points[0] - points[1]) * instrument.point / 2

    def get_spread(self, symbol: str) -> float:
        """The spread in pips of the instrument's ``spread_pip``; 999.9 where it is unknown."""
        points = self.quote_points(symbol)
        if points is None:
            return UNKNOWN_SPREAD_PIPS
        instrument = self._catalogue[symbol]
        return (points[1] - points[0]) * instrument.point_float / float(instrument.spread_pip)

    def check_spread_acceptable(self, symbol: str, max_pips: float) -> bool:
        """Whether the spread is known and at most ``max_pips``, in pips of the instrument's ``spread_pip``.

        The spread is compared in whole points, so that 2.0 pips pass a limit of 2.0.
        """
        points = self.quote_points(symbol)
        if points is None or not math.isfinite(max_pips):
            return False
        instrument = self._catalogue[symbol]
        return (points[1] - points[0]) * instrument.point <= Decimal(str(max_pips)) * instrument.spread_pip

    def price_age_ns(self, symbol: str) -> int | None:
        """How old the last price is: 0 while its bar is in progress, else since the bar ended (the tick came).

        None before the first price. In phase 1 of an instant a bar that opens at it has not begun.
        """
        prices = self._prices.get(symbol)
        if prices is None:
            return None
        now_ns = self._clock.now_ns
        row = prices.row_at(now_ns)
        if self._clock.phase == 1:
            while row >= 0 and prices.time[row] >= now_ns:
                row -= 1
        return None if row < 0 else max(0, now_ns - int(prices.time[row]) - prices.tf_ns)

    def is_market_open(self, symbol: str) -> bool:
        """Whether prices come: a bar is in progress, or the last price is younger than ``max_price_age_s``."""
        age_ns = self.price_age_ns(symbol)
        return age_ns is not None and age_ns < self._settings.max_price_age_s * NS

    def get_volatility_state(self, symbol: str, timeframe: str = "15m") -> str:
        """HIGH, MODERATE or LOW by ATR(20) / ATR(100) (above 1.5, above 0.8, else); UNKNOWN before 100 bars."""
        settings = self._settings
        slow = self.get_atr(symbol, timeframe, settings.volatility_slow_period)
        if not slow > 0:
            return "UNKNOWN"
        ratio = self.get_atr(symbol, timeframe, settings.volatility_fast_period) / slow
        if ratio > settings.volatility_high_ratio:
            return "HIGH"
        return "MODERATE" if ratio > settings.volatility_moderate_ratio else "LOW"

    def get_range_pips(self, symbol: str, timeframe: str = "15m", count: int = 20) -> float:
        """Highest high minus lowest low of the last ``count`` bars that have ended, in the instrument's pips.

        NaN where there are fewer bars, or the timeframe is finer than the prices.
        """
        prices = self._bars.get(symbol)
        if prices is None or count < 1 or minutes(timeframe) * 60 * NS < prices.tf_ns:
            return math.nan
        table = self._table(prices, timeframe)
        last = table.ended_row(self._clock.now_ns)
        if last < count - 1:
            return math.nan
        rows = slice(last - count + 1, last + 1)
        points = int(table.columns[1][rows].max()) - int(table.columns[2][rows].min())
        return points * prices.instrument.point_float / float(prices.instrument.pip)

    def get_atr(self, symbol: str, timeframe: str = "1h", period: int = 14) -> float:
        """Wilder's ATR as a price distance, from bars that have ended; NaN where it is unknown.

        Unknown too: a timeframe finer than the prices. Raises ValueError for a word that is no timeframe.
        """
        prices = self._bars.get(symbol)
        if prices is None or period < 1:
            return math.nan
        if minutes(timeframe) * 60 * NS < prices.tf_ns:
            return math.nan
        table = self._table(prices, timeframe)
        row = table.ended_row(self._clock.now_ns)
        return math.nan if row < 0 else float(table.atr(period)[row]) * prices.instrument.point_float

    def bars(self, symbol: str, timeframe: str, count: int = 100) -> list[Bar]:
        """Up to ``count`` bars that have ended, oldest first, bid prices."""
        prices = self._bars.get(symbol)
        if prices is None:
            return []
        table = self._table(prices, timeframe)
        last = table.ended_row(self._clock.now_ns)
        return _bars(prices, table, max(0, last - count + 1), last + 1)

    def watch_price(self, symbol: str, price: float, direction: int) -> int:
        """Be woken (``on_price``) when the bid rises to (direction +1), or the ask falls to (-1), ``price``."""
        if direction not in (1, -1):
            raise ValueError(f"a price is watched upwards (1) or downwards (-1), not {direction!r}")
        return self._watches.watch_price(self._plugin_id, symbol, direction, self._catalogue[symbol].level(price))

    def drop_watch(self, watch_id: int) -> None:
        self._watches.drop_watch(watch_id)

    def subscribe(self, symbol: str, timeframe: str) -> None:
        """Be woken (``on_bar``) when a bar of this timeframe has ended; ValueError for one finer than the prices."""
        prices = self._bars.get(symbol)
        if prices is not None:
            self._table(prices, timeframe)
        self._watches.subscribe(self._plugin_id, symbol, normalise(timeframe))

    def _table(self, prices: SymbolPrices, timeframe: str) -> BarTable:
        key = (prices.symbol, timeframe)
        if key not in self._tables:
            self._tables[key] = BarTable(prices, normalise(timeframe))
        return self._tables[key]


def _bars(prices: SymbolPrices, table: BarTable, first: int, end: int) -> list[Bar]:
    """The bars of the rows from the first to before the end."""
    price, symbol, timeframe, tf_ns = prices.instrument.price, prices.symbol, table.timeframe, table.tf_ns
    columns = [column[first:end].tolist() for column in (table.time, *table.columns)]
    return [
        Bar(symbol, timeframe, at_ns, at_ns + tf_ns, price(opened), price(high), price(low), price(closed))
        for at_ns, opened, high, low, closed in zip(*columns, strict=True)
    ]

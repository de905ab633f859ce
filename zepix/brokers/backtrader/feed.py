"""A backtrader feed over the project's prices: bars and ticks, the bid in the usual lines, the ask in four more."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np

from zepix.brokers.backtrader.border import DAY_NS, EPOCH_DAYS, bt
from zepix.errors import ConfigError
from zepix.model import Instrument, Series
from zepix.model.timeframe import minutes

__all__ = ["SeriesFeed", "symbol_of"]

ASKS = ("ask_open", "ask_high", "ask_low", "ask_close")


class SeriesFeed(bt.feed.DataBase):  # type: ignore[misc]
    """One symbol's bars or ticks. A bar stands at its *end*, when it is known as a whole.

    symbol: which prices; those of the run are taken, unless ``series`` gives others, of another timeframe for instance.
    """

    lines: Any = ASKS
    params = (("symbol", ""), ("series", None), ("instrument", None))
    _name: str

    def __init__(self) -> None:
        super().__init__()
        self.zepix_symbol: str = self.p.symbol or (self.p.series.symbol if self.p.series is not None else "")
        if not self.zepix_symbol:
            raise ConfigError("a SeriesFeed needs symbol=, or series= with the prices themselves")
        self.ends_ns: Any = None
        self._name = self.p.name or self.zepix_symbol
        self._series: Series | None = self.p.series
        self._instrument: Instrument | None = self.p.instrument
        self._columns: list[Any] = []
        self._row = 0
        self._raw: list[Any] = []
        self._exactbars = False
        """Whether lines keep their last values only."""
        if self._series is not None:
            self._frame(self._series)

    def bind(self, series: Series, instrument: Instrument) -> None:
        """Take this run's prices, unless it was given its own; called before every run."""
        if self.p.series is None:
            self._series = series
            self._frame(series)
        self._instrument = self.p.instrument or instrument

    def release(self) -> None:
        """Let go of a run's prices when it is over; lines that were filled stay to be read."""
        self._series, self._instrument = self.p.series, self.p.instrument

    def shows(self, series: Series) -> bool:
        """Whether its rows are those of ``series``, one by one; not so where it is resampled or begins later."""
        is_whole = not (self._filters or self._ffilters or self.p.fromdate or self.p.todate)
        return self._series is series and is_whole

    def _frame(self, series: Series) -> None:
        """The timeframe of its prices; of a feed that is resampled, only what they are made of."""
        if series.timeframe_ns:
            self.p.timeframe, self.p.compression = bt.TimeFrame.Minutes, minutes(series.timeframe)
        else:
            self.p.timeframe, self.p.compression = bt.TimeFrame.Ticks, 1
        if not getattr(self, "_filters", None):
            self._timeframe, self._compression = self.p.timeframe, self.p.compression

    # --- what backtrader calls ------------------------------------------------------------------------------------

    def start(self) -> None:
        super().start()
        series = self._series
        if series is None or self._instrument is None:
            raise ConfigError(f"the feed of {self.zepix_symbol} has no prices; there are none in this run")
        self.ends_ns = _view(series.time + series.timeframe_ns)
        self._row = 0
        self._columns = []
        self._raw = list(self.lines)
        self._exactbars = any(line.mode != line.UnBounded for line in self._raw)

    def qbuffer(self, savemem: int = 0, replaying: bool = False) -> None:
        super().qbuffer(savemem, replaying)
        self._exactbars = True

    def preload(self) -> None:
        """All rows at once; where filters resample, row by row as backtrader does it."""
        if self._filters or self._ffilters or self.p.fromdate or self.p.todate or self.lines[0].extension:
            super().preload()
            return
        for name, column in self._values().items():
            line = getattr(self.lines, name)
            line.array = array("d", column.tobytes())
            line.lencount = len(column)
            line.idx = len(column) - 1
        self._row = len(self.ends_ns)
        self.home()

    def _load(self) -> bool:
        if not self._columns:
            self._columns = [(getattr(self.lines, name), _view(c)) for name, c in self._values().items()]
        if self._row >= len(self.ends_ns):
            return False
        for line, column in self._columns:
            line[0] = column[self._row]
        self._row += 1
        return True

    def _values(self) -> dict[str, Any]:
        series, instrument = self._series, self._instrument
        assert series is not None and instrument is not None
        ends = np.asarray(self.ends_ns)
        days = EPOCH_DAYS + ends // DAY_NS + (ends % DAY_NS) / DAY_NS
        sides = {name: getattr(series, f"bid_{name}") for name in ("open", "high", "low", "close")}
        sides |= {name: getattr(series, name) for name in ASKS}
        prices = {name: np.round(c * instrument.point_float, instrument.digits) for name, c in sides.items()}
        empty = np.zeros(len(ends))
        return {"datetime": days, **prices, "volume": empty, "openinterest": empty}

    def advance(self, size: int = 1, datamaster: Any = None, ticks: bool = True) -> None:
        """One row on; the plain case without backtrader's walk through three layers for each line."""
        if datamaster is not None or self._exactbars:
            super().advance(size, datamaster, ticks)
            return
        for line in self._raw:
            line._idx += size
            line.lencount += size

    def _tick_nullify(self) -> None:
        """The fields ``tick_*`` serve backtrader's own broker only."""

    def _tick_fill(self, force: bool = False) -> None:
        """As above."""


def _view(column: Any) -> Any:
    flat: Any = np.ascontiguousarray(column)
    return memoryview(flat)


def symbol_of(data: Any) -> str:
    """The symbol that a feed shows, be it ours, or resampled or copied from ours; else the feed's name."""
    seen = data
    for _ in range(8):
        symbol = getattr(seen, "zepix_symbol", "")
        if symbol:
            return str(symbol)
        below = getattr(seen, "p", None)
        seen = getattr(below, "dataname", None)
        if seen is None or isinstance(seen, str):
            break
    return str(getattr(data, "_name", "") or "")

"""One symbol's rows as a feed brings them, and of ticks only the newest: older ones are folded into minutes.

Rows keep their numbers for good. Of a tick that was forgotten its number is left, and what it did to the minute that it
came in; nothing else asks for it: tickets carry the range of their forgotten ticks with them (``StepForm.forget``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from zepix.errors import DataError
from zepix.model import Instrument, Series
from zepix.services.minute_fold import Minutes
from zepix.services.prices import EVER, SymbolPrices

__all__ = ["GrowingPrices", "Tail"]


class Tail:
    """An array whose first rows are forgotten, asked by the numbers that rows always had."""

    __slots__ = ("_first", "_values")

    def __init__(self, values: Any, first: int) -> None:
        self._values = values
        self._first = first

    def __len__(self) -> int:
        return self._first + len(self._values)

    def __getitem__(self, row: Any) -> Any:
        """One row, or a slice of rows. Raises DataError for what is forgotten."""
        first = self._first
        if isinstance(row, slice):
            start = 0 if row.start is None else row.start
            if start < first or row.step is not None:
                raise self._forgotten(start)
            return self._values[start - first : None if row.stop is None else max(0, row.stop - first)]
        if row < first:
            raise self._forgotten(row)
        return self._values[row - first]

    def item(self, row: int) -> Any:
        if row < self._first:
            raise self._forgotten(row)
        return self._values.item(row - self._first)

    def searchsorted(self, value: int, side: str) -> int:
        return self._first + int(self._values.searchsorted(value, side))

    def _forgotten(self, row: int) -> DataError:
        return DataError(f"tick {row} is asked for, and those before {self._first} are kept as minutes only")


class GrowingPrices(SymbolPrices):
    """One symbol's rows as a feed brings them: an open first, the whole bar when it has ended."""

    is_growing = True

    __slots__ = ("_arrays", "_first", "_minutes", "ended_rows", "is_late")

    NAMES: Final = ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close")
    SIDES: Final = ("bid_open", "ask_open")

    def __init__(self, instrument: Instrument, index: int, timeframe: str, timeframe_ns: int) -> None:
        none = np.empty(0, np.int32)
        times = np.empty(0, np.int64)
        super().__init__(
            Series(
                instrument.symbol,
                timeframe,
                timeframe_ns,
                times,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
                none,
            ),
            instrument,
            index,
        )
        self._arrays: dict[str, Any] = {}
        """Room for more rows than there are; of ticks the four prices of a side are one array."""
        self._first = 0
        self._minutes = Minutes()
        self.ended_rows = 0
        self.is_late = False
        """Whether bars come after their end: until then nothing is known of their time."""

    def open_bar(self, t_ns: int, bid: int, ask: int) -> int:
        """A bar opens; of it only the open is known. Returns its row; raises ValueError if time runs back."""
        row = self.n
        if row and t_ns <= self.time.item(row - 1):
            raise ValueError(f"{self.symbol}: a bar that opens at {t_ns} ns does not come after the last one")
        arrays, place = self._arrays, row - self._first
        if not arrays or place == len(arrays["time"]):
            arrays = self._arrays = self._roomier(2 * place)
        arrays["time"][place] = t_ns
        for name in self.SIDES if not self.tf_ns else self.NAMES:
            arrays[name][place] = bid if name[0] == "b" else ask
        self.n = row + 1
        if not self.tf_ns:  # a tick ends as it opens
            self.ended_rows = row + 1
        self._show()
        self._row, self._from_ns, self._until_ns = row, t_ns, EVER
        return row

    def _roomier(self, rows: int) -> dict[str, Any]:
        """The rows so far, with room for as many as that, and 64 at the least."""
        room = max(64, rows)
        kept = self._arrays or {"time": np.empty(0, np.int64), **dict.fromkeys(self.NAMES, np.empty(0, np.int32))}
        found: dict[str, Any] = {}
        for name in ("time", *(self.NAMES if self.tf_ns else self.SIDES)):
            found[name] = np.zeros(room, kept[name].dtype)
            found[name][: self.n - self._first] = kept[name][: self.n - self._first]
        return found

    def _show(self) -> None:
        """Let readers see the rows there are, and forget what was made of fewer."""
        n, arrays = self.n - self._first, self._arrays
        self.time = self._shown("time", n)
        if self.tf_ns:
            for name in self.NAMES:
                setattr(self, name, arrays[name][:n])
        else:
            self.bid_open = self.bid_high = self.bid_low = self.bid_close = self._shown("bid_open", n)
            self.ask_open = self.ask_high = self.ask_low = self.ask_close = self._shown("ask_open", n)
        self.forget_rows()

    def _shown(self, name: str, rows: int) -> Any:
        values = self._arrays[name][:rows]
        return Tail(values, self._first) if self._first else values

    @property
    def first(self) -> int:
        return self._first

    @property
    def minutes(self) -> Minutes:
        return self._minutes

    def kept(self) -> tuple[Any, dict[str, Any]]:
        """(times, columns by name) of the rows that are not forgotten, as plain arrays."""
        rows = self.n - self._first
        names = dict.fromkeys(self.NAMES) if self.tf_ns else {name: f"{name[:4]}open" for name in self.NAMES}
        time = self._arrays["time"][:rows] if self._arrays else self.time
        if not self._arrays:
            return time, {name: getattr(self, name) for name in names}
        return time, {name: self._arrays[source or name][:rows] for name, source in names.items()}

    def forget(self, row: int) -> None:
        """Keep what came before ``row`` as minutes only. Raises ValueError for bars, and for the newest tick."""
        if self.tf_ns or row >= self.n:
            raise ValueError(f"{self.symbol}: of ticks those before the newest can be forgotten, and nothing else")
        count = row - self._first
        if count <= 0:
            return
        arrays = self._arrays
        self._minutes.take(arrays["time"][:count], arrays["bid_open"][:count])
        left = self.n - row
        self._arrays = {name: values[count : count + left].copy() for name, values in arrays.items()}
        self._first = row
        self._arrays = self._roomier(2 * left)
        self._show()

    def row_at(self, t_ns: int) -> int:
        """As of any prices; asked for the last row nearly always, so it needs no kernel."""
        if self._from_ns <= t_ns < self._until_ns:
            return self._row
        row = self._row = int(self.time.searchsorted(t_ns, "right")) - 1
        self._from_ns = int(self.time[row]) if row >= self._first else -EVER
        self._until_ns = int(self.time[row + 1]) if row + 1 < self.n else EVER
        return row

    def known_until(self, t_ns: int) -> int:
        if not self.is_late or not self.ended_rows:
            return t_ns
        return min(t_ns, self.time.item(self.ended_rows - 1) + self.tf_ns)

    def progress(self) -> tuple[int, int]:
        return self.n, self.ended_rows

    def doubled_mid(self, t_ns: int) -> int:
        if not self.n:
            raise DataError(f"{self.symbol} has no price yet, so nothing can be converted by it")
        return super().doubled_mid(t_ns)

    def take_over(
        self, time: Any, columns: Mapping[str, Any], ended_rows: int, first: int = 0, minutes: Minutes | None = None
    ) -> None:
        """Rows that came before this process did, ``NAMES`` by name, the last ``first + len(time) - ended_rows`` in
        progress; nothing notices them. ``first``: so many more were forgotten, and are ``minutes`` now."""
        self.n, self.ended_rows, self._first = first + len(time), ended_rows, first
        self._minutes = Minutes() if minutes is None else minutes
        self._arrays = {"time": time, **columns}
        self._arrays = self._roomier(len(time))
        self._show()

    def end_bar(self, bid: tuple[int, int, int], ask: tuple[int, int, int]) -> int:
        """The bar in progress has ended: (high, low, close) of both sides; a tick has no more than its open. Returns
        its row."""
        row = self.n - 1
        if not self.tf_ns:
            return row
        for side, values in (("bid", bid), ("ask", ask)):
            for name, value in zip(("high", "low", "close"), values, strict=True):
                self._arrays[f"{side}_{name}"][row] = value
        self.ended_rows = self.n
        return row

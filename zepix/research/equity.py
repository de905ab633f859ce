"""The account over time: a row at every change of the balance and one each trading day at 17:00 New York.

- Equity is the balance plus the gross result of the open tickets, unrounded, at the price known at that instant: the
  open of the bar in progress, else the last close; longs at the bid, shorts at the ask; converted by the rate of that
  instant. Swap and commission enter with the closing fill, as in the balance.
- A ticket is open at t if ``entry <= t < exit``, the exit being the instant at which its close was processed.
- Marks are Monday to Friday by New York's calendar, daylight saving counted; a day on which no symbol had a price
  (a holiday, a hole between two files) has none.
- Several closes at one instant give a row each; the equity is the same on all, since what one books the others still
  hold. A mark at the instant of a change comes after it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from zepix.engine.record import RunRecord
from zepix.kernels.ledger import open_gross_points
from zepix.model import Series
from zepix.model.series import Int64
from zepix.research.columns import FillColumns, Float64, quotes_at
from zepix.research.rates import Rates

__all__ = ["KINDS", "EquityCurve", "daily_marks", "equity_curve", "open_points"]

KINDS: Final = ("deposit", "balance", "mark")
_DEPOSIT, _BALANCE, _MARK = range(3)
_NS: Final = 1_000_000_000
_NEW_YORK: Final = "America/New_York"


@dataclass(frozen=True, slots=True, eq=False)
class EquityCurve:
    """Rows in order of time: nanoseconds UTC, money in the account's currency, ``kind_code`` into ``KINDS``."""

    time_ns: Int64
    balance: Float64
    equity: Float64
    kind_code: Int64

    def __len__(self) -> int:
        return len(self.time_ns)

    @property
    def kinds(self) -> list[str]:
        return [KINDS[code] for code in self.kind_code.tolist()]

    def daily(self) -> Float64:
        """Equity at the deposit and at each mark; where the run ends after the last mark, its last equity too."""
        if not len(self):
            return self.equity
        keep = self.kind_code != _BALANCE
        keep[-1] = True
        daily: Float64 = self.equity[keep]
        return daily


def equity_curve(record: RunRecord, fills: FillColumns | None = None) -> EquityCurve:
    """The curve of a run; one row (the deposit) for a run in which nothing happened on no day.

    Raises DataError where a currency of a traded symbol cannot be converted.
    """
    fills = FillColumns(record.fills) if fills is None else fills
    changes = record.balances or [(record.start_ns, _minor_deposit(record))]
    change_ns = np.array([t for t, _ in changes], np.int64)
    minor = np.array([b for _, b in changes], np.int64)
    end_ns = max(record.end_ns, int(change_ns[-1]))
    marks = daily_marks(int(change_ns[0]), end_ns, record.series.values())
    times = np.concatenate((change_ns, marks))
    kind = np.concatenate((np.full(len(change_ns), _BALANCE), np.full(len(marks), _MARK))).astype(np.int64)
    kind[0] = _DEPOSIT
    order = np.argsort(times, kind="stable")
    times, kind = times[order], kind[order]
    last = np.searchsorted(change_ns, times, side="right") - 1  # the last change of that instant
    own = np.where(kind == _MARK, last, np.cumsum(kind != _MARK) - 1)
    unit = 10**record.account.digits
    return EquityCurve(times, minor[own] / unit, minor[last] / unit + _open_money(record, fills, times), kind)


def daily_marks(start_ns: int, end_ns: int, series: Iterable[Series]) -> Int64:
    """Instants of 17:00 New York in ``(start_ns, end_ns]``, Monday to Friday, of days that had a price."""
    zone = ZoneInfo(_NEW_YORK)
    first = dt.datetime.fromtimestamp(start_ns // _NS, zone).date() - dt.timedelta(days=4)  # one mark before the first
    last = dt.datetime.fromtimestamp(end_ns // _NS, zone).date()
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    closes = [dt.datetime.combine(d, dt.time(17), zone) for d in days if d.weekday() < 5]
    marks = np.array([int(c.timestamp()) for c in closes], np.int64) * _NS
    had_price = np.zeros(len(marks), bool)
    before = np.concatenate((marks[:1], marks[:-1]))
    for one in series:
        if len(one):
            row = np.searchsorted(one.time, marks, side="left") - 1  # the last bar that opened before the mark
            ends = one.time[np.maximum(row, 0)] + max(one.timeframe_ns, 1)
            had_price |= (row >= 0) & (ends > before)
    return marks[had_price & (marks > start_ns) & (marks <= end_ns)]


def open_points(fills: FillColumns, rows: Int64, times_ns: Int64, bid: Int64, ask: Int64) -> Int64:
    """Points x steps of the tickets among ``rows`` (one symbol) that are open at each instant, as int64."""
    return open_gross_points(
        fills.integer("side")[rows].astype(np.int8),
        fills.integer("steps")[rows],
        fills.integer("entry_points")[rows],
        fills.integer("entry_ns")[rows],
        fills.integer("known_ns")[rows],
        times_ns,
        bid,
        ask,
    )


def _open_money(record: RunRecord, fills: FillColumns, times_ns: Int64) -> Float64:
    """Unrounded gross of the open tickets of all symbols at each instant, in the account's currency."""
    money = np.zeros(len(times_ns))
    rates = Rates(record)
    for symbol, rows in fills.rows_of("symbol").items():
        instrument = record.catalogue[symbol]
        bid, ask, _ = quotes_at(record.series[symbol], times_ns)
        points = open_points(fills, rows, times_ns, bid, ask)
        if points.any():
            unit = float(instrument.volume_step * instrument.point_value)
            money += points * unit * rates.at(instrument.profit_currency, times_ns)
    return money


def _minor_deposit(record: RunRecord) -> int:
    return int(record.account.balance.scaleb(record.account.digits))

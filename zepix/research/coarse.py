"""Which delays bars can show: an order fills at an open, so a delay is seen only where it leads to another open.

A market order that arrives at t fills at the open of the bar in progress, if that opened at most ``open_grace`` before
t, else at the next open (``docs/fills.md``). A delay that leaves it at the same open changes nothing here, whatever it
would have cost; one that carries it past the grace costs a whole bar, whatever its length. Ticks have no grace and hide
no delay. Times are nanoseconds UTC; where an alert's market was closed (no open in time), it counts as not served.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zepix.model import Alert, FillModel, Quarantined, Series
from zepix.model.series import Int64

__all__ = ["Moves", "Resolution", "moves", "resolutions", "serving_rows"]

_MS: Final = 1_000_000
_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Resolution:
    """What prices of one timeframe can show of a delay: half of ``alerts`` need one above ``shown_s`` to be seen."""

    timeframe: str
    bar_s: float
    grace_s: float
    alerts: int
    shown_s: float


@dataclass(frozen=True, slots=True)
class Moves:
    """What became of alerts that came at another time: ``late`` of them were served before and came at another time.

    ``unmoved`` would still fill at the same open (on ticks none counts); ``shift_s`` is by how much the open moved for
    the others, in the median, None where none did. ``by_s`` is by how much they came later or earlier, in the median.
    """

    late: int = 0
    unmoved: int = 0
    shift_s: float | None = None
    by_s: float | None = None

    @property
    def unmoved_frac(self) -> float | None:
        return self.unmoved / self.late if self.late else None


def serving_rows(series: Series, arrival_ns: Int64, fill: FillModel) -> Int64:
    """The row whose open serves a market order, for each arrival; -1 where there is none in time."""
    time = series.time
    now = np.searchsorted(time, arrival_ns, side="right") - 1
    opened = time[np.maximum(now, 0)]
    grace_ns = min(fill.open_grace_ms * _MS, series.timeframe_ns - 1) if series.timeframe_ns else 0
    is_graced = (now >= 0) & (arrival_ns - opened <= grace_ns)
    rows = np.where(is_graced, now, now + 1)
    if series.timeframe_ns == 0:  # of ticks that share an instant the first serves
        rows = np.searchsorted(time, arrival_ns, side="left")
    longest_ns = max(fill.max_wait_s * _S, series.timeframe_ns)
    opens = time[np.minimum(rows, len(time) - 1)]
    is_served = (rows < len(time)) & (opens - arrival_ns <= longest_ns)
    found: Int64 = np.where(is_served, rows, -1).astype(np.int64)
    return found


def resolutions(
    rows: Iterable[Alert | Quarantined], series: Mapping[str, Series], fill: FillModel
) -> tuple[Resolution, ...]:
    """For each timeframe that serves alerts which ask for something; ticks are left out, they show every delay."""
    distances: dict[tuple[int, str], list[Int64]] = {}
    for symbol, received in _received(rows).items():
        one = series.get(symbol)
        if one is None or not one.timeframe_ns or not len(one):
            continue
        arrival = received + fill.latency_ms * _MS
        serving = serving_rows(one, arrival, fill)
        is_served = serving >= 0
        grace_ns = min(fill.open_grace_ms * _MS, one.timeframe_ns - 1)
        distance = one.time[serving[is_served]] + grace_ns - arrival[is_served]
        distances.setdefault((one.timeframe_ns, one.timeframe), []).append(distance)
    found = []
    for (timeframe_ns, timeframe), parts in sorted(distances.items()):
        together = np.concatenate(parts)
        if len(together):
            grace_s = min(fill.open_grace_ms / 1000, timeframe_ns / _S)
            shown_s = float(np.median(together)) / _S
            found.append(Resolution(timeframe, timeframe_ns / _S, grace_s, len(together), shown_s))
    return tuple(found)


def moves(
    before: Sequence[Alert | Quarantined],
    after: Sequence[Alert | Quarantined],
    series: Mapping[str, Series],
    fill: FillModel,
) -> Moves:
    """Compares the opens that serve the alerts of ``before`` and, by id, of ``after``; lost ones and resends are left
    out."""
    then = {row.id: row.received_ns for row in after if isinstance(row, Alert)}
    pairs: dict[str, list[tuple[int, int]]] = {}
    for row in before:
        if isinstance(row, Alert) and row.is_action:
            moved_to = then.get(row.id)
            if moved_to is not None and moved_to != row.received_ns:
                pairs.setdefault(row.symbol, []).append((row.received_ns, moved_to))
    late = unmoved = 0
    shifts, delays = [], []
    for symbol, times in pairs.items():
        one = series.get(symbol)
        if one is None or not len(one):
            continue
        first, second = np.array(times, np.int64).T + fill.latency_ms * _MS
        old, new = serving_rows(one, first, fill), serving_rows(one, second, fill)
        counted = old >= 0
        late += int(counted.sum())
        delays.append((second - first)[counted])
        if one.timeframe_ns:
            unmoved += int((counted & (new == old)).sum())
        moved = counted & (new >= 0) & (new != old)
        shifts.append(one.time[new[moved]] - one.time[old[moved]])
    return Moves(late, unmoved, _median_s(shifts), _median_s(delays))


def _median_s(parts: Sequence[Int64]) -> float | None:
    together = np.concatenate(parts) if parts else np.empty(0)
    return float(np.median(together)) / _S if len(together) else None


def _received(rows: Iterable[Alert | Quarantined]) -> dict[str, Int64]:
    """When the alerts that ask for something were received, by symbol."""
    found: dict[str, list[int]] = {}
    for row in rows:
        if isinstance(row, Alert) and row.is_action:
            found.setdefault(row.symbol, []).append(row.received_ns)
    return {symbol: np.array(times, np.int64) for symbol, times in found.items()}

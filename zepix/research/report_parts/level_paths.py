"""Where the stop and the target of a ticket stood over time.

A stop is moved by a command (an order of kind ``modify``), or by the ticket's own trails and break-evens. Commands are
in the record. What trails did is computed from the bars by the rule of docs/fills.md (at the end of a bar, from
the best price since the entry), and taken only where it ends at the stop that the ticket
ended with. Where neither tells, the first level is drawn up to the exit, and the last one there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import ClosingFill, Order, Series
from zepix.model.stop_trail import StopTrail

__all__ = ["Path", "level_paths"]

Path = list[tuple[int, int]]
"""(nanoseconds, points) where the level begins to stand so; the last one is its end. Empty where none was set."""


def level_paths(record: RunRecord, fills: Sequence[ClosingFill], series: Series) -> tuple[list[Path], list[Path]]:
    """Stops and targets of closing fills of one symbol."""
    opened = {order.ticket: order for order in record.orders if order.ticket and order.kind in _OPENING}
    changes = [order for order in record.orders if order.kind == "modify" and order.touched]
    stops, targets = [], []
    for fill in fills:
        own = opened.get(fill.ticket)
        mine = [one for one in changes if _covers(one, fill, own)]
        stops.append(_stop(fill, own, mine, series))
        targets.append(_commanded(fill, fill.initial_tp, fill.tp, [(o.arrival_ns, o.new_tp) for o in mine]))
    return stops, targets


_OPENING = ("market", "limit", "stop", "stop_limit")


def _covers(change: Order, fill: ClosingFill, own: Order | None) -> bool:
    """Whether a change was about the ticket of a fill, while it was open."""
    if change.plugin_id != fill.plugin_id or change.symbol != fill.symbol:
        return False
    if not fill.entry_ns <= change.arrival_ns <= fill.exit_ns:
        return False
    if change.targets:
        return own is not None and own.id in change.targets
    if change.tickets:
        return fill.ticket in change.tickets
    return change.side in (0, fill.side)


def _stop(fill: ClosingFill, own: Order | None, changes: Sequence[Order], series: Series) -> Path:
    if own is not None and own.trails and fill.sl != fill.initial_sl and not changes:
        for begin in (fill.entry_row, fill.entry_row + 1):  # the bar of an entry inside it does not count
            path = _trailed(fill, own, series, begin)
            if path and path[-1][1] == fill.sl:
                return path
    return _commanded(fill, fill.initial_sl, fill.sl, [(o.arrival_ns, o.new_sl) for o in changes])


def _commanded(fill: ClosingFill, first: int, last: int, changes: Sequence[tuple[int, int | None]]) -> Path:
    """The first level, each change at its time, the last level at the exit."""
    path = [(fill.entry_ns, first), *((at, level) for at, level in changes if level)]
    path = [(at, level) for at, level in path if level]
    return [*path, (fill.exit_ns, last or path[-1][1])] if path or last else []


def _trailed(fill: ClosingFill, own: Order, series: Series, begin: int) -> Path:
    """The first stop, then what the trails wanted at the end of each bar before the one of the exit."""
    rows = slice(begin, fill.exit_row)
    best: Any = series.bid_high[rows] if fill.side > 0 else series.ask_low[rows]
    if not len(best):
        return []
    move = np.maximum.accumulate(fill.side * (best.astype(np.int64) - fill.entry_points))
    lead = np.full(len(move), np.iinfo(np.int64).min)
    for trail in own.trails:
        distance_points = abs(fill.entry_points - fill.initial_sl)
        start, step, distance = trail.at(distance_points) if isinstance(trail, StopTrail) else trail
        steps = (move - start) // step * step if step else np.zeros(len(move), np.int64)
        lead = np.maximum(lead, np.where(move >= start, start + steps - distance, lead))
    at_first = fill.side * (fill.initial_sl - fill.entry_points) if fill.initial_sl else np.iinfo(np.int64).min
    lead = np.maximum(np.maximum.accumulate(lead), at_first)
    moved = np.flatnonzero(np.diff(lead, prepend=at_first) > 0)
    ends = series.time[rows][moved] + series.timeframe_ns
    levels = fill.entry_points + fill.side * lead[moved]
    path = [(fill.entry_ns, fill.initial_sl)] if fill.initial_sl else []
    path += zip(ends.tolist(), levels.tolist(), strict=True)
    return [*path, (fill.exit_ns, path[-1][1])] if path else []

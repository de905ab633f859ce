"""The closing fills of two replays of the same alerts, put side by side: which belong together, how far prices differ.

Fills belong together where the same alert opened their tickets at the same plugin in the same role (several such
tickets: the first with the first) and they close the same part. An error is in points and positive where the replay on
bars did better for us than the ticks: bought lower or sold higher. So entry and exit error of a pair add up to the
difference of its profit in points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zepix.engine.record import RunRecord
from zepix.model import ClosingFill
from zepix.model.series import Int64
from zepix.research.columns import FillColumns, Float64
from zepix.research.rates import Rates

__all__ = ["Key", "Pairs", "match"]

Key = tuple[str, str, str, int, int]
"""Plugin, alert, role, number of the ticket among those of one alert and role, part."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """One row a closing fill; ``ticks`` and ``bars`` hold the pairs, ``only_ticks`` and ``only_bars`` what has no
    partner.

    ``entry`` and ``exit`` are errors in points; ``entry_money`` and ``exit_money`` the same as money (points times
    the volume on ticks, at the rate of the exit on ticks); ``is_first``: the pair's ticket is not in an earlier row.
    """

    ticks: Sequence[ClosingFill]
    bars: Sequence[ClosingFill]
    only_ticks: Sequence[ClosingFill]
    only_bars: Sequence[ClosingFill]
    entry: Int64
    exit: Int64
    entry_money: Float64
    exit_money: Float64
    is_first: NDArray[np.bool_]

    @property
    def is_same(self) -> NDArray[np.bool_]:
        """Whether both ended for the same reason."""
        pairs = zip(self.ticks, self.bars, strict=True)
        return np.array([one.exit_reason == other.exit_reason for one, other in pairs], dtype=bool)


def match(truth: RunRecord, replay: RunRecord, symbol: str, alerts: frozenset[str] | None = None) -> Pairs:
    """The fills of one symbol side by side; ``alerts`` limits them to tickets that these opened (None: all)."""
    ours, theirs = _by_key(truth.fills, symbol, alerts), _by_key(replay.fills, symbol, alerts)
    both = [key for key in ours if key in theirs]
    ticks, bars = [ours[key] for key in both], [theirs[key] for key in both]
    t, b = FillColumns(ticks), FillColumns(bars)
    side = t.integer("side")
    entry = side * (t.integer("entry_points") - b.integer("entry_points"))
    out = side * (b.integer("exit_points") - t.integer("exit_points"))
    worth = _worth_of_a_point(truth, symbol, t)
    return Pairs(
        ticks=ticks,
        bars=bars,
        only_ticks=[fill for key, fill in ours.items() if key not in theirs],
        only_bars=[fill for key, fill in theirs.items() if key not in ours],
        entry=entry,
        exit=out,
        entry_money=entry * worth,
        exit_money=out * worth,
        is_first=_first_of_ticket(both),
    )


def _by_key(fills: Iterable[ClosingFill], symbol: str, alerts: frozenset[str] | None) -> dict[Key, ClosingFill]:
    """Fills by what names them in any replay, by ticket and part."""
    found: dict[Key, ClosingFill] = {}
    numbers: dict[int, int] = {}
    tickets: dict[tuple[str, str, str], int] = {}
    for fill in sorted(fills, key=lambda f: (f.ticket, f.part)):
        if fill.symbol != symbol or (alerts is not None and fill.alert_id not in alerts):
            continue
        group = (fill.plugin_id, fill.alert_id, fill.role)
        if fill.ticket not in numbers:
            numbers[fill.ticket] = tickets[group] = tickets.get(group, 0) + 1
        found[(*group, numbers[fill.ticket], fill.part)] = fill
    return found


def _first_of_ticket(keys: Sequence[Key]) -> NDArray[np.bool_]:
    seen: set[tuple[str, str, str, int]] = set()
    first = np.zeros(len(keys), dtype=bool)
    for row, key in enumerate(keys):
        first[row] = key[:4] not in seen
        seen.add(key[:4])
    return first


def _worth_of_a_point(truth: RunRecord, symbol: str, fills: FillColumns) -> Float64:
    """Money of one point for each fill's volume, in the account's currency, at the rate of its exit."""
    if not len(fills):
        return np.zeros(0)
    instrument = truth.catalogue[symbol]
    unit = float(instrument.volume_step * instrument.point_value)
    rate = Rates(truth).at(instrument.profit_currency, fills.integer("exit_ns"))
    return fills.integer("steps") * unit * rate

"""What two replays of the same alerts differ by, in figures: one row for each symbol, setting and choice of alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.engine.record import RunRecord
from zepix.model import Alert, ClosingFill
from zepix.model.series import Int64
from zepix.research.columns import integers
from zepix.research.fidelity_match import Pairs, match
from zepix.research.fidelity_plan import Setting

__all__ = ["ALL", "ON_TIME", "Error", "Row", "error_of", "row_of"]

ALL: Final = "all"
ON_TIME: Final = "on time"
_STOPS: Final = frozenset({"sl", "trailing", "break_even"})
_TARGETS: Final = frozenset({"tp", "profit_booking"})
_CLOSES: Final = frozenset({"signal", "reversal", "time_exit"})
_HOUR_NS: Final = 3_600_000_000_000
_FEWEST_HOURS: Final = 2
_SURE: Final = 2.0
"""A mean further from zero than so many standard errors is called a lean."""


@dataclass(frozen=True, slots=True)
class Error:
    """Errors of prices in points, positive where the replay did better for us than the ticks.

    ``mean`` is the bias, ``standard_error`` how sure it is, taking what falls into one hour of the market for one
    observation; ``p95`` is of the sizes (linear between the two nearest), ``worst`` the largest with its sign. None
    where there is nothing to measure, the standard error also where all falls into one hour.
    """

    count: int = 0
    mean: float | None = None
    standard_error: float | None = None
    median: float | None = None
    p95: float | None = None
    worst: int | None = None

    @property
    def lean(self) -> int:
        """+1 where it favours the replay beyond chance, -1 against it, 0 where chance may explain it."""
        if self.mean is None or not self.mean or self.standard_error is None:
            return 0
        return int(np.sign(self.mean)) if abs(self.mean) > _SURE * self.standard_error else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One symbol under one setting against the ticks; ``alerts`` says of which alerts' tickets (``all``, ``on time``).

    Tickets closed in parts count once a part. ``same`` of ``tickets`` (those of either replay) ended for the same
    reason; ``only_ticks`` and ``only_bars`` are there in one replay alone. ``ambiguous`` tickets met stop and target in
    one bar, ``ambiguous_right`` of them ended as on the ticks. Errors in points: ``entry`` and ``exit`` of all pairs;
    ``stops``, ``targets`` and ``closes`` (by an alert) of the exits of pairs that ended for the same reason.

    ``later_s``: by how much the entries came later than on the ticks, in the median. Money in the account's currency:
    ``difference = net_bars - net_ticks = entry_money + exit_money + other_exit_money + unmatched_money + rest_money``,
    that is entries at another price, exits of the same kind at another price, exits of another kind, tickets of one
    replay alone, and what is left (swap, commission, rates, volumes, rounding).

    ``slippage``: so many points of slippage on each fill that slippage moves would take the lean of pairs with the
    same outcome away; below zero the replay is too cautious already. ``slippage_error`` is its standard error.
    """

    symbol: str
    setting: Setting
    alerts: str
    tickets: int
    matched: int
    only_ticks: int
    only_bars: int
    same: int
    ambiguous: int
    ambiguous_right: int
    entry: Error
    exit: Error
    stops: Error
    targets: Error
    closes: Error
    later_s: float | None
    net_ticks: float
    net_bars: float
    entry_money: float
    exit_money: float
    other_exit_money: float
    unmatched_money: float
    rest_money: float
    slippage: float | None
    slippage_error: float | None

    @property
    def same_frac(self) -> float | None:
        return self.same / self.tickets if self.tickets else None

    @property
    def difference(self) -> float:
        """Profit on bars less profit on ticks."""
        return self.net_bars - self.net_ticks

    @property
    def per_ticket(self) -> float | None:
        return self.difference / self.tickets if self.tickets else None


def error_of(points: Int64, times_ns: Int64) -> Error:
    """The figures of some errors of fills at these times."""
    count = len(points)
    if not count:
        return Error()
    sizes, mean = np.abs(points), float(points.mean())
    return Error(
        count=count,
        mean=mean,
        standard_error=_standard_error(points - mean, times_ns, count),
        median=float(np.median(points)),
        p95=float(np.quantile(sizes, 0.95)),
        worst=int(points[int(np.argmax(sizes))]),
    )


def _standard_error(left: NDArray[np.floating[Any]], times_ns: Int64, count: int) -> float | None:
    """Of a mean over ``count`` things, from what is left without it, by hour: neighbours share their market."""
    hours, place = np.unique(times_ns // _HOUR_NS, return_inverse=True)
    if len(hours) < _FEWEST_HOURS:
        return None
    sums = np.bincount(place, weights=left)
    return float(np.sqrt((sums**2).sum() * len(hours) / (len(hours) - 1)) / count)


def row_of(
    truth: RunRecord,
    replay: RunRecord,
    symbol: str,
    setting: Setting,
    *,
    alerts: Mapping[str, Alert],
    only: frozenset[str] | None = None,
) -> Row:
    """Compares the tickets of a symbol; ``only`` limits them to those that these alerts opened.

    ``alerts``: by id, to know which entries slippage moves.
    """
    pairs = match(truth, replay, symbol, only)
    same = pairs.is_same if pairs.ticks else np.zeros(0, dtype=bool)
    unit = 10**truth.account.digits
    ambiguous = np.array([fill.ambiguous for fill in pairs.bars], dtype=bool)
    slippage, slippage_error = _slippage(pairs, same, alerts)
    later = [b.entry_ns - t.entry_ns for t, b in zip(pairs.ticks, pairs.bars, strict=True)]
    entered, left = integers(pairs.ticks, "entry_ns"), integers(pairs.ticks, "exit_ns")
    ended = {name: np.flatnonzero(same & _ended(pairs, reasons)) for name, reasons in _ENDS.items()}
    return Row(
        symbol=symbol,
        setting=setting,
        alerts=ALL if only is None else ON_TIME,
        tickets=len(pairs.ticks) + len(pairs.only_ticks) + len(pairs.only_bars),
        matched=len(pairs.ticks),
        only_ticks=len(pairs.only_ticks),
        only_bars=len(pairs.only_bars),
        same=int(same.sum()),
        ambiguous=int(ambiguous.sum()) + sum(fill.ambiguous for fill in pairs.only_bars),
        ambiguous_right=int((ambiguous & same).sum()),
        entry=error_of(pairs.entry[pairs.is_first], entered[pairs.is_first]),
        exit=error_of(pairs.exit, left),
        later_s=float(np.median(later)) / 1e9 if later else None,
        slippage=slippage,
        slippage_error=slippage_error,
        stops=error_of(pairs.exit[ended["stops"]], left[ended["stops"]]),
        targets=error_of(pairs.exit[ended["targets"]], left[ended["targets"]]),
        closes=error_of(pairs.exit[ended["closes"]], left[ended["closes"]]),
        **_money(pairs, same, unit),
    )


_ENDS: Final = {"stops": _STOPS, "targets": _TARGETS, "closes": _CLOSES}


def _ended(pairs: Pairs, reasons: frozenset[str]) -> NDArray[np.bool_]:
    return np.array([fill.exit_reason in reasons for fill in pairs.ticks], dtype=bool)


def _money(pairs: Pairs, same: NDArray[np.bool_], unit: int) -> dict[str, Any]:
    """Both profits, and what their difference is made of; the parts add up to it."""
    alone_ticks, alone_bars = _net(pairs.only_ticks), _net(pairs.only_bars)
    net_ticks, net_bars = _net(pairs.ticks) + alone_ticks, _net(pairs.bars) + alone_bars
    parts = {
        "entry_money": float(pairs.entry_money.sum()),
        "exit_money": float(pairs.exit_money[same].sum()),
        "other_exit_money": float(pairs.exit_money[~same].sum()),
        "unmatched_money": (alone_bars - alone_ticks) / unit,
    }
    rest = (net_bars - net_ticks) / unit - sum(parts.values())
    return {"net_ticks": net_ticks / unit, "net_bars": net_bars / unit, **parts, "rest_money": rest}


def _net(fills: Iterable[ClosingFill]) -> int:
    return sum(fill.pnl_minor for fill in fills)


def _slippage(pairs: Pairs, same: NDArray[np.bool_], alerts: Mapping[str, Alert]) -> tuple[float | None, float | None]:
    """Points in favour over fills that slippage moves, by pairs that ended alike; and its standard error."""
    moved = _moved_by_slippage(pairs, alerts)[same]
    if not moved.sum():
        return None, None
    points = (np.where(pairs.is_first, pairs.entry, 0) + pairs.exit)[same]
    each = float(points.sum() / moved.sum())
    left_ns = integers(pairs.ticks, "exit_ns")[same]
    return each, _standard_error(points - each * moved, left_ns, int(moved.sum()))


def _moved_by_slippage(pairs: Pairs, alerts: Mapping[str, Alert]) -> Int64:
    """How many fills of each pair slippage moves: market and stop entries, stops, closes by an alert."""
    counts: Sequence[int] = [
        (fill.exit_reason in _STOPS or fill.exit_reason in _CLOSES)
        + int(is_first and _slips(alerts.get(fill.alert_id)))
        for fill, is_first in zip(pairs.ticks, pairs.is_first.tolist(), strict=True)
    ]
    return np.array(counts, np.int64)


def _slips(alert: Alert | None) -> bool:
    return alert is None or alert.order_type in ("market", "stop")

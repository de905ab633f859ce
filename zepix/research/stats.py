"""The statistics of a run: one dictionary that JSON can hold, the same in ``run.json``, the notebook and the report.

Money is in the account's currency, after commission and swap where nothing else is said; points are the symbol's own,
so a mean over several symbols mixes units (``by_symbol`` does not). A *ticket* counts once, however many parts it was
closed in: its money is the sum, its points the mean weighted by volume. Drawdowns come from the equity curve (balance
changes and daily marks), Sharpe and its kin from the daily marks at 17:00 New York with 252 days a year.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zepix.engine.record import RunRecord
from zepix.model import Quarantined
from zepix.model.series import Int64
from zepix.research import formulas as f
from zepix.research.ambiguity import ambiguity
from zepix.research.columns import FillColumns, Float64, integers, texts
from zepix.research.equity import EquityCurve
from zepix.research.groups import grouped

__all__ = ["Tickets", "statistics"]

_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Tickets:
    """Closed tickets in order of their last close; ``row`` is each one's last closing fill, money in minor units."""

    row: Int64
    pnl: Int64
    commission: Int64
    swap: Int64
    points: Float64
    mae: Int64
    mfe: Int64
    bars: Int64

    @classmethod
    def of(cls, fills: FillColumns) -> Tickets:
        """Parts of a ticket put together: money summed, points weighted by volume, of the rest the largest."""
        ids, inverse = np.unique(fills.integer("ticket"), return_inverse=True)
        steps = fills.integer("steps")
        weighted = _summed(fills.integer("pnl_points") * steps, inverse, len(ids))
        last = _largest(np.arange(len(fills)), inverse, len(ids))
        order = np.argsort(last, kind="stable")
        return cls(
            row=last[order],
            pnl=_summed(fills.integer("pnl_minor"), inverse, len(ids))[order],
            commission=_summed(fills.integer("commission_minor"), inverse, len(ids))[order],
            swap=_summed(fills.integer("swap_minor"), inverse, len(ids))[order],
            points=(weighted / np.maximum(_summed(steps, inverse, len(ids)), 1))[order],
            mae=_largest(fills.integer("mae_points"), inverse, len(ids))[order],
            mfe=_largest(fills.integer("mfe_points"), inverse, len(ids))[order],
            bars=_largest(fills.integer("bars_held"), inverse, len(ids))[order],
        )


def statistics(record: RunRecord, equity: EquityCurve, fills: FillColumns | None = None) -> dict[str, Any]:
    """Every figure of a run by name; ``None`` where one does not exist (no loss, no ticket, too short a run)."""
    fills = FillColumns(record.fills) if fills is None else fills
    tickets = Tickets.of(fills)
    unit = 10**record.account.digits
    return {
        "currency": record.account.currency,
        **_headline(record, equity, tickets, unit),
        **_of_tickets(tickets, unit),
        **_of_curve(record, equity),
        "exposure_frac": f.exposure_frac(
            fills.integer("entry_ns"), fills.integer("known_ns"), first_price_ns(record), record.end_ns
        ),
        **ambiguity(record, fills),
        **grouped(record, fills, tickets, unit),
        **_of_alerts(record),
    }


def _headline(record: RunRecord, equity: EquityCurve, tickets: Tickets, unit: int) -> dict[str, Any]:
    deposit = float(equity.balance[0])
    net = _money(tickets.pnl, unit)
    return {
        "deposit": deposit,
        "final_balance": float(equity.balance[-1]),
        "net_profit": net,
        "return_frac": net / deposit if deposit else None,
        "tickets": len(tickets.row),
        "closing_fills": len(record.fills),
    }


def _of_tickets(tickets: Tickets, unit: int) -> dict[str, Any]:
    pnl = tickets.pnl / unit
    wins, losses = pnl[pnl > 0], pnl[pnl < 0]
    return {
        "won": len(wins),
        "lost": len(losses),
        "win_rate": f.win_rate(pnl),
        "gross_profit": _money(tickets.pnl[tickets.pnl > 0], unit),
        "gross_loss": _money(tickets.pnl[tickets.pnl < 0], unit),
        "profit_factor": f.profit_factor(tickets.pnl),
        "expectancy": f.mean(pnl),
        "expectancy_points": f.mean(tickets.points),
        "average_win": f.mean(wins),
        "average_loss": f.mean(losses),
        "payoff": f.payoff(pnl),
        "largest_win": float(wins.max()) if len(wins) else None,
        "largest_loss": float(losses.min()) if len(losses) else None,
        "consecutive_wins": f.consecutive(pnl > 0),
        "consecutive_losses": f.consecutive(pnl < 0),
        "sqn": f.sqn(pnl),
        "average_bars_held": f.mean(tickets.bars),
        "average_mae_points": f.mean(tickets.mae),
        "average_mfe_points": f.mean(tickets.mfe),
        "commission": _money(tickets.commission, unit),
        "swap": _money(tickets.swap, unit),
    }


def _of_curve(record: RunRecord, equity: EquityCurve) -> dict[str, Any]:
    days = max(0, record.end_ns - first_price_ns(record)) / _DAY_NS
    returns = f.returns_of(equity.daily())
    drawdown_frac = f.max_drawdown_frac(equity.equity)
    growth = f.cagr(float(equity.equity[0]), float(equity.equity[-1]), days)
    return {
        "days": days,
        "max_drawdown": f.max_drawdown(equity.equity),
        "max_drawdown_frac": drawdown_frac,
        "longest_drawdown_days": f.longest_drawdown_ns(equity.equity, equity.time_ns) / _DAY_NS,
        "cagr": growth,
        "sharpe": f.sharpe(returns),
        "sortino": f.sortino(returns),
        "calmar": f.calmar(growth, drawdown_frac),
        "volatility": f.volatility(returns),
        "daily_returns": len(returns),
        "periods_per_year": f.PERIODS_PER_YEAR,
    }


def _of_alerts(record: RunRecord) -> dict[str, Any]:
    quarantined = [a.reason for a in record.alerts if isinstance(a, Quarantined)]
    reasons: dict[str, Counter[str]] = {}
    for row in record.decisions:
        if row.reason:
            reasons.setdefault(row.outcome, Counter())[row.reason] += 1
    return {
        "alerts": len(record.alerts),
        "outcomes": _counted(row.outcome for row in record.decisions),
        "refusals": dict(reasons.get("refused", Counter()).most_common()),
        "reasons": {outcome: dict(counts.most_common()) for outcome, counts in reasons.items()},
        "quarantined": _counted(quarantined),
        "outside_data": outside_data(record),
    }


def outside_data(record: RunRecord) -> dict[str, int]:
    """How many alerts came before the first price of their symbol, after its last one, or had no prices at all."""
    alerts = [a for a in record.alerts if not isinstance(a, Quarantined) and a.is_action]
    times, symbols = integers(alerts, "received_ns"), texts(alerts, "symbol")
    spans: Mapping[str, tuple[int, int]] = {
        symbol: (one.start_ns, one.end_ns) for symbol, one in record.series.items() if len(one)
    }
    bounds = np.array([spans.get(symbol, (0, 0)) for symbol in symbols], np.int64).reshape(-1, 2)
    has_prices = np.array([symbol in spans for symbol in symbols], bool)
    return {
        "before": int((has_prices & (times < bounds[:, 0])).sum()),
        "after": int((has_prices & (times > bounds[:, 1])).sum()),
        "no_prices": int((~has_prices).sum()),
    }


def first_price_ns(record: RunRecord) -> int:
    """Where the time of a run begins to count: its first price, however long before it the first alert came."""
    return max(record.start_ns, min((one.start_ns for one in record.series.values() if len(one)), default=0))


def _counted(words: Any) -> dict[str, int]:
    return dict(Counter(words).most_common())


def _money(minor: Int64, unit: int) -> float:
    return int(minor.sum()) / unit


def _summed(values: Int64, inverse: NDArray[np.intp], count: int) -> Int64:
    total = np.zeros(count, np.int64)
    np.add.at(total, inverse, values)
    return total


def _largest(values: Int64, inverse: NDArray[np.intp], count: int) -> Int64:
    largest = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(largest, inverse, values)
    return largest

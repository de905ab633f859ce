"""The formulas of the statistics, each with its source: plain functions on arrays, ``None`` where no value exists.

``pnl`` is one number a ticket, after commission and swap, in the order in which the tickets closed; ``equity`` is money
over time; ``returns`` are fractions a period. A ticket that ends at exactly zero neither won nor lost.

Sources: MetaTrader 5, *Testing report* (profit factor, expected payoff, consecutive wins); W. F. Sharpe, "The Sharpe
Ratio", J. Portfolio Management 1994; F. Sortino and L. Price, "Performance Measurement in a Downside Risk Framework",
J. of Investing 1994; T. W. Young, "Calmar Ratio: A Smoother Tool", Futures 1991; V. Tharp, *Definitive Guide to
Position Sizing* (SQN). The tests hold Sharpe, Sortino, drawdown and growth against empyrical, quantstats and ffn.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.model.series import Int64
from zepix.research.columns import Float64

__all__ = [
    "DAYS_PER_YEAR",
    "MIN_DAYS_TO_ANNUALISE",
    "PERIODS_PER_YEAR",
    "cagr",
    "calmar",
    "consecutive",
    "drawdowns",
    "exposure_frac",
    "gross_loss",
    "gross_profit",
    "longest_drawdown_ns",
    "max_drawdown",
    "max_drawdown_frac",
    "mean",
    "payoff",
    "profit_factor",
    "returns_of",
    "sharpe",
    "sortino",
    "sqn",
    "volatility",
    "win_rate",
]

Numbers = NDArray[Any]

PERIODS_PER_YEAR: Final = 252
"""Trading days a year by convention, so that figures compare with those of other tools (currencies have about 258)."""
DAYS_PER_YEAR: Final = 365.25
MIN_DAYS_TO_ANNUALISE: Final = 30.0
"""A shorter run has no yearly growth worth a number."""

_NOTHING: Final = 1e-12
"""A deviation below this is the rounding of equal numbers, not a risk to divide by."""


def mean(values: Numbers) -> float | None:
    """The arithmetic mean; None of nothing."""
    return float(values.mean()) if len(values) else None


def gross_profit(pnl: Numbers) -> float:
    """The sum of what the winners won."""
    return float(pnl[pnl > 0].sum())


def gross_loss(pnl: Numbers) -> float:
    """The sum of what the losers lost, zero or negative."""
    return float(pnl[pnl < 0].sum())


def profit_factor(pnl: Numbers) -> float | None:
    """Gross profit / |gross loss|; None without a loss, where it would be infinite."""
    loss = gross_loss(pnl)
    return gross_profit(pnl) / -loss if loss else None


def win_rate(pnl: Numbers) -> float | None:
    """Winners / all tickets."""
    return float((pnl > 0).mean()) if len(pnl) else None


def payoff(pnl: Numbers) -> float | None:
    """Average win / |average loss|; None without a win or without a loss."""
    win, loss = mean(pnl[pnl > 0]), mean(pnl[pnl < 0])
    return win / -loss if win is not None and loss is not None else None


def sqn(pnl: Numbers) -> float | None:
    """System quality number: ``sqrt(n) * mean / standard deviation`` (n - 1) of the tickets' money.

    Tharp takes multiples of the initial risk; money is the same for tickets of equal risk and needs no stop.
    """
    if len(pnl) < 2:
        return None
    spread = float(pnl.std(ddof=1))
    return math.sqrt(len(pnl)) * float(pnl.mean()) / spread if spread > _NOTHING else None


def consecutive(is_hit: NDArray[np.bool_]) -> int:
    """The longest unbroken run of hits."""
    edges = np.diff(np.concatenate(([0], is_hit.astype(np.int8), [0])))
    lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
    return int(lengths.max()) if len(lengths) else 0


def drawdowns(equity: Float64) -> Float64:
    """How far equity lies below its highest value so far, zero or positive, in money."""
    return np.maximum.accumulate(equity) - equity if len(equity) else equity


def max_drawdown(equity: Float64) -> float:
    """The largest fall from a peak, in money."""
    return float(drawdowns(equity).max()) if len(equity) else 0.0


def max_drawdown_frac(equity: Float64) -> float:
    """The largest fall from a peak as a share of that peak; it need not be the largest in money."""
    if not len(equity):
        return 0.0
    return float((drawdowns(equity) / np.maximum.accumulate(equity)).max())


def longest_drawdown_ns(equity: Float64, time_ns: Int64) -> int:
    """The longest time from a peak to the next row as high as it; one that never recovers lasts to the last row."""
    if not len(equity):
        return 0
    peak = np.maximum.accumulate(equity)
    at_peak = np.flatnonzero(equity >= peak)
    ends = np.append(time_ns[at_peak[1:]], time_ns[-1])
    is_under = np.append(np.diff(at_peak) > 1, at_peak[-1] < len(equity) - 1)
    spans = (ends - time_ns[at_peak])[is_under]
    return int(spans.max()) if len(spans) else 0


def returns_of(equity: Float64) -> Float64:
    """``e[i] / e[i-1] - 1``; ends before the first value that is zero or below, after which there is no return."""
    dead = np.flatnonzero(equity <= 0)
    alive = equity[: dead[0] + 1] if len(dead) else equity
    return alive[1:] / alive[:-1] - 1 if len(alive) > 1 else np.empty(0)


def cagr(start: float, end: float, days: float) -> float | None:
    """Compound yearly growth ``(end / start) ** (365.25 / days) - 1``; None below 30 days, -1 for a lost account."""
    if days < MIN_DAYS_TO_ANNUALISE or start <= 0:
        return None
    if end <= 0:
        return -1.0
    try:
        growth = float((end / start) ** (DAYS_PER_YEAR / days) - 1)
    except OverflowError:
        return None
    return growth if math.isfinite(growth) else None


def volatility(returns: Float64, periods: int = PERIODS_PER_YEAR) -> float | None:
    """Standard deviation (n - 1) of the returns, times ``sqrt(periods)``."""
    return float(returns.std(ddof=1)) * math.sqrt(periods) if len(returns) > 1 else None


def sharpe(returns: Float64, periods: int = PERIODS_PER_YEAR) -> float | None:
    """``mean / standard deviation (n - 1) * sqrt(periods)``, with a riskless return of zero."""
    spread = volatility(returns, periods)
    return float(returns.mean()) * periods / spread if spread is not None and spread > _NOTHING else None


def sortino(returns: Float64, periods: int = PERIODS_PER_YEAR) -> float | None:
    """``mean / sqrt(mean(min(r, 0) ** 2)) * sqrt(periods)``: all returns count below the line, target zero."""
    if len(returns) < 2:
        return None
    downside = math.sqrt(float((np.minimum(returns, 0.0) ** 2).mean()))
    return float(returns.mean()) / downside * math.sqrt(periods) if downside > _NOTHING else None


def calmar(growth: float | None, drawdown_frac: float) -> float | None:
    """Compound yearly growth / largest drawdown, over the whole run (Young takes three years)."""
    return growth / drawdown_frac if growth is not None and drawdown_frac else None


def exposure_frac(entry_ns: Int64, exit_ns: Int64, start_ns: int, end_ns: int) -> float | None:
    """The share of the run's time, weekends included, in which at least one ticket was open."""
    if end_ns <= start_ns:
        return None
    order = np.argsort(entry_ns, kind="stable")
    entry, last = entry_ns[order], np.maximum.accumulate(exit_ns[order])
    free_from = np.concatenate((entry[:1], last[:-1]))
    open_ns = np.maximum(last - np.maximum(entry, free_from), 0).sum()
    return min(1.0, float(open_ns) / (end_ns - start_ns))

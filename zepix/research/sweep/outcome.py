"""What is kept of one cell: its digest, its figures, its daily returns; or the error it ended with."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from zepix.research.equity import EquityCurve
from zepix.research.formulas import returns_of
from zepix.research.result import Result
from zepix.research.sweep.job import Desk, Task

__all__ = ["COUNTS", "DONE", "FAILED", "FIGURES", "Row", "failed", "outcome"]

DONE: Final = "done"
FAILED: Final = "failed"
FIGURES: Final = (
    *("net_profit", "return_frac", "final_balance", "win_rate", "profit_factor", "expectancy", "expectancy_points"),
    *("payoff", "largest_win", "largest_loss", "sqn", "commission", "swap", "max_drawdown", "max_drawdown_frac"),
    *("longest_drawdown_days", "cagr", "sharpe", "sortino", "calmar", "volatility", "exposure_frac", "ambiguous_money"),
)
"""Figures of a run that are numbers (docs/results.md has their formulas); null where one does not exist."""
COUNTS: Final = ("tickets", "won", "lost", "alerts", "ambiguous", "daily_returns")
_MOST_WORDS: Final = 2000

Row = dict[str, Any]
"""A cell as it is stored: see ``store.SCHEMA``."""


def outcome(desk: Desk, task: Task) -> Row:
    """Run one cell; whatever it raises becomes its error. A cell whose strategy raised has failed, figures and all."""
    start = time.perf_counter()
    try:
        result = desk.run(task.cell, task.data)
        row = _row(task, FAILED if _errors(result) else DONE, _errors(result))
        row |= _figures(result)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - one cell must not end the sweep
        row = failed(task, f"{type(error).__name__}: {error}")
    return {**row, "seconds": time.perf_counter() - start}


def failed(task: Task, error: str) -> Row:
    """A cell without a result."""
    return {**_row(task, FAILED, error), "seconds": 0.0}


def _row(task: Task, status: str, error: str) -> Row:
    return {
        "cell": task.hash,
        "status": status,
        "settings": json.dumps(task.cell, sort_keys=True, default=str),
        "error": error[:_MOST_WORDS],
    }


def _figures(result: Result) -> Row:
    stats: Mapping[str, Any] = result.stats
    days, returns = _returns(result.curve)
    return {
        "digest": result.digest,
        "currency": stats["currency"],
        **{name: _number(stats.get(name)) for name in FIGURES},
        **{name: int(stats.get(name) or 0) for name in COUNTS},
        "warnings": "\n".join(result.warnings)[:_MOST_WORDS],
        "day_ns": days,
        "returns": returns,
    }


def _errors(result: Result) -> str:
    """What strategies raised, in words; nothing where nothing was raised."""
    count = result.record.counts.get("strategy_errors", 0)
    if not count:
        return ""
    first = next((fields for _, kind, fields in result.record.journal if kind == "error"), {})
    return f"the strategy raised {count} times; the first: {first.get('error', 'see the journal of its replay')}"


def _returns(curve: EquityCurve) -> tuple[list[int], list[float]]:
    """The ends of trading days and the return of each, as the Sharpe ratio counts them (``EquityCurve.daily``)."""
    if len(curve) < 2:
        return [], []
    keep = curve.kind_code != 1
    keep[-1] = True
    found = returns_of(curve.equity[keep])
    return curve.time_ns[keep][1 : len(found) + 1].tolist(), found.tolist()


def _number(value: Any) -> float | None:
    if value is None or isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        return None
    return float(value)

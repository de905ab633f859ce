"""Is the winner of a sweep more than the luckiest of many: deflated Sharpe ratio, probability of backtest overfitting.

The probability comes from combinatorially symmetric cross-validation: the days are cut into an even number of blocks;
for each way to take half of them, the best cell of that half is looked up among all cells on the other half. How often
it lies at or below their median is the probability. Source: D. H. Bailey, J. Borwein, M. Lopez de Prado and Q. J. Zhu,
"The Probability of Backtest Overfitting", J. of Computational Finance 20(4), 2015.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.errors import ConfigError
from zepix.research.real.sharpe import (
    LEAST_RETURNS,
    as_table,
    deflated_sharpe,
    expected_best_sharpe,
    minimum_track_record,
    moments,
    probabilistic_sharpe,
)

__all__ = ["Overfitting", "Symmetric", "effective_tries", "overfitting", "symmetric_cross_validation"]

_MOST_BLOCKS: Final = 20
_LEAST_DAYS_A_BLOCK: Final = 5
_PERIODS: Final = 252
_NOTHING: Final = 1e-12

Table = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Symmetric:
    """What cross-validation found: ``logits`` of the winner's rank elsewhere (at or below 0: not above the median).

    ``slope`` is that of the out-of-sample ratio over the in-sample one: below zero, the better here the worse there.
    ``loss_frac``: how often the winner lost money elsewhere.
    """

    probability: float
    logits: Table
    slope: float | None
    loss_frac: float
    blocks: int


@dataclass(slots=True)
class Overfitting:
    """Figures of a sweep, per period and by year; None where one does not exist, with the reason in ``why``."""

    cells: int = 0
    distinct: int = 0
    days: int = 0
    effective: float | None = None
    sharpe: float | None = None
    sharpe_year: float | None = None
    luck_year: float | None = None
    probabilistic: float | None = None
    deflated: float | None = None
    deflated_by_all: float | None = None
    minimum_days: float | None = None
    probability: float | None = None
    loss_frac: float | None = None
    slope: float | None = None
    blocks: int = 0
    why: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def overfitting(returns: Any, *, blocks: int = 16, tries: int | None = None) -> Overfitting:
    """Of daily returns, a row a day and a column a cell (``SweepResult.returns``, or the result itself).

    ``tries``: how many were tried in all, where the table does not hold each of them (cells that failed, sweeps
    before). A day that a cell does not have counts as no return. Raises ConfigError for what is no table.
    """
    table = as_table(getattr(returns, "returns", returns))
    if table.ndim != 2:
        raise ConfigError(f"returns must be a table, a row a day and a column a cell, not {table.ndim} dimensions")
    table = np.nan_to_num(table, nan=0.0)
    found = Overfitting(cells=table.shape[1], days=table.shape[0])
    if table.shape[1] < 2:
        found.why.append(f"{table.shape[1]} cell with returns: nothing was chosen, so nothing is deflated")
        return found
    if table.shape[0] < LEAST_RETURNS:
        found.why.append(f"{table.shape[0]} days are fewer than {LEAST_RETURNS}: no figure is computed of them")
        return found
    ratios = _sharpes(table)
    if not np.isfinite(ratios).any():
        found.why.append("no cell has returns that differ from day to day: none has a Sharpe ratio")
        return found
    found.distinct = len(np.unique(np.round(table, 12), axis=1).T)
    _deflate(found, table, ratios, tries)
    _cross_validate(found, table, blocks)
    return found


def _deflate(found: Overfitting, table: Table, ratios: Table, tries: int | None) -> None:
    best = int(np.nanargmax(ratios))
    one = moments(table[:, best])
    if one is None:
        found.why.append("the best cell has no Sharpe ratio")
        return
    year = math.sqrt(_PERIODS)
    variance = float(np.nanvar(ratios, ddof=1)) if np.isfinite(ratios).sum() > 1 else 0.0
    found.effective = effective_tries(table)
    count = max(found.cells, tries or 0)
    shape = {"skewness": one.skewness, "kurtosis": one.kurtosis}
    found.sharpe, found.sharpe_year = one.sharpe, one.sharpe * year
    found.probabilistic = probabilistic_sharpe(one.sharpe, one.count, **shape)
    found.minimum_days = minimum_track_record(one.sharpe, **shape)
    independent = max(1.0, found.effective * count / found.cells)
    found.deflated = deflated_sharpe(one.sharpe, one.count, variance=variance, tries=independent, **shape)
    found.deflated_by_all = deflated_sharpe(one.sharpe, one.count, variance=variance, tries=count, **shape)
    luck = expected_best_sharpe(variance, independent)
    found.luck_year = None if luck is None else luck * year


def _cross_validate(found: Overfitting, table: Table, blocks: int) -> None:
    most = min(blocks, table.shape[0] // _LEAST_DAYS_A_BLOCK)
    even = most - most % 2
    if found.distinct < 2:
        found.why.append("all cells have the same returns: none could be chosen before another")
        return
    answer = symmetric_cross_validation(table, even)
    found.probability, found.slope, found.loss_frac = answer.probability, answer.slope, answer.loss_frac
    found.blocks = answer.blocks


def effective_tries(table: Table) -> float:
    """How many independent tries so many alike ones amount to: ``r + (1 - r) cells``, r their mean correlation.

    The interpolation of Bailey and Lopez de Prado (2014), appendix 3: one where all are the same, all where none is.
    """
    moving = table[:, table.std(axis=0) > _NOTHING]
    count = moving.shape[1]
    if count < 2:
        return float(max(1, count))
    together = np.corrcoef(moving, rowvar=False)
    mean = float((together.sum() - count) / (count * (count - 1)))
    return float(max(0.0, mean) + (1 - max(0.0, mean)) * count)


def symmetric_cross_validation(table: Table, blocks: int = 16) -> Symmetric:
    """Every choice of half the blocks against the other half, by the Sharpe ratio of each cell.

    Rows that do not fill the blocks evenly make the first ones longer by one. Raises ConfigError for an odd number of
    blocks, more than 20, or more than rows.
    """
    if isinstance(blocks, bool) or not isinstance(blocks, int) or blocks % 2 or not 2 <= blocks <= _MOST_BLOCKS:
        raise ConfigError(f"blocks must be an even number from 2 to {_MOST_BLOCKS}, not {blocks!r}")
    if len(table) < 2 * blocks or table.shape[1] < 2:
        raise ConfigError(f"{table.shape[0]} rows of {table.shape[1]} cells cannot be cut into {blocks} blocks")
    parts = np.array_split(table, blocks)
    count = np.array([len(part) for part in parts], np.float64)
    total = np.array([part.sum(axis=0) for part in parts])
    squares = np.array([(part**2).sum(axis=0) for part in parts])
    logits, pairs, lost = [], [], 0
    for chosen in itertools.combinations(range(blocks), blocks // 2):
        inside = np.zeros(blocks, bool)
        inside[list(chosen)] = True
        here = _ratios(count[inside].sum(), total[inside].sum(axis=0), squares[inside].sum(axis=0))
        there = _ratios(count[~inside].sum(), total[~inside].sum(axis=0), squares[~inside].sum(axis=0))
        best = int(np.argmax(here))
        below = float((there < there[best]).sum()) + (float((there == there[best]).sum()) - 1) / 2
        rank = (below + 1) / (table.shape[1] + 1)
        logits.append(math.log(rank / (1 - rank)))
        pairs.append((float(here[best]), float(there[best])))
        lost += there[best] < 0
    found = np.array(logits)
    return Symmetric(float((found <= 1e-12).mean()), found, _slope(np.array(pairs)), lost / len(found), blocks)


def _ratios(count: float, total: Table, squares: Table) -> Table:
    """Sharpe ratios from sums; 0 where returns do not differ."""
    mean = total / count
    variance = np.maximum(squares / count - mean**2, 0.0) * count / max(1.0, count - 1)
    spread = np.sqrt(variance)
    ratios: Table = np.where(spread > _NOTHING, mean / np.maximum(spread, _NOTHING), 0.0)
    return ratios


def _sharpes(table: Table) -> Table:
    spread = table.std(axis=0, ddof=1)
    ratios: Table = np.where(spread > _NOTHING, table.mean(axis=0) / np.maximum(spread, _NOTHING), np.nan)
    return ratios


def _slope(pairs: Table) -> float | None:
    here, there = pairs[:, 0], pairs[:, 1]
    spread = float(((here - here.mean()) ** 2).sum())
    return float(((here - here.mean()) * (there - there.mean())).sum()) / spread if spread > _NOTHING else None

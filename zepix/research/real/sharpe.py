"""How sure a Sharpe ratio is, and how much of it the number of tries explains.

All ratios are those of one period, never of a year; ``kurtosis`` is that of Pearson (3 for a normal distribution).

Sources: D. H. Bailey and M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2), 2012
(probabilistic Sharpe ratio, minimum track record); the same, "The Deflated Sharpe Ratio: Correcting for Selection Bias,
Backtest Overfitting and Non-Normality", J. of Portfolio Management 40(5), 2014 (the best ratio that luck gives among so
many tries). The tests hold them against the examples of both papers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LEAST_RETURNS",
    "Moments",
    "deflated_sharpe",
    "expected_best_sharpe",
    "minimum_track_record",
    "moments",
    "probabilistic_sharpe",
]

Returns = NDArray[np.float64]

LEAST_RETURNS: Final = 30
"""Fewer returns have no skewness and kurtosis worth a formula; nothing is computed of them."""
_NORMAL: Final = NormalDist()
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Moments:
    """Sharpe ratio (standard deviation with n - 1), skewness and kurtosis (both with n) of so many returns."""

    count: int
    sharpe: float
    skewness: float
    kurtosis: float


def moments(returns: Returns) -> Moments | None:
    """Of one series of returns; None where there are fewer than 30, or they do not differ."""
    values = np.asarray(returns, dtype=np.float64)
    values = values[np.isfinite(values)]
    if len(values) < LEAST_RETURNS:
        return None
    spread = float(values.std(ddof=1))
    if spread <= _NOTHING:
        return None
    apart = values - values.mean()
    variance = float((apart**2).mean())
    return Moments(
        count=len(values),
        sharpe=float(values.mean()) / spread,
        skewness=float((apart**3).mean()) / variance**1.5,
        kurtosis=float((apart**4).mean()) / variance**2,
    )


def probabilistic_sharpe(
    sharpe: float, count: int, *, skewness: float = 0.0, kurtosis: float = 3.0, above: float = 0.0
) -> float | None:
    """The probability that the true ratio lies above ``above``, given one measured on ``count`` returns.

    ``Phi((sharpe - above) sqrt(count - 1) / sqrt(1 - skewness sharpe + (kurtosis - 1) / 4 sharpe^2))``; None for fewer
    than two returns, or where the moments contradict each other (the root of a negative number).
    """
    variance = _variance(sharpe, skewness, kurtosis)
    if count < 2 or variance is None:
        return None
    return _NORMAL.cdf((sharpe - above) * math.sqrt(count - 1) / math.sqrt(variance))


def minimum_track_record(
    sharpe: float, *, skewness: float = 0.0, kurtosis: float = 3.0, above: float = 0.0, confidence: float = 0.95
) -> float | None:
    """How many returns it takes until a ratio like this one is above ``above`` with so much confidence.

    ``1 + (1 - skewness sharpe + (kurtosis - 1) / 4 sharpe^2) (z / (sharpe - above))^2``; None where the ratio is not
    above it, which no number of returns would prove.
    """
    variance = _variance(sharpe, skewness, kurtosis)
    if sharpe <= above or variance is None:
        return None
    return 1 + variance * (_NORMAL.inv_cdf(confidence) / (sharpe - above)) ** 2


def expected_best_sharpe(variance: float, tries: float) -> float | None:
    """The best ratio to expect among independent tries without any edge, whose ratios vary by ``variance``.

    ``sqrt(variance) ((1 - g) Z(1 - 1 / tries) + g Z(1 - 1 / (tries e)))``, g the Euler-Mascheroni constant, Z the
    inverse of the normal distribution; 0 for one try, None for what is no number of tries.
    """
    if tries < 1 or variance < 0 or not math.isfinite(tries):
        return None
    if tries == 1:
        return 0.0
    gamma = float(np.euler_gamma)
    best = (1 - gamma) * _NORMAL.inv_cdf(1 - 1 / tries) + gamma * _NORMAL.inv_cdf(1 - 1 / (tries * math.e))
    return math.sqrt(variance) * max(0.0, best)


def deflated_sharpe(
    sharpe: float, count: int, *, variance: float, tries: float, skewness: float = 0.0, kurtosis: float = 3.0
) -> float | None:
    """The probability that the best of so many tries has an edge at all: its ratio against the best of luck alone."""
    luck = expected_best_sharpe(variance, tries)
    if luck is None:
        return None
    return probabilistic_sharpe(sharpe, count, skewness=skewness, kurtosis=kurtosis, above=luck)


def _variance(sharpe: float, skewness: float, kurtosis: float) -> float | None:
    found = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    return found if found > 0 and math.isfinite(found) else None


def as_table(values: Any) -> Returns:
    """A DataFrame or an array of returns, a row a period and a column a try, as numbers."""
    return np.asarray(values, dtype=np.float64)

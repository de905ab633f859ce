"""What else the same tickets could have come to: in another order, and drawn again with replacement.

*Another order* keeps the final profit and changes the way to it: how deep it could have fallen. *Drawn again* (the
bootstrap of B. Efron, Annals of Statistics 7, 1979) takes the tickets for a sample of what the strategy does: profit
and fall of as many tickets as there were, each as likely as any other. Both take tickets for independent; with
``block`` they are drawn in runs of neighbours, so that what hangs together in time stays together. A ticket is what it
made in the account's currency: sizes do not follow the balance of the drawn run.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.errors import ConfigError
from zepix.research.result import Result
from zepix.research.stats import Tickets

__all__ = ["LEAST_TICKETS", "MOST_DRAWS", "Interval", "MonteCarlo", "monte_carlo", "resampled"]

LEAST_TICKETS: Final = 30
MOST_DRAWS: Final = 100_000
_AT_ONCE: Final = 4_000_000
"""So many numbers are held at a time, whatever is asked for."""

Money = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle, and the range in which nine of ten lie."""

    p5: float
    p50: float
    p95: float

    @classmethod
    def of(cls, values: Money) -> Interval:
        return cls(*(float(one) for one in np.percentile(values, (5, 50, 95))))


@dataclass(slots=True)
class MonteCarlo:
    """``profit`` and ``drawdown`` drawn again, ``drawdown_by_order`` in another order; money of the account.

    ``loss_frac``: how often a drawn run ends at or below zero; ``ruin_frac``: how often its balance falls to
    ``ruin_balance`` somewhere. Nothing is computed where ``why`` says so.
    """

    tickets: int = 0
    draws: int = 0
    block: int = 1
    net: float = 0.0
    max_drawdown: float = 0.0
    profit: Interval | None = None
    drawdown: Interval | None = None
    drawdown_by_order: Interval | None = None
    loss_frac: float | None = None
    ruin_frac: float | None = None
    ruin_balance: float | None = None
    why: str = ""
    notes: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def monte_carlo(
    result: Result, *, draws: int = 2000, block: int = 1, ruin_frac: float = 0.5, seed: int = 1
) -> MonteCarlo:
    """Of a run's tickets in the order in which they closed; ``ruin_frac`` of the deposit lost is ruin.

    Raises ConfigError for numbers that are none.
    """
    tickets = Tickets.of(result.fills)
    pnl = tickets.pnl / 10**result.record.account.digits
    return resampled(pnl, float(result.stats["deposit"]), draws=draws, block=block, ruin_frac=ruin_frac, seed=seed)


def resampled(
    pnl: Money, deposit: float, *, draws: int = 2000, block: int = 1, ruin_frac: float = 0.5, seed: int = 1
) -> MonteCarlo:
    """As ``monte_carlo``, of one number a ticket."""
    pnl = np.asarray(pnl, dtype=np.float64)
    _check(draws, block, ruin_frac)
    found = MonteCarlo(len(pnl), draws, block, float(pnl.sum()), float(_drawdowns(pnl[None, :])[0]))
    if len(pnl) < LEAST_TICKETS:
        found.why = f"{len(pnl)} tickets are fewer than {LEAST_TICKETS}: no interval is computed of them"
        return found
    if not (pnl < 0).any():
        found.notes.append("no ticket lost: drawing again from these can show no loss, however many would come")
    source = np.random.default_rng(seed)
    profits, drawdowns, orders, lowest = (np.empty(draws) for _ in range(4))
    at_once = max(1, _AT_ONCE // len(pnl))
    for first in range(0, draws, at_once):
        rows = slice(first, min(draws, first + at_once))
        drawn = pnl[_drawn(source, rows.stop - first, len(pnl), block)]
        profits[rows] = drawn.sum(axis=1)
        drawdowns[rows] = _drawdowns(drawn)
        lowest[rows] = deposit + np.minimum(drawn.cumsum(axis=1).min(axis=1), 0)
        orders[rows] = _drawdowns(source.permuted(np.tile(pnl, (rows.stop - first, 1)), axis=1))
    found.profit, found.drawdown, found.drawdown_by_order = map(Interval.of, (profits, drawdowns, orders))
    found.loss_frac = float((profits <= 0).mean())
    found.ruin_balance = deposit * (1 - ruin_frac)
    found.ruin_frac = float((lowest <= found.ruin_balance).mean())
    return found


def _check(draws: int, block: int, ruin_frac: float) -> None:
    problems = []
    for name, value, most in (("draws", draws, MOST_DRAWS), ("block", block, 10_000)):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            problems.append(f"{name} must be a whole number between 1 and {most:,}, not {value!r}")
    if not 0 < ruin_frac <= 1:
        problems.append(f"ruin_frac must lie above 0 and at most at 1, not {ruin_frac!r}")
    if problems:
        raise ConfigError(problems)


def _drawn(source: np.random.Generator, draws: int, count: int, block: int) -> NDArray[np.int64]:
    """Rows of tickets: single ones, or runs of neighbours that go on at the beginning after the end."""
    runs = -(-count // block)
    begins = source.integers(0, count, (draws, runs))
    rows = (begins[:, :, None] + np.arange(block)).reshape(draws, -1) % count
    found: NDArray[np.int64] = rows[:, :count]
    return found


def _drawdowns(pnl: Money) -> Money:
    """The largest fall of each row's balance from its highest so far, the deposit included."""
    balance = np.concatenate((np.zeros((len(pnl), 1)), pnl.cumsum(axis=1)), axis=1)
    falls: Money = (np.maximum.accumulate(balance, axis=1) - balance).max(axis=1)
    return falls

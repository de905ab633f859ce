"""The formulas, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zepix.research import formulas as f

DAY_NS = 86_400_000_000_000
PNL = np.array([100.0, -50.0, 200.0, -50.0, 0.0, 300.0, -150.0])
EQUITY = np.array([100.0, 120.0, 90.0, 130.0, 65.0, 70.0, 131.0])
TIMES = np.arange(7) * DAY_NS
RETURNS = np.array([0.01, -0.01, 0.02, 0.0])
NONE = np.empty(0)


def test_profit_and_loss_of_seven_tickets() -> None:
    assert f.gross_profit(PNL) == 600
    assert f.gross_loss(PNL) == -250
    assert f.profit_factor(PNL) == pytest.approx(2.4)
    assert f.win_rate(PNL) == pytest.approx(3 / 7)
    assert f.payoff(PNL) == pytest.approx(200 / (250 / 3))
    assert f.mean(PNL) == 50
    # deviations 50 -100 150 -100 -50 250 -200, squares 150,000, over six 25,000: sqrt(7) * 50 / 158.1139
    assert f.sqn(PNL) == pytest.approx(0.8366600265)


def test_ticket_of_zero_neither_wins_nor_loses() -> None:
    zero = np.zeros(3)
    assert f.win_rate(zero) == 0
    assert f.profit_factor(zero) is None
    assert f.payoff(zero) is None
    assert f.sqn(zero) is None


@pytest.mark.parametrize(
    ("hits", "longest"), [([], 0), ([0, 0], 0), ([1], 1), ([1, 1, 0, 1, 1, 1], 3), ([1, 1, 1, 0, 1], 3)]
)
def test_longest_unbroken_run(hits: list[int], longest: int) -> None:
    assert f.consecutive(np.array(hits, bool)) == longest


def test_drawdown_is_counted_from_the_highest_value_so_far() -> None:
    assert f.max_drawdown(EQUITY) == 65  # 130 to 65
    assert f.max_drawdown_frac(EQUITY) == 0.5
    assert f.longest_drawdown_ns(EQUITY, TIMES) == 3 * DAY_NS  # from 130 on day 3 to 131 on day 6


def test_largest_drawdown_in_money_need_not_be_the_largest_share() -> None:
    equity = np.array([100.0, 60.0, 1000.0, 900.0])
    assert f.max_drawdown(equity) == 100
    assert f.max_drawdown_frac(equity) == pytest.approx(0.4)


def test_drawdown_that_never_recovers_lasts_to_the_end() -> None:
    assert f.longest_drawdown_ns(np.array([100.0, 90.0, 80.0]), TIMES[:3]) == 2 * DAY_NS


def test_rising_equity_has_no_drawdown() -> None:
    assert f.max_drawdown_frac(np.array([1.0, 2.0, 3.0])) == 0
    assert f.longest_drawdown_ns(np.array([1.0, 2.0, 3.0]), TIMES[:3]) == 0


@pytest.mark.parametrize(
    ("start", "end", "days", "growth"),
    [
        (100, 121, 730.5, 0.1),
        (100, 100, 365.25, 0.0),
        (100, 0, 365.25, -1.0),
        (100, -20, 365.25, -1.0),
        (100, 110, 29.9, None),
        (100, 110, 30.0, 1.1 ** (365.25 / 30) - 1),
        (1, 1e300, 31.0, None),
    ],
)
def test_yearly_growth(start: float, end: float, days: float, growth: float | None) -> None:
    assert f.cagr(start, end, days) == (None if growth is None else pytest.approx(growth))


def test_sharpe_and_sortino_of_four_days() -> None:
    # mean 0.005; deviations 0.005 -0.015 0.015 -0.005, squares 0.0005, over three, root: 0.0129099
    assert f.sharpe(RETURNS) == pytest.approx(0.005 / math.sqrt(0.0005 / 3) * math.sqrt(252))
    # only -0.01 lies below zero: sqrt(0.0001 / 4) = 0.005
    assert f.sortino(RETURNS) == pytest.approx(math.sqrt(252))
    assert f.volatility(RETURNS) == pytest.approx(math.sqrt(0.0005 / 3) * math.sqrt(252))
    assert f.sharpe(RETURNS, periods=52) == pytest.approx(0.005 / math.sqrt(0.0005 / 3) * math.sqrt(52))


@pytest.mark.parametrize("returns", [NONE, np.array([0.01]), np.zeros(5), np.full(5, 0.001)])
def test_returns_without_a_spread_have_no_ratio(returns: np.ndarray) -> None:
    assert f.sharpe(returns) is None
    assert f.sortino(returns) is None


def test_returns_stop_where_the_account_is_lost() -> None:
    assert f.returns_of(np.array([100.0, 50.0, -10.0, 20.0])).tolist() == [-0.5, -1.2]
    assert f.returns_of(np.array([100.0])).tolist() == []
    assert f.returns_of(NONE).tolist() == []


def test_calmar_is_growth_over_drawdown() -> None:
    assert f.calmar(0.2, 0.1) == 2
    assert f.calmar(None, 0.1) is None
    assert f.calmar(0.2, 0.0) is None


@pytest.mark.parametrize(
    ("tickets", "share"),
    [
        ([], 0.0),
        ([(0, 50)], 0.5),
        ([(0, 50), (25, 75)], 0.75),
        ([(0, 50), (10, 20), (60, 70)], 0.6),
        ([(60, 70), (0, 50), (10, 20)], 0.6),
        ([(0, 100), (0, 100)], 1.0),
    ],
)
def test_exposure_counts_time_once_however_many_tickets(tickets: list[tuple[int, int]], share: float) -> None:
    entry = np.array([a for a, _ in tickets], np.int64)
    exits = np.array([b for _, b in tickets], np.int64)
    assert f.exposure_frac(entry, exits, 0, 100) == pytest.approx(share)


def test_nothing_has_no_figures() -> None:
    assert f.mean(NONE) is None
    assert f.win_rate(NONE) is None
    assert f.sqn(NONE) is None
    assert f.max_drawdown(NONE) == 0
    assert f.exposure_frac(np.empty(0, np.int64), np.empty(0, np.int64), 5, 5) is None

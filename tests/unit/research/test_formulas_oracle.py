"""The formulas against libraries that quants know: empyrical-reloaded and ffn (extra ``oracle``), quantstats if there.

They compute from daily returns or prices; where a library counts otherwise (days in a year, the first value of a
drawdown), the test says how it is brought to the same ground.
"""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np
import pytest

from zepix.research import formulas as f

SEEDS = range(6)


def library(name: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of while they are imported is theirs
        return pytest.importorskip(name, reason=f"{name} is in the extra `oracle`", exc_type=ImportError)


def daily(seed: int, days: int = 600) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0004, 0.01, days)


def equity_of(returns: np.ndarray) -> np.ndarray:
    return 10_000 * np.concatenate(([1.0], np.cumprod(1 + returns)))


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_empyrical(seed: int) -> None:
    empyrical = library("empyrical")
    returns = daily(seed)
    equity = equity_of(returns)
    assert f.returns_of(equity) == pytest.approx(returns)
    assert f.sharpe(returns) == pytest.approx(empyrical.sharpe_ratio(returns))
    assert f.sortino(returns) == pytest.approx(empyrical.sortino_ratio(returns))
    assert f.volatility(returns) == pytest.approx(empyrical.annual_volatility(returns))
    assert f.max_drawdown_frac(equity) == pytest.approx(-empyrical.max_drawdown(returns))
    # empyrical counts 252 returns as a year, we count days of the calendar
    days = len(returns) / 252 * 365.25
    growth = f.cagr(equity[0], equity[-1], days)
    assert growth == pytest.approx(empyrical.cagr(returns))
    assert f.calmar(growth, f.max_drawdown_frac(equity)) == pytest.approx(empyrical.calmar_ratio(returns))


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_ffn(seed: int) -> None:
    ffn, pd = library("ffn"), library("pandas")
    returns = daily(seed)
    index = pd.date_range("2014-01-01", periods=len(returns) + 1, freq="D")
    prices = pd.Series(equity_of(returns), index=index)
    assert f.cagr(prices.iloc[0], prices.iloc[-1], len(returns)) == pytest.approx(ffn.calc_cagr(prices), rel=1e-6)
    assert f.max_drawdown_frac(prices.to_numpy()) == pytest.approx(-ffn.calc_max_drawdown(prices))
    series = pd.Series(returns, index=index[1:])
    assert f.sharpe(returns) == pytest.approx(ffn.calc_sharpe(series, nperiods=252))
    lengths = ffn.drawdown_details(ffn.to_drawdown_series(prices))["Length"]
    longest_days = f.longest_drawdown_ns(prices.to_numpy(), index.as_unit("ns").asi8) / 86_400_000_000_000
    assert abs(longest_days - int(lengths.max())) <= 1  # ffn counts from the first day below the peak


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_quantstats(seed: int) -> None:
    stats, pd = library("quantstats.stats"), library("pandas")
    returns = daily(seed)
    series = pd.Series(returns, index=pd.date_range("2014-01-01", periods=len(returns), freq="D"))
    assert f.sharpe(returns) == pytest.approx(stats.sharpe(series, periods=252))
    assert f.sortino(returns) == pytest.approx(stats.sortino(series, periods=252))
    assert f.max_drawdown_frac(equity_of(returns)) == pytest.approx(-stats.max_drawdown(series))
    # returns serve as a ticket's money: these formulas do not care
    assert f.profit_factor(returns) == pytest.approx(stats.profit_factor(series))
    assert f.payoff(returns) == pytest.approx(stats.payoff_ratio(series))
    assert f.win_rate(returns) == pytest.approx(stats.win_rate(series))
    assert f.consecutive(returns > 0) == stats.consecutive_wins(series)
    assert f.consecutive(returns < 0) == stats.consecutive_losses(series)

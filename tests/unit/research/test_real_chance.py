"""Tickets drawn again, and fills counted otherwise: by hand, or by a closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.unit.research.real_world import subject
from tests.world import alert, bars
from zepix.errors import ConfigError
from zepix.research.real import monte_carlo, resampled, sensitivity
from zepix.research.real.sensitivity import Tried, turns_at

# -- tickets -----------------------------------------------------------------------------------------------------------


def test_one_loss_among_wins_falls_as_deep_in_any_order() -> None:
    found = resampled(np.array([1.0] * 39 + [-10.0]), 1000)
    assert found.net == 29
    assert found.drawdown_by_order is not None
    assert (found.drawdown_by_order.p5, found.drawdown_by_order.p95) == (10, 10)


def test_nine_of_ten_sums_lie_where_the_normal_distribution_has_them() -> None:
    """The sum of n draws has the standard deviation sqrt(n) times that of one: 3.29 of it hold nine of ten."""
    pnl = np.random.default_rng(1).normal(2, 10, 400)
    found = resampled(pnl, 10_000, draws=20_000)
    assert found.profit is not None
    width = 2 * 1.645 * math.sqrt(400) * pnl.std()
    assert found.profit.p95 - found.profit.p5 == pytest.approx(width, rel=0.03)
    assert found.profit.p50 == pytest.approx(pnl.sum(), abs=width / 50)


def test_ruin_is_counted_wherever_the_balance_fell_and_loss_at_the_end() -> None:
    """Every draw loses two a ticket: of 40 from 100 the balance falls to 20."""
    found = resampled(np.array([-2.0] * 40), 100)
    assert (found.loss_frac, found.ruin_frac, found.ruin_balance) == (1.0, 1.0, 50.0)
    assert resampled(np.array([-1.0] * 40), 100).ruin_frac == 0.0


def test_runs_of_neighbours_keep_what_hangs_together() -> None:
    """Ten losses after ten wins, over and over: drawn in runs of twenty they fall deeper than one by one."""
    pnl = np.array(([1.0] * 10 + [-1.0] * 10) * 10)
    alone, together = resampled(pnl, 1000), resampled(pnl, 1000, block=20)
    assert alone.profit is not None
    assert together.profit is not None
    assert together.profit.p95 - together.profit.p5 < alone.profit.p95 - alone.profit.p5  # a whole turn sums to zero


def test_the_same_seed_draws_the_same() -> None:
    pnl = np.random.default_rng(2).normal(0, 1, 50)
    assert resampled(pnl, 100, seed=3) == resampled(pnl, 100, seed=3)
    assert resampled(pnl, 100, seed=3) != resampled(pnl, 100, seed=4)


def test_few_tickets_are_not_drawn_and_wins_alone_are_told() -> None:
    few = resampled(np.array([1.0, -1.0] * 14), 100)
    assert (few.why, few.profit) == ("28 tickets are fewer than 30: no interval is computed of them", None)
    assert resampled(np.empty(0), 100).why.startswith("0 tickets")
    assert "no ticket lost" in resampled(np.ones(40), 100).notes[0]


@pytest.mark.parametrize("given", [{"draws": 0}, {"block": 0}, {"ruin_frac": 0}, {"draws": True}, {"ruin_frac": 1.5}])
def test_numbers_that_are_none_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        resampled(np.ones(40), 100, **given)


# -- fills -------------------------------------------------------------------------------------------------------------


def rising(count: int = 8) -> Any:
    """A pip a minute; every trade is held for two minutes: two pips, less one of spread. 0.10 lots: 1 USD a pip."""
    quads = [(110_000 + 10 * n,) * 4 for n in range(60)]
    rows = []
    for n in range(count):
        rows += [alert(n * 5, id=f"in{n}", raw=f"in {n}"), alert(n * 5 + 2, "exit", id=f"out{n}", raw=f"out {n}")]
    return subject(series=bars(*quads), rows=rows)


def test_a_profit_of_one_spread_turns_at_twice_the_spread_and_at_half_a_spread_of_slippage() -> None:
    found = sensitivity(rising())
    assert (found.net, found.tickets) == (8.0, 8)
    assert {one.level: one.net for one in found.of("spread")} == {1.0: 8.0, 1.5: 4.0, 2.0: 0.0, 3.0: -8.0, 5.0: -24.0}
    assert {one.level: one.net for one in found.of("slippage")}[0.25] == 4.8  # 2.5 points are told as 2
    assert found.turns["spread"] == 2.0
    assert found.turns["slippage"] == pytest.approx(0.5)
    assert set(found.turns) == {"spread", "slippage"}


def test_latency_moves_entries_and_exits_alike_where_the_price_rises_evenly() -> None:
    assert {one.net for one in sensitivity(rising()).of("latency_ms")} == {8.0}


def test_the_specs_own_level_is_the_base_and_not_replayed() -> None:
    one = rising()
    found = sensitivity(one, levels={"open_grace_ms": (0, 5000), "intrabar": ("pessimistic", "optimistic")})
    assert [(t.level, t.is_base) for t in found.tried] == [
        (0, False),
        (5000, True),
        ("pessimistic", True),
        ("optimistic", False),
    ]


def test_where_it_turns_is_read_away_from_the_specs_own_level() -> None:
    def tried(*nets: float) -> list[Tried]:
        return [Tried("latency_ms", 10 * n, net, 1, n == 1) for n, net in enumerate(nets)]

    assert turns_at(tried(5, 4, 2, -2)) == 25
    assert turns_at(tried(-4, 4, 4, 4)) == 5
    assert turns_at(tried(5, 4, 3, 2)) is None


def test_without_a_ticket_there_is_nothing_to_turn() -> None:
    found = sensitivity(subject(rows=[alert(5, "exit", None)]))
    assert (found.why, found.tried) == ("no ticket: there is no profit that could turn", [])


def test_a_run_of_few_tickets_is_not_drawn() -> None:
    assert monte_carlo(rising().run()).why.startswith("8 tickets are fewer")

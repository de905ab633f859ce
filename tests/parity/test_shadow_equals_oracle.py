"""The shadow broker and the naive oracle agree on every ticket, every decision and the last cent."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest

from tests.oracle.recorded_bars import MARKET, recorded, resampled
from tests.oracle.scenarios import H1, KINDS, M15, Scenario, random_alerts, random_scenario
from tests.parity.shadow import decisions, first_difference, replay, replay_stepwise, trades
from tests.thorough import share

BLOCK = 50


def assert_agree(scenario: Scenario) -> tuple[int, int]:
    """Fails with the first difference; returns (tickets, ambiguous ones)."""
    oracle = scenario.play()
    ours = replay(scenario)
    assert first_difference(trades(ours.fills), oracle.trades) == "", f"seed {scenario.seed}"
    assert decisions(ours) == oracle.decisions, f"seed {scenario.seed}"
    assert ours.balances[-1][1] == oracle.balance_minor, f"seed {scenario.seed}"
    return len(oracle.trades), sum(t["ambiguous"] for t in oracle.trades)


@pytest.mark.parametrize("first", range(0, share(400, 200), BLOCK))
def test_random_markets_with_weekends_gaps_and_currencies(first: int) -> None:
    counts = [assert_agree(random_scenario(seed)) for seed in range(first, first + BLOCK)]
    assert sum(tickets for tickets, _ in counts) > 500
    assert sum(ambiguous for _, ambiguous in counts) > 10


@pytest.mark.parametrize("first", range(1000, share(1100, 1050), BLOCK))
def test_the_step_form_equals_the_array_form(first: int) -> None:
    for seed in range(first, first + BLOCK):
        scenario = random_scenario(seed)
        begins = min(rows[0][0] for _, rows in scenario.bars.values())  # some symbols, and rates, have no price yet
        heard = [a for a in scenario.alerts if a["received_ns"] >= begins]
        scenario = dataclasses.replace(scenario, alerts=heard)
        array, step = replay(scenario), replay_stepwise(scenario)
        assert first_difference(trades(step.broker.book.fills), trades(array.fills)) == "", f"seed {seed}"
        outcomes = [(o.id, o.kind, o.status, o.reason, o.fill_points) for o in step.engine.orders]
        assert outcomes == [(o.id, o.kind, o.status, o.reason, o.fill_points) for o in array.orders], f"seed {seed}"


def instrument(symbol: str) -> dict[str, Any]:
    kind = KINDS[symbol]
    return {
        "point": f"1e-{kind['digits']}",
        "contract_size": kind["contract"],
        "profit_currency": kind["profit"],
        "margin_currency": kind["margin"],
        "volume_step": "0.01",
        "volume_min": "0.01",
        "volume_max": "100",
        "stops_level_points": 0,
        "commission_per_lot": "3.5",
    }


RECORDED = (
    ("EURUSD_M1_20140501_20140515.parquet", "EURUSD", None, 0.0),
    ("EURUSD_M1_20140501_20140515.parquet", "EURUSD", M15, 0.0),
    ("EURUSD_M1_20140501_20140515.parquet", "EURUSD", H1, 0.0),
    ("GBPUSD_M1_20120201_20120301.parquet", "GBPUSD", None, 0.0),
    ("XAUUSD_M1_20140501_20140515.parquet", "XAUUSD", None, 0.0),
    ("XAUUSD_M1_20140501_20140515.parquet", "XAUUSD", M15, 0.0),
    ("XAUUSD_M1_20140501_20140515.parquet", "XAUUSD", H1, 0.0),
    ("fxcm_EURUSD_M1_20140501_20140516.parquet", "EURUSD", None, 0.0),
    ("USDJPY_H1_20150102_20220304.parquet", "USDJPY", None, 0.02),
)


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real bars of ../shared/data/market are not at hand")
@pytest.mark.parametrize("one_at_a_time", [False, True], ids=["hedged", "one_at_a_time"])
@pytest.mark.parametrize(("file", "symbol", "timeframe", "spread"), RECORDED)
def test_real_bars(file: str, symbol: str, timeframe: int | None, spread: float, one_at_a_time: bool) -> None:
    bars = recorded(file, spread=spread, digits=KINDS[symbol]["digits"])
    if timeframe is not None:
        bars = resampled(bars, timeframe)
    instruments = {symbol: instrument(symbol)}
    strategy = {"one_at_a_time": one_at_a_time, "levels": "absolute", "max_price_gap": None}
    rng = random.Random(f"{file} {timeframe}")
    scenario = Scenario(
        seed=0,
        bars={symbol: bars},
        instruments=instruments,
        account={"balance": "100000", "currency": "USD", "leverage": "100", "digits": 2},
        fill={
            "latency_ms": 0,
            "open_grace_ms": 5000,
            "max_wait_s": 600,
            "intrabar": "pessimistic",
            "slippage_points": 0,
        },
        strategy=strategy,
        alerts=random_alerts(rng, {symbol: bars}, instruments, 400, strategy),
    )
    tickets, ambiguous = assert_agree(scenario)
    assert tickets > 50
    assert one_at_a_time or ambiguous > 0

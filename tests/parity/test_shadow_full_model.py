"""The whole fill model: the shadow broker and the naive oracle agree on every ticket, decision and cent.

Pending orders, OCO, expiry, changes, trailing, partial closes, swap over weekends and daylight-saving changes, margin
and stop-out, several symbols and timeframes, on bars and on ticks; and the step form equals the array form.
"""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest

from tests.oracle.full_alerts import random_full_alerts
from tests.oracle.markets import H1, KINDS, M15
from tests.oracle.recorded_bars import MARKET, recorded, recorded_ticks, resampled
from tests.oracle.scenarios import Scenario, random_full_scenario
from tests.parity.shadow import first_difference, replay, replay_stepwise, trades
from tests.parity.test_shadow_equals_oracle import assert_agree, instrument
from tests.thorough import share

BLOCK = 50
FOUND = {
    0: "a trailing stop that moved in the last bar shows in the record",
    8: "bands whose wake had gone off were taken to hold still",
    17: "a change and an exit that arrive between opens at one instant: the change comes first",
    26: "an order whose time is over when it arrives between opens",
    39: "a change by the alert's id counts in points of that order's symbol",
    452: "bands laid at a bar's end skipped another symbol's bar in progress",
    553: "the same for the bar of a conversion pair",
    1253: "the same with a trailing stop waiting",
    2072: "the same where the rate alone breached",
}
"""Seeds at which the simulators once disagreed, and about what."""


@pytest.mark.parametrize("first", range(0, share(500, 250), BLOCK))
def test_random_markets_on_bars(first: int) -> None:
    counts = [assert_agree(random_full_scenario(seed)) for seed in range(first, first + BLOCK)]
    assert sum(tickets for tickets, _ in counts) > 500
    assert sum(ambiguous for _, ambiguous in counts) > 10


@pytest.mark.parametrize("seed", FOUND, ids=[f"{seed} {what}" for seed, what in FOUND.items()])
def test_what_was_once_found(seed: int) -> None:
    assert_agree(random_full_scenario(seed))


@pytest.mark.parametrize("first", range(5000, share(5100, 5050), BLOCK))
def test_random_markets_on_ticks(first: int) -> None:
    counts = [assert_agree(random_full_scenario(seed, ticks=True)) for seed in range(first, first + BLOCK)]
    assert sum(tickets for tickets, _ in counts) > 500


@pytest.mark.parametrize(("first", "ticks"), [(2000, False), (2025, False), (6000, True)])
def test_the_step_form_equals_the_array_form(first: int, ticks: bool) -> None:
    for seed in range(first, first + BLOCK // 2):
        scenario = random_full_scenario(seed, ticks=ticks)
        all_open = max(rows[0][0] for _, rows in scenario.bars.values())
        heard = [a for a in scenario.alerts if a["received_ns"] >= all_open]
        scenario = dataclasses.replace(scenario, alerts=heard)
        array, step = replay(scenario), replay_stepwise(scenario)
        assert first_difference(trades(step.broker.book.fills), trades(array.fills)) == "", f"seed {seed}"
        outcomes = [(o.id, o.kind, o.status, o.reason, o.fill_points) for o in step.engine.orders]
        assert outcomes == [(o.id, o.kind, o.status, o.reason, o.fill_points) for o in array.orders], f"seed {seed}"


def test_step_form_trails_from_the_tick_that_filled_the_ticket() -> None:
    """A tick ends as it opens: its end moves the stop of the ticket that it has just filled."""
    t = 1_709_910_010_000_000_000
    prices = [1.1, 1.1, 1.1, 1.10001, 1.1]
    ticks = [(t + n * 10**10, 1.1, ask) for n, ask in enumerate(prices)]
    entry = {"id": "a1", "received_ns": t + 10**9, "symbol": "EURUSD", "type": "entry", "side": "sell"}
    entry |= {"volume": None, "sl": None, "tp": None, "price": None, "order_type": "market"}
    scenario = on_recorded("EURUSD", "EURUSD", (0, ticks), 1)
    fill = scenario.fill | {"latency_ms": 0, "slippage_points": 0}
    trail = {"start": 0, "step": 0, "distance": 1}
    scenario = dataclasses.replace(scenario, fill=fill, alerts=[{**entry, "trailing": trail}])
    step = trades(replay_stepwise(scenario).broker.book.fills)
    assert [(one["exit_ns"], one["exit_points"], one["exit_reason"]) for one in step] == [
        (t + 3 * 10**10, 110_001, "break_even")
    ]
    assert first_difference(step, scenario.play().trades) == ""


RECORDED = (
    ("EURUSD_M1_20140501_20140515.parquet", "EURUSD", None, 0.0),
    ("XAUUSD_M1_20140501_20140515.parquet", "XAUUSD", H1, 0.0),
    ("GBPUSD_M1_20120201_20120301.parquet", "GBPUSD", M15, 0.0),
    ("USDJPY_H1_20150102_20220304.parquet", "USDJPY", None, 0.02),
)
TICKS = (("EURUSD_TICK_20140501_20140515.parquet", "EURUSD"), ("XAUUSD_TICK_20140501_20140515.parquet", "XAUUSD"))


def on_recorded(name: str, symbol: str, prices: Any, count: int) -> Scenario:
    rng = random.Random(f"full {name}")
    instruments = {symbol: instrument(symbol) | {"swap_long_points": "-7.3", "swap_short_points": "1.25"}}
    strategy = {"one_at_a_time": False, "levels": "absolute", "max_price_gap": None}
    fill = {
        "latency_ms": 250,
        "open_grace_ms": 5000,
        "max_wait_s": 600,
        "intrabar": "pessimistic",
        "slippage_points": 1,
        "stop_out_frac": 0.5,
    }
    account = {"balance": "20000", "currency": "USD", "leverage": "100", "digits": 2}
    alerts = random_full_alerts(rng, {symbol: prices}, instruments, count, strategy, 250)
    return Scenario(0, {symbol: prices}, instruments, account, fill, strategy, alerts)


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real bars of ../shared/data/market are not at hand")
@pytest.mark.parametrize(("file", "symbol", "timeframe", "spread"), RECORDED)
def test_every_kind_of_order_on_real_bars(file: str, symbol: str, timeframe: int | None, spread: float) -> None:
    bars = recorded(file, spread=spread, digits=KINDS[symbol]["digits"])
    if timeframe is not None:
        bars = resampled(bars, timeframe)
    tickets, _ = assert_agree(on_recorded(file, symbol, bars, 500))
    assert tickets > 50


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real ticks of ../shared/data/market are not at hand")
@pytest.mark.parametrize(("file", "symbol"), TICKS)
def test_every_kind_of_order_on_a_hundred_thousand_real_ticks(file: str, symbol: str) -> None:
    tickets, _ = assert_agree(on_recorded(file, symbol, recorded_ticks(file, 50_000, 100_000), 500))
    assert tickets > 50

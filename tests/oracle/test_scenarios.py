"""The random scenarios reach every outcome that the oracle knows, and what it books adds up."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from functools import cache

import pytest

from .oracle import Outcome, simulate
from .recorded_bars import MARKET, recorded, resampled
from .scenarios import M15, Scenario, random_alerts, random_scenario

SEEDS = range(60)
CONTRACT = {
    "point": "0.00001",
    "contract_size": "100000",
    "profit_currency": "USD",
    "margin_currency": "EUR",
    "volume_step": "0.01",
    "volume_min": "0.01",
    "volume_max": "50",
    "stops_level_points": 0,
    "commission_per_lot": "3.5",
}


@cache
def played(seed: int) -> tuple[Scenario, Outcome]:
    scenario = random_scenario(seed)
    return scenario, scenario.play()


def test_the_same_seed_gives_the_same_scenario() -> None:
    assert random_scenario(7) == random_scenario(7)
    assert random_scenario(7) != random_scenario(8)


def test_every_outcome_and_every_way_out_occurs() -> None:
    words: Counter[tuple[str, str]] = Counter()
    ways: Counter[str] = Counter()
    ambiguous = 0
    for seed in SEEDS:
        outcome = played(seed)[1]
        words.update(outcome.decisions.values())
        ways.update(trade["exit_reason"] for trade in outcome.trades)
        ambiguous += sum(trade["ambiguous"] for trade in outcome.trades)
    refusals = (
        "invalid_stops market_closed no_conversion no_money no_prices one_at_a_time price_far_from_alert unknown_symbol"
    )
    wanted = {("refused", reason) for reason in [*refusals.split(), "volume_too_large", "volume_too_small"]}
    wanted |= {("filled", ""), ("closed", ""), ("ignored", "nothing_to_close"), ("expired", "end_of_data")}
    wanted |= {("ignored", "after_end_of_data")}
    assert wanted == set(words)
    assert ways.pop("stop_out") > 0
    assert set(ways) == {"sl", "tp", "signal", "reversal", "end_of_data"}
    assert min(ways.values()) > 20
    assert ambiguous > 50


@pytest.mark.parametrize("seed", SEEDS)
def test_money_and_tickets_add_up(seed: int) -> None:
    scenario, outcome = played(seed)
    start = int(Decimal(scenario.account["balance"]).scaleb(scenario.account["digits"]))
    assert outcome.balance_minor == start + sum(trade["pnl_minor"] for trade in outcome.trades)
    filled = [word for word, _ in outcome.decisions.values() if word == "filled"]
    assert sorted(trade["ticket"] for trade in outcome.trades) == list(range(1, len(filled) + 1))
    for trade in outcome.trades:
        assert trade["entry_ns"] <= trade["exit_ns"]
        assert trade["mae_points"] >= max(0, -trade["pnl_points"])
        assert trade["mfe_points"] >= max(0, trade["pnl_points"])


@pytest.mark.parametrize("seed", SEEDS)
def test_no_fill_lies_outside_its_bar(seed: int) -> None:
    """Entries at an open of the entry side; exits inside the closing side of the bar that they name, less slippage."""
    scenario, outcome = played(seed)
    slip = scenario.fill["slippage_points"]
    for trade in outcome.trades:
        point = float(scenario.instruments[trade["symbol"]]["point"])
        timeframe_ns, rows = scenario.bars[trade["symbol"]]
        entered = next(row for row in rows if row[0] == trade["entry_ns"])
        opened = round(entered[5 if trade["side"] > 0 else 1] / point)
        assert trade["entry_points"] == opened + trade["side"] * slip
        if trade["exit_reason"] == "stop_out":  # at the end of any symbol's bar
            continue
        at_open, at_end = trade["exit_ns"], trade["exit_ns"] - timeframe_ns
        bars = [row for row in rows if row[0] in (at_open, at_end)]
        first = 1 if trade["side"] > 0 else 5
        low, high = (round(pick(row[first + n] for row in bars) / point) for pick, n in ((min, 2), (max, 1)))
        assert low - slip <= trade["exit_points"] <= high + slip


@pytest.mark.skipif(not MARKET.is_dir(), reason="recorded bars are not at hand (../shared/data/market)")
@pytest.mark.parametrize("longer", [False, True], ids=["M1", "M15"])
def test_recorded_bars_replay(longer: bool) -> None:
    bars = recorded("EURUSD_M1_20140501_20140515.parquet")
    series = {"EURUSD": resampled(bars, M15) if longer else bars}
    rng = random.Random(1)
    alerts = random_alerts(rng, series, {"EURUSD": CONTRACT}, 400, {})
    account = {"balance": "10000", "currency": "USD", "leverage": "500", "digits": 2}
    fill = {"latency_ms": 0, "open_grace_ms": 5000, "max_wait_s": 600, "intrabar": "pessimistic", "slippage_points": 0}
    outcome = simulate(series, {"EURUSD": CONTRACT}, account, fill, alerts)
    assert len(outcome.trades) > 50
    assert sum(trade["ambiguous"] for trade in outcome.trades) > 3

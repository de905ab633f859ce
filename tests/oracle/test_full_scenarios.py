"""The random scenarios of the whole page reach every feature often, on bars and ticks, and what they book adds up."""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from .oracle import Outcome, simulate
from .recorded_bars import MARKET, bars_of_ticks, recorded, recorded_ticks
from .scenarios import M1, Scenario, random_full_alerts, random_full_scenario
from .test_scenarios import CONTRACT

ON_BARS, ON_TICKS = range(200), range(60)
NIGHTS = 3
"""So many nights of swap must have been paid at one rollover somewhere: the triple day."""


@cache
def played(seed: int, ticks: bool) -> tuple[Scenario, Outcome]:
    scenario = random_full_scenario(seed, ticks)
    return scenario, scenario.play()


@cache
def counted(ticks: bool) -> tuple[Counter[str], Counter[tuple[str, str]], Counter[str]]:
    """What happened, what became of the alerts, how tickets were closed, over all seeds."""
    notes: Counter[str] = Counter()
    words: Counter[tuple[str, str]] = Counter()
    ways: Counter[str] = Counter()
    for seed in ON_TICKS if ticks else ON_BARS:
        outcome = played(seed, ticks)[1]
        notes.update(outcome.notes)
        words.update(outcome.decisions.values())
        for trade in outcome.trades:
            ways[trade["exit_reason"]] += 1
            ways["ambiguous"] += trade["ambiguous"]
            ways["second part"] += trade["part"] == 2
            ways["swap"] += trade["swap_minor"] != 0
            ways["changed"] += (trade["sl"], trade["tp"]) != (trade["initial_sl"], trade["initial_tp"])
            ways["filled and closed inside a bar"] += trade["entry_ns"] == trade["exit_ns"] and trade["ambiguous"]
    return notes, words, ways


def test_the_same_seed_gives_the_same_scenario() -> None:
    for ticks in (False, True):
        assert random_full_scenario(7, ticks) == random_full_scenario(7, ticks)
        assert random_full_scenario(7, ticks) != random_full_scenario(8, ticks)


@pytest.mark.parametrize(
    ("note", "least"),
    [
        *[(f"{kind} filled inside a bar", 100) for kind in ("limit", "stop", "stop_limit")],
        *[(f"{kind} filled at an open", 60) for kind in ("limit", "stop", "stop_limit")],
        ("stop_limit triggered", 300),
        ("group decided in one bar", 20),
        ("change before the fill", 100),
        ("change inherited", 40),
        ("change at an open at once", 40),
        ("trailed beyond the close", 20),
        ("share of nothing", 20),
    ],
)
def test_on_bars_everything_happens_on_the_way(note: str, least: int) -> None:
    assert counted(ticks=False)[0][note] >= least


@pytest.mark.parametrize(
    ("way", "least"),
    [
        *[(reason, 200) for reason in ("sl", "tp", "signal", "reversal", "end_of_data", "trailing", "break_even")],
        ("stop_out", 40),
        ("ambiguous", 200),
        ("filled and closed inside a bar", 60),
        ("second part", 80),
        ("swap", 200),
        ("changed", 300),
    ],
)
def test_on_bars_tickets_close_in_every_way(way: str, least: int) -> None:
    assert counted(ticks=False)[2][way] >= least


@pytest.mark.parametrize(
    ("note", "least"),
    [
        *[(f"{kind} filled at an open", 60) for kind in ("limit", "stop", "stop_limit")],
        ("stop_limit triggered", 150),
        ("change before the fill", 40),
        ("change at an open at once", 10),
        ("group decided in one bar", 1),  # beside ticks there are symbols on bars
    ],
)
def test_on_ticks_everything_happens_on_the_way(note: str, least: int) -> None:
    assert counted(ticks=True)[0][note] >= least


@pytest.mark.parametrize(
    ("way", "least"),
    [
        *[(reason, 50) for reason in ("sl", "tp", "signal", "reversal", "end_of_data", "trailing", "break_even")],
        ("stop_out", 8),
        ("second part", 20),
        ("swap", 50),
        ("changed", 80),
    ],
)
def test_on_ticks_tickets_close_in_every_way(way: str, least: int) -> None:
    assert counted(ticks=True)[2][way] >= least


def test_every_word_is_said() -> None:
    refusals = "invalid_price invalid_stops invalid_trailing market_closed no_alert_price no_entry_price no_levels "
    refusals += (
        "no_conversion no_money no_prices no_side one_at_a_time price_far_from_alert unknown_symbol volume_too_large "
    )
    refusals += "volume_too_small"
    wanted = {("refused", reason) for reason in refusals.split()}
    wanted |= {("expired", reason) for reason in ("cancel", "oco", "exit", "expired", "end_of_data")}
    wanted |= {("ignored", f"nothing_to_{what}") for what in ("close", "cancel", "modify")}
    wanted |= {("filled", ""), ("closed", ""), ("closed", "cancelled"), ("working", "modified")}
    for ticks in (False, True):
        words = counted(ticks)[1]
        assert wanted - set(words) == set()
        assert set(words) - wanted <= {("ignored", "after_end_of_data")}


def test_nights_of_the_triple_day_are_paid() -> None:
    """A ticket that lived over one rollover only and paid three nights for it."""
    found = 0
    for seed in ON_BARS:
        scenario, outcome = played(seed, ticks=False)
        for trade in outcome.trades:
            given = scenario.instruments[trade["symbol"]]
            is_short = trade["exit_ns"] - trade["entry_ns"] < 24 * 3600 * 10**9
            points = Decimal(given["swap_long_points" if trade["side"] > 0 else "swap_short_points"])
            if is_short and points and trade["gross_minor"] and trade["pnl_points"]:
                a_point = Decimal(trade["gross_minor"]) / trade["pnl_points"]
                found += abs(trade["swap_minor"]) > abs(2 * points * a_point) + 1
    assert found >= NIGHTS


@pytest.mark.parametrize("ticks", [False, True], ids=["bars", "ticks"])
def test_money_and_tickets_add_up(ticks: bool) -> None:
    for seed in ON_TICKS if ticks else ON_BARS:
        scenario, outcome = played(seed, ticks)
        start = int(Decimal(scenario.account["balance"]).scaleb(scenario.account["digits"]))
        assert outcome.balance_minor == start + sum(trade["pnl_minor"] for trade in outcome.trades)
        filled = [word for word, _ in outcome.decisions.values() if word == "filled"]
        parts: dict[int, list[dict[str, Any]]] = {}
        for trade in outcome.trades:
            parts.setdefault(trade["ticket"], []).append(trade)
            assert trade["entry_ns"] <= trade["exit_ns"]
            assert trade["mae_points"] >= max(0, -trade["pnl_points"])
            assert trade["mfe_points"] >= max(0, trade["pnl_points"])
            assert trade["steps"] > 0
            assert trade["bars_held"] > 0
        assert sorted(parts) == list(range(1, len(filled) + 1))
        for trades in parts.values():
            assert [trade["part"] for trade in trades] == list(range(1, len(trades) + 1))


@pytest.mark.parametrize("ticks", [False, True], ids=["bars", "ticks"])
def test_an_order_of_a_group_fills_alone_at_one_instant(ticks: bool) -> None:
    """Of the orders of a group that were under way together one fills; a second fill is a later order's."""
    for seed in ON_TICKS if ticks else ON_BARS:
        scenario, outcome = played(seed, ticks)
        raised = {a["id"]: a for a in scenario.alerts if a.get("oco")}
        first = {t["alert_id"]: t["entry_ns"] for t in outcome.trades if t["part"] == 1 and t["alert_id"] in raised}
        for one, one_ns in first.items():
            for other, other_ns in first.items():
                if one < other and raised[one]["oco"] == raised[other]["oco"]:
                    later = max(raised[one]["received_ns"], raised[other]["received_ns"])
                    assert later >= min(one_ns, other_ns)


@pytest.mark.skipif(not MARKET.is_dir(), reason="recorded bars are not at hand (../shared/data/market)")
@pytest.mark.parametrize("source", ["bars", "ticks", "bars of ticks"])
def test_recorded_prices_replay(source: str) -> None:
    if source == "bars":
        series: Any = recorded("EURUSD_M1_20140501_20140515.parquet")
    else:
        ticks = recorded_ticks("EURUSD_TICK_20140501_20140515.parquet", 100_000, 20_000)
        series = ticks if source == "ticks" else bars_of_ticks(ticks, M1)
    bars = {"EURUSD": series}
    alerts = random_full_alerts(random.Random(source), bars, {"EURUSD": CONTRACT}, 400, {})
    account = {"balance": "10000", "currency": "USD", "leverage": "500", "digits": 2}
    fill = {"latency_ms": 0, "open_grace_ms": 5000, "max_wait_s": 600, "intrabar": "pessimistic", "slippage_points": 0}
    outcome = simulate(bars, {"EURUSD": CONTRACT}, account, fill, alerts)
    assert len(outcome.trades) > 40

"""Saved as text between any two events, in every state of a chain, loaded into another run: it goes on the same."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import Any

import pytest

from tests.unit.services.reentry_world import BACK, LOW, STOPPED, Rider, bar, calm, simulation
from tests.world import Quad, alert, flat
from zepix.engine import PluginInfo
from zepix.journal.digest import canonical_lines
from zepix.model import Alert
from zepix.services.reentry_values import CHAIN_STATES, DONE

WAYS = {"sl_hunt": True, "exit_continuation": True, "default_cooldown_s": 90}
ALERTS = [alert(1, id="a"), alert(9, id="b"), alert(13, "exit", "buy", id="x"), alert(20, id="c")]
"""a: stopped, recovered, won, continued; b: left with a profit by the exit of minute 13, watched, entered; c: open."""
ROWS: list[Quad] = [
    *STOPPED, *calm(2, LOW), BACK, *calm(1, 109_985), bar(109_985, 110_200, 110_200, 109_985), *flat(2, 110_200),
    bar(110_200, 110_260, 110_260, 110_200), bar(110_260, 110_300, 110_300, 110_260), *flat(1, 110_300),
    bar(110_300, 110_340, 110_340, 110_300), *flat(8, 110_340), bar(110_000, 110_340, 110_000, 110_340), *flat(6),
]  # fmt: skip


def made() -> Any:
    return simulation(ROWS, reentry=WAYS)


def told(run: Any, record: Any) -> Any:
    steps = [list(step) for step in run.house.chains.steps]
    return list(canonical_lines(record)), steps, json.dumps(run.engine.services.state())


def whole() -> tuple[int, Any]:
    run = made()
    run.begin(ALERTS)
    run.go_on()
    events = run.session.events
    return events, told(run, run.finish())


def test_run_stopped_between_any_two_events_goes_on_the_same() -> None:
    events, expected = whole()
    seen: set[str] = set()
    for stop in range(events):
        first = made()
        first.begin(ALERTS)
        first.go_on(max(0, stop - first.session.events))
        seen |= {chain.state for chain in first.house.reentry.book.chains()}
        text = json.dumps(first.save_state(history=True), allow_nan=False)
        again = made()
        again.load_state(json.loads(text))
        assert json.dumps(again.save_state(history=True), allow_nan=False) == text
        again.begin(ALERTS)
        again.go_on()
        assert told(again, again.finish()) == expected, f"stopped after {stop} of {events} events"
    assert seen == set(CHAIN_STATES) - set(DONE), "a chain was saved in every state"


def stopped_with(state: str) -> Any:
    """A saved run in which a chain is in that state."""
    run = made()
    run.begin(ALERTS)
    while not any(chain.state == state for chain in run.house.reentry.book.chains()):
        assert not run.go_on(1)
    return json.loads(json.dumps(run.save_state(history=True)))


@pytest.mark.parametrize("state", ["recovery_mode", "continuing"])
def test_settings_that_changed_while_a_chain_waited(state: str) -> None:
    """What waits goes on with its own numbers; what comes next is by the new settings."""
    again: Any = simulation(ROWS, reentry={**WAYS, "windows_minutes": {"EURUSD": 1}, "max_levels": {"rider": 1}})
    aside = again.take_over_state(stopped_with(state))
    assert aside == []
    again.begin(ALERTS)
    again.go_on()
    record = again.finish()
    assert [o.role for o in record.orders if o.role in ("R", "C2")]
    assert again.house.reentry.book.chains() == []


class Newcomer(Rider):
    info = PluginInfo(strategy="newcomer", services=("reentry",))


def test_chain_of_a_plugin_that_is_gone_ends_where_it_would_enter() -> None:
    again: Any = simulation(ROWS, Newcomer, reentry=WAYS)
    again.take_over_state(stopped_with("recovery_mode"))
    again.begin(ALERTS)
    again.go_on()
    record = again.finish()
    assert "R" not in [o.role for o in record.orders]
    reasons = [step.reason for step in again.house.chains.steps if step.alert_id == "a"]
    assert reasons[-1] == "plugin_gone"


def test_plugin_that_was_disabled_before_the_save_recovers_nothing_after_it() -> None:
    state = stopped_with("recovery_mode")
    again = made()
    again.load_state(state)
    next(iter(again.registry.get_all_plugins().values())).enabled = False
    again.begin(ALERTS)
    again.go_on()
    assert "R" not in [o.role for o in again.finish().orders]
    assert "plugin_disabled" in [step.reason for step in again.house.chains.steps]


def test_state_of_another_version_is_refused() -> None:
    run = made()
    with pytest.raises(ValueError, match="version 7"):
        run.house.reentry.load_state({"version": 7})


# --- what holds of every chain ----------------------------------------------------------------------------------------


def walk(seed: int, count: int = 400) -> tuple[list[Quad], list[Alert]]:
    """A market that wanders, with entries and exits of both sides."""
    rng = random.Random(seed)
    price, rows = 110_000, []
    for _ in range(count):
        start = price
        price += rng.randint(-60, 60)
        rows.append((start, max(start, price) + rng.randint(0, 40), min(start, price) - rng.randint(0, 40), price))
    news = [
        alert(n, rng.choice(("entry", "entry", "exit")), rng.choice(("buy", "sell")), id=f"{seed}/{n}")
        for n in sorted(rng.sample(range(1, count - 1), 25))
    ]
    return rows, news


@pytest.mark.parametrize("seed", range(6))
def test_invariants_of_chains_on_a_market_that_wanders(seed: int) -> None:
    """Levels, counts, limits; no order without a chain, no chain without an end; the same on both brokers."""
    rows, news = walk(seed)
    lines = []
    for broker in ("shadow", "backtrader"):
        run = simulation(rows, broker=broker, reentry={**WAYS, "default_cooldown_s": 5})
        record = run.run(news)
        steps = run.house.chains.steps
        by_chain: dict[str, list[Any]] = {}
        for step in steps:
            by_chain.setdefault(step.chain_id, []).append(step)
        for chain in by_chain.values():
            assert chain[0].reason == "created" and chain[-1].state in DONE
            assert [step for step in chain if step.state in DONE] == [chain[-1]]
            levels = [step.level for step in chain]
            assert levels == sorted(levels) and levels[-1] <= 5
            assert sum(step.reason == "placed" and step.state == "recovering" for step in chain) <= 1
            money = sum(f.pnl_minor for f in record.fills if f.alert_id == chain[0].alert_id)
            assert sum(step.money_minor for step in chain) == money
        reentries = [o for o in record.orders if o.opens and o.role != "A"]
        assert {o.chain_id for o in reentries} <= set(by_chain)
        placed = sorted(s.order_id for s in steps if s.reason == "placed")
        assert placed == sorted(o.id for o in reentries)
        times = sorted(o.decided_ns for o in reentries)
        assert all(b - a >= 60_000_000_000 for a, b in pairwise(times))
        assert reentries or seed
        lines.append((list(canonical_lines(record)), [list(step) for step in steps]))
    assert lines[0] == lines[1]

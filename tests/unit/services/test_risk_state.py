"""The risk service's state is data: cut anywhere and put into a fresh object, it answers as the old one does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.services.risk_desk import Desk, at
from zepix.model import OrderFilled, TicketClosed
from zepix.model.settings_risk import PluginLimits
from zepix.services.risk import RiskCore, TradeRequest

LIMITS = PluginLimits(max_trades_day=6, max_open=4, daily_loss_limit=120)  # type: ignore[arg-type]
PLUGINS = ("p", "q")

EVENTS = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(PLUGINS), st.integers(1, 4), st.sampled_from([1.0999, 1.099, 1.095])),
    st.tuples(st.just("close"), st.integers(0, 5), st.integers(-6_000, 4_000)),
    st.tuples(st.just("wait"), st.sampled_from([1, 3600, 30_000, 86_400])),
    st.tuples(st.just("forgive")),
    st.tuples(st.just("ask")),
)


def play(desk: Desk, cores: list[RiskCore], event: tuple[Any, ...]) -> None:
    """Let one thing happen, and tell every core of it."""
    broker, now = desk.broker, desk.clock
    if event[0] == "wait":
        now.now_ns += event[1] * 10**9
    elif event[0] == "forgive":
        for core in cores:
            core.reset_lifetime()
    elif event[0] == "open" and len(broker.tickets) < 8:
        silent, desk.core = desk.core, desk.fresh()
        ticket = desk.ticket(lots="0.02", sl=event[3], plugin=event[1], alert=f"a{event[2]}")
        desk.core = silent
        for core in cores:
            core.on_event(OrderFilled(now.now_ns, now.now_ns, desk.order(), ticket))
    elif event[0] == "close" and broker.tickets:
        silent, desk.core = desk.core, desk.fresh()
        numbers = list(broker.tickets)
        closed = desk.close(broker.tickets[numbers[event[1] % len(numbers)]], event[2] / 100)
        desk.core = silent
        for core in cores:
            core.on_event(TicketClosed(now.now_ns, now.now_ns, closed.fill, closed.ticket))


def answers(core: RiskCore) -> list[Any]:
    found: list[Any] = [core.get_status()]
    for plugin in PLUGINS:
        risk = core.for_plugin(plugin, LIMITS)
        found.append(risk.gate(TradeRequest("EURUSD", "buy", 1.1, 1.098, lots="0.1")))
        found += [risk.check_daily_limit(), risk.check_lifetime_limit()]
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(EVENTS, max_size=25), st.lists(EVENTS, max_size=25))
def test_loaded_state_answers_as_the_object_that_never_stopped(before: list[Any], after: list[Any]) -> None:
    desk = Desk(now_ns=at("2024-03-06 20:00"))
    for event in before:
        play(desk, [desk.core], event)
    text = json.dumps(desk.core.state())
    loaded = desk.fresh()
    loaded.load_state(json.loads(text))
    assert json.dumps(loaded.state()) == text
    for event in after:
        play(desk, [desk.core, loaded], event)
        assert answers(loaded) == answers(desk.core)
        assert loaded.state() == desk.core.state()


def test_state_of_another_version_is_not_read() -> None:
    desk = Desk()
    desk.lose(20)
    before = desk.core.state()
    with pytest.raises(ValueError, match="version 7"):
        desk.core.load_state({"ledger": {"version": 7}})
    assert desk.core.state() == before


def test_day_that_passed_while_nothing_ran_is_over() -> None:
    desk = Desk(now_ns=at("2024-03-06 20:00"))
    desk.lose(150)
    saved = desk.core.state()
    desk.clock.now_ns = at("2024-03-08 09:00")
    loaded = desk.fresh()
    loaded.load_state(saved)
    limit = loaded.for_plugin("p").check_daily_limit()
    assert (limit.loss, loaded.for_plugin("p").check_lifetime_limit().loss) == (0, 150)

"""The reverse shield in replays on both brokers: worked example 14.7, both legs or none, its limits and its ends."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.services.shield_world import STOPPED, Guarded, guarded, prepared
from tests.world import MINUTE, alert, instrument
from zepix.engine import PluginInfo, Strategy
from zepix.model import Alert, Catalogue, Refused
from zepix.model.settings_autonomous import ReverseShieldSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings

BROKERS = pytest.mark.parametrize("broker", ["shadow", "backtrader"])
BACK = (1990, 1997.5, 1990, 1997)
"""A bar that comes back beyond the kill level."""
BOUND = Catalogue([replace(instrument("XAUUSD"), margin_currency="XAU")])
"""Gold whose margin is its value."""


@BROKERS
def test_worked_example_14_7_with_its_kill_switch(broker: str) -> None:
    """BUY 2000 stopped at 1990: two SELL at 1990, SL 2000, A's target 1980, kill level 1997.

    A lost 10 x 10 = 100 USD; two halves lose 7 dollars of price each: 35 and 35, 70 % of the first loss is added.
    Then the plain recovery: a BUY at 1997 whose stop is half of 10 away.
    """
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], broker=broker)
    assert told.shields == [
        ("SA", 1990.0, 2000.0, 1980.0, "reversal", -35.0),
        ("SB", 1990.0, 2000.0, 0.0, "reversal", -35.0),
    ]
    recovery = told.fill("R")
    assert (recovery.entry_points, recovery.initial_sl) == (1_997_000, 1_992_000)
    assert recovery.entry_ns >= told.fill("SA").exit_ns, "first the shields are closed, then the recovery"
    assert told.steps()[-4:] == [
        ("closing", "kill_level"),
        ("closed", "reversal"),
        ("closed", "reversal"),
        ("completed", "kill"),
    ]
    assert [n for n in told.notices if n.startswith("shield")] == ["shield_deployed", "shield_kill_switch"]


@BROKERS
def test_a_sold_order_is_guarded_by_bought_shields(broker: str) -> None:
    """SELL 2000 stopped at 2010: BUY 2010, SL 2000, A's target 2020, kill level 2003."""
    rows = [2000.0, 2000.0, (2000, 2010.5, 2000, 2010), 2010.0, (2010, 2010, 2002.9, 2003), 2003.0, 2003.0]
    told = guarded(rows, alerts=[alert(1, side="sell", symbol="XAUUSD")], broker=broker)
    assert told.shields == [
        ("SA", 2010.0, 2000.0, 2020.0, "reversal", -35.0),
        ("SB", 2010.0, 2000.0, 0.0, "reversal", -35.0),
    ]
    assert told.fill("R").side == -1


@BROKERS
def test_a_price_just_below_the_kill_level_changes_nothing(broker: str) -> None:
    told = guarded([*STOPPED, (1990, 1996.999, 1990, 1990), 1990.0], broker=broker)
    assert [reason for *_, reason, _ in told.shields] == ["end_of_data", "end_of_data"]
    assert told.steps()[-1] == ("stopped", "end_of_data")


@BROKERS
def test_target_of_shield_a_is_told_and_the_watch_goes_on(broker: str) -> None:
    """SA wins 10 x 5 = 50; then the price comes back and SB loses 35, and the recovery begins."""
    told = guarded([*STOPPED, (1990, 1990, 1979, 1980), (1980, 1998, 1980, 1997), 1997.0, 1997.0], broker=broker)
    assert [(role, reason, money) for role, *_, reason, money in told.shields] == [
        ("SA", "tp", 50.0),
        ("SB", "reversal", -35.0),
    ]
    assert "shield_victory" in told.notices and "shield_kill_switch" in told.notices
    assert "R" in told.roles


@BROKERS
def test_window_over_closes_the_shields_and_nothing_is_recovered(broker: str) -> None:
    """Gold's window is 15 minutes from the stop: at minute 3 (the bar's end) plus 15."""
    told = guarded([*STOPPED, *[1989.0] * 20], broker=broker)
    assert [(reason, money) for *_, reason, money in told.shields] == [("time_exit", 5.0), ("time_exit", 5.0)]
    assert told.steps("reentry")[-1] == ("stopped", "window_over")
    assert "R" not in told.roles
    minutes = (told.fill("SA").exit_ns - told.fill("A").exit_ns) / 60e9
    assert 15 <= minutes <= 16


@BROKERS
def test_stop_of_a_shield_aborts(broker: str) -> None:
    """One bar goes from 1990 beyond the original entry: both stops at 2000 are met, nothing is recovered."""
    told = guarded([*STOPPED, (1990, 2001, 1990, 2000.5), 2000.5, 2000.5], broker=broker)
    assert [(reason, money) for *_, reason, money in told.shields] == [("sl", -50.0), ("sl", -50.0)]
    assert told.steps("reentry")[-1] == ("stopped", "shield_stopped")
    assert "R" not in told.roles


# --- both legs or none ----------------------------------------------------------------------------------------------


def _refusing(made: Any, role: str) -> None:
    """Somebody before the broker holds one leg back."""
    made.engine.on_command = lambda order: Refused("held", "not this leg") if order.role == role else None


@pytest.mark.parametrize("role", ["SA", "SB"])
@BROKERS
def test_a_leg_refused_at_once_leaves_no_orphan_and_the_recovery_goes_on_plainly(role: str, broker: str) -> None:
    made = prepared([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], broker=broker)
    _refusing(made, role)
    record = made.run([alert(1, id="first", symbol="XAUUSD")])
    assert not [t for t in record.fills if t.role in ("SA", "SB") and t.exit_reason == "end_of_data"]
    assert not made.broker.tickets
    assert [f.role for f in record.fills if f.role == "R"], "the plain recovery at the same level"
    states = [(s.state, s.reason) for s in made.house.chains.steps if s.kind == "shield"]
    assert states[-1][0] == "stopped"
    assert made.house.safety.shield is not None and made.house.safety.shield.open_count == 0


@pytest.mark.parametrize("role", ["SA", "SB"])
def test_a_leg_refused_by_the_broker_later_closes_the_other_one(role: str) -> None:
    """The wire says no after both went out: shields of no volume are refused at their arrival."""
    made = prepared([*STOPPED, 1990.0, BACK, 1997.0, 1997.0])

    def spoil(order: Any) -> None:
        if order.role == role:
            order.volume_steps = 0

    made.engine.on_command = spoil
    record = made.run([alert(1, id="first", symbol="XAUUSD")])
    other = "SB" if role == "SA" else "SA"
    closed = [f for f in record.fills if f.role == other]
    assert all(f.exit_reason != "end_of_data" for f in closed)
    legs = {o.role: o.status for o in record.orders if o.role in ("SA", "SB")}
    assert legs[role] == "refused"
    steps = [(s.state, s.reason) for s in made.house.chains.steps if s.kind == "shield"]
    assert steps[-1] == ("stopped", "leg_failed")
    assert [f for f in record.fills if f.role == "R"], "the plain recovery, with the same level"
    reentry = [s.reason for s in made.house.chains.steps if s.kind == "reentry"]
    assert "unshielded" in reentry


def test_a_leg_that_something_else_closes_takes_the_other_with_it() -> None:
    """A hand closes one shield: the other is closed too, the recovery goes on plainly."""

    class Handy(Guarded):
        info = PluginInfo(strategy="handy", services=Guarded.info.services)

        async def on_fill(self, event: Any) -> None:
            if event.order.role == "SB":
                self.api.set_timer(self.api.now_ns + MINUTE)

        async def on_timer(self, event: Any) -> None:
            (one, _) = self.api.orders.open_tickets("XAUUSD")
            await self.api.orders.close_order(one.id, "manual")

    told = guarded([*STOPPED, *[1990.0] * 6, BACK, 1997.0, 1997.0], Handy)
    assert sorted(reason for *_, reason, _ in told.shields) == ["manual", "signal"]
    assert told.steps()[-1] == ("stopped", "leg_closed")
    assert "R" in told.roles


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"shield": {"max_concurrent": 0}}, "too_many_shields"),
        ({"shield": {"min_balance": 9_901}}, "balance_too_low"),  # 10,000 less A's 100
        ({"shield": {"daily_room": 400}}, "daily_room"),  # cap 500, 100 lost: 400 left, all of it to be kept
        ({"shield": {"lot_frac": "0.09"}}, "volume_too_small"),  # 0.009 lots a leg
        (
            {"leverage": 1, "balance": 50_000, "shield": {"free_margin_frac": "0.99"}, "catalogue": BOUND},
            "no_free_margin",
        ),
    ],
    ids=["count", "balance", "daily room", "lots", "margin"],
)
def test_a_limit_cancels_the_shield_and_the_recovery_is_plain(given: dict[str, Any], reason: str) -> None:
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], **given)
    assert told.steps() == [("stopped", reason)]
    assert told.roles == ["A", "R"]
    assert "shield_cancelled" in told.notices


def test_the_days_room_makes_the_shields_smaller() -> None:
    """400 left, 350 kept: 50 for two legs that lose 10 dollars of price each: 0.02 lots lose 20 each, 0.03 would 60."""
    told = guarded([*STOPPED, 1990.0, 1990.0], shield={"daily_room": 350})
    assert {o.role: o.volume_steps for o in told.record.orders if o.role != "A"} == {"SA": 2, "SB": 2}


def test_the_margin_that_must_stay_free_makes_the_shields_smaller() -> None:
    """Leverage 1: 0.01 lots of gold bind 1990. 9,940 of equity, 20 % stay: 7,952 for two legs; 0.01 each bind 3,980,
    0.02 each would bind 7,960."""
    told = guarded([*STOPPED, 1990.0], leverage=1, balance=9_980, plugin={"lots": 0.04}, catalogue=BOUND)
    assert {o.role: o.volume_steps for o in told.record.orders if o.role != "A"} == {"SA": 1, "SB": 1}


def test_all_limits_at_zero_means_no_shields_and_no_recovery() -> None:
    """Bad input: every limit 0 allows nothing, and nothing breaks."""
    zero = {"daily_attempts": 0, "daily_losses": 0, "concurrent": 0, "day_profit_money": 0, "cooldown_hours": 0}
    limits = {"max_concurrent": 0, "min_balance": 0, "daily_room": 0, "free_margin_frac": 0}
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0], autonomous=zero, shield=limits)
    assert told.roles == ["A"]
    assert told.steps("reentry")[-1] == ("stopped", "recovery_attempts")
    assert told.steps() == []


def test_at_most_three_shields_at_a_time() -> None:
    alerts = [alert(1, id=f"a{n}", symbol="XAUUSD") for n in range(4)]
    told = guarded([*STOPPED, 1990.0], alerts=alerts, plugin={"lots": 0.02}, autonomous={"concurrent": 9})
    assert told.roles.count("SA") == told.roles.count("SB") == 3
    assert ("stopped", "too_many_shields") in told.steps()


def test_no_shield_where_it_is_off_as_it_is_by_default() -> None:
    assert ReverseShieldSettings().enabled is False
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], shield={"enabled": False})
    assert told.roles == ["A", "R"] and told.steps() == []


def test_a_disabled_plugin_deploys_no_shield() -> None:
    """Item 6: no new risk; the chain ends, nothing raises."""

    class Broken(Guarded):
        info = PluginInfo(strategy="broken", services=Guarded.info.services)

        async def on_sl_hit(self, event: Any) -> None:
            self.enabled = False

    told = guarded([*STOPPED, 1990.0, BACK, 1997.0], Broken)
    assert told.roles == ["A"]


def test_two_plugins_guard_the_same_symbol_each_by_shields_of_its_own() -> None:
    """Bad input: two plugins recovering one symbol. Each closes its own legs and recovers once."""

    class Second(Guarded):
        info = PluginInfo(strategy="second", services=Guarded.info.services)

    alerts = [alert(1, id=name, symbol="XAUUSD", strategy=name) for name in ("guarded", "second")]
    rows = [*STOPPED, 1990.0, BACK, 1997.0, 1997.0]
    given: Any = {"alerts": alerts, "plugin": {"lots": 0.04}}
    told = guarded(rows, Guarded, Second, **given, risk={"cross_plugin_conflict": "allow"})
    for name in ("guarded", "second"):
        fills = [f for f in told.record.fills if f.plugin_id == name]
        assert [(f.role, f.exit_reason) for f in fills] == [
            ("A", "sl"),
            ("SA", "reversal"),
            ("SB", "reversal"),
            ("R", "end_of_data"),
        ]
        assert len({f.chain_id for f in fills if f.role in ("SA", "SB")}) == 1
    assert len({f.chain_id for f in told.record.fills if f.role == "SA"}) == 2
    blocked = guarded(rows, Guarded, Second, **given)  # by default the families do not hedge one another
    assert ("stopped", "cross_plugin_conflict") in blocked.steps()


# --- the strategy decides -------------------------------------------------------------------------------------------


def test_a_strategy_that_says_no_to_its_shield_recovers_plainly() -> None:
    class Shy(Guarded):
        info = PluginInfo(strategy="shy", services=Guarded.info.services)

        async def activate_reverse_shield(self, event: Any) -> bool:
            self.asked = (event.reentry_type, event.entry_price, event.sl_price, event.direction)
            return False

    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], Shy)
    assert told.roles == ["A", "R"]
    plugin: Any = told.simulation.registry.get_plugin("shy")
    assert plugin.asked == ("shield", 2000.0, 1990.0, "buy")


def test_a_strategy_may_keep_its_shields_at_the_kill_level() -> None:
    class Keeps(Guarded):
        info = PluginInfo(strategy="keeps", services=Guarded.info.services)

        async def deactivate_reverse_shield(self, event: Any) -> bool:
            return False

    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], Keeps)
    assert [reason for *_, reason, _ in told.shields] == ["end_of_data", "end_of_data"]
    assert "R" in told.roles


def test_a_strategy_that_fails_when_asked_is_told_and_the_service_decides() -> None:
    class Fails(Guarded):
        info = PluginInfo(strategy="fails", services=Guarded.info.services)

        def activate_reverse_shield(self, event: Any) -> bool:
            raise RuntimeError("no idea")

    made = prepared([*STOPPED, 1990.0], Fails)
    record = made.run([alert(1, id="first", symbol="XAUUSD")])
    assert [o.role for o in record.orders if o.opens] == ["A", "SA", "SB"]
    assert "no idea" in str(made.engine.errors[0])


# --- profit booking of shield B -------------------------------------------------------------------------------------


def test_shield_b_is_booked_by_a_pyramid_where_the_run_has_profit_booking() -> None:
    """0.05 lots of gold win 7 USD after 1.40: SB is booked at 1988.60, two orders of level 1 follow; the kill level
    closes all of it."""

    class Books(Guarded):
        info = PluginInfo(strategy="books", services=(*(Guarded.info.services or ()), "profit_booking"))

    rows = [*STOPPED, (1990, 1990, 1988.5, 1988.6), 1988.6, (1988.6, 1997.5, 1988.6, 1997), 1997.0, 1997.0]
    told = guarded(rows, Books, others={"profit_booking": ProfitBookingSettings()})
    assert told.fill("SB").exit_reason == "profit_booking"
    assert told.fill("SB").pnl_minor == 7_00
    assert "shield_level_up" in told.notices
    assert told.roles[:5] == ["A", "SA", "SB", "P1.1", "P1.2"]
    levels = {o.chain_id for o in told.record.orders if o.role.startswith("P1")}
    assert levels == {"PROFIT_SHIELD_XAUUSD_00000001"}, "a shield's pyramid names its shield"
    assert "R" in told.roles
    left = [f.role for f in told.record.fills if f.exit_reason == "end_of_data"]
    assert left == ["R"], "at the kill level everything of the shield is closed"


# --- state ----------------------------------------------------------------------------------------------------------

ROWS = [*STOPPED, 1990.0, (1990, 1990, 1979, 1980), 1985.0, (1985, 1998, 1985, 1997), 1997.0, 1997.0]


def _alerts() -> list[Alert]:
    return [alert(1, id="first", symbol="XAUUSD")]


def test_saved_and_loaded_between_any_two_events_with_shields_open() -> None:
    whole = prepared(ROWS)
    expected = whole.run(_alerts())
    steps = whole.house.chains.steps
    count = whole.session.events
    assert count > 8
    for stop in range(1, count):
        first = prepared(ROWS)
        first.begin(_alerts())
        first.go_on(stop)
        text = json.dumps(first.save_state(history=True))
        again = prepared(ROWS)
        again.load_state(json.loads(text))
        assert json.dumps(again.save_state(history=True)) == text
        again.begin(_alerts())
        again.go_on()
        record = again.finish()
        assert record.fills == expected.fills, stop
        assert list(record.journal) == list(expected.journal), stop
        assert again.house.chains.steps == steps, stop


def test_shields_of_a_plugin_that_is_gone_end_and_their_legs_keep_their_stops() -> None:
    class Other(Strategy):
        info = PluginInfo(strategy="other", services=Guarded.info.services)

    first = prepared(ROWS)
    first.begin(_alerts())
    while not any(t.role == "SB" for t in first.broker.tickets.values()):
        first.go_on(1)
    state = json.loads(json.dumps(first.save_state(history=True)))
    again = prepared(ROWS, Other)
    aside = again.take_over_state(state)
    assert any("guarded" in said for said in aside)
    again.begin(_alerts())
    again.go_on()
    record = again.finish()
    assert [(f.role, f.exit_reason) for f in record.fills if f.role == "SA"] == [("SA", "tp")]
    assert ("stopped", "plugin_gone") in [(s.state, s.reason) for s in again.house.chains.steps]


def test_shields_of_an_instrument_with_a_larger_least_volume_are_cancelled() -> None:
    """0.10 lots, least volume 0.1: half of it is too little."""
    coarse = Catalogue([instrument("XAUUSD", volume_min=Decimal("0.1"))])
    told = guarded([*STOPPED, 1990.0, BACK, 1997.0, 1997.0], catalogue=coarse)
    assert told.steps() == [("stopped", "volume_too_small")]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kill_frac": 1}, "kill_frac must lie between 0 and 1"),
        ({"lot_frac": 0}, "lot_frac must be above 0"),
        ({"max_concurrent": 1.5}, "max_concurrent must be a whole number"),
        ({"enabled": "yes"}, "enabled must be true or false"),
        ({"daily_room": -1, "close_retries": "x"}, "close_retries must be a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="reverse_shield: .*" + said):
        ReverseShieldSettings(**given)


@pytest.mark.parametrize(("limit", "lots"), [(500.0, [5, 5]), (150.0, [2, 2]), (100.5, [])])
def test_the_plugins_own_daily_loss_holds_for_shields(limit, lots):
    """zepix-rules 2.7 and 8.4: 100 are lost at the stop; two legs of 0.05 would lose 100 more. Of 150 there are 50
    left, 0.05 lots, so 0.02 each; of 100.50 less than a dollar."""

    class Careful(Guarded):
        info = PluginInfo(strategy="careful", services=("risk", "reentry", "autonomous", "telegram"))
        daily_loss_limit: float = limit

    told = guarded([*STOPPED, 1990.0, 1990.0], Careful)
    shields = [o for o in told.record.orders if o.role in ("SA", "SB")]
    assert [o.volume_steps for o in shields] == lots
    if not lots:
        assert ("stopped", "plugin_daily_loss") in told.steps()


def half_way(**given: Any) -> dict[str, Any]:
    """The state of a run whose two shields are open."""
    first = prepared(ROWS, **given)
    first.begin(_alerts())
    while not any(t.role == "SB" for t in first.broker.tickets.values()):
        first.go_on(1)
    found: dict[str, Any] = json.loads(json.dumps(first.save_state(history=True)))
    return found


def gone_on(again: Any) -> Any:
    again.begin(_alerts())
    again.go_on()
    return again.finish()


def test_a_chain_goes_on_plainly_where_shields_were_switched_off_between_save_and_load() -> None:
    """The legs keep their stops and targets; the recovery waits for its own price, for what is left of its window."""
    again = prepared(ROWS, shield={"enabled": False})
    aside = again.take_over_state(half_way())
    assert any("shield" in said for said in aside)
    record = gone_on(again)
    steps = [(s.state, s.reason) for s in again.house.chains.steps if s.kind == "reentry"]
    assert ("recovery_mode", "unshielded") in steps and steps[-1][0] in ("completed", "stopped")
    assert [f.exit_reason for f in record.fills if f.role == "SA"] == ["tp"]


def test_the_chain_of_a_plugin_that_is_gone_ends_with_its_shield() -> None:
    class Other(Strategy):
        info = PluginInfo(strategy="other", services=Guarded.info.services)

    again = prepared(ROWS, Other)
    again.take_over_state(half_way())
    gone_on(again)
    ends = [(s.kind, s.state, s.reason) for s in again.house.chains.steps if s.state in ("stopped", "completed")]
    assert ("reentry", "stopped", "plugin_gone") in ends and ("shield", "stopped", "plugin_gone") in ends


def test_shields_of_a_plugin_disabled_between_save_and_load_are_closed_and_nothing_is_recovered() -> None:
    again = prepared(ROWS)
    state = half_way()
    again.load_state(state)
    again.registry.disable_plugin("guarded")
    record = gone_on(again)
    assert "R" not in [o.role for o in record.orders if o.opens]
    assert all(f.exit_reason != "end_of_data" for f in record.fills if f.role in ("SA", "SB"))

"""The pyramid replayed: §5 of the rules, its economics (§14.8), exits, gates, levels, brokers.

Answers are computed by hand: 7 USD an order that books, 10 USD an order that is stopped.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.services.profit_play import ALL_ON, Booker, Story, path, story
from tests.world import alert
from zepix.engine import PluginInfo
from zepix.journal.digest import digest
from zepix.model import AccountSpec
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_risk import RiskSettings

BROKERS = ("shadow", "backtrader")
NO_HUNT = {"sl_hunt": False}


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(
    ("fails_at", "booked", "lost", "net"),
    [(0, 0, 10, -10), (1, 7, 20, -13), (2, 21, 40, -19), (3, 49, 80, -31), (4, 105, 160, -55), (None, 217, 0, 217)],
)
def test_economics_of_the_page(fails_at, booked, lost, net, broker):
    """§14.8: 7 an order booked, 10 an order lost, all orders of the failing level lose."""
    word = ".." + "u" * (5 if fails_at is None else fails_at) + "d."
    played = story(path(word), broker=broker, **ALL_ON, **NO_HUNT)
    won = [money for money in played.money if money > 0]
    assert (sum(won), -sum(m for m in played.money if m < 0)) == (booked * 100, lost * 100)
    assert played.net == net
    assert set(played.money) <= {700, -1000}
    assert played.ends == [(4, "completed", "booked_all") if fails_at is None else (fails_at, "stopped", "strict_loss")]


@pytest.mark.parametrize("broker", BROKERS)
def test_levels_0_to_2_are_on_and_a_full_chain_books_49(broker):
    played = story(path("..uuuu."), broker=broker)
    assert played.net == 49
    assert played.roles == ["B", "P1.1", "P1.2", "P2.1", "P2.2", "P2.3", "P2.4"]
    assert played.ends == [(2, "stopped", "level_disabled")]


def test_the_last_level_is_booked_as_the_others_are():
    """§12.2.13: the original completed the chain on reaching level 4 and never booked it."""
    played = story(path("..uuuuu."), **ALL_ON)
    last = [f for f in played.record.fills if f.role.startswith("P4.")]
    assert len(last) == 16 and {f.exit_reason for f in last} == {"profit_booking"}
    assert played.ends == [(4, "completed", "booked_all")]
    assert len(played.record.fills) == 31


def test_a_sell_is_the_mirror():
    played = story(path("..dd."), [alert(1, side="sell")])
    assert [f.pnl_minor for f in played.record.fills] == [700] * 3 + [0] * 4  # four of level 2 are open at the end


def test_every_order_books_by_itself_and_the_others_run_on():
    """Level 1 has two orders; one is closed by hand with a profit, and counts as booked; the level waits for the other.

    Targets are one price, so the strategy books the first by hand.
    """

    class Early(Booker):
        info = PluginInfo(strategy="early", services=("risk", "dual_order", "profit_booking"))

        async def on_fill(self, event):
            if event.order.role == "P1.1":
                self.answer = await self.api.profit_booking.handle_profit_target_hit(event.order.id)

    played = story(path("..u.uu."), None, Early)
    plugin = played.simulation.registry.get_all_plugins()["early"]
    assert plugin.answer.success and plugin.answer.new_level == 1
    assert played.steps("booked")[:3] == [(0, "booked", "profit_booking"), (1, "booked", "profit_booking"),
                                          (1, "booked", "profit_booking")]  # fmt: skip
    assert played.money[:3] == [700, 0, 700]
    assert "P2.1" in played.roles


def test_booking_in_the_engine_closes_at_the_market_once_the_price_is_there():
    """``booking_at = engine``: no target at the broker; the bar's end, 30 points beyond, is what the close gets."""
    dual = DualOrderSettings(stops_level_if_none_points=0, booking_at="engine")
    played = story(path("..uu.."), dual=dual, **NO_HUNT)
    assert all(not order.tp and order.tp_offset is None for order in played.record.orders)
    closes = [(f.role, f.exit_reason, f.pnl_minor) for f in played.record.fills]
    assert closes[:3] == [("B", "profit_booking", 1000), ("P1.1", "profit_booking", 1000),
                          ("P1.2", "profit_booking", 1000)]  # fmt: skip


@pytest.mark.parametrize("latency_ms", [0, 250, 61_000])
def test_both_brokers_give_one_digest(latency_ms):
    found = [
        story(path("..uu.duuu.d.w.u.d."), broker=broker, spread=10, latency_ms=latency_ms, **ALL_ON)
        for broker in BROKERS
    ]
    assert digest(found[0].record) == digest(found[1].record)
    assert found[0].record.chains == found[1].record.chains


# --- exits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("latency_ms", [0, 61_000])
def test_an_exit_stops_the_chain_and_nothing_of_it_stays_open(broker, latency_ms):
    alerts = [alert(1), alert(4.5, "exit", "buy")]
    played = story(path("..u........"), alerts, broker=broker, latency_ms=latency_ms)
    assert [f.exit_reason for f in played.record.fills] == ["profit_booking", "signal", "signal"]
    assert played.ends == [(1, "stopped", "signal")]
    assert not [o for o in played.record.orders if o.kind == "close" and o.targets], "nothing is closed twice"


def test_an_exit_while_a_recovery_is_waited_for_ends_it():
    """B is stopped; before the price is back an exit alert comes, with nothing open to close."""
    played = story(path("..d....uu...."), [alert(1), alert(5, "exit", "buy")])
    assert played.ends == [(0, "stopped", "exit_signal")]
    assert played.roles == ["B"]
    assert played.steps("recovery_failed") == [(0, "recovery_failed", "exit_signal")]


@pytest.mark.parametrize(("kind", "side", "end"), [("entry", "sell", "opposite_signal"), ("entry", "buy", "")])
def test_a_signal_of_the_other_side_ends_what_only_waits(kind, side, end):
    """As with re-entries; one of its own side ends nothing."""
    played = story(path("..d......"), [alert(1), alert(5, kind, side, id="second")])
    first = [s.reason for s in played.record.chains if s.alert_id != "second" and s.state == "stopped"]
    assert first == [end or "end_of_data"]


def test_an_order_closed_by_hand_takes_the_rest_of_its_chain_along():
    class ByHand(Booker):
        info = PluginInfo(strategy="by_hand", services=("risk", "dual_order", "profit_booking"))

        async def on_fill(self, event):
            if event.order.role == "P1.2":
                await self.api.orders.close_order(event.ticket.id, "manual")

    played = story(path("..u....."), None, ByHand)
    assert [(f.role, f.exit_reason) for f in played.record.fills] == [
        ("B", "profit_booking"), ("P1.2", "manual"), ("P1.1", "manual"),
    ]  # fmt: skip
    assert played.ends == [(1, "stopped", "manual")]


def test_a_chain_is_stopped_by_command():
    class Stopper(Booker):
        info = PluginInfo(strategy="stopper", services=("risk", "dual_order", "profit_booking"))

        async def process_signal(self, alert):
            self.seen = self.api.profit_booking.active_chains()
            self.stopped = await self.api.profit_booking.stop_all_chains()

    played = story(path("..u....."), [alert(1), alert(5, "trend", None)], Stopper)
    plugin = played.simulation.registry.get_all_plugins()["stopper"]
    chain = plugin.seen[0]
    assert (chain.level, chain.orders_in_level, chain.orders_booked, chain.total_profit) == (1, 2, 0, 7.0)
    assert (chain.direction, chain.status, plugin.stopped) == ("buy", "active", 1)
    assert played.ends == [(1, "stopped", "manual")]
    assert {f.exit_reason for f in played.record.fills if f.role != "B"} == {"manual"}


def test_a_chain_that_is_open_at_the_end_of_the_data_ends_with_them():
    assert story(path("..u.")).ends == [(1, "stopped", "end_of_data")]
    assert story(path("..d..")).ends == [(0, "stopped", "end_of_data")], "a recovery was still waited for"


# --- levels and modes ------------------------------------------------------------------------------------------------


def partly(word: str, **settings) -> Story:
    """Level 1 wins with its first order (booked by hand at once, for nothing) and loses with its second."""

    class Half(Booker):
        info = PluginInfo(strategy="half", services=("risk", "dual_order", "profit_booking"))

        async def on_fill(self, event):
            if event.order.role == "P1.1":
                await self.api.profit_booking.handle_profit_target_hit(event.order.id)

    return story(path(word), None, Half, **settings)


@pytest.mark.parametrize(
    ("threshold", "end"),
    [(None, (1, "stopped", "strict_loss")), (0.75, (1, "stopped", "too_few_winners")), (0.5, None)],
)
def test_strict_mode_wants_every_order_and_threshold_mode_a_share(threshold, end):
    """§5: 1 of 2 winners. Strict: stop. 0.75: stop. 0.5: level 2."""
    mode = {} if threshold is None else {"allow_partial_progression": True, "partial_success_threshold": threshold}
    played = partly("..u.d....", **NO_HUNT, **mode)
    if end is None:
        assert "P2.4" in played.roles
    else:
        assert played.ends == [end] and "P2.1" not in played.roles


def test_level_0_switched_off_begins_no_chain():
    played = story(path("..uu."), enabled_levels=(False, True))
    assert played.roles == ["B"] and not played.record.chains and played.net == 7


def test_profit_booking_switched_off_leaves_b_alone():
    played = story(path("..uu."), enabled=False)
    assert played.roles == ["B"] and not played.record.chains


def test_reduced_stops_lose_less_at_their_level():
    """The old table: 10 % at level 1: 90 of 100 points, 9 USD an order."""
    played = story(path("..ud."), sl_reductions=(0, 10, 25, 40, 50), **NO_HUNT)
    assert played.money == [700, -900, -900]


def test_a_strategy_that_does_not_use_profit_booking_pays_nothing():
    class Plain(Booker):
        info = PluginInfo(strategy="plain_b", services=("risk", "dual_order"))

    played = story(path("..uu."), None, Plain)
    assert played.simulation.house.profits is None
    assert played.roles == ["B"]


# --- the gate --------------------------------------------------------------------------------------------------------


def test_a_level_that_the_day_cannot_bear_is_made_smaller():
    """§5: level 4 risks 160, the cap of the 5,000 tier is 100. 0.10 lots x 16 over 100 points: 100 of 160 fit, so 1.00
    lots in all, 0.06 each: 6 USD at the stop, 4.20 booked. Nothing was lost before, so nothing else is taken off."""
    account, risk = AccountSpec(balance=Decimal(5000)), RiskSettings(default_risk_tier="5000")
    played = story(path("..uuuud."), account=account, risk=risk, **ALL_ON, **NO_HUNT)
    last = [o for o in played.record.orders if o.role.startswith("P4.")]
    assert {o.volume_steps for o in last} == {6} and len(last) == 16
    assert played.money[-16:] == [-600] * 16
    assert (4, "active", "downsized") in played.steps()


def test_a_daily_cap_reached_in_the_middle_of_a_pyramid_stops_it_with_the_reason():
    """Chains that fail at level 1 lose 20 of a cap of 100: three whole; with 40 and 26 left three quarters of 0.20
    lots, 0.07 each: 14; with 12 left half of it: 10; with 2 left what fits, 0.01 each: 2. Of 0 left nothing is risked.
    """
    account, risk = AccountSpec(balance=Decimal(5000)), RiskSettings(default_risk_tier="5000")
    alerts = [alert(1 + 4 * n, id=f"a{n}") for n in range(8)]
    played = story(path(".." + "ud.." * 8), alerts, account=account, risk=risk, **NO_HUNT)
    reasons = [reason for _, _, reason in played.ends]
    assert reasons == ["strict_loss"] * 7 + ["daily_cap"]
    lost = [-m for m in played.money if m < 0]
    assert [sum(pair) for pair in zip(lost[::2], lost[1::2], strict=True)] == [2000, 2000, 2000, 1400, 1400, 1000, 200]


def test_the_plugins_own_daily_loss_stops_its_levels():
    """zepix-rules 2.7 and 8.4. Level 1 may lose 20 and 14.50 are left of the plugin's day: 0.07 lots each, 14; with
    0.50 left the next level finds nothing."""

    class Careful(Booker):
        info = PluginInfo(strategy="careful", services=("risk", "dual_order", "profit_booking"))
        daily_loss_limit: float = 14.5

    played = story(path("..ud.."), None, Careful, **NO_HUNT)
    assert [order.volume_steps for order in played.record.orders if order.opens] == [10, 7, 7]
    spent = story(path("..ud..ud.."), [alert(1), alert(5, id="second")], Careful, **NO_HUNT)
    assert spent.ends[-1][2] == "plugin_daily_loss"


def test_a_level_passes_the_limits_of_open_entries_that_its_own_entry_fills():
    """One entry may be open: A and B are that entry, and level 1 is more of it."""
    risk = RiskSettings(default_risk_tier="10000", max_concurrent_by_tier={"10000": 1})
    played = story(path("..u.."), risk=risk, settings={"both": True, "lots": 0.2, "sl_points": 500})
    assert played.roles[:4] == ["A", "B", "P1.1", "P1.2"]


def test_paused_and_disabled_levels_are_refused_with_the_reason():
    class Pauses(Booker):
        info = PluginInfo(strategy="pauses", services=("risk", "dual_order", "profit_booking"))

    simulation = story(path("..uu.."), None, Pauses, run=False).simulation
    engine = simulation.engine
    rows = [alert(1)]
    simulation.begin(rows)
    while not engine.open_trades:
        simulation.go_on(1)
    engine.pause()
    simulation.go_on()
    ended = Story(simulation, simulation.finish())
    assert ended.ends == [(0, "stopped", "paused")] and ended.net == 7


def test_a_disabled_plugin_keeps_its_bookings_and_gets_no_level():
    simulation = story(path("..uu.."), run=False).simulation
    simulation.begin([alert(1)])
    while not simulation.engine.open_trades:
        simulation.go_on(1)
    simulation.registry.get_all_plugins()["booker"].enabled = False
    simulation.go_on()
    ended = Story(simulation, simulation.finish())
    assert ended.net == 7 and ended.ends == [(0, "stopped", "plugin_disabled")]


def test_a_level_of_which_some_orders_are_refused_goes_on_with_the_others():
    """Without the gate: a ticket of 0.10 lots takes 11,000 / 4 of margin; three fit into 10,021, the fourth of level 2
    does not. The three that are there are booked, and the level has been won."""

    class Ungated(Booker):
        info = PluginInfo(strategy="ungated", services=("dual_order", "profit_booking"))

    played = story(path("..uuu.."), None, Ungated, account=AccountSpec(leverage=Decimal(4)), **ALL_ON, **NO_HUNT)
    assert played.steps("refused")[0] == (2, "refused", "no_money")
    assert len([f for f in played.record.fills if f.role.startswith("P2.") and f.pnl_minor == 700]) == 3
    assert "P3.1" in played.roles


def test_a_level_of_which_all_orders_are_refused_stops_the_chain():
    """Margin of 11,000 a ticket for B itself; after its booking nothing is open, and two more want 22,000 of 10,007."""

    class Ungated(Booker):
        info = PluginInfo(strategy="ungated", services=("dual_order", "profit_booking"))

    played = story(
        path("..u..."), None, Ungated, account=AccountSpec(Decimal(10000), "USD", Decimal("1.11")), **NO_HUNT
    )
    assert played.net == 7 and len(played.ends) == 1
    gated = story(path("..u..."), account=AccountSpec(Decimal(10000), "USD", Decimal("1.11")), **NO_HUNT)
    assert gated.ends == [(0, "stopped", "no_money")]

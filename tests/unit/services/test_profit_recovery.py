"""A lost order of the pyramid and its recovery (§5, §6.3, §14.1): the level, the window, one attempt, what follows."""

from __future__ import annotations

import json

import pytest

from tests.unit.services.profit_play import Booker, path, story
from tests.unit.strategies.v3_fakes import v3_pulse
from tests.world import alert, minute
from zepix.engine import PluginInfo
from zepix.journal.digest import canonical_lines
from zepix.model.settings_autonomous import AutonomousSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.services.profit_hunts import recovery_level

BROKERS = ("shadow", "backtrader")


@pytest.mark.parametrize(
    ("entry", "sl", "level"),
    [
        (265_000, 264_000, 264_700),
        (110_000, 110_500, 110_150),
        (110_000, 109_999, 110_000),
        (110_000, 109_997, 110_000),
    ],
)
def test_seventy_per_cent_back_from_the_stop(entry, sl, level):
    """§14.1, both sides; rounded towards the entry."""
    assert recovery_level(entry, sl, 0.7, 0) == level


def test_the_level_is_two_pips_from_the_stop_at_least_and_never_beyond_the_entry():
    assert recovery_level(110_000, 109_975, 0.7, 20) == 109_995
    assert recovery_level(110_000, 109_985, 0.7, 20) == 110_000


@pytest.mark.parametrize("broker", BROKERS)
def test_a_lost_b_is_recovered_and_its_chain_goes_up(broker):
    """B at 1.10000 is stopped at 1.09900; 70 points back, at 1.09970, R goes out with half the stop (50 points) and the
    whole booking (7 USD); once R has booked, level 1 begins."""
    quads = [*path("..d"), *path("uuu.", 109_900)]
    played = story(quads, broker=broker)
    assert played.roles[:2] == ["B", "R"]
    assert played.money[:2] == [-1000, 700]
    recovery = next(o for o in played.record.orders if o.role == "R")
    assert (recovery.sl_offset, recovery.tp_offset) == (-50, 70)
    assert [s for s in played.steps() if s[1] in ("recovery", "recovered")] == [
        (0, "recovery", "watching"), (0, "recovered", "profit_booking"),
    ]  # fmt: skip
    assert "P1.1" in played.roles


def test_a_recovery_that_loses_stops_the_chain():
    """10 at the stop, 5 at half of it; ``stop_chain_on_fail``."""
    quads = [*path("..d"), *path("ud...", 109_900)]
    played = story(quads)
    assert played.money == [-1000, -500]
    assert played.ends == [(0, "stopped", "recovery_failed")]


def test_there_is_one_attempt():
    quads = [*path("..d"), *path("uduuu", 109_900)]
    assert story(quads).roles.count("R") == 1
    assert story(quads, recovery_attempts=2).roles.count("R") == 1, "a recovery is not recovered"


@pytest.mark.parametrize("broker", BROKERS)
def test_a_window_that_ends_stops_the_chain_even_in_strict_mode(broker):
    """§5: a recovery whose time was over slipped through strict mode. EURUSD waits 30 minutes."""
    quads = [*path("..d"), *path("." * 31 + "uuu...", 109_850)]
    played = story(quads, broker=broker)
    assert played.roles == ["B"]
    assert played.ends == [(0, "stopped", "recovery_timeout")]
    (at,) = [s.t_ns for s in played.record.chains if s.state == "recovery_failed"]
    (lost,) = [s.t_ns for s in played.record.chains if s.state == "recovery"]
    assert at - lost == 30 * 60 * 1_000_000_000


def test_a_window_that_ends_in_the_weekend_ends_there():
    """No prices for two days; the first of Monday is back beyond the level, and nothing is recovered."""
    quads = [*path("..d"), *([None] * 2880), *path("uuu..", 109_980)]
    played = story(quads)
    assert played.roles == ["B"]
    assert played.ends == [(0, "stopped", "recovery_timeout")]


def test_a_window_of_ones_own_by_symbol():
    quads = [*path("..d"), *path("..uuu.", 109_900)]
    assert "R" in story(quads).roles
    assert "R" not in story(quads, recovery_windows={"eurusd": 1}).roles
    assert ProfitBookingSettings().window_minutes("XAUUSD") == 15
    assert ProfitBookingSettings().window_minutes("NOBODY") == 30


def test_both_orders_of_a_level_are_recovered_and_it_has_won():
    """Level 1: both are stopped, both wait for one price, both are recovered: level 2."""
    quads = [*path("..ud"), *path("uuu..", 109_950)]
    played = story(quads)
    assert played.roles.count("R") == 2
    assert "P2.4" in played.roles
    assert played.money[:5] == [700, -1000, -1000, 700, 700]


def test_without_hunting_a_loss_is_final():
    played = story([*path("..d"), *path("uuu.", 109_900)], sl_hunt=False)
    assert played.roles == ["B"] and played.ends == [(0, "stopped", "strict_loss")]


def test_all_limits_at_zero_recover_nothing():
    for settings in ({"recovery_attempts": 0}, {"recovery_windows": {"EURUSD": 0}}):
        played = story([*path("..d"), *path("uuu.", 109_900)], **settings)
        assert played.ends == [(0, "stopped", "strict_loss")]


# --- a strategy decides ----------------------------------------------------------------------------------------------

USED = ("risk", "dual_order", "profit_booking")


def test_a_strategy_may_decide_against_the_recovery_of_its_order():
    class ByHook(Booker):
        info = PluginInfo(strategy="by_hook", services=USED)

        async def on_sl_hit(self, event):
            return False

    class ByChain(Booker):
        info = PluginInfo(strategy="by_chain", services=USED)

        async def on_chain_sl_hit(self, event):
            self.seen = event
            return False

    for cls in (ByHook, ByChain):
        played = story([*path("..d"), *path("uuu.", 109_900)], None, cls)
        assert played.roles == ["B"] and played.ends == [(0, "stopped", "strict_loss")]
        assert (0, "lost", "plugin_decided") in played.steps()
    assert played.simulation.registry.get_all_plugins()["by_chain"].seen.total_profit == -10.0


def test_a_strategy_has_its_own_pyramid():
    """Two levels of 1 and 3 orders of 5 and 8 USD."""

    class Own(Booker):
        info = PluginInfo(strategy="own", services=USED)

        def get_pyramid_config(self):
            return {"multipliers": [1, 3], "enabled_levels": [True, True], "target_money": 5.0, "loss_money": 8.0}

    played = story(path("..uu."), None, Own)
    assert played.roles == ["B", "P1.1", "P1.2", "P1.3"]
    assert played.money == [700, 500, 500, 500]
    assert played.ends == [(1, "completed", "booked_all")]
    api = played.simulation.apis["own"]
    assert [tuple(level) for level in api.profit_booking.economics()] == [(1, 5, 5, -8), (3, 15, 20, -19)]


def test_a_config_that_is_wrong_counts_for_nothing_and_is_told():
    class Wrong(Booker):
        info = PluginInfo(strategy="wrong", services=USED)

        def get_pyramid_config(self):
            return {"multiplier": [1, 2]}

    played = story(path("..uuuu."), None, Wrong)
    assert played.net == 49
    logs = [what for _, kind, what in played.record.journal if kind == "log"]
    assert "get_pyramid_config of 'wrong'" in logs[0]["text"]


def test_a_strategy_may_stop_its_chain_at_a_booked_target():
    class Modest(Booker):
        info = PluginInfo(strategy="modest", services=USED)

        async def on_profit_target_hit(self, event):
            return event.level < 1

    played = story(path("..uuu."), None, Modest)
    assert played.net == 21 and played.ends == [(1, "stopped", "plugin_decided")]


def test_a_strategy_may_refuse_its_chain():
    class NoChain(Booker):
        info = PluginInfo(strategy="no_chain", services=USED)

        async def create_profit_chain(self, order_b_id, signal):
            return False

    played = story(path("..uu."), None, NoChain)
    assert played.roles == ["B"] and not played.record.chains


def test_a_decision_that_raises_is_an_error_of_the_plugin_and_the_service_goes_on():
    class Broken(Booker):
        info = PluginInfo(strategy="broken", services=USED)

        async def on_profit_target_hit(self, event):
            raise RuntimeError("no")

    played = story(path("..uu."), None, Broken)
    assert [e.what for e in played.simulation.engine.errors][:1] == ["on_profit_target_hit"]
    assert "P1.2" in played.roles


def test_a_chain_on_an_order_of_another_role():
    """A strategy begins a pyramid on an order that is no B; its chain id is counted as others are."""

    class Other(Booker):
        info = PluginInfo(strategy="other", services=USED)

        async def process_entry_signal(self, alert):
            orders = self.api.orders
            answer = await orders.place_order(
                alert.symbol, "buy", 0.1, sl_offset=-0.001, tp_offset=0.0007, target_reason="profit_booking", role="SB"
            )
            self.chain = await self.api.profit_booking.create_profit_chain(answer.order_id)
            self.unknown = await self.api.profit_booking.create_profit_chain(99)

    played = story(path("..uu."), [alert(1)], Other)
    plugin = played.simulation.registry.get_all_plugins()["other"]
    assert plugin.chain.chain_id == "PROFIT_EURUSD_00000001" and plugin.unknown.reason == "unknown_order"
    assert played.roles[:3] == ["SB", "P1.1", "P1.2"]


def test_two_plugins_recover_the_same_symbol_each_for_itself():
    class First(Booker):
        info = PluginInfo(strategy="first", services=USED)

    class Second(Booker):
        info = PluginInfo(strategy="second", services=USED)

    alerts = [alert(1, id="one", strategy="first"), alert(1, id="two", strategy="second")]
    played = story([*path("..d"), *path("uuu.", 109_900)], alerts, First, Second)
    recovered = {s.plugin_id: s.chain_id for s in played.record.chains if s.state == "recovered"}
    assert recovered == {"first": "PROFIT_EURUSD_00000001", "second": "PROFIT_EURUSD_00000002"}
    assert {(o.plugin_id, o.chain_id) for o in played.record.orders if o.role == "R"} == set(recovered.items())


def test_the_safety_of_the_run_may_refuse_a_recovery_and_its_reason_stands_in_the_chain():
    """At most so many at the same time: none."""

    class Careful(Booker):
        info = PluginInfo(strategy="careful", services=(*USED, "autonomous"))

    settings = AutonomousSettings(concurrent=0)
    played = story([*path("..d"), *path("uuu.", 109_900)], None, Careful, others={"autonomous": settings})
    assert played.roles == ["B"]
    assert (0, "lost", "recovery_concurrent") in played.steps()
    assert played.ends == [(0, "stopped", "strict_loss")]


def test_a_strategy_that_names_no_services_begins_its_chains_itself():
    class All(Booker):
        info = PluginInfo(strategy="all_of_them")

    assert story(path("..uu."), None, All).roles == ["B"]

    class Asks(Booker):
        info = PluginInfo(strategy="asks")

        async def on_fill(self, event):
            if event.order.role == "B":
                await self.api.profit_booking.create_profit_chain(event.order.id)

    assert story(path("..uu."), None, Asks).roles[:3] == ["B", "P1.1", "P1.2"]


# --- the trends (§2.4) -----------------------------------------------------------------------------------------------

BULL, BEAR = "1,1,1,1,1,1", "-1,-1,-1,-1,-1,-1"


class Trending(Booker):
    """Its recoveries ask three of four pillars, as V3's do."""

    info = PluginInfo(strategy="V3_COMBINED", plugin_id="trending", services=("trend", *USED))


def after_a_loss(word, *pulses, broker="shadow", **others):
    """B is stopped in minute 2; then the bars of ``word`` from 1.09900 on, and pulses at their minutes."""
    told = [v3_pulse(at, trends, number=n) for n, (at, trends) in enumerate(pulses)]
    given = {"reentry": ReentrySettings(), **others}
    return story([*path("..d"), *path(word, 109_900)], [alert(1), *told], Trending, broker=broker, others=given)


PILLARS = [(BULL, True), (BEAR, False), ("0,0,1,1,1,0", True), ("0,0,1,1,0,0", False)]


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("trends", "goes"), PILLARS)
def test_a_recovery_needs_its_trends(trends, goes, broker):
    """Three of 15m, 1h, 4h, 1d on its side."""
    played = after_a_loss("uu...", (0.5, trends), broker=broker)
    assert ("R" in played.roles) == goes
    assert ((0, "recovery", "trend_against") in played.steps()) != goes


def test_what_blocks_is_looked_at_again_and_the_price_must_be_there_then():
    """The price is back in minute 3. The trend comes at 6.5: at the level still, and it goes; below it, and it waits
    for the price anew; above the window's end, never."""
    there = after_a_loss("u........", (0.5, BEAR), (6.5, BULL))
    assert there.roles == ["B", "R"]
    (placed,) = [s.t_ns for s in there.record.chains if (s.state, s.reason) == ("placed", "recovery")]
    assert placed == minute(6.5)
    gone = after_a_loss("ud.......", (0.5, BEAR), (6.5, BULL))
    assert gone.roles == ["B"]
    again = after_a_loss("ud...uuu..", (0.5, BEAR), (6.5, BULL))
    assert again.roles[:2] == ["B", "R"]


def test_a_recovery_whose_trend_never_comes_ends_with_its_window():
    played = after_a_loss("u" + "." * 35, (0.5, BEAR))
    assert played.roles == ["B"] and played.ends == [(0, "stopped", "recovery_timeout")]


def test_where_nobody_tells_of_trends_the_candles_do_and_too_few_block():
    assert after_a_loss("uu...").roles == ["B"]
    free = ReentrySettings(trend_checks={"trending": "none"})
    assert "R" in after_a_loss("uu...", reentry=free).roles


def test_waiting_for_a_trend_is_saved_and_loaded_between_any_two_events():
    quads = [*path("..d"), *path("ud...uuu..", 109_900)]
    alerts = [alert(1), v3_pulse(0.5, BEAR), v3_pulse(6.5, BULL, number=1)]

    def fresh():
        given = {"reentry": ReentrySettings()}
        return story(quads, alerts, Trending, others=given, run=False).simulation

    ordered = sorted(alerts, key=lambda a: a.received_ns)
    whole = fresh()
    expected = list(canonical_lines(whole.run(ordered)))
    for stop in range(whole.session.events):
        first = fresh()
        first.begin(ordered)
        first.go_on(stop)
        second = fresh()
        second.load_state(json.loads(json.dumps(first.save_state(history=True))))
        second.begin(ordered)
        second.go_on()
        assert list(canonical_lines(second.finish())) == expected, f"stopped after {stop} events"


def test_a_recovery_counts_against_the_plugins_own_daily_loss():
    """zepix-rules 2.7: 10 are lost of 10.50; less than a dollar is left."""

    class Careful(Booker):
        info = PluginInfo(strategy="careful", services=USED)
        daily_loss_limit: float = 10.5

    played = story([*path("..d"), *path("uu..", 109_900)], None, Careful)
    assert played.roles == ["B"]
    assert (0, "recovery_failed", "plugin_daily_loss") in played.steps()

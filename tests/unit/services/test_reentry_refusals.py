"""What keeps a recovery from happening: signals, the strategy, the gate, safety, the shield; and how chains end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.reentry_world import (
    BACK,
    LOW,
    QUADS,
    STOPPED,
    Rider,
    Run,
    bar,
    calm,
    recovered,
    rides,
    simulation,
)
from tests.unit.strategies.fakes import V6, body, v6_alert
from tests.unit.strategies.v3_fakes import config_of, play
from tests.world import alert, market, minute, series
from zepix.engine import PluginInfo
from zepix.model import Alert, Decision
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings, SessionWindow
from zepix.services.safety_values import SafetyCheckResult, ShieldCase

BROKERS = ("shadow", "backtrader")


# --- one chain, one re-entry (12.2.18); fresh signals (12.1) ----------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
def test_chain_fires_once_however_often_its_price_is_reached(broker: str) -> None:
    """Trend news, the level and the window in the same minute, and the level again and again."""
    around = [BACK, bar(LOW, 109_990, LOW, 109_985), BACK, bar(109_985, 110_000, 109_990, 109_985)] * 3
    pulses = [alert(7 + n / 4, "trend_pulse", None, id=f"p{n}") for n in range(12)]
    run = rides([*STOPPED, *calm(2, LOW), *around], [alert(1, id="first"), *pulses], broker=broker)
    assert run.roles.count("R") == 1


@pytest.mark.parametrize("broker", BROKERS)
def test_fresh_signal_is_traded_as_itself_beside_a_waiting_chain(broker: str) -> None:
    fresh = alert(5, id="fresh")
    run = rides(QUADS, [alert(1, id="first"), fresh], broker=broker)
    opened = [(order.role, order.alert_id) for order in run.record.orders]
    assert opened == [("A", "first"), ("A", "fresh"), ("R", "first")]
    assert len({step.chain_id for step in run.steps}) == 2


@pytest.mark.parametrize(
    ("kind", "side", "reason"),
    [("entry", "sell", "opposite_signal"), ("reversal", "sell", "opposite_signal"), ("exit", "buy", "exit_signal"),
     ("exit", None, "exit_signal"), ("entry", "buy", ""), ("exit", "sell", ""), ("trend_pulse", None, "")],
)  # fmt: skip
def test_signals_against_it_end_a_waiting_chain(kind: str, side: str | None, reason: str) -> None:
    news = alert(5, kind, side, id="news")
    run = rides(QUADS, [alert(1, id="first"), news])
    ends = [step.reason for step in run.steps if step.alert_id == "first" and step.state == "stopped"]
    assert ("R" in run.roles) == (not reason)
    assert not reason or ends == [reason]


ROSE = [*calm(4), (110_000, 110_200, 110_000, 110_180), *calm(8, 110_180)]
FELL = [*calm(2), bar(109_780, 110_000, 109_790), *calm(3, 109_790), bar(109_790, 110_020, 110_020, 109_790), *calm(4)]
SOLD = "EXIT_BULLISH|EURUSD|{}|1.1|15"


class Half(Rider):
    """An exit takes half."""

    info = PluginInfo(strategy="half", services=("reentry",))

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        await self.api.orders.close_positions(alert.symbol, alert.side, frac=0.5)
        return None


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize(("quads", "goes_on"), [(QUADS, "R"), (ROSE, "C2")], ids=["stopped", "at its target"])
def test_what_an_exit_leaves_of_an_order_is_the_last_of_its_chain(quads: Any, goes_on: str, broker: str) -> None:
    """Half of it gone by an exit of its side, the rest by stop or target: nothing enters the whole size once more."""
    leave = alert(2, "exit", "buy", id="leave")
    assert rides(quads, [alert(1, id="first")], Half, broker=broker).roles == ["A", goes_on]
    run = rides(quads, [alert(1, id="first"), leave], Half, broker=broker)
    assert run.roles == ["A"] and run.end == ("stopped", "exit_signal")
    assert [f.steps for f in run.record.fills] == [5, 5]
    other = alert(2, "exit", "sell", id="other")
    assert rides(quads, [alert(1, id="first"), other], Half, broker=broker).roles == ["A", goes_on]


@pytest.mark.parametrize(("chart", "plugin"), [("5", "5m"), ("60", "1h")])
def test_the_runner_of_v6_is_not_recovered(chart: str, plugin: str) -> None:
    """5m: an exit takes 80 per cent, 1h: half (§3.4); the stop of the rest is at 1.09800, the price comes back."""
    prices = market(*calm(7, 110_050), *FELL)
    told = [v6_alert(1, tf=chart), body(SOLD.format(chart), 5, 1)]
    free = {"reentry": ReentrySettings(trend_checks={"V6_PRICE_ACTION": "none"})}
    for alerts, roles in ((told[:1], {"A", "R"}), (told, {"A"})):
        played = play(prices, alerts, config_of(V6[plugin], trailing=False), classes=(V6[plugin],), **free)
        assert {o.role for o in played.record.orders if o.opens} - {"B"} == roles


class Other(Rider):
    info = PluginInfo(strategy="other", services=("reentry",))


def test_signal_for_another_plugin_is_none_for_this_chain() -> None:
    first, news = alert(1, id="first", strategy="rider"), alert(5, side="sell", id="news", strategy="other")
    run = rides(QUADS, [first, news], Rider, Other)
    assert "R" in run.roles


def test_two_plugins_recover_one_symbol_each_for_itself() -> None:
    both = [alert(1, id="a", strategy="rider"), alert(1, id="b", strategy="other")]
    run = rides(QUADS, both, Rider, Other)
    assert sorted((o.plugin_id, o.role) for o in run.record.orders) == [
        ("other", "A"), ("other", "R"), ("rider", "A"), ("rider", "R"),
    ]  # fmt: skip


# --- who may say no ---------------------------------------------------------------------------------------------------


def test_recoveries_may_be_off() -> None:
    assert recovered(reentry={"sl_hunt": False}).end == ("stopped", "sl_hit")
    assert recovered(reentry={"recovery_attempts": 0}).end == ("stopped", "sl_hit")


class Declines(Rider):
    info = PluginInfo(strategy="declines", services=("reentry",))

    async def on_sl_hit(self, event: Any) -> Any:
        return False


class DeclinesLate(Rider):
    info = PluginInfo(strategy="declines_late", services=("reentry",))
    asked = 0

    async def on_recovery_signal(self, event: Any) -> Any:
        self.asked += 1
        self.event = (event.reentry_type, event.direction, event.chain_level, event.entry_price, event.sl_price)
        return False


def test_strategy_that_answers_false_to_its_stop_is_not_recovered() -> None:
    run = rides(QUADS, [], Declines)
    assert run.roles == ["A"] and run.end == ("stopped", "declined")


def test_strategy_that_answers_false_at_the_level_is_not_recovered() -> None:
    run = rides(QUADS, [], DeclinesLate)
    plugin: Any = next(iter(run.simulation.registry.get_all_plugins().values()))
    assert run.roles == ["A"] and run.end == ("stopped", "declined")
    assert plugin.asked == 1 and plugin.event == ("sl_hunt", "buy", 1, 1.1001, 1.0991)


class NoChain(Rider):
    info = PluginInfo(strategy="no_chain", services=("reentry",))

    async def on_fill(self, event: Any) -> Any:
        return False


class NeverHeard(Rider):
    info = PluginInfo(strategy="never_heard")


def test_only_order_a_of_a_plugin_that_names_the_service_begins_a_chain() -> None:
    assert recovered(plugin={"role": "B"}).steps == []
    assert rides([*STOPPED, *calm(3, LOW)], [], NoChain).steps == []
    assert rides([*STOPPED, *calm(3, LOW)], [], NeverHeard).steps == []


class Fails(Rider):
    info = PluginInfo(strategy="fails", services=("reentry",))

    async def process_signal(self, alert: Alert) -> Decision | None:
        raise RuntimeError("five times")


@pytest.mark.parametrize("broker", BROKERS)
def test_plugin_disabled_by_five_failures_recovers_nothing(broker: str) -> None:
    made = simulation(QUADS, Fails, broker=broker)
    bad = [alert(5 + n / 10, "trend_pulse", None, id=f"bad{n}") for n in range(5)]
    record = made.run([alert(1, id="first"), *bad])
    assert [order.role for order in record.orders] == ["A"]
    assert made.house.chains.steps[-1].reason == "plugin_disabled"


def test_paused_run_recovers_nothing() -> None:
    def pause(made: Any) -> None:
        made.engine.services.add("pauser", Pauser(made.engine))

    run = recovered(before=pause)
    assert run.roles == ["A"] and run.end == ("stopped", "paused")


class Pauser:
    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def on_follow(self, event: Any, answer: Any) -> None:
        if type(event).__name__ == "TicketClosed":
            self._engine.pause()


def test_stop_that_a_close_would_meet_at_once_is_not_sent() -> None:
    """A stop of 100 points, then a spread of 60: half a stop lies inside of it."""
    quads = QUADS
    rows = [(minute(n), q, tuple(p + (10 if n < 6 else 60) for p in q)) for n, q in enumerate(quads)]
    run = rides({"EURUSD": series("EURUSD", "1m", rows)})  # type: ignore[arg-type]
    assert run.end == ("stopped", "stop_too_near")


class Gated(Rider):
    info = PluginInfo(strategy="gated", services=("reentry", "risk"))
    max_lot: float = 0.06


def test_recovery_passes_the_risk_gate_with_the_plugins_own_limits() -> None:
    run = rides(QUADS, [], Gated)
    assert run.order("R").volume_steps == 6


def test_daily_cap_stops_a_recovery() -> None:
    """1 lot loses 100 at its stop; at a cap of 100 a day nothing is left."""
    risk = RiskSettings(default_risk_tier="5000")
    run = rides(QUADS, [alert(1, id="first", volume=1.0)], Gated, risk=risk)
    assert run.end == ("stopped", "daily_cap")


class InSessions(Rider):
    info = PluginInfo(strategy="in_sessions", services=("reentry", "risk", "sessions"))


def test_nothing_is_monitored_on_after_the_session_that_closes_everything() -> None:
    """12.1: zombie re-entries. The dead zone begins at 10:05 UTC; the level is reached at 10:07: refused, and over."""
    dead = SessionWindow("10:05", "12:00", "UTC", (), True)
    day = SessionWindow("09:00", "10:05", "UTC", ("EURUSD",))
    sessions = SessionSettings(enabled=True, zone="UTC", windows={"day": day, "dead": dead}, default_windows=False)
    run = rides(QUADS, [alert(1, id="first")], InSessions, sessions=sessions)
    assert run.roles == ["A"] and run.end == ("stopped", "session_closed")


def test_recovery_needs_no_session_of_its_symbol() -> None:
    """Recoveries are exempt where nothing is closed (sessions.recoveries)."""
    day = SessionWindow("09:00", "10:05", "UTC", ("EURUSD",))
    sessions = SessionSettings(enabled=True, zone="UTC", windows={"day": day}, default_windows=False)
    assert rides(QUADS, [alert(1, id="first")], InSessions, sessions=sessions).roles == ["A", "R"]


# --- safety and shield ------------------------------------------------------------------------------------------------


class Safety:
    def __init__(self, allowed: bool = True) -> None:
        self.allowed = allowed
        self.heard: list[Any] = []

    def check(self, plugin_id: str, symbol: str, kind: str, loss: int, profit: int, event: Any = None) -> Any:
        self.heard.append((plugin_id, symbol, kind, loss, profit))
        return SafetyCheckResult(self.allowed, "" if self.allowed else "recovery_attempts")

    def started(self, kind: str) -> None:
        self.heard.append(("started", kind))

    def ended(self, kind: str, won: bool | None) -> None:
        self.heard.append(("ended", kind, won))


def with_safety(safety: Safety) -> Any:
    def put(made: Any) -> None:
        made.house.reentry._safety = safety

    return put


def test_safety_is_asked_with_the_real_lots_and_the_chains_profit() -> None:
    """0.10 lots, half of 100 points: 5.00; the chain has lost 10.00."""
    safety = Safety(allowed=False)
    run = recovered(before=with_safety(safety))
    assert run.end == ("stopped", "recovery_attempts")
    assert safety.heard == [("rider", "EURUSD", "sl_hunt", 500, -1000)]


@pytest.mark.parametrize(
    ("after", "won"),
    [([bar(109_985, 110_200, 110_200, 109_985)], True), ([bar(109_900, 109_985, 109_900, 109_985)], False)],
)
def test_safety_hears_of_each_recovery_once(after: list[Any], won: bool) -> None:
    safety = Safety()
    recovered(*after, before=with_safety(safety))
    assert safety.heard[1:] == [("started", "sl_hunt"), ("ended", "sl_hunt", won)]


def test_safety_hears_of_a_recovery_that_came_to_nothing() -> None:
    safety = Safety()
    rides([*STOPPED, *calm(40, LOW)], before=with_safety(safety))
    assert safety.heard[1:] == [("started", "sl_hunt"), ("ended", "sl_hunt", None)]


class Shield:
    """Takes everything over; does at the next pulse what it was told to."""

    def __init__(self, core: Any, deed: str) -> None:
        self.core, self.deed = core, deed
        self.cases: list[ShieldCase] = []
        self.dropped: list[tuple[str, str]] = []

    def on_stop(self, case: ShieldCase) -> bool:
        self.cases.append(case)
        return True

    def drop(self, chain_id: str, reason: str) -> None:
        self.dropped.append((chain_id, reason))

    def on_alert(self, news: Alert) -> None:
        if news.type == "trend_pulse" and self.deed:
            extra = ("shield_stopped",) if self.deed == "shield_over" else ()
            getattr(self.core, self.deed)(self.cases[0].chain_id, *extra)


def shielded(deed: str, news: Alert) -> tuple[Run, Shield]:
    kept: list[Shield] = []

    def put(made: Any) -> None:
        core = made.house.reentry
        core._shield = Shield(core, deed)
        kept.append(core._shield)
        made.engine.services.add("fake_shield", core._shield)

    quads = [*STOPPED, *calm(2, LOW), BACK, *calm(5, 109_985)]
    return rides(quads, [alert(1, id="first"), news], before=put), kept[0]


def test_shield_that_takes_over_watches_instead_and_calls_back_at_its_kill_level() -> None:
    run, shield = shielded("recover", alert(8, "trend_pulse", None, id="p"))
    case = shield.cases[0]
    assert (case.side, str(case.lots), case.entry_points, case.sl_points) == (1, "0.10", 110_010, 109_910)
    assert case.window_ends_ns == minute(34)
    assert run.roles == ["A", "R"] and run.at("recovering", "placed") == 8


def test_shield_that_failed_leaves_a_plain_recovery() -> None:
    run, _ = shielded("unshielded", alert(5, "trend_pulse", None, id="p"))
    assert run.roles == ["A", "R"] and run.at("recovering", "placed") == 7


def test_shield_that_is_over_ends_the_chain() -> None:
    run, _ = shielded("shield_over", alert(5, "trend_pulse", None, id="p"))
    assert run.roles == ["A"] and run.end == ("stopped", "shield_stopped")


def test_chain_that_ends_by_itself_drops_its_shield() -> None:
    run, shield = shielded("", alert(5, "exit", "buy", id="x"))
    assert run.end == ("stopped", "exit_signal")
    assert shield.dropped == [(run.steps[0].chain_id, "exit_signal")]


class Guarded(Rider):
    info = PluginInfo(strategy="guarded", services=("reentry", "autonomous", "risk"))


@pytest.mark.parametrize("broker", BROKERS)
def test_real_shield_and_safety_gate_work_together_with_a_chain(broker: str) -> None:
    """Two shields at the stop; at the level they close and the recovery goes out at the same open."""
    shield = ReverseShieldSettings(enabled=True)
    run = rides(QUADS, [alert(1, id="first")], Guarded, broker=broker, reverse_shield=shield)
    assert run.roles == ["A", "SA", "SB", "R"]
    assert run.order("R").fill_ns == minute(7)
    none = AutonomousSettings(daily_attempts=0)
    refused = rides(QUADS, [alert(1, id="first")], Guarded, broker=broker, autonomous=none)
    assert refused.roles == ["A"] and refused.end == ("stopped", "recovery_attempts")


# --- the end ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("minutes", range(2, 12))
def test_no_chain_is_without_an_end(broker: str, minutes: int) -> None:
    """The data end in every state of a chain."""
    quads = [*STOPPED, *calm(2, LOW), BACK, *calm(3, 109_985), bar(109_985, 110_200, 110_200, 109_985), *calm(5)]
    run = rides(quads[:minutes], broker=broker)
    assert run.steps[-1].state in ("stopped", "completed")
    assert run.simulation.house.reentry is not None and run.simulation.house.reentry.book.chains() == []

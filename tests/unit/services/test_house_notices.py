"""What people are told of the house (§1.5, §9.4, §10.3): failures, limits, trends, the next session; and when not."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from tests.unit.services.shield_world import STOPPED, Guarded, prepared
from tests.unit.strategies.v3_fakes import ALONE, config_of, v3_alert, v3_pulse, wired
from tests.world import MINUTE, T0, Market, alert, bars, flat, minute
from zepix.alerts import AlertProcessor
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.model import Alert, Decision
from zepix.model.settings_sessions import SessionSettings
from zepix.services.notification_kinds import priority_of, targets_of


class Telling(Strategy):
    """Fails, where a comment says so; names notifications."""

    info = PluginInfo(strategy="telling", services=("risk", "trend", "sessions", "telegram"))

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        if alert.comment == "raise":
            raise ValueError("cannot read it")
        return Decision("error", "no_feed") if alert.comment == "error" else None

    async def on_timer(self, event: Any) -> None:
        raise ValueError("no time for me")


class Silent(Telling):
    info = PluginInfo(strategy="silent", services=("risk", "trend", "sessions"))


class Everything(Telling):
    """Uses what there is without naming it: it is told nothing by itself."""

    info = PluginInfo(strategy="everything")


def told(played: Any, *kinds: str) -> list[dict[str, Any]]:
    lines = [fields for _, fields in played.lines("notification")]
    return [line for line in lines if not kinds or line["notice"] in kinds]


def play(alerts: list[Any], cls: type[Strategy] = Telling, rows: Any = None, **given: Any) -> Any:
    return Market([bars(*(rows or flat(12)))]).play(alerts, cls, **given)


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("comment", ["raise", "error"])
def test_an_alert_that_failed_is_told(comment: str) -> None:
    (line,) = told(play([alert(1, comment=comment)]))
    assert (line["notice"], line["plugin"], line["to"]) == ("alert_error", "telling", ["notifier"])
    assert ("cannot read it" if comment == "raise" else "no_feed") in line["text"]
    assert line["alert"] == "entry buy 1"


def test_a_plugin_that_was_disabled_is_told_once() -> None:
    played = play([alert(n, comment="raise") for n in range(1, 8)])
    (line,) = told(played, "plugin_disabled")
    assert (line["plugin"], line["priority"], line["to"]) == ("telling", "high", ["controller"])
    assert len(told(played, "alert_error")) == 5


def test_a_hook_that_failed_is_a_plugins_error() -> None:
    def timer(simulation: Any) -> None:
        simulation.engine.set_timer("telling", minute(3), "x")

    assert [line["notice"] for line in told(play([], before=timer))] == ["plugin_error"]


def test_a_body_that_was_set_aside_is_told() -> None:
    """§1.5: rejected with a clear error and a notice."""
    bad = AlertProcessor(Market([]).catalogue).parse('{"type": ', received_ns=minute(2), id="bad")
    simulation = Market([bars(*flat(6))]).prepare(Telling)
    record = simulation.run([bad])
    (line,) = [fields for _, kind, fields in record.journal if kind == "notification"]
    assert line["notice"] == "alert_error" and line["text"].startswith(f"{bad.reason}: ")


@pytest.mark.parametrize("cls", [Silent, Everything])
def test_nobody_is_told_where_no_plugin_names_it(cls: type[Strategy]) -> None:
    played = play([alert(1, comment="raise"), v3_pulse(2, "1,1,1,1,1,1")], cls, rows=flat(600))
    assert not told(played)


# --- trends ----------------------------------------------------------------------------------------------------------


def test_trends_that_changed_are_told_once_an_alert_and_those_told_again_are_not() -> None:
    """§10.3: of pulses only 15m, 1h, 4h and 1d. Values are 1m, 5m, 15m, 1h, 4h, 1d."""
    pulses = [("1,1,1,1,0,0", 1), ("1,1,1,1,0,0", 2), ("-1,-1,1,1,0,0", 3), ("-1,-1,1,-1,0,-1", 4)]
    played = wired(Market([bars(*flat(8))]), config_of(ALONE), classes=(Loud,))
    record = played.run([v3_pulse(at, trends, number=at) for trends, at in pulses])
    lines = [fields for _, kind, fields in record.journal if kind == "notification"]
    assert [line["notice"] for line in lines] == ["trend_changed"] * 2
    assert [line["text"] for line in lines] == [
        "EURUSD: 15m BULLISH, 1h BULLISH",
        "EURUSD: 1h BEARISH, 1d BEARISH",
    ]
    assert lines[0]["fields"] == {"symbol": "EURUSD", "source": "v3", "15m": "BULLISH", "1h": "BULLISH"}
    assert len({line["alert"] for line in lines}) == 2 and all(line["alert"] for line in lines), "each names its alert"


class Loud(ALONE):  # type: ignore[misc, valid-type]
    info = dataclasses.replace(ALONE.info, services=(*ALONE.info.services, "telegram"))


# --- limits ----------------------------------------------------------------------------------------------------------


def limits(rows: Any, cls: type[Strategy] = Guarded, alerts: Any = None, **given: Any) -> list[dict[str, Any]]:
    made = prepared(rows, cls, shield={"enabled": False}, reentry={"sl_hunt": False}, **given)
    record = made.run(alerts or [alert(1, id="first", symbol="XAUUSD")])
    lines = [fields for _, kind, fields in record.journal if kind == "notification"]
    return [line for line in lines if "limit" in line["notice"]]


def test_a_daily_cap_that_losses_reached_is_told_once() -> None:
    """0.10 lots of gold lose 100 at the stop; 100 is the cap. Critical: to all, and to the voice."""
    caps = {"daily_caps": {"25000": 100}}
    rows = [*STOPPED, 1990.0, 1990.0]
    (line,) = limits(rows, risk=caps)
    assert (line["notice"], line["plugin"], line["priority"]) == ("daily_loss_limit", "", "critical")
    assert line["to"] == list(targets_of("daily_loss_limit")) and priority_of("daily_loss_limit") == "critical"
    assert line["fields"] == {"lost": 100.0, "limit": 100.0}
    assert not limits(rows, risk={"daily_caps": {"25000": 101}})


def test_the_lifetimes_limit_is_told() -> None:
    both = {"daily_caps": {"25000": 100}, "lifetime_caps": {"25000": 100}}
    found = limits([*STOPPED, 1990.0], risk=both)
    assert [line["notice"] for line in found] == ["daily_loss_limit", "lifetime_loss_limit"]


def test_a_plugins_own_limit_is_told_of_that_plugin() -> None:
    class Careful(Guarded):
        info = PluginInfo(strategy="careful", services=Guarded.info.services)
        daily_loss_limit: float = 100.0

    (line,) = limits([*STOPPED, 1990.0], Careful)
    assert (line["notice"], line["plugin"]) == ("daily_loss_limit", "careful")
    assert "the day's losses of careful are 100.00" in line["text"]


# --- sessions --------------------------------------------------------------------------------------------------------


def test_the_next_session_is_announced_half_an_hour_ahead() -> None:
    """10:00 UTC is 15:30 in Kolkata, in the london session; the overlap begins at 18:30, and ny_late at 22:30."""
    played = play([], rows=flat(60 * 8))
    lines = played.lines("notification")
    assert [(line["fields"]["session"], (at - T0) // MINUTE) for at, line in lines] == [
        ("overlap", 150),
        ("ny_late", 390),
    ]
    first = lines[0][1]
    assert first["notice"] == "session_starting" and first["to"] == ["controller"]
    assert first["text"].startswith("overlap begins at 18:30 Asia/Kolkata: it takes EURUSD, GBPUSD")


@pytest.mark.parametrize("given", [{"advance_notice_minutes": 0}, {"enabled": False}])
def test_nothing_is_announced_where_it_is_off(given: dict[str, Any]) -> None:
    made = wired(
        Market([bars(*flat(60 * 4))]), config_of(ALONE), classes=(Loud,), sessions=SessionSettings(**given)
    )  # fmt: skip
    record = made.run([])
    assert not [line for line in record.journal if line[1] == "notification"]


# --- state -----------------------------------------------------------------------------------------------------------


def test_a_run_that_is_left_and_gone_on_with_tells_each_once() -> None:
    plugins = [PluginConfig("telling", "telling")]
    alerts: list[Any] = [alert(n, comment="raise") for n in range(1, 7)]
    alerts += [v3_pulse(7, "1,1,1,1,1,1")]

    def fresh() -> Any:
        return Market([bars(*flat(200))]).prepare(Telling, plugins=plugins)

    whole = fresh()
    record = whole.run(alerts)
    expected = [line for line in record.journal if line[1] == "notification"]
    assert {line[2]["notice"] for line in expected} >= {"alert_error", "plugin_disabled", "session_starting"}
    for stop in range(whole.session.events):
        first = fresh()
        first.begin(alerts)
        first.go_on(stop)
        second = fresh()
        second.load_state(json.loads(json.dumps(first.save_state(history=True))))
        second.begin(alerts)
        second.go_on()
        assert [line for line in second.finish().journal if line[1] == "notification"] == expected


def test_an_entry_that_is_refused_is_no_failure() -> None:
    played = play([v3_alert(1, score=1)], ALONE)
    assert not told(played)

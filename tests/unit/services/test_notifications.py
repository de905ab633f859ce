"""Notifications as events: kinds and targets of the rules, trades told once, wins of a profit chain not singly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.services.profit_play import Booker, path, story
from tests.unit.services.shield_world import STOPPED, guarded
from tests.unit.strategies.fakes import V6, v6_alert
from tests.unit.strategies.v3_fakes import play
from tests.world import alert, flat, market
from zepix.engine import PluginInfo, Strategy
from zepix.model import Alert, Decision
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.services.notification_kinds import KINDS, kind_of, priority_of, targets_of

PAGE = """
ENTRY EXIT TP_HIT SL_HIT PROFIT_BOOKING SL_MODIFIED BREAKEVEN PARTIAL_CLOSE MANUAL_EXIT REVERSAL_EXIT BOT_STARTED
BOT_STOPPED EMERGENCY_STOP MT5_CONNECTED MT5_DISCONNECT MT5_RECONNECT DAILY_LOSS_LIMIT DAILY_LOSS_WARNING
LIFETIME_LOSS_LIMIT CONFIG_ERROR DATABASE_ERROR ORDER_FAILED PLUGIN_LOADED PLUGIN_ERROR CONFIG_RELOAD PLUGIN_DISABLED
PLUGIN_RELOADED PLUGIN_COMPARISON ALERT_RECEIVED ALERT_PROCESSED ALERT_IGNORED ALERT_ERROR DAILY_SUMMARY WEEKLY_SUMMARY
PERFORMANCE_REPORT RISK_ALERT INFO WARNING ERROR V6_ENTRY_15M V6_ENTRY_30M V6_ENTRY_1H V6_ENTRY_4H V6_EXIT V6_TP_HIT
V6_SL_HIT V6_TIMEFRAME_ENABLED V6_TIMEFRAME_DISABLED V6_DAILY_SUMMARY V6_SIGNAL V6_BREAKEVEN V3_ENTRY V3_EXIT V3_TP_HIT
V3_SL_HIT V3_LOGIC_TOGGLED TP_CONTINUATION SL_HUNT_ACTIVATED RECOVERY_SUCCESS RECOVERY_FAILED PROFIT_ORDER_PROTECTION
TP_REENTRY_STARTED TP_REENTRY_EXECUTED TP_REENTRY_COMPLETED SL_HUNT_RECOVERY EXIT_CONTINUATION SIGNAL_RECEIVED
SIGNAL_IGNORED SIGNAL_FILTERED TREND_CHANGED TREND_MANUAL_SET SESSION_TOGGLE SYMBOL_TOGGLE TIME_ADJUSTMENT
FORCE_CLOSE_TOGGLE VOICE_TRADE_ENTRY VOICE_TP_HIT VOICE_SL_HIT VOICE_RISK_LIMIT VOICE_RECOVERY DASHBOARD_UPDATE
AUTONOMOUS_DASHBOARD
"""
"""The kinds of zepix-rules §10.3."""


@pytest.mark.parametrize("kind", PAGE.split())
def test_every_kind_of_the_page_is_known_in_any_case(kind: str) -> None:
    assert kind_of(kind) == kind_of(kind.lower()) == kind.lower()
    assert targets_of(kind.lower())


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        *[(kind, ("notifier",)) for kind in ("trade_opened", "trade_closed", "sl_hit", "tp_hit", "entry_signal")],
        *[(kind, ("notifier",)) for kind in ("exit_signal", "recovery_started", "profit_booked", "chain_advanced")],
        *[(kind, ("analytics",)) for kind in ("daily_summary", "performance", "analytics", "weekly_report", "export")],
        *[(kind, ("analytics",)) for kind in ("daily_report", "monthly_report", "statistics")],
        *[(kind, ("controller",)) for kind in ("system_status", "error", "warning", "config_change", "mode_change")],
        ("connection_status", ("controller",)),
        *[
            (kind, ("controller", "notifier", "analytics", "voice"))
            for kind in ("bot_stopped", "emergency_stop", "mt5_disconnect", "daily_loss_limit", "lifetime_loss_limit")
        ],
    ],
)
def test_targets_of_the_page(kind: str, targets: tuple[str, ...]) -> None:
    """§10.1; §10.3: what is critical goes to all and to the voice."""
    assert targets_of(kind) == targets
    assert (priority_of(kind) == "critical") == ("voice" in targets)


def test_the_five_kinds_of_a_shield() -> None:
    five = {"shield_deployed", "shield_kill_switch", "shield_victory", "shield_level_up", "shield_cancelled"}
    assert five <= set(KINDS)


class Teller(Strategy):
    info = PluginInfo(strategy="teller", services=("telegram",))

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        self.api.notify.send_notification("ENTRY_SIGNAL", "I saw it", price=1.1, odd=object, many=(1, "two"))
        for role in ("A", "B"):
            await self.api.orders.place_order(alert.symbol, alert.side or "buy", 0.1, role=role)
        return None

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        await self.api.orders.close_positions(alert.symbol, alert.side)
        return None


def _told(played: Any) -> list[dict[str, Any]]:
    return [fields for _, fields in played.lines("notification")]


def test_a_strategys_notification_is_a_line_of_the_journal() -> None:
    played = market(*flat(4)).play([alert(1, id="a1")], Teller)
    first = _told(played)[0]
    assert first["notice"] == "entry_signal" and first["to"] == ["notifier"] and first["priority"] == "normal"
    assert (first["plugin"], first["alert"], first["text"]) == ("teller", "a1", "I saw it")
    assert first["fields"] == {"price": 1.1, "odd": "<class 'object'>", "many": [1, "two"]}


def test_api_send_notification_of_the_service_api() -> None:
    class Short(Strategy):
        info = PluginInfo(strategy="short", services=("telegram",))

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.send_notification("info", "hello")

    (line,) = _told(market(*flat(4)).play([alert(1)], Short))
    assert (line["notice"], line["to"]) == ("info", ["controller"])


def test_an_unknown_kind_is_the_strategys_error_and_names_a_near_one() -> None:
    class Wrong(Strategy):
        info = PluginInfo(strategy="wrong", services=("telegram",))

        async def process_entry_signal(self, alert: Alert) -> None:
            self.api.notify.send_notification("SL_HITT", "x")

    played = market(*flat(4)).play([alert(1)], Wrong)
    assert "did you mean 'sl_hit'?" in str(played.simulation.engine.errors[0])


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_an_entry_of_two_legs_is_told_once_after_both_and_its_close_for_each(broker: str) -> None:
    alerts = [alert(1, id="a"), alert(3, "exit", id="x")]
    played = market(*flat(6), broker=broker).play(alerts, Teller)
    told = [(line["notice"], line["fields"].get("roles") or line["fields"].get("role")) for line in _told(played)]
    assert told[1:] == [("trade_opened", ["A", "B"]), ("trade_closed", "A"), ("trade_closed", "B")]
    assert _told(played)[1]["alert"] == "a"


def test_nobody_who_does_not_name_the_service_is_announced() -> None:
    """A strategy that names no services has the facade, and its journal stays as it was."""

    class Quiet(Strategy):
        info = PluginInfo(strategy="quiet")

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order(alert.symbol, alert.side or "buy", 0.1)

    played = market(*flat(6)).play([alert(1)], Quiet)
    assert _told(played) == []


class Loud(Booker):
    info = PluginInfo(strategy="loud", services=("risk", "dual_order", "profit_booking", "telegram"))


def _of_story(word: str, **given: Any) -> list[str]:
    found = story(path(word), [alert(1)], Loud, **given)
    return [line["notice"] for _, kind, line in found.record.journal if kind == "notification"]


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_wins_inside_a_profit_chain_are_not_told_singly_and_losses_are(broker: str) -> None:
    """§10.3: the level's message stands for them, of the last level the chain's; level 1 is the last one here."""
    on = {"enabled_levels": (True, True), "multipliers": (1, 2), "sl_hunt": False}
    levels = ["profit_booking", "profit_booking"]
    assert _of_story("..uu..", broker=broker, **on) == ["trade_opened", *levels]
    assert _of_story("..d..", broker=broker, **on) == ["trade_opened", "profit_booking", "sl_hit"]


def test_a_win_of_a_b_that_has_no_pyramid_is_told() -> None:
    """Its chain id is there, its chain is not: no level's message would stand for it."""
    assert _of_story("..u..", enabled=False) == ["trade_opened", "trade_closed"]
    target = DualOrderSettings(profit_booking=False, stops_level_if_none_points=0)
    assert _of_story("..u..", dual=target) == ["trade_opened", "tp_hit"]


def test_the_first_target_of_v6_is_told() -> None:
    """5m: B's target is TP1, 200 points ahead; it is nobody's pyramid."""
    rows = [*flat(4), (110_000, 110_250, 110_000, 110_240), *flat(5, 110_240)]
    played = play(market(*rows), [v6_alert(1)], classes=(V6["5m"],))
    found = [(line["notice"], line["fields"].get("role")) for line in _told(played)]
    assert ("tp_hit", "B") in found


def test_the_stop_hit_is_told_after_what_the_services_made_of_it() -> None:
    """Event flow *stop hit*: recovery mode first, the stop's own message last."""
    told = guarded([*STOPPED, 1990.0], shield={"enabled": False})
    assert told.notices == ["trade_opened", "sl_hunt_activated", "sl_hit", "recovery_failed"]

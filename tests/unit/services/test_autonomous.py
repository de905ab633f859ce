"""The safety gate before recoveries: its limits, its day, its cooldown, both protections, and what a strategy says."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.services.shield_world import STOPPED, Guarded, guarded
from tests.world import CATALOGUE, alert, flat, market
from zepix.engine import PluginInfo, Strategy
from zepix.engine.capabilities import AutonomousCapable, SafetyCheckResult
from zepix.model import ClosingFill, TicketClosed
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.timeframe import NS
from zepix.services.autonomous import AutonomousCore
from zepix.services.autonomous_watches import AutonomousWatches
from zepix.services.ports import EverythingAllowed, NoShield, Silence
from zepix.services.risk_day import TradingDay
from zepix.services.safety_values import ReentryEvent, ShieldCase

PAGE = Path(__file__).resolve().parents[3] / "docs" / "chains.md"
HOUR = 3600 * NS
NOON = 1_709_726_400 * NS
"""Wednesday, 6 March 2024, 12:00 UTC; the day of Kolkata turned at 22:05 UTC the evening before."""
RESET = NOON + 10 * HOUR + 5 * 60 * NS


class Desk:
    """A gate with a clock that is turned by hand."""

    def __init__(self, **settings: Any) -> None:
        self.clock: Any = SimpleNamespace(now_ns=NOON, phase=4)
        given = AutonomousSettings(**settings)
        nobody: Any = SimpleNamespace()
        watches = AutonomousWatches(given, self.clock, CATALOGUE, nobody, Silence())
        day = TradingDay("03:35", "Asia/Kolkata")
        self.core = AutonomousCore(given, self.clock, day, watches)

    def check(self, loss: int = 0, profit: int = 0, event: ReentryEvent | None = None) -> SafetyCheckResult:
        """``loss``, ``profit`` in dollars."""
        return self.core.check("mine", "XAUUSD", "sl_hunt", loss * 100, profit * 100, event)

    def reason(self, loss: int = 0, profit: int = 0) -> str:
        return self.check(loss, profit).reason

    def recoveries(self, count: int, won: bool | None) -> None:
        for _ in range(count):
            self.core.started("sl_hunt")
            self.core.ended("sl_hunt", won)

    def closes(self, dollars: int) -> None:
        fill: Any = SimpleNamespace(pnl_minor=dollars * 100)
        event = TicketClosed(self.clock.now_ns, self.clock.now_ns, fill, SimpleNamespace(is_open=False))  # type: ignore[arg-type]
        self.core.on_event(event)


def test_a_fresh_day_allows_and_tells_its_counts() -> None:
    result = Desk().check()
    assert result and result == SafetyCheckResult(True, "", 0, 10, 0, 3, 0.0, 100.0, NOON)


def test_ten_attempts_a_day() -> None:
    desk = Desk()
    desk.recoveries(9, True)
    assert desk.check().allowed
    desk.recoveries(1, True)
    assert (desk.reason(), desk.check().daily_count, desk.check().daily_limit) == ("recovery_attempts", 10, 10)


def test_five_losses_a_day_and_windows_that_ran_out_are_none() -> None:
    desk = Desk(daily_attempts=100)
    desk.recoveries(7, None)
    desk.recoveries(4, False)
    assert desk.check().allowed
    desk.recoveries(1, False)
    assert (desk.reason(), desk.check().daily_count, desk.check().daily_limit) == ("recovery_losses", 5, 5)


def test_three_at_the_same_time_whatever_their_kind() -> None:
    desk = Desk()
    for kind in ("sl_hunt", "profit", "tp_cont"):
        assert desk.check().allowed
        desk.core.started(kind)
    assert (desk.reason(), desk.check().concurrent_count) == ("recovery_concurrent", 3)
    desk.core.ended("profit", None)
    assert desk.check().allowed


def test_an_end_that_never_began_frees_nobody() -> None:
    desk = Desk(concurrent=1)
    desk.core.ended("sl_hunt", None)
    desk.core.started("sl_hunt")
    assert desk.reason() == "recovery_concurrent"


@pytest.mark.parametrize(
    ("reached_at", "asked_at", "reason"),
    [
        (NOON, RESET - 1, "recovery_losses"),
        (NOON, RESET, ""),  # a new day, and 18:00 is past
        (RESET - 2 * HOUR, RESET, "recovery_cooldown"),  # 20:05 UTC: until 02:05, new day or not
        (RESET - 2 * HOUR, RESET + 4 * HOUR - 1, "recovery_cooldown"),
        (RESET - 2 * HOUR, RESET + 4 * HOUR, ""),
    ],
)
def test_cooldown_of_six_hours_after_a_limit_outlives_the_day(reached_at: int, asked_at: int, reason: str) -> None:
    desk = Desk()
    desk.clock.now_ns = reached_at
    desk.recoveries(5, False)
    desk.clock.now_ns = asked_at
    assert desk.reason() == reason


def test_the_day_turns_at_the_local_time_of_risk_and_what_is_under_way_goes_on_counting() -> None:
    desk = Desk()
    desk.core.started("sl_hunt")
    desk.clock.now_ns = RESET
    stats = desk.core.stats()
    assert (stats["attempts"], stats["concurrent"]) == (0, 1)


@pytest.mark.parametrize(("dollars", "reason"), [((99,), ""), ((100,), "day_profit"), ((150, -60), ""), ((-500,), "")])
def test_protection_of_the_days_profit_counts_net(dollars: tuple[int, ...], reason: str) -> None:
    """(a): a day that has made 100 begins no more recoveries."""
    desk = Desk()
    for one in dollars:
        desk.closes(one)
    assert desk.reason() == reason
    assert Desk(day_protection=False).reason() == ""


@pytest.mark.parametrize(("profit", "reason"), [(0, ""), (50, ""), (51, "chain_profit"), (-20, "")])
def test_protection_of_a_valuable_chain(profit: int, reason: str) -> None:
    """(b): a recovery that may lose 10 puts no more than 50 of the chain's profit at stake."""
    desk = Desk()
    result = desk.check(loss=10, profit=profit)
    assert result.reason == reason
    if reason:
        assert (result.current_profit, result.profit_threshold) == (51.0, 50.0)


@pytest.mark.parametrize(
    ("mode", "multiple", "least"),
    [("AGGRESSIVE", 3.5, 15), ("BALANCED", 6, 20), ("CONSERVATIVE", 9, 30), ("VERY_CONSERVATIVE", 15, 50)],
)
def test_cushion_modes_of_the_fine_tune_page(mode: str, multiple: float, least: int) -> None:
    """(c): little to lose, or much more than the recovery costs: allowed; between the two: not."""
    desk = Desk(chain_protection="cushion", cushion_mode=mode)
    enough = int(multiple * 10)
    assert desk.reason(10, least - 1) == ""
    assert desk.reason(10, enough) == "chain_profit"
    assert desk.reason(10, enough + 1) == ""
    if least <= enough:
        assert desk.reason(10, least) == "chain_profit"


def test_no_chain_protection_where_it_is_off() -> None:
    assert Desk(chain_protection="off").reason(1, 1_000_000) == ""


def test_all_limits_at_zero_allow_nothing_and_do_not_break() -> None:
    desk = Desk(daily_attempts=0, daily_losses=0, concurrent=0, day_profit_money=0, cooldown_hours=0)
    assert desk.reason() == "recovery_attempts"
    desk.recoveries(2, False)
    assert desk.reason() == "recovery_attempts"
    assert Desk(day_profit_money=0).reason() == "day_profit"
    assert Desk(concurrent=0).reason() == "recovery_concurrent"
    assert Desk(daily_losses=0).reason() == "recovery_losses"
    assert Desk(chain_profit_multiple=0).reason(10, 1) == "chain_profit"


def test_state_is_data_and_a_loaded_gate_goes_on_the_same() -> None:
    desk = Desk()
    desk.recoveries(4, False)
    desk.core.started("profit")
    desk.closes(99)
    again = Desk()
    again.core.load_state(json.loads(json.dumps(desk.core.state())))
    assert again.core.stats() == desk.core.stats()
    again.recoveries(1, False)
    desk.recoveries(1, False)
    assert again.check() == desk.check()
    with pytest.raises(ValueError, match="version"):
        again.core.load_state({"version": 99})


# --- what a strategy says -------------------------------------------------------------------------------------------


def test_a_strategy_decides_for_its_own_recoveries() -> None:
    """The protocol's method overrides the service: allowed although no attempt is left, refused although all are."""

    class Bold(Guarded):
        info = PluginInfo(strategy="bold", services=Guarded.info.services)

        def check_recovery_allowed(self, event: ReentryEvent) -> SafetyCheckResult:
            return SafetyCheckResult(event.reentry_type == "sl_hunt")

    class Timid(Guarded):
        info = PluginInfo(strategy="timid", services=Guarded.info.services)

        def check_recovery_allowed(self, event: ReentryEvent) -> SafetyCheckResult:
            return SafetyCheckResult(False, "i_am_afraid")

    back = (1990, 1998, 1990, 1997)
    off = {"enabled": False}
    bold = guarded([*STOPPED, back, 1997.0], Bold, shield=off, autonomous={"daily_attempts": 0})
    assert bold.roles == ["A", "R"]

    class Asks(Guarded):
        info = PluginInfo(strategy="asks", services=Guarded.info.services)

        def check_recovery_allowed(self, event: ReentryEvent) -> SafetyCheckResult:
            found: SafetyCheckResult = self.api.autonomous.check_recovery_allowed(event)
            return found

    assert guarded([*STOPPED, back, 1997.0], Asks, shield=off).roles == ["A", "R"]
    timid = guarded([*STOPPED, back, 1997.0], Timid, shield=off)
    assert timid.roles == ["A"] and timid.steps("reentry")[-1] == ("stopped", "i_am_afraid")
    plain = guarded([*STOPPED, back, 1997.0], shield=off, autonomous={"daily_attempts": 0})
    assert plain.steps("reentry")[-1] == ("stopped", "recovery_attempts")


def test_having_the_four_methods_is_the_capability() -> None:
    class All:
        def check_recovery_allowed(self, event: Any) -> Any: ...
        async def activate_reverse_shield(self, event: Any) -> Any: ...
        async def deactivate_reverse_shield(self, event: Any) -> Any: ...
        def get_safety_stats(self) -> Any: ...

    assert isinstance(All(), AutonomousCapable)


# --- the facade -----------------------------------------------------------------------------------------------------


def test_api_autonomous_and_check_safety_of_the_service_api() -> None:
    seen: dict[str, Any] = {}

    class Asks(Strategy):
        info = PluginInfo(strategy="asks", services=("autonomous",))

        async def process_entry_signal(self, alert: Any) -> None:
            seen["safety"] = await self.api.check_safety(self.plugin_id)
            seen["own"] = self.api.autonomous.check_recovery_allowed(
                ReentryEvent(
                    "", "asks", "EURUSD", "sl_hunt", 1.1, 1.0, 1.0, "buy", 1, {"chain_profit": 51, "potential_loss": 10}
                )
            )
            seen["stats"] = self.api.autonomous.get_safety_stats()
            seen["due"] = self.api.autonomous.run_autonomous_checks()
            case = ShieldCase("c", "asks", "EURUSD", "", 1, 1, 110_000, 109_000, 0)  # type: ignore[arg-type]
            seen["shield"] = self.api.autonomous.activate_reverse_shield(case)
            self.api.autonomous.deactivate_reverse_shield("c")

    played = market(*flat(5)).play([alert(1)], Asks)
    assert not played.simulation.engine.errors
    assert seen["safety"].allowed and seen["own"].reason == "chain_profit"
    assert seen["stats"]["daily_attempts"] == 10
    assert seen["due"] == {} and seen["shield"] is False


def test_ports_of_a_run_without_these_services_allow_everything_and_shield_nothing() -> None:
    safety, shield = EverythingAllowed(), NoShield()
    assert safety.check("p", "EURUSD", "sl_hunt", 1, 10**9).allowed
    safety.started("sl_hunt")
    safety.ended("sl_hunt", False)
    case: Any = None
    assert shield.on_stop(case) is False
    shield.listen(case)
    shield.drop("c", "r")
    Silence().send("anything", "")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"daily_attempts": -1}, "daily_attempts must be a whole number of 0 or above"),
        ({"chain_protection": "maybe"}, "chain_protection must be one of too_valuable, cushion, off"),
        ({"cushion_mode": "balanced?"}, "cushion_mode must be one of AGGRESSIVE"),
        ({"profit_protection": True, "protect_to_pips": 40}, "protect_to_pips must be below protect_at_pips"),
        ({"direction_block": True, "block_multiple": 0}, "block_multiple must be above 0"),
        ({"cooldown_hours": "six"}, "cooldown_hours must be a number of 0 or above"),
    ],
)
def test_settings_that_make_no_sense_are_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match="autonomous: .*" + said.replace("?", r"\?")):
        AutonomousSettings(**given)


def test_losses_and_profits_of_fills_are_what_the_day_counts() -> None:
    """The fill's own net, costs included: A's 100 lost, nothing else."""
    told = guarded([*STOPPED, 1990.0], shield={"enabled": False})
    core = told.simulation.house.safety.autonomous
    assert core is not None and core.stats()["day_profit"] == "-100.00"
    assert isinstance(told.record.fills[0], ClosingFill)


@pytest.mark.parametrize(
    ("heading", "settings"), [("Safety", AutonomousSettings), ("Reverse shield", ReverseShieldSettings)]
)
def test_page_names_every_setting(heading: str, settings: Any) -> None:
    text = PAGE.read_text(encoding="utf-8")
    part = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert part is not None
    written = re.findall(r"^\| `(\w+)` \|", part[1].split("| setting `")[1], re.MULTILINE)
    assert written == [field.name for field in dataclasses.fields(settings)]

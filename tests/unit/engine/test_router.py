"""From an alert to its plugin: hint, strategy and timeframe, strategy; never by chance."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import alert, flat, market
from zepix.engine import PluginConfig, PluginInfo, PluginRegistry, PluginRouter, ServiceAPI, Strategy
from zepix.model import Alert, Decision


class Clock:
    now_ns = 0
    phase = 4


class V3(Strategy):
    info = PluginInfo(
        strategy="V3_COMBINED", plugin_id="v3", timeframes=("5m", "15m", "1h"), aliases=("COMBINED_V3", "V3")
    )


class V6(Strategy):
    info = PluginInfo(strategy="V6_PRICE_ACTION", plugin_id="v6", takes_other_timeframes=False)


class Bracket(Strategy):
    info = PluginInfo(strategy="bracket")


def plugin(cls: type[Strategy], plugin_id: str) -> Strategy:
    return cls(plugin_id, {}, ServiceAPI(plugin_id, clock=Clock()))


def router(*plugins: tuple[type[Strategy], str, tuple[str, ...] | None], **given: Any) -> PluginRouter:
    registry = PluginRegistry()
    for cls, plugin_id, frames in plugins:
        registry.add(plugin(cls, plugin_id), frames)
    return PluginRouter(registry, **given)


ALL = (
    (V3, "v3", None),
    (V6, "v6_1m", ("1m",)),
    (V6, "v6_5m", ("5m",)),
    (V6, "v6_1h", ("1h",)),
    (Bracket, "bracket", None),
)


def names(found: PluginRouter, given: Alert) -> list[str]:
    return [p.plugin_id for p in found.route_signal(given).plugins]


ROUTES = {
    "hint": ({"plugin_hint": "v6_1h", "strategy": "V3_COMBINED", "timeframe": "5m"}, "v6_1h"),
    "hint_in_another_case": ({"plugin_hint": "V6_1H"}, "v6_1h"),
    "strategy_and_timeframe": ({"strategy": "V6_PRICE_ACTION", "timeframe": "5m"}, "v6_5m"),
    "alias_of_the_strategy": ({"strategy": "combined_v3", "timeframe": "15m"}, "v3"),
    "strategy_with_a_timeframe_it_does_not_name": ({"strategy": "V3_COMBINED", "timeframe": "4h"}, "v3"),
    "strategy_without_a_timeframe": ({"strategy": "V3_COMBINED"}, "v3"),
    "strategy_for_any_timeframe": ({"strategy": "bracket", "timeframe": "1d"}, "bracket"),
    "no_strategy_goes_to_the_default": ({}, "bracket"),
}


@pytest.mark.parametrize(("fields", "plugin_id"), ROUTES.values(), ids=ROUTES)
def test_alert_goes_to_one_plugin(fields: dict[str, Any], plugin_id: str) -> None:
    route = router(*ALL).route_signal(alert(0, **fields))
    assert [p.plugin_id for p in route.plugins] == [plugin_id]
    assert (route.reason, route.note) == ("", "")


def test_hint_that_names_no_plugin_is_said_and_routing_goes_on() -> None:
    route = router(*ALL).route_signal(alert(0, plugin_hint="v9", strategy="bracket"))
    assert [p.plugin_id for p in route.plugins] == ["bracket"]
    assert "'v9'" in route.note


def test_hint_that_names_no_plugin_is_said_where_nothing_is_found_too() -> None:
    route = router(*ALL).route_signal(alert(0, plugin_hint="v9", strategy="unknown"))
    assert route.reason == "no_plugin_found"
    assert "'v9'" in route.note


def test_price_action_on_four_hours_is_not_given_to_the_one_minute_plugin() -> None:
    route = router(*ALL).route_signal(alert(0, strategy="V6_PRICE_ACTION", timeframe="4h"))
    assert route.plugins == ()
    assert route.reason == "no_plugin_found"
    assert "V6_PRICE_ACTION" in route.detail
    assert "4h" in route.detail


def test_unknown_strategy_is_no_plugin_found_and_names_those_there_are() -> None:
    route = router((Bracket, "bracket", None)).route_signal(alert(0, strategy="braket"))
    assert route.reason == "no_plugin_found"
    assert "bracket" in route.detail


def test_no_plugin_at_all() -> None:
    assert router().route_signal(alert(0)).reason == "no_plugin_found"


def test_two_plugins_for_one_alert_is_ambiguous_and_names_both() -> None:
    both = router((Bracket, "cautious", None), (Bracket, "bold", None))
    route = both.route_signal(alert(0, strategy="bracket"))
    assert (route.plugins, route.reason) == ((), "ambiguous_plugin")
    assert "cautious, bold" in route.detail
    assert names(both, alert(0, strategy="bracket", plugin_hint="bold")) == ["bold"]


def test_plugin_for_the_timeframe_wins_over_one_for_any() -> None:
    two = router((Bracket, "any", ()), (Bracket, "five", ("5m",)))
    assert names(two, alert(0, strategy="bracket", timeframe="5m")) == ["five"]


def test_plugin_switched_off_does_not_stand_in_the_way_of_the_other() -> None:
    registry = PluginRegistry()
    for plugin_id in ("off", "on"):
        registry.add(plugin(Bracket, plugin_id))
    registry.disable_plugin("off")
    assert names(PluginRouter(registry), alert(0, strategy="bracket")) == ["on"]


def test_alert_without_a_strategy_goes_to_the_only_plugin() -> None:
    assert names(router((V3, "v3", None)), alert(0)) == ["v3"]


def test_all_alerts_may_be_addressed_to_one_family() -> None:
    assert names(router(*ALL, as_family="bracket"), alert(0, strategy="V3_COMBINED")) == ["bracket"]


def test_broadcast_gives_every_plugin_of_the_family() -> None:
    both = router((Bracket, "cautious", None), (Bracket, "bold", None), (V3, "v3", None), broadcast=True)
    assert names(both, alert(0, strategy="bracket")) == ["cautious", "bold"]


def test_broadcast_answers_with_result_or_error_of_each() -> None:
    def deliver(found: Strategy, given: Alert) -> str:
        if found.plugin_id == "v6_5m":
            raise ValueError("no trend yet")
        return f"{found.plugin_id} took {given.id}"

    answers = router(*ALL).broadcast_signal(alert(0, id="a1"), deliver)
    assert [a["plugin_id"] for a in answers] == ["v3", "v6_1m", "v6_5m", "v6_1h", "bracket"]
    assert answers[0]["result"] == "v3 took a1"
    assert answers[2] == {"plugin_id": "v6_5m", "error": "ValueError: no trend yet"}
    assert answers[4]["result"] == "bracket took a1"


def test_routes_are_counted() -> None:
    found = router((Bracket, "bracket", None))
    for strategy in ("bracket", "bracket", "unknown"):
        found.route_signal(alert(0, strategy=strategy))
    assert dict(found.stats) == {"routed": 2, "no_plugin_found": 1}


# --- as the decision shows it ---------------------------------------------------------------------------------------


class Taker(Strategy):
    info = PluginInfo(strategy="taker")

    async def process_entry_signal(self, alert: Alert) -> Decision:
        return Decision.info("taken")


def test_no_plugin_found_is_the_reason_of_the_decision() -> None:
    played = market(*flat(3)).play([alert(1, strategy="someone")], Taker)
    assert played.outcomes == [("ignored", "no_plugin_found")]


def test_ambiguous_alert_is_an_error_and_not_traded() -> None:
    plugins = [PluginConfig("one", "taker"), PluginConfig("two", "taker")]
    played = market(*flat(3)).play([alert(1, strategy="taker")], Taker, plugins=plugins)
    assert played.outcomes == [("error", "ambiguous_plugin")]


def test_unknown_hint_is_in_the_numbers_of_the_decision() -> None:
    played = market(*flat(3)).play([alert(1, strategy="taker", plugin_hint="v9")], Taker)
    (row,) = played.record.decisions
    assert (row.plugin_id, row.outcome) == ("taker", "info")
    assert "v9" in row.numbers["route"]


class Family(Strategy):
    """Two plugins of one family: what they share, and other names for it and for them."""


class Family1m(Family):
    info = PluginInfo(
        "FAMILY", "family_1m", ("1m",), ("fam_1m",), ("fam", "f"), shared=("trend_pulse",), takes_other_timeframes=False
    )


class Family1h(Family):
    info = PluginInfo(
        "FAMILY", "family_1h", ("1h",), ("fam_1h",), ("fam", "f"), shared=("trend_pulse",), takes_other_timeframes=False
    )


TWO = ((Family1m, "family_1m", None), (Family1h, "family_1h", None), (Bracket, "bracket", None))
NAMED = {
    "hint_by_another_name_of_the_plugin": ({"plugin_hint": "FAM_1H", "timeframe": "1m"}, ["family_1h"]),
    "hint_by_the_family_goes_by_the_timeframe": ({"plugin_hint": "F", "timeframe": "1h"}, ["family_1h"]),
    "hint_by_the_family_wins_over_the_strategy": (
        {"plugin_hint": "family", "strategy": "bracket", "timeframe": "1m"},
        ["family_1m"],
    ),
    "strategy_by_another_name": ({"strategy": "fam", "timeframe": "1m"}, ["family_1m"]),
    "strategy_by_the_name_of_a_plugin": ({"strategy": "family_1h", "timeframe": "1h"}, ["family_1h"]),
    "strategy_by_another_name_of_a_plugin": ({"strategy": "fam_1m", "timeframe": "1m"}, ["family_1m"]),
    "family_on_a_timeframe_of_nobody": ({"strategy": "f", "timeframe": "5m"}, []),
    "family_by_hint_on_a_timeframe_of_nobody": ({"plugin_hint": "f", "timeframe": "5m"}, []),
}


@pytest.mark.parametrize(("fields", "plugin_ids"), NAMED.values(), ids=NAMED)
def test_other_names_of_plugins_and_families_are_understood(fields: dict[str, Any], plugin_ids: list[str]) -> None:
    route = router(*TWO).route_signal(alert(0, **fields))
    assert [p.plugin_id for p in route.plugins] == plugin_ids
    assert route.note == ""


def test_hint_that_means_two_instances_of_one_class_is_ambiguous() -> None:
    both = router((Family1h, "calm", None), (Family1h, "bold", None))
    route = both.route_signal(alert(0, plugin_hint="fam_1h", timeframe="1h"))
    assert (route.plugins, route.reason) == ((), "ambiguous_plugin")
    assert "calm, bold" in route.detail


def test_misspelt_hints_and_strategies_are_told_with_near_names() -> None:
    found = router(*TWO)
    assert "did you mean fam_1h" in found.route_signal(alert(0, plugin_hint="fam_1hh", strategy="bracket")).note
    assert "did you mean family" in found.route_signal(alert(0, strategy="famly")).detail


@pytest.mark.parametrize("timeframe", ["1m", "1h", "30m", None])
def test_what_a_family_shares_reaches_each_of_its_plugins_from_any_chart(timeframe: str | None) -> None:
    found = router(*TWO)
    pulse = alert(0, "trend_pulse", None, strategy="FAMILY", timeframe=timeframe)
    assert names(found, pulse) == ["family_1m", "family_1h"]
    assert names(found, alert(0, strategy="FAMILY", timeframe="1h")) == ["family_1h"]
    assert names(found, alert(0, "trend_pulse", None, strategy="bracket", timeframe=timeframe)) == ["bracket"]


def test_what_is_shared_goes_to_the_one_that_a_hint_names_and_to_no_plugin_that_is_off() -> None:
    found = router(*TWO)
    pulse: dict[str, Any] = {"strategy": "FAMILY", "timeframe": "1m"}
    assert names(found, alert(0, "trend_pulse", None, plugin_hint="fam_1h", **pulse)) == ["family_1h"]
    assert names(found, alert(0, "trend_pulse", None, **pulse)) == ["family_1m", "family_1h"]
    found._registry.disable_plugin("family_1m")
    assert names(found, alert(0, "trend_pulse", None, **pulse)) == ["family_1h"]

"""``signal_received``: every plugin may change or refuse an alert before anybody acts on it (§11.4)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.world import alert, flat, market
from zepix.alerts.dedup import Deduplicator
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.journal.digest import canonical_lines
from zepix.model import Alert


class Buyer(Strategy):
    info = PluginInfo(strategy="buyer")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order(alert.symbol, alert.side or "buy", alert.volume or 0.1, sl=alert.sl)


class Editor(Strategy):
    """Takes no alert itself; looks at all."""

    info = PluginInfo(strategy="editor", timeframes=("4h",))
    heard: int = 0

    async def signal_received(self, alert: Alert) -> Any:
        self.heard += 1
        if alert.comment == "no":
            return False
        if alert.comment == "tighter":
            return replace(alert, sl=1.0995, volume=0.2)
        if alert.comment == "other id":
            return replace(alert, id="mine")
        if alert.comment == "raise":
            raise ValueError("cannot read it")
        return alert if alert.comment == "same" else None


BOTH = [PluginConfig("editor", "editor"), PluginConfig("buyer", "buyer")]
BROKERS = ("shadow", "backtrader")


def play(*alerts: Alert, broker: str = "shadow", classes: Any = (Editor, Buyer), plugins: Any = None) -> Any:
    prices = market(*flat(30))
    prices.broker = broker
    return prices.play([replace(one, strategy="buyer") for one in alerts], *classes, plugins=plugins or BOTH)


@pytest.mark.parametrize("broker", BROKERS)
def test_a_changed_alert_is_what_everybody_acts_on(broker: str) -> None:
    played = play(alert(1, comment="tighter"), broker=broker)
    assert played.outcomes == [("filled", "")]
    (order,) = played.record.orders
    assert (order.sl, order.volume_steps, order.plugin_id) == (109_950, 20, "buyer")
    ((_, line),) = played.lines("log")
    assert (line["plugin"], line["alert"]) == ("editor", "entry buy 1")
    assert line["text"] == "signal_received: volume 0.1 -> 0.2, sl None -> 1.0995"


def test_a_refused_alert_is_a_decision_and_nobody_acts_on_it() -> None:
    played = play(alert(1, comment="no"), alert(2))
    assert played.outcomes == [("refused", "refused_by_plugin"), ("filled", "")]
    row = played.record.decisions[0]
    assert (row.alert_id, row.numbers["plugin"]) == ("entry buy 1", "editor")
    assert len(played.record.orders) == 1


def test_a_refused_alert_tells_no_trends_either() -> None:
    """What a plugin refuses is for nobody: services hear what it leaves."""
    played = play(alert(1, "trend", None, comment="no", timeframe="1h", fields={"direction": "bear"}, dialect="legacy"))
    assert not played.simulation.house.trend.changes_of("trend None 1")
    assert played.simulation.house.trend.book.timeframes("EURUSD") == []


@pytest.mark.parametrize("comment", ["same", ""])
def test_what_is_left_as_it_is_is_not_told(comment: str) -> None:
    played = play(alert(1, comment=comment))
    assert played.outcomes == [("filled", "")] and not played.lines("log")


@pytest.mark.parametrize("comment", ["other id", "raise"])
def test_a_plugin_that_fails_at_it_changes_nothing(comment: str) -> None:
    played = play(alert(1, comment=comment))
    assert played.outcomes == [("filled", "")]
    ((_, line),) = played.lines("error")
    assert (line["plugin"], line["what"], line["alert"]) == ("editor", "signal_received", "entry buy 1")


@pytest.mark.parametrize("comment", ["other id", "raise"])
def test_five_failures_in_a_row_disable_it_and_the_others_go_on(comment: str) -> None:
    played = play(*(alert(n, comment=comment) for n in range(1, 7)))
    assert not played.plugin("editor").enabled and played.plugin("editor").heard == 5
    assert played.outcomes == [("filled", "")] * 6


def test_several_plugins_are_asked_one_after_the_other() -> None:
    class Doubler(Editor):
        info = PluginInfo(strategy="doubler", timeframes=("4h",))

        async def signal_received(self, alert: Alert) -> Any:
            return replace(alert, volume=2 * float(str(alert.volume)))

    plugins = [*BOTH[:1], PluginConfig("doubler", "doubler"), *BOTH[1:]]
    played = play(alert(1, comment="tighter"), classes=(Editor, Doubler, Buyer), plugins=plugins)
    assert played.record.orders[0].volume_steps == 40


def test_a_resend_is_dropped_before_anybody_is_asked() -> None:
    twice = [replace(one, strategy="buyer") for one in (alert(1), alert(1.1, id="again", explicit_id="entry buy 1"))]

    def with_dedup(simulation: Any) -> None:
        simulation.engine._dedup = Deduplicator()

    played = market(*flat(5)).play(twice, Editor, Buyer, plugins=BOTH, before=with_dedup)
    assert played.outcomes == [("filled", ""), ("duplicate", "duplicate")]
    assert played.plugin("editor").heard == 1


def test_it_goes_on_the_same_after_a_restart_between_any_two_events() -> None:
    alerts = [replace(a, strategy="buyer") for a in (alert(1, comment="tighter"), alert(3, comment="no"), alert(5))]

    def fresh() -> Any:
        return market(*flat(10)).prepare(Editor, Buyer, plugins=BOTH)

    whole = fresh()
    expected = list(canonical_lines(whole.run(alerts)))
    for stop in range(whole.session.events):
        first = fresh()
        first.begin(alerts)
        first.go_on(stop)
        saved = json.loads(json.dumps(first.save_state(history=True)))
        second = fresh()
        second.load_state(saved)
        second.begin(alerts)
        second.go_on()
        assert list(canonical_lines(second.finish())) == expected
        assert second.registry.get_plugin("editor").heard == 3

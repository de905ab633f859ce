"""The one loop's step: who sees an alert, who may order, what is written down."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Market, alert, bars, flat, market, minute
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.model import Alert, BarClosed, Decision, Refused, TimerFired, Trail
from zepix.research.simulate import Simulation


class Plain(Strategy):
    """Buys on an entry, closes on an exit, sells on a reversal; tells what it saw."""

    info = PluginInfo(strategy="plain")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.saw: list[str] = []

    async def process_entry_signal(self, alert: Alert) -> None:
        self.saw.append("entry")
        await self.api.orders.place_order(alert.symbol, "buy", 0.1)

    async def process_exit_signal(self, alert: Alert) -> None:
        self.saw.append("exit")
        await self.api.orders.close_positions(alert.symbol)

    async def process_reversal_signal(self, alert: Alert) -> None:
        self.saw.append("reversal")
        await self.api.orders.place_order(alert.symbol, "sell", 0.1)

    async def process_signal(self, alert: Alert) -> Decision | None:
        self.saw.append(alert.type)
        return await super().process_signal(alert)


# --- who sees an alert ------------------------------------------------------------------------------------------------


def test_each_kind_of_alert_has_its_handler() -> None:
    kinds = ["entry", "trend_pulse", "modify", "cancel", "reversal", "exit"]
    alerts = [alert(n, kind, "buy" if kind in ("entry", "reversal") else None) for n, kind in enumerate(kinds)]
    played = market(*flat(8)).play(alerts, Plain)
    assert played.plugin().saw == kinds
    assert played.outcomes == [
        ("filled", ""),
        ("info", "trend_pulse"),
        ("refused", "not_supported"),
        ("refused", "not_supported"),
        ("filled", ""),
        ("closed", ""),
    ]


def test_handler_a_strategy_does_not_have_is_ignored() -> None:
    class Nothing(Strategy):
        info = PluginInfo(strategy="nothing")

    alerts = [alert(n, kind) for n, kind in enumerate(("entry", "exit", "reversal"))]
    assert market(*flat(4)).play(alerts, Nothing).outcomes == [("ignored", "not_handled")] * 3


def test_symbol_that_cannot_be_traded_is_refused_before_the_strategy_sees_it() -> None:
    alerts = [alert(1, symbol="DOGEUSD"), alert(2, symbol="GBPUSD", id="g"), alert(3, "exit", None, symbol="GBPUSD")]
    played = market(*flat(5)).play(alerts, Plain)
    assert played.outcomes == [("refused", "unknown_symbol"), ("refused", "no_prices"), ("refused", "no_prices")]
    assert played.plugin().saw == []
    assert (played.record.counts["unknown_symbol"], played.record.counts["without_prices"]) == (1, 2)


def test_information_is_handed_on_for_any_symbol() -> None:
    played = market(*flat(3)).play([alert(1, "trend_pulse", None, symbol="DXY")], Plain)
    assert played.outcomes == [("info", "trend_pulse")]


def test_alert_after_the_data_is_said_and_counted() -> None:
    played = market(*flat(3)).play([alert(1), alert(3, id="last"), alert(3.001), alert(90)], Plain)
    assert played.outcomes == [
        ("filled", ""),
        ("refused", "market_closed"),
        ("ignored", "after_end_of_data"),
        ("ignored", "after_end_of_data"),
    ]
    assert played.record.counts["after_data"] == 2


def test_alert_before_the_data_is_counted_and_waits_only_so_long() -> None:
    played = market(*flat(3)).play([alert(-60), alert(-5)], Plain)
    assert played.outcomes == [("refused", "market_closed"), ("filled", "")]
    assert played.record.counts["before_data"] == 2


def test_resend_is_a_duplicate_that_names_the_first() -> None:
    first, again = alert(1, id="a1", explicit_id="x"), alert(1.1, id="a2", explicit_id="x")
    played = market(*flat(4)).play([first, again], Plain)
    assert played.outcomes == [("filled", ""), ("duplicate", "duplicate")]
    assert played.record.decisions[1].numbers["first"] == "a1"
    assert played.plugin().saw == ["entry"]


def test_exit_sent_again_is_not_dropped_while_an_older_ticket_is_open() -> None:
    alerts = [
        alert(1),
        alert(1.5, "exit", None, id="e1", explicit_id="x"),
        alert(2.5, id="b2"),
        alert(3.5, "exit", None, id="e2", explicit_id="x"),
    ]
    played = market(*flat(6)).play(alerts, Plain)
    assert [outcome for outcome, _ in played.outcomes] == ["filled", "closed", "filled", "closed"]


def test_reversal_sent_again_does_not_enter_twice() -> None:
    alerts = [alert(1), alert(2, "reversal", "sell", explicit_id="r"), alert(2.1, "reversal", "sell", explicit_id="r")]
    played = market(*flat(5)).play(alerts, Plain)
    assert played.outcomes[2] == ("duplicate", "duplicate")
    assert len(played.record.orders) == 2


# --- pause ------------------------------------------------------------------------------------------------------------


def paused(simulation: Simulation) -> None:
    simulation.engine.pause()


def test_paused_engine_refuses_entries_and_lets_exits_pass() -> None:
    class PausesItself(Plain):
        info = PluginInfo(strategy="pauses")

        async def process_signal(self, alert: Alert) -> Decision:
            engine: Any = self.api.clock
            if alert.type == "pause":
                engine.pause()
            else:
                engine.resume()
            return Decision.info()

    alerts = [
        alert(1),
        alert(2, "pause", None),
        alert(3),
        alert(4, "exit", None),
        alert(5, "resume", None),
        alert(6),
    ]
    outcomes = market(*flat(8)).play(alerts, PausesItself).outcomes
    assert [o for o in outcomes if o[0] != "info"] == [
        ("filled", ""),
        ("refused", "paused"),
        ("closed", ""),
        ("filled", ""),
    ]


def test_paused_engine_lets_no_reversal_enter() -> None:
    played = market(*flat(4)).play([alert(1, "reversal", "sell")], Plain, before=paused)
    assert played.record.fills == []


@pytest.mark.parametrize("hook", ["on_timer", "on_bar"])
def test_paused_engine_refuses_orders_of_hooks(hook: str) -> None:
    answers: list[object] = []

    class FromHooks(Plain):
        info = PluginInfo(strategy="from_hooks")

        async def on_start(self) -> None:
            self.api.set_timer(minute(2))
            self.api.market.subscribe("EURUSD", "1m")

        async def on_timer(self, event: TimerFired) -> None:
            if hook == "on_timer":
                answers.append(await self.api.orders.place_order("EURUSD", "buy", 0.1))

        async def on_bar(self, event: BarClosed) -> None:
            if hook == "on_bar":
                answers.append(await self.api.orders.place_order("EURUSD", "buy", 0.1))

    market(*flat(4)).play([alert(1)], FromHooks, before=paused)
    assert [a.reason for a in answers if isinstance(a, Refused)] == ["paused"] * len(answers)


# --- commands ---------------------------------------------------------------------------------------------------------


def commanding(name: str, *args: Any, **kwargs: Any) -> type[Strategy]:
    class Commands(Plain):
        info = PluginInfo(strategy="commands")

        async def process_exit_signal(self, alert: Alert) -> None:
            self.answer = await getattr(self.api.orders, name)(*args, **kwargs)

    return Commands


REFUSALS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], str]] = {
    "limit_without_a_price": ("place_order", ("EURUSD", "buy"), {"order_type": "limit"}, "no_entry_price"),
    "stop_limit_without_its_limit": (
        "place_order",
        ("EURUSD", "buy"),
        {"order_type": "stop_limit", "price": 1.2},
        "no_entry_price",
    ),
    "trail_without_distance": ("place_order", ("EURUSD", "buy"), {"trails": [Trail(5, 5, 0)]}, "invalid_trailing"),
    "trail_of_half_points": ("place_order", ("EURUSD", "buy"), {"trails": [Trail(5, 2.5, 9)]}, "invalid_trailing"),
    "change_of_nothing": ("modify_order", (1,), {}, "no_levels"),
    "change_of_an_unknown_ticket": ("modify_order", (99, 1.09), {}, "unknown_ticket"),
    "part_of_an_unknown_ticket": ("close_order_partial", (99, 0.5), {}, "unknown_ticket"),
    "cancel_of_what_is_done": ("cancel_order", (1,), {}, "unknown_order"),
    "unknown_symbol": ("place_order", ("DOGEUSD", "buy"), {}, "unknown_symbol"),
    "close_of_an_unknown_symbol": ("close_positions", ("DOGEUSD",), {}, "unknown_symbol"),
    "symbol_without_prices": ("place_order", ("GBPUSD", "buy"), {}, "no_prices"),
    "unknown_ticket": ("close_order", (99,), {}, "unknown_ticket"),
}


@pytest.mark.parametrize(("name", "args", "kwargs", "reason"), REFUSALS.values(), ids=REFUSALS)
def test_command_that_cannot_be_served_is_refused_at_once_and_is_the_decision(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], reason: str
) -> None:
    played = market(*flat(4)).play([alert(1), alert(2, "exit", None)], commanding(name, *args, **kwargs))
    answer = played.plugin().answer
    assert isinstance(answer, Refused)
    assert answer.reason == reason
    assert played.outcomes[1] == ("refused", reason)


def test_plugin_cannot_close_the_ticket_of_another() -> None:
    plugins = [PluginConfig("one", "plain"), PluginConfig("two", "commands")]
    alerts = [alert(1, plugin_hint="one"), alert(2, "exit", None, plugin_hint="two")]
    played = market(*flat(4)).play(alerts, Plain, commanding("close_order", 1), plugins=plugins)
    assert played.outcomes[1] == ("refused", "unknown_ticket")
    assert [f.exit_reason for f in played.record.fills] == ["end_of_data"]


def test_one_ticket_is_closed_by_its_number() -> None:
    alerts = [alert(1), alert(2), alert(3, "exit", None)]
    played = market(*flat(6)).play(alerts, commanding("close_order", 2, "manual"))
    assert [(f.ticket, f.exit_reason) for f in played.record.fills] == [(2, "manual"), (1, "end_of_data")]


def test_open_trades_are_the_brokers_tickets() -> None:
    class Asks(Plain):
        info = PluginInfo(strategy="asks")

        async def process_exit_signal(self, alert: Alert) -> None:
            engine: Any = self.api.clock
            self.open = [t.id for t in engine.open_trades]
            self.mine = [t.id for t in self.api.get_open_trades()]

    plugin = market(*flat(6)).play([alert(1), alert(2), alert(3, "exit", None)], Asks).plugin()
    assert plugin.open == plugin.mine == [1, 2]


# --- what is written down ---------------------------------------------------------------------------------------------


def test_journal_has_alert_fill_and_close_with_the_instant_at_which_each_was_known() -> None:
    played = market(*flat(4)).play([alert(1.05), alert(2, "exit", None)], Plain)
    found = [(kind, ns) for ns, kind, _ in played.record.journal]
    assert found == [
        ("alert", minute(1.05)),
        ("filled", minute(1.05)),
        ("alert", minute(2)),
        ("closed", minute(2)),
        ("filled", minute(2)),
    ]


def test_journal_never_runs_backwards() -> None:
    series = [bars(*flat(9)), bars(*flat(3, 150_000), symbol="USDJPY", timeframe="5m")]
    alerts = [alert(n / 3, symbol=("EURUSD", "USDJPY")[n % 2], id=f"a{n}") for n in range(20)]
    times = [ns for ns, _, _ in Market(series).play(alerts, Plain).record.journal]
    assert times == sorted(times)


def test_balance_starts_with_the_deposit_before_everything() -> None:
    played = market(*flat(4)).play([alert(1), alert(2, "exit", None)], Plain)
    assert played.record.balances[0] == (minute(1), 1_000_000)  # with the first alert; bars before it are history
    assert played.record.start_ns == minute(1)
    assert played.record.balances[1] == (minute(2), 1_000_000 - 100)  # 10 points of spread, 10 cents a point


def test_replay_of_no_alert_at_all_is_an_empty_run() -> None:
    record = market(*flat(4)).play([], Plain).record
    assert (record.fills, record.orders, record.decisions) == ([], [], [])


def test_progress_ends_at_the_total() -> None:
    seen: list[tuple[int, int]] = []
    simulation = market(*flat(4)).prepare(Plain)
    simulation.run([alert(1), alert(2)], progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (2, 2)

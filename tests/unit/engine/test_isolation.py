"""A broken strategy costs its own alert, never the run; what it had open keeps its stops."""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tests.world import FLAT, Market, alert, bars, flat, market, minute
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.engine import MAX_FAILURES
from zepix.errors import StrategyError, WouldBlockError
from zepix.model import Alert, Decision, OrderFilled, TicketClosed, TimerFired

FALL = (110_000, 110_000, 109_400, 109_500)


class Picky(Strategy):
    """Buys with a stop 50 points below; raises on alerts whose comment says so."""

    info = PluginInfo(strategy="picky")

    async def process_entry_signal(self, alert: Alert) -> None:
        if alert.comment == "bad":
            raise ValueError("cannot read this alert")
        await self.api.orders.place_order(alert.symbol, "buy", 0.1, sl=1.0995)


def bad(at: float) -> Alert:
    return alert(at, comment="bad")


def test_one_alert_that_raises_is_an_error_and_the_run_goes_on() -> None:
    played = market(*flat(6)).play([alert(1), bad(2), alert(3)], Picky)
    assert played.outcomes == [("filled", ""), ("error", "strategy_error"), ("filled", "")]
    assert len(played.record.fills) == 2
    assert played.record.counts["strategy_errors"] == 1


def test_error_says_plugin_handler_and_exception_in_decision_and_journal() -> None:
    played = market(*flat(6)).play([bad(2)], Picky)
    (row,) = played.record.decisions
    for said in (row.numbers["detail"], played.lines("error")[0][1]["error"]):
        assert "cannot read this alert" in said
    ((when, line),) = played.lines("error")
    assert when == minute(2)
    assert (line["plugin"], line["what"]) == ("picky", "process_entry_signal")


class BadBars(Picky):
    """Its alerts are well; its bars always raise."""

    info = PluginInfo(strategy="bad_bars")

    async def on_start(self) -> None:
        self.api.market.subscribe("EURUSD", "1m")

    async def on_bar(self, bar: object) -> None:
        raise ValueError("no bar for me")


def test_alerts_that_go_well_do_not_excuse_a_hook_that_always_raises() -> None:
    played = market(*flat(12)).play([alert(n + 0.5) for n in range(1, 9)], BadBars)
    assert not played.plugin().enabled
    (line,) = played.lines("disabled")
    assert line[1]["failures"] == MAX_FAILURES


def test_other_plugins_go_on_where_one_is_disabled() -> None:
    plugins = [PluginConfig("one", "picky"), PluginConfig("two", "picky")]
    alerts = [alert(n, comment="bad", plugin_hint="one") for n in range(1, 7)] + [alert(7, plugin_hint="two")]
    played = market(*flat(10)).play(alerts, Picky, plugins=plugins)
    assert not played.plugin("one").enabled
    assert played.plugin("two").enabled
    assert played.outcomes[-1] == ("filled", "")


def test_five_in_a_row_disable_and_the_next_alert_is_refused() -> None:
    assert MAX_FAILURES == 5
    played = market(*flat(12)).play([bad(n) for n in range(1, 6)] + [alert(6)], Picky)
    assert played.outcomes == [("error", "strategy_error")] * 5 + [("refused", "plugin_disabled")]
    ((when, line),) = played.lines("disabled")
    assert when == minute(5)
    assert line["plugin"] == "picky"
    assert played.record.plugins[0]["enabled"] is False


def test_four_in_a_row_then_a_good_one_start_the_count_anew() -> None:
    alerts = [*(bad(n) for n in range(1, 5)), alert(5), *(bad(n) for n in range(6, 10)), alert(10)]
    played = market(*flat(12)).play(alerts, Picky)
    assert played.plugin().enabled
    assert played.outcomes[-1] == ("filled", "")


def test_open_ticket_of_a_disabled_plugin_keeps_its_stop_and_closes_by_it() -> None:
    prices = market(*flat(9), FALL, FLAT)
    played = prices.play([alert(1), *(bad(n) for n in range(2, 7))], Picky)
    assert not played.plugin().enabled
    (fill,) = played.record.fills
    assert (fill.exit_reason, fill.exit_points, fill.exit_ns) == ("sl", 109_950, minute(10))


def test_exit_alert_for_a_disabled_plugin_closes_its_ticket() -> None:
    class Leaver(Picky):
        info = PluginInfo(strategy="leaver")

        async def process_exit_signal(self, alert: Alert) -> None:
            await self.api.orders.close_positions(alert.symbol)

    alerts = [alert(1), *(bad(n) for n in range(2, 7)), alert(7, "exit", None)]
    played = market(*flat(9)).play(alerts, Leaver)
    assert not played.plugin().enabled
    assert played.outcomes[-1] == ("closed", "")
    assert [f.exit_reason for f in played.record.fills] == ["signal"]


def test_the_handler_that_failed_is_not_called_again() -> None:
    class BadExits(Picky):
        info = PluginInfo(strategy="bad_exits")
        called: int = 0

        async def process_exit_signal(self, alert: Alert) -> None:
            self.called += 1
            raise ValueError("no exit for me")

    played = market(*flat(12)).play([alert(n, "exit", None) for n in range(1, 9)], BadExits)
    assert played.plugin().called == MAX_FAILURES
    assert played.outcomes[-1] == ("refused", "plugin_disabled")


def test_hooks_of_a_disabled_plugin_manage_its_tickets_on() -> None:
    """A stop that the strategy itself moves; what it would open is refused."""

    class Mover(Picky):
        info = PluginInfo(strategy="mover")

        async def on_start(self) -> None:
            self.api.set_timer(minute(8))

        async def on_timer(self, event: TimerFired) -> None:
            (ticket,) = self.api.orders.open_tickets("EURUSD")
            await self.api.orders.modify_order(ticket.id, sl=1.0999)
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

    played = market(*flat(9), FALL, FLAT).play([alert(1), *(bad(n) for n in range(2, 7))], Mover)
    assert not played.plugin().enabled
    (fill,) = played.record.fills
    assert (fill.exit_reason, fill.exit_points) == ("sl", 109_990)


def test_disabled_plugin_orders_nothing_more() -> None:
    class Timed(Picky):
        info = PluginInfo(strategy="timed")

        async def on_start(self) -> None:
            self.api.set_timer(minute(8))

        async def on_timer(self, event: TimerFired) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

    played = market(*flat(12)).play([bad(n) for n in range(1, 6)], Timed)
    assert not played.plugin().enabled
    assert played.record.orders == []


# --- answers ------------------------------------------------------------------------------------------------------


def answering(answer: Any) -> type[Strategy]:
    class Answers(Strategy):
        info = PluginInfo(strategy="answers")

        async def process_entry_signal(self, alert: Alert) -> Any:
            return answer

    return Answers


ANSWERS = {
    "nothing_was_done": (None, ("ignored", "plugin_returned_none")),
    "refused_with_a_word": (Decision.refused("trend_against"), ("refused", "trend_against")),
    "information": (Decision.info("noted"), ("info", "noted")),
    "text": ("ok", ("error", "bad_answer")),
    "truth": (True, ("error", "bad_answer")),
    "a_dictionary": ({"status": "success"}, ("error", "bad_answer")),
}


@pytest.mark.parametrize(("answer", "outcome"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_handler_returns_becomes_the_outcome(answer: Any, outcome: tuple[str, str]) -> None:
    assert market(*flat(3)).play([alert(1)], answering(answer)).outcomes == [outcome]


class Honest(Strategy):
    """Says itself that it failed, where a comment says so."""

    info = PluginInfo(strategy="honest")

    async def process_entry_signal(self, alert: Alert) -> Any:
        return {"bad": Decision("error", "no_feed"), "text": "ok"}.get(alert.comment)


@pytest.mark.parametrize("comment", ["bad", "text"])
def test_five_answers_in_a_row_that_say_error_disable_like_exceptions(comment: str) -> None:
    """zepix-rules 11.4: errors returned as a status count too; so does an answer that is none."""
    alerts = [alert(n, comment=comment) for n in range(1, 6)]
    played = market(*flat(12)).play([*alerts, alert(6)], Honest)
    reason = {"bad": "no_feed", "text": "bad_answer"}[comment]
    assert played.outcomes == [("error", reason)] * 5 + [("refused", "plugin_disabled")]
    assert len(played.lines("disabled")) == 1 and len(played.lines("error")) == 5
    assert reason in played.lines("error")[0][1]["error"]


def test_an_answer_that_is_well_starts_the_count_of_answers_anew() -> None:
    alerts = [alert(n, comment="" if n == 5 else "bad") for n in range(1, 10)]
    assert market(*flat(12)).play(alerts, Honest).plugin().enabled


def test_answers_and_exceptions_of_one_handler_count_together() -> None:
    class Both(Honest):
        info = PluginInfo(strategy="both")

        async def process_entry_signal(self, alert: Alert) -> Any:
            if alert.comment == "raise":
                raise ValueError("no feed")
            return await super().process_entry_signal(alert)

    alerts = [alert(n, comment="bad" if n % 2 else "raise") for n in range(1, 6)]
    assert not market(*flat(12)).play(alerts, Both).plugin().enabled


def test_numbers_of_a_decision_stand_in_its_row() -> None:
    played = market(*flat(3)).play([alert(1)], answering(Decision.refused("spread", spread_pips=3.5)))
    assert played.record.decisions[0].numbers["spread_pips"] == 3.5


def test_order_raised_before_the_exception_is_kept_and_the_decision_is_an_error() -> None:
    class Half(Strategy):
        info = PluginInfo(strategy="half")

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order(alert.symbol, "buy", 0.1)
            raise RuntimeError("after the order")

    played = market(*flat(3)).play([alert(1)], Half)
    assert played.outcomes == [("error", "strategy_error")]
    assert [f.exit_reason for f in played.record.fills] == ["end_of_data"]


def test_waiting_for_the_outside_is_would_block_and_names_the_line() -> None:
    class Sleeper(Strategy):
        info = PluginInfo(strategy="sleeper")

        async def process_entry_signal(self, alert: Alert) -> None:
            await asyncio.sleep(0)

    played = market(*flat(3)).play([alert(1)], Sleeper)
    assert played.outcomes == [("error", "would_block")]
    assert "test_isolation.py:" in played.record.decisions[0].numbers["detail"]
    assert isinstance(played.simulation.engine.errors[0], WouldBlockError)


def failing(raised: Callable[[], object]) -> type[Strategy]:
    class Fails(Strategy):
        info = PluginInfo(strategy="fails")

        async def process_entry_signal(self, alert: Alert) -> None:
            raised()

    return Fails


@pytest.mark.parametrize(
    "raised",
    [
        lambda: 1 / 0,
        lambda: dict[int, int]()[1],
        lambda: getattr(None, "sl"),  # noqa: B009 - what a strategy's typing error does
        lambda: (_ for _ in ()).throw(RecursionError("too deep")),
        lambda: (_ for _ in ()).throw(MemoryError()),
    ],
    ids=["division", "key", "attribute", "recursion", "memory"],
)
def test_any_exception_is_isolated(raised: Callable[[], object]) -> None:
    assert market(*flat(3)).play([alert(1)], failing(raised)).outcomes == [("error", "strategy_error")]


def test_strategy_that_exits_is_isolated_too() -> None:
    assert market(*flat(3)).play([alert(1)], failing(lambda: sys.exit("bye"))).outcomes == [("error", "strategy_error")]


# --- in hooks -----------------------------------------------------------------------------------------------------


def test_hook_that_raises_is_noted_and_the_ticket_lives_on() -> None:
    class BadHook(Picky):
        info = PluginInfo(strategy="bad_hook")

        async def on_fill(self, event: OrderFilled) -> None:
            raise ValueError("in my hook")

    played = market(*flat(3), FALL).play([alert(1)], BadHook)
    assert played.outcomes == [("filled", "")]
    assert [f.exit_reason for f in played.record.fills] == ["sl"]
    (error,) = played.simulation.engine.errors
    assert isinstance(error, StrategyError)
    assert (error.plugin_id, error.what) == ("bad_hook", "on_fill")


def test_exception_in_on_ticket_closed_does_not_swallow_on_sl_hit() -> None:
    class Both(Picky):
        info = PluginInfo(strategy="both")
        hit = False

        async def on_ticket_closed(self, event: TicketClosed) -> None:
            raise ValueError("first hook")

        async def on_sl_hit(self, event: TicketClosed) -> None:
            type(self).hit = True

    market(*flat(3), FALL).play([alert(1)], Both)
    assert Both.hit


def test_exception_in_on_start_and_on_stop_is_noted() -> None:
    class Shaky(Picky):
        info = PluginInfo(strategy="shaky")

        async def on_start(self) -> None:
            raise ValueError("start")

        async def on_stop(self) -> None:
            raise ValueError("stop")

    played = market(*flat(3)).play([alert(1)], Shaky)
    assert played.outcomes == [("filled", "")]
    assert [e.what for e in played.simulation.engine.errors] == ["on_start", "on_stop"]


# --- what a strategy may ask for by mistake -------------------------------------------------------------------------


def ordering(**wanted: Any) -> type[Strategy]:
    class Orders(Strategy):
        info = PluginInfo(strategy="orders")
        under_way: int = 0

        async def process_entry_signal(self, alert: Alert) -> None:
            given: dict[str, Any] = {"side": "buy", "volume": 0.1} | wanted
            await self.api.orders.place_order("EURUSD", **given)

        async def process_signal(self, alert: Alert) -> Decision:
            return Decision.info(under_way=len(self.api.orders.under_way()))

    return Orders


@pytest.mark.parametrize("wanted", [{"sl": math.nan}, {"tp": math.inf}, {"sl_offset": math.nan}], ids=str)
def test_level_that_is_no_number_is_an_error_and_no_order(wanted: dict[str, float]) -> None:
    played = market(*flat(3)).play([alert(1)], ordering(**wanted))
    assert played.outcomes == [("error", "strategy_error")]
    assert played.record.orders == []


@pytest.mark.parametrize("volume", [math.nan, math.inf, "a lot"], ids=str)
def test_volume_that_is_no_number_is_an_error_and_leaves_nothing_under_way(volume: Any) -> None:
    played = market(*flat(4)).play([alert(1), alert(2, "trend", None)], ordering(volume=volume))
    assert played.outcomes[0] == ("error", "strategy_error")
    assert played.record.decisions[1].numbers["under_way"] == 0
    assert played.record.orders == []


@pytest.mark.parametrize("side", ["BUY", "Buy", "long", "LONG"])
def test_side_in_another_spelling_never_trades_the_other_way(side: str) -> None:
    played = market(*flat(3)).play([alert(1)], ordering(side=side))
    assert [o.side for o in played.record.orders if o.status == "filled"] in ([], [1])


@pytest.mark.parametrize("call", ["close_positions", "open_tickets", "price"])
def test_side_in_another_spelling_never_means_the_other_side(call: str) -> None:
    class Asks(Strategy):
        info = PluginInfo(strategy="asks")

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

        async def process_exit_signal(self, alert: Alert) -> Decision | None:
            orders, name = self.api.orders, "BUY"
            if call == "close_positions":
                await orders.close_positions("EURUSD", name)
                return None
            if call == "open_tickets":
                return Decision.info(tickets=len(orders.open_tickets("EURUSD", name)), price=1.10010)
            return Decision.info(tickets=1, price=self.api.market.price("EURUSD", name))

    played = market(*flat(5)).play([alert(1), alert(2, "exit", None)], Asks)
    row = played.record.decisions[1]
    right = row.outcome == "closed" or (row.numbers.get("tickets"), row.numbers.get("price")) == (1, 1.10010)
    assert right or row.outcome == "error"


def test_absurdly_far_stop_does_not_end_the_run() -> None:
    played = market(*flat(3)).play([alert(1)], ordering(side="sell", sl=1e30))
    assert len(played.outcomes) == 1


def test_two_symbols_keep_their_own_errors() -> None:
    series = [bars(*flat(4)), bars(*flat(4, 127_000), symbol="GBPUSD")]
    played = Market(series).play([bad(1), alert(1, symbol="GBPUSD", id="g")], Picky)
    assert [row.outcome for row in played.record.decisions] == ["error", "filled"]

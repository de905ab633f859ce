"""What a strategy may do by mistake without end, or in words that nobody knows: each has a limit or an answer."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.world import alert, flat, market
from zepix.engine import PluginInfo, Strategy
from zepix.engine.engine import MAX_FAILURES
from zepix.journal.digest import digest
from zepix.model import Alert, BarClosed, Decision, OrderRefused, TicketClosed, TimerFired
from zepix.model.ticket import EXIT_REASONS

MINUTE_NS = 60e9
"""As users write it: a float."""


def test_timer_of_a_float_time_keeps_the_runs_time_whole() -> None:
    class Later(Strategy):
        info = PluginInfo(strategy="later")

        async def process_entry_signal(self, alert: Alert) -> None:
            at_ns: Any = self.api.now_ns + MINUTE_NS
            self.api.set_timer(at_ns)

        async def on_timer(self, event: TimerFired) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

    played = market(*flat(5)).play([alert(1)], Later)
    assert [type(o.decided_ns) for o in played.record.orders] in ([int], [])
    assert len(digest(played.record)) == 64


@pytest.mark.parametrize("at_ns", [math.nan, math.inf], ids=str)
def test_timer_of_no_time_is_the_strategys_error(at_ns: Any) -> None:
    class Odd(Strategy):
        info = PluginInfo(strategy="odd")

        async def process_entry_signal(self, alert: Alert) -> None:
            self.api.set_timer(at_ns)

    outcomes = market(*flat(5)).play([alert(1)], Odd).outcomes
    assert outcomes == [("error", "strategy_error")]


def test_retry_at_once_after_a_refusal_ends() -> None:
    class Retries(Strategy):
        info = PluginInfo(strategy="retries")
        asked = 0

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 99)

        async def on_order_refused(self, event: OrderRefused) -> None:
            self.api.set_timer(self.api.now_ns)

        async def on_timer(self, event: TimerFired) -> None:
            type(self).asked += 1
            if self.asked < 2_000:  # the test's own end of it
                await self.api.orders.place_order("EURUSD", "buy", 99)

    market(*flat(3)).play([alert(1)], Retries)
    assert Retries.asked < 2_000


def test_disabled_plugin_is_not_called_again() -> None:
    class Fails(Strategy):
        info = PluginInfo(strategy="fails")

        async def on_start(self) -> None:
            self.api.market.subscribe("EURUSD", "1m")

        async def on_bar(self, event: BarClosed) -> None:
            raise ValueError("every bar")

    played = market(*flat(100)).play([alert(50)], Fails)
    assert not played.plugin().enabled
    assert len(played.simulation.engine.errors) == MAX_FAILURES


def test_many_answers_side_by_side_are_no_chain() -> None:
    class Reenters(Strategy):
        info = PluginInfo(strategy="reenters")

        async def process_entry_signal(self, alert: Alert) -> None:
            for _ in range(70):
                await self.api.orders.place_order("EURUSD", "buy", 0.01)

        async def process_exit_signal(self, alert: Alert) -> None:
            await self.api.orders.close_positions("EURUSD")

        async def on_ticket_closed(self, event: TicketClosed) -> None:
            if event.fill.exit_reason == "signal":
                await self.api.orders.place_order("EURUSD", "buy", 0.01)

    played = market(*flat(6)).play([alert(1), alert(3, "exit", None)], Reenters)
    assert played.simulation.engine.errors == []
    assert len(played.record.fills) == 140


@pytest.mark.parametrize("reason", ["sl", "because I say so", ""], ids=["stop", "free_text", "nothing"])
def test_close_for_a_reason_that_is_none_of_the_signals_is_not_booked_as_such(reason: str) -> None:
    class Closes(Strategy):
        info = PluginInfo(strategy="closes")
        hit = False

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

        async def process_exit_signal(self, alert: Alert) -> None:
            await self.api.orders.close_positions("EURUSD", reason=reason)

        async def on_sl_hit(self, event: TicketClosed) -> None:
            type(self).hit = True

    played = market(*flat(6)).play([alert(1), alert(3, "exit", None)], Closes)
    (fill,) = played.record.fills
    assert fill.exit_reason in set(EXIT_REASONS) - {"sl", "tp"}
    assert not Closes.hit


def test_absurd_volume_is_too_large() -> None:
    class Huge(Strategy):
        info = PluginInfo(strategy="huge")

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 1e30)

    assert market(*flat(3)).play([alert(1)], Huge).outcomes == [("refused", "volume_too_large")]


@pytest.mark.parametrize("direction", [0, 2, -7], ids=str)
def test_watch_in_no_direction_is_the_strategys_error(direction: int) -> None:
    class Watches(Strategy):
        info = PluginInfo(strategy="watches")

        async def process_entry_signal(self, alert: Alert) -> Decision:
            self.api.market.watch_price("EURUSD", 1.2, direction)
            return Decision.info()

    assert market(*flat(3)).play([alert(1)], Watches).outcomes == [("error", "strategy_error")]


@pytest.mark.parametrize("price", [1e30, 1e300], ids=str)
def test_watch_beyond_all_prices_never_wakes_and_is_no_error(price: float) -> None:
    class Watches(Strategy):
        info = PluginInfo(strategy="watches")

        async def process_entry_signal(self, alert: Alert) -> Decision:
            self.api.market.watch_price("EURUSD", price, 1)
            return Decision.info("watching")

    assert market(*flat(3)).play([alert(1)], Watches).outcomes == [("info", "watching")]

"""Hooks: which one is called, when, with what; and what becomes of commands raised in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import FLAT, T0, Quad, alert, flat, market, minute
from zepix.engine import PluginInfo, Strategy
from zepix.errors import StrategyError, ZepixError
from zepix.model import Alert, Decision, FillModel, OrderCancelled, OrderFilled, OrderRefused, TicketClosed

# A buy at minute 1 fills at 110_010 (the ask); its stop is 109_950, its target 110_060, both on the bid.
STOPPED: Quad = (110_000, 110_000, 109_940, 109_990)
REACHED: Quad = (110_000, 110_070, 110_000, 110_050)
GAPPED: Quad = (109_900, 109_900, 109_900, 109_900)


class Watcher(Strategy):
    """Buys on an entry with a stop and a target, closes on an exit, and writes down every hook with its instant."""

    info = PluginInfo(strategy="watcher")
    volume: float = 0.1

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.heard: list[tuple[str, float]] = []
        self.events: list[Any] = []

    def hear(self, name: str, event: Any = None) -> None:
        self.heard.append((name, (self.api.now_ns - T0) / 60e9))
        self.events.append(event)

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order("EURUSD", "buy", self.volume, sl=1.0995, tp=1.1006)

    async def process_exit_signal(self, alert: Alert) -> None:
        await self.api.orders.close_positions("EURUSD")

    async def on_start(self) -> None:
        self.hear("on_start")

    async def on_stop(self) -> None:
        self.hear("on_stop")

    async def on_fill(self, event: OrderFilled) -> None:
        self.hear("on_fill", event)

    async def on_order_refused(self, event: OrderRefused) -> None:
        self.hear("on_order_refused", event)

    async def on_order_cancelled(self, event: OrderCancelled) -> None:
        self.hear("on_order_cancelled", event)

    async def on_ticket_closed(self, event: TicketClosed) -> None:
        self.hear("on_ticket_closed", event)

    async def on_sl_hit(self, event: TicketClosed) -> None:
        self.hear("on_sl_hit", event)

    async def on_tp_hit(self, event: TicketClosed) -> None:
        self.hear("on_tp_hit", event)


CASES: dict[str, tuple[list[Quad], list[Alert], list[tuple[str, float]]]] = {
    "stop_in_the_range_is_heard_at_the_bars_end": (
        [*flat(2), STOPPED, FLAT],
        [alert(1)],
        [("on_fill", 1), ("on_ticket_closed", 3), ("on_sl_hit", 3)],
    ),
    "stop_gapped_through_is_heard_at_the_open": (
        [*flat(2), GAPPED, FLAT],
        [alert(1)],
        [("on_fill", 1), ("on_ticket_closed", 2), ("on_sl_hit", 2)],
    ),
    "target_is_on_tp_hit": (
        [*flat(2), REACHED, FLAT],
        [alert(1)],
        [("on_fill", 1), ("on_ticket_closed", 3), ("on_tp_hit", 3)],
    ),
    "close_by_signal_is_neither_stop_nor_target": (
        flat(4),
        [alert(1), alert(2, "exit", None)],
        [("on_fill", 1), ("on_ticket_closed", 2)],
    ),
    "end_of_data_is_a_close": (flat(3), [alert(1)], [("on_fill", 1), ("on_ticket_closed", 3)]),
    "entry_that_waits_fills_at_the_next_open": (
        flat(4),
        [alert(1.5)],
        [("on_fill", 2), ("on_ticket_closed", 4)],
    ),
}


@pytest.mark.parametrize(("quads", "alerts", "heard"), CASES.values(), ids=CASES)
def test_hooks_in_their_order_with_their_instants(
    quads: list[Quad], alerts: list[Alert], heard: list[tuple[str, float]]
) -> None:
    plugin = market(*quads).play(alerts, Watcher).plugin()
    assert plugin.heard[1:-1] == heard
    assert plugin.heard[0] == ("on_start", 0)
    assert plugin.heard[-1][0] == "on_stop"


def test_fill_brings_order_and_ticket() -> None:
    plugin = market(*flat(3)).play([alert(1, id="a1")], Watcher).plugin()
    filled = plugin.events[1]
    assert (filled.order.status, filled.order.alert_id) == ("filled", "a1")
    assert (filled.ticket.entry_points, filled.ticket.sl, filled.ticket.tp) == (110_010, 109_950, 110_060)
    assert filled.ts_event_ns == filled.ts_recv_ns == minute(1)


def test_graced_fill_carries_the_opens_time_and_is_known_later() -> None:
    plugin = market(*flat(3)).play([alert(1.05)], Watcher).plugin()
    filled = plugin.events[1]
    assert (filled.ts_event_ns, filled.ts_recv_ns) == (minute(1), minute(1.05))


def test_refusal_is_heard_with_its_reason() -> None:
    plugin = market(*flat(3)).play([alert(1)], Watcher, volume=60.0).plugin()
    refused = plugin.events[plugin.heard.index(("on_order_refused", 1.0))]
    assert refused.order.reason == "volume_too_large"


def test_order_under_way_at_the_end_is_heard_as_cancelled() -> None:
    plugin = market(*flat(3), fill=FillModel(latency_ms=600_000)).play([alert(1)], Watcher).plugin()
    cancelled = plugin.events[plugin.heard.index(("on_order_cancelled", 3.0))]
    assert cancelled.order.reason == "end_of_data"


def test_close_by_signal_is_heard_once_as_the_tickets_close_and_not_as_a_fill() -> None:
    plugin = market(*flat(4)).play([alert(1), alert(2, "exit", None)], Watcher).plugin()
    assert [name for name, _ in plugin.heard].count("on_fill") == 1
    closed = plugin.events[plugin.heard.index(("on_ticket_closed", 2.0))]
    assert (closed.fill.exit_reason, closed.ticket.is_open) == ("signal", False)


def test_hooks_of_one_plugin_are_not_called_for_tickets_of_another() -> None:
    class Other(Watcher):
        info = PluginInfo(strategy="other")

    played = market(*flat(4)).play([alert(1, strategy="watcher")], Watcher, Other)
    assert [name for name, _ in played.plugin("other").heard] == ["on_start", "on_stop"]


# --- commands raised in hooks --------------------------------------------------------------------------------------


class Reenters(Strategy):
    """Buys again, without a stop, as soon as its first ticket is stopped out."""

    info = PluginInfo(strategy="reenters")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order("EURUSD", "buy", 0.1, sl=1.0995, tp=1.1006)

    async def on_sl_hit(self, event: TicketClosed) -> None:
        await self.api.orders.place_order("EURUSD", "buy", 0.1)


def entries(quads: list[Quad | None], **fill: Any) -> list[tuple[float, int]]:
    played = market(*quads, fill=FillModel(**fill)).play([alert(1)], Reenters)
    return [((f.entry_ns - T0) / 60e9, f.entry_points) for f in sorted(played.record.fills)]


AFTER: Quad = (109_980, 109_990, 109_970, 109_985)


def test_reentry_after_a_stop_in_the_range_fills_at_the_open_that_follows_at_once() -> None:
    assert entries([*flat(2), STOPPED, AFTER, FLAT]) == [(1, 110_010), (3, 109_990)]


def test_reentry_after_a_gapped_stop_fills_at_that_very_open() -> None:
    assert entries([*flat(2), GAPPED, FLAT]) == [(1, 110_010), (2, 109_910)]


def test_reentry_where_the_next_bar_is_missing_waits_for_the_next_open() -> None:
    assert entries([*flat(2), STOPPED, None, None, AFTER]) == [(1, 110_010), (5, 109_990)]


def test_reentry_with_latency_fills_at_the_first_open_after_it() -> None:
    assert entries([*flat(2), STOPPED, AFTER, FLAT, FLAT], latency_ms=6_000) == [(2, 110_010), (4, 110_010)]


def test_reentry_over_the_end_of_the_session_is_market_closed() -> None:
    quads: list[Quad | None] = [*flat(2), STOPPED, *[None] * 30, FLAT]
    played = market(*quads).play([alert(1)], Reenters)
    assert [(o.status, o.reason) for o in played.record.orders] == [("filled", ""), ("refused", "market_closed")]


def test_order_of_a_hook_belongs_to_the_alert_of_its_ticket() -> None:
    played = market(*flat(2), STOPPED, AFTER, FLAT).play([alert(1, id="a1")], Reenters)
    assert [o.alert_id for o in played.record.orders] == ["a1", "a1"]
    assert [(d.alert_id, d.outcome) for d in played.record.decisions] == [("a1", "filled")]


def test_what_a_strategy_orders_when_the_data_end_is_answered() -> None:
    class Insists(Reenters):
        info = PluginInfo(strategy="insists")

        async def on_ticket_closed(self, event: TicketClosed) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

    played = market(*flat(3)).play([alert(1)], Insists)
    late = played.record.orders[1]
    assert (late.status, late.reason) in (("cancelled", "end_of_data"), ("refused", "market_closed"))


# --- chains -------------------------------------------------------------------------------------------------------


class Chain(Strategy):
    """Every fill raises the next order, at the same instant."""

    info = PluginInfo(strategy="chain")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order("EURUSD", "buy", 0.01)

    async def on_fill(self, event: OrderFilled) -> None:
        await self.api.orders.place_order("EURUSD", "buy", 0.01)

    async def process_signal(self, alert: Alert) -> Decision:
        return Decision.info(under_way=len(self.api.orders.under_way()))


class Branches(Strategy):
    """Every fill raises two more, at the same instant: few links from the first to the last, but many answers."""

    info = PluginInfo(strategy="branches")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order("EURUSD", "buy", 0.01)

    async def on_fill(self, event: OrderFilled) -> None:
        for _ in range(2):
            await self.api.orders.place_order("EURUSD", "buy", 0.01)


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_chain_that_branches_ends_too(broker: str) -> None:
    if broker == "backtrader":
        pytest.importorskip("backtrader")
    played = market(*flat(3), broker=broker).play([alert(1)], Branches)
    assert "over 1024 commands" in str(played.simulation.engine.errors[0])
    assert len(played.record.fills) < 1100


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_endless_chain_at_one_instant_ends_in_an_error_that_names_it(broker: str) -> None:
    if broker == "backtrader":
        pytest.importorskip("backtrader")
    played = market(*flat(3), broker=broker).play([alert(1)], Chain)
    (error,) = played.simulation.engine.errors
    assert isinstance(error, StrategyError)
    assert isinstance(error.cause, ZepixError)
    assert "over 64 commands" in str(error)
    assert "market EURUSD by chain (order 66) <- market EURUSD by chain (order 65)" in str(error)
    assert len(played.record.fills) == 65  # the alert's own order, and 64 that answered one another


def test_command_that_ended_a_chain_is_not_under_way() -> None:
    played = market(*flat(5)).play([alert(1), alert(3, "trend", None)], Chain)
    assert played.record.decisions[1].numbers["under_way"] == 0


def test_chain_over_several_instants_is_no_chain() -> None:
    class EveryMinute(Chain):
        info = PluginInfo(strategy="every_minute")

        async def on_ticket_closed(self, event: TicketClosed) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.01)

        async def on_fill(self, event: OrderFilled) -> None:
            if event.ticket is not None:
                await self.api.orders.close_order(event.ticket.id)

    fill = FillModel(latency_ms=10_000, open_grace_ms=0)
    played = market(*flat(90), fill=fill).play([alert(0.5)], EveryMinute)
    assert len(played.record.fills) > 40
    assert played.simulation.engine.errors == []


def test_chain_that_branches_is_limited_too() -> None:
    class Doubles(Strategy):
        info = PluginInfo(strategy="doubles")
        asked = 0

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0)

        async def on_order_refused(self, event: OrderRefused) -> None:
            for _ in range(2):
                if type(self).asked < 2_000:  # the test's own end of it
                    type(self).asked += 1
                    await self.api.orders.place_order("EURUSD", "buy", 0)

    market(*flat(3)).play([alert(1)], Doubles)
    assert Doubles.asked < 2_000

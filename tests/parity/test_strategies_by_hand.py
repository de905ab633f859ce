"""When handlers run, and when what they raise acts: answers worked out by hand, in all three of zepix's simulators.

Each is a case in which the brokers once disagreed, or a rule that was settled then (docs/fills.md, "Time"). Prices are
points; EURUSD without a spread; a tenth of a lot is 0.10 USD a point. Minutes count from ``tests.world.T0``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from tests.parity.shadow import Stepwise, drive_stepwise
from tests.world import CATALOGUE, FLAT, Quad, alert, bars, flat, minute
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, FillModel, Order, Series
from zepix.research.simulate import Rules, Simulation

P = 1e-5
DIP: Quad = (110_000, 110_000, 109_700, 109_950)
RISE: Quad = (110_000, 110_600, 110_000, 110_000)
DROP: Quad = (109_800, 109_800, 109_800, 109_800)
Ticket = tuple[int, float, int, float, int, str]
"""(side, entry minute, entry points, exit minute, exit points, why)"""


@dataclass
class Done:
    fills: list[Ticket]
    orders: list[Order]
    plugin: Any
    errors: int

    @property
    def ends(self) -> list[tuple[str, str, str]]:
        return [(o.kind, o.status, o.reason) for o in self.orders]


@pytest.fixture(params=["shadow", "stepwise", "backtrader"])
def play(request: pytest.FixtureRequest) -> Callable[..., Done]:
    def run(
        cls: type[Strategy],
        series: Sequence[Series],
        *at: float,
        fill: FillModel | None = None,
        balance: int = 10_000,
    ) -> Done:
        return on(request.param, cls, series, [alert(m, id=f"a{m}") for m in at], fill or FillModel(), balance)

    return run


def on(
    broker: str, cls: type[Strategy], series: Sequence[Series], alerts: list[Alert], fill: Any, balance: int
) -> Done:
    registry = PluginRegistry(check_settings=complete_settings)
    registry.register(cls)
    prices = {s.symbol: s for s in series}
    stepwise = Stepwise(CATALOGUE, prices) if broker == "stepwise" else None
    rules = Rules(
        account=AccountSpec(Decimal(balance)),
        fill_model=replace(fill, slippage_points=0),
        costs="none",
        broker="backtrader" if broker == "backtrader" else "shadow",
    )
    plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, {})]
    form = None if stepwise is None else stepwise.step_form
    simulation = Simulation(prices, CATALOGUE, registry, plugins, rules, step_form=form)
    if stepwise is None:
        simulation.rules = replace(rules, broker="shadow")  # only ``_drive`` looks at it from here on
        simulation.run(alerts)
    else:
        drive_stepwise(simulation, stepwise, alerts)
    fills = [
        (f.side, _minute(f.entry_ns), f.entry_points, _minute(f.exit_ns), f.exit_points, f.exit_reason)
        for f in simulation.broker.book.fills
    ]
    plugin = next(iter(registry.get_all_plugins().values()))
    return Done(fills, simulation.engine.orders, plugin, len(simulation.engine.errors))


def _minute(t_ns: int) -> float:
    return (t_ns - minute(0)) / 60e9


def quiet(*quads: Quad) -> list[Series]:
    return [bars(*quads, spread=0)]


def ticks(*points: int) -> list[Series]:
    """A tick a minute."""
    made = bars(*((p, p, p, p) for p in points), spread=0)
    return [replace(made, timeframe="tick", timeframe_ns=0)]


class Noting(Strategy):
    """What the cases have in common: a list to note what was seen, and short words."""

    info = PluginInfo(strategy="noting")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.noted: list[Any] = []

    async def buy(self, volume: float = 0.1, **more: Any) -> int:
        return (await self.api.orders.place_order("EURUSD", "buy", volume, **more)).order_id

    async def sell(self, volume: float = 0.1, **more: Any) -> int:
        return (await self.api.orders.place_order("EURUSD", "sell", volume, **more)).order_id

    @property
    def tickets(self) -> list[Any]:
        return self.api.orders.open_tickets()


# --- handlers run right after their event ---------------------------------------------------------------------------


def test_a_fill_inside_a_bar_is_heard_before_the_stop_of_that_bar(play: Callable[..., Done]) -> None:
    class Adds(Noting):
        info = PluginInfo(strategy="adds")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy(order_type="limit", price=109_900 * P, sl=109_800 * P)

        async def on_fill(self, event: Any) -> None:
            if event.order.kind == "limit" and self.tickets:
                await self.buy()

    done = play(Adds, quiet(*flat(2), DIP, *flat(2)), 0)
    assert done.fills == [(1, 3, 109_900, 3, 109_800, "sl"), (1, 3, 110_000, 5, 110_000, "end_of_data")]


def test_stop_outs_are_heard_one_by_one(play: Callable[..., Done]) -> None:
    """300 USD, margin 110 a ticket; 1,300 points down leave 40 of 110 (half the margin), then 40 of 55."""

    class Counts(Noting):
        info = PluginInfo(strategy="counts")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy()
            await self.buy()

        async def on_ticket_closed(self, event: Any) -> None:
            self.noted.append((event.fill.ticket, event.fill.exit_reason, len(self.tickets)))

    done = play(Counts, quiet(*flat(2), (110_000, 110_000, 108_700, 109_000), *flat(2)), 0, balance=300)
    assert done.plugin.noted == [(1, "stop_out", 1), (2, "stop_out", 0)]


def test_an_exit_cancels_all_it_covers_before_anybody_hears(play: Callable[..., Done]) -> None:
    class Looks(Noting):
        info = PluginInfo(strategy="looks")

        async def process_entry_signal(self, alert: Alert) -> None:
            if alert.id == "a0":
                await self.buy(order_type="limit", price=109_000 * P)
                await self.buy(order_type="limit", price=108_000 * P)
            else:
                await self.api.orders.close_positions("EURUSD", "buy")

        async def on_order_cancelled(self, event: Any) -> None:
            self.noted.append((event.order.reason, len(self.api.orders.under_way())))

    assert play(Looks, quiet(*flat(4)), 0, 2).plugin.noted == [("exit", 0), ("exit", 0)]


def test_a_gap_that_is_answered_by_new_stops_closes_the_older_ticket_at_once(play: Callable[..., Done]) -> None:
    """Ticket 2 is gapped; its handler lifts the stops of the others: 1 has had its turn among the gaps, 3 has not."""

    class Lifts(Noting):
        info = PluginInfo(strategy="lifts")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy(0.1)
            await self.buy(0.2, sl=109_900 * P)
            await self.buy(0.3)

        async def on_sl_hit(self, event: Any) -> None:
            self.noted.append(event.fill.ticket)
            for ticket in self.tickets if event.fill.ticket == 2 else ():
                await self.api.orders.modify_order(ticket.id, sl=109_950 * P)

    done = play(Lifts, quiet(*flat(2), DROP, *flat(1)), 0)
    assert done.plugin.noted == [2, 1, 3]
    assert done.fills == [(1, 0, 110_000, 2, 109_800, "sl")] * 3


# --- what acts at once ----------------------------------------------------------------------------------------------


def test_two_timers_of_one_instant_and_one_ticket(play: Callable[..., Done]) -> None:
    class Once(Noting):
        info = PluginInfo(strategy="once")

        async def process_entry_signal(self, _: Alert) -> None:
            self.api.set_timer(minute(3), "one")
            self.api.set_timer(minute(3), "two")

        async def on_timer(self, _: Any) -> None:
            if not self.tickets:
                await self.buy()

    assert play(Once, quiet(*flat(5)), 0).fills == [(1, 3, 110_000, 5, 110_000, "end_of_data")]


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_two_bars_that_end_at_one_instant_and_one_ticket(broker: str) -> None:
    class OnBars(Noting):
        info = PluginInfo(strategy="onbars")

        async def on_start(self) -> None:
            self.api.market.subscribe("EURUSD", "1m")
            self.api.market.subscribe("EURUSD", "5m")

        async def on_bar(self, _: Any) -> None:
            if self.api.now_ns == minute(5) and not self.tickets:
                await self.buy()

    done = on(broker, OnBars, quiet(*flat(8)), [], FillModel(), 10_000)
    assert done.fills == [(1, 5, 110_000, 8, 110_000, "end_of_data")]


def test_a_stop_beyond_the_open_of_the_fill_that_answers_it(play: Callable[..., Done]) -> None:
    """The gaps of minute 3 are over when the second ticket opens there: its new stop fills at that very open."""

    class Tightens(Noting):
        info = PluginInfo(strategy="tightens")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy(sl=109_800 * P)

        async def on_sl_hit(self, event: Any) -> None:
            if event.fill.ticket == 1:
                await self.buy()

        async def on_fill(self, event: Any) -> None:
            if event.ticket.id == 2:
                await self.api.orders.modify_order(2, sl=110_100 * P)

    done = play(Tightens, quiet(*flat(2), DIP, *flat(2)), 0)
    assert done.fills == [(1, 0, 110_000, 3, 109_800, "sl"), (1, 3, 110_000, 3, 110_000, "sl")]


# --- groups, and what waits for other orders ------------------------------------------------------------------------


def test_an_order_that_joins_its_group_after_the_fill_is_a_new_chance(play: Callable[..., Done]) -> None:
    class Joins(Noting):
        info = PluginInfo(strategy="joins")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.sell(order_type="limit", price=111_000 * P, oco="g")
            await self.buy(oco="g")

        async def on_fill(self, event: Any) -> None:
            self.noted.append([o.id for o in self.api.orders.under_way()])
            if event.order.kind == "market":
                await self.sell(order_type="limit", price=110_500 * P, oco="g")

    done = play(Joins, quiet(*flat(3), RISE, *flat(1)), 0)
    assert done.ends == [("limit", "cancelled", "oco"), ("market", "filled", ""), ("limit", "filled", "")]
    assert done.plugin.noted == [[], []]
    assert done.fills == [(1, 0, 110_000, 5, 110_000, "end_of_data"), (-1, 4, 110_500, 5, 110_000, "end_of_data")]


def test_what_waited_for_a_fill_leaves_before_what_its_handler_raises(play: Callable[..., Done]) -> None:
    class Waits(Noting):
        info = PluginInfo(strategy="waits")

        async def process_entry_signal(self, _: Alert) -> None:
            first = await self.buy(0.01)
            await self.sell(0.02, after=[first])

        async def on_fill(self, event: Any) -> None:
            if event.order.id == 1:
                await self.buy(0.03)

    done = play(Waits, quiet(*flat(2)), 0)
    assert [(o.id, o.ticket) for o in done.orders] == [(1, 1), (2, 2), (3, 3)]
    assert [side for side, *_ in done.fills] == [1, -1, 1]


def test_what_waited_for_a_part_leaves_before_what_its_handler_raises(play: Callable[..., Done]) -> None:
    class Parts(Noting):
        info = PluginInfo(strategy="parts")

        async def process_entry_signal(self, alert: Alert) -> None:
            if alert.id == "a0":
                await self.buy(0.1)
                return
            close = (await self.api.orders.close_order_partial(1, 0.5)).order_id
            await self.sell(0.02, after=[close])

        async def on_ticket_closed(self, event: Any) -> None:
            if event.fill.part == 1 and event.fill.ticket == 1:
                await self.buy(0.03)

    done = play(Parts, quiet(*flat(4)), 0, 2)
    assert [(o.kind, o.side, o.ticket) for o in done.orders[2:]] == [("market", -1, 2), ("market", 1, 3)]


def test_an_order_may_wait_for_a_cancel(play: Callable[..., Done]) -> None:
    """A minute of latency: the cancel of minute 1 arrives at 2, the order leaves then and arrives at 3."""

    class AfterCancel(Noting):
        info = PluginInfo(strategy="aftercancel")

        async def process_entry_signal(self, alert: Alert) -> None:
            if alert.id == "a0":
                await self.buy(order_type="limit", price=109_000 * P)
            else:
                cancel = (await self.api.orders.cancel_orders("EURUSD", "buy")).order_id
                await self.sell(after=[cancel])

    done = play(AfterCancel, quiet(*flat(6)), 0, 1, fill=FillModel(latency_ms=60_000))
    assert done.fills == [(-1, 3, 110_000, 6, 110_000, "end_of_data")]


# --- price watches --------------------------------------------------------------------------------------------------


def test_a_watch_that_answers_a_gap_hears_that_open(play: Callable[..., Done]) -> None:
    class Reverses(Noting):
        info = PluginInfo(strategy="reverses")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy(sl=109_900 * P)

        async def on_sl_hit(self, _: Any) -> None:
            self.api.market.watch_price("EURUSD", 109_950 * P, -1)

        async def on_price(self, _: Any) -> None:
            await self.sell()

    done = play(Reverses, quiet(*flat(2), DROP, *flat(1)), 0)
    assert done.fills == [(1, 0, 110_000, 2, 109_800, "sl"), (-1, 2, 109_800, 4, 110_000, "end_of_data")]


def test_a_watch_set_when_the_watches_of_an_open_are_over_hears_the_bars_end(play: Callable[..., Done]) -> None:
    """The order of minute 1 fills at minute 2; the watch of its fill wakes at 3, the close arrives at 4."""

    class Late(Noting):
        info = PluginInfo(strategy="late")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy()

        async def on_fill(self, _: Any) -> None:
            self.api.market.watch_price("EURUSD", 110_000 * P, 1)

        async def on_price(self, _: Any) -> None:
            await self.api.orders.close_positions("EURUSD")

    done = play(Late, quiet(*flat(6)), 1, fill=FillModel(latency_ms=60_000))
    assert done.fills == [(1, 2, 110_000, 4, 110_000, "signal")]


def test_a_watch_set_after_the_end_of_a_tick_waits_for_the_next(play: Callable[..., Done]) -> None:
    class Ticks(Noting):
        info = PluginInfo(strategy="ticks")

        async def process_entry_signal(self, _: Alert) -> None:
            self.api.market.watch_price("EURUSD", 110_000 * P, 1)

        async def on_price(self, _: Any) -> None:
            self.noted.append(_minute(self.api.now_ns))

    assert play(Ticks, ticks(*[110_000] * 4), 1).plugin.noted == [2]


# --- several symbols, the end, no end -------------------------------------------------------------------------------


def test_a_close_of_named_orders_meets_each_symbols_own_open(play: Callable[..., Done]) -> None:
    class Both(Noting):
        info = PluginInfo(strategy="both")

        async def process_entry_signal(self, alert: Alert) -> None:
            if alert.id == "a0":
                self.ids = [await self.buy(), (await self.api.orders.place_order("USDJPY", "buy", 0.1)).order_id]
            else:
                await self.api.orders.close_positions("EURUSD", orders=self.ids)

    yen = bars(*[(150_000,) * 4] * 2, symbol="USDJPY", timeframe="5m", spread=0)
    done = play(Both, [*quiet(*flat(10)), yen], 0, 2.5)
    assert done.fills == [(1, 0, 110_000, 3, 110_000, "signal"), (1, 0, 150_000, 5, 150_000, "signal")]


def test_when_the_data_have_ended_the_market_is_closed(play: Callable[..., Done]) -> None:
    """Nothing leaves any more, and what a handler raises then is refused at once."""

    class Ends(Noting):
        info = PluginInfo(strategy="ends")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy()
            limit = await self.buy(order_type="limit", price=100_000 * P)
            await self.sell(after=[limit])

        async def on_ticket_closed(self, _: Any) -> None:
            answer = await self.api.orders.place_order("EURUSD", "buy", 0.1)
            self.noted.append((bool(answer), answer.reason, len(self.tickets)))

    done = play(Ends, quiet(*flat(3)), 0)
    assert done.plugin.noted == [(False, "market_closed", 0)]
    assert done.ends[1:] == [
        ("limit", "cancelled", "end_of_data"),
        ("market", "cancelled", "end_of_data"),
        ("market", "refused", "market_closed"),
    ]
    assert {o.decided_ns for o in done.orders[:3]} == {minute(0)}


def test_a_stop_out_answered_by_its_like_for_ever_is_an_error(play: Callable[..., Done]) -> None:
    """40 USD for 11 USD of margin, to be covered five times: each ticket is stopped out as the tick ends."""

    class Again(Noting):
        info = PluginInfo(strategy="again")

        async def process_entry_signal(self, _: Alert) -> None:
            await self.buy(0.01)

        async def on_ticket_closed(self, _: Any) -> None:
            await self.buy(0.01)

    done = play(Again, ticks(*[FLAT[0]] * 5), 1, fill=FillModel(stop_out_frac=5.0), balance=40)
    assert done.errors == 1
    assert max(order.depth for order in done.orders) == 64
    assert done.fills == [(1, 1, 110_000, 2, 110_000, "stop_out")] + [(1, 2, 110_000, 2, 110_000, "stop_out")] * 65

"""What a strategy may wait for besides alerts: a price, a time, the end of a bar. Nothing polls."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import MINUTE, T0, Market, Quad, alert, bars, flat, market, minute
from zepix.engine import PluginInfo, Strategy
from zepix.model import Alert, BarClosed, FillModel, OrderFilled, PriceReached, TicketClosed, TimerFired

H1 = 60 * MINUTE
FRIDAY_20H = T0 + 2 * 24 * H1 + 10 * H1
"""Friday, 8 March 2024, 20:00 UTC."""


class Listener(Strategy):
    info = PluginInfo(strategy="listener")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.heard: list[Any] = []

    @property
    def now(self) -> float:
        return (self.api.now_ns - T0) / MINUTE


# --- bars ---------------------------------------------------------------------------------------------------------


class BarListener(Listener):
    info = PluginInfo(strategy="bars")
    timeframe: str = "1m"

    async def on_start(self) -> None:
        self.api.market.subscribe("EURUSD", self.timeframe)

    async def on_bar(self, event: BarClosed) -> None:
        self.heard.append((self.now, event.bar))


def rising(count: int, start: int = 110_000) -> list[Quad]:
    """Bar n goes from start + 10 n up by 10, with a low 5 below."""
    return [(start + 10 * n, start + 10 * n + 12, start + 10 * n - 5, start + 10 * n + 10) for n in range(count)]


def test_bar_is_heard_when_it_has_ended_with_its_bid_prices() -> None:
    plugin = market(*rising(3)).play([alert(1)], BarListener).plugin()
    assert [when for when, _ in plugin.heard] == [1, 2, 3]
    bar = plugin.heard[1][1]
    assert (bar.symbol, bar.timeframe, bar.open_ns, bar.end_ns) == ("EURUSD", "1m", minute(1), minute(2))
    assert (bar.open, bar.high, bar.low, bar.close) == (1.1001, 1.10022, 1.10005, 1.1002)


def test_longer_bars_are_made_of_the_shorter_ones() -> None:
    plugin = market(*rising(12)).play([alert(1)], BarListener, timeframe="5m").plugin()
    assert [when for when, _ in plugin.heard] == [5, 10]
    bar = plugin.heard[0][1]
    assert (bar.open_ns, bar.end_ns) == (minute(0), minute(5))
    assert (bar.open, bar.high, bar.low, bar.close) == (1.1, 1.10052, 1.09995, 1.1005)


def test_timeframe_may_be_spelled_as_tradingview_does() -> None:
    plugin = market(*rising(12)).play([alert(1)], BarListener, timeframe="5").plugin()
    assert [bar.timeframe for _, bar in plugin.heard] == ["5m", "5m"]


def test_bar_that_is_missing_is_not_heard() -> None:
    quads: list[Quad | None] = [*rising(5)]
    quads[2] = None
    plugin = market(*quads).play([alert(1)], BarListener).plugin()
    assert [when for when, _ in plugin.heard] == [1, 2, 4, 5]


def test_over_a_weekend_the_next_bar_is_the_next_that_ends() -> None:
    quads: list[Quad | None] = [*flat(2), *[None] * 48, *flat(2)]
    plugin = market(*quads, timeframe="1h", start=FRIDAY_20H).play(
        [alert((FRIDAY_20H - T0) / MINUTE)], BarListener, timeframe="1h"
    )
    opened = [(bar.open_ns - FRIDAY_20H) // H1 for _, bar in plugin.plugin().heard]
    assert opened == [0, 1, 50, 51]


def test_resampled_bar_cut_by_the_weekend_is_heard_at_its_own_end() -> None:
    quads: list[Quad | None] = [*rising(2), *[None] * 48, *rising(3)]
    plugin = market(*quads, timeframe="1h", start=FRIDAY_20H).play(
        [alert((FRIDAY_20H - T0) / MINUTE)], BarListener, timeframe="4h"
    )
    found = [(bar.open_ns - FRIDAY_20H, when * MINUTE - (FRIDAY_20H - T0)) for when, bar in plugin.plugin().heard]
    assert found == [(0, 4 * H1), (48 * H1, 52 * H1)]


def test_subscribing_twice_is_hearing_once() -> None:
    class Twice(BarListener):
        info = PluginInfo(strategy="twice")

        async def on_start(self) -> None:
            for _ in range(2):
                self.api.market.subscribe("EURUSD", "1m")

    assert len(market(*rising(3)).play([alert(1)], Twice).plugin().heard) == 3


def test_two_plugins_hear_the_same_bars() -> None:
    class Second(BarListener):
        info = PluginInfo(strategy="second")

    played = market(*rising(3)).play([alert(1, strategy="second")], BarListener, Second)
    assert [len(played.plugin(p).heard) for p in ("bars", "second")] == [3, 3]


def test_on_bar_comes_before_the_alert_of_the_same_instant() -> None:
    class Both(BarListener):
        info = PluginInfo(strategy="both")

        async def process_entry_signal(self, alert: Alert) -> None:
            self.heard.append((self.now, "alert"))

    heard = market(*rising(3)).play([alert(2)], Both).plugin().heard
    assert [(when, what if what == "alert" else "bar") for when, what in heard] == [
        (1, "bar"),
        (2, "bar"),
        (2, "alert"),
        (3, "bar"),
    ]


def test_subscription_to_a_symbol_without_prices_hears_nothing() -> None:
    class Elsewhere(BarListener):
        info = PluginInfo(strategy="elsewhere")

        async def on_start(self) -> None:
            self.api.market.subscribe("GBPUSD", "1m")

    played = market(*rising(3)).play([alert(1)], Elsewhere)
    assert (played.plugin().heard, played.simulation.engine.errors) == ([], [])


def test_subscription_finer_than_the_data_is_the_strategys_error_and_not_the_runs() -> None:
    played = market(*flat(3), timeframe="1h").play([alert(1)], BarListener, timeframe="1m")
    assert len(played.simulation.engine.errors) == 1


def test_order_of_on_bar_fills_at_the_open_that_comes_with_the_bars_end() -> None:
    class Trades(BarListener):
        info = PluginInfo(strategy="trades")

        async def on_bar(self, event: BarClosed) -> None:
            if self.now == 2:
                await self.api.orders.place_order("EURUSD", "buy", 0.1)

    (fill,) = market(*rising(4)).play([alert(0)], Trades).record.fills
    assert (fill.entry_ns, fill.entry_points) == (minute(2), 110_030)


# --- timers -------------------------------------------------------------------------------------------------------


class TimerListener(Listener):
    info = PluginInfo(strategy="timers")

    async def on_start(self) -> None:
        self.api.set_timer(minute(2.5), "late")
        self.api.set_timer(minute(1), "early")
        self.api.set_timer(minute(-5), "past")
        self.api.set_timer(minute(99), "never")

    async def on_timer(self, event: TimerFired) -> None:
        self.heard.append((self.now, event.tag))


def test_timers_fire_at_their_time_in_order_and_never_after_the_data() -> None:
    played = market(*flat(4)).play([alert(1)], TimerListener)
    assert played.plugin().heard == [(0, "past"), (1, "early"), (2.5, "late")]


def test_timer_set_by_an_alert_for_now_fires_at_this_instant() -> None:
    class Now(TimerListener):
        info = PluginInfo(strategy="now")

        async def on_start(self) -> None: ...

        async def process_entry_signal(self, alert: Alert) -> None:
            self.api.set_timer(self.api.now_ns, "now")

    assert market(*flat(4)).play([alert(1.5)], Now).plugin().heard == [(1.5, "now")]


def test_order_of_a_timer_has_no_grace() -> None:
    class Trades(TimerListener):
        info = PluginInfo(strategy="trades")

        async def on_start(self) -> None:
            self.api.set_timer(minute(1.05))

        async def on_timer(self, event: TimerFired) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

    played = market(*flat(4)).play([alert(1.05)], Trades)
    assert [(o.from_timer, o.fill_ns) for o in played.record.orders] == [(True, minute(2)), (False, minute(1))]


def test_timer_that_sets_itself_for_now_ends_in_an_error() -> None:
    class Spins(Listener):
        info = PluginInfo(strategy="spins")
        turns = 0

        async def on_start(self) -> None:
            self.api.set_timer(self.api.now_ns)

        async def on_timer(self, event: TimerFired) -> None:
            type(self).turns += 1
            if self.turns < 2_000:  # the test's own end of it
                self.api.set_timer(self.api.now_ns)

    market(*flat(3)).play([alert(1)], Spins)
    assert Spins.turns < 2_000


# --- prices -------------------------------------------------------------------------------------------------------


class PriceListener(Listener):
    """Watches a price from the first alert on: ``up`` on the bid, down on the ask."""

    info = PluginInfo(strategy="prices")
    price: float = 1.101
    direction: int = 1

    async def process_entry_signal(self, alert: Alert) -> None:
        self.watch = self.api.market.watch_price("EURUSD", self.price, self.direction)

    async def process_exit_signal(self, alert: Alert) -> None:
        self.api.market.drop_watch(self.watch)

    async def on_price(self, event: PriceReached) -> None:
        self.heard.append((self.now, event.price, event.direction))


def spike(high: int = 110_000, low: int = 110_000) -> Quad:
    return (110_000, high, low, 110_000)


UP: dict[str, tuple[list[Quad], list[float]]] = {
    "touched_by_the_bid_in_a_range": ([*flat(2), spike(110_100), *flat(2)], [3]),
    "a_point_short": ([*flat(2), spike(110_099), *flat(2)], []),
    "gapped_by_the_open": ([*flat(2), (110_150, 110_150, 110_150, 110_150), *flat(2)], [2]),
    "open_exactly_there": ([*flat(2), (110_100, 110_100, 110_000, 110_000), *flat(2)], [2]),
    "once_only": ([*flat(2), spike(110_100), spike(110_200), *flat(2)], [3]),
    "before_the_watch_does_not_count": ([spike(110_200), *flat(4)], []),
}


@pytest.mark.parametrize(("quads", "heard"), UP.values(), ids=UP)
def test_upward_watch_wakes_on_the_bid(quads: list[Quad], heard: list[float]) -> None:
    plugin = market(*quads).play([alert(1)], PriceListener).plugin()
    assert [when for when, _, _ in plugin.heard] == heard
    assert all((price, direction) == (1.101, 1) for _, price, direction in plugin.heard)


DOWN: dict[str, tuple[list[Quad], list[float]]] = {
    "touched_by_the_ask": ([*flat(2), spike(low=109_890), *flat(2)], [3]),
    "the_bid_alone_does_not_do": ([*flat(2), spike(low=109_891), *flat(2)], []),
    "gapped_by_the_open": ([*flat(2), (109_890, 109_890, 109_890, 109_890), *flat(2)], [2]),
}


@pytest.mark.parametrize(("quads", "heard"), DOWN.values(), ids=DOWN)
def test_downward_watch_wakes_on_the_ask(quads: list[Quad], heard: list[float]) -> None:
    plugin = market(*quads).play([alert(1)], PriceListener, price=1.099, direction=-1).plugin()
    assert [when for when, _, _ in plugin.heard] == heard


def test_dropped_watch_wakes_nobody_and_dropping_again_is_harmless() -> None:
    quads = [*flat(3), spike(110_100), *flat(2)]
    alerts = [alert(1), alert(2, "exit", None), alert(2.5, "exit", None)]
    assert market(*quads).play(alerts, PriceListener).plugin().heard == []


def test_order_of_a_price_event_in_a_range_fills_at_the_next_open() -> None:
    class Trades(PriceListener):
        info = PluginInfo(strategy="trades")

        async def on_price(self, event: PriceReached) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1)

    quads = [*flat(2), spike(110_100), (110_050, 110_060, 110_050, 110_060), *flat(1)]
    (fill,) = market(*quads).play([alert(1)], Trades).record.fills
    assert (fill.entry_ns, fill.entry_points) == (minute(3), 110_060)


def test_price_watch_comes_after_the_stops_of_the_same_bar() -> None:
    class Ordered(PriceListener):
        info = PluginInfo(strategy="ordered")

        async def process_entry_signal(self, alert: Alert) -> None:
            self.api.market.watch_price("EURUSD", 1.099, -1)
            await self.api.orders.place_order("EURUSD", "buy", 0.1, sl=1.0995)

        async def on_price(self, event: PriceReached) -> None:
            self.heard.append("price")

        async def on_sl_hit(self, event: TicketClosed) -> None:
            self.heard.append("stop")

    assert market(*flat(2), spike(low=109_800), *flat(1)).play([alert(1)], Ordered).plugin().heard == ["stop", "price"]


def test_watch_set_after_a_stop_counts_from_the_open_that_follows_at_once() -> None:
    class AfterStop(PriceListener):
        info = PluginInfo(strategy="after_stop")

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", "buy", 0.1, sl=1.0995)

        async def on_sl_hit(self, event: TicketClosed) -> None:
            self.api.market.watch_price("EURUSD", 1.101, 1)

    gap: Quad = (110_150, 110_150, 110_150, 110_150)
    plugin = market(*flat(2), spike(low=109_900), gap, *flat(2)).play([alert(1)], AfterStop).plugin()
    assert [when for when, _, _ in plugin.heard] == [3]


# --- log and record -------------------------------------------------------------------------------------------------


class Writer(Listener):
    info = PluginInfo(strategy="writer")

    async def process_entry_signal(self, alert: Alert) -> None:
        self.log.info("bought")
        self.record(spread=self.api.get_spread("EURUSD"), lots=1)
        await self.api.orders.place_order("EURUSD", "buy", 0.1)

    async def on_fill(self, event: OrderFilled) -> None:
        self.logger.warning("filled")
        self.record(lots=2)


def test_log_lines_are_in_the_journal_with_the_events_time_and_alert() -> None:
    played = market(*flat(4), fill=FillModel(open_grace_ms=0)).play([alert(1.5, id="a1")], Writer)
    assert played.lines("log") == [
        (minute(1.5), {"plugin": "writer", "level": "info", "alert": "a1", "text": "bought"}),
        (minute(2), {"plugin": "writer", "level": "warning", "alert": "a1", "text": "filled"}),
    ]


def test_recorded_numbers_are_series_with_the_events_time() -> None:
    played = market(*flat(4), spread=7).play([alert(1.5)], Writer)
    recorded = played.record.recorded
    assert set(recorded) == {"writer.spread", "writer.lots"}
    assert recorded["writer.lots"] == [(minute(1.5), 1.0), (minute(2), 2.0)]
    ((when, spread),) = recorded["writer.spread"]
    assert when == minute(1.5)
    assert spread == pytest.approx(0.7)


def test_two_symbols_wake_by_their_own_prices() -> None:
    class Gold(PriceListener):
        info = PluginInfo(strategy="gold")

        async def process_entry_signal(self, alert: Alert) -> None:
            self.api.market.watch_price("XAUUSD", 2051.0, 1)

    gold = bars(*flat(2, 2_050_000), (2_050_000, 2_051_000, 2_050_000, 2_050_000), symbol="XAUUSD")
    assert Market([bars(*flat(3)), gold]).play([alert(1)], Gold).plugin().heard == [(3, 2051.0, 1)]

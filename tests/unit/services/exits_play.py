"""A strategy that enters by dual orders or by a plan, and a replay in which both services are wired; both brokers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.world import Market, Played
from zepix import Alert, Decision, PluginInfo, Strategy
from zepix.model import OrderFilled, PriceReached, TicketClosed, TimerFired
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.research.simulate import Simulation
from zepix.services.dual_orders import DualOrderBook, DualOrderService, DualPlan
from zepix.services.exits import ExitBook, ExitService

BROKERS = ("shadow", "backtrader")


class Trader(Strategy):
    """Enters with a plan's portions (``exits``), or with A and B (``dual``)."""

    info = PluginInfo(strategy="trader")
    exits: dict[str, Any] = {}  # noqa: RUF012 - a setting's default
    dual: dict[str, Any] = {}  # noqa: RUF012

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        if self.dual.get("off"):
            return await self._by_plan(alert)
        fields = {k: v for k, v in self.dual.items() if k != "on"}
        plan = DualPlan(symbol=alert.symbol, side=alert.side, lots=alert.volume, sl=alert.sl, tp_a=alert.tp, **fields)
        self.result = await self.api.dual_order.create_dual_orders(plan)
        return None if self.result else Decision.refused(self.result.reason)

    async def _by_plan(self, alert: Alert) -> Decision | None:
        tps = alert.fields.get("tps", ())
        given = {k: alert.fields[k] for k in ("order_type", "price") if k in alert.fields}
        self.placed = await self.api.exits.place(
            alert.symbol, alert.side, alert.volume, alert.sl, self.exits, tps=tps, **given
        )
        return None if self.placed else Decision.refused(self.placed.refused.reason)

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        found = await self.api.exits.on_exit_alert(alert)
        return None if found else Decision("ignored", "nothing_to_close")

    async def on_fill(self, event: OrderFilled) -> None:
        self.__dict__.setdefault("trails", {})[event.order.role] = event.ticket.trails

    async def on_ticket_closed(self, event: TicketClosed) -> None:
        await self.api.exits.on_ticket_closed(event)

    async def on_timer(self, event: TimerFired) -> None:
        assert await self.api.exits.on_timer(event)

    async def on_price(self, event: PriceReached) -> None:
        assert await self.api.dual_order.on_price(event)


class Wiring:
    """The two books of a run, told of every event before the strategies, as the engine tells them."""

    def __init__(self, settings: DualOrderSettings | None = None, stops: Any = None) -> None:
        self.settings = settings or DualOrderSettings()
        self.stops = stops
        self.books: list[Any] = []

    def __call__(self, simulation: Simulation) -> None:
        engine, broker = simulation.engine, simulation.broker
        dual = DualOrderBook(self.settings, engine, simulation.catalogue, broker.conversions)
        exits = ExitBook(simulation.catalogue, broker)
        for plugin_id, api in simulation.apis.items():
            orders, market = api.get_service("order"), api.get_service("market")
            api.register_service("dual_order", DualOrderService(dual, plugin_id, orders, market, self.stops, engine))
            api.register_service("exits", ExitService(exits, plugin_id, orders, market, api.set_timer, engine))
        step: Callable[[Any], None] = engine.step

        def tell(event: Any) -> None:
            dual.on_event(event)
            exits.on_event(event)
            step(event)

        engine.step = tell  # type: ignore[method-assign]
        self.books = [dual, exits]


def play(market: Market, alerts: Iterable[Alert], wiring: Wiring | None = None, **settings: Any) -> Played:
    return market.play(alerts, Trader, before=wiring or Wiring(), **settings)


def play_plan(market: Market, alerts: Iterable[Alert], plan: Mapping[str, Any], wiring: Wiring | None = None) -> Played:
    return play(market, alerts, wiring, exits=dict(plan), dual={"off": True})


def rows(played: Played) -> list[tuple[str, int, int, str]]:
    """(role, steps, exit price in points, reason) of every closing fill, in order."""
    return [(f.role, f.steps, f.exit_points, f.exit_reason) for f in played.record.fills]

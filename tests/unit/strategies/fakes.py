"""Small stand-ins for the services that V6 and legacy ask: they answer what a test told them, and keep what was asked.

``Fakes().play(alerts, classes)`` replays on the real engine and the real broker, with the real exits service; risk,
trend and dual_order are these. Dual orders are placed as the plan says, at the lots given, without trailing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.world import CATALOGUE, T0, Market, Played, flat, market
from zepix.alerts import AlertProcessor
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.engine.service_api import ServiceAPI
from zepix.engine.strategy import Strategy
from zepix.model import Alert, Quarantined, Refused, Side
from zepix.model.timeframe import NS
from zepix.research.simulate import Simulation
from zepix.services.dual_plan import DualOrderResult, DualPlan
from zepix.services.exits import ExitBook, ExitService
from zepix.services.risk_values import GateAnswer, TradeRequest
from zepix.services.trend_values import Alignment, HigherTrend, Momentum, Trend, TrendUpdate

__all__ = ["FakeRisk", "FakeTrend", "Fakes", "V6", "add_exits", "body", "shipped", "v6_alert"]


def shipped(plugin_id: str) -> type[Strategy]:
    """A class as discovery finds it, in the folder that ships with zepix."""
    return _CLASSES[plugin_id]


def _discover() -> dict[str, type[Strategy]]:
    registry = PluginRegistry()
    classes = registry.discover_plugins([builtin_strategies()], entry_points=False)
    assert not registry.failures, registry.failures
    return classes


_CLASSES = _discover()
V6 = {tf: shipped(f"v6_price_action_{tf}") for tf in ("1m", "5m", "15m", "1h")}


@dataclass
class FakeRisk:
    """Says yes to ``lots`` until told a reason."""

    lots: str = "0.10"
    reason: str = ""
    table_sl: float | None = None
    asked: list[TradeRequest] = field(default_factory=list)

    def gate(self, request: TradeRequest) -> GateAnswer:
        self.asked.append(request)
        sl = self.table_sl if request.sl_price is None else request.sl_price
        lots = Decimal(0) if self.reason else Decimal(self.lots)
        return GateAnswer(not self.reason, self.reason, lots, sl, {"day_left": 150.0})

    def validate_trade(self, symbol: str, side: Side, volume: Decimal) -> Refused | None:
        return Refused("volume_too_small") if volume < Decimal("0.01") else None


@dataclass
class FakeTrend:
    """Trends by timeframe (+1, 0, -1), for every symbol."""

    trends: dict[str, int] = field(default_factory=dict)
    market_state: str = "UNKNOWN"
    higher_is_aligned: bool = True
    momentum: str = ""
    changes: tuple[TrendUpdate, ...] = ()

    def get_timeframe_trend(self, symbol: str, timeframe: str) -> Trend:
        direction = self.trends.get(timeframe, 0)
        return Trend(direction, "AUTO", "v6", T0, False, direction)

    def get_market_state(self, symbol: str) -> str:
        return self.market_state

    def check_higher_tf_trend(self, symbol: str, signal_tf: str, side: Side) -> HigherTrend:
        reason = "" if self.higher_is_aligned else "higher_tf_misaligned"
        return HigherTrend(self.higher_is_aligned, "15m", 0, 0, 0, reason, "15m as told")

    def get_momentum(self, symbol: str, timeframe: str) -> Momentum | None:
        return Momentum(timeframe, 20.0, "", self.momentum, T0, False) if self.momentum else None

    def check_logic_alignment(self, symbol: str, logic: str, side: Side) -> Alignment:
        pair = ("1d", "1h") if logic == "LOGIC3" else ("1h", "15m")
        count = sum(self.trends.get(tf, 0) == side.sign for tf in pair)
        detail = ", ".join(f"{tf} {self.trends.get(tf, 0)}" for tf in pair)
        return Alignment(count == 2, count, 2, detail, "" if count == 2 else "trend_misaligned")

    def changes_of(self, alert_id: str) -> tuple[TrendUpdate, ...]:
        return self.changes


@dataclass
class FakeDualOrders:
    """Places the legs of the routing with the plan's levels; B's half is cut to hundredths."""

    api: ServiceAPI
    asked: list[DualPlan]
    refuse: Mapping[str, str] = field(default_factory=dict)
    """Reason by leg, A or B."""

    async def create_dual_orders(self, plan: DualPlan) -> DualOrderResult:
        self.asked.append(plan)
        is_dual = plan.routing == "dual_orders"
        b = (plan.lots / 2).quantize(Decimal("0.01"), "ROUND_DOWN") if is_dual else plan.lots
        lots = {"A": plan.lots - b if is_dual else plan.lots, "B": b}
        wanted = {"order_a_only": "A", "order_b_only": "B"}.get(plan.routing or "", "AB")
        ids: dict[str, int | None] = {"A": None, "B": None}
        errors = {leg: self.refuse[leg] for leg in wanted if leg in self.refuse}
        for leg in wanted:
            if leg not in errors:
                ids[leg] = await self._place(plan, leg, lots[leg])
        return DualOrderResult(
            ids["A"],
            ids["B"],
            error="; ".join(errors.values()),
            order_a_error=errors.get("A", ""),
            order_b_error=errors.get("B", ""),
            numbers={"lots_total": float(plan.lots)},
        )

    async def _place(self, plan: DualPlan, leg: str, lots: Decimal) -> int | None:
        tp = plan.tp_a if leg == "A" else plan.tp_b
        answer = await self.api.orders.place_order(
            plan.symbol, plan.side, str(lots), plan.sl, tp,
            role=leg, comment=plan.comment, after=plan.after, alert_id=plan.alert_id,
        )  # fmt: skip
        return None if isinstance(answer, Refused) else answer.order_id


@dataclass
class Fakes:
    """The services of one play, and what came of it."""

    risk: FakeRisk = field(default_factory=FakeRisk)
    trend: FakeTrend = field(default_factory=FakeTrend)
    plans: list[DualPlan] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)

    def register(self, simulation: Simulation) -> None:
        for api in simulation.apis.values():
            api.register_service("risk", self.risk)
            api.register_service("trend", self.trend)
            api.register_service("dual_order", FakeDualOrders(api, self.plans, self.refuse))
        add_exits(simulation)

    def play(
        self, alerts: Iterable[Alert], *classes: type[Strategy], prices: Market | None = None, **settings: Any
    ) -> Played:
        """Replay on a flat market (110_000 bid, 110_010 ask) unless ``prices`` are given."""
        plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings) for cls in classes]
        given = prices or market(*flat(400))
        return given.play(list(alerts), *classes, plugins=plugins, before=self.register)


def add_exits(simulation: Simulation) -> None:
    """The exits service for every plugin, told of the broker's answers before the strategies are."""
    book = ExitBook(simulation.catalogue, simulation.broker)
    for plugin_id, api in simulation.apis.items():
        service = _exit_service(book, plugin_id, api, simulation)
        api.register_service("exits", service)
    step = simulation.engine.step

    def told(event: Any) -> None:
        book.on_event(event)
        step(event)

    simulation.engine.step = told  # type: ignore[method-assign]


def _exit_service(book: ExitBook, plugin_id: str, api: ServiceAPI, simulation: Simulation) -> ExitService:
    def set_timer(at_ns: int, tag: str) -> int:
        return simulation.engine.set_timer(plugin_id, at_ns, tag)

    return ExitService(book, plugin_id, api.orders, api.market, set_timer, simulation.engine)


def body(text: str, minute: float, number: int = 0) -> Alert:
    """An alert as its sender writes it, through the real dialects; ``minute`` after T0."""
    at = T0 + round(minute * 60) * NS
    found = AlertProcessor(CATALOGUE).parse(text, received_ns=at, id=f"{minute:g}/{number}")
    assert not isinstance(found, Quarantined), found
    return found


def v6_alert(
    minute: float = 1,
    word: str = "BULLISH_ENTRY",
    *,
    tf: str = "5",
    symbol: str = "EURUSD",
    price: float = 1.1,
    score: str = "HIGH|85",
    adx: str = "26.5|STRONG",
    levels: tuple[float, ...] | None = None,
    align: str = "",
    number: int = 0,
) -> Alert:
    """A V6 entry or reversal at 1.10000 with R = 0.00200; everything passes every plugin's filters."""
    sign = 1 if "BULLISH" in word else -1
    if levels is None:
        levels = tuple(round(price + sign * r * 0.002, 5) for r in (-1, 1, 2, 3))
    align = align or ("6/0" if sign > 0 else "0/6")
    side = "BUY" if sign > 0 else "SELL"
    parts = [word, symbol, tf, f"{price}", side, score, adx, *(str(level) for level in levels), align, "TL_OK", ""]
    return body("|".join(part for part in parts[:-1] if part != "-") + "|", minute, number)

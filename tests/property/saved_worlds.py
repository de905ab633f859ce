"""Worlds in which every service has work: V6 with its filters, ladders and dual orders, legacy, bracket, a keeper.

The keeper is a strategy without ``state`` of its own: it keeps tickets, orders and events as attributes, and says so in
its log if a ticket that it kept is no longer the broker's.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from tests.parity.shadow import Stepwise
from tests.unit.strategies.fakes import body, shipped, v6_alert
from tests.world import CATALOGUE, MINUTE, T0, Quad, instrument, series
from tests.world import alert as an_alert
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, Catalogue, FillModel, Quantity, Series, Trail
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.research.simulate import Rules, Simulation

__all__ = ["Keeper", "drawn_house"]

START = {"EURUSD": 110_000, "XAUUSD": 2_030_490}
POINT = {"EURUSD": 1e-5, "XAUUSD": 1e-3}
MOVE = {"EURUSD": 25, "XAUUSD": 250}
CODES = ("1", "5", "15", "60")


class Keeper(Strategy):
    """Trades what others do, once more, and keeps all it hears in attributes of every kind."""

    info = PluginInfo(strategy="keeper", services=("exits",))
    bars: bool = False

    async def on_start(self) -> None:
        self.orders = self.api.orders
        self.kept: dict[int, Any] = {}
        self.heard: Counter[str] = Counter()
        self.last: deque[Any] = deque(maxlen=3)
        self.by_role: defaultdict[str, list[int]] = defaultdict(list)
        self.pairs: set[tuple[str, int]] = set()
        self.money = Decimal(0)
        self.event: Any = None
        if self.bars:
            self.api.market.subscribe("EURUSD", "5m")

    async def process_entry_signal(self, alert: Alert) -> None:
        self.heard[alert.type] += 1
        sign = 1 if alert.side == "buy" else -1
        price = self.api.market.price(alert.symbol, alert.side or "buy")
        if price is None:
            return
        point = POINT[alert.symbol]
        answer = await self.orders.place_order(
            alert.symbol,
            alert.side or "buy",
            0.02,
            price - sign * 60 * point * MOVE[alert.symbol] / 25,
            None,
            order_type="limit" if self.heard["entry"] % 3 == 0 else "market",
            price=price - sign * 20 * point,
            expires_s=900,
            trails=(Trail(30, 10, 20), Trail.break_even(25)),
            role=f"R{self.heard['entry'] % 4}",
        )
        self.last.append(answer)
        self.event = alert

    async def on_fill(self, event: Any) -> None:
        self.event = event
        self.kept[event.ticket.id] = event.ticket
        self.by_role[event.order.role].append(event.order.id)
        self.pairs.add((event.ticket.symbol, event.ticket.side))
        self.api.set_timer(self.api.now_ns + 7 * MINUTE, f"{event.ticket.id}")
        if len(self.kept) % 2:
            level = self.api.market.price(event.ticket.symbol, "sell") + 3 * POINT[event.ticket.symbol]
            self.api.market.watch_price(event.ticket.symbol, level, 1)

    async def on_ticket_closed(self, event: Any) -> None:
        self.money += Decimal(event.fill.pnl_minor) / 100
        kept = self.kept.get(event.ticket.id)
        if kept is not event.ticket:
            self.log.error("a ticket is no longer the one that was kept")
        if not event.ticket.is_open:
            self.kept.pop(event.ticket.id, None)

    async def on_timer(self, event: Any) -> None:
        ticket = self.kept.get(int(event.tag)) if event.tag.isdigit() else None
        if ticket is not None and ticket.is_open:
            self.heard["timer"] += 1
            await self.orders.close_order_partial(ticket.id, 0.5)

    async def on_price(self, event: Any) -> None:
        self.heard["price"] += 1
        for ticket in list(self.kept.values())[:1]:
            await self.orders.modify_order(ticket.id, tp=Quantity(40, "points"))

    async def on_bar(self, event: Any) -> None:
        self.heard["bar"] += 1
        self.record(close=event.bar.close, atr=self.api.get_atr("EURUSD", "5m", 5))


def drawn_house(seed: int, *, fed: bool) -> tuple[Simulation, Stepwise | None, Sequence[Alert]]:
    """A simulation with all services and plugins, its feed, and its alerts."""
    rng = random.Random(f"house {seed}")
    count = rng.choice((90, 150, 240))
    prices = {symbol: _walk(rng, symbol, count) for symbol in START}
    catalogue = Catalogue(instrument(s, commission_per_lot=Decimal(rng.choice(("0", "3.5")))) for s in START)
    registry = PluginRegistry(check_settings=complete_settings)
    plugins = _plugins(rng, registry, fed)
    rules = Rules(
        account=AccountSpec(Decimal(rng.choice(("10000", "10000", "400", "3000"))), "USD", Decimal(500)),
        fill_model=FillModel(
            latency_ms=rng.choice((0, 0, 250, 61_000)),
            intrabar=rng.choice(("pessimistic", "optimistic")),
            slippage_points=rng.choice((0, 2)),
        ),
        dedup_window_s=rng.choice((0, 30, 120)),
        settings=_settings(rng),
    )
    feed = Stepwise(catalogue, prices) if fed else None
    step_form = None if feed is None else feed.step_form
    simulation = Simulation(prices, catalogue, registry, plugins, rules, step_form=step_form)
    alerts = sorted((_alert(rng, n, count) for n in range(rng.randint(15, 60))), key=lambda a: a.received_ns)
    return simulation, feed, alerts


def _walk(rng: random.Random, symbol: str, count: int) -> Series:
    rows: list[tuple[int, Quad, Quad]] = []
    close, move = START[symbol], MOVE[symbol]
    for number in range(count):
        opened = close + rng.choice((0, 0, 1, -1, move, -move))
        close = opened + rng.randint(-move, move)
        high, low = max(opened, close) + rng.randint(0, move), min(opened, close) - rng.randint(0, move)
        wide = 10 + rng.randint(0, 5)
        if number and rng.random() < 0.04:
            continue
        bid: Quad = (opened, high, low, close)
        rows.append((T0 + number * MINUTE, bid, (opened + wide, high + wide, low + wide, close + wide)))
    return series(symbol, "1m", rows)


def _plugins(rng: random.Random, registry: PluginRegistry, fed: bool) -> list[PluginConfig]:
    modes = ("targets", "plan", "managed")
    names = [f"v6_price_action_{tf}" for tf in ("1m", "5m", "15m", "1h")]
    found: list[PluginConfig] = []
    for name in names:
        registry.register(shipped(name))
        trailing = {"trailing": rng.random() < 0.6, "break_even_after_tp1": rng.random() < 0.5}
        settings = {"exit_mode": rng.choice(modes), "max_spread_pips": None, "cooldown_s": rng.choice((0.0, 60.0))}
        found.append(PluginConfig(name, name, settings | trailing))
    for name, settings in (
        ("legacy", {"routing": rng.choice(("order_a_only", "dual_orders")), "needs_trend": rng.random() < 0.5}),
        ("bracket", {"levels": "distance", "default_volume": 0.03}),
    ):
        registry.register(shipped(name))
        found.append(PluginConfig(name, name, settings))
    registry.register(Keeper)
    return [*found, PluginConfig("keeper", "keeper", {"bars": not fed or rng.random() < 0.5})]


def _settings(rng: random.Random) -> ServiceSettings:
    windows: dict[str, Any] = {"day": {"start": "09:00", "end": "24:00", "zone": "UTC", "symbols": ["*"]}}
    if rng.random() < 0.5:
        windows["break"] = {"start": "11:00", "end": "11:20", "zone": "UTC", "force_close": True}
    share = Decimal(rng.choice(("0.9", "0.99", "0.997")))
    return ServiceSettings(
        sessions=SessionSettings(windows=windows, default_windows=False),
        equity_guard=EquityGuardSettings(rng.random() < 0.6, share, 2 - share),
        dual_order=DualOrderSettings(
            booking_at=rng.choice(("broker", "engine")), split_mode=rng.choice(("split", "full"))
        ),
    )


def _alert(rng: random.Random, number: int, minutes: int) -> Alert:
    at = rng.randint(4, minutes * 12) / 12
    kind = rng.randint(0, 9)
    if kind < 5:
        return _v6(rng, at, number)
    if kind < 7:
        return _legacy(rng, at, number)
    return _plain(rng, at, number)


def _v6(rng: random.Random, at: float, number: int) -> Alert:
    side, code = rng.choice(("BULLISH", "BEARISH")), rng.choice(CODES)
    kind = rng.randint(0, 9)
    symbol = rng.choice(tuple(START))
    if kind < 5:
        sign, point, move = 1 if side == "BULLISH" else -1, POINT[symbol], MOVE[symbol]
        price = START[symbol] * point
        levels = tuple(round(price + sign * r * 6 * move * point, 5) for r in (-1, 1, 2, 3))
        word = f"{side}_ENTRY" if kind < 4 else f"REVERSAL_{side}"
        return v6_alert(at, word, tf=code, symbol=symbol, price=price, levels=levels, number=number)
    if kind < 8:
        return body(f"EXIT_{side}|{symbol}|{code}|{START[symbol] * POINT[symbol]}|", at, number)
    up = side == "BULLISH"
    pulse = f"TREND_PULSE|{symbol}|{code}|{5 if up else 1}|{1 if up else 5}|{code}:BEAR→BULL|TRENDING_{side}"
    return body(pulse, at, number)


def _legacy(rng: random.Random, at: float, number: int) -> Alert:
    kind = rng.choice(("trend", "trend", "bias", "entry", "entry", "entry", "exit", "reversal"))
    words = {"entry": ("buy", "sell"), "reversal": ("reversal_bull", "reversal_bear")}.get(kind, ("bull", "bear"))
    fields = {
        "type": kind,
        "symbol": "EURUSD",
        "signal": rng.choice(words),
        "tf": rng.choice(("1d", "1h")) if kind == "bias" else rng.choice(("5m", "15m", "1h")),
        "price": 1.1,
        "strategy": "ZepixPremium",
    }
    return body(json.dumps(fields), at, number)


def _plain(rng: random.Random, at: float, number: int) -> Alert:
    symbol, side = rng.choice(tuple(START)), rng.choice(("buy", "sell"))
    kind = rng.choice(("entry", "entry", "entry", "exit", "modify", "pause", "resume"))
    sign, point, move = 1 if side == "buy" else -1, POINT[symbol], MOVE[symbol]
    price = START[symbol] * point
    fields: dict[str, Any] = {"strategy": rng.choice(("bracket", "keeper")), "symbol": symbol, "id": f"p{number}"}
    if kind == "entry":
        fields |= {"price": price, "sl": price - sign * 5 * move * point, "tp": price + sign * 6 * move * point}
        if rng.random() < 0.3:
            fields |= {"sl": Quantity(60.0, "points"), "order_type": "limit", "entry_price": price - sign * 20 * point}
    elif kind == "modify":
        fields |= {"sl": Quantity(80.0, "points"), "strategy": "bracket"}
    if kind in ("exit", "modify") and rng.random() < 0.5:
        fields |= {"ref": f"p{rng.randint(0, number)}", "strategy": "bracket"}
    fields["explicit_id"] = rng.choice((f"p{number}", None))
    return an_alert(at, kind, side, **fields)


assert set(START) <= set(CATALOGUE)

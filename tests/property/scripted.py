"""Strategies that do in every hook what a drawn script says, on small markets where everything touches everything.

A script is, for each hook, a list of what its first, second, ... call does; numbers in it are resolved where it happens
(the third ticket that is open, four points above the price that stands). All of it is drawn by one ``random.Random``:
one of hypothesis, which can shrink it, or one of a seed, which is faster and can be written down.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from tests.parity.shadow import Stepwise, drive_stepwise
from tests.world import MINUTE, T0, Quad, instrument, series
from tests.world import alert as an_alert
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, Catalogue, FillModel, Series, Trail
from zepix.research.simulate import Rules, Simulation

__all__ = ["HOOKS", "Play", "Scripted", "drawn_play", "played", "played_stepwise"]

START = {"EURUSD": 110_000, "USDJPY": 150_000}
HOOKS = (
    "alert",
    "start",
    "fill",
    "closed",
    "sl_hit",
    "tp_hit",
    "refused",
    "cancelled",
    "price",
    "timer",
    "bar",
)
MOST = 3_000
"""Where a script that begins anew stops doing so: over the limit of answers at an instant, and soon done."""
Action = tuple[Any, ...]
Script = dict[str, list[list[Action]]]


@dataclass(frozen=True)
class Play:
    """One drawn run, to be played on any broker."""

    series: tuple[Series, ...]
    catalogue: Catalogue
    account: AccountSpec
    fill: FillModel
    alerts: tuple[Alert, ...]
    script: Script
    bars: tuple[tuple[str, str], ...]
    again: bool
    """Whether a script begins anew when it is through, so that chains of answers may have no end."""

    @property
    def can_be_fed(self) -> bool:
        """Whether the step form can play it: no tables of bars, and no tick that converts before it has come."""
        return not self.bars and len({s.timeframe_ns == 0 for s in self.series}) == 1

    def simulation(self, broker: str, step_form: Any = None) -> tuple[Simulation, list[Scripted]]:
        made: list[Scripted] = []
        play = self

        class OfThis(Scripted):
            info = PluginInfo(strategy="scripted")

            def __init__(self, *given: Any) -> None:
                super().__init__(play, *given)
                made.append(self)

        registry = PluginRegistry(check_settings=complete_settings)
        registry.register(OfThis)
        rules = Rules(account=self.account, fill_model=self.fill, broker=broker)
        plugins = [PluginConfig("scripted", "scripted", {})]
        given = {s.symbol: s for s in self.series}
        return Simulation(given, self.catalogue, registry, plugins, rules, step_form=step_form), made


def played(play: Play, broker: str) -> tuple[RunRecord, list[Any]]:
    """(the record, what the handlers saw) of a run turned by the session alone."""
    simulation, plugins = play.simulation(broker)
    simulation.rules = replace(simulation.rules, broker="shadow")  # only ``_drive`` looks at it from here on
    record = simulation.run(list(play.alerts))
    return record, plugins[0].seen


def played_stepwise(play: Play) -> tuple[Simulation, list[Any]]:
    """The shadow broker's step form: bar by bar, as a live feed would bring them."""
    stepwise = Stepwise(play.catalogue, {s.symbol: s for s in play.series})
    simulation, plugins = play.simulation("shadow", stepwise.step_form)
    drive_stepwise(simulation, stepwise, play.alerts)
    return simulation, plugins[0].seen


class Scripted(Strategy):
    """Does what the script says, and writes down what it saw before."""

    info = PluginInfo(strategy="scripted")

    def __init__(self, play: Play, *given: Any) -> None:
        super().__init__(*given)
        self.play, self.symbols = play, [s.symbol for s in play.series]
        self.seen: list[Any] = []
        self.calls = dict.fromkeys(HOOKS, 0)
        self.orders: list[int] = []
        self.watches: list[int] = []

    # --- state (the play itself is the test's) --------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        names = ("seen", "calls", "orders", "watches")
        return {name: getattr(self, name) for name in names}

    # --- hooks --------------------------------------------------------------------------------------------------

    async def on_start(self) -> None:
        for symbol, timeframe in self.play.bars:
            self.api.market.subscribe(symbol, timeframe)
        await self.act("start")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.act("alert", alert.id)

    async def on_fill(self, event: Any) -> None:
        order = event.order
        await self.act("fill", event.ts_event_ns, order.id, order.fill_points, event.ticket.id, event.ticket.is_open)

    async def on_ticket_closed(self, event: Any) -> None:
        fill = event.fill
        await self.act("closed", event.ts_event_ns, fill.ticket, fill.part, fill.exit_reason, fill.exit_points)

    async def on_sl_hit(self, event: Any) -> None:
        await self.act("sl_hit", event.fill.ticket)

    async def on_tp_hit(self, event: Any) -> None:
        await self.act("tp_hit", event.fill.ticket)

    async def on_order_refused(self, event: Any) -> None:
        await self.act("refused", event.ts_event_ns, event.order.id, event.order.reason)

    async def on_order_cancelled(self, event: Any) -> None:
        await self.act("cancelled", event.ts_event_ns, event.order.id, event.order.reason)

    async def on_price(self, event: Any) -> None:
        await self.act("price", event.watch_id)

    async def on_timer(self, event: Any) -> None:
        await self.act("timer", event.tag)

    async def on_bar(self, event: Any) -> None:
        await self.act("bar", event.bar.symbol, event.bar.timeframe)

    # --- what they do -------------------------------------------------------------------------------------------

    async def act(self, hook: str, *facts: Any) -> None:
        api = self.api
        tickets = tuple((t.id, t.steps, t.sl, t.tp, t.is_ambiguous) for t in api.orders.open_tickets())
        orders = tuple((o.id, o.status, o.sl, o.tp) for o in api.orders.under_way())
        account = api.account
        money = (str(account.balance), str(account.equity), str(account.margin))
        self.seen.append((hook, api.now_ns, facts, tickets, orders, money))
        call = self.calls[hook]
        self.calls[hook] = call + 1
        script = self.play.script[hook]
        if script and self.play.again and len(self.seen) < MOST:
            call %= len(script)
        for name, *given in script[call] if call < len(script) else ():
            answer = await getattr(self, name)(*given)
            self.seen.append((name, answer and (bool(answer), answer.reason if not answer else answer.order_id)))

    def price(self, symbol: int, side: str, away: int) -> float | None:
        """So many points above the price that an order of this side would pay now."""
        name = self.symbols[symbol % len(self.symbols)]
        price = self.api.market.price(name, side)
        return None if price is None else price + away * self.play.catalogue[name].point_float

    def named(self, which: Sequence[int]) -> list[int]:
        return [self.orders[n % len(self.orders)] for n in which] if self.orders else []

    async def place(self, symbol: int, side: str, kind: str, away: int, more: dict[str, Any]) -> Any:
        name = self.symbols[symbol % len(self.symbols)]
        point = self.play.catalogue[name].point_float
        given = {k: v for k, v in more.items() if k in ("volume", "oco", "expires_s", "trails", "target_reason")}
        sign = 1 if side == "buy" else -1
        entry = self.price(symbol, side, sign * away if kind != "limit" else -sign * away)
        if entry is None:
            return None
        if kind != "market":
            given |= {"price": entry}
        if kind == "stop_limit":
            entry = entry + more["limit"] * point
            given |= {"limit_price": entry}
        for level, direction in (("sl", -sign), ("tp", sign)):
            if more[level] is not None:
                far = direction * more[level] * point
                given |= {f"{level}_offset": far} if more["offsets"] else {level: entry + far}
        answer = await self.api.orders.place_order(
            name, side, order_type=kind, after=self.named(more["after"]), **given
        )
        if answer:
            self.orders.append(answer.order_id)
        return answer

    async def close(self, symbol: int, side: str | None, frac: float | None, which: Sequence[int]) -> Any:
        name = self.symbols[symbol % len(self.symbols)]
        answer = await self.api.orders.close_positions(name, side, frac=frac, orders=self.named(which))
        if answer:
            self.orders.append(answer.order_id)
        return answer

    async def close_ticket(self, which: int, frac: float | None) -> Any:
        tickets = self.api.orders.open_tickets()
        if not tickets:
            return None
        number = tickets[which % len(tickets)].id
        orders = self.api.orders
        return await (orders.close_order(number) if frac is None else orders.close_order_partial(number, frac))

    async def modify_ticket(self, which: int, sl: int | None, tp: int | None) -> Any:
        tickets = self.api.orders.open_tickets()
        if not tickets:
            return None
        ticket = tickets[which % len(tickets)]
        return await self.api.orders.modify_order(ticket.id, *self.levels(ticket.symbol, sl, tp))

    async def modify(self, symbol: int, side: str | None, sl: int | None, tp: int | None, which: Sequence[int]) -> Any:
        name = self.symbols[symbol % len(self.symbols)]
        levels = self.levels(name, sl, tp)
        answer = await self.api.orders.modify_positions(name, side, *levels, orders=self.named(which))
        if answer:
            self.orders.append(answer.order_id)
        return answer

    def levels(self, name: str, sl: int | None, tp: int | None) -> list[float | None]:
        price, point = self.api.market.price(name, "sell"), self.play.catalogue[name].point_float
        return [n if not n or price is None else price + n * point for n in (sl, tp)]

    async def cancel(self, symbol: int, side: str | None, which: Sequence[int]) -> Any:
        name = self.symbols[symbol % len(self.symbols)]
        answer = await self.api.orders.cancel_orders(name, side, orders=self.named(which))
        if answer:
            self.orders.append(answer.order_id)
        return answer

    async def cancel_one(self, which: int) -> Any:
        orders = self.api.orders.under_way()
        return await self.api.orders.cancel_order(orders[which % len(orders)].id) if orders else None

    async def watch(self, symbol: int, direction: int, away: int) -> None:
        price = self.price(symbol, "sell" if direction > 0 else "buy", away)
        if price is not None:
            name = self.symbols[symbol % len(self.symbols)]
            self.watches.append(self.api.market.watch_price(name, price, direction))

    async def drop(self, which: int) -> None:
        if self.watches:
            self.api.market.drop_watch(self.watches[which % len(self.watches)])

    async def timer(self, seconds: float) -> None:
        """After so many seconds, or (negative) at the end of the minute that many minutes on."""
        now_ns = self.api.now_ns
        if seconds >= 0:
            self.api.set_timer(now_ns + round(seconds * 10**9), "in")
        else:
            self.api.set_timer((now_ns // MINUTE - int(seconds)) * MINUTE, "at")


# --- drawing ------------------------------------------------------------------------------------------------------


def drawn_play(rng: random.Random) -> Play:
    """One or two symbols on bars or ticks, some alerts, and a script for every hook."""
    symbols = rng.choice((("EURUSD",), ("EURUSD", "USDJPY"), ("EURUSD", "USDJPY")))
    ticks = rng.choice((0, 0, 0, 0.5, 1))
    count = rng.randint(6, 30)
    made = tuple(_series(rng, symbol, rng.random() < ticks, count) for symbol in symbols)
    limits = {
        "commission_per_lot": Decimal(rng.choice(("0", "3.5"))),
        "stops_level_points": rng.choice((0, 0, 0, 3)),
    }
    fill = FillModel(
        latency_ms=rng.choice((0, 0, 0, 0, 1000, 61_000)),
        open_grace_ms=rng.choice((5000, 5000, 0)),
        max_wait_s=rng.choice((600, 600, 0)),
        intrabar=rng.choice(("pessimistic", "optimistic")),
        slippage_points=rng.choice((0, 0, 2)),
        stop_out_frac=rng.choice((0.5, 1.0, 1.5)),
    )
    balance, leverage = rng.choice(
        (("10000", "100"), ("300", "100"), ("200", "1000"), ("60", "500"), ("30", "1000"), ("100", "30"))
    )
    account = AccountSpec(Decimal(balance), rng.choice(("USD", "USD", "EUR")), Decimal(leverage))
    span = max(int(s.time[-1]) for s in made) - T0
    times = sorted(_time(rng, span) for _ in range(rng.randint(2, 8)))
    alerts = tuple(an_alert((t - T0) / MINUTE, id=f"a{n}", symbol=rng.choice(symbols)) for n, t in enumerate(times))
    bars = ()
    if rng.random() < 0.4:
        bars = tuple((rng.choice(symbols), rng.choice(("1m", "5m", "15m"))) for _ in range(2))
        bars = tuple(b for b in bars if made[symbols.index(b[0])].timeframe_ns <= _length(b[1]))
    return Play(made, _catalogue(limits), account, fill, alerts, _script(rng), bars, rng.random() < 0.05)


def _length(timeframe: str) -> int:
    return int(timeframe[:-1]) * MINUTE


def _catalogue(limits: dict[str, Any]) -> Catalogue:
    return Catalogue(instrument(s, **limits) for s in START)


def _time(rng: random.Random, span_ns: int) -> int:
    """On minutes more often than not, in grace, or anywhere."""
    minutes = rng.randint(0, span_ns * 4 // 5 // MINUTE)
    return T0 + minutes * MINUTE + rng.choice((0, 0, 0, 1, 5, 6, 10, 30, 50)) * 10**9


def _series(rng: random.Random, symbol: str, is_ticks: bool, count: int) -> Series:
    length = 0 if is_ticks else rng.choice((1, 1, 1, 5))
    rows: list[tuple[int, Quad, Quad]] = []
    t, close = T0, START[symbol]
    for _ in range(count):
        opened = close + rng.choice((0, 0, 0, 2, -2, 5, -5, 12, -12))
        close = opened if is_ticks else opened + rng.randint(-8, 8)
        high = max(opened, close) + (0 if is_ticks else rng.randint(0, 6))
        low = min(opened, close) - (0 if is_ticks else rng.randint(0, 6))
        spread = rng.randint(0, 4)
        rows.append((t, (opened, high, low, close), (opened + spread, high + spread, low + spread, close + spread)))
        t += rng.choice((1, 1, 1, 1, 2, 12)) * (length * MINUTE or 10 * 10**9)
    made = series(symbol, f"{length or 1}m", rows)
    return replace(made, timeframe="tick", timeframe_ns=0) if is_ticks else made


def _script(rng: random.Random) -> Script:
    """Enough to do, and an end: no chain of answers gets near the limit."""
    script: Script = {hook: [] for hook in HOOKS}
    for hook in HOOKS:
        often = {"alert": 8, "start": 1, "bar": 6, "timer": 6, "price": 5}.get(hook, rng.choice((0, 2, 5)))
        for _ in range(often):
            script[hook].append([_action(rng) for _ in range(rng.choice((0, 1, 1, 1, 2, 3)))])
    return script


def _action(rng: random.Random) -> Action:
    kind = rng.randint(0, 19)
    symbol, side = rng.randint(0, 1), rng.choice(("buy", "sell"))
    both = rng.choice((side, None))
    which = tuple(rng.randint(0, 6) for _ in range(rng.choice((0, 0, 1, 2))))
    if kind < 10:
        return "place", symbol, side, *_order(rng)
    if kind == 10:
        return "close", symbol, both, rng.choice((None, 0.5, 0.1)), which
    if kind == 11:
        return "close_ticket", rng.randint(0, 3), rng.choice((None, None, 0.5, 0.3))
    if kind in (12, 13):
        return "modify_ticket", rng.randint(0, 3), *_levels(rng)
    if kind == 14:
        return "modify", symbol, both, *_levels(rng), which
    if kind == 15:
        return "cancel", symbol, both, which
    if kind == 16:
        return "cancel_one", rng.randint(0, 3)
    if kind == 17:
        return ("drop", rng.randint(0, 3)) if rng.random() < 0.2 else ("timer", rng.choice((0, 0, 1, 7, 60)))
    if kind == 18:
        return "timer", rng.choice((0, 3, -1, -2, -5))
    return "watch", symbol, rng.choice((1, -1)), rng.randint(-6, 8)


def _order(rng: random.Random) -> tuple[str, int, dict[str, Any]]:
    kind = rng.choice(("market", "market", "limit", "stop", "stop_limit"))
    trails = []
    if rng.random() < 0.3:
        trails.append(Trail(rng.randint(0, 6), rng.randint(0, 3), rng.randint(1, 8)))
    if rng.random() < 0.15:
        trails.append(Trail.break_even(rng.randint(1, 6)))
    more = {
        "volume": rng.choice((0.01, 0.02, 0.1, 0.05, 0.3)) if rng.random() < 0.95 else rng.choice((60.0, 0.004)),
        "oco": rng.choice(("", "", "g", "h")),
        "expires_s": rng.choice((None, None, 1, 60, 300)) if kind != "market" else None,
        "limit": rng.randint(-6, 4),
        "trails": tuple(trails),
        "sl": rng.choice((None, rng.randint(4, 20), rng.randint(-2, 8))),
        "tp": rng.choice((None, rng.randint(4, 20), rng.randint(-2, 8))),
        "offsets": rng.random() < 0.2,
        "after": tuple(rng.randint(0, 6) for _ in range(rng.choice((0, 0, 0, 0, 1, 2)))),
        "target_reason": rng.choice(("tp", "tp", "profit_booking")),
    }
    return kind, rng.randint(-1, 10), more


def _levels(rng: random.Random) -> tuple[int | None, int | None]:
    return rng.choice((None, 0, rng.randint(-12, 12))), rng.choice((None, 0, rng.randint(-12, 12)))

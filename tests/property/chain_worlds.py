"""Worlds in which chains have work: V3 and V6 with pyramids, re-entries, safety and shields, on prices that swing.

Prices swing by some stops within a recovery's window, so that stops are hit and come back, targets are hit and go on.
``Doubter`` is a strategy that decides for itself now and then, by numbers that a saved run knows again: it declines
what a service would do, closes by hand, takes a part off.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.parity.shadow import Stepwise
from tests.unit.strategies.fakes import body, shipped, v6_alert
from tests.unit.strategies.v3_fakes import v3_alert, v3_exit, v3_pulse
from tests.world import MINUTE, T0, Quad, instrument, series
from tests.world import alert as an_alert
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.engine.house import ServiceSettings
from zepix.engine.registry import PluginRegistry
from zepix.model import AccountSpec, Alert, Catalogue, Decision, FillModel, Series
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.research.simulate import Rules, Simulation
from zepix.services.dual_plan import DualPlan

__all__ = ["Doubter", "drawn_chains", "open_chains"]

START = {"EURUSD": 110_000, "XAUUSD": 2_030_490}
POINT = {"EURUSD": 1e-5, "XAUUSD": 1e-3}
MOVE = {"EURUSD": 25, "XAUUSD": 250}
"""What a minute goes, in points; a swing is ten of it, a stop four to ten, an order B's ten dollars eight."""
FREE = {"daily_caps": dict.fromkeys(("5000", "10000", "25000", "50000"), Decimal(10**6))}
FREE["lifetime_caps"] = FREE["daily_caps"]


class Doubter(Strategy):
    """Dual orders as V3 has them, and a mind of its own by the order's number."""

    info = PluginInfo(
        strategy="doubter",
        services=("risk", "dual_order", "profit_booking", "reentry", "autonomous", "telegram"),
    )
    lots: float = 0.1
    doubts: bool = True

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.looks = 0
        self.said: list[str] = []

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        side = alert.side or "buy"
        price = self.api.market.price(alert.symbol, side) or 0.0
        sign = 1 if side == "buy" else -1
        wide = (4 + len(alert.id) % 5) * MOVE[alert.symbol] * POINT[alert.symbol]
        plan = DualPlan(
            symbol=alert.symbol, side=side, lots=Decimal(str(self.lots)), sl=round(price - sign * wide, 5),  # type: ignore[arg-type]
            tp_a=round(price + sign * 1.5 * wide, 5), a_trailing=len(alert.id) % 2 == 0, routing="dual_orders",
        )  # fmt: skip
        result = await self.api.dual_order.create_dual_orders(plan)
        return None if result else Decision.refused(result.reason)

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        await self.api.orders.close_positions(alert.symbol, alert.side)
        return None

    async def process_signal(self, alert: Alert) -> Decision | None:
        if self.doubts and alert.type == "info":
            raise RuntimeError("it does not understand")
        return Decision.info("heard")

    async def on_fill(self, event: Any) -> Any:
        number = event.order.id % 41 if self.doubts else -1
        if number == 5:
            await self.api.profit_booking.handle_profit_target_hit(event.order.id)
        elif number == 11:
            self.api.set_timer(self.api.now_ns + 4 * MINUTE, f"close {event.ticket.id}")
        elif number == 17:
            await self.api.orders.close_order_partial(event.ticket.id, 0.5)
        elif number == 23:
            self.api.set_timer(self.api.now_ns + 9 * MINUTE, "stop")
        return number != 29

    async def on_timer(self, event: Any) -> None:
        self.looks += 1
        word, _, ticket = event.tag.partition(" ")
        if word == "close":
            await self.api.orders.close_order(int(ticket), "manual")
            return
        for chain in self.api.reentry.active_chains()[:1]:
            self.said.append(chain.chain_id)
            self.api.autonomous.deactivate_reverse_shield(chain.chain_id)
            self.api.reentry.stop_chain(chain.chain_id)
        for pyramid in self.api.profit_booking.active_chains()[-1:]:
            await self.api.profit_booking.stop_chain(pyramid.chain_id)

    async def on_sl_hit(self, event: Any) -> Any:
        return not self.doubts or event.ticket.id % 13 != 7

    async def on_recovery_signal(self, event: Any) -> Any:
        return not self.doubts or event.timestamp // MINUTE % 11 != 3

    async def activate_reverse_shield(self, event: Any) -> Any:
        return not self.doubts or event.timestamp // MINUTE % 7 != 3

    async def deactivate_reverse_shield(self, event: Any) -> Any:
        return not self.doubts or event.timestamp // MINUTE % 13 != 3


def drawn_chains(
    seed: int, *, fed: bool = False, broker: str = "shadow"
) -> tuple[Simulation, Stepwise | None, Sequence[Alert]]:
    """A simulation with every kind of chain, its feed, and its alerts; the same for the same seed."""
    rng = random.Random(f"chains {seed}")
    count = rng.choice((120, 200, 320))
    prices = {symbol: _swings(rng, symbol, count) for symbol in START}
    catalogue = Catalogue(instrument(s, commission_per_lot=Decimal(rng.choice(("0", "0", "3.5")))) for s in START)
    registry = PluginRegistry(check_settings=complete_settings)
    rules = Rules(
        account=AccountSpec(Decimal(rng.choice(("30000", "30000", "6000", "300"))), "USD", Decimal(500)),
        fill_model=FillModel(
            latency_ms=rng.choice((0, 0, 250, 61_000)),
            intrabar=rng.choice(("pessimistic", "optimistic")),
            slippage_points=rng.choice((0, 2)),
        ),
        broker=broker,
        settings=_settings(rng),
    )
    plugins = _plugins(rng, registry)
    feed = Stepwise(catalogue, prices) if fed else None
    step_form = None if feed is None else feed.step_form
    simulation = Simulation(prices, catalogue, registry, plugins, rules, step_form=step_form)
    alerts = sorted((_alert(rng, n, count, prices) for n in range(rng.randint(15, 45))), key=lambda a: a.received_ns)
    return simulation, feed, alerts


def open_chains(services: Mapping[str, Any]) -> dict[str, int]:
    """How many chains of each kind a saved state (its ``services``) holds, and what they are doing."""
    reentries = services["reentry"]["chains"]
    pyramids = [one for one in services["profit_booking"]["chains"] if one["status"] == "active"]
    shields = services.get("shield", {"shields": []})["shields"]
    return {
        "re-entry chains": len(reentries),
        "waiting for a recovery": sum(one["state"] == "recovery_mode" for one in reentries),
        "recovering": sum(one["state"] == "recovering" for one in reentries),
        "above level 1": sum(one["level"] > 1 for one in reentries),
        "pyramids": len(pyramids),
        "above level 0": sum(one["level"] > 0 for one in pyramids),
        "shields": len(shields),
    }


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _swings(rng: random.Random, symbol: str, count: int) -> Series:
    """Minutes around a slow wave, pulled back to it, some missing."""
    rows: list[tuple[int, Quad, Quad]] = []
    close, move = START[symbol], MOVE[symbol]
    period, turn, height = rng.choice((25, 40, 70)), rng.random() * math.tau, rng.choice((4, 8, 12)) * move
    for number in range(count):
        opened = close + rng.choice((0, 0, 0, 1, -1, move, -move))
        wave = START[symbol] + height * math.sin(turn + math.tau * number / period)
        close = opened + round((wave - opened) * 0.3) + rng.randint(-move, move)
        high, low = max(opened, close) + rng.randint(0, move), min(opened, close) - rng.randint(0, move)
        wide = move // 4 + rng.randint(0, 5)
        if number and rng.random() < 0.03:
            continue
        bid: Quad = (opened, high, low, close)
        rows.append((T0 + number * MINUTE, bid, (opened + wide, high + wide, low + wide, close + wide)))
    return series(symbol, "1m", rows)


def _plugins(rng: random.Random, registry: PluginRegistry) -> list[PluginConfig]:
    for name in ("v3_combined", "v6_price_action_5m"):
        registry.register(shipped(name))
    registry.register(Doubter)
    v3 = {"cooldown_s": 0.0, "max_open_trades": 40, "max_trades_day": 100, "daily_loss_limit": 1e6}
    v3 |= {"reversal_mode": rng.choice(("immediate", "immediate", "gap")), "gap_pips": 1.0, "gap_wait_s": 400.0}
    v3 |= {"rr_ratio": rng.choice((0.8, 1.5))}
    v6 = {"max_spread_pips": None, "cooldown_s": 0.0, "max_open_trades": 40}
    return [
        PluginConfig("v3_combined", "v3_combined", v3),
        PluginConfig("v6_price_action_5m", "v6_price_action_5m", v6),
        PluginConfig("doubter", "doubter", {"lots": rng.choice((0.1, 0.2)), "doubts": rng.random() < 0.7}),
    ]


def _settings(rng: random.Random) -> ServiceSettings:
    windows: dict[str, Any] = {"day": {"start": "09:00", "end": "24:00", "zone": "UTC", "symbols": ["*"]}}
    if rng.random() < 0.3:
        windows["break"] = {"start": "12:00", "end": "12:20", "zone": "UTC", "force_close": True}
    on = rng.choice((2, 3, 5))
    recovery = {"recovery_frac": rng.choice((0.4, 0.7)), "recovery_attempts": rng.choice((0, 1, 1, 1, 2, 2))}
    minutes = {"EURUSD": rng.choice((4, 30)), "XAUUSD": rng.choice((4, 30))}
    return ServiceSettings(
        sessions=SessionSettings(windows=windows, default_windows=False),
        risk=RiskSettings(
            default_risk_tier=rng.choice(("10000", "10000", "50000")),
            max_concurrent=rng.choice((40, 40, 6)),
            cross_plugin_conflict=rng.choice(("allow", "allow", "block_opposite")),
            **({} if rng.random() < 0.2 else FREE),
        ),
        dual_order=DualOrderSettings(
            booking_at=rng.choice(("broker", "engine")), split_mode=rng.choice(("split", "full"))
        ),
        profit_booking=ProfitBookingSettings(
            enabled_levels=tuple(number < on for number in range(5)),
            allow_partial_progression=rng.random() < 0.5,
            partial_success_threshold=rng.choice((0.25, 0.5, 0.75)),
            stop_chain_on_fail=rng.random() < 0.6,
            recovery_windows=minutes,
            **recovery,
        ),
        reentry=ReentrySettings(
            exit_continuation=rng.random() < 0.5,
            default_max_level=rng.choice((2, 5)),
            max_levels={"V3_COMBINED": rng.choice((2, 3, 5))},
            default_trend_check=rng.choice(("none", "none", "analyser")),
            trend_checks={"V3_COMBINED": rng.choice(("none", "none", "v3")), "V6_PRICE_ACTION": "none"},
            windows_minutes=minutes,
            sl_reduction=rng.choice(("linear", "adaptive", "table")),
            min_between_s=rng.choice((0, 60)),
            recovery_target=rng.choice(("rr", "original")),
            **recovery,
        ),
        autonomous=_safety(rng),
        reverse_shield=ReverseShieldSettings(
            enabled=rng.random() < 0.8, max_concurrent=rng.choice((1, 3)), kill_frac=Decimal(rng.choice(("0.4", "0.7")))
        ),
    )


def _safety(rng: random.Random) -> AutonomousSettings:
    return AutonomousSettings(
        daily_attempts=rng.choice((100, 100, 100, 10, 3)),
        daily_losses=rng.choice((50, 50, 50, 5)),
        concurrent=rng.choice((20, 20, 20, 3, 1)),
        chain_protection=rng.choice(("off", "too_valuable", "cushion")),
        day_protection=rng.random() < 0.3,
        direction_block=rng.random() < 0.2,
        profit_protection=rng.random() < 0.3,
        protect_at_pips=Decimal(5),
        protect_to_pips=Decimal(1),
    )


def _alert(rng: random.Random, number: int, minutes: int, prices: Mapping[str, Series]) -> Alert:
    """V3 mostly; prices are those of the minute, levels some moves away."""
    at = rng.randint(4, minutes * 12) / 12
    symbol, side = rng.choice(("EURUSD", "EURUSD", "XAUUSD")), rng.choice(("buy", "sell"))
    known = prices[symbol]
    row = min(len(known) - 1, max(0, int(at) - 1))
    price, move = round(int(known.bid_close[row]) * POINT[symbol], 5), MOVE[symbol] * POINT[symbol]
    kind = rng.randint(0, 19)
    if kind < 9:
        signal = rng.choice(("Momentum_Breakout", "Sideways_Breakout", "Sideways_Breakout", "Liquidity_Trap"))
        score, target = rng.choice((8, 6, 5)), rng.choice((None, 0.0))
        return v3_alert(
            at, signal, side, tf=rng.choice(("5", "15", "60")), symbol=symbol, price=price, number=number,
            score=score if side == "buy" else 9 - score, risk=rng.randint(4, 10) * move,
            **({} if target is None else {"tp2_price": None}),
        )  # fmt: skip
    if kind < 10:
        return v3_exit(at, rng.choice(("Bullish_Exit", "Bearish_Exit")), number=number)
    if kind < 12:
        return v3_pulse(at, rng.choice(("1,1,1,1,1,1", "-1,-1,-1,-1,-1,-1", "1,1,-1,1,0,1")), number=number)
    if kind < 14:
        levels = tuple(round(price + (r if side == "buy" else -r) * 6 * move, 5) for r in (-1, 1, 2, 3))
        word = "BULLISH_ENTRY" if side == "buy" else "BEARISH_ENTRY"
        return v6_alert(at, word, symbol=symbol, price=price, levels=levels, number=number)
    if kind < 15:
        return body(f"EXIT_{'BULLISH' if side == 'buy' else 'BEARISH'}|{symbol}|5|{price}|", at, number)
    fields: dict[str, Any] = {"strategy": "doubter", "symbol": symbol, "id": f"d{number * 7}"}
    word = rng.choice(("entry", "entry", "entry", "entry", "exit", "info", "pause", "resume"))
    return an_alert(at, word, side, **fields)

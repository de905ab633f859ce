"""Markets and alerts drawn by hypothesis: bars with gaps and missing minutes, alerts where rules change.

Prices stay far above zero and volumes reach both limits. Everything is an integer until it becomes an alert's price.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.world import MINUTE, T0, Market, Played, Quad, instrument, series
from tests.world import alert as an_alert
from zepix.engine import PluginConfig, PluginInfo
from zepix.engine.registry import PluginRegistry, builtin_strategies
from zepix.model import AccountSpec, Alert, Catalogue, Decision, FillModel, Series

__all__ = ["Drawn", "drawn"]

START = {"EURUSD": 110_000, "USDJPY": 150_000}
MINUTES = 40


@dataclass(frozen=True)
class Drawn:
    """One drawn run: play it as often as you like."""

    market: Market
    alerts: tuple[Alert, ...]
    plugins: tuple[PluginConfig, ...]

    def play(self) -> Played:
        return self.market.play(self.alerts, Looking, plugins=self.plugins)


def _bracket() -> Any:
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    return registry.classes["bracket"]


class Looking(_bracket()):  # type: ignore[misc]
    """`bracket` that writes the account down whenever an alert says "look"."""

    info = PluginInfo(strategy="looking")

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.looks: list[tuple[int, Decimal, Decimal, Decimal, list[tuple[str, int, int, int]]]] = []

    async def process_signal(self, alert: Alert) -> Decision:
        account, engine = self.api.account, self.api.clock
        tickets = [(t.symbol, t.side, t.steps, t.entry_points) for t in engine.open_trades]
        self.looks.append((self.api.now_ns, account.balance, account.equity, account.margin, tickets))
        return Decision.info("looked")


def _series(symbol: str, seed: int) -> Series:
    """A walk of 40 minutes, some of them missing; from a seed, because hypothesis is slow at drawing 400 numbers."""
    rng = random.Random(seed)
    rows: list[tuple[int, Quad, Quad]] = []
    close = START[symbol]
    for number in range(MINUTES):
        if number and rng.random() < 0.1:
            continue
        opened = close + rng.choice((0, 0, 0, 1, -1, 90, -90))
        close = opened + rng.randint(-40, 40)
        high, low = max(opened, close) + rng.randint(0, 70), min(opened, close) - rng.randint(0, 70)
        wide = rng.randint(0, 15)
        ask = (opened + wide, high + wide + rng.randint(0, 5), low + wide, close + wide)
        rows.append((T0 + number * MINUTE, (opened, high, low, close), ask))
    return series(symbol, "1m", rows)


@st.composite
def _alert(draw: st.DrawFn, number: int, symbols: tuple[str, ...]) -> Alert:
    kind = draw(st.sampled_from(("entry", "entry", "entry", "entry", "exit", "reversal", "look")))
    symbol = draw(st.sampled_from((*symbols * 4, "GBPUSD", "DOGEUSD")))
    side = draw(st.sampled_from(("buy", "sell") if kind != "exit" else ("buy", "sell", None)))
    point = 1e-3 if symbol == "USDJPY" else 1e-5
    sign = -1 if side == "sell" else 1
    price = START.get(symbol, 100_000) + draw(st.integers(-60, 60))
    stop, target = (draw(st.sampled_from((0, 60, 20, 100, 200))) for _ in range(2))
    fields: dict[str, Any] = {
        "volume": draw(st.sampled_from((0.01, 0.1, 0.37, None, 0.02, 0.2, 0.05, 2.0, 0.004, 60.0))),
        "sl": (price - sign * stop) * point if stop else None,
        "tp": (price + sign * target) * point if target else None,
        "price": price * point,
        "plugin_hint": draw(st.sampled_from(("one", "two"))),
        "explicit_id": draw(st.sampled_from((*[f"x{number}"] * 9, "same"))),
    }
    when = draw(st.integers(-2 * 12, (MINUTES + 2) * 12)) / 12  # every five seconds: on opens, in grace, out of it
    return an_alert(when, kind, side, id=f"a{number}", symbol=symbol, **fields)


@st.composite
def drawn(draw: st.DrawFn) -> Drawn:
    """One or two symbols, two plugins of one strategy with settings of their own, up to 30 alerts."""
    symbols = draw(st.sampled_from((("EURUSD",), ("EURUSD", "USDJPY"))))
    commission = Decimal(draw(st.sampled_from(("0", "3.5", "0.333"))))
    limits = {"commission_per_lot": commission, "stops_level_points": draw(st.sampled_from((0, 10)))}
    catalogue = Catalogue(instrument(s, **limits) for s in ("EURUSD", "USDJPY", "GBPUSD"))
    fill = FillModel(
        latency_ms=draw(st.sampled_from((0, 0, 1000, 61_000))),
        open_grace_ms=draw(st.sampled_from((5000, 5000, 0, 30_000))),
        max_wait_s=draw(st.sampled_from((600, 0))),
        intrabar=draw(st.sampled_from(("pessimistic", "optimistic"))),
        slippage_points=draw(st.sampled_from((0, 0, 3))),
    )
    currency = draw(st.sampled_from(("USD", "EUR")))
    account = AccountSpec(Decimal(draw(st.sampled_from(("10000", "300")))), currency)
    market = Market([_series(s, draw(st.integers(0, 2**32))) for s in symbols], catalogue, account, fill)
    plugins = tuple(
        PluginConfig(
            name,
            "looking",
            {"one_at_a_time": draw(st.booleans()), "levels": draw(st.sampled_from(("absolute", "distance")))},
        )
        for name in ("one", "two")
    )
    alerts = tuple(draw(_alert(n, symbols)) for n in range(draw(st.integers(1, 30))))
    return Drawn(market, alerts, plugins)

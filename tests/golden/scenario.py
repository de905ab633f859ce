"""A small run built from integers only, the same on every machine; as a program it prints the run's digest.

    python -m tests.golden.scenario

Prices and alerts come from a linear congruential generator written out here, so no library's random numbers take part.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from decimal import Decimal

from tests.world import MINUTE, T0, Market, Played, Quad, alert, instrument, series
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.journal.digest import digest
from zepix.model import AccountSpec, Alert, Catalogue, FillModel, Series

__all__ = ["play"]

BARS = 300
ALERTS = 90


def numbers(seed: int) -> Iterator[int]:
    """Whole numbers from 0 to 32767, as the C standard's example generator gives them."""
    while True:
        seed = (seed * 1_103_515_245 + 12_345) % 2**31
        yield seed // 2**16 % 2**15


def walk(symbol: str, start: int, seed: int) -> Series:
    draw, close, rows = numbers(seed), start, []
    for minute in range(BARS):
        opened = close + next(draw) % 7 - 3
        close = opened + next(draw) % 61 - 30
        high, low = max(opened, close) + next(draw) % 70, min(opened, close) - next(draw) % 70
        wide = 2 + next(draw) % 9
        if next(draw) % 20:  # one bar in twenty is missing
            bid: Quad = (opened, high, low, close)
            rows.append((T0 + minute * MINUTE, bid, (opened + wide, high + wide, low + wide, close + wide)))
    return series(symbol, "1m", rows)


def alerts() -> list[Alert]:
    draw, made = numbers(7), []
    for number in range(ALERTS):
        symbol, points = (("EURUSD", 110_000), ("USDJPY", 150_000))[next(draw) % 2]
        kind = ("entry", "entry", "entry", "entry", "entry", "exit", "reversal")[next(draw) % 7]
        side = ("buy", "sell")[next(draw) % 2]
        point = 1e-5 if symbol == "EURUSD" else 1e-3
        away = (25 + next(draw) % 250) * (1 if side == "buy" else -1)
        price = points + next(draw) % 41 - 20
        made.append(
            alert(
                (next(draw) % (BARS * 12)) / 12,
                kind,
                side,
                id=f"a{number}",
                symbol=symbol,
                volume=(1 + next(draw) % 40) / 100,
                price=price * point,
                sl=(price - away) * point,
                tp=(price + away) * point,
                plugin_hint=("one", "two")[next(draw) % 2],
            )
        )
    return made


def play() -> Played:
    """Two symbols, two plugins of `bracket`, commission, a delay and slippage."""
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    catalogue = Catalogue(instrument(s, commission_per_lot=Decimal("3.5")) for s in ("EURUSD", "USDJPY"))
    fill = FillModel(latency_ms=250, slippage_points=2)
    prices = [walk("EURUSD", 110_000, 1), walk("USDJPY", 150_000, 2)]
    plugins = [
        PluginConfig("one", "bracket", {"levels": "distance"}),
        PluginConfig("two", "bracket", {"levels": "distance", "one_at_a_time": True}),
    ]
    market = Market(prices, catalogue, AccountSpec(Decimal(10_000)), fill)
    return market.play(alerts(), registry.classes["bracket"], plugins=plugins)


if __name__ == "__main__":
    sys.stdout.write(digest(play().record) + "\n")

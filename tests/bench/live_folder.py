"""Folders that a live runner could have left: made-up ticks, alerts, and a journal of so many rows."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zepix.config.check import Raw
from zepix.journal.durable import DurableLog
from zepix_live.clock import VirtualClock
from zepix_live.engine.main import Engine, open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.inbox_rows import ALERT, encode

__all__ = ["FLAGS", "MARKET_NS", "Bodies", "left_folder", "write_ticks"]

MARKET_NS: Final = 1_767_618_000_000_000_000
"""2026-01-05, a Monday, 13:00 UTC: London and New York are open."""
SYMBOLS: Final = {"EURUSD": (1.1, 1e-5, 10), "XAUUSD": (2000.0, 1e-2, 14)}
"""By symbol: first price, size of a step, spread in points."""
FLAGS: Final = {"account.balance": "1000000"}
TICKS_APART_MS: Final = 200


def write_ticks(folder: Path, count: int, seed: int = 1) -> Path:
    """``count`` ticks of each symbol, 200 ms apart on average, a random walk; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, (symbol, (first, point, spread)) in enumerate(SYMBOLS.items()):
        rng = np.random.default_rng(seed + number)
        times_ms = np.cumsum(rng.integers(1, 2 * TICKS_APART_MS, count))
        times_us = (MARKET_NS // 1_000_000 + times_ms) * 1000
        walk = round(first / point) + np.cumsum(rng.integers(-3, 4, count))
        bid = np.round(walk * point, 5)
        ask = np.round((walk + spread + rng.integers(0, 3, count)) * point, 5)
        columns = {"time": pa.array(times_us, pa.timestamp("us", "UTC")), "bid": bid, "ask": ask}
        pq.write_table(pa.table(columns), folder / f"{symbol}_TICK_20260101_20260201.parquet")
    return folder


class Bodies:
    """Alerts without end: plain ones, or V6 text of four plugins, from a seed."""

    def __init__(self, kind: str = "plain", seed: int = 1) -> None:
        self._rng = random.Random(seed)
        self._kind = kind
        self._number = 0

    def next(self) -> str:
        self._number += 1
        return self._v6() if self._kind == "v6" else self._plain()

    def _plain(self) -> str:
        rng = self._rng
        body: dict[str, Any] = {"symbol": rng.choice(list(SYMBOLS)), "id": f"n{self._number}"}
        if rng.random() < 0.6:
            body |= {"type": "entry", "side": rng.choice(["buy", "sell"]), "volume": 0.01}
        else:
            body |= {"type": "exit"}
        return json.dumps(body)

    def _v6(self) -> str:
        """Entries, exits and pulses of all timeframes; of a price of its own each, so that none is a duplicate."""
        rng = self._rng
        symbol = rng.choice(list(SYMBOLS))
        first, point, _ = SYMBOLS[symbol]
        frame = rng.choice(["1", "5", "15", "60"])
        kind = rng.random()
        price = first + self._number * point
        if kind < 0.5:
            side = rng.choice([1, -1])
            far = 2000 * point * side
            levels = (price - far, price + far, price + 2 * far, price + 3 * far)
            told = "|".join(f"{level:.5f}" for level in levels)
            names = ("BULLISH_ENTRY", "BUY") if side > 0 else ("BEARISH_ENTRY", "SELL")
            return f"{names[0]}|{symbol}|{frame}|{price:.5f}|{names[1]}|HIGH|90|30.1|STRONG|{told}|6/0|"
        if kind < 0.7:
            name = rng.choice(["EXIT_BULLISH", "EXIT_BEARISH"])
            return f"{name}|{symbol}|{frame}|{price:.5f}|{self._number}"
        pulse = rng.choice(["15:BULL->BEAR", "60:SIDE->BULL", "5:BEAR->BULL"])
        return f"TREND_PULSE|{symbol}|{frame}|{self._number}|3|{pulse}|NEUTRAL"


def left_folder(
    folder: Path, ticks: Path, rows: int, *, kind: str = "plain", alert_every: int = 50, together: bool = True
) -> int:
    """A runner's folder whose journal has at least ``rows`` rows, without a clean end; how many there are.

    ``together``: ticks are taken in as a market plays them at sixty times its speed, else each in a turn of its own.
    """
    span_s = rows * (TICKS_APART_MS / 1000 / len(SYMBOLS) if together else 0.025)
    clock = VirtualClock(time.time_ns() - round(span_s * 1e9))  # so that it could go on now
    inbox = DurableLog(folder / "inbox.sqlite", name="inbox")
    flags = {name: Raw(value) for name, value in FLAGS.items()}
    engine = open_engine(EngineOptions(folder, None, f"replay:{ticks}", 1.0, flags), clock, {})
    bodies = Bodies(kind)
    try:
        for step, _ in enumerate(_until(engine, rows)):
            clock.advance(3.0 if together else 0.05)
            if not step % (alert_every if not together else 2):
                row = {"raw": bodies.next(), "source": "webhook", "route": "tradingview", "from": "127.0.0.1"}
                inbox.append([(clock.now_ns(), ALERT, encode(row))])
            while engine.consumer.turn():
                pass
        return engine.journal.last_seq
    finally:
        engine.close()
        inbox.close()


def _until(engine: Engine, rows: int) -> Iterator[None]:
    while engine.journal.last_seq < rows:
        yield

"""One live session without a process: ticks and alerts as fast as it takes them, and what they cost in memory."""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.bench.live_folder import MARKET_NS, Bodies
from zepix.config.check import Raw
from zepix.spec import load_spec
from zepix_live.engine.plan import plan_of
from zepix_live.engine.session import LiveSession

__all__ = ["V6", "OneSession", "grow", "rss_mib"]

MINUTE_NS: Final = 60_000_000_000
ALERTS_A_MINUTE: Final = 20
V6: Final = {
    "account.balance": "100000000",
    "strategy.name": "v6_price_action",
    "strategy.cooldown_s": "0",
    "strategy.opposite_entry_reverses": "false",
    "strategy.max_open_trades": "1000000",
    "strategy.max_trades_day": "1000000",
    "strategy.daily_loss_limit": "1000000000",
    "strategy.min_alignment": "0",
    "sessions.enabled": "false",
}
"""All four plugins, with the limits out of the way that would refuse most alerts at once."""


class OneSession:
    """Two symbols, in ticks or minutes, at made-up prices."""

    def __init__(self, timeframe: str, settings: Mapping[str, str]) -> None:
        spec = load_spec(None, flags={name: Raw(value) for name, value in settings.items()}, environ={})
        self.session = LiveSession(plan_of(spec), dict.fromkeys(("EURUSD", "XAUUSD"), timeframe))
        self.t_ns = MARKET_NS
        self._rng = random.Random(1)
        self._bids = {"EURUSD": 110_000, "XAUUSD": 200_000}
        self._number = 0
        self._has_prices = False
        self.session.take(self.t_ns, "start", {})

    def tick(self) -> tuple[int, dict[str, Any]]:
        self.t_ns += 100_000_000
        self._bids["EURUSD"] += self._rng.randint(-3, 3)
        bid = self._bids["EURUSD"]
        return self.t_ns, {"ended": [], "opened": [["EURUSD", bid, bid + 10]]}

    def minute(self) -> None:
        """The minutes of both symbols end, and the next ones open."""
        self.t_ns = (self.t_ns // MINUTE_NS + 1) * MINUTE_NS
        ended = [[s, b + 5, b - 5, b, b + 15, b + 5, b + 10] for s, b in self._bids.items()]
        for symbol in self._bids:
            self._bids[symbol] += self._rng.randint(-30, 30)
        body = {
            "ended": ended if self._has_prices else [],
            "opened": [[s, b, b + 10] for s, b in self._bids.items()],
        }
        self._has_prices = True
        self.session.take(self.t_ns, "prices", body)

    def alert(self, raw: str) -> None:
        self.t_ns += 1_000_000
        self._number += 1
        body = {"id": f"a{self._number}", "raw": raw, "source": "webhook", "kind": "alert"}
        self.session.take(self.t_ns, "alert", body)

    def fill(self, tickets: int) -> None:
        """So many tickets, with levels far away."""
        for _ in range(2):
            self.session.take(*_as_prices(self.tick()))
        bid = self._bids["EURUSD"]
        levels = {"sl": round((bid - 20_000) * 1e-5, 5), "tp": round((bid + 20_000) * 1e-5, 5)}
        for number in range(tickets):
            entry = {"type": "entry", "side": "buy", "symbol": "EURUSD", "volume": 0.1, "id": f"x{number}", **levels}
            self.alert(json.dumps(entry))
        for _ in range(2):
            self.session.take(*_as_prices(self.tick()))


def _as_prices(moment: tuple[int, dict[str, Any]]) -> tuple[int, str, dict[str, Any]]:
    return moment[0], "prices", moment[1]


def rss_mib() -> float:
    """This process's memory, where the system tells; else 0."""
    path = Path("/proc/self/statm")
    return int(path.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if path.exists() else 0


def take_alerts(one: OneSession, bodies: Bodies, count: int) -> None:
    for number in range(count):
        if not number % ALERTS_A_MINUTE:
            one.minute()
        one.alert(bodies.next())


def grow(kind: str, alerts: int) -> None:
    """Print the memory after each fifth of so many alerts, and what a million more would take at that rate."""
    one = OneSession("1m", V6 if kind == "v6" else {"account.balance": "1000000"})
    bodies, part, sizes = Bodies(kind), alerts // 5, [rss_mib()]
    begun = time.process_time()
    for _ in range(5):
        take_alerts(one, bodies, part)
        gc.collect()
        sizes.append(rss_mib())
    took_us = 1e6 * (time.process_time() - begun) / (5 * part)
    slope = (sizes[-1] - sizes[2]) / (3 * part)
    told = ", ".join(f"{size:.0f}" for size in sizes)
    sys.stdout.write(
        f"memory: {kind} alerts, {told} MiB at the start and after each {part}; from then on {1e6 * slope:.0f} MiB a "
        f"million, {took_us:.0f} us an alert\n"
    )

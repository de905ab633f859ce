"""Random scenarios: bars and alerts that lie where the rules change, on opens, at the edge of grace, at both levels.

Everything comes from one `random.Random(seed)`: the same seed gives the same scenario on every machine. Alerts keep
clear of what the page leaves open (a price to compare before the first bar). `random_scenario` knows market orders with
a stop and a target; `random_full_scenario` the whole page.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .bars import Row
from .full_alerts import random_full_alerts
from .markets import (
    BAR_CALENDARS,
    H1,
    KINDS,
    LONG,
    M1,
    M5,
    M15,
    MARKETS,
    NEVER_PRICED,
    ODD_VOLUMES,
    SECOND,
    SHORT,
    TICK_CALENDARS,
    UNKNOWN,
    VOLUMES,
    WEEKEND,
    Series,
    bold_volumes,
    part_of,
    random_account,
    random_fill,
    random_full_account,
    random_full_fill,
    random_full_instrument,
    random_instrument,
    random_rows,
    random_strategy,
    random_tick_rows,
)
from .oracle import Outcome, simulate

__all__ = ["H1", "KINDS", "M1", "M15", "M5", "Scenario", "random_alerts", "random_full_alerts", "random_full_scenario"]
__all__ += ["random_scenario"]


@dataclass(frozen=True)
class Scenario:
    """What one run is given; `play` asks the oracle."""

    seed: int
    bars: Mapping[str, tuple[int, list[Any]]]
    instruments: dict[str, dict[str, Any]]
    account: dict[str, Any]
    fill: dict[str, Any]
    strategy: dict[str, Any]
    alerts: list[dict[str, Any]]
    guard: dict[str, Any] | None = None

    def play(self) -> Outcome:
        return simulate(self.bars, self.instruments, self.account, self.fill, self.alerts, self.strategy, self.guard)


def random_scenario(seed: int, alert_count: int = 80) -> Scenario:
    """One to four symbols over an evening and a morning, or over three days, a weekend between them."""
    rng = random.Random(seed)
    symbols, currencies = rng.choice(MARKETS)
    sessions, timeframes = rng.choice(((SHORT, (M1, M5, H1)), (LONG, (M5, M15, H1))))
    currency = rng.choice(currencies)
    instruments = {symbol: random_instrument(rng, symbol) for symbol in (*symbols, NEVER_PRICED)}
    volatility = {symbol: rng.choice((4, 8, 15)) * KINDS[symbol]["scale"] for symbol in symbols}
    bars = {
        s: (tf, random_rows(rng, s, tf, sessions, volatility[s])) for s in symbols for tf in [rng.choice(timeframes)]
    }
    fill = random_fill(rng)
    strategy = random_strategy(rng, bars)
    alerts = random_alerts(rng, bars, instruments, alert_count, strategy, fill["latency_ms"], volatility)
    return Scenario(seed, bars, instruments, random_account(rng, currency), fill, strategy, alerts)


def random_full_scenario(seed: int, ticks: bool = False, alert_count: int = 160) -> Scenario:
    """The whole page: every order type, groups, changes, trails, swaps, stop-outs; with ticks symbols on ticks."""
    rng = random.Random(f"full {seed} {ticks}")
    symbols, currencies = rng.choice(MARKETS)
    sessions, timeframes = rng.choice(BAR_CALENDARS)
    if ticks:
        sessions, timeframes = rng.choice(TICK_CALENDARS), (M1, M5)
    currency = rng.choice(currencies)
    instruments = {symbol: random_full_instrument(rng, symbol) for symbol in (*symbols, NEVER_PRICED)}
    volatility = {symbol: rng.choice((4, 8, 15, 30)) * KINDS[symbol]["scale"] for symbol in symbols}
    on_ticks = {symbol for symbol in symbols if ticks and rng.random() < 0.6} or ({symbols[0]} if ticks else set())
    bars: dict[str, tuple[int, list[Any]]] = {}
    for symbol in symbols:
        open_when = part_of(rng, sessions)
        if symbol in on_ticks:
            bars[symbol] = (0, random_tick_rows(rng, symbol, open_when, volatility[symbol]))
        else:
            timeframe_ns = rng.choice(timeframes)
            bars[symbol] = (timeframe_ns, random_rows(rng, symbol, timeframe_ns, open_when, volatility[symbol]))
    fill = random_full_fill(rng)
    strategy = random_strategy(rng, bars) | {"one_at_a_time": rng.random() < 0.1}
    account, is_bold = random_full_account(rng, currency), rng.random() < 0.35
    alerts = random_full_alerts(
        rng,
        bars,
        instruments,
        alert_count,
        strategy,
        fill["latency_ms"],
        volatility,
        bold_volumes(rng, account) if is_bold else VOLUMES,
        level_share=0.35 if is_bold else 0.75,
    )
    return Scenario(seed, bars, instruments, account, fill, strategy, alerts)


def random_alerts(
    rng: random.Random,
    bars: Mapping[str, Series],
    instruments: Mapping[str, Mapping[str, Any]],
    count: int,
    strategy: Mapping[str, Any],
    latency_ms: int = 0,
    volatility: Mapping[str, int] | None = None,
) -> list[dict[str, Any]]:
    """Alerts on and around the opens of these bars, in order of arrival, with narrow stops and targets."""
    points = {symbol: float(instruments[symbol]["point"]) for symbol in bars}
    moves = volatility or {symbol: typical_range(rows, points[symbol]) for symbol, (_, rows) in bars.items()}
    symbols = sorted(bars)
    alerts: list[dict[str, Any]] = []
    times: list[tuple[int, str]] = []
    while len(times) < count:
        symbol = rng.choice(symbols)
        times.append((random_time(rng, bars[symbol], latency_ms), symbol))
        while rng.random() < 0.25:  # company at the same instant or soon after, mostly of the same symbol
            times.append(
                (times[-1][0] + rng.choice((0, 0, 1, 2, 30)) * SECOND, rng.choice((symbol, symbol, symbols[0])))
            )
    for number, (t, symbol) in enumerate(sorted(times[:count], key=lambda pair: pair[0])):
        alert = random_alert(rng, symbol, t, bars[symbol][1], points[symbol], moves[symbol], strategy)
        if rng.random() < 0.02:
            alert["symbol"] = rng.choice((UNKNOWN, NEVER_PRICED)) if NEVER_PRICED in instruments else UNKNOWN
        alerts.append({"id": f"a{number}"} | alert)
    return alerts


def typical_range(rows: Sequence[Row], point: float) -> int:
    return max(2, round(sum(row[2] - row[3] for row in rows) / len(rows) / point))


def random_time(rng: random.Random, series: Series, latency_ms: int) -> int:
    timeframe_ns, rows = series
    opened = rng.choice(rows)[0]
    odd = rng.random()
    if odd < 0.03:
        return rng.randrange(*WEEKEND, SECOND)
    if odd < 0.05:
        return rows[0][0] - rng.choice((1, 300, 601)) * SECOND
    if odd < 0.08:
        return rows[-1][0] + timeframe_ns + rng.choice((-1_000_000, 0, 1_000_000, 10 * SECOND))
    milliseconds = rng.choice((0, 0, 0, 1000, 4999, 5000, 5001, 30_000, -latency_ms, -latency_ms, 5000 - latency_ms))
    within = rng.choice((milliseconds * 1_000_000,) * 6 + (timeframe_ns // 2, timeframe_ns - 1_000_000))
    return opened + within


def random_alert(
    rng: random.Random, symbol: str, t: int, rows: Sequence[Row], point: float, move: int, strategy: Mapping[str, Any]
) -> dict[str, Any]:
    kind = rng.choices(("entry", "exit", "reversal"), (60, 22, 18))[0]
    alert: dict[str, Any] = {"received_ns": t, "type": kind, "symbol": symbol, "side": rng.choice(("buy", "sell"))}
    alert |= {"volume": None, "sl": None, "tp": None, "price": None}
    if kind == "exit":
        return alert | {"side": rng.choice((alert["side"], alert["side"], None))}
    known = [row for row in rows if row[0] <= t]
    quote = round((known[-1] if known else rows[0])[1 if alert["side"] == "buy" else 5] / point)
    by_distance = strategy.get("levels") == "distance"
    chart = quote + (rng.randint(-20, 20) * move if by_distance else rng.randint(-move, move))
    sign = 1 if alert["side"] == "buy" else -1
    reach = rng.choice((move, 2 * move, 4 * move, 12 * move))
    sl = (chart if by_distance else quote) - sign * random_distance(rng, reach)
    tp = (chart if by_distance else quote) + sign * random_distance(rng, reach)
    digits = round(-math.log10(point))
    alert["volume"] = rng.choice(ODD_VOLUMES if rng.random() < 0.15 else VOLUMES)
    alert["sl"] = round(sl * point, digits) if rng.random() < 0.85 else None
    alert["tp"] = round(tp * point, digits) if rng.random() < 0.85 else None
    may_be_compared = known or strategy.get("max_price_gap") is None
    if by_distance or (may_be_compared and rng.random() < 0.6):
        alert["price"] = round(chart * point, digits)
    if not may_be_compared:
        alert |= {"price": None, "sl": None, "tp": None}
    return alert


def random_distance(rng: random.Random, reach: int) -> int:
    """Up to ``reach`` points away, now and then on the wrong side."""
    return rng.randint(1, reach) * (-1 if rng.random() < 0.05 else 1)

"""Random bars and alerts that lie where the rules change: on opens, at the edge of grace, in ranges with both levels.

Everything comes from one `random.Random(seed)`: the same seed gives the same scenario on every machine. Alerts keep
clear of what the page leaves open (a distance without an alert price, a price to compare before the first bar).
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .bars import Row
from .oracle import Outcome, simulate

__all__ = ["Scenario", "random_alerts", "random_scenario"]

SECOND = 10**9
M1, M5, M15, H1 = (minutes * 60 * SECOND for minutes in (1, 5, 15, 60))
Series = tuple[int, list[Row]]

KINDS: dict[str, dict[str, Any]] = {  # start: the first bid in points; scale: how many points are a small move
    "EURUSD": {"margin": "EUR", "profit": "USD", "digits": 5, "contract": "100000", "start": 109_000, "scale": 1},
    "GBPUSD": {"margin": "GBP", "profit": "USD", "digits": 5, "contract": "100000", "start": 127_000, "scale": 1},
    "USDJPY": {"margin": "USD", "profit": "JPY", "digits": 3, "contract": "100000", "start": 150_000, "scale": 1},
    "GBPJPY": {"margin": "GBP", "profit": "JPY", "digits": 3, "contract": "100000", "start": 190_000, "scale": 2},
    "XAUUSD": {"margin": "USD", "profit": "USD", "digits": 3, "contract": "100", "start": 2_050_000, "scale": 20},
    "EURGBP": {"margin": "EUR", "profit": "GBP", "digits": 5, "contract": "100000", "start": 86_000, "scale": 1},
}
MARKETS = (  # symbols with prices, and the account currencies into which they convert
    (("EURUSD",), ("USD", "EUR")),
    (("EURUSD", "GBPUSD"), ("USD", "EUR", "GBP")),
    (("EURUSD", "USDJPY"), ("USD", "EUR", "JPY")),
    (("XAUUSD", "EURUSD"), ("USD", "EUR")),
    (("EURUSD", "GBPUSD", "USDJPY", "GBPJPY"), ("USD", "EUR", "GBP", "JPY")),
)
NEVER_PRICED = "EURGBP"
UNKNOWN = "DOGEUSD"
VOLUMES = (None, 0.02, 0.05, 0.1, 0.37, 0.029)
ODD_VOLUMES = (0.004, 0, 0.01, 0.015, 1.0, 2.5, 5, 40, 60)


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND


SHORT = ((utc("2024-03-08T20:00"), utc("2024-03-08T22:00")), (utc("2024-03-10T22:00"), utc("2024-03-11T00:00")))
LONG = ((utc("2024-03-07T00:00"), utc("2024-03-08T22:00")), (utc("2024-03-10T22:00"), utc("2024-03-12T00:00")))
WEEKEND = (utc("2024-03-09T12:00"), utc("2024-03-10T21:59"))


@dataclass(frozen=True)
class Scenario:
    """What one run is given; `play` asks the oracle."""

    seed: int
    bars: dict[str, Series]
    instruments: dict[str, dict[str, Any]]
    account: dict[str, Any]
    fill: dict[str, Any]
    strategy: dict[str, Any]
    alerts: list[dict[str, Any]]

    def play(self) -> Outcome:
        return simulate(self.bars, self.instruments, self.account, self.fill, self.alerts, self.strategy)


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


def random_instrument(rng: random.Random, symbol: str) -> dict[str, Any]:
    kind = KINDS[symbol]
    return {
        "point": str(Decimal(1).scaleb(-kind["digits"])),
        "contract_size": kind["contract"],
        "profit_currency": kind["profit"],
        "margin_currency": kind["margin"],
        "volume_step": "0.01",
        "volume_min": rng.choice(("0.01", "0.01", "0.02")),
        "volume_max": "50",
        "stops_level_points": rng.choice((0, 0, 5 * kind["scale"])),
        "commission_per_lot": rng.choice(("0", "3.5", "7.25", "0.333")),
    }


def random_account(rng: random.Random, currency: str) -> dict[str, Any]:
    digits = 0 if currency == "JPY" else 2
    balance = rng.choice((10_000, 10_000, 400)) * (150 if currency == "JPY" else 1)
    return {
        "balance": str(balance),
        "currency": currency,
        "leverage": rng.choice(("30", "100", "500")),
        "digits": digits,
    }


def random_fill(rng: random.Random) -> dict[str, Any]:
    return {
        "latency_ms": rng.choice((0, 0, 0, 250, 1000, 5000, 61_000)),
        "open_grace_ms": rng.choice((5000, 5000, 5000, 0, 90_000)),
        "max_wait_s": rng.choice((600, 600, 120, 0)),
        "intrabar": rng.choice(("pessimistic", "optimistic")),
        "slippage_points": rng.choice((0, 0, 3)),
    }


def random_strategy(rng: random.Random, bars: Mapping[str, Series]) -> dict[str, Any]:
    """The gap is one number in price units for all symbols: it is only set where all prices are of a kind."""
    of_a_kind = all(KINDS[symbol]["digits"] == 5 for symbol in bars)
    return {
        "one_at_a_time": rng.random() < 0.4,
        "levels": rng.choice(("absolute", "absolute", "distance")),
        "max_price_gap": rng.choice((None, None, 0.0003)) if of_a_kind else None,
    }


def random_rows(
    rng: random.Random, symbol: str, timeframe_ns: int, sessions: Sequence[tuple[int, int]], volatility: int
) -> list[Row]:
    """A walk in points with gaps between bars, spreads of their own for all four prices, and bars that are missing."""
    opens = [t for start, end in sessions for t in range(start, end, timeframe_ns)]
    missing = {t for t in opens if rng.random() < 0.03}
    for _ in range(rng.randint(0, 2)):
        first = rng.randrange(len(opens))
        missing.update(opens[first : first + rng.randint(2, 15)])
    if rng.random() < 0.3:
        missing.update(opens[: rng.randint(1, 10)])
    kept = [t for t in opens if t not in missing] or opens
    close, rows, digits = KINDS[symbol]["start"], [], KINDS[symbol]["digits"]
    for t in kept:
        jump = rng.choice((0, 0, 0, 1, -1, volatility, -volatility)) * rng.choice((1, 1, 1, 4))
        quad = random_quad(rng, close + jump, volatility)
        close = quad[3]
        prices = (*quad, *raised(rng, quad, 2 * KINDS[symbol]["scale"]))
        rows.append((t, *(round(points / 10**digits, digits) for points in prices)))
    return rows


def random_quad(rng: random.Random, opened: int, volatility: int) -> tuple[int, int, int, int]:
    close = opened + round(rng.gauss(0, volatility))
    high = max(opened, close) + rng.randint(0, volatility)
    low = min(opened, close) - rng.randint(0, volatility)
    return opened, high, low, close


def raised(rng: random.Random, bid: tuple[int, int, int, int], widest: int) -> tuple[int, int, int, int]:
    """The ask: never below the bid, its high and low around its open and close."""
    opened, high, low, close = (price + rng.randint(0, 5 * widest) for price in bid)
    return opened, max(high, opened, close), min(low, opened, close), close


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

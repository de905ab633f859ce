"""Random markets: contracts, accounts, rules, bars and ticks, all from one `random.Random`.

Prices walk in points, with gaps between bars, bars that are missing, and a spread of their own for all four prices.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .bars import Row, TickRow

SECOND = 10**9
M1, M5, M15, H1 = (minutes * 60 * SECOND for minutes in (1, 5, 15, 60))
Series = tuple[int, list[Row]]
TickSeries = tuple[int, list[TickRow]]

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


def random_strategy(rng: random.Random, bars: Mapping[str, object]) -> dict[str, Any]:
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


# -- the whole page: swaps, small accounts, daylight saving, ticks ----------------------------------------------------

Sessions = tuple[tuple[int, int], ...]
BAR_CALENDARS: tuple[tuple[Sessions, tuple[int, ...]], ...] = (  # when the market is open, and with which bars
    (SHORT, (M1, M5, H1)),  # over the weekend on which New York's summer begins
    (LONG, (M5, M15, H1)),
    (  # over the weekend on which it ends: the rollover moves from 21:00 to 22:00 UTC
        (
            (utc("2024-11-01T19:00"), utc("2024-11-01T21:00")),
            (utc("2024-11-03T22:00"), utc("2024-11-04T01:00")),
            (utc("2024-11-04T21:00"), utc("2024-11-04T23:00")),
        ),
        (M1, M5, H1),
    ),
    (((utc("2024-03-19T20:00"), utc("2024-03-21T02:00")),), (M5, M15, H1)),  # Tuesday to Thursday
    (
        ((utc("2024-10-30T00:00"), utc("2024-11-01T21:00")), (utc("2024-11-03T22:00"), utc("2024-11-07T00:00"))),
        (M15, H1),
    ),
)
TICK_CALENDARS: tuple[Sessions, ...] = (
    ((utc("2024-03-08T21:00"), utc("2024-03-08T22:00")), (utc("2024-03-10T22:00"), utc("2024-03-10T23:00"))),
    ((utc("2024-03-20T20:00"), utc("2024-03-20T22:00")),),  # the triple day's rollover at 21:00 UTC
    ((utc("2024-11-01T20:00"), utc("2024-11-01T21:00")), (utc("2024-11-03T22:00"), utc("2024-11-03T23:30"))),
)
SWAPS = ("0", "-7.3", "1.25", "-0.55", "-20")


def random_full_instrument(rng: random.Random, symbol: str) -> dict[str, Any]:
    """An instrument with swap, of either sign, and one of several triple days."""
    return random_instrument(rng, symbol) | {
        "swap_long_points": rng.choice(SWAPS),
        "swap_short_points": rng.choice(SWAPS),
        "triple_swap_weekday": rng.choice((2, 2, 2, 4, 0)),
    }


def random_full_account(rng: random.Random, currency: str) -> dict[str, Any]:
    """Often a small one with a high leverage, so that margin runs short and tickets are stopped out."""
    balance = rng.choice((10_000, 10_000, 1_000, 400, 150)) * (150 if currency == "JPY" else 1)
    return {
        "balance": str(balance),
        "currency": currency,
        "leverage": rng.choice(("30", "100", "500", "1000", "1000")),
        "digits": 0 if currency == "JPY" else 2,
    }


def bold_volumes(rng: random.Random, account: Mapping[str, Any]) -> tuple[float, ...]:
    """Lots whose margin is a good part of the account."""
    worth = float(account["balance"]) / (150 if account["currency"] == "JPY" else 1)
    most = worth * float(account["leverage"]) / 110_000
    return tuple(round(max(0.02, most * rng.uniform(0.1, 0.7)), 2) for _ in range(4))


def random_full_fill(rng: random.Random) -> dict[str, Any]:
    return random_fill(rng) | {"stop_out_frac": rng.choice((0.5, 0.5, 0.5, 0.0, 0.2, 1.0))}


def part_of(rng: random.Random, sessions: Sessions) -> Sessions:
    """All of the sessions; now and then a symbol begins late, ends early, or knows one session only."""
    odd = rng.random()
    if odd < 0.8:
        return sessions
    if odd < 0.9 and len(sessions) > 1:
        return (rng.choice(sessions),)
    return tuple((start, start + max(H1, (end - start) // 2 // H1 * H1)) for start, end in sessions)


def random_tick_rows(rng: random.Random, symbol: str, sessions: Sessions, volatility: int) -> list[TickRow]:
    """A walk of ticks, many of them at equal times, some after minutes of silence; volatility is that of a minute."""
    kind = KINDS[symbol]
    bid, rows = kind["start"], []
    waits = (0, 0, 1, 50, 250, 1000, 3000, 10_000, 20_000, 30_000)
    for start, end in sessions:
        t = start + rng.choice((0, 0, 1, 700)) * SECOND // 1000
        bid += rng.choice((0, 1, -1)) * rng.randint(0, 4 * volatility)
        while t < end:
            spread = rng.choice((0, 1, 3, 6, 10, 25)) * kind["scale"]
            rows.append((t, *(round(points / 10 ** kind["digits"], kind["digits"]) for points in (bid, bid + spread))))
            bid += round(rng.gauss(0, volatility / 3)) * rng.choice((0, 1, 1, 1, 1, 4))
            t += (rng.choice((60_000, 200_000, 900_000)) if rng.random() < 0.01 else rng.choice(waits)) * SECOND // 1000
    return rows

"""Bars, alerts and answers in the shape in which a case is worked out by hand.

Bars are written in points (EURUSD: 110_000 is 1.10000), bid open, high, low, close; the ask is the bid plus a spread of
10 points unless the case says otherwise. 0.10 lots of EURUSD are 0.10 USD a point, so 1 point is 10 cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from .bars import Row, TickRow
from .oracle import Outcome, simulate

M1, M5, H1 = (minutes * 60 * 10**9 for minutes in (1, 5, 60))
Quad = tuple[int, int, int, int]
Series = tuple[int, list[Row]] | tuple[int, list[TickRow]]

CONTRACT = {
    "point": "0.00001",
    "contract_size": "100000",
    "volume_step": "0.01",
    "volume_min": "0.01",
    "volume_max": "50",
    "stops_level_points": 0,
    "commission_per_lot": "0",
}
INSTRUMENTS: dict[str, dict[str, Any]] = {
    "EURUSD": CONTRACT | {"margin_currency": "EUR", "profit_currency": "USD"},
    "GBPUSD": CONTRACT | {"margin_currency": "GBP", "profit_currency": "USD"},
    "USDJPY": CONTRACT | {"margin_currency": "USD", "profit_currency": "JPY", "point": "0.001"},
    "GBPJPY": CONTRACT | {"margin_currency": "GBP", "profit_currency": "JPY", "point": "0.001"},
}
ACCOUNT = {"balance": "10000", "currency": "USD", "leverage": 100, "digits": 2}
FILL = {
    "latency_ms": 0,
    "open_grace_ms": 5000,
    "max_wait_s": 600,
    "intrabar": "pessimistic",
    "slippage_points": 0,
    "stop_out_frac": 0.5,
}

FLAT: Quad = (110_000, 110_000, 110_000, 110_000)


def at(clock: str, day: str = "2024-03-06") -> int:
    """A time of day on Wednesday 6 March 2024 (or another day), UTC, in nanoseconds."""
    seconds, _, fraction = clock.partition(".")
    moment = datetime.fromisoformat(f"{day}T{seconds}").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 10**9 + int((fraction or "0").ljust(9, "0"))


def minutes(
    *quads: Quad | None, start: int | None = None, timeframe: int = M1, spread: int = 10, digits: int = 5
) -> tuple[int, list[Row]]:
    """Consecutive bars from 10:00 on; None is a bar that is missing."""
    first = at("10:00") if start is None else start
    rows: list[Row] = []
    for number, quad in enumerate(quads):
        if quad is not None:
            bid = [round(points / 10**digits, digits) for points in quad]
            ask = [round((points + spread) / 10**digits, digits) for points in quad]
            rows.append((first + number * timeframe, *bid, *ask))
    return timeframe, rows


def ticks(*quotes: tuple[str, int, int], digits: int = 5, day: str = "2024-03-06") -> tuple[int, list[TickRow]]:
    """Ticks: time of day, bid and ask in points."""
    return 0, [(at(clock, day), bid / 10**digits, ask / 10**digits) for clock, bid, ask in quotes]


def alert(received: str | int, kind: str, side: str | None, **given: Any) -> dict[str, Any]:
    row = {"symbol": "EURUSD", "volume": 0.1, "sl": None, "tp": None, "price": None} | given
    received_ns = at(received) if isinstance(received, str) else received
    return {"id": f"{kind} {side} {received}", "received_ns": received_ns, "type": kind, "side": side} | row


def order(
    received: str | int, side: str, order_type: str, points: int, limit: int | None = None, **given: Any
) -> dict[str, Any]:
    """A pending order of EURUSD at so many points; a stop-limit with its limit."""
    prices = {"entry_price": points / 10**5} | ({} if limit is None else {"limit_price": limit / 10**5})
    return alert(received, "entry", side, order_type=order_type, **prices, **given)


def replay(bars: Series | Mapping[str, Series], *alerts: Mapping[str, Any], **given: Any) -> Outcome:
    """Run the oracle; keywords that name a setting of the fill model or account replace it, the rest is bracket's."""
    series = bars if isinstance(bars, Mapping) else {"EURUSD": bars}
    instruments = given.pop("instruments", INSTRUMENTS)
    account = ACCOUNT | {name: given.pop(name) for name in list(given) if name in ACCOUNT}
    fill = FILL | {name: given.pop(name) for name in list(given) if name in FILL}
    return simulate(series, instruments, account, fill, alerts, given)


def only(outcome: Outcome) -> dict[str, Any]:
    (trade,) = outcome.trades
    return trade


def exits(outcome: Outcome) -> list[tuple[str, int, int]]:
    return [(trade["exit_reason"], trade["exit_ns"], trade["exit_points"]) for trade in outcome.trades]


def entries(outcome: Outcome) -> list[tuple[int, int]]:
    """Time and price of every ticket's entry, older first."""
    by_ticket = {trade["ticket"]: (trade["entry_ns"], trade["entry_points"]) for trade in outcome.trades}
    return [by_ticket[number] for number in sorted(by_ticket)]


def words(outcome: Outcome) -> list[str]:
    return [reason or result for result, reason in outcome.decisions.values()]


def flat_at(points: int, digits: int, count: int = 3, timeframe: int = M1) -> Series:
    return minutes(*[(points, points, points, points)] * count, spread=0, digits=digits, timeframe=timeframe)


RISING = minutes(*[(110_000 + 100 * n, 110_100 + 100 * n, 110_000 + 100 * n, 110_100 + 100 * n) for n in range(4)])

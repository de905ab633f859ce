"""Random alerts of every kind that `bracket` knows: pending orders, groups, trails, changes, cancels, shares, refs.

They lie where the rules change: prices at, around and beyond the market, expiries at a bar's end or before the arrival,
shares that round to nothing, changes that cross the market.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .markets import NEVER_PRICED, SECOND, UNKNOWN

__all__ = ["random_full_alerts"]

MS = SECOND // 1000
ORDER_TYPES = ("market", "limit", "stop", "stop_limit")
VOLUMES = (None, 0.02, 0.05, 0.1, 0.1, 0.3, 0.37, 0.029, 0.8)
ODD_VOLUMES = (0.004, 0, 0.01, 0.015, 2.5, 5, 40, 60)
SHARES = (0.5, 0.5, 0.25, 0.75, 0.333, 0.1, 0.01, 0.999, 1.0, 1)
LIFETIMES_S = (0.001, 5, 60, 90.5, 300, 1800, 3600, 3600, 7200, 86_400)
BROKEN_TRAILS = (
    {"start": 5, "step": 5, "distance": 0},
    {"start": -1, "step": 0, "distance": 5},
    {"start": 0, "step": -2, "distance": 5},
    {"start": 10, "step": 5, "distance": 2.5},
)
AnySeries = tuple[int, Sequence[tuple[Any, ...]]]


@dataclass(frozen=True)
class Pen:
    """What is needed to write the alerts of one symbol: its quotes and how far it moves in a bar."""

    symbol: str
    series: AnySeries
    point: float
    move: int
    volumes: Sequence[float | None] = VOLUMES
    level_share: float = 0.75

    def quote(self, t: int, is_ask: bool) -> int:
        """The open (or tick) last seen at ``t``, in points; before the first, the first."""
        rows = self.series[1]
        first, last = 0, len(rows)
        while first < last:  # the rows that opened at or before t
            middle = (first + last) // 2
            first, last = (middle + 1, last) if rows[middle][0] <= t else (first, middle)
        row = rows[max(0, first - 1)]
        ask_at = 2 if len(row) == 3 else 5
        return round(float(row[ask_at if is_ask else 1]) / self.point)

    def is_open_before(self, t: int) -> bool:
        return bool(self.series[1][0][0] <= t)

    def price(self, points: int) -> float:
        digits = len(f"{self.point:.10f}".rstrip("0").partition(".")[2])
        return round(points * self.point, digits)


def random_full_alerts(
    rng: random.Random,
    bars: Mapping[str, AnySeries],
    instruments: Mapping[str, Mapping[str, Any]],
    count: int,
    strategy: Mapping[str, Any],
    latency_ms: int = 0,
    volatility: Mapping[str, int] | None = None,
    volumes: Sequence[float | None] = VOLUMES,
    level_share: float = 0.75,
) -> list[dict[str, Any]]:
    """Alerts of every kind around the opens of these bars or ticks, in order of arrival; ids a0, a1, ..."""
    points = {symbol: float(instruments[symbol]["point"]) for symbol in bars}
    moves = volatility or {symbol: typical_move(series, points[symbol]) for symbol, series in bars.items()}
    pens = {s: Pen(s, bars[s], points[s], moves[s], volumes, level_share) for s in sorted(bars)}
    alerts: list[dict[str, Any]] = []
    straddles: dict[str, int] = {}
    moments = random_moments(rng, pens, count, latency_ms)
    while moments and len(alerts) < count:
        t, _, symbol, group, ref = heapq.heappop(moments)
        pen, name = pens[symbol], f"a{len(alerts)}"
        if ref:
            alert = answer(rng, pen, t, rng.choice(("modify", "modify", "exit", "cancel"))) | {"ref": ref}
        elif group:  # half of the groups stand at equal distances from the market
            offset = straddles.setdefault(group, rng.choice((0, 1)) * rng.randint(1, 2 * pen.move))
            alert = entry(rng, pen, t, strategy, latency_ms, offset) | {"oco": group}
        else:
            alert = random_alert(rng, pen, t, strategy, latency_ms)
            if alert["type"] not in ("entry", "reversal") and rng.random() < 0.6:
                alert |= reference(rng, alerts, symbol)
        if alert["type"] in ("entry", "reversal") and rng.random() < 0.3:
            later = t + rng.choice((0, 1, 2, 7, 30, 100, 600, 3600)) * SECOND
            heapq.heappush(moments, (later, len(moments) + count, symbol, "", name))
        if rng.random() < 0.01:
            alert["symbol"] = rng.choice((UNKNOWN, NEVER_PRICED)) if NEVER_PRICED in instruments else UNKNOWN
        alerts.append({"id": name} | alert)
    return alerts


# -- when --------------------------------------------------------------------------------------------------------------

Moment = tuple[int, int, str, str, str]


def random_moments(rng: random.Random, pens: Mapping[str, Pen], count: int, latency_ms: int) -> list[Moment]:
    """Time, number, symbol, perhaps a group, no reference; what belongs together comes close together."""
    symbols = list(pens)
    moments: list[Moment] = []
    while len(moments) < count:
        symbol = rng.choice(symbols)
        t, group = random_time(rng, pens[symbol], latency_ms), ""
        if rng.random() < 0.08:
            group = f"g{rng.randint(0, 3)}" if rng.random() < 0.3 else f"group {len(moments)}"
        moments.append((t, len(moments), symbol, group, ""))
        while rng.random() < (0.7 if group else 0.3):
            t += rng.choice((0, 0, 0, 1, 2, 30, 300)) * SECOND
            moments.append((t, len(moments), rng.choice((symbol, symbol, symbol, symbols[0])), group, ""))
    return sorted(moments)


def random_time(rng: random.Random, pen: Pen, latency_ms: int) -> int:
    timeframe_ns, rows = pen.series
    times: list[int] = [row[0] for row in rows]
    opened = rng.choice(times)
    odd = rng.random()
    if odd < 0.02:
        return times[0] - rng.choice((1, 300, 601)) * SECOND
    if odd < 0.05:
        return times[-1] + timeframe_ns + rng.choice((-1, 0, 1, 10_000)) * MS
    near = rng.choice((0, 0, 0, 1, 1000, 4999, 5000, 5001, 30_000, -latency_ms, -latency_ms, 5000 - latency_ms)) * MS
    return opened + rng.choice((near,) * 6 + (timeframe_ns // 2, timeframe_ns - MS))


# -- what ------------------------------------------------------------------------------------------------------------


def random_alert(rng: random.Random, pen: Pen, t: int, strategy: Mapping[str, Any], latency_ms: int) -> dict[str, Any]:
    kinds, weights = ("entry", "reversal", "exit", "modify", "cancel"), (70, 9, 8, 10, 3)
    kind = rng.choices(kinds, weights)[0]
    if kind in ("entry", "reversal"):
        alert = entry(rng, pen, t, strategy, latency_ms) | {"type": kind}
        return alert | {"side": None} if rng.random() < 0.01 else alert
    return answer(rng, pen, t, kind)


def answer(rng: random.Random, pen: Pen, t: int, kind: str) -> dict[str, Any]:
    """An exit, a change or a cancel of a side, or of both."""
    side = rng.choice(("buy", "sell", "buy", "sell", "buy", "sell", None))
    alert = {"received_ns": t, "type": kind, "symbol": pen.symbol, "side": side}
    alert |= {"volume": None, "sl": None, "tp": None, "price": None}
    if kind == "exit" and rng.random() < 0.5:
        alert["close_frac"] = rng.choice(SHARES)
    return alert | new_levels(rng, pen, t, side) if kind == "modify" else alert


def entry(
    rng: random.Random, pen: Pen, t: int, strategy: Mapping[str, Any], latency_ms: int, offset: int = 0
) -> dict[str, Any]:
    """An entry of any order type, mostly with levels, sometimes with an expiry and trails."""
    side = rng.choice(("buy", "sell"))
    sign = 1 if side == "buy" else -1
    kind = rng.choices(ORDER_TYPES, (30, 26, 26, 18))[0]
    alert: dict[str, Any] = {"received_ns": t, "type": "entry", "symbol": pen.symbol, "side": side, "order_type": kind}
    alert |= {"volume": rng.choice(ODD_VOLUMES if rng.random() < 0.05 else pen.volumes), "sl": None, "tp": None}
    alert |= {"price": None}
    quote = pen.quote(t, is_ask=sign > 0)
    by_distance = strategy.get("levels") == "distance"
    anchor = quote
    if kind != "market":
        anchor = quote + sign * (-1 if kind == "limit" else 1) * (offset or random_offset(rng, pen.move))
        alert["entry_price"] = pen.price(anchor)
        if kind == "stop_limit":
            anchor += sign * rng.randint(-2 * pen.move, pen.move // 2)
            alert["limit_price"] = pen.price(anchor)
        if rng.random() < 0.02:
            alert["limit_price" if kind == "stop_limit" else "entry_price"] = None
        if rng.random() < 0.4:
            alert["expires_s"] = lifetime(rng, pen, t, latency_ms)
    elif by_distance:
        anchor += rng.randint(-20, 20) * pen.move
    alert |= levels(rng, pen, anchor, sign)
    chart = anchor if by_distance and kind == "market" else quote + rng.randint(-pen.move, pen.move)
    is_comparable = strategy.get("max_price_gap") is None or pen.is_open_before(t)
    needs_price = by_distance and kind == "market" and rng.random() < 0.98
    if is_comparable and (needs_price or rng.random() < 0.5):
        alert["price"] = pen.price(chart)
    return alert | trails(rng, pen)


def random_offset(rng: random.Random, move: int) -> int:
    """How far a pending order's price lies from the quote: mostly near, sometimes at it or beyond it, or far away."""
    reach = rng.choice((move // 2, move, move, 2 * move, 4 * move, 12 * move))
    return rng.choice((0, -rng.randint(0, move), *[rng.randint(1, max(1, reach))] * 20))


def levels(rng: random.Random, pen: Pen, anchor: int, sign: int) -> dict[str, Any]:
    reach = max(1, rng.choice((pen.move // 2, pen.move, 2 * pen.move, 4 * pen.move, 12 * pen.move)))
    room = rng.choice((0, pen.move, 2 * pen.move))
    distances = [(room + rng.randint(1, reach)) * (-1 if rng.random() < 0.03 else 1) for _ in range(2)]
    sl, tp = anchor - sign * distances[0], anchor + sign * distances[1]
    return {name: pen.price(level) for name, level in (("sl", sl), ("tp", tp)) if rng.random() < pen.level_share}


def lifetime(rng: random.Random, pen: Pen, t: int, latency_ms: int) -> float:
    """Seconds: anything, before the arrival, or up to the very end of a bar."""
    timeframe_ns, first_ns = pen.series[0], int(pen.series[1][0][0])
    if rng.random() < 0.2 and latency_ms:
        return latency_ms / 1000 * rng.choice((0.5, 1, 2))
    if rng.random() < 0.4 and timeframe_ns:
        ahead = timeframe_ns - (t - first_ns) % timeframe_ns
        return (ahead + rng.randint(0, 20) * timeframe_ns) // MS / 1000
    return rng.choice(LIFETIMES_S)


def trails(rng: random.Random, pen: Pen) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if rng.random() < 0.25:
        start, step = rng.randint(0, 2 * pen.move), rng.choice((0, 1, rng.randint(1, pen.move), pen.move))
        given["trailing"] = {"start": start, "step": step, "distance": rng.randint(1, 2 * pen.move)}
    if rng.random() < 0.2:
        given["break_even_points"] = rng.randint(1, 2 * pen.move)
    if rng.random() < 0.02:
        return {"trailing": dict(rng.choice(BROKEN_TRAILS))} if rng.random() < 0.7 else {"break_even_points": 0}
    return given


def new_levels(rng: random.Random, pen: Pen, t: int, side: str | None) -> dict[str, Any]:
    """A stop, a target or both: near the market on their side, beyond it, removed; now and then neither."""
    sign = {"buy": 1, "sell": -1, None: rng.choice((1, -1))}[side]
    quote = pen.quote(t, is_ask=sign < 0)
    given: dict[str, Any] = {}
    for name, direction in (("sl", -sign), ("tp", sign)):
        odd = rng.random()
        if odd < 0.12:
            given[name] = 0
        elif odd < 0.7:
            distance = rng.randint(1, 3 * pen.move) * (-1 if rng.random() < 0.15 else 1)
            given[name] = pen.price(quote + direction * distance)
    return given


def reference(rng: random.Random, before: Sequence[Mapping[str, Any]], symbol: str) -> dict[str, Any]:
    """The id of an alert before this one: mostly a recent entry of the symbol, sometimes any alert, or none at all."""
    entries = [alert for alert in before if alert["type"] in ("entry", "reversal")]
    own = [alert for alert in entries if alert["symbol"] == symbol]
    odd = rng.random()
    if odd < 0.04 or not before:
        return {"ref": "nobody"}
    if odd < 0.08:
        return {"ref": rng.choice(before)["id"]}
    if odd < 0.14 and entries:
        return {"ref": rng.choice(entries)["id"]}
    return {"ref": rng.choice(own[-5:])["id"]} if own else {"ref": "nobody"}


def typical_move(series: AnySeries, point: float) -> int:
    """The mean range of a bar in points; of ticks, ten times the mean step."""
    rows = series[1]
    is_ticks = len(rows[0]) == 3
    if is_ticks:
        moves = [10 * abs(float(after[1]) - float(before[1])) for before, after in pairwise(rows)]
    else:
        moves = [float(row[2]) - float(row[3]) for row in rows]
    return max(2, round(sum(moves) / max(1, len(moves)) / point))

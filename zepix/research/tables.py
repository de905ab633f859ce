"""The tables of a run as a reader wants them: prices, lots and money as floats, times in UTC, words for sides.

The columns of ``trades`` are those of docs/fills.md, in that order. A level that was not set is null, and so is a time
that never came.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import Order
from zepix.model.series import Int64
from zepix.research import arrow
from zepix.research.columns import FillColumns, Float64, integers, prices_of, quotes_at, texts
from zepix.research.equity import EquityCurve

__all__ = ["equity_table", "orders_table", "prices_by_symbol", "recorded_table", "trades_table", "volumes_by_symbol"]

_SIDES: Final = {1: "buy", -1: "sell", 0: "both"}


def trades_table(record: RunRecord, fills: FillColumns | None = None) -> Any:
    """One row a closing fill, in the order in which they happened (pyarrow.Table)."""
    fills = FillColumns(record.fills) if fills is None else fills
    symbols = fills.text("symbol")
    unit = 10**record.account.digits

    def price(name: str, *, is_level: bool = False) -> tuple[str, Any]:
        points = fills.integer(f"{name}_points" if not is_level else name)
        values = prices_by_symbol(record, symbols, points)
        return (name if is_level else f"{name}_price"), arrow.floats(values, points == 0 if is_level else None)

    def whole(name: str) -> tuple[str, Any]:
        return name, arrow.integers(fills.integer(name))

    def word(name: str, field: str = "") -> tuple[str, Any]:
        return name, arrow.strings(fills.text(field or name))

    def money(name: str) -> tuple[str, Any]:
        return name, arrow.floats(fills.integer(f"{name}_minor") / unit)

    def time(name: str) -> tuple[str, Any]:
        return f"{name}_time", arrow.times(fills.integer(f"{name}_ns"))

    return arrow.table(
        [
            *(whole("ticket"), whole("part"), word("strategy", "plugin_id"), word("family"), word("symbol")),
            *(("side", _sides(fills.integer("side"))), word("role")),
            ("volume", arrow.floats(volumes_by_symbol(record, symbols, fills.integer("steps")))),
            *(time("entry"), price("entry"), time("exit"), price("exit")),
            *(price(name, is_level=True) for name in ("initial_sl", "initial_tp", "sl", "tp")),
            word("exit_reason"),
            *(money(name) for name in ("gross", "commission", "swap", "pnl")),
            *(whole(name) for name in ("pnl_points", "mae_points", "mfe_points", "bars_held")),
            ("ambiguous", arrow.booleans(fills.integer("ambiguous"))),
            *(word("alert_id"), word("chain_id")),
        ]
    )


def orders_table(record: RunRecord) -> Any:
    """One row an order, in the order in which they were raised (pyarrow.Table)."""
    orders, symbols = record.orders, texts(record.orders, "symbol")

    def whole(name: str) -> tuple[str, Any]:
        return name, arrow.integers(integers(orders, name))

    def word(name: str, field: str = "") -> tuple[str, Any]:
        return name, arrow.strings(texts(orders, field or name))

    def price(name: str, field: str) -> tuple[str, Any]:
        points = integers(orders, field)
        values = prices_by_symbol(record, symbols, points)
        return name, arrow.floats(values, (points == 0) | np.isnan(values))

    def offset(name: str) -> tuple[str, Any]:
        values = [getattr(order, name) for order in orders]
        missing = np.array([value is None for value in values], bool)
        return f"{name}_points", arrow.integers([value or 0 for value in values], missing)

    def change(name: str) -> tuple[str, Any]:
        points = np.array([getattr(order, name) or 0 for order in orders], np.int64)
        missing = np.array([getattr(order, name) is None for order in orders], bool)
        return name, arrow.floats(prices_by_symbol(record, symbols, points), missing)

    def lots(name: str, field: str) -> tuple[str, Any]:
        return name, arrow.floats(volumes_by_symbol(record, symbols, integers(orders, field)))

    def time(name: str, field: str) -> tuple[str, Any]:
        return name, arrow.times(integers(orders, field))

    return arrow.table(
        [
            *(whole("id"), word("kind"), word("status"), word("reason")),
            *(word("strategy", "plugin_id"), word("family"), word("alert_id"), word("symbol")),
            *(("side", _sides(integers(orders, "side"))), word("role")),
            *(word("requested_volume", "volume"), lots("volume", "volume_steps")),
            *(time("decided_at", "decided_ns"), time("arrival_at", "arrival_ns"), time("answered_at", "answered_ns")),
            *(price("price", "price"), price("limit_price", "limit"), ("expires_at", _expiries(orders)), word("oco")),
            *(price("sl", "sl"), price("tp", "tp")),
            *(offset("sl_offset"), offset("tp_offset"), change("new_sl"), change("new_tp")),
            *(time("fill_time", "fill_ns"), price("fill_price", "fill_points"), lots("filled_volume", "filled_steps")),
            ("fill_spread_points", _spreads(record, symbols)),
            *(whole("ticket"), word("reason_to_close"), whole("closed"), whole("touched")),
            ("after", arrow.integer_lists(_tuples(orders, "after"))),
            ("tickets", arrow.integer_lists(_tuples(orders, "tickets"))),
            ("targets", arrow.integer_lists(_tuples(orders, "targets"))),
            ("from_timer", arrow.booleans(integers(orders, "from_timer"))),
            *(word("comment"), word("chain_id")),
            ("trails", arrow.strings([_trails(order) for order in orders])),
        ]
    )


def equity_table(curve: EquityCurve) -> Any:
    """One row a point of the curve: ``time, balance, equity, kind`` (pyarrow.Table)."""
    return arrow.table(
        [
            ("time", arrow.times(curve.time_ns)),
            ("balance", arrow.floats(curve.balance)),
            ("equity", arrow.floats(curve.equity)),
            ("kind", arrow.strings(curve.kinds)),
        ]
    )


def recorded_table(record: RunRecord) -> Any:
    """What strategies recorded, name by name: ``name, time, value`` (pyarrow.Table)."""
    names = [name for name, points in record.recorded.items() for _ in points]
    points = [point for points in record.recorded.values() for point in points]
    return arrow.table(
        [
            ("name", arrow.strings(names)),
            ("time", arrow.times([ns for ns, _ in points])),
            ("value", arrow.floats([value for _, value in points])),
        ]
    )


def prices_by_symbol(record: RunRecord, symbols: list[str], points: Int64) -> Float64:
    """Prices of points, each by its own symbol's digits; NaN for a symbol that is not in the catalogue."""
    values = np.full(len(points), np.nan)
    for symbol, rows in _rows(symbols).items():
        if symbol in record.catalogue:
            values[rows] = prices_of(record.catalogue[symbol], points[rows])
    return values


def volumes_by_symbol(record: RunRecord, symbols: list[str], steps: Int64) -> Float64:
    """Lots of steps, each by its own symbol's step; 0 for a symbol that is not in the catalogue."""
    values = np.zeros(len(steps))
    for symbol, rows in _rows(symbols).items():
        if symbol in record.catalogue:
            top, bottom = record.catalogue[symbol].volume_step.as_integer_ratio()
            values[rows] = steps[rows] * top / bottom
    return values


def _rows(symbols: list[str]) -> dict[str, Any]:
    """Where each symbol stands; all rows at once where there is one symbol."""
    different = dict.fromkeys(symbols)
    if len(different) == 1:
        return {symbols[0]: slice(None)}
    words = np.array(symbols, dtype=object)
    return {symbol: np.flatnonzero(words == symbol) for symbol in different}


def _sides(signs: Int64) -> Any:
    return arrow.strings([_SIDES[sign] for sign in signs.tolist()])


def _spreads(record: RunRecord, symbols: list[str]) -> Any:
    """Points between bid and ask at each fill, by the open of its bar; null where nothing was filled."""
    orders, spreads = record.orders, np.zeros(len(record.orders), np.int64)
    fill_ns, missing = integers(orders, "fill_ns"), np.ones(len(orders), bool)
    filled = fill_ns >= 0
    words = np.array(symbols, dtype=object)
    for symbol, prices in record.series.items():
        where = np.flatnonzero(filled & (words == symbol))
        if len(where) and len(prices):
            bid, ask, known = quotes_at(prices, fill_ns[where])
            spreads[where], missing[where] = ask - bid, ~known
    return arrow.integers(spreads, missing)


def _expiries(orders: list[Order]) -> Any:
    """When pending orders expire; null for those that never do."""
    expires_ns = integers(orders, "expires_ns")
    return arrow.times(np.where(expires_ns == 0, arrow.NO_TIME, expires_ns))


def _trails(order: Order) -> str:
    """``start/step/distance`` in points, one word a trail; a step of 0 is a break-even."""
    return " ".join(f"{trail.start}/{trail.step}/{trail.distance}" for trail in order.trails)


def _tuples(orders: list[Order], name: str) -> list[tuple[int, ...]]:
    return [getattr(order, name) for order in orders]

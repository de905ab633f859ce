"""What one order did to tickets and to other orders, told from the tables: which it closed, moved or cancelled.

A command covers the orders it names, else the tickets it names, else everything of its plugin and symbol on its side;
the same rule as the simulators'. A close is matched to closing fills by their time, between its arrival (less the grace
in which an order is filled at an open just past) and its answer, and by their reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["cancelled_by", "closed_by", "covers", "moved_by"]

Row = dict[str, Any]


def covers(command: Row, ticket: int, order_id: int, plugin_id: str, symbol: str, side: str) -> bool:
    """Whether a close, change or cancel is about a ticket and the order that opened it."""
    if command["strategy"] != plugin_id:
        return False
    if command["targets"]:
        return order_id in command["targets"]
    if command["tickets"]:
        return ticket in command["tickets"]
    return bool(command["symbol"] == symbol and command["side"] in ("both", side))


def closed_by(command: Row, trades: Sequence[Row], opened_by: dict[int, int], grace_ns: int) -> list[Row]:
    """The closing fills that a closing order made; ``opened_by``: ticket -> the order that opened it."""
    if command["kind"] != "close" or not command["closed"]:
        return []
    first, last = command["arrival_at"] - grace_ns, command["answered_at"] or command["fill_time"]
    return [
        fill
        for fill in trades
        if fill["exit_reason"] == command["reason_to_close"]
        and first <= fill["exit_time"] <= last
        and _covers_fill(command, fill, opened_by)
    ]


def moved_by(command: Row, trades: Sequence[Row], opened_by: dict[int, int]) -> list[int]:
    """The tickets whose levels a change moved: those it covers that were open at its arrival."""
    if command["kind"] != "modify" or not command["touched"]:
        return []
    at = command["arrival_at"]
    found = [f for f in trades if f["entry_time"] <= at <= f["exit_time"] and _covers_fill(command, f, opened_by)]
    return list(dict.fromkeys(f["ticket"] for f in found))


def cancelled_by(command: Row, orders: Sequence[Row]) -> list[int]:
    """The orders that a close or cancel took away."""
    if command["kind"] not in ("cancel", "close") or not command["touched"]:
        return []
    return [
        one["id"]
        for one in orders
        if one["status"] == "cancelled"
        and one["reason"] in ("cancel", "exit")
        and command["arrival_at"] <= one["answered_at"] <= (command["answered_at"] or one["answered_at"])
        and covers(command, 0, one["id"], one["strategy"], one["symbol"], one["side"])
    ]


def _covers_fill(command: Row, fill: Row, opened_by: dict[int, int]) -> bool:
    ticket = fill["ticket"]
    return covers(command, ticket, opened_by.get(ticket, 0), fill["strategy"], fill["symbol"], fill["side"])

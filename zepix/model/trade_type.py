"""The four cells of a trade: the side of the position, and whether it is opened or closed.

               opens         closes
    long       long_entry    long_exit
    short      short_entry   short_exit

A sell that closes a long is a ``long_exit``, never a ``short_entry``: restrictions on shorts do not touch it.
"""

from __future__ import annotations

from typing import Final

from zepix.model.alert import Alert
from zepix.model.side import Side

__all__ = ["TRADE_TYPES", "trade_type", "trade_types"]

TRADE_TYPES: Final = ("long_entry", "long_exit", "short_entry", "short_exit")


def trade_type(position: Side | int, opens: bool) -> str:
    """The cell of one deed: ``position`` is the side of the position (an order's +1 or -1 does), not of the deal."""
    is_long = (position.sign if isinstance(position, Side) else position) > 0
    return f"{'long' if is_long else 'short'}_{'entry' if opens else 'exit'}"


def trade_types(alert: Alert) -> tuple[str, ...]:
    """What an alert asks for, exits before entries: one cell for most, two for a reversal and for an exit that names no
    side, none for what neither opens nor closes (a change, a cancel, information, an entry without a side)."""
    if alert.type == "exit":
        sides = tuple(Side) if alert.side is None else (alert.side,)
        return tuple(trade_type(side, opens=False) for side in sides)
    if alert.side is None or alert.type not in ("entry", "reversal"):
        return ()
    entry = trade_type(alert.side, opens=True)
    if alert.type == "entry":
        return (entry,)
    closed = {"opposite": (alert.side.opposite,), "same": (alert.side,)}.get(alert.closing, tuple(Side))
    return (*(trade_type(side, opens=False) for side in closed), entry)

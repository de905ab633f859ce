"""Aggressive reversals: what stands on the other side is closed first, and the new entry waits for that.

Aggressive are Liquidity_Trap_Reversal, Golden_Pocket_Flip, both screeners, and any entry whose conviction is 7 or more.
Only the plugin's own tickets are closed. An entry that is not aggressive leaves the other side alone.

``reversal_mode = "gap"`` (``gaps.py``) is the older rule: the entry waits for the price to go on.
"""

from __future__ import annotations

from zepix import Accepted, Side

from .settings import V3Settings
from .signals import Signal


def is_aggressive(plugin: V3Settings, signal: Signal) -> bool:
    least = plugin.aggressive_min_score
    is_convinced = least is not None and signal.conviction is not None and signal.conviction >= least
    return is_convinced or signal.word in plugin.aggressive_signals


async def close_side(plugin: V3Settings, symbol: str, side: Side, reason: str) -> tuple[int, ...]:
    """Close everything of our own on a side; the orders that do it, none where there is nothing."""
    orders = plugin.api.orders
    if not (orders.open_tickets(symbol, side) or orders.under_way(symbol, side)):
        return ()
    answer = await orders.close_positions(symbol, side, reason=reason)
    return (answer.order_id,) if isinstance(answer, Accepted) else ()

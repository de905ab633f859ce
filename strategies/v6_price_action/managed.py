"""Managed exits (``exit_mode = "managed"``): hold what is strong, part from what is weak.

A signal is *strong* with an ADX of ``strong_adx`` (25) or more, a confidence of ``strong_confidence`` (70) or more, and
more timeframes on its side than against it. What is not known is not strong.

*Entry*: A, and B with half of A's lots (``managed_b_frac``), one stop for both. A's risk is ``managed_risk_percent``
(1 % of the balance), its lots are at most ``managed_max_lot`` (0.15); the risk gate is asked for both together. The
targets are an ExitPlan, so each is a ticket's own (B and A's half at TP1 are one), and a gap beyond TP3 closes all:

| | B | A, strong | A, not strong |
|---|---|---|---|
| TP1 | all | nothing | half (``managed_weak_frac``) |
| TP2; the stop goes to TP1 | | 40 % (``managed_tp2_frac``) | 40 % |
| TP3 | | the rest | the rest |

*EXIT alert*, for each entry by how far a close would be ahead of its fills: more than ``managed_hold_pips`` (50) and
strong: it is held; less than ``managed_close_pips`` (10): all of it leaves; else half (``managed_exit_frac``), nearest
target first, and the stop of the rest goes to the entry. A later exit that does not hold takes that rest too.

Source: §3.5 of the rules of the trade.
"""

from __future__ import annotations

from typing import Any

from zepix import Alert, Decision, Quantity, Refused, Side, TradeRequest

from .exits import is_resend
from .memory import key_of
from .settings import V6Settings
from .signals import Signal


def is_strong(plugin: V6Settings, signal: Signal) -> bool:
    """Whether a signal is worth holding; see the module's text."""
    if signal.adx is None or signal.confidence is None or signal.aligned is None or signal.against is None:
        return False
    is_scored_so = signal.adx >= plugin.strong_adx and signal.confidence >= plugin.strong_confidence
    return is_scored_so and signal.aligned > signal.against


def managed_request(plugin: V6Settings, request: TradeRequest, signal: Signal) -> TradeRequest:
    """The request of managed exits: A's risk and lots, and B's on top."""
    both = 1 + plugin.managed_b_frac
    return request._replace(
        risk_percent=plugin.managed_risk_percent * both,
        lot_multiplier=signal.lot_factor,
        max_lot=round(plugin.managed_max_lot * both, 9),
    )


async def take_managed_exit(plugin: V6Settings, alert: Alert, side: Side) -> Decision:
    """What an EXIT alert does to each entry of its side."""
    orders, exits = plugin.api.orders, plugin.api.exits
    pip = orders.points(alert.symbol, Quantity(1, "pips"))
    groups = [group for group in exits.groups(alert.symbol) if group.side == side]
    if not groups or isinstance(pip, Refused):
        return Decision("ignored", "nothing_to_close")
    held, parted = 0, []
    for group in groups:
        named = tuple(leg.order_id for leg in group.legs)
        ahead = _ahead_points(plugin, [t for t in orders.open_tickets(alert.symbol, side) if t.order_id in named])
        if group.plan == plugin.managed_plans[True] and ahead > plugin.managed_hold_pips * pip:
            held += 1
        elif ahead < plugin.managed_close_pips * pip:
            await orders.close_positions(alert.symbol, side, orders=named)
        else:
            parted.append(group.id)
    numbers = {"entries": len(groups), "held": held, "parted": len(parted)}
    if held == len(groups):
        return Decision("ignored", "held", numbers)
    key = key_of(alert.symbol, side)
    if parted and is_resend(plugin, alert, key):
        return Decision("ignored", "already_parted", numbers)
    if parted:
        await exits.on_exit_alert(alert, parted)
        plugin.memory.exited[key] = plugin.api.now_ns
    return Decision.info("exit", **numbers)


def _ahead_points(plugin: V6Settings, tickets: list[Any]) -> float:
    """How far a close now would be ahead of the fills, by volume; nothing where no fill or no price is known."""
    quote = plugin.api.market.quote_points(tickets[0].symbol) if tickets else None
    if quote is None:
        return 0.0
    closing = quote[0] if tickets[0].side > 0 else quote[1]
    steps = sum(ticket.steps for ticket in tickets)
    return float(sum(t.side * (closing - t.entry_points) * t.steps for t in tickets) / steps)

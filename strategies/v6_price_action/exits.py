"""EXIT alerts, and closes for other reasons.

EXIT_BULLISH closes buys, EXIT_BEARISH sells: the word names the tickets, not what the market does.

- An EXIT takes the portion of ``exits.exit_alert`` of each entry (1m all, 5m 80 %, 15m all, 1h half), nearest target
  first, so that B goes before A. What stays is cut to whole steps: where nothing is left of it, everything goes.
- ``runner = "in_profit"`` (5m): an entry that is not in profit goes whole. One under way goes whole, after its fill.
- A later exit takes the runner too (``again = "all"``), or leaves it (``again = "keep"``, 1h). The same exit once more
  within a bar is a resend and takes nothing (``already_parted``).
- ``rest_until_pulse_reversal`` (1h): a runner waits for a TREND_PULSE whose market state is against it.

With ``exit_mode = "plan"`` the exits service does the same with its ladders; ``managed.py`` has its own rule.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from zepix import Accepted, Alert, Decision, Side, timeframe_minutes

from .memory import key_of
from .settings import V6Settings
from .signals import is_against

NS = 1_000_000_000


async def take_exit(plugin: V6Settings, alert: Alert) -> Decision:
    """What an EXIT alert does."""
    orders, side, memory = plugin.api.orders, alert.side, plugin.memory
    if side is None:
        return Decision.refused("no_side")
    key, rule = key_of(alert.symbol, side), plugin.plan.exit_alert
    entries = _entries(plugin, alert.symbol, side)
    under_way = orders.under_way(alert.symbol, side)
    if not entries and not under_way:
        return Decision("ignored", "nothing_to_close")
    numbers: dict[str, Any] = {"exit_portion": rule.portion, "entries": len(entries)}
    if is_resend(plugin, alert, key):
        return Decision("ignored", "already_parted", numbers)
    runners = set(memory.runners.get(key, ())) & set(entries)
    if plugin.exit_mode == "plan":
        await plugin.api.exits.on_exit_alert(alert)
        kept = list(entries) if rule.portion < 1 else []
    else:
        if under_way:
            await orders.close_positions(alert.symbol, side, orders=[order.id for order in under_way])
        kept = [one for one, tickets in entries.items() if await _cut(plugin, tickets, one in runners)]
    if kept and runners >= set(entries) and rule.again == "keep":
        return Decision("ignored", "already_parted", numbers)
    memory.note_exit(key, kept, plugin.api.now_ns)
    return Decision.info("exit", **numbers, runners=len(kept))


async def close_side(plugin: V6Settings, symbol: str, side: Side) -> tuple[int, ...]:
    """Close everything of a side for its reversal; the ids of the orders that the next entry must wait for."""
    orders = plugin.api.orders
    if not (orders.open_tickets(symbol, side) or orders.under_way(symbol, side)):
        return ()
    plugin.memory.runners.pop(key_of(symbol, side), None)
    answer = await orders.close_positions(symbol, side, reason="reversal")
    return (answer.order_id,) if isinstance(answer, Accepted) else ()


async def close_runners(plugin: V6Settings, symbol: str, state: str | None) -> int:
    """Close the runners that wait for the reversal of the pulse, where ``state`` is against them; how many tickets."""
    closed = 0
    for side in Side:
        waiting = plugin.memory.runners.get(key_of(symbol, side))
        if waiting and is_against(state, side):
            del plugin.memory.runners[key_of(symbol, side)]
            tickets = [t.order_id for t in plugin.api.orders.open_tickets(symbol, side) if t.alert_id in waiting]
            if tickets:
                await plugin.api.orders.close_positions(symbol, side, orders=tickets)
            closed += len(tickets)
    return closed


def _entries(plugin: V6Settings, symbol: str, side: Side) -> dict[str, list[Any]]:
    """Open tickets by the alert that they came of, nearest target first."""
    found: dict[str, list[Any]] = {}
    for ticket in plugin.api.orders.open_tickets(symbol, side):
        found.setdefault(ticket.alert_id, []).append(ticket)
    for tickets in found.values():
        tickets.sort(key=lambda t: (not t.tp, t.side * t.tp))
    return found


async def _cut(plugin: V6Settings, tickets: list[Any], is_runner: bool) -> bool:
    """Take the exit's portion of one entry; whether something of it stays."""
    orders, rule = plugin.api.orders, plugin.plan.exit_alert
    if is_runner and rule.again == "keep":
        return True
    steps = sum(ticket.steps for ticket in tickets)
    stays = 0
    if not is_runner and (rule.runner == "always" or _is_in_profit(plugin, tickets)):
        stays = int(steps * (1 - Decimal(str(rule.portion))))
    leaves = steps - stays
    for ticket in tickets:
        part = min(leaves, ticket.steps)
        leaves -= part
        if part == ticket.steps:
            await orders.close_order(ticket.id)
        elif part:
            frac = (part + 1e-6) / ticket.steps  # a hair more, so that cutting to steps gives ``part``
            await orders.close_left(ticket.symbol, None, frac, orders=(ticket.order_id,))
    return stays > 0


def _is_in_profit(plugin: V6Settings, tickets: list[Any]) -> bool:
    """Whether closing now would earn something, without costs; unknown prices earn nothing."""
    quote = plugin.api.market.quote_points(tickets[0].symbol)
    if quote is None:
        return False
    closing = quote[0] if tickets[0].side > 0 else quote[1]
    return bool(sum(t.side * (closing - t.entry_points) * t.steps for t in tickets) > 0)


def is_resend(plugin: V6Settings, alert: Alert, key: str) -> bool:
    """Whether an EXIT left a part less than a bar ago, and nothing was entered since."""
    before = plugin.memory.exited.get(key)
    window_s = 60 * timeframe_minutes(alert.timeframe or plugin.own_timeframe)
    return before is not None and plugin.api.now_ns - before < window_s * NS

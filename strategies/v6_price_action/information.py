"""Alerts that only inform: nothing is traded on them, unless a setting says so.

They are shared: each plugin of the run hears those of every chart, for a pulse and a state tell of six timeframes at
once. What tells of its own chart only (momentum, trend lines, the screener) is acted on by that chart's plugin. The
trend service has heard them before any plugin does. Here they are answered at once, with a decision made once and for
all, for most of a log is pulses (541 of 546 alerts of one recorded log).

| alert | by default | may |
|---|---|---|
| TREND_PULSE | information | close what an EXIT left (1h: ``rest_until_pulse_reversal``) |
| MOMENTUM_CHANGE | information | STRONG to WEAK: tighten stops |
| STATE_CHANGE | information | close the other side; NEUTRAL: close a part, tighten stops |
| TRENDLINE_..._BREAK | information | 5m: add confidence; 15m, 1h: enter |
| SCREENER_FULL_... | information | enter |
| SIDEWAYS_BREAKOUT, BREAKOUT, BREAKDOWN | information | |
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cache

from zepix import Alert, Decision, Side

from .exits import close_runners
from .other_entries import take_screener, take_trendline
from .settings import V6Settings
from .signals import is_against

Reaction = Callable[[V6Settings, Alert], Awaitable[Decision | None]]


@cache
def information(word: str) -> Decision:
    """The decision that says: heard. One object a word."""
    return Decision.info(word)


async def inform(plugin: V6Settings, alert: Alert) -> Decision:
    """What an information alert does here: mostly nothing."""
    if alert.type not in KNOWN:
        return Decision("ignored", "unknown_type")
    react = REACTIONS.get(alert.type)
    answer = None if react is None else await react(plugin, alert)
    return information(alert.type) if answer is None else answer


async def _pulse(plugin: V6Settings, alert: Alert) -> Decision | None:
    if plugin.rest_until_pulse_reversal and plugin.memory.runners:
        closed = await close_runners(plugin, alert.symbol, alert.fields.get("market_state"))
        if closed:
            return Decision.info("pulse_reversal", market_state=alert.fields["market_state"], runners=closed)
    return None


async def _momentum(plugin: V6Settings, alert: Alert) -> Decision | None:
    frac, words = plugin.weak_momentum_tighten_frac, (alert.fields.get("prev_strength"), alert.fields.get("strength"))
    if frac and words == ("STRONG", "WEAK") and alert.timeframe in plugin.taken_timeframes:
        return Decision.info("stops_tightened", tickets=await _tighten(plugin, alert.symbol, frac))
    return None


async def _state(plugin: V6Settings, alert: Alert) -> Decision | None:
    state = str(alert.fields.get("new_state") or "")
    orders = plugin.api.orders
    if plugin.state_change_closes:
        for side in Side:
            if is_against(state, side) and orders.open_tickets(alert.symbol, side):
                await orders.close_positions(alert.symbol, side)
                return Decision.info("state_against", new_state=state)
    if state.upper() == "NEUTRAL" and (plugin.neutral_close_frac or plugin.neutral_tighten_frac):
        if plugin.neutral_close_frac:
            await orders.close_left(alert.symbol, None, plugin.neutral_close_frac)
        tightened = await _tighten(plugin, alert.symbol, plugin.neutral_tighten_frac)
        return Decision.info("state_neutral", new_state=state, tickets=tightened)
    return None


async def _tighten(plugin: V6Settings, symbol: str, frac: float) -> int:
    """Move each stop nearer by a share of its distance from the price of a close now; how many were moved."""
    prices, points = plugin.api.market.quote(symbol), plugin.api.market.quote_points(symbol)
    if prices is None or points is None or not frac:
        return 0
    moved = 0
    for ticket in plugin.api.orders.open_tickets(symbol):
        now = 0 if ticket.side > 0 else 1
        ahead = (points[now] - ticket.sl) * ticket.side
        if ticket.sl and ahead > 0:
            distance = ahead * prices[now] / points[now]
            await plugin.api.orders.modify_order(ticket.id, sl=prices[now] - ticket.side * distance * (1 - frac))
            moved += 1
    return moved


REACTIONS: dict[str, Reaction] = {
    "trend_pulse": _pulse,
    "momentum_change": _momentum,
    "state_change": _state,
    "trendline_break": take_trendline,
    "screener": take_screener,
}
SHARED = (*REACTIONS, "sideways_breakout", "breakout", "breakdown")
"""What reaches every plugin, from whichever chart."""
KNOWN = frozenset((*SHARED, "pause", "resume"))
"""Pause and resume are the engine's; here they are only heard."""

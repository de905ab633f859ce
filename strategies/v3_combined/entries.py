"""An entry: its filters, the risk gate, then A and B.

- Filters, in this order: signal, chart, logic, score, conviction, trends where they are required, cooldown. An
  entry that one of them refuses closes nothing.
- The gate makes the lots: the tier's, times the conviction's factor, times the logic's, at most ``max_lot``. The stop
  is the alert's where it is on the right side, else the table's, times the logic's; ``sl_source`` says which.
- What is closed for an entry is closed first: the new order waits for the confirmed close (``after``).
"""

from __future__ import annotations

from typing import Any

from zepix import Decision, DualPlan, Numbers, TradeRequest

from .settings import HIGHEST_SCORE, V3Settings
from .signals import Signal

ROUTED_LEGS = {"order_a_only": 1, "order_b_only": 1}


async def place(plugin: V3Settings, signal: Signal, numbers: Numbers, after: tuple[int, ...] = ()) -> Decision:
    """Ask the gate, then place what it allows; ``after``: closes that the orders wait for."""
    if plugin.memory.squeezed.get(signal.symbol, 0) > plugin.api.now_ns:
        numbers["high_alert"] = 1.0
    answer = plugin.api.risk.gate(request_of(plugin, signal, after))
    numbers.update(answer.numbers)
    if not answer.allowed:
        return Decision("refused", answer.reason, numbers)
    result = await plugin.api.dual_order.create_dual_orders(
        DualPlan(
            symbol=signal.symbol,
            side=signal.side,
            lots=answer.lots,
            sl=answer.sl_price,
            tp_a=signal.tp2,
            tp_b=signal.tp1,
            logic=signal.logic,
            timeframe=signal.timeframe,
            routing=plugin.routing,
            a_trailing=plugin.trailing,
            rr_ratio=plugin.rr_ratio,
            risk_left=answer.risk_left,
            comment=f"V3 {signal.logic}",
            after=after,
            alert_id=signal.alert_id,
        )
    )
    numbers.update(result.numbers)
    if result.error:
        numbers["legs"] = result.error
    if not result:
        return Decision("refused", result.reason, numbers)
    plugin.memory.note_entry(key_of(signal), signal.alert_id, plugin.api.now_ns)
    return Decision("info", "entry", numbers)


def request_of(plugin: V3Settings, signal: Signal, after: tuple[int, ...] = ()) -> TradeRequest:
    """What the risk gate is asked; ``after``: what closes the other side for it."""
    return TradeRequest(
        signal.symbol,
        signal.side,
        plugin.api.market.price(signal.symbol, signal.side),
        signal.sl,
        risk_percent=plugin.risk_percent,
        lot_multiplier=plugin.lot_multiplier * signal.factor,
        logic=signal.logic,
        signal=signal.word,
        max_lot=plugin.max_lot,
        max_open=plugin.max_open_trades,
        max_trades_day=plugin.max_trades_day,
        daily_loss_limit=plugin.daily_loss_limit,
        legs=ROUTED_LEGS.get(plugin.routing or "", 2),
        tp_price=signal.tp2,
        reverses=bool(after),
    )


def first_refusal(plugin: V3Settings, signal: Signal, numbers: Numbers) -> str:
    """The reason of the first filter that does not pass; empty where all do."""
    if not signal.word:
        return "unknown_signal"
    numbers["signal"], numbers["logic"] = signal.word, signal.logic
    if signal.word not in plugin.signals:
        return "signal_off"
    if not signal.logic:
        return "wrong_timeframe"
    if signal.logic not in plugin.logics:
        return "logic_off"
    return (
        _conviction(plugin, signal, numbers)
        or (_trends(plugin, signal, numbers) if _needs_trend(plugin, signal) else "")
        or _cooldown(plugin, signal)
    )


def _conviction(plugin: V3Settings, signal: Signal, numbers: Numbers) -> str:
    is_launchpad = signal.word == "Institutional_Launchpad"
    least = plugin.launchpad_min_score if is_launchpad else plugin.min_consensus_score
    numbers["conviction_min"], numbers["size_factor"] = least, signal.factor
    numbers["size_factor_from"] = signal.factor_from
    if signal.score is None or signal.conviction is None:
        numbers["unknown"] = "score"
        return "score_unknown" if least > 0 else ""
    numbers["score"], numbers["conviction"] = signal.score, signal.conviction
    if not 0 <= signal.score <= HIGHEST_SCORE:
        return "score_out_of_range"
    return "conviction_low" if signal.conviction < least else ""


def _needs_trend(plugin: V3Settings, signal: Signal) -> bool:
    return not plugin.bypass_trend_check or signal.word in plugin.trend_required_signals


def _trends(plugin: V3Settings, signal: Signal, numbers: Numbers) -> str:
    trend: Any = plugin.api.trend
    if plugin.trend_rule == "logic":
        found = trend.check_logic_alignment(signal.symbol, signal.logic, signal.side)
    else:
        found = trend.validate_v3_trend_alignment(signal.symbol, signal.side, plugin.min_aligned)
    numbers["trends"], numbers["trends_aligned"], numbers["trends_needed"] = found.detail, found.count, found.needed
    if found.aligned:
        return ""
    numbers["why"] = found.reason
    return "trend_mismatch"


def _cooldown(plugin: V3Settings, signal: Signal) -> str:
    before = plugin.memory.entered.get(key_of(signal))
    return "cooldown" if before is not None and plugin.is_within_cooldown(signal.timeframe, before[0]) else ""


def key_of(signal: Signal) -> str:
    """What the cooldown is of."""
    return f"{signal.symbol} {signal.timeframe} {signal.word} {signal.side}"

"""The filters of an entry, in their order: the first that does not pass names the reason of the refusal.

| filter | refuses | as |
|---|---|---|
| ADX | below ``adx_threshold``; missing, where ``require_adx`` | ``adx_low``, ``adx_unknown`` |
| confidence | a score below ``confidence_threshold``; missing | ``confidence_low``, ``confidence_unknown`` |
| spread | above ``max_spread_pips`` (1m: 2.0); unknown | ``spread_high``, ``spread_unknown`` |
| market state | of the other side, where ``block_opposite_state`` (15m) | ``market_state_unfavorable`` |
| alignment | fewer than ``min_alignment`` of six timeframes on our side (5m 3, 15m 3, 1h 4) | ``alignment_failed`` |
| higher timeframe | 15m trend or higher pulse not on our side, where required | ``higher_tf_misaligned`` |

Before them stands ``wrong_timeframe``. Only the confidence score decides, never the word HIGH, MODERATE or LOW. What
each filter looked at is kept in ``numbers``, which become the decision's.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from .settings import V6Settings
from .signals import Signal, is_against

Numbers = MutableMapping[str, Any]
UNKNOWN_SPREAD_PIPS = 999.9


def first_refusal(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    """The reason of the first filter that does not pass; empty where all do."""
    for check in FILTERS:
        reason = check(plugin, signal, numbers)
        if reason:
            return reason
    return ""


def adx(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    numbers["adx_min"] = plugin.adx_threshold
    tell(numbers, "adx", signal.adx)
    if signal.adx is None:
        return "adx_unknown" if plugin.require_adx and signal.is_scored else ""
    return "adx_low" if signal.adx < plugin.adx_threshold else ""


def confidence(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    numbers["confidence_min"] = plugin.confidence_threshold
    tell(numbers, "confidence", signal.confidence)
    if signal.confidence is None:
        return "confidence_unknown" if plugin.confidence_threshold > 0 and signal.is_scored else ""
    return "confidence_low" if signal.confidence < plugin.confidence_threshold else ""


def spread(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    if plugin.max_spread_pips is None:
        return ""
    pips = round(plugin.api.market.get_spread(signal.symbol), 6)
    numbers["spread_pips"], numbers["spread_max"] = pips, plugin.max_spread_pips
    if pips >= UNKNOWN_SPREAD_PIPS:
        return "spread_unknown"
    return "spread_high" if pips > plugin.max_spread_pips else ""


def market_state(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    if not plugin.block_opposite_state:
        return ""
    state = plugin.api.trend.get_market_state(signal.symbol) if plugin.api.has_service("trend") else None
    tell(numbers, "market_state", state)
    return "market_state_unfavorable" if is_against(state, signal.side) else ""


def alignment(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    if not plugin.min_alignment:
        return ""
    numbers["aligned_min"] = plugin.min_alignment
    tell(numbers, "aligned", signal.aligned)
    if signal.aligned is None:
        plugin.log.warning(f"{signal.word} of {signal.symbol} says nothing of its alignment; taken as it is")
        return ""
    return "alignment_failed" if signal.aligned < plugin.min_alignment else ""


def higher_timeframe(plugin: V6Settings, signal: Signal, numbers: Numbers) -> str:
    if plugin.require_15m_alignment:
        trend = plugin.api.trend.get_timeframe_trend(signal.symbol, "15m")
        numbers["trend_15m"] = trend.direction
        if trend.direction != signal.side.sign:
            return "higher_tf_misaligned"
    if plugin.require_higher_tf_alignment:
        answer = plugin.api.trend.check_higher_tf_trend(signal.symbol, signal.timeframe, signal.side)
        numbers["higher_tf"], numbers["higher_trend"] = answer.higher_tf, answer.direction
        if not answer.aligned:
            return "higher_tf_misaligned"
    return ""


FILTERS = (adx, confidence, spread, market_state, alignment, higher_timeframe)


def tell(numbers: Numbers, name: str, value: Any) -> None:
    """Keep a number under its name; what is not known is named in ``unknown``, so that columns stay numbers."""
    if value is None or value == "":
        numbers["unknown"] = f"{numbers['unknown']}, {name}" if "unknown" in numbers else name
    else:
        numbers[name] = value

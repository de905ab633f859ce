"""Entries from other alerts than entries: all off unless a setting says so.

*A broken trend line* (``trendline_entries``) counts as significant from 30 bars of age and a slope steeper than 0.0002
(scaled for currency pairs; set it for anything else). What it is depends on the timeframe: 1m nothing; 5m confidence
for an entry of its side within five bars (+10 for the side, +10 if significant, +5 if steep); 15m and 1h an entry of
order A, if significant, with min(age / 50, 1.5) times the lots, a stop of 2 ATR, targets at 1, 2 and 3 of its length.

*The full screener* (``screener_entries``) needs nine of nine indicators, at most five times a day and symbol: 1.5 times
the lots times 0.5, 0.75, 1.0, 1.25 by timeframe; stop 1.2 ATR, targets 2, 3 and 4 ATR.

Neither carries ADX or confidence, so those filters pass it; spread, state, higher timeframe and the gate do not.
"""

from __future__ import annotations

import math

from zepix import Alert, Decision, Side, timeframe_minutes

from .entries import enter
from .settings import V6Settings
from .signals import Signal, number, side_of

MINUTE_NS = 60_000_000_000
DAY_NS = 1440 * MINUTE_NS
FRESH_BARS = 5
SCREENER_NEEDS = 9


async def take_trendline(plugin: V6Settings, alert: Alert) -> Decision | None:
    side, bars, slope = side_of(alert.fields.get("direction")), *_line(alert)
    is_wanted = plugin.trendline_entries and plugin.trendline_role != "ignore" and _is_mine(plugin, alert)
    if not is_wanted or side is None or bars is None:
        return None
    is_significant = bars >= plugin.trendline_min_bars and abs(slope or 0) > plugin.trendline_min_slope
    if plugin.trendline_role == "confidence":
        is_steep = abs(slope or 0) > plugin.trendline_steep_slope
        bonus = 10 + 10 * is_significant + 5 * is_steep
        plugin.memory.note_break(alert.symbol, side, bonus, plugin.api.now_ns)
        return Decision.info("trendline_confidence", bonus=bonus, bars=bars, slope=slope or 0.0)
    if not is_significant:
        return Decision.refused("trendline_insignificant", bars=bars, slope=slope or 0.0)
    factor = plugin.trendline_lot_factor * min(bars / 50, 1.5)
    stop = plugin.trendline_stop_atr
    return await _enter(plugin, alert, side, factor, stop, (stop, 2 * stop, 3 * stop))


def _is_mine(plugin: V6Settings, alert: Alert) -> bool:
    return alert.timeframe in plugin.taken_timeframes


def _line(alert: Alert) -> tuple[float | None, float | None]:
    return number(alert.fields.get("bars")), number(alert.fields.get("slope"))


async def take_screener(plugin: V6Settings, alert: Alert) -> Decision | None:
    side = side_of(alert.fields.get("direction"))
    if not plugin.screener_entries or side is None or not _is_mine(plugin, alert):
        return None
    score = number(alert.fields.get("score")) or 0.0
    day, used = plugin.api.now_ns // DAY_NS, 0
    known = plugin.memory.screened.get(alert.symbol)
    if known is not None and known[0] == day:
        used = known[1]
    if score < SCREENER_NEEDS:
        return Decision.refused("screener_score_low", score=score, score_min=SCREENER_NEEDS)
    if used >= plugin.screener_max_per_day:
        return Decision.refused("screener_daily_limit", entries_today=used)
    factor = plugin.screener_lot_factor * plugin.screener_timeframe_factors.get(alert.timeframe or "", 1.0)
    answer = await _enter(plugin, alert, side, factor, plugin.screener_stop_atr, plugin.screener_target_atrs)
    if answer.outcome != "refused":
        plugin.memory.screened[alert.symbol] = [day, used + 1]
    return answer


async def _enter(
    plugin: V6Settings, alert: Alert, side: Side, factor: float, stop_atr: float, target_atrs: tuple[float, ...]
) -> Decision:
    """An entry with its stop and targets by the ATR of its timeframe, from the price that it would pay."""
    timeframe = alert.timeframe or plugin.own_timeframe
    atr = plugin.api.market.get_atr(alert.symbol, timeframe, 14)
    price = plugin.api.market.price(alert.symbol, side)
    if price is None or math.isnan(atr):
        return Decision.refused("atr_unknown" if price is not None else "no_prices")
    tp1, tp2, tp3 = (price + side.sign * atrs * atr for atrs in target_atrs)
    sl = price - side.sign * stop_atr * atr
    signal = Signal(alert.symbol, side, timeframe, alert.signal, sl, tp1, tp2, tp3, lot_factor=factor, is_scored=False)
    return await enter(plugin, signal, {"atr": atr, "lot_factor": round(factor, 4)})


def confidence_bonus(plugin: V6Settings, signal: Signal) -> float:
    """What a trend line broken within five bars adds to the confidence of an entry of its side."""
    known = plugin.memory.breaks.get(signal.symbol)
    if known is None or known[1] != signal.side.sign:
        return 0.0
    age_ns = plugin.api.now_ns - known[0]
    return known[2] if age_ns <= FRESH_BARS * timeframe_minutes(signal.timeframe) * MINUTE_NS else 0.0

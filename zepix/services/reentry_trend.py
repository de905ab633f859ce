"""Whether the trend is with a re-entry: by the pillars, the logic or the pulse, else by the last candles.

    v3         three of four pillars, or the two timeframes of the chain's logic
    v6         the sum of the charts' last pulses
    logic      the two timeframes of the chain's logic
    analyser   the last candles
    none       not asked

Where the trend service knows nothing (never told, or all of it too old), the analyser is asked (``analyser_fallback``).
The analyser counts three votes on the last candles: the fast average against the slow one, the last close against the
one before, the last high or low against those before. Two votes make a trend; NEUTRAL blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from zepix.model import Bar, Side
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.timeframe import NS, minutes

__all__ = ["CandleSource", "Opinion", "TrendCheck", "analyse"]

_COARSER: Final = ("15m", "30m", "1h", "4h", "1d")


class CandleSource(Protocol):
    """Who has bars that have ended (``MarketDataService``)."""

    def bars(self, symbol: str, timeframe: str, count: int = 100) -> list[Bar]: ...


class Opinion(NamedTuple):
    """Whether a re-entry may go with the trend, and by whom that was said."""

    aligned: bool
    source: str
    detail: str = ""


class TrendCheck:
    """Asks what the settings name for a plugin."""

    def __init__(self, settings: ReentrySettings) -> None:
        self.settings = settings

    def check(self, mode: str, symbol: str, sign: int, logic: str, trend: Any, candles: CandleSource | None) -> Opinion:
        """``mode``: a word of TREND_CHECKS; ``trend``: the plugin's trend service, None where it has none."""
        if mode == "none":
            return Opinion(True, "none")
        side = Side.BUY if sign > 0 else Side.SELL
        told = None if trend is None or mode == "analyser" else self._told(mode, symbol, side, logic, trend)
        if told is not None:
            return told
        if mode != "analyser" and not self.settings.analyser_fallback:
            return Opinion(False, mode, "trend_unknown")
        found = self._analysed(symbol, candles)
        return Opinion(found == sign, "analyser", ("BEARISH", "NEUTRAL", "BULLISH")[found + 1])

    def next_look_ns(self, now_ns: int) -> int:
        """When the analyser may say something else: the end of its next candle."""
        length = minutes(self.settings.analyser_timeframe) * 60 * NS
        return (now_ns // length + 1) * length

    @staticmethod
    def _told(mode: str, symbol: str, side: Side, logic: str, trend: Any) -> Opinion | None:
        """What the trend service says; None where it knows nothing."""
        if mode == "v6":
            pulse = trend.check_pulse_alignment(symbol, side)
            is_known = pulse.reason not in ("pulse_unknown", "pulse_stale")
            return Opinion(pulse.aligned, mode, pulse.detail) if is_known else None
        answers = [trend.validate_v3_trend_alignment(symbol, side)] if mode == "v3" else []
        if logic:
            answers.append(trend.check_logic_alignment(symbol, logic, side))
        known = [a for a in answers if a.aligned or a.reason == "trend_misaligned" or any(a.trends.values())]
        if not known:
            return None
        best = next((answer for answer in known if answer.aligned), known[0])
        return Opinion(best.aligned, mode, best.detail)

    def _analysed(self, symbol: str, candles: CandleSource | None) -> int:
        settings = self.settings
        if candles is None:
            return 0
        least = minutes(settings.analyser_timeframe)
        coarser = (frame for frame in _COARSER if minutes(frame) > least)
        for timeframe in (settings.analyser_timeframe, *coarser):
            try:
                bars = candles.bars(symbol, timeframe, settings.analyser_bars)
            except ValueError:  # finer than the prices at hand: the next coarser candles serve
                continue
            return analyse(bars, settings)
        return 0


def analyse(bars: Sequence[Bar], settings: ReentrySettings) -> int:
    """+1, -1, or 0 for NEUTRAL and for fewer candles than ``analyser_bars``; ``bars`` oldest first."""
    if len(bars) < settings.analyser_bars:
        return 0
    closes = [bar.close for bar in bars]
    fast = sum(closes[-settings.analyser_fast :]) / settings.analyser_fast
    slow = sum(closes[-settings.analyser_slow :]) / settings.analyser_slow
    before = bars[-1 - settings.analyser_swing : -1]
    is_high = bars[-1].high >= max(bar.high for bar in before)
    is_low = bars[-1].low <= min(bar.low for bar in before)
    score = _sign(fast - slow) + _sign(closes[-1] - closes[-2]) + is_high - is_low
    return _sign(score) if abs(score) >= 2 else 0


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)

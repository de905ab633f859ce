"""What a generated log says of itself: what was left out and why, and what was chosen where nothing was defined."""

from __future__ import annotations

from typing import Final

__all__ = ["CHOICES", "left_out"]

_ORDER_BLOCKS: Final = "needs order blocks, whose making is not defined"
_TREND_LINE: Final = "needs a trend line, whose making is not defined"

_V3: Final = {
    "Institutional_Launchpad": _ORDER_BLOCKS,
    "Liquidity_Trap_Reversal": "needs liquidity sweeps and order blocks, whose making is not defined",
    "Momentum_Breakout": _TREND_LINE,
    "Mitigation_Test_Entry": _ORDER_BLOCKS,
    "Golden_Pocket_Flip": "needs changes of character, breaks of structure and order blocks, not defined",
    "Volatility_Squeeze": "needs 'two ATR drops of 30 %' and 'volume below 50 %', over spans that are not given",
    "Screener_Full_Bullish": "needs a volume delta, order blocks and equal highs, whose making is not defined",
    "Screener_Full_Bearish": "needs a volume delta, order blocks and equal lows, whose making is not defined",
    "Bullish_Exit in a bearish order block": f"{_ORDER_BLOCKS}; the exit by a falling score is there",
    "Bearish_Exit in a bullish order block": f"{_ORDER_BLOCKS}; the exit by a rising score is there",
    "stop behind an order block": f"{_ORDER_BLOCKS}; the stop is 1.5 ATR from the close",
    "volume_delta_ratio": "the delta is not defined; sent as null",
    "price_in_ob": f"{_ORDER_BLOCKS}; sent as null",
}
_V6: Final = {
    "TRENDLINE_BULLISH_BREAK": _TREND_LINE,
    "TRENDLINE_BEARISH_BREAK": _TREND_LINE,
    "BREAKOUT": "needs tested levels, whose making is not defined",
    "BREAKDOWN": "needs tested levels, whose making is not defined",
    "trend line of an entry": f"{_TREND_LINE}; its 25 of confidence are not given and its token TL_... is missing",
    "repainting within a bar": "the script may fire before the close; alerts are made at the close only",
}
_V3_VOLUME: Final = {
    "MFI in the consensus": "the bars have no volume; the score is round(points * 9 / 11) of the others"
}
_V6_VOLUME: Final = {
    "SCREENER_FULL_BULLISH": "the bars have no volume, and MFI is one of its nine indicators",
    "SCREENER_FULL_BEARISH": "the bars have no volume, and MFI is one of its nine indicators",
    "volume in the confidence": "the bars have no volume; its 10 of confidence are not given",
}
_LEGACY: Final = {
    "bias of 1h charts": "the trend of the same charts says the same",
    "trend of 5m charts": "optional in the setup, and nothing asks for the trend of 5m",
    "stop and target of an entry": "optional, and nothing says where they would lie; not sent",
}
_BOTH: Final = {
    "lengths and readings of the nine indicators": "those of TradingView's built-in indicators; see parameters",
    "trend of a timeframe": "zero-lag average of 70 and a band of 1.2 ATR, as in the published Zero Lag Trend Signals",
    "longer timeframes": "made of these bars, days at 00:00 UTC; a bar counts once it has closed",
    "shorter timeframes than the bars": "unknown: trend 0, counted neither as rising nor as falling",
    "prices": "bid",
}
CHOICES: Final = {
    "v3": {
        **_BOTH,
        "market_trend": "the trend of the chart's own timeframe",
        "score fell": "between two neighbouring bars",
        "ZLEMA flip or cross": "the trend turns, or the close crosses the average within a trend",
        "confidence MEDIUM": "ADX above 20; with the threshold of 20 there is no LOW",
    },
    "v6": {
        **_BOTH,
        "what sends an entry": "not defined: the chart's trend turns, or the close crosses the average within it",
        "what sends SIDEWAYS_BREAKOUT": "not defined: ADX rises from below 20 to 20 or more",
        "volume of the confidence": "above 1.2 times its mean of 20 bars, as V3 confirms it",
    },
    "legacy": {
        **{name: _BOTH[name] for name in ("trend of a timeframe", "longer timeframes", "prices")},
        "what sends a bias": "not defined: every close of a daily chart, its trend",
        "what sends a trend": "not defined: the chart's trend turns, or the close crosses the average within it; the "
        "recorded logs repeat most trends",
        "what sends an entry": "not defined: the same",
        "what sends a reversal": "not defined: the trend of a 5m chart turns",
        "what sends an exit": "not defined: the close crosses the average against the chart's trend",
    },
}
"""By dialect: what the description of the scripts leaves open, and what was taken."""


def left_out(dialect: str, *, has_volume: bool) -> dict[str, str]:
    """The signals and fields of a dialect that are not generated, with the reason."""
    if dialect == "legacy":
        return dict(_LEGACY)
    if dialect == "v3":
        return dict(_V3) if has_volume else {**_V3, **_V3_VOLUME}
    return dict(_V6) if has_volume else {**_V6, **_V6_VOLUME}

"""V6 bodies and what becomes of them: (title, body, settings, fields or reason).

Source: the tokens of Signals and Overlays V6, options switched off one by one, and the same model as JSON.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Side

__all__ = ["CASES"]

NOTHING: Final[dict[str, str]] = {}
BUY, SELL = Side.BUY, Side.SELL
ENTRY = "BULLISH_ENTRY|XAUUSD|5|2030.5|BUY|HIGH|85|26.5|STRONG|2028|2032|2035|2038|5/1|TL_OK|"

CASES: Final[list[tuple[Any, ...]]] = [
    ("an entry with every option on: the second target counts", ENTRY, NOTHING,
     {"type": "entry", "strategy": "V6_PRICE_ACTION", "symbol": "XAUUSD", "side": BUY, "timeframe": "5m",
      "price": 2030.5, "sl": 2028.0, "tp": 2035.0, "signal": "BULLISH_ENTRY",
      "fields": {"conf_level": "HIGH", "conf_score": 85.0, "adx": 26.5, "adx_strength": "STRONG", "tp1": 2032.0,
                 "tp2": 2035.0, "tp3": 2038.0, "align_bull": 5, "align_bear": 1, "tl_status": "TL_OK"}}),
    ("an entry with risk management off has no stop", "BEARISH_ENTRY|XAUUSD|5|2035|SELL|LOW|30|21|MODERATE|1/5|TL_OK|",
     NOTHING, {"type": "entry", "side": SELL, "sl": None, "tp": None}),
    ("an entry with everything off", "BEARISH_ENTRY|XAUUSD|5|2035|SELL|MODERATE|55|21|MODERATE", NOTHING,
     {"type": "entry", "side": SELL, "price": 2035.0}),
    ("EXIT_BULLISH closes buys", "EXIT_BULLISH|XAUUSD|5|2040.1|15", NOTHING,
     {"type": "exit", "side": BUY, "price": 2040.1, "fields": {"exit_bars": 15.0}}),
    ("EXIT_BEARISH closes sells", "EXIT_BEARISH|XAUUSD|5|2040.1|", NOTHING, {"type": "exit", "side": SELL}),
    ("a reversal is read as an entry is", ENTRY.replace("BULLISH_ENTRY", "REVERSAL_BULLISH"), NOTHING,
     {"type": "reversal", "side": BUY, "sl": 2028.0}),
    ("a pulse, with TradingView's arrow", "TREND_PULSE|XAUUSD|15|4|2|15:BULL\u2192BEAR,60:SIDE\u2192BEAR|MIXED_BULLISH",
     NOTHING,
     {"type": "trend_pulse", "side": None, "timeframe": "15m",
      "fields": {"bull_count": 4.0, "bear_count": 2.0, "changes": {"15m": ("BULL", "BEAR"), "1h": ("SIDE", "BEAR")},
                 "market_state": "MIXED_BULLISH"}}),
    ("a trend line broken", "TRENDLINE_BEARISH_BREAK|XAUUSD|15|2030.5|-0.0003|42", NOTHING,
     {"type": "trendline_break", "fields": {"direction": "bear", "level": 2030.5, "slope": -0.0003, "bars": 42.0}}),
    ("the same model as JSON", {"type": "entry_v6", "ticker": "XAUUSD", "tf": "5", "price": 2030.5, "direction": "BUY",
                                "conf_score": 85, "sl": 2028, "tp1": 2032, "tp2": 2035, "tp3": 2038}, NOTHING,
     {"type": "entry", "side": BUY, "sl": 2028.0, "tp": 2035.0, "timeframe": "5m"}),
    ("an exit as JSON: the direction names the tickets", {"type": "exit_v6", "ticker": "XAUUSD", "tf": "5",
                                                          "direction": "bullish"}, NOTHING,
     {"type": "exit", "side": BUY}),
    ("word and side contradict each other", ENTRY.replace("|BUY|", "|SELL|"), NOTHING, {"reason": "conflicting_side"}),
    ("a stop of zero", ENTRY.replace("|2028|", "|0|"), NOTHING, {"reason": "bad_price"}),
    ("a stop missing between targets", ENTRY.replace("|2028|", "|"), NOTHING, {"reason": "bad_field"}),
    ("a stop left open", ENTRY.replace("|2028|", "|{{plot_0}}|"), NOTHING, {"reason": "placeholder"}),
    ("no timeframe", "BULLISH_ENTRY|XAUUSD", NOTHING, {"reason": "missing_timeframe"}),
    ("a word that V6 does not have", "BIG_NEWS|XAUUSD|5", NOTHING, {"reason": "unknown_type"}),
]  # fmt: skip

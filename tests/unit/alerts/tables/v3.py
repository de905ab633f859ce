"""V3 bodies and what becomes of them: (title, body, settings, fields or reason, what stood beside the body).

Source: the alerts of the ZEPIX v3 script as they arrived, placeholders that TradingView left open included.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Side

__all__ = ["CASES"]

NOTHING: Final[dict[str, str]] = {}
ENTRY = {
    "type": "entry_v3",
    "signal_type": "Momentum_Breakout",
    "symbol": "XAUUSD",
    "direction": "sell",
    "tf": "5",
    "price": 4460.1,
    "consensus_score": 2,
    "sl_price": 4470.61,
    "tp1_price": 4453.12,
    "tp2_price": 4442.63,
    "mtf_trends": "-1,1,1,1,-1",
    "market_trend": 1,
    "position_multiplier": 0.2,
}
EXIT = {
    "type": "exit_v3",
    "signal_type": "Bullish_Exit",
    "symbol": "USDCAD",
    "direction": "sell",
    "tf": "5",
    "price": 1.3771,
    "consensus_score": 3,
}
PULSE = {
    "type": "trend_pulse_v3",
    "signal_type": "Trend_Pulse",
    "symbol": "XAUUSD",
    "tf": "15",
    "price": 4460.0,
    "current_trends": "1,1,-1,1,1,-1",
    "previous_trends": "1,1,-1,1,1,-1",
    "changed_timeframes": "15,60,",
    "change_details": "15:-1;60:1;",
}
OPEN = (
    '{"type":"entry_v3","signal_type":"Momentum_Breakout","symbol":"{{ticker}}","direction":"sell","tf":"5",'
    '"price":{{close}},"consensus_score":2,"sl_price":4470.61,"tp2_price":4442.63}'
)

CASES: Final[list[tuple[Any, ...]]] = [
    ("an entry takes the stop and the second target", ENTRY, NOTHING,
     {"type": "entry", "strategy": "V3_COMBINED", "symbol": "XAUUSD", "side": Side.SELL, "timeframe": "5m",
      "price": 4460.1, "sl": 4470.61, "tp": 4442.63, "signal": "Momentum_Breakout",
      "fields": {"consensus_score": 2, "tp1_price": 4453.12, "tp2_price": 4442.63, "mtf_trends": (-1, 1, 1, 1, -1),
                 "market_trend": 1, "position_multiplier": 0.2, "signal": "Momentum_Breakout"}}),
    ("as TradingView sends it: symbol and price left open", OPEN, NOTHING,
     {"type": "entry", "symbol": "XAUUSD", "side": Side.SELL, "price": None, "sl": 4470.61,
      "repairs": ("price: {{close}} -> null", "symbol: {{ticker}} -> ticker beside the body")},
     {"ticker": "OANDA:XAUUSD", "timeframe": "5m"}),
    ("Bullish_Exit closes buys; direction is the closing deal's", EXIT, NOTHING,
     {"type": "exit", "side": Side.BUY, "symbol": "USDCAD", "price": 1.3771}),
    ("Bearish_Exit closes sells", EXIT | {"signal_type": "Bearish_Exit", "direction": "buy"}, NOTHING,
     {"type": "exit", "side": Side.SELL}),
    ("an exit that only says close_short", EXIT | {"signal_type": "Time_Exit", "direction": "close_short"}, NOTHING,
     {"type": "exit", "side": Side.SELL, "signal": "Time_Exit"}),
    ("a trend pulse informs, and has no side", PULSE, NOTHING,
     {"type": "trend_pulse", "side": None, "timeframe": "15m",
      "fields": {"current_trends": (1, 1, -1, 1, 1, -1), "previous_trends": (1, 1, -1, 1, 1, -1),
                 "changed_timeframes": ("15m", "1h"), "change_details": {"15m": -1, "1h": 1},
                 "signal": "Trend_Pulse"}}),
    ("a squeeze informs", {"type": "squeeze_v3", "signal_type": "Volatility_Squeeze", "symbol": "EURUSD", "tf": "15",
                           "price": 1.1}, NOTHING, {"type": "squeeze", "side": None, "symbol": "EURUSD"}),
    ("an entry without a stop, which is noted", {**ENTRY, "sl_price": None}, NOTHING,
     {"type": "entry", "sl": None, "repairs": ("sl_price: missing -> null (an entry without a stop)",)}),
    ("an entry of an exit's signal", ENTRY | {"signal_type": "Bullish_Exit"}, NOTHING,
     {"reason": "conflicting_action", "detail": "Bullish_Exit"}),
    ("a bullish screener to sell", ENTRY | {"signal_type": "Screener_Full_Bullish"}, NOTHING,
     {"reason": "conflicting_side", "detail": "Screener_Full_Bullish"}),
    ("a direction and another side", ENTRY | {"side": "buy"}, NOTHING,
     {"reason": "conflicting_side", "detail": "side"}),
    ("a kind of order, which V3 does not have", ENTRY | {"order_type": "limit", "entry_price": 4400}, NOTHING,
     {"reason": "unsupported_parameter"}),
    ("exit and direction contradict each other", EXIT | {"direction": "buy"}, NOTHING, {"reason": "conflicting_side"}),
    ("an entry without a direction", {**ENTRY, "direction": ""}, NOTHING, {"reason": "missing_side"}),
    ("a symbol left open, and nothing beside it", OPEN, NOTHING, {"reason": "placeholder", "detail": "{{ticker}}"}),
    ("a stop left open", {**ENTRY, "sl_price": "{{plot_0}}"}, NOTHING, {"reason": "placeholder"}),
    ("a stop of zero", ENTRY | {"sl_price": 0}, NOTHING, {"reason": "bad_price"}),
    ("a score above nine", ENTRY | {"consensus_score": 10}, NOTHING, {"reason": "bad_number"}),
    ("four trends", ENTRY | {"mtf_trends": "1,1,1,1"}, NOTHING, {"reason": "bad_field"}),
    ("a type that V3 does not have", {"type": "hold_v3", "symbol": "XAUUSD"}, NOTHING, {"reason": "unknown_type"}),
]  # fmt: skip

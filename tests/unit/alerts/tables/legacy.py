"""Legacy bodies (ZepixPremium) and what becomes of them: (title, body, settings, fields or reason).

Source: the older script's documents; the sense of its exits is the opposite of V3's and V6's.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES"]

NOTHING: Final[dict[str, str]] = {}
TREND = {
    "type": "trend",
    "symbol": "XAUUSD",
    "signal": "bull",
    "tf": "15m",
    "price": 2650.5,
    "strategy": "ZepixPremium",
}

CASES: Final[list[tuple[Any, ...]]] = [
    ("a trend informs", TREND, NOTHING,
     {"type": "trend", "side": None, "strategy": "ZepixPremium", "timeframe": "15m", "price": 2650.5,
      "fields": {"direction": "bull"}}),
    ("a bias informs", TREND | {"type": "bias", "signal": "bear"}, NOTHING,
     {"type": "bias", "side": None, "fields": {"direction": "bear"}}),
    ("an entry", TREND | {"type": "entry", "signal": "SELL", "sl": 2660, "tp": 2640}, NOTHING,
     {"type": "entry", "side": Side.SELL, "sl": 2660.0, "tp": 2640.0}),
    ("a reversal", TREND | {"type": "reversal", "signal": "reversal_bull"}, NOTHING,
     {"type": "reversal", "side": Side.BUY, "signal": "reversal_bull"}),
    ("an exit bull closes SELLS: it says what the market does", TREND | {"type": "exit", "signal": "bull"}, NOTHING,
     {"type": "exit", "side": Side.SELL}),
    ("an exit bear closes BUYS", TREND | {"type": "exit", "signal": "bear"}, NOTHING,
     {"type": "exit", "side": Side.BUY}),
    ("what the plain dialect knows besides",
     TREND | {"type": "entry", "signal": "buy", "sl_pips": 20, "order_type": "limit", "entry_price": 2640}, NOTHING,
     {"sl": Quantity(20.0, "pips"), "order_type": "limit", "entry_price": 2640.0}),
    ("an exit of a part", TREND | {"type": "exit", "signal": "bull", "close_frac": 0.5}, NOTHING,
     {"type": "exit", "side": Side.SELL, "close_frac": 0.5}),
    ("another side beside", TREND | {"type": "entry", "signal": "buy", "action": "sell"}, NOTHING,
     {"reason": "conflicting_side"}),
    ("a stop under another name", TREND | {"type": "entry", "signal": "buy", "stop": 2600}, NOTHING,
     {"reason": "unsupported_parameter", "detail": "stop"}),
    ("an exit of a size", TREND | {"type": "exit", "signal": "bull", "lots": 0.1}, NOTHING,
     {"reason": "unsupported_parameter", "detail": "size"}),
    ("the symbol comes from beside the body", TREND | {"symbol": "{{ticker}}"}, NOTHING,
     {"type": "trend", "symbol": "XAUUSD", "repairs": ("symbol: {{ticker}} -> ticker beside the body",)},
     {"ticker": "OANDA:XAUUSD"}),
    ("a signal that is none", TREND | {"signal": "sideways"}, NOTHING, {"reason": "bad_side"}),
    ("no timeframe", {name: value for name, value in TREND.items() if name != "tf"}, NOTHING,
     {"reason": "missing_timeframe"}),
    ("a timeframe that the script does not have", TREND | {"tf": "4h"}, NOTHING, {"reason": "bad_timeframe"}),
    ("a symbol left open, and nothing beside it", TREND | {"symbol": "{{ticker}}"}, NOTHING, {"reason": "placeholder"}),
]  # fmt: skip

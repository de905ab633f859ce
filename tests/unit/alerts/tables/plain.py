"""Plain bodies and what becomes of them: (title, body, settings, fields or reason). The contract is docs/alerts.md."""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Side

__all__ = ["CASES"]

NOTHING: Final[dict[str, str]] = {}
ENTRY = {"type": "entry", "symbol": "EURUSD", "side": "buy"}
EXIT = {"type": "exit", "symbol": "EURUSD"}

CASES: Final[list[tuple[Any, ...]]] = [
    ("an entry with nothing but what is required", ENTRY, NOTHING,
     {"type": "entry", "side": Side.BUY, "symbol": "EURUSD", "order_type": "market"}),
    ("an entry with lots, stop and target",
     ENTRY | {"volume": 0.1, "sl": 1.1, "tp": 1.2, "id": "A17", "timeframe": "5m", "price": 1.15,
              "time": "2026-01-05T14:45:00Z"}, NOTHING,
     {"volume": 0.1, "sl": 1.1, "tp": 1.2, "explicit_id": "A17", "timeframe": "5m", "price": 1.15,
      "time_ns": 1_767_624_300_000_000_000}),
    ("a pending order", ENTRY | {"order_type": "stop_limit", "entry_price": 1.16, "limit_price": 1.161,
                                 "expires_s": 3600, "oco": "pair"}, NOTHING,
     {"order_type": "stop_limit", "entry_price": 1.16, "limit_price": 1.161, "expires_s": 3600.0, "oco": "pair"}),
    ("a trailing stop and break-even, in points",
     ENTRY | {"trailing": {"start": 100, "step": 20, "distance": 80}, "break_even_points": 50}, NOTHING,
     {"trailing": {"start": 100, "step": 20, "distance": 80}, "break_even_points": 50}),
    ("names of MT5 bridges, numbers as text",
     {"type": "entry", "direction": "BUY", "ticker": "EUR/USD", "lots": "0.10", "stop_loss": "1.1", "tf": "M5"},
     NOTHING,
     {"side": Side.BUY, "symbol": "EURUSD", "volume": 0.1, "sl": 1.1, "timeframe": "5m"}),
    ("names in camel case", ENTRY | {"stopLoss": 1.1, "takeProfit": 1.2}, NOTHING, {"sl": 1.1, "tp": 1.2}),
    ("a key that nobody knows is kept", ENTRY | {"colour": "green"}, NOTHING, {"fields": {"colour": "green"}}),
    ("an exit closes both sides", EXIT, NOTHING, {"type": "exit", "side": None}),
    ("an exit of longs", EXIT | {"side": "buy"}, NOTHING, {"type": "exit", "side": Side.BUY}),
    ("an exit of half of one ticket", EXIT | {"ref": "A17", "close_frac": 0.5}, NOTHING,
     {"type": "exit", "ref": "A17", "close_frac": 0.5}),
    ("a reversal", ENTRY | {"type": "reverse", "side": "short"}, NOTHING, {"type": "reversal", "side": Side.SELL}),
    ("a change of the stop", {"type": "modify", "symbol": "EURUSD", "ref": "A17", "sl": 1.12}, NOTHING,
     {"type": "modify", "ref": "A17", "sl": 1.12}),
    ("a cancel", {"type": "cancel", "symbol": "EURUSD", "ref": "A17"}, NOTHING, {"type": "cancel", "ref": "A17"}),
    ("no type", {"symbol": "EURUSD", "side": "buy"}, NOTHING, {"reason": "missing_type"}),
    ("an entry without a side", {"type": "entry", "symbol": "EURUSD"}, NOTHING, {"reason": "missing_side"}),
    ("no symbol", {"type": "exit"}, NOTHING, {"reason": "missing_symbol"}),
    ("a stop of zero is not no stop", ENTRY | {"sl": 0}, NOTHING, {"reason": "bad_price"}),
    ("a stop that is not a number", ENTRY | {"sl": "NaN"}, NOTHING, {"reason": "bad_price"}),
    ("a stop left open", ENTRY | {"sl": "{{plot_0}}"}, NOTHING, {"reason": "placeholder"}),
    ("a volume of zero", ENTRY | {"volume": 0}, NOTHING, {"reason": "bad_volume"}),
]  # fmt: skip

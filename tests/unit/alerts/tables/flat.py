"""Flat bodies of foreign senders and what becomes of them: (title, body, settings, fields of the Alert or the reason).

Sources: TradersPost's documentation and Pine scripts, an MT5 bridge's set-up page, an MT4 bridge with plots, a Bybit
webhook bot's README, Binance's words for hedged positions; as of 2026.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES"]

Case = tuple[str, Any, dict[str, str], dict[str, Any]]
BUY, SELL = Side.BUY, Side.SELL
NONE: Final[dict[str, str]] = {}
LOTS: Final = {"volume_unit": "lots"}
UNIT: Final = "dialects.flat.volume_unit"
TARGET: Final = "dialects.flat.target_type"
PRICES: Final = {"target_type": "price"}
BARE: Final = '{"ticker": "TSLA", "action": "buy", "price": "420.69"}'
BRIDGE: Final = {
    "api_key": "bridge-key-77",
    "action": "BUY",
    "symbol": "EURUSD",
    "volume": 0.01,
    "stop_loss": 1.14,
    "take_profit": 1.16,
}
BYBIT: Final = {
    "key": "678777",
    "exchange": "bybit",
    "symbol": "ETHUSD",
    "type": "Market",
    "side": "Buy",
    "qty": "1",
    "price": "1120",
    "close_position": "False",
    "cancel_orders": "False",
    "order_mode": "Both",
    "take_profit_percent": "1",
    "stop_loss_percent": "0.5",
}
HEDGED: Final = {"symbol": "BTCUSDT", "side": "SELL", "positionSide": "LONG", "quantity": 1}
BUY_IT: Final = {"ticker": "EURUSD", "action": "buy"}
EXIT_IT: Final = {"ticker": "EURUSD", "action": "exit"}


def aside(reason: str, detail: str = "") -> dict[str, Any]:
    return {"reason": reason, "detail": detail}


CASES: Final[list[Case]] = [
    ("TradersPost, the least", BARE, NONE,
     {"type": "entry", "side": BUY, "signal": "buy", "symbol": "TSLA", "price": 420.69, "volume": None, "fields": {}}),
    ("TradersPost, exit of both sides", '{"ticker": "EURUSD", "action": "exit", "price": 1.15}', NONE,
     {"type": "exit", "side": None, "price": 1.15}),
    ("TradersPost, levels as objects",
     BUY_IT | {"quantity": 3, "quantityType": "fixed_quantity", "stopLoss": {"type": "stop", "percent": 5},
               "takeProfit": {"limitPrice": 1.3}}, NONE,
     {"type": "entry", "volume": Quantity(3.0, "units"), "sl": Quantity(0.05, "fraction"), "tp": 1.3}),
    ("TradersPost, money's worth", BUY_IT | {"quantity": 1000, "quantityType": "dollar_amount"}, NONE,
     {"volume": Quantity(1000.0, "notional")}),
    ("TradersPost, money at risk", BUY_IT | {"quantity": 50, "quantityType": "risk_dollar_amount"}, NONE,
     {"volume": Quantity(50.0, "money")}),
    ("TradersPost, half of the position", EXIT_IT | {"quantity": 50, "quantityType": "percent_of_position"}, NONE,
     {"type": "exit", "close_left_frac": 0.5}),
    ("an MT5 bridge; what its volume counts is not guessed", BRIDGE, NONE,
     {"type": "entry", "side": BUY, "signal": "BUY", "volume": Quantity(0.01, "unknown", UNIT),
      "sl": Quantity(1.14, "unknown", TARGET), "tp": Quantity(1.16, "unknown", TARGET),
      "fields": {"api_key": "***", "contracts": 0.01}}),
    ("an MT5 bridge, its volume in lots, its levels prices", BRIDGE, LOTS | PRICES,
     {"volume": 0.01, "sl": 1.14, "tp": 1.16}),
    ("a level near the alert's own price is a price", BUY_IT | {"price": 1.15, "sl": 1.14}, NONE, {"sl": 1.14}),
    ("a level far from the alert's own price is of an unknown unit", BUY_IT | {"price": 1.15, "stop_loss": 20}, NONE,
     {"sl": Quantity(20.0, "unknown", TARGET)}),
    ("levels in pips, by the setting", BUY_IT | {"price": 1.15, "sl": 20, "tp": 40}, {"target_type": "pips"},
     {"sl": Quantity(20.0, "pips"), "tp": Quantity(40.0, "pips")}),
    ("a level whose name says price", BUY_IT | {"sl_price": 1.14, "takeProfitPrice": 1.16}, NONE,
     {"sl": 1.14, "tp": 1.16}),
    ("lots say it themselves", BUY_IT | {"lots": "0.3"}, NONE, {"volume": 0.3}),
    ("an MT4 bridge with plots", '{"strategy": "MyStrategy", "action": "sell", "symbol": "EURUSD", "price": 1.15, '
     '"stopLoss": 1.16, "takeProfit": 1.13}', NONE,
     {"type": "entry", "side": SELL, "sl": 1.16, "tp": 1.13, "strategy": None, "fields": {"strategy": "MyStrategy"}}),
    ("Bybit, levels in per cent", BYBIT, {"volume_unit": "units"},
     {"type": "entry", "side": BUY, "symbol": "ETHUSD", "order_type": "market", "volume": Quantity(1.0, "units"),
      "price": 1120.0, "sl": Quantity(0.005, "fraction"), "tp": Quantity(0.01, "fraction"),
      "fields": {"key": "***", "exchange": "bybit", "close_position": "False", "cancel_orders": "False",
                 "order_mode": "Both", "contracts": 1.0}}),
    ("Bybit, a limit order", BYBIT | {"type": "Limit"}, NONE, {"order_type": "limit", "entry_price": 1120.0}),
    ("Bybit, the position closed", BYBIT | {"close_position": "True"}, NONE,
     {"type": "exit", "side": None, "volume": None}),
    ("orders cancelled before, passed over by the setting", BYBIT | {"cancel_orders": "True"},
     {"cancel_orders": "ignore"}, {"type": "entry", "repairs": ("cancel_orders: true -> null (by the setting)",)}),
    ("a hedging account sells its long: an exit", HEDGED | {"quantity": None}, NONE, {"type": "exit", "side": BUY}),
    ("a hedging account sells its short: an entry", HEDGED | {"positionSide": "SHORT"}, LOTS,
     {"type": "entry", "side": SELL, "volume": 1.0}),
    ("only reduces: closes the other side", BUY_IT | {"reduce_only": "true"}, NONE, {"type": "exit", "side": SELL}),
    ("an action with the side beside it", {"symbol": "EURUSD", "action": "close", "side": "long"}, NONE,
     {"type": "exit", "side": BUY}),
    ("add needs its side", {"symbol": "EURUSD", "action": "add", "side": "short"}, NONE,
     {"type": "entry", "side": SELL}),
    ("close_long", {"symbol": "EURUSD", "action": "close_long"}, NONE,
     {"type": "exit", "side": BUY, "signal": "close_long"}),
    ("buy to cover", {"symbol": "EURUSD", "action": "Buy To Cover"}, NONE, {"type": "exit", "side": SELL}),
    ("a quarter of what is left", EXIT_IT | {"close_percent": 25}, NONE, {"type": "exit", "close_left_frac": 0.25}),
    ("reverse to short", {"symbol": "EURUSD", "action": "reverse", "side": "sell"}, NONE,
     {"type": "reversal", "side": SELL}),
    ("buy turns what is open, by the setting", BUY_IT, {"action": "reversal"}, {"type": "reversal", "side": BUY}),
    ("cancel", {"symbol": "EURUSD", "action": "cancel"}, NONE, {"type": "cancel", "side": None}),
    ("new levels", {"symbol": "EURUSD", "action": "modify", "sl_price": 1.13}, NONE, {"type": "modify", "sl": 1.13}),
    ("new levels by the setting", {"symbol": "EURUSD", "action": "modify", "sl": 1.13}, PRICES,
     {"type": "modify", "sl": 1.13}),
    ("a hedging account's stop order protects its long", HEDGED | {"quantity": None, "type": "STOP", "stopPrice": 1.05},
     NONE, {"type": "modify", "side": BUY, "sl": 1.05}),
    ("a limit order that only reduces is the new target",
     {"symbol": "EURUSD", "side": "sell", "reduceOnly": True, "type": "limit", "price": 1.5}, NONE,
     {"type": "modify", "side": BUY, "tp": 1.5}),
    ("a stop order that closes the position is the new stop",
     {"symbol": "EURUSD", "side": "sell", "closePosition": True, "type": "stop", "stopPrice": 1.05}, NONE,
     {"type": "modify", "side": BUY, "sl": 1.05}),
    ("a share of what is left", EXIT_IT | {"close_left_frac": 0.5}, NONE, {"type": "exit", "close_left_frac": 0.5}),
    ("an entry price that informs, by the setting", BUY_IT | {"entry": 1.15}, {"entry_price": "informs"},
     {"order_type": "market", "entry_price": None, "fields": {"entry_price": 1.15}}),
    ("the signal says which side an exit is of", EXIT_IT | {"signal": "exit_long"}, NONE,
     {"type": "exit", "side": BUY}),
    ("the target that the setting calls tp", BUY_IT | {"tp_price": 1.2, "tp1": 1.16, "tp2": 1.17}, {"target": "tp"},
     {"tp": 1.2, "fields": {"tp1": 1.16, "tp2": 1.17}}),
    ("the action called signal", {"symbol": "EURUSD", "signal": "short"}, NONE, {"type": "entry", "side": SELL}),
    ("a side beside a size", {"symbol": "EURUSD", "side": "buy", "lots": 1}, NONE,
     {"type": "entry", "side": BUY, "volume": 1.0}),
    ("a type that says nothing", BUY_IT | {"type": "signal"}, NONE, {"type": "entry", "fields": {"type": "signal"}}),
    ("one of three targets is the target", BUY_IT | {"tp1": 1.16, "tp2": 1.17, "tp3": 1.18}, {"target": "tp2"} | PRICES,
     {"tp": 1.17, "fields": {"tp1": 1.16, "tp2": 1.17, "tp3": 1.18}}),
    ("a single first target is the target", BUY_IT | {"price": 1.15, "tp1": 1.16}, NONE, {"tp": 1.16}),
    ("an exchange before the symbol, and the interval", {"ticker": "OANDA:EURUSD", "action": "sell", "interval": "60"},
     NONE, {"symbol": "EURUSD", "timeframe": "1h"}),
    ("a flag that is false changes nothing", BUY_IT | {"trailing_stop": False}, NONE,
     {"type": "entry", "trailing": None}),
    ("a side in Chinese characters' company: the symbol is a name of its own",
     {"symbol": "\u9ec4\u91d1", "action": "buy"}, NONE, {"symbol": "\u9ec4\u91d1"}),
    ("orders to be cancelled before", BYBIT | {"cancel_orders": "True"}, NONE,
     aside("unsupported_parameter", "cancel_orders")),
    ("an order mode that is not done", BYBIT | {"order_mode": "Profit"}, NONE,
     aside("unsupported_parameter", "Profit")),
    ("an exit of a size", EXIT_IT | {"quantity": 2}, NONE, aside("unsupported_parameter", "close_percent")),
    ("per cent of equity", BUY_IT | {"quantity": 5, "quantityType": "percent_of_equity"}, NONE,
     aside("unsupported_parameter", "percent_of_equity")),
    ("a trailing stop", BUY_IT | {"trailPercent": 1}, NONE, aside("unsupported_parameter", "trailPercent")),
    ("a trailing stop as an object", BUY_IT | {"stopLoss": {"type": "trailing_stop", "trailPercent": 5}}, NONE,
     aside("unsupported_parameter", "type")),
    ("three targets, and nobody says which", BUY_IT | {"tp1": 1.16, "tp2": 1.17}, NONE, aside("missing_setting")),
    ("an action that nobody knows", {"symbol": "EURUSD", "action": "hold"}, NONE, aside("unknown_action", "hold")),
    ("an action that is no text", {"symbol": "EURUSD", "action": True}, NONE, aside("bad_field", "action")),
    ("an action that TradingView left open", {"symbol": "EURUSD", "action": "{{strategy.order.action}}"}, NONE,
     aside("placeholder", "action")),
    ("an action and the other side", {"symbol": "EURUSD", "action": "buy", "side": "short"}, NONE,
     aside("conflicting_side")),
    ("add without a side", {"symbol": "EURUSD", "action": "add"}, NONE, aside("missing_side", "add")),
    ("reverse without a side", {"symbol": "EURUSD", "action": "reverse"}, NONE, aside("missing_side")),
    ("a stop beyond all numbers", '{"symbol": "EURUSD", "action": "buy", "sl": 1e400}', NONE, aside("bad_price")),
    ("a size that is true", BUY_IT | {"quantity": True}, NONE, aside("bad_volume")),
    ("a flag that is neither true nor false", BUY_IT | {"reduce_only": "perhaps"}, NONE,
     aside("bad_field", "reduce_only")),
    ("a number of the sender's own that is none", '{"symbol": "EURUSD", "action": "buy", "x": [NaN]}', NONE,
     aside("bad_number")),
    ("a mark of zero width in the symbol", {"symbol": "EUR\u200bUSD", "action": "buy"}, NONE, aside("bad_symbol")),
    ("a Cyrillic letter in the symbol", {"symbol": "\u0415URUSD", "action": "buy"}, NONE, aside("bad_symbol")),
    ("a right-to-left mark in the action", {"symbol": "EURUSD", "action": "\u202ebuy"}, NONE,
     aside("unknown_action")),
    *((f"{title} beside a sell", {"symbol": "EURUSD", "action": "sell"} | more, NONE,
       aside("conflicting_action", detail))
      for title, more, detail in [
          ("the type close_long", {"type": "close_long"}, "close_long"),
          ("the type EXIT LONG", {"type": "EXIT LONG"}, "EXIT LONG"),
          ("the signal exit", {"signal": "exit"}, "signal"),
          ("the order id close long", {"order_id": "close long"}, "order_id"),
          ("a signal that speaks of a target that was hit", {"signal": "TP1 hit"}, "TP1 hit"),
      ]),
    ("a signal of the other side", BUY_IT | {"signal": "sell"}, NONE, aside("conflicting_side", "signal")),
    ("an entry after which the position is another", {"symbol": "EURUSD", "action": "exit", "market_position": "long"},
     NONE, aside("unclear_position", "long")),
    ("an exit at a limit", EXIT_IT | {"order_type": "limit", "limit_price": 1.5}, NONE,
     aside("unsupported_parameter", "limit order of an exit")),
    ("an exit at a price", EXIT_IT | {"limit_price": 1.5}, NONE, aside("unsupported_parameter", "limit_price")),
    ("a stop order of a size that protects", HEDGED | {"type": "STOP", "stopPrice": 1.05}, NONE,
     aside("unsupported_parameter", "size")),
    *((f"an exit with {name}", EXIT_IT | {name: 50}, NONE, aside("unsupported_parameter", name))
      for name in ("qty_percent", "percent", "amount_percent", "sell_percentage")),
    *((f"an entry with {name}", BUY_IT | {name: value}, NONE, aside("unsupported_parameter", detail or name))
      for name, value, detail in [
          *((name, 1.1, "") for name in ("stop", "target", "limit", "s/l", "sl%", "initialStop", "initial_stop_loss")),
          *((name, 1.1, "") for name in ("pricesl", "tps", "targets", "exits", "trailing_stop", "risk_percent")),
          ("params", {"sl": 1.1}, "sl"), ("risk", {"stop_loss": 1.1}, "stop_loss"), ("DATA", [{"sl": 1.1}], "sl"),
          ("attributes", {"stopLoss": 1.1}, "stopLoss"), ("a", {"b": [{"c": {"stop": 1.1}}]}, "stop"),
          ("order", "limit", ""), ("units", "pips", ""), ("sl_type", "pips", ""), ("stop", "", ""),
      ]),
    *((f"{name} without a kind of order", BUY_IT | {name: 1.1}, NONE, aside("bad_order_type", "without order_type"))
      for name in ("limit_price", "stop_price", "entry_price", "entry")),
    ("a limit order with two prices", BUY_IT | {"order_type": "limit", "limit_price": 1.1, "entry_price": 1.2}, NONE,
     aside("duplicate_key", "entry_price")),
    ("a limit order with a stop's price", BUY_IT | {"order_type": "limit", "limit_price": 1.1, "stop_price": 1.2}, NONE,
     aside("unsupported_parameter", "stop_price")),
    ("a quantity and other lots", BUY_IT | {"qty": 1, "lots": 2}, NONE, aside("duplicate_key", "lots")),
    ("a stop that TradingView left open", BUY_IT | {"sl_percent": "{{plot_0}}"}, NONE,
     aside("placeholder", "sl_percent")),
    ("an entry price that TradingView left open", BUY_IT | {"entry": "{{plot_0}}"}, NONE,
     aside("placeholder", "entry_price")),
    ("a test of the sender's", BUY_IT | {"test": True}, NONE, aside("no_trade", "test")),
]  # fmt: skip

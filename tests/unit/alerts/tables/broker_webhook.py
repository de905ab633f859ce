"""Bodies of broker webhooks and what becomes of them: (title, body, settings, fields of the Alert or the reason).

Source: the webhook-to-broker family's public payload: passphrase, ticker, action, quantity, order_type, stop_loss,
take_profit, time_in_force.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES"]

Case = tuple[str, Any, dict[str, str], dict[str, Any]]
BUY, SELL = Side.BUY, Side.SELL
NONE: Final[dict[str, str]] = {}
LOTS: Final = {"volume_unit": "lots"}
TARGET: Final = "dialects.broker_webhook.target_type"
MARKET: Final = {
    "passphrase": "broker-pass-3",
    "ticker": "EURUSD",
    "action": "buy",
    "quantity": 2,
    "order_type": "market",
    "stop_loss": 1.14,
    "take_profit": 1.17,
    "time_in_force": "day",
}
LIMIT: Final = MARKET | {"order_type": "limit", "price": 1.145, "time_in_force": "gtc"}


def aside(reason: str, detail: str = "") -> dict[str, Any]:
    return {"reason": reason, "detail": detail}


CASES: Final[list[Case]] = [
    ("a market order; how long it would stay does not matter", MARKET, LOTS,
     {"type": "entry", "side": BUY, "symbol": "EURUSD", "volume": 2.0, "order_type": "market",
      "sl": Quantity(1.14, "unknown", TARGET), "tp": Quantity(1.17, "unknown", TARGET),
      "repairs": (), "fields": {"passphrase": "***", "contracts": 2.0, "time_in_force": "day"}}),
    ("the unit of a quantity is not guessed", MARKET, NONE,
     {"type": "entry", "volume": Quantity(2.0, "unknown", "dialects.broker_webhook.volume_unit")}),
    ("levels that are prices, by the setting", MARKET, LOTS | {"target_type": "price"}, {"sl": 1.14, "tp": 1.17}),
    ("levels near the alert's own price are prices", MARKET | {"price": 1.15}, LOTS, {"sl": 1.14, "tp": 1.17}),
    ("shares or base units", MARKET, {"volume_unit": "units"}, {"volume": Quantity(2.0, "units")}),
    ("a limit order, good till cancelled", LIMIT, LOTS,
     {"type": "entry", "order_type": "limit", "entry_price": 1.145, "price": 1.145, "repairs": ()}),
    ("a limit price of its own", LIMIT | {"limit_price": "1.144"}, LOTS, {"order_type": "limit", "entry_price": 1.144}),
    ("a stop order", LIMIT | {"order_type": "stop", "stop_price": 1.16}, LOTS,
     {"order_type": "stop", "entry_price": 1.16}),
    ("a stop-limit order", LIMIT | {"order_type": "stop_limit", "stop_price": 1.16, "limit_price": 1.161}, LOTS,
     {"order_type": "stop_limit", "entry_price": 1.16, "limit_price": 1.161}),
    ("a pending order for the day stays, which is noted", LIMIT | {"time_in_force": "day"}, LOTS,
     {"order_type": "limit",
      "repairs": ("time_in_force: day -> none (the order stays until it is cancelled; expires_s ends it)",)}),
    ("sell opens a short", MARKET | {"action": "sell"}, LOTS, {"type": "entry", "side": SELL}),
    ("sell turns what is open, by the setting", MARKET | {"action": "sell"}, {"action": "reversal"},
     {"type": "reversal", "side": SELL}),
    ("close", {"passphrase": "broker-pass-3", "ticker": "EURUSD", "action": "close"}, NONE,
     {"type": "exit", "side": None}),
    ("close of a size, which the setting passes over",
     {"passphrase": "broker-pass-3", "ticker": "EURUSD", "action": "close", "quantity": 1}, {"exit_size": "all"},
     {"type": "exit", "side": None, "fields": {"passphrase": "***", "contracts": 1.0}}),
    ("a pending order that is filled at once or not at all", LIMIT | {"time_in_force": "ioc"}, LOTS,
     aside("unsupported_parameter", "ioc")),
    ("close of a size", {"passphrase": "broker-pass-3", "ticker": "EURUSD", "action": "close", "quantity": 1}, NONE,
     aside("unsupported_parameter", "exit_size")),
    ("a stop under another name", MARKET | {"stop": 1.13}, NONE, aside("unsupported_parameter", "stop")),
    ("a close at a limit",
     {"passphrase": "broker-pass-3", "ticker": "EURUSD", "action": "close", "limit_price": 1.2}, NONE,
     aside("unsupported_parameter", "limit_price")),
    ("a type of another action", MARKET | {"action": "sell", "signal": "exit_long"}, NONE, aside("conflicting_action")),
    ("an unknown kind of order", MARKET | {"order_type": "iceberg"}, NONE, aside("bad_order_type", "iceberg")),
    ("an unknown action", MARKET | {"action": "hold"}, NONE, aside("unknown_action", "hold")),
    ("a limit order without a price", MARKET | {"order_type": "limit"}, NONE, aside("bad_price", "limit_price")),
    ("a stop that TradingView left open", MARKET | {"stop_loss": "{{plot_0}}"}, NONE, aside("placeholder", "sl")),
    ("a quantity that is no number", MARKET | {"quantity": "all"}, NONE, aside("bad_volume", "all")),
]  # fmt: skip

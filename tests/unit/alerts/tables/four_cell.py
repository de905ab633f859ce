"""Four-cell bodies and what becomes of them: (title, body, settings, fields of the Alert or the reason).

Source: the webhook-to-broker family's public description: order id and order action give long entry, long exit, short
entry, short exit; exits close all and ignore size.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES"]

Case = tuple[str, Any, dict[str, str], dict[str, Any]]
BUY, SELL = Side.BUY, Side.SELL
NONE: Final[dict[str, str]] = {}
LOTS: Final = {"volume_unit": "lots"}
LONG_ENTRY: Final = {
    "symbol": "EURUSD",
    "strategy_order_id": "long",
    "strategy_order_action": "buy",
    "quantity": 2,
    "price": 1.15,
}


def cell(order_id: str, action: str, **more: Any) -> dict[str, Any]:
    return LONG_ENTRY | {"strategy_order_id": order_id, "strategy_order_action": action} | more


def aside(reason: str, detail: str = "") -> dict[str, Any]:
    return {"reason": reason, "detail": detail}


CASES: Final[list[Case]] = [
    ("long, buy: a long entry", LONG_ENTRY, LOTS,
     {"type": "entry", "side": BUY, "signal": "long_entry", "symbol": "EURUSD", "price": 1.15, "volume": 2.0,
      "fields": {"order_id": "long", "contracts": 2.0}}),
    ("long, sell: a long exit, of all, whatever the size", cell("long", "sell"), LOTS,
     {"type": "exit", "side": BUY, "signal": "long_exit", "volume": None, "close_left_frac": None}),
    ("short, sell: a short entry", cell("short", "sell"), LOTS,
     {"type": "entry", "side": SELL, "signal": "short_entry", "volume": 2.0}),
    ("short, buy: a short exit", cell("short", "buy"), NONE, {"type": "exit", "side": SELL, "signal": "short_exit"}),
    ("the short side called sell: an entry", cell("sell", "sell"), NONE, {"type": "entry", "side": SELL}),
    ("the short side called sell: an exit", cell("sell", "buy"), NONE, {"type": "exit", "side": SELL}),
    ("the unit of a size is not guessed", LONG_ENTRY, NONE,
     {"type": "entry", "volume": Quantity(2.0, "unknown", "dialects.four_cell.volume_unit")}),
    ("words in capitals, with stop, target and a secret",
     cell("LONG", "Buy", stop_loss="1.14", take_profit="1.17", secret="four-secret-2"), LOTS,
     {"type": "entry", "side": BUY, "sl": 1.14, "tp": 1.17,
      "fields": {"secret": "***", "order_id": "LONG", "contracts": 2.0}}),
    ("a limit order at the body's price", cell("long", "buy", order_type="limit"), LOTS,
     {"type": "entry", "order_type": "limit", "entry_price": 1.15}),
    ("an exit of a half", cell("long", "sell", close_percent=50), LOTS,
     {"type": "exit", "side": BUY, "close_left_frac": 0.5}),
    ("a stop far from the price is of an unknown unit", cell("long", "buy", sl=20), LOTS,
     {"sl": Quantity(20.0, "unknown", "dialects.four_cell.target_type")}),
    ("an exit of an unknown share", cell("long", "sell", qty_percent=50), LOTS,
     aside("unsupported_parameter", "qty_percent")),
    ("an exit at a limit", cell("long", "sell", order_type="limit"), LOTS, aside("unsupported_parameter", "limit")),
    ("an entry that only reduces", cell("long", "buy", reduce_only=True), LOTS,
     aside("conflicting_action", "reduce_only")),
    ("another action beside", cell("long", "buy") | {"action": "exit"}, LOTS, aside("conflicting_action", "exit")),
    ("another side beside", cell("long", "buy", side="short"), LOTS, aside("conflicting_side", "short")),
    ("a stop under another name", cell("long", "buy", initialStop=1.1), LOTS,
     aside("unsupported_parameter", "initialStop")),
    ("a stop's price without a kind of order", cell("long", "buy", stop_price=1.1), LOTS, aside("bad_order_type")),
    ("an action that TradingView left open", cell("long", "{{strategy.order.action}}"), NONE,
     aside("placeholder", "action")),
    ("an action that is none", cell("long", "hold"), NONE, aside("bad_side", "hold")),
    ("a size of nothing", cell("long", "buy", quantity=0), NONE, aside("bad_volume")),
    ("no symbol", {"strategy_order_id": "long", "strategy_order_action": "buy"}, NONE, aside("missing_symbol")),
    ("a trailing stop", cell("long", "buy", trailing_stop=0.5), NONE, aside("unsupported_parameter", "trailing_stop")),
]  # fmt: skip

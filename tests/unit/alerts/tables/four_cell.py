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
    ("an action that TradingView left open", cell("long", "{{strategy.order.action}}"), NONE,
     aside("placeholder", "action")),
    ("an action that is none", cell("long", "hold"), NONE, aside("bad_side", "hold")),
    ("a size of nothing", cell("long", "buy", quantity=0), NONE, aside("bad_volume")),
    ("no symbol", {"strategy_order_id": "long", "strategy_order_action": "buy"}, NONE, aside("missing_symbol")),
    ("a trailing stop", cell("long", "buy", trailing_stop=0.5), NONE, aside("unsupported_parameter", "trailing_stop")),
]  # fmt: skip

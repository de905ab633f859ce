"""Bodies of strategy placeholders and what becomes of them: (title, body, settings, fields of the Alert or the reason).

Sources: TradingView's help page on strategy alerts (the placeholders' meaning) and the public receivers whose templates
stand in the project's collection of payloads: a passphrase template with ``strategy`` and ``bar``, a relay with an id,
a message bus with ``data``, a dashboard with ``position``. Sizes and shares are worked out by hand.
"""

from __future__ import annotations

import json
from typing import Any, Final

from zepix.model import Quantity, Side

__all__ = ["CASES", "ORDER", "READ", "REFUSED"]

Case = tuple[str, Any, dict[str, str], dict[str, Any]]
BUY, SELL = Side.BUY, Side.SELL
NONE: Final[dict[str, str]] = {}
LOTS: Final = {"volume_unit": "lots"}
UNIT: Final = "dialects.tradingview.volume_unit"
ORDER: Final = {"ticker": "EURUSD", "action": "buy", "contracts": "2", "price": "1.15", "time": "2026-01-05T14:45:07Z"}
TIME_NS: Final = 1_767_624_307_000_000_000
PASSPHRASE: Final = (
    '{"passphrase": "open-sesame-1", "time": "2026-01-05T14:45:07Z", "exchange": "OANDA", "ticker": "EURUSD", '
    '"bar": {"time": "2026-01-05T14:40:00Z", "open": 1.14, "high": 1.16, "low": 1.13, "close": 1.15, "volume": 900}, '
    '"strategy": {"position_size": -3, "order_action": "sell", "order_contracts": 5, "order_price": 1.15, '
    '"order_id": "Short", "market_position": "short", "market_position_size": 3, "prev_market_position": "long", '
    '"prev_market_position_size": 2}}'
)
RELAY: Final = (
    '{"id": "Long-2026-01-05T14:45:07Z", "symbol": "EURUSD", "action": "buy", "qty": "2", "price": "1.15", '
    '"marketPosition": "long", "prevMarketPosition": "flat", "marketPositionSize": "2", "prevMarketPositionSize": "0", '
    '"signalToken": "tok-5-public", "timestamp": "2026-01-05T14:45:07Z"}'
)
BUS: Final = (
    '{"data": {"strategy-order-action": "buy", "strategy-order-price": 1.1234, "sl-offset": 0.002, "tp-offset": 0.001, '
    '"heartbeat": false, "strategy-id": "s1", "ticker": "EUR/USD", "strategy-prev_market_position": "flat"}, '
    '"key": "SECURITY_KEY_9"}'
)
DASHBOARD: Final = (
    '{"symbol": "EURUSD", "date": "2026-01-05T14:45:07Z", "data": "sell", "position": "flat", "quantity": "2", '
    '"price": "1.15", "entryPrice": "{{strategy.position_avg_price}}", "pnl": "{{strategy.order.profit}}", '
    '"token": "tok-6-dashboard"}'
)
DOTTED: Final = (
    '{"strategy": {"order": {"action": "sell", "contracts": 1, "price": 1.15, "id": "half", "comment": "TP1"}, '
    '"market_position": "long", "market_position_size": 3, "prev_market_position": "long", '
    '"prev_market_position_size": 4}, "ticker": "OANDA:EURUSD", "interval": "5"}'
)


def moved(before: str, after: str, **more: Any) -> dict[str, Any]:
    """The order with a position before and after, without sizes unless they are given."""
    return ORDER | {"prev_market_position": before, "market_position": after} | more


def sized(before: str, before_size: float, after: str, after_size: float, **more: Any) -> dict[str, Any]:
    sizes = {"prev_market_position_size": before_size, "market_position_size": after_size}
    return moved(before, after, **sizes, **more)


def unknown(value: float) -> Quantity:
    return Quantity(value, "unknown", UNIT)


def aside(reason: str, detail: str = "") -> dict[str, Any]:
    return {"reason": reason, "detail": detail}


READ: Final[list[Case]] = [
    ("flat to long: an entry of the order's contracts", sized("flat", 0, "long", 2), LOTS,
     {"type": "entry", "side": BUY, "signal": "entry", "symbol": "EURUSD", "price": 1.15, "volume": 2.0,
      "time_ns": TIME_NS,
      "fields": {"contracts": 2.0, "market_position": "long", "market_position_size": 2.0,
                 "prev_market_position": "flat", "prev_market_position_size": 0.0}}),
    ("the unit of contracts is not guessed", sized("flat", 0, "long", 2), NONE,
     {"type": "entry", "side": BUY, "volume": unknown(2.0)}),
    ("contracts counted in base units", sized("flat", 0, "long", 2), {"volume_unit": "units"},
     {"type": "entry", "side": BUY, "volume": Quantity(2.0, "units")}),
    ("flat to short", sized("flat", 0, "short", 2, action="sell"), LOTS,
     {"type": "entry", "side": SELL, "signal": "entry", "volume": 2.0}),
    ("long to flat: an exit of longs, whatever its size", sized("long", 2, "flat", 0, action="sell"), NONE,
     {"type": "exit", "side": BUY, "signal": "exit", "volume": None, "close_left_frac": None}),
    ("short to flat: an exit of shorts", sized("short", 2, "flat", 0), NONE,
     {"type": "exit", "side": SELL, "signal": "exit"}),
    ("long to a larger long: an addition", sized("long", 1, "long", 3), LOTS,
     {"type": "entry", "side": BUY, "signal": "add", "volume": 2.0}),
    ("long to a smaller long: a reduction by 2 of 8", sized("long", 8, "long", 6, action="sell"), NONE,
     {"type": "exit", "side": BUY, "signal": "reduce", "close_left_frac": 0.25, "volume": None}),
    ("short to a smaller short: a reduction by 2 of 5", sized("short", 5, "short", 3), NONE,
     {"type": "exit", "side": SELL, "signal": "reduce", "close_left_frac": 0.4}),
    ("long to short: a reversal of the size after", sized("long", 2, "short", 3, action="sell", contracts=5), LOTS,
     {"type": "reversal", "side": SELL, "signal": "reversal", "volume": 3.0, "closing": "opposite"}),
    ("short to long", sized("short", 2, "long", 2, contracts=4), LOTS,
     {"type": "reversal", "side": BUY, "volume": 2.0}),
    ("positions without sizes", moved("long", "short", action="sell"), LOTS,
     {"type": "reversal", "side": SELL, "volume": None}),
    ("positions without sizes, an addition", moved("long", "long"), LOTS,
     {"type": "entry", "side": BUY, "signal": "add", "volume": 2.0}),
    ("positions without an order action", {"ticker": "EURUSD", "market_position": "short",
                                           "prev_market_position": "flat", "market_position_size": 2}, LOTS,
     {"type": "entry", "side": SELL, "volume": 2.0}),
    ("only the position after: a buy that ends long", ORDER | {"market_position": "long"}, LOTS,
     {"type": "entry", "side": BUY, "volume": 2.0}),
    ("only the position after: a sell that ends flat", ORDER | {"market_position": "flat", "action": "sell"}, NONE,
     {"type": "exit", "side": BUY}),
    ("only the position after: a buy that ends flat", ORDER | {"market_position": "flat"}, NONE,
     {"type": "exit", "side": SELL}),
    ("only the position after, with its size: 5 sold that end 3 short turned 2 long",
     ORDER | {"action": "sell", "contracts": 5, "market_position": "short", "market_position_size": 3}, LOTS,
     {"type": "reversal", "side": SELL, "volume": 3.0}),
    ("only the position after, with its size: 2 bought that end 6 short closed 2 of 8",
     ORDER | {"market_position": "short", "market_position_size": 6}, NONE,
     {"type": "exit", "side": SELL, "signal": "reduce", "close_left_frac": 0.25}),
    ("only a signed size after", ORDER | {"action": "sell", "position_size": "-2"}, LOTS,
     {"type": "entry", "side": SELL, "volume": 2.0}),
    ("only the position before, flat", ORDER | {"prev_market_position": "flat"}, LOTS,
     {"type": "entry", "side": BUY, "volume": 2.0}),
    ("only the position before, and the order adds", ORDER | {"prev_market_position": "long"}, LOTS,
     {"type": "entry", "side": BUY, "signal": "add"}),
    ("only the position before, with its size: 2 sold of 2 long",
     ORDER | {"action": "sell", "prev_market_position": "long", "prev_market_position_size": 2}, NONE,
     {"type": "exit", "side": BUY, "signal": "exit"}),
    ("only the position before, and the setting says that orders turn",
     ORDER | {"action": "sell", "prev_market_position": "long"}, {"action": "reversal"},
     {"type": "reversal", "side": SELL, "volume": None}),
    ("no position at all: an entry", '{"strategy_order_action": "buy", "strategy_order_contracts": 1, "ticker": '
     '"EURUSD"}', LOTS, {"type": "entry", "side": BUY, "volume": 1.0}),
    ("no position at all, and the setting says that orders turn", '{"strategy.order.action": "sell", "ticker": '
     '"EURUSD"}', {"action": "reversal"}, {"type": "reversal", "side": SELL}),
    ("bullish and bearish are long and short", {"ticker": "EURUSD", "action": "sell", "sentiment": "bearish"}, NONE,
     {"type": "entry", "side": SELL}),
    ("a passphrase, a bar and a nested strategy", PASSPHRASE, LOTS,
     {"type": "reversal", "side": SELL, "volume": 3.0, "price": 1.15, "time_ns": TIME_NS,
      "fields": {"passphrase": "***", "exchange": "OANDA",
                 "bar": {"time": "2026-01-05T14:40:00Z", "open": 1.14, "high": 1.16, "low": 1.13, "close": 1.15,
                         "volume": 900},
                 "contracts": 5.0, "position_size": -3.0, "order_id": "Short", "market_position": "short",
                 "market_position_size": 3.0, "prev_market_position": "long", "prev_market_position_size": 2.0}}),
    ("names in camel case, with an id", RELAY, LOTS,
     {"type": "entry", "side": BUY, "volume": 2.0, "explicit_id": "Long-2026-01-05T14:45:07Z", "time_ns": TIME_NS}),
    ("names with dashes under data, levels as distances", BUS, NONE,
     {"type": "entry", "side": BUY, "symbol": "EURUSD", "price": 1.1234, "sl": Quantity(0.002, "distance"),
      "tp": Quantity(0.001, "distance"), "volume": None}),
    ("the action under data, and placeholders that nobody fills", DASHBOARD, NONE,
     {"type": "exit", "side": BUY, "signal": "exit",
      "repairs": ("entry_price: {{strategy.position_avg_price}} -> null", "pnl: {{strategy.order.profit}} -> null")}),
    ("placeholders' own dotted names, nested", DOTTED, NONE,
     {"type": "exit", "side": BUY, "signal": "reduce", "close_left_frac": 0.25, "timeframe": "5m", "comment": "TP1"}),
    ("stop and target from plots", moved("flat", "long", stopLoss="1.14", takeProfit="1.17"), NONE,
     {"type": "entry", "sl": 1.14, "tp": 1.17}),
    ("stop and target in per cent and pips", moved("flat", "long", sl_percent=0.5, tp_pips=40), NONE,
     {"type": "entry", "sl": Quantity(0.005, "fraction"), "tp": Quantity(40.0, "pips")}),
    ("the bar's volume is no size", moved("flat", "long", open="1.1", close="1.2", volume="1234"), LOTS,
     {"type": "entry", "volume": 2.0}),
    ("a size after of 0 is flat", ORDER | {"action": "sell", "market_position_size": 0}, NONE,
     {"type": "exit", "side": BUY}),
    ("an entry price beside a position informs", moved("flat", "long", entryPrice=1.15), LOTS,
     {"type": "entry", "order_type": "market", "entry_price": None}),
    ("a stop far from the price is of an unknown unit", moved("flat", "long", sl=20), LOTS,
     {"sl": Quantity(20.0, "unknown", "dialects.tradingview.target_type")}),
    ("an order that was only to reduce, and did", sized("long", 2, "flat", 0, action="sell", reduce_only=True), NONE,
     {"type": "exit", "side": BUY}),
    ("the levels of an exit ask for nothing", sized("long", 2, "flat", 0, action="sell", sl=1.1), NONE,
     {"type": "exit", "side": BUY, "sl": None}),
    ("words in capitals", moved("FLAT", " Long ", action="BUY"), LOTS, {"type": "entry", "side": BUY}),
]  # fmt: skip

REFUSED: Final[list[Case]] = [
    ("a size after, and nobody says of which side", ORDER | {"market_position_size": 2}, NONE,
     aside("unclear_position", "market_position_size")),
    ("an entry that only reduces", moved("flat", "long", reduce_only=True), NONE, aside("conflicting_action")),
    ("an entry that closes the position", moved("flat", "long", close_position="true"), NONE,
     aside("conflicting_action", "close_position")),
    ("a signal of an exit", {"ticker": "EURUSD", "strategy.order.action": "sell", "signal": "exit_long"}, NONE,
     aside("conflicting_action", "exit_long")),
    ("an order id of an exit, and no position", {"ticker": "EURUSD", "strategy_order_action": "sell",
                                                 "strategy_order_id": "close long"}, NONE,
     aside("conflicting_action", "close long")),
    ("a long that was bought, and the position after is flat",
     {"ticker": "EURUSD", "strategy_order_id": "long", "strategy_order_action": "buy", "market_position_size": 0}, NONE,
     aside("conflicting_action", "flat")),
    ("an exit at a limit", sized("long", 2, "flat", 0, action="sell", order_type="limit"), NONE,
     aside("unsupported_parameter", "limit")),
    ("a share beside positions", sized("long", 2, "flat", 0, action="sell", close_percent=50), NONE,
     aside("unsupported_parameter", "close_percent")),
    ("a stop under another name", moved("flat", "long", stop=1.1), NONE, aside("unsupported_parameter", "stop")),
    ("a limit's price without a kind of order", moved("flat", "long", limit_price=1.1), NONE, aside("bad_order_type")),
    ("flat before and after", sized("flat", 0, "flat", 0), NONE, aside("no_trade")),
    ("the sender's sign of life", BUS.replace('"heartbeat": false', '"heartbeat": true'), NONE,
     aside("no_trade", "heartbeat")),
    ("a sell that leads from flat to long", moved("flat", "long", action="sell"), NONE,
     aside("conflicting_position", "flat to long")),
    ("a buy that leads from long to flat", moved("long", "flat"), NONE, aside("conflicting_position")),
    ("a buy that makes a long smaller", sized("long", 3, "long", 1), NONE, aside("conflicting_position")),
    ("sizes that do not add up", sized("flat", 0, "long", 3), NONE, aside("conflicting_position", "buy 2")),
    ("flat with a size", sized("flat", 0, "flat", 2), NONE, aside("conflicting_position", "is flat")),
    ("long without a size", sized("flat", 0, "long", 0), NONE, aside("conflicting_position", "is long")),
    ("long with a negative signed size", moved("flat", "long", position_size=-2), NONE, aside("conflicting_position")),
    ("a negative size", sized("flat", 0, "long", -2), NONE, aside("conflicting_position", "negative")),
    ("a position that is none", moved("flat", "up"), NONE, aside("conflicting_position", "up")),
    ("a reduction by nobody knows how much", {"ticker": "EURUSD", "action": "sell", "market_position": "long"}, NONE,
     aside("unclear_position")),
    ("only the position before, and the order goes against it",
     {"ticker": "EURUSD", "action": "sell", "prev_market_position": "long"}, NONE, aside("unclear_position")),
    ("no action, and the position stays", {"ticker": "EURUSD", "market_position": "long",
                                           "prev_market_position": "long"}, NONE, aside("missing_side")),
    ("no action, and one position", {"ticker": "EURUSD", "market_position": "long"}, NONE, aside("missing_side")),
    ("the template itself", moved("{{strategy.prev_market_position}}", "{{strategy.market_position}}",
                                  action="{{strategy.order.action}}"), NONE, aside("placeholder", "action")),
    ("a stop that TradingView left open", moved("flat", "long", sl="{{plot_0}}"), NONE, aside("placeholder", "sl")),
    ("a size that TradingView left open", json.dumps(sized("flat", 0, "long", 2)).replace(
        '"contracts": "2"', '"contracts": {{strategy.order.contracts}}'), NONE, aside("placeholder", "contracts")),
    ("a size that is not a number", sized("flat", 0, "long", 2, contracts="NaN"), NONE, aside("bad_volume")),
    ("a position's size that is not a number", moved("flat", "long", market_position_size="inf"), NONE,
     aside("bad_number")),
    ("a stop of zero", moved("flat", "long", sl=0), NONE, aside("bad_price", "sl")),
    ("a stop in a unit that nobody knows here", moved("flat", "long", sl_atr=2), NONE,
     aside("unsupported_parameter", "sl_atr")),
    ("two stops", moved("flat", "long", sl=1.1, sl_pips=20), NONE, aside("duplicate_key", "sl_pips")),
    ("two words for the action with different values", moved("flat", "long", order_action="sell"), NONE,
     aside("conflicting_side", "action")),
    ("orders to be cancelled before", moved("flat", "long", cancel_orders=True), NONE,
     aside("unsupported_parameter", "cancel_orders")),
    ("no symbol", {"action": "buy", "market_position": "long"}, NONE, aside("missing_symbol")),
    ("a right-to-left mark in the symbol", moved("flat", "long", ticker="EUR\u200fUSD"), NONE, aside("bad_symbol")),
    ("a mark of zero width in the action", moved("flat", "long", action="buy\u200b"), NONE,
     aside("bad_side", "action")),
]  # fmt: skip

CASES: Final[list[Case]] = [*READ, *REFUSED]

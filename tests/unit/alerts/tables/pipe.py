"""Text with pipes and what becomes of it: (title, body, settings, fields of the Alert or the reason).

Source: the format that BVA asks for (key, strategy, action, ticker; market position, extra, published, size, market).
"""

from __future__ import annotations

from typing import Any, Final

from zepix.model import Side

__all__ = ["CASES"]

Case = tuple[str, str, dict[str, str], dict[str, Any]]
NONE: Final[dict[str, str]] = {}
NAMED = {"strategy": "Strat Test"}


def aside(reason: str, part: str) -> dict[str, Any]:
    return {"reason": reason, "detail": part}


CASES: Final[list[Case]] = [
    ("four cells", "your key|Strat Test|buy|EURUSD", NONE,
     {"type": "entry", "side": Side.BUY, "symbol": "EURUSD", "signal": "buy", "fields": NAMED}),
    ("a pipe at the end", "your key|Strat Test|SELL|OANDA:EURUSD|", NONE,
     {"type": "entry", "side": Side.SELL, "symbol": "EURUSD", "fields": NAMED}),
    ("close", "your key|Strat Test|close|EURUSD", NONE, {"type": "exit", "side": None}),
    ("a sell that ends flat closes longs", "your key|Strat Test|sell|EURUSD|flat", NONE,
     {"type": "exit", "side": Side.BUY}),
    ("a buy that ends flat closes shorts", "your key|Strat Test|buy|EURUSD|FLAT", NONE,
     {"type": "exit", "side": Side.SELL}),
    ("a buy that ends long", "your key|Strat Test|buy|EURUSD|long", NONE, {"type": "entry", "side": Side.BUY}),
    ("nine cells, TradingView's arrow kept", "your key|Strat Test|buy|EURUSD|long|15:BULL\u2192BEAR|true|100|futures",
     NONE,
     {"type": "entry", "fields": {**NAMED, "extra": "15:BULL\u2192BEAR", "published": "true", "trade_size_pct": "100",
                                  "trading_market": "futures"}}),
    ("a V6 line stays V6's", "EXIT_BULLISH|XAUUSD|5|2040.1|15", NONE,
     {"type": "exit", "dialect": "v6", "side": Side.BUY}),
    ("an action that TradingView left open", "your key|Strat Test|{{strategy.order.action}}|EURUSD", NONE,
     aside("placeholder", "strategy.order.action")),
    ("an action that is not done", "your key|Strat Test|take|EURUSD", NONE, aside("unsupported_command", "take")),
    ("a sell that stays long", "your key|Strat Test|sell|EURUSD|long", NONE,
     aside("unsupported_command", "unknown part")),
    ("a part of a size", "your key|Strat Test|buy|EURUSD|long|x|true|25", NONE,
     aside("unsupported_parameter", "trade_size_pct")),
    ("an unknown position", "your key|Strat Test|buy|EURUSD|up", NONE, aside("bad_side", "up")),
    ("no ticker", "your key|Strat Test|buy|", NONE, aside("missing_symbol", "")),
    ("three cells", "k-77|buy|EURUSD", NONE, aside("bad_field", "four cells")),
]  # fmt: skip

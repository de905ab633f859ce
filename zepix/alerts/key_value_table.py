"""The words of the key=value dialect: names of fields, signals, and what is known and not done."""

from __future__ import annotations

from typing import Final

from zepix.alerts.trade_words import LEVEL_WORDS
from zepix.model import Side

__all__ = ["KINDS", "LEVELS", "NAMES", "NOT_DONE", "NOT_EMPTY", "SETTINGS", "SIGNALS", "UNITS"]

SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "volume_unit": ("lots", "units", "notional", "money", "percent_balance", "percent_equity"),
    "target_type": ("price", "pips", "points", "percent"),
    "market": ("futures", "spot"),
}
_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "signal": ("signal", "action", "side", "direction"),
    "type": ("type", "event_type"),
    "symbol": ("symbol", "ticker", "instrument", "asset"),
    "order_type": ("order_type",),
    "volume": ("volume", "qty", "quantity", "size"),
    "lots": ("lots", "lot", "lot_size"),
    "price": ("price",),
    "entry_price": ("entry_price",),
    "sl_price": ("stop_price", "sl_price", "stop_loss_price"),
    "tp_price": ("take_profit_price", "tp_price"),
    "sl": ("sl", "stop_loss"),
    "tp": ("tp", "take_profit"),
    "reduce_only": ("reduce_only",),
    "param_side": ("param_side",),
    "tag": ("tag",),
    "timeframe": ("timeframe", "tf", "interval"),
    "time": ("time", "timestamp"),
    "id": ("id", "alert_id"),
    "comment": ("comment",),
    "strategy": ("strategy",),
    "plugin_hint": ("plugin_hint", "plugin"),
    "ref": ("ref",),
    "oco": ("oco",),
    "expires_s": ("expires_s",),
    "close_frac": ("close_frac",),
    "close_percent": ("close_percent", "close_pct"),
    "position": ("market_position", "position"),
    "position_size": ("market_position_size", "position_size"),
}
UNITS: Final = {"pips": "pips", "points": "points", "percent": "percent", "distance": "distance"}
_UNIT_NAMES: Final = {word: name for word, name in LEVEL_WORDS.items() if name[3:] in UNITS}
NAMES: Final = _UNIT_NAMES | {alias.replace("_", ""): name for name, others in _ALIASES.items() for alias in others}
LEVELS: Final = {level: (f"{level}_price", level, *(f"{level}_{unit}" for unit in UNITS)) for level in ("sl", "tp")}
NOT_EMPTY: Final = frozenset({"sl", "tp", "sl_price", "tp_price", "volume", "lots", "order_type", "close_frac"}) | {
    *_UNIT_NAMES.values(),
    "close_percent",
    "reduce_only",
}
NOT_DONE: Final[dict[str, str]] = {
    "trailingprofile": "a trailing profile is not done",
    "cancelpolicy": "a cancel policy is not done",
    "cancelpolicyparams": "a cancel policy is not done",
    "exchangeorderids": "orders are not known by the exchange's ids here",
}
KINDS: Final = {"entry": "entry", "exit": "exit", "close": "exit", "reversal": "reversal", "reverse": "reversal"}
SIGNALS: Final[dict[str, tuple[str, Side | None]]] = {
    **dict.fromkeys(("buy", "long"), ("entry", Side.BUY)),
    **dict.fromkeys(("sell", "short"), ("entry", Side.SELL)),
    **dict.fromkeys(("close", "closeall", "exit"), ("exit", None)),
    **dict.fromkeys(("closelong", "closealllong", "exitlong"), ("exit", Side.BUY)),
    **dict.fromkeys(("closeshort", "closeallshort", "exitshort"), ("exit", Side.SELL)),
    "modify": ("modify", None),
    "cancel": ("cancel", None),
    "cancellong": ("cancel", Side.BUY),
    "cancelshort": ("cancel", Side.SELL),
}

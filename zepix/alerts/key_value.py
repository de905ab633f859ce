"""The key=value dialect: ``SYMBOL=EURUSD;SIGNAL=BUY`` between new lines, ``;`` or ``,``; words of OctoBot, pinebridge.

| key                                   | what it is                                                         |
|---------------------------------------|--------------------------------------------------------------------|
| SIGNAL (action, side)                 | buy, sell, long, short; cancel; modify; close, closelong, ...      |
| ORDER_TYPE                            | market, limit (at PRICE), stop (at STOP_PRICE)                     |
| VOLUME, qty, size                     | counted in what ``dialects.key_value.volume_unit`` says; lots=: lots |
| PRICE                                 | a limit's price; else the chart's price                            |
| STOP_PRICE, sl_price; TAKE_PROFIT_PRICE, tp_price | stop and target as prices; sl_pips, tp_pips as pips    |
| sl, tp, stop_loss, take_profit        | counted in what ``dialects.key_value.target_type`` says            |
| REDUCE_ONLY=true                      | closes the other side; limit and stop: changes its target and stop |
| PARAM_SIDE                            | of a cancel: buy or sell only                                      |
| TOKEN, secret                         | a password: neither kept nor shown                                 |
| EXCHANGE, LEVERAGE, TAG, any other    | in ``fields``; the account's own leverage holds                    |

Prices may be relative as OctoBot writes them, from the price of the moment: ``-3d`` three below it, ``10%`` above it by
so much; of a market order's levels and of a pending order's price they become distances. On a spot market
(``dialects.key_value.market``) a sell closes what was bought. Amounts in per cent of holdings and in the quote currency
(``2%``, ``12a%``, ``100q``) and several targets are set aside by their name.

Sources: OctoBot's guide (alert format, amount and price syntax) and pinebridge's message format, both as of 2026. Names
are compared without case, underscores and dashes; text that follows a comma and holds no ``=`` belongs to the value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import FIELDS_LIMIT, Body, shown
from zepix.alerts.reading import UNIMPORTANT, Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.secrets import is_secret
from zepix.model import Side
from zepix.model.quantity import Quantity

__all__ = ["KEY_VALUE", "read"]

NAME: Final = "key_value"
SETTINGS: Final[dict[str, tuple[str, ...]]] = {
    "volume_unit": ("lots", "units", "notional", "money", "percent_balance", "percent_equity"),
    "target_type": ("price", "pips", "points", "percent"),
    "market": ("futures", "spot"),
}
_LONGEST_NAME: Final = 64
_SEPARATORS: Final = re.compile(r"[\r\n;,]")
_RELATIVE: Final = re.compile(
    r"([+-]?)([0-9]{1,12}(?:\.[0-9]{1,12})?)(d|%)|(%|d)([+-]?)([0-9]{1,12}(?:\.[0-9]{1,12})?)"
)
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
    "sl_pips": ("sl_pips",),
    "tp_pips": ("tp_pips",),
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
}
_NAMES: Final = {alias.replace("_", ""): name for name, others in _ALIASES.items() for alias in others}
_NOT_DONE: Final[dict[str, str]] = {
    "trailingprofile": "a trailing profile is not done",
    "cancelpolicy": "a cancel policy is not done",
    "cancelpolicyparams": "a cancel policy is not done",
    "exchangeorderids": "orders are not known by the exchange's ids here",
}
_KINDS: Final = {"entry": "entry", "exit": "exit", "close": "exit", "reversal": "reversal", "reverse": "reversal"}
_SIGNALS: Final[dict[str, tuple[str, Side | None]]] = {
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
_PLAIN: Final[dict[str, tuple[str, Callable[[str, Any], Any]]]] = {
    "id": ("explicit_id", values.text),
    "comment": ("comment", values.text),
    "strategy": ("strategy", values.text),
    "plugin_hint": ("plugin_hint", values.text),
    "ref": ("ref", values.text),
    "oco": ("oco", values.text),
    "expires_s": ("expires_s", values.positive),
    "close_frac": ("close_frac", values.fraction),
}
_INFORMS: Final = UNIMPORTANT | {"tag"}


@lru_cache(maxsize=4096)
def _word(key: str) -> str:
    return key.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a key=value alert. Raises Unreadable."""
    found = _fields(reading)
    kind, side = _asked(found)
    out: dict[str, Any] = {"type": kind, "symbol": reading.symbol(found.pop("symbol", None))}
    out["signal"] = found["signal" if "signal" in found else "type"]
    period = reading.period(found.pop("timeframe", None))
    if period is not None:
        out["timeframe"] = period
    if "time" in found:
        out["time_ns"] = reading.moment_ns(found["time"])
    for name, (target, convert) in _PLAIN.items():
        if found.get(name):
            out[target] = convert(name, found[name])
    if side is not None:
        out["side"] = side
    reduces = "reduce_only" in found and values.flag("REDUCE_ONLY", found["reduce_only"])
    if kind == "entry" and reduces:
        return out | _reduce(found, side)
    if kind == "entry" and side is Side.SELL and reading.settings.get("market") == "spot":
        return out | _reduce(found, side)
    if kind in ("entry", "reversal"):
        out.update(_order(reading, found, side))
    elif kind == "cancel" and any(_word(key) == "zoneid" for key in reading.extras):
        raise Unreadable("unsupported_parameter", "'zone_id': a cancel by zone is not done")
    elif kind == "modify":
        out.update(_levels(reading, found, side, None))
        if "sl" not in out and "tp" not in out:
            raise Unreadable("bad_price", "a modify needs a stop or a target")
    return out


def _fields(reading: Reading) -> dict[str, str]:
    """The values under this dialect's names; what has none goes to ``extras``, what is empty nowhere."""
    found: dict[str, str] = {}
    for key, value in _pairs(reading.body.text):
        if not value or is_secret(key):
            continue
        word = _word(key)
        name = _NAMES.get(word)
        if name is None:
            _keep(reading, key, word, value)
        elif "{{" in value and name not in ("symbol", "timeframe"):
            reading.give_up(name, value, important=name not in _INFORMS)
        elif found.setdefault(name, value) != value:
            raise Unreadable("duplicate_key", f"{shown(key)} stands twice, or beside another word for it")
    if "tag" in found:
        reading.extras["tag"] = values.text("TAG", found["tag"])
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    """Keys and values in order; a piece without ``=`` belongs to the value before it. Raises Unreadable."""
    if "\\n" in text:  # written out, as a relay by e-mail leaves it
        text = text.replace("\\r", "").replace("\\n", "\n")
    pairs: list[tuple[str, str]] = []
    pieces = _SEPARATORS.split(text, FIELDS_LIMIT + 1)
    if len(pieces) > FIELDS_LIMIT:
        raise Unreadable("too_large", f"more than {FIELDS_LIMIT} fields")
    for piece in pieces:
        key, equals, value = piece.partition("=")
        if equals:
            key = key.strip()
            if not key or len(key) > _LONGEST_NAME:
                raise Unreadable("bad_field", f"{shown(key)} is no name of a field")
            pairs.append((key, value.strip()))
        elif piece.strip():
            key, value = pairs[-1] if pairs else ("", "")
            pairs[-1:] = [(key, f"{value}, {piece.strip()}")]
    return pairs


def _keep(reading: Reading, key: str, word: str, value: str) -> None:
    if word in _NOT_DONE:
        raise Unreadable("unsupported_parameter", f"{shown(key)}: {_NOT_DONE[word]}")
    if word.startswith(("takeprofitprice", "takeprofitvolumeratio")):
        raise Unreadable("unsupported_parameter", f"{shown(key)}: several targets of one order are not done")
    if "{{" in value:
        reading.give_up(key, value, important=False)
    else:
        reading.extras[key.lower()] = values.text(key, value)


def _asked(found: dict[str, str]) -> tuple[str, Side | None]:
    """Type and side. Raises Unreadable."""
    signal = found.get("signal", "")
    word = _word(signal[:_LONGEST_NAME])
    kind, side = _SIGNALS.get(word, ("", None))
    if "type" in found:
        named = found["type"][:_LONGEST_NAME].strip().lower()
        if "order_type" not in found and named in ("market", "limit", "stop"):
            found["order_type"] = named
        elif named in ("modify", "cancel") or named in _KINDS:
            kind = _KINDS.get(named, named)
            if signal and side is None and kind in ("entry", "reversal"):
                raise Unreadable("bad_side", f"the side must be buy or sell, not {shown(signal)}")
        else:
            raise Unreadable("unknown_type", f"type {shown(named)} is not one of {', '.join(_KINDS)}, modify, cancel")
    if not kind:
        if not signal:
            raise Unreadable("missing_side", "there is no SIGNAL (or action, side, type)")
        raise Unreadable("unsupported_command", f"SIGNAL {shown(signal)} is not one of {', '.join(_SIGNALS)}")
    if kind in ("entry", "reversal") and side is None:
        raise Unreadable("missing_side", f"{kind} needs a side, buy or sell")
    if kind == "cancel":
        if "tag" in found:
            raise Unreadable("unsupported_parameter", "'TAG': a cancel by tag is not done; ref= names an alert's id")
        if "param_side" in found:
            side = values.side("PARAM_SIDE", found["param_side"])
    return kind, side


def _order(reading: Reading, found: dict[str, str], side: Side | None) -> dict[str, Any]:
    """Kind, prices, levels and volume of an order that opens."""
    assert side is not None
    out: dict[str, Any] = {}
    kind = values.order_type("ORDER_TYPE", found.get("order_type", "market"))
    if kind == "stop_limit":
        raise Unreadable("bad_order_type", "ORDER_TYPE must be market, limit or stop, not stop_limit")
    if kind == "market":
        if "price" in found or "entry_price" in found:
            out["price"] = values.price("price", found.get("price", found.get("entry_price")))
    else:
        out["order_type"] = kind
        name = "PRICE" if kind == "limit" else "STOP_PRICE"
        sent = found.get("price", found.get("entry_price")) if kind == "limit" else found.pop("sl_price", None)
        if sent is None:
            raise Unreadable("bad_price", f"ORDER_TYPE={kind} needs {name}")
        ahead = -1 if kind == "limit" else 1
        out["entry_price"] = _price_or_distance(name, sent, ahead * side.sign)
    out.update(_levels(reading, found, side, kind))
    if "lots" in found and "volume" in found:
        raise Unreadable("duplicate_key", "the volume stands twice, in lots and otherwise")
    if "lots" in found:
        out["volume"] = values.volume("lots", found["lots"])
    elif "volume" in found:
        out["volume"] = reading.quantity(_amount(found["volume"]), NAME, "volume_unit")
    return out


def _reduce(found: dict[str, str], side: Side | None) -> dict[str, Any]:
    """An order that only closes: at the market an exit of the other side, pending its new target or stop."""
    assert side is not None
    if "volume" in found or "lots" in found:
        raise Unreadable("unsupported_parameter", "'VOLUME': an order that only reduces closes all; a part is not done")
    kind = values.order_type("ORDER_TYPE", found.get("order_type", "market"))
    out: dict[str, Any] = {"side": side.opposite, "type": "exit"}
    if kind == "market":
        return out
    name, field, target = ("PRICE", "price", "tp") if kind == "limit" else ("STOP_PRICE", "sl_price", "sl")
    if field not in found:
        raise Unreadable("bad_price", f"ORDER_TYPE={kind} needs {name}")
    return out | {"type": "modify", target: values.price(name, found[field])}


def _levels(reading: Reading, found: dict[str, str], side: Side | None, kind: str | None) -> dict[str, Any]:
    """Stop and target in the unit they were sent in. ``kind``: of the order; None for a change."""
    out: dict[str, Any] = {}
    for field, ahead in (("sl", -1), ("tp", 1)):
        sent = [name for name in (f"{field}_price", f"{field}_pips", field) if name in found]
        if len(sent) > 1:
            raise Unreadable("duplicate_key", f"{field} stands twice, in different units")
        if not sent:
            continue
        name, text = sent[0], found[sent[0]]
        if name == f"{field}_pips":
            out[field] = Quantity(values.price(name, text), "pips")
        elif name == field:
            out[field] = reading.quantity(values.price(name, text), NAME, "target_type")
        elif kind == "market" and side is not None:
            out[field] = _price_or_distance(name, text, ahead * side.sign)
        else:  # a relative one counts from the price of the moment, which is not a pending order's entry
            out[field] = values.price(name, text)
    return out


def _price_or_distance(name: str, text: str, sign: int) -> float | Quantity:
    """A price, or how far from the price of the moment on the side of ``sign``. Raises Unreadable."""
    relative = _RELATIVE.fullmatch(text)
    if relative is None:
        return values.price(name, text)
    minus, number, unit = relative.group(1, 2, 3) if relative[3] else relative.group(5, 6, 4)
    if (-1 if minus == "-" else 1) != sign or float(number) == 0:
        where = "above" if sign > 0 else "below"
        raise Unreadable("bad_price", f"{name} must lie {where} the price of the moment, not {shown(text)}")
    return Quantity(float(number) / 100, "fraction") if unit == "%" else Quantity(float(number), "distance")


def _amount(text: str) -> float:
    """A number of the dialect's volume unit; what is sized by holdings or in the quote currency is set aside."""
    if text[-1:] in "%q" or text[:1] in "%q":
        kind = "in the quote currency" if "q" in text else "by a share of the holdings or the position"
        raise Unreadable("unsupported_parameter", f"'VOLUME': {shown(text)} is an amount {kind}, which is not done")
    return values.volume("VOLUME", text)


def _claims(body: Body) -> bool:
    if body.fields is not None:
        return False
    key, equals, _ = body.text[: _LONGEST_NAME + 1].partition("=")
    return bool(equals) and _word(key).isalnum() and not key.strip()[:1].isdecimal()


KEY_VALUE: Final = register(Dialect(name=NAME, rank=60, claims=_claims, read=read, settings=SETTINGS))

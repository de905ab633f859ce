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
| close_frac, close_percent             | of an exit: the share that is closed; a size of an exit is not done |
| market_position (position)            | after the order: it must be one that the order leads to            |
| PARAM_SIDE                            | of a cancel: buy or sell only                                      |
| TOKEN, secret                         | a password: neither kept nor shown                                 |
| EXCHANGE, LEVERAGE, TAG, any other    | in ``fields``; the account's own leverage holds                    |

What else speaks of a stop, a size or a kind of order (``tp1, trailing_stop, LIMIT_PRICE, cancel=true``) sets the body
aside by its name, and so does a level or a size that is empty.

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
from zepix.alerts.key_value_table import KINDS, LEVELS, NAMES, NOT_DONE, NOT_EMPTY, SETTINGS, SIGNALS, UNITS
from zepix.alerts.order_parts import level_in_unit
from zepix.alerts.payload import FIELDS_LIMIT, Body, shown
from zepix.alerts.reading import UNIMPORTANT, Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.secrets import BLOT, is_secret
from zepix.alerts.trade_words import asks, kind_of, refuse_beside, refuse_position
from zepix.model import Side
from zepix.model.quantity import Quantity

__all__ = ["KEY_VALUE", "read"]

NAME: Final = "key_value"
_LONGEST_NAME: Final = 64
_SEPARATORS: Final = re.compile(r"[\r\n;,]")
_RELATIVE: Final = re.compile(
    r"([+-]?)([0-9]{1,12}(?:\.[0-9]{1,12})?)(d|%)|(%|d)([+-]?)([0-9]{1,12}(?:\.[0-9]{1,12})?)"
)
_NO_EXIT: Final = ("volume", "lots")
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
_SHORTEST_REPEATED: Final = 6
_INFORMS: Final = UNIMPORTANT | {"tag"}
_BESIDE: Final = frozenset({"position", "position_size", "tag"})


@lru_cache(maxsize=4096)
def _word(key: str) -> str:
    return key.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a key=value alert. Raises Unreadable."""
    found, strange = _fields(reading)
    kind, side = _asked(found)
    if strange is not None:
        raise Unreadable("unsupported_parameter", f"{shown(strange)} is not understood here, and is not passed over")
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
    if kind == "entry" and (reduces or (side is Side.SELL and reading.settings.get("market") == "spot")):
        out |= _reduce(found, side)
        return _checked(reading, found, out)
    if kind == "reversal" and reduces:
        raise Unreadable("conflicting_action", "REDUCE_ONLY is true, and a reversal opens")
    if kind in ("entry", "reversal"):
        out.update(_order(reading, found, side))
    elif kind == "exit":
        _close(found, out)
    elif kind == "cancel" and any(_word(key) == "zoneid" for key in reading.extras):
        raise Unreadable("unsupported_parameter", "'zone_id': a cancel by zone is not done")
    elif kind == "modify":
        out.update(_levels(reading, found, side, None))
        if "sl" not in out and "tp" not in out:
            raise Unreadable("bad_price", "a modify needs a stop or a target")
    return _checked(reading, found, out)


def _checked(reading: Reading, found: dict[str, str], out: dict[str, Any]) -> dict[str, Any]:
    """The fields of the alert, once nothing is left that changes the trade. Raises Unreadable."""
    kind, side = out["type"], out.get("side")
    if "param_side" in found and kind != "cancel" and values.side("PARAM_SIDE", found["param_side"]) is not side:
        raise Unreadable("conflicting_side", f"PARAM_SIDE is {shown(found['param_side'])}")
    if kind in ("modify", "cancel"):
        for name in _NO_EXIT:
            if name in found:
                raise Unreadable("unsupported_parameter", f"'{name}': a {kind} of a size is not done")
    if "position" in found:
        is_part = "close_frac" in out or "close_left_frac" in out or "ref" in out
        refuse_position("position", found["position"], kind, side, is_part=is_part)
        reading.extras["position"] = found["position"]
    before = reading.extras.get("prev_market_position", "")
    if kind == "entry" and before.lower() in ("long", "short") and values.side("position", before) is not side:
        raise Unreadable("unclear_position", f"{side} against {before}, and whether it turns is not said")
    if "position_size" in found:
        size = reading.extras["position_size"] = values.finite("position_size", found["position_size"])
        if size == 0 and kind in ("entry", "reversal"):
            raise Unreadable("conflicting_position", f"the position after this {kind} is 0")
    refuse_beside(reading.extras, has_size="volume" in out, known=_BESIDE)
    return out


def _close(found: dict[str, str], out: dict[str, Any]) -> None:
    """An exit at the market, of all or of a share that is understood. Raises Unreadable."""
    for name in _NO_EXIT:
        if name in found:
            what = "an exit of a size is not done; close_frac or close_percent says a part"
            raise Unreadable("unsupported_parameter", f"'{name.upper()}': {what}")
    kind = values.order_type("ORDER_TYPE", found.get("order_type", "market"))
    if kind != "market":
        raise Unreadable("unsupported_parameter", f"'ORDER_TYPE': a {kind} order of an exit is not done")
    if "entry_price" in found or ("sl_price" in found and "order_type" in found):
        raise Unreadable("unsupported_parameter", "an exit is done at the market; a price of its own is not done")
    if "close_percent" in found:
        percent = values.positive("close_percent", found["close_percent"])
        if percent > 100 or "close_frac" in out:
            raise Unreadable("bad_field", "close_percent must be at most 100, and the only share")
        if percent < 100:
            out["close_left_frac"] = percent / 100


def _fields(reading: Reading) -> tuple[dict[str, str], str | None]:
    """The values under this dialect's names; what has none goes to ``extras``, what is empty nowhere.

    With it the first key that changes the trade and is not understood, as it was sent.
    """
    found: dict[str, str] = {}
    strange: str | None = None
    pairs = _pairs(reading.body.text)
    secrets = [value for key, value in pairs if is_secret(key)]
    long = [secret for secret in secrets if len(secret) >= _SHORTEST_REPEATED]
    for key, sent in pairs:
        if secrets and is_secret(key):
            continue
        value = sent
        for secret in long:
            value = value.replace(secret, BLOT)
        word = _word(key)
        name = NAMES.get(word)
        if not value:
            if name in NOT_EMPTY or (name is None and kind_of(key) == "level"):
                raise Unreadable("bad_field", f"{shown(key)} is empty; what it should say is not guessed")
            continue
        if name is None:
            _keep(reading, key, word, value)
            strange = strange or (key if asks(key, value, has_size=True) else None)
        elif "{{" in value and name not in ("symbol", "timeframe"):
            reading.give_up(name, value, important=name not in _INFORMS)
        elif found.setdefault(name, value) != value:
            raise Unreadable("duplicate_key", f"{shown(key)} stands twice, or beside another word for it")
    if "tag" in found:
        reading.extras["tag"] = values.text("TAG", found["tag"])
    return found, strange


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
    if word in NOT_DONE:
        raise Unreadable("unsupported_parameter", f"{shown(key)}: {NOT_DONE[word]}")
    if word.startswith(("takeprofitprice", "takeprofitvolumeratio")):
        raise Unreadable("unsupported_parameter", f"{shown(key)}: several targets of one order are not done")
    if "{{" in value:
        reading.give_up(key, value, important=kind_of(key) != "")
    else:
        reading.extras[key.lower()] = values.text(key, value)


def _asked(found: dict[str, str]) -> tuple[str, Side | None]:
    """Type and side. Raises Unreadable."""
    signal = found.get("signal", "")
    word = _word(signal[:_LONGEST_NAME])
    kind, side = SIGNALS.get(word, ("", None))
    by_signal = kind
    if "type" in found:
        named = found["type"][:_LONGEST_NAME].strip().lower()
        if "order_type" not in found and named in ("market", "limit", "stop"):
            found["order_type"] = named
        elif named in ("modify", "cancel") or named in KINDS:
            kind = KINDS.get(named, named)
            if by_signal not in ("", "entry", kind) or (by_signal and kind == "reversal" and by_signal != "entry"):
                raise Unreadable("conflicting_action", f"type is {shown(named)}, the signal {shown(signal)}")
            if signal and side is None and kind in ("entry", "reversal"):
                raise Unreadable("bad_side", f"the side must be buy or sell, not {shown(signal)}")
        else:
            raise Unreadable("unknown_type", f"type {shown(named)} is not one of {', '.join(KINDS)}, modify, cancel")
    if not kind:
        if not signal:
            raise Unreadable("missing_side", "there is no SIGNAL (or action, side, type)")
        raise Unreadable("unsupported_command", f"SIGNAL {shown(signal)} is not one of {', '.join(SIGNALS)}")
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
        if "entry_price" in found:
            raise Unreadable(
                "bad_order_type", "entry_price of an order that only reduces needs ORDER_TYPE=LIMIT or STOP"
            )
        _close({name: text for name, text in found.items() if name != "sl_price"}, out)
        return out
    if "close_frac" in found or "close_percent" in found:
        raise Unreadable("unsupported_parameter", f"a {kind} order that reduces by a share is not done")
    if any(name in found for name in ("sl", "tp", "tp_price") if not (name == "tp_price" and kind == "limit")):
        raise Unreadable("unsupported_parameter", "levels beside an order that only reduces are not done")
    name, field, target = ("PRICE", "price", "tp") if kind == "limit" else ("STOP_PRICE", "sl_price", "sl")
    if field not in found:
        raise Unreadable("bad_price", f"ORDER_TYPE={kind} needs {name}")
    return out | {"type": "modify", target: values.price(name, found[field])}


def _levels(reading: Reading, found: dict[str, str], side: Side | None, kind: str | None) -> dict[str, Any]:
    """Stop and target in the unit they were sent in. ``kind``: of the order; None for a change."""
    out: dict[str, Any] = {}
    for field, ahead in (("sl", -1), ("tp", 1)):
        sent = [name for name in LEVELS[field] if name in found]
        if len(sent) > 1:
            raise Unreadable("duplicate_key", f"{field} stands twice, in different units")
        if not sent:
            continue
        name, text = sent[0], found[sent[0]]
        if name[3:] in UNITS:
            out[field] = level_in_unit(name, text, name[3:])
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

"""JSON Schema of the bodies a dialect reads (draft 2020-12), as ``zepix alerts schema`` prints it.

A schema says what to send: the names as they are best written, and the values they may have. The reader is more
forgiving about names (case, spaces, underscores and dashes do not matter), so that it may read what a schema does not
mention; what a schema refuses, it refuses too. A text dialect is a string with a pattern, its grammar in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from zepix.alerts.dialects import Dialect, known
from zepix.alerts.own import OwnDialect, Table
from zepix.alerts.own.problems import near
from zepix.alerts.own.rules import RULES
from zepix.alerts.reading import ALIASES
from zepix.alerts.schema_parts import (
    FLAG,
    LEVEL,
    NUMBER,
    PERIOD,
    POSITIVE,
    PRICE,
    SIDE,
    SYMBOL,
    TEXT,
    TIME,
    TREND,
    any_name,
    either,
    number_between,
    words,
)
from zepix.errors import ConfigError

__all__ = ["DRAFT", "schema_of"]

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]

_PLAIN: Final[dict[str, Schema]] = {
    "type": words("entry", "exit", "close", "reversal", "reverse", "modify", "cancel"),
    "symbol": SYMBOL,
    "side": SIDE | {"description": "Needed by entry and reversal; on an exit it names the tickets to close."},
    "timeframe": PERIOD,
    "volume": POSITIVE | {"description": "Lots."},
    "sl": LEVEL | {"description": "A price; in a modify 0 takes the stop away."},
    "tp": LEVEL | {"description": "A price; in a modify 0 takes the target away."},
    "id": TEXT | {"description": "The same id from the same source is a duplicate."},
    "time": TIME,
    "plugin_hint": TEXT,
    "order_type": words("market", "limit", "stop", "stop_limit", "stop-limit"),
    "entry_price": PRICE,
    "limit_price": PRICE,
    "expires_s": POSITIVE,
    "break_even_points": POSITIVE,
    "close_frac": number_between(0, 1),
    "strategy": TEXT,
    "price": PRICE | {"description": "The chart's price; it informs."},
    "ref": TEXT | {"description": "The id of the alert that this one is about."},
    "oco": TEXT,
    "trailing": {"type": ["object", "null"], "description": "start, step, distance in whole points."},
    "comment": TEXT,
}
_POSITION: Final = words("long", "short", "flat")
_ORDER: Final[dict[str, Schema]] = {
    "ticker": SYMBOL,
    "symbol": SYMBOL,
    "action": TEXT,
    "price": PRICE,
    "stop_loss": either(LEVEL, {"type": "object"}),
    "take_profit": either(LEVEL, {"type": "object"}),
    "order_type": TEXT,
    "limit_price": LEVEL,
    "stop_price": LEVEL,
    "time_in_force": TEXT,
    "quantity": NUMBER | {"description": "In what the setting volume_unit says."},
    "lots": NUMBER,
    "id": TEXT,
    "comment": TEXT,
}
_STRATEGY: Final[dict[str, Schema]] = {
    "market_position": _POSITION,
    "market_position_size": NUMBER,
    "prev_market_position": _POSITION,
    "prev_market_position_size": NUMBER,
    "position_size": NUMBER | {"description": "Signed."},
    "contracts": NUMBER,
}


def schema_of(name: str, own: Sequence[OwnDialect] = ()) -> Schema:
    """The schema of a built-in dialect, or of one of ``own``. Raises ConfigError for a name that none has."""
    for dialect in (*own, *known()):
        if dialect.name == name:
            found = _of_own(dialect.table) if isinstance(dialect, OwnDialect) and dialect.table else _built_in(dialect)
            return {"$schema": DRAFT, "title": f"zepix dialect {name}"} | found
    names = [dialect.name for dialect in (*own, *known())]
    raise ConfigError(f"there is no dialect {name!r}{near(name, names) or '; there are ' + ', '.join(names)}")


def _built_in(dialect: Dialect) -> Schema:
    make = _SCHEMAS.get(dialect.name)
    if make is None:
        return {"description": f"The dialect {dialect.name} has no schema of its own; its reader is the rule."}
    return make()


def _object(says: str, properties: Mapping[str, Schema], required: Iterable[Sequence[str]] = ()) -> Schema:
    """An object with at least one of each group of names; other keys are kept in ``fields``."""
    found: Schema = {"type": "object", "description": says, "properties": dict(properties)}
    groups = [any_name(names) for names in required]
    if groups:
        found["allOf"] = groups
    return found | {"minProperties": 1, "maxProperties": 256, "additionalProperties": True}


def _text(says: str, pattern: str) -> Schema:
    return {"type": "string", "description": says, "pattern": pattern, "maxLength": 65536}


def _plain() -> Schema:
    properties = {alias: rule for name, rule in _PLAIN.items() for alias in (name, *ALIASES.get(name, ()))}
    return _object(
        "The plain dialect: type, symbol and, for entry and reversal, side. Numbers may come as text, null is absent; "
        "symbol and timeframe may be {{ticker}} and {{interval}} where they come beside the body.",
        properties,
        [("type", *ALIASES["type"])],
    )


def _legacy() -> Schema:
    return _object(
        "The legacy dialect (ZepixPremium). An exit with the signal bull closes SELLs, with bear BUYs.",
        {
            "type": words("bias", "trend", "entry", "reversal", "exit"),
            "symbol": SYMBOL,
            "signal": words("bull", "bear", "buy", "sell", "reversal_bull", "reversal_bear"),
            "tf": PERIOD | {"description": "One of 5m, 15m, 1h, 1d; it may come beside the body."},
            "price": PRICE,
            "strategy": TEXT,
            "sl": PRICE,
            "tp": PRICE,
        },
        [("type",), ("signal",)],
    )


def _v3() -> Schema:
    trends = {"type": ["string", "array", "null"], "description": "Five or six of -1, 0, 1, the shortest chart first."}
    return _object(
        "The V3 dialect: entry_v3, exit_v3, squeeze_v3, trend_pulse_v3. direction is required by an entry_v3.",
        {
            "type": {"type": "string", "pattern": "^\\s*[A-Za-z_]+_[vV]3\\s*$"},
            "signal_type": TEXT,
            "symbol": SYMBOL,
            "direction": TEXT,
            "tf": PERIOD,
            "price": PRICE,
            "consensus_score": number_between(0, 9),
            "sl_price": PRICE,
            "tp1_price": PRICE,
            "tp2_price": PRICE,
            "mtf_trends": trends,
            "current_trends": trends,
            "previous_trends": trends,
            "market_trend": TREND,
            "position_multiplier": number_between(0.1, 2),
            "full_alignment": FLAG,
            "price_in_ob": FLAG,
        },
        [("type",)],
    )


def _v6() -> Schema:
    text = _text(
        "TYPE|ticker|timeframe|price|... with what the type needs; an entry: BUY or SELL, confidence, score, ADX, "
        "strength, then stop and three targets, alignment 5/1 and TL_OK as the script's options say.",
        "^\\s*[A-Z_]+\\s*\\|[^|]*\\|[^|]*",
    )
    body = _object(
        "The same model as JSON; on an exit direction names the tickets.",
        {
            "type": TEXT,
            "ticker": SYMBOL,
            "symbol": SYMBOL,
            "tf": PERIOD,
            "direction": TEXT,
            "price": PRICE,
            "sl": PRICE,
            "tp1": PRICE,
            "tp2": PRICE,
            "tp3": PRICE,
            "conf_score": NUMBER,
        },
        [("type",)],
    )
    return {"description": "The V6 dialect: tokens between pipes, or JSON.", "anyOf": [text, body]}


def _bar() -> Schema:
    return _object(
        "A closed bar instead of a signal; it informs and never trades. time is when the bar opened, or by the "
        "setting dialects.bar.time when it closed.",
        {
            "type": {"type": "string", "pattern": "^\\s*[bB][aA][rR]\\s*$"},
            "symbol": SYMBOL,
            "tf": PERIOD,
            "time": TIME,
            "open": PRICE,
            "high": PRICE,
            "low": PRICE,
            "close": PRICE,
            "volume": NUMBER,
        },
        [("type",), ("open",), ("high",), ("low",), ("close",)],
    )


def _four_cell() -> Schema:
    return _object(
        "The four cells: order id long with action buy enters long, with sell leaves it; order id sell (or short) with "
        "sell enters short, with buy leaves it. Exits close all, whatever size is sent.",
        {"symbol": SYMBOL, "strategy_order_id": TEXT, "strategy_order_action": TEXT, **_ORDER},
    )


def _broker_webhook() -> Schema:
    return _object(
        "A broker's webhook: passphrase, ticker, action, quantity, order_type, stop_loss, take_profit, time_in_force. "
        "The passphrase is verified by whoever receives, and never kept.",
        {"passphrase": TEXT, **_ORDER},
        [("passphrase", "passPhrase", "pass_phrase", "Passphrase", "PASSPHRASE")],
    )


def _tradingview() -> Schema:
    return _object(
        "TradingView's strategy placeholders: the order's action, and the position before and after it "
        "(market_position, prev_market_position and their sizes), flat or under strategy or data, in any spelling. "
        "What the order means follows from the positions.",
        {**_ORDER, **_STRATEGY, "strategy": {"type": ["object", "string", "null"]}, "data": {}},
    )


def _flat() -> Schema:
    return _object(
        "Any other JSON object with an action: buy, sell, long, short, exit, close, close_long, close_short, reverse, "
        "cancel, modify, in action, signal or side.",
        {**_ORDER, "side": TEXT, "signal": {}, "reduce_only": FLAG, "close_position": FLAG},
    )


def _key_value() -> Schema:
    return _text(
        "NAME=VALUE between new lines, semicolons or commas: SYMBOL, SIGNAL (buy, sell, close, cancel, modify), and "
        "where needed VOLUME, ORDER_TYPE, PRICE, STOP_PRICE, TAKE_PROFIT_PRICE, sl_pips, tp_pips.",
        "^\\s*[A-Za-z][A-Za-z0-9 _-]{0,63}\\s*=",
    )


def _pineconnector() -> Schema:
    return _text(
        "LICENSE,command,symbol,parameter=value,... in PineConnector's syntax, one command a body; sl, tp, risk and "
        "price are counted in what the settings target_type, volume_type and pending_type say.",
        "^[^,]*,",
    )


def _pipe() -> Schema:
    return _text(
        "key|strategy|action|ticker, and after it: market position, extra, published, size in per cent, market.",
        "^[^|]*\\|",
    )


_SCHEMAS: Final[dict[str, Callable[[], Schema]]] = {
    "plain": _plain,
    "legacy": _legacy,
    "v3": _v3,
    "v6": _v6,
    "bar": _bar,
    "four_cell": _four_cell,
    "broker_webhook": _broker_webhook,
    "tradingview": _tradingview,
    "flat": _flat,
    "key_value": _key_value,
    "pineconnector": _pineconnector,
    "pipe": _pipe,
}


def _of_own(table: Table) -> Schema:
    """A schema of what a table of one's own asks for: the paths it requires, and its fields where they stand."""
    if table.reads_text:
        patterns = "  and then  ".join(pattern.text for pattern in table.patterns)
        return {"type": "string", "description": f"Text that fits (RE2): {patterns}", "maxLength": 16384}
    found: Schema = {"type": "object", "description": f"The dialect {table.name} of your own."}
    for field, paths in table.fields.items():
        for path in paths:
            _at(found, path.steps)["description"] = _says(table, field)
    for path, allowed in table.match.one_of:
        _at(found, path.steps)["description"] = f"One of {', '.join(sorted(allowed))}, in any case."
    for path in (*table.match.required, *(path for path, _ in table.match.one_of)):
        _require(found, path.steps)
    return found


def _says(table: Table, field: str) -> str:
    unit = table.units[field].word if field in table.units else RULES[field].unit
    told = f" ({unit})" if unit else ""
    mapped = table.values.get(field)
    return f"{field}{told}" + (
        f": {', '.join(f'{theirs} is {ours}' for theirs, ours in mapped.items())}" if mapped else ""
    )


def _at(schema: Schema, steps: Sequence[str]) -> Schema:
    """The schema of what stands at the steps, made on the way; digits are a place in a list or a name."""
    for step in steps:
        schema = schema.setdefault("properties", {}).setdefault(step, {})
    return schema


def _require(schema: Schema, steps: Sequence[str]) -> None:
    for step in steps:
        if step.isdigit():  # a place in a list: ``required`` speaks of names only
            return
        names = schema.setdefault("required", [])
        if step not in names:
            names.append(step)
        schema = schema.setdefault("properties", {}).setdefault(step, {})

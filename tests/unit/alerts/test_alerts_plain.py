"""The plain dialect, payload in, fields out. The fields are those of the contract in docs/alerts.md."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zepix.alerts import AlertProcessor, plain
from zepix.alerts.payload import decode
from zepix.alerts.reading import Reading
from zepix.model import Alert, Quarantined, Side

ENTRY = {"type": "entry", "symbol": "EURUSD", "side": "buy"}
EXIT = {"type": "exit", "symbol": "EURUSD"}


def parse(processor: AlertProcessor, payload: Any, **beside: Any) -> Alert | Quarantined:
    raw = payload if isinstance(payload, str) else json.dumps(payload)
    return processor.parse(raw, received_ns=7, id="row", **beside)


def test_every_field_of_the_contract_is_read(processor: AlertProcessor) -> None:
    payload = {
        "type": "entry",
        "strategy": "bracket",
        "symbol": "EURUSD",
        "side": "buy",
        "volume": 0.1,
        "sl": 1.1,
        "tp": 1.2,
        "id": "A17",
        "timeframe": "5m",
        "plugin_hint": "bracket_5m",
        "price": 1.15,
        "time": "2026-01-05T14:45:00Z",
        "order_type": "stop_limit",
        "entry_price": 1.16,
        "limit_price": 1.161,
        "expires_s": 3600,
        "ref": "A16",
        "oco": "pair",
        "close_frac": 0.5,
        "trailing": {"distance_points": 100},
        "break_even_points": 50,
        "comment": "first try",
        "colour": "green",
    }
    assert parse(processor, payload) == Alert(
        id="row",
        received_ns=7,
        dialect="plain",
        type="entry",
        symbol="EURUSD",
        side=Side.BUY,
        strategy="bracket",
        timeframe="5m",
        plugin_hint="bracket_5m",
        price=1.15,
        time_ns=1_767_624_300_000_000_000,
        volume=0.1,
        sl=1.1,
        tp=1.2,
        order_type="stop_limit",
        entry_price=1.16,
        limit_price=1.161,
        expires_s=3600.0,
        ref="A16",
        oco="pair",
        close_frac=0.5,
        trailing={"distance_points": 100},
        break_even_points=50,
        comment="first try",
        signal="entry",
        explicit_id="A17",
        fields={"colour": "green"},
        raw=json.dumps(payload),
    )


UNDERSTOOD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("an entry with nothing but what is required", ENTRY, {"type": "entry", "side": Side.BUY, "order_type": "market"}),
    ("long is buy", ENTRY | {"side": "Long"}, {"side": Side.BUY}),
    ("short is sell, in any case", ENTRY | {"side": " SHORT "}, {"side": Side.SELL}),
    ("the type in any case", ENTRY | {"type": "Entry"}, {"type": "entry"}),
    ("close is exit", EXIT | {"type": "close"}, {"type": "exit", "side": None}),
    ("reverse is reversal", ENTRY | {"type": "reverse"}, {"type": "reversal"}),
    ("an exit without a side closes both", EXIT, {"side": None}),
    ("an exit with an empty side closes both", EXIT | {"side": ""}, {"side": None}),
    ("an exit of longs", EXIT | {"side": "buy"}, {"side": Side.BUY}),
    ("null is absent", ENTRY | {"sl": None, "tp": None}, {"sl": None, "tp": None}),
    (
        "numbers as strings",
        ENTRY | {"volume": "0.10", "sl": " 1.1 ", "tp": "12e-1"},
        {"volume": 0.1, "sl": 1.1, "tp": 1.2},
    ),
    ("a whole number as a price", ENTRY | {"price": 4210}, {"price": 4210.0}),
    ("a timeframe as a number", ENTRY | {"timeframe": 240}, {"timeframe": "4h"}),
    ("a timeframe as TradingView writes days", ENTRY | {"timeframe": "1D"}, {"timeframe": "1d"}),
    (
        "names of MT5 bridges",
        {"type": "entry", "action": "BUY", "ticker": "EURUSD", "lots": 1, "stop_loss": 1, "take_profit": 2, "tf": "M5"},
        {"side": Side.BUY, "symbol": "EURUSD", "volume": 1.0, "sl": 1.0, "tp": 2.0, "timeframe": "5m"},
    ),
    (
        "names in camel case",
        ENTRY | {"stopLoss": 1.1, "takeProfit": 1.2, "pluginHint": "p"},
        {"sl": 1.1, "tp": 1.2, "plugin_hint": "p"},
    ),
    (
        "of two ids the contract's name wins over another, before it",
        ENTRY | {"id": "A17", "alert_id": "definition"},
        {"explicit_id": "A17", "fields": {"alert_id": "definition"}},
    ),
    (
        "of two ids the contract's name wins over another, after it",
        {"alert_id": "definition", **ENTRY, "id": "A17"},
        {"explicit_id": "A17", "fields": {"id (other name)": "definition"}},
    ),
    ("a slash in the symbol", ENTRY | {"symbol": "EUR/USD"}, {"symbol": "EURUSD"}),
    ("an exchange before the symbol", ENTRY | {"symbol": "OANDA:eurusd"}, {"symbol": "EURUSD"}),
    ("a symbol that nobody knows stays, in capitals", ENTRY | {"symbol": "btcusdt"}, {"symbol": "BTCUSDT"}),
    ("order type in another spelling", ENTRY | {"order_type": "Stop-Limit"}, {"order_type": "stop_limit"}),
    ("an id that is a number", ENTRY | {"id": 17}, {"explicit_id": "17"}),
    ("an empty id is none", ENTRY | {"id": ""}, {"explicit_id": None}),
    ("the time in seconds", ENTRY | {"time": 1709312400}, {"time_ns": 1709312400_000000000}),
    ("the time in milliseconds", ENTRY | {"time": 1709312400123}, {"time_ns": 1709312400_123000000}),
    ("the time in milliseconds, as text", ENTRY | {"time": "1709312400123"}, {"time_ns": 1709312400_123000000}),
    ("the time with an offset", ENTRY | {"time": "2026-01-05T16:45:00+02:00"}, {"time_ns": 1_767_624_300_000_000_000}),
    (
        "a time without a zone is kept beside",
        ENTRY | {"time": "2026-01-05T16:45:00"},
        {"time_ns": None, "fields": {"time": "2026-01-05T16:45:00"}},
    ),
    ("a stop on the wrong side is the broker's matter", ENTRY | {"price": 1.1, "sl": 1.2}, {"sl": 1.2}),
    (
        "an alert of another receiver",
        {"alert_id": "BTC-L-1", "event_type": "ENTRY", "asset": "BTC", "side": "LONG", "sl": 95200.0, "qty": 0.012},
        {"explicit_id": "BTC-L-1", "type": "entry", "symbol": "BTC", "side": Side.BUY, "volume": 0.012},
    ),
    (
        "modify names the alert that it changes",
        {"type": "modify", "symbol": "EURUSD", "ref": "A17", "sl": 1.12},
        {"type": "modify", "ref": "A17", "sl": 1.12},
    ),
    ("cancel", {"type": "cancel", "symbol": "EURUSD", "ref": "A17"}, {"type": "cancel", "ref": "A17"}),
    ("the smallest part to close", EXIT | {"close_frac": "1"}, {"close_frac": 1.0}),
]


@pytest.mark.parametrize(("payload", "expected"), [row[1:] for row in UNDERSTOOD], ids=[row[0] for row in UNDERSTOOD])
def test_plain_alert_is_understood(
    processor: AlertProcessor, payload: dict[str, Any], expected: dict[str, Any]
) -> None:
    alert = parse(processor, payload)
    assert isinstance(alert, Alert), alert
    assert alert.dialect == "plain"
    assert {name: getattr(alert, name) for name in expected} == expected


SET_ASIDE: list[tuple[str, Any, str]] = [
    ("no type", {"symbol": "EURUSD", "side": "buy"}, "missing_type"),
    ("an empty type", ENTRY | {"type": ""}, "missing_type"),
    ("a type that nobody knows", ENTRY | {"type": "Market"}, "unknown_type"),
    ("a type that is no text", ENTRY | {"type": 5}, "unknown_type"),
    ("no symbol", {"type": "exit"}, "missing_symbol"),
    ("an empty symbol", EXIT | {"symbol": "  "}, "missing_symbol"),
    ("a symbol that is a number", EXIT | {"symbol": 5}, "bad_symbol"),
    ("a symbol with a line break", EXIT | {"symbol": "EUR\nUSD"}, "bad_symbol"),
    ("a symbol without an end", EXIT | {"symbol": "E" * 65}, "bad_symbol"),
    ("an entry without a side", {"type": "entry", "symbol": "EURUSD"}, "missing_side"),
    ("a reversal without a side", {"type": "reversal", "symbol": "EURUSD", "side": ""}, "missing_side"),
    ("a side that is none", ENTRY | {"side": "up"}, "bad_side"),
    ("a side that is true", ENTRY | {"side": True}, "bad_side"),
    ("a stop of zero", ENTRY | {"sl": 0}, "bad_price"),
    ("a negative target", ENTRY | {"tp": -1.2}, "bad_price"),
    ("a price that is not a number", '{"type":"entry","symbol":"EURUSD","side":"buy","price":NaN}', "bad_price"),
    ("a stop that is not a number, as text", ENTRY | {"sl": "NaN"}, "bad_price"),
    ("a stop beyond all numbers", '{"type":"entry","symbol":"EURUSD","side":"buy","sl":1e999}', "bad_price"),
    ("a stop above 1e12", ENTRY | {"sl": 1.1e12}, "bad_price"),
    ("a stop that is empty", ENTRY | {"sl": ""}, "bad_price"),
    ("a stop that is true", ENTRY | {"sl": True}, "bad_price"),
    ("a stop with a comma", ENTRY | {"sl": "1,1"}, "bad_price"),
    ("a stop with an underscore", ENTRY | {"sl": "1_1"}, "bad_price"),
    ("a stop in other digits", ENTRY | {"sl": "\uff11.\uff11"}, "bad_price"),
    ("a stop of four thousand digits", ENTRY | {"sl": 10**4000}, "bad_price"),
    ("an entry price of zero", ENTRY | {"entry_price": 0}, "bad_price"),
    ("a volume of zero", ENTRY | {"volume": 0}, "bad_volume"),
    ("a negative volume", ENTRY | {"volume": "-0.1"}, "bad_volume"),
    ("a volume that is not a number", '{"type":"entry","symbol":"EURUSD","side":"buy","volume":NaN}', "bad_volume"),
    ("a volume that is an object", ENTRY | {"volume": {}}, "bad_volume"),
    ("a part above one", EXIT | {"close_frac": 1.5}, "bad_field"),
    ("a part of zero", EXIT | {"close_frac": 0}, "bad_field"),
    ("an order that expires before it is there", ENTRY | {"expires_s": -1}, "bad_field"),
    ("half a point to break even", ENTRY | {"break_even_points": 0.5}, "bad_field"),
    ("trailing that is no object", ENTRY | {"trailing": "yes"}, "bad_field"),
    ("trailing by NaN", '{"type":"entry","symbol":"EURUSD","side":"buy","trailing":{"a":NaN}}', "bad_field"),
    ("an id that is an object", ENTRY | {"id": {}}, "bad_field"),
    ("an id without an end", ENTRY | {"id": "x" * 257}, "bad_field"),
    ("an order type that is none", ENTRY | {"order_type": "iceberg"}, "bad_order_type"),
    ("a month is no timeframe", ENTRY | {"timeframe": "1M"}, "bad_timeframe"),
    ("a timeframe that is none", ENTRY | {"timeframe": "soon"}, "bad_timeframe"),
    ("a timeframe without an end", ENTRY | {"timeframe": "1" * 40}, "bad_timeframe"),
    ("infinity in a field of the sender's own", '{"type":"exit","symbol":"EURUSD","x":[Infinity]}', "bad_number"),
    ("two stops, the contract's name first", ENTRY | {"sl": 1.1, "stop_loss": 1.0}, "duplicate_key"),
    ("two stops, the contract's name last", {"stop_loss": 1.0, **ENTRY, "sl": 1.1}, "duplicate_key"),
    ("a key twice with two values", '{"type":"entry","symbol":"EURUSD","side":"buy","side":"sell"}', "duplicate_key"),
]


@pytest.mark.parametrize(("payload", "reason"), [row[1:] for row in SET_ASIDE], ids=[row[0] for row in SET_ASIDE])
def test_plain_alert_is_set_aside(processor: AlertProcessor, payload: Any, reason: str) -> None:
    found = parse(processor, payload)
    assert isinstance(found, Quarantined), found
    assert found.reason == reason
    assert found.detail and found.id == "row" and found.received_ns == 7
    assert found.raw == (payload if isinstance(payload, str) else json.dumps(payload))


def test_key_twice_with_the_same_value_is_read(processor: AlertProcessor) -> None:
    assert isinstance(parse(processor, '{"type":"exit","type":"exit","symbol":"EURUSD"}'), Alert)


def test_quick_way_and_general_way_read_alike() -> None:
    payloads = [row[1] for row in UNDERSTOOD]
    taken = 0
    for payload in payloads:
        body = decode(json.dumps(payload))[1]
        quick = plain._read_quick(Reading(body, None, None))
        if quick is not None:
            taken += 1
            assert quick == plain._read_any(Reading(body, None, None)), payload
    assert taken > 5


def test_symbol_map_goes_before_the_catalogue(catalogue: Any) -> None:
    mapped = AlertProcessor(catalogue, {"GOLD": "XAUUSD", "fx:eurusd": "EURUSD.a"})
    for sent, expected in (
        ("gold", "XAUUSD"),
        ("OANDA:GOLD", "XAUUSD"),
        ("FX:EURUSD", "EURUSD.a"),
        ("EURUSD", "EURUSD"),
    ):
        alert = mapped.parse(EXIT | {"symbol": sent})
        assert isinstance(alert, Alert)
        assert alert.symbol == expected


def test_payload_id_names_the_alert_unless_its_log_does(processor: AlertProcessor) -> None:
    named = ENTRY | {"id": "A17"}
    assert processor.parse(named).id == "A17"
    assert processor.parse(named, id="L1").id == "L1"
    assert processor.parse(ENTRY, fallback_id="row-3").id == "row-3"


def test_alert_made_quickly_is_a_frozen_alert(processor: AlertProcessor) -> None:
    alert = processor.parse(ENTRY)
    assert type(alert) is Alert
    assert alert == Alert(
        id="",
        received_ns=0,
        dialect="plain",
        type="entry",
        symbol="EURUSD",
        side=Side.BUY,
        signal="entry",
        raw='{"type":"entry","symbol":"EURUSD","side":"buy"}',
    )
    with pytest.raises(AttributeError):
        alert.sl = 1.0  # type: ignore[misc]

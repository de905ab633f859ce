"""Bodies that are broken, huge or hostile: each gets its reason, and its text is kept."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from zepix.alerts import REASONS, AlertProcessor
from zepix.alerts.canonical import body_hash, canonical_body
from zepix.alerts.payload import body_text
from zepix.model import Alert, Quarantined

GOOD = '{"type":"exit","symbol":"EURUSD"}'


def nested(levels: int) -> str:
    return '{"type":"exit","symbol":"EURUSD","x":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


BROKEN: list[tuple[str, Any, str]] = [
    ("nothing", "", "empty"),
    ("spaces", " \r\n\t", "empty"),
    ("only a byte order mark", "\ufeff", "empty"),
    ("None", None, "empty"),
    ("a number", 5, "not_an_object"),
    ("a list", [1], "not_an_object"),
    ("JSON, but a list", "[1,2]", "not_an_object"),
    ("words", "buy EURUSD now", "unknown_dialect"),
    ("a JSON string", '"{}"', "unknown_dialect"),
    ("cut off", GOOD[:-1], "bad_json"),
    ("two objects", GOOD + GOOD, "bad_json"),
    ("single quotes", "{'type':'exit'}", "bad_json"),
    ("a number of five thousand digits", '{"type":"exit","symbol":"EURUSD","x":' + "9" * 5000 + "}", "bad_json"),
    ("not UTF-8", b'{"type":"exit","symbol":"EUR\xff"}', "bad_encoding"),
    ("UTF-16", GOOD.encode("utf-16"), "bad_encoding"),
    ("half a pair", '{"type":"exit","symbol":"EURUSD","x":"\ud800"}', "lone_surrogate"),
    ("half a pair, escaped", '{"type":"exit","symbol":"EURUSD","x":"\\uD800"}', "lone_surrogate"),
    ("half a pair in a key, escaped", '{"type":"exit","symbol":"EURUSD","\\udfff":1}', "lone_surrogate"),
    ("NUL", '{"type":"exit","symbol":"EUR\x00USD"}', "nul"),
    ("NUL, escaped", '{"type":"exit","symbol":"EUR\\u0000USD"}', "nul"),
    ("a byte too many", GOOD[:-1] + " " * (65536 - len(GOOD) + 1) + "}", "too_large"),
    ("a byte too many, as bytes", (GOOD[:-1] + " " * (65536 - len(GOOD) + 1) + "}").encode(), "too_large"),
    ("too many letters of two bytes", GOOD[:-1] + ',"x":"' + "\u00e9" * 40_000 + '"}', "too_large"),
    ("257 fields", json.dumps({f"k{i}": i for i in range(257)}), "too_large"),
    ("1025 brackets", '{"x":[' + ",".join(["{}"] * 1023) + "]}", "too_large"),
    ("33 levels", nested(33), "too_deep"),
    ("twenty thousand levels", "[" * 20_000, "too_deep"),
]


@pytest.mark.parametrize(("raw", "reason"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_broken_body_gets_its_reason(processor: AlertProcessor, raw: Any, reason: str) -> None:
    found = processor.parse(raw, received_ns=1, id="a")
    assert isinstance(found, Quarantined), found
    assert found.reason == reason
    assert found.raw.encode("utf-8").decode("utf-8") == found.raw
    assert len(found.detail) < 300 and found.detail.isascii()


READ: list[tuple[str, Any]] = [
    ("bytes", GOOD.encode()),
    ("a byte order mark", "\ufeff" + GOOD),
    ("spaces around", f" \n{GOOD}\r\n"),
    ("an object", json.loads(GOOD)),
    ("a mapping", MappingProxyType(json.loads(GOOD))),
    ("a line break inside a text", '{"type":"exit","symbol":"EURUSD","comment":"a\nb"}'),
    ("an escaped backslash before u0000", '{"type":"exit","symbol":"EURUSD","x":"\\\\u0000"}'),
    ("a whole pair, escaped", '{"type":"exit","symbol":"EURUSD","x":"\\ud83d\\ude00"}'),
    ("32 levels", nested(32)),
    ("exactly 64 KiB", GOOD[:-1] + " " * (65536 - len(GOOD)) + "}"),
]


@pytest.mark.parametrize("raw", [row[1] for row in READ], ids=[row[0] for row in READ])
def test_odd_body_is_read(processor: AlertProcessor, raw: Any) -> None:
    alert = processor.parse(raw, id="a")
    assert isinstance(alert, Alert), alert
    assert (alert.type, alert.symbol) == ("exit", "EURUSD")


@pytest.mark.parametrize(
    "raw", [{"x": Decimal(1)}, {1: 2}, {"x": {1, 2}}, MappingProxyType({"x": MappingProxyType({})})]
)
def test_mapping_that_is_no_json_is_set_aside(processor: AlertProcessor, raw: Any) -> None:
    assert isinstance(processor.parse(raw), Quarantined)


def test_mapping_that_holds_itself_is_set_aside(processor: AlertProcessor) -> None:
    raw: dict[str, Any] = {}
    raw["x"] = raw
    assert isinstance(processor.parse(raw), Quarantined)


PLACEHOLDERS: list[tuple[str, str, str | None]] = [
    ("bare in a harmless field", '{"type":"exit","symbol":"EURUSD","price":{{close}}}', None),
    ("bare with spaces", '{"type":"exit","symbol":"EURUSD","price" :  {{ close }} }', None),
    ("quoted in a harmless field", '{"type":"exit","symbol":"EURUSD","time":"{{timenow}}"}', None),
    (
        "inside a message, beside a bare one",
        '{"type":"exit","symbol":"EURUSD","m":"at:{{close}},x","price":{{close}}}',
        None,
    ),
    ("in a field of the sender's own", '{"type":"exit","symbol":"EURUSD","bar":{"open":{{open}}}}', None),
    ("bare in a list", '{"type":"exit","symbol":"EURUSD","x":[{{open}},{{close}}]}', None),
    ("in the stop", '{"type":"entry","symbol":"EURUSD","side":"buy","sl":{{plot_0}}}', "placeholder"),
    ("in the volume", '{"type":"entry","symbol":"EURUSD","side":"buy","volume":"{{contracts}}"}', "placeholder"),
    ("in the side", '{"type":"entry","symbol":"EURUSD","side":"{{strategy.order.action}}"}', "placeholder"),
    ("in the id", '{"type":"exit","symbol":"EURUSD","id":"{{strategy.order.id}}-{{timenow}}"}', "placeholder"),
    ("in the timeframe, nothing beside", '{"type":"exit","symbol":"EURUSD","timeframe":"{{interval}}"}', "placeholder"),
    ("in the symbol, nothing beside", '{"type":"exit","symbol":"{{ticker}}"}', "placeholder"),
    ("in the type", '{"type":"{{type}}","symbol":"EURUSD"}', "placeholder"),
    ("deep in trailing", '{"type":"exit","symbol":"EURUSD","trailing":{"a":{{plot_0}}}}', "placeholder"),
    ("not closed", '{"type":"exit","symbol":"EURUSD","price":{{close}', "bad_json"),
    ("with a quote in it", '{"type":"exit","symbol":"EURUSD","price":{{cl"ose}}}', "bad_json"),
]


@pytest.mark.parametrize(("raw", "reason"), [row[1:] for row in PLACEHOLDERS], ids=[row[0] for row in PLACEHOLDERS])
def test_placeholder(processor: AlertProcessor, raw: str, reason: str | None) -> None:
    found = processor.parse(raw)
    if reason is None:
        assert isinstance(found, Alert), found
        assert found.price is None and found.time_ns is None and found.raw == raw
    else:
        assert isinstance(found, Quarantined), found
        assert found.reason == reason


def test_symbol_and_timeframe_come_from_beside_where_missing(processor: AlertProcessor) -> None:
    alert = processor.parse('{"type":"exit"}', ticker="OANDA:XAUUSD", timeframe="15")
    assert isinstance(alert, Alert)
    assert (alert.symbol, alert.timeframe) == ("XAUUSD", "15m")
    assert alert.repairs == (
        "symbol: missing -> ticker beside the body",
        "timeframe: missing -> timeframe beside the body",
    )
    said = processor.parse('{"type":"exit","symbol":"EURUSD","timeframe":"5"}', ticker="OANDA:XAUUSD", timeframe="15")
    assert isinstance(said, Alert)
    assert (said.symbol, said.timeframe, said.repairs) == ("EURUSD", "5m", ())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"a":1,"b":2}', '{ "b": 2,\n "a": 1 }', True),
        ('{"a":"\u00e9"}', '{"a":"\\u00e9"}', True),
        ('{"p":{{close}}}', '{"p": {{close}} }', True),
        ('{"a":1}', '{"a":1.0}', False),
        ('{"a":1}', '{"a":"1"}', False),
        ("A|B", " A|B\r\n", True),
        ("A|B", "a|b", False),
        ("{broken", " {broken ", True),
    ],
)
def test_canonical_body(one: str, other: str, same: bool) -> None:
    assert (canonical_body(one) == canonical_body(other)) is same
    assert (body_hash(one) == body_hash(other)) is same


def test_body_hash_is_the_same_everywhere() -> None:
    """Computed with GNU coreutils: ``printf '{"a":1}' | b2sum -l 64``."""
    assert body_hash('{ "a": 1 }') == "1f8c00645b7df6ce"


def test_body_text_never_raises_and_can_be_written() -> None:
    for raw in (b"\xff\x00", "\udc80", None, {"a": "\ud800"}, {"a": {1}}, object(), [1, 2], float("nan")):
        body_text(raw).encode("utf-8")


def test_every_reason_is_in_the_page() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "alerts.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))
    assert set(REASONS) <= listed

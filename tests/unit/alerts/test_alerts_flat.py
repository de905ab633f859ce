"""Flat JSON of foreign senders with an action word and no type of the plain dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.tables.checking import check
from tests.unit.alerts.tables.flat import CASES
from zepix.alerts import AlertProcessor
from zepix.alerts.flat import ACTIONS
from zepix.model import Alert, Catalogue, Quarantined, Side


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_body(catalogue: Catalogue, body: Any, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "flat", body if isinstance(body, str) else json.dumps(body), settings, expected)


WORDS = [
    ("buy", "entry", Side.BUY),
    ("long", "entry", Side.BUY),
    ("Enter_Long", "entry", Side.BUY),
    ("sell", "entry", Side.SELL),
    ("SELL-SHORT", "entry", Side.SELL),
    ("exit", "exit", None),
    ("close_all", "exit", None),
    ("flat", "exit", None),
    ("exit long", "exit", Side.BUY),
    ("sell_to_close", "exit", Side.BUY),
    ("closeShort", "exit", Side.SELL),
    ("buy_to_cover", "exit", Side.SELL),
    ("cancel_all", "cancel", None),
    ("reverse_to_long", "reversal", Side.BUY),
]


@pytest.mark.parametrize(("word", "kind", "side"), WORDS, ids=[row[0] for row in WORDS])
def test_action_word(processor: AlertProcessor, word: str, kind: str, side: Side | None) -> None:
    found = processor.parse(json.dumps({"symbol": "EURUSD", "action": word}), id="x")
    assert isinstance(found, Alert), found
    assert (found.type, found.side, found.signal) == (kind, side, word)


def test_every_word_of_an_action_is_read_or_needs_a_side(processor: AlertProcessor) -> None:
    for word, (kind, side) in ACTIONS.items():
        found = processor.parse(json.dumps({"symbol": "EURUSD", "action": word}), id="x")
        if kind in ("entry", "reversal") and side is None:
            assert isinstance(found, Quarantined)
            assert found.reason == "missing_side"
        else:
            assert isinstance(found, Alert)
            assert (found.type, found.side) == (kind, side)


def test_a_side_alone_is_no_action(processor: AlertProcessor) -> None:
    found = processor.parse('{"symbol":"EURUSD","side":"buy"}', id="x")
    assert isinstance(found, Quarantined)
    assert (found.dialect, found.reason) == ("plain", "missing_type")


LEVELS = [
    "sl_atr",
    "stopLossTicks",
    "stop_loss_usd",
    "tp1_pct",
    "take_profit_r",
    "trailing",
    "trail_offset",
    "breakEven",
]


@pytest.mark.parametrize("name", [*LEVELS, "sl-x", "TP_RR", "slTicks", "max_spread", "target_zone", "tpsl"])
def test_a_level_that_is_not_understood_is_never_dropped(processor: AlertProcessor, name: str) -> None:
    body = {"symbol": "EURUSD", "action": "buy", name: 2}
    found = processor.parse(json.dumps(body), id="x")
    assert isinstance(found, Quarantined)
    assert (found.reason, name in found.detail) == ("unsupported_parameter", True)


@pytest.mark.parametrize("name", ["slope", "SLOPE", "slippage", "tpo_count", "stopwatch", "exit_reason", "tp_price"])
def test_what_only_begins_like_a_level_is_kept(processor: AlertProcessor, name: str) -> None:
    found = processor.parse(json.dumps({"symbol": "EURUSD", "action": "buy", name: 2}), id="x")
    assert isinstance(found, Alert)
    assert found.tp == 2.0 if name == "tp_price" else found.fields[name] == 2


UNITS = [
    ("sl", "unknown"),
    ("stop_loss", "unknown"),
    ("stopLossPrice", "price"),
    ("sl_offset", "distance"),
    ("slDistance", "distance"),
    ("stop_loss_percent", "fraction"),
    ("sl_pct", "fraction"),
    ("slPoints", "points"),
    ("stop-loss-pips", "pips"),
]


@pytest.mark.parametrize(("name", "unit"), UNITS, ids=[row[0] for row in UNITS])
def test_the_name_of_a_level_says_its_unit(processor: AlertProcessor, name: str, unit: str) -> None:
    found = processor.parse(json.dumps({"symbol": "EURUSD", "action": "buy", name: 2}), id="x")
    assert isinstance(found, Alert), found
    if unit == "price":
        assert found.sl == 2.0
    else:
        assert not isinstance(found.sl, float) and found.sl is not None
        assert (found.sl.unit, found.sl.value) == (unit, 0.02 if unit == "fraction" else 2.0)

"""The recorded payloads of public receivers: each gives an Alert or a clear reason, as a template and when rendered.

Rendered means: every placeholder of TradingView's help page is replaced, with the values of one order (flat, then two
bought at 1.15) or of its exit. What each should give was read off the bodies and their sources' notes by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from zepix.alerts import REASONS, AlertProcessor
from zepix.alerts.secrets import secrets_in
from zepix.model import Alert, Quantity, Quarantined, Side

BUY, SELL = Side.BUY, Side.SELL
FILL = {
    "ticker": "EURUSD",
    "exchange": "OANDA",
    "timenow": "2026-01-05T14:45:07Z",
    "time": "2026-01-05T14:40:00Z",
    "open": "1.14",
    "high": "1.16",
    "low": "1.13",
    "close": "1.15",
    "volume": "900",
    "interval": "5",
    "plot_0": "1.14",
    "plot_1": "1.17",
    "strategy.order.action": "buy",
    "strategy.order.contracts": "2",
    "strategy.order.price": "1.15",
    "strategy.order.id": "Long",
    "strategy.market_position": "long",
    "strategy.market_position_size": "2",
    "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0",
    "strategy.position_size": "2",
}
LEAVE = FILL | {
    "strategy.order.action": "sell",
    "strategy.order.id": "Close",
    "strategy.market_position": "flat",
    "strategy.market_position_size": "0",
    "strategy.prev_market_position": "long",
    "strategy.prev_market_position_size": "2",
    "strategy.position_size": "0",
}


def unknown(value: float, setting: str) -> Quantity:
    return Quantity(value, "unknown", f"dialects.{setting}")


TWO = unknown(2.0, "tradingview.volume_unit")
RENDERED: dict[str, dict[str, Any]] = {
    "htm-passphrase-template": {"dialect": "tradingview", "type": "entry", "side": BUY, "volume": TWO, "price": 1.15},
    "htm-variant-quoted": {"dialect": "tradingview", "type": "entry", "side": BUY, "volume": TWO, "price": 1.15},
    "tp-alertcondition-buy": {"dialect": "flat", "type": "entry", "side": BUY, "price": 1.15},
    "tp-alertmessage-exit": {"reason": "bad_json"},
    "tp-docs-filled": {"dialect": "flat", "type": "entry", "side": BUY, "symbol": "TSLA", "price": 420.69},
    "octobot-plain": {"dialect": "key_value", "type": "entry", "side": BUY, "symbol": "EURUSD"},
    "octobot-limit": {"dialect": "key_value", "order_type": "limit", "entry_price": 30000.0, "tp": 35000.0},
    "octobot-issue-quoted": {"dialect": "key_value", "type": "entry", "side": SELL, "symbol": "CRVUSDT"},
    "zepix-trend": {"dialect": "legacy", "type": "trend", "symbol": "EURUSD", "timeframe": "1h"},
    "zepix-reversal": {"dialect": "legacy", "type": "reversal", "side": BUY, "timeframe": "15m"},
    "cryptognome-bybit": {"reason": "unsupported_parameter"},
    "legkvla-eurusd-filled": {
        "dialect": "tradingview",
        "type": "entry",
        "side": BUY,
        "symbol": "EURUSD",
        "sl": Quantity(0.002, "distance"),
        "tp": Quantity(0.001, "distance"),
    },
    "legkvla-eurusd-template": {"dialect": "tradingview", "type": "entry", "side": BUY, "price": 1.15},
    "mt5-filled-buy": {
        "dialect": "flat",
        "type": "entry",
        "sl": unknown(1.14, "flat.target_type"),
        "tp": unknown(1.16, "flat.target_type"),
        "volume": unknown(0.01, "flat.volume_unit"),
    },
    "phemex-relay-idempotent": {"dialect": "tradingview", "explicit_id": "Long-2026-01-05T14:45:07Z", "volume": TWO},
    "mt4-bridge-plots": {"dialect": "flat", "type": "entry", "side": BUY, "sl": 1.14, "tp": 1.17},
    "pinetunnel-secret": {"dialect": "pineconnector", "type": "entry", "side": BUY, "symbol": "EURUSD"},
    "pinebridge-modify": {"dialect": "key_value", "type": "modify", "sl": 1.082, "tp": 1.098},
    "bva-pipe": {"dialect": "pipe", "type": "entry", "side": BUY, "symbol": "EURUSD"},
    "breaker-entry-schema": {"reason": "missing_setting"},
    "tv-docs-plots": {"reason": "unknown_dialect"},
    "manus-unified": {"dialect": "tradingview", "type": "entry", "side": BUY, "volume": TWO},
}
LEFT: dict[str, dict[str, Any]] = {
    name: {"dialect": "tradingview", "type": "exit", "side": BUY}
    for name in ("htm-passphrase-template", "htm-variant-quoted", "phemex-relay-idempotent", "manus-unified")
}


@pytest.fixture(scope="module")
def examples(recorded: Path) -> dict[str, dict[str, Any]]:
    lines = (recorded / "payload_examples.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def rendered(body: str, fill: dict[str, str]) -> str:
    return re.sub(r"\{\{([^{}]+)\}\}", lambda mark: fill.get(mark[1].strip(), mark[0]), body)


def check(found: Alert | Quarantined, expected: dict[str, Any]) -> None:
    if "reason" in expected:
        assert isinstance(found, Quarantined), found
        assert found.reason == expected["reason"]
    else:
        assert isinstance(found, Alert), found
        assert {name: getattr(found, name) for name in expected} == expected


def test_there_are_twenty_two_and_all_are_expected(examples: dict[str, dict[str, Any]]) -> None:
    assert len(examples) == 22
    assert set(RENDERED) == set(examples)


@pytest.mark.parametrize("name", RENDERED)
def test_rendered_body(processor: AlertProcessor, examples: dict[str, dict[str, Any]], name: str) -> None:
    check(processor.parse(rendered(examples[name]["body"], FILL), id="x"), RENDERED[name])


@pytest.mark.parametrize("name", LEFT)
def test_rendered_exit(processor: AlertProcessor, examples: dict[str, dict[str, Any]], name: str) -> None:
    check(processor.parse(rendered(examples[name]["body"], LEAVE), id="x"), LEFT[name])


@pytest.mark.parametrize("name", RENDERED)
def test_template_is_set_aside_or_mended_from_beside(
    processor: AlertProcessor, examples: dict[str, dict[str, Any]], name: str
) -> None:
    """A placeholder where it matters is a reason; where only symbol and price are open, the symbol is beside."""
    body = examples[name]["body"]
    bare = processor.parse(body, id="x")
    beside = processor.parse(body, id="x", ticker="OANDA:XAUUSD", timeframe="15")
    for found in (bare, beside):
        assert isinstance(found, Alert) or (found.reason in REASONS and found.reason != "parser_error"), found
    if "{{strategy.order.action}}" in body:
        assert isinstance(beside, Quarantined) and beside.reason == "placeholder"
    elif "{{ticker}}" in body:
        assert isinstance(bare, Quarantined) and bare.reason == "placeholder"
        assert isinstance(beside, Alert) and beside.symbol == "XAUUSD"


def test_bybit_runs_once_its_flag_is_passed_over(catalogue: Any, examples: dict[str, dict[str, Any]]) -> None:
    processor = AlertProcessor(catalogue, settings={"flat": {"cancel_orders": "ignore", "volume_unit": "units"}})
    found = processor.parse(examples["cryptognome-bybit"]["body"], id="x")
    expected = {"type": "entry", "side": BUY, "symbol": "ETHUSD", "volume": Quantity(1.0, "units")}
    check(found, expected | {"sl": Quantity(0.005, "fraction"), "tp": Quantity(0.01, "fraction")})


def test_ladder_and_bridge_run_once_their_settings_are_given(
    catalogue: Any, examples: dict[str, dict[str, Any]]
) -> None:
    settings = {"plain": {"target": "tp2", "entry_price": "informs"}, "flat": {"target_type": "price"}}
    processor = AlertProcessor(catalogue, settings=settings)
    ladder = processor.parse(examples["breaker-entry-schema"]["body"], id="x")
    check(ladder, {"dialect": "plain", "type": "entry", "side": BUY, "sl": 95200.0, "tp": 103000.0, "volume": 0.012})
    check(processor.parse(examples["mt5-filled-buy"]["body"], id="x"), {"type": "entry", "sl": 1.14, "tp": 1.16})


def test_no_secret_is_kept(processor: AlertProcessor, examples: dict[str, dict[str, Any]]) -> None:
    checked = 0
    for row in examples.values():
        for body in (row["body"], rendered(row["body"], FILL)):
            for secret in secrets_in(body):
                checked += 1
                assert secret not in repr(processor.parse(body, id="x")), row["id"]
    assert checked >= 18

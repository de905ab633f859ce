"""TradingView's strategy placeholders in JSON: what an order did follows from the positions before and after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.tables.checking import check
from tests.unit.alerts.tables.tradingview import CASES, ORDER
from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue, Quantity, Quarantined, Side


def text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body)


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_body(catalogue: Catalogue, body: Any, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "tradingview", text(body), settings, expected)


SPELLINGS = [
    {"strategy.order.action": "sell", "strategy.market_position": "short", "strategy.prev_market_position": "long"},
    {"strategy_order_action": "sell", "strategy_market_position": "short", "strategy_prev_market_position": "long"},
    {"strategy-order-action": "sell", "strategy-market_position": "short", "strategy-prev-market-position": "long"},
    {"orderAction": "sell", "marketPosition": "short", "prevMarketPosition": "long"},
    {"ORDER_ACTION": "SELL", "MARKET_POSITION": "SHORT", "PREV_MARKET_POSITION": "LONG"},
    {"strategy": {"order_action": "sell", "market_position": "short", "prev_market_position": "long"}},
    {"strategy": {"order": {"action": "sell"}, "marketPosition": "short", "prev-market-position": "long"}},
    {"data": {"action": "sell", "market_position": "short", "prev_market_position": "long"}},
    {"payload": {"strategy": {"order": {"action": "sell"}, "market_position": "short", "prevMarketPosition": "long"}}},
]


@pytest.mark.parametrize("parts", SPELLINGS, ids=range(len(SPELLINGS)))
def test_every_spelling_is_one_reversal(processor: AlertProcessor, parts: dict[str, Any]) -> None:
    found = processor.parse(json.dumps({"ticker": "EURUSD"} | parts), id="x")
    assert isinstance(found, Alert), found
    assert (found.dialect, found.type, found.side, found.symbol) == ("tradingview", "reversal", Side.SELL, "EURUSD")


def test_a_lost_alert_shows_in_the_fields(processor: AlertProcessor) -> None:
    """The position before the order stands beside, so that ours can be compared with it."""
    body = ORDER | {"prev_market_position": "long", "prev_market_position_size": 4, "market_position": "long"}
    found = processor.parse(json.dumps(body | {"market_position_size": 6}), id="x")
    assert isinstance(found, Alert)
    wanted = {"prev_market_position": "long", "prev_market_position_size": 4.0, "market_position_size": 6.0}
    assert wanted.items() <= found.fields.items()


def test_a_type_of_the_plain_dialect_stays_plain(processor: AlertProcessor) -> None:
    body = {"type": "entry", "symbol": "EURUSD", "side": "buy", "market_position": "long", "qty": 2}
    found = processor.parse(json.dumps(body), id="x")
    assert isinstance(found, Alert)
    assert (found.dialect, found.volume) == ("plain", 2.0)
    ends = {"type": " Close ", "qty": None, "market_position": "flat"}
    other = processor.parse(json.dumps(body | ends), id="x")
    assert (other.dialect, type(other)) == ("plain", Alert)
    named = processor.parse(
        json.dumps({"event_type": "ENTRY"} | {k: v for k, v in body.items() if k != "type"}), id="x"
    )
    assert (named.dialect, type(named)) == ("plain", Alert)


def test_symbol_comes_from_beside_where_a_placeholder_was_left(processor: AlertProcessor) -> None:
    body = '{"ticker":"{{ticker}}","action":"buy","market_position":"long","price":{{close}}}'
    found = processor.parse(body, id="x", ticker="OANDA:XAUUSD", timeframe="15")
    assert isinstance(found, Alert)
    assert (found.symbol, found.timeframe, found.price) == ("XAUUSD", "15m", None)
    assert len(found.repairs) == 3


def test_what_is_known_of_a_unit_reaches_the_alert(catalogue: Catalogue) -> None:
    body = json.dumps(ORDER | {"market_position": "long"})
    read = AlertProcessor(catalogue).parse(body)
    assert isinstance(read, Alert)
    assert read.volume == Quantity(2.0, "unknown", "dialects.tradingview.volume_unit")


@pytest.mark.parametrize("deep", range(3, 12))
def test_objects_are_opened_only_so_deep(processor: AlertProcessor, deep: int) -> None:
    inner: Any = {"action": "buy", "market_position": "long", "ticker": "EURUSD"}
    for _ in range(deep):
        inner = {"strategy": inner}
    assert isinstance(processor.parse(json.dumps(inner), id="x"), Quarantined)

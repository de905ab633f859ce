"""The four cells of a webhook-to-broker body: order id and order action."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.tables.checking import check
from tests.unit.alerts.tables.four_cell import CASES, LONG_ENTRY
from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_body(catalogue: Catalogue, body: Any, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "four_cell", json.dumps(body), settings, expected)


def test_a_body_with_positions_is_the_tradingview_dialects(processor: AlertProcessor) -> None:
    """The four cells cannot tell a reversal; positions can."""
    body = LONG_ENTRY | {"market_position": "long", "prev_market_position": "short"}
    found = processor.parse(json.dumps(body), id="x")
    assert isinstance(found, Alert)
    assert (found.dialect, found.type) == ("tradingview", "reversal")


def test_an_order_id_that_is_no_side_is_the_tradingview_dialects(processor: AlertProcessor) -> None:
    found = processor.parse(json.dumps(LONG_ENTRY | {"strategy_order_id": "Long 1"}), id="x")
    assert isinstance(found, Alert)
    assert (found.dialect, found.type, found.fields["order_id"]) == ("tradingview", "entry", "Long 1")

"""A closed bar instead of a signal: it informs, its prices are checked, and it says when it closed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.tables.bar import BODY, CASES
from tests.unit.alerts.tables.checking import check
from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_body(catalogue: Catalogue, body: Any, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "bar", body if isinstance(body, str) else json.dumps(body), settings, expected)


def test_a_bar_never_trades(processor: AlertProcessor) -> None:
    found = processor.parse(json.dumps(BODY | {"side": "buy", "action": "buy", "sl": 1.1}), id="x")
    assert isinstance(found, Alert)
    assert (found.type, found.side, found.sl, found.is_action) == ("bar", None, None, False)
    assert found.fields["side"] == "buy"

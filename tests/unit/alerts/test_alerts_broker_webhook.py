"""Broker webhooks: passphrase, ticker, action, quantity, kind of order, levels, time in force."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.tables.broker_webhook import CASES, LIMIT, MARKET
from tests.unit.alerts.tables.checking import check
from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue, Quarantined


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_body(catalogue: Catalogue, body: Any, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "broker_webhook", json.dumps(body), settings, expected)


@pytest.mark.parametrize("word", ["ioc", "FOK", "opg", "cls", "gtd", "soon"])
def test_time_in_force_that_cannot_be_done_is_never_dropped(processor: AlertProcessor, word: str) -> None:
    found = processor.parse(json.dumps(LIMIT | {"time_in_force": word}), id="x")
    assert isinstance(found, Quarantined)
    assert (found.reason, word.lower() in found.detail) == ("unsupported_parameter", True)
    at_once = processor.parse(json.dumps(MARKET | {"time_in_force": word}), id="x")
    assert isinstance(at_once, Alert)
    assert at_once.fields["time_in_force"] == word.lower()


def test_the_passphrase_is_known_in_any_spelling(processor: AlertProcessor) -> None:
    for name in ("passphrase", "passPhrase", "pass_phrase", "PASSPHRASE"):
        body = {name: "open-sesame", "ticker": "EURUSD", "action": "buy"}
        found = processor.parse(json.dumps(body), id="x")
        assert isinstance(found, Alert)
        assert (found.dialect, found.fields[name]) == ("broker_webhook", "***")

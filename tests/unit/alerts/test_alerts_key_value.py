"""Bodies of name=value: OctoBot's and pinebridge's words, generic ones, and hostile ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.alerts.tables.checking import check
from tests.unit.alerts.tables.key_value import CASES
from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue, Quarantined


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_body(catalogue: Catalogue, body: str, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "key_value", body, settings, expected)


@pytest.mark.parametrize("between", ["\n", "\r\n", ";", ",", " ; ", ";\r\n", "\n\n", ",\n"])
def test_separators(processor: AlertProcessor, between: str) -> None:
    found = processor.parse(between.join(["SYMBOL=EURUSD", "SIGNAL = BUY", "lots=0.2"]) + between)
    assert isinstance(found, Alert)
    assert (found.symbol, found.type, found.volume) == ("EURUSD", "entry", 0.2)


@pytest.mark.parametrize("name", ["STOP_PRICE", "stop-price", "StopPrice", "Stop Price", "sl_price"])
def test_names_are_compared_without_case_underscores_and_dashes(processor: AlertProcessor, name: str) -> None:
    found = processor.parse(f"symbol=EURUSD;signal=buy;{name}=1.05")
    assert isinstance(found, Alert)
    assert found.sl == 1.05


@pytest.mark.parametrize("name", ["TOKEN", "secret", "passphrase", "api_key", "webhookKey"])
def test_a_secret_is_never_kept(processor: AlertProcessor, name: str) -> None:
    for body in (f"symbol=EURUSD;signal=buy;{name}=opensesame", f"symbol=EURUSD;{name}=opensesame;signal=maybe"):
        assert "opensesame" not in repr(processor.parse(body, id="x"))


def test_placeholders_of_exchange_and_ticker_do_no_harm(processor: AlertProcessor) -> None:
    body = "EXCHANGE={{exchange}}\nSYMBOL={{ticker}}\nSIGNAL=BUY"
    found = processor.parse(body, ticker="OANDA:EURUSD")
    assert isinstance(found, Alert)
    assert (found.symbol, dict(found.fields)) == ("EURUSD", {})
    assert len(found.repairs) == 2
    missing = processor.parse(body)
    assert isinstance(missing, Quarantined)
    assert missing.reason == "placeholder"


@pytest.mark.parametrize(
    "body", ["=", "=1", "1=2;signal=buy", "a b c d e f g" * 20 + "=1", "e = m c\u00b2 or so", "??=1"]
)
def test_what_is_no_name_is_another_dialects(processor: AlertProcessor, body: str) -> None:
    assert isinstance(processor.parse(body), Quarantined)


HOSTILE = {
    "a thousand pairs": ";".join(f"a{n}={n}" for n in range(1000)),
    "ten thousand separators": "signal=buy" + ";" * 60_000,
    "a name without an end": f"signal=buy;{'s' * 60_000}=1",
    "a value without an end": f"symbol=EURUSD;signal=buy;lots={'9' * 60_000}",
    "a price without an end": f"symbol=EURUSD;signal=buy;stop_price={'9' * 60_000}%",
    "a signal without an end": f"symbol=EURUSD;signal={'b' * 60_000}",
    "pieces without names": "signal=buy" + ",x" * 200,
    "only equals": "a" + "=" * 60_000,
    "NaN": "symbol=EURUSD;signal=buy;stop_price=nan",
    "1e400": "symbol=EURUSD;signal=buy;lots=1e400",
    "a right-to-left mark": "symbol=EUR\u200fUSD;signal=buy",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_body_is_set_aside(processor: AlertProcessor, body: str) -> None:
    found = processor.parse(body)
    assert isinstance(found, Quarantined)
    assert found.reason != "parser_error"

"""PineConnector's lines: every command and parameter of its public syntax, and hostile ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.alerts.tables.checking import check
from tests.unit.alerts.tables.pineconnector import CASES, ID
from zepix.alerts import AlertProcessor
from zepix.alerts.pineconnector_table import COMMANDS, LEVELS, NOT_DONE, NOT_DONE_PARAMETERS, SETTINGS, VOLUMES
from zepix.model import Alert, Catalogue, Quantity, Quarantined
from zepix.model.alert import ACTIONS, CLOSINGS
from zepix.model.quantity import UNITS


@pytest.mark.parametrize(("body", "settings", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_line(catalogue: Catalogue, body: str, settings: dict[str, str], expected: dict[str, Any]) -> None:
    check(catalogue, "pineconnector", body, settings, expected)


# the commands of docs.pineconnector.com/syntax and cheatsheet; those of the second line with another word for it
DOCUMENTED = """
buy sell buystop buylimit sellstop selllimit closeall cancellong cancelshort closelong closeshort closelongshort
long bull bullish short bear bearish CL+OL CL+OS CS+OL CS+OS CLS+OL CLS+OS
closelongpct closeshortpct closelongvol closeshortvol newsltplong newsltpshort newsltpbuystop newsltpbuylimit
newsltpsellstop newsltpselllimit closelongopenlong closelongopenshort closeshortopenlong closeshortopenshort
closelongshortopenlong closelongshortopenshort cancellongbuystop cancellongbuylimit cancelshortsellstop
cancelshortselllimit eaoff eaon closealleaoff
"""
PARAMETERS = """
risk vol_lots vol_dollar vol_pct_bal_loss vol_pct_eq_loss vol_pct_bal_margin sl sl_pips sl_price sl_pct tp tp_pips
tp_price tp_pct pending price entry_price entry_pips entry_pct trailtrig traildist trailstep atrtimeframe atrperiod
atrmultiplier atrshift atrtrigger betrigger beoffset secret comment spread accfilter
"""


@pytest.mark.parametrize("word", DOCUMENTED.split())
def test_every_documented_command_is_an_alert_or_set_aside_by_its_name(processor: AlertProcessor, word: str) -> None:
    line = f"{ID},{word},EURUSD,vol_lots=1,entry_price=1.1,sl_price=1.05"
    if word.endswith("pct"):
        line = f"{ID},{word},EURUSD,risk=50"
    found = processor.parse(line)
    if isinstance(found, Alert):
        assert found.type in ACTIONS | {"pause", "resume"}
    else:
        assert found.reason == "unsupported_command"
        assert word in found.detail


@pytest.mark.parametrize("name", PARAMETERS.split())
def test_every_documented_parameter_is_known_by_its_name(processor: AlertProcessor, name: str) -> None:
    found = processor.parse(f"{ID},buystop,EURUSD,{name}=1")
    if isinstance(found, Quarantined):
        assert "no parameter of PineConnector" not in found.detail
        if found.reason == "unsupported_parameter":
            assert name in found.detail


def test_the_tables_hold_words_that_the_alert_knows() -> None:
    for command in COMMANDS.values():
        assert command.closing in CLOSINGS
        assert command.order_type in ("market", "limit", "stop")
        assert command.applies_to in ("", "tickets", "limit", "stop")
    units = {unit for _, unit in LEVELS.values()} | set(VOLUMES.values()) | set(SETTINGS["target_type"])
    assert units - {"", "percent"} <= UNITS
    assert not set(COMMANDS) & set(NOT_DONE)
    assert not set(NOT_DONE_PARAMETERS) & (set(LEVELS) | set(VOLUMES))


@pytest.mark.parametrize("body", ["TEST123,buy,EURUSD,risk=0.10,secret=test-secret", "987654321,nosuch,EURUSD"])
def test_licence_and_secret_are_never_kept(processor: AlertProcessor, body: str) -> None:
    found = processor.parse(body, id="x")
    shown = repr(found)
    assert found.raw.startswith("***,")
    assert not any(word in shown for word in ("TEST123", "test-secret", "987654321"))


def test_a_line_whose_licence_is_blotted_out_reads_as_before(processor: AlertProcessor) -> None:
    first = processor.parse(f"{ID},buy,EURUSD,vol_lots=1,secret=abc", id="x")
    assert isinstance(first, Alert)
    assert processor.parse(first.raw, id="x") == first
    unknown = processor.parse(f"{ID},hold,EURUSD", id="x")
    assert processor.parse(unknown.raw, id="x") == unknown


def test_a_ticker_beside_the_body_stands_in(processor: AlertProcessor) -> None:
    found = processor.parse(f"{ID},buy,{{{{ticker}}}},vol_lots=1", ticker="OANDA:EURUSD")
    assert isinstance(found, Alert)
    assert (found.symbol, len(found.repairs)) == ("EURUSD", 1)


@pytest.mark.parametrize(
    "body",
    [
        "Hello, world, again",
        "buy, or not, today",
        "Volume: 1, Volume average: 2",
        "a,b",
        "12345678,EURUSD",
        ",,,",
        "x,=,y",
    ],
)
def test_other_text_with_commas_is_left_to_nobody(processor: AlertProcessor, body: str) -> None:
    found = processor.parse(body)
    assert isinstance(found, Quarantined)
    assert found.reason == "unknown_dialect"
    assert "LICENSE,command,symbol" in found.detail


HOSTILE = {
    "a thousand parameters": f"{ID},buy,EURUSD" + ",risk=1" * 1000,
    "a name without an end": f"{ID},buy,EURUSD,{'s' * 60_000}=1",
    "a name that hides in underscores": f"{ID},buy,EURUSD,sl{'_' * 60_000}=1",
    "a value without an end": f"{ID},buy,EURUSD,sl={'9' * 60_000}",
    "a command without an end": f"{ID},{'x' * 60_000},EURUSD",
    "a symbol without an end": f"{ID},buy,{'E' * 60_000}",
    "only commas": "," * 60_000,
    "a right-to-left mark": f"{ID},buy,EUR\u200fUSD,risk=1",
    "other digits": f"{ID},buy,EURUSD,vol_lots=\u0661",
    "an underscore in a number": f"{ID},buy,EURUSD,vol_lots=1_0",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_line_is_set_aside(processor: AlertProcessor, body: str) -> None:
    found = processor.parse(body)
    assert isinstance(found, Quarantined)
    assert found.reason != "parser_error"


def test_a_number_that_repeats_is_one_quantity(processor: AlertProcessor) -> None:
    first, second = (processor.parse(f"{ID},buy,EURUSD,sl_pips=20,vol_lots={lots}") for lots in (1, 2))
    assert isinstance(first, Alert)
    assert isinstance(second, Alert)
    assert first.sl is second.sl
    assert first.sl == Quantity(20.0, "pips")

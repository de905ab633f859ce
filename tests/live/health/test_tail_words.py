"""What a line of ``zepix live tail`` says: lots, prices and money as a trader writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.live.desk import entry
from zepix.cli import main
from zepix.data import default_catalogue
from zepix.journal.rows import Row
from zepix_live.tailing import Units, line_of, units_of

EURUSD = {"symbol": "EURUSD", "plugin": "bracket", "alert": "a1", "order": 1, "ticket": 1}
FILLED = {**EURUSD, "what": "market", "side": 1, "steps": 10, "points": 109514, "sl": 109450, "tp": 0, "reason": ""}
CLOSED = {"ticket": 1, "plugin": "bracket", "symbol": "EURUSD", "steps": 10, "points": 109515, "reason": "tp"}
DRY_ORDER = {"kind": "market", "side": -1, "symbol": "EURUSD", "volume": 0.1, "volume_steps": 10, "stop": 1.2}


def told(kind: str, body: dict[str, Any], units: Units | None = None) -> str:
    """All but the stamp, the number and the kind."""
    return "".join(text for text, _ in line_of(Row(7, 0, kind, json.dumps(body)), units)[3:])


USD = Units(default_catalogue(), "USD", 2)
YEN = Units(default_catalogue(), "JPY", 0)


@pytest.mark.parametrize(
    ("kind", "body", "units", "said"),
    [
        ("filled", FILLED, USD, "EURUSD market buy 0.10 lots at 1.09514 stop 1.0945 ticket 1 bracket a1 order 1"),
        ("refused", {**FILLED, "points": 0, "ticket": 0, "reason": "invalid_stops"}, USD,
         "EURUSD market buy 0.10 lots stop 1.0945 invalid_stops bracket a1 order 1"),
        ("filled", FILLED, None, "EURUSD market buy 10 steps ticket 1 bracket a1 order 1"),
        ("filled", {**FILLED, "symbol": "FOOBAR"}, USD, "FOOBAR market buy 10 steps ticket 1 bracket a1 order 1"),
        ("closed", {**CLOSED, "pnl_minor": -123456}, USD,
         "ticket 1 bracket EURUSD 0.10 lots at 1.09515 tp -1,234.56 USD"),
        ("closed", {**CLOSED, "pnl_minor": 250}, YEN, "ticket 1 bracket EURUSD 0.10 lots at 1.09515 tp +250 JPY"),
        ("closed", {**CLOSED, "pnl_minor": 0}, None, "ticket 1 bracket EURUSD 10 steps tp +0.00"),
        ("dry", {"id": "a7", "orders": [DRY_ORDER], "would": [{"plugin": "bracket", "outcome": "working"}]}, USD,
         "a7 bracket would be working; order market sell 0.1 lots EURUSD stop 1.2"),
        ("dry", {"id": "a7", "would": [
            {"plugin": "b", "outcome": "refused", "reason": "broker_refused", "book": "live"},
            {"plugin": "b", "outcome": "working", "book": "twin"},
        ], "orders": [{**DRY_ORDER, "book": "twin"}]}, USD,
         "a7 [live] b would be refused (broker_refused); [twin] b would be working; "
         "[twin] order market sell 0.1 lots EURUSD stop 1.2"),
        ("dry", {"id": "a7", "would": [], "orders": []}, USD, "a7 nothing would follow"),
        ("dry", {"id": "a7", "would": [], "orders": [], "failed": "it broke"}, USD, "a7 could not be tried: it broke"),
        ("operator", {"command": "mode", "plugin": "b", "mode": "LIVE", "by": "anna"}, None, "mode b LIVE by anna"),
        ("operator", {"command": "promote", "plugin": "b", "force": True}, None, "promote b forced by somebody"),
        ("alert", {"id": "a1", "kind": "alert", "raw": '{\n   "type":\t"exit"\n}'}, None, 'a1 { "type": "exit" }'),
    ],
)  # fmt: skip
def test_a_row_is_told_in_the_words_of_a_trader(
    kind: str, body: dict[str, Any], units: Units | None, said: str
) -> None:
    assert told(kind, body, units) == said


def test_the_units_are_those_of_the_journals_own_session(desk, tmp_path) -> None:
    one = desk(account__currency="JPY", account__digits=0, account__balance=1_000_000)
    one.open()
    one.post(entry(sl=1.05))
    one.run(2)
    one.close()
    found = units_of(one.folder / "journal.sqlite")
    assert (found.currency, found.digits) == ("JPY", 0)
    instrument = found.instrument("EURUSD")
    assert instrument is not None and str(instrument.price(109514)) == "1.09514"
    assert found.instrument("FOOBAR") is None and found.instrument(7) is None
    assert units_of(tmp_path / "nothing.sqlite") == Units()


def test_report_says_what_became_critical_since_the_last_start_and_only_that(desk, capsys) -> None:
    one = desk()
    one.open()
    one.post(entry(sl=1.05))
    one.run(2)
    unread = one.post({"type": "exit", "symbol": "EURUSD", "volume": 0.1})
    one.run(1)
    assert unread == 2
    assert main(["live", "report", "--data", str(one.folder)]) == 0
    said = capsys.readouterr().out
    assert "since then needs a human: a2 could not be read (unsupported_parameter) and looks like an exit" in said
    assert main(["live", "report", "--json", "--data", str(one.folder)]) == 0
    assert len(json.loads(capsys.readouterr().out)["critical"]) == 1
    one.crash()
    one.open()
    one.run(1)
    assert main(["live", "report", "--data", str(one.folder)]) == 0
    assert "since then" not in capsys.readouterr().out


@pytest.mark.parametrize(("reason", "is_told"), [("filled", True), ("spread_high", False)])
def test_who_asks_for_an_outcome_as_a_reason_is_told_how_to_ask(desk, capsys, reason: str, is_told: bool) -> None:
    one = desk()
    one.open()
    one.post(entry(sl=1.05))
    one.run(2)
    one.close()
    assert main(["live", "decisions", "--reason", reason, "--data", str(one.folder)]) == 0
    assert (f"{reason} is an outcome: --outcome {reason}" in capsys.readouterr().err) == is_told

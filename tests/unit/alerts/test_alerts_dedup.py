"""Which alerts are repeats.

TradingView sends a failed webhook again after 5, 10 and 15 s (its help, support/solutions/43000735201).
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from zepix.alerts import AlertProcessor, Deduplicator
from zepix.model import Alert

S = 1_000_000_000
ENTRY = {"type": "entry", "symbol": "EURUSD", "side": "buy", "sl": 1.1}
EXIT = {"type": "exit", "symbol": "EURUSD"}


@pytest.fixture
def alert(processor: AlertProcessor) -> Any:
    def make(at_s: float, payload: Any, source: str = "", ticker: str | None = None) -> Alert:
        raw = payload if isinstance(payload, str) else json.dumps(payload)
        found = processor.parse(raw, received_ns=round(at_s * S), id=f"at-{at_s:g}", source=source, ticker=ticker)
        assert isinstance(found, Alert), found
        return found

    return make


@pytest.mark.parametrize("after_s", [0, 5, 10, 15, 29.999, 30])
def test_resend_is_a_duplicate_of_the_first(alert: Any, after_s: float) -> None:
    seen = Deduplicator()
    assert seen.check(alert(100, ENTRY)) is None
    assert seen.check(alert(100 + after_s, ENTRY)) == "at-100"


@pytest.mark.parametrize("after_s", [30.001, 31, 3600])
def test_same_body_later_is_new_and_opens_a_window(alert: Any, after_s: float) -> None:
    seen = Deduplicator()
    assert seen.check(alert(100, ENTRY)) is None
    assert seen.check(alert(100 + after_s, ENTRY)) is None
    assert seen.check(alert(100 + after_s + 20, ENTRY)) == f"at-{100 + after_s:g}"


def test_window_is_anchored_at_the_first_and_not_moved_by_repeats(alert: Any) -> None:
    seen = Deduplicator()
    outcomes = [seen.check(alert(at, ENTRY)) for at in (0, 15, 29, 31, 45, 61, 62)]
    assert outcomes == [None, "at-0", "at-0", None, "at-31", "at-31", None]


DIFFERENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("another stop", ENTRY, ENTRY | {"sl": 1.2}),
    ("another symbol", ENTRY, ENTRY | {"symbol": "GBPUSD"}),
    ("another comment", ENTRY, ENTRY | {"comment": "x"}),
    ("another side", ENTRY, ENTRY | {"side": "sell"}),
    ("ids that differ", ENTRY | {"id": "1"}, ENTRY | {"id": "2"}),
    ("one with an id, one without", ENTRY | {"id": "1"}, ENTRY),
    ("the same id for another symbol", ENTRY | {"id": "1"}, ENTRY | {"id": "1", "symbol": "GBPUSD"}),
]


@pytest.mark.parametrize(("one", "other"), [row[1:] for row in DIFFERENT], ids=[row[0] for row in DIFFERENT])
def test_different_alerts_are_both_new(alert: Any, one: dict[str, Any], other: dict[str, Any]) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, one)) is None
    assert seen.check(alert(1, other)) is None


def test_another_source_is_another_alert(alert: Any) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, ENTRY, source="one")) is None
    assert seen.check(alert(1, ENTRY, source="two")) is None
    assert seen.check(alert(2, ENTRY, source="one")) == "at-0"


def test_order_of_keys_and_spelling_of_the_symbol_do_not_matter_but_the_body_does(alert: Any) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, '{"type":"exit","symbol":"EURUSD"}')) is None
    assert seen.check(alert(1, '{ "symbol": "EURUSD", "type": "exit" }')) == "at-0"
    assert seen.check(alert(2, '{"type":"exit","symbol":"EUR/USD"}')) is None


def test_one_body_for_two_symbols_beside_it_is_two_alerts(alert: Any) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, '{"type":"exit"}', ticker="OANDA:EURUSD")) is None
    assert seen.check(alert(1, '{"type":"exit"}', ticker="OANDA:GBPUSD")) is None
    assert seen.check(alert(2, '{"type":"exit"}', ticker="FX:EURUSD")) == "at-0"


def test_id_has_no_time_limit_and_the_body_does_not_matter(alert: Any) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, ENTRY | {"id": "A"})) is None
    assert seen.check(alert(86_400, ENTRY | {"id": "A", "sl": 1.3})) == "at-0"


@pytest.mark.parametrize("payload", [EXIT, {"type": "cancel", "symbol": "EURUSD"}, EXIT | {"id": "A"}])
def test_exit_and_cancel_are_never_dropped_while_a_ticket_is_open(alert: Any, payload: dict[str, Any]) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, payload), open_before=True) is None
    assert seen.check(alert(5, payload), open_before=True) is None
    assert seen.check(alert(10, payload), open_before=False) == "at-0"


@pytest.mark.parametrize("kind", ["entry", "reversal", "modify"])
def test_what_opens_is_dropped_even_while_a_ticket_is_open(alert: Any, kind: str) -> None:
    seen = Deduplicator()
    assert seen.check(alert(0, ENTRY | {"type": kind}), open_before=True) is None
    assert seen.check(alert(5, ENTRY | {"type": kind}), open_before=True) == "at-0"


def test_newest_ids_are_kept(alert: Any) -> None:
    seen = Deduplicator(ids_limit=2)
    for at, name in enumerate("ABC"):
        assert seen.check(alert(at, ENTRY | {"id": name})) is None
    assert seen.check(alert(10, ENTRY | {"id": "C"})) == "at-2"
    assert seen.check(alert(11, ENTRY | {"id": "A"})) is None


def test_bodies_are_forgotten_after_their_window(alert: Any) -> None:
    seen = Deduplicator()
    for at in range(200):
        seen.check(alert(at, ENTRY | {"sl": 1 + at / 1000}))
    assert len(seen.to_state()["bodies"]) == 31


def test_state_goes_through_json_and_goes_on(alert: Any) -> None:
    seen = Deduplicator()
    seen.check(alert(0, ENTRY))
    seen.check(alert(1, ENTRY | {"sl": None}))
    seen.check(alert(2, ENTRY | {"id": "A"}))
    again = Deduplicator.from_state(json.loads(json.dumps(seen.to_state())))
    assert again.to_state() == seen.to_state()
    assert again.check(alert(15, ENTRY)) == "at-0"
    assert again.check(alert(16, ENTRY | {"sl": None})) == "at-1"
    assert again.check(alert(17, ENTRY | {"id": "A"})) == "at-2"
    assert again.check(alert(40, ENTRY)) is None
    with pytest.raises(ValueError, match="version"):
        Deduplicator.from_state({"version": 99})


def test_settings_that_cannot_be_meant() -> None:
    with pytest.raises(ValueError, match="window"):
        Deduplicator(window_s=-1)

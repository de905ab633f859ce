"""The fidelity breaker: it trips by what the session itself has seen, and a human arms it again."""

from __future__ import annotations

import json

import pytest

from tests.live.desk import Desk
from tests.live.modes.slots import SLOT, entry, operator_events, rows_of, tell, trade
from zepix_live.engine.fidelity import Fidelity
from zepix_live.engine.mode_settings import Breaker
from zepix_live.engine.session import LiveSession
from zepix_live.rerunning import rerun_folder

WORSE = {**SLOT, "broker__live__spread_points": 60, "shadow_mode__breaker__tickets": 5}
"""Six points of a stop that is twenty pips (200 points) away are 0.03 R; 60 are 0.3 R."""


def session_of(one: Desk) -> LiveSession:
    assert one.engine is not None
    return one.engine.consumer.session


def tripped(one: Desk) -> list[str]:
    return [body["text"] for _, _, body in one.rows("event") if body["code"] == "fidelity_breaker"]


def test_a_gap_above_the_bound_puts_the_plugin_into_shadow_until_somebody_arms_it(desk) -> None:
    one: Desk = desk(**WORSE)
    one.open()
    one.run(30)
    trade(one, 3, sl_pips=20)
    for _ in range(2):  # the second start begins with what the first one kept
        one.crash()
        one.open()
    trade(one, 1, first=3, sl_pips=20)
    assert not tripped(one)
    trade(one, 1, first=4, sl_pips=20)
    assert tripped(one) == [
        "bracket is in shadow until somebody arms it again: live and twin lie 0.300 R apart on average over 5 tickets "
        "(bound 0.25 R)"
    ]
    [critical] = [body for _, _, body in one.rows("event") if body["code"] == "fidelity_breaker"]
    assert (critical["level"], critical["plugin"]) == ("CRITICAL", "bracket")
    one.crash()
    one.open()
    assert session_of(one).conduct.modes.is_plugin_in_shadow("bracket")
    trade(one, 1, first=5, sl_pips=20)
    assert len(rows_of(one, "live", "closed")) == 5 and len(rows_of(one, "shadow", "closed")) == 1
    tell(one, "promote", "bracket", force=True)
    tell(one, "mode", mode="LIVE", plugin="bracket")
    one.run(0.5)
    assert session_of(one).conduct.modes.is_plugin_in_shadow("bracket"), "only rearm lets it go"
    tell(one, "rearm", "bracket")
    trade(one, 4, first=6, sl_pips=20)
    assert operator_events(one)[-1] == ("INFO", "bracket is armed again; it trades live")
    assert len(rows_of(one, "live", "closed")) == 9 and len(tripped(one)) == 1, (
        "it takes five new tickets to trip again"
    )
    trade(one, 1, first=10, sl_pips=20)
    assert len(tripped(one)) == 2
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_outcomes_that_differ_trip_it_too(desk) -> None:
    one: Desk = desk(**SLOT, broker__live__refusal_rate=1.0, shadow_mode__breaker__tickets=5)
    one.open()
    one.run(30)
    trade(one, 5)
    assert tripped(one) == [
        "bracket is in shadow until somebody arms it again: 100% of 5 tickets ended otherwise live than in the twin "
        "(bound 20%)"
    ]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


@pytest.mark.parametrize(
    "flags",
    [
        {"shadow_mode__breaker__max_gap_r": 0.31},
        {"shadow_mode__breaker__enabled": "false"},
        {"shadow_mode__breaker__tickets": 7},
        {"broker__live__spread_points": 40},
    ],
    ids=["a wider bound", "switched off", "more tickets", "a gap of 0.2 R"],
)
def test_within_the_bounds_nothing_trips(desk, flags) -> None:
    one: Desk = desk(**{**WORSE, **flags})
    one.open()
    one.run(30)
    trade(one, 6, sl_pips=20)
    assert tripped(one) == []


def test_what_is_open_when_it_trips_is_managed_to_its_end(desk) -> None:
    one: Desk = desk(**WORSE)
    one.open()
    one.run(30)
    one.post(entry("buy", "XAUUSD", id="long", sl=1_000.0))
    trade(one, 5, sl_pips=20)
    assert tripped(one)
    assert {t.symbol for t in session_of(one).books[1].simulation.broker.tickets.values()} == {"XAUUSD"}
    one.post(entry("buy", "XAUUSD", id="new", sl=1_000.0))
    one.post({"type": "exit", "side": "buy", "symbol": "XAUUSD", "id": "out"})
    one.run(4)
    session = session_of(one)
    assert [len(book.simulation.broker.tickets) for book in session.books] == [0, 0, 0]
    assert len(rows_of(one, "live", "closed")) == 6 and len(rows_of(one, "shadow", "closed")) == 1
    assert session.books[1].roster is not None and session.books[1].roster.is_asleep("bracket")


def rows(book: str, ticket: int, alert: str, entry_points: int, exit_points: int, sl: int, reason: str = "tp"):
    order = {"order": ticket, "plugin": "p", "alert": alert, "book": book}
    filled = {
        "what": "market",
        "ticket": ticket,
        "points": entry_points,
        "sl": sl,
        "steps": 10,
        "side": 1,
        "fill_ns": 5,
    }
    closed = {"ticket": ticket, "steps": 10, "points": exit_points, "pnl_minor": 0, "reason": reason, "book": book}
    return [("intent", {**order, "kind": "market"}), ("filled", {**order, **filled}), ("closed", closed)]


def test_gaps_are_counted_in_r_of_the_twins_stop_by_hand() -> None:
    """Twin: in at 1000, stop 900, out at 1200: 2 R. Live: in at 1010, out at 1190: 1.8 R of the twin's stop."""
    found = Fidelity(Breaker(tickets=2))
    assert found.look([*rows("live", 1, "a", 1010, 1190, 900), *rows("twin", 1, "a", 1000, 1200, 900)]) == []
    assert found.gap("p") == (1, pytest.approx(0.2), 0.0)
    [(plugin, why)] = found.look([*rows("twin", 2, "b", 1000, 1200, 900), *rows("live", 2, "b", 1000, 900, 900, "sl")])
    assert plugin == "p" and "1.600 R" in why  # (0.2 + 3) / 2
    again = Fidelity(Breaker(tickets=2))
    again.load_state(json.loads(json.dumps(found.state())))
    assert again.gap("p") == found.gap("p") == (2, pytest.approx(1.6), 0.5)


def test_a_ticket_without_a_partner_waits_while_the_other_is_under_way_and_counts_when_it_never_comes() -> None:
    found = Fidelity(Breaker(tickets=9))
    order = {"order": 7, "plugin": "p", "alert": "a", "book": "live"}
    found.look([("intent", {**order, "kind": "limit"}), *rows("twin", 1, "a", 1000, 1050, 900)])
    assert found.gap("p")[0] == 0
    found.look([("cancelled", order)])
    assert found.gap("p") == (1, pytest.approx(0.5), 1.0)


def test_it_trips_while_a_command_has_its_plugin_in_shadow_so_that_the_next_command_does_not_undo_it(desk) -> None:
    """The last live ticket closes after a demotion: what it shows holds against a promotion, forced or not."""
    one: Desk = desk(**WORSE)
    one.open()
    one.run(30)
    trade(one, 4, sl_pips=20)
    one.post(entry("buy", id="last", sl_pips=20))
    one.run(4)
    tell(one, "demote", "bracket")
    one.post({"type": "exit", "side": "buy", "symbol": "EURUSD", "id": "out"})
    tell(one, "promote", "bracket", force=True)
    one.run(3)
    tell(one, "promote", "bracket", force=True)
    tell(one, "mode", mode="LIVE", plugin="bracket")
    one.run(0.5)
    assert len(tripped(one)) == 1 and session_of(one).conduct.modes.is_plugin_in_shadow("bracket")
    one.close()
    assert rerun_folder(one.folder, {}).is_equal

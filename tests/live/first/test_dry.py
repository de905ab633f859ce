"""A dry alert decides and never orders, and nothing that comes after it fares otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT
from zepix_live.engine.session import LiveSession
from zepix_live.inbox_rows import EVENT, QUARANTINED
from zepix_live.rerunning import rerun_and_tell

BAR = {"type": "bar", "symbol": "EURUSD", "tf": "1", "open": 1.1, "high": 1.101, "low": 1.099, "close": 1.1}


def post_dry(desk: Desk, body: Any, **more: Any) -> int:
    return desk.post(body, dry=True, **more)


def test_it_shows_the_order_and_places_none(desk):
    found = desk()
    engine = found.open()
    found.run(30)
    post_dry(found, entry(sl=1.05, tp=1.2))
    found.run(60)
    [(_, _, dry)] = found.rows("dry")
    assert dry["would"][0]["plugin"] == "bracket"
    assert dry["would"][0]["outcome"] == "filled"
    [order] = dry["orders"]
    assert (order["kind"], order["side"], order["volume"], order["stop"], order["target"]) == (
        "market", 1, 0.1, 1.05, 1.2,
    )  # fmt: skip
    assert found.decisions() == [("a1", "ignored", "dry_run")]
    assert not found.rows("intent", "filled", "refused", "closed")
    assert not engine.consumer.session.simulation.broker.tickets


def test_the_same_alert_in_earnest_is_taken_right_after_it(desk):
    found = desk()
    found.open()
    found.run(30)
    post_dry(found, entry(sl=1.05))
    found.post(entry(sl=1.05))
    found.run(1)
    assert found.decisions() == [("a1", "ignored", "dry_run"), ("a2", "filled", "")]


def course(found: Desk, dry: bool) -> LiveSession:
    """A day with entries, exits, a reversal, unread bodies and a restart; dry alerts between, or other rows that no
    session sees, so that numbers are the same."""
    engine = found.open()
    found.run(20)
    for number, body in enumerate(
        [
            entry(sl=1.05, seq=1),
            entry("sell", "XAUUSD", volume=0.2, seq=2),
            {"type": "exit", "side": "buy", "symbol": "EURUSD", "seq": 3},
            {"type": "reversal", "side": "buy", "symbol": "XAUUSD", "volume": 0.1, "seq": 4},
            "nobody can read this",
            entry(sl=1.08, seq=6),
        ]
    ):
        tries = (entry("sell", volume=3, sl=1.3), "no sense", {"type": "resume", "symbol": "*", "side": "buy"}, BAR)
        for tried in (body, {"type": "exit", "side": "buy", "symbol": "EURUSD"}, tries[number % 4], entry(seq=99)):
            if dry:
                post_dry(found, tried)
            else:
                found.post("", kind=EVENT)
        if dry:
            post_dry(found, "x", kind=QUARANTINED, reason="bad_json", detail="d")
        else:
            found.post("", kind=EVENT)
        found.post(body)
        found.run(5)
        if number == 2:
            found.crash()
            engine = found.open()
    found.run(60)
    return engine.consumer.session


def said(found: Desk) -> list[tuple[str, str]]:
    """What the journal says of trading, without numbers of rows, dry rows and what the recovery says of a start."""
    dry = {body["id"] for _, kind, body in found.rows("alert") if body["kind"] == "dry" or not body["raw"]}
    told = []
    for _, kind, body in found.rows("intent", "filled", "refused", "cancelled", "closed", "decision", "event", "error"):
        if body.get("id") in dry and body.get("reason") == "dry_run":
            continue
        told.append((kind, json.dumps({key: value for key, value in body.items() if key != "of"}, sort_keys=True)))
    return told


def test_decisions_tickets_and_the_whole_state_are_the_same_with_and_without_dry_alerts(tmp_path):
    runs = []
    for name, dry in (("with", True), ("without", False)):
        found = Desk(tmp_path / name)
        try:
            session = course(found, dry)
            state = json.loads(json.dumps(session.save()))
            state.pop("now_ns")
            runs.append((said(found), state))
        finally:
            found.close()
    (told, state), (plain_told, plain_state) = runs
    assert told == plain_told
    assert len([kind for kind, _ in told if kind == "filled"]) >= 4
    assert state == plain_state


def test_a_dry_alert_is_rerun_line_by_line(desk, capsys):
    found = desk()
    found.open()
    found.run(20)
    post_dry(found, entry(sl=1.05))
    found.post(entry(sl=1.05))
    post_dry(found, {"type": "exit", "side": "buy", "symbol": "EURUSD"})
    found.run(5)
    found.close()
    lines: list[str] = []
    assert rerun_and_tell(found.folder, {}, as_json=False, say=lines.append) == 0
    assert "equal" in " ".join(lines)


def test_an_engine_that_dies_under_a_dry_alert_takes_it_again(desk, monkeypatch):
    found = desk()
    engine = found.open()
    found.run(20)
    post_dry(found, entry(sl=1.05))
    monkeypatch.setattr(engine.consumer, "_write", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        found.run(1)
    found.crash()
    found.open()
    found.run(1)
    assert len(found.rows("dry")) == 1
    assert found.decisions() == [("a1", "ignored", "dry_run")]


def test_a_copy_that_cannot_be_made_is_told_and_the_session_goes_on(desk, monkeypatch):
    found = desk()
    found.open()
    found.run(20)

    def no_copy(_self: LiveSession) -> LiveSession:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(LiveSession, "copy", no_copy)
    post_dry(found, entry(sl=1.05))
    found.post(entry(sl=1.05))
    found.run(1)
    [(_, _, dry)] = found.rows("dry")
    assert dry["failed"] == "RuntimeError: no such thing"
    assert found.decisions() == [("a1", "ignored", "dry_run"), ("a2", "filled", "")]


def test_a_dry_bar_is_no_price(desk):
    found = desk(feed="webhook")
    engine = found.open()
    stamp = found.clock.now_ns() // 1_000_000_000 // 60 * 60 - 60
    post_dry(found, {**BAR, "time": stamp})
    found.run(1)
    assert engine.consumer.session.feed.growing["EURUSD"].n == 0
    found.post({**BAR, "time": stamp})
    found.run(1)
    assert engine.consumer.session.feed.growing["EURUSD"].n == 1


def test_a_strategy_keeps_what_it_remembers_out_of_a_dry_alert(desk, tmp_path, monkeypatch):
    """It counts alerts in an attribute of its own and in a global of its module."""
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "counting.py").write_text(COUNTING, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    found = desk(strategy__name="counting")
    found.open()
    found.run(5)
    for dry in (False, True, True, False, True):
        found.post(entry(), dry=dry)
        found.run(31)
    counted = [body["numbers"] for _, _, body in found.rows("decision") if body["reason"] == "counted"]
    assert [one["alerts"] for one in counted] == [1, 2]
    assert [one["module"] for one in counted] == [1, 2]
    tried = [body["would"][0]["numbers"]["alerts"] for _, _, body in found.rows("dry")]
    assert tried == [2, 2, 3]


COUNTING = '''
from zepix.engine.strategy import PluginInfo, Strategy
from zepix.model import Decision

SEEN = []


class Counting(Strategy):
    """Counts."""

    info = PluginInfo(strategy="counting", plugin_id="counting", description="Counts.")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.alerts = 0

    async def process_entry_signal(self, alert):
        self.alerts += 1
        SEEN.append(alert.id)
        return Decision.info("counted", alerts=self.alerts, module=len(SEEN))

    def state(self):
        return {"alerts": self.alerts}

    def load_state(self, state):
        self.alerts = state["alerts"]
'''


def test_no_ticket_in_any_book_and_the_live_books_broker_hears_nothing(desk):
    found = desk(**SLOT)
    engine = found.open()
    session = engine.consumer.session
    assert [book.name for book in session.books] == ["shadow", "live", "twin"]
    found.run(20)
    before = json.dumps([book.simulation.save_state() for book in session.books])
    post_dry(found, entry(sl=1.05))
    found.run(0.05)
    assert json.dumps([book.simulation.save_state() for book in session.books]) == before
    [(_, _, dry)] = found.rows("dry")
    assert {one.get("book", "shadow"): one["outcome"] for one in dry["would"]} == {"live": "filled", "twin": "filled"}
    assert not found.rows("intent", "filled", "refused")
    found.post(entry(sl=1.05))
    found.run(5)
    assert {body.get("book") for _, _, body in found.rows("filled")} == {"live", "twin"}

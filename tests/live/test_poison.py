"""An alert under which the engine dies twice is set aside; one that only stood beside it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.live.desk import Desk, entry
from zepix_live.engine.consumer import Consumer
from zepix_live.engine.session import LiveSession
from zepix_live.rerunning import rerun_folder

REASONS = {"filled": "", "quarantined": "poison"}


class Died(BaseException):
    """The process is gone."""


@pytest.fixture
def deaths(monkeypatch):
    """Words in a body under which the engine dies as soon as it takes it; each so many times."""
    left: dict[str, int] = {}
    take = LiveSession.take

    def deadly(self, t_ns, kind, body):
        for word in left:
            if kind == "alert" and word in body["raw"] and left[word]:
                left[word] -= 1
                raise Died(word)
        return take(self, t_ns, kind, body)

    monkeypatch.setattr(LiveSession, "take", deadly)
    return left


def _die(one: Desk) -> None:
    """Turn until it dies, then drop what is left of it."""
    with pytest.raises(Died):
        one.run(1) if one.engine is not None else one.open()
    if one.engine is not None:
        one.crash()


def _fates(one: Desk) -> list[str]:
    return [reason or outcome for _, outcome, reason in one.decisions()]


def test_two_deaths_are_enough_and_it_is_told(desk, deaths):
    one = desk()
    one.open()
    one.run(1)
    deaths["deadly"] = 9
    one.post(entry(id="before"))
    one.post(entry(comment="deadly", id="bad-1"))
    one.post(entry("sell", id="after"))
    _die(one)
    _die(one)
    engine = one.open()
    one.run(3)
    assert deaths["deadly"] == 7, "two deaths, not one more"
    assert _fates(one) == ["filled", "poison", "filled"]
    assert [b["text"] for _, _, b in one.rows("notice")] == [
        "the engine died twice under alert bad-1; it is set aside and needs a human"
    ]
    assert engine.statement["human"] == [b["text"] for _, _, b in one.rows("notice")]
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_an_alert_beside_the_deadly_one_is_not_counted_among_its_deaths(desk, deaths):
    # The engine dies under "bad", then once under "good" by some other hand (in the recovery), and goes on with both.
    one = desk()
    one.open()
    one.run(1)
    deaths.update(bad=1, good=0)
    one.post(entry(comment="good"))
    one.post(entry(comment="bad"))
    _die(one)
    deaths["good"] = 1
    _die(one)
    one.open()
    one.run(3)
    assert _fates(one) == ["filled", "filled"]
    assert len(one.rows("intent")) == 2


def test_a_death_between_the_handlers_is_nobodys(desk, deaths, monkeypatch):
    one = desk()
    engine = one.open()
    one.run(1)
    one.post(entry())

    def gone(*_: object) -> None:
        raise Died

    monkeypatch.setattr(Consumer, "_follow", gone)  # the alert is in the journal, no handler has seen it
    _die(one)
    assert engine is not one.engine
    monkeypatch.undo()
    take, left = LiveSession.take, [1]

    def once(self, t_ns, kind, body):
        if kind == "alert" and left:
            left.pop()
            raise Died
        return take(self, t_ns, kind, body)

    monkeypatch.setattr(LiveSession, "take", once)
    _die(one)
    one.open()
    one.run(3)
    assert _fates(one) == ["filled"]


def test_without_a_pulse_every_alert_that_was_left_may_be_the_one(desk, deaths):
    one = desk()
    one.open()
    one.run(1)
    deaths["deadly"] = 9
    one.post(entry(comment="deadly"))
    one.post(entry("sell"))
    _die(one)
    (one.folder / "engine.pulse").unlink()  # a loss of power
    _die(one)
    one.open()
    one.run(3)
    assert _fates(one) == ["poison", "filled"]
    assert [b["of"] for _, _, b in one.rows("death")] == [-1]


def test_an_exit_that_is_poison_calls_a_human_by_name(desk, deaths):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry())
    one.run(2)
    deaths["exit"] = 9
    one.post({"type": "exit", "symbol": "EURUSD", "id": "leave"})
    _die(one)
    _die(one)
    engine = one.open()
    [notice] = [b for _, _, b in one.rows("notice")]
    assert (notice["level"], notice["code"]) == ("CRITICAL", "poison")
    assert "alert leave" in notice["text"] and "looks like an exit" in notice["text"]
    assert engine.statement["human"] == [notice["text"]]
    assert len(engine.consumer.session.simulation.broker.tickets) == 1


def test_the_pulse_says_under_which_alert_the_engine_is(desk, deaths):
    one = desk()
    one.open()
    one.run(1)
    deaths["deadly"] = 1
    one.post(entry(comment="deadly", id="x-7"))
    _die(one)
    found = json.loads(Path(one.folder / "engine.pulse").read_text(encoding="ascii"))
    [(seq, _, _)] = one.rows("alert")
    assert (found["taking"], found["of"], found["kind"], found["id"]) == (True, seq, "alert", "x-7")
    one.open()
    one.run(1)
    found = json.loads(Path(one.folder / "engine.pulse").read_text(encoding="ascii"))
    assert (found["taking"], found["of"]) == (False, 0)

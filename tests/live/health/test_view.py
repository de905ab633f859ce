"""The engine's view: what it says, how often it is written, and that nothing it does harms the engine."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from zepix.engine.health import HealthLimits
from zepix_live import view_file
from zepix_live.engine.view import Looking
from zepix_live.engine.view_writer import ViewWriter
from zepix_live.pulse import Beat
from zepix_live.rerunning import rerun_folder
from zepix_live.view_file import FILE_NAME, read_view, write_view

SECRET = "correct-horse-battery-staple"


class Looked:
    """A desk whose engine is looked at; each second of its clock may make a view."""

    def __init__(self, desk: Desk, limits: HealthLimits | None = None) -> None:
        self.desk = desk
        self.views: list[dict[str, Any]] = []
        engine = desk.engine
        assert engine is not None
        self.looking = Looking(desk.clock, limits or HealthLimits(), engine.pulse, self.views.append)
        engine.saying.looking = self.looking

    def run(self, seconds: float, step_s: float = 0.1) -> None:
        engine = self.desk.engine
        assert engine is not None
        for _ in range(round(seconds / step_s)):
            self.desk.clock.advance(step_s)
            self.looking.turn(engine.consumer)
            while engine.consumer.turn():
                self.looking.turn(engine.consumer)
            self.looking.rests(step_s)

    @property
    def last(self) -> dict[str, Any]:
        return self.views[-1]


def _opened(desk, **given: Any) -> Looked:
    one = desk(speed=60.0, **given)
    one.open()
    return Looked(one)


def test_a_trade_is_in_the_view_with_its_plugin_book_ticket_and_caps(desk):
    seen = _opened(desk)
    seen.run(2)
    seen.desk.post(entry(id="sig-1", sl=1.0, tp=1.3))
    seen.run(3)
    view = seen.last
    plugin = view["plugins"]["bracket"]
    assert plugin["state"] == "HEALTHY"
    assert (plugin["last_alert"], plugin["last_outcome"], plugin["open_tickets"]) == ("a1", "filled", 1)
    [ticket] = view["tickets"]
    assert (ticket["plugin"], ticket["symbol"], ticket["side"], ticket["lots"]) == ("bracket", "EURUSD", "buy", 0.1)
    assert (ticket["sl"], ticket["tp"]) == (1.0, 1.3)
    assert view["books"]["shadow"]["open_tickets"] == 1
    assert float(view["books"]["shadow"]["balance"]) == 10_000
    assert view["mode"]["global"] == "SHADOW"
    assert view["inbox"]["taken"] == 1
    assert 0 <= seen.desk.engine.journal.last_seq - view["journal"]["last_seq"] <= 4, "as of the last second"
    feed = view["feed"]["EURUSD"]
    assert feed["bid"] < feed["ask"]
    assert 0 <= feed["age_s"] <= 60
    assert view["services"]["bracket"]["order"]["calls"] >= 1
    assert view["is_recording"]
    assert not view["paused"]


def test_chains_and_what_is_left_of_caps_are_in_the_view(desk, tmp_path: Path):
    seen = _opened(desk, strategy__name="v3_combined", sessions__enabled="false")
    seen.run(2)
    caps = {one["name"]: one for one in seen.last["caps"]}
    assert caps["daily loss"]["left"] == caps["daily loss"]["limit"] - caps["daily loss"]["used"]
    assert caps["open entries"] == {"name": "open entries", "book": "shadow", "used": 0, "limit": 10, "left": 10}
    assert seen.last["chains"] == []


def test_it_is_written_at_most_once_a_second_and_seldom_when_nothing_happens(desk):
    one = desk(feed=None)
    one.open()
    seen = Looked(one)
    seen.run(60)
    assert 5 <= len(seen.views) <= 8, "only the clock went on"
    busy = len(seen.views)
    for number in range(20):
        one.post(entry(id=f"n{number}"))
        seen.run(0.5)
    assert 9 <= len(seen.views) - busy <= 11


def test_pausing_and_holding_back_are_in_it(desk):
    seen = _opened(desk)
    seen.run(2)
    engine = seen.desk.engine.consumer.session.engine
    engine.pause()
    engine.rein("bracket")
    seen.run(2)
    assert seen.last["paused"]
    assert seen.last["plugins"]["bracket"]["held_back"] == ["*"]


def test_looking_changes_no_decision(desk, tmp_path: Path):
    seen = _opened(desk)
    for number in range(12):
        seen.desk.post(entry(id=f"n{number}", side="buy" if number % 2 else "sell", sl=1.0 if number % 2 else 1.3))
        seen.run(2)
    seen.desk.crash()
    compared = rerun_folder(seen.desk.folder, {})  # by a session that nobody looks at
    assert compared.is_equal, str(compared.differences[:1])


def test_a_session_after_new_settings_is_looked_at_too(desk, tmp_path: Path):
    seen = _opened(desk)
    seen.run(2)
    consumer = seen.desk.engine.consumer
    assert consumer.session.engine.watch is not None
    config = consumer.course.config
    consumer.course.change(config)
    seen.run(2)
    assert consumer.session.engine.watch is not None
    seen.desk.post(entry(id="after"))
    seen.run(3)
    assert seen.last["plugins"]["bracket"]["last_outcome"] == "filled"


def test_what_cannot_be_read_is_said_once_and_the_engine_goes_on(desk, monkeypatch, caplog):
    seen = _opened(desk)
    monkeypatch.setattr("zepix_live.engine.view.feed_of", lambda *_: 1 / 0)
    with caplog.at_level("WARNING", "zepix.engine"):
        seen.run(5)
    assert seen.views == []
    assert [record.getMessage() for record in caplog.records].count(
        "the engine's view cannot be put together: ZeroDivisionError: division by zero"
    ) == 1
    monkeypatch.undo()
    seen.desk.post(entry())
    seen.run(2)
    assert seen.last["plugins"]["bracket"]["last_alert"] == "a1"


def test_the_view_stays_small_with_a_thousand_tickets(desk):
    seen = _opened(desk, account__balance="100000000")
    seen.run(1)
    for number in range(1_000):
        seen.desk.post(entry(id=f"n{number}"))
    seen.run(4)
    assert seen.last["books"]["shadow"]["open_tickets"] == 1_000
    assert len(seen.last["tickets"]) == 50
    assert len(json.dumps(seen.last)) < 64 * 1024


# --- the file -------------------------------------------------------------------------------------------------------


def _view(**more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {name: kind() for name, kind in view_file.PARTS.items()}
    return {"version": 1, **empty, **more}


@pytest.mark.skipif(os.name != "posix", reason="the rights of files are POSIX's")
def test_it_is_its_owners_alone_and_replaced_in_one_step(tmp_path: Path):
    assert write_view(tmp_path, _view(t_ns=1))
    first = (tmp_path / FILE_NAME).stat()
    assert first.st_mode & 0o777 == 0o600
    assert write_view(tmp_path, _view(t_ns=2))
    assert read_view(tmp_path)["t_ns"] == 2
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_a_disk_that_takes_nothing_keeps_the_old_view_and_leaves_no_draft(tmp_path: Path, monkeypatch):
    assert write_view(tmp_path, _view(t_ns=1))

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    assert not write_view(tmp_path, _view(t_ns=2))
    monkeypatch.undo()
    assert read_view(tmp_path)["t_ns"] == 1
    assert [one.name for one in tmp_path.iterdir()] == [FILE_NAME]


def test_a_view_is_written_again_once_there_is_room(tmp_path: Path, monkeypatch):
    writer = ViewWriter(tmp_path, _Still(), HealthLimits())
    monkeypatch.setattr("zepix_live.engine.view_writer.write_view", lambda *_: False)
    writer.offer(_view(t_ns=5, inbox={"taken": 0}))
    writer.look()
    monkeypatch.undo()
    writer.look()
    assert read_view(tmp_path)["t_ns"] == 5


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 2}', b'{"version": 1}', b"\xff\xfe", b"[" * 100_000, b"x" * 2_000_000],
    ids=["empty", "cut", "list", "newer", "lacking", "no text", "deep", "large"],
)
def test_what_is_no_view_is_none(tmp_path: Path, content: bytes):
    (tmp_path / FILE_NAME).write_bytes(content)
    assert read_view(tmp_path) is None


# --- a loop that stands ---------------------------------------------------------------------------------------------


class _Still:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000_000

    def now_ns(self) -> int:
        return 1_767_225_600_000_000_000 + self.ns

    def monotonic_ns(self) -> int:
        return self.ns


class _Stands:
    """A loop in the middle of a handler."""

    def __init__(self, running: tuple[str, str, float] | None) -> None:
        self.running = running
        self.silent_ms = 0.0 if running is None else running[2]


def _standing(tmp_path: Path, running_ms: float, alone_after_s: float | None = None) -> ViewWriter:
    beat = Beat(9, "running", True, 42, "alert", "sig-7", "slow")
    writer = ViewWriter(tmp_path, _Still(), HealthLimits(), now=lambda: beat, alone_after_s=alone_after_s)
    plugins = {"slow": {"state": "HEALTHY", "why": ""}, "other": {"state": "HEALTHY", "why": ""}}
    writer.offer(_view(plugins=plugins, inbox={"taken": 0}, loop={}))
    writer.look()
    writer.looking = _Stands(("slow", "process_entry_signal", running_ms))
    writer.look()
    return writer


def test_a_handler_that_runs_for_long_is_named_while_it_runs(tmp_path: Path):
    _standing(tmp_path, 2_000)
    view = read_view(tmp_path)
    busy = {"plugin": "slow", "handler": "process_entry_signal", "running_ms": 2000.0, "of": 42, "alert": "sig-7"}
    assert view["busy"] == busy
    assert view["plugins"]["slow"]["state"] == "HEALTHY"


def test_one_that_runs_for_too_long_hangs_and_only_its_plugin(tmp_path: Path, caplog):
    with caplog.at_level("WARNING", "zepix.engine"):
        writer = _standing(tmp_path, 6_000)
        for _ in range(10):
            writer.look()
    view = read_view(tmp_path)
    assert (view["plugins"]["slow"]["state"], view["plugins"]["other"]["state"]) == ("HUNG", "HEALTHY")
    assert "for 6 s" in view["plugins"]["slow"]["why"]
    [record] = caplog.records
    assert "plugin slow hangs" in record.getMessage()
    assert "alert sig-7" in record.getMessage()


def test_in_one_process_a_handler_that_hangs_is_critical(tmp_path: Path, caplog):
    with caplog.at_level("WARNING", "zepix.engine"):
        _standing(tmp_path, 61_000, alone_after_s=60)
    assert [record.levelname for record in caplog.records] == ["WARNING", "CRITICAL"]
    assert "end zepix live" in caplog.records[-1].getMessage()


def test_the_thread_ends_when_it_is_told_to(tmp_path: Path):
    writer = ViewWriter(tmp_path, _Still(), HealthLimits())
    before = threading.active_count()
    writer.start()
    writer.offer(_view(t_ns=3, inbox={"taken": 0}))
    writer.stop()
    assert threading.active_count() == before
    assert read_view(tmp_path)["t_ns"] == 3


def test_what_waits_in_the_inbox_is_counted(desk, tmp_path: Path):
    one = desk()
    one.open()
    for number in range(7):
        one.post(entry(id=f"n{number}"))
    one.inbox.append([(one.clock.now_ns(), "event", "{}")])
    writer = ViewWriter(one.folder, one.clock, HealthLimits())
    writer.offer(_view(inbox={"taken": 3}))
    writer.look()
    assert read_view(one.folder)["inbox"] == {"taken": 3, "last": 8, "depth": 4}
    writer.stop()


def test_no_secret_is_in_it(desk, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ZEPIX_WEBHOOK_TOKEN", SECRET)
    seen = _opened(desk, telegram__controller__token=SECRET)
    seen.desk.post(entry(id="x", comment=SECRET, token=SECRET))
    seen.run(3)
    assert seen.last["plugins"]["bracket"]["last_alert"] == "a1"
    assert SECRET not in json.dumps(seen.last)

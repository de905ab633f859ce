"""Who keeps the processes alive, and when it stops trying."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S, until
from zepix_live import supervise
from zepix_live.supervise import Child, Supervisor

pytestmark = pytest.mark.clock

ENDS_WITH_PARENT = """
import sys, threading, pathlib
sys.path[:0] = {path!r}
from zepix_live.supervise import end_with_parent
over = threading.Event()
end_with_parent(over.set)
pathlib.Path({mark!r}).write_text("up", encoding="utf-8")
over.wait(60)
pathlib.Path({mark!r}).write_text("ended", encoding="utf-8")
"""

NEVER_RETURNS = """
import sys, pathlib
sys.path[:0] = {path!r}
from zepix_live.supervise import end_with_parent
end_with_parent(lambda: None, 0.1)
pathlib.Path({mark!r}).write_text("up", encoding="utf-8")
while True:
    pass
"""


def _child(code: str, **more: object) -> Child:
    return Child("engine", [sys.executable, "-c", code], gives_up=True, **more)  # type: ignore[arg-type]


def _run(supervisor: Supervisor, is_over, seconds: float = PATIENCE_S) -> int:
    """Run it beside until something holds; its status."""
    status: list[int] = []
    thread = threading.Thread(target=lambda: status.append(supervisor.run()))
    thread.start()
    end = time.monotonic() + seconds
    while not is_over() and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.02)
    supervisor.stop()
    thread.join(PATIENCE_S)
    assert status, "it did not end"
    return status[0]


def test_five_restarts_in_ten_minutes_are_the_end_and_the_operator_is_told(monkeypatch):
    monkeypatch.setattr(supervise, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(supervise, "LONGEST_WAIT_S", 0.01)
    told: list[str] = []
    dying, other = _child("raise SystemExit(1)"), _child("import time; time.sleep(60)")
    other.gives_up = False
    supervisor = Supervisor([other, dying], told.append)
    assert _run(supervisor, lambda: dying.is_given_up) == 0
    assert len(dying.starts) == supervise.MAX_RESTARTS + 1
    assert told[-1].startswith("CRITICAL the engine died 6 times")
    assert len(other.starts) == 1, "the receiver goes on"


def test_what_nothing_waits_for_rests_and_is_tried_again(tmp_path: Path):
    """The API's port is held by somebody else, who goes: it answers then, without a restart of what trades."""
    told: list[str] = []
    rested: list[str] = []
    mark = tmp_path / "free"
    code = f"import pathlib, sys, time; pathlib.Path({str(mark)!r}).exists() or sys.exit(2); time.sleep(60)"
    child = _child(code, fatal=frozenset({2}), ends_all=False, again_after_s=0.3, on_given_up=rested.append)

    def until() -> bool:
        if len(rested) == 2:
            mark.touch()
        return child.lives >= 3 and mark.exists() and child.is_running

    assert _run(Supervisor([child], told.append), until) == 0
    assert not child.is_given_up and len(rested) in (2, 3)
    assert [text.split()[0] for text in told][:2] == ["CRITICAL", "WARN"]
    assert "is tried again in 0.005 minutes" in told[0]


def test_a_wrong_configuration_on_the_first_start_ends_all_of_it_with_its_status():
    told: list[str] = []
    supervisor = Supervisor(
        [_child("import time; time.sleep(60)"), _child("raise SystemExit(2)", fatal=frozenset({2, 3}))], told.append
    )
    assert _run(supervisor, lambda: False) == 2


def test_a_child_ends_when_whoever_started_it_is_gone(tmp_path: Path):
    root = Path(__file__).resolve().parents[2]
    mark = tmp_path / "mark"
    path = [str(root), str(root / "live")]
    child = _child(ENDS_WITH_PARENT.format(path=path, mark=str(mark)))
    child.start()
    assert child.process is not None and child.process.stdin is not None
    until(mark.exists)
    child.process.stdin.close()
    child.process.wait(PATIENCE_S)
    assert mark.read_text(encoding="utf-8") == "ended"


@pytest.mark.parametrize(
    "stubborn", ["import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"]
)
def test_one_that_does_not_listen_is_killed_within_five_seconds(stubborn: str):
    child = _child(stubborn)
    supervisor = Supervisor([child], lambda _text: None)
    began = time.monotonic()
    _run(supervisor, lambda: time.monotonic() - began > 0.5)
    assert not child.is_running
    assert time.monotonic() - began < 5.5


def test_a_strategy_that_never_returns_does_not_outlive_whoever_started_it(tmp_path: Path):
    root = Path(__file__).resolve().parents[2]
    path = [str(root), str(root / "live")]
    mark = tmp_path / "mark"
    child = _child(NEVER_RETURNS.format(path=path, mark=str(mark)))
    child.start()
    assert child.process is not None and child.process.stdin is not None
    until(mark.exists)
    child.process.stdin.close()
    assert child.process.wait(PATIENCE_S) == supervise.OVERDUE

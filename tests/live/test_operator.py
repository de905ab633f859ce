"""What a human tells the session: durable, in its place among the alerts, once, and rerun as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from zepix.errors import DataError, JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.lock import FolderLock
from zepix_live.clock import SystemClock
from zepix_live.commanding import give, outcome_of
from zepix_live.inbox_rows import encode
from zepix_live.operator_commands import OPERATOR, Command, command_of
from zepix_live.reading import commands, decisions
from zepix_live.rerunning import rerun_folder

V6 = {"strategy__name": "v6_price_action"}


def tell(one: Desk, word: str, plugin: str = "", **more: Any) -> int:
    """A command arrives now; its number in the inbox."""
    command = Command(f"test-{word}-{one.inbox.last_seq}", word, plugin, by="anna", **more)
    return one.inbox.append([(one.clock.now_ns(), OPERATOR, encode({**command.fields(), "from": "127.0.0.1"}))])[0]


def said(one: Desk) -> list[tuple[str, str]]:
    return [(body["level"], body["text"]) for _, _, body in one.rows("event") if body["code"] == "operator"]


@pytest.fixture
def running(desk) -> Desk:
    one: Desk = desk()
    one.open()
    one.run(2)
    return one


def test_nothing_is_entered_between_pause_and_resume_and_all_of_it_is_in_order(running: Desk):
    running.post(entry(id="before"))
    tell(running, "pause")
    running.post(entry(id="between"))
    running.post({"type": "exit", "symbol": "EURUSD", "id": "out"})
    tell(running, "resume")
    running.post(entry(id="after"))
    running.run(5)
    assert {name: outcome for name, outcome, _ in running.decisions()} == {
        "a1": "filled", "a3": "refused", "a4": "closed", "a6": "filled",
    }  # fmt: skip
    assert [reason for name, _, reason in running.decisions() if name == "a3"] == ["paused"]
    inputs = [(kind, body.get("command", "")) for _, kind, body in running.rows("alert", "operator")]
    alert = ("alert", "")
    assert inputs == [alert, ("operator", "pause"), alert, alert, ("operator", "resume"), alert]


def test_who_commanded_what_and_when_is_in_the_journal(running: Desk):
    at_ns = running.clock.now_ns()
    seq = tell(running, "pause")
    running.run(0.2)
    [(_, _, body)] = running.rows("operator")
    assert (body["command"], body["by"], body["from"], body["given_ns"], body["inbox"]) == (
        "pause", "anna", "127.0.0.1", at_ns, seq,
    )  # fmt: skip
    assert said(running) == [("INFO", "no new risk is taken; what is open goes on")]


def test_one_plugin_is_stopped_and_let_go_on(desk):
    one: Desk = desk(**V6)
    engine = one.open()
    plugins = list(engine.consumer.session.simulation.registry.get_all_plugins())
    tell(one, "pause", plugins[0])
    tell(one, "resume", "nobody")
    one.run(0.5)
    assert engine.consumer.session.engine._reined.hold(plugins[0], "EURUSD")
    assert not engine.consumer.session.engine._reined.hold(plugins[1], "EURUSD")
    one.crash()
    again = one.open()
    assert again.consumer.session.engine._reined.hold(plugins[0], "EURUSD")
    tell(one, "resume", plugins[0])
    one.run(0.5)
    assert not again.consumer.session.engine._reined.hold(plugins[0], "EURUSD")
    assert [level for level, _ in said(one)] == ["INFO", "WARN", "INFO"]
    assert "there is no plugin nobody" in said(one)[1][1]


FAILS = """
from zepix import PluginInfo, Strategy


class Fails(Strategy):
    info = PluginInfo(strategy="fails")

    async def process_entry_signal(self, alert):
        raise RuntimeError("boom")
"""


def test_a_plugin_that_was_disabled_is_heard_again_after_resume(desk, tmp_path: Path):
    (tmp_path / "fails.py").write_text(FAILS, encoding="utf-8")
    one: Desk = desk(plugin_system__plugin_dir=str(tmp_path), strategy__name="fails")
    engine = one.open()
    for number in range(6):
        one.post(entry(id=f"e{number}"))
    one.run(1)
    [plugin_id] = engine.consumer.session.simulation.registry.get_all_plugins()
    tell(one, "resume", plugin_id)
    one.post(entry(id="again"))
    one.run(1)
    assert [reason for _, _, reason in one.decisions()] == ["strategy_error"] * 5 + [
        "plugin_disabled",
        "strategy_error",
    ]


def test_rearm_without_a_guard_is_told_and_with_one_it_arms(desk):
    one: Desk = desk()
    one.open()
    tell(one, "rearm")
    one.run(0.2)
    assert said(one) == [("WARN", "there is no equity guard to arm (equity_guard.enabled)")]
    one.crash()
    again = one.open(equity_guard__enabled="true", equity_guard__stop_frac="0.5")
    tell(one, "rearm", base_equity=5000.0)
    one.run(0.2)
    guard = again.consumer.session.simulation.house.guard
    assert guard is not None
    assert float(guard._base) == 5000.0
    assert said(one)[-1] == ("INFO", "the equity guard is armed again")


def test_a_command_given_while_the_engine_is_down_is_taken_once_and_before_later_alerts(running: Desk):
    running.post(entry(id="one"))
    running.run(1)
    running.crash()
    tell(running, "pause")
    running.post(entry(id="two"))
    for _ in range(3):
        running.open()
        running.crash()
    engine = running.open()
    assert len(running.rows("operator")) == len(said(running)) == 1
    assert ("a3", "refused", "paused") in running.decisions()
    assert engine.consumer.session.engine.is_paused
    running.crash()
    assert rerun_folder(running.folder, {}).is_equal


def test_what_came_of_it_is_told_by_decisions_and_report_and_the_recovery_statement(running: Desk):
    running.run(0.5)
    running.crash()
    tell(running, "pause")
    assert [row["outcome"] for row in decisions(running.folder)] == ["pending"]
    engine = running.open()
    [row] = decisions(running.folder)
    assert (row["id"], row["strategy"], row["outcome"]) == ("o1", "", "operator")
    assert row["reason"] == "pause by anna: no new risk is taken; what is open goes on"
    assert "pause by anna" in commands(running.folder)[0]
    assert any("command received meanwhile: pause by anna: no new risk" in line for line in engine.statement["lines"])


# --- giving one from another process ------------------------------------------------------------------------------


def test_a_command_for_a_runner_that_is_down_lies_in_the_inbox_once(running: Desk):
    running.crash()
    running.inbox.close()
    command = command_of({"id": "once-and-only", "command": "pause", "by": "anna"})
    first = give(running.folder, command, SystemClock(), wait_s=0)
    assert (first.seq, first.is_running) == (1, False)
    assert give(running.folder, command, SystemClock(), wait_s=0).seq == 1  # the answer was lost, it was asked again
    running.inbox = DurableLog(running.folder / "inbox.sqlite", name="inbox")
    assert running.inbox.last_seq == 1
    running.open()
    assert [body["given_id"] for _, _, body in running.rows("operator")] == ["once-and-only"]
    assert outcome_of(running.folder, 1, SystemClock(), 0) == "no new risk is taken; what is open goes on"


def test_while_a_runner_owns_the_folder_nobody_else_writes_its_inbox(running: Desk):
    command = command_of({"id": "not-this-way", "command": "pause"})
    with FolderLock(running.folder / "lock", "runner"), pytest.raises(JournalError, match="took no command"):
        give(running.folder, command, SystemClock(), wait_s=0)
    assert running.inbox.last_seq == 0


def test_a_folder_that_is_none_is_told(tmp_path: Path):
    command = command_of({"id": "to-nobody", "command": "pause"})
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(DataError, match=r"--data DIR|start the runner once"):
            give(folder, command, SystemClock(), wait_s=0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "JSON object"),
        ({"id": "12345678", "command": "stop"}, "one of pause, resume, rearm"),
        ({"id": "short", "command": "pause"}, "id is 8 to 64"),
        ({"id": "12345678", "command": "pause", "plugin": 5}, "plugin is printable"),
        ({"id": "12345678", "command": "pause", "by": "x" * 65}, "by is printable"),
        ({"id": "12345678", "command": "pause", "base_equity": 5}, "belongs to rearm"),
        ({"id": "12345678", "command": "rearm", "plugin": "p", "base_equity": 5}, "not of a plugin"),
        ({"id": "12345678", "command": "rearm", "base_equity": -1}, "above 0"),
        ({"id": "12345678", "command": "rearm", "base_equity": float("nan")}, "above 0"),
        ({"id": "12345678", "command": "rearm", "base_equity": True}, "above 0"),
        ({"id": "12345678", "command": "pause", "farce": True}, "1 of the names"),
        ({"id": "12345678", "command": "pause", "force": True}, "force is true or false, and belongs to promote"),
        ({"id": "12345678", "command": "promote", "plugin": "p", "force": 1}, "force is true or false"),
        ({"id": "12345678", "command": "promote"}, "promote needs a plugin"),
        ({"id": "12345678", "command": "disable", "plugin": ""}, "disable needs a plugin"),
        ({"id": "12345678", "command": "mode"}, "mode needs a mode"),
        ({"id": "12345678", "command": "mode", "mode": "PAPER"}, "mode is one of LIVE, SHADOW, HYBRID"),
        ({"id": "12345678", "command": "pause", "mode": "LIVE"}, "belongs to mode"),
        ({"id": "12345678", "command": "flatten", "book": "twin"}, "book is one of shadow, live"),
        ({"id": "12345678", "command": "flatten", "book": ["live"]}, "book is one of shadow, live"),
    ],
)
def test_a_command_that_is_none_is_told(given: Any, told: str):
    with pytest.raises(ValueError, match=told):
        command_of(json.loads(json.dumps(given)))

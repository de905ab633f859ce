"""``zepix live status, tail, decisions`` on folders in every condition, and what they print in narrow places."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.live.desk import Desk, entry
from tests.live.health.test_view import Looked
from tests.waiting import PATIENCE_S
from zepix.commands.terminal import Screen
from zepix.errors import ConfigError, DataError
from zepix.journal.durable import DurableLog
from zepix_live.api_trouble import forget_api_trouble, read_api_trouble, write_api_trouble
from zepix_live.clock import SystemClock, VirtualClock
from zepix_live.commands import app
from zepix_live.finding import Wanted, find, moment_ns
from zepix_live.heartbeat import FAILED, EngineState, write_heartbeat
from zepix_live.outside import last_alerts, status_of
from zepix_live.pulse import Pulse
from zepix_live.tailing import Follower, line_of, wanted_kinds
from zepix_live.view_file import write_view

pytestmark = pytest.mark.clock

NS = 1_000_000_000
run = CliRunner()


def _traded(desk, **given) -> Desk:
    """Filled, refused, quarantined, closed; and a view of it."""
    one = desk(speed=600.0, **given)
    one.open()
    seen = Looked(one)
    seen.run(2)
    for number in range(6):
        symbol = "EURUSD" if number % 2 else "XAUUSD"
        one.post(entry(id=f"sig-{number}", symbol=symbol, side="buy" if number % 2 else "sell"))
        seen.run(1)
    one.post({"type": "exit", "symbol": "EURUSD"})
    one.post("rubbish \x1b[2J")
    one.post({"type": "entry", "side": "buy", "symbol": "EURUSD", "volume": 1e9, "id": "large"})
    seen.run(2)
    write_view(one.folder, seen.last)
    return one


def _told(one: Desk, *words: str, **more) -> str:
    found = run.invoke(app, [words[0], "--data", str(one.folder), *words[1:]], **more)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found.output


# --- status --------------------------------------------------------------------------------------------------------


def test_status_says_what_there_is_and_what_is_wrong(desk):
    one = _traded(desk)
    write_heartbeat(one.folder, EngineState(SystemClock().now_ns(), "running", pid=7))
    text = _told(one, "status")
    for word in ("engine", "running (pid 7)", "bracket", "SHADOW", "Open tickets: 3", "sig-5", "quarantined"):
        assert word in text
    assert "the receiver is down" in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "door",
    ['{"host":"\\u001b[31m","port":8000,"key":"k"}', '{"host":"127.0.0.1","port":99999999,"key":"k"}',
     '{"host":"127.0.0.1","port":-1,"key":"\\n"}', '{"host":"a b","port":8000,"key":"\u20ac"}'],
)  # fmt: skip
def test_files_of_somebody_else_are_no_reason_to_fall_over(desk, door):
    one = _traded(desk)
    (one.folder / "receiver.door.json").write_text(door, encoding="utf-8")
    view = json.loads((one.folder / "engine.view.json").read_text(encoding="utf-8"))
    for name, wrong in (("plugins", {"a": 1}), ("books", {"shadow": 3}), ("tickets", [1]), ("caps", [None])):
        (one.folder / "engine.view.json").write_text(json.dumps({**view, name: wrong}), encoding="utf-8")
        assert "the receiver is down: nobody answers there" in " ".join(_told(one, "status").split())


def test_decisions_say_what_was_asked_where_there_is_room(desk, monkeypatch):
    one = _traded(desk)
    wide, narrow = (_decisions(one, monkeypatch, width) for width in (150, 80))
    assert "entry buy EURUSD" in wide and "entry buy EURUSD" not in narrow
    assert "refused" in narrow and narrow.count("\n") == wide.count("\n"), "a line a row, in both"
    row = json.loads(_told(one, "decisions", "--json").splitlines()[0])
    assert (row["type"], row["side"], row["symbol"]) == ("entry", "sell", "XAUUSD")
    found = json.loads(_told(one, "decisions", "--json", "--symbol", "EURUSD").splitlines()[0])
    assert (found["type"], found["side"], found["symbol"]) == ("entry", "buy", "EURUSD")


def _decisions(one: Desk, monkeypatch, width: int) -> str:
    monkeypatch.setattr("zepix.commands.terminal.WIDTH_WITHOUT_TERMINAL", width)
    return _told(one, "decisions")


def test_an_engine_that_turns_and_cannot_write_is_halted_not_silent(desk):
    """A full disk takes no heartbeat; the pulse lies in room that it has already."""
    one = _traded(desk)
    write_heartbeat(one.folder, EngineState(SystemClock().now_ns() - 60 * NS, "running"))
    pulse = Pulse(one.folder)
    try:
        pulse.rest()
        os.utime(one.folder / "engine.pulse")
        assert status_of(one.folder, SystemClock())["engine"]["state"] == "halted"
        assert "is the disk full?" in " ".join(_told(one, "status").split())
        pulse.take(1, "alert", "a1")
        os.utime(one.folder / "engine.pulse")
        assert status_of(one.folder, SystemClock())["engine"]["state"] == "silent", "it stands in a handler"
    finally:
        pulse.close()


def test_what_became_critical_since_the_start_stands_in_the_status(desk):
    one = desk()
    one.open()
    seen = Looked(one)
    seen.run(2)
    one.post(entry(id="open", sl=1.0))
    seen.run(2)
    one.post('{"action": "close", "symbol": "EURUSD", "price": }')
    seen.run(2)
    write_view(one.folder, seen.last)
    assert seen.last["critical"]["count"] == 1
    text = " ".join(_told(one, "status").split())
    assert "! since the start, critical once, the last at " in text


def test_an_api_that_is_not_started_again_is_told_while_the_runner_runs(desk):
    one = _traded(desk)
    write_api_trouble(one.folder, "the API cannot be started (status 2; its reason stands above)\x1b\n" + "x" * 5_000)
    clock = VirtualClock(one.clock.now_ns())
    write_heartbeat(one.folder, EngineState(clock.now_ns(), "running"))
    (told,) = [text for text in status_of(one.folder, clock)["trouble"] if "API" in text]
    assert told.startswith("the API cannot be started (status 2; the log says why)") and len(told) < 1_200
    write_heartbeat(one.folder, EngineState(clock.now_ns(), "down"))
    assert not [text for text in status_of(one.folder, clock)["trouble"] if "API" in text]
    forget_api_trouble(one.folder)
    assert read_api_trouble(one.folder) == ""


def test_status_as_json_is_one_object(desk):
    one = _traded(desk)
    found = json.loads(_told(one, "status", "--json"))
    assert found["view"]["plugins"]["bracket"]["open_tickets"] == 3
    assert found["alerts"][0]["decisions"][0]["outcome"] == "refused"
    assert found["engine"]["state"] == "unknown"


@pytest.mark.parametrize(
    ("state", "age_s", "said", "plugins"),
    [
        ("running", 0, None, None),
        ("running", 30, "silent: it last said running 30 s ago", "UNKNOWN"),
        ("down", 3_000, "the engine is down", "UNKNOWN"),
        (FAILED, 3_000, "the engine is failed: no such setting", "UNKNOWN"),
        ("halted", 0, "the engine is halted", None),
        ("recovering", 0, "the engine is recovering", None),
    ],
)
def test_how_the_engine_is_wins_over_what_its_view_says(desk, state, age_s, said, plugins):
    one = _traded(desk)
    one.crash()
    clock = VirtualClock(one.clock.now_ns())
    detail = "no such setting" if state == FAILED else ""
    write_heartbeat(one.folder, EngineState(clock.now_ns() - age_s * NS, state, detail))
    os.utime(one.folder / "engine.pulse", ns=(clock.now_ns() - age_s * NS,) * 2)
    found = status_of(one.folder, clock)
    engine = [text for text in found["trouble"] if "engine" in text]
    assert engine == [] if said is None else said in engine[0]
    assert found["plugins"]["bracket"]["state"] == (plugins or found["view"]["plugins"]["bracket"]["state"])


def test_a_handler_that_hangs_is_told_with_its_plugin_and_alert(desk):
    one = _traded(desk)
    one.crash()
    pulse = Pulse(one.folder)
    pulse.beat("running")
    pulse.take(42, "alert", "sig-9")
    pulse.under("bracket")
    pulse.close()
    clock = VirtualClock(SystemClock().now_ns() + 8 * NS)
    write_heartbeat(one.folder, EngineState(clock.now_ns() - 8 * NS, "running"))
    found = status_of(one.folder, clock)
    assert found["plugins"]["bracket"]["state"] == "HUNG"
    assert any("HUNG" in text and "alert sig-9" in text for text in found["trouble"])


def test_an_empty_folder_is_told_and_a_missing_one_is_an_error(tmp_path: Path):
    found = run.invoke(app, ["status", "--data", str(tmp_path)])
    assert found.exit_code == 1
    assert "Nothing has run here yet" in found.output
    with pytest.raises(DataError, match="there is no folder"):
        status_of(tmp_path / "none", SystemClock())


def test_files_that_make_no_sense_end_no_status(desk):
    one = _traded(desk)
    one.crash()
    for name in (
        "engine.view.json",
        "engine.heartbeat.json",
        "engine.pulse",
        "engine.recovery.json",
        "receiver.door.json",
    ):
        (one.folder / name).write_bytes(b"\xff{")
    assert "quarantined" in _told(one, "status")


def test_a_journal_that_is_damaged_is_told_and_the_rest_stands(desk):
    one = _traded(desk)
    one.crash()
    for path in one.folder.glob("journal.sqlite*"):
        path.unlink()
    (one.folder / "journal.sqlite").write_bytes(b"no database" * 100)
    text = _told(one, "status")
    assert "journal.sqlite" in text
    assert "Plugins" in text


def test_an_alert_that_waits_is_pending(desk):
    one = _traded(desk)
    one.post(entry(id="waits"))
    newest = last_alerts(one.folder, 2)[0]
    assert (newest["id"], newest["decisions"]) == ("waits", [])


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_nothing_is_lost_and_nothing_overflows_in_a_narrow_window(desk, width, monkeypatch, capsys):
    from zepix_live.status_text import show_status

    one = _traded(desk)
    monkeypatch.setattr("zepix.commands.terminal.WIDTH_WITHOUT_TERMINAL", width)
    found = status_of(one.folder, SystemClock())
    show_status(found, Screen())
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= max(width, len(str(one.folder)))
    squeezed = "".join(text.split())
    for word in ("bracket", "volume_too_large", "unknown_dialect", "sig-5", "XAUUSD"):
        assert word in squeezed


@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_there_are_no_colours_in_a_pipe(desk, environ):
    assert "\x1b" not in _told(_traded(desk), "status", env=environ)


@pytest.mark.skipif(os.name != "posix", reason="a terminal of its own is POSIX's")
@pytest.mark.parametrize(("environ", "colours"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_a_terminal_that_wants_them(desk, environ, colours):
    import pty
    import subprocess

    one = _traded(desk)
    ours, theirs = pty.openpty()
    code = f"from zepix_live.commands import app; app(['status', '--data', {str(one.folder)!r}])"
    given = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm-256color", **environ}
    given["PYTHONPATH"] = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=given, timeout=60, check=False)
    os.close(theirs)
    text = b""
    try:
        while piece := os.read(ours, 65_536):
            text += piece
    except OSError:
        pass
    os.close(ours)
    assert b"bracket" in text
    assert (b"\x1b[3" in text) == colours


# --- tail ----------------------------------------------------------------------------------------------------------


def test_tail_tells_each_row_on_a_line_of_its_own(desk):
    one = _traded(desk)
    lines = _told(one, "tail", "--once", "--lines", "1000").splitlines()
    kinds = [line.split()[3] for line in lines]
    assert {"alert", "decision", "filled", "closed", "refused"} <= set(kinds)
    assert not {"prices", "clock", "done", "bar"} & set(kinds)
    numbers = [int(line.split()[2]) for line in lines]
    assert numbers == sorted(numbers)
    assert all(line.isprintable() for line in lines)


def test_tail_of_kinds_and_from_a_row(desk):
    one = _traded(desk)
    lines = _told(one, "tail", "--once", "--kinds", "filled,closed", "--from", "1").splitlines()
    assert {line.split()[3] for line in lines} == {"filled", "closed"}
    rows = [
        json.loads(line)
        for line in _told(one, "tail", "--once", "--kinds", "all", "--from", "3", "--json").splitlines()
    ]
    assert [row["seq"] for row in rows] == list(range(3, len(rows) + 3))
    with pytest.raises(ConfigError, match="did you mean 'decision'"):
        wanted_kinds("decisin")


def test_tail_waits_for_a_journal_and_goes_on_through_rotation_and_another_journal(tmp_path: Path):
    path = tmp_path / "journal.sqlite"
    looks = 0
    told: list[int] = []
    log: list[DurableLog] = []

    def event(number: int) -> tuple[int, str, str]:
        return number, "event", json.dumps({"level": "INFO", "code": "x", "text": "y" * 3_000})

    def wait(_seconds: float) -> bool:
        nonlocal looks
        looks += 1
        if looks == 2:
            log.append(DurableLog(path, name="journal", max_part_bytes=65_536))
            log[0].append([event(number) for number in range(10)])
        if looks == 4:
            for _ in range(30):
                log[0].append([event(1)])
        if looks == 6:
            log[0].close()
            log[0] = DurableLog(path, name="journal", max_part_bytes=65_536)  # a restart
            log[0].append([event(2)])
        if looks == 8:
            log[0].close()
            for one in tmp_path.glob("journal*"):
                one.unlink()
            log[0] = DurableLog(path, name="journal")
            log[0].append([event(3)])
        return looks < 11

    follower = Follower(path, None, wait)
    for row in follower.rows(0, follow=True):
        told.append(row.seq)
    log[0].close()
    assert told == [*range(1, 42), 1]
    assert (tmp_path / "journal-000002.sqlite").exists() is False
    assert any("not there yet" in note for note in follower.notes)
    assert any("another one" in note for note in follower.notes)


def test_tail_holds_a_few_rows_only(tmp_path: Path):
    """It reads on in chunks, and remembers none of them."""
    import tracemalloc

    with DurableLog(tmp_path / "journal.sqlite", name="journal") as log:
        for base in range(0, 20_000, 1_000):
            log.append([(base + n, "event", json.dumps({"text": "x" * 200})) for n in range(1_000)])
    follower = Follower(tmp_path / "journal.sqlite", None, lambda _seconds: False)
    tracemalloc.start()
    count = sum(1 for _ in follower.rows(0, follow=False))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak < 4 * 2**20


def test_a_row_of_any_kind_is_a_line(desk):
    one = _traded(desk)
    from zepix.journal.durable_reader import LogReader

    with LogReader(one.folder / "journal.sqlite") as reader:
        for row in reader.rows(0, None):
            assert "".join(text for text, _ in line_of(row))
            assert "".join(text for text, _ in line_of(replace(row, body="[1]", kind="new")))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="a signal as a terminal sends it")
def test_ctrl_c_ends_tail_well(desk):
    import signal
    import subprocess

    one = _traded(desk)
    # A shell that started the tests behind itself has SIGINT ignored, and that is inherited.
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"from zepix.cli import main; main(['live', 'tail', '--data', {str(one.folder)!r}])"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environ) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            assert process.wait(PATIENCE_S) in (0, 130)
        finally:
            process.kill()


# --- decisions -----------------------------------------------------------------------------------------------------


def _ids(found) -> list[tuple[str, str]]:
    return [(row["id"], row["outcome"]) for row in found.rows]


def test_decisions_by_what_people_ask(desk):
    one = _traded(desk)
    folder = one.folder
    assert _ids(find(folder, Wanted(reason="volume_too_large"), {})) == [("large", "refused")]
    assert [one for one, _ in _ids(find(folder, Wanted(outcome="filled", symbol="XAUUSD"), {}))] == [
        "sig-0",
        "sig-2",
        "sig-4",
    ]
    assert _ids(find(folder, Wanted(alert="sig-3"), {})) == [("sig-3", "filled")]
    assert _ids(find(folder, Wanted(alert="a4"), {})) == [("sig-3", "filled")]
    assert find(folder, Wanted(outcome="working"), {}).rows == [], (
        "what it said before its last word counts for nothing"
    )
    newest = find(folder, Wanted(plugin="bracket", limit=2), {})
    assert _ids(newest) == [("a7", "closed"), ("large", "refused")]
    assert newest.is_cut
    [row] = find(folder, Wanted(alert="large"), {}).rows
    assert (row["seq"], row["strategy"], row["symbol"], row["book"]) == (9, "bracket", "EURUSD", "shadow")


def test_decisions_of_a_time(desk):
    one = _traded(desk)
    times = {body["id"]: one.engine_times[seq] for seq, _, body in one.rows("decision") if body["final"]}
    found = find(one.folder, Wanted(since_ns=times["a3"], until_ns=times["a6"]), {})
    assert [row["id"] for row in found.rows] == ["sig-2", "sig-3", "sig-4"]


def test_a_reason_that_nobody_has_names_near_ones(desk):
    one = _traded(desk)
    assert "did you mean 'volume_too_large'" in find(one.folder, Wanted(reason="volume_to_large"), {}).notes[0]
    assert "volume_too_large" in find(one.folder, Wanted(reason="zzz"), {}).notes[0]


def test_the_database_answers_the_same_and_what_it_lacks_comes_from_the_journal(desk):
    from zepix_live.storage.address import address_of
    from zepix_live.storage.projector import Projector

    one = _traded(desk)
    questions = [
        Wanted(reason="volume_too_large"), Wanted(outcome="filled"), Wanted(alert="sig-3"),
        Wanted(plugin="bracket", limit=3), Wanted(symbol="XAUUSD", book="shadow"), Wanted(outcome="working"),
    ]  # fmt: skip
    plain = [find(one.folder, question, {}) for question in questions]
    projector = Projector(one.folder, address_of(one.folder))
    projector.advance(100)  # not to the end
    half = [find(one.folder, question, {}) for question in questions]
    while projector.advance(10_000):
        pass
    projector.close()
    whole = [find(one.folder, question, {}) for question in questions]
    assert {found.source for found in plain} == {"journal"}
    assert {found.source for found in half + whole} == {"database"}
    for first, second, third in zip(plain, half, whole, strict=True):
        assert _ids(first) == _ids(second) == _ids(third)
    assert "volume_too_large" in find(one.folder, Wanted(reason="volume_to_large"), {}).notes[0]


def test_a_database_that_cannot_be_read_is_told_and_the_journal_answers(desk):
    one = _traded(desk)
    (one.folder / "zepix.db").write_bytes(b"no database" * 100)
    found = find(one.folder, Wanted(reason="volume_too_large"), {})
    assert (found.source, len(found.rows)) == ("journal", 1)
    assert "database is not used" in found.notes[0]


@pytest.mark.parametrize(
    ("text", "before_s"), [("1d", 86_400), ("90min", 5_400), ("12h", 43_200), ("1.5h", 5_400), ("2w", 1_209_600)]
)
def test_spans_of_time(text: str, before_s: int):
    now = 1_767_225_600 * NS
    assert moment_ns(text, now, "--since") == now - before_s * NS


def test_times_as_they_are_written():
    assert moment_ns("2026-01-01", 0, "--since") == 1_767_225_600 * NS
    assert moment_ns("2026-01-01T01:00:00+01:00", 0, "--since") == 1_767_225_600 * NS
    with pytest.raises(ConfigError, match="--since is a span"):
        moment_ns("yesterday", 0, "--since")


def test_the_verb_tells_tables_json_and_that_nothing_fits(desk):
    one = _traded(desk)
    assert "volume_too_large" in _told(one, "decisions", "--outcome", "refused")
    [row] = [
        json.loads(line) for line in _told(one, "decisions", "--reason", "volume_too_large", "--json").splitlines()
    ]
    assert row["numbers"] is not None
    assert "no decision fits" in _told(one, "decisions", "--alert", "nobody")
    assert len(_told(one, "decisions", "--json").splitlines()) == 9, "all of them, as ever"


# --- commands ------------------------------------------------------------------------------------------------------


def test_a_refused_command_ends_with_a_status_of_its_own(desk, monkeypatch):
    """The engine is turned beside the command, as a runner would be."""
    from zepix_live import commanding

    before = threading.active_count()
    one = _traded(desk)
    real = commanding.give

    def through(data_dir, command, clock, wait_s=10.0):
        given = commanding.Given(
            one.inbox.append(
                [(one.clock.now_ns(), "operator", commanding.encode({**command.fields(), "from": "here"}))]
            )[0],
            True,
        )
        one.run(1)
        return given

    assert real is not None
    monkeypatch.setattr(commanding, "give", through)
    refused = run.invoke(app, ["pause", "--data", str(one.folder), "--plugin", "nobody"])
    assert (refused.exit_code, "there is no plugin nobody" in refused.output) == (1, True)
    done = run.invoke(app, ["pause", "--data", str(one.folder), "--plugin", "bracket"])
    assert done.exit_code == 0, done.output
    assert threading.active_count() < before + 10

"""The log: one line a record, as text or JSON, stamped with both times, without secrets, in ASCII, bounded."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from pathlib import Path

import pytest

from zepix.errors import ConfigError
from zepix_live.live_settings import default_settings, settings_problems
from zepix_live.logs import Lines, LogSettings, hand_on, handed_on, log_problems, log_settings, set_up, told_by
from zepix_live.redacting import blot_of

SECRET = "correct-horse-battery-staple"


@pytest.fixture(autouse=True)
def _as_before():
    """The root's handlers, and what it makes of errors, are those of the tests again."""
    root = logging.getLogger()
    before, level, raises = list(root.handlers), root.level, logging.raiseExceptions
    yield
    for one in root.handlers:
        if one not in before:
            one.close()
    root.handlers, root.level, logging.raiseExceptions = before, level, raises


def _record(text: str, *, level: int = logging.WARNING, **more: object) -> logging.LogRecord:
    record = logging.LogRecord("zepix.engine", level, __file__, 1, "%s", (text,), None)
    record.created = 1_767_261_600.123
    record.__dict__.update(more)
    return record


def _line(form: str, record: logging.LogRecord, event_ns: int = 0) -> str:
    return Lines("engine", form, str, lambda: event_ns).format(record)


def test_a_line_of_text_says_when_how_bad_where_what_and_about_what():
    record = _record("quiet", code="silence", alert="a7", seq=42, event_ns=1_400_000_000_000_000_000)
    assert _line("text", record) == (
        "2026-01-01 10:00:00.123Z WARN zepix.engine: quiet [alert=a7 seq=42 at=2014-05-13T16:53:20.000Z]"
    )


def test_a_line_of_json_has_a_name_for_each_of_it():
    record = _record("quiet", code="silence", plugin="v3", alert="a7", seq=42)
    assert json.loads(_line("json", record, event_ns=1_400_000_000_000_000_000)) == {
        "wall": "2026-01-01T10:00:00.123Z",
        "level": "WARN",
        "process": "engine",
        "logger": "zepix.engine",
        "time": "2014-05-13T16:53:20.000Z",
        "t_ns": 1_400_000_000_000_000_000,
        "code": "silence",
        "plugin": "v3",
        "alert": "a7",
        "seq": 42,
        "text": "quiet",
    }


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_an_alert_says_begins_no_line_and_commands_no_terminal(form: str):
    line = _line(form, _record("a\n2026 CRITICAL forged\x1b[2J\u2028\u00e9\U0001f600"))
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line


def test_a_traceback_stands_below_its_line_and_in_json_within_it():
    try:
        raise ValueError("boom")
    except ValueError:
        record = _record("failed")
        record.exc_info = sys.exc_info()
    below = _line("text", record).splitlines()[1:]
    assert below[-1] == "    ValueError: boom"
    assert "ValueError: boom" in json.loads(_line("json", record))["trace"]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_line_is_bounded(form: str):
    assert len(_line(form, _record("x" * 1_000_000))) < 9_000


def test_a_line_that_cannot_be_put_together_is_written_anyhow():
    record = logging.LogRecord("x", logging.INFO, __file__, 1, "%d of %d", (1,), None)
    assert "%d of %d" in _line("text", record)


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_of_settings_environment_and_folder_are_blotted(tmp_path: Path, form: str):
    (tmp_path / "secrets.toml").write_text(f'webhook_token = "{SECRET}-1"\n', encoding="utf-8")
    (tmp_path / "secrets.toml").chmod(0o600)
    config = tmp_path / "live.toml"
    config.write_text(f'[telegram.controller]\ntoken = "{SECRET}-2"\n', encoding="utf-8")
    environ = {"ZEPIX_API_TOKEN": f"{SECRET}-3", "ZEPIX_DATABASE_URL": f"postgresql://u:{SECRET}-4@h/n"}
    blot = blot_of(tmp_path, environ, config, {"telegram.notifier.token": f"{SECRET}-5", "risk.max_concurrent": 10})
    lines = Lines("engine", form, blot, lambda: 0)
    for number in range(1, 6):
        line = lines.format(_record(f"it says {SECRET}-{number}, and 10"))
        assert f"{SECRET}-{number}" not in line
        assert "***" in line
        assert "and 10" in line


def test_files_of_a_log_are_bounded_and_their_owners_alone(tmp_path: Path):
    set_up("engine", LogSettings(file=True, max_bytes=10_000, keep=2), tmp_path)
    log = logging.getLogger("zepix.some")
    for number in range(2_000):
        log.info("line %d", number)
    files = sorted((tmp_path / "logs").iterdir())
    assert [one.name for one in files] == ["engine.log", "engine.log.1", "engine.log.2"]
    assert all(one.stat().st_size <= 10_000 for one in files)
    assert "line 1999" in files[0].read_text(encoding="ascii")
    if os.name == "posix":
        assert all(one.stat().st_mode & 0o077 == 0 for one in files)


def test_a_disk_that_takes_no_line_ends_nothing(tmp_path: Path, capsys):
    set_up("engine", LogSettings(file=True), tmp_path)
    (tmp_path / "logs").rmdir()
    (tmp_path / "logs").write_text("", encoding="utf-8")
    logging.getLogger("zepix.some").warning("still here")
    assert "still here" in capsys.readouterr().err


def test_a_console_of_windows_takes_every_line(monkeypatch, tmp_path: Path):
    console = io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="strict")
    monkeypatch.setattr(sys, "stderr", console)
    set_up("engine", LogSettings(), tmp_path)
    logging.getLogger("zepix.some").warning("\u4e2d\U0001f600 \u2192")
    console.flush()
    assert b"\\u4e2d\\U0001f600 \\u2192" in console.buffer.getvalue()


def test_what_the_supervisor_says_is_as_ever_unless_somebody_asks(tmp_path: Path, capsys):
    said: list[str] = []
    assert told_by(LogSettings(), tmp_path, said.append) == said.append
    tell = told_by(LogSettings(file=True), tmp_path, said.append)
    tell("WARN the engine ended")
    assert said == ["WARN the engine ended"]
    assert "WARN zepix.supervisor: the engine ended" in (tmp_path / "logs" / "supervisor.log").read_text("ascii")
    told_by(LogSettings(format="json"), tmp_path, said.append)("CRITICAL it is over")
    assert len(said) == 1
    found = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (found["level"], found["process"], found["text"]) == ("CRITICAL", "supervisor", "it is over")


def test_settings_go_on_to_the_other_processes():
    environ: dict[str, str] = {}
    given = LogSettings("json", True, 50_000, 3)
    hand_on(given, environ)
    assert handed_on(environ) == given
    assert handed_on({}) == LogSettings()
    assert handed_on({next(iter(environ)): "{"}) == LogSettings()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"format": "xml"}, "text or json"),
        ({"formt": "json"}, "did you mean 'live.log.format'"),
        ({"max_bytes": 10}, "from 10000"),
        ({"keep": 0}, "from 1"),
        ({"file": "yes"}, "true or false"),
        ("json", "a table"),
    ],
)
def test_settings_that_are_none_are_told(given, said):
    assert said in log_problems(given)[0]
    with pytest.raises(ConfigError):
        log_settings(given)


def test_zepix_config_knows_them(tmp_path: Path):
    from zepix.config import ConfigManager
    from zepix.spec import DEFAULTS

    file = tmp_path / "live.toml"
    file.write_text("[live.log]\nformat = 3\n[live.health]\nhandler_ms = -1\n", encoding="utf-8")
    problems = settings_problems(ConfigManager(defaults=DEFAULTS, file=file, environ={}, flags={}, strict=False))
    assert any("live.log.format" in one for one in problems)
    assert any("live.health.handler_ms" in one for one in problems)
    assert default_settings()["live.log.keep"] == 5
    assert default_settings()["live.health.heartbeat_s"] == 300

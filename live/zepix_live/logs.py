"""The log of each process of a runner: one line a record, as text or as JSON, without secrets, in ASCII.

    2026-01-01 10:00:00.123Z WARN zepix.engine: silence: EURUSD ... [alert=a7 seq=42 at=2026-01-01T10:00:00.120Z]
    {"wall": "2026-01-01T10:00:00.123Z", "level": "WARN", "process": "engine", "logger": "zepix.engine",
     "time": "...", "t_ns": ..., "code": "silence", "alert": "a7", "seq": 42, "text": "..."}

``wall`` is the machine's clock; ``time`` (``at``) the session's: of a recording that is played, the recording's. It
goes to standard error, and where ``live.log.file`` says so into ``logs/`` of the data folder too, a file a process,
which is begun anew before it grows beyond ``live.log.max_bytes``; ``live.log.keep`` older ones stay.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import asdict, dataclass, fields
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError
from zepix_live.live_tables import unknown_setting

__all__ = [
    "FORMATS",
    "LOG",
    "LogSettings",
    "hand_on",
    "handed_on",
    "log_defaults",
    "log_problems",
    "log_settings",
    "set_up",
    "told_by",
]

LOG: Final = "log"
FORMATS: Final = ("text", "json")
VARIABLE: Final = "LOG_SETTINGS_OF_ZEPIX"
"""The variable in which a process finds how to log; no setting of a user's (those begin with ZEPIX_)."""
FOLDER: Final = "logs"
MOST_TEXT: Final = 8_000
LEAST_BYTES: Final = 10_000
MOST_BYTES: Final = 1 << 30
MOST_KEPT: Final = 100
NS: Final = 1_000_000_000
SAID: Final = ("code", "plugin", "alert", "seq")
WORDS: Final[Mapping[int, str]] = {logging.WARNING: "WARN"}
Blot = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class LogSettings:
    """``[live.log]``."""

    format: str = "text"
    file: bool = False
    max_bytes: int = 10_000_000
    keep: int = 5


def log_defaults() -> dict[str, Any]:
    """By name in ``[live.log]``."""
    return asdict(LogSettings())


def log_problems(given: Any) -> list[str]:
    """Everything that is wrong with a table of these settings, in sentences."""
    if not isinstance(given, Mapping):
        return ["live.log: expected a table of settings"]
    known = [one.name for one in fields(LogSettings)]
    found: list[str] = []
    for name, value in given.items():
        if name not in known:
            found.append(unknown_setting("live.log", name, known))
        elif problem := _problem(name, value):
            found.append(f"live.log.{name} {problem}, not {ascii(value)[:60]}")
    return found


def _problem(name: str, value: Any) -> str | None:
    if name == "format":
        return None if value in FORMATS else f"is {' or '.join(FORMATS)}"
    if name == "file":
        return None if isinstance(value, bool) else "is true or false"
    least, most = (LEAST_BYTES, MOST_BYTES) if name == "max_bytes" else (1, MOST_KEPT)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        return f"is a whole number from {least} to {most}"
    return None


def log_settings(given: Any) -> LogSettings:
    """What a table says; what it leaves out is as usual. Raises ConfigError with every problem."""
    given = {} if given is None else given
    if problems := log_problems(given):
        raise ConfigError(problems)
    return LogSettings(**given)


def hand_on(settings: LogSettings, environ: MutableMapping[str, str]) -> None:
    """For the processes that are started from here on."""
    environ[VARIABLE] = json.dumps(asdict(settings))


def handed_on(environ: Mapping[str, str]) -> LogSettings:
    """What the process that started this one handed on; as usual where that is nothing, or makes no sense."""
    try:
        return log_settings(json.loads(environ.get(VARIABLE) or "{}"))
    except (ValueError, ConfigError):
        return LogSettings()


def set_up(
    process: str,
    settings: LogSettings,
    data_dir: Path,
    blot: Blot = str,
    event_ns: Callable[[], int] = lambda: 0,
    level: int = logging.INFO,
) -> None:
    """Everything that is logged in this process goes where it should from now on. ``blot``: takes secrets out of a
    text; ``event_ns``: the session's time, for lines that do not bring their own (0: there is none)."""
    formatter = Lines(process, settings.format, blot, event_ns)
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if settings.file:
        handlers.append(_file(data_dir, process, settings))
    for handler in handlers:
        handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=handlers, force=True)
    logging.raiseExceptions = False  # a disk that is full, a console that is gone: no line is worth ending for
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def told_by(settings: LogSettings, data_dir: Path, say: Callable[[str], None]) -> Callable[[str], None]:
    """``say`` for the process that supervises the others: its sentences begin with their level where it is no INFO."""
    if settings == LogSettings():
        return say
    set_up("supervisor", settings, data_dir)
    log = logging.getLogger("zepix.supervisor")
    root = logging.getLogger()
    if settings.format == "text":  # people see the sentence as it is
        root.handlers = [one for one in root.handlers if isinstance(one, RotatingFileHandler)]

    def tell(text: str) -> None:
        if settings.format == "text":
            say(text)
        word, _, rest = text.partition(" ")
        level = {"CRITICAL": logging.CRITICAL, "WARN": logging.WARNING}.get(word)
        log.log(logging.INFO if level is None else level, "%s", text if level is None else rest)

    return tell


class Lines(logging.Formatter):
    """A record as one line."""

    def __init__(self, process: str, form: str, blot: Blot, event_ns: Callable[[], int]) -> None:
        super().__init__()
        self._process = process
        self._is_json = form == "json"
        self._blot = blot
        self._event_ns = event_ns

    def format(self, record: logging.LogRecord) -> str:
        """ASCII, at most some thousand characters, no secrets, one line (a traceback stands below it in text)."""
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 - a line that cannot be written is no reason to stop
            text = str(record.msg)
        trace = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else "")
        said: dict[str, Any] = {name: found for name in SAID if (found := getattr(record, name, None))}
        event_ns = getattr(record, "event_ns", 0) or self._event_ns()
        return self._blot(self._line(record, text, trace, said, event_ns))

    def _line(self, record: logging.LogRecord, text: str, trace: str, said: dict[str, Any], event_ns: int) -> str:
        level, wall = WORDS.get(record.levelno, record.levelname), _time(round(record.created * 1_000) * 1_000_000)
        text, trace = text[:MOST_TEXT], trace[-MOST_TEXT:]
        if self._is_json:
            found: dict[str, Any] = {"wall": wall, "level": level, "process": self._process, "logger": record.name}
            if event_ns:
                found |= {"time": _time(event_ns), "t_ns": event_ns}
            found |= {**said, "text": text}
            return json.dumps({**found, "trace": trace} if trace else found)
        more = [f"{name}={said[name]}" for name in SAID if name in said and name != "code"]
        more += [f"at={_time(event_ns)}"] if event_ns else []
        behind = f" [{' '.join(more)}]" if more else ""
        line = _harmless(f"{wall.replace('T', ' ')} {level} {record.name}: {text}{behind}")
        return line + "".join(f"\n    {_harmless(one)}" for one in trace.splitlines())


def _harmless(text: str) -> str:
    """ASCII without control characters: what an alert says must not begin a line of its own."""
    shown = text.encode("ascii", "backslashreplace").decode("ascii")
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in shown)


def _time(ns: int) -> str:
    moment = dt.datetime.fromtimestamp(ns // NS, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % NS // 1_000_000:03d}Z"


class _OwnFile(RotatingFileHandler):
    """Readable by its owner alone; what it cannot write is let go."""

    def _open(self) -> Any:
        return open(
            self.baseFilename, self.mode, encoding="ascii", errors="backslashreplace", newline="\n", opener=_private
        )

    def handleError(self, record: logging.LogRecord) -> None:
        del record


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _file(data_dir: Path, process: str, settings: LogSettings) -> logging.Handler:
    """Raises ConfigError where the folder cannot be made."""
    folder = data_dir / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made ({error.strerror or error}); it is to hold the logs") from error
    path = folder / f"{process}.log"
    return _OwnFile(path, maxBytes=settings.max_bytes, backupCount=settings.keep, delay=True)

"""Giving a command to the runner of a data folder, from another process: to its receiver, or straight into the inbox.

While the receiver runs, it alone writes the inbox: it is asked, with the key that lies in the folder. Where no runner
owns the folder, the command is put into the inbox here, and is the first thing that the next start takes. Between the
two (the receiver restarts) it is tried again. The command's id makes all of that one command.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zepix.errors import DataError, JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.lock import FolderLock
from zepix.journal.trouble import JournalLocked
from zepix_live.clock import Clock
from zepix_live.door_file import FROM, read_door
from zepix_live.inbox_rows import encode
from zepix_live.operator_commands import OPERATOR, Command, command_in_row

__all__ = ["Answer", "Given", "answer_of", "give", "near_host", "outcome_of"]

ANSWER_S: Final = 5.0
AGAIN_S: Final = 0.1
TAIL_ROWS: Final = 2_000
REFUSED: Final = "WARN"
"""The level of what an engine says of a command that it did not obey."""
APPLIED: Final = "applied"
"""So begins what it says of settings of which it took some, and others need a restart."""
_ANSWER_BYTES: Final = 64 * 1024
_pause = threading.Event()


@dataclass(frozen=True, slots=True)
class Given:
    """A command that is durable: its number in the inbox, and whether a runner has it already."""

    seq: int
    is_running: bool


def give(data_dir: Path, command: Command, clock: Clock, wait_s: float = 10.0, came_from: str = "") -> Given:
    """Make a command durable; tried for ``wait_s`` while the receiver restarts. ``came_from``: for whom it is given,
    where that is somebody else than whoever calls this. Raises DataError, JournalError."""
    if not data_dir.is_dir():
        raise DataError(f"{data_dir} is no data folder of a live runner; give --data DIR")
    until_ns = clock.monotonic_ns() + round(wait_s * 1e9)
    while True:
        seq, why = _asked(data_dir, command, came_from)
        if seq is not None:
            return Given(seq, True)
        try:
            return Given(_written(data_dir, command, clock, came_from), False)
        except JournalLocked:
            if clock.monotonic_ns() >= until_ns:
                raise JournalError(
                    f"the runner of {data_dir} took no command within {wait_s:g} s ({why}); try again: {command}"
                ) from None
            _pause.wait(AGAIN_S)


def _asked(data_dir: Path, command: Command, came_from: str) -> tuple[int | None, str]:
    """(number, "") from the receiver that runs, or (None, why not). Raises DataError for what it will never take."""
    door = read_door(data_dir)
    if door is None:
        return None, "no receiver has said where it listens"
    connection = http.client.HTTPConnection(near_host(door.host), door.port, timeout=ANSWER_S)
    try:
        headers = {"Authorization": f"Bearer {door.key}", "Content-Type": "application/json"}
        headers |= {FROM: came_from} if came_from else {}
        connection.request("POST", "/api/operator", json.dumps(command.fields()), headers)
        answer = connection.getresponse()
        found: Any = json.loads(answer.read(_ANSWER_BYTES))
        if answer.status in (200, 202):
            return int(found["seq"]), ""
        if answer.status == 400:
            raise DataError(f"the receiver does not take this command: {found.get('detail', '')}")
        return None, f"it answered {answer.status}: {found.get('detail') or found.get('error', '')}"
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError, AttributeError) as error:
        return None, f"it does not answer ({type(error).__name__})"
    finally:
        connection.close()


def near_host(host: str) -> str:
    """Where a receiver on this machine is reached that listens at ``host``."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host
    if not address.is_unspecified:
        return str(address)
    return "127.0.0.1" if address.version == 4 else "::1"


def _written(data_dir: Path, command: Command, clock: Clock, came_from: str) -> int:
    """The number in an inbox that nobody runs. Raises JournalLocked where somebody does."""
    path = data_dir / "inbox.sqlite"
    with FolderLock(data_dir / "lock", "runner"):
        if not path.exists():
            raise DataError(f"{data_dir} holds no inbox; start the runner once, then it can be told something")
        return _appended(path, command, clock, came_from)


def _appended(path: Path, command: Command, clock: Clock, came_from: str) -> int:
    with DurableLog(path, name="inbox") as inbox:
        with LogReader(path) as reader:
            for row in reader.rows(max(0, inbox.last_seq - TAIL_ROWS), None, kinds=frozenset({OPERATOR})):
                if command_in_row(row.seq, row.body)[0].id == command.id:  # asked before, and the answer was lost
                    return row.seq
        body = encode({**command.fields(), "from": came_from or "this folder"})
        return inbox.append([(clock.now_ns(), OPERATOR, body)])[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine said of a command."""

    text: str
    is_refused: bool
    """It was not obeyed: it makes no sense there, or not now."""


def outcome_of(data_dir: Path, seq: int, clock: Clock, wait_s: float) -> str | None:
    """The sentence of ``answer_of``."""
    found = answer_of(data_dir, seq, clock, wait_s)
    return None if found is None else found.text


def answer_of(data_dir: Path, seq: int, clock: Clock, wait_s: float) -> Answer | None:
    """What the engine said of command ``seq``, waited for; None where it has not said anything yet."""
    until_ns = clock.monotonic_ns() + round(wait_s * 1e9)
    while True:
        found = _said(data_dir / "journal.sqlite", seq)
        if found is not None or clock.monotonic_ns() >= until_ns:
            return found
        _pause.wait(AGAIN_S)


def _said(journal: Path, seq: int) -> Answer | None:
    if not journal.exists():
        return None
    number = None
    with LogReader(journal) as reader:
        for row in reader.rows(max(0, reader.last_seq() - TAIL_ROWS), None, kinds=frozenset({OPERATOR, "event"})):
            body = json.loads(row.body)
            if row.kind == OPERATOR and body.get("inbox") == seq:
                number = row.seq
            elif row.kind == "event" and number is not None and body.get("of") == number:
                text = str(body["text"])
                return Answer(text, body.get("level") == REFUSED and not text.startswith(APPLIED))
    return None

"""A runner for the first alert: one that runs on the folder already, or one that is started here; and its alerts."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from zepix.errors import DataError, JournalError
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import Clock
from zepix_live.commanding import near_host
from zepix_live.door_file import read_door
from zepix_live.heartbeat import RECORDING
from zepix_live.inbox_rows import ALERT, QUARANTINED, REFUSED, RESEND

__all__ = ["OUTPUT_NAME", "Runner", "first_alert", "is_well", "last_number", "records", "told_to_end"]

OUTPUT_NAME: Final = "live.out"
LOOK_EVERY_S: Final = 0.1
END_S: Final = 8.0
MOST_TOLD: Final = 12
ANSWER_S: Final = 2.0
_pause = threading.Event()
COMES: Final = frozenset({ALERT, RESEND, QUARANTINED, REFUSED})


def is_well(data_dir: Path) -> bool:
    """Whether the runner of a folder takes alerts and decides."""
    found = _asked(data_dir)
    return found is not None and found[0] == 200


def records(data_dir: Path) -> bool:
    """Whether ``zepix record`` runs on the folder: alerts are kept there, and nobody decides."""
    found = _asked(data_dir)
    if found is None:
        return False
    try:
        return bool(json.loads(found[1])["parts"]["engine"]["state"] == RECORDING)
    except (ValueError, KeyError, TypeError):
        return False


def _asked(data_dir: Path) -> tuple[int, bytes] | None:
    """What the receiver of a folder says of itself, with its status; None where nobody answers."""
    door = read_door(data_dir)
    if door is None:
        return None
    connection = http.client.HTTPConnection(near_host(door.host), door.port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/api/health", headers={"Authorization": f"Bearer {door.key}"})
        answer = connection.getresponse()
        return answer.status, answer.read(64 * 1024)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Runner:
    """The runner of one folder. ``process`` is None where somebody else started it."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, python: str = sys.executable) -> None:
        """Starts ``zepix live``; what it says goes to a file in the folder."""
        command = [python, "-X", "utf8", "-m", "zepix", "live", "--data", str(self.data_dir)]
        with (self.data_dir / OUTPUT_NAME).open("wb") as output:
            self.process = subprocess.Popen(  # noqa: S603 - our own interpreter
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )

    def wait_until_well(self, clock: Clock, wait_s: float) -> None:
        """Raises DataError with its last words where it ends, or is not well in time."""
        until_ns = clock.monotonic_ns() + round(wait_s * 1e9)
        while not is_well(self.data_dir):
            if self.process is not None and self.process.poll() is not None:
                raise DataError(f"zepix live ended with status {self.process.returncode}: {self._last_words()}")
            if clock.monotonic_ns() >= until_ns:
                raise DataError(f"zepix live is not well after {wait_s:g} s: {self._last_words()}")
            _pause.wait(LOOK_EVERY_S)

    def wait(self) -> int:
        """Until it ends by itself, or by Ctrl+C; its status."""
        return 0 if self.process is None else self.process.wait()

    def end(self) -> None:
        """Ends what was started here, and only that."""
        if self.process is None or self.process.poll() is not None:
            return
        with contextlib.suppress(OSError):
            self.process.terminate()
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(OSError):
                self.process.kill()
            self.process.wait()

    def _last_words(self) -> str:
        try:
            with (self.data_dir / OUTPUT_NAME).open("rb") as handle:
                handle.seek(max(0, os.fstat(handle.fileno()).st_size - 4_096))
                lines = handle.read().decode("utf-8", "replace").splitlines()
        except OSError:
            return "it said nothing"
        return " / ".join(line.strip() for line in lines[-MOST_TOLD:] if line.strip()) or "it said nothing"


@contextlib.contextmanager
def told_to_end() -> Iterator[None]:
    """While inside, whoever tells this process to end (a script's time limit, a terminal that is closed) ends it as
    Ctrl+C does: a runner that was started here does not stay behind alone."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    is_ours = threading.current_thread() is threading.main_thread()
    names = [signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])] if is_ours else []
    before = {one: signal.getsignal(one) for one in names}
    for one, was in before.items():
        if was is signal.SIG_DFL:  # one that is ignored (nohup) stays so
            signal.signal(one, end)
    try:
        yield
    finally:
        for one, was in before.items():
            signal.signal(one, was)


def last_number(data_dir: Path) -> int:
    """The number of the newest row of the inbox; 0 where there is none."""
    path = data_dir / "inbox.sqlite"
    if not path.exists():
        return 0
    with LogReader(path) as inbox:
        return inbox.last_seq()


def first_alert(
    data_dir: Path, after: int, clock: Clock, wait_s: float, tell: Callable[[str], None], is_over: Callable[[], bool]
) -> int | None:
    """The number of the first alert after number ``after``; None where none came in time, or it is over. Whoever
    knocked without the right secret is told."""
    until_ns = clock.monotonic_ns() + round(wait_s * 1e9)
    while clock.monotonic_ns() < until_ns and not is_over():
        try:
            with LogReader(data_dir / "inbox.sqlite") as inbox:
                for row in inbox.rows(after, None, kinds=COMES):
                    after = row.seq
                    if row.kind != REFUSED:
                        return row.seq
                    body = json.loads(row.body)
                    tell(f"somebody at {body.get('from')} knocked, but not with the secret ({body.get('reason')})")
        except JournalError:  # it is being made just now
            pass
        _pause.wait(LOOK_EVERY_S)
    return None

"""Watches an engine from outside: one whose pulse is silent for too long hangs, and is to be ended.

A strategy's handler that never returns cannot be ended from inside. How long is too long: ``hang_s`` while alerts and
prices are taken, or while handlers run in a recovery; ``start_s`` while it loads, reads prices and takes its journal
again. Time is counted in the looks of whoever watches, each worth a second at most, so that a machine that was asleep
or stopped makes no engine a hanging one; no clock on any wall has a say.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from zepix_live.pulse import Beat, read_pulse

__all__ = ["HANG_S", "START_S", "Hung", "Watchdog", "forget_hung", "read_hung", "write_hung"]

HANG_S: Final = 60.0
START_S: Final = 600.0
MOST_A_LOOK_S: Final = 1.0
READ_EVERY_S: Final = 0.25
FILE_NAME: Final = "engine.hung.json"
_LIMIT_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Hung:
    """Under what an engine was silent, and for how long."""

    of: int
    what: str
    silent_s: float
    state: str = "running"

    @property
    def text(self) -> str:
        return f"the engine was silent for {self.silent_s:.0f} s under {self.what} and was ended"


class Watchdog:
    """Of one child: ``begin`` with every start of it, ``look`` again and again."""

    def __init__(
        self,
        data_dir: Path,
        hang_s: float = HANG_S,
        start_s: float = START_S,
        read: Callable[[Path], Beat | None] = read_pulse,
    ) -> None:
        self._data_dir = data_dir
        self._hang_s, self._start_s, self._read = hang_s, start_s, read
        self.begin()

    def begin(self) -> None:
        """A new process: what the one before said last is no sign of its life."""
        self._last = self._read(self._data_dir)
        self._is_heard = False
        self._silent_s = self._unread_s = 0.0

    def look(self, passed_s: float) -> str | None:
        """Why the engine is to be ended, in a sentence; None while all is well. It is left for the next engine to
        tell."""
        passed_s = min(passed_s, MOST_A_LOOK_S)
        self._silent_s += passed_s
        self._unread_s += passed_s
        if self._unread_s < min(READ_EVERY_S, self._hang_s / 4):
            return None
        self._unread_s = 0.0
        found = self._read(self._data_dir)
        if found is None or found != self._last:  # without a file nobody is watched
            self._is_heard = self._is_heard or found is not None
            self._last, self._silent_s = found, 0.0
            return None
        is_working = self._is_heard and (found.state == "running" or found.taking)
        if self._silent_s <= (self._hang_s if is_working else self._start_s):
            return None
        what = found.what if is_working else "its start"
        hung = Hung(found.of if found.taking else 0, what, self._silent_s, found.state)
        write_hung(self._data_dir, hung)
        return hung.text


def write_hung(data_dir: Path, hung: Hung) -> None:
    """For the next engine, which puts it into the journal; not where the disk is full."""
    path = data_dir / FILE_NAME
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps(asdict(hung)), encoding="utf-8")
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()


def read_hung(data_dir: Path) -> Hung | None:
    """Under what the engine before was ended; None where it was not, or it makes no sense."""
    try:
        with (data_dir / FILE_NAME).open("rb") as handle:
            found = json.loads(handle.read(_LIMIT_BYTES))
        return Hung(int(found["of"]), str(found["what"]), float(found["silent_s"]), str(found["state"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None


def forget_hung(data_dir: Path) -> None:
    """It was told."""
    with contextlib.suppress(OSError):
        (data_dir / FILE_NAME).unlink()

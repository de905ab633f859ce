"""The engine's sign of life: a small file that it replaces every second, read by whoever asks how it is.

    {"t_ns": 1767225600000000000, "pid": 4711, "state": "running", "detail": "", "inbox_seq": 42}

``state`` is ``starting``, ``recovering``, ``running``, ``down``, ``halted`` or ``failed``; it turns while it is
``running``. Where alerts are only recorded there is none, and none is missed (``recording``). What ``failed`` is not
started again by itself: ``detail`` says why, and that does not grow old.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from zepix_live.clock import Clock

__all__ = [
    "FAILED",
    "FILE_NAME",
    "RECORDING",
    "EngineState",
    "read_heartbeat",
    "read_statement",
    "state_from_file",
    "write_heartbeat",
    "write_statement",
]

FILE_NAME: Final = "engine.heartbeat.json"
FAILED: Final = "failed"
RECORDING: Final = "recording"
STATEMENT_NAME: Final = "engine.recovery.json"
_LIMIT_BYTES: Final = 16 * 1024
_STATEMENT_BYTES: Final = 1024 * 1024
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class EngineState:
    """What the engine last said of itself, and when (``t_ns``, wall clock; 0: never)."""

    t_ns: int = 0
    state: str = "unknown"
    detail: str = ""
    inbox_seq: int = 0
    pid: int = 0

    @property
    def turns(self) -> bool:
        """Whether it said that it takes alerts and decides, or nobody is to decide."""
        return self.state in ("running", RECORDING)


def write_heartbeat(data_dir: Path, state: EngineState) -> bool:
    """Replaces the file in one step; False where that failed (a full disk, or a reader in the way on Windows)."""
    return _replaced(data_dir / FILE_NAME, asdict(state))


def write_statement(data_dir: Path, statement: Mapping[str, Any]) -> bool:
    """What the last start found, for the receiver to show; the journal has it too."""
    return _replaced(data_dir / STATEMENT_NAME, dict(statement))


def read_statement(data_dir: Path) -> dict[str, Any] | None:
    """What the last start found; None where nothing was said yet, or it makes no sense."""
    try:
        with (data_dir / STATEMENT_NAME).open("rb") as handle:
            found = json.loads(handle.read(_STATEMENT_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _replaced(path: Path, content: Mapping[str, Any]) -> bool:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        return False
    return True


def read_heartbeat(data_dir: Path) -> EngineState:
    """What the file says; a state ``unknown`` with the reason where there is none or it makes no sense."""
    try:
        with (data_dir / FILE_NAME).open("rb") as handle:
            content = handle.read(_LIMIT_BYTES)
        found = json.loads(content)
        return EngineState(
            t_ns=int(found["t_ns"]),
            state=str(found["state"]),
            detail=str(found.get("detail", "")),
            inbox_seq=int(found.get("inbox_seq", 0)),
            pid=int(found.get("pid", 0)),
        )
    except FileNotFoundError:
        return EngineState(detail="the engine has not said anything yet")
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        return EngineState(detail=f"the engine's sign of life cannot be read ({type(error).__name__})")


def state_from_file(data_dir: Path, clock: Clock, silence_s: float) -> Callable[[], EngineState]:
    """A function that gives the engine's state; one silent for longer than ``silence_s`` is ``silent``."""
    silence_ns = round(silence_s * _NS)

    def current() -> EngineState:
        found = read_heartbeat(data_dir)
        age_ns = clock.now_ns() - found.t_ns
        if found.t_ns and abs(age_ns) > silence_ns and found.state != FAILED:
            sentence = f"the engine last said {found.state} {age_ns / _NS:.1f} s ago"
            return EngineState(found.t_ns, "silent", sentence, found.inbox_seq, found.pid)
        return found

    return current

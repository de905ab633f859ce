"""Run a command as a process of its own and say how long it took and how much memory it held at its peak.

The bench's parent process stays small on purpose (no numpy): on Linux a child's peak starts at that of its parent.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HOUR_S = 3600.0


class CommandFailed(Exception):
    """A measured command did not end well; the message is its last line on standard error."""


@dataclass(frozen=True)
class Finished:
    """What a process left; ``peak_bytes`` is None where the system does not tell (Windows)."""

    wall_s: float
    peak_bytes: int | None
    stdout: str


def run(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str]) -> Finished:
    """Run to the end. Raises CommandFailed on any exit status but 0."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **environ}, stdout=out, stderr=err)
        status, peak_bytes = _wait(process)
        wall_s = time.perf_counter() - started
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", errors="replace"))
    if status:
        last = [line for line in texts[1].splitlines() if line.strip()][-1:] or ["no word on standard error"]
        raise CommandFailed(f"exit status {status}: {last[0].strip()}")
    return Finished(wall_s, peak_bytes, texts[0])


def _wait(process: subprocess.Popen[bytes]) -> tuple[int, int | None]:
    if not hasattr(os, "wait4"):
        return process.wait(HOUR_S), None
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    unit = 1 if sys.platform == "darwin" else 1024
    return process.returncode, usage.ru_maxrss * unit

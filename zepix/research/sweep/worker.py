"""A worker process of a sweep: ``python -m zepix.research.sweep.worker``, spoken to over its standard streams.

It is a fresh interpreter that imports zepix and nothing of the script or notebook that started it, so a script needs
no ``if __name__ == "__main__":`` and every system behaves alike. A message is its length (eight bytes, little-endian)
and a pickle: first the job, answered by ``ready`` or what is wrong; then tasks, each answered by its row. What
strategies print goes to standard error. The end of its input, or of whoever reads its answers, is its end.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from contextlib import suppress
from typing import IO, Any, Final

__all__ = ["READY", "main", "read_message", "write_message"]

READY: Final = "ready"
_LONGEST: Final = 8_000_000_000


def read_message(stream: IO[bytes]) -> Any:
    """The next message. Raises EOFError where the stream ends, whole or in the middle of one."""
    head = _exactly(stream, 8)
    length = int.from_bytes(head, "little")
    if length > _LONGEST:
        raise EOFError(f"a message of {length} bytes")
    return pickle.loads(_exactly(stream, length))  # noqa: S301 - from the process that started this one


def write_message(stream: IO[bytes], text: bytes) -> None:
    """Send a pickle."""
    stream.write(len(text).to_bytes(8, "little") + text)
    stream.flush()


def _exactly(stream: IO[bytes], length: int) -> bytes:
    parts, missing = [], length
    while missing:
        part = stream.read(min(missing, 1 << 24))
        if not part:
            raise EOFError("the stream has ended")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def main() -> None:
    """Serve one job until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the matter of who started this process
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what strategies print must not stand among the answers
    sys.stdout = sys.stderr
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _serve(sys.stdin.buffer, answers)


def _serve(tasks: IO[bytes], answers: IO[bytes]) -> None:
    job_text, search_path = read_message(tasks)
    sys.path[:] = [*search_path, *(one for one in sys.path if one not in search_path)]
    from zepix.research.sweep.job import Desk, Job
    from zepix.research.sweep.outcome import outcome

    try:
        desk = Desk(Job.unpacked(job_text))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - told to who asked, in words
        write_message(answers, pickle.dumps(f"{type(error).__name__}: {error}"))
        return
    write_message(answers, pickle.dumps(READY))
    while True:
        task = read_message(tasks)
        write_message(answers, pickle.dumps(outcome(desk, task)))


if __name__ == "__main__":
    main()

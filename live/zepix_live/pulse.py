"""The engine's pulse: a small file that it overwrites in place, which says that it lives and under which alert it is.

It is what the supervisor watches, and what a start reads to know under which alert the engine before it died. Written
in place, it needs no room on the disk, so that a full one does not silence an engine which turns; never forced to the
disk, since it has to outlive the process and not the machine.

    {"beat": 17, "state": "running", "taking": true, "of": 42, "kind": "alert", "id": "a7", "plugin": "bracket"}

and blanks to 512 bytes.

``of`` is the journal's number of the alert or command whose handlers run (``taking``), or ran when the engine before
this one ended; 0: none. ``plugin``: whose handler of it began last.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Protocol

__all__ = ["FILE_NAME", "NO_PULSE", "Beat", "Pulse", "Pulsing", "frame_of", "read_pulse"]

FILE_NAME: Final = "engine.pulse"
SIZE_BYTES: Final = 512
NAME_CHARS: Final = 128


@dataclass(frozen=True, slots=True)
class Beat:
    """What the file says."""

    beat: int = 0
    state: str = "starting"
    taking: bool = False
    of: int = 0
    kind: str = ""
    id: str = ""
    plugin: str = ""

    @property
    def what(self) -> str:
        """Under what the engine was, in words."""
        whose = f" (plugin {self.plugin})" if self.plugin else ""
        return f"{self.kind} {self.id}{whose}" if self.of else "prices or a timer"


class Pulsing(Protocol):
    """What a consumer and a recovery tell on their way."""

    def beat(self, state: str | None = None) -> None: ...

    def take(self, of: int, kind: str, name: str) -> None: ...

    def rest(self) -> None: ...


class _NoPulse:
    """Nobody watches."""

    def beat(self, state: str | None = None) -> None:
        del state

    def take(self, of: int, kind: str, name: str) -> None:
        del of, kind, name

    def rest(self) -> None:
        return


NO_PULSE: Final = _NoPulse()


class Pulse:
    """The writer; there is one, the engine. What cannot be written is let go: nobody is watched then."""

    def __init__(self, data_dir: Path) -> None:
        """Goes on from what the file says: what the engine before was under stays there until ``take`` or ``rest``."""
        path = data_dir / FILE_NAME
        self._now = replace(read_pulse(data_dir) or Beat(), state="starting", taking=False)
        self._handle = None
        with contextlib.suppress(OSError):
            self._handle = path.open("r+b" if path.exists() else "w+b", buffering=0)
        self.beat()

    def beat(self, state: str | None = None) -> None:
        """A sign of life, and what the engine does now."""
        self._write(replace(self._now, state=state or self._now.state))

    def take(self, of: int, kind: str, name: str) -> None:
        """The handlers of an alert or of a command begin."""
        self._write(Beat(0, self._now.state, True, of, kind, ascii(name)[1:-1][:NAME_CHARS]))

    def under(self, plugin_id: str) -> None:
        """A handler of that plugin begins, of the alert or command in hand; of prices and timers nothing is said."""
        if self._now.taking:
            self._write(replace(self._now, plugin=ascii(plugin_id)[1:-1][:NAME_CHARS]))

    @property
    def now(self) -> Beat:
        """What was written last."""
        return self._now

    def rest(self) -> None:
        """They have ended, and what followed is durable."""
        self._write(Beat(0, self._now.state))

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def _write(self, beat: Beat) -> None:
        self._now = replace(beat, beat=self._now.beat + 1)
        if self._handle is None:
            return
        with contextlib.suppress(OSError):
            self._handle.seek(0)
            self._handle.write(frame_of(self._now))


def frame_of(beat: Beat) -> bytes:
    """As it is written: always of the same length, so that nothing of an older one stays."""
    return json.dumps(asdict(beat)).encode("ascii").ljust(SIZE_BYTES)


def read_pulse(data_dir: Path) -> Beat | None:
    """What the file says; None where there is none, or it makes no sense (it is being written just now)."""
    try:
        with (data_dir / FILE_NAME).open("rb") as handle:
            found = json.loads(handle.read(SIZE_BYTES))
        return Beat(
            beat=int(found["beat"]),
            state=str(found["state"]),
            taking=bool(found["taking"]),
            of=int(found["of"]),
            kind=str(found["kind"]),
            id=str(found["id"]),
            plugin=str(found.get("plugin", "")),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError, OverflowError):
        return None

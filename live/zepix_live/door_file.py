"""Where the receiver of a data folder listens, and the key to its commands: a file that only its owner reads.

    {"host": "127.0.0.1", "port": 8000, "key": "...", "pid": 4711}

Whoever may read the folder's own files may give commands; nobody needs to be told an address or a secret for it. The
key is another one after each start.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

__all__ = ["FROM", "DoorFile", "read_door", "write_door"]

FILE_NAME: Final = "receiver.door.json"
FROM: Final = "X-Zepix-From"
"""The header of a command that is given for somebody else: the other's address. Believed with this key only."""
_LIMIT_BYTES: Final = 4 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class DoorFile:
    """Where to knock, and with what."""

    host: str
    port: int
    key: str
    pid: int = 0

    @staticmethod
    def new_key() -> str:
        """A key that nobody guesses."""
        return secrets.token_urlsafe(32)


def write_door(data_dir: Path, door: DoorFile) -> None:
    """Replaces the file in one step; readable by its owner alone. Where that fails, commands wait for a better disk."""
    draft = data_dir / f".{FILE_NAME}.{os.getpid()}.part"
    with contextlib.suppress(OSError):
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as handle:
            json.dump(asdict(door), handle)
        draft.replace(data_dir / FILE_NAME)


def read_door(data_dir: Path) -> DoorFile | None:
    """What the file says; None where there is none, or it makes no sense."""
    try:
        with (data_dir / FILE_NAME).open("rb") as handle:
            found = json.loads(handle.read(_LIMIT_BYTES))
        return DoorFile(str(found["host"]), int(found["port"]), str(found["key"]), int(found.get("pid", 0)))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None

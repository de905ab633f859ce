"""The engine's view of itself: one small file that it replaces at most once a second, for whoever looks from outside.

    {"version": 1, "t_ns": ..., "wall_ns": ..., "mode": {...}, "plugins": {...}, "books": {...}, "caps": [...], ...}

docs/operating.md tells every name. It holds no secrets, no bodies of alerts, and its lists are bounded. It is written
in one step, readable by its owner alone, and let go where the disk is full: whoever reads asks how old it is.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["FILE_NAME", "MOST_BYTES", "VERSION", "read_view", "write_view"]

FILE_NAME: Final = "engine.view.json"
VERSION: Final = 1
MOST_BYTES: Final = 1024 * 1024
PARTS: Final[Mapping[str, type]] = {
    **dict.fromkeys(("t_ns", "wall_ns"), int),
    **dict.fromkeys(("mode", "plugins", "books", "feed", "services", "loop", "journal", "inbox"), dict),
    **dict.fromkeys(("tickets", "chains", "caps"), list),
    **dict.fromkeys(("is_recording", "paused"), bool),
}
"""What every view has, and of which kind it is."""
ROWS: Final = ("plugins", "books", "feed", "services", "tickets", "chains", "caps")
"""Those whose entries are tables themselves."""


def write_view(data_dir: Path, view: Mapping[str, Any]) -> bool:
    """Replaces the file in one step; False where that failed (a full disk, or a reader in the way on Windows)."""
    text = json.dumps(view, separators=(",", ":"), allow_nan=False)
    draft = data_dir / f".{FILE_NAME}.{os.getpid()}.part"
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_NOFOLLOW", 0), 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as handle:
            handle.write(text)
        draft.replace(data_dir / FILE_NAME)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        return False
    return True


def read_view(data_dir: Path) -> dict[str, Any] | None:
    """What the engine last said of itself; None where it has not, where it makes no sense, or where a newer version
    wrote it."""
    try:
        with (data_dir / FILE_NAME).open("rb") as handle:
            content = handle.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            return None
        found = json.loads(content)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        return None
    if not all(type(found.get(name)) is kind for name, kind in PARTS.items()):
        return None
    rows = [row for name in ROWS for row in (found[name].values() if PARTS[name] is dict else found[name])]
    return found if all(isinstance(row, dict) for row in rows) else None

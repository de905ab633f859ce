"""The SHA-256 of a price file, remembered beside it so that an unchanged file is not read again.

A stamp (size, time of change, checksum) is believed only if both still match and the file had been left alone for two
seconds when it was hashed: file systems with coarse times could hide a change within them.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

__all__ = ["file_checksum", "hash_file", "known_checksum"]

SETTLED_NS: Final = 2_000_000_000
_BLOCK: Final = 1 << 22


def hash_file(path: Path) -> str:
    """SHA-256 of the file's bytes, in hex. Cost: about 1.5 GB a second."""
    digest = hashlib.sha256()
    block = bytearray(_BLOCK)
    view = memoryview(block)
    with path.open("rb", buffering=0) as stream:
        while count := stream.readinto(block):
            digest.update(view[:count])
    return digest.hexdigest()


def known_checksum(path: Path, folder: Path | None) -> str | None:
    """The checksum that the stamp of ``path`` in ``folder`` remembers, or None if it cannot be believed."""
    known = _read_stamp(_stamp_path(path, folder)) if folder is not None else {}
    facts = path.stat()
    if known.get("size") != facts.st_size or known.get("mtime_ns") != facts.st_mtime_ns:
        return None
    checksum = known.get("sha256")
    return checksum if isinstance(checksum, str) and len(checksum) == 64 else None


def file_checksum(path: Path, folder: Path | None) -> str:
    """The checksum of ``path``: remembered if that can be believed, else taken, and remembered in ``folder``."""
    known = known_checksum(path, folder)
    if known is not None:
        return known
    before = path.stat()
    checksum = hash_file(path)
    after = path.stat()
    settled = time.time_ns() - after.st_mtime_ns > SETTLED_NS
    unchanged = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if folder is not None and settled and unchanged:
        stamp = {"size": after.st_size, "mtime_ns": after.st_mtime_ns, "sha256": checksum}
        _write_stamp(_stamp_path(path, folder), stamp)
    return checksum


def _stamp_path(path: Path, folder: Path) -> Path:
    return folder / f"{path.name}.stamp"


def _read_stamp(stamp: Path) -> dict[str, Any]:
    try:
        found = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_stamp(stamp: Path, facts: dict[str, Any]) -> None:
    """Best effort: without a stamp the file is only hashed again."""
    part = stamp.with_name(f"{stamp.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        try:
            part.write_text(json.dumps(facts), encoding="utf-8", newline="\n")
            part.replace(stamp)
        finally:
            part.unlink(missing_ok=True)

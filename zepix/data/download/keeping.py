"""Raw files as they were fetched, in a folder of the store: whole under their name, or not there.

A file is written beside its place and renamed, so that a kill leaves it whole or absent. That the feed has nothing is
kept as well, in a small file ``13h_ticks.none`` that says why (``empty``: an hour without ticks; ``404``). An empty
``.bi5`` is nothing that is kept: it is what a power cut leaves.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from zepix.data.download.plan import RawFile
from zepix.errors import DataError

__all__ = ["RAW", "forget", "is_kept", "keep", "kept_bytes", "newest_ns"]

RAW: Final = ".dukascopy"
_NONE: Final = ".none"


def is_kept(folder: Path, file: RawFile) -> bool:
    """Whether a file, or that the feed has none, is kept below the folder."""
    path = folder / file.kept
    return _size(path) > 0 or path.with_suffix(_NONE).is_file()


def keep(folder: Path, file: RawFile, body: bytes | None) -> None:
    """Keep what the feed answered (None: 404). Raises DataError where it cannot be written."""
    path = folder / file.kept
    target = path if body else path.with_suffix(_NONE)
    content = body or (b"404\n" if body is None else b"empty\n")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for old in target.parent.glob(f"{target.name}.*.part"):
            old.unlink(missing_ok=True)
        with part.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as why:
        part.unlink(missing_ok=True)
        raise DataError(
            f"{target} cannot be written ({why.strerror or why}); what was fetched is kept, the same command goes on"
        ) from why


def kept_bytes(folder: Path, file: RawFile) -> bytes | None:
    """The packed file; None where the feed has none (or it was not fetched). Raises DataError if it cannot be read."""
    path = folder / file.kept
    if _size(path) <= 0:
        return None
    try:
        return path.read_bytes()
    except OSError as why:
        raise DataError(f"{path} cannot be read: {why.strerror or why}") from why


def forget(folder: Path, file: RawFile) -> None:
    """Remove a file that turned out damaged, so that it is fetched again."""
    (folder / file.kept).unlink(missing_ok=True)


def newest_ns(folder: Path, files: list[RawFile]) -> int:
    """When the youngest of the files was written."""
    times = [0]
    for file in files:
        try:
            times.append((folder / file.kept).stat().st_mtime_ns)
        except OSError:
            continue
    return max(times)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1

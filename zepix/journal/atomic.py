"""A file that is there whole or not at all: written beside its place, then moved there in one step."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from zepix.errors import DataError

__all__ = ["written_whole"]


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Lends a path beside ``path``; on leaving, what was written there replaces ``path``, on an error nothing does.

    A result can be computed again, so nothing is forced to the disk. Raises DataError where the folder cannot be
    written, or where another program holds the old file open (Windows).
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield draft
        draft.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} could not be written ({error.strerror or error}); "
            "is the folder writable and the old file closed in other programs?"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()

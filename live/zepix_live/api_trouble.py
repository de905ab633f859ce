"""Why the API of a runner does not answer: one small file in the data folder, for ``zepix live status``.

Nothing that trades waits for it; a disk that takes none is passed over. A start of the runner begins without it, and
an API that answers forgets it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

__all__ = ["FILE_NAME", "forget_api_trouble", "read_api_trouble", "write_api_trouble"]

FILE_NAME: Final = "api.trouble"
_MOST_BYTES: Final = 1_000


def write_api_trouble(data_dir: Path, why: str) -> None:
    """``why``: a sentence; it is kept in ASCII, without lines of its own."""
    text = ascii(why.replace("its reason stands above", "the log says why"))[1:-1]
    with contextlib.suppress(OSError):
        (data_dir / FILE_NAME).write_text(text[:_MOST_BYTES], encoding="ascii", newline="\n")


def read_api_trouble(data_dir: Path) -> str:
    """What was written; empty where nothing was."""
    try:
        with (data_dir / FILE_NAME).open("rb") as handle:
            text = handle.read(_MOST_BYTES).decode("ascii", "replace")
    except OSError:
        return ""
    return "".join(one for one in text if one.isascii() and one.isprintable())


def forget_api_trouble(data_dir: Path) -> None:
    """A new start knows of none, and what answers has none."""
    with contextlib.suppress(OSError):
        (data_dir / FILE_NAME).unlink(missing_ok=True)

"""The mark: how far a log was once durable, kept outside of it, so that rows that vanish are noticed.

SQLite ends its log of pages at the first damaged one and says nothing: after a bit flip, a truncation, or the return
of an old file the database opens well, only shorter. The mark is written after each durable append, so it is never
ahead of a healthy log, whatever crashes; a log that ends before its mark has lost rows it had promised. It is not
forced to the disk (it is a witness, not a promise), so it costs microseconds, and needs no new room on a full disk.

64 bytes a slot, two slots written in turn, so that a torn write leaves the other.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, Final

from zepix.journal.files import Files
from zepix.journal.rows import CHAIN_BYTES

__all__ = ["Mark", "MarkFile", "read_mark"]

_MAGIC: Final = b"ZPXM"
_BODY: Final = struct.Struct(f">4sq{CHAIN_BYTES}s")
_SLOT: Final = 64


@dataclass(frozen=True, slots=True)
class Mark:
    """A row that was durable: its number (0: none yet) and its chain."""

    seq: int = 0
    chain: bytes = b""


def read_mark(path: Path, files: Files) -> Mark:
    """The farther one of the readable slots; row 0 where there is no mark or none that can be believed."""
    try:
        with files.open_bytes(path, write=False) as file:
            raw = file.read(2 * _SLOT)
    except OSError:
        return Mark()
    return max((_decoded(raw[at : at + _SLOT]) for at in (0, _SLOT)), key=lambda mark: mark.seq)


class MarkFile:
    """The mark of a log that is being written."""

    def __init__(self, path: Path, files: Files) -> None:
        self._turn = 0
        self._file: BinaryIO | None = files.open_bytes(path, write=True)

    def advance(self, mark: Mark) -> None:
        """Notes that a row is durable. A disk that refuses is passed over: the row itself is safe."""
        if self._file is not None:
            self._turn ^= 1
            with contextlib.suppress(OSError):
                self._file.seek(self._turn * _SLOT)
                self._file.write(_encoded(mark))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _encoded(mark: Mark) -> bytes:
    body = _BODY.pack(_MAGIC, mark.seq, mark.chain)
    return (body + blake2b(body, digest_size=CHAIN_BYTES).digest()).ljust(_SLOT, b"\0")


def _decoded(raw: bytes) -> Mark:
    body, rest = raw[: _BODY.size], raw[_BODY.size :]
    if len(raw) < _SLOT or blake2b(body, digest_size=CHAIN_BYTES).digest() != rest[:CHAIN_BYTES]:
        return Mark()
    magic, seq, chain = _BODY.unpack(body)
    return Mark(seq, chain) if magic == _MAGIC else Mark()

"""Where a durable log keeps what: its parts, its mark, its snapshots, its lock, and the tables inside a part.

For ``DIR/journal.sqlite``: the first part is that file, further ones are ``journal-000002.sqlite`` and so on; beside
them lie SQLite's ``-wal`` and ``-shm`` of the part that is written, ``journal.mark``, ``journal-snapshots.sqlite``
and ``lock/lock-journal.sqlite``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from zepix.journal.files import Files
from zepix.journal.rows import CHAIN_BYTES

__all__ = [
    "APPLICATION_ID",
    "CREATE",
    "SCHEMA",
    "PartHeader",
    "lock_folder",
    "mark_path",
    "part_path",
    "parts_of",
    "snapshots_path",
    "wal_path",
]

SCHEMA: Final = 1
APPLICATION_ID: Final = 0x5A50584A  # "ZPXJ", so that `file` and we tell a journal from any other database
CREATE: Final = (
    f"PRAGMA application_id={APPLICATION_ID}",
    f"PRAGMA user_version={SCHEMA}",
    "CREATE TABLE header (id INTEGER PRIMARY KEY CHECK (id = 1), body TEXT NOT NULL, digest BLOB NOT NULL) STRICT",
    "CREATE TABLE rows (seq INTEGER PRIMARY KEY, t_ns INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, "
    "chain BLOB NOT NULL) STRICT",
)


@dataclass(frozen=True, slots=True)
class PartHeader:
    """What a part says of itself; ``digest`` is what its first row is chained to."""

    name: str
    part: int
    first_seq: int
    previous: bytes
    fields: Mapping[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    def encoded(self) -> str:
        """JSON text. Raises ValueError or TypeError for fields that JSON cannot hold."""
        said = {
            "schema": self.schema,
            "name": self.name,
            "part": self.part,
            "first_seq": self.first_seq,
            "previous": self.previous.hex(),
            "fields": dict(self.fields),
        }
        return json.dumps(said, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> bytes:
        return blake2b(self.encoded().encode("ascii"), digest_size=CHAIN_BYTES).digest()

    @staticmethod
    def decoded(body: str, digest: bytes) -> PartHeader:
        """The header of a stored text. Raises ValueError where the text is not what was written."""
        if blake2b(body.encode("utf-8"), digest_size=CHAIN_BYTES).digest() != digest:
            raise ValueError("its checksum is wrong")
        said = json.loads(body)
        return PartHeader(
            said["name"], said["part"], said["first_seq"], bytes.fromhex(said["previous"]), said["fields"],
            said["schema"],
        )  # fmt: skip


def part_path(path: Path, number: int) -> Path:
    """The file of part ``number``, from 1."""
    return path if number == 1 else path.with_name(f"{path.stem}-{number:06d}{path.suffix}")


def parts_of(path: Path, files: Files) -> list[tuple[int, Path]]:
    """The parts there are, in order; none where there is no log."""
    pattern = re.compile(re.escape(path.stem) + r"-(\d{6})" + re.escape(path.suffix))
    found = [(1, path)] if files.size(path) is not None else []
    for name in files.names(path.parent):
        match = pattern.fullmatch(name)
        if match and int(match[1]) > 1:
            found.append((int(match[1]), path.with_name(name)))
    return sorted(found)


def wal_path(part: Path) -> Path:
    """SQLite's log of pages beside a part."""
    return part.with_name(f"{part.name}-wal")


def mark_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.mark")


def snapshots_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}-snapshots{path.suffix}")


def lock_folder(path: Path) -> Path:
    return path.parent / "lock"

"""The inbox of ``zepix live`` and ``zepix record`` as an alert log: what was received, when, with what stood beside it.

Bodies that were accepted, once more within 30 s, or turned away are rows; dry alerts, commands and notes of the
receiver are none. Read while the receiver writes it or not; each row is proved by the log's own checksums.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from zepix.alerts.reasons import REASONS
from zepix.alerts.rows import LogRow
from zepix.alerts.timestamps import from_ns
from zepix.errors import DataError, JournalError

__all__ = ["INBOX_START", "checksum_of_inbox", "log_file", "read_inbox"]

INBOX_START: Final = b"SQLite format 3\x00"
INBOX_NAME: Final = "inbox.sqlite"
_KINDS: Final = frozenset({"alert", "resend", "quarantined"})
_OTHERS: Final = frozenset({"refused", "operator", "event"})


def log_file(path: Path) -> Path:
    """The inbox in a runner's data folder; any other path as it is."""
    inbox = path / INBOX_NAME
    return inbox if path.is_dir() and inbox.is_file() else path


def read_inbox(path: Path) -> Iterator[LogRow]:
    """The rows in the order of their receipt. Raises DataError for a database that is no inbox, or is damaged."""
    number = 0
    for seq, t_ns, kind, found in _rows(path):
        if kind in _KINDS and found.get("dry") is not True:
            number += 1
            yield _row(number, seq, t_ns, kind, found)


def checksum_of_inbox(path: Path) -> str:
    """SHA-256 of what it holds: the file's own bytes change while SQLite tidies it up."""
    digest = sha256()
    for row in _rows(path):
        digest.update(json.dumps(row, separators=(",", ":")).encode("ascii"))
    return digest.hexdigest()


def _rows(path: Path) -> Iterator[tuple[int, int, str, dict[str, Any]]]:
    from zepix.journal.durable_reader import LogReader  # tidy: the inbox is a durable log, and nobody else reads those

    try:
        with LogReader(path) as reader:
            for row in reader.rows(0, None):
                if row.kind not in _KINDS | _OTHERS:
                    raise DataError(
                        f"{path} is no inbox: its row {row.seq} is {row.kind!a}; alerts as they were received stand in "
                        f"{INBOX_NAME} of the data folder"
                    )
                yield row.seq, row.t_ns, row.kind, json.loads(row.body)
    except (JournalError, ValueError) as error:
        raise DataError(f"{path} cannot be read as a runner's inbox ({error})") from error


def _row(number: int, seq: int, t_ns: int, kind: str, found: dict[str, Any]) -> LogRow:
    explicit = found.get("id") if kind == "alert" else None
    problem = None
    if kind == "quarantined":
        reason, detail = str(found.get("reason", "")), str(found.get("detail", ""))
        known = reason in REASONS
        problem = (reason if known else "bad_row", detail if known else f"turned away by the receiver: {reason}")
    return LogRow(
        number,
        received_at=from_ns(t_ns),
        payload=found.get("raw"),
        id=explicit if explicit is not None else f"a{seq}",
        source=found.get("source"),
        ticker=found.get("symbol"),
        problem=problem,
    )

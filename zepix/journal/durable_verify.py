"""Looks at all of a log: every part's pages, header and rows, the mark, the snapshots; names each fault it finds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from zepix.errors import JournalError
from zepix.journal.files import Connection, Files
from zepix.journal.layout import PartHeader, mark_path, parts_of, snapshots_path
from zepix.journal.mark import read_mark
from zepix.journal.part_scan import AFTER, fault_of, header_of
from zepix.journal.snapshots import sorted_out
from zepix.journal.trouble import Problem, named

__all__ = ["verify"]

_CHUNK: Final = 2_000
_MOST_PAGES: Final = 20


class _Walk:
    """Where the walk over the parts has come to: the last row read and its chain."""

    def __init__(self) -> None:
        self.seq = 0
        self.chain = b""
        self.is_first = True


def verify(path: Path, files: Files) -> Iterator[Problem]:
    """Every fault of the log at ``path``. Raises nothing for a damaged log: what cannot be read is a finding too."""
    walk = _Walk()
    mark = read_mark(mark_path(path), files)  # first: a writer at work goes on while the rows are read
    parts = parts_of(path, files)
    if not parts:
        yield Problem(path, None, None, "there is no journal")
    for place, (number, part) in enumerate(parts):
        if place and parts[place - 1][0] != number - 1:
            yield Problem(part, None, None, f"part {number - 1} is missing")
            walk.is_first = True
        yield from _part(part, files, walk, is_last=place == len(parts) - 1)
    if mark.seq > walk.seq:
        yield Problem(path, mark.seq, None, f"it was durable once, but the log ends at row {walk.seq}")
    yield from _snapshots(snapshots_path(path), files)


def _part(path: Path, files: Files, walk: _Walk, *, is_last: bool) -> Iterator[Problem]:
    connection: Connection | None = None
    try:
        connection = files.connect(path, read_only=True)
        header = header_of(path, connection)
        if header is None:
            if not is_last:
                yield Problem(path, None, None, "it is empty though a later part follows it")
            return
        if not walk.is_first and (header.first_seq != walk.seq + 1 or header.previous != walk.chain):
            yield Problem(path, header.first_seq, None, "this part does not continue the one before")
        yield from _pages(path, connection)
        yield from _rows(path, connection, header, walk)
    except (sqlite3.Error, OSError) as error:
        yield Problem(path, walk.seq + 1, None, str(named(error, path, "be read")))
    except JournalError as error:
        yield Problem(path, None, None, str(error))
    finally:
        if connection is not None:
            connection.close()


def _pages(path: Path, connection: Connection) -> Iterator[Problem]:
    """What SQLite itself finds wrong with the file."""
    for (line,) in connection.execute(f"PRAGMA integrity_check({_MOST_PAGES})").fetchall():
        if line != "ok":
            yield Problem(path, None, None, f"SQLite finds the file damaged: {line}")


def _rows(path: Path, connection: Connection, header: PartHeader, walk: _Walk) -> Iterator[Problem]:
    walk.seq, walk.is_first = header.first_seq - 1, False
    chain, walk.chain = header.digest, header.previous
    while records := connection.execute(AFTER, (walk.seq, _CHUNK)).fetchall():
        for record in records:
            if record[0] != walk.seq + 1:
                yield Problem(path, walk.seq + 1, None, f"it is missing: the next row is {record[0]}")
            fault = None if record[0] != walk.seq + 1 else fault_of(path, record, record[0], chain)
            fault = fault or _no_json(path, record)
            if fault is not None:
                yield fault
            walk.seq = record[0]
            chain = walk.chain = record[4] if type(record[4]) is bytes else b""  # one altered row, one finding


def _no_json(path: Path, record: Any) -> Problem | None:
    seq, _, _, body, _ = record
    try:
        json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        return Problem(path, seq, error.start, "it is no UTF-8 text")
    except json.JSONDecodeError as error:
        byte = len(body.decode("utf-8")[: error.pos].encode("utf-8"))
        return Problem(path, seq, byte, f"its body is no JSON ({error.msg})")
    except (ValueError, AttributeError, RecursionError) as error:
        return Problem(path, seq, None, f"its body is no JSON ({error})")
    return None


def _snapshots(path: Path, files: Files) -> Iterator[Problem]:
    if files.size(path) is None:
        return
    try:
        connection = files.connect(path, read_only=True)
        try:
            records = connection.execute("SELECT seq, schema, chain, body, digest FROM snapshots").fetchall()
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        if (
            getattr(error, "sqlite_errorcode", 0) != sqlite3.SQLITE_READONLY_ROLLBACK
        ):  # interrupted; its writer mends it
            yield Problem(path, None, None, str(named(error, path, "be read")))
        return
    yield from sorted_out(path, records)[1]

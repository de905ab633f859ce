"""Reads rows of one part and believes them only if their numbers are gapless and their chain holds."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from zepix.journal.files import Connection
from zepix.journal.layout import APPLICATION_ID, SCHEMA, PartHeader
from zepix.journal.rows import Row, link
from zepix.journal.trouble import JournalBroken, JournalNewer, Problem, named

__all__ = ["AFTER", "NEWEST", "believed", "chain_of", "fault_of", "header_of"]

AFTER: Final = (
    "SELECT seq, t_ns, CAST(kind AS BLOB), CAST(body AS BLOB), chain FROM rows WHERE seq > ? ORDER BY seq LIMIT ?"
)
"""The next rows; texts as bytes, so that what is no UTF-8 is found here and not in the database's driver."""

NEWEST: Final = (
    "SELECT seq, t_ns, CAST(kind AS BLOB), CAST(body AS BLOB), chain FROM rows WHERE kind = ? ORDER BY seq DESC LIMIT 1"
)
"""The last row of a kind."""


def header_of(path: Path, connection: Connection) -> PartHeader | None:
    """The part's header; None where the file was never begun. Raises JournalNewer, JournalBroken, JournalError."""
    try:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
            return None
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        schema = connection.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise JournalBroken(f"{path} is a database but no journal of zepix; is the path right?")
        if schema > SCHEMA:
            raise JournalNewer(
                f"{path} has schema {schema}, newer than this program's {SCHEMA}; a newer zepix reads it"
            )
        found = connection.execute("SELECT CAST(body AS BLOB), digest FROM header").fetchall()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY_ROLLBACK:
            return None  # its making was interrupted, which its writer mends
        raise named(error, path, "be read") from error
    try:
        ((body, digest),) = found
        header = PartHeader.decoded(body.decode("utf-8"), digest)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise JournalBroken(f"{path}: its header is damaged ({error})") from error
    if header.schema > SCHEMA:
        raise JournalNewer(f"{path} has schema {header.schema}, newer than this program's {SCHEMA}")
    return header


def chain_of(path: Path, connection: Connection, header: PartHeader, seq: int) -> bytes:
    """The chain that row ``seq + 1`` of this part continues. Raises JournalBroken if row ``seq`` is not there."""
    if seq == header.first_seq - 1:
        return header.digest
    try:
        found = connection.execute("SELECT chain FROM rows WHERE seq = ?", (seq,)).fetchone()
    except sqlite3.Error as error:
        raise named(error, path, "be read") from error
    if found is None or type(found[0]) is not bytes:
        raise JournalBroken(str(Problem(path, seq, None, "it is not there, though later rows were promised")))
    return found[0]


def believed(path: Path, records: Iterable[Any], seq: int, chain: bytes) -> Iterator[tuple[Row, bytes]]:
    """Each record as ``(row, its chain)``; ``seq`` and ``chain`` are of the row before the first.

    Raises JournalBroken at the first record that does not continue it.
    """
    kinds: dict[bytes, str] = {}
    for record in records:
        number, t_ns, kind, body, stored = record
        try:
            if number != seq + 1 or link(chain, number, t_ns, kind, body) != stored:
                raise JournalBroken(str(fault_of(path, record, seq + 1, chain)))
            word = kinds.get(kind)
            if word is None:
                word = kinds[kind] = kind.decode("utf-8")
            row = Row(number, t_ns, word, body.decode("utf-8"))
        except (TypeError, AttributeError, ValueError, struct.error):
            raise JournalBroken(str(fault_of(path, record, seq + 1, chain))) from None
        yield row, stored
        seq, chain = number, stored


def fault_of(path: Path, record: Any, due: int, chain: bytes) -> Problem | None:
    """What is wrong with a record that should have number ``due`` and continue ``chain``; None if nothing is."""
    number, t_ns, kind, body, stored = record
    if number != due:
        return Problem(path, due, None, f"it is missing: the next row is {number}")
    if type(t_ns) is not int or type(kind) is not bytes or type(body) is not bytes or type(stored) is not bytes:
        return Problem(path, due, None, "it holds values of a wrong type")
    try:
        kind.decode("utf-8")
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = error.start if error.object == body else None
        return Problem(path, due, byte, "it is no UTF-8 text: the row was altered")
    if len(kind) > 0xFFFF or link(chain, number, t_ns, kind, body) != stored:
        return Problem(
            path, due, None, f"its checksum is wrong: it (body of {len(body)} bytes) or the row before was altered"
        )
    return None

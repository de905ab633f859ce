"""Reads a journal line by line, however long it is, and stops where it can no longer be believed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from zepix.errors import JournalError
from zepix.journal.codec import HEADER_KIND, SCHEMA, decode_line

if TYPE_CHECKING:  # the live receiver imports this package and must not load the engine
    from zepix.engine.record import JournalLine

__all__ = ["MAX_LINE_BYTES", "read_header", "read_journal"]

MAX_LINE_BYTES: Final = 16 * 1024 * 1024


def read_header(path: Path) -> dict[str, Any]:
    """The fields of the first line, ``schema`` among them. Raises JournalError as ``read_journal`` does."""
    with _open(path) as file:
        return _header(path, file)


def read_journal(path: Path) -> Iterator[JournalLine]:
    """Yields ``(ts_ns, kind, fields)``, the header not among them; the place in the order is the sequence number.

    Raises JournalError, naming the line and its first byte, for a line that is no journal line, for a number that is
    not the one before plus one, for a torn last line, for a journal of a newer schema, and for a missing file.
    """
    with _open(path) as file:
        _header(path, file)
        yield from _body(path, file)


def _body(path: Path, file: BinaryIO) -> Iterator[JournalLine]:
    number, byte, expected = 2, file.tell(), 1
    while raw := file.readline(MAX_LINE_BYTES + 1):
        seq, ts_ns, kind, fields = _decode(path, raw, number, byte)
        if seq != expected:
            raise _error(path, number, byte, f'"seq" is {seq} where {expected} was due: lines are missing or doubled')
        yield ts_ns, kind, fields
        number, byte, expected = number + 1, byte + len(raw), expected + 1


def _header(path: Path, file: BinaryIO) -> dict[str, Any]:
    raw = file.readline(MAX_LINE_BYTES + 1)
    if not raw:
        raise JournalError(f"{path} is empty; a journal begins with a header line")
    seq, _, kind, fields = _decode(path, raw, 1, 0)
    schema = fields.get("schema")
    if kind != HEADER_KIND or seq != 0 or type(schema) is not int:
        raise _error(path, 1, 0, f'it is no header ("kind" is {kind!r}); is this a journal?')
    if schema > SCHEMA:
        raise _error(path, 1, 0, f"schema {schema} is newer than this program's {SCHEMA}; a newer zepix reads it")
    return fields


def _decode(path: Path, raw: bytes, number: int, byte: int) -> tuple[int, int, str, dict[str, Any]]:
    if len(raw) > MAX_LINE_BYTES:
        raise _error(path, number, byte, f"it is longer than {MAX_LINE_BYTES} bytes")
    if not raw.endswith(b"\n"):
        raise _error(path, number, byte, "it has no end: the journal was cut off while it was written")
    try:
        return decode_line(raw)
    except ValueError as error:
        raise _error(path, number, byte, str(error)) from None


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise JournalError(f"{path} cannot be read ({error.strerror or error})") from error


def _error(path: Path, number: int, byte: int, why: str) -> JournalError:
    return JournalError(f"{path}, line {number} (byte {byte}): {why}")

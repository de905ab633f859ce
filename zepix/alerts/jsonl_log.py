"""The alert log as JSON lines: one object a line, read as a stream, written whole or not at all.

A line that is no JSON object is a row with a problem, never the end of the reading. Blank lines are no rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

from zepix.alerts.payload import BODY_LIMIT_BYTES, body_text, decode_line, shown
from zepix.alerts.reasons import Unreadable
from zepix.alerts.rows import COLUMNS, LogRow, problem_of, problem_text
from zepix.errors import DataError

__all__ = ["LINE_LIMIT_BYTES", "read_jsonl", "read_objects", "write_jsonl"]

LINE_LIMIT_BYTES: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode


def read_jsonl(path: Path) -> Iterator[LogRow]:
    """The rows of the file, one by one. Raises DataError for a file that cannot be read or is UTF-16."""
    number = 0
    for line_number, line, handle in _lines(path):
        row = _row(line, number + 1, line_number, handle)
        if row is not None:
            number += 1
            yield row


def read_objects(path: Path) -> Iterator[tuple[Any, tuple[str, str] | None]]:
    """What stands in each line that is not blank: (an object, None), or (the line as text, (reason, detail)).

    Raises DataError as ``read_jsonl`` does.
    """
    for line_number, line, handle in _lines(path):
        found = _object(line, line_number, handle)
        if found is not None:
            yield found[0], found[2]


def _lines(path: Path) -> Iterator[tuple[int, bytes, IO[bytes]]]:
    """Lines with their numbers from 1, each cut at the limit, and the file to skip the rest of it."""
    try:
        with path.open("rb") as handle:
            line_number = 0
            while line := handle.readline(LINE_LIMIT_BYTES + 1):
                line_number += 1
                if line_number == 1:
                    if line.startswith(_UTF16):
                        raise DataError(f"{path} is UTF-16 text; save it as UTF-8")
                    line = line.removeprefix(_BOM)
                yield line_number, line, handle
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}); an alert log was expected") from error


def _row(line: bytes, number: int, line_number: int, handle: IO[bytes]) -> LogRow | None:
    found = _object(line, line_number, handle)
    if found is None:
        return None
    value, payload_text, problem = found
    if problem is not None:
        return LogRow(number, payload=value, problem=problem)
    if "payload" not in value:
        problem = ("bad_row", f"line {line_number} has no payload; it needs received_at and payload")
        return LogRow(number, payload=line.decode("utf-8").strip(), problem=problem)
    if len(value) == 2 and "received_at" in value:
        return LogRow(number, value.get("received_at"), value["payload"], text=payload_text)
    beside = {name: value[name] for name in COLUMNS[2:] if name in value}
    if "problem" in value:
        beside["problem"] = problem_of(value["problem"])
    return LogRow(number, value.get("received_at"), value["payload"], text=payload_text, **beside)


def _object(line: bytes, line_number: int, handle: IO[bytes]) -> tuple[Any, str | None, tuple[str, str] | None] | None:
    """(the object, its payload's own text, no problem), or (the line, None, the problem); None for a blank line."""
    if len(line) > LINE_LIMIT_BYTES and not line.endswith(b"\n"):
        size = len(line) + _skip_line(handle)
        kept = body_text(line[:BODY_LIMIT_BYTES])
        detail = f"line {line_number} has {size} bytes, at most {LINE_LIMIT_BYTES} are read; its beginning is kept"
        return kept, None, ("too_large", detail)
    try:
        text = line.decode("utf-8").strip()
        if not text:
            return None
        value, payload_text = decode_line(text)
    except UnicodeDecodeError as error:
        problem = ("bad_encoding", f"line {line_number} is no UTF-8 at byte {error.start}")
        return body_text(line.strip()), None, problem
    except Unreadable as found:
        return text, None, (found.reason, f"line {line_number}: {found.detail}")
    if not isinstance(value, dict):
        return text, None, ("bad_json", f"line {line_number} is JSON, but no object: {shown(value)}")
    return value, payload_text, None


def _skip_line(handle: IO[bytes]) -> int:
    """Reads on to the end of an endless line without keeping it; its length in bytes."""
    size = 0
    while part := handle.readline(LINE_LIMIT_BYTES):
        size += len(part)
        if part.endswith(b"\n"):
            break
    return size


def write_jsonl(path: Path, rows: Iterable[LogRow]) -> int:
    """Writes the rows as JSON lines (ASCII), and gives how many. The file is written in place: lend it a draft."""
    count = 0
    with path.open("w", encoding="utf-8", newline="\n") as handle:
        for row in rows:
            handle.write(_line(row))
            count += 1
    return count


def _line(row: LogRow) -> str:
    found: dict[str, Any] = {"received_at": row.received_at, "payload": row.payload}
    for name in COLUMNS[2:]:
        value = getattr(row, name)
        if value is not None and value != "":
            found[name] = value
    if row.problem is not None:
        found["problem"] = problem_text(row.problem)
    return _ENCODE(found) + "\n"

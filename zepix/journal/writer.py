"""Writes the journal of a finished run: one JSON object a line, a header first, numbers without a gap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zepix.journal.atomic import written_whole
from zepix.journal.codec import HEADER_KIND, SCHEMA, encode_line

if TYPE_CHECKING:  # the live receiver imports this package and must not load the engine
    from zepix.engine.record import JournalLine

__all__ = ["journal_lines", "write_journal"]

_CHUNK = 8192


def write_journal(path: Path, lines: Iterable[JournalLine], header: Mapping[str, Any] | None = None) -> int:
    """Writes ``lines`` to ``path`` and returns how many they were, the header not counted.

    ``header`` adds fields to the first line (the program's version, the account). The file appears whole or not at
    all. Raises DataError if it cannot be written, ValueError for a field with a name of the line's own.
    """
    count = -1
    texts = journal_lines(lines, header or {})
    with written_whole(path) as draft, draft.open("wb") as file:
        while chunk := list(islice(texts, _CHUNK)):
            count += len(chunk)
            file.write("".join(chunk).encode("ascii"))
    return count


def journal_lines(lines: Iterable[JournalLine], header: Mapping[str, Any]) -> Iterator[str]:
    """The lines as text, each with its line feed, the header first."""
    yield encode_line(0, 0, HEADER_KIND, {"schema": SCHEMA, **header}) + "\n"
    for seq, (ts_ns, kind, fields) in enumerate(lines, start=1):
        yield encode_line(seq, ts_ns, kind, fields) + "\n"

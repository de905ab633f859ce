"""Reads a durable log from any process, while it is written or not; believes only what its chain proves.

A reader cannot write, checkpoint or lock the writer out: its connections are opened read-only and hold no transaction
between two chunks, so that the writer's log of pages stays short.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from zepix.errors import JournalError
from zepix.journal.durable_verify import verify
from zepix.journal.files import REAL, Connection, Files
from zepix.journal.layout import PartHeader, mark_path, parts_of
from zepix.journal.mark import read_mark
from zepix.journal.part_scan import AFTER, NEWEST, believed, chain_of, header_of
from zepix.journal.rows import Row
from zepix.journal.trouble import JournalBroken, Problem, lost_rows, named

__all__ = ["LogReader"]

_CHUNK: Final = 2_000


class LogReader:
    """The rows of the log at ``path``, all its parts as one; for one thread at a time.

    Files are opened when first needed and kept open until ``close``. Every method raises JournalError where there is
    no log, and its kinds where it cannot be believed.
    """

    def __init__(self, path: Path, *, files: Files = REAL) -> None:
        self.path: Final = path
        self._files: Final = files
        self._open: dict[int, tuple[Path, Connection, PartHeader]] = {}

    def header(self) -> dict[str, Any]:
        """The fields given when the log was made."""
        return dict(self._last()[2].fields)

    def last_seq(self) -> int:
        """The number of the last durable row; 0 where there is none yet."""
        path, connection, header = self._last()
        last = _ask(path, connection, "SELECT max(seq) FROM rows", ())[0][0]
        return header.first_seq - 1 if last is None else int(last)

    def stamp(self) -> tuple[int, int]:
        """Another value once somebody has written to the newest part that is open here; costs next to nothing.

        Equal ones say that no row came to it meanwhile; of a part that was begun since then it knows nothing.
        """
        number = max(self._open, default=0) or self._numbers()[-1]
        path, connection, _ = self._opened(number)
        return number, int(_ask(path, connection, "PRAGMA data_version", ())[0][0])

    def rows(
        self, after_seq: int = 0, limit: int | None = 10_000, kinds: Collection[str] | None = None
    ) -> Iterator[Row]:
        """Rows after ``after_seq`` in order, at most ``limit`` (None: all), of the ``kinds`` (None: of all).

        Every row on the way is verified, those of other kinds too. Raises JournalBroken, naming the row, at the first
        that is missing or altered; the rows before it have been yielded.
        """
        found = self._rows(after_seq)
        if kinds is not None:
            wanted = frozenset(kinds)
            found = (row for row in found if row.kind in wanted)
        return found if limit is None else islice(found, limit)

    def newest(self, kind: str) -> Row | None:
        """The last row of this kind, looked for from the end; None where there is none.

        Of all rows it alone is verified, as what follows the one before it.
        """
        for number in reversed(self._numbers()):
            path, connection, header = self._opened(number)
            records = _ask(path, connection, NEWEST, (kind,))
            if records:
                before = records[0][0] - 1
                ((row, _),) = believed(path, records, before, chain_of(path, connection, header, before))
                return row
        return None

    def _rows(self, after_seq: int) -> Iterator[Row]:
        if after_seq < 0:
            raise ValueError(f"after_seq counts from 0, not {after_seq}")
        promised = read_mark(mark_path(self.path), self._files).seq  # before the rows: the writer goes on meanwhile
        number = self._part_after(after_seq)
        path, connection, header = self._opened(number)
        if after_seq > self._last_of(number):
            return
        seq, chain = after_seq, chain_of(path, connection, header, after_seq)
        while True:
            records = _ask(path, connection, AFTER, (seq, _CHUNK))
            for row, stored in believed(path, records, seq, chain):
                yield row
                seq, chain = row.seq, stored
            if len(records) == _CHUNK:
                continue
            following = self._next_part(number)
            if following is None:
                if seq < promised:
                    raise lost_rows(path, seq, promised)
                return
            if _ask(path, connection, AFTER, (seq, 1)):  # came in before the next part was begun
                continue
            before = chain if seq >= header.first_seq else header.previous
            number = following
            path, connection, header = self._opened(number)
            if header.first_seq != seq + 1 or header.previous != before:
                raise JournalBroken(str(Problem(path, seq + 1, None, "this part does not continue the one before")))
            chain = header.digest

    def verify(self) -> Iterator[Problem]:
        """Every fault of every part, the mark and the snapshots, by row and byte; nothing where all is well."""
        return verify(self.path, self._files)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _numbers(self) -> list[int]:
        """The parts that were begun, in order."""
        found = [number for number, _ in parts_of(self.path, self._files)]
        while found and self._try_open(found[-1]) is None:
            found.pop()
        if not found:
            raise JournalError(f"{self.path}: there is no journal; has the runner been started with this folder?")
        return found

    def _last(self) -> tuple[Path, Connection, PartHeader]:
        return self._opened(self._numbers()[-1])

    def _last_of(self, number: int) -> int:
        path, connection, header = self._opened(number)
        last = _ask(path, connection, "SELECT max(seq) FROM rows", ())[0][0]
        return header.first_seq - 1 if last is None else int(last)

    def _part_after(self, after_seq: int) -> int:
        """The part in which row ``after_seq + 1`` is or will be."""
        numbers = self._numbers()
        for number in reversed(numbers):
            if self._opened(number)[2].first_seq <= after_seq + 1:
                return number
        first = self._opened(numbers[0])
        raise JournalBroken(
            f"{self.path}: rows {after_seq + 1} to {first[2].first_seq - 1} are in a part that is not here; "
            "bring it back, or read after them"
        )

    def _next_part(self, number: int) -> int | None:
        later = [one for one in self._numbers() if one > number]
        if later and later[0] != number + 1:
            raise JournalBroken(f"{self.path}: part {number + 1} is missing, part {later[0]} is there")
        return later[0] if later else None

    def _opened(self, number: int) -> tuple[Path, Connection, PartHeader]:
        found = self._try_open(number)
        if found is None:
            raise JournalBroken(f"{self.path}: part {number} is empty though a later part follows it")
        return found

    def _try_open(self, number: int) -> tuple[Path, Connection, PartHeader] | None:
        """The open part; None where it was never begun."""
        if number in self._open:
            return self._open[number]
        path = dict(parts_of(self.path, self._files)).get(number)
        if path is None:
            return None
        try:
            connection = self._files.connect(path, read_only=True)
        except (sqlite3.Error, OSError) as error:
            raise named(error, path, "be opened") from error
        try:
            header = header_of(path, connection)
        except BaseException:
            connection.close()
            raise
        if header is None:
            connection.close()
            return None
        self._open[number] = (path, connection, header)
        return self._open[number]

    def close(self) -> None:
        """Closes its files; it opens them again when asked again."""
        while self._open:
            _, (_, connection, _) = self._open.popitem()
            connection.close()

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ask(path: Path, connection: Connection, sql: str, values: tuple[Any, ...]) -> list[Any]:
    try:
        return connection.execute(sql, values).fetchall()
    except sqlite3.Error as error:
        raise named(error, path, "be read") from error

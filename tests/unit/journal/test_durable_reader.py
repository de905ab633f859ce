"""Reading a durable log: while it is written, over parts, and up to the row that cannot be believed."""

from __future__ import annotations

import json
import sqlite3
import threading
from pathlib import Path

import pytest

from zepix.errors import JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import link
from zepix.journal.trouble import JournalBroken


def body(n: int) -> str:
    return json.dumps({"n": n, "raw": "é" + "x" * 50}, ensure_ascii=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten rows, of kinds alert and fill in turn, in two parts of six and four."""
    path = tmp_path / "journal.sqlite"
    with DurableLog(path, name="journal") as log:
        log.append([(n, "alert" if n % 2 else "fill", body(n)) for n in range(1, 7)])
        log.rotate()
        log.append([(n, "alert" if n % 2 else "fill", body(n)) for n in range(7, 11)])
    return path


def edit(path: Path, sql: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("PRAGMA ignore_check_constraints=1")
        connection.execute(sql, values)
    connection.close()


@pytest.mark.parametrize("after", range(12))
def test_rows_after_any_row(path: Path, after: int) -> None:
    with LogReader(path) as reader:
        assert [row.seq for row in reader.rows(after)] == list(range(after + 1, 11))
        assert [row.body for row in reader.rows(after, limit=2)] == [body(n) for n in range(after + 1, 11)][:2]


def test_rows_of_some_kinds(path: Path) -> None:
    with LogReader(path) as reader:
        assert [row.seq for row in reader.rows(kinds={"fill"})] == [2, 4, 6, 8, 10]
        assert [row.seq for row in reader.rows(3, limit=2, kinds=["alert"])] == [5, 7]
        assert list(reader.rows(kinds=())) == []
        assert reader.last_seq() == 10


def test_the_newest_of_a_kind_is_looked_for_from_the_end_and_verified(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([(11, "alert", body(11)), (12, "alert", body(12))])
    with LogReader(path) as reader:
        assert [reader.newest(kind).seq for kind in ("alert", "fill")] == [12, 10]  # type: ignore[union-attr]
        assert reader.newest("config") is None
    edit(path.with_name("journal-000002.sqlite"), "UPDATE rows SET body = '{}' WHERE seq = 10")
    with LogReader(path) as reader, pytest.raises(JournalBroken, match=r"row 10.*its checksum is wrong"):
        reader.newest("fill")


def test_the_newest_of_a_kind_may_lie_in_an_older_part(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with DurableLog(path, name="journal") as log:
        log.append([(1, "config", body(1)), (2, "alert", body(2))])
        log.rotate()
        log.append([(3, "alert", body(3))])
    with LogReader(path) as reader:
        row = reader.newest("config")
        assert row is not None and (row.seq, row.body) == (1, body(1))


def test_reader_sees_rows_and_parts_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with LogReader(path) as reader:
        with pytest.raises(JournalError, match="there is no journal"):
            reader.last_seq()
        with DurableLog(path, name="journal", header={"a": 1}) as log:
            assert (reader.last_seq(), list(reader.rows()), reader.header()) == (0, [], {"a": 1})
            for n in (1, 2):
                log.append([(n, "alert", body(n))])
                assert [row.seq for row in reader.rows(n - 1)] == [n]
            log.rotate()
            assert (reader.last_seq(), list(reader.rows(2))) == (2, [])
            log.append([(3, "alert", body(3))])
            assert [row.seq for row in reader.rows()] == [1, 2, 3]


def test_reader_beside_a_busy_writer_sees_whole_calls_only(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with DurableLog(path, name="journal", checkpoint_bytes=50_000, max_part_bytes=60_000) as log:
        over = threading.Event()

        def write() -> None:
            for n in range(120):
                log.append([(n, "alert", body(n))] * 10)
            over.set()

        writer = threading.Thread(target=write)
        writer.start()
        seen = 0
        with LogReader(path) as reader:
            while not (over.is_set() and seen == 1200):
                rows = list(reader.rows(seen, limit=None))
                seen += len(rows)
                assert seen % 10 == 0
        writer.join()
        assert log.trouble is None
    assert len(list(tmp_path.glob("journal-0*.sqlite"))) >= 2


def test_reader_writes_nothing_and_copies_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    wal = tmp_path / "journal.sqlite-wal"
    with DurableLog(path, name="journal") as log:
        log.append([(1, "alert", body(1))])
        before = (path.read_bytes(), wal.read_bytes())
    crashed = tmp_path / "crashed"  # as a killed writer leaves it
    crashed.mkdir()
    (crashed / path.name).write_bytes(before[0])
    (crashed / wal.name).write_bytes(before[1])
    with LogReader(crashed / path.name) as reader:
        assert [row.body for row in reader.rows()] == [body(1)]
        connection = reader._open[1][1]
        for statement in ("DELETE FROM rows", "PRAGMA wal_checkpoint(TRUNCATE)"):
            with pytest.raises(sqlite3.OperationalError):
                connection.execute(statement).fetchall()
    assert ((crashed / path.name).read_bytes(), (crashed / wal.name).read_bytes()) == before


@pytest.mark.parametrize(
    ("sql", "row", "byte", "why"),
    [
        ("UPDATE rows SET body = replace(body, 'x', 'y') WHERE seq = 3", 3, None, "its checksum is wrong"),
        ("UPDATE rows SET t_ns = 4 WHERE seq = 3", 3, None, "its checksum is wrong"),
        ("UPDATE rows SET kind = 'fill' WHERE seq = 3", 3, None, "its checksum is wrong"),
        ("UPDATE rows SET body = CAST(x'7B22C3FF227D' AS TEXT) WHERE seq = 3", 3, 2, "it is no UTF-8 text"),
        ("UPDATE rows SET body = substr(body, 1, 12) WHERE seq = 3", 3, None, "its checksum is wrong"),
        ("DELETE FROM rows WHERE seq = 3", 3, None, "it is missing: the next row is 4"),
        ("UPDATE rows SET chain = x'' WHERE seq = 3", 3, None, "its checksum is wrong"),
    ],
)
def test_altered_row_is_named(path: Path, sql: str, row: int, byte: int | None, why: str) -> None:
    edit(path, sql)
    with LogReader(path) as reader:
        rows = reader.rows()
        assert [next(rows).seq, next(rows).seq] == [1, 2]
        with pytest.raises(JournalBroken, match=f"row {row}.*{why}"):
            next(rows)
        first = next(reader.verify())
        assert (first.path, first.seq, first.byte) == (path, row, byte)
        assert why in str(first)


def test_row_that_is_no_json_is_named_with_its_byte(path: Path) -> None:
    with LogReader(path) as reader:
        last = reader._opened(2)[1].execute("SELECT chain FROM rows WHERE seq = 10").fetchone()[0]
    text = '{"é":}'
    edit(
        path.with_name("journal-000002.sqlite"),
        "INSERT INTO rows VALUES (11, 0, 'alert', ?, ?)",
        text,
        link(last, 11, 0, b"alert", text.encode()),
    )
    with LogReader(path) as reader:
        (problem,) = reader.verify()
    assert (problem.seq, problem.byte) == (11, 6)
    assert "its body is no JSON" in problem.what


def test_one_altered_row_is_one_finding(path: Path) -> None:
    edit(path, "UPDATE rows SET t_ns = 4 WHERE seq IN (2, 5)")
    with LogReader(path) as reader:
        assert [problem.seq for problem in reader.verify()] == [2, 5]


def test_part_that_is_missing_or_exchanged_is_named(path: Path, tmp_path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.rotate()
        log.append([(11, "alert", body(11))])
    second = path.with_name("journal-000002.sqlite")
    kept = second.read_bytes()
    second.unlink()
    with LogReader(path) as reader:
        with pytest.raises(JournalBroken, match="part 2 is missing"):
            list(reader.rows())
        assert any("part 2 is missing" in problem.what for problem in reader.verify())
        assert [row.seq for row in reader.rows(10)] == [11]
    other = tmp_path / "other" / "journal.sqlite"
    with DurableLog(other, name="journal") as log:
        log.append([(n, "alert", body(n)) for n in range(6)])
        log.rotate()
        log.append([(n, "alert", body(n)) for n in range(4)])
    second.write_bytes(other.with_name(second.name).read_bytes())
    with LogReader(path) as reader, pytest.raises(JournalBroken, match="this part does not continue the one before"):
        list(reader.rows())
    second.write_bytes(kept)
    path.unlink()
    with LogReader(path) as reader:
        with pytest.raises(JournalBroken, match="rows 1 to 6 are in a part that is not here"):
            list(reader.rows())
        assert [row.seq for row in reader.rows(6)] == [7, 8, 9, 10, 11]


def test_headers_are_checked_too(path: Path) -> None:
    edit(path, "UPDATE header SET body = replace(body, 'journal', 'inboxes')")
    with LogReader(path) as reader:
        with pytest.raises(JournalBroken, match="its header is damaged"):
            list(reader.rows())
        assert "header is damaged" in str(next(reader.verify()))


def test_verify_names_a_damaged_page(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[2 * 4096 : 3 * 4096] = b"\0" * 4096  # the page of the rows
    path.write_bytes(bytes(raw))
    with LogReader(path) as reader:
        assert list(reader.verify())
        with pytest.raises(JournalBroken):
            list(reader.rows())

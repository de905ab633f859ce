"""The durable log's writer: what is refused, what is promised, what a second start finds."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from zepix.errors import JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.files import REAL
from zepix.journal.mark import read_mark
from zepix.journal.rows import MAX_BODY_BYTES, Row, link
from zepix.journal.sqlite_version import has_wal_reset_defect, sqlite_note
from zepix.journal.trouble import BadRow, JournalBroken, JournalFull, JournalLocked, JournalNewer, WriterStopped

ALERT = (1_400_000_000_000_000_000, "alert", '{"symbol":"EURUSD","raw":"buy é"}')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


def bodies(path: Path) -> list[str]:
    with LogReader(path) as reader:
        assert list(reader.verify()) == []
        return [row.body for row in reader.rows(limit=None)]


def test_rows_are_numbered_from_one_without_a_gap_over_restarts(path: Path) -> None:
    with DurableLog(path, name="journal", header={"currency": "USD"}) as log:
        assert log.last_seq == 0
        assert log.append([ALERT, ALERT]) == [1, 2]
        assert log.append([]) == []
        assert log.append([ALERT]) == [3]
        last_hash = log.last_hash
    with DurableLog(path, name="journal", header={"currency": "EUR"}) as log:
        assert (log.last_seq, log.last_hash) == (3, last_hash)
        assert log.header == {"currency": "USD"}
        assert log.append([ALERT]) == [4]
    with LogReader(path) as reader:
        assert list(reader.rows()) == [Row(seq, *ALERT) for seq in (1, 2, 3, 4)]
        assert reader.header() == {"currency": "USD"}


def test_chain_is_the_hash_that_the_page_describes() -> None:
    # BLAKE2b-128 of 16 zero bytes, seq 1, time 2, length 1, "k", "{}", computed with `b2sum -l 128`
    assert link(b"\0" * 16, 1, 2, b"k", b"{}").hex() == "a5cad1d8a34b6c94c6bc6faee229f01b"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((1.5, "alert", "{}"), "its time is a whole number"),
        ((2**63, "alert", "{}"), "its time is a whole number"),
        ((True, "alert", "{}"), "its time is a whole number"),
        ((1, "", "{}"), "its kind is a word"),
        ((1, "two words", "{}"), "its kind is a word"),
        ((1, "k" * 65, "{}"), "its kind is a word"),
        ((1, "alert", b"{}"), "its body is JSON text, not bytes"),
        ((1, "alert", "no json"), "its body is no JSON"),
        ((1, "alert", '{"price":NaN}'), "NaN is no JSON number"),
        ((1, "alert", '{"price":-Infinity}'), "-Infinity is no JSON number"),
        ((1, "alert", '{"id":"\ud800"}'), "character 7 of its body is half a surrogate pair"),
        ((1, "alert", "[" * 100_000), "its body is no JSON"),
        ((1, "alert", '"' + "x" * MAX_BODY_BYTES + '"'), "its body has 1048578 characters"),
        ((1, "alert", '"' + "é" * (MAX_BODY_BYTES // 2) + '"'), "its body has 1048578 bytes"),
    ],
)
def test_bad_row_is_named_and_none_of_its_call_is_written(path: Path, row: tuple, why: str) -> None:
    with DurableLog(path, name="journal") as log:
        with pytest.raises(BadRow, match=why) as caught:
            log.append([ALERT, row, ALERT])
        assert caught.value.index == 1
        assert log.append([ALERT]) == [1]


def test_escaped_half_of_a_surrogate_pair_is_json_and_comes_back_as_it_was(path: Path) -> None:
    raw = r'{"raw":"\ud800"}'
    with DurableLog(path, name="journal") as log:
        log.append([(1, "quarantined", raw)])
    assert bodies(path) == [raw]


def test_second_writer_is_refused_and_told_who_the_first_is(path: Path) -> None:
    with DurableLog(path, name="journal"), pytest.raises(JournalLocked, match=rf"in use by process {os.getpid()} "):
        DurableLog(path, name="journal")
    DurableLog(path, name="journal").close()


def test_writer_in_another_process_is_refused(path: Path) -> None:
    code = "import sys; from pathlib import Path; from zepix.journal.durable import DurableLog\n"
    code += "try: DurableLog(Path(sys.argv[1]), name='journal')\nexcept Exception as e: print(type(e).__name__)"
    with DurableLog(path, name="journal"):
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "JournalLocked"


def test_log_opened_under_another_name_is_refused(path: Path) -> None:
    DurableLog(path, name="inbox").close()
    with pytest.raises(JournalBroken, match="is the log 'inbox', not 'journal'"):
        DurableLog(path, name="journal")


def test_log_of_a_newer_version_is_refused_and_left_as_it_was(path: Path) -> None:
    DurableLog(path, name="journal").close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=2")
    connection.close()
    with pytest.raises(JournalNewer, match=r"has schema 2, newer than this program's 1"):
        DurableLog(path, name="journal")
    with LogReader(path) as reader:
        with pytest.raises(JournalNewer):
            list(reader.rows())
        assert ["newer" in str(problem) for problem in reader.verify()] == [True]


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be taken for one" * 20, b"\0" * 4096])
def test_file_that_is_no_database_is_refused(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(JournalBroken, match="damaged or no journal"):
        DurableLog(path, name="journal")
    assert path.read_bytes() == content


def test_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE trades (id INTEGER)")
    connection.close()
    with pytest.raises(JournalBroken, match="a database but no journal of zepix"):
        DurableLog(path, name="journal")


def test_closed_log_takes_nothing_more_and_closes_twice(path: Path) -> None:
    log = DurableLog(path, name="journal")
    log.close()
    log.close()
    for call in (lambda: log.append([ALERT]), lambda: log.last_seq, log.checkpoint, log.rotate):
        with pytest.raises(WriterStopped, match="the log is closed"):
            call()


def test_full_disk_fails_the_call_and_the_log_goes_on_when_there_is_room(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
        connection = log._part._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}").fetchall()
        big = (1, "alert", '"' + "x" * 50_000 + '"')
        for _ in range(3):
            with pytest.raises(JournalFull, match="the disk is full"):
                log.append([ALERT, big])
        assert log.last_seq == 1
        connection.execute("PRAGMA max_page_count=1000000").fetchall()
        assert log.append([ALERT, big]) == [2, 3]
    assert bodies(path) == [ALERT[2], ALERT[2], big[2]]


AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
if os.getuid() == 0:
    os.setuid(65534)  # what is forbidden is not forbidden to root
path = Path(sys.argv[1])
try:
    DurableLog(path, name="journal")
except Exception as error:
    print(type(error).__name__, error)
with LogReader(path) as reader:
    print([row.seq for row in reader.rows()], list(reader.verify()))
"""


@pytest.mark.skipif(os.name == "nt", reason="rights of folders are another matter on Windows")
def test_folder_that_may_not_be_written_is_named_and_its_log_can_be_read() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "journal.sqlite"
        with DurableLog(path, name="journal") as log:
            log.append([ALERT])
        for one in (folder / "lock", folder):
            one.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER_USER, str(path)], capture_output=True, text=True, check=False
        )
        for one in (folder / "lock", folder):
            one.chmod(0o755)
    assert done.returncode == 0, done.stderr
    refused, read = done.stdout.splitlines()
    assert refused.startswith("JournalError ")
    assert "writable" in refused
    assert read == "[1] []"


def test_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    with pytest.raises(JournalError, match="is the folder there and writable"):
        DurableLog(tmp_path / "data" / "journal.sqlite", name="journal")


def test_rows_written_by_a_program_that_may_not_are_noticed(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
        with sqlite3.connect(path) as intruder:
            intruder.execute("INSERT INTO rows VALUES (2, 0, 'alert', '{}', x'00')")
        intruder.close()
        with pytest.raises(JournalBroken, match="another program wrote to it"):
            log.append([ALERT])
    with LogReader(path) as reader, pytest.raises(JournalBroken, match="row 2: its checksum is wrong"):
        list(reader.rows())


def test_parts_go_on_with_numbers_and_chain(path: Path) -> None:
    with DurableLog(path, name="journal", header={"v": 1}) as log:
        log.append([ALERT, ALERT])
        assert log.rotate().name == "journal-000002.sqlite"
        assert log.last_seq == 2
        assert log.rotate().name == "journal-000003.sqlite"  # the second stayed empty
        log.append([ALERT])
        log.save_snapshot(1, 1, b"old")
        log.save_snapshot(3, 1, b"new")
        assert log.latest_snapshot().seq == 3
    with DurableLog(path, name="journal") as log:
        assert (log.last_seq, log.header) == (3, {"v": 1})
        log.append([ALERT])
    assert len(bodies(path)) == 4
    for name in ("journal.sqlite", "journal-000002.sqlite", "journal-000003.sqlite"):
        wal = Path(f"{path.parent / name}-wal")  # a reader leaves an empty one
        assert not wal.exists() or wal.stat().st_size == 0


def test_large_log_begins_a_new_part_by_itself(path: Path) -> None:
    with DurableLog(path, name="journal", checkpoint_bytes=100_000, max_part_bytes=200_000) as log:
        for _ in range(40):
            log.append([(1, "alert", '"' + "x" * 20_000 + '"')])
        assert log.trouble is None
        assert log.last_seq == 40
    assert (path.parent / "journal-000003.sqlite").exists()
    assert len(bodies(path)) == 40


def test_log_of_pages_stays_short(path: Path) -> None:
    with DurableLog(path, name="journal", checkpoint_bytes=100_000) as log:
        for _ in range(150):
            log.append([ALERT])
        assert Path(f"{path}-wal").stat().st_size < 400_000
        assert log.checkpoint()
        assert log.uncopied_bytes == 0


def test_half_begun_second_part_is_finished_at_the_next_start(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
    (path.parent / "journal-000002.sqlite").write_bytes(b"")
    with LogReader(path) as reader:
        assert reader.last_seq() == 1
    with DurableLog(path, name="journal") as log:
        assert log.append([ALERT]) == [2]
    assert len(bodies(path)) == 2


def test_mark_follows_the_last_row(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        for count in (1, 2, 3):
            log.append([ALERT] * count)
        mark = read_mark(path.with_name("journal.mark"), REAL)
        assert (mark.seq, mark.chain) == (6, log.last_hash)
    assert path.with_name("journal.mark").stat().st_size == 128


def test_torn_mark_leaves_the_one_before(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
        log.append([ALERT])
    file = path.with_name("journal.mark")
    raw = bytearray(file.read_bytes())
    newest = raw.index(bytes([0, 0, 0, 0, 0, 0, 0, 2]))
    raw[newest + 10] ^= 1
    file.write_bytes(bytes(raw))
    assert read_mark(file, REAL).seq == 1
    DurableLog(path, name="journal").close()


@pytest.mark.parametrize("damage", ["old copy", "emptied", "gone"])
def test_log_that_lost_promised_rows_refuses_to_open(path: Path, damage: str) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
    old = path.read_bytes()
    with DurableLog(path, name="journal") as log:
        log.append([ALERT, ALERT])
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(old if damage == "old copy" else b"")
    with pytest.raises(JournalBroken, match="but row 3 was durable once"):
        DurableLog(path, name="journal")
    if damage == "old copy":
        with LogReader(path) as reader:
            rows = reader.rows()
            assert next(rows).seq == 1
            with pytest.raises(JournalBroken, match="rows 2 to 3 are lost"):
                next(rows)
            assert [(problem.seq, "durable once" in problem.what) for problem in reader.verify()] == [(3, True)]
        path.with_name("journal.mark").unlink()  # as the sentence says
        DurableLog(path, name="journal").close()


def test_newest_two_snapshots_are_kept(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        assert log.latest_snapshot() is None
        log.append([ALERT] * 4)
        for seq in (0, 2, 4):
            log.save_snapshot(seq, 7, b"state %d" % seq)
        found = log.latest_snapshot()
        assert (found.seq, found.schema, found.body) == (4, 7, b"state 4")
        with pytest.raises(ValueError, match="a snapshot is taken after a durable row: 0 to 4, not 5"):
            log.save_snapshot(5, 7, b"")
    with sqlite3.connect(path.with_name("journal-snapshots.sqlite")) as connection:
        assert connection.execute("SELECT seq FROM snapshots ORDER BY seq").fetchall() == [(2,), (4,)]
    connection.close()


def test_damaged_snapshot_gives_way_to_the_one_before(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT] * 4)
        log.save_snapshot(2, 1, b"older")
        log.save_snapshot(4, 1, b"newer")
        with sqlite3.connect(path.with_name("journal-snapshots.sqlite")) as connection:
            connection.execute("UPDATE snapshots SET body = x'00' WHERE seq = 4")
        connection.close()
        assert log.latest_snapshot().body == b"older"
        assert [problem.seq for problem in log.snapshot_problems] == [4]
    with LogReader(path) as reader:
        assert [(p.seq, "snapshot" in p.what) for p in reader.verify()] == [(4, True)]


def test_damaged_file_of_snapshots_is_set_aside(path: Path) -> None:
    snapshots = path.with_name("journal-snapshots.sqlite")
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
        log.save_snapshot(1, 1, b"state")
    snapshots.write_bytes(b"rubbish" * 1000)
    with DurableLog(path, name="journal") as log:
        assert log.latest_snapshot() is None
        assert len(log.snapshot_problems) == 1
        log.save_snapshot(1, 1, b"again")
        assert log.latest_snapshot().body == b"again"
    assert (path.parent / "journal-snapshots.broken-01.sqlite").exists()


def test_snapshot_of_a_row_that_the_log_has_otherwise_is_refused(path: Path) -> None:
    with DurableLog(path, name="journal") as log:
        log.append([ALERT] * 2)
        log.save_snapshot(2, 1, b"state")
    for name in ("journal.sqlite", "journal.mark"):
        (path.parent / name).unlink()
    with DurableLog(path, name="journal") as log:
        log.append([ALERT])
        with pytest.raises(JournalBroken, match="a snapshot was taken after row 2"):
            log.latest_snapshot()


@pytest.mark.parametrize(
    ("version", "has"),
    [((3, 6, 23), False), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 50, 7), False),
     ((3, 51, 2), True), ((3, 51, 3), False), ((3, 54, 1), False)],
)  # fmt: skip
def test_versions_with_the_wal_reset_defect(version: tuple[int, int, int], has: bool) -> None:
    assert has_wal_reset_defect(version) is has
    assert sqlite_note().startswith(sqlite3.sqlite_version)


def test_importing_the_log_loads_no_engine_and_nothing_heavy() -> None:
    code = (
        "import sys, zepix.journal.durable, zepix.journal.durable_reader, zepix.journal.group_commit\n"
        "print([m for m in sys.modules if m.startswith(('zepix.engine', 'zepix.model', 'numpy', 'pandas', 'pyarrow'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""A disk that fails, fills up or loses power at every single write and sync of a log's life: no promised row is lost.

Each test injects at action 0, 1, 2, ... until the workload no longer gets that far. The suite takes every seventh
action; ``-m slow`` takes all.
"""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path

import pytest

from zepix.errors import JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.trouble import JournalFull

pytest.importorskip("apsw", reason="the fault-injecting disk needs apsw (extra: test)")
from faulty_disk import FaultyDisk, PowerLost, only_error_codes

BODY = '{"raw":"' + "x" * 700 + '"}'
MOST = 2_000
STEPS = [pytest.param(7, id="every seventh"), pytest.param(1, id="all", marks=pytest.mark.slow)]


@pytest.fixture(autouse=True)
def _hushed():
    with only_error_codes():
        yield


class Life:
    """A log's life on a disk: what was tried, what was promised."""

    def __init__(self, disk: FaultyDisk, path: Path) -> None:
        self.disk, self.path = disk, path
        self.tried: list[str] = []
        self.promised: list[str] = []
        self.errors: list[JournalError] = []
        self.log: DurableLog | None = None

    def run(self) -> None:
        """Appends, checkpoints, snapshots, two parts; errors that have a name are noted and life goes on."""
        self.attempt(self.open)
        for count in (1, 3, 8):
            self.append(count)
        self.attempt(lambda: self.held().checkpoint())
        self.append(2)
        self.attempt(lambda: self.held().save_snapshot(self.held().last_seq, 1, b"state" * 300))
        self.append(30)
        self.attempt(lambda: self.held().rotate())
        for count in (1, 12):
            self.append(count)
        self.attempt(lambda: self.held().save_snapshot(self.held().last_seq, 1, b"later" * 300))
        self.append(1)
        self.attempt(self.close)

    def open(self) -> None:
        self.log = DurableLog(self.path, name="journal", files=self.disk)

    def held(self) -> DurableLog:
        if self.log is None:
            self.open()
        assert self.log is not None
        return self.log

    def close(self) -> None:
        log, self.log = self.log, None
        if log is not None:
            log.close()

    def append(self, count: int) -> None:
        bodies = [BODY[:-2] + f'{len(self.tried) + n:06d}"}}' for n in range(count)]
        self.tried += bodies
        self.attempt(lambda: self.promise(bodies))

    def promise(self, bodies: list[str]) -> None:
        seqs = self.held().append([(5, "alert", body) for body in bodies])
        assert seqs == list(range(seqs[0], seqs[0] + len(bodies)))
        self.promised += bodies

    def attempt(self, what) -> None:
        try:
            what()
        except JournalError as error:
            self.errors.append(error)


def in_order(bodies: list[str], whole: list[str]) -> bool:
    """Whether ``bodies`` is what is left of ``whole`` when some are taken out."""
    rest = iter(whole)
    return all(body in rest for body in bodies)


def written_out(image: dict[str, bytes], folder: Path) -> Path:
    folder.mkdir()
    for name, data in image.items():
        if not name.startswith("temporary"):
            (folder / Path(name).name).write_bytes(data)
    return folder / "journal.sqlite"


@pytest.mark.parametrize("step", STEPS)
def test_power_lost_at_any_write_or_sync_loses_no_promised_row(tmp_path: Path, step: int) -> None:
    images = 0
    for n in itertools.count(0, step):
        assert n < MOST
        disk = FaultyDisk("power", n)
        life = Life(disk, Path("/disk/journal.sqlite"))
        with contextlib.suppress(PowerLost):
            life.run()
        if not disk.has_fired:
            break
        for case, image in disk.images(n):
            path = written_out(image, tmp_path / f"{n}-{images}")
            images += 1
            with DurableLog(path, name="journal") as log, LogReader(path) as reader:
                found = [row.body for row in reader.rows(limit=None)]
                where = f"power lost at action {n}, {case}"
                assert in_order(found, life.tried), where
                assert in_order(life.promised, found), where
                log.latest_snapshot()
                assert log.append([(6, "alert", "{}")]) == [len(found) + 1], where
                assert not list(reader.verify()), where
    assert images > 4 * 20


@pytest.mark.parametrize("fault", ["full", "error"])
@pytest.mark.parametrize("is_lasting", [False, True], ids=["once", "until mended"])
@pytest.mark.parametrize("step", STEPS)
def test_log_stays_usable_after_a_failure_of_any_write_or_sync(fault: str, is_lasting: bool, step: int) -> None:
    tries = 0
    for n in itertools.count(0, step):
        assert n < MOST
        disk = FaultyDisk(fault, n, is_lasting=is_lasting)
        life = Life(disk, Path("/disk/journal.sqlite"))
        life.run()
        if not disk.has_fired:
            break
        tries += 1
        disk.mend()
        where = f"{fault} at action {n}: {life.errors}"
        life.append(2)
        life.attempt(life.close)
        assert life.promised[-2:] == life.tried[-2:], where
        with DurableLog(life.path, name="journal", files=disk) as log:
            last = log.last_seq
            log.latest_snapshot()
        found = [row.body for row in _rows(disk, life.path)]
        assert len(found) == last, where
        assert in_order(found, life.tried), where
        assert in_order(life.promised, found), where
    assert tries > 20


def _rows(disk: FaultyDisk, path: Path):
    with LogReader(path, files=disk) as reader:
        yield from reader.rows(limit=None)


def test_full_disk_is_named_and_over_when_there_is_room() -> None:
    disk = FaultyDisk()
    with DurableLog(Path("/disk/journal.sqlite"), name="journal", files=disk) as log:
        log.append([(1, "alert", "{}")])
        disk.fault, disk.at, disk.is_lasting = "full", 0, True
        for _ in range(3):
            with pytest.raises(JournalFull, match=r"the disk is full.*make room"):
                log.append([(2, "alert", BODY)])
            assert log.last_seq == 1
        disk.mend()
        assert log.append([(3, "alert", BODY)]) == [2]


@pytest.mark.parametrize(
    ("setting", "instead"),
    [("PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL"), ("PRAGMA synchronous=FULL", "PRAGMA synchronous=OFF")],
)
def test_log_that_does_not_force_its_rows_to_the_disk_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, instead: str
) -> None:
    from zepix.journal import part

    assert setting in part._SETTINGS
    monkeypatch.setattr(part, "_SETTINGS", tuple(instead if one == setting else one for one in part._SETTINGS))
    disk = FaultyDisk()
    life = Life(disk, Path("/disk/journal.sqlite"))
    life.open()
    life.append(3)
    losses = []
    for case, image in disk.images(1):
        path = written_out(image, tmp_path / case)
        try:
            with LogReader(path) as reader:
                found = [row.body for row in reader.rows(limit=None)]
        except JournalError:
            found = []
        losses.append(not in_order(life.promised, found))
    assert any(losses)
    life.close()

"""The thread that gathers rows for one force to the disk: everybody gets an answer, whatever happens."""

from __future__ import annotations

import threading
from concurrent.futures import wait
from pathlib import Path

import pytest

from tests.waiting import PATIENCE_S
from zepix.errors import JournalError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.group_commit import GroupCommitter
from zepix.journal.trouble import BadRow, JournalFull, Overloaded, WriterStopped


class FakeLog:
    """A log that waits until it is let go, and fails as it is told."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.rows: list[str] = []
        self.checkpoints = 0
        self.uncopied_bytes = 0
        self.fault: BaseException | None = None
        self.may_go = threading.Event()
        self.may_go.set()
        self.has_begun = threading.Event()

    def append(self, rows):
        self.has_begun.set()
        assert self.may_go.wait(PATIENCE_S)
        if self.fault is not None:
            raise self.fault
        if any(body == '"poison"' for _, _, body in rows):
            raise BadRow(0, "poison")
        self.batches.append(len(rows))
        self.rows += [body for _, _, body in rows]
        return list(range(len(self.rows) - len(rows) + 1, len(self.rows) + 1))

    def checkpoint(self) -> bool:
        self.checkpoints += 1
        self.uncopied_bytes = 0
        return True


@pytest.fixture
def log():
    return FakeLog()


@pytest.fixture
def group(log):
    group = GroupCommitter(log, max_waiting_rows=10, max_waiting_bytes=10_000, max_batch_rows=4)
    yield group
    log.may_go.set()
    group.close()


def test_rows_of_many_threads_are_durable_and_numbered_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "inbox.sqlite"
    with DurableLog(path, name="inbox") as log:
        group = GroupCommitter(log)
        seqs: list[int] = []

        def send(who: int) -> None:
            for n in range(40):
                seqs.append(group.submit(n, "alert", f'{{"who":{who},"n":{n}}}').result(10))

        threads = [threading.Thread(target=send, args=(who,)) for who in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert group.close()
        assert sorted(seqs) == list(range(1, 241))
        with LogReader(path) as reader:
            assert len(list(reader.rows())) == 240
            assert list(reader.verify()) == []


def test_what_waits_goes_to_the_disk_together(log: FakeLog, group: GroupCommitter) -> None:
    log.may_go.clear()
    futures = [group.submit(0, "alert", "1")]
    assert log.has_begun.wait(PATIENCE_S)
    futures += [group.submit(n, "alert", str(n)) for n in range(2, 8)]
    assert group.waiting_rows == 7
    log.may_go.set()
    assert [future.result(10) for future in futures] == [1, 2, 3, 4, 5, 6, 7]
    assert log.batches == [1, 4, 2]
    assert log.rows == ["1", "2", "3", "4", "5", "6", "7"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"id":"\ud800"}', "half a surrogate pair"),
        ('{"price":NaN}', "NaN is no JSON number"),
        ("", "no JSON"),
        ('"' + "x" * 2_000_000 + '"', "2000002 characters"),
    ],
)
def test_bad_row_fails_alone(log: FakeLog, group: GroupCommitter, body: str, why: str) -> None:
    futures = [group.submit(0, "alert", "1"), group.submit(0, "alert", body), group.submit(0, "alert", "2")]
    assert (futures[0].result(10), futures[2].result(10)) == (1, 2)
    with pytest.raises(BadRow, match=why):
        futures[1].result(10)
    assert group.is_alive


def test_row_that_the_log_refuses_fails_alone(log: FakeLog, group: GroupCommitter) -> None:
    log.may_go.clear()
    first = group.submit(0, "alert", "0")
    assert log.has_begun.wait(PATIENCE_S)
    futures = [group.submit(0, "alert", body) for body in ("1", '"poison"', "2")]
    log.may_go.set()
    assert [first.result(10), futures[0].result(10), futures[2].result(10)] == [1, 2, 3]
    with pytest.raises(BadRow):
        futures[1].result(10)


def test_more_than_may_wait_is_refused_at_once(log: FakeLog, group: GroupCommitter) -> None:
    log.may_go.clear()
    futures = [group.submit(0, "alert", "1")]
    assert log.has_begun.wait(PATIENCE_S)
    futures += [group.submit(0, "alert", "1") for _ in range(9)]
    with pytest.raises(Overloaded, match="10 rows"):
        group.submit(0, "alert", "1")
    log.may_go.set()
    assert len(wait(futures, 10).done) == 10
    assert group.submit(0, "alert", "1").result(10) == 11


def test_more_bytes_than_may_wait_are_refused_at_once(log: FakeLog, group: GroupCommitter) -> None:
    log.may_go.clear()
    body = '"' + "x" * 6_000 + '"'
    first = group.submit(0, "alert", body)
    with pytest.raises(Overloaded):
        group.submit(0, "alert", body)
    log.may_go.set()
    assert first.result(10) == 1
    while group.waiting_rows:
        pass
    assert group.submit(0, "alert", body).result(10) == 2


def test_disk_that_is_full_fails_the_batch_and_not_the_thread(log: FakeLog, group: GroupCommitter) -> None:
    log.fault = JournalFull("the disk is full")
    with pytest.raises(JournalFull):
        group.submit(0, "alert", "1").result(10)
    assert group.is_alive
    log.fault = None
    assert group.submit(0, "alert", "1").result(10) == 1


def test_dead_thread_fails_whoever_waits_and_whoever_comes_and_can_be_brought_back(
    log: FakeLog, group: GroupCommitter
) -> None:
    log.may_go.clear()
    log.fault = ZeroDivisionError("a bug")
    futures = [group.submit(0, "alert", "1")]
    assert log.has_begun.wait(PATIENCE_S)
    futures += [group.submit(0, "alert", "2") for _ in range(6)]
    log.may_go.set()
    for future in futures:
        with pytest.raises(WriterStopped, match="a bug"):
            future.result(10)
    assert not group.is_alive
    assert isinstance(group.died_of, ZeroDivisionError)
    for _ in range(3):
        with pytest.raises(WriterStopped, match="has died"):
            group.submit(0, "alert", "3")
    assert group.waiting_rows == 0
    log.fault = None
    group.restart()
    group.restart()
    assert group.is_alive
    assert group.submit(0, "alert", "4").result(10) == 1


def test_closing_writes_what_waits_and_takes_no_more(log: FakeLog) -> None:
    group = GroupCommitter(log)
    log.may_go.clear()
    futures = [group.submit(0, "alert", "1") for _ in range(5)]
    log.may_go.set()
    assert group.close()
    assert sorted(future.result(0) for future in futures) == [1, 2, 3, 4, 5]
    assert not group.is_alive
    for call in (lambda: group.submit(0, "alert", "1"), group.restart):
        with pytest.raises(WriterStopped, match="closed"):
            call()


def test_closing_does_not_wait_for_a_hanging_disk(log: FakeLog) -> None:
    group = GroupCommitter(log, max_batch_rows=1)
    log.may_go.clear()
    futures = [group.submit(0, "alert", "1")]
    assert log.has_begun.wait(PATIENCE_S)
    futures.append(group.submit(0, "alert", "2"))
    assert not group.close(timeout_s=0.05)
    with pytest.raises(WriterStopped):
        futures[1].result(0)
    log.may_go.set()
    assert futures[0].result(10) == 1
    assert group.close()


def test_cancelled_row_is_not_written(log: FakeLog, group: GroupCommitter) -> None:
    log.may_go.clear()
    first = group.submit(0, "alert", "1")
    assert log.has_begun.wait(PATIENCE_S)
    second, third = group.submit(0, "alert", "2"), group.submit(0, "alert", "3")
    assert second.cancel()
    log.may_go.set()
    assert (first.result(10), third.result(10)) == (1, 2)
    assert log.rows == ["1", "3"]


def test_pages_are_copied_back_when_nothing_waits(log: FakeLog, group: GroupCommitter) -> None:
    log.uncopied_bytes = 2_000_000
    assert group.submit(0, "alert", "1").result(10) == 1
    assert group.close()
    assert log.checkpoints == 1


def test_log_that_was_closed_fails_the_rows_by_name(tmp_path: Path) -> None:
    log = DurableLog(tmp_path / "inbox.sqlite", name="inbox")
    group = GroupCommitter(log)
    log.close()
    with pytest.raises(JournalError, match=r"the log is closed|has died"):
        group.submit(0, "alert", "1").result(10)
    group.close()

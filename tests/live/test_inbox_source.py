"""The engine's look at the inbox: cheap while nobody writes, and it misses nothing."""

from __future__ import annotations

from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix_live.engine.inbox_source import LOOK_ANYWAY, InboxSource
from zepix_live.inbox_rows import ALERT, encode


def post(inbox: DurableLog, count: int = 1) -> list[int]:
    row = encode({"raw": "{}", "source": "webhook", "route": "tradingview", "from": "127.0.0.1"})
    return inbox.append([(1, ALERT, row)] * count)


def test_an_inbox_that_nobody_wrote_to_is_not_read_again_and_a_new_alert_is_found_at_once(tmp_path, monkeypatch):
    path = tmp_path / "inbox.sqlite"
    reads = []
    rows = LogReader.rows
    monkeypatch.setattr(LogReader, "rows", lambda self, *given: reads.append(given) or rows(self, *given))
    source = InboxSource(path)
    assert source.after(0, 10) == []
    with DurableLog(path, name="inbox") as inbox:
        last = post(inbox)[-1]
        assert [one.seq for one in source.after(0, 10)] == [last]
        before = len(reads)
        for _ in range(LOOK_ANYWAY // 2):
            assert source.after(last, 10) == []
        assert len(reads) - before <= 2
        newer = post(inbox)[-1]
        assert [one.seq for one in source.after(last, 10)] == [newer]
    source.close()


def test_what_did_not_fit_into_one_look_is_taken_at_the_next(tmp_path):
    path = tmp_path / "inbox.sqlite"
    with DurableLog(path, name="inbox") as inbox:
        numbers = post(inbox, 25)
        source = InboxSource(path)
        found: list[int] = []
        for _ in range(3):
            found += [one.seq for one in source.after(found[-1] if found else 0, 10)]
        assert found == numbers
        source.close()


def test_alerts_in_a_part_that_was_begun_meanwhile_are_found_within_a_few_looks(tmp_path):
    path = tmp_path / "inbox.sqlite"
    with DurableLog(path, name="inbox") as inbox:
        last = post(inbox)[-1]
        source = InboxSource(path)
        assert source.after(0, 10)
        inbox.rotate()
        newer = post(inbox)[-1]
        found = [one.seq for _ in range(LOOK_ANYWAY) for one in source.after(last, 10)]
        assert found == [newer]
        source.close()

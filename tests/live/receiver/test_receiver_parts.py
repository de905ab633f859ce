"""The parts of the receiver by themselves: what is seen, rates, keys, and the store that starts its thread again."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live.receiver.receiver_asgi import ENTRY, MemoryLog, world
from zepix.alerts import AlertProcessor
from zepix.alerts.dedup import Deduplicator
from zepix.data import default_catalogue
from zepix.errors import JournalError
from zepix.journal.group_commit import GroupCommitter
from zepix.model import Alert
from zepix_live.clock import VirtualClock
from zepix_live.inbox_rows import read_alert
from zepix_live.receiver.inbox import Arrival
from zepix_live.receiver.inspection import Limits, Problem, inspect
from zepix_live.receiver.keys import key_of
from zepix_live.receiver.main import open_inbox
from zepix_live.receiver.rate import RateLimit
from zepix_live.receiver.seen import First, Seen
from zepix_live.receiver.store import CommitterStore, Unavailable
from zepix_live.settings import ReceiverSettings

EXAMPLES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "alerts" / "payload_examples.jsonl"
_SENT = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.sampled_from(["EURUSD", "GBPUSD", "OANDA:EURUSD"]),
        st.sampled_from([None, "A", "B"]),
        st.integers(1, 2),
        st.booleans(),
    ),
    max_size=30,
)


@given(_SENT)
@settings(max_examples=150, deadline=None)
def test_a_duplicate_here_is_a_duplicate_of_the_same_alert_in_a_replay(sent):
    """The replay's own deduplication sees the same alerts at the same times and names the same firsts."""
    here, processor, replay = world(), AlertProcessor(default_catalogue()), Deduplicator()
    for seconds, symbol, explicit_id, price, is_spaced in sent:
        here.clock.advance(seconds)
        fields = {"type": "entry", "symbol": symbol, "side": "buy", "price": float(price)}
        if explicit_id is not None:
            fields["id"] = explicit_id
        body = json.dumps(fields, indent=1 if is_spaced else None).encode()
        answer = here.post(body).json
        row = here.log.rows[-1]
        found = read_alert(row.seq, row.t_ns, row.kind, row.body)
        alert = processor.parse(found.raw, received_ns=row.t_ns, id=f"a{row.seq}", source=found.source)
        assert isinstance(alert, Alert)
        first = replay.check(alert)
        assert (first is not None) == answer["duplicate"]
        assert first is None or first == f"a{answer['seq']}"


def test_what_is_seen_is_bounded():
    seen = Seen(None, most=3)
    for n in range(5):
        seen.remember(f"k{n}", First(n, f"a{n}", n))
    assert len(seen) == 3
    assert seen.find("k1", 0) is None
    assert seen.find("k4", 0) == First(4, "a4", 4)


def test_a_rate_fills_with_time_and_knows_the_newest_names_only():
    rate = RateLimit(per_s=2, burst=3, names_limit=2)
    assert [rate.take("a", 0) for _ in range(4)] == [True, True, True, False]
    assert [rate.take("a", 500_000_000), rate.take("a", 500_000_000)] == [True, False]
    assert rate.is_spent("a", 500_000_000) and not rate.is_spent("b", 0)
    assert rate.take("a", 0) is False, "a clock that goes back gives nothing"
    rate.take("b", 0)
    rate.take("c", 0)
    assert rate.take("a", 0) is True
    with pytest.raises(ValueError, match="rate"):
        RateLimit(0, 1)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('{"id":1,"symbol":"EURUSD"}', '{"alert_id":"1","ticker":"OANDA:eurusd","price":2}', True),
        ('{"id":"x","symbol":"EURUSD"}', '{"id":"x","symbol":"GBPUSD"}', False),
        ('{"id":"{{strategy.order.id}}","symbol":"EURUSD"}', '{"id":"{{strategy.order.id}}","symbol":"X"}', False),
        ('{"id":"","symbol":"EURUSD"}', '{"id":"","symbol":"EURUSD","a":1}', False),
        ('{"id":{"a":1}}', '{"id":{"a":2}}', False),
        ("buy  ", "buy", True),
        ("1", "1.0", False),
    ],
)
def test_by_what_two_alerts_are_the_same(one, other, is_same):
    keys = []
    for text in (one, other):
        looked = inspect(text.encode(), Limits())
        assert looked.body is not None
        keys.append(key_of("webhook", None, looked.text, looked.body).text)
    assert (keys[0] == keys[1]) is is_same


def test_two_senders_do_not_share_ids():
    looked = inspect(b'{"id":"1"}', Limits())
    assert looked.body is not None
    assert key_of("webhook", None, looked.text, looked.body) != key_of("custom", None, looked.text, looked.body)


def test_every_public_example_is_taken_or_turned_away_for_a_reason():
    if not EXAMPLES.exists():
        pytest.skip("the shared data is not here")
    here = world()
    for line in EXAMPLES.read_text(encoding="utf-8").splitlines():
        answer = here.post(json.loads(line)["body"].encode())
        assert answer.status in (200, 202, 400), line
        assert answer.status != 400 or answer.json["error"] in ("bad_json", "not_an_object"), (answer.json, line)


def test_the_thread_that_writes_is_started_again_when_it_died():
    class Dying(MemoryLog):
        uncopied_bytes = 0
        is_ill = True

        def append(self, rows):
            if self.is_ill:
                raise RuntimeError("a bug")
            return super().append(rows)

        def checkpoint(self):
            return True

    async def scene():
        log, clock = Dying(), VirtualClock()
        committer = GroupCommitter(log)
        store = CommitterStore(committer, clock)
        with pytest.raises(JournalError, match="died"):
            await store.put(1, "alert", "{}")
        assert "stopped" in store.trouble()
        log.is_ill = False
        with pytest.raises(Unavailable):
            store.put(1, "alert", "{}")
        for _ in range(100):
            if not store.trouble():
                break
            await asyncio.sleep(0.01)
        assert await store.put(1, "alert", "{}") == 1
        committer.close()

    asyncio.run(scene())


def test_trouble_is_tried_again_by_itself_and_health_recovers():
    here = world()
    here.log.error = JournalError("the disk is full")
    assert here.post().status == 503
    assert here.get("/api/health").json["not_well"] == ["inbox"]
    here.log.error = None
    here.clock.advance(2)
    here.get("/api/health")
    assert here.get("/api/health").status == 200
    assert here.log.of("event")[0]["code"] == "inbox_trouble"


def test_a_row_that_the_receiver_did_not_write_is_named():
    with pytest.raises(JournalError, match="row 7 of the inbox"):
        read_alert(7, 0, "alert", '{"raw":1}')
    with pytest.raises(JournalError, match="row 8 of the inbox"):
        read_alert(8, 0, "alert", "[]")


def test_a_body_is_kept_as_it_came():
    here = world()
    body = b'  {"b": 1.10,\r\n "a" : "\\u00e9"}  '
    here.post(body)
    assert here.log.of("alert")[0]["raw"] == body.decode()
    assert here.post(ENTRY).status == 202


def test_nothing_is_acknowledged_once_the_folder_is_gone(tmp_path: Path):
    """A file that was removed while it is open takes every row and keeps none."""
    folder = tmp_path / "live"

    async def scene():
        with open_inbox(ReceiverSettings(folder), VirtualClock()) as opened:
            assert not opened.inbox.trouble()
            folder.rename(tmp_path / "elsewhere")
            with pytest.raises(Unavailable, match="moved or removed"):
                await opened.inbox.set_aside(
                    Arrival(1, "webhook", "webhook", "::1", None, "x", 1), Problem("empty", "")
                )
            assert "moved or removed" in opened.inbox.trouble()
            folder.mkdir()
            assert "moved or removed" in opened.inbox.trouble(), "another folder of that name"

    asyncio.run(scene())

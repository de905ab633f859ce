"""Bodies that nobody planned: seeded mutations of real and hand-made ones, in the thousands; never a 500.

``ZEPIX_FUZZ_BODIES=100000 pytest tests/live/receiver/test_receiver_fuzz.py -s`` takes as many as one likes.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.live.receiver.receiver_asgi import ENTRY, EXIT, HMAC_KEY, PATH, TOKEN, call, world
from zepix.alerts import AlertProcessor
from zepix.alerts.reasons import REASONS
from zepix.data import default_catalogue
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import SystemClock
from zepix_live.inbox_rows import read_alert
from zepix_live.receiver.app import create_app
from zepix_live.receiver.main import open_inbox
from zepix_live.secrets_file import Secrets

AT_ONCE = 50
BODIES = int(os.environ.get("ZEPIX_FUZZ_BODIES", "5000"))
SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "alerts"
OWN_REASONS = {"not_found", "bad_symbol", "too_large"}
HAND_MADE = [
    ENTRY,
    EXIT,
    b"",
    b"buy EURUSD",
    b"LICENSE,buy,EURUSD,risk=1,sl=20",
    b"KEY|name|buy|BTCUSDT",
    b"type=entry;symbol=EURUSD;side=buy",
    b'{"id":"\\ud800"}',
    b'{"a":NaN,"b":-Infinity,"c":1e999}',
    b"[" * 5_000 + b"]" * 5_000,
    b'{"a":' * 50 + b"1" + b"}" * 50,
    b'{"a":"\\u0000\\uffff"}',
    b"\xff\xfe\x00\x00",
    '{"symbol":"\u4e2d\u6587","side":"\U0001f600"}'.encode(),
    '{"symbol":"EURUSD"}'.encode("utf-16"),
    b'{"price":{{close}},"symbol":{{ticker}},"x":"{{"}',
    b"{{strategy.order.alert_message}}",
    b'{"passphrase":"' + TOKEN.encode() + b'","symbol":"EURUSD"}',
    b"'; DROP TABLE rows; --",
    b"<script>alert(document.cookie)</script>",
    b'{"__proto__":{"a":1},"constructor":1}',
    b'{"n":' + b"9" * 10_000 + b"}",
    b'{"n":0.' + b"0" * 5_000 + b"1}",
    b'"' * 10_001,
    b"\\" * 10_001,
    b"a=" * 8_000,
    b"|" * 16_000,
    b"%00%ff%2e%2e%2f",
    b"\r\n" * 8_000,
]
PIECES = [b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u", b"\\ud800", b"NaN", b"1e999", b"{{", b"}}", b"{{close}}"]
PIECES += [b"\xff", b"\xc3", b"\xed\xa0\x80", b"***", b"passphrase=", b'"token":', b",buy,", b"|", b"=", b";", b"\n"]
PIECES += ["\u202e".encode(), "\ufeff".encode(), b"null", b"true", b'"id":', b'"symbol":', TOKEN.encode(), b"9" * 50]
PIECES += [b"\x00", b"-"]


def _seeds() -> list[bytes]:
    found = list(HAND_MADE)
    if SHARED.exists():
        lines = (SHARED / "payload_examples.jsonl").read_text(encoding="utf-8").splitlines()
        found += [json.loads(line)["body"].encode() for line in lines]
        for path in sorted(SHARED.glob("TradingView_Alerts_Log_*.csv")):
            with path.open(encoding="utf-8", newline="") as handle:
                found += [row["Description"].encode() for row in list(csv.DictReader(handle))[:40]]
    return found


def _mutated(body: bytes, chance: random.Random, seeds: list[bytes]) -> bytes:
    for _ in range(chance.randrange(5)):
        at, way = chance.randrange(len(body) + 1), chance.randrange(8)
        end = min(len(body), at + chance.randrange(1, 30))
        if way == 0:
            body = body[:at] + chance.randbytes(chance.randrange(1, 9)) + body[at:]
        elif way == 1:
            body = body[:at] + body[end:]
        elif way in (2, 3):
            body = body[:at] + chance.choice(PIECES) + body[at:]
        elif way == 4:
            body = body[:at] + body[at:end] * chance.randrange(2, 200) + body[end:]
        elif way == 5:
            body = body[:at]
        elif way == 6:
            body = body[:at] + chance.choice(seeds)[at:]
        elif body:
            at %= len(body)
            body = body[:at] + bytes([body[at] ^ (1 << chance.randrange(8))]) + body[at + 1 :]
    return body[:20_000]


PATHS = [PATH, PATH, PATH, f"{PATH}/EURUSD", f"{PATH}/\udc80", f"/webhook/custom/{TOKEN}", "/webhook", "/webhook/x"]


async def _storm(app, count: int, seed: int) -> tuple[Counter, Counter]:
    chance, seeds = random.Random(seed), _seeds()
    statuses, errors = Counter(), Counter()

    async def one() -> None:
        body = _mutated(chance.choice(seeds), chance, seeds)
        cut = chance.randrange(len(body) + 1)
        pieces = [body] if chance.random() < 0.8 else [body[:cut], b"", body[cut:]]
        answer = await call(app, "POST", chance.choice(PATHS), chunks=pieces)
        statuses[answer.status] += 1
        assert answer.status in (200, 202, 400, 404, 413), (answer, body)
        found = answer.json
        if answer.status >= 400:
            errors[found["error"]] += 1
            assert found["error"] in REASONS or found["error"] in OWN_REASONS, (found, body)
            assert TOKEN not in answer.body.decode()
        else:
            assert set(found) == {"seq", "id", "duplicate"}

    for begin in range(0, count, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(min(AT_ONCE, count - begin))))
    return statuses, errors


@pytest.mark.clock
def test_no_body_makes_a_500_kills_the_writer_or_is_lost(tmp_path, caplog):
    """The real inbox on a disk; afterwards every row reads, and none says what it must not."""
    caplog.set_level("CRITICAL")
    patient = {"answer_timeout_s": 10, "most_wait_s": 10}  # it is about bodies, not about a disk that takes its time
    here = world(rate_per_s=1e5, rate_burst=1e6, refusals_per_s=1e4, refusals_burst=1e5, **patient)
    settings = here.settings.__class__(
        **{**{f: getattr(here.settings, f) for f in here.settings.__dataclass_fields__}, "data_dir": tmp_path}
    )
    clock = SystemClock()

    async def scene():
        with open_inbox(settings, clock) as opened:
            app = create_app(settings, opened.inbox, clock, lambda: here.engine)
            begin = time.perf_counter()
            found = await _storm(app, BODIES, seed=6)
            took_s = time.perf_counter() - begin
            assert opened.committer.is_alive
            assert not opened.inbox.trouble()
            return (*found, took_s)

    statuses, errors, took_s = asyncio.run(scene())
    print(f"{BODIES:,} bodies, {BODIES / took_s:,.0f}/s: {dict(statuses)}; {dict(errors)}")
    assert not caplog.records
    kinds: Counter[str] = Counter()
    with LogReader(tmp_path / "inbox.sqlite") as reader:
        for row in reader.rows(0, None):
            kinds[row.kind] += 1
            assert TOKEN not in row.body
            if row.kind in ("alert", "resend", "quarantined"):
                read_alert(row.seq, row.t_ns, row.kind, row.body)
    assert kinds["alert"] == statuses[202]
    assert kinds["resend"] == statuses[200]


@pytest.mark.parametrize("seed", range(3))
def test_what_the_receiver_turns_away_as_unreadable_no_dialect_can_read(seed):
    """Only limits of the receiver's own (depth, numbers, keys) may turn away what a parser would take."""
    chance, seeds = random.Random(100 + seed), _seeds()
    processor = AlertProcessor(default_catalogue())
    here = world(rate_per_s=1e5, rate_burst=1e6)

    async def scene():
        for _ in range(300):
            body = _mutated(chance.choice(seeds), chance, seeds)
            answer = await call(here.app, "POST", PATH, body)
            reason = answer.json.get("error")
            if reason is not None and reason not in ("too_deep", "bad_number", "too_large"):
                parsed = processor.parse(body.replace(TOKEN.encode(), b"***"))
                assert getattr(parsed, "reason", None) == reason, (parsed, body)

    asyncio.run(scene())


def test_signed_bodies_and_signatures_of_any_kind_make_no_500():
    chance, seeds = random.Random(9), _seeds()
    here = world(secrets=Secrets(hmac_key=HMAC_KEY), rate_per_s=1e5, rate_burst=1e6)

    async def scene():
        for _ in range(300):
            headers = [
                (chance.choice(["X-Zepix-Timestamp", "X-Zepix-Signature"]), chance.randbytes(8).decode("latin-1"))
                for _ in range(3)
            ]
            answer = await call(here.app, "POST", "/webhook/custom", chance.choice(seeds), headers=headers)
            assert answer.status in (404, 413, 503)

    asyncio.run(scene())

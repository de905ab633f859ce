"""The answers of the door: what is taken, what is turned away and kept, what may come again."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace

import pytest

from tests.live.receiver.receiver_asgi import API_TOKEN, ENTRY, EXIT, PATH, TOKEN, call, with_settings, world
from zepix.journal.trouble import JournalFull, Overloaded
from zepix_live.inbox_rows import read_alert
from zepix_live.secrets_file import Secrets


def test_an_alert_is_durable_and_then_answered_202_with_its_number():
    here = world()
    answer = here.post()
    assert (answer.status, answer.json) == (202, {"seq": 1, "id": "a1", "duplicate": False})
    [row] = here.log.rows
    assert (row.kind, row.t_ns) == ("alert", here.clock.now_ns())
    found = read_alert(row.seq, row.t_ns, row.kind, row.body)
    assert (found.raw, found.source, found.route) == (ENTRY.decode(), "webhook", "tradingview")


@pytest.mark.parametrize(
    ("path", "symbol", "route"),
    [
        (PATH, None, "tradingview"),
        (PATH + "/", None, "tradingview"),
        (f"{PATH}/FX:EURUSD", "FX:EURUSD", "tradingview"),
        (f"/webhook/custom/{TOKEN}", None, "custom"),
        (f"/webhook/custom/{TOKEN}/GOLD", "GOLD", "custom"),
        (f"/webhook/{TOKEN}", None, "tradingview"),
    ],
)
def test_every_address_takes_alerts(path, symbol, route):
    here = world()
    assert here.post(path=path).status == 202
    [row] = here.log.of("alert")
    assert (row.get("symbol"), row["route"]) == (symbol, route)


@pytest.mark.parametrize("path", ["/webhook", "/webhook/tradingview", "/webhook/custom"])
def test_the_token_in_the_body_does_where_the_address_has_none(path):
    here = world()
    body = json.dumps({"type": "entry", "symbol": "EURUSD", "side": "buy", "passphrase": TOKEN}).encode()
    assert here.post(body, path).status == 202
    assert TOKEN not in here.log.rows[0].body
    assert here.post(f"{TOKEN},buy,EURUSD".encode(), path).status == 202
    assert TOKEN not in here.log.rows[1].body


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=utf-8", "image/png", "", "\xff\xfe"])
def test_any_content_type_is_taken(kind):
    assert world().post(headers={"content-type": kind}).status == 202
    assert world().post().status == 202


def test_the_same_body_5_10_and_15_seconds_later_is_a_duplicate_and_kept():
    here = world()
    first = here.post()
    for seconds in (5, 5, 5):
        here.clock.advance(seconds)
        answer = here.post()
        assert (answer.status, answer.json) == (200, {**first.json, "duplicate": True})
    assert [row.kind for row in here.log.rows] == ["alert", "resend", "resend", "resend"]
    assert {row["of"] for row in here.log.of("resend")} == {1}


@pytest.mark.parametrize(("seconds", "status"), [(30, 200), (30.001, 202)])
def test_the_window_is_30_s_from_the_first_receipt(seconds, status):
    here = world()
    here.post()
    here.clock.advance(20)
    here.post()
    here.clock.advance(seconds - 20)
    assert here.post().status == status


@pytest.mark.parametrize("jump_s", [-86_400, -3_600, 3_600, 86_400])
def test_a_wall_clock_that_is_set_reopens_nothing(jump_s):
    here = world()
    here.post()
    here.clock.jump_wall(jump_s)
    here.clock.advance(5)
    assert here.post().status == 200


def test_spaces_and_the_order_of_keys_do_not_make_a_new_alert():
    here = world()
    here.post(b'{"type":"entry","symbol":"EURUSD","side":"buy"}')
    assert here.post(b'{ "side": "buy",\n "symbol": "EURUSD", "type": "entry" }').status == 200


def test_another_symbol_in_the_address_is_another_alert():
    here = world()
    assert here.post(b"buy now", f"{PATH}/EURUSD").status == 202
    assert here.post(b"buy now", f"{PATH}/GBPUSD").status == 202
    assert here.post(b"buy now", f"{PATH}/eurusd").status == 200


def test_an_id_in_the_body_is_known_for_good():
    here = world()
    body = b'{"id":"S-7","type":"entry","symbol":"EURUSD","side":"buy","price":1.1}'
    assert here.post(body).json == {"seq": 1, "id": "S-7", "duplicate": False}
    here.clock.advance(3600)
    assert here.post(body.replace(b"1.1", b"1.2")).json == {"seq": 1, "id": "S-7", "duplicate": True}
    assert here.post(body.replace(b"EURUSD", b"GBPUSD")).status == 202


def test_an_exit_that_came_twice_is_answered_as_a_duplicate_and_is_there_for_the_engine():
    here = world()
    here.post(EXIT)
    assert here.post(EXIT).status == 200
    assert [row["raw"] for row in here.log.of("resend")] == [EXIT.decode()]


def test_after_a_restart_a_resend_is_still_a_duplicate():
    here = world()
    here.post()
    here.post(b'{"id":"S-7","symbol":"EURUSD"}')
    here.clock.advance(20)
    here.open()
    assert here.post().json == {"seq": 1, "id": "a1", "duplicate": True}
    here.clock.advance(11)
    assert here.post().status == 202
    assert here.post(b'{"id":"S-7","symbol":"EURUSD"}').json == {"seq": 2, "id": "S-7", "duplicate": True}


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "empty"),
        (b" \r\n\t", 400, "empty"),
        (b"\xff\xfe{\x00}\x00", 400, "bad_encoding"),
        (b"\x00", 400, "nul"),
        (b'{"a":"\\u0000"}', 400, "nul"),
        (b'{"id":"\\ud800"}', 400, "lone_surrogate"),
        (b'{"a":NaN}', 400, "bad_number"),
        (b'{"a":{"b":[-Infinity]}}', 400, "bad_number"),
        (b'{"a":1e999}', 400, "bad_number"),
        (b'{"a":' + b"9" * 41 + b"}", 400, "bad_number"),
        (b'{"a":' + b"9" * 5000 + b"}", 400, "bad_number"),
        (b'{"a":' * 9 + b"1" + b"}" * 9, 400, "too_deep"),
        (b"[" * 16_000, 400, "too_deep"),
        (b'{"a":[' + b'{"b":1},' * 300 + b"{}]}", 413, "too_large"),
        (b'{"a":1,"a":2}', 400, "duplicate_key"),
        (b'{"a":1', 400, "bad_json"),
        (b'{"a":1}x', 400, "bad_json"),
        (b"[1,2]", 400, "not_an_object"),
        (b'{"a":"' + b"x" * 16_384 + b'"}', 413, "too_large"),
    ],
)
def test_what_a_resend_cannot_cure_is_turned_away_and_kept(body, status, reason):
    here = world()
    answer = here.post(body)
    assert (answer.status, answer.json["error"], answer.json["seq"]) == (status, reason, 1)
    [row] = here.log.of("quarantined")
    assert row["reason"] == reason
    assert answer.json["detail"].isascii()


@pytest.mark.parametrize(
    "body",
    [
        b'{"price":{{close}},"symbol":"{{ticker}}","type":"entry"}',
        b"EURUSD buy",
        b"type=entry\nsymbol=EURUSD",
        b'{"id":"' + b"7" * 60 + b'","symbol":"EURUSD"}',
        b'{"note":"[[[[[[[[[[[[[[[[[[[[","symbol":"EURUSD"}',
        '{"note":"\u00e9\u4e2d\U0001f600","symbol":"EURUSD"}'.encode(),
        b"\xef\xbb\xbf" + ENTRY,
        b"' OR 1=1; DROP TABLE alerts;--",
        b"<script>alert(1)</script>",
    ],
)
def test_what_may_be_an_alert_is_taken(body):
    here = world()
    assert here.post(body).status == 202, here.log.rows


@pytest.mark.parametrize("symbol", ["a b", "{{ticker}}", "x" * 65, "a'b", "\x07", "<b>"])
def test_a_symbol_in_the_address_that_is_none_is_turned_away(symbol):
    answer = world().post(path=f"{PATH}/{symbol}")
    assert (answer.status, answer.json["error"]) == (400, "bad_symbol")


def test_a_body_in_many_pieces_is_put_together():
    here = world()
    assert asyncio.run(call(here.app, "POST", PATH, chunks=[ENTRY[i : i + 1] for i in range(len(ENTRY))])).status == 202
    assert here.log.of("alert")[0]["raw"] == ENTRY.decode()


def test_an_endless_body_is_read_to_the_limit_and_answered_413():
    here = world()
    answer = here.post(chunks=[b"x" * 8192] * 2000)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert here.log.of("quarantined")[0]["size_bytes"] == 16_384


def test_a_declared_length_above_the_limit_is_answered_413_without_keeping_anything():
    here = world()
    answer = here.post(b"x" * 100, headers={"content-length": "99999999999"})
    assert (answer.status, here.log.of("quarantined")[0]["raw"]) == (413, "")


def test_a_slow_body_is_answered_408_and_what_came_is_kept():
    here = world(body_timeout_s=0.05)
    answer = here.post(b'{"type":', never_ends=True)
    assert (answer.status, answer.json["error"], answer.headers["connection"]) == (408, "slow_body", "close")
    assert here.log.of("quarantined")[0]["raw"] == '{"type":'


def test_a_sender_that_hangs_up_leaves_no_row():
    here = world()
    asyncio.run(call(here.app, "POST", PATH, chunks=[]))
    assert here.log.rows == []


@pytest.mark.parametrize("error", [JournalFull("the disk is full"), Overloaded("too much waits")])
def test_what_cannot_be_made_durable_is_answered_503_and_comes_again(error):
    here = world()
    here.log.error = error
    for body in (ENTRY, b'{"a":NaN}'):
        answer = here.post(body)
        assert answer.status == 503
        assert answer.json["error"] == ("overloaded" if isinstance(error, Overloaded) else "journal_unavailable")
        assert int(answer.headers["retry-after"]) >= 1
    here.log.error = None
    assert here.post().status == 202, "what was answered 503 is no duplicate of itself"


def test_a_disk_that_hangs_is_answered_503_in_time_and_the_resend_is_a_duplicate_of_what_came_through():
    here = world(answer_timeout_s=0.05)

    async def scene():
        loop = asyncio.get_running_loop()
        stuck = loop.create_future()
        numbers = iter([stuck, loop.create_future()])
        here.store.put = lambda *_: next(numbers)
        answer = await call(here.app, "POST", PATH, ENTRY)
        assert (answer.status, answer.json["error"]) == (503, "journal_unavailable")
        assert (await call(here.app, "POST", PATH, ENTRY)).status == 503, "the first one is still on its way"
        stuck.set_result(7)
        await asyncio.sleep(0)
        again = loop.create_future()
        again.set_result(8)
        numbers = iter([again])
        here.store.put = lambda *_: next(numbers)
        answer = await call(here.app, "POST", PATH, ENTRY)
        assert (answer.status, answer.json) == (200, {"seq": 7, "id": "a7", "duplicate": True})

    asyncio.run(scene())


@pytest.mark.parametrize("first_fails", [False, True])
def test_two_of_a_kind_at_once_make_one_alert(first_fails):
    here = world()
    kinds = []

    async def scene():
        loop = asyncio.get_running_loop()
        futures = []

        def put(_t_ns, kind, _body):
            kinds.append(kind)
            futures.append(loop.create_future())
            return futures[-1]

        here.store.put = put
        both = [asyncio.ensure_future(call(here.app, "POST", PATH, ENTRY)) for _ in range(2)]
        await asyncio.sleep(0.01)
        assert kinds == ["alert"], "the second waits for the first"
        if first_fails:
            futures[0].set_exception(JournalFull("the disk is full"))
        else:
            futures[0].set_result(1)
        await asyncio.sleep(0.01)
        futures[1].set_result(2)
        return [(answer.status, answer.json.get("seq")) for answer in await asyncio.gather(*both)]

    if first_fails:
        assert asyncio.run(scene()) == [(503, None), (202, 2)]
        assert kinds == ["alert", "alert"]
    else:
        assert asyncio.run(scene()) == [(202, 1), (200, 1)]
        assert kinds == ["alert", "resend"]


def test_too_many_at_once_are_answered_503_without_a_look():
    here = world(most_in_flight=1)

    async def scene():
        slow = asyncio.ensure_future(call(here.app, "POST", PATH, b"{", never_ends=True))
        await asyncio.sleep(0.01)
        answer = await call(here.app, "POST", PATH, ENTRY)
        slow.cancel()
        await asyncio.gather(slow, return_exceptions=True)
        return answer

    answer = asyncio.run(scene())
    assert (answer.status, answer.json) == (503, {"error": "overloaded"})
    assert here.post().status == 202, "whoever was cancelled holds no place"


def test_500_alerts_in_a_second_are_taken_and_a_flood_is_told_to_come_again():
    here = world()
    statuses = [here.post(b'{"n":%d}' % n).status for n in range(500)]
    assert set(statuses) == {202}
    flooded = with_settings(here, rate_per_s=10, rate_burst=20)
    answers = [flooded.post(b'{"m":%d}' % n) for n in range(30)]
    assert [answer.status for answer in answers] == [202] * 20 + [503] * 10
    assert (answers[-1].json, answers[-1].headers["retry-after"]) == ({"error": "rate_limited"}, "1")
    flooded.clock.advance(1)
    assert flooded.post(b'{"m":"later"}').status == 202


def test_the_intake_stops_with_503():
    here = world()
    here.app.stop()
    answer = here.post()
    assert (answer.status, answer.json["error"]) == (503, "stopping")
    assert here.get("/api/health").status == 503


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "BREW"])
def test_another_method_is_405_and_says_which_is_right(method):
    answer = asyncio.run(call(world().app, method, PATH, ENTRY))
    assert answer.status == 405
    assert "POST" in answer.headers["allow"]


NOWHERE = ["/", "", "/x", "/webhook/a/b/c/d", "/docs", "/openapi.json", "/api", "/%2e%2e/etc", "//"]


@pytest.mark.parametrize("path", NOWHERE)
def test_an_unknown_place_is_404(path):
    assert world().post(path=path).status == 404
    assert world().get(path).status == 404


def test_our_own_failure_is_503_with_a_critical_event_and_never_500(caplog):
    here = world()

    async def broken(*_):
        raise ValueError(f"the body was {TOKEN}")

    here.inbox.accept = broken
    answer = here.post()
    assert (answer.status, answer.json) == (503, {"error": "internal"})
    [event] = here.log.of("event")
    assert (event["level"], event["code"]) == ("CRITICAL", "receiver_error")
    assert TOKEN not in event["text"]
    assert any(record.levelname == "CRITICAL" for record in caplog.records)
    for _ in range(50):
        assert here.post().status == 503
    assert len(here.log.of("event")) <= 5


def test_a_failure_of_the_health_page_is_503_too():
    here = world()
    here.inbox.trouble = lambda: 1 / 0
    assert here.get("/api/health").status == 503


def test_a_request_that_is_cancelled_before_its_answer_is_answered_503():
    here = world()

    async def scene():
        sent = []
        request = SimpleNamespace(done=False)

        async def receive():
            if request.done:
                await asyncio.sleep(60)
            request.done = True
            return {"type": "http.request", "body": b"{", "more_body": True}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "client": ("127.0.0.1", 1)}
        task = asyncio.ensure_future(here.app(scope, receive, send))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return sent

    assert asyncio.run(scene())[0]["status"] == 503


def test_a_websocket_is_closed():
    sent = []

    async def scene():
        async def send(message):
            sent.append(message)

        await world().app({"type": "websocket", "path": "/"}, None, send)

    asyncio.run(scene())
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_two_tokens_are_valid_during_a_rotation():
    here = world(secrets=Secrets(webhook_token="new-0123456789-abc", webhook_token_previous=TOKEN, api_token=API_TOKEN))
    assert here.post(path=PATH).status == 202
    assert here.post(path="/webhook/tradingview/new-0123456789-abc").status == 200, "the same alert by its new address"
    assert here.post(path="/webhook/tradingview/old").status == 404


def test_nothing_of_a_secret_is_kept_or_told(caplog):
    here = world()
    spoken = [
        here.post(f'{{"note":"my {TOKEN} here","symbol":"EURUSD"}}'.encode()),
        here.post(f'{{"note":"{TOKEN}'.encode()),
        here.post(f'{{"{TOKEN}":1,"{TOKEN}":2}}'.encode()),
        here.post(f"{TOKEN}\xff".encode("latin-1")),
        here.post(b"x", f"/webhook/wrong-{TOKEN}"),
        here.post(b"x", headers={"content-type": TOKEN}),
        here.post(b"x", f"{PATH}/{TOKEN}"),
    ]
    for end in (16_384, 16_384 - 10, 16_384 + 10):
        spoken.append(here.post(b"x" * (end - len(TOKEN)) + TOKEN.encode() + b"y" * 100))
        spoken.append(here.post((TOKEN * 800)[:end].encode(), "/webhook"))
    kept = "".join(row.body for row in here.log.rows)
    assert TOKEN[:10] not in kept
    told = "".join(answer.body.decode() for answer in spoken)
    assert TOKEN not in kept + told + caplog.text

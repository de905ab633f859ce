"""Handing alerts on to another receiver: the same body, once, after it is durable, and nobody waits for it."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.live.receiver.other_receiver import other_receiver, raw_server
from tests.live.receiver.receiver_asgi import ENTRY, EXIT, HMAC_KEY, TOKEN, World, world
from tests.waiting import PATIENCE_S
from zepix.errors import ConfigError, JournalError
from zepix_live.receiver.auth import signature_of
from zepix_live.receiver.mirror_log import MirrorLog
from zepix_live.receiver.mirror_post import NotSent, post_body
from zepix_live.receiver.mirror_url import MirrorTarget, target_of
from zepix_live.secrets_file import Secrets
from zepix_live.settings import ReceiverSettings, read_settings

pytestmark = pytest.mark.clock

AUTH = {"Authorization": "Bearer api-0123456789-abcdef"}


def settle(found: World, patience_s: float = PATIENCE_S) -> None:
    """Until nothing waits to be handed on."""
    end = time.monotonic() + patience_s
    while any(mirror.waiting for mirror in found.mirrors.all) and time.monotonic() < end:
        time.sleep(0.01)
    assert not any(mirror.waiting for mirror in found.mirrors.all)


def mirrored(tmp_path: Path, *urls: str, **more: Any) -> World:
    return world(data_dir=tmp_path, mirror=urls, **more)


def lines(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (tmp_path / "mirror.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_same_bytes_and_content_type_go_on_once(tmp_path):
    body = b'{"type":"entry","symbol":"EURUSD", "side":"buy","passphrase":"their own word"}'
    with other_receiver() as other:
        found = mirrored(tmp_path, other.url)
        assert found.post(body, headers={"content-type": "text/plain; charset=utf-8"}).status == 202
        assert found.post(body).status == 200  # a duplicate is none of theirs
        settle(found)
        [(path, headers, got)] = other.got
    assert path == "/hook/topsecretpath?key=topsecretkey"
    assert got == body  # their own secret in it too, which no row of ours holds
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "their own word" not in found.log.rows[0].body
    assert json.loads(found.log.rows[0].body)["mirror"] == 1
    [line] = lines(tmp_path)
    assert (line["seq"], line["to"], line["status"]) == (1, 1, 200)


def test_every_address_gets_it_in_the_order_of_receipt(tmp_path):
    with other_receiver() as one, other_receiver() as two:
        found = mirrored(tmp_path, one.url, two.url)
        sent = [ENTRY, EXIT, *(f'{{"type":"exit","symbol":"S{n}"}}'.encode() for n in range(20))]
        for body in sent:
            assert found.post(body).status == 202
        settle(found)
        assert one.bodies() == two.bodies() == sent


def test_what_our_parser_cannot_read_goes_on_and_what_a_stranger_sends_does_not(tmp_path):
    with other_receiver() as other:
        found = mirrored(
            tmp_path, other.url, trusted_proxies=("127.0.0.1",), allowed_addresses=("52.89.214.238",)
        )  # fmt: skip
        theirs = {"x-forwarded-for": "52.89.214.238"}
        assert found.post(b'{"type":"entry"', headers=theirs).status == 400
        assert found.post(ENTRY, headers={"x-forwarded-for": "8.8.8.8"}).status == 403
        assert found.post(ENTRY, path="/webhook/tradingview/wrong", headers=theirs).status == 404
        settle(found)
        assert other.bodies() == [b'{"type":"entry"']


def test_a_dry_alert_is_handed_on_to_nobody_and_duplicates_nothing(tmp_path):
    with other_receiver() as other:
        found = mirrored(tmp_path, other.url)
        for query in ("dry=1", "dry", "DRY=yes", "x=1&dry=true"):
            answer = found.post(ENTRY, query=query)
            assert (answer.status, answer.json["dry"], answer.json["duplicate"]) == (202, True, False)
        for query in ("dry=0", "dry=false"):
            answer = found.post(ENTRY + b" " if query == "dry=0" else EXIT, query=query)
            assert "dry" not in answer.json
        settle(found)
        assert other.bodies() == [ENTRY + b" ", EXIT]
    assert [json.loads(row.body).get("dry") for row in found.log.rows] == [True] * 4 + [None] * 2


def test_a_signed_dry_alert_sent_again_without_its_dry_is_a_duplicate_and_trades_nothing(tmp_path):
    secrets = Secrets(webhook_token=TOKEN, api_token="api-0123456789-abcdef", hmac_key=HMAC_KEY)
    found = world(data_dir=tmp_path, secrets=secrets)
    stamp = str(found.clock.now_ns() // 1_000_000_000)
    headers = {"X-Zepix-Timestamp": stamp, "X-Zepix-Signature": signature_of(HMAC_KEY, stamp, ENTRY)}
    assert found.post(ENTRY, path="/webhook/custom", headers=headers, query="dry=1").json["dry"]
    again = found.post(ENTRY, path="/webhook/custom", headers=headers)
    assert (again.status, again.json["duplicate"]) == (200, True)
    assert len(found.log.rows) == 1


def test_dry_alerts_are_few(tmp_path):
    found = mirrored(tmp_path)
    statuses = [found.post(ENTRY, query="dry=1").status for _ in range(12)]
    assert statuses == [202] * 10 + [503] * 2
    assert found.post(ENTRY).status == 202  # what trades is not held up by them


def test_what_another_zepix_handed_on_ends_here(tmp_path):
    with other_receiver() as other:
        found = mirrored(tmp_path, other.url)
        assert found.post(ENTRY, headers={"X-Zepix-Mirror": "1"}).status == 202
        assert found.post(EXIT).status == 202
        settle(found)
        [(_, headers, body)] = other.got
    assert body == EXIT
    assert headers["X-Zepix-Mirror"] == "1"


def test_what_is_not_durable_goes_nowhere(tmp_path):
    with other_receiver() as other:
        found = mirrored(tmp_path, other.url)
        found.log.error = JournalError("the disk is full")
        assert found.post(ENTRY).status == 503
        found.log.error = None
        assert found.post(ENTRY).status == 202
        settle(found)
        assert other.bodies() == [ENTRY]


def test_signed_alerts_have_a_list_of_their_own(tmp_path):
    secrets = Secrets(webhook_token=TOKEN, api_token="api-0123456789-abcdef", hmac_key=HMAC_KEY)
    with other_receiver() as one, other_receiver() as two:
        found = world(data_dir=tmp_path, secrets=secrets, mirror=(one.url,), mirror_custom=(two.url,))
        stamp = str(found.clock.now_ns() // 1_000_000_000)
        headers = {"X-Zepix-Timestamp": stamp, "X-Zepix-Signature": signature_of(HMAC_KEY, stamp, EXIT)}
        assert found.post(EXIT, path="/webhook/custom", headers=headers).status == 202
        assert found.post(ENTRY).status == 202
        settle(found)
        assert (one.bodies(), two.bodies()) == ([ENTRY], [EXIT])


def test_one_that_hangs_holds_up_neither_us_nor_the_other_address(tmp_path):
    with raw_server(None) as port, other_receiver() as other:
        hanging = f"http://127.0.0.1:{port}/"
        found = mirrored(tmp_path, hanging, other.url, mirror_timeout_s=0.2, mirror_queue=8)
        began = time.monotonic()
        for number in range(30):
            assert found.post(f'{{"type":"exit","symbol":"S{number}"}}'.encode()).status == 202
            time.sleep(0.02)
        assert time.monotonic() - began < 3  # one after the other it would be 6 s
        settle(found)
        assert len(other.got) == 30
        told = found.get("/api/status", headers=AUTH).json["mirrors"]
    assert told[0]["counts"]["too_many"] >= 5
    assert told[0]["counts"]["timeout"] + told[0]["counts"]["too_many"] == 30
    assert told[1]["counts"] == {"sent": 30}
    found.mirrors.close()
    by_one = [line for line in lines(tmp_path) if line["to"] == 1]
    assert sorted(line["seq"] for line in by_one) == list(range(1, 31))  # each of them is told


def test_what_waited_too_long_is_not_sent_as_if_it_were_fresh(tmp_path):
    with raw_server(None) as port:
        found = mirrored(tmp_path, f"http://127.0.0.1:{port}/", mirror_timeout_s=0.3)
        assert found.post(ENTRY).status == 202
        assert found.post(EXIT).status == 202
        found.clock.advance(31)
        settle(found)
        assert found.mirrors.all[0].counts["too_late"] >= 1


@pytest.mark.parametrize(
    ("status", "counted"), [(200, "sent"), (204, "sent"), (302, "refused"), (404, "refused"), (500, "refused")]
)
def test_every_status_is_final_and_no_redirect_is_followed(tmp_path, status, counted):
    with other_receiver() as second, other_receiver(status, Location=second.url) as first:
        found = mirrored(tmp_path, first.url)
        found.post(ENTRY)
        settle(found)
        assert found.mirrors.all[0].counts == {counted: 1}
        assert len(first.got) == 1  # once, also after a 500
        assert not second.got


@pytest.mark.parametrize(
    ("answer", "drip_s", "reason"),
    [
        (b"", 0, "cut_off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 0, "no_http"),
        (b"HTTP/1.1 200 OK\r\n\r\n", 0.1, "timeout"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3, 0, "cut_off"),
        (b"\x00" * 100_000, 0, "no_http"),
    ],
)
def test_answers_that_are_none_end_in_time(answer, drip_s, reason):
    with raw_server(answer, drip_s) as port:
        began = time.monotonic()
        with pytest.raises(NotSent) as told:
            post_body(target_of(f"http://127.0.0.1:{port}/"), b"x", "", 0.6, may_be_private=False)
        assert told.value.reason == reason
        assert time.monotonic() - began < 2


def test_an_interim_answer_is_not_the_last_word():
    with raw_server(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n") as port:
        assert post_body(target_of(f"http://127.0.0.1:{port}/"), b"x", "", 2, may_be_private=False) == 204


def test_nobody_there_and_no_such_host():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NotSent, match="not_connected"):
        post_body(target_of(f"http://127.0.0.1:{port}/"), b"x", "", 2, may_be_private=False)
    with pytest.raises(NotSent, match="no_such_host"):
        post_body(target_of("http://nobody.invalid/"), b"x", "", 5, may_be_private=False)


def test_a_name_that_stands_for_a_private_address_is_asked_only_where_that_is_meant(monkeypatch):
    with other_receiver() as other:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", other.port))]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: found)
        target = target_of(f"http://hooks.example.org:{other.port}/x")
        with pytest.raises(NotSent, match="private_address"):
            post_body(target, b"x", "", 2, may_be_private=False)
        assert not other.got
        assert post_body(target, b"x", "", 2, may_be_private=True) == 200


def test_an_address_of_a_name_that_is_deaf_leaves_time_for_the_next(monkeypatch):
    waited: list[float] = []

    class Line(socket.socket):
        def connect(self, address: Any) -> None:
            if address[1] == 9:  # IPv6 that leads nowhere
                waited.append(self.gettimeout() or 0.0)
                raise TimeoutError
            super().connect(address)

    def named(*ports: int) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: found)

    with other_receiver() as other:
        target = target_of(f"http://hooks.example.org:{other.port}/x")
        monkeypatch.setattr("socket.socket", Line)
        named(9, other.port)
        assert post_body(target, b"x", "", 4, may_be_private=True) == 200
        assert 1 < waited[0] <= 2
        named(9, 9)
        with pytest.raises(NotSent, match="timeout"):
            post_body(target, b"x", "", 4, may_be_private=True)
        assert len(other.got) == 1


def test_a_certificate_that_nobody_vouches_for_gets_nothing():
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n") as port, pytest.raises(NotSent, match="no_tls"):
        post_body(target_of(f"https://127.0.0.1:{port}/"), b"x", "", 2, may_be_private=False)


def test_a_header_cannot_be_smuggled_by_a_content_type(tmp_path):
    with other_receiver() as other:
        found = mirrored(tmp_path, other.url)
        found.post(ENTRY, headers={"content-type": "text/plain\r\nX-Evil: 1"})
        settle(found)
        [(_, headers, _)] = other.got
    assert "X-Evil" not in headers
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


def test_no_path_of_an_address_is_ever_shown(tmp_path, caplog):
    with caplog.at_level(logging.DEBUG), other_receiver(500) as other:
        found = mirrored(tmp_path, other.url)
        found.post(ENTRY)
        settle(found)
        status = found.get("/api/status", headers=AUTH)
        found.mirrors.close()
    told = [repr(found.settings), repr(found.mirrors.all[0].target), caplog.text, status.body.decode()]
    told += [(tmp_path / "mirror.jsonl").read_text(encoding="utf-8"), *(row.body for row in found.log.rows)]
    assert "was not taken by http://127.0.0.1" in caplog.text
    assert not [text for text in told if "topsecret" in text]


# --- a process that ends, and the next one ------------------------------------------------------------------------


def test_what_a_killed_process_did_not_hand_on_is_told_once(tmp_path):
    with raw_server(None) as port:
        found = mirrored(tmp_path, f"http://127.0.0.1:{port}/", mirror_timeout_s=60)
        for body in (ENTRY, EXIT):
            found.post(body)
        found.open()  # as after a kill: nothing was written of either
        told = found.mirrors.look_back(found.inbox.handed_on)
    assert "alerts 1, 2" in told
    assert "not handed on now" in told
    assert found.mirrors.unknown == 2
    found.open()
    assert not found.mirrors.look_back(found.inbox.handed_on)


def test_an_orderly_end_hands_on_what_it_can_and_tells_the_rest(tmp_path):
    with raw_server(None) as port, other_receiver() as other:
        found = mirrored(tmp_path, f"http://127.0.0.1:{port}/", other.url, mirror_timeout_s=60)
        for number in range(3):
            found.post(f'{{"type":"exit","symbol":"S{number}"}}'.encode())
        began = time.monotonic()
        found.mirrors.close(0.5)
        assert time.monotonic() - began < 2
        assert len(other.got) == 3
        ended = [line["seq"] for line in lines(tmp_path) if line.get("error") == "ended"]
        assert ended == [2, 3]  # the first one is on its way: nobody knows
        found.open()
        assert "alerts 1:" in found.mirrors.look_back(found.inbox.handed_on)


def test_the_log_is_bounded_and_a_disk_that_takes_nothing_stops_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr("zepix_live.receiver.mirror_log._MOST_BYTES", 2_000)
    log = MirrorLog(tmp_path)
    for seq in range(100):
        log.write([{"seq": seq, "to": 1, "status": 200}])
    assert (tmp_path / "mirror.jsonl").stat().st_size <= 2_000
    assert (tmp_path / "mirror.old.jsonl").stat().st_size <= 2_000
    assert log.told()[99] == 1
    gone = MirrorLog(tmp_path / "no" / "such" / "folder")
    gone.write([{"seq": 1}])
    assert gone.unwritten == 1
    assert not gone.told()


# --- settings -----------------------------------------------------------------------------------------------------

WRONG = {
    "ftp://example.org/topsecret": "must begin with https:// or http://",
    "example.org/topsecret": "must begin with https:// or http://",
    "https:///topsecret": "names no host",
    "https://user:topsecret@example.org/": "a user name or a password",
    "https://example.org:99999/topsecret": "its host or its port is none",
    "https://example.org:0/topsecret": "port 0 is none",
    "https://ex ample.org/topsecret": "letters that no address has",
    "https://b\u00fccher.example/topsecret": "letters that no address has",
    "https://example.org/" + "topsecret" * 300: "more than 2048 characters",
    "http://[::1/topsecret": "its host or its port is none",
}


def test_every_wrong_address_is_told_at_once_and_none_is_shown(tmp_path):
    with pytest.raises(ConfigError) as told:
        read_settings(tmp_path, {"mirror": list(WRONG)[:8], "mirror_custom": [*list(WRONG)[8:], 5]}, {})
    for (address, sentence), problem in zip(WRONG.items(), told.value.problems, strict=False):
        assert sentence in problem, address
    assert len(told.value.problems) == len(WRONG) + 1
    assert "topsecret" not in str(told.value)


@pytest.mark.parametrize("own", ["http://127.0.0.1:8000/x", "http://localhost:8000/", "http://[::1]:8000/x"])
def test_a_receiver_does_not_hand_on_to_itself(tmp_path, own):
    with pytest.raises(ConfigError, match="this very receiver"):
        read_settings(tmp_path, {"mirror": [own]}, {})
    assert read_settings(tmp_path, {"mirror": [own], "port": 8010}, {}).mirror == (own,)


def test_an_address_twice_would_get_every_alert_twice(tmp_path):
    with pytest.raises(ConfigError, match="stands twice"):
        read_settings(tmp_path, {"mirror": ["https://a.example/x", "https://a.example/x"]}, {})


def test_the_name_of_an_address_is_its_host_alone():
    assert target_of("HTTPS://Hooks.Example.org/a/b?c=d") == MirrorTarget("https", "hooks.example.org", 443, "/a/b?c=d")
    assert target_of("http://[2001:db8::1]:81/x").name == "http://[2001:db8::1]:81"
    assert ReceiverSettings(Path()).mirror_late_s == 30


# --- TLS ----------------------------------------------------------------------------------------------------------


@contextmanager
def tls_receiver(folder: Path) -> Iterator[tuple[int, Path, list[bytes]]]:
    """A server with a certificate of localhost that it vouches for itself: (port, the certificate, what it got)."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*made, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as inside:
                    inside.settimeout(5)
                    got.append(inside.recv(65_536))
                    inside.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1]), certificate, got
        thread.join(6)


def test_https_with_a_certificate_that_holds(tmp_path, monkeypatch):
    with tls_receiver(tmp_path) as (port, certificate, got):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        target = target_of(f"https://localhost:{port}/hook")
        assert post_body(target, b"the body", "text/plain", 5, may_be_private=False) == 201
    assert got[0].startswith(b"POST /hook HTTP/1.1\r\n")
    assert got[0].endswith(b"\r\n\r\nthe body")


def test_https_with_a_certificate_of_another_name_gets_nothing(tmp_path, monkeypatch):
    with tls_receiver(tmp_path) as (port, certificate, got):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with pytest.raises(NotSent, match="no_tls"):
            post_body(target_of(f"https://127.0.0.1:{port}/"), b"x", "", 5, may_be_private=False)
    assert not got

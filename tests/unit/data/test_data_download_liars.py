"""A server that lies, drips or floods: every answer is refused or asked for again, within its limits."""

from __future__ import annotations

import shutil
import ssl
import struct
import subprocess
import time

import pytest
from feed_by_hand import Feed, pack, pack_minutes, pack_ticks

from zepix.data.download.bi5 import MAX_PACKED_BYTES, read_minutes, read_ticks
from zepix.data.download.fetching import Fetcher, Politeness, check_host
from zepix.errors import ConfigError, DataError

PATH = "/EURUSD/2024/00/03/10h_ticks.bi5"
TICK = [(5, 109_000, 109_008)]
ONCE = Politeness(pause_s=0, first_wait_s=0, tries=2, timeout_s=1.0, answer_s=1.0)


@pytest.fixture
def feed():
    server = Feed()
    yield server
    server.stop()


def _get(feed: Feed, *acts, politeness: Politeness = ONCE, most: int = 1000):
    feed.script["/feed" + PATH] = [*acts]
    with Fetcher(feed.url, politeness) as fetcher:
        return fetcher.get(PATH, most, lambda packed: (read_ticks(packed, 0, PATH), None)[1])


def _flood(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b"x" * 10_000)


def _chunks_without_end(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b"100\r\n" + b"x" * 256 + b"\r\n")


REFUSED_AT_ONCE = {
    "a redirect elsewhere": (
        lambda h: h.give(b"", 302, Location="http://example.com/x"),
        "302 to http://example.com/x",
    ),
    "a page": (lambda h: h.give(b"<html>", Content_Type="text/html; charset=utf-8"), "text/html, no file of prices"),
    "json": (lambda h: h.give(b"{}", Content_Type="application/json"), "application/json"),
    "packed again": (lambda h: h.give(b"x", Content_Encoding="gzip"), "no file of prices"),
    "forbidden": (lambda h: h.give(b"", 403), "status 403"),
    "too long, as announced": (lambda h: h.give(b"x" * 1001), "more than 1000 bytes"),
    "bytes without end": (_flood, "more than 1000 bytes"),
    "chunks without end": (_chunks_without_end, "more than 1000 bytes"),
    "half of it": (lambda h: h.give(pack_ticks(TICK), 206), "status 206"),
}


@pytest.mark.parametrize("case", REFUSED_AT_ONCE)
def test_what_no_further_try_would_mend_is_refused_at_once(feed, case):
    act, said = REFUSED_AT_ONCE[case]
    with pytest.raises(DataError, match=said):
        _get(feed, act, act)
    assert len(feed.asked) == 1


def test_a_location_commands_no_terminal(feed):
    with pytest.raises(DataError) as caught:
        _get(feed, lambda h: h.give(b"", 302, Location="http://x/\x1b[31m"))
    assert str(caught.value).isprintable()


def _drip(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "900")
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def _drip_headers(handler):
    for _ in range(200):
        handler.wfile.write(b"H")
        time.sleep(0.05)


def _mute(handler):
    handler.server.ended.wait(3)


ASKED_AGAIN = {
    "body dripping": _drip,
    "headers dripping": _drip_headers,
    "no answer": _mute,
    "cut short": lambda h: (h.send_response(200), h.send_header("Content-Length", "99"), h.end_headers(), h.finish()),
    "no http": lambda h: h.wfile.write(b"220 smtp ready\r\n\r\n"),
    "empty, not saying so": lambda h: (h.send_response(200), h.end_headers(), setattr(h, "close_connection", True)),
    "not lzma": lambda h: h.give(b"this is no lzma stream"),
    "cut lzma": lambda h: h.give(pack_ticks(TICK)[:-3]),
    "lzma and more": lambda h: h.give(pack_ticks(TICK) + b"more"),
    "a bomb": lambda h: h.give(pack(b"\0" * 30_000_000)),
    "a tick of another hour": lambda h: h.give(pack_ticks([(3_600_000, 1, 2)])),
    "half a tick": lambda h: h.give(pack(b"\0" * 30)),
    "prices of nothing": lambda h: h.give(pack_ticks([(0, 0, 1)])),
}


@pytest.mark.parametrize("case", ASKED_AGAIN)
@pytest.mark.clock
def test_what_may_have_been_damaged_is_asked_for_again_and_then_given_up(feed, case):
    act = ASKED_AGAIN[case]
    began = time.monotonic()
    with pytest.raises(DataError, match="failed 2 times"):
        _get(feed, act, act, most=20_000)
    assert time.monotonic() - began < 6
    assert len(feed.asked) == 2
    feed.files["/feed" + PATH] = pack_ticks(TICK)
    assert _get(feed, act, politeness=ONCE, most=20_000) == pack_ticks(TICK)


@pytest.mark.clock
def test_a_bomb_is_unpacked_to_its_limit_only():
    bomb = pack(b"\0" * 200_000_000)
    assert len(bomb) < 100_000
    began = time.process_time()
    with pytest.raises(DataError, match="unpacks to more than 20000000 bytes"):
        read_ticks(bomb, 0, "bomb")
    with pytest.raises(DataError, match="unpacks to more than 34560 bytes"):
        read_minutes(bomb, 0, "bomb")
    assert time.process_time() - began < 2


def test_a_dictionary_of_gigabytes_is_refused():
    packed = bytearray(pack_ticks(TICK))
    packed[1:5] = struct.pack("<I", 2**32 - 1)
    with pytest.raises(DataError, match="no file of Dukascopy's"):
        read_ticks(bytes(packed), 0, "greedy")


def test_a_stream_that_says_its_length_is_read_too():
    data = struct.pack(">IIIff", 7, 109_008, 109_000, 1.0, 1.0)
    assert read_ticks(pack(data, size_known=True), 0, "x").bid.tolist() == [109_000]


def test_ticks_out_of_order_are_sorted_and_counted():
    ticks = read_ticks(pack_ticks([(9, 3, 4), (5, 1, 2), (9, 5, 6)]), 0, "x")
    assert (ticks.bid.tolist(), ticks.sorted_rows) == ([1, 3, 5], 1)


WRONG_MINUTES = {
    "no minute": [(30, 1, 1, 1, 1, 1.0)],
    "another day": [(86_400, 1, 1, 1, 1, 1.0)],
    "twice": [(60, 1, 1, 1, 1, 1.0), (60, 1, 1, 1, 1, 1.0)],
    "volume below nothing": [(60, 1, 1, 1, 1, -1.0)],
    "volume no number": [(60, 1, 1, 1, 1, float("nan"))],
    "a price of nothing": [(60, 1, 1, 0, 1, 1.0)],
}


@pytest.mark.parametrize("case", WRONG_MINUTES)
def test_bars_that_are_none_are_refused(case):
    with pytest.raises(DataError):
        read_minutes(pack_minutes(WRONG_MINUTES[case]), 0, "x")


def test_limits_leave_room_for_the_busiest_hours():
    rows = [(ms * 30, 1_290_000 + ms * 7919 % 5000, 1_290_400 + ms * 104_729 % 5000) for ms in range(100_000)]
    packed = pack_ticks(rows)
    assert len(packed) < MAX_PACKED_BYTES["ticks"]
    assert len(read_ticks(packed, 0, "busy").bid) == 100_000


@pytest.fixture
def proven(feed, tmp_path):
    """The feed over TLS, and a context that trusts its certificate."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "k.pem", tmp_path / "c.pem"
    how = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    how += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *how], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    feed.socket = context.wrap_socket(feed.socket, server_side=True)
    return feed.url.replace("http:", "https:"), ssl.create_default_context(cafile=str(certificate))


def test_a_certificate_that_proves_nothing_is_refused(feed, proven):
    with Fetcher(proven[0], ONCE) as fetcher, pytest.raises(DataError, match="does not prove"):
        fetcher.get(PATH, 1000, lambda packed: None)
    assert feed.asked == []


@pytest.mark.clock
def test_over_tls_a_file_comes_and_a_drip_is_cut(feed, proven):
    feed.files["/feed" + PATH] = pack_ticks(TICK)
    feed.script["/feed" + PATH] = [_drip]
    began = time.monotonic()
    with Fetcher(proven[0], ONCE, tls=proven[1]) as fetcher:
        assert fetcher.get(PATH, 1000, lambda packed: (read_ticks(packed, 0, PATH), None)[1]) == pack_ticks(TICK)
        assert fetcher.failures == 1
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "url", ["", "x", "http://feed.example", "https://", "https://h:99999/x", "https://h/x?y=1", "https://h/x\r\ny"]
)
def test_hosts_that_are_none_are_refused(url):
    with pytest.raises(ConfigError, match="--host"):
        check_host(url)

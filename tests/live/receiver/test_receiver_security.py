"""Who is let in: secrets, signatures, addresses, certificates; and what strangers can do to the disk."""

from __future__ import annotations

import hashlib
import json
import logging
import statistics
import time

import pytest

from tests.live.receiver.receiver_asgi import API_TOKEN, ENTRY, HMAC_KEY, PATH, TOKEN, with_settings, world
from zepix_live.receiver.addresses import Networks, client_address
from zepix_live.receiver.auth import TokenCheck, signature_of
from zepix_live.receiver.certificate import parts_of, shows_subject
from zepix_live.receiver.log_filter import SecretFilter
from zepix_live.secrets_file import Secrets

TRADINGVIEW = "52.89.214.238"
SUBJECT = "CN=TradingView Webhooks,O=TradingView\\, Inc."
SIGNED = Secrets(webhook_token=TOKEN, api_token=API_TOKEN, hmac_key=HMAC_KEY)


def _signed(here, body=ENTRY, *, key=HMAC_KEY, off_s=0, **more):
    timestamp = str(here.clock.now_ns() // 1_000_000_000 + off_s)
    headers = {"X-Zepix-Timestamp": timestamp, "X-Zepix-Signature": signature_of(key, timestamp, body)}
    return {**headers, **more}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/webhook/tradingview/wrong", ENTRY),
        (f"/webhook/tradingview/{TOKEN}x", ENTRY),
        (f"/webhook/tradingview/{TOKEN[:-1]}", ENTRY),
        (f"/webhook/tradingview/{TOKEN.upper()}", ENTRY),
        ("/webhook/\u00e9", ENTRY),
        ("/webhook/\udcff", ENTRY),
        ("/webhook", ENTRY),
        ("/webhook/custom", ENTRY),
        ("/webhook", b'{"passphrase":"wrong"}'),
        ("/webhook", b'{"note":"' + TOKEN.encode() + b'"}'),
        ("/webhook/wrong", b'{"passphrase":"' + TOKEN.encode() + b'"}'),
        ("/webhook", b"\xff\xfe\x00"),
        ("/webhook", b"[" * 10_000),
        ("/nowhere", ENTRY),
    ],
)
def test_wrong_and_missing_secrets_have_one_answer_and_leave_no_alert(path, body):
    here = world()
    answer = here.post(body, path)
    assert (answer.status, answer.body) == (404, b'{"error":"not_found","detail":"there is nothing here"}')
    assert not here.log.of("alert") and not here.log.of("quarantined")


def test_strangers_cannot_fill_the_disk():
    here = world(refusals_burst=1_000)
    for n in range(500):
        here.post(b"x" * 16_000, f"/webhook/guess-{n}")
        here.post(b"y" * 16_000, "/webhook")
    kept = sum(len(row.body) for row in here.log.rows)
    assert {row.kind for row in here.log.rows} == {"refused"}
    assert (len(here.log.rows) <= 3, kept < 3_000) == (True, True)
    here.clock.advance(61)
    here.post(b"z", "/webhook/guess")
    assert here.log.of("refused")[-1]["count"] == 1_000 - 3 + 1


def test_a_guesser_is_told_to_come_again_and_the_right_secret_from_the_same_address_is_served():
    here = world(refusals_burst=5)
    statuses = [here.post(path=f"/webhook/guess-{n}").status for n in range(10)]
    assert statuses == [404] * 5 + [503] * 5
    assert here.post().status == 202


WAYS = {"first": "X" + TOKEN[1:], "last": TOKEN[:-1] + "X", "short": "X", "right": TOKEN}


@pytest.mark.parametrize("sent", WAYS.values(), ids=WAYS)
def test_whatever_is_sent_every_token_is_compared_whole_and_as_a_digest(monkeypatch, sent):
    """What makes the time of an answer say nothing: no text is compared, and no token is left out after a hit."""
    compared = []

    def compare(left, right):
        compared.append((len(left), right))
        return left == right

    check = TokenCheck([TOKEN, "another-token-of-the-same-receiver"])
    monkeypatch.setattr("zepix_live.receiver.auth.hmac.compare_digest", compare)
    assert check.is_valid(sent) == (sent == TOKEN)
    valid = [hashlib.sha256(token.encode()).digest() for token in (TOKEN, "another-token-of-the-same-receiver")]
    assert compared == [(32, digest) for digest in valid]


@pytest.mark.clock
@pytest.mark.slow
def test_the_time_of_a_comparison_does_not_tell_where_the_first_wrong_letter_is():
    check, took = TokenCheck([TOKEN]), {name: [] for name in WAYS}
    for turn in range(400):
        names = list(WAYS)
        for name in names[turn % 4 :] + names[: turn % 4]:  # none is always the one after a change of the others
            begin = time.perf_counter_ns()
            for _ in range(50):
                check.is_valid(WAYS[name])
            took[name].append(time.perf_counter_ns() - begin)
    best = {name: statistics.median(sorted(times)[:40]) for name, times in took.items()}
    assert max(best.values()) < 1.15 * min(best.values()), best


# --- signatures ---------------------------------------------------------------------------------------------------


def test_a_signed_alert_is_taken_without_a_token():
    here = world(secrets=SIGNED)
    assert here.post(path="/webhook/custom", headers=_signed(here)).status == 202
    assert here.log.of("alert")[0]["source"] == "custom"


@pytest.mark.parametrize(
    "change",
    [
        {"X-Zepix-Signature": "sha256=" + "0" * 64},
        {"X-Zepix-Signature": ""},
        {"X-Zepix-Signature": "md5=1"},
        {"X-Zepix-Timestamp": ""},
        {"X-Zepix-Timestamp": "1"},
        {"X-Zepix-Timestamp": "\xff"},
    ],
)
def test_a_wrong_signature_is_404(change):
    here = world(secrets=SIGNED)
    assert here.post(path="/webhook/custom", headers=_signed(here, **change)).status == 404
    assert here.post(b"other", "/webhook/custom", headers=_signed(here)).status == 404
    assert here.post(path="/webhook/custom", headers=_signed(here, key="other")).status == 404
    assert here.post(path="/webhook/custom").status == 404
    assert here.post(path=f"/webhook/custom/{TOKEN}").status == 404, "a token is no signature"
    assert here.post(path="/webhook/custom/wrong", headers=_signed(here)).status == 404


@pytest.mark.parametrize(("off_s", "status"), [(-300, 202), (300, 202), (-301, 403), (301, 403)])
def test_a_signed_time_too_far_from_ours_is_told_so(off_s, status):
    here = world(secrets=SIGNED)
    answer = here.post(path="/webhook/custom", headers=_signed(here, off_s=off_s))
    assert answer.status == status
    assert status == 202 or answer.json["error"] == "stale_timestamp"


def test_a_signed_request_that_is_played_again_has_no_effect_at_all():
    here = world(secrets=SIGNED)
    headers = _signed(here, b"exit EURUSD")
    first = here.post(b"exit EURUSD", "/webhook/custom", headers=headers)
    rows = len(here.log.rows)
    for seconds in (1, 100, 190):
        here.clock.advance(seconds)
        again = here.post(b"exit EURUSD", "/webhook/custom", headers=headers)
        assert (again.status, again.json) == (200, {**first.json, "duplicate": True})
    here.open()
    assert here.post(b"exit EURUSD", "/webhook/custom", headers=headers).status == 200
    here.clock.advance(20 * 3600)
    here.clock.jump_wall(-20 * 3600)
    assert here.post(b"exit EURUSD", "/webhook/custom", headers=headers).status == 200, "a clock set back opens nothing"
    assert len(here.log.rows) == rows


def test_old_signatures_played_again_cannot_fill_the_disk():
    here = world(secrets=SIGNED)
    headers = _signed(here)
    here.clock.advance(3600)
    statuses = {here.post(path="/webhook/custom", headers=headers).status for _ in range(500)}
    assert statuses == {403}
    assert len(here.log.rows) <= 100


# --- addresses ----------------------------------------------------------------------------------------------------

PROXIES = Networks(["127.0.0.1", "10.0.0.0/8", "::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", [TRADINGVIEW], "203.0.113.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [TRADINGVIEW], TRADINGVIEW),
        ("127.0.0.1", [f"{TRADINGVIEW}, 203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", [TRADINGVIEW, "203.0.113.9"], "203.0.113.9"),
        ("127.0.0.1", [f"203.0.113.9, {TRADINGVIEW}"], TRADINGVIEW),
        ("127.0.0.1", [f"6.6.6.6, {TRADINGVIEW}, 10.1.2.3"], TRADINGVIEW),
        ("127.0.0.1", [f"{TRADINGVIEW}:443"], TRADINGVIEW),
        ("127.0.0.1", ["[2001:db8::1]:443"], "2001:db8::1"),
        ("127.0.0.1", [f"::ffff:{TRADINGVIEW}"], TRADINGVIEW),
        ("127.0.0.1", [f"{TRADINGVIEW}, nonsense"], "unknown"),
        ("127.0.0.1", [f"{TRADINGVIEW},"], "unknown"),
        ("127.0.0.1", [", ".join(["10.0.0.1"] * 50)], "10.0.0.1"),
        ("127.0.0.1", ["x" * 10_000], "unknown"),
        ("unknown", [TRADINGVIEW], "unknown"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy_of_ours(peer, forwarded, client):
    assert client_address(peer, forwarded, PROXIES) == client


@pytest.mark.parametrize(
    ("forwarded", "status"),
    [
        ([TRADINGVIEW], 202),
        (["52.32.178.7"], 202),
        (["6.6.6.6"], 403),
        ([f"{TRADINGVIEW}, 6.6.6.6"], 403),
        ([TRADINGVIEW, "6.6.6.6"], 403),
        ([], 403),
        (["garbage"], 403),
    ],
)
def test_behind_a_proxy_only_tradingviews_addresses_may_post(forwarded, status):
    here = world(trusted_proxies=("127.0.0.1",))
    answer = here.post(headers=[("X-Forwarded-For", value) for value in forwarded])
    assert answer.status == status
    if status == 403:
        assert answer.json["error"] == "address_not_allowed"
        assert here.log.of("quarantined")[0]["raw"] == ENTRY.decode(), "it had the secret, so it is kept"


def test_forwarding_headers_of_a_stranger_are_not_believed():
    here = world(trusted_proxies=("127.0.0.1",))
    spoofed = {"X-Forwarded-For": TRADINGVIEW, "X-Real-IP": TRADINGVIEW, "Forwarded": f"for={TRADINGVIEW}"}
    assert here.post(peer="203.0.113.9", headers=spoofed).status == 403
    plain = world()
    plain.post(headers=spoofed)
    assert plain.log.of("alert")[0]["from"] == "127.0.0.1"


def test_custom_senders_may_come_from_anywhere():
    here = world(trusted_proxies=("127.0.0.1",))
    assert here.post(path=f"/webhook/custom/{TOKEN}", headers={"X-Forwarded-For": "6.6.6.6"}).status == 202


def test_without_a_secret_only_this_machine_may_post_and_nothing_that_a_proxy_hands_on():
    here = world(secrets=Secrets())
    assert here.post(path="/webhook").status == 202
    assert here.post(b"other", "/webhook", headers={"X-Forwarded-For": "127.0.0.1"}).status == 404
    assert here.get("/api/status").status == 200
    assert here.get("/api/status", headers={"X-Forwarded-For": "127.0.0.1"}).status == 401


# --- certificates -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "is_right"),
    [
        ([SUBJECT], True),
        (["CN=TradingView Webhooks,O=TradingView\\2C Inc.,L=Westerville,ST=Ohio,C=US"], True),
        (['CN=TradingView Webhooks,O="TradingView, Inc."'], True),
        (["/C=US/O=TradingView, Inc./CN=TradingView Webhooks"], True),
        (["O=TradingView\\, Inc., CN=TradingView Webhooks"], True),
        ([], False),
        ([""], False),
        ([SUBJECT, SUBJECT], False),
        (["CN=TradingView Webhooks"], False),
        (["CN=TradingView Webhooks\\,O\\=TradingView\\, Inc."], False),
        (["CN=x,OU=CN=TradingView Webhooks\\,O=TradingView\\, Inc."], False),
        (["CN=tradingview webhooks,O=TradingView\\, Inc."], False),
        (["CN=" + "x" * 2_000], False),
        (["nonsense"], False),
    ],
)
def test_the_certificates_subject_holds_every_part_of_the_expected_one(given, is_right):
    assert shows_subject(given, SUBJECT) is is_right


def test_letters_of_a_subject_may_be_written_as_bytes():
    assert parts_of("CN=Caf\\C3\\A9") == {("CN", "Caf\u00e9")}


def test_the_certificate_header_is_believed_from_the_proxy_only():
    here = world(
        trusted_proxies=("127.0.0.1",), certificate_header="X-Client-Subject", allowed_addresses=("0.0.0.0/0", "::/0")
    )
    headers = [("X-Client-Subject", SUBJECT)]
    assert here.post(headers=headers).status == 202
    assert here.post(headers=[*headers, *headers]).json["error"] == "certificate_not_accepted"
    assert here.post().json["error"] == "certificate_not_accepted"
    assert here.post(headers=headers, peer="203.0.113.9").json["error"] == "certificate_not_accepted"


# --- the operator's pages and the log -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"Bearer {API_TOKEN}"}, 200),
        ({"Authorization": f"bearer  {API_TOKEN} "}, 200),
        ({}, 401),
        ({"Authorization": API_TOKEN}, 401),
        ({"Authorization": f"Basic {API_TOKEN}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 401),
        ({"Authorization": "Bearer \xff"}, 401),
        ([("Authorization", f"Bearer {API_TOKEN}"), ("Authorization", "Bearer x")], 401),
    ],
)
def test_the_status_is_for_the_operator(headers, status):
    here = world()
    here.post()
    answer = here.get("/api/status", headers=headers)
    assert answer.status == status
    if status == 200:
        assert answer.json["counts"] == {"accepted": 1}
        assert (answer.json["last_seq"], answer.json["parts"]["inbox"]["ok"]) == (1, True)
    else:
        assert answer.headers["www-authenticate"] == "Bearer"


def test_health_names_the_part_that_is_not_well_and_no_more_to_strangers():
    here = world()
    assert here.get("/api/health").status == 200
    here.engine = with_settings(here).engine.__class__(1, "silent", "the engine in /home/me said nothing")
    answer = here.get("/api/health")
    assert (answer.status, answer.json["alive"], answer.json["ready"]) == (503, True, False)
    assert answer.json["not_well"] == ["engine"]
    assert "/home/me" not in json.dumps(answer.json)
    told = here.get("/api/health", headers={"Authorization": f"Bearer {API_TOKEN}"})
    assert "/home/me" in told.json["parts"]["engine"]["detail"]
    assert here.post().status == 202, "alerts are taken while the engine is away"


def test_the_log_holds_no_secret_whatever_is_written(capsys):
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.addFilter(SecretFilter(Secrets(webhook_token=TOKEN, hmac_key="k\u00e9y/0123456789")))
    log = logging.Logger("own")
    log.addHandler(handler)
    log.warning("posted to %s", PATH)
    log.warning("k%%C3%%A9y%%2F0123456789 and k\\u00e9y/0123456789 and %s", "k\u00e9y/0123456789")
    log.warning("%d", "no number " + TOKEN)
    try:
        raise ValueError(TOKEN)
    except ValueError:
        log.exception("failed")
    told = capsys.readouterr().err
    assert TOKEN not in told and "0123456789" not in told
    assert told.count("***") >= 5

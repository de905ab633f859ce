"""zepix alerts send: a test alert, its answer, and what became of it where the data folder is at hand."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT
from tests.live.receiver.other_receiver import Other, other_receiver, raw_server
from zepix.cli import main
from zepix_live.clock import SystemClock
from zepix_live.first.fate import _decided, fate_of, lines_of, wait_for
from zepix_live.inbox_rows import QUARANTINED, RESEND
from zepix_live.receiver.auth import signature_of

TOKEN = "topsecret-0123456789"


def url(other: Other, path: str = f"/webhook/tradingview/{TOKEN}") -> str:
    return f"http://127.0.0.1:{other.port}{path}"


def test_without_more_it_is_an_entry_with_a_stop_and_a_target():
    with other_receiver(202) as other:
        assert main(["alerts", "send", url(other), "--symbol", "XAUUSD", "--price", "2000"]) == 0
        [(path, headers, body)] = other.got
    found = json.loads(body)
    assert path == f"/webhook/tradingview/{TOKEN}"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert (found["type"], found["symbol"], found["side"], found["sl"], found["tp"]) == (
        "entry", "XAUUSD", "buy", 1990.0, 2020.0,
    )  # fmt: skip
    assert found["timenow"].endswith("Z")


@pytest.mark.parametrize("dialect", ["plain", "tradingview", "legacy", "v3", "v6", "bar", "flat", "key_value", "pipe"])
def test_every_template_filled_in_is_understood(dialect):
    from zepix.alerts.processor import AlertProcessor
    from zepix.alerts.trial_alert import Sample, body_of, now
    from zepix.data import default_catalogue
    from zepix.model import Alert

    body = body_of(dialect, Sample(now()))
    assert "{{" not in body
    found = AlertProcessor(default_catalogue()).parse(body, received_ns=1, id="x")
    assert isinstance(found, Alert), found
    assert found.dialect == dialect


def test_fields_files_bodies_and_dry(tmp_path, capsys):
    (tmp_path / "body.txt").write_bytes("SYMBOL=ÖL\n".encode())
    with other_receiver(202) as other:
        for more in (
            ["--set", "sl=1.05", "--set", "comment=ein Test", "--set", "tp=null"],
            ["--file", str(tmp_path / "body.txt")],
            ["--json", "any text", "--dry"],
            ["--json", '{"a":1}', "--set", "a=2", "--dry"],
        ):
            assert main(["alerts", "send", f"{url(other)}?x=1", *more]) == 0
    first = json.loads(other.got[0][2])
    assert (first["sl"], first["comment"], first["tp"]) == (1.05, "ein Test", None)
    assert other.got[1][2] == "SYMBOL=ÖL\n".encode()
    assert other.got[1][1]["Content-Type"].startswith("text/plain")
    assert [path.partition("?")[2] for path, _, _ in other.got] == ["x=1", "x=1", "x=1&dry=1", "x=1&dry=1"]
    assert other.got[3][2] == b'{"a": 2}'
    assert "did not say that it understood dry=1" in capsys.readouterr().err


def test_it_signs_where_there_is_a_key(monkeypatch):
    monkeypatch.setenv("ZEPIX_WEBHOOK_HMAC_KEY", "key-0123456789")
    with other_receiver(202) as other:
        main(["alerts", "send", url(other, "/webhook/custom"), "--json", "x"])
        main(["alerts", "send", url(other), "--json", "x"])
    headers = other.got[0][1]
    assert headers["X-Zepix-Signature"] == signature_of("key-0123456789", headers["X-Zepix-Timestamp"], b"x")
    assert "X-Zepix-Signature" not in other.got[1][1]


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["alert.example.org/x"], 2, "must begin with http:// or https://"),
        (["ftp://alert.example.org/topsecret"], 2, "must begin with http:// or https://"),
        (["http://:80/topsecret"], 2, "name a host"),
        (["http://x:99999/topsecret"], 2, "no host or port that makes sense"),
        (["http://127.0.0.1/top secret"], 2, "letters that no address has"),
        (["http://nobody.invalid/topsecret"], 3, "there is no host of that name"),
        ([], 2, "give the webhook's address, or --data"),
        (["http://127.0.0.1:1/", "--json", "a", "--template", "v3"], 2, "say one of"),
        (["http://127.0.0.1:1/", "--json", "a", "--set", "a=1"], 2, "this body is none"),
        (["http://127.0.0.1:1/", "--template", "v33"], 2, "there is no template of 'v33'"),
        (["http://127.0.0.1:1/", "--file", "no.such.file"], 3, "cannot be read"),
        (["--data", "."], 3, "has said where it listens"),
    ],
)
def test_what_cannot_be_sent_is_told(words, status, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["alerts", "send", *words]) == status
    err = capsys.readouterr().err
    assert told in err
    assert "topsecret" not in err


def test_nobody_there_a_silent_one_and_one_that_speaks_otherwise(capsys, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert main(["alerts", "send", f"http://127.0.0.1:{port}/topsecret"]) == 3
    assert "does zepix live run there?" in capsys.readouterr().err
    with raw_server(b"SSH-2.0-OpenSSH\r\n") as port:
        assert main(["alerts", "send", f"http://127.0.0.1:{port}/topsecret"]) == 3
    assert "does not speak HTTP" in capsys.readouterr().err
    with raw_server(b"") as port:
        assert main(["alerts", "send", f"https://127.0.0.1:{port}/topsecret"]) == 3
    assert "topsecret" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (404, "its token is not right"),
        (503, "not now"),
        (302, "a redirect is not followed"),
        (403, "the secret is right"),
    ],
)
def test_every_refusal_is_told_with_its_meaning(status, told, capsys):
    with other_receiver(status, Location="http://127.0.0.1:1/topsecret") as other:
        assert main(["alerts", "send", url(other)]) == 3
    err = capsys.readouterr().err
    assert f"answered {status}" in err
    assert told in err
    assert "topsecret" not in err


# --- what became of it --------------------------------------------------------------------------------------------


def told(found: Desk, seq: int) -> str:
    return "\n".join(lines_of(found.folder, fate_of(found.folder, seq)))


def test_an_entry_its_order_and_that_it_stayed_here(desk):
    found = desk()
    found.open()
    found.run(20)
    seq = found.post(entry(sl=1.05, tp=1.2))
    found.run(1)
    said = told(found, seq)
    assert "alert 1 (a1) is understood as plain: entry buy 0.1 EURUSD stop 1.05 target 1.2" in said
    assert "strategy bracket: is filled; volume 0.1" in said
    assert "order: is placed: market buy 0.10 lots EURUSD, stop 1.05, target 1.2" in said
    assert "in shadow: no order left this machine" in said


def test_of_a_live_plugin_the_order_and_what_its_twin_does_on_paper_are_told_apart(desk):
    found = desk(**SLOT, broker__live__refusal_rate=1)
    found.open()
    found.run(20)
    seq = found.post(entry(sl=1.05))
    found.run(1)
    assert re.sub(r"price [0-9.]+", "price ASK", told(found, seq)).splitlines()[1:] == [
        "strategy bracket, live: is refused (broker_refused); volume 0.1, sl 1.05",
        "strategy bracket, its shadow twin on paper: is filled; volume 0.1, price ASK, sl 1.05",
        "order, live: is placed: market buy 0.10 lots EURUSD, stop 1.05",
        "order, its shadow twin on paper: is placed: market buy 0.10 lots EURUSD, stop 1.05",
        "live: an order went to the live broker; what the shadow twin did is on paper",
    ]
    dry = found.post(entry(sl=1.05), dry=True)
    found.run(1)
    lines = told(found, dry).splitlines()
    assert lines[1].startswith("strategy bracket, live: would be refused (broker_refused)")
    assert lines[2].startswith("strategy bracket, its shadow twin on paper: would be ")
    assert lines[-1] == "nothing was ordered and nothing has changed: it was dry"


def test_an_order_that_waits_for_a_price_says_so():
    row = {"plugin": "bracket", "outcome": "working", "numbers": {"volume": 0.1}}
    assert _decided(row, "is") == "strategy bracket: is working, its order waits for a price; volume 0.1"


def test_what_was_not_understood_turned_away_or_came_twice(desk):
    found = desk()
    found.open()
    unread = found.post("nobody can read this")
    aside = found.post("{", kind=QUARANTINED, reason="bad_json", detail="it is none")
    again = found.post(entry(), kind=RESEND, of=1)
    found.run(1)
    assert "could not be understood: unknown_dialect" in told(found, unread)
    assert "no strategy: is quarantined (unknown_dialect)" in told(found, unread)
    assert "was turned away: bad_json" in told(found, aside)
    assert "which is number 1 once more" in told(found, again)
    assert "is duplicate" in told(found, again)


def test_one_that_nobody_has_decided_yet(desk):
    found = desk()
    seq = found.post(entry())
    assert "the engine has not decided it yet" in told(found, seq)
    waited: list[float] = []
    fate = wait_for(found.folder, seq, SystemClock(), waited.append, 0.0)
    assert fate.row is None
    with pytest.raises(Exception, match="is no alert"):
        fate_of(found.folder, 99)


def test_secrets_do_not_stand_in_the_answer_of_a_folder(tmp_path: Path, capsys):
    assert main(["alerts", "send", "--data", str(tmp_path / "nothing")]) == 3
    assert "start zepix live --data" in capsys.readouterr().err

"""Secrets in bodies: told to whoever verifies them, and in nothing that is kept, whatever becomes of the body."""

from __future__ import annotations

import importlib
import json
import timeit
from pathlib import Path
from typing import Any

import pytest

from tests.unit.alerts.tables import pages
from zepix.alerts import AlertProcessor, LogRow, read_log, write_log
from zepix.alerts.payload import decode
from zepix.alerts.secrets import conceal, is_secret, redact, redact_fields, redact_row, secrets_in
from zepix.model import Alert, Catalogue, Quarantined

SECRET = "Zq7-planted+Secret"
KNOWN = (
    *("open-sesame-1", "tok-5-public", "SECURITY_KEY_9", "tok-6-dashboard", "four-secret-2", "broker-pass-3"),
    *("bridge-key-77", "678777", "60123456789", "TEST123", "YOUR_SECRET", "test-secret-min-32", "open sesame"),
)
"""The secrets that stand in the tables of dialects and in the examples."""

NAMES = [
    *("passphrase", "password", "passwd", "pwd", "secret", "key", "api_key", "API-KEY", "apiKey", "api key", "token"),
    *(
        "signalToken",
        "signal_token",
        "license",
        "License-ID",
        "licence",
        "pin",
        "PIN",
        "auth",
        "authorization",
        "Bearer",
        "passcode",
        "webhook_pass",
        "webhookPass",
        "authCode",
        "auth_header",
        "api_key_id",
        "token2",
        "tokens",
        "keys",
    ),
    *("webhook_key", "webhookSecret", "client_secret", "access_token", "security_key", "bva_key", "SECRET_KEY"),
]
NO_NAMES = ["symbol", "id", "author", "spin", "opinion", "pinbar", "idempotency_key", "keys_held", "passed", "compass"]


@pytest.mark.parametrize("name", NAMES)
def test_name_of_a_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", NO_NAMES)
def test_name_of_no_secret(name: str) -> None:
    assert not is_secret(name)


def bodies_with(name: str) -> list[tuple[str, str]]:
    """(where it stands, body) of one secret under this name."""
    entry = {"symbol": "EURUSD", "action": "buy", "lots": 1}
    plain = {"type": "exit", "symbol": "EURUSD"}
    return [
        ("first", json.dumps({name: SECRET} | entry)),
        ("last", json.dumps(entry | {name: SECRET})),
        ("in a plain alert", json.dumps(plain | {name: SECRET})),
        ("spaced out", json.dumps(entry | {name: SECRET}, indent=4)),
        ("compact", json.dumps(entry | {name: SECRET}, separators=(",", ":"))),
        ("nested", json.dumps(entry | {"account": {"user": "me", name: SECRET}})),
        ("in a list", json.dumps(entry | {"accounts": [{name: SECRET}]})),
        ("under data", json.dumps({"data": entry | {name: SECRET}})),
        ("twice", json.dumps(entry | {name: SECRET})[:-1] + f', "{name}": "{SECRET}"' + "}"),
        ("as an object", json.dumps(entry | {name: {"value": SECRET}})),
        ("as a list", json.dumps(entry | {name: [SECRET]})),
        (
            "its key escaped",
            json.dumps(entry | {name: SECRET}).replace(f'"{name}"', f'"\\u{ord(name[0]):04x}{name[1:]}"'),
        ),
        ("as JSON in a text", json.dumps(entry | {"note": json.dumps({name: SECRET})})),
        ("as a pair in a text", json.dumps(entry | {"note": f"{name}={SECRET}; x=1"})),
        ("beside a bare placeholder", json.dumps(entry | {name: SECRET})[:-1] + ', "price": {{close}}}'),
        ("set aside: no action", json.dumps({"symbol": "EURUSD", name: SECRET})),
        ("set aside: a stop of zero", json.dumps(entry | {"sl": 0, name: SECRET})),
        ("broken: cut off", json.dumps(entry | {name: SECRET})[:-1]),
        ("broken: cut off in the secret's quotes", json.dumps(entry | {name: SECRET})[:-2]),
        ("broken: two objects", json.dumps(entry | {name: SECRET}) * 2),
        ("broken: text after it", json.dumps(entry) + f' "{name}": "{SECRET}"'),
        ("broken: single quotes", str(entry | {name: SECRET})),
        ("broken: bare", f"{{{name}: {SECRET}, action: buy}}"),
        ("broken: two values", json.dumps(entry | {name: SECRET})[:-1] + f', "{name}": "{SECRET}2"' + "}"),
        ("broken: NUL", json.dumps(entry | {name: SECRET}) + "\x00"),
        ("broken: a list", json.dumps([entry | {name: SECRET}])),
        ("too large", json.dumps(entry | {name: SECRET, "x": "y" * 70_000})),
        ("key and value, lines", f"symbol=EURUSD\nsignal=buy\n{name}={SECRET}\nlots=1"),
        ("key and value, commas", f"{name}={SECRET},symbol=EURUSD,signal=buy"),
        ("key and value, semicolons", f"symbol = EURUSD; {name} = {SECRET}; signal = hold"),
        ("prose", f"please buy, my {name}: {SECRET}"),
    ]


@pytest.mark.parametrize("name", ["passphrase", "api_key", "signalToken", "License-ID", "PIN"])
def test_secret_is_in_nothing_that_is_kept(processor: AlertProcessor, tmp_path: Path, name: str) -> None:
    found = []
    for where, body in bodies_with(name):
        for raw in (body, body.encode()):
            row = processor.parse(raw, id="x", received_ns=1)
            assert SECRET[:5] not in repr(row), (where, row)
            assert isinstance(row, Alert | Quarantined)
            again = processor.parse(row.raw, id="x", received_ns=1)
            assert again.raw == row.raw, where
        found.append(row)
    for file in ("log.jsonl", "log.parquet"):
        write_log(tmp_path / file, found)
        assert SECRET[:5] not in repr(read_log(tmp_path / file, Catalogue([])).rows)
    assert SECRET[:5].encode() not in (tmp_path / "log.jsonl").read_bytes()


def test_secret_number_is_blotted_out_and_leaves_json(processor: AlertProcessor) -> None:
    alert = processor.parse('{"key": 678777, "symbol": "EURUSD", "action": "buy"}', id="x")
    assert isinstance(alert, Alert)
    assert alert.raw == '{"key": "***", "symbol": "EURUSD", "action": "buy"}'
    assert processor.parse(alert.raw, id="x") == alert


def test_mapping_of_the_caller_is_left_alone(processor: AlertProcessor) -> None:
    body = {"type": "exit", "symbol": "EURUSD", "secret": SECRET, "deep": {"token": SECRET}}
    alert = processor.parse(body, id="x")
    assert SECRET not in repr(alert)
    assert (body["secret"], body["deep"]) == (SECRET, {"token": SECRET})


LINES = [
    f"{SECRET},{{{{strategy.order.action}}}},EURUSD,sl=20",
    f"{SECRET},foo,EURUSD",
    f"{SECRET},eaoff",
    f'"{SECRET},buy,EURUSD"',
    f"{SECRET};buy;EURUSD",
    f"{SECRET}==,buy,EURUSD,risk=1",
    f"{SECRET}|strat|foo|EURUSD",
    f"{SECRET}|strat|{{{{strategy.order.action}}}}|{{{{ticker}}}}",
    f"a1b2,buy,EURUSD\n{SECRET},sell,GBPUSD",
    f"a1b2,buy,EURUSD\r{SECRET},foo,GBPUSD",
    f"a1b2,buy,EURUSD;{SECRET},sell,GBPUSD",
    f"TOKEN=abc, {SECRET}",
    f"symbol=EURUSD;signal=buy;secret=abc;{SECRET}",
    f"symbol=EURUSD;signal=buy;secret={SECRET};comment=from {SECRET}",
    f'{{"type":"exit","symbol":"EURUSD","comment":"password: {SECRET}"}}',
    f'{{"type":"exit","symbol":"EURUSD","secret":"{SECRET}","note":"as before: {SECRET}"}}',
    f'{{"type":"exit","symbol":"EURUSD","secret":"{{{{{SECRET}}}}}"}}',
    f'{{"secret":            "{SECRET}", "type"',
]


@pytest.mark.parametrize("body", LINES, ids=range(len(LINES)))
def test_licence_or_key_in_a_line_is_in_nothing_that_is_kept(processor: AlertProcessor, body: str) -> None:
    for raw in (body, body.encode()):
        row = processor.parse(raw, id="x", received_ns=1)
        assert SECRET[:5] not in repr(row)
        assert processor.parse(row.raw, id="x", received_ns=1).raw == row.raw


def test_what_is_no_secret_is_left_alone(processor: AlertProcessor) -> None:
    bodies = [
        '{"type": "exit", "symbol": "EURUSD", "key": "", "token": null, "auth": true}',
        '{"type": "exit", "symbol": "EURUSD", "id": "a=b", "comment": "pinbar: yes"}',
        '{"symbol": "EURUSD", "action": "buy", "key": "{{sec_key}}"}',
        "BULLISH_ENTRY|XAUUSD|5|2030.5|BUY|HIGH|85|26.5|STRONG|2028|2032|2035|2038|5/1|TL_OK|",
        "EURUSD,0.1,buy",
        "EURUSD|5m|buy|1.1",
    ]
    for body in bodies:
        assert processor.parse(body, id="x").raw == body
        assert secrets_in(body) == []


def test_every_body_of_the_tables_keeps_its_secrets_to_itself(catalogue: Catalogue) -> None:
    checked = 0
    for name in pages.names():
        module = importlib.import_module(f"tests.unit.alerts.tables.{name}")
        for title, body, settings, *_ in module.CASES:
            raw = json.dumps(body) if isinstance(body, dict) else body
            row = AlertProcessor(catalogue, settings={name: settings}).parse(raw, id="x", received_ns=1)
            text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
            for secret in (one for one in KNOWN if one in text):
                checked += 1
                assert secret not in repr(row), (name, title)
    assert checked > 40


def test_a_cut_body_shows_no_part_of_its_secret(processor: AlertProcessor) -> None:
    """Wherever a connection broke off."""
    body = json.dumps({"passphrase": SECRET, "ticker": "EURUSD", "action": "buy", "auth": {"token": SECRET}})
    for end in range(len(body) + 1):
        row = processor.parse(body[:end], id="x")
        assert SECRET[:4] not in repr(row), body[:end]


def test_redaction_is_idempotent(processor: AlertProcessor) -> None:
    for name in NAMES:
        for where, body in bodies_with(name):
            once = redact(body)
            assert redact(once) == once, where
            assert SECRET not in once, (name, where)


RECEIVED = [
    ('{"passphrase": "a b", "x": {"token": 5}}', ["a b", "5"]),
    ('{"note": "key=abc, x=1"}', ["abc"]),
    ("secret=abc;symbol=EURUSD", ["abc"]),
    ("60123456789,buy,EURUSD,risk=1,secret=xyz", ["60123456789", "xyz"]),
    ("my key|name|buy|BTCUSDT", ["my key"]),
    ('{"passphrase": "abc', ["abc"]),
    ('{"type": "exit"}', []),
    ("", []),
]


@pytest.mark.parametrize(("body", "expected"), RECEIVED, ids=range(len(RECEIVED)))
def test_secrets_for_whoever_verifies_them(body: str, expected: list[str]) -> None:
    assert secrets_in(body) == expected


def test_secrets_of_a_mapping() -> None:
    assert secrets_in({"key": "abc", "deep": [{"pin": 12}]}) == ["abc", "12"]


def test_fields_without_secrets_are_the_same_object() -> None:
    fields = {"a": 1, "b": {"c": [1, 2]}}
    assert redact_fields(fields) is fields
    assert redact_fields({"a": {"token": "x"}}) == {"a": {"token": "***"}}


def test_row_of_a_log_is_written_without_its_secrets(tmp_path: Path) -> None:
    rows = [
        LogRow(1, "2026-01-05T14:45:00Z", json.dumps({"type": "exit", "symbol": "EURUSD", "key": SECRET})),
        LogRow(
            2, "2026-01-05T14:45:00Z", {"type": "exit", "symbol": "EURUSD", "key": SECRET}, text=f'{{"key":"{SECRET}"}}'
        ),
        LogRow(3, None, f"secret={SECRET}"),
        LogRow(4, None, None),
    ]
    write_log(tmp_path / "log.jsonl", [redact_row(row) for row in rows])
    assert SECRET not in (tmp_path / "log.jsonl").read_text(encoding="utf-8")
    untouched = LogRow(1, "2026-01-05T14:45:00Z", {"type": "exit"})
    assert redact_row(untouched) is untouched


def test_body_without_secrets_is_passed_in_half_a_microsecond() -> None:
    """Twenty times that, so that a busy machine passes."""
    text = '{"type": "entry", "symbol": "EURUSD", "side": "buy", "volume": 0.1, "sl": 1.1, "tp": 1.2, "id": "A17"}'
    whole, body = decode(text)
    conceal(whole, body)
    best = min(timeit.repeat(lambda: conceal(whole, body), number=1000, repeat=20)) / 1000
    assert best < 10e-6


@pytest.mark.parametrize(
    "body",
    ["pass" * 16_000, "key=" * 16_000, "key=1," * 10_000, '"key":"' * 9_000, "key" + " " * 60_000, 'key:\\"' * 9_000],
    ids=range(6),
)
def test_hostile_text_is_blotted_out_to_its_end(processor: AlertProcessor, body: str) -> None:
    row: Any = processor.parse(body + f",key={SECRET}", id="x")
    assert SECRET not in repr(row)


def test_a_body_with_half_a_surrogate_pair_stays_what_it_was_turned_away_for():
    body = '{"type": {"0": "\\ud800", "": "15:-1;"}, "symbol": "EURUSD", "event_type": ["buy", "A00", "buy"]}'
    assert redact(body) == body
    told = redact(body[:-1] + ', "token": "abc-secret"}')
    assert "abc-secret" not in told
    told.encode("utf-8")

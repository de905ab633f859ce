"""Secrets at the places a table names: told to whoever verifies them, blotted out of what is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from zepix.alerts.own import loads
from zepix.alerts.payload import decode

JSON = """
[dialect.j]
secrets = ["door.code", "list.0"]
match = { required = ["way"] }
fields = { side = "way", symbol = "pair" }
constants = { type = "entry" }
"""
TEXT = """
[dialect.t]
secrets = ["word"]
regex = '^(?P<word>[^ ]+) (?P<side>buy|sell) (?P<symbol>\\S+)$'
constants = { type = "entry" }
"""
CHAT = """
[dialect.c]
text = "content"
secrets = ["word"]
regex = '^(?P<word>[^ ]+) (?P<side>buy|sell) (?P<symbol>\\S+)$'
constants = { type = "entry" }
match = { required = ["content"] }
"""
BODIES: list[tuple[str, Any, list[str]]] = [
    (
        JSON,
        {"way": "buy", "pair": "EURUSD", "door": {"code": "xyzzy", "no": 3}, "list": ["plugh", 4711]},
        ["xyzzy", "plugh"],
    ),
    (JSON, {"way": "buy", "pair": "EURUSD", "door": {"code": 4711}}, ["4711"]),
    (TEXT, "xyzzy buy EURUSD", ["xyzzy"]),
    (CHAT, {"content": "xyzzy sell EURUSD"}, ["xyzzy"]),
]


@pytest.mark.parametrize(("toml", "body", "secrets"), BODIES)
def test_secrets_are_told_and_then_blotted_out(toml: str, body: Any, secrets: list[str]) -> None:
    (dialect,) = loads(toml)
    text, understood = decode(json.dumps(body) if isinstance(body, dict) else body)
    assert dialect.secrets(understood) == secrets
    kept = dialect.conceal(text, understood)
    assert "***" in kept
    assert not [secret for secret in secrets if secret in kept or secret in str(understood.fields) + understood.text]
    assert dialect.claims(understood), "what was kept reads back"
    assert dialect.secrets(understood) == []
    assert dialect.conceal(kept, understood) == kept


@pytest.mark.parametrize(("toml", "body"), [(JSON, '{"way" : "buy"}'), (TEXT, "nothing of the kind")])
def test_a_body_without_secrets_is_kept_to_the_letter(toml: str, body: str) -> None:
    (dialect,) = loads(toml)
    text, understood = decode(body)
    assert dialect.conceal(text, understood) is text


def test_secrets_stay_out_of_the_fields(catalogue: Any) -> None:
    from zepix.alerts import AlertProcessor

    toml, body, secrets = BODIES[0]
    alert = AlertProcessor(catalogue, own=loads(toml)).parse(json.dumps(body), id="x")
    assert not [secret for secret in secrets if secret in str(getattr(alert, "fields", alert))]


def test_secrets_stay_out_of_what_is_kept(catalogue: Any) -> None:
    from zepix.alerts import AlertProcessor

    for toml, body, secrets in BODIES:
        processor = AlertProcessor(catalogue, own=loads(toml))
        found = processor.parse(json.dumps(body) if isinstance(body, dict) else body, id="x")
        assert not [secret for secret in secrets if secret in found.raw]
        assert processor.parse(found.raw, id="x") == found, "what was kept reads back"

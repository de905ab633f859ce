"""Schemas: valid themselves, they let through what the tables say is read, and refuse what is not meant."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.alerts.tables import pages
from zepix.alerts.dialects import known
from zepix.alerts.own import loads
from zepix.alerts.schema import schema_of
from zepix.errors import ConfigError

READ = [(name, case) for name in pages.names() for case in pages.cases_of(name) if "reason" not in case[3]]
OWN = """
[dialect.mine]
match = { required = ["order.way", "legs.0.price"], one_of = { "meta.v" = [1, 2] } }
fields = { type = "order.way", symbol = "pair", sl = "legs.0.price" }
values = { type = { GO = "entry" } }
units = { sl = "pips" }
[dialect.say]
regex = '^(?P<side>buy|sell) (?P<symbol>\\w+)$'
constants = { type = "entry" }
"""


def validator(schema: dict[str, Any]) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def as_instance(body: Any) -> Any:
    """A body as a validator sees it: JSON decoded, other text as it is."""
    if isinstance(body, dict):
        return json.loads(json.dumps(body))
    from zepix.alerts.payload import decode

    understood = decode(body)[1]
    return understood.text if understood.fields is None else dict(understood.fields)


@pytest.mark.parametrize("name", [dialect.name for dialect in known()])
def test_every_dialect_has_a_schema_in_json(name: str) -> None:
    schema = schema_of(name)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(schema)) == schema
    assert {"type", "anyOf"} & set(schema), "it says what a body is"
    validator(schema)


@pytest.mark.parametrize(("name", "case"), READ, ids=[f"{name}: {case[0]}" for name, case in READ])
def test_bodies_of_the_tables_are_valid(name: str, case: Any) -> None:
    name = case[3].get("dialect", name)
    errors = [error.message for error in validator(schema_of(name)).iter_errors(as_instance(case[1]))]
    assert not errors


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("plain", {"symbol": "EURUSD", "side": "buy"}),
        ("plain", {"type": "Market", "symbol": "EURUSD"}),
        ("plain", {"type": "entry", "symbol": "EURUSD", "side": "up"}),
        ("plain", {"type": "entry", "symbol": "EURUSD", "side": "buy", "volume": 0}),
        ("plain", {"type": "entry", "symbol": "EURUSD", "side": "buy", "price": -1}),
        ("plain", "type=entry"),
        ("legacy", {"type": "bias", "symbol": "EURUSD"}),
        ("v3", {"type": "entry", "symbol": "EURUSD"}),
        ("v3", {"type": "entry_v3", "symbol": "EURUSD", "consensus_score": 12}),
        ("v6", "buy EURUSD now"),
        ("bar", {"type": "bar", "symbol": "EURUSD", "open": 1}),
        ("broker_webhook", {"ticker": "EURUSD", "action": "buy"}),
        ("key_value", "no pair at all"),
        ("pipe", {"type": "pipe"}),
        ("tradingview", []),
        ("four_cell", "long"),
    ],
)
def test_what_is_not_meant_is_refused(name: str, body: Any) -> None:
    assert not validator(schema_of(name)).is_valid(body)


def test_schema_of_a_dialect_of_ones_own() -> None:
    own = loads(OWN)
    schema = schema_of("mine", own)
    check = validator(schema)
    assert check.is_valid({"order": {"way": "GO"}, "legs": [{"price": 20}], "meta": {"v": 1}, "pair": "EURUSD"})
    assert not check.is_valid({"order": {}, "legs": [{"price": 20}], "meta": {"v": 1}})
    assert not check.is_valid({"order": {"way": "GO"}, "meta": {"v": 1}})
    assert schema["properties"]["order"]["properties"]["way"]["description"] == "type: go is entry"
    assert "(?P<side>buy|sell)" in schema_of("say", own)["description"]


def test_an_unknown_dialect_has_near_names() -> None:
    with pytest.raises(ConfigError, match="did you mean 'pineconnector'"):
        schema_of("pinecone")
    with pytest.raises(ConfigError, match="there are mine, say, v3"):
        schema_of("zzz", loads(OWN))

"""Whatever a file of dialects or a body holds: a clear answer, never another exception, never a long wait."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.alerts import AlertProcessor
from zepix.alerts.own import loads
from zepix.alerts.own.problems import Problems
from zepix.alerts.own.table import check_table
from zepix.model import Catalogue, Quarantined

KEYS = ["match", "fields", "values", "regex", "text", "units", "constants", "rank", "secrets", "strategy"]
INNER = ["required", "equals", "one_of", "starts_with", "type", "side", "sl", "volume", "path", "*", "a.b", ""]
WORDS = ["side", "a.b", "legs.0", "(?P<side>a)", "(", "pips", "lots", "entry", "buy", "", "..", '"x', "a" * 300]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS) | st.text(max_size=8)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4),
    max_leaves=12,
)
OWN = """
[dialect.all]
text = "t"
regex = '^(?P<a>.*) (?P<b>.*)$'
secrets = ["k", "deep.0.x"]
match = { one_of = { "m" = ["x", 1, true] } }
constants = { type = "entry", side = "buy", symbol = "EURUSD" }
units = { sl = { path = "u" }, volume = "lots" }
[dialect.all.fields]
side = ["s", "a"]
symbol = "y.0"
sl = "l"
volume = "v"
type = "k2"
time = "w"
id = "i"
trailing_start = "l"
trailing_step = "l"
trailing_distance = "l"
[dialect.every]
rank = 0
regex = '(?P<side>buy|sell)?(?P<rest>.*)'
constants = { type = "entry", symbol = "EURUSD" }
"""
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["x", "buy q", "1e400"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*"styluvwikm", "deep", "k2"]), inner, max_size=6)
    ),
    max_leaves=10,
)


@settings(max_examples=400, deadline=None)
@given(table=st.dictionaries(st.sampled_from(KEYS), TREES, max_size=8))
def test_no_table_raises_anything_but_its_problems(table: dict[str, Any]) -> None:
    problems = Problems("f")
    found = check_table("x", table, problems, ())
    assert (found is None) == bool(problems.found)
    assert all(line.isprintable() for line in problems.found)


@settings(max_examples=400, deadline=None)
@given(body=JSON, mark=st.sampled_from(["x", 1, True, 1.0, "X"]))
def test_no_body_breaks_a_dialect_of_ones_own(catalogue: Catalogue, body: Any, mark: Any) -> None:
    fields = (body if isinstance(body, dict) else {"t": body}) | {"m": mark}
    own = loads(OWN)
    found = AlertProcessor(catalogue, own=own).parse(json.dumps(fields), id="x")
    assert not (isinstance(found, Quarantined) and found.reason == "parser_error"), found


@pytest.mark.clock
def test_hostile_bodies_take_no_time(catalogue: Catalogue) -> None:
    processor = AlertProcessor(catalogue, own=loads(OWN))
    bodies = [
        "buy " * 16_000,
        "{" * 60_000,
        '{"m":1,"t":"' + "a " * 30_000 + '"}',
        '{"m":1,"deep":' + "[" * 30 + "]" * 30 + "}",
        json.dumps({"m": 1} | {f"k{i}": i for i in range(250)}),
        "buy\u202e\ufeff" * 1000,
        "\x00buy",
    ]
    for body in bodies:
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            processor.parse(body, id="x")
            taken.append(time.perf_counter() - start)
        assert min(taken) < 0.025, body[:20]

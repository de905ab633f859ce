"""On which line a key stands, in every format of a settings file."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zepix.config.lines import key_lines, line_of
from zepix.config.toml_text import toml_text, toml_value

TOML = '''title = "a # no comment"   # a comment with "quotes
from = 2025-12-01

[alerts]  # [not.a.table]
files = [
  "a.jsonl",  # one
  "b]=.jsonl",
]
"dedup_window_s" = 5

[plugins."v6.x".settings]
text = """
[strategy]
adx = 1
"""
adx = 7
exits = { a = 1, b = { c = 2 } }

[strategy]
one_at_a_time = true
data.cache = false
'''
JSON = """{
  "title": "a, \\"b\\": {",
  "alerts": {
    "files": ["x",
      "y"],
    "dedup_window_s": 5 },
  "sweep": [{"inner": 1}],
  "fill":
    {"latency_ms": 3}
}
"""
YAML = """title: x
alerts:
  files:
    - a
  dedup_window_s: 5
fill: {latency_ms: 3}
"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "a.toml",
            TOML,
            {
                ("title",): 1,
                ("from",): 2,
                ("alerts",): 4,
                ("alerts", "files"): 5,
                ("alerts", "dedup_window_s"): 9,
                ("plugins", "v6.x", "settings"): 11,
                ("plugins", "v6.x", "settings", "text"): 12,
                ("plugins", "v6.x", "settings", "adx"): 16,
                ("plugins", "v6.x", "settings", "exits"): 17,
                ("plugins", "v6.x", "settings", "exits", "a"): 17,
                ("plugins", "v6.x", "settings", "exits", "b"): 17,
                ("plugins", "v6.x", "settings", "exits", "b", "c"): 17,
                ("strategy",): 19,
                ("strategy", "one_at_a_time"): 20,
                ("strategy", "data", "cache"): 21,
            },
        ),
        (
            "a.json",
            JSON,
            {
                ("title",): 2,
                ("alerts",): 3,
                ("alerts", "files"): 4,
                ("alerts", "dedup_window_s"): 6,
                ("sweep",): 7,
                ("sweep", "inner"): 7,
                ("fill",): 8,
                ("fill", "latency_ms"): 9,
            },
        ),
        (
            "a.yaml",
            YAML,
            {
                ("title",): 1,
                ("alerts",): 2,
                ("alerts", "files"): 3,
                ("alerts", "dedup_window_s"): 5,
                ("fill",): 6,
                ("fill", "latency_ms"): 6,
            },
        ),
    ],
)
def test_keys_stand_on_the_lines_on_which_a_human_counts_them(tmp_path, name, text, expected):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    assert key_lines(path) == expected


def test_what_strategy_says_of_a_plugin_is_found_there(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text(TOML, encoding="utf-8")
    lines = key_lines(path)
    assert line_of(lines, ("plugins", "bracket", "settings", "one_at_a_time")) == 20
    assert line_of(lines, ("plugins", "v6.x", "settings", "adx")) == 16
    assert line_of(lines, ("alerts", "files", "deeper")) == 5
    assert line_of(lines, ("account", "balance")) is None


@pytest.mark.parametrize("name", ["gone.toml", "odd.txt"])
def test_no_file_has_no_lines(tmp_path, name):
    assert key_lines(tmp_path / name) == {}


KEYS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(KEYS, child, max_size=3),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_what_is_written_as_toml_is_read_as_the_same(tree):
    assert tomllib.loads(toml_text(tree)) == tree


def test_nothing_is_no_value_of_toml():
    with pytest.raises(ValueError, match="NoneType"):
        toml_value([None])

"""Files of dialects: every problem at once, each with its place and near names; limits of size and count."""

from __future__ import annotations

from pathlib import Path

import pytest

from zepix.alerts.own import FILE_LIMIT_BYTES, load, loads
from zepix.errors import ConfigError

GOOD = """
[dialect.mine]
match = { required = ["side"] }
fields = { side = "side", symbol = "pair" }
constants = { type = "entry" }
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as found:
        loads(text, "f")
    return list(found.value.problems)


def test_a_good_file_gives_its_dialects_in_order(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("\ufeff" + GOOD + GOOD.replace("mine", "other"), encoding="utf-8")
    assert [(one.name, one.rank) for one in load(file)] == [("mine", 20), ("other", 20)]


def test_all_problems_are_told_at_once_with_their_places() -> None:
    told = problems("""
dialects = 3
[dialect.V3]
match = { required = ["a"] }
constants = { type = "entry" }
[dialect.v3]
matc = 3
constants = { type = "entyr" }
[dialect.x]
match = { required = ["a..b"], equal = { a = 1 } }
fields = { sllx = "a", side = 5, symbol = ["a", "b."] }
values = { side = { up = "byu", UP = "buy" }, tp = { a = 1 } }
units = { sl = "pip", side = "pips", volume = "percent" }
rank = -1
""")
    expected = [
        "f: dialects: unknown key; did you mean 'dialect'?",
        "f: dialect.V3: a name is a-z, 0-9 and _",
        "f: dialect.v3: v3 is a dialect of zepix",
        "f: dialect.v3.matc: unknown key; did you mean 'match'?",
        "f: dialect.v3.match: is missing",
        "f: dialect.v3.constants.type: type 'entyr' is not one of",
        "f: dialect.x.match.equal: unknown key; did you mean 'equals'?",
        "f: dialect.x.match.required: 'a..b' is no path",
        "f: dialect.x.fields.sllx: unknown field; did you mean 'sl'?",
        "f: dialect.x.fields.side: expected text of 1 to 256 characters, not 5",
        "f: dialect.x.fields.symbol: 'b.' is no path",
        "f: dialect.x.values.side.up: side must be buy or sell (long, short), not 'byu'",
        "f: dialect.x.values.side.UP: stands twice",
        "f: dialect.x.units.sl: 'pip' is no unit of sl",
        "f: dialect.x.units.side: unknown field with a unit",
        "f: dialect.x.units.volume: 'percent' is no unit of volume",
        "f: dialect.x.rank: expected a whole number from 0 to 1000, not -1",
        "f: dialect.x: says no type",
        "f: dialect.x.values.tp: maps words of a field that fields does not name: tp",
    ]
    missing = [start for start in expected if not any(line.startswith(start) for line in told)]
    assert not missing, told
    assert any("did you mean 'entry'" in line for line in told)
    assert any("did you mean 'pips'" in line for line in told)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ('match = { required = ["side"], starts_with = "x" }', "split the table"),
        ("match = { }", "asks for nothing"),
        ('match = { starts_with = "BUY" }', "text is read by a regex"),
        ('match = { required = ["side"], equals = { a = [1] } }', "expected a text, a number or a truth value"),
        ('match = { required = ["side"], one_of = { a = 1 } }', "expected a list"),
        ('match = { required = ["side"] }\ntext = "content"', "there is no regex"),
        ("match = { required = [\"side\"] }\nregex = '(?P<sl>a)'", 'text = "message"'),
        ('match = { required = ["side"] }\nsecrets = []', "expected 1 to 32 paths"),
        ('match = { required = ["side"] }\nstrategy = ""', "expected text of 1 to 256"),
        ('match = { required = ["side"] }\nunits = { sl = "pips" }', "fields does not name: sl"),
        ('match = { required = ["side"] }\nunits = { sl = { values = { a = "pips" } } }', "expected { path ="),
        ('match = { required = ["side"] }\nunits = { sl = { path = "u", values = { a = "lots" } } }', "none of price"),
    ],
)
def test_one_problem_of_a_table(change: str, part: str) -> None:
    text = GOOD.replace('match = { required = ["side"] }', change)
    assert any(part in line for line in problems(text)), problems(text)


def test_trailing_wants_all_its_parts_and_a_strategy_is_said_once() -> None:
    text = GOOD.replace('symbol = "pair"', 'symbol = "pair", trailing_start = "t", strategy = "s"')
    told = problems(text.replace("[dialect.mine]", '[dialect.mine]\nstrategy = "x"'))
    assert any("missing is trailing_step, trailing_distance" in line for line in told)
    assert any("is said twice" in line for line in told)


def test_a_field_of_text_names_a_group() -> None:
    told = problems("""
[dialect.t]
regex = '^(?P<side>buy|sell) (?P<pair>\\w+)$'
fields = { symbol = "piar", sl = "a.b" }
constants = { type = "entry" }
""")
    assert any("no group of the regex is named 'piar'; did you mean 'pair'?" in line for line in told)
    assert any("no group of the regex is named 'a.b'" in line for line in told)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "there is no table [dialect.NAME]"),
        ("[dialect.x", "not valid TOML"),
        ("dialect = 3", "expected a table"),
        ("[dialect.x]\nrank = 1\nrank = 2", "not valid TOML"),
        ("x = " + "[" * 5000 + "]" * 5000, "not valid TOML"),
        ("\n".join(f"[dialect.d{i}]" for i in range(65)), "65 entries; at most 64"),
    ],
)
def test_files_that_are_none(text: str, part: str) -> None:
    assert part in problems(text)[0]


def test_a_thousand_problems_are_told_in_a_hundred_lines() -> None:
    fields = "\n".join(f'zz{i} = "a"' for i in range(50))
    told = problems("\n".join(f"[dialect.d{i}.fields]\n{fields}" for i in range(20)))
    assert len(told) == 101
    assert "more problems" in told[-1]


def test_file_limits(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (FILE_LIMIT_BYTES + 1))
    with pytest.raises(ConfigError, match="larger than"):
        load(large)
    latin = tmp_path / "latin.toml"
    latin.write_bytes("# \u00e9".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8 at byte 2"):
        load(latin)

"""Values against types: what a flag's text may stand for, and what no type takes."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest

from zepix.config import Raw, check_settings, check_value, complete_settings
from zepix.errors import ConfigError

TAKEN = [
    (int, 5, 5),
    (int, Raw("5"), 5),
    (int, "5", 5),
    (float, 5, 5.0),
    (float, Raw("0.5"), 0.5),
    (Decimal, Raw("10000"), Decimal(10000)),
    (Decimal, 0.1, Decimal("0.1")),
    (Decimal, "1e3", Decimal(1000)),
    (bool, Raw("true"), True),
    (bool, Raw("True"), True),
    (bool, False, False),
    (str, Raw("none"), "none"),
    (str, Raw("123"), "123"),
    (str, Raw('"123"'), "123"),
    (str, Raw("2024-01-01"), "2024-01-01"),
    (float | None, None, None),
    (float | None, Raw("1.5"), 1.5),
    (list[str], Raw('["a", "b"]'), ["a", "b"]),
    (list[str], Raw("a.jsonl"), ["a.jsonl"]),
    (list[str], "a.jsonl", ["a.jsonl"]),
    (Literal["absolute", "distance"], Raw("distance"), "distance"),
]


@pytest.mark.parametrize(("kind", "given", "wanted"), TAKEN)
def test_taken(kind, given, wanted):
    found = check_value(kind, given)
    assert found == wanted
    assert type(found) is type(wanted)


def test_unions_that_python_calls_equal_keep_their_own_order():
    """What was made for one is not taken for the other."""
    assert (int | float) == (float | int)
    assert [type(check_value(kind, "1")) for kind in (int | float, float | int, int | float)] == [int, float, int]


REFUSED = [
    (int, Raw("abc"), "expected a whole number, not 'abc'"),
    (int, 1.5, "expected a whole number, not 1.5"),
    (int, True, "expected a whole number, not True"),
    (float, Raw("true"), "expected a number, not True"),
    (float, Raw("nan"), "expected a number, not nan"),
    (float, float("inf"), "expected a number, not inf"),
    (Decimal, "NaN", "expected a number"),
    (Decimal, Raw("1e30"), "too large"),
    (bool, Raw("maybe"), "expected true or false, not 'maybe'"),
    (str, 5, "expected text, not 5"),
    (str, "x" * 10_001, "too long"),
    (list[str], 5, "expected a list of text, not 5"),
    (Literal["instrument", "none"], Raw("nope"), "expected one of instrument, none, not 'nope'"),
    (float | None, "x", "expected a number, not 'x'"),
]


@pytest.mark.parametrize(("kind", "given", "words"), REFUSED)
def test_refused(kind, given, words):
    with pytest.raises(ValueError, match=r"expected|large|long") as caught:
        check_value(kind, given)
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["1\nb = 2", "[" * 5000, "x" * 20_000, "= 3", "", "a b", "1 ]"])
def test_text_that_is_no_toml_stays_text(text):
    assert Raw(text).value == text


FIELDS = {"one_at_a_time": (bool, False), "volume": (float | None, None), "period": (int, 14), "must": (str, ...)}


def test_settings_are_completed_from_the_class():
    made = complete_settings("mine", FIELDS, {"must": Raw("x"), "period": Raw("20")})
    assert made == {"one_at_a_time": False, "volume": None, "period": 20, "must": "x"}


def test_every_wrong_setting_is_told_at_once():
    with pytest.raises(ConfigError) as caught:
        complete_settings("mine", FIELDS, {"one_at_a_tme": True, "period": "x", "volume": 0.1})
    said = caught.value.problems
    assert len(said) == 3
    assert "did you mean 'one_at_a_time'?" in said[0]
    assert "period: expected a whole number" in said[1]
    assert "must: this setting has no default" in said[2]


def test_a_strategy_without_settings_says_so():
    with pytest.raises(ConfigError, match="it has none"):
        check_settings({}, {"x": 1})

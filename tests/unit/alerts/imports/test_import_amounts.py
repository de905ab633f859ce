"""Numbers as spreadsheets write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix.alerts.imports.amounts import Amounts
from zepix.errors import ConfigError, DataError


def settled(*texts: str, decimal: str | None = None) -> Amounts:
    amounts = Amounts(decimal, "list.csv")
    for text in texts:
        amounts.look(text)
    amounts.settle()
    return amounts


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.0850", 1.085), ("-12.5", -12.5), ("\u221212.5", -12.5), ("1,250.50", 1250.5), ("$1,250.00", 1250.0),
     ("(124.75)", -124.75), ("0.65 %", 0.65), ("1\u202f234.5 USD", 1234.5), ("1\u00a0234", 1234.0), ("+3", 3.0),
     ("\uff11\uff12", 12.0), ("", None), ("\u2014", None), ("N/A", None), ("1e-3", 0.001), (".5", 0.5)],
)  # fmt: skip
def test_numbers_with_a_dot(text: str, expected: float | None) -> None:
    assert settled("1.5").number(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2113,00", 2113.0), ("1.234,56", 1234.56), ("\u22126,5", -6.5), ("1.000", 1000.0), ("12 345,6", 12345.6),
     ("1\u2009234,5", 1234.5), ("7", 7.0)],
)  # fmt: skip
def test_numbers_with_a_comma(text: str, expected: float) -> None:
    amounts = settled("1.234,56", "2113,00")
    assert amounts.number(text) == expected
    assert amounts.rule == "by '1.234,56'"


def test_mark_that_every_number_leaves_open_must_be_said() -> None:
    with pytest.raises(ConfigError, match=r"'1,234' has a comma.*say --decimal"):
        settled("1,234", "5")
    assert settled("1,234", decimal=",").number("1,234") == 1.234
    assert settled("1,234", decimal=".").number("1,234") == 1234.0
    assert settled("0,123").number("0,123") == 0.123


def test_two_marks_in_one_file_are_no_guess() -> None:
    with pytest.raises(DataError, match="two decimal marks"):
        settled("1.5", "2,50")
    with pytest.raises(ConfigError, match=r"expected \. or ,"):
        Amounts(";")


@given(st.text(max_size=70) | st.from_regex(r"[0-9.,'()%$ +-]{0,30}"))
def test_no_text_does_more_than_be_no_number(text: str) -> None:
    for mark in (".", ","):
        amounts = Amounts(mark)
        amounts.look(text)
        with contextlib.suppress(ValueError):
            found = amounts.number(text)
            assert found is None or isinstance(found, float)


@pytest.mark.parametrize("text", ["abc", "1.2.3", "=1+1", "inf", "0x10", "1_000", "9" * 100])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError):
        settled().number(text)

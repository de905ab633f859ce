"""Numbers as spreadsheets write them."""

from __future__ import annotations

import contextlib
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix.alerts.imports.amounts import Amounts
from zepix.errors import ConfigError, DataError


def settled(*texts: Any, decimal: str | None = None, is_money: bool = False, by_commas: bool = False) -> Amounts:
    amounts = Amounts(decimal, "list.csv", is_money=is_money, parted_by_commas=by_commas)
    for text in texts:
        amounts.look(text)
    amounts.settle()
    return amounts


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.0850", 1.085), ("-12.5", -12.5), ("\u221212.5", -12.5), ("1,250.50", 1250.5), ("$1,250.00", 1250.0),
     ("(124.75)", -124.75), ("0.65 %", 0.65), ("1\u202f234.5 USD", 1234.5), ("1\u00a0234", 1234.0), ("+3", 3.0),
     ("\uff11\uff12", 12.0), ("", None), ("\u2014", None), ("N/A", None), ("1e-3", 0.001), (".5", 0.5),
     ("12,34,567.5", 1234567.5), ("-$5", -5.0), ("$-5", -5.0)],
)  # fmt: skip
def test_numbers_with_a_dot(text: str, expected: float | None) -> None:
    assert settled("1.5", is_money=True).number(text) == expected


UNITS = [
    "20 pips",
    "0.05 lots",
    "1%",
    "1 %",
    "5\uff05",
    "10k",
    "10K",
    "1.5M",
    "$100",
    "\u20ac5",
    "100 USD",
    "5\u4e07",
    "1R",
]


@pytest.mark.parametrize("text", UNITS)
def test_unit_is_never_cut_off(text: str) -> None:
    with pytest.raises(ValueError):
        settled("1.5").number(text)


@pytest.mark.parametrize("text", ["10k", "10K", "1.5 M", "5\u4e07", "2 mln", "20 pips", "0.05 lots"])
def test_magnitude_is_no_currency(text: str) -> None:
    with pytest.raises(ValueError):
        settled("1.5", is_money=True).number(text)


@pytest.mark.parametrize(
    ("mark", "text"),
    [(".", "1,5"), (".", "1,0850"), (".", "0,123"), (".", "1,234,56"), (",", "1.0850"), (",", "1.5"), (",", "1.2.3"),
     (".", "12 34"), (".", "1.09 1.10")],
)  # fmt: skip
def test_mark_that_cannot_be_of_thousands(mark: str, text: str) -> None:
    with pytest.raises(ValueError):
        Amounts(mark).number(text)


@pytest.mark.parametrize("mark", [".", ","])
def test_cell_that_is_a_number_needs_no_mark(mark: str) -> None:
    amounts = settled(1.085, 2, "5", decimal=mark)
    assert [amounts.number(cell) for cell in (1.085, 2, Decimal("1.5"), None, float("nan"))] == [
        1.085, 2.0, 1.5, None, None,
    ]  # fmt: skip


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
    with pytest.raises(ConfigError, match=r"'2\.045' has a dot.*say --decimal"):
        settled("2.045", "1.000")
    assert settled("2.045", decimal=",").number("2.045") == 2045.0
    assert settled("2.045", "1.000", "1085.5").number("2.045") == 2.045
    assert settled("2.045", 1.085, "1085.123").mark == "."
    assert settled("1085,123", "2,045").mark == ","


def test_dot_is_the_decimal_mark_where_commas_part_the_cells() -> None:
    amounts = settled("150.123", "151.000", by_commas=True)
    assert (amounts.number("150.123"), amounts.rule) == (150.123, "as commas part the cells")
    with pytest.raises(ConfigError, match="say --decimal"):
        settled("150.123", "1,234", by_commas=True)


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

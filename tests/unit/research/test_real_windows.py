"""Windows of the calendar: which days are chosen on, which are shown."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from zepix.errors import ConfigError
from zepix.research.real.windows import length_of, windows_of


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def made(first: str, last: str, **given: Any) -> list[str]:
    spans = windows_of(day(first), day(last), **given)
    return [f"{s.train_from:%m-%d}..{s.train_to:%m-%d} {s.test_from:%m-%d}..{s.test_to:%m-%d}" for s in spans]


def test_ten_days_and_five_move_on_by_five() -> None:
    assert made("2024-01-01", "2024-01-26", train=10, test="5d") == [
        "01-01..01-11 01-11..01-16",
        "01-06..01-16 01-16..01-21",
        "01-11..01-21 01-21..01-26",
    ]


def test_anchored_windows_all_begin_at_the_first_day() -> None:
    assert made("2024-01-01", "2024-01-21", train=10, test=5, anchored=True) == [
        "01-01..01-11 01-11..01-16",
        "01-01..01-16 01-16..01-21",
    ]


def test_an_embargo_lies_between() -> None:
    assert made("2024-01-01", "2024-01-20", train="1w", test="1w", embargo=2) == ["01-01..01-08 01-10..01-17"]


def test_months_are_the_calendars_and_do_not_drift() -> None:
    """From 31 January: the last of February (a leap year), then 31 March again."""
    assert made("2024-01-31", "2024-05-31", train="1mo", test="1mo") == [
        "01-31..02-29 02-29..03-29",
        "02-29..03-29 03-29..04-29",
        "03-31..04-30 04-30..05-30",
    ]


def test_twelve_months_are_a_year() -> None:
    assert length_of("train", "12mo").after(day("2024-02-29")) == length_of("train", "1y").after(day("2024-02-29"))


def test_a_longer_step_leaves_days_out_and_a_shorter_one_is_refused() -> None:
    assert len(made("2024-01-01", "2024-02-01", train=7, test=7, step=14)) == 2
    with pytest.raises(ConfigError, match="counted twice"):
        made("2024-01-01", "2024-02-01", train=7, test=7, step=3)


@pytest.mark.parametrize("train", [0, -3, "3 weeks", "x", True, None, 1.5, dt.timedelta(), "99999y"])
def test_what_is_no_length_is_refused(train: Any) -> None:
    with pytest.raises(ConfigError, match="train="):
        made("2024-01-01", "2024-02-01", train=train, test=7)


def test_windows_that_do_not_fit_say_until_when_they_would_last() -> None:
    with pytest.raises(ConfigError, match=r"take from 2024-01-01 to 2024-03-01, and the data end on 2024-02-01"):
        made("2024-01-01", "2024-02-01", train="1mo", test="1mo")
    with pytest.raises(ConfigError, match="more than 1,000 windows"):
        made("2000-01-01", "2024-02-01", train=1, test=1)

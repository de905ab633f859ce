"""Nights that cost swap: 17:00 New York, Monday to Friday, threefold on one weekday; by the calendar and the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from zepix.services.rollover import rollovers_between

WEDNESDAY, FRIDAY = 2, 4


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


CASES = {  # (entry, exit, triple day): nights that count, all times UTC
    "within a day": ("2024-01-10 08:00", "2024-01-10 20:00", WEDNESDAY, 0),
    "one winter night, 22:00 UTC": ("2024-01-09 21:59", "2024-01-09 22:01", WEDNESDAY, 1),
    "one summer night, 21:00 UTC": ("2024-07-09 20:59", "2024-07-09 21:01", WEDNESDAY, 1),
    "an hour too early in winter": ("2024-01-09 20:59", "2024-01-09 21:01", WEDNESDAY, 0),
    "at the very instant of the entry": ("2024-01-09 22:00", "2024-01-09 23:00", WEDNESDAY, 0),
    "at the very instant of the exit": ("2024-01-09 21:00", "2024-01-09 22:00", WEDNESDAY, 0),
    "Wednesday counts three": ("2024-01-10 12:00", "2024-01-11 12:00", WEDNESDAY, 3),
    "a weekend has no nights of its own": ("2024-01-12 23:00", "2024-01-15 12:00", WEDNESDAY, 0),
    "Friday triple": ("2024-01-12 12:00", "2024-01-15 12:00", FRIDAY, 3),
    "a whole week": ("2024-01-08 12:00", "2024-01-15 12:00", WEDNESDAY, 7),
    "over the start of summer time (10 March 2024)": ("2024-03-08 21:30", "2024-03-11 21:30", WEDNESDAY, 2),
    "over the end of summer time (3 November 2024)": ("2024-11-01 20:30", "2024-11-04 21:30", WEDNESDAY, 1),
    "over New Year's Eve in New York": ("2024-12-31 12:00", "2025-01-02 12:00", WEDNESDAY, 4),
}


@pytest.mark.parametrize(("entry", "exit_", "triple", "nights"), CASES.values(), ids=CASES)
def test_nights(entry: str, exit_: str, triple: int, nights: int) -> None:
    assert rollovers_between(ns(entry), ns(exit_), triple) == nights

"""What open tickets are worth at many instants, against asking each ticket at each instant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.kernels.ledger import open_gross_points

Ticket = tuple[int, int, int, int, int]  # side, steps, entry_points, entry_ns, exit_ns
Mark = tuple[int, int, int]  # time_ns, bid, ask


def worth(tickets: list[Ticket], marks: list[Mark]) -> list[int]:
    rows = np.array(tickets, np.int64).reshape(-1, 5)
    at = np.array(marks, np.int64).reshape(-1, 3)
    result = open_gross_points(
        rows[:, 0].astype(np.int8), rows[:, 1], rows[:, 2], rows[:, 3], rows[:, 4], at[:, 0], at[:, 1], at[:, 2]
    )
    assert result.dtype == np.int64
    return result.tolist()


def naive(tickets: list[Ticket], marks: list[Mark]) -> list[int]:
    return [
        sum(
            ((bid if side > 0 else ask) - entry) * side * steps
            for side, steps, entry, opened, closed in tickets
            if opened <= t < closed
        )
        for t, bid, ask in marks
    ]


LONG: Ticket = (1, 10, 1_000, 100, 200)
SHORT: Ticket = (-1, 5, 1_002, 150, 250)


@pytest.mark.parametrize(
    ("case", "tickets", "mark", "expected"),
    [
        ("a long is worth what the bid gives", [LONG], (120, 1_007, 1_009), 70),
        ("a short costs what the ask takes", [SHORT], (160, 990, 992), 50),
        ("a hedge", [LONG, SHORT], (160, 990, 992), -50),
        ("before it opens", [LONG], (99, 1_007, 1_009), 0),
        ("at its entry it is open", [LONG], (100, 1_007, 1_009), 70),
        ("at its exit it is not", [LONG], (200, 1_007, 1_009), 0),
        ("ended when it began", [(1, 10, 1_000, 100, 100)], (100, 2_000, 2_000), 0),
        ("ended before it began, as a graced fill may", [(1, 10, 1_000, 100, 90)], (95, 2_000, 2_000), 0),
        ("no tickets at all", [], (100, 1, 2), 0),
    ],
)
def test_worth_at_an_instant(case: str, tickets: list[Ticket], mark: Mark, expected: int) -> None:
    assert worth(tickets, [mark]) == [expected]


def test_no_marks() -> None:
    assert worth([LONG], []) == []


tickets = st.tuples(
    st.sampled_from([1, -1]), st.integers(1, 10_000), st.integers(1, 2**31), st.integers(0, 60), st.integers(0, 60)
)
marks = st.tuples(st.integers(-1, 61), st.integers(1, 2**31), st.integers(1, 2**31))


@settings(deadline=None)
@given(st.lists(tickets, max_size=40), st.lists(marks, max_size=40))
def test_agrees_with_asking_every_ticket(tickets: list[Ticket], marks: list[Mark]) -> None:
    marks.sort()
    assert worth(tickets, marks) == naive(tickets, marks)


def test_a_hundred_thousand_tickets_at_a_hundred_thousand_marks() -> None:
    """Ticket by ticket this would be ten thousand million comparisons; here every 5,000th mark is asked so."""
    count = 100_000
    rng = np.random.default_rng(0)
    opened = rng.integers(0, 10**9, count)
    side = rng.choice(np.array([1, -1], np.int8), count)
    steps, entry, closed = rng.integers(1, 9, count), rng.integers(1, 10**6, count), opened + 10**8
    at = np.sort(rng.integers(0, 10**9, count))
    bid = rng.integers(1, 10**6, count)
    result = open_gross_points(side, steps, entry, opened, closed, at, bid, bid + 7)
    for mark in range(0, count, 5_000):
        is_open = (opened <= at[mark]) & (at[mark] < closed)
        price = np.where(side > 0, bid[mark], bid[mark] + 7)
        assert result[mark] == ((price - entry) * side * steps)[is_open].sum()

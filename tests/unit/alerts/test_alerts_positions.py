"""The table of positions: before, order, after, and what happened; contradictions get a reason."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix.alerts.positions import CHANGES, Position, change_of, position
from zepix.alerts.reasons import Unreadable
from zepix.model import Side

WORDS = ("flat", "long", "short")
BUY, SELL = Side.BUY, Side.SELL
TABLE = {
    ("flat", BUY, "long"): ("entry", BUY),
    ("flat", SELL, "short"): ("entry", SELL),
    ("long", BUY, "long"): ("add", BUY),
    ("short", SELL, "short"): ("add", SELL),
    ("long", SELL, "flat"): ("exit", BUY),
    ("short", BUY, "flat"): ("exit", SELL),
    ("long", SELL, "short"): ("reversal", SELL),
    ("short", BUY, "long"): ("reversal", BUY),
    ("flat", BUY, "flat"): ("nothing", None),
    ("flat", SELL, "flat"): ("nothing", None),
}
REDUCTIONS = {("long", SELL, "long"): BUY, ("short", BUY, "short"): SELL}
"""They need sizes: a part of what was there is closed."""


@pytest.mark.parametrize(("before", "order", "after"), list(product(WORDS, (BUY, SELL), WORDS)))
def test_every_cell_without_sizes(before: str, order: Side, after: str) -> None:
    key = (before, order, after)
    if key in TABLE:
        found = change_of(order, Position(before), Position(after), None)
        assert (found.kind, found.side) == TABLE[key]
    else:
        with pytest.raises(Unreadable) as raised:
            change_of(order, Position(before), Position(after), None)
        assert raised.value.reason == ("unclear_position" if key in REDUCTIONS else "conflicting_position")


def test_the_table_has_a_row_for_each_possible_move() -> None:
    assert set(CHANGES) == set(TABLE) | set(REDUCTIONS)


sizes = st.integers(1, 1000).map(lambda n: n / 4)


def of_signed(signed: float) -> Position:
    return Position("flat" if signed == 0 else "long" if signed > 0 else "short", abs(signed))


def told(signed_before: float, order: Side, contracts: float) -> tuple[str, Side | None, float | None, float | None]:
    """(kind, side, opened, share closed) by the arithmetic of signed positions alone."""
    after = signed_before + order.sign * contracts
    if signed_before == 0:
        return "entry", order, contracts, None
    if signed_before * order.sign > 0:
        return "add", order, contracts, None
    held = BUY if signed_before > 0 else SELL
    if after == 0:
        return "exit", held, None, None
    if after * signed_before > 0:
        return "reduce", held, None, contracts / abs(signed_before)
    return "reversal", order, abs(after), None


@given(st.integers(-1000, 1000).map(lambda n: n / 4), st.sampled_from([BUY, SELL]), sizes, st.integers(0, 7))
def test_any_two_of_three_numbers_tell_the_third(before: float, order: Side, contracts: float, left_out: int) -> None:
    """Before, after and contracts, one of them left out (or the order): always the same change."""
    after = before + order.sign * contracts
    known_before, known_after = of_signed(before), of_signed(after)
    given_order: Side | None = order
    given_contracts: float | None = contracts
    if left_out == 1:
        found = change_of(order, None, known_after, contracts)
    elif left_out == 2:
        found = change_of(order, known_before, None, contracts)
    else:
        given_contracts = None if left_out == 3 else contracts
        given_order = None if left_out == 4 else order
        found = change_of(given_order, known_before, known_after, given_contracts)
    kind, side, opened, share = told(before, order, contracts)
    assert (found.kind, found.side) == (kind, side)
    assert found.size == pytest.approx(opened) if opened is not None else found.size is None
    assert found.left_frac == pytest.approx(share) if share is not None else found.left_frac is None


@given(st.integers(-1000, 1000), st.sampled_from([BUY, SELL]), st.integers(1, 1000), st.integers(-1000, 1000))
def test_numbers_that_do_not_add_up_are_a_reason(before: int, order: Side, contracts: int, after: int) -> None:
    right = before + order.sign * contracts
    if abs(after - right) > 3 and not (before == after == 0):
        with pytest.raises(Unreadable) as raised:
            change_of(order, of_signed(before), of_signed(after), float(contracts))
        assert raised.value.reason == "conflicting_position"


AFTER_ALONE = [
    (BUY, "long", "entry", BUY),
    (BUY, "flat", "exit", SELL),
    (SELL, "short", "entry", SELL),
    (SELL, "flat", "exit", BUY),
]


@pytest.mark.parametrize(("order", "after", "kind", "side"), AFTER_ALONE)
def test_only_the_position_after(order: Side, after: str, kind: str, side: Side) -> None:
    found = change_of(order, None, Position(after), None)
    assert (found.kind, found.side) == (kind, side)


def test_only_the_position_before_against_the_order_is_unclear() -> None:
    for before, order in (("long", SELL), ("short", BUY)):
        with pytest.raises(Unreadable) as raised:
            change_of(order, Position(before), None, 1.0)
        assert raised.value.reason == "unclear_position"


POSITIONS = [
    ("nothing is known", (None, None, None), None),
    ("a word", ("long", None, None), Position("long")),
    ("a word and its size", ("short", 2.0, None), Position("short", 2.0)),
    ("a size without a word tells no side", (None, 2.0, None), None),
    ("flat", ("flat", None, None), Position("flat", 0.0)),
    ("a signed size", (None, None, -2.0), Position("short", 2.0)),
    ("a signed size of nothing", (None, None, 0.0), Position("flat", 0.0)),
    ("all three", ("long", 2.0, 2.0), Position("long", 2.0)),
]


@pytest.mark.parametrize(("parts", "expected"), [row[1:] for row in POSITIONS], ids=[row[0] for row in POSITIONS])
def test_position(parts: tuple[str | None, float | None, float | None], expected: Position | None) -> None:
    assert position("the position", *parts) == expected


@pytest.mark.parametrize(
    "parts",
    [("flat", 1.0, None), ("long", 0.0, None), ("long", None, -1.0), ("short", 1.0, 1.0), ("long", 1.0, 2.0)],
)
def test_position_that_contradicts_itself(parts: tuple[str, float | None, float | None]) -> None:
    with pytest.raises(Unreadable) as raised:
        position("the position", *parts)
    assert raised.value.reason == "conflicting_position"


def test_sizes_that_a_sender_rounded_still_agree() -> None:
    assert change_of(BUY, Position("flat", 0.0), Position("long", 0.33333333), 0.333333).kind == "entry"

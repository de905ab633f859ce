"""The one place that turns a time into a row: what is known of a price in each phase of an instant."""

from __future__ import annotations

import pytest

from tests.world import Quad, bars, flat, instrument, minute
from zepix.services.prices import PriceBook, SymbolPrices

ROWS: list[Quad | None] = [
    (110_000, 110_050, 109_950, 110_020),  # minute 0
    (110_030, 110_060, 110_010, 110_040),  # minute 1
    None,
    None,
    (110_100, 110_130, 110_090, 110_120),  # minute 4
]


def prices(spread: int = 10) -> SymbolPrices:
    return SymbolPrices(bars(*ROWS, spread=spread), instrument(), 0)


WHEN = (  # minute, row that opened last, row that ended last, row that opens next
    (-1.0, -1, -1, 0),
    (0.0, 0, -1, 0),
    (0.5, 0, -1, 1),
    (1.0, 1, 0, 1),
    (1.5, 1, 0, 2),
    (2.0, 1, 1, 2),
    (3.999, 1, 1, 2),
    (4.0, 2, 1, 2),
    (4.5, 2, 1, -1),
    (5.0, 2, 2, -1),
    (99.0, 2, 2, -1),
)


@pytest.mark.parametrize(("when", "opened", "ended", "following"), WHEN)
def test_rows_at_a_time(when: float, opened: int, ended: int, following: int) -> None:
    book, t_ns = prices(), minute(when)
    assert (book.row_at(t_ns), book.ended_row(t_ns), book.next_open(t_ns)) == (opened, ended, following)


def test_answers_do_not_depend_on_the_order_of_the_questions() -> None:
    book = prices()
    forwards = [book.row_at(minute(when)) for when, *_ in WHEN]
    backwards = [book.row_at(minute(when)) for when, *_ in reversed(WHEN)]
    assert backwards == forwards[::-1] == [row for _, row, _, _ in reversed(WHEN)]


QUOTES = (  # minute, phase, bid
    (0.0, 1, None),  # the first open is not known yet
    (0.0, 2, 110_000),
    (0.0, 4, 110_000),
    (0.5, 1, 110_000),  # in the bar only its open is known
    (0.5, 4, 110_000),
    (1.0, 1, 110_020),  # phase 1: the close just ended
    (1.0, 2, 110_030),  # phase 2: the open
    (1.0, 3, 110_030),
    (2.0, 1, 110_040),
    (2.0, 2, 110_040),  # no bar opens: the last close stands
    (3.5, 4, 110_040),
    (4.0, 1, 110_040),
    (4.0, 2, 110_100),
    (5.0, 4, 110_120),
    (99.0, 4, 110_120),
)


@pytest.mark.parametrize(("when", "phase", "bid"), QUOTES)
def test_quote_in_each_phase(when: float, phase: int, bid: int | None) -> None:
    expected = None if bid is None else (bid, bid + 10)
    assert prices().quote(minute(when), phase) == expected


MIDS = (  # minute, bid + ask in points
    (-5.0, 220_010),  # before the first bar's end: its open
    (0.5, 220_010),
    (1.0, 220_050),  # the close that ended at this instant counts
    (1.5, 220_050),  # an open never does
    (2.0, 220_090),
    (4.5, 220_090),
    (5.0, 220_250),
)


@pytest.mark.parametrize(("when", "doubled"), MIDS)
def test_mid_for_conversions_is_of_the_last_close_that_ended(when: float, doubled: int) -> None:
    assert prices().doubled_mid(minute(when)) == doubled


def test_book_is_in_catalogue_order_and_ends_with_its_longest_series() -> None:
    euro = SymbolPrices(bars(*flat(3)), instrument(), 0)
    yen = SymbolPrices(bars(*flat(2, 150_000), symbol="USDJPY", timeframe="5m"), instrument("USDJPY"), 2)
    book = PriceBook([yen, euro])
    assert [p.symbol for p in book] == ["EURUSD", "USDJPY"]
    assert book.end_ns == minute(10)
    assert "USDJPY" in book
    assert book.get("GBPUSD") is None
    assert len(book) == 2

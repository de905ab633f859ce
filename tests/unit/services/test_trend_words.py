"""Trends as scripts write them, read. Answers: the rules of the trade, section 2.4 and example 14.6, unless said."""

from __future__ import annotations

from typing import Any

import pytest

from zepix.services.trend_words import (
    changes_by_timeframe,
    direction_of,
    market_state_direction,
    trends_by_timeframe,
)

FIVE_OF_THE_PAGE = "1,1,-1,1,1"
SIX_OF_THE_PAGE = "0,1,1,-1,1,1"


def test_five_values_run_from_high_to_low() -> None:
    """14.6: 1d=1, 4h=1, 1h=-1, 15m=1, 5m=1."""
    assert trends_by_timeframe(FIVE_OF_THE_PAGE) == {"1d": 1, "4h": 1, "1h": -1, "15m": 1, "5m": 1}


def test_order_of_five_shows_where_they_differ() -> None:
    """The page's example and the log's (-1,1,1,1,-1) read the same from both ends; by 1.3 the first is 1D."""
    assert trends_by_timeframe("1,0,-1,1,-1") == {"1d": 1, "4h": 0, "1h": -1, "15m": 1, "5m": -1}
    assert trends_by_timeframe("1,0,-1,1,-1,0") == {"1m": 1, "5m": 0, "15m": -1, "1h": 1, "4h": -1, "1d": 0}


def test_six_values_run_from_low_to_high() -> None:
    """14.6: 1m=0, 5m=1, 15m=1, 1h=-1, 4h=1, 1d=1."""
    assert trends_by_timeframe(SIX_OF_THE_PAGE) == {"1m": 0, "5m": 1, "15m": 1, "1h": -1, "4h": 1, "1d": 1}


@pytest.mark.parametrize("sent", [(1, 1, -1, 1, 1), [1, 1, -1, 1, 1], "1, 1 ,-1,1, 1", [1.0, "1", -1, 1, 1]])
def test_trends_come_as_text_or_as_numbers(sent: Any) -> None:
    assert trends_by_timeframe(sent) == trends_by_timeframe(FIVE_OF_THE_PAGE)


@pytest.mark.parametrize(
    "sent", ["", "1,1,1,1", "1,1,1,1,1,1,1", "1,1,2,1,1", "1,1,x,1,1", (1, 1, 1, 1), (1, True, 1, 1, 1), "1," * 4000]
)
def test_what_is_not_five_or_six_trends_is_an_error(sent: Any) -> None:
    with pytest.raises(ValueError):
        trends_by_timeframe(sent)


@pytest.mark.parametrize("arrow", ["\u2192", "->"])
def test_changes_with_either_arrow(arrow: str) -> None:
    """1.4: the script writes U+2192, documents write ->."""
    text = f"15:BULL{arrow}BEAR,60:SIDE{arrow}BEAR,1D:BEAR{arrow}SIDE,240:SIDE{arrow}BULL"
    assert changes_by_timeframe(text) == ({"15m": -1, "1h": -1, "1d": 0, "4h": 1}, [])


def test_change_details_with_trailing_separator() -> None:
    """1.3: ``15:-1;60:1;``."""
    assert changes_by_timeframe("15:-1;60:1;") == ({"15m": -1, "1h": 1}, [])


def test_changes_as_the_dialect_hands_them_over() -> None:
    found, unread = changes_by_timeframe({"15m": ("BULL", "BEAR"), "1h": 1, "60": ("BEAR", "SIDE")})
    assert (found, unread) == ({"15m": -1, "1h": 0}, [])


def test_one_bad_change_leaves_the_others_standing() -> None:
    found, unread = changes_by_timeframe("15:BULL->BEAR,60:BULL->FISH,banana:BULL->BEAR,240")
    assert found == {"15m": -1}
    assert len(unread) == 3
    assert "FISH" in unread[0]


WORDS = [
    ("BULL", 1),
    ("bearish", -1),
    ("SIDE", 0),
    ("buy", 1),
    ("Neutral", 0),
    (1, 1),
    (-1, -1),
    (0, 0),
    (" BEAR ", -1),
]


@pytest.mark.parametrize(("word", "direction"), WORDS)
def test_words_of_direction(word: Any, direction: int) -> None:
    assert direction_of(word) == direction


@pytest.mark.parametrize("word", [None, True, 2, 0.5, "", "FISH", [], float("nan")])
def test_what_is_no_direction_is_an_error(word: Any) -> None:
    with pytest.raises(ValueError, match="no direction"):
        direction_of(word)


STATES = [  # 1.4: what is really sent; CHOPPY and the like are only in documents
    ("TRENDING_BULLISH", 1),
    ("TRENDING_BEARISH", -1),
    ("MIXED_BULLISH", 1),
    ("MIXED_BEARISH", -1),
    ("NEUTRAL", 0),
    ("CHOPPY", 0),
    ("UNKNOWN", 0),
    ("", 0),
]


@pytest.mark.parametrize(("state", "direction"), STATES)
def test_which_way_a_market_state_leans(state: str, direction: int) -> None:
    assert market_state_direction(state) == direction

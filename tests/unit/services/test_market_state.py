"""Whether a spread is acceptable, a market open and volatile: what is unknown never trades.

Answers: the rules of the trade, sections 8.2, 9.3 and 12, or by hand.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.unit.services.test_market import HAND, Clock, NoWatches, service
from tests.world import CATALOGUE, Quad, bars, flat, minute, series
from zepix.model.settings_market import MarketSettings
from zepix.services.market import UNKNOWN_SPREAD_PIPS, MarketDataService
from zepix.services.prices import PriceBook, SymbolPrices

# --- spread -----------------------------------------------------------------------------------------------------------

SPREADS = [  # symbol, points, limit in pips, acceptable
    ("EURUSD", 19, 2.0, True),
    ("EURUSD", 20, 2.0, True),  # 2.0 pips exactly
    ("EURUSD", 21, 2.0, False),
    ("USDJPY", 20, 2.0, True),  # a pip of yen is 0.01, a point 0.001
    ("USDJPY", 21, 2.0, False),
    ("EURUSD", 3, 0.3, True),  # 0.3 is no binary fraction
    ("EURUSD", 0, 0.0, True),
    ("EURUSD", 1, 0.0, False),
]


@pytest.mark.parametrize(("symbol", "points", "limit", "acceptable"), SPREADS)
def test_spread_is_acceptable_up_to_its_limit(symbol: str, points: int, limit: float, acceptable: bool) -> None:
    market = service(Clock(1), bars(*flat(3), symbol=symbol, spread=points))
    assert market.check_spread_acceptable(symbol, limit) is acceptable


@pytest.mark.parametrize(("points", "acceptable"), [(200, True), (201, False)])
def test_two_pips_of_gold_are_twenty_cents(points: int, acceptable: bool) -> None:
    """8.2: ``spread_pip`` of gold is 0.10; points of the catalogue are 0.001."""
    from zepix.data import default_catalogue

    gold = default_catalogue()["XAUUSD"]
    book = PriceBook([SymbolPrices(bars(*flat(2, 2_050_000), symbol="XAUUSD", spread=points), gold, 0)])
    market = MarketDataService(Clock(1), book, default_catalogue(), NoWatches(), {}, "mine")
    assert market.check_spread_acceptable("XAUUSD", 2.0) is acceptable


@pytest.mark.parametrize("symbol", ["EURUSD", "GBPUSD", "DOGEUSD"])
def test_unknown_spread_is_never_acceptable(symbol: str) -> None:
    """12.2.4: the spread was always 999.9; where it is, nothing trades, whatever the limit."""
    market = service(Clock(-1), bars(*flat(3)))
    assert market.get_spread(symbol) == UNKNOWN_SPREAD_PIPS
    for limit in (2.0, 1e9, math.inf, math.nan):
        assert not market.check_spread_acceptable(symbol, limit)


def test_limit_that_is_no_number_is_never_kept() -> None:
    market = service(Clock(1), bars(*flat(3), spread=1))
    assert not market.check_spread_acceptable("EURUSD", math.nan)
    assert not market.check_spread_acceptable("EURUSD", -1.0)


# --- open -------------------------------------------------------------------------------------------------------------


def test_market_is_open_in_a_bar_and_until_its_price_is_too_old() -> None:
    """9.3: a tick younger than 60 s. Bars of minutes 0 to 2, then nothing until minute 10."""
    clock = Clock()
    market = service(clock, bars(*flat(3), *[None] * 7, *flat(2)))
    expected = (
        (-0.001, None, False),
        (0, 0, True),
        (2.999, 0, True),
        (3, 0, True),
        (3.5, 30, True),
        (3.999, 59.94, True),
        (4, 60, False),
        (9.999, 419.94, False),
        (10, 0, True),
        (10.5, 0, True),
    )
    for when, age_s, is_open in expected:
        clock.now_ns = minute(when)
        age_ns = market.price_age_ns("EURUSD")
        assert (age_ns if age_ns is None else age_ns / 1e9) == (age_s if age_s is None else pytest.approx(age_s))
        assert market.is_market_open("EURUSD") is is_open


def test_bar_that_opens_now_has_not_begun_in_phase_one() -> None:
    clock = Clock(10, phase=1)
    market = service(clock, bars(*flat(3), *[None] * 7, *flat(2)))
    assert not market.is_market_open("EURUSD")
    clock.phase = 2
    assert market.is_market_open("EURUSD")


def test_weekend_of_hourly_bars_is_closed() -> None:
    clock = Clock()
    market = service(clock, bars(*flat(5), timeframe="1h"))
    for hours, is_open in ((4.99, True), (5.01, True), (5.02, False), (53, False)):
        clock.now_ns = minute(hours * 60)
        assert market.is_market_open("EURUSD") is is_open


def test_tick_is_as_old_as_it_is() -> None:
    rows = [(minute(0), quad, quad) for quad in flat(1)]
    ticks = series("EURUSD", "1m", rows)
    object.__setattr__(ticks, "timeframe_ns", 0)
    clock = Clock(0.5)
    market = service(clock, ticks)
    assert market.price_age_ns("EURUSD") == 30 * 10**9
    assert market.is_market_open("EURUSD")
    clock.now_ns = minute(1)
    assert not market.is_market_open("EURUSD")


@pytest.mark.parametrize("symbol", ["GBPUSD", "DOGEUSD"])
def test_market_without_prices_is_not_open(symbol: str) -> None:
    assert not service(Clock(1), bars(*flat(3))).is_market_open(symbol)


# --- volatility -------------------------------------------------------------------------------------------------------


def quiet_then(span: int, count: int = 100) -> list[Quad]:
    """Bars of a range of 10 points, the last 20 of ``span`` points; closes in the middle, no gaps."""
    spans = [10] * (count - 20) + [span] * 20
    return [(110_000, 110_000 + s // 2, 110_000 - s // 2, 110_000) for s in spans]


# by hand: after 100 bars ATR(100) is the mean, (80 * 10 + 20 * s) / 100; ATR(20) is s - (s - 10) * 0.95 ** 20
VOLATILITY = [
    (30, "HIGH"),  # 22.83 / 14.0 = 1.631
    (26, "HIGH"),  # 20.26 / 13.2 = 1.535
    (24, "MODERATE"),  # 18.98 / 12.8 = 1.483
    (10, "MODERATE"),  # 1
    (6, "MODERATE"),  # 7.434 / 9.2 = 0.808
    (4, "LOW"),  # 6.151 / 8.8 = 0.699
]


@pytest.mark.parametrize(("span", "state"), VOLATILITY)
def test_volatility_by_the_ratio_of_two_averages(span: int, state: str) -> None:
    market = service(Clock(100 * 15), bars(*quiet_then(span), timeframe="15m"))
    assert market.get_volatility_state("EURUSD") == state
    assert market.get_volatility_state("EURUSD", "15") == state


def test_volatility_is_unknown_before_a_hundred_bars_and_where_nothing_moves() -> None:
    market = service(Clock(99 * 15), bars(*quiet_then(30), timeframe="15m"))
    assert market.get_volatility_state("EURUSD") == "UNKNOWN"
    assert service(Clock(2000), bars(*flat(120), timeframe="15m")).get_volatility_state("EURUSD") == "UNKNOWN"
    for symbol, timeframe in (("GBPUSD", "15m"), ("EURUSD", "5m"), ("DOGEUSD", "15m")):
        assert market.get_volatility_state(symbol, timeframe) == "UNKNOWN"


def test_volatility_of_a_strange_timeframe_is_an_error() -> None:
    with pytest.raises(ValueError, match="banana"):
        service(Clock(5), bars(*HAND)).get_volatility_state("EURUSD", "banana")


def test_limits_of_volatility_and_age_are_settings() -> None:
    settings = MarketSettings(max_price_age_s=300, volatility_high_ratio=0.95, volatility_moderate_ratio=0.9)
    book = PriceBook([SymbolPrices(bars(*quiet_then(10), timeframe="15m"), CATALOGUE["EURUSD"], 0)])
    market = MarketDataService(Clock(100 * 15 + 4), book, CATALOGUE, NoWatches(), {}, "mine", settings=settings)
    assert market.get_volatility_state("EURUSD") == "HIGH"
    assert market.is_market_open("EURUSD")


WRONG: list[dict[str, Any]] = [
    {"max_price_age_s": 0, "volatility_fast_period": -1},
    {"volatility_fast_period": 100},
    {"volatility_moderate_ratio": 1.5},
    {"max_price_age_s": math.inf},
    {"volatility_high_ratio": True},
]


@pytest.mark.parametrize("given", WRONG)
def test_settings_that_cannot_be_are_told_with_their_keys(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^market: ") as caught:
        MarketSettings(**given)
    assert all(key in str(caught.value) for key in given)


# --- range ------------------------------------------------------------------------------------------------------------

RANGES = [("EURUSD", 110_000, 15.0), ("USDJPY", 150_000, 15.0), ("XAUUSD", 2_000_000, 15.0)]


@pytest.mark.parametrize(("symbol", "base", "pips"), RANGES)
def test_range_is_in_pips_of_the_instrument(symbol: str, base: int, pips: float) -> None:
    """9.3: the factor was 10,000 for everything but metals, a hundred times too much for yen. 150 points each: a pip is
    ten points of EURUSD (0.0001), of USDJPY (0.01) and of this gold (0.01)."""
    quads = [(o - 110_000 + base, h - 110_000 + base, lo - 110_000 + base, c - 110_000 + base) for o, h, lo, c in HAND]
    market = service(Clock(5), bars(*quads, symbol=symbol))
    assert market.get_range_pips(symbol, "1m", 5) == pytest.approx(pips)


def test_range_of_bars_that_are_not_there_is_unknown() -> None:
    market = service(Clock(4.5), bars(*HAND))
    assert market.get_range_pips("EURUSD", "1m", 1) == pytest.approx(7.0)  # the fourth bar: 110_090 - 110_020
    for symbol, timeframe, count in (
        ("EURUSD", "1m", 5),
        ("EURUSD", "1m", 0),
        ("GBPUSD", "1m", 1),
        ("EURUSD", "1h", 1),
    ):
        assert math.isnan(market.get_range_pips(symbol, timeframe, count))

"""Quote, spread, ATR and bars as a strategy may know them: never a later price, never a guess."""

from __future__ import annotations

import dataclasses
import math
import random
from decimal import Decimal
from typing import Any

import pytest

from tests.world import CATALOGUE, Quad, bars, flat, minute
from zepix.kernels.crossing import build_index
from zepix.model import Series, Side
from zepix.services.market import UNKNOWN_SPREAD_PIPS, MarketDataService
from zepix.services.prices import PriceBook, SymbolPrices


class Clock:
    """An instant that a test sets."""

    def __init__(self, when: float = 0, phase: int = 4) -> None:
        self.now_ns = minute(when)
        self.phase = phase


class NoWatches:
    def watch_price(self, plugin_id: str, symbol: str, direction: int, points: int) -> int:
        raise AssertionError("no test here watches")

    def drop_watch(self, watch_id: int) -> None: ...

    def subscribe(self, plugin_id: str, symbol: str, timeframe: str) -> None: ...


def service(clock: Clock, *series: Series) -> MarketDataService:
    order = list(CATALOGUE)
    book = PriceBook(SymbolPrices(s, CATALOGUE[s.symbol], order.index(s.symbol)) for s in series)
    return MarketDataService(clock, book, CATALOGUE, NoWatches(), {}, "mine")


# the true range of each bar in points
HAND: list[Quad] = [
    (110_000, 110_040, 110_000, 110_020),  # 40
    (110_020, 110_060, 110_000, 110_050),  # 60
    (110_100, 110_150, 110_080, 110_090),  # high 150 - close before 50 = 100
    (110_090, 110_090, 110_020, 110_030),  # 70
    (110_030, 110_050, 110_010, 110_020),  # 40
]


# --- quotes -----------------------------------------------------------------------------------------------------------


def test_buyer_pays_the_ask_and_seller_gets_the_bid() -> None:
    market = service(Clock(1), bars(*flat(3), spread=7))
    assert market.quote("EURUSD") == (1.1, 1.10007)
    assert market.price("EURUSD", Side.BUY) == 1.10007
    assert market.price("EURUSD", "sell") == 1.1
    assert market.get_current_price("EURUSD") == pytest.approx(1.100035, abs=1e-12)


def test_what_is_unknown_is_nothing_and_its_spread_forbids_trading() -> None:
    market = service(Clock(-1), bars(*flat(3)))
    for symbol in ("EURUSD", "GBPUSD", "DOGEUSD"):  # before its first bar, without prices, in no catalogue
        assert market.quote(symbol) is None
        assert market.price(symbol, "buy") is None
        assert market.get_current_price(symbol) is None
        assert market.gap_to_mid(symbol, 1.1) is None
        assert market.get_spread(symbol) == UNKNOWN_SPREAD_PIPS == 999.9
        assert math.isnan(market.get_atr(symbol, "1m", 1))
        assert market.bars(symbol, "1m") == []


SPREADS = (("EURUSD", 7, 0.7), ("USDJPY", 12, 1.2), ("XAUUSD", 250, 25.0), ("EURUSD", 0, 0.0))


@pytest.mark.parametrize(("symbol", "points", "pips"), SPREADS)
def test_spread_in_pips_of_the_instrument(symbol: str, points: int, pips: float) -> None:
    market = service(Clock(1), bars(*flat(3), symbol=symbol, spread=points))
    assert market.get_spread(symbol) == pytest.approx(pips)


def test_spread_of_gold_is_in_its_own_spread_pips() -> None:
    from zepix.data import default_catalogue

    gold = default_catalogue()["XAUUSD"]
    book = PriceBook([SymbolPrices(bars(*flat(2, 2_050_000), symbol="XAUUSD", spread=200), gold, 0)])
    market = MarketDataService(Clock(1), book, default_catalogue(), NoWatches(), {}, "mine")
    assert market.get_spread("XAUUSD") == pytest.approx(2.0)  # 0.20 in price is 2 pips of 0.10


def test_gap_to_the_middle_is_exact_to_half_a_point() -> None:
    market = service(Clock(1), bars(*flat(3), spread=7))
    assert market.gap_to_mid("EURUSD", 1.10010) == Decimal("0.000065")
    assert market.gap_to_mid("EURUSD", 1.09990) == Decimal("0.000135")


# --- bars ---------------------------------------------------------------------------------------------------------


def test_bars_are_those_that_have_ended_oldest_first() -> None:
    clock = Clock(3.5)
    market = service(clock, bars(*HAND))
    assert [b.close for b in market.bars("EURUSD", "1m")] == [1.1002, 1.1005, 1.1009]
    assert [b.close for b in market.bars("EURUSD", "1m", 2)] == [1.1005, 1.1009]
    clock.now_ns = minute(4)
    assert market.bars("EURUSD", "1m", 1)[0].close == 1.1003
    assert market.bars("EURUSD", "1m", 0) == []


def test_longer_bar_appears_when_it_has_ended_and_not_before() -> None:
    clock = Clock(4.99)
    market = service(clock, bars(*HAND, *HAND))
    assert market.bars("EURUSD", "5m") == []
    clock.now_ns = minute(5)
    (bar,) = market.bars("EURUSD", "5m")
    assert (bar.open, bar.high, bar.low, bar.close) == (1.1, 1.1015, 1.1, 1.1002)
    assert (bar.open_ns, bar.end_ns) == (minute(0), minute(5))


# --- ATR ----------------------------------------------------------------------------------------------------------

BY_HAND = (  # minute, ATR of 3 bars in points
    (1, None),
    (2, None),
    (2.999, None),
    (3, (40 + 60 + 100) / 3),
    (3.5, (40 + 60 + 100) / 3),
    (4, ((40 + 60 + 100) / 3 * 2 + 70) / 3),
    (5, (((40 + 60 + 100) / 3 * 2 + 70) / 3 * 2 + 40) / 3),
)


@pytest.mark.parametrize(("when", "points"), BY_HAND)
def test_atr_by_hand_unknown_before_its_warm_up(when: float, points: float | None) -> None:
    found = service(Clock(when), bars(*HAND)).get_atr("EURUSD", "1m", 3)
    assert math.isnan(found) if points is None else found == pytest.approx(points * 1e-5, abs=1e-15)


def test_atr_of_five_minutes_uses_whole_bars_of_five() -> None:
    clock = Clock(9.9)
    market = service(clock, bars(*HAND, *HAND))
    assert market.get_atr("EURUSD", "5m", 1) == pytest.approx(150e-5)
    assert math.isnan(market.get_atr("EURUSD", "5m", 2))
    clock.now_ns = minute(10)
    assert market.get_atr("EURUSD", "5m", 2) == pytest.approx(150e-5)


def changed_after(series: Series, row: int) -> Series:
    """The same prices up to ``row``, wild ones after."""
    wild: dict[str, Any] = {}
    for name in ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close"):
        column = getattr(series, name).copy()
        column[row + 1 :] += 5_000 if name.endswith("high") else -5_000
        wild[name] = column
    index = (*build_index(wild["bid_low"], wild["bid_high"]), *build_index(wild["ask_low"], wild["ask_high"]))
    wild |= dict(zip(("bid_mins", "bid_maxs", "ask_mins", "ask_maxs"), index, strict=True))
    return dataclasses.replace(series, **wild)


def random_walk(count: int) -> list[Quad]:
    rng, close, quads = random.Random(5), 110_000, []
    for _ in range(count):
        opened = close + rng.randint(-3, 3)
        close = opened + rng.randint(-30, 30)
        quads.append((opened, max(opened, close) + rng.randint(0, 9), min(opened, close) - rng.randint(0, 9), close))
    return quads


@pytest.mark.parametrize(("timeframe", "ended"), [("1m", 40), ("5m", 40), ("15m", 30)])
def test_nothing_known_at_a_time_changes_when_later_prices_change(timeframe: str, ended: int) -> None:
    """``ended``: the minute up to which the bars of this timeframe have ended at minute 42 and a half."""
    series = bars(*random_walk(120))
    here, other = (service(Clock(42.5), s) for s in (series, changed_after(series, 42)))
    assert here.get_atr("EURUSD", timeframe, 2) == other.get_atr("EURUSD", timeframe, 2) > 0
    assert here.bars("EURUSD", timeframe) == other.bars("EURUSD", timeframe)
    assert here.bars("EURUSD", timeframe)[-1].end_ns == minute(42 if timeframe == "1m" else ended)
    assert here.quote("EURUSD") == other.quote("EURUSD")


@pytest.mark.parametrize(("timeframe", "period"), [("1m", 1000), ("1m", 0), ("1m", -3), ("1d", 14)])
def test_atr_that_cannot_be_known_is_nan(timeframe: str, period: int) -> None:
    assert math.isnan(service(Clock(5), bars(*HAND)).get_atr("EURUSD", timeframe, period))


@pytest.mark.parametrize("timeframe", ["1m", "5", "60", "1h", "H1"])
def test_timeframe_finer_than_the_data_has_no_atr_and_no_bars(timeframe: str) -> None:
    market = service(Clock(600), bars(*flat(30), timeframe="1h"))
    if timeframe in ("60", "1h", "H1"):
        assert market.get_atr("EURUSD", timeframe, 3) == 0.0
    else:
        assert math.isnan(market.get_atr("EURUSD", timeframe, 3))
        with pytest.raises(ValueError, match="finer than the prices at hand"):
            market.bars("EURUSD", timeframe)


def test_word_that_is_no_timeframe_is_an_error() -> None:
    with pytest.raises(ValueError, match="banana"):
        service(Clock(5), bars(*HAND)).get_atr("EURUSD", "banana", 3)

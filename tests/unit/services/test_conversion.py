"""Money of one currency in another: directly, inversely, through USD; at the last close and never at a later price."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.world import Quad, bars, flat, instrument, minute
from zepix.errors import DataError
from zepix.services.conversion import MONEY, Conversions
from zepix.services.prices import PriceBook, SymbolPrices

EURUSD: list[Quad] = [(110_000, 110_000, 110_000, 110_000), (110_000, 120_000, 110_000, 120_000)]
USDJPY: list[Quad] = [(150_000, 150_000, 150_000, 150_000)] * 2


def book(**symbols: list[Quad]) -> PriceBook:
    return PriceBook(
        SymbolPrices(bars(*quads, symbol=symbol, spread=10), instrument(symbol), number)
        for number, (symbol, quads) in enumerate(symbols.items())
    )


def rate(home: str, currency: str, when: float = 1, **symbols: list[Quad]) -> Decimal:
    return Conversions(book(**symbols), home).rate(currency, minute(when))


def divided(one: str, other: str) -> Decimal:
    return MONEY.divide(Decimal(one), Decimal(other))


def test_own_currency_is_one_at_any_time() -> None:
    conversions = Conversions(book(EURUSD=EURUSD), "USD")
    assert conversions.rate("USD", minute(1)) == 1
    assert conversions.is_constant("USD")
    assert conversions.pairs("USD") == ()


def test_direct_pair_is_its_mid() -> None:
    assert rate("USD", "EUR", EURUSD=EURUSD) == Decimal("1.10005")


def test_inverse_pair_is_one_by_its_mid() -> None:
    assert rate("USD", "JPY", USDJPY=USDJPY) == divided("1", "150.005")


def test_two_legs_through_the_dollar() -> None:
    expected = MONEY.multiply(divided("1", "150.005"), divided("1", "1.10005"))
    assert rate("EUR", "JPY", EURUSD=EURUSD, USDJPY=USDJPY) == expected
    assert Conversions(book(EURUSD=EURUSD, USDJPY=USDJPY), "EUR").pairs("JPY") == ("USDJPY", "EURUSD")


def test_direct_pair_wins_over_the_way_through_the_dollar() -> None:
    gbpjpy: list[Quad] = [(190_000, 190_000, 190_000, 190_000)] * 2
    found = Conversions(book(GBPUSD=flat(2, 127_000), USDJPY=USDJPY, GBPJPY=gbpjpy), "JPY")
    assert found.pairs("GBP") == ("GBPJPY",)
    assert found.rate("GBP", minute(1)) == Decimal("190.005")


AT = ((-3.0, "1.10005"), (0.0, "1.10005"), (0.9, "1.10005"), (1.5, "1.10005"), (2.0, "1.20005"), (50.0, "1.20005"))


@pytest.mark.parametrize(("when", "expected"), AT)
def test_rate_is_of_the_last_bar_that_ended(when: float, expected: str) -> None:
    assert rate("USD", "EUR", when, EURUSD=EURUSD) == Decimal(expected)


def test_rate_of_odd_spread_is_exact_to_half_a_point() -> None:
    prices = PriceBook([SymbolPrices(bars(*flat(2, 109_999), spread=3), instrument(), 0)])
    assert Conversions(prices, "USD").rate("EUR", minute(1)) == Decimal("1.100005")


def test_missing_conversion_is_a_data_error_that_names_the_pairs_that_would_do() -> None:
    conversions = Conversions(book(EURUSD=EURUSD), "EUR")
    assert not conversions.has("JPY")
    with pytest.raises(DataError, match="JPYEUR or EURJPY") as caught:
        conversions.require(["USD", "JPY"])
    assert "--bars" in str(caught.value)
    assert "USDEUR" not in str(caught.value)
    assert caught.value.exit_status == 3


def test_all_missing_conversions_come_at_once() -> None:
    with pytest.raises(DataError, match=r"CHF.*GBP.*JPY"):
        Conversions(book(EURUSD=EURUSD), "USD").require(["JPY", "GBP", "CHF", "EUR"])


def test_rate_without_a_pair_is_the_same_error() -> None:
    with pytest.raises(DataError, match="GBPUSD"):
        rate("USD", "GBP", EURUSD=EURUSD)


def test_one_leg_through_the_dollar_is_not_enough() -> None:
    assert not Conversions(book(USDJPY=USDJPY), "EUR").has("JPY")


def named(symbol: str, asset_class: str, margin: str, profit: str, points: int) -> SymbolPrices:
    """A user's own instrument with a point of 1e-5, flat at so many points."""
    base = instrument()
    own = dataclasses.replace(
        base, symbol=symbol, asset_class=asset_class, margin_currency=margin, profit_currency=profit
    )
    return SymbolPrices(bars(*flat(2, points), symbol=symbol, spread=0), own, 0)


def test_pair_under_a_brokers_own_name_converts() -> None:
    prices = PriceBook([named("EURUSD.a", "forex", "EUR", "USD", 125_000)])
    assert Conversions(prices, "USD").rate("EUR", minute(1)) == Decimal("1.25")
    assert Conversions(prices, "EUR").rate("USD", minute(1)) == Decimal("0.8")


def test_index_that_is_margined_in_another_currency_is_no_rate() -> None:
    prices = PriceBook([named("GER40", "index", "EUR", "USD", 1_800_000_000)])
    assert not Conversions(prices, "USD").has("EUR")

"""Sizes by risk, worked by hand with the numbers of the trade's own tables; and the account as a strategy sees it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.world import CATALOGUE, Market, Quad, alert, bars, flat, instrument, market, minute
from zepix.data import default_catalogue
from zepix.engine import PluginInfo, Strategy
from zepix.model import AccountSpec, AccountState, Alert, Catalogue, Refused
from zepix.services.account import AccountService
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices
from zepix.services.risk import RiskManagementService


class Clock:
    now_ns = minute(1)
    phase = 4


class FixedAccount(AccountService):
    """An account with a balance, and nothing open."""

    def __init__(self, balance: str) -> None:
        self._balance = Decimal(balance)

    @property
    def balance(self) -> Decimal:
        return self._balance


def risk(
    balance: str = "10000", currency: str = "USD", catalogue: Catalogue = CATALOGUE, **symbols: Any
) -> RiskManagementService:
    """``symbols`` have flat bars at so many points, without a spread."""
    series = [bars(*flat(2, points), symbol=s, spread=0) for s, points in symbols.items()]
    book = PriceBook(SymbolPrices(s, catalogue[s.symbol], n) for n, s in enumerate(series))
    return RiskManagementService(Clock(), FixedAccount(balance), catalogue, Conversions(book, currency))


SIZES = {  # symbol, balance, per cent, entry, stop, lots
    "gold_of_the_table": ("XAUUSD", "10000", 1.5, 2050.0, 2047.5, "0.60"),  # $150 / (250 pips x $1)
    "gold_for_a_sell": ("XAUUSD", "10000", 1.5, 2050.0, 2052.5, "0.60"),
    "euro_fifty_pips": ("EURUSD", "10000", 1.0, 1.1, 1.095, "0.20"),  # $100 / (50 x $10)
    "euro_rounded_down": ("EURUSD", "10000", 1.0, 1.1, 1.0967, "0.30"),  # $100 / (33 x $10) = 0.303
    "euro_default_is_one_per_cent": ("EURUSD", "5000", None, 1.1, 1.095, "0.10"),
    "too_small_for_the_minimum": ("EURUSD", "100", 1.0, 1.1, 1.085, "0"),  # $1 / $1500
    "exactly_the_minimum": ("EURUSD", "10000", 1.0, 1.1, 1.0, "0.01"),  # $100 / (1000 x $10)
    "never_above_the_maximum": ("EURUSD", "1000000", 50.0, 1.1, 1.0999, "50"),
    "no_distance_no_size": ("EURUSD", "10000", 1.0, 1.1, 1.1, "0"),
    "no_risk_no_size": ("EURUSD", "10000", 0.0, 1.1, 1.09, "0"),
    "negative_risk_no_size": ("EURUSD", "10000", -1.0, 1.1, 1.09, "0"),
    "negative_balance_no_size": ("EURUSD", "-500", 1.0, 1.1, 1.09, "0"),
}


@pytest.mark.parametrize(("symbol", "balance", "per_cent", "entry", "stop", "lots"), SIZES.values(), ids=SIZES)
def test_lots_by_risk(symbol: str, balance: str, per_cent: float | None, entry: float, stop: float, lots: str) -> None:
    prices: dict[str, Any] = {symbol: 110_000}
    given = {} if per_cent is None else {"risk_percent": per_cent}
    service = risk(balance, **prices)
    assert service.calculate_lot_size(symbol, entry, stop, **given) == Decimal(lots)


MONEY = (  # symbol, lots, entry, stop, dollars: the tables' own consistency checks and the fixed ten-dollar stops
    ("EURUSD", 0.10, 1.1, 1.0850, "150"),
    ("XAUUSD", 0.10, 2050.0, 2035.0, "150"),
    ("XAUUSD", 0.05, 2050.0, 2035.0, "75"),
    ("EURUSD", 0.01, 1.1, 1.0900, "10"),
    ("EURUSD", 0.50, 1.1, 1.1002, "10"),
    ("XAUUSD", 0.01, 2050.0, 2040.0, "10"),
    ("XAUUSD", 1.00, 2050.0, 2049.9, "10"),
    ("XAUUSD", 0.05, 2050.0, 2051.4, "7"),
    ("EURUSD", "0.30", 1.1, 1.1, "0"),
)


@pytest.mark.parametrize(("symbol", "lots", "entry", "stop", "dollars"), MONEY)
def test_money_at_the_stop(symbol: str, lots: float | str, entry: float, stop: float, dollars: str) -> None:
    prices: dict[str, Any] = {symbol: 110_000}
    service = risk(catalogue=default_catalogue(), **prices)
    assert service.risk_money(symbol, lots, entry, stop) == Decimal(dollars)


def test_yen_are_converted_at_the_rate_of_now() -> None:
    # 1 lot, 100 pips of 0.01 are 100,000 JPY; at 160 that is 625 USD
    service = risk(USDJPY=160_000)
    assert service.risk_money("USDJPY", 1, 160.0, 159.0) == Decimal(625)
    assert service.calculate_lot_size("USDJPY", 160.0, 159.0, 1.0) == Decimal("0.16")


def test_account_in_euro() -> None:
    # 0.1 lots, 50 pips are 50 USD; at 1.25 that is 40 EUR
    assert risk(currency="EUR", EURUSD=125_000).risk_money("EURUSD", 0.1, 1.25, 1.245) == Decimal(40)


def test_steps_of_a_coarse_instrument_round_down() -> None:
    coarse = Catalogue([instrument(volume_step=Decimal("0.1"), volume_min=Decimal("0.2"))])
    service = risk(catalogue=coarse, EURUSD=110_000)
    assert service.calculate_lot_size("EURUSD", 1.1, 1.0967, 1.0) == Decimal("0.3")
    assert service.calculate_lot_size("EURUSD", 1.1, 1.0900, 1.0) == Decimal(0)  # 0.1 is below the minimum of 0.2


VALID = {
    "fine": (("EURUSD", "buy", 0.1, 1.09), None),
    "fine_without_a_stop": (("EURUSD", "buy", 0.1), None),
    "unknown_symbol": (("DOGEUSD", "buy", 0.1), "unknown_symbol"),
    "too_small": (("EURUSD", "buy", 0.009), "volume_too_small"),
    "nothing": (("EURUSD", "buy", 0), "volume_too_small"),
    "negative": (("EURUSD", "buy", -1), "volume_too_small"),
    "too_large": (("EURUSD", "buy", 50.01), "volume_too_large"),
    "largest": (("EURUSD", "buy", 50.009), None),
    "stop_at_nothing": (("EURUSD", "buy", 0.1, 0.0), "invalid_stops"),
    "stop_below_nothing": (("EURUSD", "sell", 0.1, -1.0), "invalid_stops"),
}


@pytest.mark.parametrize(("args", "reason"), VALID.values(), ids=VALID)
def test_first_thing_that_speaks_against_a_trade(args: tuple[str, str, float], reason: str | None) -> None:
    answer = risk(EURUSD=110_000).validate_trade(*args)
    assert (answer.reason if isinstance(answer, Refused) else None) == reason


# --- account ------------------------------------------------------------------------------------------------------


class Accountant(Strategy):
    """Buys one lot on an entry; writes down the account at every alert."""

    info = PluginInfo(strategy="accountant")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order(alert.symbol, "buy", 1)

    async def process_signal(self, alert: Alert) -> None:
        account = self.api.account
        self.seen = AccountState(account.balance, account.equity, account.margin, account.currency)
        self.free = account.free_margin
        assert (self.api.get_balance(), self.api.get_equity()) == (account.balance, account.equity)


RISEN: Quad = (110_000, 110_200, 110_000, 110_110)


def test_account_with_an_open_ticket_by_hand() -> None:
    # bought at 1.10010; the bid of minute 3 opens at 1.10110: 100 points are 100 USD; margin 1 lot at 1.10005 / 100
    played = market(*flat(2), RISEN, (110_110, 110_110, 110_110, 110_110)).play(
        [alert(1), alert(3, "look", None)], Accountant
    )
    seen = played.plugin().seen
    assert seen == AccountState(Decimal(10_000), Decimal(10_100), Decimal("1100.05"), "USD")
    assert played.plugin().free == Decimal("8999.95")


def test_account_before_anything() -> None:
    played = market(*flat(2)).play([alert(0, "look", None)], Accountant)
    assert played.plugin().seen == AccountState(Decimal(10_000), Decimal(10_000), Decimal(0), "USD")


def test_account_in_another_currency() -> None:
    # EUR account: margin of a EURUSD lot is in EUR itself, the gross is converted at the mid of the last close
    prices = market(*flat(2, 125_000), *flat(2, 125_000), spread=0, account=AccountSpec(currency="EUR"))
    played = prices.play([alert(1), alert(3, "look", None)], Accountant)
    assert played.plugin().seen == AccountState(Decimal(10_000), Decimal(10_000), Decimal(1_000), "EUR")


def test_margin_of_both_sides_is_the_larger_one() -> None:
    class Hedges(Accountant):
        info = PluginInfo(strategy="hedges")

        async def process_entry_signal(self, alert: Alert) -> None:
            await self.api.orders.place_order("EURUSD", alert.side or "buy", alert.volume)

    alerts = [alert(1, volume=1.0), alert(1.01, "entry", "sell", volume=0.4), alert(2, "look", None)]
    played = market(*flat(4, 100_000), spread=0).play(alerts, Hedges)
    assert played.plugin().seen.margin == Decimal(1_000)


def test_two_symbols_add_up() -> None:
    series = [bars(*flat(4, 100_000), spread=0), bars(*flat(4, 200_000), symbol="GBPUSD", spread=0)]
    alerts = [alert(1), alert(1, symbol="GBPUSD", id="g"), alert(2, "look", None)]
    assert Market(series).play(alerts, Accountant).plugin().seen.margin == Decimal(3_000)

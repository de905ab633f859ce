"""What a distance in price is worth in the account's money, and how far an amount of money reaches.

The rate is that of now, from the run's prices; where no pair makes it and the account is in US dollars, the
instrument's own pip value serves (``pip_value_per_lot_usd``, an approximation). A pip of gold is 0.01.
"""

from __future__ import annotations

from decimal import Decimal

from zepix.model import Instrument
from zepix.services.conversion import MONEY, ONE, Conversions
from zepix.services.ports import Clock

__all__ = ["RiskMoney"]


class RiskMoney:
    """Turns points, pips and lots into money; no other place of the risk service knows a rate."""

    def __init__(self, clock: Clock, conversions: Conversions) -> None:
        self._clock = clock
        self._conversions = conversions
        self._home = conversions.account_currency
        self._has_own_values = conversions.account_currency == "USD"
        self._points: dict[str, tuple[Instrument, Decimal, Decimal]] = {}
        """By symbol: the instrument, the rate that was the last, and money of a point of a lot at it."""
        self._margin: tuple[Instrument | None, Decimal, Decimal, Decimal, Decimal] = (None, ONE, ONE, ONE, ONE)
        """The last margin: instrument, lots, rate, leverage, money."""

    def has_rate(self, instrument: Instrument) -> bool:
        return self._is_known(instrument.profit_currency) or self._has_own_value(instrument)

    def rate(self, instrument: Instrument) -> Decimal:
        """The account's money for one of the instrument's; raises DataError where nothing makes it."""
        currency = instrument.profit_currency
        if currency == self._home:
            return ONE
        if not self._is_known(currency) and self._has_own_value(instrument):
            return MONEY.divide(instrument.pip_value_per_lot_usd, instrument.contract_size * instrument.pip)
        return self._conversions.rate(currency, self._clock.now_ns)

    def per_point(self, instrument: Instrument) -> Decimal:
        """Money of one point of one lot."""
        rate = self.rate(instrument)
        known = self._points.get(instrument.symbol)
        if known is None or known[1] is not rate or known[0] is not instrument:
            known = self._points[instrument.symbol] = (
                instrument,
                rate,
                MONEY.multiply(instrument.point_value, rate),
            )
        return known[2]

    def per_pip(self, instrument: Instrument) -> Decimal:
        """Money of one pip of one lot."""
        return MONEY.multiply(instrument.contract_size * instrument.pip, self.rate(instrument))

    def distance(self, instrument: Instrument, lots: Decimal, money: Decimal) -> Decimal:
        """The distance in price at which so many lots lose the money; raises ValueError for no lots."""
        if lots <= 0:
            raise ValueError(f"{instrument.symbol}: {lots} lots lose no money at any distance; give lots above 0")
        return MONEY.divide(money, lots * instrument.contract_size * self.rate(instrument))

    def margin(self, instrument: Instrument, lots: Decimal, leverage: Decimal) -> Decimal | None:
        """Margin of so many lots opened now, as the books take it; None where its currency's rate is not known."""
        if not self._is_known(instrument.margin_currency):
            return None
        rate = self._conversions.rate(instrument.margin_currency, self._clock.now_ns)
        last = self._margin
        if last[0] is not instrument or last[2] is not rate or last[1] != lots or last[3] != leverage:
            money = MONEY.divide(lots * instrument.contract_size * rate, leverage)
            last = self._margin = (instrument, lots, rate, leverage, money)
        return last[4]

    def _is_known(self, currency: str) -> bool:
        """Whether a pair makes the rate, and has had a price; the account's own needs none."""
        return currency == self._home or self._conversions.is_known(currency, self._clock.now_ns)

    def _has_own_value(self, instrument: Instrument) -> bool:
        return self._has_own_values and instrument.pip_value_per_lot_usd > 0

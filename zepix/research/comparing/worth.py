"""What a unit of price and size is worth in an account's minor units, at an instant, by a side's own prices."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from zepix.model import Catalogue, Instrument, Series
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["Worth"]


class Worth:
    """Rates of one account, as its books know them; None where no pair of its prices makes the rate."""

    def __init__(self, series: Mapping[str, Series], catalogue: Catalogue, currency: str, digits: int) -> None:
        order = {symbol: place for place, symbol in enumerate(catalogue)}
        known = [one for symbol, one in series.items() if symbol in catalogue and len(one)]
        self._conversions = Conversions(
            PriceBook(SymbolPrices(one, catalogue[one.symbol], order[one.symbol]) for one in known), currency
        )
        self._unit = int(10**digits)

    def at(self, instrument: Instrument, t_ns: int) -> Fraction | None:
        """Minor units for one unit of price times one unit of size."""
        currency = instrument.profit_currency
        if self._conversions.is_constant(currency):
            return Fraction(self._unit)
        if not self._conversions.has(currency):
            return None
        rate: Fraction = Fraction(self._conversions.rate(currency, t_ns))
        return rate * self._unit

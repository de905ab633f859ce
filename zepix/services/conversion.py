"""Money of one currency in the account's: the mid of the last close of a pair that is among the run's prices.

``rate(currency, t)`` is direct (EUR -> USD by EURUSD), inverse as 1/mid (JPY -> USD by USDJPY), else through USD. A
pair is known by its name, else by its instrument's currencies: ``EURUSD.a`` is margined in EUR and paid in USD. The
traded pair's own bars serve it. A conversion that no pair can make is an error before the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from zepix.errors import DataError
from zepix.services.prices import PriceBook, SymbolPrices

__all__ = ["MONEY", "ONE", "Conversions"]

MONEY: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
ONE: Final = Decimal(1)

_RATES: Final = frozenset({"forex", "metal", "crypto"})
"""Classes whose price is so much of one currency for one of the other; an index is one only of its own units."""

_Leg = tuple[SymbolPrices, Decimal, bool]
MOST_RATES: Final = 65_536
UNBOUND: Final = 1e300


def _of_leg(leg: _Leg, doubled_mid: int) -> Decimal:
    _, half_point, is_inverse = leg
    mid = MONEY.multiply(Decimal(doubled_mid), half_point)
    return MONEY.divide(ONE, mid) if is_inverse else mid


class Conversions:
    """Rates into ``account_currency``; the way for each currency is found once."""

    def __init__(self, prices: PriceBook, account_currency: str) -> None:
        self._prices = prices
        self.account_currency = account_currency
        self._by_pair: dict[tuple[str, str], SymbolPrices] = {}
        for one in prices:
            instrument = one.instrument
            pair = (instrument.margin_currency, instrument.profit_currency)
            if pair[0] != pair[1] and (instrument.asset_class in _RATES or pair[0] == instrument.symbol):
                self._by_pair.setdefault(pair, one)
        self._ways: dict[str, tuple[_Leg, ...]] = {account_currency: ()}
        self._since: dict[str, int] = {account_currency: -1}
        """By currency: when the last of its pairs opened for the first time; what has not happened is not kept."""
        self._last: dict[str, tuple[int, Decimal]] = {}
        """(when, rate) that was asked last; an instant asks several times."""
        self._rates: dict[tuple[str, int], Decimal] = {}
        """Rates of one leg by currency and doubled mid: prices come again and again."""

    def require(self, currencies: Iterable[str]) -> None:
        """Raise DataError that lists every currency that cannot be converted, and the pairs that would do it."""
        missing = sorted({c for c in currencies if self._way(c) is None})
        if missing:
            home = self.account_currency
            wanted = ", ".join(f"{c} (bars of {c}{home} or {home}{c}, or both legs through USD)" for c in missing)
            raise DataError(f"no conversion into {home} for {wanted}; add those bars with --bars")

    def is_constant(self, currency: str) -> bool:
        return currency == self.account_currency

    def has(self, currency: str) -> bool:
        """Whether a pair of the run's prices makes the rate."""
        return self._way(currency) is not None

    def is_known(self, currency: str, t_ns: int, *, at_open: bool = True) -> bool:
        """Whether the rate is known at t: each of its pairs has opened before, or, with ``at_open``, opens at t.

        Once known it is for good; ``rate`` of before is the mid of a first open that was still to come.
        """
        since = self._since.get(currency)
        if since is None:
            way = self._way(currency)
            if way is None or any(not leg[0].n for leg in way):
                return False
            since = max(leg[0].begins_ns for leg in way)
            if currency in self._ways:
                self._since[currency] = since
        return since < t_ns or (since == t_ns and at_open)

    def rate(self, currency: str, t_ns: int) -> Decimal:
        """Units of the account's currency for one of ``currency``, at t; raises DataError if no pair serves."""
        if currency == self.account_currency:
            return ONE
        last = self._last.get(currency)
        if last is not None and last[0] == t_ns:
            return last[1]
        way = self._ways.get(currency)
        if way is None:
            way = self._way(currency)
            if way is None:
                self.require([currency])
                raise AssertionError("require raises")
        if not way:
            return ONE
        if len(way) == 1:
            doubled = way[0][0].doubled_mid(t_ns)
            known = self._rates.get((currency, doubled))
            if known is None:
                if len(self._rates) >= MOST_RATES:
                    self._rates.clear()
                known = self._rates[currency, doubled] = _of_leg(way[0], doubled)
            if not way[0][0].is_growing:
                self._last[currency] = (t_ns, known)
            return known
        first, second = (_of_leg(leg, leg[0].doubled_mid(t_ns)) for leg in way)
        return MONEY.multiply(first, second)

    def rate_bounds(self, currency: str, bands: Mapping[str, tuple[int, int]]) -> tuple[float, float]:
        """(lowest, highest) rate while every pair's bid and ask stay inside its band of points."""
        low = high = 1.0
        for prices, half_point, is_inverse in self._way(currency) or ():
            if prices.symbol not in bands:  # a pair that had no price when the bands were laid
                return 0.0, UNBOUND
            below, above = bands[prices.symbol]
            point = 2 * float(half_point)
            first, last = max(below, 1) * point, above * point
            low *= 1 / last if is_inverse else first
            high *= 1 / first if is_inverse else last
        return low, high

    def pairs(self, currency: str) -> tuple[str, ...]:
        """Symbols whose bars make the rate; none where the currency is the account's."""
        return tuple(leg[0].symbol for leg in self._way(currency) or ())

    def _way(self, currency: str) -> tuple[_Leg, ...] | None:
        """The legs; a feed may know pairs that have had no price, and the way over them gives way to one that has."""
        known = self._ways.get(currency)
        if known is not None:
            return known
        home = self.account_currency
        direct = self._leg(currency, home)
        if direct is not None and direct[0].n:
            self._ways[currency] = (direct,)
            return (direct,)
        first, second = self._leg(currency, "USD"), self._leg("USD", home)
        through = None if first is None or second is None else (first, second)
        if direct is None:
            if through is not None and all(leg[0].n for leg in through):
                self._ways[currency] = through
            return through
        return through if through is not None and all(leg[0].n for leg in through) else (direct,)

    def _leg(self, source: str, target: str) -> _Leg | None:
        """The pair of that name, else an instrument whose price is so many ``target`` for one ``source`` (EURUSD.a);
        one that has prices before one that has none."""
        found: _Leg | None = None
        for base, quote, is_inverse in ((source, target, False), (target, source, True)):
            prices = self._prices.get(base + quote) or self._by_pair.get((base, quote))
            if prices is not None and (found is None or prices.n > found[0].n == 0):
                found = prices, prices.instrument.point / 2, is_inverse
        return found

"""From a number with a unit to points and lots, by the instrument, the prices and the account of this instant.

- A stop or target at a distance is measured from our fill, whatever the price then is; only a share of the price and
  an amount of money need a price beforehand: the one that the order would pay as things stand, a pending order's own.
- A pending order's price at a distance is measured from the price that a market order would pay: a limit on its better
  side, a stop on its worse side.
- A volume as risk (money, per cent of balance or equity) is the loss at the stop, without costs; it needs a stop.
- An unknown unit is refused ``unit_unknown``, with the setting that would tell it; nothing is guessed.

Computed in decimals with 28 digits; lots are cut, never rounded up.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple

from zepix.model import Catalogue, Instrument, Quantity, Refused
from zepix.model.quantity import LEVEL_UNITS, UNKNOWN, VOLUME_UNITS
from zepix.services.account import AccountService
from zepix.services.conversion import MONEY, Conversions
from zepix.services.market import MarketDataService
from zepix.services.ports import Clock

__all__ = ["Sizing", "unit_problem"]

_LOTS: Final = Decimal("1e-8")
_MOST: Final = Decimal(10) ** 12
_PRICE_OF: Final = {"limit": -1, "stop": 1}
"""Where a pending order's price lies, seen from the price that a market order would pay."""


class Sized(NamedTuple):
    """An order's numbers as prices, signed price distances and lots."""

    volume: float | str | None
    sl: float | None
    tp: float | None
    sl_offset: float | None
    tp_offset: float | None
    price: float | None
    limit_price: float | None


class Sizing:
    """Turns quantities into what an order is made of; each answer is a number or a Refused."""

    def __init__(
        self,
        clock: Clock,
        market: MarketDataService,
        account: AccountService,
        conversions: Conversions,
        catalogue: Catalogue,
    ) -> None:
        self._clock = clock
        self._market = market
        self._account = account
        self._conversions = conversions
        self._catalogue = catalogue

    def order(
        self,
        symbol: str,
        sign: int,
        kind: str,
        volume: float | str | Quantity | None,
        sl: float | Quantity | None,
        tp: float | Quantity | None,
        price: float | Quantity | None,
        limit_price: float | Quantity | None,
        sl_offset: float | None = None,
    ) -> Sized | Refused:
        """The numbers of an opening order of ``sign`` +1 (buy) or -1; a ``sl_offset`` is the stop that risk is of."""
        instrument = self._catalogue[symbol]
        entry = self._entry(instrument, sign, kind, price)
        limit = self._entry(instrument, sign, kind, limit_price)
        if isinstance(entry, Refused):
            return entry
        if isinstance(limit, Refused):
            return limit
        if kind == "market":
            pays = self._market.price(symbol, "buy" if sign > 0 else "sell")
        else:
            pays = limit if kind == "stop_limit" and limit else entry
        # a stop in money needs the lots, lots by risk need the stop: whichever stands by itself comes first
        lots = None if isinstance(volume, Quantity) and volume.unit in _RISKS else self._lots(instrument, volume, pays)
        if isinstance(lots, Refused):
            return lots
        whole = None if lots is None else _whole(instrument, lots)
        stop = self._offset(instrument, sl, pays, whole)
        target = self._offset(instrument, tp, pays, whole)
        if isinstance(stop, Refused):
            return stop
        if isinstance(target, Refused):
            return target
        if isinstance(volume, Quantity):
            if volume.unit in _RISKS:
                risk_at = stop if sl_offset is None else Decimal(str(abs(sl_offset)))
                risked = self._by_risk(instrument, volume, sl, risk_at, pays)
                if isinstance(risked, Refused):
                    return risked
                lots = risked
            volume = str(lots)
        return Sized(
            volume,
            _price(sl),
            _price(tp),
            None if stop is None else float(-sign * stop),
            None if target is None else float(sign * target),
            entry,
            limit,
        )

    def points(self, symbol: str, quantity: int | Quantity, *, down: bool = False) -> int | Refused:
        """A distance in whole points, ties to even (``down``: cut); a fraction is of the middle of bid and ask."""
        if not isinstance(quantity, Quantity):
            return int(quantity)
        instrument = self._catalogue[symbol]
        found = self.distance(instrument, quantity, self._market.get_current_price(symbol), None)
        if isinstance(found, Refused):
            return found
        return int(found / instrument.point) if down else round(found / instrument.point)

    def levels(
        self,
        symbol: str,
        sign: int,
        entry_points: int,
        lots: Decimal,
        sl: float | Quantity | None,
        tp: float | Quantity | None,
    ) -> tuple[float | None, float | None] | Refused:
        """Stop and target of something with an entry, as prices; a distance of 0 takes the level away, as 0 does."""
        instrument = self._catalogue[symbol]
        entry = instrument.price(entry_points)
        found: list[float | None] = []
        for level, ahead in ((sl, -sign), (tp, sign)):
            away = self._offset(instrument, level, entry, lots)
            if isinstance(away, Refused):
                return away
            found.append(_price(level) if away is None else float(Decimal(str(entry)) + ahead * away) if away else 0.0)
        return found[0], found[1]

    def distance(
        self, instrument: Instrument, quantity: Quantity, price: float | None, lots: Decimal | None
    ) -> Decimal | Refused:
        """A distance in price; ``price`` and ``lots`` are what a share and an amount of money refer to."""
        problem = unit_problem(quantity, LEVEL_UNITS)
        if problem is not None:
            return problem
        value = Decimal(str(quantity.value))
        if quantity.unit == "price" or value < 0:
            return Refused("unit_unknown", f"{quantity} is no distance")
        if quantity.unit == "points":
            value *= instrument.point
        elif quantity.unit == "pips":
            value *= instrument.pip
        elif quantity.unit == "fraction":
            if price is None:
                return Refused("no_prices", f"no price of {instrument.symbol} to take {quantity} of")
            value *= Decimal(str(price))
        elif quantity.unit == "money":
            if not lots:
                return Refused("no_volume_for_money", f"{quantity} at a level needs a volume of its own")
            if (unknown := self._no_rate(instrument)) is not None:
                return unknown
            value = MONEY.divide(value, lots * instrument.contract_size * self._rate(instrument))
        return min(value, _MOST)

    def _entry(
        self, instrument: Instrument, sign: int, kind: str, price: float | Quantity | None
    ) -> float | Refused | None:
        if not isinstance(price, Quantity):
            return price
        if price.unit == "price":
            return price.value
        side = _PRICE_OF.get(kind)
        problem = unit_problem(price, LEVEL_UNITS)
        if problem is not None:
            return problem
        if side is None:
            return Refused("unit_unknown", f"the price of a {kind} order must be a price, not {price}")
        pays = self._market.price(instrument.symbol, "buy" if sign > 0 else "sell")
        if pays is None:
            return Refused("no_prices", f"no price of {instrument.symbol} to measure {price} from")
        away = self.distance(instrument, price, pays, None)
        return away if isinstance(away, Refused) else float(Decimal(str(pays)) + sign * side * away)

    def _offset(
        self, instrument: Instrument, level: float | Quantity | None, price: float | None, lots: Decimal | None
    ) -> Decimal | Refused | None:
        """How far the level lies from the entry; None where it is a price, or is not there."""
        if not isinstance(level, Quantity) or level.unit == "price":
            return None
        return self.distance(instrument, level, price, lots)

    def _lots(
        self, instrument: Instrument, volume: float | str | Quantity | None, price: float | None
    ) -> Decimal | Refused:
        if volume is None:
            return instrument.volume_min
        if not isinstance(volume, Quantity):
            return Decimal(str(volume))
        problem = unit_problem(volume, VOLUME_UNITS)
        if problem is not None:
            return problem
        value = Decimal(str(volume.value))
        if volume.unit == "units":
            return _cut(MONEY.divide(value, instrument.contract_size))
        if volume.unit == "notional":
            if not price:
                return Refused("no_prices", f"no price of {instrument.symbol} to size {volume} by")
            if (unknown := self._no_rate(instrument)) is not None:
                return unknown
            worth = Decimal(str(price)) * instrument.contract_size * self._rate(instrument)
            return _cut(MONEY.divide(value, worth))
        return _cut(value)

    def _by_risk(
        self,
        instrument: Instrument,
        volume: Quantity,
        sl: float | Quantity | None,
        stop: Decimal | None,
        price: float | None,
    ) -> Decimal | Refused:
        """Lots that lose the amount at the stop."""
        level = _price(sl)
        if stop is None and level and price:
            stop = abs(Decimal(str(price)) - Decimal(str(level)))
        stop = None if stop is None else round(stop / instrument.point) * instrument.point  # as the order will have it
        if not stop:
            return Refused("no_stop_for_risk", f"a volume of {volume} at risk needs a stop")
        if (unknown := self._no_rate(instrument)) is not None:
            return unknown
        value = Decimal(str(volume.value))
        if volume.unit == "percent_balance":
            value = self._account.balance * value / 100
        elif volume.unit == "percent_equity":
            value = self._account.equity * value / 100
        return _cut(MONEY.divide(max(value, Decimal(0)), stop * instrument.contract_size * self._rate(instrument)))

    def _no_rate(self, instrument: Instrument) -> Refused | None:
        """Why nothing can be counted in the account's money; None where it can."""
        currency = instrument.profit_currency
        if self._conversions.is_known(currency, self._clock.now_ns):
            return None
        return Refused("no_conversion", f"nobody knows what one {currency} is worth")

    def _rate(self, instrument: Instrument) -> Decimal:
        return self._conversions.rate(instrument.profit_currency, self._clock.now_ns)


_RISKS: Final = frozenset({"money", "percent_balance", "percent_equity"})


def unit_problem(quantity: Quantity, units: tuple[str, ...]) -> Refused | None:
    """Why a quantity cannot be used here; None where it can."""
    if quantity.unit in units:
        return None
    if quantity.unit == UNKNOWN:
        cure = f"; set {quantity.setting} to one of its units" if quantity.setting else ""
        return Refused("unit_unknown", f"nobody said what {quantity.value:g} is counted in{cure}")
    return Refused("unit_unknown", f"{quantity} cannot be meant here; expected {', '.join(units)}")


def _price(level: float | Quantity | None) -> float | None:
    if isinstance(level, Quantity):
        return level.value if level.unit == "price" else None
    return level


def _whole(instrument: Instrument, lots: Decimal) -> Decimal:
    """The lots that the broker will make of them: whole steps; less than a step stays, for the broker to refuse."""
    if not lots.is_finite():
        return lots
    return min(lots, _MOST) // instrument.volume_step * instrument.volume_step or lots


def _cut(lots: Decimal) -> Decimal:
    return min(lots, _MOST).quantize(_LOTS, ROUND_DOWN, MONEY)

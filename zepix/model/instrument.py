"""What one symbol is: the only place that knows what a pip of gold is.

Prices inside the simulators are integers in points, volumes integers in steps:

- ``points = round(price / point)``, ties to even, once, when the price enters;
- ``steps = Decimal(str(volume)) // volume_step``.

``point_value`` (contract size x point) is in the profit currency, per lot.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, Final, TypeVar, overload

from zepix.model.side import Side

__all__ = ["MAX_POINTS", "Catalogue", "Instrument", "SpreadModel"]

_Other = TypeVar("_Other")
MAX_POINTS: Final = 2**31 - 2
"""The highest price in points that the simulators hold."""
MAX_LOTS: Final = Decimal(10) ** 12
"""More lots than this are counted as so many: no instrument takes them."""


@dataclass(frozen=True, slots=True)
class SpreadModel:
    """The ask for data that has neither ask nor spread: ``points`` above the bid, or a table by UTC hour.

    ``by_hour`` holds 24 numbers of points, or nothing for a fixed spread.
    """

    points: int = 0
    by_hour: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.points < 0 or any(p < 0 for p in self.by_hour):
            raise ValueError("a spread is never negative")
        if self.by_hour and len(self.by_hour) != 24:
            raise ValueError(f"a spread table has 24 hours, this one {len(self.by_hour)}")

    @property
    def kind(self) -> str:
        return "session" if self.by_hour else "fixed"


MOST_DIGITS: Final = 15
TENS: Final = tuple(float(10**digits) for digits in range(MOST_DIGITS + 1))
TENTHS: Final = tuple(float(f"1e-{digits}") for digits in range(MOST_DIGITS + 1))


@dataclass(frozen=True, slots=True)
class Instrument:
    """One tradable symbol, with every number that money or prices need.

    Distances that end in ``_points`` are integer multiples of ``point``; ``pip``, ``spread_pip``, ``tick_size`` and
    ``min_stop_distance`` are prices; ``commission_per_lot`` is in the account's currency, per lot and side;
    ``swap_*_points`` are points per rollover, signed (positive pays us); ``slippage_points`` is what a replay on bars
    takes off fills that slippage moves, unless the fill model says another number.
    """

    symbol: str
    asset_class: str
    point: Decimal
    pip: Decimal
    contract_size: Decimal
    profit_currency: str
    margin_currency: str
    spread_pip: Decimal = Decimal(0)
    tick_size: Decimal = Decimal(0)
    volume_step: Decimal = Decimal("0.01")
    volume_min: Decimal = Decimal("0.01")
    volume_max: Decimal = Decimal(100)
    stops_level_points: int = 0
    slippage_points: int = 0
    commission_per_lot: Decimal = Decimal(0)
    swap_long_points: Decimal = Decimal(0)
    swap_short_points: Decimal = Decimal(0)
    triple_swap_weekday: int = 2
    spread: SpreadModel = field(default_factory=SpreadModel)
    trading_week: str = "24/5"
    volatility_class: str = "MEDIUM"
    pip_value_per_lot_usd: Decimal = Decimal(0)
    min_stop_distance: Decimal = Decimal(0)
    description: str = ""
    point_float: float = field(init=False, repr=False, compare=False, default=0.0)
    digits: int = field(init=False, repr=False, compare=False, default=0)
    points_per_price: float = field(init=False, repr=False, compare=False, default=0.0)
    """A power of ten that points are divided by; 0 where the point is none."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        for name in ("point", "pip", "contract_size", "volume_step", "volume_min", "volume_max"):
            value = getattr(self, name)
            if not (value.is_finite() and value > 0):
                problems.append(f"{name} must be above zero, not {value}")
        if not problems and self.volume_max < self.volume_min:
            problems.append(f"volume_max {self.volume_max} is below volume_min {self.volume_min}")
        if not 0 <= self.triple_swap_weekday <= 6:
            problems.append(f"triple_swap_weekday must be 0 (Monday) to 6, not {self.triple_swap_weekday}")
        if self.slippage_points < 0:
            problems.append(f"slippage_points must not be negative, not {self.slippage_points}")
        if self.stops_level_points < 0:
            problems.append(f"stops_level_points must not be negative, not {self.stops_level_points}")
        if problems:
            raise ValueError(f"instrument {self.symbol!r}: " + "; ".join(problems))
        put = object.__setattr__
        if not self.spread_pip:
            put(self, "spread_pip", self.pip)
        if not self.tick_size:
            put(self, "tick_size", self.point)
        put(self, "point_float", float(self.point))
        exponent = self.point.normalize().as_tuple().exponent
        digits = max(0, -exponent) if isinstance(exponent, int) else 0
        put(self, "digits", digits)
        if digits <= MOST_DIGITS and self.point_float == TENTHS[digits]:
            put(self, "points_per_price", TENS[digits])

    @property
    def point_value(self) -> Decimal:
        """Money per point and lot, in the profit currency."""
        return self.contract_size * self.point

    @property
    def tick_value(self) -> Decimal:
        """Money per tick and lot, in the profit currency."""
        return self.contract_size * self.tick_size

    @property
    def pip_points(self) -> int:
        return int(self.pip / self.point)

    def points(self, price: float) -> int:
        """The price in integer points, ties to even; raises ValueError for NaN and infinities."""
        if not isfinite(price):
            raise ValueError(f"{self.symbol}: {price} is no price")
        return round(price / self.point_float)

    def level(self, price: float | None) -> int:
        """A stop or target in points, 0 for none; one beyond all prices stands at the farthest there can be."""
        if not price:
            return 0
        if not isfinite(price):
            raise ValueError(f"{self.symbol}: {price} is no price")
        points = round(price / self.point_float)
        return points if 1 <= points <= MAX_POINTS else 1 if points < 1 else MAX_POINTS

    def price(self, points: int) -> float:
        """The price that stands for so many points, rounded to the instrument's digits."""
        per_price = self.points_per_price
        if per_price:
            return points / per_price  # rounded once, to the nearest there is: what rounding in decimals gives
        return round(points * self.point_float, self.digits)

    def steps(self, volume: float | Decimal | str) -> int:
        """The volume in whole steps, rounded down; may be 0. Raises ValueError for what is no finite number."""
        try:
            lots = volume if isinstance(volume, Decimal) else Decimal(str(volume))
        except InvalidOperation:
            raise ValueError(f"{self.symbol}: {volume!r} is no volume") from None
        if not lots.is_finite():
            raise ValueError(f"{self.symbol}: {volume} is no volume")
        return int(min(lots, MAX_LOTS) // self.volume_step)

    def lots(self, steps: int) -> Decimal:
        return self.volume_step * steps

    def adverse(self, price: float, side: Side, distance: float) -> float:
        """``price`` moved by ``distance`` against a ticket of ``side`` (down for a buy)."""
        return price - side.sign * distance


class Catalogue(Mapping[str, Instrument]):
    """Instruments by symbol, in catalogue order; that order breaks ties between symbols."""

    def __init__(self, instruments: Iterable[Instrument] = ()) -> None:
        self._by_symbol: dict[str, Instrument] = {i.symbol: i for i in instruments}

    def __getitem__(self, symbol: str) -> Instrument:
        return self._by_symbol[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._by_symbol

    @overload
    def get(self, key: str, default: None = None, /) -> Instrument | None: ...

    @overload
    def get(self, key: str, default: Instrument | _Other, /) -> Instrument | _Other: ...

    def get(self, key: str, default: Any = None, /) -> Any:
        """As a dict's; every order asks."""
        return self._by_symbol.get(key, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_symbol)

    def __len__(self) -> int:
        return len(self._by_symbol)

    def with_instruments(self, instruments: Iterable[Instrument]) -> Catalogue:
        """A catalogue in which these replace those of the same symbol; new ones come last."""
        merged = dict(self._by_symbol)
        merged.update((i.symbol, i) for i in instruments)
        return Catalogue(merged.values())

    def resolve(self, name: str) -> str:
        """The symbol as it is known here: exchange prefix, slash and case taken off (``OANDA:EUR/USD``)."""
        if name in self._by_symbol:
            return name
        bare = name.rsplit(":", 1)[-1].strip()
        if bare in self._by_symbol:
            return bare
        return bare.replace("/", "").replace("_", "").replace("-", "").upper()

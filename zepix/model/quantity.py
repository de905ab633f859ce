"""A number that keeps its unit: what senders mean by 20 may be a price, pips, per cent or lots.

In an Alert and in a command, a plain float is a price (levels) or lots (volumes); everything else is a Quantity. A
strategy hands it on as it came; the order service turns it into points and steps, or refuses it. Arithmetic on a
Quantity is a TypeError: nobody adds pips to a price by accident.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

__all__ = ["DISTANCES", "LEVEL_UNITS", "UNITS", "UNKNOWN", "VOLUME_UNITS", "Quantity"]

UNKNOWN: Final = "unknown"
DISTANCES: Final = ("distance", "points", "pips", "fraction", "money")
"""Units of a level that is measured from the entry."""
LEVEL_UNITS: Final = ("price", *DISTANCES)
VOLUME_UNITS: Final = ("lots", "units", "notional", "money", "percent_balance", "percent_equity")
UNITS: Final = frozenset((*LEVEL_UNITS, *VOLUME_UNITS, UNKNOWN))


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and its unit.

    | unit | as a stop or target | as a volume |
    |---|---|---|
    | price | the price itself | |
    | distance | a distance in price | |
    | points, pips | of the instrument | |
    | fraction | of the entry's price (one per cent is 0.01) | |
    | money | what is lost at the stop, won at the target | what is lost at the stop |
    | lots, units | | lots; base units or contracts (``lots * contract_size``) |
    | notional | | what the position is worth |
    | percent_balance, percent_equity | | what is lost at the stop, in per cent of balance or equity |
    | unknown | refused ``unit_unknown`` | refused ``unit_unknown`` |

    Money is in the account's currency. Distances have no sign: the side says where they lie. ``setting`` names the key
    that would tell an unknown unit.
    """

    value: float
    unit: str
    setting: str = ""

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"{self.unit!r} is no unit; there are {', '.join(sorted(UNITS))}")
        if not math.isfinite(self.value):
            raise ValueError(f"{self.value} {self.unit} is no finite number")

    def __str__(self) -> str:
        return f"{self.value:g} {self.unit}"

"""What a broker does not offer, as data: which classes, which shorts, and where only whole units are traded.

A restriction is asked about every order that opens a position, and about no other: exits are never restricted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from zepix.model.asset import ASSET_CLASSES, UNKNOWN, Asset
from zepix.model.decision import Refused
from zepix.model.trade_type import trade_type

__all__ = ["KNOWN_CLASSES", "Restriction"]

KNOWN_CLASSES: Final = tuple(word for word in ASSET_CLASSES if word != UNKNOWN)


@dataclass(frozen=True, slots=True)
class Restriction:
    """The rules of one broker, by class of asset (``KNOWN_CLASSES``); an unknown class is refused by every one.

    ``offers``: what can be opened; ``shorts``: of it, what can be sold short; ``whole``: what is traded in whole units
    (shares, coins, contracts) only; ``whole_shorts``: what is sold short in whole units only; ``missing``: symbols that
    this broker lacks although it offers their class. Raises ValueError for a word that is no class.
    """

    name: str
    offers: tuple[str, ...] = KNOWN_CLASSES
    shorts: tuple[str, ...] = KNOWN_CLASSES
    whole: tuple[str, ...] = ()
    whole_shorts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    about: str = ""

    def __post_init__(self) -> None:
        for key in ("offers", "shorts", "whole", "whole_shorts"):
            wrong = [word for word in getattr(self, key) if word not in KNOWN_CLASSES]
            if wrong:
                raise ValueError(f"{key}: {wrong[0]!r} is no class of asset; there are {', '.join(KNOWN_CLASSES)}")

    def refusal(self, symbol: str, asset: Asset, side: int, units: Decimal) -> Refused | None:
        """Why a position of ``side`` (+1, -1) and ``units`` cannot be opened here; None where it can.

        Refused ``asset_unknown, asset_not_offered, short_not_offered, fraction_not_offered``, the first that applies;
        the detail names this restriction and the rule of it.
        """
        kind = asset.asset_class
        if kind == UNKNOWN:
            return self._refused(
                "asset_unknown", "an unknown class is never offered", f"{symbol}: {asset.rule}, say it in [assets]"
            )
        what = f"{symbol} is {kind}"
        if kind not in self.offers:
            return self._refused("asset_not_offered", f"offers {_listed(self.offers)}", what)
        if symbol in self.missing:
            return self._refused("asset_not_offered", f"missing {_listed(self.missing)}", what)
        cell = trade_type(side, opens=True)
        if cell == "short_entry" and kind not in self.shorts:
            return self._refused("short_not_offered", f"shorts {_listed(self.shorts)}", f"{what}, {cell}")
        key, kinds = "whole", self.whole
        if cell == "short_entry" and kind in self.whole_shorts:
            key, kinds = "whole_shorts", self.whole_shorts
        if kind in kinds and units % 1:
            return self._refused(
                "fraction_not_offered", f"{key} {_listed(kinds)}", f"{what}, {cell} of {units.normalize():f} units"
            )
        return None

    def _refused(self, reason: str, rule: str, what: str) -> Refused:
        return Refused(reason, f"restriction {self.name!r}: {rule}; {what}")


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(words) or "nothing"

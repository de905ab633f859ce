"""Whether a broker offers what an order would open: the one place where restrictions are asked, for every broker.

The class of a symbol, first source that has one: the run's own table of overrides, the instrument's ``asset_class``,
the rules of ``zepix.model.asset`` by the symbol's name. What stays unknown is refused ``asset_unknown``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zepix.model import Catalogue, Instrument, Order, Refused
from zepix.model.asset import UNKNOWN, Asset, class_word, classify
from zepix.model.restriction import Restriction

__all__ = ["TradeRestrictions", "asset_of"]


def asset_of(symbol: str, instrument: Instrument | None, overrides: Mapping[str, str]) -> Asset:
    """What a symbol of the catalogue is; ``rule`` is ``catalogue`` where its instrument says so."""
    found = classify(symbol, overrides)
    if found.rule == "override" or instrument is None:
        return found
    said = class_word(instrument.asset_class)
    return found if said == UNKNOWN else replace(found, asset_class=said, rule="catalogue")


def _traded(asset: Asset) -> tuple[str, ...]:
    """What is traded under a name, whatever its spelling: gold is ``GOLD`` and ``XAUUSD``, ``DJ30`` is ``US30``."""
    if not asset.base or not asset.is_known or asset.asset_class == "equity":
        return (asset.root,)
    is_in_dollars = not asset.quote and asset.asset_class in ("metal", "index")
    return asset.asset_class, asset.base, "USD" if is_in_dollars else asset.quote, str(asset.is_perpetual)


class TradeRestrictions:
    """The restrictions of one run, asked about each order that opens."""

    def __init__(self, restrictions: Sequence[Restriction], catalogue: Catalogue, overrides: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._overrides = overrides
        self._assets: dict[str, Asset] = {}
        self._restrictions = tuple(self._with_spellings(restriction) for restriction in restrictions)

    def _with_spellings(self, restriction: Restriction) -> Restriction:
        """The restriction whose missing symbols are also named as the catalogue spells them (``OANDA:EUR_USD``)."""
        said = restriction.missing
        names = {self._catalogue.resolve(word) for word in said}
        meant = {_traded(found) for word in said if (found := classify(word)).is_known}
        more = [
            symbol
            for symbol in (self._catalogue if said else ())
            if symbol not in said and (symbol in names or _traded(self.asset(symbol)) in meant)
        ]
        return replace(restriction, missing=(*said, *more)) if more else restriction

    def asset(self, symbol: str) -> Asset:
        found = self._assets.get(symbol)
        if found is None:
            found = self._assets[symbol] = asset_of(symbol, self._catalogue.get(symbol), self._overrides)
        return found

    def refusal(self, order: Order) -> Refused | None:
        """The first restriction that an opening order breaks; None for one that breaks none, and for every exit."""
        if not order.opens:
            return None
        instrument = self._catalogue[order.symbol]
        units = instrument.lots(order.volume_steps) * instrument.contract_size
        refusals = (r.refusal(order.symbol, self.asset(order.symbol), order.side, units) for r in self._restrictions)
        return next((refused for refused in refusals if refused is not None), None)

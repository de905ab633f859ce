"""A size from what was asked to what goes out: base, multiplied, capped, reduced, fitted, cut.

    base        the request's lots, or the lots that lose its per cent at the stop, or the tier's fixed lots
    multiplied  x the request's, the logic's and the symbol's multiplier
    capped      at the plugin's, the tier's and the instrument's most, and at what the symbol's exposure leaves
    reduced     by the day: 100 / 75 / 50 per cent of it, as half, a quarter, or less of the daily cap is left
    fitted      so that the loss at the stop is no more than the caps leave
    cut         down to whole steps; below the instrument's minimum it is refused, unless ``force_min_lot`` fits

A size by risk never counts a stop nearer than the symbol's least stop distance: a stop inside the spread would make it
enormous.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final, NamedTuple

from zepix.model import Instrument
from zepix.model.settings_risk import RiskSettings

__all__ = ["Fitting", "SizeWanted", "Sizes", "capped_number", "number_of", "reduction_of"]

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
NEVER: Final = Decimal("Infinity")
_MOST: Final = Decimal(10) ** 12
_DOWN: Final = Context(prec=28, rounding=ROUND_DOWN)


class SizeWanted(NamedTuple):
    """What a size is made of; ``loss_per_lot`` is at the stop, or at the least stop distance if that is farther."""

    instrument: Instrument
    lots: Decimal | float | str | None
    risk_percent: Decimal | float | None
    fixed_lots: Decimal
    balance: Decimal
    loss_per_lot: Decimal
    multipliers: tuple[Decimal | float, str, str]
    """(the request's own, logic, symbol)"""


class Fitting(NamedTuple):
    """What a size has to fit: most lots, the share of the daily cap left, money that may be lost, money lost a lot."""

    most: Decimal
    day_frac: Decimal
    usable: Decimal
    loss_per_lot: Decimal


class Sizes:
    """Sizes by the settings; ``size`` writes every step down."""

    def __init__(self, settings: RiskSettings) -> None:
        self._settings = settings
        froms, tos = settings.reduction_from_frac, settings.reduction_to_frac
        self._first = (froms[0], tos[0]) if settings.has_smart_reduction and froms else (NEVER, ONE)

    def size(self, wanted: SizeWanted, fit: Fitting, said: list[Any]) -> tuple[Decimal, str]:
        """(lots, "") or (0, reason: ``volume_too_small`` or ``risk_too_large``); ``said``: names and values."""
        base = self._base(wanted)
        factor = self._factor(wanted)
        if base is None or factor is None or base <= 0 or factor <= 0:
            said += ("lots_asked", str(wanted.lots), "lot_multiplier", str(wanted.multipliers[0]))
            return ZERO, "volume_too_small"
        multiplied = base * factor
        capped = min(multiplied, fit.most)
        whole_from, whole = self._first
        reduction = whole if fit.day_frac >= whole_from else reduction_of(fit.day_frac, self._settings)
        reduced = capped * reduction
        usable = fit.usable
        fitted = reduced
        if reduced * fit.loss_per_lot > usable:
            fitted = _DOWN.divide(usable, fit.loss_per_lot)
        said += (
            *("lots_base", base, "lots_multiplied", multiplied, "lots_capped", capped, "day_reduction", reduction),
            *("lots_reduced", reduced, "lots_fitted", fitted, "risk_left", usable),
        )
        return self._cut(wanted.instrument, reduced, fitted, fit, usable)

    def _cut(
        self, instrument: Instrument, reduced: Decimal, fitted: Decimal, fit: Fitting, usable: Decimal
    ) -> tuple[Decimal, str]:
        steps = instrument.steps(fitted)
        lots = instrument.lots(steps)
        if lots >= instrument.volume_min:
            return lots, ""
        least = instrument.volume_min
        does_fit = least * fit.loss_per_lot <= usable
        if self._settings.force_min_lot and does_fit and least <= fit.most:
            return least, ""
        is_too_risky = fitted < reduced and instrument.lots(instrument.steps(reduced)) >= least
        return ZERO, "risk_too_large" if is_too_risky or not does_fit else "volume_too_small"

    def _base(self, wanted: SizeWanted) -> Decimal | None:
        if wanted.lots is not None:
            return capped_number(wanted.lots)
        if wanted.risk_percent is None:
            return wanted.fixed_lots
        percent = capped_number(wanted.risk_percent)
        if percent is None or wanted.loss_per_lot <= 0:
            return None
        return _DOWN.divide(max(wanted.balance, ZERO) * percent / 100, wanted.loss_per_lot)

    def _factor(self, wanted: SizeWanted) -> Decimal | None:
        own, logic, symbol = wanted.multipliers
        number = capped_number(own)
        if number is None:
            return None
        settings = self._settings
        return (
            number * settings.logic_lot_multipliers.get(logic, ONE) * settings.symbol_lot_multipliers.get(symbol, ONE)
        )


def reduction_of(day_frac: Decimal, settings: RiskSettings) -> Decimal:
    """The share of a size that goes out with ``day_frac`` of the daily cap left; exactly half left is whole."""
    if not settings.has_smart_reduction:
        return ONE
    steps = zip(settings.reduction_from_frac, settings.reduction_to_frac, strict=True)
    return next((to for start, to in steps if day_frac >= start), settings.reduction_to_frac[-1])


def number_of(value: object) -> Decimal | None:
    """A finite number as it is written, None for anything else; limits and factors are the same ones all the time."""
    try:
        return _known(value)
    except TypeError:  # what has no hash is no number either
        return None


@lru_cache(maxsize=1024, typed=True)
def _known(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def capped_number(value: Decimal | float | str) -> Decimal | None:
    """A finite number of no absurd size, None for anything else."""
    number = number_of(value)
    return None if number is None else min(number, _MOST)

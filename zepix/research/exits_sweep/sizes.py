"""The volume of each entry: fixed lots, or what loses a fixed amount at the cell's stop.

The arithmetic is the order service's (``Sizing``, ``Instrument.steps``): decimals, cut to whole steps. 0 steps: a
volume that the instrument does not take, the broker refuses such an order. -1: no order at all, for want of a rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final

import numpy as np

from zepix.brokers.shadow.rules import volume_problem
from zepix.errors import ConfigError
from zepix.model import AccountSpec, Instrument
from zepix.model.series import Int64
from zepix.research.exits_sweep.prepare import Market, Prepared
from zepix.services.conversion import MONEY

__all__ = ["Sizes", "read_sizes"]

LOTS: Final = Decimal("1e-8")
MOST_MONEY: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class Sizes:
    """``lots`` (None: each instrument's minimum), or ``risk`` in the account's currency for each entry."""

    lots: Decimal | None = None
    risk: Decimal | None = None

    @property
    def by_risk(self) -> bool:
        return self.risk is not None

    def fixed_steps(self, prepared: Prepared) -> Int64:
        """Steps of every column; raises ConfigError for lots that an instrument does not take."""
        steps = np.zeros(prepared.columns, np.int64)
        problems: list[str] = []
        for market in prepared.markets:
            instrument = market.instrument
            lots = instrument.volume_min if self.lots is None else self.lots
            found = instrument.steps(lots)
            reason, _ = volume_problem(instrument, found)
            if reason:
                problems.append(
                    f"lots: {instrument.symbol} takes {instrument.volume_min} to {instrument.volume_max} in steps of "
                    f"{instrument.volume_step}, not {lots}"
                )
                continue
            market.terms.check_size(instrument.symbol, found)
            steps[market.entries[0]] = found
        if problems:
            raise ConfigError(problems)
        return steps

    def risked_steps(self, prepared: Prepared, stops: Sequence[int]) -> Int64:
        """Steps of every column for a stop of so many points (by market)."""
        assert self.risk is not None, "only a volume by risk hangs on the stop"
        steps = np.zeros(prepared.columns, np.int64)
        for market, points in zip(prepared.markets, stops, strict=True):
            known: dict[Decimal | None, int] = {None: -1}
            symbol = market.instrument.symbol
            for column, decided in zip(market.entries[0].tolist(), market.entries[6].tolist(), strict=True):
                rate = prepared.rates(symbol, decided)
                if rate is not None and rate not in known:
                    known[rate] = _risked(market, self.risk, points, rate)
                steps[column] = known[rate]
            market.terms.check_size(symbol, int(steps[market.entries[0]].max(initial=0)))
        return steps


def _risked(market: Market, risk: Decimal, points: int, rate: Decimal) -> int:
    instrument: Instrument = market.instrument
    loss = points * instrument.point * instrument.contract_size * rate
    lots = MONEY.divide(risk, loss).quantize(LOTS, rounding=ROUND_DOWN)
    steps = instrument.steps(str(lots))
    return 0 if volume_problem(instrument, steps)[0] else steps


def read_sizes(lots: Any, risk_money: Any, risk_percent: Any, account: AccountSpec) -> tuple[Sizes, list[str]]:
    """The sizes that keywords ask for, and every problem with them."""
    given = {"lots": lots, "risk_money": risk_money, "risk_percent": risk_percent}
    named = {name: value for name, value in given.items() if value is not None}
    problems = [f"{' and '.join(named)} say the volume twice; keep one"] if len(named) > 1 else []
    amounts: dict[str, Decimal] = {}
    for name, value in named.items():
        amount = _amount(value)
        if amount is None or not 0 < amount <= MOST_MONEY:
            problems.append(f"{name}: expected a number above 0, not {value!r}")
        else:
            amounts[name] = amount
    if problems:
        return Sizes(), problems
    risk = amounts.get("risk_money")
    if "risk_percent" in amounts:
        risk = account.balance * amounts["risk_percent"] / 100
    return Sizes(amounts.get("lots"), risk), []


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        return None
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None
    return amount if amount.is_finite() else None

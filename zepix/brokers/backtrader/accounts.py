"""What backtrader asks about money: a commission scheme whose profits are those of the tickets, and a sizer."""

from __future__ import annotations

from typing import Any

from zepix.brokers.backtrader.border import bt
from zepix.model import Instrument

__all__ = ["MinimumVolume", "TicketMoney", "units_of"]


def units_of(instrument: Instrument, steps: int) -> float:
    """The size of so many steps in units of the base currency (or ounces, shares): lots times the contract size."""
    return float(instrument.lots(steps) * instrument.contract_size)


class TicketMoney(bt.CommInfoBase):  # type: ignore[misc]
    """Sizes are units, values units times price; profit is what the ticket's own record says.

    ``rate`` turns the instrument's profit currency into the account's.
    """

    params = (("stocklike", True), ("percabs", True), ("instrument", None), ("pnl", None), ("rate", 1.0))

    def getsize(self, price: float, cash: float) -> float:
        """How many units so much of the account's money buys; ``order_target_value`` and ``_percent`` ask for it."""
        return float(cash / (price * self.p.rate))

    def profitandloss(self, size: float, price: float, newprice: float) -> float:
        """The gross of the fill in hand; of none in hand, units times the difference, in the profit currency."""
        if self.p.pnl is not None:
            return float(self.p.pnl)
        return size * (newprice - price)

    def _getcommission(self, size: float, price: float, pseudoexec: bool) -> float:  # noqa: ARG002
        """One side's commission on so many units, unrounded."""
        instrument: Instrument | None = self.p.instrument
        if instrument is None:
            return 0.0
        return abs(size) / float(instrument.contract_size) * float(instrument.commission_per_lot)


class MinimumVolume(bt.Sizer):  # type: ignore[misc]
    """The size of an order that names none: the least the instrument may be traded in."""

    def _getsizing(self, comminfo: Any, cash: float, data: Any, isbuy: bool) -> float:  # noqa: ARG002
        instrument: Instrument = self.broker.instrument_of(data)
        return float(instrument.volume_min * instrument.contract_size)

"""Rows of a foreign file as numbers and UTC times, before they are put in order; and how a file is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zepix.model import Instrument
from zepix.model.series import Int64

__all__ = ["ForeignBars", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """How a foreign file is to be read; only what the file cannot say itself has to be given."""

    zone: str | None = None
    columns: Mapping[str, str] | None = None
    time_format: str | None = None
    separator: str | None = None
    decimal: str = "."


@dataclass(slots=True)
class ForeignBars:
    """Rows as a file has them, in its order, times already UTC (ns); ``spread`` in points of ``decimals`` decimals.

    ``prices`` are those of bars (``bid_open`` .. ``bid_close``, perhaps the ask's), or of ticks (``bid``, perhaps
    ``ask``).
    """

    time_ns: Int64
    prices: dict[str, NDArray[np.float64]]
    spread: NDArray[np.float64] | None
    volume: NDArray[np.float64] | None
    decimals: int
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def is_ticks(self) -> bool:
        return "bid" in self.prices

    def spread_in(self, instrument: Instrument) -> NDArray[np.int64] | None:
        """The spread in whole points of the instrument, rounded up where its points are coarser."""
        if self.spread is None:
            return None
        scale = Decimal(1).scaleb(-self.decimals) / instrument.point
        return np.ceil(self.spread * float(scale) - 1e-9).astype(np.int64)

    def rows(self, at: NDArray[Any]) -> ForeignBars:
        """The rows ``at`` (indices or mask) of every column."""
        return replace(
            self,
            time_ns=self.time_ns[at],
            prices={name: values[at] for name, values in self.prices.items()},
            spread=None if self.spread is None else self.spread[at],
            volume=None if self.volume is None else self.volume[at],
        )

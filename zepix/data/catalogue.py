"""The instruments zepix knows from the start: ten default symbols first, then crosses, metals, indices and crypto.

The table is ``instruments.csv`` beside this file, one row a symbol; what a whole kind shares stands in ``KINDS``.
Points: 1e-5 for currencies, 1e-3 for yen pairs and gold. A pip of gold is 0.01, its spread is counted in 0.10.
Swaps, commissions and spreads are examples of a common account, not any broker's price list: name your own in a file
(``--instruments``, see ``instruments.load_instruments``). ``margin_currency`` of an index is the index itself: one
unit of it is worth its own price.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from zepix.model import Catalogue, Instrument, SpreadModel

__all__ = ["DEFAULT_SYMBOLS", "KINDS", "Kind", "default_catalogue", "session_spread"]

DEFAULT_SYMBOLS: Final = (
    "XAUUSD",
    "EURUSD",
    "GBPUSD",
    "USDJPY",
    "USDCAD",
    "AUDUSD",
    "NZDUSD",
    "EURJPY",
    "GBPJPY",
    "AUDJPY",
)

# Per cent of the usual spread in each UTC hour: thin in Asia, widest around 17:00 New York (21:00 or 22:00 UTC).
_FX_DAY: Final = (150, 150, 140, 140, 140, 130, 110, 100, 100, 100, 100, 100,
                  100, 100, 100, 100, 110, 120, 130, 160, 200, 400, 400, 180)  # fmt: skip
_METAL_DAY: Final = (130, 120, 120, 120, 120, 120, 110, 100, 100, 100, 100, 100,
                     100, 100, 100, 100, 100, 110, 120, 140, 160, 250, 250, 160)  # fmt: skip
_INDEX_DAY: Final = (180, 160, 150, 150, 150, 150, 140, 120, 110, 110, 110, 110,
                     110, 100, 100, 100, 100, 100, 100, 100, 130, 250, 250, 200)  # fmt: skip


SLIPPAGE_PERCENT: Final = 7


@dataclass(frozen=True, slots=True)
class Kind:
    """What all instruments of one kind share."""

    commission_per_lot: Decimal
    volume_step: Decimal
    volume_max: Decimal
    trading_week: str
    triple_swap_weekday: int
    day: tuple[int, ...]


KINDS: Final[dict[str, Kind]] = {
    "forex": Kind(Decimal("3.5"), Decimal("0.01"), Decimal(100), "24/5", 2, _FX_DAY),
    "metal": Kind(Decimal("3.5"), Decimal("0.01"), Decimal(50), "23/5", 2, _METAL_DAY),
    "index": Kind(Decimal(0), Decimal("0.1"), Decimal(500), "23/5", 4, _INDEX_DAY),
    "crypto": Kind(Decimal(0), Decimal("0.01"), Decimal(50), "24/7", 4, ()),
}


def session_spread(points: int, day: tuple[int, ...]) -> SpreadModel:
    """A spread of ``points`` in the busy hours, by UTC hour in per cent of it, rounded up; no table: fixed."""
    return SpreadModel(points, tuple(-(-points * percent // 100) for percent in day))


def usual_slippage(spread_points: int) -> int:
    """Points that make good what bars flatter: 7 % of the usual spread, rounded up (measured: docs/fidelity.md)."""
    return -(-spread_points * SLIPPAGE_PERCENT // 100)


def _instrument(row: dict[str, str]) -> Instrument:
    kind = KINDS[row["kind"]]
    return Instrument(
        symbol=row["symbol"],
        asset_class=row["kind"],
        point=Decimal(row["point"]),
        pip=Decimal(row["pip"]),
        spread_pip=Decimal(row["spread_pip"]),
        contract_size=Decimal(row["contract_size"]),
        profit_currency=row["profit"],
        margin_currency=row["margin"],
        volume_step=kind.volume_step,
        volume_min=kind.volume_step,
        volume_max=kind.volume_max,
        commission_per_lot=kind.commission_per_lot,
        swap_long_points=Decimal(row["swap_long"]),
        swap_short_points=Decimal(row["swap_short"]),
        triple_swap_weekday=kind.triple_swap_weekday,
        slippage_points=usual_slippage(int(row["spread_points"])),
        spread=session_spread(int(row["spread_points"]), kind.day),
        trading_week=kind.trading_week,
        volatility_class=row["volatility"],
        pip_value_per_lot_usd=Decimal(row["pip_value_usd"]),
        min_stop_distance=Decimal(row["min_stop"]),
        description=row["description"],
    )


@cache
def default_catalogue() -> Catalogue:
    """The catalogue that comes with zepix, in its fixed order (which breaks ties between symbols); read once."""
    path = Path(__file__).with_name("instruments.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        return Catalogue(_instrument(row) for row in csv.DictReader(lines))

"""A replay as the comparison needs it: its closing fills, what became of each alert, what a point is worth.

It comes from a Result in memory, whose prices tell the spread at each entry, or from the folder that a run left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from zepix.data import default_catalogue, load_instruments
from zepix.errors import ConfigError, DataError
from zepix.model import Catalogue
from zepix.research.columns import quotes_at
from zepix.research.compare_rows import Ours
from zepix.research.decisions import decisions_table
from zepix.research.run_folder import read_meta, read_table, rows_of
from zepix.research.tables import trades_table

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["ReplayedRun", "replayed"]

_SIGNS: Final = {"buy": 1, "sell": -1}


@dataclass(slots=True)
class ReplayedRun:
    """``fills`` with the ids of their alerts beside them; ``outcomes`` of every alert: id -> (outcome, reason)."""

    fills: list[Ours]
    alert_ids: list[str]
    outcomes: dict[str, tuple[str, str]]
    catalogue: Catalogue
    currency: str

    @property
    def known_ids(self) -> frozenset[str]:
        return frozenset(self.outcomes) | frozenset(self.alert_ids)

    def why_no_ticket(self, name: str) -> str:
        """Why no ticket came of an alert."""
        found = self.outcomes.get(name)
        if found is None:
            return "the run has no alert of this trade"
        outcome, reason = found
        if outcome in ("refused", "expired", "error", "quarantined"):
            return f"{outcome}: {reason}" if reason else outcome
        if outcome == "duplicate":
            return "taken for a duplicate"
        return f"no ticket closed ({outcome}{': ' + reason if reason else ''})"

    def point(self, fill: Ours) -> float | None:
        """The symbol's point, None where the symbol is not known."""
        return self.catalogue[fill.symbol].point_float if fill.symbol in self.catalogue else None

    def point_money(self, fill: Ours) -> float | None:
        """What a point is worth at the fill's volume, in the account's currency; at the rate of its exit."""
        point = self.point(fill)
        if point is None:
            return None
        points = fill.side * (fill.exit_price - fill.entry_price) / point
        if abs(points) > 0.5 and fill.gross:
            return fill.gross / points
        instrument = self.catalogue[fill.symbol]
        if instrument.profit_currency != self.currency:
            return None
        return float(instrument.point_value * Decimal(repr(fill.volume)))


def replayed(run: Result | str | PathLike[str]) -> ReplayedRun:
    """The run of a Result or of a folder. Raises DataError for what is none."""
    if isinstance(run, str | PathLike):
        return _of_folder(Path(run))
    record = run.record
    trades = rows_of(trades_table(record, run.fills))
    spreads = _spreads(record.series, trades)
    fills = [_fill(row, spread) for row, spread in zip(trades, spreads, strict=True)]
    outcomes = _outcomes(rows_of(decisions_table(record).select(["id", "outcome", "reason", "type"])))
    ids = [str(row["alert_id"]) for row in trades]
    return ReplayedRun(fills, ids, outcomes, record.catalogue, record.account.currency)


def _of_folder(folder: Path) -> ReplayedRun:
    meta = read_meta(folder / "run.json")
    trades = rows_of(read_table(folder / "trades.parquet"))
    decisions = read_table(folder / "decisions.parquet").select(["id", "outcome", "reason", "type"])
    catalogue = default_catalogue()
    own = meta.get("spec", {}).get("instruments")
    if own:
        with suppress(DataError, ConfigError):  # gone since: symbols of its own have no point then, and that shows
            catalogue = catalogue.with_instruments(load_instruments(Path(own)))
    return ReplayedRun(
        fills=[_fill(row, None) for row in trades],
        alert_ids=[str(row["alert_id"]) for row in trades],
        outcomes=_outcomes(rows_of(decisions)),
        catalogue=catalogue,
        currency=str(meta.get("statistics", {}).get("currency", "")),
    )


def _fill(row: Mapping[str, Any], spread: float | None) -> Ours:
    return Ours(
        tickets=(int(row["ticket"]),),
        symbol=str(row["symbol"]),
        side=_SIGNS[row["side"]],
        volume=float(row["volume"]),
        entry_ns=int(row["entry_time"]),
        entry_price=float(row["entry_price"]),
        exit_ns=int(row["exit_time"]),
        exit_price=float(row["exit_price"]),
        exit_reason=str(row["exit_reason"]),
        pnl=float(row["pnl"]),
        gross=float(row["gross"]),
        spread_points=spread,
    )


def _outcomes(decisions: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """The most telling outcome of each alert: what filled before what was refused, the first otherwise."""
    found: dict[str, tuple[str, str]] = {}
    for row in decisions:
        name = str(row["id"])
        if name not in found or row["outcome"] == "filled":
            found[name] = (str(row["outcome"] or ""), str(row["reason"] or ""))
    return found


def _spreads(series: Mapping[str, Any], trades: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """The spread in points at each entry, None for a symbol without prices."""
    found: list[float | None] = [None] * len(trades)
    for symbol, prices in series.items():
        where = [place for place, row in enumerate(trades) if row["symbol"] == symbol]
        if where and len(prices):
            times = np.array([trades[place]["entry_time"] for place in where], np.int64)
            bid, ask, _known = quotes_at(prices, times)
            for place, spread in zip(where, (ask - bid).tolist(), strict=True):
                found[place] = float(spread)
    return found

"""The facts of a run, from a Result in memory or from the folder that a run left: one shape for both.

Both are read through the same tables, so that the path of an alert is the same to the letter, whichever it came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zepix.data import default_catalogue, load_instruments
from zepix.engine.record import JournalLine
from zepix.errors import ConfigError, DataError
from zepix.journal import read_journal
from zepix.model import Catalogue
from zepix.research.alerts_table import alerts_table
from zepix.research.chains_table import chains_table
from zepix.research.decisions import decisions_table
from zepix.research.run_folder import read_meta, read_table, rows_of
from zepix.research.tables import orders_table, trades_table

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["Facts", "Scale", "facts_of", "scales_of"]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Scale:
    """What one symbol's numbers are counted in: a point and the two pips as prices, digits of a price.

    Spreads have a pip of their own where a symbol's does not suit them (gold: 0.10).
    """

    point: float
    pip: float
    digits: int
    spread_pip: float = 0.0

    def points(self, distance: float) -> int:
        return round(distance / self.point)

    def pips(self, points: float) -> float:
        return round(points * self.point / self.pip, 2)

    def spread(self, points: int | None) -> dict[str, float | int | str | None]:
        """``spread_points, spread_pips`` and which pips those are."""
        if points is None:
            return {"spread_points": None, "spread_pips": None, "spread_unit": ""}
        pip = self.spread_pip or self.pip
        unit = "pips" if pip == self.pip else "spread pips"
        return {"spread_points": points, "spread_pips": round(points * self.point / pip, 2), "spread_unit": unit}


@dataclass(slots=True)
class Facts:
    """Tables (pyarrow) of a run; ``alerts`` and ``chains`` are None where a folder is older than such a table.

    ``meta`` holds ``currency``, ``spec`` and ``plugins``; ``journal`` gives the lines, ``scales`` what the symbols'
    numbers are counted in.
    """

    alerts: Any
    decisions: Any
    orders: Any
    trades: Any
    journal: Callable[[], Iterable[JournalLine]]
    meta: Mapping[str, Any]
    scales: Mapping[str, Scale]
    chains: Any = None

    def where(self, table: str, column: str, value: Any) -> list[Row]:
        """Rows of a table in which a column has a value; times are nanoseconds."""
        import pyarrow.compute as pc

        found = getattr(self, table)
        if found is None or column not in found.column_names:
            return []
        return rows_of(found.filter(pc.equal(found[column], value)))


def facts_of(run: Result | str | PathLike[str]) -> Facts:
    """The facts of a Result, or of the folder of a run. Raises DataError for a folder that is none."""
    if isinstance(run, str | PathLike):
        return _of_folder(Path(run))
    record = run.record
    meta = {"currency": record.account.currency, "spec": run.spec, "plugins": record.plugins}
    return Facts(
        alerts_table(record),
        decisions_table(record),
        orders_table(record),
        trades_table(record, run.fills),
        lambda: record.journal,
        meta,
        _scales(scales_of(record.catalogue, record.catalogue)),
        chains_table(record),
    )


def scales_of(catalogue: Catalogue, symbols: Iterable[str]) -> dict[str, Row]:
    """``instruments`` of ``run.json``: what prices, lots and money of these symbols were counted in."""
    return {
        symbol: {
            "point": float(one.point),
            "pip": float(one.pip),
            "spread_pip": float(one.spread_pip),
            "digits": one.digits,
            "contract_size": float(one.contract_size),
            "volume_step": float(one.volume_step),
            "profit_currency": one.profit_currency,
        }
        for symbol, one in ((symbol, catalogue[symbol]) for symbol in symbols if symbol in catalogue)
    }


def _of_folder(folder: Path) -> Facts:
    if folder.name == "run.json":
        folder = folder.parent
    meta = read_meta(folder / "run.json")
    decisions, orders, trades = (read_table(folder / f"{name}.parquet") for name in ("decisions", "orders", "trades"))
    alerts, chains = (_read_if_there(folder / f"{name}.parquet") for name in ("alerts", "chains"))
    spec = meta.get("spec") or {}
    said = {
        "currency": str((meta.get("statistics") or {}).get("currency", "")),
        "spec": spec,
        "plugins": meta.get("plugins") or [],
    }
    instruments = meta.get("instruments")
    if not isinstance(instruments, dict):
        instruments = _known_instruments(spec.get("instruments"))
    journal = folder / "journal.jsonl"
    return Facts(alerts, decisions, orders, trades, lambda: read_journal(journal), said, _scales(instruments), chains)


def _read_if_there(path: Path) -> Any:
    """A table that folders of earlier versions lack; None where it is not there."""
    return read_table(path) if path.is_file() else None


def _known_instruments(own: str | None) -> dict[str, Row]:
    """For folders that do not say: what zepix and the run's own file, if it is still there, know."""
    catalogue = default_catalogue()
    if own:
        with suppress(DataError, ConfigError):
            catalogue = catalogue.with_instruments(load_instruments(Path(own)))
    return scales_of(catalogue, catalogue)


def _scales(instruments: Mapping[str, Mapping[str, Any]]) -> dict[str, Scale]:
    return {
        symbol: Scale(
            float(one["point"]), float(one["pip"]), int(one["digits"]), float(one.get("spread_pip", one["pip"]))
        )
        for symbol, one in instruments.items()
    }

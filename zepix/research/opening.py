"""``zx.open``: a finished run, read from its folder; nothing is replayed or computed again.

Tables, figures, the journal and the report are those that the run wrote. Pictures of prices load these again, where
they are still what they were; what else needs them (a report that was not written) needs the replay again, and says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from zepix.alerts.timestamps import to_ns
from zepix.engine.record import JournalLine, RunRecord
from zepix.errors import DataError
from zepix.journal import read_journal
from zepix.research.equity import KINDS, EquityCurve
from zepix.research.headline import count, headline_lines
from zepix.research.naming import SaysNames
from zepix.research.run_folder import JOURNAL, read_meta, read_table
from zepix.research.said_lines import SaysLines
from zepix.research.write import REPORT, RUN

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.live_folder import LiveFolder
    from zepix.research.pictures.of_run import Drawn
    from zepix.research.pictures.picture import Picture
    from zepix.research.run_prices import RunPrices
    from zepix.research.sweep.result import SweepResult
    from zepix.research.why import Why
    from zepix.research.why_parts.facts import Facts

__all__ = ["OpenedRun", "open_run"]


class OpenedRun(SaysLines, SaysNames):
    """A run as its folder tells it: the tables, figures and words of a Result.

    ``trades, orders, decisions, chains, equity, alerts`` are DataFrames (times aware, in UTC), ``stats`` the figures,
    ``digest``, ``warnings``, ``spec``, ``checksums`` what the run said of itself, ``folder`` where it lies.
    """

    def __init__(
        self, folder: Path, meta: Mapping[str, Any], bars: Sequence[str | PathLike[str]] | None = None
    ) -> None:
        """``bars``: where its prices are now, if not where its spec found them."""
        self.folder = folder
        self.bars = bars
        self.meta = dict(meta)
        self.stats: dict[str, Any] = dict(meta.get("statistics") or {})
        self.spec: dict[str, Any] = dict(meta.get("spec") or {})
        self.digest = str(meta.get("digest", ""))
        self.warnings: Sequence[str] = list(meta.get("warnings") or [])
        self.checksums: dict[str, Any] = dict(meta.get("checksums") or {})
        self.timings: dict[str, float] = dict(meta.get("timings") or {})
        self.data_report: list[dict[str, Any]] = list(meta.get("data_report") or [])

    @cached_property
    def trades(self) -> pd.DataFrame:
        """One row a closing fill."""
        return self._frame("trades")

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row an order."""
        return self._frame("orders")

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """One row an alert and plugin that saw it."""
        return self._frame("decisions")

    @cached_property
    def chains(self) -> pd.DataFrame:
        """One row a step of a chain."""
        return self._frame("chains")

    @cached_property
    def equity(self) -> pd.DataFrame:
        """Balance and equity at every change of the balance and at each trading day's end."""
        return self._frame("equity")

    @cached_property
    def alerts(self) -> pd.DataFrame:
        """The alerts as they were understood."""
        return self._frame("alerts")

    @cached_property
    def recorded(self) -> pd.DataFrame:
        """What strategies recorded: ``name, time, value``."""
        return self._frame("recorded")

    @cached_property
    def journal(self) -> list[JournalLine]:
        """(time in ns, kind, fields) of every line."""
        return list(read_journal(self.folder / "journal.jsonl"))

    def why(self, alert_id: str) -> Why:
        """The whole path of one alert, as ``Result.why`` gives it. Raises ConfigError with near ids."""
        from zepix.research.why import why_among

        return why_among(self._facts, alert_id)

    @cached_property
    def _facts(self) -> Facts:
        from zepix.research.why_parts.facts import facts_of

        return facts_of(self.folder)

    def report(self, path: str | PathLike[str] | None = None) -> Path:
        """The report that the run wrote; ``path`` takes a copy of it. Raises DataError where none was written."""
        written = self.folder / REPORT
        if not written.is_file():
            raise DataError(
                f"{self.folder} has no {REPORT}: it was written without one; replay the spec again for its report"
            )
        if path is None:
            return written
        try:
            return Path(shutil.copyfile(written, path))
        except OSError as error:
            raise DataError(f"{path} could not be written ({error.strerror or error})") from error

    def plot(
        self,
        what: str | None = None,
        *,
        symbol: str | None = None,
        show: str = "profit",
        from_: str | None = None,
        to: str | None = None,
    ) -> Picture:
        """A picture, as ``Result.plot`` draws it.

        Prices are loaded from where the run found them (or from ``bars`` of ``zx.open``) and drawn where they are still
        what they were. Raises ConfigError for a picture that there is not, DataError where prices are gone or others.
        """
        from zepix.research.pictures.of_run import folder_picture

        return folder_picture(self, what, symbol=symbol, show=show, from_=from_, to=to)

    def drawn(self, symbol: str | None = None) -> Drawn:
        """What pictures are drawn of: ``record`` and ``fills``, read back from the tables.

        ``symbol``: whose prices are needed. Raises DataError where they are not what they were.
        """
        from zepix.research.columns import FillColumns

        if symbol is not None and symbol not in self._record.series:
            why = self._prices.missing.get(symbol, "the run had none")
            raise DataError(
                f"the prices of {symbol} cannot be drawn: {why}. zx.open(folder, bars=...) says where they are now; "
                "else replay the spec again"
            )
        return SimpleNamespace(record=self._record, fills=FillColumns(self._record.fills))

    @cached_property
    def _prices(self) -> RunPrices:
        from zepix.research.run_prices import prices_of_run

        return prices_of_run(self.meta, self.folder.name, self.bars)

    @cached_property
    def _record(self) -> RunRecord:
        from zepix.research.run_record import read_record

        return read_record(self.folder, self.meta, self._prices)

    def as_dict(self) -> dict[str, Any]:
        """What ``run.json`` holds."""
        return dict(self.meta)

    @cached_property
    def curve(self) -> EquityCurve:
        """The equity curve as arrays."""
        table = read_table(self.folder / "equity.parquet")
        time = np.asarray(table["time"].combine_chunks().cast("int64"), np.int64)
        kinds = [KINDS.index(word) for word in table["kind"].to_pylist()]
        balance, equity = (np.asarray(table[name].combine_chunks(), np.float64) for name in ("balance", "equity"))
        return EquityCurve(time, balance, equity, np.array(kinds, np.int64))

    def lines(self) -> list[str]:
        """The eight lines that the run printed, then one for each warning."""
        said = headline_lines(cast(RunRecord, self._shown()), self.stats, self.digest, self.timings)
        return [*said, *(f"warning: {warning}" for warning in self.warnings)]

    def __repr__(self) -> str:
        return f"<OpenedRun {count(self.stats.get('tickets', 0), 'ticket')}, digest {self.digest[:12]}>"

    def _frame(self, name: str) -> Any:
        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            raise DataError(f"{path} is missing: the run is of an earlier version, or its folder is not whole")
        return read_table(path).to_pandas()

    def _shown(self) -> SimpleNamespace:
        """What the eight lines need of a record."""
        period, data = self.meta.get("period") or {}, self.meta.get("data") or {}
        start, end = (to_ns(period[name]) if period.get(name) else 0 for name in ("start", "end"))
        fill = self.spec.get("fill") or {}
        return SimpleNamespace(
            plugins=self.meta.get("plugins") or [],
            decisions=(),
            series={symbol: SimpleNamespace(timeframe=one.get("timeframe", "")) for symbol, one in data.items()},
            start_ns=start,
            end_ns=end,
            fill_model=SimpleNamespace(intrabar=fill.get("intrabar", "")),
        )


def open_run(
    folder: str | PathLike[str], *, bars: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None
) -> OpenedRun | SweepResult | LiveFolder:
    """The run that a folder holds, or the sweep, or the data folder of a live runner.

    ``bars``: where a run's prices are now, for pictures of them, if not where the run found them. Raises DataError for
    a folder that holds none of these.
    """
    place = Path(folder)
    if place.name in (RUN, JOURNAL):
        place = place.parent
    from zepix.research.sweep.store import SWEEP

    if (place / SWEEP).is_file() and not (place / RUN).is_file():
        from zepix.research.sweep.verb import open_sweep

        return open_sweep(place)
    if (place / JOURNAL).is_file() and not (place / RUN).is_file():
        from zepix.research.live_folder import LiveFolder

        return LiveFolder(place)
    given = [bars] if isinstance(bars, str | PathLike) else bars
    return OpenedRun(place, read_meta(place / RUN), given)

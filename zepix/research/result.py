"""What a replay gives back: tables by attribute, figures by name, eight honest lines when printed.

Nothing is computed before it is asked for; pandas is imported when the first table is asked for as a DataFrame, plotly
never, its JavaScript when a report is written.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.record import RunRecord
from zepix.journal import digest
from zepix.research.alert_gap import AlertGap, alert_gaps
from zepix.research.chains_table import chains_table
from zepix.research.columns import FillColumns
from zepix.research.decisions import decisions_table
from zepix.research.equity import EquityCurve, equity_curve
from zepix.research.headline import count, headline_lines
from zepix.research.naming import SaysNames
from zepix.research.said_lines import SaysLines
from zepix.research.stats import statistics
from zepix.research.tables import equity_table, orders_table, trades_table
from zepix.research.why_parts.facts import facts_of, scales_of
from zepix.research.write import REPORT, iso_utc, write_meta, write_tables

if TYPE_CHECKING:
    import pandas as pd

    from zepix.research.pictures.picture import Picture
    from zepix.research.why import Why
    from zepix.research.why_parts.facts import Facts

__all__ = ["RUN_SCHEMA", "TIMINGS", "Result"]

RUN_SCHEMA: Final = 1
TIMINGS: Final = ("load_s", "index_s", "replay_s", "write_s", "report_s")
_PACKAGES: Final = ("zepix", "numpy", "numba", "pyarrow")


class Result(SaysLines, SaysNames):
    """One run: ``trades, chains, orders, decisions, equity`` as DataFrames; ``stats, digest, timings, warnings``.

    ``spec`` is what was asked for, ``checksums`` of the alert logs and other inputs by name (those of the prices are in
    the record), ``data_report`` what the loading of prices found, ``warnings`` sentences the run already has to say.
    """

    def __init__(
        self,
        record: RunRecord,
        *,
        spec: Mapping[str, Any] | None = None,
        timings: Mapping[str, float] | None = None,
        checksums: Mapping[str, Any] | None = None,
        data_report: Sequence[Mapping[str, Any]] = (),
        warnings: Sequence[str] = (),
    ) -> None:
        self.record = record
        self.spec: dict[str, Any] = dict(spec or {})
        self.timings: dict[str, float] = {**dict.fromkeys(TIMINGS, 0.0), **(timings or {})}
        self.checksums: dict[str, Any] = dict(checksums or {})
        self.data_report = [dict(entry) for entry in data_report]
        self._said = list(warnings)

    # -- tables ---------------------------------------------------------------------------------------------------

    @cached_property
    def trades(self) -> pd.DataFrame:
        """One row a closing fill; the columns are those of ``trades.parquet``."""
        return trades_table(self.record, self.fills).to_pandas()

    @cached_property
    def orders(self) -> pd.DataFrame:
        """One row an order with what became of it."""
        return orders_table(self.record).to_pandas()

    @cached_property
    def decisions(self) -> pd.DataFrame:
        """One row an alert and plugin that saw it: the outcome, the reason, the numbers that decided."""
        return decisions_table(self.record).to_pandas()

    @cached_property
    def chains(self) -> pd.DataFrame:
        """One row a step of a chain (pyramids, re-entries, shields); no row where the run has none."""
        return chains_table(self.record).to_pandas()

    @cached_property
    def equity(self) -> pd.DataFrame:
        """Balance and equity at every change of the balance and at 17:00 New York of each trading day."""
        return equity_table(self.curve).to_pandas()

    @cached_property
    def fills(self) -> FillColumns:
        """The closing fills as integer columns."""
        return FillColumns(self.record.fills)

    @cached_property
    def curve(self) -> EquityCurve:
        """The equity curve as arrays. Raises DataError where a currency cannot be converted."""
        return equity_curve(self.record, self.fills)

    # -- figures --------------------------------------------------------------------------------------------------

    @cached_property
    def stats(self) -> dict[str, Any]:
        """Every figure by name; ``docs/results.md`` has their formulas."""
        return statistics(self.record, self.curve, self.fills)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over trades, orders and decisions: equal for equal inputs in any process."""
        return digest(self.record)

    @cached_property
    def alert_gaps(self) -> list[AlertGap]:
        """How far alert prices lie from ours, by symbol."""
        return alert_gaps(self.record)

    # -- one alert ------------------------------------------------------------------------------------------------

    def why(self, alert_id: str) -> Why:
        """The whole path of one alert: body, route, checks, orders, fills, exits; prints as text.

        ``alert_id``: its id in the log, the sender's own, or a beginning that only one has. Raises ConfigError with
        near ids where there is none.
        """
        from zepix.research.why import why_among

        return why_among(self._facts, alert_id)

    def _symbols(self) -> list[str]:
        """Symbols with prices, then those that alerts named without any."""
        return list(dict.fromkeys([*self.record.series, *(row.symbol for row in self.record.decisions)]))

    @cached_property
    def _facts(self) -> Facts:
        return facts_of(self)

    # -- what to know ---------------------------------------------------------------------------------------------

    @property
    def warnings(self) -> list[str]:
        """Sentences a reader should know before the figures."""
        found = [gap.warning for gap in self.alert_gaps if gap.warning]
        return list(dict.fromkeys([*self._said, *found, *self._outside()]))

    def _outside(self) -> list[str]:
        outside = self.stats["outside_data"]
        said = []
        if outside["before"] or outside["after"]:
            beyond = outside["before"] + outside["after"]
            said.append(
                f"{count(beyond, 'alert')} outside the prices of their symbol "
                f"({outside['before']} before the first bar, {outside['after']} after the last)"
            )
        if outside["no_prices"]:
            said.append(f"{count(outside['no_prices'], 'alert')} for symbols without prices")
        return said

    # -- out of the notebook --------------------------------------------------------------------------------------

    def save(self, out_dir: str | Path, *, report: bool = False) -> Path:
        """Writes the tables, the journal, ``run.json`` and, if asked, ``report.html`` into a folder; returns it.

        Raises DataError where the folder cannot be written.
        """
        folder = Path(out_dir)
        started = time.perf_counter()
        write_tables(self.record, folder, self.fills, self.curve)
        meta = self.as_dict()
        self.timings["write_s"] = time.perf_counter() - started
        if report:
            self.report(folder / REPORT)
        write_meta({**meta, "timings": self.timings}, folder)
        return folder

    def report(self, path: str | Path) -> Path:
        """Writes one HTML file that opens offline; returns its path. Raises DataError where it cannot be written."""
        from zepix.research.report import write_report

        started = time.perf_counter()
        written = write_report(self, Path(path))
        self.timings["report_s"] = time.perf_counter() - started
        return written

    def plot(
        self,
        what: str | None = None,
        *,
        symbol: str | None = None,
        show: str = "profit",
        from_: str | None = None,
        to: str | None = None,
    ) -> Picture:
        """A picture: ``equity`` (if nothing is said), ``price``, ``mae``, ``points``, ``chains``, or tickets in groups.

        what: also a symbol, for its price; groups are by ``hour, weekday, session, signal, level, role, symbol, plugin,
        exit_reason``. symbol: of ``price``, ``mae``, ``points``. show: ``profit`` or ``points`` of groups. from_, to: a
        stretch of prices (``2024-01-10``, ``2024-01-10T08:00Z``). It is returned, not shown; ``save(path)`` writes it.
        Raises ConfigError for a picture that there is not.
        """
        from zepix.research.pictures.of_run import run_picture

        return run_picture(self, what, symbol=symbol, show=show, from_=from_, to=to)

    def as_dict(self) -> dict[str, Any]:
        """What ``run.json`` holds."""
        record = self.record
        return {
            "schema": RUN_SCHEMA,
            "digest": self.digest,
            "period": {"start": iso_utc(record.start_ns), "end": iso_utc(record.end_ns)},
            "spec": self.spec,
            "warnings": self.warnings,
            "statistics": self.stats,
            "alert_gap": [gap.as_dict() for gap in self.alert_gaps],
            "counts": dict(record.counts),
            "plugins": record.plugins,
            "data": {
                s: {"timeframe": one.timeframe, "rows": len(one), **one.facts} for s, one in record.series.items()
            },
            "instruments": scales_of(record.catalogue, self._symbols()),
            "data_report": self.data_report,
            "checksums": self.checksums,
            "metrics": record.metrics,
            "versions": versions(),
            "timings": self.timings,
        }

    def lines(self) -> list[str]:
        """The eight lines that printing shows, then one for each warning."""
        said = headline_lines(self.record, self.stats, self.digest, self.timings)
        return [*said, *(f"warning: {warning}" for warning in self.warnings)]

    def __repr__(self) -> str:
        return f"<Result {count(self.stats['tickets'], 'ticket')}, digest {self.digest[:12]}>"


def versions() -> dict[str, str]:
    """Of zepix and of what computes with it; none of them is part of the digest."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found

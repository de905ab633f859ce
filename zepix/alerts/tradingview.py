"""TradingView's own alert-log export (CSV: Alert ID, Ticker, Name, Description, Time) as rows of an alert log.

- The export's *Alert ID* names the alert's definition, not the event: it becomes ``source_id``; ``id`` is made of it,
  the time and a counter (``3698684433-20260106T073001Z-1``).
- The *Ticker* column (``OANDA:XAUUSD, 5m``) stands beside the body as ``ticker`` and ``timeframe``; the parser takes
  from there what the body left as ``{{ticker}}`` or ``{{interval}}``.
- Files that run from the newest to the oldest are reversed, then everything is sorted by time, stably: two alerts of
  one second keep the order in which they fired.
- Rows that several files share are taken once: the whole row is compared. A row that one file holds twice stays so.
- A time without a zone is set aside (``no_timezone``) unless ``zone`` names it; a missing one is ``bad_time``.
- Headings may be in other languages; where they are not known, columns are recognised by their cells, and that is said.
  An order of day and month that the rows leave open must be said (``date_order``).

A file is read twice, row by row, and never held whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.imports.recognise import LOG_NEEDS, Recognised, log_columns
from zepix.alerts.imports.spooled import in_time_order
from zepix.alerts.imports.tables import TableRow, TextTable
from zepix.alerts.imports.wall_times import WallTimes
from zepix.alerts.payload import shown
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import LogRow, UniqueIds, read_row
from zepix.alerts.timestamps import NoZone, from_ns
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quarantined
from zepix.model import timeframe as timeframes

__all__ = ["Exports", "TradingViewImport", "export_rows", "import_tradingview", "looks_like_export"]

_NO_TIME: Final = frozenset({"", "nan", "nat", "none", "null"})
_ROWS_OF_A_FILE: Final = 1 << 40


@dataclass(slots=True)
class TradingViewImport:
    """Rows in order of time, what they were read as, and ``report``: what the importer did, in numbers."""

    log_rows: list[LogRow]
    rows: list[Alert | Quarantined]
    report: dict[str, Any] = field(default_factory=dict)


def looks_like_export(path: Path) -> bool:
    """Whether the file has the columns of an export, by its headings or by its cells."""
    try:
        with path.open("rb") as handle:
            if handle.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
                return False
        return log_columns(TextTable(path)) is not None
    except (OSError, DataError):
        return False


def import_tradingview(
    paths: Sequence[str | Path],
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    ids: UniqueIds | None = None,
    processor: AlertProcessor | None = None,
) -> TradingViewImport:
    """Reads one or several exports as one log, and reports what it did.

    ``processor`` reads the bodies where one with settings of its own is at hand; ``catalogue`` and ``symbol_map`` are
    then its matter. Raises ConfigError where the order of day and month must be said, DataError for a file that is
    missing, empty or has not the columns of an export.
    """
    log_rows, report = export_rows(paths, zone)
    processor, ids = processor or AlertProcessor(catalogue, symbol_map), ids or UniqueIds()
    rows = [read_row(row, processor, ids) for row in log_rows]
    alerts = [row for row in rows if isinstance(row, Alert)]
    report["alerts"] = len(alerts)
    report["quarantined"] = dict(sorted(Counter(row.reason for row in rows if isinstance(row, Quarantined)).items()))
    report["repaired_tickers"] = _repaired(alerts, "symbol:")
    report["repaired_timeframes"] = _repaired(alerts, "timeframe:")
    report["prices_left_open"] = _repaired(alerts, "price:")
    report["symbols"] = dict(sorted(Counter(alert.symbol for alert in alerts).items()))
    times = [row.received_ns for row in rows if row.received_ns is not None]
    report["first"] = from_ns(min(times)) if times else None
    report["last"] = from_ns(max(times)) if times else None
    return TradingViewImport(log_rows, rows, report)


def _repaired(alerts: Iterable[Alert], start: str) -> int:
    return sum(any(note.startswith(start) for note in alert.repairs) for alert in alerts)


def export_rows(
    paths: Sequence[str | Path], zone: tzinfo | None = None, date_order: str | None = None
) -> tuple[list[LogRow], dict[str, Any]]:
    """The rows of the exports in order of time, not yet understood, and a report per file.

    ``number`` of a row is its place in its own file, from 1, the heading not counted. Raises as ``Exports`` does.
    """
    exports = Exports(paths, zone, date_order)
    return list(exports.rows()), exports.report()


class Exports:
    """Several exports as one log: looked at when this is made, read by ``rows``; ``report`` is complete after that.

    Raises DataError for a file that is missing, empty or has not the columns, ConfigError where the order of day and
    month must be said.
    """

    def __init__(self, paths: Sequence[str | Path], zone: tzinfo | None = None, date_order: str | None = None) -> None:
        self._files = [_Export(Path(path), zone, date_order) for path in paths]
        if not any(file.count for file in self._files):
            raise DataError(f"{', '.join(map(str, paths))}: no alert in the export; at least one row was expected")

    def rows(self) -> Iterator[LogRow]:
        """The rows in order of time; those without one come first."""
        counters: Counter[str] = Counter()
        stamp_before = ""
        for cells in in_time_order(self._events()):
            number, moment, alert_id, ticker, description, time_text, problem = cells
            stamp = "notime" if moment is None else moment[:19].replace("-", "").replace(":", "") + "Z"
            if stamp != stamp_before:
                counters.clear()  # names hold the stamp, and stamps come in order
                stamp_before = stamp
            name = f"{alert_id or 'unnamed'}-{stamp}"
            counters[name] += 1
            symbol, period = _ticker(ticker)
            yield LogRow(
                number=number,
                received_at=moment or (None if time_text.lower() in _NO_TIME else time_text),
                payload=description,
                id=f"{name}-{counters[name]}",
                source_id=alert_id or None,
                ticker=symbol,
                timeframe=period,
                problem=problem,
            )

    def report(self) -> dict[str, Any]:
        """What each file was, and how many rows there are in all."""
        merged = sum(file.merged for file in self._files)
        rows = sum(file.count for file in self._files) - merged
        return {"files": [file.facts() for file in self._files], "rows": rows, "merged": merged}

    def _events(self) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
        most: Counter[bytes] = Counter()
        for place, file in enumerate(self._files):
            here: Counter[bytes] = Counter()
            file.merged = 0
            for row in file.table.rows():
                if len(self._files) > 1:
                    mark = blake2b("\0".join(row.cells).encode("utf-8", "backslashreplace"), digest_size=12).digest()
                    here[mark] += 1
                    if here[mark] <= most[mark]:
                        file.merged += 1
                        continue
                    most[mark] += 1
                ns, cells = file.event(row)
                order = _ROWS_OF_A_FILE - row.number if file.is_reversed else row.number
                yield ns, 2 * _ROWS_OF_A_FILE * place + order, cells


class _Export:
    """One file: its columns, how many rows it has, whether the newest stand first."""

    def __init__(self, path: Path, zone: tzinfo | None, date_order: str | None) -> None:
        self.path = path
        self.table = TextTable(path)
        found = log_columns(self.table)
        if found is None:
            there = shown(", ".join(self.table.headings)) if any(self.table.headings) else "nothing"
            raise DataError(f"{path}: the columns Alert ID, Ticker, Description and Time were expected, not {there}")
        self._columns: Recognised = found
        self._places = [found.places[name] for name in LOG_NEEDS]
        self._last_place = max(self._places)
        self.times = WallTimes(zone, date_order, path.name)
        self.count = self.merged = 0
        self.is_reversed = self._look()

    def facts(self) -> dict[str, Any]:
        found = {"path": str(self.path), "rows": self.count, "reversed": self.is_reversed, "merged": self.merged}
        if self._columns.by_cells:
            found["columns"] = self._columns.rule
        return found | self.times.facts

    def event(self, row: TableRow) -> tuple[int, tuple[Any, ...]]:
        """(nanoseconds or -1, number, time in ISO, the four cells stripped, time as written, problem)."""
        cells = row.cells
        problem: tuple[str, str] | None = None
        if self._last_place >= len(cells):
            problem = ("bad_row", "the row has fewer cells than the heading")
            return -1, (row.number, None, "", "", ",".join(cells), "", problem)
        alert_id, ticker, description, time_text = (cells[place] for place in self._places)
        time_text = time_text.strip()
        ns, moment = -1, None
        try:
            ns = self.times.ns(time_text)
            moment = from_ns(ns)
        except NoZone:
            time_text = self.times.wall_text(time_text)
        except (ValueError, OverflowError):
            pass  # the log's reader names it
        return ns, (row.number, moment, alert_id.strip(), ticker.strip(), description, time_text, problem)

    def _look(self) -> bool:
        """Counts the rows, settles the order of day and month, and says whether the newest stand first."""
        falls = rises = 0
        before = ""
        is_iso = True
        place = self._places[-1]
        for row in self.table.rows():
            self.count += 1
            text = row.cells[place].strip() if place < len(row.cells) else ""
            if text[4:5] == "-" and text[10:11] in ("T", " "):
                falls += text < before
                rises += text > before and before != ""
                before = text
            elif text.lower() not in _NO_TIME:
                is_iso = False
                self.times.look(text)
        self.times.settle()
        return falls > rises if is_iso else self._falls()

    def _falls(self) -> bool:
        """Whether times fall more often than they rise, read one by one."""
        falls = rises = 0
        before: int | None = None
        for row in self.table.rows():
            ns = self.event(row)[0]
            if ns >= 0:
                falls += before is not None and ns < before
                rises += before is not None and ns > before
                before = ns
        self.times.doubled = self.times.never = 0
        return falls > rises


@lru_cache(maxsize=4096)
def _ticker(cell: str) -> tuple[str | None, str | None]:
    """``OANDA:XAUUSD, 5m`` -> (``OANDA:XAUUSD``, ``5m``)."""
    ticker, *rest = (part.strip() for part in cell.split(","))
    for part in rest:
        try:
            return ticker or None, timeframes.normalise(part)
        except ValueError:
            continue
    return ticker or None, None

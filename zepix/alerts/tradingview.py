"""TradingView's own alert-log export (CSV: Alert ID, Ticker, Name, Description, Time) as rows of an alert log.

- The export's *Alert ID* names the alert's definition, not the event: it becomes ``source_id``; ``id`` is made of it,
  the time and a counter (``3698684433-20260106T073001Z-1``).
- The *Ticker* column (``OANDA:XAUUSD, 5m``) stands beside the body as ``ticker`` and ``timeframe``; the parser takes
  from there what the body left as ``{{ticker}}`` or ``{{interval}}``.
- Files that run from the newest to the oldest are reversed, then everything is sorted by time, stably: two alerts of
  one second keep the order in which they fired.
- Rows that several files share are taken once: the whole row is compared. A row that one file holds twice stays so.
- A time without a zone is set aside (``no_timezone``) unless ``zone`` names it; a missing one is ``bad_time``.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.payload import shown
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import LogRow, UniqueIds, read_row
from zepix.alerts.timestamps import NoZone, from_ns, to_ns
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quarantined
from zepix.model import timeframe as timeframes

__all__ = ["TradingViewImport", "export_rows", "import_tradingview", "looks_like_export"]

_REQUIRED: Final = ("alert id", "ticker", "description", "time")
_DELIMITERS: Final = ",;\t"
_NO_TIME: Final = frozenset({"", "nan", "nat", "none", "null"})


@dataclass(slots=True)
class TradingViewImport:
    """Rows in order of time, what they were read as, and ``report``: what the importer did, in numbers."""

    log_rows: list[LogRow]
    rows: list[Alert | Quarantined]
    report: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Event:
    """A line of an export: its cells, where it came from, and its time if it has one."""

    number: int
    cells: tuple[str, ...]
    alert_id: str
    ticker: str
    description: str
    time_text: str
    time_ns: int | None = None
    is_complete: bool = True


def looks_like_export(path: Path) -> bool:
    """Whether the file's first line has the columns of an export."""
    try:
        with path.open("r", encoding="utf-8-sig", errors="replace", newline="") as handle:
            first = handle.readline(4096)
    except OSError:
        return False
    return not first.lstrip().startswith("{") and _columns(first)[1] is not None


def import_tradingview(
    paths: Sequence[str | Path],
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    ids: UniqueIds | None = None,
) -> TradingViewImport:
    """Reads one or several exports as one log, and reports what it did.

    Raises DataError for a file that is missing, empty or has not the columns of an export.
    """
    log_rows, report = export_rows(paths, zone)
    processor, ids = AlertProcessor(catalogue, symbol_map), ids or UniqueIds()
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


def export_rows(paths: Sequence[str | Path], zone: tzinfo | None = None) -> tuple[list[LogRow], dict[str, Any]]:
    """The rows of the exports in order of time, not yet understood, and a report per file. Raises DataError.

    ``number`` of a row is its place in its own file, from 1, the heading not counted.
    """
    merged: list[_Event] = []
    most: Counter[tuple[str, ...]] = Counter()
    files: list[dict[str, Any]] = []
    for path in map(Path, paths):
        events = list(_read_export(path))
        for event in events:
            _set_time(event, zone)
        is_reversed = _is_newest_first(events)
        if is_reversed:
            events.reverse()
        here: Counter[tuple[str, ...]] = Counter()
        kept = []
        for event in events:
            here[event.cells] += 1
            if here[event.cells] > most[event.cells]:
                most[event.cells] += 1
                kept.append(event)
        merged += kept
        facts = {"path": str(path), "rows": len(events), "reversed": is_reversed, "merged": len(events) - len(kept)}
        files.append(facts)
    if not any(facts["rows"] for facts in files):
        raise DataError(f"{', '.join(map(str, paths))}: no alert in the export; at least one row was expected")
    merged.sort(key=lambda event: -1 if event.time_ns is None else event.time_ns)
    report = {"files": files, "rows": len(merged), "merged": sum(facts["merged"] for facts in files)}
    return list(_log_rows(merged)), report


def _read_export(path: Path) -> Iterator[_Event]:
    try:
        with path.open("r", encoding="utf-8-sig", errors="surrogateescape", newline="") as handle:
            first = handle.readline(4096)
            delimiter, places = _columns(first)
            if places is None:
                found = "nothing" if not first.strip() else shown(first.strip())
                raise DataError(
                    f"{path}: the columns Alert ID, Ticker, Description and Time were expected, not {found}"
                )
            reader = csv.reader(handle, delimiter=delimiter)
            number = 0
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    number += 1
                    yield _event(number, tuple(cells), places)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror or error}); an alert-log export was expected"
        ) from error
    except csv.Error as error:
        raise DataError(f"{path}: no CSV after row {number} ({error}); export the alert log again") from error


def _columns(first: str) -> tuple[str, dict[str, int] | None]:
    """(delimiter, place of each column) of a heading, or no places if it is none."""
    for delimiter in _DELIMITERS:
        try:
            names = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter), [])]
        except csv.Error:
            continue
        if all(name in names for name in _REQUIRED):
            return delimiter, {name: names.index(name) for name in _REQUIRED}
    return ",", None


def _event(number: int, cells: tuple[str, ...], places: Mapping[str, int]) -> _Event:
    if max(places.values()) >= len(cells):
        return _Event(number, cells, "", "", ",".join(cells), "", is_complete=False)
    picked = (cells[places[name]] for name in _REQUIRED)
    alert_id, ticker, description, time_text = picked
    return _Event(number, cells, alert_id.strip(), ticker.strip(), description, time_text.strip())


def _set_time(event: _Event, zone: tzinfo | None) -> None:
    try:
        event.time_ns = to_ns(event.time_text, zone)
    except (NoZone, ValueError, OverflowError):
        event.time_ns = None


def _is_newest_first(events: Sequence[_Event]) -> bool:
    times = [event.time_ns for event in events if event.time_ns is not None]
    falls = sum(later < earlier for earlier, later in pairwise(times))
    rises = sum(later > earlier for earlier, later in pairwise(times))
    return falls > rises


def _log_rows(events: Iterable[_Event]) -> Iterator[LogRow]:
    counters: Counter[str] = Counter()
    for event in events:
        moment = None if event.time_ns is None else from_ns(event.time_ns)
        stamp = "notime" if moment is None else moment[:19].replace("-", "").replace(":", "") + "Z"
        name = f"{event.alert_id or 'unnamed'}-{stamp}"
        counters[name] += 1
        ticker, period = _ticker(event.ticker)
        text = event.time_text
        yield LogRow(
            number=event.number,
            received_at=moment or (None if text.lower() in _NO_TIME else text),
            payload=event.description,
            id=f"{name}-{counters[name]}",
            source_id=event.alert_id or None,
            ticker=ticker,
            timeframe=period,
            problem=None if event.is_complete else ("bad_row", "the row has fewer cells than the heading"),
        )


def _ticker(cell: str) -> tuple[str | None, str | None]:
    """``OANDA:XAUUSD, 5m`` -> (``OANDA:XAUUSD``, ``5m``)."""
    ticker, *rest = (part.strip() for part in cell.split(","))
    for part in rest:
        try:
            return ticker or None, timeframes.normalise(part)
        except ValueError:
            continue
    return ticker or None, None

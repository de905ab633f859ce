"""``zx.alerts``: alerts as a notebook has them, from log files, from Alert objects or from a DataFrame.

A DataFrame is either a log (columns ``received_at`` and ``payload``) or a table of alerts: a time in the index or in
``received_at`` or ``time``, and the words of the plain dialect as columns (``type``, ``symbol``, ``side``, ``volume``,
``sl_pips``, ...). Its rows become bodies of that dialect and are read as any sender's, so that they can be saved as a
log, and a row that cannot be understood is set aside with its reason. Times without a zone are refused.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zepix.alerts.inbox_log import log_file
from zepix.alerts.log import checksum_of, read_logs, write_log
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import LogRow, UniqueIds, in_order, read_row
from zepix.alerts.timestamps import from_ns
from zepix.config.keys import near
from zepix.data import default_catalogue, load_instruments
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Quantity, Quarantined
from zepix.research.said_lines import SaysLines

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alerts", "alerts_of_bodies", "catalogue_with", "read_alerts", "times_ns"]

Row = Alert | Quarantined
WORDS: Final = (
    *("type", "symbol", "side", "volume", "sl", "tp", "price", "strategy", "plugin_hint", "timeframe", "id", "comment"),
    *("order_type", "entry_price", "limit_price", "expires_s", "ref", "oco", "close_frac", "break_even_points"),
    *(f"{level}_{unit}" for level in ("sl", "tp") for unit in ("pips", "points", "distance", "percent")),
)
"""Columns of a table of alerts."""
_TIMES: Final = ("received_at", "time")
_LOG: Final = ("received_at", "payload")
_ROWS_LIMIT: Final = 5_000_000
_COLUMNS: Final = (
    "received_ns",
    "id",
    "type",
    "symbol",
    "side",
    "strategy",
    "timeframe",
    "price",
    "volume",
    "sl",
    "tp",
)


class Alerts(SaysLines, Sequence[Row]):
    """Alerts and set-aside rows in order of arrival; prints what they are, opens up by ``frame()``.

    ``checksums`` are those of the files they came from, ``facts`` what was found while reading.
    """

    def __init__(
        self, rows: Iterable[Row], *, checksums: Mapping[str, str] | None = None, facts: Mapping[str, Any] | None = None
    ) -> None:
        self.rows = in_order(rows)
        self.checksums = dict(checksums or {})
        self.facts = dict(facts or {})

    @property
    def alerts(self) -> list[Alert]:
        """Those that could be understood."""
        return [row for row in self.rows if isinstance(row, Alert)]

    @property
    def quarantined(self) -> list[Quarantined]:
        """Those that could not; each has a ``reason`` and a ``detail``."""
        return [row for row in self.rows if isinstance(row, Quarantined)]

    def frame(self) -> pd.DataFrame:
        """One row an alert, those set aside included (``reason`` says why); ``received_at`` is aware, in UTC."""
        import pandas as pd

        found = pd.DataFrame([_told(row) for row in self.rows], columns=[*_COLUMNS, "comment", "reason", "raw"])
        stamps = [pd.NaT.value if row.received_ns is None else row.received_ns for row in self.rows]
        found["received_ns"] = pd.to_datetime(pd.Series(stamps, dtype="int64"), unit="ns", utc=True)
        return found.rename(columns={"received_ns": "received_at"})

    def save(self, path: str | PathLike[str]) -> Path:
        """Writes them as a log, Parquet or JSON lines by the name's ending; returns the path. Raises DataError."""
        bodiless = [row.id for row in self.rows if not row.raw]
        if bodiless:
            raise DataError(
                f"{len(bodiless)} of {len(self.rows)} alerts have no body that could be written ({bodiless[0]} is the "
                "first): they were made as objects; make them by zx.alerts(frame) or zx.alerts.from_signals"
            )
        write_log(Path(path), self.rows)
        return Path(path)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> Alerts: ...
    def __getitem__(self, place: int | slice) -> Row | Alerts:
        return Alerts(self.rows[place]) if isinstance(place, slice) else self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def lines(self) -> list[str]:
        """What printing shows: how many, of what, from when to when, and what was set aside."""
        known, aside = self.alerts, self.quarantined
        said = [f"{_count(len(known), 'alert')}{_span(known)}"]
        if known:
            said.append("types " + _counted(row.type for row in known))
            said.append("symbols " + _counted(row.symbol for row in known))
            said.append("strategies " + _counted(row.strategy or "(none named)" for row in known))
        if aside:
            said.append(f"warning: {_count(len(aside), 'row')} set aside: " + _counted(row.reason for row in aside))
            said.append(f"  the first: {aside[0].id}: {aside[0].detail[:200]}")
        return said

    def __repr__(self) -> str:
        return f"<Alerts {len(self.alerts):,}, {len(self.quarantined):,} set aside>"


def read_alerts(
    source: Any,
    *,
    instruments: str | PathLike[str] | None = None,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: str | tzinfo | None = None,
) -> Alerts:
    """Alerts of a log file or several, of Alert objects, or of a DataFrame (see the top of this file).

    instruments: a TOML file of your own symbols. symbol_map: what a sender calls a symbol and what the catalogue does.
    zone: of a TradingView export whose times name none (``"Europe/Berlin"``). Raises ConfigError and DataError.
    """
    if isinstance(source, Alerts):
        return source
    catalogue = catalogue_with(instruments)
    if hasattr(source, "columns") and hasattr(source, "index"):
        return _of_frame(source, AlertProcessor(catalogue, symbol_map))
    given: list[Any] = [source] if isinstance(source, str | PathLike) else list(source)
    if not given:
        raise ConfigError("no alerts: name a log file, Alert objects or a DataFrame")
    if all(isinstance(one, Alert | Quarantined) for one in given):
        return Alerts(given)
    if not all(isinstance(one, str | PathLike) for one in given):
        kinds = sorted({type(one).__name__ for one in given})
        raise ConfigError(f"alerts are log files, Alert objects or a DataFrame, not {', '.join(kinds)}")
    paths = [log_file(Path(one)) for one in given]
    log = read_logs(paths, catalogue, symbol_map=symbol_map, zone=_zone(zone))
    return Alerts(log.rows, checksums={path.name: checksum_of(path) for path in paths}, facts=log.facts)


def catalogue_with(instruments: str | PathLike[str] | None) -> Catalogue:
    """The shipped instruments, and those of a file over them."""
    catalogue = default_catalogue()
    return catalogue if instruments is None else catalogue.with_instruments(load_instruments(Path(instruments)))


def alerts_of_bodies(
    bodies: Iterable[tuple[int, Mapping[str, Any]]], catalogue: Catalogue | AlertProcessor, source: str
) -> Alerts:
    """Alerts of (time of arrival in ns, body of the plain dialect), each with its text as a sender would send it."""
    reader = catalogue if isinstance(catalogue, AlertProcessor) else AlertProcessor(catalogue)
    ids = UniqueIds()
    rows = []
    for number, (received_ns, body) in enumerate(bodies, 1):
        text = json.dumps(body, separators=(",", ":"))
        row = LogRow(number, received_at=from_ns(received_ns), payload=text, id=body.get("id"), source=source)
        rows.append(read_row(row, reader, ids))
    digest = hashlib.sha256("\n".join(f"{row.received_ns} {row.raw}" for row in rows).encode()).hexdigest()
    return Alerts(rows, checksums={source: digest})


def times_ns(values: Any, what: str) -> list[int]:
    """Nanoseconds since 1970 of a column or an index of aware times. Raises DataError for anything else."""
    import pandas as pd

    index = pd.DatetimeIndex([]) if len(values) == 0 else pd.Index(values)
    if not isinstance(index, pd.DatetimeIndex):
        try:
            index = pd.DatetimeIndex(index)
        except (ValueError, TypeError) as error:
            why = str(error)[:120]
            raise DataError(f"{what} holds no times ({why}); make it with pd.to_datetime(..., utc=True)") from None
    if index.tz is None:
        raise DataError(f"{what} has times without a zone; say which with .tz_localize('UTC') or another zone")
    if index.hasnans:
        raise DataError(f"{what} lacks a time in {int(index.isna().sum())} of {len(index)} rows")
    found: list[int] = index.tz_convert("UTC").as_unit("ns").asi8.tolist()
    return found


def _of_frame(frame: Any, reader: AlertProcessor) -> Alerts:
    if len(frame) > _ROWS_LIMIT:
        raise DataError(f"{len(frame):,} rows are more than a table of alerts may have ({_ROWS_LIMIT:,}); write a log")
    names = [str(name) for name in frame.columns]
    if set(_LOG) <= set(names):
        return _of_log(frame, reader)
    place = next((name for name in _TIMES if name in names), None)
    problems = _columns_wrong(names, place)
    if problems:
        raise ConfigError(problems)
    times = times_ns(frame.index if place is None else frame[place], "the index" if place is None else f"{place!r}")
    said = [name for name in names if name != place]
    columns = [[_value(value) for value in frame[name].tolist()] for name in said]
    bodies = (
        (ns, {"type": "entry"} | {name: value for name, value in zip(said, row, strict=True) if value is not None})
        for ns, row in zip(times, zip(*columns, strict=True), strict=True)
    )
    return alerts_of_bodies(bodies, reader, "frame")


def _of_log(frame: Any, reader: AlertProcessor) -> Alerts:
    """A DataFrame with the columns of a log."""
    times = times_ns(frame["received_at"], "'received_at'")
    names = [name for name in ("payload", "id", "source", "source_id", "ticker", "timeframe") if name in frame.columns]
    columns = {name: [_value(value) for value in frame[name].tolist()] for name in names}
    ids = UniqueIds()
    rows = [
        read_row(LogRow(n + 1, received_at=from_ns(ns), **{name: columns[name][n] for name in names}), reader, ids)
        for n, ns in enumerate(times)
    ]
    return Alerts(rows)


def _columns_wrong(names: Sequence[str], place: str | None) -> list[str]:
    known = (*WORDS, *_TIMES)
    problems = [
        f"column {name!r} is no word of an alert{near(name, known) or '; known are ' + ', '.join(known)}"
        for name in names
        if name not in WORDS and name != place
    ]
    return problems + [f"column {name!r} is missing" for name in ("symbol",) if name not in names]


def _value(value: Any) -> Any:
    """A cell as JSON has it; None for what is missing."""
    if isinstance(value, str | bool | dict) or value is None:
        return value
    if isinstance(value, int | float):
        return None if value != value else value  # noqa: PLR0124 - not a number
    if hasattr(value, "item"):
        return _value(value.item())
    text = str(value)
    return None if text in ("NaT", "<NA>", "nan") else text


def _zone(zone: str | tzinfo | None) -> tzinfo | None:
    if not isinstance(zone, str):
        return zone
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise ConfigError(f"zone {zone!r} is unknown; examples: UTC, Europe/Berlin, America/New_York") from None


def _told(row: Row) -> dict[str, Any]:
    if isinstance(row, Quarantined):
        return {
            "received_ns": row.received_ns,
            "id": row.id,
            "type": "quarantined",
            "reason": row.reason,
            "raw": row.raw,
        }
    found = {name: getattr(row, name) for name in (*_COLUMNS, "comment", "raw")}
    words = {name: str(value) for name, value in found.items() if isinstance(value, Quantity)}
    return {**found, **words, "side": None if row.side is None else row.side.value, "reason": ""}


def _counted(words: Iterable[str]) -> str:
    counts = Counter(words).most_common()
    more = f" and {len(counts) - 6} more" if len(counts) > 6 else ""
    return ", ".join(f"{word} {n:,}" for word, n in counts[:6]) + more


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _span(rows: Sequence[Alert]) -> str:
    if not rows:
        return ""
    first, last = (from_ns(one.received_ns)[:16].replace("T", " ") for one in (rows[0], rows[-1]))
    return f", {first} to {last} UTC"

"""Files in, one alert log out: read, put in order of time, understood for the report, written; row by row.

The rows are written as they came (repairs are made when the log is read), without the secrets in them. What the report
says of alerts, reasons and repairs is what reading the written log will give.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from zepix.alerts.imports.sources import ImportOptions, Source, TradeSource, sources_of
from zepix.alerts.imports.spooled import in_time_order, log_rows
from zepix.alerts.imports.tables import LinesTable
from zepix.alerts.imports.trade_table import write_trade_table
from zepix.alerts.log import write_log
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import LogRow, UniqueIds, read_row, row_ns
from zepix.alerts.secrets import BLOT, redact_row
from zepix.alerts.timestamps import from_ns
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["Tally", "import_sources"]

_TRADES: Final = ".trades.parquet"
_DECODER: Final = json.JSONDecoder(strict=False)
_EXIT_SIZE: Final = "set exit_size to all"


class Tally:
    """Counts what rows are as they pass: alerts, reasons, repairs, symbols, the first and the last time."""

    def __init__(self, processor: AlertProcessor) -> None:
        self._processor = processor
        self._ids = UniqueIds()
        self.rows = self.alerts = 0
        self.reasons: Counter[str] = Counter()
        self.repairs: Counter[str] = Counter()
        self.symbols: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self.dialects: Counter[str] = Counter()
        self.exits_of_a_size: Counter[str] = Counter()
        self.first: int | None = None
        self.last: int | None = None

    def of(self, rows: Iterable[LogRow]) -> Iterator[LogRow]:
        """The same rows, without secrets, counted."""
        for row in rows:
            found = read_row(row, self._processor, self._ids)
            self._count(found)
            yield _without_secrets(row, found)

    def _count(self, found: Alert | Quarantined) -> None:
        self.rows += 1
        ns = found.received_ns
        if ns is not None:
            self.first = ns if self.first is None or ns < self.first else self.first
            self.last = ns if self.last is None or ns > self.last else self.last
        if isinstance(found, Quarantined):
            self.reasons[found.reason] += 1
            if _EXIT_SIZE in found.detail and found.dialect is not None:
                self.exits_of_a_size[found.dialect] += 1
            return
        self.alerts += 1
        self.symbols[found.symbol] += 1
        self.types[found.type] += 1
        self.dialects[found.dialect] += 1
        if found.repairs:
            self.repairs.update({note.partition(":")[0] for note in found.repairs})

    def report(self) -> dict[str, Any]:
        """The counts by name; times as ISO 8601."""
        return {
            "alerts": self.alerts,
            "quarantined": dict(sorted(self.reasons.items())),
            "repaired_tickers": self.repairs["symbol"],
            "repaired_timeframes": self.repairs["timeframe"],
            "prices_left_open": self.repairs["price"],
            "other_repairs": {
                name: count
                for name, count in sorted(self.repairs.items())
                if name not in ("symbol", "timeframe", "price")
            },
            "types": dict(sorted(self.types.items())),
            "dialects": dict(sorted(self.dialects.items())),
            "symbols": dict(sorted(self.symbols.items())),
            "first": None if self.first is None else from_ns(self.first),
            "last": None if self.last is None else from_ns(self.last),
        }


def _without_secrets(row: LogRow, found: Alert | Quarantined) -> LogRow:
    """The row as it came, without the secrets that were blotted out as it was understood (``found.raw``).

    They are not looked for again: that took longer than all the rest, and knew less (a table of one's own may name
    places of secrets). What was too large to be understood is kept cut, so there the row itself is looked through.
    """
    if found.raw == (row.text or row.payload):
        return row
    if isinstance(found, Quarantined) and found.reason in ("too_large", "too_deep"):
        return redact_row(row)
    if BLOT not in found.raw:
        return row
    if isinstance(row.payload, str):
        return LogRow(row.number, row.received_at, found.raw, *row[3:])  # a third of the time of _replace
    try:
        payload = _DECODER.decode(found.raw)
    except (ValueError, RecursionError):
        return redact_row(row)
    if not isinstance(payload, Mapping):
        return redact_row(row)
    return LogRow(row.number, row.received_at, payload, *row[3:9], None if row.text is None else found.raw)


def import_sources(
    paths: Sequence[Path],
    target: Path,
    catalogue: Catalogue,
    processor: AlertProcessor,
    options: ImportOptions,
    *,
    overwrite: bool = False,
    trades_out: Path | None = None,
) -> dict[str, Any]:
    """Writes one log of all files and reports what was done; TradingView's own trades go to a table beside it.

    Raises ConfigError and DataError before anything is written, DataError where something cannot be.
    """
    _check_target(target, paths, overwrite)
    sources = sources_of(list(paths), catalogue, processor, options)
    lists = [one for one in sources if isinstance(one, TradeSource)]
    beside = (trades_out or target.with_suffix(_TRADES)) if lists else None
    if beside is not None:
        _check_target(beside, [*paths, target], overwrite)
    elif trades_out is not None:
        raise ConfigError(f"--trades {trades_out}: none of the files is a List of trades")
    tally = Tally(processor)
    written = write_log(target, tally.of(_ordered(sources)), is_clean=True)
    if not written:
        raise DataError(f"{', '.join(map(str, paths))}: no row in it; the log was left empty")
    report: dict[str, Any] = {"files": [facts for one in sources for facts in one.facts()], "rows": tally.rows}
    report["merged"] = sum(facts.get("merged", 0) for facts in report["files"])
    report |= tally.report()
    report |= {"written": written, "out": str(target)}
    if beside is not None:
        report["trades"] = _write_trades(beside, lists)
        report["trades_out"] = str(beside)
    advice = _advice(sources, tally, options)
    return report | ({"advice": advice} if advice else {})


def _check_target(target: Path, paths: Sequence[Path], overwrite: bool) -> None:
    if any(target.resolve() == path.resolve() for path in paths):
        raise ConfigError(f"{target} is also a file to import; choose another name for the result")
    if target.exists() and not overwrite:
        raise DataError(f"{target} is already there; say --overwrite to replace it, or choose another name")


def _ordered(sources: Sequence[Source]) -> Iterator[LogRow]:
    """All rows in order of time, those of one moment as they came; what has no readable time first."""
    if len(sources) == 1 and sources[0].is_ordered:
        return sources[0].rows()
    return log_rows(in_time_order(_keyed(sources)))


def _keyed(sources: Sequence[Source]) -> Iterator[tuple[int, int, tuple[Any, ...]]]:
    number = 0
    is_alone = len(sources) == 1
    for source in sources:
        for row in source.rows():
            number += 1
            ns = row_ns(row)
            yield -1 if ns is None else ns, number, row if is_alone else row._replace(number=number)


def _write_trades(path: Path, lists: Sequence[TradeSource]) -> int:
    trades = [pair for one in lists for pair in one.trades]
    draft = path.with_name(f".{path.name}.{os.getpid()}.part{path.suffix}")
    try:
        count = write_trade_table(draft, trades)
        draft.replace(path)
    except OSError as error:
        raise DataError(f"{path} could not be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return count


def _advice(sources: Sequence[Source], tally: Tally, options: ImportOptions) -> list[str]:
    """Sentences on what would make more of the rows alerts."""
    said = []
    if tally.reasons["no_timezone"] and options.zone is None:
        said.append(f"{tally.reasons['no_timezone']} rows name no time zone; say --zone")
    said += [
        f"{count} exits of a size were set aside, while entries trade; where an exit closes all of its side, "
        f"set dialects.{name}.exit_size=all"
        for name, count in sorted(tally.exits_of_a_size.items())
    ]
    if tally.reasons["bad_row"] == tally.rows and all(one.kind == "alert log" for one in sources):
        keys = _keys(sources)
        if keys:
            said.append(f"no line has a payload; say --columns payload=KEY,received_at=KEY (keys: {', '.join(keys)})")
    for facts in (facts for one in sources for facts in one.facts()):
        said += [
            f"{facts['path']}: cells of {name} are no numbers ({told}), and no unit is guessed; prices are prices here "
            f"and volumes lots: convert them, or write --values {name}:CELL=NUMBER"
            for name, told in facts.get("no_numbers", {}).items()
        ]
        if facts.get("times_that_never_were"):
            said.append(f"{facts['path']}: times fall into an hour that a clock change left out; is --zone right?")
    return said


def _keys(sources: Sequence[Source]) -> Mapping[str, None] | list[str]:
    path = next((Path(facts["path"]) for one in sources for facts in one.facts()), None)
    if path is None or path.suffix.lower() in (".parquet", ".pq"):
        return []
    return list(LinesTable(path).headings[:12])

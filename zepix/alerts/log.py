"""Alert logs: JSON lines, Parquet, and TradingView's export, read into alerts; written whole or not at all.

The format is known by what is in the file: ``PAR1`` is Parquet, the heading of an export is an export, all else JSON
lines. Reading never fails for a row, only for a file: what cannot be understood is a quarantined row with its reason.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zepix.alerts.imports.recognise import looks_like_trades
from zepix.alerts.inbox_log import INBOX_START, checksum_of_inbox, log_file, read_inbox
from zepix.alerts.jsonl_log import read_jsonl, write_jsonl
from zepix.alerts.parquet_log import read_parquet, write_parquet
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import ROWS_LIMIT, AlertLog, LogRow, UniqueIds, read_row, row_of
from zepix.alerts.secrets import redact_row
from zepix.alerts.timestamps import from_ns
from zepix.alerts.tradingview import export_rows, import_tradingview, looks_like_export
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["checksum_of", "counts", "format_of", "iterate_rows", "read_log", "read_logs", "write_log"]

_READERS = {"parquet": read_parquet, "inbox": read_inbox}
_PARQUET_NAMES = frozenset({".parquet", ".pq"})
_EXPECTED = "expected is a log of JSON lines (.jsonl) or Parquet, or TradingView's alert-log export (.csv)"


def format_of(path: Path) -> str:
    """``parquet``, ``tradingview``, ``inbox`` (a runner's) or ``jsonl``.

    Raises DataError for a file that is missing, empty or unreadable, and for a List of trades, which is no log.
    """
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; {_EXPECTED}")
        with path.open("rb") as handle:
            start = handle.read(64)
    except FileNotFoundError:
        raise DataError(f"alert log {path} does not exist; {_EXPECTED}") from None
    except OSError as error:
        raise DataError(f"alert log {path} cannot be read ({error.strerror or error}); {_EXPECTED}") from error
    if not start:
        raise DataError(f"alert log {path} is empty; {_EXPECTED}")
    suffix = path.suffix.lower()
    if start.startswith(b"PAR1") or suffix in _PARQUET_NAMES:
        return "parquet"
    if start.startswith(b"{"):
        return "jsonl"
    if start.startswith(INBOX_START):
        return "inbox"
    if looks_like_export(path):
        return "tradingview"
    if looks_like_trades(path):
        raise DataError(
            f"{path} is no alert log but a List of trades; make one of it: "
            f"zepix alerts import {path.name} --zone ZONE --out alerts.jsonl"
        )
    return "tradingview" if suffix == ".csv" else "jsonl"


def iterate_rows(path: Path, zone: tzinfo | None = None) -> Iterator[LogRow]:
    """The rows of one file, not yet understood; an export's in order of time; of a runner's folder its inbox's.

    Raises DataError.
    """
    path = log_file(path)
    kind = format_of(path)
    if kind == "tradingview":
        yield from export_rows([path], zone)[0]
        return
    for row in _READERS.get(kind, read_jsonl)(path):
        if row.number > ROWS_LIMIT:
            raise DataError(f"{path} has more than {ROWS_LIMIT:,} rows; split it")
        yield row


def read_log(
    path: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    ids: UniqueIds | None = None,
    processor: AlertProcessor | None = None,
) -> AlertLog:
    """Every row of a log as an Alert or a quarantined row, in the order of the file (an export: in order of time).

    ``symbol_map`` maps a sender's symbols to the catalogue's; ``zone`` is for exports whose times name none; ``ids``
    keeps ids apart across several logs; ``processor`` reads the bodies where one with settings of its own is at hand
    (``symbol_map`` is then its matter). Raises DataError for a file that is missing, empty or has not the columns.
    """
    path = log_file(Path(path))
    kind = format_of(path)
    ids = ids or UniqueIds()
    facts: dict[str, Any] = {"path": str(path), "format": kind, "sha256": checksum_of(path)}
    if kind == "tradingview":
        imported = import_tradingview([path], catalogue, symbol_map=symbol_map, zone=zone, ids=ids, processor=processor)
        rows, facts["import"] = imported.rows, imported.report
    else:
        processor = processor or AlertProcessor(catalogue, symbol_map)
        rows = [read_row(row, processor, ids) for row in iterate_rows(path, zone)]
    if not rows:
        raise DataError(f"alert log {path} has no rows; {_EXPECTED}")
    return AlertLog(rows, facts | counts(rows))


def read_logs(
    paths: Sequence[str | Path],
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    processor: AlertProcessor | None = None,
) -> AlertLog:
    """Several logs as one: ids are unique in all of them, and exports are merged (a row they share counts once).

    ``facts["files"]`` holds the facts of each. Raises DataError as ``read_log`` does.
    """
    ids, rows, files = UniqueIds(), [], []
    found = [log_file(Path(path)) for path in paths]
    exports = [path for path in found if format_of(path) == "tradingview"]
    for path in found:
        if path not in exports or len(exports) == 1:
            log = read_log(path, catalogue, symbol_map=symbol_map, zone=zone, ids=ids, processor=processor)
            rows += log.rows
            files.append(log.facts)
        elif path == exports[0]:
            imported = import_tradingview(
                exports, catalogue, symbol_map=symbol_map, zone=zone, ids=ids, processor=processor
            )
            rows += imported.rows
            files += [
                {"format": "tradingview", "sha256": checksum_of(Path(facts["path"])), **facts}
                for facts in imported.report["files"]
            ]
    return AlertLog(rows, {"files": files} | counts(rows))


def write_log(path: str | Path, rows: Iterable[LogRow | Alert | Quarantined], *, is_clean: bool = False) -> int:
    """Writes a log, Parquet by the name's ending and JSON lines otherwise, and gives how many rows it has.

    Secrets are blotted out of rows as they are written; ``is_clean`` says that whoever made them has done so already.
    The file is replaced in one step: it is never seen half written. Raises DataError where it cannot be written.
    """
    path = Path(path)
    write = write_parquet if path.suffix.lower() in _PARQUET_NAMES else write_jsonl
    clean = (lambda row: row) if is_clean else redact_row
    log_rows = (clean(row) if isinstance(row, LogRow) else row_of(row, number) for number, row in enumerate(rows, 1))
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        count = write(draft, log_rows)
        draft.replace(path)
    except OSError as error:
        raise DataError(
            f"{path} could not be written ({error.strerror or error}); "
            "is the folder there and writable, and the old file closed in other programs?"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return count


def checksum_of(path: Path) -> str:
    """SHA-256 of a log: of its file's bytes, of an inbox of what it holds. Raises DataError for a damaged inbox."""
    path = log_file(path)
    with path.open("rb") as handle:
        is_inbox = handle.read(len(INBOX_START)) == INBOX_START
    if is_inbox:
        return checksum_of_inbox(path)
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def counts(rows: Sequence[Alert | Quarantined]) -> dict[str, Any]:
    """How many alerts, of which dialects, types and symbols; how many quarantined, and why; from when to when."""
    alerts = [row for row in rows if isinstance(row, Alert)]
    reasons = Counter(row.reason for row in rows if isinstance(row, Quarantined))
    times = [row.received_ns for row in rows if row.received_ns is not None]
    return {
        "rows": len(rows),
        "alerts": len(alerts),
        "quarantined": len(rows) - len(alerts),
        "by_reason": dict(sorted(reasons.items())),
        "by_dialect": dict(sorted(Counter(alert.dialect for alert in alerts).items())),
        "by_type": dict(sorted(Counter(alert.type for alert in alerts).items())),
        "symbols": dict(sorted(Counter(alert.symbol for alert in alerts).items())),
        "first": from_ns(min(times)) if times else None,
        "last": from_ns(max(times)) if times else None,
    }

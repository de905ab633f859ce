"""What ``zepix alerts import | validate | show`` do, without a terminal: plain functions that give plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zepix.alerts.log import counts, format_of, iterate_rows, read_log, write_log
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import LogRow, UniqueIds, in_order, read_row, row_ns
from zepix.alerts.timestamps import from_ns
from zepix.alerts.tradingview import export_rows, import_tradingview
from zepix.alerts.validate import validate_rows
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["import_files", "show", "validate_rows"]


def import_files(
    paths: Sequence[str | Path],
    out: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Writes exports of TradingView (or other logs) as one log in order of time, and reports what was done.

    ``out`` is Parquet by its ending, else JSON lines. Raises ConfigError without files or where ``out`` is one of them,
    DataError for a file that cannot be read or written.
    """
    found, target = [Path(path) for path in paths], Path(out)
    if not found:
        raise ConfigError("no file to import; name at least one alert-log export")
    if any(target.resolve() == path.resolve() for path in found):
        raise ConfigError(f"{target} is also a file to import; choose another name for the result")
    if target.exists() and not overwrite:
        raise DataError(f"{target} is already there; say --overwrite to replace it, or choose another name")
    if all(format_of(path) == "tradingview" for path in found):
        imported = import_tradingview(found, catalogue, symbol_map=symbol_map, zone=zone)
        report = imported.report
        rows: list[LogRow] = imported.log_rows
    else:
        rows = _rows_in_order(found, zone)
        processor, ids = AlertProcessor(catalogue, symbol_map), UniqueIds()
        report = counts([read_row(row, processor, ids) for row in rows])
        report["quarantined"] = report.pop("by_reason")
    report["written"] = write_log(target, rows)
    report["out"] = str(target)
    return report


def _rows_in_order(paths: Sequence[Path], zone: tzinfo | None) -> list[LogRow]:
    """The rows as they stand in the files, exports merged, in order of time; those without a readable time first."""
    exports = [path for path in paths if format_of(path) == "tradingview"]
    rows = export_rows(exports, zone)[0] if exports else []
    rows += [row for path in paths if path not in exports for row in iterate_rows(path, zone)]
    numbered = [row._replace(number=number) for number, row in enumerate(rows, 1)]
    return sorted(numbered, key=lambda row: -1 if (moment := row_ns(row)) is None else moment)


def show(
    path: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    symbol: str | None = None,
    type: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """The rows of a log in order of time, for a table; by symbol and type, at most ``limit``. Raises DataError.

    Quarantined rows have a ``reason`` and no symbol, so a choice of symbol or type leaves them out.
    """
    rows = in_order(read_log(path, catalogue, symbol_map=symbol_map, zone=zone).rows)
    chosen = (
        row
        for row in rows
        if (symbol is None or (isinstance(row, Alert) and row.symbol == symbol))
        and (type is None or (isinstance(row, Alert) and row.type == type))
    )
    return [_shown(row) for row in islice(chosen, limit)]


def _shown(row: Alert | Quarantined) -> dict[str, Any]:
    found: dict[str, Any] = {"id": row.id, "received_at": None if row.received_ns is None else from_ns(row.received_ns)}
    found["dialect"] = row.dialect
    if isinstance(row, Quarantined):
        return found | {"reason": row.reason, "detail": row.detail, "raw": row.raw}
    side = None if row.side is None else row.side.value
    found |= {"type": row.type, "symbol": row.symbol, "side": side, "timeframe": row.timeframe, "signal": row.signal}
    found |= {"strategy": row.strategy, "price": row.price, "volume": row.volume, "sl": row.sl, "tp": row.tp}
    return found | {"repairs": list(row.repairs)}

"""What ``zepix alerts import | validate | show`` do, without a terminal: plain functions that give plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zepix.alerts.imports.pipeline import import_sources
from zepix.alerts.imports.sources import ImportOptions
from zepix.alerts.inbox_log import log_file
from zepix.alerts.log import read_log
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import in_order
from zepix.alerts.timestamps import from_ns
from zepix.alerts.validate import validate_rows
from zepix.errors import ConfigError
from zepix.model import Alert, Catalogue, Quantity, Quarantined

__all__ = ["import_files", "show", "validate_rows"]


def import_files(
    paths: Sequence[str | Path],
    out: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    overwrite: bool = False,
    date_order: str | None = None,
    decimal: str | None = None,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    symbol: str | None = None,
    received_at: str | None = None,
    volume_unit: str | None = None,
    strategy: str | None = None,
    id_prefix: str | None = None,
    trades_out: str | Path | None = None,
    processor: AlertProcessor | None = None,
) -> dict[str, Any]:
    """Writes exports of TradingView, logs or tables as one log in order of time, and reports what was done.

    ``out`` is Parquet by its ending, else JSON lines. docs/imports.md has each of the options; ``processor`` reads the
    bodies where one with settings of its own is at hand. Raises ConfigError without files, where ``out`` is one of them
    or where something must be said, DataError for a file that cannot be read or written.
    """
    found = [log_file(Path(path)) for path in paths]
    if not found:
        raise ConfigError("no file to import; name at least one alert-log export")
    options = ImportOptions(
        zone=zone,
        date_order=date_order,
        decimal=decimal,
        columns=columns,
        values=values,
        symbol=symbol,
        received_at=received_at,
        volume_unit=volume_unit,
        strategy=strategy,
        id_prefix=id_prefix,
    )
    return import_sources(
        found,
        Path(out),
        catalogue,
        processor or AlertProcessor(catalogue, symbol_map),
        options,
        overwrite=overwrite,
        trades_out=None if trades_out is None else Path(trades_out),
    )


def show(
    path: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    symbol: str | None = None,
    type: str | None = None,
    limit: int | None = None,
    processor: AlertProcessor | None = None,
) -> list[dict[str, Any]]:
    """The rows of a log in order of time, for a table; by symbol and type, at most ``limit``. Raises DataError.

    Quarantined rows have a ``reason`` and no symbol, so a choice of symbol or type leaves them out.
    """
    rows = in_order(read_log(path, catalogue, symbol_map=symbol_map, zone=zone, processor=processor).rows)
    chosen = (
        row
        for row in rows
        if (symbol is None or (isinstance(row, Alert) and row.symbol == symbol))
        and (type is None or (isinstance(row, Alert) and row.type == type))
    )
    return [_shown(row) for row in islice(chosen, limit)]


def _number(value: float | Quantity | None) -> float | str | None:
    """A price or lots as the number, anything else with its unit."""
    return str(value) if isinstance(value, Quantity) else value


def _shown(row: Alert | Quarantined) -> dict[str, Any]:
    found: dict[str, Any] = {"id": row.id, "received_at": None if row.received_ns is None else from_ns(row.received_ns)}
    found["dialect"] = row.dialect
    if isinstance(row, Quarantined):
        return found | {"reason": row.reason, "detail": row.detail, "raw": row.raw}
    side = None if row.side is None else row.side.value
    found |= {"type": row.type, "symbol": row.symbol, "side": side, "timeframe": row.timeframe, "signal": row.signal}
    numbers = {"price": row.price, "volume": row.volume, "sl": row.sl, "tp": row.tp}
    found |= {"strategy": row.strategy, **{name: _number(number) for name, number in numbers.items()}}
    return found | {"repairs": list(row.repairs)}

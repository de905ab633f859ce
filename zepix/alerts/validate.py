"""What each row of a log is: an alert, a duplicate, or set aside with a reason; in the order of the file.

Duplicates are judged as a replay would judge them: in order of receipt, with no ticket open (an exit that a replay lets
through because a ticket is open is therefore shown as a duplicate here).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.dedup import WINDOW_S, Deduplicator
from zepix.alerts.log import iterate_rows
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.rows import UniqueIds, read_row
from zepix.alerts.timestamps import from_ns
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["FIELDS", "validate_rows"]

FIELDS: Final = ("row", "status", "dialect", "type", "symbol", "side", "timeframe", "received_at", "reason")


def validate_rows(
    path: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    window_s: float = WINDOW_S,
    processor: AlertProcessor | None = None,
) -> Iterator[dict[str, Any]]:
    """One dict a row of the file with the keys of ``FIELDS``; what is unknown is None. Raises DataError.

    ``row`` counts from 1 (blank lines and an export's heading are no rows). ``reason`` is the word of quarantine, or
    ``duplicate_of:ID`` with the id of the first.
    """
    processor, ids = processor or AlertProcessor(catalogue, symbol_map), UniqueIds()
    read = [(row.number, read_row(row, processor, ids)) for row in iterate_rows(Path(path), zone)]
    if not read:
        raise DataError(f"alert log {path} has no rows; each line should hold received_at and payload")
    deduplicator = Deduplicator(window_s)
    first_of: dict[str, str | None] = {}
    for _, row in sorted(read, key=lambda pair: -1 if pair[1].received_ns is None else pair[1].received_ns):
        if isinstance(row, Alert):
            first_of[row.id] = deduplicator.check(row, open_before=False)
    for number, row in sorted(read, key=lambda pair: pair[0]):
        yield _line(number, row, first_of.get(row.id))


def _line(number: int, row: Alert | Quarantined, first: str | None) -> dict[str, Any]:
    received_at = None if row.received_ns is None else from_ns(row.received_ns)
    if isinstance(row, Quarantined):
        unknown = dict.fromkeys(("type", "symbol", "side", "timeframe"))
        found = {"row": number, "status": "quarantined", "dialect": row.dialect, **unknown}
        return found | {"received_at": received_at, "reason": row.reason}
    return {
        "row": number,
        "status": "alert" if first is None else "duplicate",
        "dialect": row.dialect,
        "type": row.type,
        "symbol": row.symbol,
        "side": None if row.side is None else row.side.value,
        "timeframe": row.timeframe,
        "received_at": received_at,
        "reason": None if first is None else f"duplicate_of:{first}",
    }

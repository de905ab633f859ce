"""TradingView's own trades as a table beside the log (Parquet or CSV), to compare a replay with; and back again."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from zepix.alerts.imports.tables import ParquetTable, Table, TextTable, cell_text
from zepix.alerts.imports.trade_list import ListedTrade
from zepix.alerts.timestamps import from_ns, to_ns
from zepix.errors import DataError

__all__ = ["TRADE_TABLE_COLUMNS", "is_trade_table", "read_trade_table", "safe_cell", "write_trade_table"]

TRADE_TABLE_COLUMNS: Final = (
    "alert_id", "trade", "part", "entry_trade", "symbol", "side", "quantity", "entry_time", "entry_price",
    "entry_signal", "exit_time", "exit_price", "exit_signal", "is_open", "pnl", "commission", "currency",
)  # fmt: skip
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")


def write_trade_table(path: Path, trades: Sequence[tuple[str, ListedTrade]]) -> int:
    """Writes (id of the entry alert, trade) one a row, Parquet by the name's ending, else CSV; gives how many.

    The file is written in place: lend it a draft.
    """
    if path.suffix.lower() not in (".parquet", ".pq"):
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(TRADE_TABLE_COLUMNS)
            writer.writerows([safe_cell(cell) for cell in _cells(name, trade)] for name, trade in trades)
        return len(trades)
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"quantity": pa.float64(), "entry_price": pa.float64(), "exit_price": pa.float64(), "pnl": pa.float64()}
    kinds |= {"commission": pa.float64(), "trade": pa.int64(), "part": pa.int64(), "entry_trade": pa.int64()}
    kinds |= {"is_open": pa.bool_()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in TRADE_TABLE_COLUMNS])
    columns = list(zip(*(_cells(name, trade) for name, trade in trades), strict=True))
    arrays = [list(column) for column in columns] or [[] for _ in TRADE_TABLE_COLUMNS]
    named = dict(zip(TRADE_TABLE_COLUMNS, arrays, strict=True))
    pq.write_table(pa.table(named, schema=schema), path, compression="zstd")
    return len(trades)


def is_trade_table(table: Table) -> bool:
    """Whether a table is one that ``write_trade_table`` wrote."""
    return set(TRADE_TABLE_COLUMNS) <= set(table.headings)


def read_trade_table(path: Path) -> list[tuple[str, ListedTrade]]:
    """(id of the entry alert, trade) of a table that was written here. Raises DataError for any other."""
    with path.open("rb") as handle:
        is_parquet = handle.read(4) == b"PAR1"
    table: Table = ParquetTable(path) if is_parquet else TextTable(path)
    if not is_trade_table(table):
        raise DataError(f"{path} has not the columns of a table of trades: {', '.join(TRADE_TABLE_COLUMNS)}")
    places = [table.headings.index(name) for name in TRADE_TABLE_COLUMNS]
    found = []
    for row in table.rows():
        cells = dict(zip(TRADE_TABLE_COLUMNS, (cell_text(row.cells[place]) for place in places), strict=True))
        try:
            found.append((cells["alert_id"], _trade(cells)))
        except (ValueError, KeyError) as why:
            raise DataError(f"{path} row {row.number}: {why}; import the List of trades again") from why
    return found


def safe_cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def _cells(name: str, trade: ListedTrade) -> tuple[Any, ...]:
    exit_time = None if trade.exit_ns is None else from_ns(trade.exit_ns)
    return (
        name, trade.number, trade.part, trade.entry_number, trade.symbol, trade.side, trade.quantity,
        from_ns(trade.entry_ns), trade.entry_price, trade.entry_signal, exit_time, trade.exit_price,
        trade.exit_signal, trade.is_open, trade.pnl, trade.commission, trade.currency,
    )  # fmt: skip


def _trade(cells: dict[str, str]) -> ListedTrade:
    return ListedTrade(
        number=int(cells["trade"]),
        side=cells["side"],
        entry_ns=to_ns(cells["entry_time"]),
        entry_price=_number(cells["entry_price"]),
        entry_signal=cells["entry_signal"],
        exit_ns=to_ns(cells["exit_time"]) if cells["exit_time"] else None,
        exit_price=_number(cells["exit_price"]),
        exit_signal=cells["exit_signal"],
        quantity=_number(cells["quantity"]),
        pnl=_number(cells["pnl"]),
        commission=_number(cells["commission"]),
        currency=cells["currency"],
        symbol=cells["symbol"],
        part=int(cells["part"]),
        entry_number=int(cells["entry_trade"]),
    )


def _number(text: str) -> float | None:
    if not text:
        return None
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(f"{text!r} is no number")
    return found


def rows_by_entry(trades: Sequence[tuple[str, ListedTrade]]) -> Iterator[tuple[str, list[ListedTrade]]]:
    """Trades of one entry alert together, in order of their numbers."""
    groups: dict[str, list[ListedTrade]] = {}
    for name, trade in trades:
        groups.setdefault(name, []).append(trade)
    yield from groups.items()

"""``TradeDatabase``: the product's name for the tables as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from types import TracebackType
from typing import Any, Final, Self

from zepix.errors import ConfigError
from zepix_live.storage.address import Address
from zepix_live.storage.database import Database
from zepix_live.storage.owning import owned
from zepix_live.storage.putting import put
from zepix_live.storage.searching import search
from zepix_live.storage.tables import TRADES
from zepix_live.storage.wording import SHADOW, at_of, clean, day_of

__all__ = ["TradeDatabase"]

_MADE: Final = {"entry_at", "exit_at", "day"}
_NUMBERS: Final = frozenset(column.name for column in TRADES.columns if column.type.python_type is int)
_MOST: Final = 1 << 62


class TradeDatabase:
    """Trades (one row a closing fill) and every other table of one database; several threads may share it."""

    def __init__(self, address: Address) -> None:
        """Opens nothing yet."""
        self.database: Final = Database(address)

    def load_trades(self, *, limit: int = 100, before: int | str | None = None, **wanted: Any) -> list[dict[str, Any]]:
        """Trades, newest first; ``wanted`` as in ``searching.search``. Raises ConfigError, StorageError."""
        return self.load("trades", limit=limit, before=before, **wanted)

    def load(
        self, table: str, *, limit: int = 100, before: int | str | None = None, **wanted: Any
    ) -> list[dict[str, Any]]:
        """Rows of any of the tables, newest first. Raises ConfigError, StorageError."""
        with self.database.reading() as connection:
            return search(connection, table, limit=limit, before=before, **wanted)

    def save_trade(self, trade: Mapping[str, Any]) -> None:
        """Keep a trade that no journal has (of another broker, by hand), or replace it; by ``book, ticket, part``.

        ``book`` (``shadow``), ``lots``, ``entry_price`` and ``exit_price`` may be left out, and what follows from times
        is made. A rebuild takes it away again: the tables are the journal's. While a runner projects into the same file
        it is refused. Raises ConfigError naming every fault, StorageError.
        """
        row = _row(trade)
        with owned(self.database.address) or nullcontext():
            self.database.migrate()
            with self.database.writing() as connection:
                put(connection, TRADES, [row])

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _row(trade: Mapping[str, Any]) -> dict[str, Any]:
    problems = [f"{ascii(name)[:60]} is no column of trades" for name in trade if name not in TRADES.c]
    row: dict[str, Any] = {}
    for column in TRADES.columns:
        if column.name in _MADE:
            continue
        value = trade.get(column.name, SHADOW if column.name == "book" else None)
        if value is None and not column.nullable:
            problems.append(f"{column.name} is missing")
        elif column.name in _NUMBERS and (type(value) is not int or abs(value) > _MOST):
            problems.append(f"{column.name} is a whole number, not {ascii(value)[:60]}")
        else:
            row[column.name] = value if column.name in _NUMBERS or value is None else clean(value)
    if problems:
        raise ConfigError([f"a trade cannot be saved: {one}" for one in problems])
    return {
        **row,
        "entry_at": at_of(row["entry_ns"]),
        "exit_at": at_of(row["exit_ns"]),
        "day": day_of(row["exit_ns"]),
    }

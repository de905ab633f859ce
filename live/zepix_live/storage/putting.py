"""Rows into a table: new ones are added, those that are there become as given.

By the drivers' own ways for many rows, since a rebuild puts millions: SQLite takes tuples, PostgreSQL a COPY into a
table of the connection's own, from which one statement goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["put"]

COPIED_FROM: Final = 100
"""So many rows are copied; fewer go one by one, without a table in between."""


@cache
def _names(table: Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns)


@cache
def _picker(table: Table) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    return itemgetter(*_names(table))


def put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Whole rows, of all columns; no key twice."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_into_file(table), list(map(_picker(table), rows)))
    elif len(rows) < COPIED_FROM:
        connection.execute(_one_by_one(table), list(rows))
    else:
        _copy(connection, table, rows)


@cache
def _into_file(table: Table) -> str:
    statement = sqlite.insert(table)
    changing = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    whole = statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changing)
    return str(whole.compile(dialect=sqlite.dialect(paramstyle="qmark")))


@cache
def _one_by_one(table: Table) -> Any:
    statement = postgresql.insert(table)
    changing = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=changing)


def _copy(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(map(quote, _names(table)))
    keys = ", ".join(quote(column.name) for column in table.primary_key.columns)
    changing = ", ".join(f"{quote(c.name)} = excluded.{quote(c.name)}" for c in table.columns if not c.primary_key)
    here, own = quote(table.name), quote(f"zepix_put_{table.name}")
    pick = _picker(table)
    raw = connection.connection.driver_connection
    assert raw is not None
    with raw.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {own} (LIKE {here}) ON COMMIT DROP")
        with cursor.copy(f"COPY {own} ({names}) FROM STDIN") as copying:
            for row in rows:
                copying.write_row(pick(row))
        cursor.execute(
            f"INSERT INTO {here} ({names}) SELECT {names} FROM {own} ON CONFLICT ({keys}) DO UPDATE SET {changing}"  # noqa: S608 - names of our own tables
        )

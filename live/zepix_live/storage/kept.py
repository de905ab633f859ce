"""Rows of one table that may change again, held in memory between two calls; others are looked up when asked for."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Table, select

__all__ = ["Key", "Kept", "Row"]

Row = dict[str, Any]
Key = tuple[int | str, ...]
"""The values of a table's key, in its order."""


class Kept:
    """By key. ``is_whole``: whoever is not in memory is not in the table either, as after beginning with an empty one;
    then nothing is ever asked of the database."""

    def __init__(self, table: Table, *, is_whole: bool) -> None:
        self.table: Final = table
        self.changed: dict[Key, Row] = {}
        """What has to be written."""
        self.connection: Connection | None = None
        self._key = tuple(table.primary_key.columns)
        self._rows: dict[Key, Row] = {}
        self._is_whole = is_whole

    def get(self, key: Key) -> Row | None:
        """The row to be read; None where there is none."""
        found = self._rows.get(key)
        if found is not None or self._is_whole or self.connection is None:
            return found
        is_it = [column == value for column, value in zip(self._key, key, strict=True)]
        stored = self.connection.execute(select(self.table).where(*is_it)).mappings().first()
        if stored is not None:
            found = self._rows[key] = dict(stored)
        return found

    def put(self, key: Key, row: Row) -> None:
        """A new row, or one that was changed."""
        self._rows[key] = self.changed[key] = row

    def written(self, is_over: Any, most: int) -> None:
        """All changes were written: rows that are over are let go once there are more than ``most``."""
        self.changed = {}
        if len(self._rows) > most:
            self._rows = {key: row for key, row in self._rows.items() if not is_over(row)}
            self._is_whole = False

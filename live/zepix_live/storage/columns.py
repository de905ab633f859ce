"""What the tables' rows look like to whoever reads them, without any library of databases in the way."""

from __future__ import annotations

from dataclasses import dataclass

from zepix_live.storage.searching import JSON, NOT_JSON
from zepix_live.storage.tables import TABLES

__all__ = ["ColumnKind", "columns_of"]


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """``kind``: ``integer``, ``text``, ``boolean`` or ``json`` (any value)."""

    name: str
    kind: str
    is_nullable: bool


def columns_of(table: str) -> list[ColumnKind]:
    """The columns of a row as ``search`` gives it, in their order."""
    kinds = {int: "integer", str: "text", bool: "boolean"}
    return [
        ColumnKind(
            column.name,
            "json" if column.name in JSON and (table, column.name) not in NOT_JSON else kinds[column.type.python_type],
            bool(column.nullable),
        )
        for column in TABLES[table].columns
    ]

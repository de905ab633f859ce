"""Questions to the database: few at once, each short, in threads of their own; pages of rows as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Final, TypeVar

from zepix_live.api.standing import masked
from zepix_live.storage.columns import columns_of
from zepix_live.storage.database import Database
from zepix_live.storage.searching import place_of, search
from zepix_live.storage.trouble import StorageBroken

__all__ = ["Questions"]

OF_SETTINGS: Final = ("config_history",)
SETTINGS: Final = ("settings", "changed")
"""Columns that hold settings by dotted key."""

AT_ONCE: Final = 6
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
Found = TypeVar("Found")


class Questions:
    """Asks a database; every answer says how far it is behind the journal."""

    def __init__(
        self,
        database: Database,
        behind: Callable[[], Mapping[str, Any]],
        limit_s: float,
        broken: Callable[[], str | None] = lambda: None,
    ) -> None:
        """``behind``: how far the tables are; ``limit_s``: what takes longer is given up; ``broken``: why what stands
        in them is not to be told, another journal's tickets among them."""
        self.database: Final = database
        self._behind: Final = behind
        self._limit_s: Final = limit_s
        self._broken: Final = broken
        self._threads: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="question")

    async def ask(self, question: Callable[[Any], Found]) -> Found:
        """What ``question`` makes of a connection. Raises StorageError, and what it raises."""

        def asked() -> Found:
            if (why := self._broken()) is not None:  # may wait
                raise StorageBroken(why)
            with self.database.reading(self._limit_s) as connection:
                return question(connection)

        return await asyncio.get_running_loop().run_in_executor(self._threads, asked)

    async def page(self, table: str, wanted: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> bytes:
        """Rows of a table, newest first, as JSON: ``rows, next, behind`` and ``more``. Raises StorageError, ConfigError
        for what the table cannot be asked."""
        limit = int(wanted["limit"])

        def found(connection: Any) -> bytes:
            is_raw = table not in OF_SETTINGS
            rows = search(connection, table, is_raw=is_raw, **wanted)
            following = place_of(table, rows[-1]) if len(rows) == limit else None
            head = _ENCODE({"next": following, "behind": self._behind(), **(more or {})})
            told = map(_row_encoder(table), rows) if is_raw else (_ENCODE(_masked(one)) for one in rows)
            return f'{{"rows":[{",".join(told)}],{head[1:]}'.encode("ascii")

        return await self.ask(found)

    def close(self) -> None:
        """Ends the threads; whoever asks just now is answered."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.database.close()


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    """Of a configuration, no secret, however it came to stand in it."""
    for name in SETTINGS:
        if isinstance(row.get(name), Mapping):
            row[name] = masked(row[name])
    return row


@cache
def _row_encoder(table: str) -> Callable[[Mapping[str, Any]], str]:
    """A row as JSON; what is JSON already is put in as it is, since most of a page's time would go by reading it."""
    raw = [(one.name, f'"{one.name}":') for one in columns_of(table) if one.kind == "json"]
    names = [one.name for one in columns_of(table) if one.kind != "json"]

    def encoded(row: Mapping[str, Any]) -> str:
        text = _ENCODE({name: row[name] for name in names})
        inside = "".join(f",{label}{row[name] or 'null'}" for name, label in raw)
        return f"{text[:-1]}{inside}}}"

    return encoded

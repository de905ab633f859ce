"""The databases of plugins in a replay: in memory, empty at its beginning, gone with it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from zepix.engine.registry import PluginRegistry
from zepix.engine.service_api import ServiceAPI
from zepix.errors import DataError
from zepix.services.database import MOST_ROWS, DatabaseService

__all__ = ["PluginMemory", "with_database"]

SERVICE: Final = "database"
_ONCE: Final = "CREATE TABLE zepix_once (once TEXT PRIMARY KEY, touched INTEGER NOT NULL)"
Values = Mapping[str, Any]


def with_database(api: ServiceAPI, registry: PluginRegistry, used: Sequence[str] | None) -> ServiceAPI:
    """The same, with an empty database of this run where the plugin uses one (None: everything) and has none yet."""
    if (used is None or SERVICE in used) and not api.has_service(SERVICE):
        owner = partial(registry.get_plugin, api.plugin_id)
        api.register_service(SERVICE, DatabaseService(api.plugin_id, PluginMemory(api.plugin_id), owner))
    return api


class PluginMemory:
    """One plugin's; nothing is opened before the first statement."""

    def __init__(self, plugin_id: str) -> None:
        self._plugin_id: Final = plugin_id
        self._connection: sqlite3.Connection | None = None

    def execute(self, statement: str, values: Values | None = None, *, once: str | None = None) -> int:
        """As ``DatabaseService.execute``."""
        with self._transaction() as connection:
            if once is not None:
                known = connection.execute("SELECT touched FROM zepix_once WHERE once = ?", (once,)).fetchone()
                if known is not None:
                    return int(known[0])
            touched = max(0, connection.execute(statement, dict(values or {})).rowcount)
            if once is not None:
                connection.execute("INSERT INTO zepix_once VALUES (?, ?)", (once, touched))
            return touched

    def query(self, statement: str, values: Values | None = None, *, limit: int = MOST_ROWS) -> list[dict[str, Any]]:
        """As ``DatabaseService.query``."""
        with self._transaction() as connection:
            found = connection.execute(statement, dict(values or {}))
            names = [one[0] for one in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchmany(max(1, min(limit, MOST_ROWS)))]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
            self._connection.execute(_ONCE)
        connection = self._connection
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise DataError(f"a statement of plugin {self._plugin_id} failed: {str(error)[:200]}") from None
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def __del__(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()

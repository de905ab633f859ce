"""A plugin's own data: tables that it makes itself, in a database of its own, by SQL with ``:names``.

    self.api.database.execute("CREATE TABLE IF NOT EXISTS levels (symbol TEXT PRIMARY KEY, price REAL)")
    self.api.database.execute("INSERT INTO levels VALUES (:s, :p)", {"s": "EURUSD", "p": 1.1}, once=f"{alert.id}.level")
    self.api.database.query("SELECT price FROM levels WHERE symbol = :s", {"s": "EURUSD"})

Where it lies is whoever's runs the session: a live runner keeps it (``data/zepix_{plugin_id}.db``, or a schema of
PostgreSQL), a replay begins with an empty one each run. Handlers run again after a crash; a change that says ``once``
is then not made a second time. A strategy that defines ``initialize_database`` is asked for its tables before the
first statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

__all__ = ["MOST_ROWS", "DatabasePort", "DatabaseService"]

MOST_ROWS: Final = 10_000
Values = Mapping[str, Any]


class DatabasePort(Protocol):
    """Where statements go."""

    def execute(self, statement: str, values: Values | None = None, *, once: str | None = None) -> int: ...

    def query(
        self, statement: str, values: Values | None = None, *, limit: int = MOST_ROWS
    ) -> list[dict[str, Any]]: ...


class DatabaseService:
    """Of one plugin. Raises DataError for a statement that fails, the plugin named."""

    def __init__(self, plugin_id: str, port: DatabasePort, owner: Callable[[], Any] = lambda: None) -> None:
        """``owner``: the plugin itself, once it is there."""
        self.plugin_id: Final = plugin_id
        self._port = port
        self._owner: Final = owner
        self._is_ready = False

    def execute(self, statement: str, values: Values | None = None, *, once: str | None = None) -> int:
        """Change something; how many rows it touched. ``once``: a name for this change; where a change of that name was
        made before, nothing is done, and what it touched then is said again."""
        self._begin()
        return self._port.execute(statement, values, once=once)

    def query(self, statement: str, values: Values | None = None, *, limit: int = MOST_ROWS) -> list[dict[str, Any]]:
        """Rows as dicts, at most ``limit`` (10,000)."""
        self._begin()
        return self._port.query(statement, values, limit=limit)

    def use(self, port: DatabasePort) -> None:
        """Go on in another database: of the house, not of strategies."""
        self._port, self._is_ready = port, False

    def _begin(self) -> None:
        if self._is_ready:
            return
        self._is_ready = True  # before the plugin is asked: it makes its tables by statements of its own
        make = getattr(self._owner(), "initialize_database", None)
        try:
            if callable(make):
                make()
        except BaseException:
            self._is_ready = False
            raise

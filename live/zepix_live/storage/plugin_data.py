"""A plugin's own data: a database of its own, by its name; in a replay a fresh one a run.

    mine = databases.of("v6_price_action_5m")
    mine.execute("CREATE TABLE IF NOT EXISTS levels (symbol TEXT PRIMARY KEY, price REAL)")
    mine.execute("INSERT INTO levels VALUES (:symbol, :price)", {"symbol": "EURUSD", "price": 1.1}, once="a7.level")
    mine.query("SELECT price FROM levels WHERE symbol = :symbol", {"symbol": "EURUSD"})

SQLite: ``data/zepix_{plugin_id}.db`` under the data folder. PostgreSQL: a schema ``zepix_{plugin_id}`` each. This is no
projection: what is in it is nowhere else, so every call is on the disk before it returns. After a crash handlers run
again for alerts that were under way; a change that carries ``once`` is then not made a second time.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, exc, text

from zepix.errors import ConfigError
from zepix_live.storage.address import Address
from zepix_live.storage.engines import file_writer, server
from zepix_live.storage.trouble import StorageBroken, StorageError, named

__all__ = ["PluginDatabase", "PluginDatabases"]

BUSY_S: Final = 0.5
"""Handlers wait in here, and everything behind them."""
FOLDER: Final = "data"
MOST_ROWS: Final = 10_000
MOST_NAME: Final = 63
"""Bytes of a name in PostgreSQL."""
_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_ONCE: Final = "CREATE TABLE IF NOT EXISTS zepix_once (once TEXT PRIMARY KEY, touched INTEGER NOT NULL)"
Values = Mapping[str, Any]


class PluginDatabase:
    """One plugin's own. Statements are SQL with ``:names``; raises StorageError for what fails, its plugin named."""

    def __init__(self, plugin_id: str, engine: Engine, shown: str, schema: str | None) -> None:
        self.plugin_id: Final = plugin_id
        self.shown: Final = shown
        self.schema: Final = schema
        self._engine: Final = engine
        self._is_made = False

    def execute(self, statement: str, values: Values | None = None, *, once: str | None = None) -> int:
        """Change something, durably; how many rows it touched. ``once``: a name for this change; where a change of
        that name was made before, nothing is done and what it touched then is said again."""
        with self._transaction() as connection:
            if once is not None:
                known = connection.execute(text("SELECT touched FROM zepix_once WHERE once = :once"), {"once": once})
                if (touched := known.scalar()) is not None:
                    return int(touched)
            touched = max(0, connection.execute(text(statement), dict(values or {})).rowcount)
            if once is not None:
                row = {"once": once, "touched": touched}
                connection.execute(text("INSERT INTO zepix_once VALUES (:once, :touched)"), row)
            return touched

    def query(self, statement: str, values: Values | None = None, *, limit: int = MOST_ROWS) -> list[dict[str, Any]]:
        """Rows as dicts, at most ``limit`` (10,000)."""
        with self._transaction() as connection:
            found = connection.execute(text(statement), dict(values or {})).mappings()
            return [dict(row) for row in found.fetchmany(max(1, min(limit, MOST_ROWS)))]

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                if not self._is_made:
                    if self.schema is not None:
                        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"'))
                    connection.execute(text(_ONCE))
                yield connection
            self._is_made = True
        except (exc.SQLAlchemyError, OSError) as error:
            raise self._told(error) from None

    def _told(self, error: Exception) -> StorageError:
        told = named(error, self.shown, f"serve plugin {self.plugin_id}")
        if not isinstance(told, StorageBroken):
            return told
        said = str(error.orig if isinstance(error, exc.DBAPIError) else error).partition("\n")[0][:200]
        return StorageError(f"a statement of plugin {self.plugin_id} failed in {self.shown}: {said}")

    def close(self) -> None:
        self._engine.dispose()


class PluginDatabases:
    """One database a plugin, opened when it is first asked for."""

    def __init__(self, data_dir: Path, address: Address, *, is_fresh: bool = False) -> None:
        """``is_fresh``: for a replay or a rerun: empty ones, which ``close`` takes away."""
        self._address: Final = address
        self._is_fresh: Final = is_fresh
        self._run: Final = f"_{secrets.token_hex(4)}" if is_fresh else ""
        self._folder: Final = tempfile.TemporaryDirectory(prefix="zepix-") if is_fresh and address.is_sqlite else None
        self._data_dir: Final = data_dir if self._folder is None else Path(self._folder.name)
        self._open: dict[str, PluginDatabase] = {}

    def of(self, plugin_id: str) -> PluginDatabase:
        """A plugin's own. Raises ConfigError for an id that can name no database."""
        if plugin_id not in self._open:
            if not _ID.fullmatch(plugin_id):
                raise ConfigError(
                    f"plugin {ascii(plugin_id)[:60]} can have no database: its id must be letters, digits and _ . -"
                )
            self._open[plugin_id] = self._made(plugin_id)
        return self._open[plugin_id]

    def _made(self, plugin_id: str) -> PluginDatabase:
        if self._address.is_sqlite:
            path = self._data_dir / FOLDER / f"zepix_{plugin_id}.db"
            path.parent.mkdir(parents=True, exist_ok=True)
            return PluginDatabase(plugin_id, file_writer(path, BUSY_S, is_forced=True), str(path), None)
        schema = _schema(plugin_id, self._run)
        engine = server(self._address, BUSY_S, schema=schema)
        return PluginDatabase(plugin_id, engine, f"{self._address}, schema {schema}", schema)

    def close(self) -> None:
        """Closes all of them; fresh ones are gone then."""
        while self._open:
            _, one = self._open.popitem()
            if self._is_fresh and one.schema is not None:
                with contextlib.suppress(StorageError):
                    one.execute(f'DROP SCHEMA IF EXISTS "{one.schema}" CASCADE')
            one.close()
        if self._folder is not None:
            self._folder.cleanup()


def _schema(plugin_id: str, run: str) -> str:
    """``zepix_{plugin_id}``; of a name that is too long its beginning and a checksum."""
    name = f"zepix_{plugin_id}"
    if len(name) + len(run) > MOST_NAME:
        digest = blake2b(plugin_id.encode("ascii"), digest_size=4).hexdigest()
        name = f"{name[: MOST_NAME - len(run) - 9]}_{digest}"
    return name + run

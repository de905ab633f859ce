"""Plugins' own databases in a live session: kept in the data folder, opened when a plugin first asks for its own.

Each book has plugins of its own (they hear the same alerts), so each has its own databases: the plain name is the
shadow's, those of the live book and of the twin are beside it and begin alike. Reruns and trials know nothing of these:
their plugins have empty ones, in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.errors import ConfigError
from zepix_live.engine.book import SHADOW

if TYPE_CHECKING:
    from zepix.services.database import DatabasePort
    from zepix_live.engine.session import LiveSession
    from zepix_live.storage.plugin_data import PluginDatabases

__all__ = ["PluginStorage"]

SERVICE: Final = "database"


class PluginStorage:
    """Gives every session of an engine its plugins' databases."""

    def __init__(self, data_dir: Path, environ: Mapping[str, str]) -> None:
        """Opens nothing yet, and loads nothing that plugins without a database could do without."""
        self._data_dir: Final = data_dir
        self._environ: Final = environ
        self._databases: PluginDatabases | None = None

    def attach(self, session: LiveSession) -> None:
        """From here on the plugins of this session use their own."""
        for book in session.books:
            for plugin_id, api in book.simulation.apis.items():
                if api.has_service(SERVICE) and hasattr(api.service_behind(SERVICE), "use"):
                    name = plugin_id if book.name == SHADOW else f"{plugin_id}.{book.name}"
                    api.service_behind(SERVICE).use(_Later(partial(self._of, name)))

    def _of(self, name: str) -> DatabasePort:
        if self._databases is None:
            try:
                from zepix_live.storage.address import address_of
                from zepix_live.storage.plugin_data import PluginDatabases
            except ImportError:
                raise ConfigError("a plugin's database needs SQLAlchemy: pip install 'zepix[live]'") from None
            self._databases = PluginDatabases(self._data_dir, address_of(self._data_dir, None, self._environ))
        return self._databases.of(name)

    def close(self) -> None:
        """Nothing has to be saved."""
        if self._databases is not None:
            self._databases.close()
            self._databases = None


class _Later:
    """A database that is opened by the first statement."""

    def __init__(self, opened: Any) -> None:
        self._opened = opened

    def execute(self, statement: str, values: Mapping[str, Any] | None = None, *, once: str | None = None) -> int:
        return int(self._opened().execute(statement, values, once=once))

    def query(
        self, statement: str, values: Mapping[str, Any] | None = None, *, limit: int = 10_000
    ) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._opened().query(statement, values, limit=limit)
        return found

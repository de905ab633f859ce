"""SQLAlchemy's engines as zepix wants them: bounded pools, bounded waits, no value of a row in any error's text."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from zepix.errors import ConfigError
from zepix_live.storage.address import Address

__all__ = ["BUSY_S", "file_reader", "file_writer", "held_to", "server"]

BUSY_S: Final = 2.0
CONNECT_S: Final = 5
READERS: Final = 8
"""So many connections are kept for reads; as many more are made when all are in use."""
CACHE_KIB: Final = 65_536


def file_writer(path: Path, busy_s: float, *, is_forced: bool = False) -> Engine:
    """One connection, every transaction of which may write from its beginning.

    ``is_forced``: what was committed is on the disk, at the price of waiting for it; else a loss of power may take the
    last transactions, whole.
    """
    here = path.absolute()
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(here, timeout=busy_s, check_same_thread=False, isolation_level=None),
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=busy_s,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if is_forced else 'NORMAL'}")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine.url = engine.url.set(database=str(path))
    return engine


def file_reader(path: Path, busy_s: float) -> Engine:
    """Connections that cannot write."""
    text = path.absolute().as_posix()
    uri = f"file://{quote(text if text.startswith('/') else f'/{text}')}?mode=ro"  # drive letters included
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=busy_s, check_same_thread=False, isolation_level=None),
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=READERS,
        pool_timeout=busy_s,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    engine.url = engine.url.set(database=str(path))
    return engine


def server(address: Address, busy_s: float, *, schema: str | None = None) -> Engine:
    """Connections to PostgreSQL, asked whether they live before they are used; ``schema``: where their tables are.
    Raises ConfigError without psycopg."""
    try:
        engine = create_engine(
            address.url,
            pool_size=READERS,
            max_overflow=READERS,
            pool_timeout=busy_s,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": CONNECT_S, "application_name": "zepix"},
        )
    except ImportError:
        raise ConfigError("PostgreSQL needs its driver: pip install 'zepix[postgres]'") from None

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = {round(busy_s * 1000)}")
        if schema is not None:
            connection.execute(f'SET search_path TO "{schema}"')
        connection.autocommit = False

    return engine


@contextlib.contextmanager
def held_to(connection: Connection, limit_s: float | None) -> Iterator[None]:
    """While inside, a statement that takes too long is given up: by the server itself, or, of a file, by a timer."""
    if limit_s is None:
        yield
        return
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {round(limit_s * 1000)}")
        yield
        return
    driver: Any = connection.connection.driver_connection
    timer = threading.Timer(limit_s, driver.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

"""Both databases for the tests of storage: a file of SQLite, and a PostgreSQL that the tests start themselves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.live.storage import postgres_server
from zepix_live.storage.address import Address, address_of

NUMBERS = count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[postgres_server.PostgresServer]:
    """Skips, and says why, where PostgreSQL cannot be started."""
    if (why := postgres_server.why_not()) is not None:
        pytest.skip(why)
    made = postgres_server.PostgresServer()
    yield made
    made.close()


@pytest.fixture
def url(server: postgres_server.PostgresServer) -> Iterator[str]:
    """Of an empty database of the test's own, which goes with it."""
    name = f"test_{next(NUMBERS)}"
    server.ask("postgres", f"CREATE DATABASE {name}")
    yield server.url(name)
    server.ask("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Address:
    """One test, twice: an empty database of each kind."""
    if request.param == "sqlite":
        return address_of(tmp_path)
    return address_of(tmp_path, request.getfixturevalue("url"))

"""What an address may be, where it comes from, and that nothing of it is quoted."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from zepix.errors import ConfigError
from zepix_live.storage.address import VARIABLE, address_of

HERE = Path("data")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        (None, HERE / "zepix.db"),
        ("", HERE / "zepix.db"),
        ("other.db", Path("other.db")),
        ("sqlite:///folder/other.db", Path("folder/other.db")),
        ("sqlite:////folder/other.db", Path("/folder/other.db")),
    ],
)
def test_a_file(given: str | None, path: Path) -> None:
    address = address_of(HERE, given)
    assert (address.path, address.is_sqlite, str(address)) == (path, True, str(path))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_server(scheme: str) -> None:
    address = address_of(HERE, f"{scheme}://me:p%40ss@db:5433/name")
    assert address.url == make_url("postgresql+psycopg://me:p%40ss@db:5433/name")
    assert str(address) == "postgresql://me@db:5433/name"


def test_what_is_given_wins_over_the_environment_and_that_over_the_folder() -> None:
    environ = {VARIABLE: "postgresql://db/name"}
    assert str(address_of(HERE, None, environ)) == "postgresql://db/name"
    assert address_of(HERE, "other.db", environ).path == Path("other.db")


@pytest.mark.parametrize(
    "given",
    [
        "mysql://me:geheim@db/name",
        "postgresql://me:geheim@db",
        "postgresql://me:geheim@db:port/name",
        "postgresql+asyncpg://me:geheim@db/name",
        "sqlite://",
        "sqlite:///:memory:",
        "://geheim",
        "https://geheim@db/x",
    ],
)
def test_what_is_none_is_refused_and_not_quoted(given: str) -> None:
    with pytest.raises(ConfigError) as raised:
        address_of(HERE, given)
    assert "geheim" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "name", ["journal.sqlite", "inbox.sqlite", "journal-000002.sqlite", "journal-snapshots.sqlite"]
)
def test_no_log_of_the_runner_is_taken_for_a_database(name: str) -> None:
    with pytest.raises(ConfigError, match="name another file"):
        address_of(HERE, str(HERE / name))

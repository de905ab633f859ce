"""Connections come back, however a request ends; and nothing but storage loads what makes them."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import text

from tests.live.desk import ROOT
from tests.live.storage.journal_by_hand import trading_day, write
from tests.thorough import share
from zepix.errors import ConfigError
from zepix_live.clock import SystemClock
from zepix_live.storage.address import Address
from zepix_live.storage.database import Database
from zepix_live.storage.rebuilding import rebuild
from zepix_live.storage.searching import search
from zepix_live.storage.trouble import StorageError

REQUESTS = share(10_000, 3_000)


class RequestFailed(Exception):
    """What a handler raises in the middle of its reading."""


def test_ten_thousand_requests_of_which_a_tenth_fail_leave_no_connection_checked_out(
    tmp_path: Path, address: Address
) -> None:
    write(tmp_path, trading_day())
    rebuild(tmp_path, address, SystemClock())

    with Database(address) as database:

        def request(number: int) -> str:
            try:
                with database.reading() as connection:
                    if number % 30 == 0:
                        raise RequestFailed
                    if number % 30 == 10:
                        connection.execute(text("SELECT nothing_such FROM trades"))
                    search(connection, "trades", **({"nothing": 1} if number % 30 == 20 else {"alert": "a1"}))
            except (RequestFailed, StorageError, ConfigError) as error:
                return type(error).__name__
            return "answered"

        with ThreadPoolExecutor(8) as pool:
            ended = list(pool.map(request, range(REQUESTS)))
        assert database.checked_out == 0
        assert ended.count("answered") == REQUESTS * 9 // 10
        assert {one: ended.count(one) for one in set(ended) - {"answered"}} == {
            "RequestFailed": share(334, 100),
            "StorageBroken": share(333, 100),
            "ConfigError": share(333, 100),
        }


def test_writes_that_fail_leave_no_connection_checked_out(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    rebuild(tmp_path, address, SystemClock())
    with Database(address) as database:
        for _ in range(200):
            try:
                with database.writing() as connection:
                    connection.execute(text("DELETE FROM trades"))
                    raise RequestFailed
            except RequestFailed:
                pass
        assert database.checked_out == 0
        with database.reading() as connection:
            assert len(search(connection, "trades")) == 2


def test_only_storage_imports_the_libraries_of_databases() -> None:
    storage = ROOT / "live" / "zepix_live" / "storage"
    asking = (ROOT / "live" / "zepix_live" / "finding.py",)  # asks the tables what no ready-made search does
    for package in ("zepix", "live"):
        for path in (ROOT / package).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            named = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            named += [one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names]
            heavy = {name.split(".")[0] for name in named} & {"sqlalchemy", "alembic", "psycopg"}
            assert not heavy or path.is_relative_to(storage) or path in asking, path


def test_neither_the_command_line_nor_the_receiver_nor_the_engine_loads_them() -> None:
    code = (
        "import contextlib, io, sys\n"
        "from zepix.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert main(['--help']) == 0 and main(['live', '--help']) == 0\n"
        "import zepix_live.receiver.main, zepix_live.engine.main, zepix_live.storage, zepix_live.storage.verb\n"
        "heavy = {'sqlalchemy', 'alembic', 'psycopg'} & {name.split('.')[0] for name in sys.modules}\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT / "live",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]

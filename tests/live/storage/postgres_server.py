"""A PostgreSQL of the tests' own: its files in a temporary folder, reached by a Unix socket in it, ended with them.

Nothing of a system's own server is touched. A shell stands between the tests and the server and waits on a pipe: when
the tests end in whatever way, the pipe closes and the shell stops the server.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

START_S = 120.0
STOP_S = 60.0
USER = "zepix_test"
PLACES = (
    ("/usr/lib/postgresql", "*/bin/initdb"),
    ("/usr/local/pgsql", "bin/initdb"),
    ("/opt/homebrew/opt", "postgresql*/bin/initdb"),
)
GUARD = """
"$@" &
server=$!
read -r _
kill -INT "$server"
( sleep 10; kill -QUIT "$server" ) 2>/dev/null &
wait "$server"
kill $! 2>/dev/null
"""


def binaries() -> Path | None:
    """The folder with ``initdb`` and ``postgres``: of the newest version that is installed, else on the path."""
    found = [
        initdb.parent for place, pattern in PLACES for initdb in Path(place).glob(pattern) if _has_server(initdb.parent)
    ]
    if found:
        return max(found, key=_version)
    on_path = shutil.which("initdb")
    folder = None if on_path is None else Path(on_path).resolve().parent
    return folder if folder is not None and _has_server(folder) else None


def _has_server(folder: Path) -> bool:
    return (folder / "postgres").exists()


def _version(folder: Path) -> tuple[int, ...]:
    digits = "".join(one if one.isdigit() else " " for one in str(folder)).split()
    return tuple(int(one) for one in digits)


def why_not() -> str | None:
    """Why there can be no server here, in a sentence; None where there can."""
    if sys.platform == "win32":
        return "PostgreSQL is started by a shell here, which Windows has not"
    if binaries() is None:
        return "PostgreSQL's binaries (initdb, postgres) are not on this machine"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return None


def _other_user() -> str | None:
    import pwd

    for name in ("postgres", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return None


class PostgresServer:
    """One server; ``url`` is of a database that is made for whoever asks."""

    def __init__(self) -> None:
        """Starts it. Raises RuntimeError, with what it said, where it is not up in time; nothing is left then."""
        found = binaries()
        assert found is not None
        self.password = f"p@ss:{secrets.token_hex(8)}"
        self.folder = Path(tempfile.mkdtemp(prefix="zepix-pg-"))
        self._bin = found
        self._user: dict[str, Any] = {}
        if os.geteuid() == 0:
            import pwd

            who = pwd.getpwnam(_other_user() or "")
            self._user = {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": []}
            os.chown(self.folder, who.pw_uid, who.pw_gid)
        self._shell: subprocess.Popen[bytes] | None = None
        try:
            self._make()
            self.start()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self.password, encoding="utf-8")
        secret.chmod(0o644)
        done = subprocess.run(
            [
                *(str(self._bin / "initdb"), "-D", str(self.folder / "data"), "-U", USER, "-E", "UTF8"),
                *("--locale=C", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync"),
            ],
            cwd=self.folder,
            capture_output=True,
            timeout=120,
            check=False,
            **self._user,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode("utf-8", "replace")[-2000:])

    def start(self) -> None:
        """Up again after ``stop``."""
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", "fsync=off", "max_connections=40")
        command = [str(self._bin / "postgres"), "-D", str(self.folder / "data")]
        for one in settings:
            command += ["-c", one]
        with (self.folder / "log").open("ab") as log:
            self._shell = subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "guard", *command],
                cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log, **self._user,
            )  # fmt: skip
        until = time.monotonic() + START_S
        while not self._answers():
            if time.monotonic() > until or self._shell.poll() is not None:
                said = (self.folder / "log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"PostgreSQL is not up after {START_S} s: {said[-2000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        import psycopg

        try:
            self.ask("postgres", "SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def ask(self, database: str, statement: str) -> list[Any]:
        """A statement by its owner, outside any transaction."""
        import psycopg

        given = {"host": str(self.folder), "user": USER, "password": self.password, "dbname": database}
        with psycopg.connect(**given, connect_timeout=5, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def url(self, database: str) -> str:
        """As a user would write it, the password in it."""
        return f"postgresql://{USER}:{quote(self.password, safe='')}@/{database}?host={quote(str(self.folder))}"

    def stop(self) -> None:
        """Ends it, and all of its connections."""
        shell, self._shell = self._shell, None
        if shell is None:
            return
        assert shell.stdin is not None
        shell.stdin.close()
        try:
            shell.wait(STOP_S)
        except subprocess.TimeoutExpired:
            shell.kill()
            shell.wait()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

"""``zepix live``: receiver and engine as two processes under one, or both in one for trials.

The process that is started loads next to nothing, so that the receiver takes alerts as soon as it can. A mistake in the
configuration is told by the child that finds it; on a first start that ends all of it, with the child's status.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError
from zepix.journal.lock import FolderLock
from zepix_live.clock import SystemClock
from zepix_live.engine.options import SETTINGS, EngineOptions
from zepix_live.heartbeat import EngineState, write_heartbeat
from zepix_live.supervise import Child, Supervisor

__all__ = ["data_folder", "receiver_table", "run_live"]

JOIN_S: Final = 4.0
FATAL: Final = frozenset({2, 3})
RECEIVER: Final = "live.receiver."


def data_folder(given: Path | None) -> Path:
    """Where everything durable lies when nobody said: ``zepix-live`` in the current folder."""
    return given if given is not None else Path("zepix-live")


def receiver_table(options: EngineOptions) -> dict[str, Any]:
    """What the file's ``[live.receiver]`` and ``--set live.receiver.NAME=`` say. Raises ConfigError, also for what
    ``[live]`` does not have: a name that nobody reads may be an address list that nobody checks."""
    _known(key.split(".")[1] for key in options.flags if key.startswith("live."))
    flags = {key.removeprefix(RECEIVER): value for key, value in options.flags.items() if key.startswith(RECEIVER)}
    if options.config is None and not flags:
        return {}
    from zepix.config.check import plain
    from zepix.config.files import read_settings

    tree = {} if options.config is None else read_settings(options.config)
    live = tree.get("live", {})
    table = live.get("receiver", {}) if isinstance(live, Mapping) else None
    if not isinstance(table, Mapping):
        raise ConfigError("[live] and [live.receiver] are tables of settings")
    _known(live)
    return {
        **table,
        **{key: plain(value) for key, value in flags.items()},
    }


def _known(names: Iterable[str]) -> None:
    if strange := sorted(set(names) - SETTINGS):
        raise ConfigError(
            [
                f"live.{ascii(name)[1:-1][:60]} is no setting; there are live.receiver and live.stale_s"
                for name in strange
            ]
        )


def run_live(
    options: EngineOptions, *, host: str | None, port: int | None, one_process: bool, say: Callable[[str], None]
) -> int:
    """Run until told to stop; the exit status. Raises ConfigError, JournalError before anything is taken."""
    table = receiver_table(options)
    options.data_dir.mkdir(parents=True, exist_ok=True)
    lock = FolderLock(options.data_dir / "lock", "runner")
    try:  # what an engine that was killed said last is no sign of life of the next one
        write_heartbeat(options.data_dir, EngineState(SystemClock().now_ns(), "starting"))
        say(f"SHADOW: no order leaves this machine. Everything durable lies in {options.data_dir}.")
        run = _in_one if one_process else _in_two
        return run(options, table, host, port, say)
    finally:
        lock.release()


def _in_two(
    options: EngineOptions, table: Mapping[str, Any], host: str | None, port: int | None, say: Callable[[str], None]
) -> int:
    python = [sys.executable, "-X", "utf8", "-m"]
    taken = ["--data", str(options.data_dir), "--settings", json.dumps(dict(table))]
    taken += ["--host", host] if host is not None else []
    taken += ["--port", str(port)] if port is not None else []
    receiver = Child("receiver", [*python, "zepix_live.receiver_child", *taken], gives_up=False, fatal=FATAL)
    engine = Child("engine", [*python, "zepix_live.engine_child", options.encoded()], gives_up=True, fatal=FATAL)
    return Supervisor([receiver, engine], say).run()


def _in_one(
    options: EngineOptions, table: Mapping[str, Any], host: str | None, port: int | None, say: Callable[[str], None]
) -> int:
    """The receiver in the main thread, the engine in another: for trials, where one may slow the other."""
    from zepix_live.engine.main import Engine, run_engine
    from zepix_live.receiver.main import run_receiver, write_to_log
    from zepix_live.receiver.server import ReceiverServer
    from zepix_live.settings import read_settings

    settings = read_settings(options.data_dir, table, os.environ, host=host, port=port)
    write_to_log(settings)
    over = threading.Event()
    failed: list[BaseException] = []
    servers: list[ReceiverServer] = []

    def ready(engine: Engine) -> None:
        for line in engine.statement["lines"]:
            say(line)

    def turn() -> None:
        try:
            run_engine(options, over.is_set, on_ready=ready)
        except BaseException as error:  # noqa: BLE001 - told by the main thread, which ends then
            failed.append(error)
            over.set()
            for server in servers:
                server.end()

    def taking(server: ReceiverServer, _port: int) -> None:
        servers.append(server)
        if over.is_set():
            server.end()

    thread = threading.Thread(target=turn, name="engine", daemon=True)
    thread.start()
    try:
        run_receiver(settings, on_ready=taking)
    finally:
        over.set()
        thread.join(JOIN_S)
    if failed:
        raise failed[0]
    return 0

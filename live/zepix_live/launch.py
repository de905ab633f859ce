"""``zepix live``: receiver and engine as two processes under one, or both in one for trials.

The process that is started loads next to nothing, so that the receiver takes alerts as soon as it can. A mistake in the
configuration is told by the child that finds it. In a new folder that ends all of it, with the child's status; where
there is a journal, alerts are sent to it already, and the receiver takes them while the engine cannot be started.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError, ZepixError
from zepix.journal.lock import FolderLock
from zepix_live.clock import SystemClock
from zepix_live.engine.options import SETTINGS, EngineOptions, seconds
from zepix_live.heartbeat import FAILED, EngineState, read_heartbeat, write_heartbeat
from zepix_live.identity import inbox_id_for
from zepix_live.supervise import Child, Supervisor
from zepix_live.watchdog import HANG_S, START_S, Watchdog

__all__ = ["data_folder", "receiver_table", "run_live"]

JOIN_S: Final = 4.0
FATAL: Final = frozenset({2, 3})
MOST_DETAIL: Final = 1_000
LIVE: Final = "live."
RECEIVER: Final = "receiver."


def data_folder(given: Path | None) -> Path:
    """Where everything durable lies when nobody said: ``zepix-live`` in the current folder."""
    return given if given is not None else Path("zepix-live")


def receiver_table(options: EngineOptions) -> dict[str, Any]:
    """What the file's ``[live.receiver]`` and ``--set live.receiver.NAME=`` say. Raises ConfigError, also for what
    ``[live]`` does not have: a name that nobody reads may be an address list that nobody checks."""
    return _live_tables(options)[1]


def _live_tables(options: EngineOptions) -> tuple[dict[str, Any], dict[str, Any]]:
    """(``[live]``, ``[live.receiver]``), each with what ``--set`` says of it. Raises ConfigError."""
    given = {key.removeprefix(LIVE): value for key, value in options.flags.items() if key.startswith(LIVE)}
    _known(key.split(".")[0] for key in given)
    if options.config is None and not given:
        return {}, {}
    from zepix.config.check import plain
    from zepix.config.files import read_settings

    live = {} if options.config is None else read_settings(options.config).get("live", {})
    receiver = live.get("receiver", {}) if isinstance(live, Mapping) else None
    if not isinstance(receiver, Mapping):
        raise ConfigError("[live] and [live.receiver] are tables of settings")
    _known(live)
    flags = {key: plain(value) for key, value in given.items()}
    to_receiver = {key.removeprefix(RECEIVER): value for key, value in flags.items() if key.startswith(RECEIVER)}
    return {**live, **flags}, {**receiver, **to_receiver}


def _watchdog(options: EngineOptions) -> Watchdog:
    """How long an engine may be silent. Raises ConfigError."""
    live, _ = _live_tables(options)
    return Watchdog(
        options.data_dir,
        seconds("live.hang_s", live.get("hang_s", HANG_S)),
        seconds("live.start_s", live.get("start_s", START_S)),
    )


def _known(names: Iterable[str]) -> None:
    if strange := sorted(set(names) - SETTINGS):
        raise ConfigError(
            [
                f"live.{ascii(name)[1:-1][:60]} is no setting; there are "
                + ", ".join(f"live.{known}" for known in sorted(SETTINGS))
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
        return run(replace(options, inbox_id=inbox_id_for(options.data_dir)), table, host, port, say)
    finally:
        lock.release()


def _in_two(
    options: EngineOptions, table: Mapping[str, Any], host: str | None, port: int | None, say: Callable[[str], None]
) -> int:
    python = [sys.executable, "-X", "utf8", "-m"]
    taken = ["--data", str(options.data_dir), "--settings", json.dumps(dict(table))]
    taken += ["--host", host] if host is not None else []
    taken += ["--port", str(port)] if port is not None else []
    taken += ["--inbox-id", options.inbox_id]
    receiver = Child("receiver", [*python, "zepix_live.receiver_child", *taken], gives_up=False, fatal=FATAL)
    engine = Child(
        "engine",
        [*python, "zepix_live.engine_child", options.encoded()],
        gives_up=True,
        fatal=FATAL,
        ends_all=not _is_in_use(options.data_dir),
        watch=_watchdog(options),
        on_given_up=lambda why: _say_failed(options.data_dir, why),
    )
    return Supervisor([receiver, engine], say).run()


def _is_in_use(data_dir: Path) -> bool:
    """Whether a runner was here before: alerts may be on their way to it."""
    return any((data_dir / name).exists() for name in ("inbox.sqlite", "journal.sqlite"))


def _say_failed(data_dir: Path, why: str) -> None:
    """For whoever asks how the engine is; where it said itself why it cannot start, that stands."""
    found = read_heartbeat(data_dir)
    if found.state != FAILED:
        write_heartbeat(data_dir, EngineState(SystemClock().now_ns(), FAILED, why, found.inbox_seq))


def _in_one(
    options: EngineOptions, table: Mapping[str, Any], host: str | None, port: int | None, say: Callable[[str], None]
) -> int:
    """The receiver in the main thread, the engine in another: for trials, where one may slow the other."""
    from zepix_live.engine.main import Engine, run_engine
    from zepix_live.receiver.main import run_receiver, write_to_log
    from zepix_live.receiver.server import ReceiverServer
    from zepix_live.settings import read_settings

    settings = read_settings(options.data_dir, table, os.environ, host=host, port=port)
    settings = replace(settings, inbox_id=options.inbox_id)
    write_to_log(settings)
    was_in_use = _is_in_use(options.data_dir)
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
            if was_in_use and isinstance(error, ZepixError) and not over.is_set():
                why = f"the engine ended: {error}"
                say(f"CRITICAL {why}; alerts are taken and kept, none is acted on; mend it, then start zepix live anew")
                write_heartbeat(options.data_dir, EngineState(SystemClock().now_ns(), FAILED, why[:MOST_DETAIL]))
                return
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

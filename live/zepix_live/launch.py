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
from zepix_live.api.settings import API, ApiSettings, read_api_settings
from zepix_live.api_launch import ApiThread, api_child
from zepix_live.api_trouble import forget_api_trouble
from zepix_live.clock import SystemClock
from zepix_live.engine.options import SETTINGS, EngineOptions, feed_choice, seconds
from zepix_live.first_line import first_line
from zepix_live.heartbeat import FAILED, EngineState, read_heartbeat, write_heartbeat
from zepix_live.identity import inbox_id_for
from zepix_live.live_environment import over
from zepix_live.live_tables import unknown_setting
from zepix_live.logs import LOG, hand_on, log_settings, told_by
from zepix_live.private_files import private_files
from zepix_live.secrets_file import RECEIVER_SETTINGS
from zepix_live.supervise import Child, Supervisor
from zepix_live.watchdog import HANG_S, START_S, Watchdog

__all__ = ["CONFIG_NAME", "data_folder", "live_table", "of_folder", "receiver_of", "receiver_table", "run_live"]

JOIN_S: Final = 4.0
LAST_S: Final = 1.0
"""How long an engine of the same process may still take once the receiver has ended: five seconds in all."""
FATAL: Final = frozenset({2, 3})
PYTHON: Final = (sys.executable, "-X", "utf8", "-m")
MOST_DETAIL: Final = 1_000
CONFIG_NAME: Final = "live.toml"
LIVE: Final = "live."
VARIABLES: Final = "ZEPIX_LIVE__"
RECEIVER: Final = "receiver."


def data_folder(given: Path | None) -> Path:
    """Where everything durable lies when nobody said: ``zepix-live`` in the current folder."""
    return given if given is not None else Path("zepix-live")


def of_folder(options: EngineOptions) -> EngineOptions:
    """The options, with the configuration that lies in the data folder where no other is named, and the prices that it
    names where no flag does. Raises ConfigError."""
    own = options.data_dir / CONFIG_NAME
    if options.config is None and own.is_file():
        options = replace(options, config=own)
    feed = _live_tables(options)[0].get("feed")
    if options.feed is None and feed is not None:
        options = replace(options, feed=feed_of(feed, options.config))
    return options


def feed_of(value: Any, config: Path | None) -> str:
    """What ``live.feed`` says, a relative path as of the file that says it. Raises ConfigError."""
    text = value if isinstance(value, str) else ascii(value)[:60]
    choice = feed_choice(text)
    if choice.path is not None and config is not None:
        return f"replay:{config.parent / choice.path}"
    return text


def receiver_table(options: EngineOptions) -> dict[str, Any]:
    """What the file's ``[live.receiver]``, the environment and ``--set live.receiver.NAME=`` say. Raises ConfigError,
    also for what ``[live]`` does not have: a name that nobody reads may be an address list that nobody checks."""
    return _live_tables(options)[1]


def _live_tables(options: EngineOptions) -> tuple[dict[str, Any], dict[str, Any]]:
    """(``[live]``, ``[live.receiver]``) of the file, under the environment and ``--set``. Raises ConfigError."""
    given = {key.removeprefix(LIVE): value for key, value in options.flags.items() if key.startswith(LIVE)}
    _known(key.split(".")[0] for key in given)
    is_said = options.config is not None or any(name.upper().startswith(VARIABLES) for name in os.environ)
    if not is_said and not given:
        return {}, {}
    from zepix.config.check import plain
    from zepix.config.files import read_settings

    live = {} if options.config is None else read_settings(options.config).get("live", {})
    live = over(live, os.environ) if isinstance(live, Mapping) else live
    receiver = live.get("receiver", {}) if isinstance(live, Mapping) else None
    if not isinstance(receiver, Mapping):
        raise ConfigError("[live] and [live.receiver] are tables of settings")
    _known(live)
    flags = {key: plain(value) for key, value in given.items()}
    to_receiver = {key.removeprefix(RECEIVER): value for key, value in flags.items() if key.startswith(RECEIVER)}
    return {**live, **flags}, {**receiver, **to_receiver}


def live_table(options: EngineOptions, name: str) -> Any:
    """One of the tables of ``[live]``, with what ``--set`` says of it. Raises ConfigError."""
    live = _live_tables(options)[0]
    given = live.get(name, {})
    flags = {key.removeprefix(f"{name}."): value for key, value in live.items() if key.startswith(f"{name}.")}
    return {**given, **flags} if isinstance(given, Mapping) else given


def _watchdog(options: EngineOptions) -> Watchdog:
    """How long an engine may be silent. Raises ConfigError."""
    live, _ = _live_tables(options)
    start_s = seconds("live.start_s", live.get("start_s", START_S))
    return Watchdog(options.data_dir, _hang_s(options), start_s)


def _hang_s(options: EngineOptions) -> float:
    """How long a handler may run. Raises ConfigError."""
    return seconds("live.hang_s", _live_tables(options)[0].get("hang_s", HANG_S))


def _known(names: Iterable[str]) -> None:
    if strange := sorted(set(names) - SETTINGS):
        raise ConfigError([unknown_setting("live", name, SETTINGS) for name in strange])


def run_live(
    options: EngineOptions, *, host: str | None, port: int | None, one_process: bool, say: Callable[[str], None]
) -> int:
    """Run until told to stop; the exit status. Raises ConfigError, JournalError before anything is taken."""
    with private_files():
        return _run(of_folder(options), host, port, one_process, say)


def _run(
    options: EngineOptions, host: str | None, port: int | None, one_process: bool, say: Callable[[str], None]
) -> int:
    table = receiver_table(options)
    log = log_settings(live_table(options, LOG))
    api = read_api_settings(options.data_dir, live_table(options, API), os.environ)
    options.data_dir.mkdir(parents=True, exist_ok=True)
    hand_on(log, os.environ)
    say = told_by(log, options.data_dir, say)
    lock = FolderLock(options.data_dir / "lock", "runner")
    try:  # what an engine that was killed said last is no sign of life of the next one
        write_heartbeat(options.data_dir, EngineState(SystemClock().now_ns(), "starting"))
        forget_api_trouble(options.data_dir)
        say(first_line(options, os.environ))
        run = _in_one if one_process else _in_two
        return run(replace(options, inbox_id=inbox_id_for(options.data_dir)), table, host, port, say, api)
    finally:
        _say_down(options.data_dir)
        lock.release()


def _in_two(
    options: EngineOptions,
    table: Mapping[str, Any],
    host: str | None,
    port: int | None,
    say: Callable[[str], None],
    api: ApiSettings,
) -> int:
    receiver = receiver_of(options, table, host, port)
    engine = Child(
        "engine",
        [*PYTHON, "zepix_live.engine_child", options.encoded()],
        gives_up=True,
        fatal=FATAL,
        ends_all=not _is_in_use(options.data_dir),
        watch=_watchdog(options),
        on_given_up=lambda why: _say_failed(options.data_dir, why),
    )
    return Supervisor([receiver, engine, *([api_child(api, PYTHON, FATAL)] if api.enabled else [])], say).run()


def receiver_of(
    options: EngineOptions, table: Mapping[str, Any], host: str | None, port: int | None, *, records: bool = False
) -> Child:
    """The receiver as a process to keep alive; ``records``: nobody decides what it takes. Its settings stand in the
    environment: addresses of other receivers hold secrets, and everybody on the machine sees a command line."""
    taken = ["--data", str(options.data_dir), "--inbox-id", options.inbox_id]
    taken += ["--host", host] if host is not None else []
    taken += ["--port", str(port)] if port is not None else []
    taken += ["--records"] if records else []
    command = [*PYTHON, "zepix_live.receiver_child", *taken]
    return Child("receiver", command, gives_up=False, fatal=FATAL, environ={RECEIVER_SETTINGS: json.dumps(dict(table))})


def _is_in_use(data_dir: Path) -> bool:
    """Whether a runner was here before: alerts may be on their way to it."""
    return any((data_dir / name).exists() for name in ("inbox.sqlite", "journal.sqlite"))


def _say_down(data_dir: Path) -> None:
    """An engine that was told to end did not say so itself: it has nothing to save, and ends at once."""
    found = read_heartbeat(data_dir)
    if found.state not in (FAILED, "down"):
        write_heartbeat(data_dir, EngineState(SystemClock().now_ns(), "down", "", found.inbox_seq))


def _say_failed(data_dir: Path, why: str) -> None:
    """For whoever asks how the engine is; where it said itself why it cannot start, that stands."""
    found = read_heartbeat(data_dir)
    if found.state != FAILED:
        write_heartbeat(data_dir, EngineState(SystemClock().now_ns(), FAILED, why, found.inbox_seq))


def _in_one(
    options: EngineOptions,
    table: Mapping[str, Any],
    host: str | None,
    port: int | None,
    say: Callable[[str], None],
    api: ApiSettings,
) -> int:
    """The receiver in the main thread, the engine in another: for trials, where one may slow the other."""
    from zepix_live.engine.main import Engine, run_engine
    from zepix_live.receiver.main import run_receiver, write_to_log
    from zepix_live.receiver.server import ReceiverServer
    from zepix_live.settings import read_settings

    read = read_settings(options.data_dir, table, os.environ, host=host, port=port)
    settings = replace(read, inbox_id=options.inbox_id)
    write_to_log(settings)
    was_in_use = _is_in_use(options.data_dir)
    over, failed, servers = threading.Event(), list[BaseException](), list[ReceiverServer]()

    def is_over() -> bool:
        return over.is_set() or any(server.should_exit for server in servers)

    def ready(engine: Engine) -> None:
        for line in engine.statement["lines"]:
            say(line)

    def turn() -> None:
        try:
            run_engine(options, is_over, on_ready=ready, alone_after_s=_hang_s(options))
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
    beside = ApiThread(api, say)
    beside.start()
    try:
        run_receiver(settings, on_ready=taking)
    finally:
        was_told = is_over()  # then the engine knows it for as long as the receiver took to end
        over.set()
        beside.stop()
        thread.join(LAST_S if was_told else JOIN_S)
    if failed:
        raise failed[0]
    return 0

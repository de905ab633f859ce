"""The receiver as a process: takes the port, opens the inbox, serves until it is told to end.

python -m zepix_live.receiver.main --data DIR [--host 127.0.0.1] [--port 8000]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zepix.errors import ConfigError, ZepixError
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.journal.group_commit import GroupCommitter
from zepix_live.clock import Clock, SystemClock
from zepix_live.door_file import DoorFile, write_door
from zepix_live.heartbeat import EngineState, state_from_file
from zepix_live.identity import INBOX_FIELD, new_inbox_id
from zepix_live.inbox_rows import EVENT
from zepix_live.logs import handed_on, set_up
from zepix_live.receiver.app import create_app
from zepix_live.receiver.inbox import TAIL_ROWS, Inbox
from zepix_live.receiver.log_filter import SecretFilter
from zepix_live.receiver.mirrors import Mirrors
from zepix_live.receiver.server import ReceiverServer, listen, make_server
from zepix_live.receiver.store import CommitterStore
from zepix_live.secrets_file import RECEIVER_SETTINGS
from zepix_live.settings import ReceiverSettings, read_settings

__all__ = [
    "INBOX_NAME",
    "OpenInbox",
    "inbox_path",
    "main",
    "open_inbox",
    "run_receiver",
    "settings_table",
    "write_to_log",
]

_log = logging.getLogger("zepix.receiver")
INBOX_NAME: Final = "inbox"
_CLOSE_S: Final = 1.5


def inbox_path(data_dir: Path) -> Path:
    """Where the receiver's alerts lie."""
    return data_dir / "inbox.sqlite"


@dataclass(slots=True)
class OpenInbox:
    """An inbox with its log and the thread that writes it."""

    inbox: Inbox
    log: DurableLog
    committer: GroupCommitter


@contextlib.contextmanager
def open_inbox(settings: ReceiverSettings, clock: Clock) -> Iterator[OpenInbox]:
    """The inbox of the data folder, which is made if it is not there; closed in the end.

    It remembers what its newest rows say. Raises JournalError where another receiver owns it, a newer version wrote it,
    it is damaged, or the folder cannot be written.
    """
    path = inbox_path(settings.data_dir)
    log = DurableLog(path, name=INBOX_NAME, header={INBOX_FIELD: settings.inbox_id or new_inbox_id()})
    try:
        committer = GroupCommitter(log)
        try:
            store = CommitterStore(committer, clock, _still_there(path))
            inbox = Inbox(store, clock, settings.answer_timeout_s, settings.most_wait_s)
            with LogReader(path) as reader:
                inbox.recover(reader.rows(max(0, log.last_seq - TAIL_ROWS), None))
            yield OpenInbox(inbox, log, committer)
        finally:
            committer.close(_CLOSE_S)
    finally:
        log.close()


def _still_there(path: Path) -> Callable[[], bool]:
    """Whether the folder of ``path`` is the one it is now, and still has a part of the inbox; no part but the newest
    need stay."""

    def folder() -> tuple[int, int] | None:
        try:
            found = path.parent.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    before = folder()
    return lambda: folder() == before and (path.exists() or any(path.parent.glob(f"{path.stem}-*{path.suffix}")))


def run_receiver(
    settings: ReceiverSettings,
    *,
    clock: Clock | None = None,
    engine_state: Callable[[], EngineState] | None = None,
    on_ready: Callable[[ReceiverServer, int], None] | None = None,
) -> int:
    """Takes alerts until a signal says stop; 0 then. ``on_ready`` is told the server and its port once it takes them.

    Raises ConfigError for a port that is taken or settings that must not listen, JournalError as ``open_inbox``.
    """
    clock = clock if clock is not None else SystemClock()
    settings.check()
    engine_state = engine_state or state_from_file(settings.data_dir, clock, settings.engine_silence_s)
    listener = listen(settings.host, settings.port)
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.closing(listener))
        opened = stack.enter_context(open_inbox(settings, clock))
        key = DoorFile.new_key()
        mirrors = Mirrors(settings, clock)
        stack.callback(mirrors.close)
        app = create_app(settings, opened.inbox, clock, engine_state, operator_key=key, mirrors=mirrors)
        server = make_server(app, settings, listener)
        port = int(listener.getsockname()[1])
        write_door(settings.data_dir, DoorFile(settings.host, port, key, os.getpid()))

        def ready() -> None:
            _log.info("alerts are taken on port %d, %d rows in the inbox", port, opened.log.last_seq)
            if missing := mirrors.look_back(opened.inbox.handed_on):
                _log.warning("%s", missing)
                opened.inbox.note(EVENT, {"level": "WARN", "code": "mirror_unknown", "text": missing[:2_000]})
            if on_ready is not None:
                on_ready(server, port)

        server.on_ready = ready
        asyncio.run(server.take_alerts())
    return 0


def write_to_log(settings: ReceiverSettings, level: int = logging.INFO) -> None:
    """Lets the receiver's log go where logs go (``zepix_live.logs``), without secrets."""
    set_up("receiver", handed_on(os.environ), settings.data_dir, settings.secrets.blot, level=level)
    for handler in logging.getLogger().handlers:
        handler.addFilter(SecretFilter(settings.secrets))


def main(arguments: list[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """The command line of the process; the exit status. ``--settings`` is JSON of what ``[live.receiver]`` holds."""
    parser = argparse.ArgumentParser(prog="zepix-receiver", description="Takes alerts and keeps them; trades nothing.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--settings", default="")
    given = parser.parse_args(arguments)
    try:
        table = settings_table(given.settings, os.environ if environ is None else environ)
        settings = read_settings(
            given.data, table, os.environ if environ is None else environ, host=given.host, port=given.port
        )
        write_to_log(settings)
        return run_receiver(settings)
    except ZepixError as error:
        sys.stderr.write(f"{ascii(str(error))[1:-1]}\n")
        return error.exit_status
    except KeyboardInterrupt:
        return 0


def settings_table(text: str, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """What ``[live.receiver]`` holds, from ``--settings`` or, since addresses of other receivers hold secrets and
    everybody on the machine sees a command line, from the environment. Raises ConfigError."""
    try:
        found = json.loads(text or environ.get(RECEIVER_SETTINGS) or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError("--settings must be a JSON object")
    return found


if __name__ == "__main__":
    sys.exit(main())

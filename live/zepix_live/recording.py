"""``zepix record``: the receiver, its inbox and its mirrors, without an engine. Nothing is decided, nothing is traded.

What it took is an alert log (``zepix alerts import DIR``), and ``zepix live`` can go on in the same folder: it takes
what is there in order, and refuses as stale whatever entry is older than ``live.stale_s``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from zepix.journal.lock import FolderLock
from zepix_live.engine.options import EngineOptions
from zepix_live.identity import inbox_id_for
from zepix_live.launch import live_table, of_folder, receiver_of, receiver_table
from zepix_live.logs import LOG, hand_on, log_settings, told_by
from zepix_live.private_files import private_files
from zepix_live.supervise import Supervisor

__all__ = ["run_record"]


def run_record(
    options: EngineOptions,
    *,
    host: str | None,
    port: int | None,
    mirrors: Sequence[str] = (),
    say: Callable[[str], None],
) -> int:
    """Take alerts until told to stop; the exit status. ``mirrors``: other receivers beside those of the configuration.

    Raises ConfigError, JournalError before anything is taken.
    """
    with private_files():
        return _record(of_folder(options), host, port, mirrors, say)


def _record(
    options: EngineOptions, host: str | None, port: int | None, mirrors: Sequence[str], say: Callable[[str], None]
) -> int:
    table = receiver_table(options)
    if mirrors:
        told = table.get("mirror", [])
        table["mirror"] = [*([told] if isinstance(told, str) else told), *mirrors]
    log = log_settings(live_table(options, LOG))
    options.data_dir.mkdir(parents=True, exist_ok=True)
    hand_on(log, os.environ)
    say = told_by(log, options.data_dir, say)
    lock = FolderLock(options.data_dir / "lock", "runner")
    try:
        say(f"RECORDING: alerts are kept in {options.data_dir}; nothing is decided and nothing is traded.")
        child = receiver_of(replace(options, inbox_id=inbox_id_for(options.data_dir)), table, host, port, records=True)
        return Supervisor([child], say).run()
    finally:
        lock.release()

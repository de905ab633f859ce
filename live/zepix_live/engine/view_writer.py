"""The thread that writes the engine's view, counts what waits in the inbox, and notices a loop that does not turn.

It ends with its process, holds nothing that anybody waits for, and whatever fails in it is tried again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, Final

from zepix.engine.health import HealthLimits
from zepix.errors import JournalError
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import Clock
from zepix_live.engine.inbox_source import KINDS
from zepix_live.engine.view import Looking
from zepix_live.operator_commands import OPERATOR
from zepix_live.pulse import Beat
from zepix_live.view_file import write_view

__all__ = ["ViewWriter"]

LOOK_EVERY_S: Final = 0.25
BUSY_MS: Final = 1_000.0
"""A loop that has not turned for so long is told in the view."""
MOST_COUNTED: Final = 1_000
TAKEN: Final = frozenset({*KINDS, OPERATOR})
log = logging.getLogger("zepix.engine")


class ViewWriter:
    """``offer`` it views, ``start`` it, ``stop`` it. ``looking`` is given afterwards: it offers."""

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        limits: HealthLimits,
        *,
        now: Callable[[], Beat] = Beat,
        alone_after_s: float | None = None,
    ) -> None:
        """``now``: under which alert the engine is. ``alone_after_s``: nobody outside watches (one process), so a
        handler that runs for so long is told as CRITICAL here."""
        self._data_dir = data_dir
        self._clock = clock
        self._limits = limits
        self._now = now
        self._alone_after_s = alone_after_s
        self.looking: Looking | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._offered: dict[str, Any] | None = None
        self._last: dict[str, Any] | None = None
        self._reader: LogReader | None = None
        self._told: set[str] = set()
        self._was_busy = False

    def offer(self, view: dict[str, Any]) -> None:
        """Write this next; one that waits and was not written is passed over."""
        self._offered = view

    def start(self) -> None:
        self._thread = threading.Thread(target=self._write_on, name="view", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> None:
        """End it; the newest view is written first."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _write_on(self) -> None:
        try:
            while not self._over.wait(LOOK_EVERY_S):
                self.look()
            self._flush()
        finally:
            if self._reader is not None:
                self._reader.close()

    def look(self) -> None:
        """Once: write what is new, or what has become of a loop that stands."""
        try:
            if not self._flush():
                self._look_for_busy()
        except Exception as error:  # noqa: BLE001 - a view must never end what it looks at
            self._tell_once(f"the engine's view cannot be written: {type(error).__name__}", logging.WARNING)

    def _flush(self) -> bool:
        view, self._offered = self._offered, None
        if view is None:
            return False
        self._told.clear()
        self._was_busy = False
        self._last = {**view, "inbox": {**view["inbox"], **self._waiting(int(view["inbox"]["taken"]))}}
        if not write_view(self._data_dir, self._last):
            self._offered = self._offered or view  # a full disk, or a reader in the way: again
        return True

    # --- the inbox --------------------------------------------------------------------------------------------------

    def _waiting(self, taken: int) -> dict[str, int]:
        """The inbox's last number, and how many of its alerts and commands the engine has not taken."""
        path = self._data_dir / "inbox.sqlite"
        try:
            if self._reader is None:
                if not path.exists():
                    return {}
                self._reader = LogReader(path)
            last = self._reader.last_seq()
            depth = 0
            if last > taken:
                rows = self._reader.rows(taken, None, kinds=TAKEN)
                depth = sum(1 for _ in islice(rows, MOST_COUNTED))
                depth = last - taken if depth >= MOST_COUNTED else depth
            return {"last": last, "depth": depth}
        except JournalError:
            with contextlib.suppress(Exception):
                if self._reader is not None:
                    self._reader.close()
            self._reader = None
            return {}

    # --- a loop that stands -----------------------------------------------------------------------------------------

    def _look_for_busy(self) -> None:
        looking, last = self.looking, self._last
        if looking is None or last is None:
            return
        silent_ms = looking.silent_ms
        if silent_ms < BUSY_MS:
            return
        self._was_busy = True
        running, beat = looking.running, self._now()
        view = {**last, "wall_ns": self._clock.now_ns(), "loop": {**last["loop"], "silent_ms": round(silent_ms, 1)}}
        view["inbox"] = {**last["inbox"], **self._waiting(int(last["inbox"]["taken"]))}
        if running is not None:
            self._say_busy(view, running, beat)
        write_view(self._data_dir, view)

    def _say_busy(self, view: dict[str, Any], running: tuple[str, str, float], beat: Beat) -> None:
        plugin_id, handler, running_ms = running
        under = beat.what if beat.taking else "prices or a timer"
        view["busy"] = {
            "plugin": plugin_id,
            "handler": handler,
            "running_ms": round(running_ms, 1),
            "of": beat.of if beat.taking else 0,
            "alert": beat.id if beat.taking else "",
        }
        if running_ms <= self._limits.handler_ms:
            return
        why = f"{handler} has been running for {running_ms / 1000:.0f} s"
        plugins = view["plugins"]
        if plugin_id in plugins:
            view["plugins"] = {**plugins, plugin_id: {**plugins[plugin_id], "state": "HUNG", "why": why}}
        more = {"code": "plugin_hung", "plugin": plugin_id, "alert": beat.id if beat.taking else ""}
        text = f"plugin {plugin_id} hangs: its handler {handler} runs under {under}"
        self._tell_once(f"{text} for more than {self._limits.handler_ms / 1000:g} s", logging.WARNING, more)
        if self._alone_after_s is not None and running_ms > self._alone_after_s * 1000:
            self._tell_once(
                f"{text} for more than {self._alone_after_s:g} s; nothing is decided meanwhile, and with --one-process "
                "nobody can end it: end zepix live (Ctrl+C) and start it anew; after two such ends the alert is set "
                "aside as poison",
                logging.CRITICAL,
                more,
            )

    def _tell_once(self, text: str, level: int, more: dict[str, Any] | None = None) -> None:
        """Once a time that the loop stands: a thread that looks every quarter of a second must not fill a log."""
        if text not in self._told:
            self._told.add(text)
            log.log(level, "%s", text, extra=more)

"""The engine's view: put together in its loop at most once a second, written by a thread of its own.

The loop pays for reading its own state, some tenths of a millisecond a second; encoding, the disk, and counting what
waits in the inbox are the thread's. Where nothing was taken since the last time, it is written every ten seconds.

The same thread sees a loop that does not turn any more: it says in the view which handler has been running since when
(``busy``), and calls its plugin HUNG. It runs while Python runs; a handler that never lets go of the interpreter is
found by the process outside (``watchdog.py``) and by the age of the pulse (``seen_from_outside.py``).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.engine_state import held_back
from zepix.engine.health import HealthLimits, PluginHealthMonitor, Seen
from zepix_live.clock import Clock
from zepix_live.engine.books import LIVE, SHADOW, TWIN, Book, view_of
from zepix_live.engine.measuring import MS, Stopwatch, TimedJournal, Window
from zepix_live.engine.session import LiveSession, Output
from zepix_live.engine.view_parts import (
    caps_of,
    chain_counts,
    chains_of,
    feed_of,
    services_of,
    ticket_counts,
    tickets_of,
)
from zepix_live.view_file import VERSION

if TYPE_CHECKING:
    from zepix_live.engine.consumer import Consumer
    from zepix_live.pulse import Pulse

__all__ = ["Looking"]

EVERY_NS: Final = 1_000_000_000
IDLE_NS: Final = 10 * EVERY_NS
MOST_PLUGINS: Final = 200
MOST_REASON: Final = 120
MOST_HELD: Final = 20
MOST_TEXT: Final = 300
log = logging.getLogger("zepix.engine")


@dataclass(slots=True)
class _Written:
    """When the last view was put together, and as of what."""

    at_ns: int = -IDLE_NS
    mark: tuple[int, int, str] = (-1, -1, "")


@dataclass(slots=True)
class _Session:
    """What belongs to the session that turns now."""

    session: LiveSession | None = None
    books: dict[str, Book] = field(default_factory=dict)
    watches: dict[str, Stopwatch] = field(default_factory=dict)
    monitors: dict[str, PluginHealthMonitor] = field(default_factory=dict)


class Looking:
    """Looks at a consumer once a turn; ``view`` is what it saw last. The engine's own thread calls it."""

    def __init__(
        self,
        clock: Clock,
        limits: HealthLimits,
        pulse: Pulse | None = None,
        offer: Callable[[dict[str, Any]], None] = lambda _view: None,
    ) -> None:
        """``offer``: takes a view that is to be written; must not keep the loop waiting."""
        self._clock = clock
        self._limits = limits
        self._pulse = pulse
        self._offer = offer
        self._written = _Written()
        self._of = _Session()
        self._lag = Window()
        self._turns = 0
        self._asked_ns = 0
        self._looked_ns = 0
        self._failed = ""
        self._states: dict[str, str] = {}
        self._critical: dict[str, Any] = {"count": 0, "last": "", "last_ns": 0}
        """What somebody has to look at, since this process began."""

    # --- what the loop tells ----------------------------------------------------------------------------------------

    def turn(self, consumer: Consumer, trouble: str = "") -> None:
        """Before each turn: know a session that is new, measure how late this turn comes, and put a view together
        where one is due. Raises nothing: what cannot be read is left out and said once."""
        now_ns = self._clock.monotonic_ns()
        if self._looked_ns:
            self._lag.add(max(0.0, (now_ns - self._looked_ns - self._asked_ns) / MS), now_ns)
        self._looked_ns, self._asked_ns = now_ns, 0
        self._turns += 1
        if consumer.session is not self._of.session:
            self._know(consumer.session)
        if now_ns - self._written.at_ns >= EVERY_NS:
            self._put_together(consumer, now_ns, trouble)

    def rests(self, seconds: float) -> None:
        """How long the loop is going to wait of its own will: that is no lag."""
        self._asked_ns = round(seconds * 1e9)

    @property
    def silent_ms(self) -> float:
        """How long the loop has not turned; for another thread."""
        if not self._looked_ns:
            return 0.0
        return max(0.0, (self._clock.monotonic_ns() - self._looked_ns - self._asked_ns) / MS)

    @property
    def running(self) -> tuple[str, str, float] | None:
        """(plugin, handler, for how many milliseconds) of the handler that runs now; for another thread."""
        for watch in list(self._of.watches.values()):
            found = watch.running
            if found is not None:
                return found.plugin_id, found.handler, (self._clock.monotonic_ns() - found.since_ns) / MS
        return None

    def heard(self, output: Output) -> None:
        """A row that followed from an input: decisions are each plugin's last word."""
        body = output.body
        if body.get("level") == "CRITICAL" and body.get("book") != TWIN:
            now_ns = 0 if self._of.session is None else self._of.session.now_ns
            last = str(body.get("text") or body.get("code"))[:MOST_TEXT]
            self._critical = {"count": self._critical["count"] + 1, "last": last, "last_ns": now_ns}
        watch = self._of.watches.get(str(body.get("book", SHADOW)))
        if output.kind != "decision" or watch is None or not body.get("plugin"):
            return
        handled = watch.of(str(body["plugin"]))
        handled.last_alert, handled.last_outcome = str(body["id"]), str(body["outcome"])
        handled.last_reason = str(body["reason"])[:MOST_REASON]
        session = self._of.session
        handled.alert_ns = 0 if session is None else session.now_ns

    # --- a new session ----------------------------------------------------------------------------------------------

    def _know(self, session: LiveSession) -> None:
        """Measure in the parts of a session; what was measured of a plugin of the same name goes on."""
        of = _Session(session, {book.name: book for book in session.books})
        for name, book in of.books.items():
            before = self._of.watches.get(name)
            watch = of.watches[name] = Stopwatch(self._clock, book.engine, self._begins)
            watch.plugins = {} if before is None else before.plugins
            book.engine.watch = watch
            for api in book.simulation.apis.values():
                api.time_with(self._elapsed_ms)
            registry, seen = book.simulation.registry, partial(self._seen, name)
            for plugin_id in registry.get_all_plugins():
                watch.of(plugin_id)
            of.monitors[name] = PluginHealthMonitor(registry, book.engine, self._limits, seen)
        self._of = of
        self._written.mark = (-1, -1, "")

    def _begins(self, plugin_id: str) -> None:
        if self._pulse is not None:
            self._pulse.under(plugin_id)

    def _elapsed_ms(self) -> float:
        return self._clock.monotonic_ns() / MS

    def _seen(self, book: str, plugin_id: str) -> Seen:
        """For the monitor; what is running is seen by the thread alone."""
        session, handled = self._of.session, self._of.watches[book].of(plugin_id)
        assert session is not None, "asked for a session that is known"
        feed_ns = max((int(p.time[p.n - 1]) for p in session.feed.growing.values() if p.n), default=0)
        return Seen(handled.last_ns, session.now_ns, feed_ns, handled.times.told(95)["p95_ms"])

    # --- the view ---------------------------------------------------------------------------------------------------

    def _put_together(self, consumer: Consumer, now_ns: int, trouble: str) -> None:
        mark = (consumer.turned.inputs, consumer.journal.last_seq, trouble)
        if mark == self._written.mark and now_ns - self._written.at_ns < IDLE_NS:
            return
        self._written.at_ns, self._written.mark = now_ns, mark
        try:
            found = self._view(consumer, trouble)
        except Exception as error:  # noqa: BLE001 - a view must never end what it looks at
            why = f"{type(error).__name__}: {error}"
            if why != self._failed:
                self._failed = why
                log.warning("the engine's view cannot be put together: %s", why)
            return
        self._failed = ""
        self._tell_changes(found["plugins"])
        self._offer(found)

    def _view(self, consumer: Consumer, trouble: str) -> dict[str, Any]:
        session, books = consumer.session, list(self._of.books.values())
        now_ns = max(session.now_ns, consumer.clock.now_ns())
        ours = [book for book in books if book.name != TWIN]
        homes = self._homes()
        return {
            "version": VERSION,
            "t_ns": now_ns,
            "wall_ns": self._clock.now_ns(),
            "is_recording": consumer.clock.anchor is not None,
            "state": "halted" if trouble else "running",
            "detail": trouble[:500],
            **view_of(session),
            "plugins": self._plugins(homes, ours),
            "tickets": [one for book in books for one in tickets_of(book.simulation, book.name)],
            "chains": [one for book in books for one in chains_of(book.simulation, book.name)],
            "caps": [one for book in ours for one in caps_of(book.simulation, book.name)],
            "feed": feed_of(session, now_ns),
            "services": {name: services_of(book.simulation, name) for name, book in homes.items()},
            "loop": self._loop(),
            "journal": _journal(consumer),
            "inbox": {"taken": consumer.turned.inbox_seq, "last": consumer.turned.inbox_seq, "depth": 0},
            "critical": dict(self._critical),
            "paused": any(book.engine.is_paused for book in ours),
        }

    def _homes(self) -> dict[str, Book]:
        """By plugin, the book in which it takes part: the live one before the shadow."""
        books = self._of.books
        found = dict.fromkeys(list(books[SHADOW].simulation.registry.get_all_plugins())[:MOST_PLUGINS], books[SHADOW])
        live = books.get(LIVE)
        if live is not None and live.roster is not None:
            found.update({name: live for name in found if live.roster.is_member(name)})
        return found

    def _plugins(self, homes: Mapping[str, Book], ours: Sequence[Book]) -> dict[str, dict[str, Any]]:
        tickets, chains = Counter[str](), Counter[str]()
        for book in ours:
            tickets += ticket_counts(book.simulation)
            chains += chain_counts(book.simulation)
        return {
            name: {**self._plugin(name, book), "open_tickets": tickets[name], "chains": chains[name]}
            for name, book in homes.items()
        }

    def _plugin(self, plugin_id: str, book: Book) -> dict[str, Any]:
        handled, plugin = self._of.watches[book.name].of(plugin_id), book.simulation.registry.get_plugin(plugin_id)
        assert plugin is not None, "of a registry's own plugins"
        health, times = self._of.monitors[book.name].check_plugin_health(plugin_id), handled.times.told(50, 95)
        return {
            "strategy": plugin.info.strategy,
            "book": book.name,
            "enabled": plugin.enabled,
            "state": health["state"],
            "why": health["why"],
            "is_zombie": health["is_zombie"],
            "failures_in_a_row": health["failures_in_a_row"],
            "held_back": sorted(symbol for name, symbol in held_back(book.engine) if name == plugin_id)[:MOST_HELD],
            "last_ns": handled.last_ns,
            "last_alert": handled.last_alert,
            "last_alert_ns": handled.alert_ns,
            "last_outcome": handled.last_outcome,
            "last_reason": handled.last_reason,
            "handlers": handled.times.count,
            "handler_p50_ms": times["p50_ms"],
            "handler_p95_ms": times["p95_ms"],
            "handler_max_ms": times["max_ms"],
        }

    def _loop(self) -> dict[str, Any]:
        lag = self._lag.told(50, 99)
        return {
            "lag_p50_ms": lag["p50_ms"],
            "lag_p99_ms": lag["p99_ms"],
            "lag_max_ms": lag["max_ms"],
            "turns": self._turns,
            "silent_ms": 0.0,
        }

    def _tell_changes(self, plugins: Mapping[str, Mapping[str, Any]]) -> None:
        """A line of the log where a plugin's state is another one; DEAD was told as it happened."""
        for plugin_id, told in plugins.items():
            state = str(told["state"]) + (" zombie" if told["is_zombie"] else "")
            before = self._states.get(plugin_id, "HEALTHY")
            if state not in (before, "DEAD"):
                level = logging.WARNING if told["state"] == "FAILING" else logging.INFO
                more = {"code": "plugin_health", "plugin": plugin_id}
                log.log(level, "plugin %s is %s: %s", plugin_id, told["state"], told["why"] or "well", extra=more)
            self._states[plugin_id] = state


def _journal(consumer: Consumer) -> dict[str, Any]:
    journal = consumer.journal
    found: dict[str, Any] = {"last_seq": journal.last_seq}
    if isinstance(journal, TimedJournal):
        told = journal.commits.told(50, 99)
        found |= {
            "commit_p50_ms": told["p50_ms"],
            "commit_p99_ms": told["p99_ms"],
            "commit_max_ms": told["max_ms"],
            "commits": journal.commits.count,
        }
    return {**found, "snapshots": consumer.turned.snapshots}

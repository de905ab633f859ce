"""Puts a simulated disk, threads and prices in the places where the runner asks for real ones; taken back at the end.

What is replaced: ``DurableLog`` and ``LogReader`` (by twins, or by real ones on a disk that fails), the committing
thread (by the same class driven by the loop), where recorded prices are loaded from, how long the engine sleeps, and
how often it saves its state. Strategies are found and settings read once and not at each start: that is speed only.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import zepix.spec as spec_module
from tests.live.sim.loop import NS, SimLoop
from tests.live.sim.plain_files import SimPulse, write_forced
from tests.live.sim.waker import Waker
from zepix.engine.registry import PluginRegistry, find_strategies
from zepix.journal.group_commit import GroupCommitter
from zepix.spec import load_spec
from zepix_live.engine import config, consumer, forgetting, inbox_source, main, plan, price_file
from zepix_live.engine.feeds import NoFeed
from zepix_live.receiver import main as receiver_main

POLL_S = 0.2
SNAPSHOT_WEIGHT = 60
"""A state is saved after so much, so that many worlds begin from one."""
MOST_TICKS = 12
"""So few are kept, so that a world of ticks forgets some between any two deaths."""


class SimCommitter(GroupCommitter):
    """The group committer with the loop for a thread: what is submitted is written a little later, in one call."""

    loop: SimLoop
    delay_ns: Callable[[], int] = staticmethod(lambda: 1_000_000)

    def _started(self) -> threading.Thread:
        self._is_waiting = False
        return _NoThread()

    def submit(self, t_ns: int, kind: str, body: str) -> Any:
        future = super().submit(t_ns, kind, body)
        if self._queue and not self._is_waiting:
            self._is_waiting = True
            self.loop.call_later(self.delay_ns() / NS, self._pump)
        return future

    def _pump(self) -> None:
        self._is_waiting = False
        if self.died_of is not None or not self._queue:
            return
        batch = self._gathered()
        self._write(batch)
        self._done(batch)
        if self._queue:
            self._is_waiting = True
            self.loop.call_later(self.delay_ns() / NS, self._pump)


class _NoThread(threading.Thread):
    """Lives as long as nobody says that it died."""

    def is_alive(self) -> bool:
        return True

    def join(self, timeout: float | None = None) -> None:
        del timeout


@functools.cache
def _found(folders: tuple[Any, ...]) -> PluginRegistry:
    found = _real_find(folders, spec_module.complete_settings)
    found.register(Waker)
    return found


_real_find = find_strategies
_real_load = load_spec
_real_plan = plan.plan_of
_specs: dict[str, Any] = {}
_plans: dict[int, Any] = {}


def _strategies(folders: Any = (), check_settings: Any = None) -> PluginRegistry:
    template = _found(tuple(folders))
    made = PluginRegistry(check_settings)
    made.classes, made.failures = dict(template.classes), dict(template.failures)
    return made


def _spec(path: Any = None, *, flags: Any = None, environ: Any = None) -> Any:
    assert path is None, "simulated runners have no file"
    key = json.dumps({name: repr(value) for name, value in sorted((flags or {}).items())})
    if key not in _specs:
        _specs[key] = _real_load(None, flags=flags, environ=environ or {})
    return _specs[key]


def _plan(spec: Any) -> Any:
    if id(spec) not in _plans:
        _plans[id(spec)] = _real_plan(spec)
    return _plans[id(spec)]


def _users_of(function: Any) -> list[Any]:
    """The modules that call a function by the name under which they imported it."""
    modules = [module for name, module in sys.modules.items() if name.startswith("zepix")]
    return [module for module in modules if vars(module).get(function.__name__) is function]


@contextlib.contextmanager
def installed(
    loop: SimLoop, log: Any, reader: Any, feed: Callable[[], Any], delay_ns: Any, *, is_real: bool = False
) -> Iterator[None]:
    """While inside, the runner's modules have the world's parts; ``is_real``: files are real ones."""
    committer = type("Committer", (SimCommitter,), {"loop": loop, "delay_ns": staticmethod(delay_ns)})
    changes: list[tuple[Any, str, Any]] = [
        *((module, "find_strategies", _strategies) for module in _users_of(_real_find)),
        (spec_module, "load_spec", _spec),
        (config, "load_spec", _spec),
        (config, "plan_of", _plan),
        (main, "plan_of", _plan),
        (main, "DurableLog", log),
        (main, "LogReader", reader),
        (main, "POLL_S", POLL_S),
        (main, "_feed", lambda choice, _plan: feed() if choice.kind == "replay" else NoFeed({})),
        (price_file, "_write", write_forced),
        (main, "Pulse", SimPulse),
        (consumer, "SNAPSHOT_WEIGHT", SNAPSHOT_WEIGHT),
        (forgetting, "MOST_TICKS", MOST_TICKS),
        (forgetting, "KEPT_TICKS", MOST_TICKS // 4),
        (inbox_source, "LogReader", reader),
        (receiver_main, "DurableLog", log),
        (receiver_main, "LogReader", reader),
        (receiver_main, "GroupCommitter", committer),
    ]
    if is_real:
        changes.remove((price_file, "_write", write_forced))
    before = [(place, name, getattr(place, name)) for place, name, _ in changes]
    try:
        for place, name, value in changes:
            setattr(place, name, value)
        yield
    finally:
        for place, name, value in reversed(before):
            setattr(place, name, value)

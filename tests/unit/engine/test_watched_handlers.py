"""Who measures: told of each handler's beginning and end, whatever becomes of it; services timed from a moment on."""

from __future__ import annotations

import contextlib

from tests.world import alert, flat, market
from zepix.engine import PluginInfo, Strategy
from zepix.engine.asking import ask
from zepix.engine.service_api import ServiceAPI
from zepix.model import Alert


class Watched(Strategy):
    info = PluginInfo(strategy="watched")

    async def on_start(self) -> None:
        self.seen = 0

    async def signal_received(self, alert: Alert) -> None:
        self.seen += 1

    async def process_entry_signal(self, alert: Alert) -> None:
        if alert.comment == "bad":
            raise ValueError("bad")

    def get_chain_level(self) -> int:
        return 3


def test_every_handler_is_told_from_its_beginning_to_its_end() -> None:
    told: list[tuple[str, str]] = []
    simulation = market(*flat(9)).play([], Watched).simulation
    engine = simulation.engine
    engine.watch = lambda plugin_id, name: told.append((plugin_id, name))
    engine.process_alert(alert(0))
    engine.process_alert(alert(1, comment="bad"))
    assert ask(engine, "watched", "get_chain_level") == 3
    names = ["signal_received", "process_entry_signal", "signal_received", "process_entry_signal", "get_chain_level"]
    assert told == [("watched", word) for name in names for word in (name, "")]
    assert engine.failures_in_a_row("watched") == 1


class _Clock:
    now_ns = 5


class _Service:
    def __init__(self, clock: list[float]) -> None:
        self._clock = clock

    def work(self) -> int:
        self._clock[0] += 3.0
        return 7

    async def wait(self) -> None:
        self._clock[0] += 4.0

    def fail(self) -> None:
        self._clock[0] += 1.0
        raise ValueError("no")


def test_services_are_timed_from_the_moment_on_that_somebody_asks() -> None:
    clock = [0.0]
    api = ServiceAPI("x", clock=_Clock())
    api.register_service("thing", _Service(clock))
    thing = api.get_service("thing")
    assert thing.work() == 7
    metrics = api.get_service_metrics("thing")
    assert metrics is not None
    assert (metrics.calls, metrics.total_time_ms) == (1, 0.0)
    api.time_with(lambda: clock[0])
    assert thing.work() == 7
    assert thing.work() == 7
    coroutine = thing.wait()
    with contextlib.suppress(StopIteration):
        coroutine.send(None)
    with contextlib.suppress(ValueError):
        thing.fail()
    assert (metrics.calls, metrics.errors, metrics.total_time_ms) == (5, 1, 11.0)
    api.time_with(None)
    thing.work()
    assert (metrics.calls, metrics.total_time_ms) == (6, 11.0)

"""Reference scenarios: short lives of a runner in which somebody dies at every step, one after the other."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.live.sim.course import Course, Fault, Post, Prices
from tests.live.sim.draw import bars
from tests.live.sim.sender import COMMANDS
from tests.live.sim.world import Outcome, simulate

__all__ = ["SCENARIOS", "drawn_pairs", "every_crash", "two_crashes"]


def _alert(at_s: float, **fields: Any) -> Post:
    return Post(at_s, json.dumps({"symbol": "EURUSD", **fields}).encode())


def _entry(at_s: float, side: str = "buy", **more: Any) -> Post:
    return _alert(at_s, type="entry", side=side, volume=0.1, **more)


def _exit(at_s: float, **more: Any) -> Post:
    return _alert(at_s, type="exit", **more)


def _command(at_s: float, word: str, **more: Any) -> Post:
    fields = {"id": f"at-{at_s}-{word}", "command": word, "by": "anna", **more}
    return Post(at_s, json.dumps(fields).encode(), COMMANDS)


def _course(name: str, *posts: Post, seconds: float = 4.0, **more: Any) -> Course:
    settings = {"account.balance": 1_000_000, **more.pop("settings", {})}
    prices = more.pop("prices", Prices(3, 400))
    return Course(seconds=seconds, settings=settings, prices=prices, posts=posts, name=name, **more)


V6_ENTRY = b"BULLISH_ENTRY|EURUSD|5|1.1|BUY|HIGH|85|30|STRONG|1.097|1.1015|1.103|1.106|5/1|TL_OK|"
_WAKER = {"strategy.name": "sim_waker"}
_ALL = (
    _course("an entry and its exit", _entry(0.5, id="in"), _exit(2.1, id="out")),
    _course("a reversal", _entry(0.4), _alert(1.5, type="reversal", side="sell", volume=0.1, id="r")),
    _course("an entry and its resend", _entry(0.5), _entry(1.2), _entry(5.6), seconds=7.0),
    _course("an exit that comes twice", _entry(0.3), _exit(1.7), _exit(1.7), _entry(2.0, id="n"), _exit(3.5)),
    _course("close and open together", _entry(0.2, id="a"), _exit(1.1, id="b"), _entry(1.1, "sell", id="c")),
    _course("a burst", *(_entry(0.7, comment=f"b{n}") for n in range(12))),
    _course("bodies that nobody can read", _entry(0.3), Post(0.9, b'{"type": "exit", '), Post(1.2, b"\xff"), _exit(2)),
    _course("a stop that is hit", _entry(0.3, sl_pips=4), _entry(0.6, "sell", sl_pips=4, id="s"), seconds=6.0),
    _course("answers that wait", _entry(0.4), _exit(1.3), _entry(1.6, id="z"), settings={"fill.latency_ms": 70_000}),
    _course("timers of a strategy", _entry(0.4), _entry(2.2, "sell"), seconds=12.0, settings=_WAKER),
    _course("a full disk", _entry(0.4), _exit(1.4), faults=(Fault(0.3, "full", for_s=0.8),), seconds=9.0),
    _course("writes that are refused", _entry(0.4), _exit(1.4), faults=(Fault(0.35, "refuse", count=3),), seconds=9.0),
    _course(
        "other settings", _entry(0.3, id="a"), _entry(2.4, id="b"), _exit(3.0),
        faults=(Fault(1.1, "settings"),), later_settings={"strategy.one_at_a_time": "true"},
    ),
    _course("two symbols", _entry(0.4), _entry(0.41, symbol="XAUUSD"), _exit(1.8, symbol="XAUUSD"), _exit(1.8)),
    _course(
        "four plugins", Post(0.4, V6_ENTRY), Post(2.6, b"EXIT_BULLISH|EURUSD|5|1.1|4"),
        settings={"strategy.name": "v6_price_action"},
    ),
    _course(
        "bars that come as alerts", *bars(random.Random(1), 60.0), _entry(3.0, id="a"), _exit(62.0),
        seconds=62.5, feed="webhook",
    ),
    _course(
        "commands among alerts", _entry(0.4), _command(0.9, "pause"), _entry(0.91, id="held"), _exit(1.2),
        _command(1.6, "resume"), _entry(1.61, id="free"), _command(2.0, "pause", plugin="bracket"),
        _entry(2.2, id="no"),
    ),
    _course("an alert that kills", _entry(0.4, comment="deadly"), _entry(0.5, id="well"), seconds=6.0),
)  # fmt: skip
SCENARIOS = {course.name: course for course in _ALL}


def every_crash(course: Course, victims: str = "running", every: int = 1, first: int = 1) -> Iterator[Outcome]:
    """Die at step 1 (``first``), at step 2, ... until the scenario ends without reaching the step."""
    at = first
    while True:
        out = simulate(replace(course, crash_at=(at,), victims=victims))
        if out.steps < at:
            return
        yield out
        at += every


def drawn_pairs(rng: random.Random, steps: int, count: int) -> list[tuple[int, int]]:
    """(step, how many steps after it) at which somebody dies, and dies again."""
    return [(rng.randint(1, steps), rng.randint(1, 60)) for _ in range(count)]


def two_crashes(course: Course, pairs: list[tuple[int, int]], victims: str = "running") -> Iterator[Outcome]:
    """Die at a step, and again so many steps later: while it recovers, mostly."""
    for at, later in pairs:
        yield simulate(replace(course, crash_at=(at, at + later), victims=victims))

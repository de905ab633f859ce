"""Lives of a runner in which chains are open: V3 with pyramids, re-entries, safety and shields, and somebody dies.

``CHAINS`` are reference scenarios, ``drawn_chains`` the course of a seed with its faults and V3's alerts instead of its
own. The configuration is that of chain_life.py; ``there`` counts from a journal what chains there were.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.live.chain_life import body, counted, settings
from tests.live.sim.course import Course, Fault, Post, Prices
from tests.live.sim.draw import drawn
from zepix.journal.rows import Row

__all__ = ["CHAINS", "drawn_chains", "there"]

SYMBOLS = ("EURUSD", "EURUSD", "XAUUSD")


def there(journal: list[Row]) -> Counter[str]:
    """Orders by role, and how chains fared, of a journal's rows."""
    return counted((row.kind, json.loads(row.body)) for row in journal if row.kind in ("intent", "notification"))


def _post(at_s: float, fields: Mapping[str, Any]) -> Post:
    return Post(round(at_s, 3), json.dumps(fields).encode())


def _entry(at_s: float, side: str = "buy", symbol: str = "EURUSD", tf: str = "5") -> Post:
    sent = {"type": "entry_v3", "signal_type": "Sideways_Breakout", "symbol": symbol, "direction": side, "tf": tf}
    score = 5 if side == "buy" else 4
    return _post(at_s, {**sent, "consensus_score": score, "mtf_trends": "1,1,1,1,1", "id": f"v{at_s}"})


def _exit(at_s: float, word: str = "Bullish_Exit") -> Post:
    side = "sell" if word == "Bullish_Exit" else "buy"
    sent = {"type": "exit_v3", "signal_type": word, "symbol": "EURUSD", "direction": side, "tf": "5"}
    return _post(at_s, {**sent, "consensus_score": 3, "id": f"x{at_s}"})


def _course(name: str, *posts: Post, seconds: float = 4.0, speed: float = 300.0, **more: Any) -> Course:
    flags = {"account.balance": 1_000_000, **settings(), **more.pop("settings", {})}
    prices = more.pop("prices", Prices(3, 1_600))
    return Course(seconds=seconds, speed=speed, settings=flags, prices=prices, posts=posts, name=name, **more)


_BOTH = tuple(_entry(0.3 + 0.4 * n, side, tf=tf) for n, (side, tf) in enumerate((("buy", "5"), ("sell", "15")) * 3))
CHAINS = (
    _course("chains both ways", *_BOTH, seconds=5.0),
    _course(
        "chains that exits end", *_BOTH[:3], _exit(2.0), _entry(2.4), _exit(3.1, "Bearish_Exit"), _exit(3.6),
        seconds=4.5,
    ),
    _course(
        "chains whose answers wait", *_BOTH[:4], seconds=4.5, settings={"fill.latency_ms": 61_000},
    ),
    _course(
        "chains under other settings", *_BOTH[:4], _entry(2.2, "sell"), faults=(Fault(1.9, "settings"),), seconds=4.5,
        later_settings={"reverse_shield.kill_frac": 0.9, "profit_booking.allow_partial_progression": "false"},
    ),
)  # fmt: skip


def drawn_chains(seed: int) -> Course:
    """The course of a seed: its faults, its manner of sending, and V3's alerts."""
    course = drawn(seed)
    rng = random.Random(f"chains {seed}")
    flags = {"account.balance": 1_000_000, **settings()}
    if "fill.latency_ms" in course.settings:
        flags["fill.latency_ms"] = course.settings["fill.latency_ms"]
    seconds = min(course.seconds, 22.0)
    posts: list[Post] = []
    for number in range(rng.randint(6, 16) + round(seconds)):
        sent = body(rng, number, rng.choice(SYMBOLS))
        if rng.random() < 0.5:
            sent["id"] = f"n{number}"
        post = replace(_post(rng.uniform(0.0, seconds), sent), travels_s=rng.choice((0.002, 0.01, 0.05, 0.4, 2.0)))
        posts += [post] if rng.random() < 0.9 else [post, replace(post, at_s=post.at_s + rng.choice((0.0, 1.0, 31.5)))]
    are_ticks = course.prices.are_ticks
    speed = 30.0 if are_ticks else rng.choice((60.0, 300.0))
    jumps = sum(max(0.0, one.by_s) for one in course.faults if one.kind == "wall")
    minutes = round((seconds + 260 + jumps) * speed / 60) + 5
    return replace(
        course,
        feed="replay:prices", seconds=seconds, speed=speed, settings=flags, posts=tuple(posts),
        prices=Prices(seed % 8, minutes, are_ticks, gaps=course.prices.gaps),
        faults=tuple(one for one in course.faults if one.at_s < seconds),
        later_settings={"fill.latency_ms": 300, "reverse_shield.kill_frac": 0.9},
        name=f"chains {seed}",
    )  # fmt: skip

"""Lives of a runner with a live slot: modes switched while orders, tickets and chains are under way, and somebody dies.

``MODES`` are reference scenarios, ``drawn_modes`` the course of a seed with its faults, and commands among its alerts.
"""

from __future__ import annotations

import random
from dataclasses import replace

from tests.live.sim.chain_scenarios import CHAINS, drawn_chains
from tests.live.sim.course import Course, Post
from tests.live.sim.draw import drawn
from tests.live.sim.scenarios import _command, _course, _entry, _exit

__all__ = ["MODES", "SLOT", "drawn_modes"]

SLOT: dict[str, object] = {
    "shadow_mode.default_mode": "LIVE",
    "shadow_mode.enabled": "true",
    "broker.live.name": "simulated",
    "broker.live.spread_points": 4,
    "broker.live.refusal_rate": 0.2,
    "broker.live.fill.latency_ms": 900,
    "broker.live.fill.slippage_points": 3,
    "shadow_mode.breaker.tickets": 4,
    "shadow_mode.breaker.max_differing_frac": 0.5,
}


def _switched(course: Course, *commands: Post, name: str = "", **settings: object) -> Course:
    return replace(
        course,
        name=name or f"modes: {course.name}",
        settings={**course.settings, **SLOT, **settings},
        posts=(*course.posts, *commands),
    )


_FLIPS = (_command(0.8, "demote", plugin="bracket"), _command(1.9, "promote", plugin="bracket", force=True))
_V3 = (
    _command(0.85, "mode", mode="SHADOW"), _command(1.3, "mode", mode="HYBRID"),
    _command(1.95, "demote", plugin="v3_combined"), _command(2.6, "mode", mode="LIVE", plugin="v3_combined"),
    _command(3.3, "flatten", book="live"), _command(3.5, "resume"),
)  # fmt: skip
MODES = (
    _switched(
        _course("an entry, a switch and an exit", _entry(0.4), _exit(1.4), _entry(1.6, "sell", id="s"), _exit(2.6)),
        *_FLIPS,
    ),
    _switched(
        _course("a switch while answers wait", _entry(0.4), _exit(1.3), _entry(1.6, id="z"), _exit(3.0)),
        *_FLIPS,
        **{"broker.live.fill.latency_ms": 70_000, "fill.latency_ms": 50_000},
    ),
    _switched(
        _course(
            "a breaker that trips and is armed again",
            *(_entry(0.2 + n * 0.5, id=f"i{n}") for n in range(8)),
            *(_exit(0.45 + n * 0.5, id=f"o{n}") for n in range(8)),
            seconds=6.0,
        ),
        _command(4.3, "rearm", plugin="bracket"), _command(4.5, "flatten", plugin="bracket"),
        **{"broker.live.refusal_rate": 0.9},
    ),
    _switched(CHAINS[0], *_V3),
    _switched(CHAINS[2], *_V3, **{"broker.live.fill.latency_ms": 75_000}),
)  # fmt: skip
WORDS = ("pause", "resume", "mode", "mode", "promote", "promote", "demote", "demote", "rearm", "flatten", "disable")


def drawn_modes(seed: int) -> Course:
    """The course of a seed, with a live slot, and commands drawn among its alerts."""
    course = drawn_chains(seed) if seed % 2 else drawn(seed)
    rng = random.Random(f"modes {seed}")
    plugin = "v3_combined" if seed % 2 else "bracket"
    commands: list[Post] = []
    for _ in range(rng.randint(3, 10)):
        word, at_s = rng.choice(WORDS), round(rng.uniform(0.2, course.seconds), 3)
        more: dict[str, object] = {"plugin": plugin}
        if word == "mode":
            more = {"mode": rng.choice(("LIVE", "SHADOW", "HYBRID"))} | (more if rng.random() < 0.5 else {})
        elif word == "promote":
            more["force"] = True
        elif word in ("pause", "resume", "flatten") and rng.random() < 0.5:
            more = {"book": "live"} if word == "flatten" else {}
        commands.append(_command(at_s, word, **more))
        if word in ("flatten", "disable", "pause"):
            again = "enable" if word == "disable" else "resume"
            commands.append(_command(at_s + 0.4, again, **({"plugin": plugin} if again == "enable" else {})))
            commands.append(_command(at_s + 0.5, "resume", plugin=plugin))
    return _switched(course, *commands, name=f"modes {seed}")

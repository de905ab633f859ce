"""``zepix check SPEC --real``: every check in turn, and the one page that says what they found.

The page never says that a result is real. It says what was found that speaks against it, with the figure behind each
sentence, and what was not checked.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from os import PathLike
from typing import Any, Final

from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.journal.codec import plain
from zepix.research import replay as replaying
from zepix.research import stress as stressing
from zepix.research.real.generated import generated_alerts
from zepix.research.real.look_ahead import look_ahead
from zepix.research.real.monte_carlo import monte_carlo
from zepix.research.real.overfitting import Overfitting, overfitting
from zepix.research.real.replays import Subject, subject_of
from zepix.research.real.sensitivity import sensitivity
from zepix.research.real.start_up import start_up
from zepix.research.real.verdicts import (
    FOUND,
    NOT_CHECKED,
    Verdict,
    of_delivery,
    of_fills,
    of_future,
    of_generated,
    of_history,
    of_profit,
    of_sweep,
    of_tickets,
)
from zepix.research.stress_result import StressResult
from zepix.spec import Spec

__all__ = ["RealCheck", "check_real"]

SCHEMA: Final = 1
_STAGES: Final = 8
_DELAYS_S: Final = (3, 60)
_LOSSES: Final = (0.02, 0.05)
_WIDTH: Final = 110
ALWAYS_OPEN: Final = (
    "whether the log holds every alert that the script sent, and none that was made later",
    "how many variants were tried before this one and thrown away; each makes a good result cheaper (zx.sweep counts)",
    "whether it holds on days that nobody has seen: zx.walk_forward, or a part of the data kept back",
    "whether bars fill as ticks would: zepix fidelity",
    "whether the market will be the same",
)
Tell = Callable[[int, int], None]


@dataclass(slots=True)
class RealCheck:
    """``verdicts`` in the order of the page; ``digest`` is that of the run they are about."""

    title: str
    digest: str
    verdicts: list[Verdict] = field(default_factory=list)
    seed: int = 1

    @property
    def found(self) -> list[Verdict]:
        return [one for one in self.verdicts if one.status == FOUND]

    @property
    def headline(self) -> str:
        tried = [one for one in self.verdicts if one.status != NOT_CHECKED]
        if not tried:
            return "nothing could be checked"
        if not self.found:
            return f"nothing found that says otherwise, in {len(tried)} checks"
        return f"{len(self.found)} of {len(tried)} checks found something that says otherwise"

    def lines(self) -> list[str]:
        """The page, line by line."""
        made = [f"Is it real? {self.title}: {self.headline}", ""]
        for status in (FOUND, "nothing found", NOT_CHECKED):
            for one in self.verdicts:
                if one.status == status:
                    made += _wrapped(f"{one.name:<11}{one.status:<14}", one.text)
        made += ["", "NOT CHECKED BY ANYBODY HERE"]
        for text in ALWAYS_OPEN:
            made += _wrapped("  - ", text)
        return [*made, "", f"run {self.digest[:16]}, seed {self.seed}"]

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        found: dict[str, Any] = plain(
            {
                "schema": SCHEMA,
                "title": self.title,
                "headline": self.headline,
                "found": len(self.found),
                "digest": self.digest,
                "seed": self.seed,
                "verdicts": [asdict(one) for one in self.verdicts],
                "open": list(ALWAYS_OPEN),
            }
        )
        return found

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<RealCheck {self.headline}>"


def check_real(
    spec: Spec,
    loaded: replaying.Loaded | None = None,
    *,
    registry: PluginRegistry | None = None,
    plugins: Sequence[PluginConfig] | None = None,
    services: Mapping[str, Any] | None = None,
    cuts: int = 24,
    repeats: int = 10,
    seed: int = 1,
    sweep: Any = None,
    progress: Tell | None = None,
) -> RealCheck:
    """Every check of one spec. ``cuts``: replays up to random instants; ``repeats``: deliveries a level.

    ``sweep``: a ``SweepResult``, the folder of one, or a table of daily returns. ``loaded``, ``registry`` and
    ``plugins`` where they are at hand. Raises ConfigError and DataError as a replay does.
    """
    plan = stressing.Plan.of(_DELAYS_S, _LOSSES, 0.05, 5, repeats=repeats, seed=seed)
    tell = progress or (lambda _done, _total: None)
    deflated = None if sweep is None else _of_sweep(sweep)
    subject = subject_of(spec, loaded, registry, plugins, services)
    tell(0, _STAGES)
    base = subject.run()
    unit = base.record.account.currency
    answer = RealCheck(spec.title, base.digest, seed=seed)
    steps: list[Callable[[], Verdict]] = [
        lambda: of_future(look_ahead(subject, base, cuts=cuts, seed=seed)),
        lambda: of_generated(generated_alerts(spec.alerts, subject.loaded, seed=seed)),
        lambda: of_history(start_up(subject, base)),
        lambda: of_profit(base),
        lambda: of_tickets(monte_carlo(base, seed=seed), unit),
        lambda: of_delivery(_delivered(subject, plan) if base.stats["net_profit"] > 0 else None),
        lambda: of_fills(sensitivity(subject, base), unit),
        lambda: of_sweep(deflated),
    ]
    for number, step in enumerate(steps, 1):
        answer.verdicts.append(step())
        tell(number, _STAGES)
    return answer


def _delivered(subject: Subject, plan: stressing.Plan) -> StressResult:
    spec = replace(subject.spec, profile=False)
    registry, plugins = subject.registry, subject.plugins
    return stressing.stress(spec, subject.loaded, plan=plan, registry=registry, plugins=plugins)


def _of_sweep(sweep: Any) -> Overfitting:
    if isinstance(sweep, str | PathLike):
        from zepix.research.sweep.verb import open_sweep

        sweep = open_sweep(sweep)
    tries = len(sweep) if hasattr(sweep, "cells") else None
    return overfitting(sweep, tries=tries)


def _wrapped(head: str, text: str) -> list[str]:
    first, *rest = textwrap.wrap(text, _WIDTH - len(head)) or [""]
    return [head + first, *(" " * len(head) + line for line in rest)]

"""``zepix stress``: what later, lost, repeated or swapped alerts would have cost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from zepix.commands.backtest import (
    Alerts,
    Bars,
    Broker,
    From,
    Instruments,
    Settings,
    SpecFile,
    StrategyName,
    To,
    asked_spec,
)
from zepix.commands.console import note, progress, say

if TYPE_CHECKING:
    from zepix.research.stress import Plan
    from zepix.research.stress_result import StressResult
    from zepix.spec import Spec

__all__ = ["stress"]

_LEVELS: Final = "What is tried (all four where none is named)"
_HOW: Final = "How, and output"
Texts = list[str] | None


def _level(flag: str, metavar: str, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_LEVELS)


def _how(flag: str, metavar: str | None, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_HOW)


Delay = Annotated[Texts, _level("--delay", "S,S,...|DIST", "Seconds later, as 0,1,3,exponential:3. Repeatable.")]
Loss = Annotated[Texts, _level("--loss", "SHARE,...", "Share lost, as 0.01,0.02 or burst:0.02,5. Repeatable.")]
Duplicate = Annotated[
    Texts, _level("--duplicate", "SHARE,...", "Share sent again, as 0.05 or resend:0.05,5,3. Repeatable.")
]
Reorder = Annotated[Texts, _level("--reorder", "S,...", "Neighbours so near swap, as 5 or swap:5,0.5. Repeatable.")]
Repeats = Annotated[int, _how("--repeats", "N", "Deliveries a level, where chance has a part.")]
Seed = Annotated[int, _how("--seed", "N", "The same seed gives the same deliveries.")]
Out = Annotated[str | None, _how("--out", "DIR", "Write stress.json and stress.html there.")]
Json = Annotated[bool, _how("--json", None, "Print JSON and nothing else.")]


def stress(
    spec: SpecFile = None,
    alerts: Alerts = None,
    bars: Bars = None,
    strategy: StrategyName = None,
    broker: Broker = None,
    instruments: Instruments = None,
    settings: Settings = None,
    from_: From = None,
    to: To = None,
    delay: Delay = None,
    loss: Loss = None,
    duplicate: Duplicate = None,
    reorder: Reorder = None,
    repeats: Repeats = 20,
    seed: Seed = 1,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Replay the same alerts delivered otherwise: late, lost, sent again, out of order.

    What would three seconds, or two lost alerts in a hundred, have cost? See docs/stress.md.
    """  # fmt: skip
    from zepix.research.stress import Plan
    from zepix.research.stress_words import text_table

    plan = Plan.of(*map(_listed, (delay, loss, duplicate, reorder)), repeats=repeats, seed=seed)
    asked = asked_spec(spec, alerts, bars, strategy, broker, instruments, settings, from_, to)
    result = _stressed(asked, plan, out, as_json)
    if as_json:
        say(json.dumps(result.to_dict(), indent=2))
        return
    for line in [*text_table(result), "", *result.notes]:
        say(line)
    for warning in result.warnings:
        note(f"warning: {warning}")
    if out is not None:
        say(f"page {Path(out) / 'stress.html'}")


def _stressed(spec: Spec, plan: Plan, out: str | None, as_json: bool) -> StressResult:
    """The result, written to a folder that is made before anything runs; a new folder that stays empty is removed."""
    from contextlib import ExitStack

    from zepix.commands.results_folder import results_folder
    from zepix.research.stress import stress as stressed

    with ExitStack() as stack:
        folder = None
        if out is not None:
            folder = stack.enter_context(results_folder(replace(spec, out=Path(out))))
        with progress("stress", hidden=as_json) as tell:
            result = stressed(spec, plan=plan, progress=tell)
        if folder is not None:
            result.save(folder)
    return result


def _listed(given: list[str] | None) -> list[str] | None:
    """``0,1,3`` is three levels; a name and its numbers are one, so ``3,uniform:1,5`` is two."""
    if not given:
        return None
    levels: list[str] = []
    for text in given:
        has_name = False
        for part in text.split(","):
            if has_name and ":" not in part:
                levels[-1] += f",{part}"
            else:
                levels.append(part)
            has_name = has_name or ":" in part
    return levels

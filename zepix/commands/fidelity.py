"""``zepix fidelity``: how far a replay on bars is from one on ticks."""

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
    from zepix.research.fidelity_plan import Plan
    from zepix.research.fidelity_result import FidelityResult
    from zepix.spec import Spec

__all__ = ["fidelity"]

_WHAT: Final = "What is compared"
_HOW: Final = "Alerts made up, and output"
Texts = list[str] | None


def _what(flag: str, metavar: str, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_WHAT)


def _how(flag: str, metavar: str | None, text: str) -> Any:
    return typer.Option(flag, metavar=metavar, help=text, rich_help_panel=_HOW)


Timeframes = Annotated[Texts, _what("--timeframes", "TF,...", "Bars made of the ticks; 1m,5m,15m,1h. Repeatable.")]
Intrabars = Annotated[Texts, _what("--intrabar", "WORD,...", "Readings of a bar; pessimistic,optimistic. Repeatable.")]
Graces = Annotated[Texts, _what("--open-grace-ms", "MS,...", "Graces; 0,5000. Repeatable.")]
Random = Annotated[int, _how("--random", "N", "Make N entries up, where there is no log.")]
Seed = Annotated[int, _how("--seed", "N", "The same seed makes the same alerts up.")]
Out = Annotated[str | None, _how("--out", "DIR", "Write fidelity.json and fidelity.html there.")]
Json = Annotated[bool, _how("--json", None, "Print JSON and nothing else.")]


def fidelity(
    spec: SpecFile = None,
    alerts: Alerts = None,
    bars: Bars = None,
    strategy: StrategyName = None,
    broker: Broker = None,
    instruments: Instruments = None,
    settings: Settings = None,
    from_: From = None,
    to: To = None,
    timeframes: Timeframes = None,
    intrabar: Intrabars = None,
    open_grace_ms: Graces = None,
    random: Random = 0,
    seed: Seed = 1,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Replay the same alerts on ticks and on bars made of them: how far off is a replay on bars?

    Needs ticks: --bars SYMBOL:TICK=FILE. See docs/fidelity.md.
    """
    from zepix.research.fidelity_words import lines

    plan = _plan(timeframes, intrabar, open_grace_ms, random, seed)
    asked = asked_spec(spec, alerts, bars, strategy, broker, instruments, settings, from_, to)
    result = _measured(asked, plan, out, as_json)
    if as_json:
        say(json.dumps(result.to_dict(), indent=2))
        return
    for line in [*lines(result), *result.notes]:
        say(line)
    for warning in result.warnings:
        note(f"warning: {warning}")
    if out is not None:
        say(f"page {Path(out) / 'fidelity.html'}")


def _plan(timeframes: Texts, intrabar: Texts, open_grace_ms: Texts, random: int, seed: int) -> Plan:
    from zepix.research.fidelity_plan import GRACES_MS, INTRABARS, TIMEFRAMES, Plan

    return Plan.of(
        _listed(timeframes) or TIMEFRAMES,
        _listed(intrabar) or INTRABARS,
        [_number(word) for word in _listed(open_grace_ms)] or GRACES_MS,
        random=random,
        seed=seed,
    )


def _measured(spec: Spec, plan: Plan, out: str | None, as_json: bool) -> FidelityResult:
    """The result, written to a folder that is made before anything runs; a new folder that stays empty is removed."""
    from contextlib import ExitStack

    from zepix.commands.results_folder import results_folder
    from zepix.research.fidelity import fidelity as measured

    with ExitStack() as stack:
        folder = None
        if out is not None:
            folder = stack.enter_context(results_folder(replace(spec, out=Path(out))))
        with progress("fidelity", hidden=as_json) as tell:
            result = measured(spec, plan=plan, progress=tell)
        if folder is not None:
            result.save(folder)
    return result


def _listed(given: Texts) -> list[str]:
    return [word.strip() for text in given or [] for word in text.split(",")]


def _number(word: str) -> int | str:
    """A whole number; what is none is told by the plan."""
    return int(word) if word.isdecimal() and word.isascii() and len(word) < 12 else word

"""What each check amounts to: a status, a sentence with the figure behind it. Nothing here calls a result real.

The lines that are drawn (95 %, half a spread, two seconds) are conventions; each is named where it is used, and in
docs/real.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.research.headline import count, money, percent
from zepix.research.real.generated import GeneratedAlerts
from zepix.research.real.look_ahead import LookAhead
from zepix.research.real.monte_carlo import MonteCarlo
from zepix.research.real.overfitting import Overfitting
from zepix.research.real.sensitivity import Sensitivity
from zepix.research.real.sharpe import LEAST_RETURNS, minimum_track_record, moments, probabilistic_sharpe
from zepix.research.real.start_up import StartUp
from zepix.research.result import Result
from zepix.research.stress_result import StressResult

__all__ = ["FOUND", "NOTHING", "NOT_CHECKED", "Verdict", "of_delivery", "of_fills", "of_future", "of_generated"]
__all__ += ["of_history", "of_profit", "of_sweep", "of_tickets"]

FOUND: Final = "found"
NOTHING: Final = "nothing found"
NOT_CHECKED: Final = "not checked"
CONFIDENCE: Final = 0.95
OVERFITTED: Final = 0.05
LIMITS: Final = {"latency_ms": 2000.0, "slippage": 0.5, "spread": 1.5}
"""A profit that turns below these hangs on how fills are counted."""
_LEVEL_WORDS: Final = {
    "latency_ms": "a latency of {0:,.0f} ms",
    "slippage": "{0:.2f} spreads of slippage a fill",
    "spread": "{0:.2f} times the spread",
    "open_grace_ms": "an open grace of {0:,.0f} ms",
    "intrabar": "fills read {0}",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """``status`` is found, nothing found or not checked; ``figures`` are the numbers behind ``text``."""

    name: str
    status: str
    text: str
    figures: Mapping[str, Any] = field(default_factory=dict)


def of_future(found: LookAhead) -> Verdict:
    """Whether decisions needed the future."""
    name, figures = "look-ahead", found.as_dict()
    if not found.is_repeatable:
        first = "" if found.found is None else f"; the first difference is {found.found.text}"
        words = f"the same run played twice is not the same, so that nothing can be said of the future{first}"
        return Verdict(name, FOUND, words.replace("without the future ", "the second time "), figures)
    if found.found is not None:
        text = (
            f"{found.leaking} of {count(found.cuts, 'cut')} changed what was decided before; the first is "
            f"{found.found.text}"
        )
        return Verdict(name, FOUND, "; ".join([text, *found.doubts[:2]]), figures)
    if found.doubts:
        return Verdict(name, FOUND, "; ".join(found.doubts[:3]), figures)
    if not found.cuts:
        return Verdict(name, NOT_CHECKED, "no alert within the prices", figures)
    return Verdict(
        name,
        NOTHING,
        f"{count(found.decisions, 'decision')} stayed as they were over {count(found.cuts, 'cut')} at random instants, "
        "another future behind each",
        figures,
    )


def of_generated(found: GeneratedAlerts) -> Verdict:
    """Whether alerts were made of the future."""
    name, figures = "alerts", found.as_dict()
    if found.found:
        return Verdict(name, FOUND, f"made again from fewer bars: {found.found}", figures)
    if not found.compared:
        why = found.why or "made elsewhere: whether a script repaints cannot be seen from its log"
        return Verdict(name, NOT_CHECKED, why, figures)
    text = f"generated again up to {count(found.cuts, 'instant')}: {found.compared:,} comparisons, all the same"
    if found.others:
        text += f"; {', '.join(found.others)} was made elsewhere and not checked"
    return Verdict(name, NOTHING, text, figures)


def of_history(found: StartUp) -> Verdict:
    """Whether the first decisions had the history that they need."""
    name, figures = "start-up", found.as_dict()
    if found.why or found.bars is None:
        return Verdict(name, NOT_CHECKED, found.why or "no history could be taken away", figures)
    longest = [f"{one.name} {one.bars:,} bars" for one in found.looks[:3] if one.bars]
    asked = f" ({', '.join(longest)})" if longest else ""
    need = f"decisions need {count(found.bars, 'bar')} of history to be the same{asked}"
    if found.alerts is None:
        again = "begun in the middle, the run never decides as the whole one does again"
    else:
        again = f"begun in the middle, it decides as the whole run after {count(found.alerts, 'alert')}"
    if found.had is not None and found.had < found.bars:
        return Verdict(name, FOUND, f"{need}, and the first alert found {found.had:,}; {again}", figures)
    if found.alerts is None:
        return Verdict(name, FOUND, f"{again}: it hangs on alerts or tickets from before; {need}", figures)
    return Verdict(name, NOTHING, f"{need}, the first alert found {found.had or 0:,}; {again}", figures)


def of_profit(result: Result) -> Verdict:
    """Whether the daily returns are more than luck would give one try."""
    from zepix.research.formulas import returns_of

    name, net = "profit", float(result.stats["net_profit"])
    unit = result.record.account.currency
    shape = moments(returns_of(result.curve.daily()))
    figures: dict[str, Any] = {"net_profit": net, "daily_returns": int(result.stats["daily_returns"])}
    if not result.stats["tickets"]:
        return Verdict(name, NOT_CHECKED, "no ticket was closed", figures)
    if net <= 0:
        return Verdict(name, FOUND, f"there is none: {money(net, sign=True)} {unit}", figures)
    if shape is None:
        days = figures["daily_returns"]
        text = f"{days} daily returns are too few, or do not differ; {LEAST_RETURNS} are needed for a probability"
        return Verdict(name, NOT_CHECKED, f"{money(net, sign=True)} {unit}; {text}", figures)
    given = {"skewness": shape.skewness, "kurtosis": shape.kurtosis}
    sure = probabilistic_sharpe(shape.sharpe, shape.count, **given)
    needed = minimum_track_record(shape.sharpe, **given)
    figures |= {"probabilistic_sharpe": sure, "minimum_days": needed, "sharpe": result.stats["sharpe"], **given}
    if sure is None:
        return Verdict(name, NOT_CHECKED, "the moments of the returns contradict each other", figures)
    year = f"Sharpe {result.stats['sharpe']:.2f} a year on {shape.count} days"
    takes = "" if needed is None else f"; {CONFIDENCE:.0%} would take {needed:,.0f} days"
    text = f"{money(net, sign=True)} {unit}, {year}: {percent(sure)} sure to be above zero{takes}"
    return Verdict(name, NOTHING if sure >= CONFIDENCE else FOUND, text, figures)


def of_tickets(found: MonteCarlo, unit: str) -> Verdict:
    """Whether the same tickets drawn again keep the profit."""
    name, figures = "tickets", found.as_dict()
    if found.why or found.profit is None or found.drawdown is None or found.loss_frac is None:
        return Verdict(name, NOT_CHECKED, found.why, figures)
    one, fall = found.profit, found.drawdown
    text = (
        f"drawn again {found.draws:,} times: {money(one.p5, sign=True)} to {money(one.p95, sign=True)} {unit} in nine "
        f"of ten, a loss in {percent(found.loss_frac)}; falls of {money(fall.p50)}, one in twenty above "
        f"{money(fall.p95)}; half the deposit gone in {percent(found.ruin_frac or 0.0)}"
    )
    text = "; ".join([text, *found.notes])
    return Verdict(name, FOUND if found.loss_frac > 1 - CONFIDENCE or found.notes else NOTHING, text, figures)


def of_delivery(found: StressResult | None) -> Verdict:
    """Whether alerts that come late or not at all take the profit; None where there was none to take."""
    name = "delivery"
    if found is None or found.base.net <= 0:
        return Verdict(name, NOT_CHECKED, "there is no profit that a delivery could take")
    figures = {f"{one.kind} {one.name}": [one.net_p5, one.net, one.net_p95] for one in found.levels}
    turned = [one for one in found.levels if one.net_p5 <= 0]
    worst = min(found.levels, key=lambda one: one.net_p5)
    words = f"worst is {worst.kind} {worst.name}: {money(worst.net_p5, sign=True)} to {money(worst.net_p95, sign=True)}"
    if turned:
        names = ", ".join(f"{one.kind} {one.name}" for one in turned[:4])
        return Verdict(name, FOUND, f"the profit is gone in one of twenty deliveries, or more, under {names}; {words}",
                       figures)  # fmt: skip
    text = (
        f"{len(found.levels)} kinds of late, lost, repeated and swapped alerts leave a profit; {words} {found.currency}"
    )
    return Verdict(name, NOTHING, text, figures)


def of_fills(found: Sensitivity, unit: str) -> Verdict:
    """At which setting of the fills the profit turns."""
    name, figures = "fills", found.as_dict()
    if found.why:
        return Verdict(name, NOT_CHECKED, found.why, figures)
    if found.net <= 0:
        better = [word for setting, at in found.turns.items() for word in [_LEVEL_WORDS[setting].format(at)]]
        text = f"there is no profit to turn; it would be one with {', '.join(better)}" if better else (
            "there is no profit to turn, at none of the settings tried"
        )  # fmt: skip
        return Verdict(name, NOT_CHECKED, text, figures)
    words = {setting: _LEVEL_WORDS[setting].format(at) for setting, at in found.turns.items()}
    near = [s for s, at in found.turns.items() if isinstance(at, str) or s not in LIMITS or float(at) <= LIMITS[s]]
    lowest = min((one.net for one in found.tried), default=found.net)
    if not words:
        text = f"the profit does not turn at any setting tried; the least is {money(lowest, sign=True)} {unit}"
        return Verdict(name, NOTHING, text, figures)
    return Verdict(name, FOUND if near else NOTHING, f"the profit turns at {', at '.join(words.values())}", figures)


def of_sweep(found: Overfitting | None) -> Verdict:
    """Whether the winner of a sweep is more than the luckiest."""
    name = "sweep"
    if found is None:
        text = "no finished sweep was named; a setting that was chosen by hand or by search is part of the luck"
        return Verdict(name, NOT_CHECKED, text)
    figures = found.as_dict()
    if found.deflated is None and found.probability is None:
        return Verdict(name, NOT_CHECKED, "; ".join(found.why), figures)
    said = [f"{found.cells:,} cells, as many as {found.effective or 1:.1f} independent ones"]
    if found.deflated is not None:
        said.append(
            f"the best has Sharpe {found.sharpe_year or 0:.2f} a year, luck alone {found.luck_year or 0:.2f}: deflated "
            f"{percent(found.deflated)} (by all cells {percent(found.deflated_by_all or 0.0)})"
        )
    if found.probability is not None:
        said.append(f"probability of overfitting {percent(found.probability)}")
    bad = (found.deflated is not None and found.deflated < CONFIDENCE) or (found.probability or 0.0) > OVERFITTED
    return Verdict(name, FOUND if bad else NOTHING, "; ".join([*said, *found.why]), figures)

"""What another delivery of the alerts would have cost: later, with losses, resends or swaps, many times over.

The alerts and prices are loaded once. The alerts as recorded are replayed first; then each level is replayed, once
where it is the same every time (a fixed delay), else ``repeats`` times. Delivery r of every level draws the numbers of
one seed, ``seed * 1000 + r``, so that levels differ by what they ask for and not by luck: the alerts lost at 1 % are
among those lost at 2 %.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from zepix.alerts.delivery import Delivery
from zepix.alerts.stress import Delivered, deliver
from zepix.config import complete_settings
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.model import Alert, DecisionRow, Quarantined
from zepix.research import formulas
from zepix.research import replay as replaying
from zepix.research.coarse import Moves, moves, resolutions
from zepix.research.result import Result
from zepix.research.stress_plan import Plan
from zepix.research.stress_result import BASE, AlertChange, Level, StressResult
from zepix.spec import Spec

__all__ = ["Plan", "stress"]

_SEEDS_APART: Final = 1000
_ALERTS_KEPT: Final = 20

Progress = Callable[[int, int], None]
Outcome = tuple[tuple[str, str], ...]
"""What became of one alert: (outcome, reason) at each plugin that saw it."""
_LOST: Final[Outcome] = (("lost", ""),)


def stress(
    spec: Spec,
    loaded: replaying.Loaded | None = None,
    *,
    plan: Plan | None = None,
    registry: PluginRegistry | None = None,
    plugins: Sequence[PluginConfig] | None = None,
    progress: Progress | None = None,
) -> StressResult:
    """Replay a spec's alerts as recorded and under each level of a plan (``Plan.of()`` where none is given).

    ``loaded``: what ``replay.load`` gave, where it is at hand already; ``progress`` is told (replays done, in all).
    Raises ConfigError and DataError as ``replay`` does.
    """
    plan = Plan.of() if plan is None else plan
    known = replaying.registry_for(spec) if registry is None else registry
    given = replaying.plugins_of(spec) if plugins is None else plugins
    run = _Runs(spec, replaying.load(spec) if loaded is None else loaded, known, given, progress, plan.replays)
    base, result = run.base()
    rows, record = run.loaded.rows, result.record
    compare = _Comparison(base, rows, record.account.digits)
    tried = []
    for kind, name, delivery in plan.levels:
        seeds = [plan.seed * _SEEDS_APART + r for r in range(plan.times(delivery))]
        tried.append(compare.level(kind, name, delivery, [run.under(delivery, one) for one in seeds]))
    return StressResult(
        currency=record.account.currency,
        base=compare.level("base", BASE, Delivery(), [base]),
        levels=tried,
        alerts_sent=len(rows),
        alerts_asking=sum(1 for row in rows if _asks(row)),
        repeats=plan.repeats,
        seed=plan.seed,
        replays=plan.replays,
        digest=result.digest,
        resolutions=resolutions(rows, run.filling, record.fill_model),
        timeframes=tuple(f"{s} {one.timeframe}" for s, one in run.filling.items()),
        spec=result.spec,
        warnings=result.warnings,
    )


@dataclass(slots=True)
class _Run:
    """One replay, reduced to what levels are compared by; money in minor units, by id of the alert as recorded.

    ``resent`` counts resends of alerts, ``recognised`` those of them that were taken for duplicates.
    """

    net: int
    tickets: int
    refusals: Counter[str]
    max_drawdown: float
    outcomes: dict[str, Outcome]
    money: dict[str, int]
    moved: Moves
    lost: int
    swapped: int
    resent: int
    recognised: int


class _Runs:
    """Replays of one spec on what is in memory, each with plugins of its own."""

    def __init__(
        self,
        spec: Spec,
        loaded: replaying.Loaded,
        registry: PluginRegistry,
        plugins: Sequence[PluginConfig],
        progress: Progress | None,
        total: int,
    ) -> None:
        self.spec = replace(spec, profile=False)
        self.loaded = loaded
        self.filling = {**loaded.series, **loaded.bars.finer}  # what fills are made on
        self._registry = registry
        self._plugins = plugins
        self._tell = progress or (lambda _done, _total: None)
        self._done, self._total = 0, total

    def base(self) -> tuple[_Run, Result]:
        return self._run(Delivered(self.loaded.rows))

    def under(self, delivery: Delivery, seed: int) -> _Run:
        return self._run(deliver(self.loaded.rows, delivery, seed=seed))[0]

    def _run(self, delivered: Delivered) -> tuple[_Run, Result]:
        self._tell(self._done, self._total)
        registry = PluginRegistry(complete_settings)  # plugins keep state, classes are shared
        registry.classes = dict(self._registry.classes)
        registry.failures, registry.notes = dict(self._registry.failures), list(self._registry.notes)
        loaded = replace(self.loaded, rows=delivered.rows)
        result = replaying.run_loaded(self.spec, loaded, registry, self._plugins)
        self._done += 1
        self._tell(self._done, self._total)
        return self._reduced(result, delivered), result

    def _reduced(self, result: Result, delivered: Delivered) -> _Run:
        record, resent = result.record, delivered.resent
        money: Counter[str] = Counter()
        for fill in record.fills:
            money[resent.get(fill.alert_id, fill.alert_id)] += fill.pnl_minor
        lost = set(delivered.lost)
        decided = record.decisions
        return _Run(
            net=sum(fill.pnl_minor for fill in record.fills),
            tickets=len({fill.ticket for fill in record.fills}),
            refusals=Counter(row.reason for row in decided if row.outcome == "refused"),
            max_drawdown=formulas.max_drawdown(result.curve.equity),
            outcomes=_outcomes(decided, delivered),
            money=dict(money),
            moved=moves(self.loaded.rows, delivered.rows, self.filling, record.fill_model),
            lost=sum(1 for row in self.loaded.rows if row.id in lost and _asks(row)),
            swapped=len(delivered.swapped),
            resent=sum(1 for row in delivered.rows if row.id in resent and isinstance(row, Alert)),
            recognised=sum(1 for row in decided if row.outcome == "duplicate" and row.alert_id in resent),
        )


def _asks(row: Alert | Quarantined) -> bool:
    return isinstance(row, Alert) and row.is_action


def _outcomes(decided: Sequence[DecisionRow], delivered: Delivered) -> dict[str, Outcome]:
    """What became of each alert as recorded; resends are no alerts of their own."""
    found: dict[str, list[tuple[str, str]]] = {}
    for row in decided:
        if row.alert_id not in delivered.resent:
            found.setdefault(row.alert_id, []).append((row.outcome, row.reason))
    return {name: tuple(pairs) for name, pairs in found.items()} | dict.fromkeys(delivered.lost, _LOST)


class _Comparison:
    """The runs of a level against the run as recorded."""

    def __init__(self, base: _Run, rows: Sequence[Alert | Quarantined], digits: int) -> None:
        self.base = base
        self.rows = {row.id: row for row in rows}
        self.place = {name: number for number, name in enumerate(self.rows)}
        self.unit = 10**digits

    def level(self, kind: str, name: str, delivery: Delivery, runs: Sequence[_Run]) -> Level:
        net = np.array([run.net for run in runs], np.int64) / self.unit
        low, middle, high = np.quantile(net, [0.05, 0.5, 0.95]).tolist()
        mean, base_net = float(net.mean()), self.base.net / self.unit
        refusals: Counter[str] = sum((run.refusals for run in runs), Counter())
        alerts, changed = self._changes(runs)
        return Level(
            kind=kind,
            name=name,
            is_random=delivery.is_random,
            runs=len(runs),
            net=middle,
            net_p5=low,
            net_p95=high,
            net_mean=mean,
            change=middle - base_net,
            change_mean=mean - base_net,
            tickets=_median(run.tickets for run in runs),
            refused=_median(run.refusals.total() for run in runs),
            refusals={reason: n / len(runs) for reason, n in refusals.most_common()},
            max_drawdown=_median(run.max_drawdown for run in runs),
            lost=_mean(run.lost for run in runs),
            resent=_mean(run.resent for run in runs),
            recognised=_mean(run.recognised for run in runs),
            swapped=_mean(run.swapped for run in runs),
            late=_mean(run.moved.late for run in runs),
            unmoved=_mean(run.moved.unmoved for run in runs),
            shift_s=_known_median(run.moved.shift_s for run in runs),
            by_s=_known_median(run.moved.by_s for run in runs),
            changed=changed,
            alerts=alerts,
        )

    def _changes(self, runs: Sequence[_Run]) -> tuple[tuple[AlertChange, ...], float]:
        """The alerts whose tickets' money changed most, in the mean; and how many alerts had another outcome."""
        often: Counter[str] = Counter()
        instead: dict[str, Counter[Outcome]] = {}
        money: Counter[str] = Counter()
        for run in runs:
            for name, outcome in run.outcomes.items():
                if outcome != self.base.outcomes.get(name):
                    often[name] += 1
                    instead.setdefault(name, Counter())[outcome] += 1
            for name in run.money.keys() | self.base.money.keys():
                money[name] += run.money.get(name, 0) - self.base.money.get(name, 0)
        touched = [name for name in self.rows if often[name] or money[name]]
        touched.sort(key=lambda name: (-abs(money[name]), -often[name], self.place[name]))
        found = [
            self._change(name, money[name], often[name], instead.get(name), len(runs))
            for name in touched[:_ALERTS_KEPT]
        ]
        return tuple(found), sum(often.values()) / len(runs)

    def _change(self, name: str, money: int, often: int, instead: Counter[Outcome] | None, runs: int) -> AlertChange:
        row, before = self.rows[name], self.base.outcomes.get(name, ())
        return AlertChange(
            alert_id=name,
            received_ns=row.received_ns,
            symbol=row.symbol if isinstance(row, Alert) else "",
            type=row.type if isinstance(row, Alert) else "quarantined",
            outcome=_said(before),
            instead=_said(instead.most_common(1)[0][0] if instead else before),
            changed_in=often,
            runs=runs,
            money=self.base.money.get(name, 0) / self.unit,
            change_mean=money / self.unit / runs,
        )


def _said(outcome: Outcome) -> str:
    """``filled``, ``refused (no_money)``; one for each plugin."""
    return ", ".join(f"{word} ({reason})" if reason else word for word, reason in outcome)


def _mean(numbers: Iterable[float]) -> float:
    return float(np.mean(list(numbers)))


def _median(numbers: Iterable[float]) -> float:
    return float(np.median(list(numbers)))


def _known_median(numbers: Iterable[float | None]) -> float | None:
    found = [number for number in numbers if number is not None]
    return float(np.median(found)) if found else None

"""How far a replay on bars is from the truth: the same alerts on ticks, and on bars made of those very ticks.

The ticks are loaded once, made into bars once, and the alerts replayed on them under every setting of a plan. On ticks
nothing is left to a choice (no grace, no reading of a bar) and no slippage is charged: they show what the market was.
The replays on bars charge ``fill.slippage_points`` where the spec names a number (no instrument's own), so that a run
with it shows what bias it leaves. For
random alerts the deposit is a thousand times the spec's: no ticket shall fail for money, and none be stopped out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from zepix.config import complete_settings
from zepix.data import resample
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.model import Alert, Quarantined, Series
from zepix.model.timeframe import NS
from zepix.model.timeframe import minutes as minutes_of
from zepix.research import replay as replaying
from zepix.research.fidelity_load import load
from zepix.research.fidelity_plan import Plan, Setting
from zepix.research.fidelity_result import FidelityResult, Truth
from zepix.research.fidelity_rows import ON_TIME, Row, row_of
from zepix.research.result import Result
from zepix.spec import Spec

__all__ = ["Plan", "fidelity"]

_MS: Final = 1_000_000
_DEPOSIT_TIMES: Final = 1000

Progress = Callable[[int, int], None]


def fidelity(
    spec: Spec,
    loaded: replaying.Loaded | None = None,
    *,
    plan: Plan | None = None,
    registry: PluginRegistry | None = None,
    plugins: Sequence[PluginConfig] | None = None,
    progress: Progress | None = None,
) -> FidelityResult:
    """Replay a spec's alerts on ticks and under each setting of a plan (``Plan.of()`` where none is given).

    ``loaded``: alerts and ticks, where they are at hand already (``fidelity_load.load``); ``progress`` is told (replays
    done, in all). Raises ConfigError and DataError as ``replay`` does.
    """
    plan = Plan.of() if plan is None else plan
    if plan.random:
        spec = replace(spec, account=replace(spec.account, balance=_DEPOSIT_TIMES * spec.account.balance))
    known = replaying.registry_for(spec) if registry is None else registry
    given = replaying.plugins_of(spec) if plugins is None else plugins
    run = _Runs(spec, load(spec, plan) if loaded is None else loaded, plan, known, given, progress)
    truth = run.truth()
    rows: list[Row] = []
    for setting in plan.settings:
        rows += run.rows(setting, truth.record)
    return FidelityResult(
        currency=truth.record.account.currency,
        rows=sorted(rows, key=lambda row: (run.symbols.index(row.symbol), row.alerts == ON_TIME)),
        truths=run.truths(truth.record),
        alerts_asking=sum(1 for row in run.loaded.rows if isinstance(row, Alert) and row.is_action),
        random=plan.random,
        seed=plan.seed,
        on_time_ms=plan.on_time_ms,
        slippage_points=spec.fill.slippage_points or 0,
        replays=plan.replays,
        digest=truth.digest,
        spec=truth.spec,
        warnings=truth.warnings,
    )


class _Runs:
    """Replays of one spec on ticks and bars in memory, each with plugins of its own."""

    def __init__(
        self,
        spec: Spec,
        loaded: replaying.Loaded,
        plan: Plan,
        registry: PluginRegistry,
        plugins: Sequence[PluginConfig],
        progress: Progress | None,
    ) -> None:
        self.spec = replace(spec, profile=False)
        self.loaded = loaded
        self.alerts = {row.id: row for row in loaded.rows if isinstance(row, Alert)}
        asked = {alert.symbol for alert in self.alerts.values() if alert.is_action}
        self.symbols = [s for s, one in loaded.series.items() if not one.timeframe_ns and s in asked]
        self._plan = plan
        self._registry = registry
        self._plugins = plugins
        self._tell = progress or (lambda _done, _total: None)
        self._done = 0
        self._bars = {word: _all_as_bars(loaded.series, word) for word in plan.timeframes}
        self._on_time = {word: _on_time(self.alerts.values(), word, plan.on_time_ms, spec) for word in self._bars}

    def truth(self) -> Result:
        """The replay on ticks: no slippage is made up, and the account is not what is measured."""
        fill = replace(self.spec.fill, intrabar="pessimistic", slippage_points=0)
        return self._run(replace(self.spec, fill=fill), self.loaded.series, {})

    def rows(self, setting: Setting, truth: RunRecord) -> list[Row]:
        """One setting against the ticks, each symbol with all alerts and with those on time for such bars."""
        fill = replace(
            self.spec.fill,
            intrabar=setting.intrabar,
            open_grace_ms=setting.open_grace_ms,
            slippage_points=self.spec.fill.slippage_points or 0,
        )
        finer: Mapping[str, Series] = {}
        if fill.finer == "tick":
            finer = {symbol: self.loaded.series[symbol] for symbol in self.symbols}
        elif fill.finer is not None:
            finer = {symbol: self._bars[fill.finer][symbol] for symbol in self.symbols}
        record = self._run(replace(self.spec, fill=fill), self._bars[setting.timeframe], finer).record
        return [
            row_of(truth, record, symbol, setting, alerts=self.alerts, only=only)
            for symbol in self.symbols
            for only in (None, self._on_time[setting.timeframe])
        ]

    def truths(self, record: RunRecord) -> list[Truth]:
        """What the ticks of each symbol are."""
        found = []
        for symbol in self.symbols:
            ticks = self.loaded.series[symbol]
            spread = ticks.ask_open.astype(np.int64) - ticks.bid_open
            found.append(
                Truth(
                    symbol=symbol,
                    ticks=len(ticks),
                    start_ns=ticks.start_ns,
                    end_ns=ticks.end_ns,
                    point=self.loaded.catalogue[symbol].point_float,
                    spread_points=float(np.median(spread)),
                    tickets=len({fill.ticket for fill in record.fills if fill.symbol == symbol}),
                )
            )
        return found

    def _run(self, spec: Spec, series: Mapping[str, Series], finer: Mapping[str, Series]) -> Result:
        self._tell(self._done, self._plan.replays)
        registry = PluginRegistry(complete_settings)  # plugins keep state, classes are shared
        registry.classes = dict(self._registry.classes)
        registry.failures, registry.notes = dict(self._registry.failures), list(self._registry.notes)
        bars = replace(self.loaded.bars, series=dict(series), finer=dict(finer))
        loaded = replace(self.loaded, series=dict(series), bars=bars)
        result = replaying.run_loaded(spec, loaded, registry, self._plugins)
        self._done += 1
        self._tell(self._done, self._plan.replays)
        return result


def _all_as_bars(series: Mapping[str, Series], word: str) -> dict[str, Series]:
    """Ticks as bars of a timeframe; what is bars already (a pair that converts money) stays."""
    return {symbol: one if one.timeframe_ns else resample(one, word) for symbol, one in series.items()}


def _on_time(alerts: Iterable[Alert | Quarantined], word: str, within_ms: int, spec: Spec) -> frozenset[str]:
    """Ids of alerts that reach the broker at most ``within_ms`` after a whole bar of this timeframe."""
    length_ns = minutes_of(word) * 60 * NS
    latency_ns = spec.fill.latency_ms * _MS
    return frozenset(
        row.id
        for row in alerts
        if row.received_ns is not None and (row.received_ns + latency_ns) % length_ns <= within_ms * _MS
    )

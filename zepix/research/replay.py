"""From a spec to a result: alerts and prices are loaded, plugins configured, the replay run."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.dialects import settings_of
from zepix.alerts.log import checksum_of, read_logs
from zepix.alerts.rows import in_order
from zepix.alerts.understanding import processor_for
from zepix.brokers.backtrader import require_backtrader
from zepix.data import BarsLoaded, load_bars
from zepix.data.checksum import hash_file
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.session import Progress
from zepix.errors import ConfigError, DataError
from zepix.kernels.warm import warm_up
from zepix.model import Alert, Catalogue, Quarantined, Series
from zepix.model.alert import ACTIONS
from zepix.research.parts import catalogue_of, plugins_of, registry_for, rules_of
from zepix.research.result import Result
from zepix.research.simulate import simulate
from zepix.spec import Spec

__all__ = ["Loaded", "catalogue_of", "load", "plugins_of", "registry_for", "rules_of", "run", "run_loaded"]

MS: Final = 1000.0
_NEVER: Final = 1 << 63
_SETTING: Final = re.compile(r"dialects\.\w+\.\w+")


@dataclass(slots=True)
class Loaded:
    """What a replay needs in memory: rows in order of arrival, prices, what was found while loading."""

    rows: list[Alert | Quarantined]
    series: dict[str, Series]
    catalogue: Catalogue
    bars: BarsLoaded
    checksums: dict[str, Any] = field(default_factory=dict)
    load_s: float = 0.0
    parse_s: float = 0.0
    kernels_s: float = 0.0


def run(spec: Spec, *, progress: Progress | None = None) -> Result:
    """Replay a spec; raises ConfigError or DataError before anything runs, with one sentence a problem."""
    registry = registry_for(spec)
    return run_loaded(spec, load(spec), registry, plugins_of(spec), progress=progress)


def run_loaded(
    spec: Spec,
    loaded: Loaded,
    registry: PluginRegistry,
    plugins: Sequence[PluginConfig],
    *,
    progress: Progress | None = None,
    cerebro: Any = None,
    services: Mapping[str, Any] = MappingProxyType({}),
) -> Result:
    """Replay what is in memory already. ``cerebro``: the user's ``bt.Cerebro``, for the backtrader broker.

    ``services``: the user's own, by name, registered with every plugin's ServiceAPI.
    """
    rules = rules_of(spec, registry, plugins, services)
    clock: Callable[[], float] | None = (lambda: time.perf_counter() * MS) if spec.profile else None
    started = time.perf_counter()
    record = simulate(
        loaded.series,
        loaded.catalogue,
        loaded.rows,
        plugins,
        registry=registry,
        rules=rules,
        progress=progress,
        elapsed_clock=clock,
        finer=loaded.bars.finer,
        cerebro=cerebro,
    )
    timings = {
        "load_s": loaded.load_s,
        "index_s": loaded.bars.index_s,
        "parse_s": loaded.parse_s,
        "kernels_s": loaded.kernels_s,
        "replay_s": time.perf_counter() - started,
    }
    return Result(
        record,
        spec=spec.as_dict(),
        timings=timings,
        checksums=loaded.checksums,
        data_report=loaded.bars.report,
        warnings=_warnings(spec, record, loaded, registry),
    )


def load(spec: Spec, alerts: Sequence[Alert | Quarantined] = ()) -> Loaded:
    """Read the alerts, then the prices of the symbols they name and of the pairs that convert their money.

    ``alerts`` in memory are taken instead of the spec's logs.
    """
    started = time.perf_counter()
    if spec.broker == "backtrader":
        require_backtrader()
    catalogue = catalogue_of(spec)
    rows, parse_s, checksums = (_in_period(spec, alerts), 0.0, {}) if alerts else _alerts(spec, catalogue)
    symbols = {r.symbol for r in rows if isinstance(r, Alert)}
    if not symbols:
        raise DataError(_nothing_priced(rows, {}))
    bars = load_bars(
        spec.bars,
        catalogue,
        choice=spec.choice,
        crossed=spec.crossed,
        to_ns=spec.to_ns,
        symbols=_with_conversions(symbols, catalogue, spec.account.currency),
        cache=spec.cache,
        finer=spec.fill.finer,
        finer_for=symbols,
    )
    warming = time.perf_counter()
    warm_up()
    kernels_s = time.perf_counter() - warming
    priced = sum(1 for r in rows if isinstance(r, Alert) and r.symbol in bars.series)
    if not priced:
        raise DataError(_nothing_priced(rows, bars.series))
    if spec.instruments is not None:
        checksums[spec.instruments.name] = hash_file(spec.instruments)
    return Loaded(rows, bars.series, catalogue, bars, checksums, time.perf_counter() - started, parse_s, kernels_s)


def _alerts(spec: Spec, catalogue: Catalogue) -> tuple[list[Alert | Quarantined], float, dict[str, Any]]:
    """Rows of all logs by time of arrival, within the spec's period; ids are unique over all logs."""
    if not spec.alerts:
        raise ConfigError("no alerts: say --alerts with a log (JSON lines, Parquet or TradingView's CSV export)")
    started = time.perf_counter()
    processor = processor_for(catalogue, symbol_map=spec.symbol_map, files=spec.dialect_files, settings=spec.dialects)
    rows = read_logs(spec.alerts, catalogue, processor=processor).rows
    checksums: dict[str, Any] = {path.name: checksum_of(path) for path in spec.alerts}
    checksums |= {path.name: hash_file(path) for path in spec.dialect_files}
    return _in_period(spec, rows), time.perf_counter() - started, checksums


def _in_period(spec: Spec, rows: Iterable[Alert | Quarantined]) -> list[Alert | Quarantined]:
    first = -1 if spec.from_ns is None else spec.from_ns
    last = _NEVER if spec.to_ns is None else spec.to_ns
    return [r for r in in_order(rows) if r.received_ns is None or first <= r.received_ns < last]


def _with_conversions(symbols: Iterable[str], catalogue: Catalogue, home: str) -> set[str]:
    """The symbols, and every pair of the catalogue that could convert their money."""
    named = [catalogue[s] for s in symbols if s in catalogue]
    currencies = {home, "USD", *(c for i in named for c in (i.profit_currency, i.margin_currency))}
    legs = ((i.symbol, {i.margin_currency, i.profit_currency}) for i in catalogue.values())
    return set(symbols) | {symbol for symbol, pair in legs if pair <= currencies and pair & {home, "USD"}}


def _nothing_priced(rows: Sequence[Alert | Quarantined], series: dict[str, Series]) -> str:
    alerts = [r for r in rows if isinstance(r, Alert)]
    if not alerts:
        return (
            f"no alert to replay: {len(rows)} rows, all quarantined or outside --from, --to; see zepix alerts validate"
        )
    named = sorted({a.symbol for a in alerts})
    return (
        f"none of {len(alerts)} alerts has prices: they name {', '.join(named[:12])}, "
        f"the bars are of {', '.join(series) or 'nothing they name'}"
    )


def _warnings(spec: Spec, record: RunRecord, loaded: Loaded, registry: PluginRegistry) -> list[str]:
    said = [f"strategy {name} could not be loaded: {why}" for name, why in registry.failures.items()]
    said += loaded.bars.notes
    longest = max(s.timeframe_ns for s in record.series.values())
    if spec.fill.latency_ms and spec.fill.latency_ms * 1_000_000 < longest:
        said.append(f"a latency of {spec.fill.latency_ms} ms is shorter than a bar: only ticks can show it exactly")
    late = record.counts.get("after_data", 0)
    if late:
        said.append(
            f"{late} of {record.counts['alerts']} alerts arrived after the end of all prices and did not happen"
        )
    if min(minor for _, minor in record.balances) < 0:
        said.append("the balance fell below zero: a gap, or a close, cost more than the account had")
    errors = record.counts.get("strategy_errors", 0)
    if errors:
        said.append(
            f"strategies raised {errors} times; see decisions with outcome error, and error lines in the journal"
        )
    ambiguous = sum(1 for d in record.decisions if d.reason == "ambiguous_plugin")
    if ambiguous:
        said.append(f"{ambiguous} alerts had two plugins and went to none; name one by plugin_hint")
    said += registry.notes
    said += _unheard(spec, record)
    said += _units(record)
    disabled = [p["plugin_id"] for p in record.plugins if not p["enabled"]]
    if disabled:
        said.append(f"disabled after failures in a row: {', '.join(disabled)}; their open tickets kept their stops")
    return said


def _units(record: RunRecord) -> list[str]:
    """Which settings would tell the units that nobody knew; one sentence a cure."""
    whys = (str(d.numbers.get("detail", "")) for d in record.decisions if d.reason == "unit_unknown")
    cures = Counter("".join(_SETTING.findall(why)[:1]) for why in whys)
    said: list[str] = []
    for key, count in cures.most_common(5):
        words = (settings_of(key.split(".")[1]) or {}).get(key.split(".")[2], ()) if key else ()
        cure = f": set {key} to {', '.join(words[:-1])} or {words[-1]}" if words else f": set {key}" if key else ""
        many = "1 alert was" if count == 1 else f"{count} alerts were"
        said.append(f"{many} refused because nobody said what a number is counted in{cure}")
    return said


def _unheard(spec: Spec, record: RunRecord) -> list[str]:
    """Where not one alert reached a plugin, the likely reason."""
    asking = [d for d in record.decisions if d.outcome not in ("quarantined", "duplicate") and d.type in ACTIONS]
    if not asking or any(d.reason != "no_plugin_found" for d in asking):
        return []
    names = ", ".join(p.plugin_id for p in spec.plugins)
    return [
        f"no alert names {names or 'a plugin of this run'}, so none was followed; "
        "--set alerts.strategy=NAME sends every alert to that strategy"
    ]

"""The notebook's verbs: plain functions that work inside Jupyter's running loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError
from zepix.model import Alert, Quarantined
from zepix.research import fidelity as measuring
from zepix.research import replay as replaying
from zepix.research import stress as stressing
from zepix.research.alerts_surface import Alerts, read_alerts
from zepix.research.bars_surface import Bars
from zepix.research.fidelity_load import load as load_ticks
from zepix.research.fidelity_plan import GRACES_MS, INTRABARS, TIMEFRAMES
from zepix.research.fidelity_result import FidelityResult
from zepix.research.result import Result
from zepix.research.stress_result import StressResult
from zepix.spec import Spec, load_spec

__all__ = ["fidelity", "replay", "stress"]

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]
Asked = tuple[Spec, replaying.Loaded, PluginRegistry, Sequence[PluginConfig]]
Loader = Callable[[Spec, Sequence[Alert | Quarantined]], replaying.Loaded]


def replay(
    spec: str | PathLike[str] | None = None,
    *,
    alerts: Paths | Iterable[Alert] | None = None,
    bars: Paths | Bars | None = None,
    strategy: str | type[Strategy] | None = None,
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    cerebro: Any = None,
    services: Mapping[str, Any] = MappingProxyType({}),
    **strategy_settings: Any,
) -> Result:
    """Replay recorded alerts on recorded prices and return the result.

    alerts: log files, Alert objects, what ``zx.alerts`` gave, or a DataFrame. bars: a store folder, Parquet files,
    ``SYMBOL:TF=PATH``, or what ``zx.bars`` gave. strategy: a name, or a class. settings: dotted keys as of ``--set``
    (``{"account.balance": 50_000, "costs": "none"}``). Further keyword arguments are settings of the strategy
    (``one_at_a_time=True``). cerebro: a ``bt.Cerebro`` of yours, in which the replay runs on the backtrader broker
    (docs/backtrader.md). services: objects of yours that strategies find by name
    (``self.api.get_service("prediction")``). Raises ConfigError and DataError.
    """
    if cerebro is not None:
        settings = {**(settings or {}), "broker.name": "backtrader"}
    asked = _asked(spec, alerts, bars, strategy, settings, instruments, from_, to, strategy_settings)
    return replaying.run_loaded(*asked, cerebro=cerebro, services=services)


def stress(
    spec: str | PathLike[str] | None = None,
    *,
    alerts: Paths | Iterable[Alert] | None = None,
    bars: Paths | Bars | None = None,
    strategy: str | type[Strategy] | None = None,
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    delays_s: Any = None,
    losses: Any = None,
    duplications: Any = None,
    reorderings: Any = None,
    repeats: int = 20,
    seed: int = 1,
    **strategy_settings: Any,
) -> StressResult:
    """Replay the same alerts delivered otherwise: late, lost, sent again, out of order; what is not named is not tried.

    The first eight are those of ``replay``; then, one or several of each, delays_s: seconds, or texts as
    ``"exponential:3"``; losses: shares, or ``"burst:0.02,5"``; duplications: shares, or ``"resend:0.05,5,3"``;
    reorderings: seconds, or ``"swap:5,0.5"``. Where none of these four is named, all are tried. repeats: deliveries a
    level, where chance has a part. The result has ``table``, ``notes``, ``alerts``, ``plot()`` and ``save(folder)``.
    Raises ConfigError and DataError.
    """
    plan = stressing.Plan.of(delays_s, losses, duplications, reorderings, repeats=repeats, seed=seed)
    asked, loaded, registry, plugins = _asked(
        spec, alerts, bars, strategy, settings, instruments, from_, to, strategy_settings
    )
    return stressing.stress(asked, loaded, plan=plan, registry=registry, plugins=plugins)


def fidelity(
    spec: str | PathLike[str] | None = None,
    *,
    alerts: Paths | Iterable[Alert] | None = None,
    bars: Paths | Bars | None = None,
    strategy: str | type[Strategy] | None = None,
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    random: int = 0,
    seed: int = 1,
    timeframes: Any = TIMEFRAMES,
    intrabars: Any = INTRABARS,
    open_graces_ms: Any = GRACES_MS,
    **strategy_settings: Any,
) -> FidelityResult:
    """Replay the same alerts on ticks and on bars made of them: how far off is a replay on bars?

    The first eight are those of ``replay``; ``bars`` must hold ticks of the symbols. random: so many entries are made
    up from ``seed``, in place of alerts. Then what is compared, one or several of each: timeframes of bars, intrabars
    (``pessimistic``, ``optimistic``, ``ticks`` or a finer timeframe), open_graces_ms. The result has ``table``,
    ``rows``, ``notes`` and ``save(folder)``. Raises ConfigError and DataError.
    """
    plan = measuring.Plan.of(timeframes, intrabars, open_graces_ms, random=random, seed=seed)
    asked, loaded, registry, plugins = _asked(
        spec,
        alerts,
        bars,
        strategy,
        settings,
        instruments,
        from_,
        to,
        strategy_settings,
        load=lambda spec, objects: load_ticks(spec, plan, objects),
    )
    return measuring.fidelity(asked, loaded, plan=plan, registry=registry, plugins=plugins)


def _asked(
    spec: str | PathLike[str] | None,
    alerts: Paths | Iterable[Alert] | None,
    bars: Paths | Bars | None,
    strategy: str | type[Strategy] | None,
    settings: Mapping[str, Any] | None,
    instruments: str | PathLike[str] | None,
    from_: str | None,
    to: str | None,
    strategy_settings: Mapping[str, Any],
    load: Loader = replaying.load,
) -> Asked:
    """What a verb's arguments ask for, loaded."""
    source: Any = read_alerts(alerts, instruments=instruments) if hasattr(alerts, "columns") else alerts
    given = [] if source is None else _many(source)
    objects = [a for a in given if isinstance(a, Alert | Quarantined)]
    if objects and len(objects) < len(given):
        raise ConfigError("alerts must be log files or Alert objects, not both")
    cls = strategy if isinstance(strategy, type) else None
    flags = dict(settings or {})
    if isinstance(bars, Bars):
        flags = {**{f"data.choice.{symbol}": word for symbol, word in bars.choice.items()}, **flags}
        instruments = instruments or bars.instruments
        bars = bars.arguments
    if cls is None:
        flags.update({f"strategy.{name}": value for name, value in strategy_settings.items()})
    else:  # the class is the strategy that these settings mean
        own = [key for key in flags if key.startswith("strategy.") and key != "strategy.name"]
        strategy_settings = {**{key.removeprefix("strategy."): flags.pop(key) for key in own}, **strategy_settings}
    asked = load_spec(
        None if spec is None else Path(spec),
        flags=flags,
        alerts=None if objects or not given else [str(a) for a in given],
        bars=None if bars is None else [str(b) for b in _many(bars)],
        strategy=strategy if isinstance(strategy, str) else None,
        instruments=None if instruments is None else str(instruments),
        from_=from_,
        to=to,
    )
    registry = replaying.registry_for(asked)
    if cls is None:
        plugins = replaying.plugins_of(asked)
    else:
        registry.register(cls)
        plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, strategy_settings)]
    loaded = load(asked, objects)
    if isinstance(source, Alerts):
        loaded.checksums = {**source.checksums, **loaded.checksums}
    return asked, loaded, registry, plugins


def _many(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | PathLike) else list(given)

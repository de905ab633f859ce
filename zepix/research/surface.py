"""The notebook's verbs: plain functions that work inside Jupyter's running loop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from zepix.engine.registry import PluginConfig
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError
from zepix.model import Alert, Quarantined
from zepix.research import replay as replaying
from zepix.research.result import Result
from zepix.spec import load_spec

__all__ = ["replay"]

Paths = str | PathLike[str] | Sequence[str | PathLike[str]]


def replay(
    spec: str | PathLike[str] | None = None,
    *,
    alerts: Paths | Iterable[Alert] | None = None,
    bars: Paths | None = None,
    strategy: str | type[Strategy] | None = None,
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    **strategy_settings: Any,
) -> Result:
    """Replay recorded alerts on recorded prices and return the result.

    alerts: log files, or Alert objects. bars: a store folder, Parquet files, or ``SYMBOL:TF=PATH``. strategy: a name,
    or a class. settings: dotted keys as of ``--set`` (``{"account.balance": 50_000, "costs": "none"}``). Further
    keyword arguments are settings of the strategy (``one_at_a_time=True``). Raises ConfigError and DataError.
    """
    given = [] if alerts is None else _many(alerts)
    objects = [a for a in given if isinstance(a, Alert | Quarantined)]
    if objects and len(objects) < len(given):
        raise ConfigError("alerts must be log files or Alert objects, not both")
    cls = strategy if isinstance(strategy, type) else None
    flags = dict(settings or {})
    if cls is None:
        flags.update({f"strategy.{name}": value for name, value in strategy_settings.items()})
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
    return replaying.run_loaded(asked, replaying.load(asked, objects), registry, plugins)


def _many(given: Any) -> list[Any]:
    return [given] if isinstance(given, str | PathLike) else list(given)

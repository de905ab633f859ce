"""The notebook's way to the page: as ``zx.replay`` takes what is run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from types import MappingProxyType
from typing import Any

from zepix.engine.strategy import Strategy
from zepix.model import Alert
from zepix.research.bars_surface import Bars
from zepix.research.real.page import RealCheck, check_real
from zepix.research.surface import Paths, _asked

__all__ = ["real_check"]


def real_check(
    spec: str | PathLike[str] | None = None,
    *,
    alerts: Paths | Iterable[Alert] | None = None,
    bars: Paths | Bars | None = None,
    strategy: str | type[Strategy] | None = None,
    settings: Mapping[str, Any] | None = None,
    instruments: str | PathLike[str] | None = None,
    from_: str | None = None,
    to: str | None = None,
    services: Mapping[str, Any] = MappingProxyType({}),
    cuts: int = 24,
    repeats: int = 10,
    seed: int = 1,
    sweep: Any = None,
    **strategy_settings: Any,
) -> RealCheck:
    """Everything that ``zepix check SPEC --real`` looks for; prints as one page.

    The first nine and further keywords are those of ``replay``. cuts: replays up to random instants; repeats:
    deliveries a level where chance has a part; sweep: a ``SweepResult`` or its folder, to deflate its winner. Raises
    ConfigError and DataError.
    """
    asked, loaded, registry, plugins = _asked(
        spec, alerts, bars, strategy, settings, instruments, from_, to, strategy_settings
    )
    return check_real(
        asked,
        loaded,
        registry=registry,
        plugins=plugins,
        services=services,
        cuts=cuts,
        repeats=repeats,
        seed=seed,
        sweep=sweep,
    )

"""Every number of the three scripts as a named setting with its default.

Defaults that the scripts' description gives: weights, thresholds, stops, targets, confidence, ADX words, exit bars. It
leaves lengths open; those are the defaults of TradingView's built-in indicators, and of the published zero-lag trend.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Final

from zepix.errors import ConfigError

__all__ = ["DIALECTS", "IndicatorSettings", "LegacySettings", "Settings", "V3Settings", "V6Settings", "settings_of"]

_LONGEST: Final = 10_000
_MOST: Final = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorSettings:
    """What both dialects take from the bars; lengths in bars. ``*_weight`` are points of the consensus."""

    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    momentum_period: int = 10
    rsi_period: int = 14
    rsi_level: float = 50.0
    stochastic_period: int = 14
    stochastic_smooth_k: int = 1
    stochastic_smooth_d: int = 3
    vortex_period: int = 14
    dmi_period: int = 14
    adx_smoothing: int = 14
    sar_start: float = 0.02
    sar_step: float = 0.02
    sar_most: float = 0.2
    mfi_period: int = 14
    mfi_level: float = 50.0
    fisher_period: int = 9
    trend_period: int = 70
    trend_width: float = 1.2
    atr_period: int = 14

    def __post_init__(self) -> None:
        problems = [text for field in fields(self) if (text := _problem(field.name, getattr(self, field.name)))]
        if self.trend_period < 3:
            problems.append(f"trend_period must be 3 or more, not {self.trend_period}")
        if problems:
            raise ConfigError(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class V3Settings(IndicatorSettings):
    """Numbers of the V3 script.

    ``breakout_*_score`` bound the consensus of Sideways_Breakout, ``exit_high`` and ``exit_low`` the fall that makes a
    Bullish_Exit. ``tell_previous`` sends the real ``previous_trends``; the script overwrites them before it writes.
    """

    macd_weight: int = 2
    momentum_weight: int = 2
    rsi_weight: int = 2
    stochastic_weight: int = 1
    vortex_weight: int = 1
    dmi_weight: int = 1
    sar_weight: int = 1
    mfi_weight: int = 1
    fisher_weight: int = 1
    adx_threshold: float = 20.0
    adx_medium: float = 20.0
    adx_high: float = 25.0
    stop_atr: float = 1.5
    target_1_r: float = 1.5
    target_2_r: float = 3.0
    breakout_buy_score: int = 4
    breakout_sell_score: int = 5
    exit_high_score: int = 6
    exit_low_score: int = 3
    tell_previous: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class V6Settings(IndicatorSettings):
    """Numbers of the V6 script.

    Targets are ``risk_reward`` times 0.5, 1 and 1.5 R. ``entry_on`` is ``flip`` (the chart's trend turns), ``cross``
    (the close crosses the zero-lag average within a trend) or ``both``.
    """

    adx_moderate: float = 20.0
    adx_strong: float = 25.0
    momentum_change: float = 3.0
    stop_atr: float = 2.0
    risk_reward: float = 2.0
    exit_bars: int = 15
    min_alignment: int = 4
    confidence_base: int = 20
    confidence_adx_moderate: int = 10
    confidence_adx_strong: int = 20
    confidence_alignment: int = 25
    confidence_volume: int = 10
    confidence_high: int = 80
    confidence_moderate: int = 50
    volume_period: int = 20
    volume_factor: float = 1.2
    entry_on: str = "both"

    def __post_init__(self) -> None:
        IndicatorSettings.__post_init__(self)
        if self.entry_on not in ("flip", "cross", "both"):
            raise ConfigError(f"entry_on must be flip, cross or both, not {self.entry_on!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LegacySettings:
    """Numbers of the legacy script, of which only the words of its alerts are known.

    ``entry_on`` and ``trend_on`` are ``flip`` (the chart's trend turns), ``cross`` (the close crosses the zero-lag
    average within a trend) or ``both``. A bias is sent at every close of its chart.
    """

    trend_period: int = 70
    trend_width: float = 1.2
    entry_on: str = "both"
    trend_on: str = "both"

    def __post_init__(self) -> None:
        problems = [text for field in fields(self) if (text := _problem(field.name, getattr(self, field.name)))]
        if self.trend_period < 3:
            problems.append(f"trend_period must be 3 or more, not {self.trend_period}")
        for name in ("entry_on", "trend_on"):
            if getattr(self, name) not in ("flip", "cross", "both"):
                problems.append(f"{name} must be flip, cross or both, not {getattr(self, name)!r}")
        if problems:
            raise ConfigError(problems)


Settings = V3Settings | V6Settings | LegacySettings
DIALECTS: Final[dict[str, type[V3Settings] | type[V6Settings] | type[LegacySettings]]] = {
    "v3": V3Settings,
    "v6": V6Settings,
    "legacy": LegacySettings,
}


def _problem(name: str, value: Any) -> str:
    if isinstance(value, bool | str):
        return ""
    if isinstance(value, int):
        lowest = 1 if name.endswith(("_period", "_bars", "_smoothing", "_fast", "_slow", "_signal", "_k", "_d")) else 0
        is_right, said = lowest <= value <= _LONGEST, f"between {lowest} and {_LONGEST}"
    else:
        is_right, said = math.isfinite(value) and 0 <= value <= _MOST, f"between 0 and {_MOST:g}"
    return "" if is_right else f"{name} must lie {said}, not {value}"


def settings_of(dialect: str, pairs: Iterable[str] = ()) -> Settings:
    """The settings of a dialect, with ``NAME=VALUE`` pairs on top. Raises ConfigError that lists every wrong one."""
    kind = DIALECTS.get(dialect)
    if kind is None:
        raise ConfigError(f"no generator for dialect {dialect!r}; there are {', '.join(DIALECTS)}")
    kinds = {field.name: type(field.default) for field in fields(kind)}
    given: dict[str, Any] = {}
    problems: list[str] = []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        name = name.strip()
        if not equals or name not in kinds:
            problems.append(f"--set {pair!r}: expected NAME=VALUE with one of {', '.join(sorted(kinds))}")
            continue
        try:
            given[name] = _value(text.strip(), kinds[name])
        except ValueError:
            problems.append(f"--set {pair!r}: {name} must be {_WORDS[kinds[name]]}")
    if problems:
        raise ConfigError(problems)
    return dataclasses.replace(kind(), **given)


_WORDS: Final[dict[type, str]] = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}


def _value(text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    return kind(text)

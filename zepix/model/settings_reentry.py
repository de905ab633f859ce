"""Settings of the re-entry service (section ``reentry``): which chains re-enter, how far, how long, with which stop."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from zepix.model.settings_dual_order import unknown_word
from zepix.model.timeframe import NS, normalise

__all__ = ["ADAPTIVE", "SL_REDUCTIONS", "SYMBOL_WINDOWS", "TREND_CHECKS", "ReentrySettings"]

SL_REDUCTIONS: Final = ("linear", "compounding", "aggressive", "balanced", "conservative", "adaptive", "table")
TREND_CHECKS: Final = ("v3", "v6", "logic", "analyser", "none")
TARGETS: Final = ("rr", "original")

SYMBOL_WINDOWS: Final[Mapping[str, float]] = MappingProxyType({
    "XAUUSD": 15, "XAGUSD": 18, "BTCUSD": 12, "ETHUSD": 15, "GBPJPY": 20, "AUDJPY": 20, "NZDJPY": 20, "EURJPY": 25,
    "USDJPY": 28, "GBPUSD": 22, "EURUSD": 30, "AUDUSD": 30, "NZDUSD": 30, "USDCAD": 28, "EURGBP": 30, "USDCHF": 35,
    "EURCHF": 40, "AUDNZD": 40, "AUDCAD": 35, "EURCAD": 35, "GBPAUD": 30, "GBPNZD": 30,
})  # fmt: skip
"""Minutes that a recovery may wait for its price, by symbol."""
ADAPTIVE: Final[Mapping[str, float]] = MappingProxyType({
    "XAUUSD": 0.35, "EURUSD": 0.25, "GBPJPY": 0.38, "BTCUSD": 0.40, "USDJPY": 0.22, "AUDUSD": 0.28, "NZDUSD": 0.28,
    "USDCAD": 0.26, "XAGUSD": 0.36, "GBPUSD": 0.32, "EURGBP": 0.27, "EURJPY": 0.30, "AUDJPY": 0.33, "NZDJPY": 0.33,
    "USDCHF": 0.24, "EURCHF": 0.22, "GBPAUD": 0.31, "GBPNZD": 0.31, "AUDCAD": 0.27, "AUDNZD": 0.23,
})  # fmt: skip
"""Share by which each level's stop is nearer than the one before, by symbol."""
_NONE: Final[Mapping[str, Any]] = MappingProxyType({})
_V6: Final = "v6_price_action_"
_LOGIC_WINDOWS: Final = {"LOGIC1": 30, "LOGIC2": 45, "LOGIC3": 120}
_PLUGIN_WINDOWS: Final = {f"{_V6}1m": 15, f"{_V6}5m": 20, f"{_V6}15m": 30, f"{_V6}1h": 60}
_MAX_LEVELS: Final = {"V3_COMBINED": 5, f"{_V6}1m": 3, f"{_V6}5m": 4, f"{_V6}15m": 5, f"{_V6}1h": 5}
_COOLDOWNS: Final = {f"{_V6}1m": 3, f"{_V6}5m": 5, f"{_V6}15m": 10, f"{_V6}1h": 15}
_TREND_CHECKS: Final = {"V3_COMBINED": "v3", "V6_PRICE_ACTION": "v6", "ZEPIXPREMIUM": "logic"}
_FIXED: Final = {"aggressive": 0.40, "balanced": 0.30, "conservative": 0.20}


@dataclass(frozen=True)
class ReentrySettings:
    """Settings ``reentry.*``; raises ValueError with every problem at once, each beginning with its key.

    Tables by plugin take plugin ids and families (``V3_COMBINED``) in any case; a table that is given in part keeps the
    other rows' defaults. Money and prices are the instruments' and the account's; shares lie between 0 and 1.
    """

    sl_hunt: bool = True
    """After a stop, enter again where the price comes back."""
    tp_continuation: bool = True
    """After a target, enter again on the next level."""
    exit_continuation: bool = False
    """After a profitable exit, enter again where the price goes on."""
    chain_roles: Sequence[str] = ("A",)
    """Roles of orders that begin a chain."""
    max_levels: Mapping[str, int] = field(default_factory=lambda: _NONE)
    """Levels of a chain by plugin or family: V3 5; V6 1m 3, 5m 4, 15m and 1h 5."""
    default_max_level: int = 5
    min_between_s: float = 60.0
    """Between two re-entries of one plugin on one symbol."""

    recovery_frac: float = 0.70
    """How much of the way from the stop to the entry the price must have come back."""
    recovery_attempts: int = 1
    """Recoveries of one chain."""
    recovery_sl_frac: float = 0.5
    """The stop of a recovery, in stop distances of what was stopped."""
    recovery_target: str = "rr"
    """``rr``: ``rr_ratio`` stop distances; ``original``: the first order's target, where it still lies ahead."""
    rr_ratio: float = 1.5
    trailing: bool = True
    """Re-entries trail as the chain's first order does, in proportion to their stop."""

    windows_minutes: Mapping[str, float] = field(default_factory=lambda: _NONE)
    """How long a recovery waits, by symbol; 0 never recovers. Over the built-in table."""
    symbol_windows: bool = True
    """Whether the built-in table by symbol counts at all; off: the windows by logic and plugin."""
    logic_windows_minutes: Mapping[str, float] = field(default_factory=lambda: _NONE)
    """By logic: LOGIC1 30, LOGIC2 45, LOGIC3 120; continuations wait as long."""
    plugin_windows_minutes: Mapping[str, float] = field(default_factory=lambda: _NONE)
    """By plugin or family: V6 1m 15, 5m 20, 15m 30, 1h 60; continuations wait as long."""
    default_window_minutes: float = 30.0

    continuation_cooldown_s: Mapping[str, float] = field(default_factory=lambda: _NONE)
    """By plugin or family: V6 1m 3, 5m 5, 15m 10, 1h 15."""
    default_cooldown_s: float = 5.0
    continuation_gap_pips: float = 0.0
    """How far beyond its target the price must go first; 0: not asked."""

    sl_reduction: str = "linear"
    """How the stop shrinks by level: ``linear, compounding, aggressive, balanced, conservative, adaptive, table``."""
    linear_frac: float = 0.10
    """``linear``: so much of the first stop for each level."""
    linear_floor_frac: float = 0.50
    """``linear``: never below this share of the first stop."""
    compounding_frac: float = 0.30
    """``compounding``: so much of the level before."""
    adaptive_fracs: Mapping[str, float] = field(default_factory=lambda: _NONE)
    """``adaptive``: as compounding, by symbol. Over the built-in table."""
    adaptive_default_frac: float = 0.30
    table_fracs: Sequence[float] = (0.0, 0.10, 0.25, 0.40, 0.50)
    """``table``: what is taken off, by level; the last one goes on."""

    exit_watch_s: float = 60.0
    exit_check_s: float = 5.0
    """Not before so many seconds after the exit."""
    exit_gap_pips: float = 2.0
    exit_reasons: Sequence[str] = ("manual", "reversal")
    """Exits after which the price is watched."""
    exit_attempts: int = 1

    trend_checks: Mapping[str, str] = field(default_factory=lambda: _NONE)
    """By plugin or family: ``v3`` (pillars, or the logic), ``v6`` (pulse), ``logic``, ``analyser``, ``none``."""
    default_trend_check: str = "analyser"
    analyser_fallback: bool = True
    """Ask the analyser where the trend service knows nothing; off: that blocks."""
    analyser_timeframe: str = "15m"
    analyser_bars: int = 20
    analyser_fast: int = 7
    analyser_slow: int = 14
    analyser_swing: int = 4
    """So many bars before the last one make its high and low."""

    def __post_init__(self) -> None:
        problems = [*self._switches(), *self._numbers(), *self._words()]
        self._complete("max_levels", _MAX_LEVELS, problems, 1, 100)
        self._complete("windows_minutes", SYMBOL_WINDOWS if self.symbol_windows else {}, problems, 0, 10_080)
        self._complete("logic_windows_minutes", _LOGIC_WINDOWS, problems, 0, 10_080)
        self._complete("plugin_windows_minutes", _PLUGIN_WINDOWS, problems, 0, 10_080)
        self._complete("continuation_cooldown_s", _COOLDOWNS, problems, 0, 86_400)
        self._complete("adaptive_fracs", ADAPTIVE, problems, 0, 0.99)
        self._complete("trend_checks", _TREND_CHECKS, problems, None, None)
        problems += [unknown_word(f"trend_checks.{k}", v, TREND_CHECKS) for k, v in self.trend_checks.items()]
        problems = [one for one in problems if one]
        if problems:
            raise ValueError("reentry: " + "; ".join(problems))

    def _switches(self) -> list[str]:
        names = ("sl_hunt", "tp_continuation", "exit_continuation", "trailing", "symbol_windows", "analyser_fallback")
        wrong = [(name, getattr(self, name)) for name in names]
        return [f"{name} must be true or false, not {value!r}" for name, value in wrong if not isinstance(value, bool)]

    def _numbers(self) -> list[str]:
        found = [
            *(self._out_of(name, 0.01, 1.0) for name in ("recovery_frac", "linear_floor_frac")),
            *(self._out_of(name, 0.01, 10.0) for name in ("recovery_sl_frac",)),
            *(self._out_of(name, 0.01, 1000.0) for name in ("rr_ratio",)),
            *(self._out_of(name, 0.0, 0.99) for name in ("linear_frac", "compounding_frac", "adaptive_default_frac")),
            *(self._out_of(name, 0.0, 1e6) for name in ("continuation_gap_pips", "exit_gap_pips")),
            *(self._out_of(name, 0.0, 86_400.0) for name in ("min_between_s", "default_cooldown_s", "exit_check_s")),
            self._out_of("exit_watch_s", 0.0, 604_800.0),
            self._out_of("default_window_minutes", 0.0, 10_080.0),
            *(self._out_of(name, 0, 100, True) for name in ("recovery_attempts", "exit_attempts")),
            *(self._out_of(name, 1, 100, True) for name in ("default_max_level", "analyser_swing", "analyser_fast")),
            *(self._out_of(name, 1, 1000, True) for name in ("analyser_slow", "analyser_bars")),
        ]
        if not found[-1] and self.analyser_bars <= max(self.analyser_slow, self.analyser_swing):
            found.append("analyser_bars must be more than analyser_slow and analyser_swing")
        fracs: Any = self.table_fracs
        if isinstance(fracs, str) or not fracs or any(problem_of("", f, 0.0, 0.99) for f in fracs):
            found.append(f"table_fracs must be shares from 0 to 0.99, at least one, not {fracs!r}")
        return found

    def _words(self) -> list[str]:
        found = [
            unknown_word("sl_reduction", self.sl_reduction, SL_REDUCTIONS),
            unknown_word("recovery_target", self.recovery_target, TARGETS),
            unknown_word("default_trend_check", self.default_trend_check, TREND_CHECKS),
        ]
        for name in ("chain_roles", "exit_reasons"):
            words: Any = getattr(self, name)
            if isinstance(words, str) or not all(isinstance(word, str) for word in words):
                found.append(f"{name} must be a list of words, not {words!r}")
        try:
            object.__setattr__(self, "analyser_timeframe", normalise(self.analyser_timeframe))
        except ValueError as error:
            found.append(f"analyser_timeframe: {error}")
        return found

    def _out_of(self, name: str, least: float, most: float, whole: bool = False) -> str:
        return problem_of(name, getattr(self, name), least, most, whole)

    def _complete(
        self, name: str, defaults: Mapping[str, Any], problems: list[str], least: float | None, most: float | None
    ) -> None:
        """A table over the rows that it does not name; keys in capitals."""
        given: Any = getattr(self, name)
        rows = {key.upper(): value for key, value in defaults.items()}
        if not isinstance(given, Mapping):
            problems.append(f"{name} must be a table, not {given!r}")
            given = {}
        for key, value in given.items():
            if least is not None and most is not None:
                problems.append(problem_of(f"{name}.{key}", value, least, most, name == "max_levels"))
            rows[str(key).upper()] = value
        object.__setattr__(self, name, MappingProxyType(rows))

    # --- what they come to ----------------------------------------------------------------------------------------

    def max_level(self, plugin_id: str, family: str) -> int:
        return int(_of(self.max_levels, plugin_id, family, self.default_max_level))

    def cooldown_ns(self, plugin_id: str, family: str) -> int:
        """From a target to the earliest continuation."""
        return round(float(_of(self.continuation_cooldown_s, plugin_id, family, self.default_cooldown_s)) * NS)

    def recovery_window_ns(self, symbol: str, logic: str, plugin_id: str, family: str) -> int:
        """How long a recovery waits: by symbol, else by logic, else by plugin."""
        own = self.windows_minutes.get(symbol.upper())
        return self.window_ns(logic, plugin_id, family) if own is None else round(float(own) * 60 * NS)

    def window_ns(self, logic: str, plugin_id: str, family: str) -> int:
        """How long a continuation waits: by logic, else by plugin."""
        own = self.logic_windows_minutes.get(logic.upper()) if logic else None
        if own is None:
            own = _of(self.plugin_windows_minutes, plugin_id, family, self.default_window_minutes)
        return round(float(own) * 60 * NS)

    def trend_check(self, plugin_id: str, family: str) -> str:
        return str(_of(self.trend_checks, plugin_id, family, self.default_trend_check))

    def stop_share(self, symbol: str, level: int) -> float:
        """The stop of a level in first stops: 1 on level 1."""
        down = max(level, 1) - 1
        mode = self.sl_reduction
        if mode == "linear":
            return max(1.0 - self.linear_frac * down, self.linear_floor_frac)
        if mode == "table":
            return 1.0 - self.table_fracs[min(down, len(self.table_fracs) - 1)]
        if mode == "adaptive":
            frac = self.adaptive_fracs.get(symbol.upper(), self.adaptive_default_frac)
        else:
            frac = self.compounding_frac if mode == "compounding" else _FIXED[mode]
        return float((1.0 - frac) ** down)


def _of(table: Mapping[str, Any], plugin_id: str, family: str, default: Any) -> Any:
    own = table.get(plugin_id.upper())
    return table.get(family.upper(), default) if own is None else own


def problem_of(name: str, value: Any, least: float, most: float, whole: bool = False) -> str:
    """A sentence about what is no number from ``least`` to ``most``; nothing for one that is."""
    kinds = int if whole else int | float
    if isinstance(value, kinds) and not isinstance(value, bool) and math.isfinite(value) and least <= value <= most:
        return ""
    number = "a whole number" if whole else "a number"
    return f"{name} must be {number} from {least:g} to {most:g}, not {value!r}"

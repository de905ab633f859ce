"""Settings of the trend service (section ``trend``): which trends count, for how long, and how many must agree."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.model.timeframe import NS, minutes, normalise

__all__ = ["DAY_MINUTES", "TrendSettings"]

DAY_MINUTES: Final = 1440
_LOGICS: Final[Mapping[str, tuple[str, str]]] = {
    "LOGIC1": ("1h", "15m"),
    "LOGIC2": ("1h", "15m"),
    "LOGIC3": ("1d", "1h"),
}
_HIGHER: Final[Mapping[str, str]] = {"1m": "5m", "5m": "15m", "15m": "1h", "1h": "4h"}


@dataclass(frozen=True)
class TrendSettings:
    """Settings ``trend.*``; raises ValueError with every problem at once, each with its key.

    Timeframes may be written in any spelling. A table that is given in part keeps the other rows' defaults.
    """

    max_age_minutes: Mapping[str, float] = field(default_factory=dict)
    """Minutes after which what was told of a timeframe is stale and counts as neutral; 0 never. Three bars or a day,
    whichever is longer."""
    manual_max_age_minutes: float = 0.0
    """The same for trends set by hand; 0 never."""
    pillars: Sequence[str] = ("15m", "1h", "4h", "1d")
    """Timeframes that are asked whether they agree with a trade."""
    min_aligned: float = 3
    """So many pillars must agree (with weights: so much weight)."""
    pillar_weights: Mapping[str, float] = field(default_factory=dict)
    """Weights by pillar, counted instead of heads; empty, every pillar counts one."""
    logics: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The two timeframes that must agree, by logic: LOGIC1 and LOGIC2 1h and 15m, LOGIC3 1d and 1h."""
    higher_timeframes: Mapping[str, str] = field(default_factory=dict)
    """Which timeframe stands above a signal's: 1m 5m, 5m 15m, 15m 1h, 1h 4h."""
    missing_higher_is_aligned: bool = True
    """Whether a trade passes where nothing fresh is known of the timeframe above it."""
    pulse_timeframes: Sequence[str] = ("5m", "15m", "1h")
    """Charts whose pulse counts are summed."""
    pulse_min_difference: int = 1
    """By how much the trade's side must lead in that sum."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        put = object.__setattr__
        ages = _by_timeframe("max_age_minutes", self.max_age_minutes, problems)
        put(self, "max_age_minutes", _at_least_zero("max_age_minutes", ages, problems))
        weights = _by_timeframe("pillar_weights", self.pillar_weights, problems)
        put(self, "pillar_weights", _at_least_zero("pillar_weights", weights, problems))
        for name in ("pillars", "pulse_timeframes"):
            put(self, name, _timeframes(name, getattr(self, name), problems))
        put(self, "logics", {**_LOGICS, **_logics(self.logics, problems)})
        higher = _higher(_by_timeframe("higher_timeframes", self.higher_timeframes, problems), problems)
        put(self, "higher_timeframes", {**_HIGHER, **higher})
        if not _is_number(self.manual_max_age_minutes) or self.manual_max_age_minutes < 0:
            problems.append(f"manual_max_age_minutes must be 0 or above, not {self.manual_max_age_minutes!r}")
        if not _is_number(self.pulse_min_difference) or self.pulse_min_difference < 1:
            problems.append(f"pulse_min_difference must be 1 or above, not {self.pulse_min_difference!r}")
        passes: Any = self.missing_higher_is_aligned
        if not isinstance(passes, bool):
            problems.append(f"missing_higher_is_aligned must be true or false, not {passes!r}")
        self._check_pillars(problems)
        if problems:
            raise ValueError("trend: " + "; ".join(problems))

    def _check_pillars(self, problems: list[str]) -> None:
        if not self.pillars:
            problems.append("pillars needs at least one timeframe")
        unknown = [tf for tf in self.pillar_weights if tf not in self.pillars]
        if unknown:
            problems.append(f"pillar_weights: {', '.join(unknown)} is no pillar, there are {', '.join(self.pillars)}")
        most = sum(self.weight_of(tf) for tf in self.pillars)
        if not _is_number(self.min_aligned) or not 0 < self.min_aligned <= most:
            problems.append(f"min_aligned must lie above 0 and not above {most:g}, not {self.min_aligned!r}")

    def weight_of(self, pillar: str) -> float:
        """How much one pillar counts: 1 without weights, 0 where only others have one."""
        return self.pillar_weights.get(pillar, 0.0) if self.pillar_weights else 1.0

    def max_age_ns(self, timeframe: str) -> int:
        """The age up to which what was told of a timeframe counts; 0 where it never ages."""
        known = self.max_age_minutes.get(timeframe)
        age = max(3 * minutes(timeframe), DAY_MINUTES) if known is None else known
        return round(age * 60 * NS)

    @property
    def manual_max_age_ns(self) -> int:
        return round(self.manual_max_age_minutes * 60 * NS)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _timeframe(key: str, word: Any, problems: list[str]) -> str | None:
    try:
        return normalise(word)
    except ValueError as error:
        problems.append(f"{key}: {error}")
        return None


def _timeframes(key: str, words: Any, problems: list[str]) -> tuple[str, ...]:
    if not isinstance(words, str | list | tuple):
        problems.append(f"{key} must be a list of timeframes, not {words!r}")
        return ()
    listed = [words] if isinstance(words, str) else words
    found = [tf for tf in (_timeframe(key, word, problems) for word in listed) if tf is not None]
    if len(set(found)) != len(found):
        problems.append(f"{key}: a timeframe is named twice in {', '.join(found)}")
    return tuple(found)


def _rows(key: str, table: Any, problems: list[str]) -> Iterable[tuple[str, Any]]:
    if isinstance(table, Mapping):
        return [(str(word), value) for word, value in table.items()]
    problems.append(f"{key} must be a table, not {table!r}")
    return ()


def _by_timeframe(key: str, table: Any, problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word, value in _rows(key, table, problems):
        label = _timeframe(f"{key}.{word}", word, problems)
        if label in found:
            problems.append(f"{key}.{word}: {label} is there already under another spelling")
        elif label is not None:
            found[label] = value
    return found


def _at_least_zero(key: str, table: dict[str, Any], problems: list[str]) -> dict[str, float]:
    problems += [
        f"{key}.{tf} must be 0 or above, not {value!r}"
        for tf, value in table.items()
        if not _is_number(value) or value < 0
    ]
    return table


def _logics(table: Any, problems: list[str]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for name, pair in _rows("logics", table, problems):
        key = f"logics.{name}"
        words = _timeframes(key, pair, problems)
        if len(words) == 2:
            found[name.upper()] = (words[0], words[1])
        elif isinstance(pair, str) or (isinstance(pair, list | tuple) and len(words) == len(pair)):
            problems.append(f"{key}: two timeframes are expected, not {len(words)}")
    return found


def _higher(table: dict[str, Any], problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for lower, word in table.items():
        key = f"higher_timeframes.{lower}"
        label = _timeframe(key, word, problems)
        if label is not None and minutes(label) <= minutes(lower):
            problems.append(f"{key}: {label} does not stand above {lower}")
        elif label is not None:
            found[lower] = label
    return found

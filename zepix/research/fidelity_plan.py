"""What a measurement of a replay's error compares: bars, readings of a bar, graces; checked before loading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from zepix.errors import ConfigError
from zepix.model import timeframe as timeframes
from zepix.model.fill_model import INTRABAR

__all__ = ["GRACES_MS", "INTRABARS", "MOST_RANDOM", "TIMEFRAMES", "Plan", "Setting"]

TIMEFRAMES: Final = ("1m", "5m", "15m", "1h")
INTRABARS: Final = ("pessimistic", "optimistic")
GRACES_MS: Final = (0, 5000)
MOST_RANDOM: Final = 100_000
_MOST_SETTINGS: Final = 100
_MOST_GRACE_MS: Final = 3_600_000
_MOST_SEED: Final = 2**53
_USUAL_GRACE_MS: Final = 5000


@dataclass(frozen=True, slots=True)
class Setting:
    """One replay on bars: their timeframe, and the two choices of ``FillModel`` that a bar leaves open."""

    timeframe: str
    intrabar: str
    open_grace_ms: int

    @property
    def name(self) -> str:
        """``1m pessimistic 5 s``."""
        return f"{self.timeframe} {self.intrabar} {self.open_grace_ms / 1000:g} s"


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings to compare with ticks; ``random`` alerts, from ``seed``, in place of a log (0: the log's own)."""

    settings: Sequence[Setting]
    random: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        problems = []
        for name, value, most in (("random", self.random, MOST_RANDOM), ("seed", self.seed, _MOST_SEED)):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                problems.append(f"{name} must be a whole number between 0 and {most:,}, not {value!r}")
        if len(self.settings) > _MOST_SETTINGS:
            problems.append(
                f"{len(self.settings):,} settings are too many, at most {_MOST_SETTINGS}; name fewer timeframes, "
                "readings or graces"
            )
        if problems:
            raise ConfigError(problems)
        if not self.settings:
            raise ConfigError("nothing to compare: name at least one timeframe, one intrabar and one grace")

    @classmethod
    def of(
        cls,
        timeframes: Any = TIMEFRAMES,
        intrabars: Any = INTRABARS,
        open_graces_ms: Any = GRACES_MS,
        *,
        random: int = 0,
        seed: int = 1,
    ) -> Plan:
        """Every timeframe under every reading and every grace; a single value needs no list around it.

        A reading is one of ``FillModel.intrabar``; a finer timeframe is tried on longer bars only. Raises ConfigError
        with all that is wrong.
        """
        problems: list[str] = []
        words = list(dict.fromkeys(_timeframe(one, problems) for one in _listed(timeframes)))
        readings = list(dict.fromkeys(_reading(one, problems) for one in _listed(intrabars)))
        graces = list(dict.fromkeys(_grace(one, problems) for one in _listed(open_graces_ms)))
        if problems:
            raise ConfigError(problems)
        words.sort(key=_minutes)
        found = [
            Setting(word, reading, grace)
            for word in words
            for reading in readings
            if reading in INTRABAR or _is_part(reading, word)
            for grace in graces
        ]
        return cls(found, random, seed)

    @property
    def timeframes(self) -> list[str]:
        """Of all bars that are needed, those that only serve fills included."""
        finer = [one.intrabar for one in self.settings if one.intrabar not in INTRABAR]
        return list(dict.fromkeys([*(one.timeframe for one in self.settings), *finer]))

    @property
    def on_time_ms(self) -> int:
        """An alert that comes so soon after a bar's open is on time for it: the longest grace that is compared."""
        return max(one.open_grace_ms for one in self.settings) or _USUAL_GRACE_MS

    @property
    def replays(self) -> int:
        """How many there will be, the one on ticks included."""
        return 1 + len(self.settings)


def _listed(given: Any) -> list[Any]:
    found = given if isinstance(given, Iterable) and not isinstance(given, str) else (given,)
    return list(found)[: _MOST_SETTINGS + 1]


def _timeframe(given: Any, problems: list[str]) -> str:
    try:
        return timeframes.normalise(str(given))
    except ValueError as why:
        problems.append(f"timeframes: {why}")
        return ""


def _reading(given: Any, problems: list[str]) -> str:
    if given in INTRABAR:
        return str(given)
    try:
        return timeframes.normalise(str(given))
    except ValueError:
        problems.append(f"intrabars: {given!r} is none of {', '.join(INTRABAR)} and no timeframe")
        return ""


def _grace(given: Any, problems: list[str]) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= _MOST_GRACE_MS:
        problems.append(f"open_graces_ms: expected milliseconds between 0 and {_MOST_GRACE_MS:,}, not {given!r}")
        return 0
    return given


def _is_part(finer: str, word: str) -> bool:
    return _minutes(finer) < _minutes(word) and _minutes(word) % _minutes(finer) == 0


def _minutes(word: str) -> int:
    return timeframes.minutes(word)

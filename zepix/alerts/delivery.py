"""What can happen to alerts on their way, as checked values: delay, loss, sending again, swapping.

Each can be written as a number or a text, as flags and notebooks do:

    delay      3    uniform:1,5    exponential:3    lognormal:2,10    empirical:0.4,0.4,0.6,9
    loss       0.02    burst:0.02,5
    resend     0.05    resend:0.05,5,3
    swap       5    swap:5,0.5

``lognormal:median,p95`` is given by what a log file tells: half of the alerts took at most the median, all but one in
twenty at most the second number. An empirical delay is a list of delays seen, each as likely as the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from numbers import Real
from statistics import NormalDist
from typing import Any, Final

from zepix.alerts.payload import shown
from zepix.errors import ConfigError

__all__ = ["LONGEST_S", "Delay", "Delivery", "Loss", "Resend", "Swap"]

LONGEST_S: Final = 86_400.0
"""No delay, window or pause is longer than a day; a drawn delay is cut there."""
MOST_RESENDS: Final = 3
"""TradingView sends a failed webhook again at most three times."""
_LONGEST_BURST: Final = 10_000
_MOST_SEEN: Final = 100_000
_SMALLEST: Final = 2.0**-54
_NORMAL: Final = NormalDist()
_P95: Final = _NORMAL.inv_cdf(0.95)
_LOG_LONGEST: Final = math.log(LONGEST_S) + 1
_NUMBERS: Final = {"fixed": 1, "uniform": 2, "exponential": 1, "lognormal": 2}
_DELAY_WAYS: Final = "3, uniform:1,5, exponential:3, lognormal:2,10 (median, p95) or empirical:0.4,0.6,9 (seconds)"


@dataclass(frozen=True, slots=True)
class Delay:
    """How long alerts are under way, in seconds, beyond what was recorded; ``kind`` says what ``numbers`` mean.

    fixed (s), uniform (from, to), exponential (mean), lognormal (median, p95), empirical (delays seen). Raises
    ConfigError for anything else, and for what is negative, no number, or longer than a day.
    """

    kind: str = "fixed"
    numbers: tuple[float, ...] = (0.0,)

    def __post_init__(self) -> None:
        many = _NUMBERS.get(self.kind)
        if many is None and self.kind != "empirical":
            raise ConfigError(f"delay {shown(self.kind)} is no known distribution; write {_DELAY_WAYS}")
        if many is not None and len(self.numbers) != many:
            raise ConfigError(f"delay {self.kind} takes {many} number(s), not {len(self.numbers)}; write {_DELAY_WAYS}")
        if not 1 <= len(self.numbers) <= _MOST_SEEN:
            raise ConfigError(f"an empirical delay needs 1 to {_MOST_SEEN:,} delays, not {len(self.numbers):,}")
        numbers = tuple(_checked("delay", n, 0, LONGEST_S, "seconds between 0 and a day") for n in self.numbers)
        object.__setattr__(self, "numbers", tuple(sorted(numbers)) if self.kind == "empirical" else numbers)
        if self.kind in ("uniform", "lognormal") and self.numbers[0] > self.numbers[1]:
            raise ConfigError(f"delay {self.kind}: {self.numbers[0]:g} must not be above {self.numbers[1]:g}")
        if self.kind == "lognormal" and self.numbers[0] <= 0:
            raise ConfigError("delay lognormal: the median must be above 0")

    @classmethod
    def of(cls, given: Any) -> Delay:
        """From a number of seconds, a text, a list of delays seen, or a Delay. Raises ConfigError."""
        if isinstance(given, cls):
            return given
        if isinstance(given, str):
            kind, colon, rest = given.partition(":")
            name = kind.strip().lower() if colon else "fixed"
            if name not in _NUMBERS and name != "empirical":
                return cls(name)
            return cls(name, _numbers("delay", rest if colon else given, _DELAY_WAYS))
        if isinstance(given, Iterable):
            return cls("empirical", tuple(islice(given, _MOST_SEEN + 1)))
        return cls("fixed", (given,))

    @property
    def is_random(self) -> bool:
        """Whether two draws may differ."""
        if self.kind == "exponential":
            return self.numbers[0] > 0
        return self.kind != "fixed" and self.numbers[0] != self.numbers[-1]

    @property
    def words(self) -> str:
        """As the rows of a table call it."""
        texts = [f"{number:g}" for number in self.numbers]
        return {
            "fixed": "{0} s",
            "uniform": "{0} to {1} s",
            "exponential": "exponential, mean {0} s",
            "lognormal": "lognormal, median {0} s, p95 {1} s",
            "empirical": f"{len(texts):,} delays seen, {texts[0]} to {texts[-1]} s",
        }[self.kind].format(*texts)

    def nanoseconds(self, draw: float) -> int:
        """The delay that a number drawn from [0, 1) stands for: never less for a larger one, never above a day."""
        return round(min(self._seconds(draw), LONGEST_S) * 1e6) * 1000

    def _seconds(self, draw: float) -> float:
        numbers = self.numbers
        if self.kind == "fixed":
            return numbers[0]
        if self.kind == "uniform":
            return numbers[0] + draw * (numbers[1] - numbers[0])
        if self.kind == "exponential":
            return -numbers[0] * math.log1p(-draw)
        if self.kind == "lognormal":
            median, p95 = map(math.log, numbers)
            return math.exp(min(median + (p95 - median) * _NORMAL.inv_cdf(max(draw, _SMALLEST)) / _P95, _LOG_LONGEST))
        return numbers[int(draw * len(numbers))]


@dataclass(frozen=True, slots=True)
class Loss:
    """A share of the alerts never arrives: one by one, or ``burst`` neighbours at once, the share being the same."""

    frac: float = 0.0
    burst: int = 1

    def __post_init__(self) -> None:
        share = _checked("loss", self.frac, 0, 1, "a share between 0 and 1 (two in a hundred are 0.02)")
        object.__setattr__(self, "frac", share)
        _whole("loss: a burst", self, "burst", 1, _LONGEST_BURST)

    @classmethod
    def of(cls, given: Any) -> Loss:
        """From a share, a text or a Loss. Raises ConfigError."""
        return given if isinstance(given, cls) else cls(*_parts("loss", given, "burst", (1, 2), "0.02 or burst:0.02,5"))

    @property
    def is_random(self) -> bool:
        return 0 < self.frac < 1

    @property
    def words(self) -> str:
        """As the rows of a table call it."""
        return _percent(self.frac) + (f", {self.burst} at once" if self.burst > 1 else "")


@dataclass(frozen=True, slots=True)
class Resend:
    """A share of the alerts is sent again, ``after_s`` apart, one to ``most`` times (as likely one as the other)."""

    frac: float = 0.0
    after_s: float = 5.0
    most: int = MOST_RESENDS

    def __post_init__(self) -> None:
        share = _checked("duplicate", self.frac, 0, 1, "a share between 0 and 1 (five in a hundred are 0.05)")
        pause = _checked("duplicate: the pause", self.after_s, 0, LONGEST_S, "seconds between 0 and a day")
        object.__setattr__(self, "frac", share)
        object.__setattr__(self, "after_s", pause)
        _whole("duplicate: the number of resends", self, "most", 1, MOST_RESENDS)

    @classmethod
    def of(cls, given: Any) -> Resend:
        """From a share, a text or a Resend. Raises ConfigError."""
        ways = "0.05 or resend:0.05,5,3 (share, seconds, most resends)"
        return given if isinstance(given, cls) else cls(*_parts("duplicate", given, "resend", (1, 2, 3), ways))

    @property
    def after_ns(self) -> int:
        return round(self.after_s * 1e6) * 1000

    @property
    def is_random(self) -> bool:
        return self.frac > 0 and (self.frac < 1 or self.most > 1)

    @property
    def words(self) -> str:
        """As the rows of a table call it."""
        often = "once" if self.most == 1 else f"1-{self.most} times"
        return f"{_percent(self.frac)} {often}, {self.after_s:g} s apart"


@dataclass(frozen=True, slots=True)
class Swap:
    """Neighbours of one symbol at most ``window_s`` apart arrive in the other order, a share ``frac`` of them."""

    window_s: float = 0.0
    frac: float = 0.5

    def __post_init__(self) -> None:
        window = _checked("reorder", self.window_s, 0, LONGEST_S, "seconds between 0 and a day")
        share = _checked("reorder: the share", self.frac, 0, 1, "a share between 0 and 1")
        object.__setattr__(self, "window_s", window)
        object.__setattr__(self, "frac", share)

    @classmethod
    def of(cls, given: Any) -> Swap:
        """From a window in seconds, a text or a Swap. Raises ConfigError."""
        ways = "5 or swap:5,0.5 (seconds, share)"
        return given if isinstance(given, cls) else cls(*_parts("reorder", given, "swap", (1, 2), ways))

    @property
    def window_ns(self) -> int:
        return round(self.window_s * 1e6) * 1000

    @property
    def is_random(self) -> bool:
        return self.window_s > 0 and 0 < self.frac < 1

    @property
    def words(self) -> str:
        """As the rows of a table call it."""
        return f"{_percent(self.frac)} within {self.window_s:g} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Everything that happens to alerts on their way; as it stands, nothing does."""

    delay: Delay = field(default_factory=Delay)
    loss: Loss = field(default_factory=Loss)
    resend: Resend = field(default_factory=Resend)
    swap: Swap = field(default_factory=Swap)

    @property
    def is_random(self) -> bool:
        """Whether two seeds may give two deliveries."""
        return any(part.is_random for part in (self.delay, self.loss, self.resend, self.swap))

    @property
    def does_nothing(self) -> bool:
        """Whether every row arrives once, when it was recorded."""
        changes = (self.delay.numbers != (0.0,), self.loss.frac, self.resend.frac, self.swap.window_s * self.swap.frac)
        return not any(changes)


def _percent(share: float) -> str:
    return f"{share * 100:g} %"


def _checked(what: str, value: Any, low: float, high: float, expected: str) -> float:
    """The value as a float; raises ConfigError unless it is a finite number within its limits."""
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and low <= value <= high):  # NaN compares false
        raise ConfigError(f"{what} must be {expected}, not {shown(value)}")
    return float(value)


def _whole(what: str, owner: object, name: str, low: int, high: int) -> None:
    """Makes a field an integer; raises ConfigError where it is none, or beyond its limits."""
    value = getattr(owner, name)
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not (is_number and low <= value <= high and value == int(value)):
        raise ConfigError(f"{what} must be a whole number between {low:,} and {high:,}, not {shown(value)}")
    object.__setattr__(owner, name, int(value))


def _parts(what: str, given: Any, word: str, many: Sequence[int], ways: str) -> tuple[Any, ...]:
    """The numbers of ``0.02`` or ``word:0.02,5``; a value that is no text goes through."""
    if not isinstance(given, str):
        return (given,)
    kind, colon, rest = given.partition(":")
    if colon and kind.strip().lower() != word:
        raise ConfigError(f"{what} {shown(kind)} is unknown; write {ways}")
    numbers = _numbers(what, rest if colon else given, ways)
    if len(numbers) not in (many if colon else (1,)):
        raise ConfigError(f"{what} {shown(given)} has {len(numbers)} numbers; write {ways}")
    return numbers


def _numbers(what: str, text: str, ways: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ConfigError(f"{what} {shown(text)} is no number; write {ways}") from None

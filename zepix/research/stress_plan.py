"""What a stress of the alerts tries: its levels, how often, from which seed; checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from zepix.alerts.delivery import Delay, Delivery, Loss, Resend, Swap
from zepix.errors import ConfigError
from zepix.research.stress_result import KINDS

__all__ = ["DELAYS_S", "DUPLICATIONS", "LOSSES", "MOST_REPLAYS", "REORDERINGS", "Plan"]

DELAYS_S: Final = (0, 1, 3, 10, 30, 60)
LOSSES: Final = (0, 0.01, 0.02, 0.05, 0.1)
DUPLICATIONS: Final = (0.05,)
REORDERINGS: Final = (5,)
MOST_REPLAYS: Final = 500
_MOST_SEED: Final = 2**53


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried: (kind, name, delivery) of each level, the random ones ``repeats`` times, from ``seed``."""

    levels: Sequence[tuple[str, str, Delivery]]
    repeats: int = 20
    seed: int = 1

    def __post_init__(self) -> None:
        problems = []
        for name, value, least, most in (
            ("repeats", self.repeats, 1, MOST_REPLAYS),
            ("seed", self.seed, 0, _MOST_SEED),
        ):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                problems.append(f"{name} must be a whole number between {least} and {most:,}, not {value!r}")
        if problems:
            raise ConfigError(problems)
        if self.replays > MOST_REPLAYS:
            often = sum(1 for _, _, delivery in self.levels if delivery.is_random)
            raise ConfigError(
                f"{self.replays:,} replays are too many, at most {MOST_REPLAYS}: {often} levels are random and tried "
                f"{self.repeats} times each, {len(self.levels) - often} once; name fewer levels or fewer repeats"
            )

    @classmethod
    def of(
        cls,
        delays_s: Any = None,
        losses: Any = None,
        duplications: Any = None,
        reorderings: Any = None,
        *,
        repeats: int = 20,
        seed: int = 1,
    ) -> Plan:
        """Of numbers, texts or values as ``zepix.alerts.delivery`` has them, one or several of a kind.

        What is not named is not tried; where none of the four is named, ``DELAYS_S``, ``LOSSES``, ``DUPLICATIONS`` and
        ``REORDERINGS`` are. Levels that do nothing are left out. Raises ConfigError with all that is wrong.
        """
        named = [delays_s, losses, duplications, reorderings]
        if all(levels is None for levels in named):
            named = [DELAYS_S, LOSSES, DUPLICATIONS, REORDERINGS]
        problems: list[str] = []
        found: dict[tuple[str, str], Delivery] = {}
        for kind, levels in zip(KINDS, named, strict=True):
            for given in islice(_listed(levels), MOST_REPLAYS):
                try:
                    name, delivery = _delivery(kind, given)
                except ConfigError as error:
                    problems += error.problems
                    continue
                if not delivery.does_nothing:
                    found[kind, name] = delivery
        if problems:
            raise ConfigError(problems)
        if not found:
            raise ConfigError("nothing to try: name at least one delay, loss, duplication or reordering above 0")
        return cls([(kind, name, delivery) for (kind, name), delivery in found.items()], repeats, seed)

    @property
    def replays(self) -> int:
        """How many there will be, the one as recorded included."""
        return 1 + sum(self.times(delivery) for _, _, delivery in self.levels)

    def times(self, delivery: Delivery) -> int:
        return self.repeats if delivery.is_random else 1


def _listed(levels: Any) -> Iterable[Any]:
    """Levels one by one; a single level needs no list around it."""
    if levels is None:
        return ()
    return levels if isinstance(levels, Iterable) and not isinstance(levels, str) else (levels,)


def _delivery(kind: str, given: Any) -> tuple[str, Delivery]:
    """The level's name, and what happens to the alerts."""
    if kind == "delay":
        delay = Delay.of(given)
        return delay.words, Delivery(delay=delay)
    if kind == "loss":
        loss = Loss.of(given)
        return loss.words, Delivery(loss=loss)
    if kind == "duplicate":
        resend = Resend.of(given)
        return resend.words, Delivery(resend=resend)
    swap = Swap.of(given)
    return swap.words, Delivery(swap=swap)

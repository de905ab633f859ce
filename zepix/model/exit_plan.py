"""A declared exit: how a position leaves in portions, where the stop of the rest then stands, what ends it anyhow.

A plan is data, written in a strategy's settings (docs/exits.md)::

    [strategy.exits]
    levels = [
        { at = "tp1", portion = 0.5, stop_to = "2 pips" },
        { at = "tp2", portion = 0.3, stop_to = "tp1" },
        { at = "tp3", portion = 0.2 },
    ]
    trailing = { start = "tp1", step = "0.25R", distance = "0.5R" }
    max_hold_min = 240
    exit_alert = { portion = 0.8, runner = "in_profit" }

A place is a word: ``tp1`` (the first target of the entry), ``1.5R`` (so many stop distances from the entry),
``20 pips`` (a quantity from the entry), ``entry``. What the portions leave over runs without a target.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Final

from zepix.errors import ConfigError
from zepix.model.quantity import Quantity

__all__ = ["ExitAlertRule", "ExitLevel", "ExitPlan", "Place", "TrailRule"]

MAX_LEVELS: Final = 8
MAX_TARGETS: Final = 9
MAX_NUMBER: Final = 1e6
MAX_HOLD_MIN: Final = 366 * 1440
RUNNERS: Final = ("in_profit", "always")
AGAIN: Final = ("all", "keep")

_WORD: Final = re.compile(r"([-+]?\d{1,9}(?:\.\d{1,9})?)\s*([A-Za-z%]{1,10})")
_TARGET: Final = re.compile(r"tp([1-9])")
_UNITS: Final = {
    "point": "points",
    "points": "points",
    "pip": "pips",
    "pips": "pips",
    "distance": "distance",
    "price": "price",
    "money": "money",
    "fraction": "fraction",
}
_AHEAD: Final = ("points", "pips", "distance")
"""Units of what may lie ahead of the entry or, with a minus, behind it."""
_MEASURES: Final = (*_AHEAD, "fraction")
_TARGETS: Final = (*_MEASURES, "price", "money")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a price is, before there is one. ``kind`` is ``entry, tp, r`` or ``quantity``; ``value`` its number."""

    kind: str
    value: float = 0.0
    unit: str = ""

    @classmethod
    def of(cls, word: Any) -> Place:
        """The place that a word names; raises ValueError with a sentence for what names none."""
        if isinstance(word, Place):
            return word
        if isinstance(word, Quantity):
            return cls("quantity", word.value, word.unit)
        text = " ".join(word.split()) if isinstance(word, str) else ""
        if text.lower() == "entry":
            return cls("entry")
        target = _TARGET.fullmatch(text.lower())
        if target:
            return cls("tp", float(target[1]))
        found = _WORD.fullmatch(text)
        if found and abs(float(found[1])) <= MAX_NUMBER:
            if found[2] in ("R", "r"):
                return cls("r", float(found[1]))
            if found[2] == "%":
                return cls("quantity", float(Decimal(found[1]) / 100), "fraction")
            if found[2].lower() in _UNITS:
                return cls("quantity", float(found[1]), _UNITS[found[2].lower()])
        raise ValueError(f"expected a place such as 'tp1', '1.5R', '20 pips' or 'entry', not {word!r}")

    @property
    def quantity(self) -> Quantity:
        return Quantity(self.value, self.unit)

    def __str__(self) -> str:
        if self.kind == "entry":
            return "entry"
        if self.kind == "tp":
            return f"tp{self.value:.0f}"
        number = format(Decimal(repr(self.value)).normalize(), "f")
        return f"{number}R" if self.kind == "r" else f"{number} {self.unit}"


@dataclass(frozen=True, slots=True)
class ExitLevel:
    """A portion of the entry's volume that leaves ``at`` a target; ``stop_to``: where the others' stop then goes."""

    at: Place
    portion: float
    stop_to: Place | None = None


@dataclass(frozen=True, slots=True)
class TrailRule:
    """A stop that follows from ``start`` on, ``distance`` behind, in steps.

    ``step`` None is break-even: it moves once, to ``distance`` ahead of the entry.
    """

    start: Place
    step: Place | None
    distance: Place


@dataclass(frozen=True, slots=True)
class ExitAlertRule:
    """What an exit alert closes: ``portion`` of what is left, all of it where the runner is in no profit.

    runner: ``in_profit``: it stays only in profit; ``always``. stop_to: where its stop then goes. again: what a second
    exit alert does to it, ``all`` closes it, ``keep`` leaves it.
    """

    portion: float = 1.0
    runner: str = "in_profit"
    stop_to: Place | None = None
    again: str = "all"


@dataclass(frozen=True, slots=True)
class ExitPlan:
    """How a position leaves; see the module's text. ``break_even`` is a trail that moves once."""

    levels: tuple[ExitLevel, ...] = ()
    break_even: TrailRule | None = None
    trailing: TrailRule | None = None
    max_hold_min: float | None = None
    exit_alert: ExitAlertRule = ExitAlertRule()

    @classmethod
    def of(cls, mapping: Mapping[str, Any] | ExitPlan) -> ExitPlan:
        """The plan that a table of settings describes; raises ConfigError with every problem found."""
        if isinstance(mapping, ExitPlan):
            return mapping
        reader = _Reader()
        plan = reader.plan(mapping)
        if reader.problems or plan is None:
            raise ConfigError(reader.problems)
        return plan

    @staticmethod
    def problems_of(mapping: Any) -> list[str]:
        """Every problem of a table of settings, a sentence each; none for a good one."""
        if isinstance(mapping, ExitPlan):
            return []
        reader = _Reader()
        reader.plan(mapping)
        return reader.problems

    @property
    def portions(self) -> tuple[float, ...]:
        """The levels' portions and what they leave over, if anything; they sum to 1."""
        given = [level.portion for level in self.levels]
        left = 1 - sum((Decimal(str(p)) for p in given), Decimal(0))
        return (*given, float(left)) if left > 0 else tuple(given)

    def as_dict(self) -> dict[str, Any]:
        """The plan as JSON values; ``of`` gives an equal plan."""
        out: dict[str, Any] = {}
        if self.levels:
            out["levels"] = [
                {"at": str(x.at), "portion": x.portion, **({} if x.stop_to is None else {"stop_to": str(x.stop_to)})}
                for x in self.levels
            ]
        if self.break_even is not None:
            out["break_even"] = {"start": str(self.break_even.start), "buffer": str(self.break_even.distance)}
        if self.trailing is not None:
            rule = self.trailing
            out["trailing"] = {"start": str(rule.start), "step": str(rule.step), "distance": str(rule.distance)}
        if self.max_hold_min is not None:
            out["max_hold_min"] = self.max_hold_min
        if self.exit_alert != ExitAlertRule():
            rule_ = self.exit_alert
            out["exit_alert"] = {"portion": rule_.portion, "runner": rule_.runner, "again": rule_.again}
            if rule_.stop_to is not None:
                out["exit_alert"]["stop_to"] = str(rule_.stop_to)
        return out


class _Reader:
    """Reads a table and notes every problem, its key first."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def plan(self, given: Any) -> ExitPlan | None:
        keys = ("levels", "break_even", "trailing", "max_hold_min", "exit_alert")
        table = self._table("", given, keys)
        if table is None:
            return None
        levels = self._levels(table.get("levels", ()))
        break_even = trailing = None
        if "break_even" in table:
            break_even = self._trail("break_even", table["break_even"], is_break_even=True)
        if "trailing" in table:
            trailing = self._trail("trailing", table["trailing"], is_break_even=False)
        hold = table.get("max_hold_min")
        if hold is not None and not self._is_number("max_hold_min", hold, MAX_HOLD_MIN):
            hold = None
        alert = self._exit_alert(table["exit_alert"]) if "exit_alert" in table else ExitAlertRule()
        return ExitPlan(levels, break_even, trailing, None if hold is None else float(hold), alert)

    def _levels(self, given: Any) -> tuple[ExitLevel, ...]:
        if isinstance(given, str | Mapping) or not isinstance(given, Sequence):
            self.problems.append(f"levels: expected a list of tables, not {_shown(given)}")
            return ()
        if len(given) > MAX_LEVELS:
            self.problems.append(f"levels: at most {MAX_LEVELS} levels, not {len(given)}")
            return ()
        levels = [found for n, one in enumerate(given, 1) if (found := self._level(f"levels[{n}]", one)) is not None]
        total = sum((Decimal(str(level.portion)) for level in levels), Decimal(0))
        if total > 1:
            self.problems.append(f"levels: the portions sum to {total}, more than 1")
        for n, (before, after) in enumerate(pairwise(levels), 2):
            same = (before.at.kind, before.at.unit) == (after.at.kind, after.at.unit)
            if same and before.at.unit != "price" and after.at.value <= before.at.value:
                self.problems.append(f"levels[{n}].at: {after.at} must lie beyond {before.at}, the level before it")
        return tuple(levels)

    def _level(self, key: str, given: Any) -> ExitLevel | None:
        table = self._table(key, given, ("at", "portion", "stop_to"), ("at", "portion"))
        if table is None:
            return None
        at = self._place(f"{key}.at", table.get("at"), ("tp", "r"), _TARGETS) if "at" in table else None
        portion = table.get("portion")
        is_share = "portion" in table and self._is_number(f"{key}.portion", portion, 1)
        stop_to = self._stop_to(f"{key}.stop_to", table["stop_to"]) if "stop_to" in table else None
        if at is None or not is_share:
            return None
        if stop_to is not None and stop_to.kind == at.kind and stop_to.unit == at.unit and stop_to.value >= at.value:
            self.problems.append(f"{key}.stop_to: {stop_to} must lie behind the level itself ({at})")
        return ExitLevel(at, float(portion), stop_to)  # type: ignore[arg-type]

    def _trail(self, key: str, given: Any, *, is_break_even: bool) -> TrailRule | None:
        names = ("start", "buffer") if is_break_even else ("start", "step", "distance")
        needed = ("start",) if is_break_even else names
        table = self._table(key, given, names, needed)
        if table is None:
            return None
        start = self._place(f"{key}.start", table["start"], ("tp", "r"), _MEASURES) if "start" in table else None
        if is_break_even:
            buffer = table.get("buffer", "0 points")
            step, distance = None, self._place(f"{key}.buffer", buffer, ("r",), _MEASURES, least=0.0)
        else:
            found = [
                self._place(f"{key}.{name}", table[name], ("r",), _MEASURES) if name in table else None
                for name in ("step", "distance")
            ]
            step, distance = found
            if step is None:
                return None
        if start is None or distance is None:
            return None
        is_same_unit = (start.kind, start.unit) == (distance.kind, distance.unit)
        if is_break_even and is_same_unit and distance.value >= start.value:
            self.problems.append(f"{key}.buffer: {distance} must lie behind the start ({start})")
        return TrailRule(start, step, distance)

    def _exit_alert(self, given: Any) -> ExitAlertRule:
        key = "exit_alert"
        table = self._table(key, given, ("portion", "runner", "stop_to", "again")) or {}
        portion, runner, again = table.get("portion", 1.0), table.get("runner", "in_profit"), table.get("again", "all")
        if not self._is_number(f"{key}.portion", portion, 1):
            portion = 1.0
        for name, word, known in (("runner", runner, RUNNERS), ("again", again, AGAIN)):
            if word not in known:
                self.problems.append(
                    f"{key}.{name}: expected {' or '.join(known)}, not {_shown(word)}{_near(word, known)}"
                )
        stop_to = self._stop_to(f"{key}.stop_to", table["stop_to"]) if "stop_to" in table else None
        return ExitAlertRule(float(portion), str(runner), stop_to, str(again))

    def _stop_to(self, key: str, word: Any) -> Place | None:
        return self._place(key, word, ("entry", "tp", "r"), _AHEAD, least=-MAX_NUMBER)

    def _place(
        self, key: str, word: Any, kinds: tuple[str, ...], units: tuple[str, ...], least: float | None = None
    ) -> Place | None:
        """A place of one of these kinds or units; ``least`` None: above zero."""
        try:
            place = Place.of(word)
        except ValueError as error:
            self.problems.append(f"{key}: {error}")
            return None
        if place.kind not in kinds and place.unit not in units:
            self.problems.append(f"{key}: {place} cannot be meant here; expected {', '.join((*kinds, *units))}")
            return None
        if place.kind in ("r", "quantity") and (place.value <= 0 if least is None else place.value < least):
            self.problems.append(f"{key}: {place} must {'lie above zero' if least is None else 'not be negative'}")
            return None
        return place

    def _table(
        self, key: str, given: Any, known: Iterable[str], needed: Iterable[str] = ()
    ) -> Mapping[str, Any] | None:
        if not isinstance(given, Mapping):
            self.problems.append(f"{key or 'exits'}: expected a table, not {_shown(given)}")
            return None
        prefix = f"{key}." if key else ""
        for name in given:
            if name not in known:
                self.problems.append(f"{prefix}{name}: unknown key{_near(name, known) or '; ' + _list(known)}")
        self.problems += [f"{prefix}{name}: missing" for name in needed if name not in given]
        return given

    def _is_number(self, key: str, value: Any, most: float) -> bool:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if is_number and 0 < value <= most:
            return True
        self.problems.append(f"{key}: expected a number above 0 and up to {most:g}, not {_shown(value)}")
        return False


def _list(known: Iterable[str]) -> str:
    return f"there are {', '.join(known)}"


def _near(word: Any, known: Iterable[str]) -> str:
    found = get_close_matches(str(word).lower(), list(known), n=1, cutoff=0.5)
    return f"; did you mean {found[0]!r}?" if found else ""


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

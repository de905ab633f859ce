"""At which fill settings does the profit turn? One setting at a time, on a few levels, all else as in the spec."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import numpy as np

from zepix.model import Series
from zepix.research.real.cuts import reindexed
from zepix.research.real.replays import Subject
from zepix.research.replay import Loaded
from zepix.research.result import Result

__all__ = ["LEVELS", "Sensitivity", "Tried", "sensitivity", "turns_at"]

LEVELS: Final[dict[str, tuple[Any, ...]]] = {
    "latency_ms": (0, 500, 2000, 10_000, 60_000),
    "slippage": (0.0, 0.25, 0.5, 1.0, 2.0),
    "spread": (1.0, 1.5, 2.0, 3.0, 5.0),
    "open_grace_ms": (0, 5000, 60_000),
    "intrabar": ("pessimistic", "optimistic"),
}
"""``slippage`` counts in median spreads of each symbol, on top of what the instrument has; ``spread`` multiplies it."""

Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Tried:
    """One replay: a setting, its level, what came of it; ``is_base`` is the spec's own level."""

    setting: str
    level: Any
    net: float
    tickets: int
    is_base: bool = False


@dataclass(slots=True)
class Sensitivity:
    """``tried`` in order; ``turns``: setting -> the level at which the net crosses zero, between two of them."""

    net: float = 0.0
    tickets: int = 0
    tried: list[Tried] = field(default_factory=list)
    turns: dict[str, float | str] = field(default_factory=dict)
    why: str = ""

    def of(self, setting: str) -> list[Tried]:
        return [one for one in self.tried if one.setting == setting]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def sensitivity(
    subject: Subject,
    base: Result | None = None,
    *,
    levels: dict[str, Sequence[Any]] | None = None,
    progress: Tell | None = None,
) -> Sensitivity:
    """Replay each level of each setting (``LEVELS``, or those named); levels like the spec's own are not replayed."""
    whole = subject.run() if base is None else base
    found = Sensitivity(float(whole.stats["net_profit"]), int(whole.stats["tickets"]))
    if not found.tickets:
        found.why = "no ticket: there is no profit that could turn"
        return found
    asked = LEVELS if levels is None else levels
    total, done = sum(len(one) for one in asked.values()), 0
    tell = progress or (lambda _done, _total: None)
    for setting, values in asked.items():
        own = _own(subject, setting)
        known = [*values] if own is None or own in values else [own, *values]
        if setting != "intrabar":
            known.sort()
        for level in known:
            tell(done, total)
            done += 1
            if level == own:
                found.tried.append(Tried(setting, level, found.net, found.tickets, True))
                continue
            stats = _run(subject, setting, level).stats
            found.tried.append(Tried(setting, level, float(stats["net_profit"]), int(stats["tickets"])))
        at = turns_at(found.of(setting))
        if at is not None:
            found.turns[setting] = at
    tell(total, total)
    return found


def turns_at(tried: Sequence[Tried]) -> float | str | None:
    """The level at which the net first crosses zero, away from the spec's own: on a line between two; None: nowhere."""
    start = next((n for n, one in enumerate(tried) if one.is_base), 0)
    upwards = list(tried[start:])
    downwards = list(tried[: start + 1])[::-1]
    for way in (upwards, downwards):
        for one, two in pairwise(way):
            if (one.net > 0) != (two.net > 0):
                if isinstance(one.level, str) or isinstance(two.level, str):
                    return str(two.level)
                share = one.net / (one.net - two.net)
                return float(one.level + share * (two.level - one.level))
    return None


def _own(subject: Subject, setting: str) -> Any:
    """The spec's own level of a setting."""
    if setting == "slippage":
        return 0.0
    if setting == "spread":
        return 1.0
    return getattr(subject.spec.fill, setting)


def _run(subject: Subject, setting: str, level: Any) -> Result:
    if setting == "spread":
        return subject.run(_wider(subject.loaded, float(level)))
    if setting == "slippage":
        return subject.run(_slipping(subject, float(level)), fill=replace(subject.spec.fill, slippage_points=None))
    return subject.run(fill=replace(subject.spec.fill, **{setting: level}))


def _wider(loaded: Loaded, factor: float) -> Loaded:
    """The same bids, asks farther away."""

    def wider(one: Series) -> Series:
        columns: dict[str, Any] = {}
        for part in ("open", "high", "low", "close"):
            bid = getattr(one, f"bid_{part}").astype(np.int64)
            apart = getattr(one, f"ask_{part}").astype(np.int64) - bid
            columns[f"ask_{part}"] = (bid + np.rint(apart * factor).astype(np.int64)).astype(np.int32)
        return reindexed(one, columns)

    series = {symbol: wider(one) for symbol, one in loaded.series.items()}
    finer = {symbol: wider(one) for symbol, one in loaded.bars.finer.items()}
    return replace(loaded, series=series, bars=replace(loaded.bars, series=series, finer=finer))


def _slipping(subject: Subject, spreads: float) -> Loaded:
    """The same prices, each instrument slipping by so many of its median spreads more than the spec has it slip."""
    loaded = subject.loaded
    made = []
    for symbol, one in loaded.series.items():
        filling = loaded.bars.finer.get(symbol, one)
        instrument = loaded.catalogue[symbol]
        usual = subject.spec.fill.slippage_of(instrument, filling.timeframe_ns)
        more = round(spreads * float(np.median(filling.ask_open.astype(np.int64) - filling.bid_open)))
        made.append(replace(instrument, slippage_points=usual + more))
    return replace(loaded, catalogue=loaded.catalogue.with_instruments(made))

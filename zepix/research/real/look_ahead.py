"""Does a strategy know what it cannot know yet? Replayed again up to random instants, with another future behind them.

Each instant lies just after an alert that was acted on, or anywhere. What was decided before it must be the same in a
world where everything later is different (``cuts``). What strategies load by themselves ends at the instant, too
(``reading``, ``held``); where that cannot be done, it is said, and nothing is called clean.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from zepix.engine.record import RunRecord
from zepix.errors import ConfigError
from zepix.model import Alert
from zepix.research.real.differences import Difference, first_difference
from zepix.research.real.held import Held
from zepix.research.real.replays import CutRun, Subject
from zepix.research.result import Result
from zepix.research.write import iso_utc

__all__ = ["MOST_CUTS", "LookAhead", "instants_to_cut", "look_ahead"]

MOST_CUTS: Final = 1000


@dataclass(slots=True)
class LookAhead:
    """``found`` is the first decision that needed the future; ``doubts`` say what could not be cut, a sentence each.

    ``cuts`` instants were tried, ``decisions`` lie before the last of them; ``is_repeatable``: the run played twice is
    the same, without which nothing can be said.
    """

    cuts: int = 0
    decisions: int = 0
    is_repeatable: bool = True
    found: Difference | None = None
    cut_at_ns: int | None = None
    leaking: int = 0
    doubts: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return self.is_repeatable and self.found is None and not self.doubts

    def as_dict(self) -> dict[str, Any]:
        found = None if self.found is None else {**asdict(self.found), "at": iso_utc(self.found.at_ns)}
        kept = ("cuts", "decisions", "is_repeatable", "leaking", "doubts", "read", "is_clean")
        return {**{name: getattr(self, name) for name in kept}, "found": found, "cut_at": iso_utc(self.cut_at_ns)}


def look_ahead(
    subject: Subject,
    base: Result | None = None,
    *,
    cuts: int = 24,
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> LookAhead:
    """Replay up to ``cuts`` random instants. Raises ConfigError for a number of cuts that is none."""
    if isinstance(cuts, bool) or not isinstance(cuts, int) or not 1 <= cuts <= MOST_CUTS:
        raise ConfigError(f"cuts must be a whole number between 1 and {MOST_CUTS:,}, not {cuts!r}")
    tell = progress or (lambda _done, _total: None)
    whole = subject.run() if base is None else base
    again = subject.run_cut(None)
    answer = LookAhead()
    if again.result.digest != whole.digest:
        answer.is_repeatable = False
        end_ns = max(whole.record.end_ns, again.result.record.end_ns) + 1
        answer.found = first_difference(whole.record, again.result.record, end_ns)
        return answer
    instants = instants_to_cut(whole.record, cuts, seed)
    runs: list[tuple[int, CutRun]] = []
    failed: list[str] = []
    for number, at_ns in enumerate(instants):
        tell(number, len(instants))
        try:
            run = subject.run_cut(at_ns)
        except Exception as error:  # noqa: BLE001 - a strategy's file may do anything where its data end early
            failed.append(
                f"with data that end at {iso_utc(at_ns)} nothing could be run: {type(error).__name__}: {error}"
            )
            continue
        runs.append((at_ns, run))
        difference = first_difference(whole.record, run.result.record, at_ns)
        if difference is not None:
            answer.leaking += 1
            if answer.found is None or difference.at_ns < answer.found.at_ns:
                answer.found, answer.cut_at_ns = difference, at_ns
    tell(len(instants), len(instants))
    answer.cuts = len(runs)
    answer.decisions = _decisions_before(whole.record, max(instants, default=0))
    answer.read = list(dict.fromkeys(name for run in (again, *(run for _, run in runs)) for name in run.reads.cut))
    answer.doubts = [*failed[:1], *_raised(whole.record, max(instants, default=0)), *_doubts(subject, again, runs)]
    return answer


def instants_to_cut(record: RunRecord, cuts: int, seed: int) -> list[int]:
    """In order of time: just after alerts that opened something, after other alerts, after own orders, anywhere."""
    source = random.Random(seed)  # noqa: S311 - a sample, no secret
    last = record.end_ns
    alerts = {row.id: row.received_ns for row in record.alerts if isinstance(row, Alert) and row.received_ns < last}
    acted = {alerts[order.alert_id] for order in record.orders if order.opens and order.alert_id in alerts}
    left = set(alerts.values()) - acted
    own = {order.decided_ns for order in record.orders} - acted
    chosen = {ns + 1 for ns in _some(acted or left, max(1, cuts * 2 // 3), source)}
    chosen |= {ns + 1 for ns in _some(left, cuts // 6, source)} | {ns + 1 for ns in _some(own, cuts // 6, source)}
    first = min(alerts.values(), default=record.start_ns)
    for _ in range(10 * cuts):
        if len(chosen) >= cuts or last <= first + 1:
            break
        chosen.add(source.randrange(first + 1, last))
    return sorted(chosen)[:cuts]


def _some(values: Iterable[int], count: int, source: random.Random) -> list[int]:
    found = sorted(values)
    return found if len(found) <= count else source.sample(found, count)


def _decisions_before(record: RunRecord, at_ns: int) -> int:
    return sum(1 for row in record.decisions if _is_before(row.received_ns, at_ns))


def _raised(record: RunRecord, at_ns: int) -> list[str]:
    """A strategy that raises decides nothing, with a future or without: of those alerts nothing was tried."""
    errors = [row for row in record.decisions if row.outcome == "error" and _is_before(row.received_ns, at_ns)]
    if not errors:
        return []
    return [
        f"the strategy raised in {len(errors)} of {_decisions_before(record, at_ns)} decisions (first "
        f"{errors[0].reason}), so what it would have decided there was not tried"
    ]


def _is_before(received_ns: int | None, at_ns: int) -> bool:
    return received_ns is not None and received_ns < at_ns


def _doubts(subject: Subject, whole: CutRun, runs: Sequence[tuple[int, CutRun]]) -> list[str]:
    """What strategies had of their own that could not be made to end at the instants."""
    said = [
        f"the strategy reads {name} by itself, which could not be made to end at an instant"
        for name in dict.fromkeys(name for run in (whole, *(run for _, run in runs)) for name in run.reads.uncut)
    ]
    first_ns = min((ns for ns, _ in runs), default=0)
    loads_again = all(subject.can_be_loaded_again(cls) for cls in subject.classes())
    later: dict[str, Held] = {}
    for at_ns, run in runs:
        for one in run.held:
            if one.last_ns is None:
                twin = next((other for other in whole.held if other.place == one.place), None)
                if not loads_again or twin is None or len(twin.value) == len(one.value):
                    later[one.place] = one
            elif one.last_ns >= at_ns:
                later[one.place] = one
    for one in later.values():
        if one.last_ns is None:
            said.append(f"the strategy holds {one.text}, numbers without times, which may be of the future")
        else:
            said.append(
                f"the strategy holds {one.text} up to {iso_utc(one.last_ns)}, made where no cut reaches: at "
                f"{iso_utc(first_ns)} it had the future in hand, whether it looks or not"
            )
    return said

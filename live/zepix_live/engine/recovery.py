"""Start-up and recovery are one path: the last state, the journal's tail, what was left undone, then new alerts.

Recovery restores what was decided. Inputs that were finished are taken again and what follows is only compared with
what the journal says. Inputs without an end (the process died before it) are taken one at a time, each with an
``attempt`` before it. One under which the engine died twice is set aside as ``poison``: in the turn (``death``; the
pulse says under which of them) and in an attempt, or in two attempts.
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from zepix.errors import StateError
from zepix.journal.rows import Row
from zepix_live.engine.config import SessionConfig
from zepix_live.engine.consumer import MARKED, SNAPSHOT_SCHEMA, Journal, encode, name_of
from zepix_live.engine.course import Course
from zepix_live.engine.exit_words import looks_like_exit
from zepix_live.engine.plan import Plan
from zepix_live.engine.price_file import PriceFile
from zepix_live.engine.price_rows import PriceColumns, PriceRows
from zepix_live.engine.reloading import change_row, changed_config
from zepix_live.engine.rerun import Difference, first_difference, turns
from zepix_live.engine.session import INPUTS, LiveSession, Output
from zepix_live.pulse import NO_PULSE, Pulsing

__all__ = ["MOST_DEATHS", "NOBODY_KNOWS", "Before", "Recovered", "last_config", "recover"]

MOST_DEATHS: Final = 2
MAY_BE_POISON: Final = MARKED
"""What a session can do without. Without its start it is none, and without a price the next ones mean nothing."""
NOBODY_KNOWS: Final = -1
BEAT_EVERY: Final = 256


class Reader(Protocol):
    def rows(self, after_seq: int = 0, limit: int | None = None) -> Any: ...


@dataclass(frozen=True, slots=True)
class Before:
    """How the engine before ended, as far as it is known without its journal."""

    under: int = NOBODY_KNOWS
    """Number of the input whose handlers ran; 0: of none. Where nobody knows, every input that was left may be it."""
    notice: Mapping[str, Any] | None = None
    """What is to be told of its end."""
    forget: Callable[[], None] = lambda: None
    """That was told, durably."""


@dataclass(slots=True)
class Recovered:
    """What a start found, and where it goes on."""

    course: Course
    inbox_seq: int = 0
    last_ns: int = 0
    """Session time of the last row: when the old process was last alive, as far as is known."""
    fed_ns: int = 0
    """Session time of the last prices that it took."""
    inputs: int = 0
    unfinished: int = 0
    poisoned: list[int] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    human: list[str] = field(default_factory=list)
    """Those of the notes after which somebody has to look."""
    slow: list[str] = field(default_factory=list)
    """Why this start took longer than it should have."""
    is_new: bool = False
    first_seq: int = 0
    """The last row of the old process: what came after it is this start's."""


def recover(
    journal: Journal,
    reader: Reader,
    wanted: SessionConfig,
    now_ns: Callable[[], int],
    *,
    plan: Plan | None = None,
    prices: PriceFile | None = None,
    on_start: bool = True,
    before: Before | None = None,
    pulse: Pulsing = NO_PULSE,
    attach: Callable[[LiveSession], None] | None = None,
) -> Recovered:
    """The session as it was, and ``wanted`` from here on. Raises StateError, ConfigError, JournalError.

    ``plan``: of ``wanted``, where it is made already; ``prices``: where snapshots' prices are; what is not there is
    read from the journal; ``before``: how the last process ended; ``pulse``: is told under what this is; ``attach``: is
    given each session before it takes anything.
    """
    found = Recovered(Course(attach=attach), first_seq=journal.last_seq)
    if not journal.last_seq:
        begins_ns = now_ns() if wanted.anchor is None else wanted.anchor.market_ns
        _begin(found, journal, wanted, begins_ns)
        return found
    after = _from_snapshot(found, journal, reader, prices, (wanted, plan))
    tail = list(reader.rows(after, None))
    _note_tail(found, tail)
    deaths = _deaths(found, journal, tail, before or Before())
    for number, (row, body, told, is_done) in enumerate(turns(tail)):
        if not number % BEAT_EVERY:
            pulse.beat()
        if row.kind in MARKED:
            pulse.take(row.seq, row.kind, name_of(row.seq, body))
        if row.kind == "config":
            found.course.change(SessionConfig.of(body))
        elif is_done:
            _again(found, row, body, told)
        else:
            _unfinished(found, journal, row, body, deaths[row.seq])
    pulse.rest()
    if on_start and found.course.config is not None and not found.course.config.is_same(wanted):
        _change(found, journal, wanted)
    return found


def _begin(found: Recovered, journal: Journal, wanted: SessionConfig, t_ns: int) -> None:
    """A new journal: its configuration, and the start of the plugins."""
    found.is_new = True
    seq = journal.append([(t_ns, "config", encode(wanted.row())), (t_ns, "start", "{}")])[1]
    found.course.change(wanted)
    _finish(found, journal, seq, found.course.session.take(t_ns, "start", {}))
    found.last_ns = t_ns


def last_config(journal: Journal, reader: Reader) -> SessionConfig | None:
    """What the journal was last run by; None for a new one. Only what came after the newest snapshot is read."""
    found, after = None, 0
    snapshot = journal.latest_snapshot()
    if snapshot is not None and snapshot.schema == SNAPSHOT_SCHEMA:
        with contextlib.suppress(KeyError, ValueError, TypeError):
            found, after = SessionConfig.of(json.loads(snapshot.body)["config"]), snapshot.seq
    for row in reader.rows(after, None):
        if row.kind == "config":
            found = SessionConfig.of(json.loads(row.body))
    return found


def _from_snapshot(
    found: Recovered,
    journal: Journal,
    reader: Reader,
    prices: PriceFile | None,
    made: tuple[SessionConfig, Plan | None],
) -> int:
    """Load the newest state that loads; the row after which the journal is to be taken again."""
    snapshot = journal.latest_snapshot()
    if snapshot is None:
        return 0
    if snapshot.schema != SNAPSHOT_SCHEMA:
        found.notes.append(f"the state after row {snapshot.seq} has schema {snapshot.schema}; it is derived anew")
        return 0
    try:
        kept = json.loads(snapshot.body)
        config = SessionConfig.of(kept["config"])
        session = config.session(plan=made[1] if config.is_same(made[0]) else None)
        session.take_over(_prices(found, kept, int(snapshot.seq), reader, prices))
        session.load(kept["state"])
    except (StateError, KeyError, ValueError) as error:
        found.notes.append(f"the state after row {snapshot.seq} was not loaded ({error}); it is derived anew")
        if prices is not None:
            prices.begin_anew()
        return 0
    found.course.load(config, session)
    found.inbox_seq = int(kept["inbox_seq"])
    found.last_ns = session.now_ns
    found.fed_ns = int(kept.get("fed_ns", session.now_ns))
    return int(snapshot.seq)


def _prices(
    found: Recovered, kept: Mapping[str, Any], seq: int, reader: Reader, prices: PriceFile | None
) -> PriceRows | PriceColumns:
    """Everything that the session had seen as of row ``seq``: from the file of prices, else from the journal."""
    mark = kept.get("prices")
    if prices is not None and mark is not None:
        try:
            return prices.read(mark)
        except (ValueError, KeyError, TypeError) as error:
            prices.begin_anew()
            found.slow.append(f"{error}; prices were read from the journal")
    rows = PriceRows(SessionConfig.of(kept["config"]).timeframes)
    for row in reader.rows(0, None):
        if row.seq > seq:
            break
        if row.kind == "prices":
            rows.take(row.t_ns, json.loads(row.body))
        elif row.kind == "bar":
            rows.bar(json.loads(row.body))
    return rows


def _note_tail(found: Recovered, tail: list[Row]) -> None:
    for row in tail:
        found.last_ns = max(found.last_ns, row.t_ns)
        if row.kind == "prices":
            found.fed_ns = row.t_ns
        if row.kind in ("alert", "operator"):
            found.inbox_seq = max(found.inbox_seq, int(json.loads(row.body).get("inbox", 0)))


def _deaths(found: Recovered, journal: Journal, tail: list[Row], before: Before) -> Counter[int]:
    """How often the engine has died under each input that is left; what is news of it becomes durable first."""
    through, last_input, known_after = 0, 0, 0
    deaths: Counter[int] = Counter()
    left = []
    for row in tail:
        if row.kind == "done":
            through = int(json.loads(row.body)["through"])
        elif row.kind in INPUTS:
            last_input = row.seq
            left.append(row.seq)
        elif row.kind in ("attempt", "death"):
            known_after = row.seq
            of = int(json.loads(row.body)["of"])
            deaths.update([of] if of != NOBODY_KNOWS else [seq for seq in left if seq > through])
    left = [seq for seq in left if seq > through]
    news: list[tuple[int, str, str]] = []
    if before.notice is not None:
        news.append((found.last_ns, "notice", encode(before.notice)))
    is_under = before.under in left or (before.under == NOBODY_KNOWS and left)
    if is_under and known_after < last_input:  # it died in the turn, and nobody has tried since
        news.append((found.last_ns, "death", encode({"of": before.under})))
        deaths.update(left if before.under == NOBODY_KNOWS else [before.under])
    if news:
        journal.append(news)
    before.forget()
    return deaths


def _again(found: Recovered, row: Row, body: Mapping[str, Any], told: list[Output]) -> None:
    """What was finished: it is not decided again, what it comes to is compared."""
    derived = found.course.session.take_again(row.t_ns, row.kind, body, told)
    found.inputs += 1
    difference = first_difference(row, told, derived)
    if difference is not None:
        found.differences.append(difference)


def _unfinished(found: Recovered, journal: Journal, row: Row, body: Mapping[str, Any], deaths: int) -> None:
    found.unfinished += 1
    session = found.course.session
    if deaths >= MOST_DEATHS and row.kind in MAY_BE_POISON:
        found.poisoned.append(row.seq)
        decision = {"id": body.get("id", ""), "plugin": "", "outcome": "quarantined", "reason": "poison", "final": True}
        journal.append(
            [
                (row.t_ns, "poison", encode({"of": row.seq, "deaths": deaths})),
                (row.t_ns, "notice", encode(_poison_notice(row, body))),
                (row.t_ns, "decision", encode({"of": row.seq, "numbers": {}, **decision})),
                (row.t_ns, "done", encode({"through": row.seq})),
            ]
        )
        return
    journal.append([(row.t_ns, "attempt", encode({"of": row.seq}))])
    told = session.take(row.t_ns, row.kind, body)
    after = None if found.course.config is None else changed_config(found.course.config, body)
    if after is not None:  # it died before the settings that it was told to take were durable
        found.course.change(after)
    _finish(found, journal, row.seq, told, [] if after is None else [change_row(after, body, row.seq)])


def _poison_notice(row: Row, body: Mapping[str, Any]) -> dict[str, Any]:
    name = f"{row.kind} {name_of(row.seq, body)}"
    text = f"the engine died twice under {name}; it is set aside and needs a human"
    if looks_like_exit(str(body.get("raw", ""))):
        text += ", and it looks like an exit: what it was to close may still be open"
    return {"level": "CRITICAL", "code": "poison", "text": text, "of": row.seq}


def _finish(
    found: Recovered, journal: Journal, seq: int, told: list[Output], configs: Sequence[Mapping[str, Any]] = ()
) -> None:
    now_ns = found.course.session.now_ns
    rows = [(now_ns, one.kind, encode({"of": seq, **one.body})) for one in told]
    rows.append((now_ns, "done", encode({"through": seq})))
    journal.append([*rows, *((now_ns, "config", encode(dict(one))) for one in configs)])


def _change(found: Recovered, journal: Journal, wanted: SessionConfig) -> None:
    """Another version or other settings: the state goes on in a session of theirs."""
    old = found.course.config
    found.course.change(wanted)
    journal.append([(found.course.session.now_ns, "config", encode(wanted.row()))])
    told = "another version of zepix" if old is not None and old.code != wanted.code else "other settings"
    found.notes.append(f"the session goes on by {told}")
    found.notes += found.course.set_aside
    found.human += found.course.set_aside

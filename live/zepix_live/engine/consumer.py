"""The one consumer: what is due becomes durable, is given to the session, and what follows from it becomes durable.

One turn takes what is due now: prices first, each at its own time, then alerts and commands at this moment, in the
order in which they were received; a bare ``clock`` where only a timer is due. What the journal says of a turn:

    inputs (alerts and commands durable before a handler sees them), outputs with ``of`` = their input, ``done``

A death between the inputs and ``done`` leaves inputs without outputs; recovery takes them again, and what it derives
is what would have been written. So an alert is never lost, and none is decided twice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from zepix_live.engine.course import Course
from zepix_live.engine.feeds import Feed, Moment
from zepix_live.engine.market_clock import MarketClock
from zepix_live.engine.price_file import PriceFile
from zepix_live.engine.reloading import RELOAD, Decide, change_row, changed_config
from zepix_live.engine.session import LiveSession, Output
from zepix_live.pulse import NO_PULSE, Pulsing

__all__ = ["MARKED", "Consumer", "Given", "Input", "Journal", "Received", "encode", "name_of"]

OPERATOR: Final = "operator"
TURN_ROWS: Final = 256
"""How many inputs one turn takes at most, so that one commit stays short and an alert never waits long."""
SNAPSHOT_WEIGHT: Final = 2_000
"""A state is kept after so many instants of prices; other inputs cost a start more, and count for more."""
MARKED: Final = frozenset({"alert", OPERATOR})
"""Whose handlers the pulse names: what a session can do without, if it dies of it."""
TOLD: Final = frozenset({"event", "error", "disabled", "decision"})
WEIGHTS: Final = {"prices": 1, "clock": 1}
OTHER_WEIGHT: Final = 4

_encoder: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)


class Input(NamedTuple):
    """What a session is given: at which session time, which kind, and its body."""

    t_ns: int
    kind: str
    body: dict[str, Any]


class Given(NamedTuple):
    """A command of a human."""

    kind: str
    body: dict[str, Any]


class Received(NamedTuple):
    """An alert as the receiver kept it, at the wall's time of receipt."""

    seq: int
    received_ns: int
    body: dict[str, Any]
    kind: str = "alert"
    """Or ``operator``: what a human has commanded, in its place among the alerts."""


class Journal(Protocol):
    """The engine's own durable log, as far as the consumer writes it."""

    @property
    def last_seq(self) -> int: ...

    def append(self, rows: Sequence[tuple[int, str, str]]) -> list[int]: ...

    def save_snapshot(self, seq: int, schema: int, body: bytes) -> None: ...

    def latest_snapshot(self) -> Any: ...


@dataclass(slots=True)
class Turned:
    """What turns have done so far."""

    inputs: int = 0
    outputs: int = 0
    inbox_seq: int = 0
    fed_ns: int = 0
    snapshots: int = 0


@dataclass(slots=True)
class _Held:
    """What was handed out to the consumer, which nobody hands out again, and is not journaled yet."""

    moments: list[Moment] = field(default_factory=list)
    commands: list[Given] = field(default_factory=list)
    alerts: list[Received] = field(default_factory=list)
    taking: int = 0
    """So many of the alerts are of this turn: those up to a change of settings."""


class Consumer:
    """Turns a session; the only writer of the engine's journal."""

    def __init__(
        self,
        course: Course,
        journal: Journal,
        feed: Feed,
        clock: MarketClock,
        *,
        received: Callable[[int, int], Sequence[Received]],
        given: Callable[[], Sequence[Given]] = lambda: (),
        inbox_seq: int = 0,
        fed_ns: int = 0,
        tell: Callable[[Output], None] = lambda _output: None,
        prices: PriceFile | None = None,
        pulse: Pulsing = NO_PULSE,
        reload: Decide | None = None,
    ) -> None:
        """``received(after_seq, limit)``: alerts of the inbox; ``given()``: commands since the last time;
        ``inbox_seq``: the last alert that the journal has; ``fed_ns``: when its last prices were; ``tell``: is shown
        every event, error, disabling and decision as it is journaled; ``prices``: where snapshots keep the prices,
        which else are in the journal; ``pulse``: is told under what this is; ``reload``: decides what a command to
        read the settings again is to change."""
        self.course = course
        self.journal = journal
        self.feed = feed
        self.clock = clock
        self._received = received
        self._given = given
        self._tell = tell
        self._prices = prices
        self._pulse = pulse
        self._reload = reload
        self.turned = Turned(inbox_seq=inbox_seq, fed_ns=fed_ns)
        self._since_snapshot = 0
        self._held = _Held()
        self._owed: list[tuple[int, str, str]] = []

    @property
    def session(self) -> LiveSession:
        return self.course.session

    def turn(self) -> int:
        """Take what is due, once; how many inputs that was. Raises JournalError where it could not be made durable."""
        self._settle()
        inputs = self._due()
        if not inputs:
            return 0
        self._pulse.beat()
        if all(one.kind in ("prices", "clock") for one in inputs):
            self._together(inputs)
        else:
            self._durable_first(inputs)
        self.turned.inputs += len(inputs)
        self._since_snapshot += sum(WEIGHTS.get(one.kind, OTHER_WEIGHT) for one in inputs)
        if self._since_snapshot >= SNAPSHOT_WEIGHT:
            self.save()
        return len(inputs)

    def wait_s(self, longest_s: float) -> float:
        """How long nothing is due, as far as is known now."""
        due = [at for at in (self.feed.next_ns(), self.session.due_ns()) if at is not None]
        return min([longest_s, *(self.clock.wait_s(at) for at in due)])

    def save(self) -> None:
        """Keep the session's state as of the last row, so that recovery need not begin at the beginning."""
        config = self.course.config
        assert config is not None, "a session has a configuration"
        kept = {"state": self.session.save(), "inbox_seq": self.turned.inbox_seq, "config": config.row()}
        kept["fed_ns"] = self.turned.fed_ns
        if self._prices is not None:
            kept["prices"] = self._prices.keep(self.session.feed.growing)
        body = _encoder.encode(kept)
        self.journal.save_snapshot(self.journal.last_seq, SNAPSHOT_SCHEMA, body.encode("ascii"))
        self._since_snapshot = 0
        self.turned.snapshots += 1

    @property
    def is_behind(self) -> bool:
        """Whether the session is ahead of its record: no state of it is kept then."""
        return bool(self._owed)

    # --- one turn ---------------------------------------------------------------------------------------------------

    def _due(self) -> list[Input]:
        """What is due now. It is held until it is journaled, and what is told of it is told as of the last attempt: an
        entry that a full disk kept waiting is as late as it is."""
        held, now_ns = self._held, max(self.clock.now_ns(), self.session.now_ns)
        held.moments += self.feed.take(now_ns, TURN_ROWS - len(held.moments))
        found = [
            Input(max(m.t_ns, self.session.now_ns), "prices", {"ended": m.ended, "opened": m.opened})
            for m in held.moments
        ]
        if len(found) == TURN_ROWS:  # prices before now are still to come, and alerts come after them
            return found
        held.commands += self._given()
        found += [Input(now_ns, "operator", one.body) for one in held.commands]
        if not held.alerts:
            held.alerts += self._received(self.turned.inbox_seq, TURN_ROWS)
        held.taking = len(held.alerts)
        for number, alert in enumerate(held.alerts, 1):
            late_ns = self.clock.late_ns(alert.received_ns)
            body = {**alert.body, "inbox": alert.seq, "late_ns": late_ns}
            if alert.kind == OPERATOR and body.get("command") == RELOAD and self._reload is not None:
                found.append(Input(now_ns, OPERATOR, self._reload(body, self.course)))
                held.taking = number  # what comes after it is decided by the new settings, in the next turn
                break
            found.append(Input(now_ns, alert.kind, body))
        if not found:
            due_ns = self.session.due_ns()
            if due_ns is not None and due_ns <= now_ns:
                found.append(Input(now_ns, "clock", {}))
        return found

    def _release(self, inputs: Sequence[Input]) -> None:
        """These are on their way for good: they are not given to the session again."""
        held = self._held
        held.moments.clear()
        if any(one.kind not in ("prices", "clock") for one in inputs):
            taken, held.alerts = held.alerts[: held.taking], held.alerts[held.taking :]
            self.turned.inbox_seq = max([self.turned.inbox_seq, *(alert.seq for alert in taken)])
            held.commands.clear()

    def _settle(self) -> None:
        """Write what is owed to the journal: a session is never further than its record but for what waits here."""
        if self._owed:
            self.journal.append(self._owed)
            self._owed = []

    def _together(self, inputs: Sequence[Input]) -> None:
        """Prices come again after a death; they and what follows are one commit."""
        self._release(inputs)
        first = self.journal.last_seq + 1
        rows: list[tuple[int, str, str]] = [_row(one) for one in inputs]
        told: list[Output] = []
        for number, one in enumerate(inputs):
            told += self._follow(first + number, one)
        self._write(rows, told, first + len(inputs) - 1)

    def _durable_first(self, inputs: Sequence[Input]) -> None:
        """Alerts and commands are in the journal before a handler sees them."""
        seqs = self.journal.append([_row(one) for one in inputs])
        self._release(inputs)
        told: list[Output] = []
        for seq, one in zip(seqs, inputs, strict=True):
            told += self._follow(seq, one)
        self._write([], told, seqs[-1], self._changed(seqs[-1], inputs[-1].body))
        self._pulse.rest()

    def _changed(self, seq: int, body: Mapping[str, Any]) -> list[tuple[int, str, str]]:
        """Go on by other settings, where the last input says so; the row that says what they are."""
        assert self.course.config is not None, "a session has a configuration"
        after = changed_config(self.course.config, body)
        if after is None:
            return []
        self.course.change(after)
        return [(self.session.now_ns, "config", encode(change_row(after, body, seq)))]

    def _follow(self, seq: int, one: Input) -> list[Output]:
        if one.kind == "prices":
            self.turned.fed_ns = one.t_ns
        elif one.kind in MARKED:
            self._pulse.take(seq, one.kind, name_of(seq, one.body))
        return [Output(o.kind, {"of": seq, **o.body}) for o in self.session.take(one.t_ns, one.kind, one.body)]

    def _write(
        self,
        rows: list[tuple[int, str, str]],
        told: Sequence[Output],
        through: int,
        after: Sequence[tuple[int, str, str]] = (),
    ) -> None:
        now_ns = self.session.now_ns
        rows += [(now_ns, one.kind, encode(one.body)) for one in told]
        rows.append((now_ns, "done", encode({"through": through})))
        self._owed = [*rows, *after]
        self._settle()
        self.turned.outputs += len(told)
        for one in told:
            if one.kind in TOLD:
                self._tell(one)


SNAPSHOT_SCHEMA: Final = 1


def name_of(seq: int, body: Mapping[str, Any]) -> str:
    """What an alert or a command is called where a human reads it: as its sender was told."""
    return str(body.get("given_id") or body.get("id") or seq)


def encode(body: Mapping[str, Any]) -> str:
    """A body as it is journaled: ASCII JSON without spaces."""
    return _encoder.encode(body)


def _row(one: Input) -> tuple[int, str, str]:
    return one.t_ns, one.kind, encode(one.body)

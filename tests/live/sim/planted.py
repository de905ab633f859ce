"""Bugs planted in named places of the runner, to see whether the simulation catches them. Each is one patch."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from tests.live.sim import disk
from zepix.alerts import dedup
from zepix.engine.wakers import Timers
from zepix.errors import JournalError
from zepix.model import Alert
from zepix_live.engine import book, consumer, feeds, inbox_source, recovery, rerun, session, telling
from zepix_live.inbox_rows import alert_id
from zepix_live.receiver import answers, door, inbox, keys, seen

__all__ = ["FIRST_SEED", "PLANTED", "planted"]

Patch = tuple[Any, str, Any]
_take = session.LiveSession.take
_late = book.Book._late
_save = consumer.Consumer.save
_durable_first = consumer.Consumer._durable_first
_due = consumer.Consumer._due
_unfinished = recovery._unfinished
_turns = rerun.turns
_after = inbox_source.InboxSource.after
_skip = feeds.ReplayFeed.skip
_go_on = session.LiveSession.go_on_from
_accept = inbox.Inbox.accept
_check = dedup.Deduplicator.check
_read = session.LiveSession._read
_json = answers.json_answer
_decisions = telling.Telling._decisions


# --- the receiver ---------------------------------------------------------------------------------------------------


async def _acknowledge_first(self: Any, arrival: Any, key: Any) -> Any:
    asyncio.get_running_loop().create_task(_swallow(_accept(self, arrival, key)))
    seq = self.last_seq + self.waiting + 1
    return inbox.Receipt(seq, alert_id(seq, key.explicit_id))


async def _swallow(answer: Any) -> None:
    with contextlib.suppress(Exception):
        await answer


def _remember_nothing(self: Any, rows: Any) -> None:
    for row in rows:
        self.last_seq = row.seq


async def _forget_resends(self: Any, arrival: Any, key: Any, first: Any) -> Any:
    del self, arrival, key
    return inbox.Receipt(first.seq, first.id, duplicate=True)


async def _set_nothing_aside(self: Any, arrival: Any, problem: Any) -> int:
    del arrival, problem
    return int(self.last_seq) + 1


def _status(of: int, instead: int) -> Callable[..., Any]:
    return lambda status, *more: _json(instead if status == of else status, *more)


async def _leak(self: Any, request: Any, route: str) -> Any:
    self.in_flight += 1
    return await self._receive(request, route)


# --- the consumer ---------------------------------------------------------------------------------------------------


def _drop_what_is_refused(self: Any, inputs: Any) -> None:
    try:
        _durable_first(self, inputs)
    except JournalError:
        self._release(inputs)
        raise


def _done_first(self: Any, rows: Any, told: Any, through: int) -> None:
    now_ns = self.session.now_ns
    self.journal.append([*rows, (now_ns, "done", consumer.encode({"through": through}))])
    if told:
        self.journal.append([(now_ns, one.kind, consumer.encode(one.body)) for one in told])


def _owe_nothing(self: Any) -> None:
    owed, self._owed = self._owed, []
    if owed:
        self.journal.append(owed)


def _decide_first(self: Any, inputs: Any) -> None:
    """Handlers run before the alert is durable."""
    self._release(inputs)
    self._together(inputs)


class _Earlier:
    """A journal that says it is shorter than it is."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self.last_seq = max(0, journal.last_seq - 4)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)


def _save_as_of_earlier(self: Any) -> None:
    journal, self.journal = self.journal, _Earlier(self.journal)
    try:
        _save(self)
    finally:
        self.journal = journal


def _as_late_as_at_first(self: Any) -> Any:
    """A real one, found by simulation: an entry that a full disk kept waiting was as fresh as when it came."""
    found = _due(self)
    known = self.__dict__.setdefault("_known", {})
    return [
        one if one.kind != "alert" else known.setdefault(one.body["inbox"], one)._replace(t_ns=one.t_ns)
        for one in found
    ]


def _backwards(self: Any, seq: int, limit: int) -> Any:
    return _after(self, seq, limit)[::-1]


def _lose_what_was_read(self: Any, seq: int, limit: int) -> Any:
    """A real one, found by simulation: rows that were read before one could not be were passed over."""
    reader = self._reader
    if reader is None:
        if not self._path.exists():
            return []
        reader = self._reader = inbox_source.LogReader(self._path)
    found = []
    for row in reader.rows(max(seq, self._passed), limit):
        self._passed = row.seq
        if row.kind in inbox_source.KINDS:
            alert = inbox_source.read_alert(row.seq, row.t_ns, row.kind, row.body)
            found.append(consumer.Received(row.seq, row.t_ns, inbox_source.body_of(alert)))
    return found


def _lose_moments(self: Any) -> Any:
    """A real one, found by simulation: prices handed out were gone where the inbox could not be read."""
    try:
        return _due(self)
    except JournalError:
        self._held.moments.clear()
        raise


# --- recovery -------------------------------------------------------------------------------------------------------


def _last_is_undone(rows: Any) -> Iterator[Any]:
    found = list(_turns(rows))
    for place, (row, body, told, is_done) in enumerate(found):
        yield row, body, told, is_done and place < len(found) - 1


def _decide_at_new_prices(found: Any, journal: Any, row: Any, body: Any, attempts: int) -> None:
    later_ns = found.course.session.now_ns + 45_000_000_000
    _unfinished(found, journal, replace(row, t_ns=max(row.t_ns, later_ns)), body, attempts)


def _begin_in_two(found: Any, journal: Any, wanted: Any, t_ns: int) -> None:
    """A real one, found by simulation: a death between the two left a journal that nothing could go on from."""
    found.is_new = True
    journal.append([(t_ns, "config", recovery.encode(wanted.row()))])
    found.course.change(wanted)
    seq = journal.append([(t_ns, "start", "{}")])[0]
    recovery._finish(found, journal, seq, found.course.session.take(t_ns, "start", {}))
    found.last_ns = t_ns


def _skip_too_little(self: Any, through_ns: int) -> None:
    _skip(self, through_ns - 61_000_000_000)


def _skip_the_first(self: Any, through_ns: int) -> None:
    """A real one, found by simulation: the instant at which a session begins was never fed after a restart."""
    _skip(self, max(through_ns, self.start_ns))


def _without_tickets(self: Any, old: Any) -> None:
    _go_on(self, old)
    self.simulation.broker.tickets.clear()


# --- the session ----------------------------------------------------------------------------------------------------


_numbers = count()


def _another_key(command: Any) -> Any:
    return keys.AlertKey(f"operator {command.id} {next(_numbers)}", command.id)


def _never_late(self: Any, row: Any, late_ns: int, stale_ns: int) -> Any:
    del self, late_ns
    return row


def _late_exits_too(self: Any, row: Any, late_ns: int, stale_ns: int) -> Any:
    if row.type != "exit":
        return _late(self, row, late_ns, stale_ns)
    self.engine.decisions.without_plugin(row, "refused", "stale", {})
    return None


def _ignore_open_tickets(self: Any, alert: Any, open_before: bool = False) -> Any:
    del open_before
    return _check(self, alert, False)


def _by_the_wall(self: Any, t_ns: int, body: Any) -> Any:
    row = _read(self, t_ns, body)
    return replace(row, received_ns=time.time_ns()) if isinstance(row, Alert) else row


def _by_hash(self: Any) -> Any:
    return sorted(_decisions(self), key=lambda said: hash(said[1]["id"] + said[1]["plugin"]))


def _nothing(*_: Any) -> None:
    return None


PLANTED: dict[str, tuple[Patch, ...]] = {
    "append returns before the rows are forced": ((disk, "FORCES", False),),
    "acknowledged before it is journaled": ((inbox.Inbox, "accept", _acknowledge_first),),
    "a resend is treated as new": ((seen.Seen, "find", _nothing),),
    "the receiver forgets what it had seen at a restart": ((inbox.Inbox, "recover", _remember_nothing),),
    "a resend leaves no row": ((inbox.Inbox, "_again", _forget_resends),),
    "a quarantined body leaves no row": ((inbox.Inbox, "set_aside", _set_nothing_aside),),
    "504 instead of 503": ((answers, "json_answer", _status(503, 504)),),
    "500 for a bad body": ((answers, "json_answer", _status(400, 500)),),
    "requests in flight are never counted down": ((door.Door, "__call__", _leak),),
    "an alert that the disk refused is let go": ((consumer.Consumer, "_durable_first", _drop_what_is_refused),),
    "handlers run before the alert is durable": ((consumer.Consumer, "_durable_first", _decide_first),),
    "done is written before the outputs": ((consumer.Consumer, "_write", _done_first),),
    "outputs that the disk refused are forgotten": ((consumer.Consumer, "_settle", _owe_nothing),),
    "a snapshot names an earlier row": ((consumer.Consumer, "save", _save_as_of_earlier),),
    "an entry kept waiting by the disk stays fresh": ((consumer.Consumer, "_due", _as_late_as_at_first),),
    "alerts of a burst are swapped": ((inbox_source.InboxSource, "after", _backwards),),
    "alerts read before a read error are lost": ((inbox_source.InboxSource, "after", _lose_what_was_read),),
    "prices are lost when the inbox cannot be read": ((consumer.Consumer, "_due", _lose_moments),),
    "recovery takes the last input twice": ((recovery, "turns", _last_is_undone),),
    "recovery decides by later prices": ((recovery, "_unfinished", _decide_at_new_prices),),
    "poison is tried for ever": ((recovery, "MOST_DEATHS", 1 << 30),),
    "configuration and start are two commits": ((recovery, "_begin", _begin_in_two),),
    "prices come twice after a restart": ((feeds.ReplayFeed, "skip", _skip_too_little),),
    "the first price is lost by a restart": ((feeds.ReplayFeed, "skip", _skip_the_first),),
    "another configuration loses tickets": ((session.LiveSession, "go_on_from", _without_tickets),),
    "timers are lost at a restart": ((Timers, "load_state", _nothing),),
    "the engine forgets duplicates at a restart": ((dedup.Deduplicator, "load_state", _nothing),),
    "a command that comes again is another": ((inbox, "_key_of", _another_key),),
    "the stale limit is ignored": ((book.Book, "_late", _never_late),),
    "a late exit is refused": ((book.Book, "_late", _late_exits_too),),
    "an exit is dropped as a duplicate while a ticket is open": ((dedup.Deduplicator, "check", _ignore_open_tickets),),
    "the wall clock is read instead of the event's time": ((session.LiveSession, "_read", _by_the_wall),),
    "outputs come in the order of a hash": ((telling.Telling, "_decisions", _by_hash),),
}
"""What is patched for each."""

FIRST_SEED: dict[str, int] = {
    "append returns before the rows are forced": 3,
    "acknowledged before it is journaled": 1,
    "a resend is treated as new": 3,
    "the receiver forgets what it had seen at a restart": 4,
    "a resend leaves no row": 3,
    "a quarantined body leaves no row": 4,
    "504 instead of 503": 2,
    "500 for a bad body": 11,
    "requests in flight are never counted down": 1,
    "an alert that the disk refused is let go": 19,
    "handlers run before the alert is durable": 15,
    "done is written before the outputs": 1,
    "outputs that the disk refused are forgotten": 4,
    "a snapshot names an earlier row": 4,
    "an entry kept waiting by the disk stays fresh": 22,
    "alerts of a burst are swapped": 1,
    "alerts read before a read error are lost": 6,
    "prices are lost when the inbox cannot be read": 63,
    "recovery takes the last input twice": 3,
    "recovery decides by later prices": 8,
    "poison is tried for ever": 15,
    "configuration and start are two commits": 14,
    "prices come twice after a restart": 3,
    "the first price is lost by a restart": 14,
    "another configuration loses tickets": 33,
    "timers are lost at a restart": 15,
    "the engine forgets duplicates at a restart": 3,
    "a command that comes again is another": 19,
    "the stale limit is ignored": 26,
    "a late exit is refused": 9,
    "an exit is dropped as a duplicate while a ticket is open": 9,
    "the wall clock is read instead of the event's time": 1,
}
"""A seed that catches it, to begin with."""


@contextlib.contextmanager
def planted(name: str | None) -> Iterator[None]:
    """While inside, that bug is in the program; without a name none is."""
    patches = PLANTED[name] if name is not None else ()
    before = [(place, attribute, getattr(place, attribute)) for place, attribute, _ in patches]
    try:
        for place, attribute, value in patches:
            setattr(place, attribute, value)
        yield
    finally:
        for place, attribute, value in before:
            setattr(place, attribute, value)

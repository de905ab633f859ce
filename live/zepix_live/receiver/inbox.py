"""The inbox: every accepted body is one durable row before anybody is told so, and knows its own kind again.

- The first of its kind becomes a row ``alert``. The same again (``keys.py``) becomes a row ``resend`` that names it: it
  is answered as a duplicate, and the engine, which knows the open tickets, decides whether an exit is used twice.
- Two of a kind that arrive together: the second waits until the first is durable. Where that failed, it is the first.
- A row that takes too long is answered 503 and may still become durable; then what is sent again is its duplicate.
- A signed request that came before, byte for byte, is answered with the first one's number and is no row at all:
  whoever recorded it must not be able to close anything with it.

After a restart all of this is read from the inbox's end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol

from zepix.errors import JournalError
from zepix_live.clock import Clock
from zepix_live.inbox_rows import ALERT, EVENT, QUARANTINED, REFUSED, RESEND, alert_id, encode, read_alert
from zepix_live.operator_commands import OPERATOR, Command, command_in_row
from zepix_live.receiver.inspection import Problem
from zepix_live.receiver.keys import AlertKey
from zepix_live.receiver.seen import WINDOW_S, First, Seen
from zepix_live.receiver.store import InboxStore, Unavailable, as_unavailable
from zepix_live.receiver.waiting import Waiting

__all__ = ["TAIL_ROWS", "Arrival", "Inbox", "Receipt"]

TAIL_ROWS: Final = 20_000
"""How many of the newest rows are read after a start."""
_SIGNATURES_S: Final = 24 * 3600.0
_PROBE_NS: Final = 1_000_000_000
MOST_COMMANDS: Final = 20
_New = tuple[int, str, dict[str, Any]]
"""A row that is to be: time of receipt, kind, fields."""


class _Row(Protocol):
    @property
    def seq(self) -> int: ...
    @property
    def t_ns(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Arrival:
    """A body that arrived from a sender who may post; ``text`` is without secrets."""

    received_ns: int
    source: str
    route: str
    address: str
    symbol: str | None
    text: str
    size_bytes: int
    content_type: str = ""
    signature: str = ""
    is_dry: bool = False
    mirrors: int = 0
    """To how many other receivers the body is handed on."""
    on_durable: Callable[[int], None] | None = None
    """Is told the number of the row once it is on the disk, whoever still waits for the answer; not of one that came
    before."""

    def fields(self) -> dict[str, Any]:
        """As a row holds it."""
        found: dict[str, Any] = {"raw": self.text, "source": self.source, "route": self.route, "from": self.address}
        if self.symbol is not None:
            found["symbol"] = self.symbol
        if self.content_type:
            found["content_type"] = self.content_type
        if self.signature:
            found["signature"] = self.signature
        if self.is_dry:
            found["dry"] = True
        if self.mirrors:
            found["mirror"] = self.mirrors
        return found


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender is told: the number and the id of the alert, and whether it was there before."""

    seq: int
    id: str
    duplicate: bool = False


class Inbox:
    """Takes what arrived: ``accept``, ``set_aside``, ``note``. Belongs to one event loop."""

    def __init__(
        self, store: InboxStore, clock: Clock, answer_timeout_s: float = 2.5, most_wait_s: float = 1.0
    ) -> None:
        self._store = store
        self._clock = clock
        self._timeout_s = answer_timeout_s
        self._bodies = Seen(WINDOW_S)
        self._ids = Seen(None)
        self._signatures = Seen(_SIGNATURES_S)
        self._pending: dict[str, asyncio.Future[First | None]] = {}
        self._probed_ns = clock.monotonic_ns()
        self.last_seq = 0
        self.handed_on: list[tuple[int, int]] = []
        """Of the newest rows those that were to be handed on, each with to how many; as ``recover`` found them."""
        self.commands: list[dict[str, Any]] = []
        """The newest commands of operators, oldest first."""
        self._waiting = Waiting(round(most_wait_s * 1e9))

    def recover(self, rows: Iterable[_Row]) -> None:
        """Remembers what the newest rows of the inbox say. Raises JournalError for a row that is none."""
        now_ns, monotonic_ns = self._clock.now_ns(), self._clock.monotonic_ns()
        for row in rows:
            self.last_seq = row.seq
            if row.kind in (ALERT, QUARANTINED) and '"mirror":' in row.body:
                found = read_alert(row.seq, row.t_ns, row.kind, row.body)
                self.handed_on += [(row.seq, found.mirror)] if found.mirror else []
            if row.kind == ALERT:
                found = read_alert(row.seq, row.t_ns, row.kind, row.body)
                first = First(row.seq, found.id, monotonic_ns - max(0, now_ns - row.t_ns))
                self._remember(AlertKey(found.key, found.explicit_id), found.signature, first)
            elif row.kind == OPERATOR:
                command, _ = command_in_row(row.seq, row.body)
                self._remember(_key_of(command), "", First(row.seq, command.id, monotonic_ns))
                self._given(row.seq, row.t_ns, command)

    async def accept(self, arrival: Arrival, key: AlertKey) -> Receipt:
        """The receipt of a body that is durable. Raises Unavailable where it could not be made so, or not in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._accept(arrival, key)
        except TimeoutError:
            raise Unavailable("journal_unavailable", f"not durable within {self._timeout_s:g} s") from None

    async def command(self, received_ns: int, command: Command, came_from: str) -> Receipt:
        """The receipt of a human's command that is durable; one with the same id is the same. Raises Unavailable."""
        key = _key_of(command)
        row = (received_ns, OPERATOR, {**command.fields(), "from": came_from})
        try:
            async with asyncio.timeout(self._timeout_s):
                while (pending := self._pending.get(key.text)) is not None:
                    await asyncio.shield(pending)
                first = self._ids.find(key.text, self._clock.monotonic_ns())
                if first is not None:
                    return Receipt(first.seq, first.id, duplicate=True)
                stored = await asyncio.shield(self._first(row, key, "", [key.text]))
        except TimeoutError:
            raise Unavailable("journal_unavailable", f"not durable within {self._timeout_s:g} s") from None
        self._given(stored.seq, received_ns, command)
        return Receipt(stored.seq, stored.id)

    async def set_aside(self, arrival: Arrival, problem: Problem) -> int:
        """The number of the row of a body that is turned away, once it is durable. Raises Unavailable."""
        fields = {
            "reason": problem.reason,
            "detail": problem.detail,
            "size_bytes": arrival.size_bytes,
            **arrival.fields(),
        }
        try:
            async with asyncio.timeout(self._timeout_s):
                stored = self._put(arrival.received_ns, QUARANTINED, fields)
                stored.add_done_callback(lambda done: _tell_durable(arrival, done))
                return await _durable(stored)
        except TimeoutError:
            raise Unavailable("journal_unavailable", f"not durable within {self._timeout_s:g} s") from None

    def note(self, kind: str, fields: Mapping[str, Any]) -> None:
        """Writes a row of the kind ``refused`` or ``event`` when there is room; nobody waits for it."""
        assert kind in (REFUSED, EVENT), f"{kind!r} is no note"
        try:
            self._put(self._clock.now_ns(), kind, fields)
        except Unavailable:
            return

    @property
    def waiting(self) -> int:
        """Rows handed over and not yet durable."""
        return len(self._waiting)

    @property
    def is_slow(self) -> bool:
        """Whether one more row would wait for the disk longer than anybody should."""
        return self._waiting.is_too_long(self._clock.monotonic_ns())

    def trouble(self) -> str:
        """Why no alert can be taken now; empty while all is well. Tries again by itself, once a second at most."""
        found = self._store.trouble()
        now_ns = self._clock.monotonic_ns()
        if found and now_ns - self._probed_ns >= _PROBE_NS:
            self._probed_ns = now_ns
            self.note(EVENT, {"level": "WARN", "code": "inbox_trouble", "text": found[:500]})
        return found

    async def _accept(self, arrival: Arrival, key: AlertKey) -> Receipt:
        names = [name for name in (arrival.signature, key.text) if name]
        while True:
            pending = next((self._pending[name] for name in names if name in self._pending), None)
            if pending is not None:
                await asyncio.shield(pending)
                continue
            monotonic_ns = self._clock.monotonic_ns()
            if arrival.signature and (first := self._signatures.find(arrival.signature, monotonic_ns)) is not None:
                return Receipt(first.seq, first.id, duplicate=True)
            first = (self._ids if key.is_for_good else self._bodies).find(key.text, monotonic_ns)
            if first is not None:
                return await self._again(arrival, key, first)
            row = (arrival.received_ns, ALERT, _known(arrival, key))
            waiting = self._first(row, key, arrival.signature, names)
            waiting.add_done_callback(lambda done: _tell_durable(arrival, done))
            stored = await asyncio.shield(waiting)
            return Receipt(stored.seq, stored.id)

    async def _again(self, arrival: Arrival, key: AlertKey, first: First) -> Receipt:
        fields = {**_known(replace(arrival, mirrors=0), key), "of": first.seq}
        await _durable(self._put(arrival.received_ns, RESEND, fields))
        return Receipt(first.seq, first.id, duplicate=True)

    def _first(self, row: _New, key: AlertKey, signature: str, names: list[str]) -> asyncio.Future[First]:
        """Hands the row over; whoever asks for the same meanwhile finds it in ``_pending``. Raises Unavailable."""
        monotonic_ns = self._clock.monotonic_ns()
        stored = self._put(*row)
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[First | None] = loop.create_future()
        answer: asyncio.Future[First] = loop.create_future()
        for name in names:
            self._pending[name] = settled

        def settle(done: asyncio.Future[int]) -> None:
            for name in names:
                del self._pending[name]
            error = done.exception() if not done.cancelled() else asyncio.CancelledError()
            if error is not None:
                settled.set_result(None)
                answer.set_exception(as_unavailable(error))
                answer.exception()  # nobody may be waiting any more
                return
            first = First(done.result(), alert_id(done.result(), key.explicit_id), monotonic_ns)
            self._remember(key, signature, first)
            settled.set_result(first)
            answer.set_result(first)

        stored.add_done_callback(settle)
        return answer

    def _given(self, seq: int, t_ns: int, command: Command) -> None:
        told = {"seq": seq, "given_ns": t_ns, "command": command.command, "plugin": command.plugin, "by": command.by}
        self.commands = [*self.commands, told][-MOST_COMMANDS:]

    def _remember(self, key: AlertKey, signature: str, first: First) -> None:
        if key.text:
            (self._ids if key.is_for_good else self._bodies).remember(key.text, first)
        if signature:
            self._signatures.remember(signature, first)

    def _put(self, t_ns: int, kind: str, fields: Mapping[str, Any]) -> asyncio.Future[int]:
        stored = self._store.put(t_ns, kind, encode(fields))
        number = self._waiting.begin(self._clock.monotonic_ns())

        def end(done: asyncio.Future[int]) -> None:
            self._waiting.end(number, self._clock.monotonic_ns())
            self._stored(done)

        stored.add_done_callback(end)
        return stored

    def _stored(self, done: asyncio.Future[int]) -> None:
        if not done.cancelled() and done.exception() is None:
            self.last_seq = max(self.last_seq, done.result())


def _tell_durable(arrival: Arrival, done: asyncio.Future[Any]) -> None:
    """Whoever is to know that a row is on the disk is told; it must not stop the answer."""
    if arrival.on_durable is None or done.cancelled() or done.exception() is not None:
        return
    found = done.result()
    arrival.on_durable(found if isinstance(found, int) else found.seq)


def _key_of(command: Command) -> AlertKey:
    return AlertKey(f"operator {command.id}", command.id)


def _known(arrival: Arrival, key: AlertKey) -> dict[str, Any]:
    """The fields of an alert, and by what it is known again."""
    found = {**arrival.fields(), "key": key.text, "by": "id" if key.is_for_good else "body"}
    if key.explicit_id is not None:
        found["id"] = key.explicit_id
    return found


async def _durable(stored: asyncio.Future[int]) -> int:
    """The number of a row once it is durable, whoever hangs up meanwhile. Raises Unavailable."""
    try:
        return await asyncio.shield(stored)
    except JournalError as error:
        raise as_unavailable(error) from error

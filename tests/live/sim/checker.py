"""What must hold of a runner's life, as one pure function over what was answered and what lies in the files.

``problems(record)`` gives a sentence for everything that does not hold. Simulations use all of it; the kill campaign of
real processes uses what can be known from outside (``Record`` says which fields may be left out).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.live.sim.checks_session import session_problems
from zepix.journal.rows import Row
from zepix_live.engine.market_clock import Anchor

__all__ = ["FINAL", "Answer", "Record", "problems"]

NS = 1_000_000_000
INPUT = {"alert", "prices", "clock", "start", "operator"}
FINAL = {"filled", "closed", "refused", "expired", "ignored", "info", "duplicate", "quarantined", "error", "cancelled"}
INBOX = ("alert", "resend", "quarantined")
WINDOW_NS = 30 * NS
STALE_S = 30.0
SLACK_NS = 8 * NS
"""How far the receiver's monotonic clock and the wall's times of receipt may be apart about the 30 s."""


@dataclass(frozen=True)
class Answer:
    """What a sender was told of one request; ``status`` 0: nothing. ``at_ns``: true time, where it is known."""

    raw: str
    status: int
    told: Mapping[str, Any]
    at_ns: int | None = None


@dataclass
class Record:
    """A runner's life: what was answered, and what its two logs say in the end."""

    answers: Sequence[Answer]
    inbox: Sequence[Row]
    journal: Sequence[Row]
    is_settled: bool = True
    """Whether everything had time to be decided before the end."""
    moments: Sequence[Any] | None = None
    """What the feed had to bring, as far as it is known."""
    is_time_true: bool = False
    """Whether nobody set the wall clock, so that times in the files can be compared."""
    wall_at: Mapping[int, int] = field(default_factory=dict)
    """When rows of the journal were written, by the latest that the wall had said by then, as far as it is known."""
    anchor: Anchor | None = None
    session: Any = None
    """The session as it was in the end, where it is at hand."""
    does_rerun: bool = True


def problems(record: Record) -> list[str]:
    """Everything that does not hold, in sentences; none where all is well."""
    found = [*_gapless("inbox", record.inbox), *_gapless("journal", record.journal)]
    is_fed = record.moments is not None
    inputs = [(row, json.loads(row.body) if is_fed or row.kind != "prices" else {}) for row in record.journal]
    found += _answers(record)
    found += _firsts(record)
    found += _copied(record, inputs)
    found += _decided(record, inputs)
    for rows in _by_book(inputs):
        found += [*_commands(rows), *_recoveries(rows), *_exits(rows)]
    found += _once_in_all(inputs)
    found += _order_of_rows(inputs)
    found += _stale(record, inputs)
    found += _prices(record, inputs)
    if record.does_rerun and not found:
        found += session_problems(record.journal, record.session)
    return found


# --- the inbox ------------------------------------------------------------------------------------------------------


def _gapless(name: str, rows: Sequence[Row]) -> Iterable[str]:
    for number, row in enumerate(rows, 1):
        if row.seq != number:
            yield f"{name}: row {number} is missing, the next is {row.seq}"
            return


def _answers(record: Record) -> Iterable[str]:
    """Every status is one that is allowed, and what it promises is in the inbox."""
    rows = {row.seq: (row.kind, json.loads(row.body)) for row in record.inbox}
    resends = Counter(body["of"] for kind, body in rows.values() if kind == "resend")
    for one in record.answers:
        seq = one.told.get("seq")
        kind, body = rows.get(seq, ("", {})) if seq is not None else ("", {})
        if kind == "operator" and one.status in (200, 202):
            if one.told["id"] != body["id"]:
                yield f"command {seq} was called {one.told['id']} and is {body['id']}"
        elif one.status == 202 and kind != "alert":
            yield f"alert {seq} was accepted and the inbox has {kind or 'nothing'} there"
        elif one.status == 202 and one.told["id"] != body.get("id", f"a{seq}"):
            yield f"alert {seq} was called {one.told['id']} and is {body.get('id')}"
        elif one.status == 200 and kind != "alert":
            yield f"a duplicate of {seq} was answered, and there is {kind or 'nothing'}"
        elif one.status == 200 and resends[seq] < 1:
            yield f"a duplicate of {seq} was answered, and no row says so"
        elif 400 <= one.status < 500 and seq is not None and kind != "quarantined":
            yield f"{seq} was turned away as kept, and the inbox has {kind or 'nothing'} there"
        elif one.status not in (0, 200, 202, 502, 503) and not 400 <= one.status < 500 and one.told:
            yield f"a body was answered {one.status}"
        elif one.status == 500:
            yield "a body was answered 500"
    given = Counter(json.loads(row.body)["id"] for row in record.inbox if row.kind == "operator")
    yield from (f"command {name} is in the inbox {times} times" for name, times in given.items() if times > 1)
    accepted = Counter(one.told["seq"] for one in record.answers if one.status == 202)
    yield from (f"alert {seq} was accepted {times} times" for seq, times in accepted.items() if times > 1)


def _firsts(record: Record) -> Iterable[str]:
    """Two of a kind are one alert and a resend; what is called a resend is one."""
    bodies = {row.seq: json.loads(row.body) for row in record.inbox if row.kind in INBOX}
    firsts: dict[str, Row] = {}
    for row in record.inbox:
        body = bodies.get(row.seq, {})
        key, is_for_good = body.get("key"), body.get("by") == "id"
        if row.kind == "alert" and key:
            first = firsts.get(key)
            if first is not None and (
                is_for_good or (record.is_time_true and row.t_ns - first.t_ns < WINDOW_NS - SLACK_NS)
            ):
                yield f"alert {row.seq} is {first.seq} again, and was taken as new"
            firsts[key] = row
        elif row.kind == "resend":
            first = firsts.get(key)
            if first is None or first.seq != body["of"]:
                yield f"{row.seq} is called a resend of {body['of']}, which it is not"
            elif not is_for_good and record.is_time_true and row.t_ns - first.t_ns > WINDOW_NS + SLACK_NS:
                yield f"{row.seq} is called a resend of {first.seq}, which was too long ago"


# --- the journal ----------------------------------------------------------------------------------------------------

Rows = Sequence[tuple[Row, dict[str, Any]]]


def _copied(record: Record, rows: Rows) -> Iterable[str]:
    """Every alert of the inbox is in the journal once, as it was, in the inbox's order."""
    kept = {row.seq: json.loads(row.body) for row in record.inbox if row.kind in (*INBOX, "operator")}
    copies = [(body["inbox"], body) for row, body in rows if row.kind in ("alert", "operator")]
    numbers = [number for number, _ in copies]
    if numbers != sorted(numbers):
        yield f"alerts and commands were taken in the order {numbers}"
    times = Counter(numbers)
    yield from (f"alert {number} is in the journal {n} times" for number, n in times.items() if n > 1)
    for number, body in copies:
        if "command" in body:
            if number not in kept or body["given_id"] != kept[number].get("id") or body["id"] != f"o{number}":
                yield f"command {number} of the journal is not the inbox's"
        elif number not in kept or body["raw"] != kept[number]["raw"] or body["id"] != f"a{number}":
            yield f"alert {number} of the journal is not the inbox's"
    if record.is_settled:
        yield from (f"alert {number} of the inbox was never taken" for number in sorted(kept.keys() - times.keys()))


def _decided(record: Record, rows: Rows) -> Iterable[str]:
    """Each alert has one terminal decision for each plugin, and at least one."""
    finals: Counter[tuple[str, str, str]] = Counter()
    last: dict[tuple[str, str, str], str] = {}
    for row, body in rows:
        if row.kind == "decision":
            key = (body["id"], body["plugin"], _book(body))
            last[key] = body["outcome"]
            finals[key] += bool(body["final"])
    yield from (f"{key} was decided {n} times" for key, n in finals.items() if n > 1)
    if not record.is_settled:
        return
    yield from (f"{key} was never decided in the end: {last[key]}" for key, n in finals.items() if n < 1)
    yield from (f"{key} ended as {what}" for key, what in last.items() if finals[key] and what not in FINAL)
    by_alert = {name for name, *_ in finals}
    yield from (
        f"{body['id']} has no decision" for row, body in rows if row.kind == "alert" and body["id"] not in by_alert
    )
    done = max((body["through"] for row, body in rows if row.kind == "done"), default=0)
    undone = [row.seq for row, _ in rows if row.kind in ("alert", "prices", "clock", "start", "operator")]
    if undone and undone[-1] > done:
        yield f"input {undone[-1]} is not done, {done} is"


def _book(body: dict[str, Any]) -> str:
    return str(body.get("book", "shadow"))


def _by_book(rows: Rows) -> Iterable[Rows]:
    """The rows of each book, with those that are of none."""
    for name in sorted({_book(body) for _, body in rows}):
        yield [(row, body) for row, body in rows if _book(body) == name or row.kind in INPUT]


def _once_in_all(rows: Rows) -> Iterable[str]:
    """No entry is made both virtually and live."""
    seen: dict[tuple[str, str, str], str] = {}
    for row, body in rows:
        if row.kind == "intent" and body["kind"] in ("market", "limit", "stop", "stop_limit") and body["alert"]:
            key, book = (body["alert"], body["plugin"], body.get("role", "")), _book(body)
            if book != "twin" and seen.setdefault(key, book) != book:
                yield f"{key} was entered in {seen[key]} and in {book}"


def _commands(rows: Rows) -> Iterable[str]:
    """No command leaves twice."""
    numbers: Counter[int] = Counter()
    told: Counter[tuple[str, str, str, str]] = Counter()
    for row, body in rows:
        if row.kind == "intent":
            numbers[body["order"]] += 1
            if body["alert"] and not body.get("from_timer") and body.get("role") != "R":
                names = ("side", "oco", "role", "chain_id", "tickets", "targets", "after")
                what = json.dumps([body.get(name) for name in names])
                told[body["alert"], body["plugin"], body["kind"], what] += 1
    yield from (f"order {number} left {n} times" for number, n in numbers.items() if n > 1)
    yield from (f"{key} left {n} times" for key, n in told.items() if n > 1)


def _recoveries(rows: Rows) -> Iterable[str]:
    """A chain sends no more recoveries than it loses tickets by a stop."""
    chains: dict[int, str] = {}
    tickets: dict[int, int] = {}
    left: Counter[str] = Counter()
    for row, body in rows:
        if row.kind == "intent" and body.get("chain_id"):
            chain = chains[body["order"]] = body["chain_id"]
            left[chain] -= body.get("role") == "R"
        elif row.kind == "filled" and body.get("ticket"):
            tickets[body["ticket"]] = body["order"]
        elif row.kind == "closed" and body["reason"] in ("sl", "trailing", "break_even"):
            left[chains.get(tickets.get(body["ticket"], 0), "")] += 1
    yield from (f"chain {chain} recovers what it has not lost" for chain, count in left.items() if count < 0)


def _order_of_rows(rows: Rows) -> Iterable[str]:
    """The session's time never runs back, nothing is told before its input, and every turn is closed after it."""
    now_ns, through, known = 0, 0, set()
    kinds = Counter(row.kind for row, _ in rows)
    if rows and (rows[0][0].kind != "config" or kinds["start"] > 1):
        yield "the journal does not begin with a configuration and one start"
    for row, body in rows:
        if row.kind in ("alert", "prices", "clock", "start", "operator"):
            known.add(row.seq)
            if row.t_ns < now_ns:
                yield f"row {row.seq}: time runs back"
            now_ns = max(now_ns, row.t_ns)
        elif row.kind == "done":
            if body["through"] <= through or body["through"] not in known:
                yield f"row {row.seq}: done through {body['through']} after {through}"
            through = body["through"]
        elif "of" in body and row.kind not in ("attempt", "death", "poison", "notice"):
            if body["of"] not in known or body["of"] <= through:
                yield f"row {row.seq}: {row.kind} of {body['of']}, done through {through}"
            if body.get("at_ns", 0) > now_ns:
                yield f"row {row.seq}: {row.kind} is of the future"


def _exits(rows: Rows) -> Iterable[str]:
    """No exit is dropped as a duplicate while a ticket opened before it is open and stays so."""
    tickets: dict[int, _Open] = {}
    taken = {row.seq: row.t_ns for row, _ in rows}
    for row, body in rows:
        if row.kind == "filled" and body.get("ticket"):
            tickets[body["ticket"]] = _Open(body["symbol"], row.t_ns, body["steps"], body["of"])
        elif row.kind == "closed":
            tickets[body["ticket"]].steps -= body["steps"]
        elif row.kind == "decision" and body.get("type") in ("exit", "cancel") and body["outcome"] == "duplicate":
            for number, one in tickets.items():
                is_before = one.since_ns < taken[body["of"]] and one.of < body["of"]
                if one.steps and one.symbol == body["symbol"] and is_before:
                    yield f"exit {body['id']} was dropped as a duplicate while ticket {number} was open"


@dataclass
class _Open:
    """A ticket, and what of it is left."""

    symbol: str
    since_ns: int
    steps: int
    of: int


def _stale(record: Record, rows: Rows) -> Iterable[str]:
    """An entry is refused as stale where it was received more than 30 s before, and only there."""
    received = {row.seq: row.t_ns for row in record.inbox}
    late: dict[str, float] = {}
    for row, body in rows:
        if row.kind == "alert":
            late[body["id"]] = body["late_ns"] / NS
            at_ns = record.wall_at.get(row.seq)
            if record.is_time_true and at_ns is not None:
                true_s = (at_ns - received.get(body["inbox"], at_ns)) / NS
                if abs(true_s - late[body["id"]]) > 0.05 and true_s > 0:
                    yield f"{body['id']} is called {late[body['id']]:.1f} s late and was {true_s:.1f}"
        elif row.kind == "decision" and body["id"] in late:
            if body["reason"] == "stale" and body.get("type") not in ("entry", "reversal"):
                yield f"{body['id']} is a late {body.get('type')} and was refused as stale"
            is_stale, late_s = body["reason"] == "stale", late[body["id"]]
            is_entry = body.get("type") == "entry" and body["outcome"] not in ("duplicate", "quarantined")
            if is_entry and is_stale != (late_s > STALE_S):
                yield f"entry {body['id']}, {late_s:.1f} s late, was decided {body['outcome']} {body['reason']}"


def _prices(record: Record, rows: Rows) -> Iterable[str]:
    """The feed's moments are in the journal once each, in their order; nothing is there before its time."""
    if record.moments is not None:
        told = [(row.t_ns, body["ended"], body["opened"]) for row, body in rows if row.kind == "prices"]
        for (t_ns, ended, opened), moment in zip(told, record.moments, strict=False):
            if (ended, opened) != (moment.ended, moment.opened) or t_ns < moment.t_ns:
                yield f"prices at {t_ns} are not those that the feed brought at {moment.t_ns}"
                break
        last_ns = max((row.t_ns for row, _ in rows), default=0)
        due = sum(moment.t_ns < last_ns for moment in record.moments)
        if len(told) < due:
            yield f"{due} moments of the feed were due and {len(told)} were taken"
    if record.anchor is not None:
        for row, _ in rows:
            at_ns = record.wall_at.get(row.seq)
            if at_ns is not None and row.t_ns > max(record.anchor.market(at_ns), record.anchor.market_ns):
                yield f"row {row.seq} ({row.kind}) was written before its time"
                break

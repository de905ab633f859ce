"""Decisions by what people ask for: out of the database as far as it goes, and out of the journal behind it.

A filter is answered by the database's indexes where there is one that belongs to this journal; the rows that it does
not have yet are read from the journal. Without one the journal is read from its end backwards until there are enough.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.errors import ConfigError, DataError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row
from zepix_live.inbox_rows import ALERT, QUARANTINED, RESEND, alert_id, read_alert
from zepix_live.view_file import read_view

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["TWIN", "Found", "Wanted", "find", "moment_ns"]

MOST: Final = 1_000
LARGEST: Final = 1_000_000
CHUNK: Final = 20_000
BEHIND: Final = 200_000
"""A database further behind its journal than this is not asked."""
NS: Final = 1_000_000_000
TWIN: Final = "twin"
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d|w)")
NEAR: Final = 100
_NUMBERED: Final = re.compile(r"a[1-9][0-9]{0,17}")
_READABLE: Final = frozenset({ALERT, RESEND, QUARANTINED})
_REASON: Final = re.compile(r'"reason": ?"([^"]*)"')
_SECONDS: Final = {"s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_NAMES: Final = ("reason", "outcome", "plugin", "symbol", "book")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for; empty: everything. Times are nanoseconds UTC of the session, ``until`` excluded."""

    reason: str = ""
    outcome: str = ""
    plugin: str = ""
    symbol: str = ""
    book: str = ""
    """Empty: all but the twins', which tell what became of an alert a second time."""
    alert: str = ""
    """As its sender called it, or as the journal does (``a7``)."""
    since_ns: int | None = None
    until_ns: int | None = None
    limit: int = MOST

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LARGEST:
            raise ConfigError(f"--limit is from 1 to {LARGEST:,}, not {self.limit}")

    def fits(self, one: Mapping[str, Any], ids: frozenset[str]) -> bool:
        """Whether a decision is meant; ``ids``: those of the alert that is looked for, as the journal has them."""
        if any(wanted and one[name] != wanted for name, wanted in self.named().items()):
            return False
        if self.alert and one["id"] not in ids:
            return False
        if not self.book and one["book"] == TWIN:
            return False
        after = self.since_ns is None or one["t_ns"] >= self.since_ns
        return after and (self.until_ns is None or one["t_ns"] < self.until_ns)

    def named(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in _NAMES}


@dataclass(slots=True)
class Found:
    """The newest that fit, oldest first, as ``zepix live decisions`` tells them."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    source: str = "journal"
    is_cut: bool = False
    """There are older ones than the limit let through."""
    notes: list[str] = field(default_factory=list)


def moment_ns(text: str, now_ns: int, name: str) -> int:
    """``1d``, ``90min``, ``2026-01-31``, ``2026-01-31T12:00:00+01:00`` (without a zone: UTC). Raises ConfigError."""
    if (span := _SPAN.fullmatch(text.strip().lower())) is not None:
        return now_ns - round(float(span.group(1)) * _SECONDS[span.group(2)] * NS)
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"{name} is a span such as 90min, 12h, 1d, or a time such as 2026-01-31 or 2026-01-31T12:00, not "
            f"{ascii(text)[:60]}"
        ) from None
    found = found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
    return round(found.timestamp()) * NS


def now_of(data_dir: Path, wall_ns: int) -> int:
    """What ``1d`` counts back from: the wall's time, or that of the recording which is played."""
    view = read_view(data_dir)
    if view is None or not view.get("is_recording"):
        return wall_ns
    return int(view["t_ns"])


def find(data_dir: Path, wanted: Wanted, environ: Mapping[str, str]) -> Found:
    """Raises DataError where there is no data folder of a runner, JournalError where its logs cannot be believed."""
    inbox, journal = data_dir / "inbox.sqlite", data_dir / "journal.sqlite"
    if not inbox.exists() and not journal.exists():
        raise DataError(f"{data_dir} holds neither an inbox nor a journal; give --data DIR of a live runner")
    found, known = Found(), set[str]()
    if journal.exists():
        with LogReader(journal) as reader:
            last = reader.last_seq()
            rows = _of_database(data_dir, wanted, environ, reader, last, found, known)
            if rows is None:
                ids = frozenset(_ids(inbox, wanted.alert))
                rows = _of_journal(reader, wanted, ids, last, found, known)
        found.rows = _with_alerts(inbox, rows)
    if wanted.reason and not found.rows:
        found.notes.append(_nobody_names(wanted.reason, known))
    return found


def _nobody_names(reason: str, known: set[str]) -> str:
    from zepix.config import near

    if reason in known:
        return f"no decision that fits has the reason {reason}"
    named = sorted(known - {""})
    there = ", ".join(named[:30])
    hint = near(reason, named) or (f"; there are {there}" if there else "; there are no reasons yet")
    return f"no decision has the reason {ascii(reason)[1:-1][:60]}{hint}"


# --- the journal ----------------------------------------------------------------------------------------------------


def _of_journal(
    reader: LogReader, wanted: Wanted, ids: frozenset[str], last: int, found: Found, known: set[str], first: int = 0
) -> list[dict[str, Any]]:
    """The newest decisions after row ``first`` that fit, newest first: chunk by chunk from the end."""
    fit: dict[tuple[str, str, str], dict[str, Any]] = {}
    texts = [json.dumps(value) for name, value in wanted.named().items() if value and name != "book"]
    ours = {json.dumps(one) for one in ids}
    end = last
    while end > first and len(fit) <= wanted.limit:
        start = max(first, end - CHUNK)
        rows = [row for row in reader.rows(start, end - start) if row.kind == "decision"]
        for row in reversed(rows):
            body = row.body
            if wanted.reason and (said := _REASON.search(body)) is not None:
                known.add(said.group(1))
            if not all(text in body for text in texts) or (ours and not any(text in body for text in ours)):
                continue
            one = _decision(row)
            key = (one["book"], one["id"], one["plugin"])
            if key not in fit and wanted.fits(one, ids) and (one["is_final"] or not _is_followed(reader, row.seq, one)):
                fit[key] = one
        if rows and wanted.since_ns is not None and rows[0].t_ns < wanted.since_ns:
            break
        end = start
    found.is_cut = len(fit) > wanted.limit
    return list(fit.values())[: wanted.limit]


def _is_followed(reader: LogReader, seq: int, one: Mapping[str, Any]) -> bool:
    """Whether more was said of a decision that was not over then."""
    text = json.dumps(one["id"])
    names = ("book", "id", "plugin")
    for row in reader.rows(seq, CHUNK):
        if row.kind == "decision" and text in row.body:
            other = _decision(row)
            if all(other[name] == one[name] for name in names):
                return True
    return False


def _decision(row: Row) -> dict[str, Any]:
    body = json.loads(row.body)
    names = ("id", "plugin", "outcome", "reason", "symbol", "type", "side")
    told = {name: str(body.get(name, "")) for name in names}
    more = {"book": str(body.get("book", "shadow")), "is_final": bool(body.get("final", True))}
    return {**told, **more, "t_ns": row.t_ns, "numbers": body.get("numbers", {})}


# --- the database ---------------------------------------------------------------------------------------------------


def _of_database(
    data_dir: Path,
    wanted: Wanted,
    environ: Mapping[str, str],
    reader: LogReader,
    last: int,
    found: Found,
    known: set[str],
) -> list[dict[str, Any]] | None:
    """As ``_of_journal``; None where there is no database that knows this journal nearly to its end."""
    try:
        from zepix_live.storage.address import VARIABLE, address_of
        from zepix_live.storage.database import Database
        from zepix_live.storage.trouble import StorageError
    except ImportError:
        return None
    if not environ.get(VARIABLE) and not (data_dir / "zepix.db").exists():
        return None
    try:
        database = Database(address_of(data_dir, None, environ))
        try:
            with database.reading() as connection:
                at = _position(connection)
                if at is None or at > last or last - at > BEHIND or not _is_of(connection, reader):
                    return None
                ids = frozenset(_ids_in(connection, data_dir, wanted.alert))
                fresh = _of_journal(reader, wanted, ids, last, found, known, first=at)
                rows = _merged(fresh, _asked(connection, wanted, ids), wanted)
                if wanted.reason and not rows:
                    known |= _reasons(connection)
        finally:
            database.close()
    except (StorageError, ConfigError) as error:
        found.notes.append(f"the database is not used: {error}")
        return None
    found.source = "database"
    found.is_cut = found.is_cut or len(rows) > wanted.limit
    return rows[: wanted.limit]


def _merged(fresh: list[dict[str, Any]], kept: list[dict[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
    """Newest first; what the journal says last of an alert and a plugin stands."""
    there = {(one["book"], one["id"], one["plugin"]) for one in fresh}
    return [*fresh, *(one for one in kept if (one["book"], one["id"], one["plugin"]) not in there)][: wanted.limit + 1]


def _position(connection: Connection) -> int | None:
    from sqlalchemy import select

    from zepix_live.storage.tables import PROJECTION

    found = connection.execute(select(PROJECTION.c.journal_seq)).first()
    return None if found is None else int(found[0])


def _is_of(connection: Connection, reader: LogReader) -> bool:
    """Whether the tables were made of the inbox that this journal belongs to."""
    from sqlalchemy import select

    from zepix_live.identity import JOURNAL_FIELD
    from zepix_live.storage.tables import PROJECTION

    found = connection.execute(select(PROJECTION.c.inbox)).first()
    return found is not None and str(found[0]) == str(reader.header().get(JOURNAL_FIELD, ""))


def _asked(connection: Connection, wanted: Wanted, ids: frozenset[str]) -> list[dict[str, Any]]:
    from sqlalchemy import select

    from zepix_live.storage.tables import DECISIONS

    column = DECISIONS.c
    rows = select(
        column.alert_id, column.strategy, column.outcome, column.reason, column.symbol, column.type, column.side,
        column.book, column.decided_ns, column.numbers,
    )  # fmt: skip
    columns = {"reason": column.reason, "outcome": column.outcome, "plugin": column.strategy, "symbol": column.symbol}
    for name, one in columns.items():
        if value := getattr(wanted, name):
            rows = rows.where(one == value)
    if wanted.book:
        rows = rows.where(column.book.concat("") == wanted.book)  # most rows are of one: no index helps
    else:
        rows = rows.where(column.book.concat("") != TWIN)
    if wanted.alert:
        rows = rows.where(column.alert_id.in_(sorted(ids)))
    if wanted.since_ns is not None:
        rows = rows.where(column.decided_ns >= wanted.since_ns, column.day >= _day(wanted.since_ns))
    if wanted.until_ns is not None:
        rows = rows.where(column.decided_ns < wanted.until_ns, column.day <= _day(wanted.until_ns))
    rows = rows.order_by(column.day.desc(), column.seq.desc()).limit(wanted.limit + 1)
    names = ("id", "plugin", "outcome", "reason", "symbol", "type", "side", "book", "t_ns", "numbers")
    return [
        {**dict(zip(names, row, strict=True)), "numbers": json.loads(row[-1] or "{}")}
        for row in connection.execute(rows)
    ]


def _ids_in(connection: Connection, data_dir: Path, given: str) -> Iterator[str]:
    """As ``_ids``: of the inbox only what the tables do not have is looked through."""
    from sqlalchemy import select

    from zepix_live.storage.tables import ALERTS

    if given:
        yield from connection.execute(select(ALERTS.c.alert_id).where(ALERTS.c.given_id == given)).scalars()
        known = connection.execute(select(ALERTS.c.inbox_seq).order_by(ALERTS.c.seq.desc()).limit(1)).scalar()
        yield from _ids(data_dir / "inbox.sqlite", given, int(known or 0))


def _reasons(connection: Connection) -> set[str]:
    from sqlalchemy import select

    from zepix_live.storage.tables import DECISIONS

    return {str(one) for one in connection.execute(select(DECISIONS.c.reason).distinct()).scalars()}


def _day(ns: int) -> str:
    return dt.datetime.fromtimestamp(ns // NS, dt.UTC).date().isoformat()


# --- the inbox ------------------------------------------------------------------------------------------------------


def _ids(inbox: Path, given: str, after: int = 0) -> Iterator[str]:
    """What the journal calls an alert that its sender calls ``given``."""
    if not given:
        return
    yield given
    if not inbox.exists():
        return
    with LogReader(inbox) as reader:
        for row in reader.rows(min(after, reader.last_seq()), None):
            if given in row.body and json.loads(row.body).get("id") == given:
                yield alert_id(row.seq)


def _with_alerts(inbox: Path, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows oldest first, each with the inbox's number, what its sender was told, and when it was received."""
    if not inbox.exists():
        raise DataError(f"a journal is there, but no {inbox}, which has the alerts; bring it back")
    numbers = {one["id"]: int(one["id"][1:]) for one in rows if _NUMBERED.fullmatch(one["id"])}
    with LogReader(inbox) as reader:
        alerts = _alerts(reader, sorted(set(numbers.values())))
    found: list[dict[str, Any]] = []
    for one in reversed(rows):
        told = alerts.get(numbers.get(one["id"], 0), {"seq": 0, "id": one["id"], "received_at": ""})
        names = ("outcome", "reason", "type", "side", "symbol", "book")
        more = {"strategy": one["plugin"], **{name: one[name] for name in names}}
        found.append({**told, "decided_at": _stamp(one["t_ns"]), **more, "numbers": one["numbers"]})
    return found


def _alerts(reader: LogReader, numbers: list[int]) -> dict[int, dict[str, Any]]:
    """By their numbers; those that stand near each other are read in one go."""
    found: dict[int, dict[str, Any]] = {}
    wanted, at = set(numbers), 0
    while at < len(numbers):
        until = at
        while until + 1 < len(numbers) and numbers[until + 1] - numbers[until] <= NEAR:
            until += 1
        for row in reader.rows(numbers[at] - 1, numbers[until] - numbers[at] + 1):
            if row.seq in wanted and row.kind in _READABLE:
                alert = read_alert(row.seq, row.t_ns, row.kind, row.body)
                found[row.seq] = {"seq": row.seq, "id": alert.id, "received_at": _stamp(row.t_ns)}
        at = until + 1
    return found


def _stamp(ns: int) -> str:
    moment = dt.datetime.fromtimestamp(ns // NS, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % NS // 1_000_000:03d}Z"

"""The receiver's inbox as the engine reads it: accepted bodies, resends, quarantined ones and commands, in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zepix.errors import JournalError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row
from zepix_live.engine.consumer import Received
from zepix_live.engine.dry import DRY
from zepix_live.engine.sent import sent_ns
from zepix_live.identity import INBOX_FIELD
from zepix_live.inbox_rows import ALERT, QUARANTINED, RESEND, InboxAlert, read_alert
from zepix_live.operator_commands import OPERATOR, command_in_row

__all__ = ["InboxSource", "body_of", "body_of_command"]

KINDS = frozenset({ALERT, RESEND, QUARANTINED})
LOOK_ANYWAY = 64
"""So many times in a row an inbox that nobody wrote to is passed over; then a new part of it would be found."""


class InboxSource:
    """Reads on after the last alert that the engine has; an inbox that is not there yet is empty."""

    def __init__(self, path: Path, *, is_dated: bool = True) -> None:
        """``is_dated``: whether times in alerts are of this machine's time, and not of a recording's."""
        self._path = path
        self._is_dated = is_dated
        self._reader: LogReader | None = None
        self._passed = 0
        """The last row that was looked at, of whatever kind."""
        self._stamp: tuple[int, int] | None = None
        self._asked = 0

    def after(self, seq: int, limit: int) -> list[Received]:
        """Alerts after ``seq``, at most ``limit``. Raises JournalError where the inbox cannot be believed."""
        reader = self._reader
        if reader is None:
            if not self._path.exists():
                return []
            reader = self._reader = LogReader(self._path)
        stamp: tuple[int, int] | None = reader.stamp()
        self._asked = (self._asked + 1) % LOOK_ANYWAY
        if self._asked and stamp == self._stamp:
            return []
        found: list[Received] = []
        start, looked_at = max(seq, self._passed), 0
        try:
            for row in reader.rows(start, limit):
                looked_at += 1
                if row.kind == OPERATOR:
                    found.append(Received(row.seq, row.t_ns, body_of_command(row), OPERATOR))
                elif row.kind in KINDS:
                    alert = read_alert(row.seq, row.t_ns, row.kind, row.body)
                    found.append(Received(row.seq, row.t_ns, self._dated(body_of(alert), row.t_ns)))
                self._passed = row.seq
        except JournalError:
            if not found:
                raise
            stamp = None  # what was read is taken first; the next time begins at the row that could not be
        self._stamp = stamp if looked_at < limit else None
        return found

    def _dated(self, body: dict[str, Any], received_ns: int) -> dict[str, Any]:
        """The body, with how long the alert was on its way, where it says when it was sent."""
        then_ns = sent_ns(body["raw"]) if self._is_dated else None
        return body if then_ns is None else {**body, "delay_ns": received_ns - then_ns}

    def check(self, seq: int, inbox_id: str = "") -> None:
        """Whether this is the inbox ``inbox_id`` (empty: whichever) of which alert ``seq`` was the last that was taken.
        Raises JournalError where it is not: new alerts would get the numbers of old ones, and nobody would ever look at
        them."""
        last, found = 0, inbox_id
        if self._path.exists() and (seq or inbox_id):
            try:
                with LogReader(self._path) as reader:
                    found, last = str(reader.header().get(INBOX_FIELD, "")), reader.last_seq()
            except JournalError:
                if seq:
                    raise
                return  # it is being made just now
        if inbox_id and found != inbox_id:
            raise JournalError(
                f"{self._path} is the inbox {found or 'of nobody'}, but the journal beside it belongs to the inbox "
                f"{inbox_id}: one of them is another runner's. Bring the right one back, or begin with a new folder"
            )
        if last < seq:
            raise JournalError(
                f"{self._path} ends at alert {last}, but alert {seq} was taken from it: it was removed or replaced by "
                "another or an older one. Bring it back, or begin with a new data folder"
            )

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


def body_of(alert: InboxAlert) -> dict[str, Any]:
    """What the engine's journal keeps of an alert; ``id`` is unique in it, ``given_id`` what the sender was told."""
    body: dict[str, Any] = {"id": f"a{alert.seq}", "raw": alert.raw, "source": alert.source, "kind": alert.kind}
    if alert.dry:
        body["kind"] = DRY
    if alert.explicit_id is not None:
        body["given_id"] = alert.explicit_id
    if alert.symbol:
        body["ticker"] = alert.symbol
    if alert.of is not None:
        body["of"] = alert.of
    if alert.kind == QUARANTINED:
        body["reason"], body["detail"] = alert.reason or "", alert.detail or ""
    return body


def body_of_command(row: Row) -> dict[str, Any]:
    """What the engine's journal keeps of a human's command: what, who, from where, when."""
    command, came_from = command_in_row(row.seq, row.body)
    return {**command.fields(), "id": f"o{row.seq}", "given_id": command.id, "from": came_from, "given_ns": row.t_ns}

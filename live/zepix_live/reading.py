"""A data folder as it is read from outside, while the runner runs or not: decisions, the recovery statement."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zepix.errors import DataError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row
from zepix_live.inbox_rows import ALERT, QUARANTINED, RESEND, read_alert
from zepix_live.operator_commands import OPERATOR, command_in_row

__all__ = ["commands", "decisions", "last_statement"]

NS: Final = 1_000_000_000
KINDS: Final = frozenset({ALERT, RESEND, QUARANTINED, OPERATOR})


@dataclass(slots=True)
class _Known:
    """What the engine's journal says of one alert."""

    seq: int
    raw: int
    """A hash of its text, by which another inbox is noticed."""
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)


def decisions(data_dir: Path) -> Iterator[dict[str, Any]]:
    """One row per alert and plugin: ``seq, id, received_at, strategy, outcome, reason``, and of one that was decided
    ``type, side, symbol``; oldest first.

    ``seq`` is the inbox's number, as the sender was told. An alert that the engine has not decided yet is ``pending``;
    one whose orders are still at work has the outcome ``working``. A human's command stands among them: its outcome is
    ``operator``, its reason who gave it and what came of it. Raises DataError where there is no data folder, or its two
    logs do not belong together.
    """
    inbox, journal = data_dir / "inbox.sqlite", data_dir / "journal.sqlite"
    if not inbox.exists() and not journal.exists():
        raise DataError(f"{data_dir} holds neither an inbox nor a journal; give --data DIR of a live runner")
    known, said = _decided(journal) if journal.exists() else ({}, {})
    if not inbox.exists():
        raise DataError(
            f"{data_dir} holds a journal, but no inbox.sqlite beside it, which has the alerts; bring it back"
        )
    with LogReader(inbox) as reader:
        for row in reader.rows(0, None, kinds=KINDS):
            if row.kind == OPERATOR:
                yield _command_row(row, said.get(row.seq))
                continue
            alert = read_alert(row.seq, row.t_ns, row.kind, row.body)
            told = {"seq": row.seq, "id": alert.id, "received_at": _time(row.t_ns)}
            found = known.get(row.seq)
            if found is not None and found.raw != hash(alert.raw):
                raise DataError(
                    f"alert {row.seq} is another one in {inbox} than in {journal}: they are not of the same runner"
                )
            if found is None or not found.rows:
                yield {**told, "strategy": "", "outcome": "pending", "reason": ""}
                continue
            for plugin, body in found.rows.items():
                what = {name: str(body.get(name, "")) for name in ("type", "side", "symbol")}
                yield {**told, "strategy": plugin, "outcome": body["outcome"], "reason": body["reason"], **what}


def _command_row(row: Row, said: str | None) -> dict[str, Any]:
    """One command as ``decisions`` tells it; ``said``: what the engine made of it, None while it waits."""
    command, _ = command_in_row(row.seq, row.body)
    told = {"seq": row.seq, "id": f"o{row.seq}", "received_at": _time(row.t_ns), "strategy": command.plugin}
    reason = f"{command.command} by {command.by or 'somebody'}"
    return {
        **told,
        "outcome": "pending" if said is None else OPERATOR,
        "reason": f"{reason}: {said}" if said else reason,
    }


def commands(data_dir: Path, after_ns: int = 0) -> list[str]:
    """A line for each command that was given after a time, with what came of it. Raises JournalError."""
    inbox, journal = data_dir / "inbox.sqlite", data_dir / "journal.sqlite"
    if not inbox.exists():
        return []
    said = _decided(journal)[1] if journal.exists() else {}
    with LogReader(inbox) as reader:
        rows = [row for row in reader.rows(0, None, kinds=frozenset({OPERATOR})) if row.t_ns > after_ns]
    found = [_command_row(row, said.get(row.seq)) for row in rows]
    return [f"command {one['id']} of {one['received_at']}: {one['reason']}" for one in found]


def _decided(journal: Path) -> tuple[dict[int, _Known], dict[int, str]]:
    """By inbox number: the last word on each alert and plugin, and what was said of each command."""
    by_id: dict[str, _Known] = {}
    taken: dict[int, int] = {}
    said: dict[int, str] = {}
    with LogReader(journal) as reader:
        for row in reader.rows(0, None, kinds=frozenset({"alert", "decision", "event", OPERATOR})):
            body = json.loads(row.body)
            if body.get("book") == "twin":  # what became of an alert is what became of it here, not in the twin
                continue
            if row.kind == OPERATOR:
                taken[row.seq] = int(body.get("inbox", 0))
            elif row.kind == "event":
                if body.get("code") == OPERATOR and body.get("of") in taken:
                    said[taken[body["of"]]] = body["text"]
            elif row.kind == "alert":
                by_id[body["id"]] = _Known(int(body["inbox"]), hash(body["raw"]))
            elif body["id"] in by_id:
                by_id[body["id"]].rows[body["plugin"]] = body
    return {one.seq: one for one in by_id.values()}, said


def last_statement(data_dir: Path) -> dict[str, Any] | None:
    """The newest recovery statement; None where the engine never started. Raises DataError, JournalError."""
    journal = data_dir / "journal.sqlite"
    if not journal.exists():
        raise DataError(f"{data_dir} holds no journal; give --data DIR of a live runner")
    with LogReader(journal) as reader:
        row = reader.newest("recovery")
    return None if row is None else json.loads(row.body)


def _time(ns: int) -> str:
    moment = dt.datetime.fromtimestamp(ns // NS, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % NS // 1_000_000:03d}Z"

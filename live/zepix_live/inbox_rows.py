"""The rows of the inbox as both sides know them: written by the receiver, read by the engine.

| kind | what | its body |
|---|---|---|
| ``alert`` | a body that was accepted | raw, source, route, from, key, by; maybe symbol, id, content_type, dry ... |
| ``resend`` | the same again within 30 s, answered as a duplicate | the same, and ``of``: the first one's number |
| ``quarantined`` | turned away from a sender who may post | reason, detail, raw, size_bytes and the rest |
| ``refused`` | a sample of what came from others, at most one a minute | reason, route, from, count, sample |
| ``operator`` | a command of a human (``operator_commands.py``) | id, command, by, from; plugin, base_equity if any |
| ``event`` | what went wrong in the receiver itself | level, code, text |

A ``resend`` is no less durable than an alert: the engine knows which tickets are open, and so whether an exit that came
twice is to be used twice. The receiver measures the 30 s on a clock that nobody sets, so an engine that compares times
of receipt only may add what ``of`` says, where ``by`` is ``body`` (an ``id`` may mean something else to a dialect).
``dry`` is true where the sender asked to decide and never to order; ``mirror`` is to how many other receivers the body
is handed on (``receiver/mirrors.py``).
Texts are without secrets. ``t_ns`` of the row is the time of receipt.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from zepix.errors import JournalError

__all__ = ["ALERT", "EVENT", "QUARANTINED", "REFUSED", "RESEND", "InboxAlert", "alert_id", "encode", "read_alert"]

ALERT: Final = "alert"
RESEND: Final = "resend"
QUARANTINED: Final = "quarantined"
REFUSED: Final = "refused"
EVENT: Final = "event"
ID_LIMIT: Final = 128

encode: Final = json.JSONEncoder(separators=(",", ":")).encode
"""A row's body as JSON in ASCII."""


def alert_id(seq: int, explicit_id: str | None = None) -> str:
    """What an alert is called in every answer and report: the id that it brought, else ``a`` and its number."""
    return explicit_id if explicit_id is not None else f"a{seq}"


@dataclass(frozen=True, slots=True)
class InboxAlert:
    """A row of the kinds ``alert``, ``resend`` and ``quarantined``, decoded."""

    seq: int
    received_ns: int
    kind: str
    id: str
    raw: str
    source: str
    route: str
    address: str
    symbol: str | None
    key: str
    by: str
    signature: str
    explicit_id: str | None
    of: int | None
    reason: str | None
    detail: str | None
    dry: bool = False
    mirror: int = 0


def read_alert(seq: int, t_ns: int, kind: str, body: str) -> InboxAlert:
    """The row decoded. Raises JournalError where it is none that the receiver writes."""
    try:
        found: dict[str, Any] = json.loads(body)
        explicit_id = found.get("id")
        return InboxAlert(
            seq=seq,
            received_ns=t_ns,
            kind=kind,
            id=alert_id(seq, explicit_id if kind == ALERT else None),
            raw=found["raw"],
            source=found["source"],
            route=found["route"],
            address=found["from"],
            symbol=found.get("symbol"),
            key=found.get("key", ""),
            by=found.get("by", ""),
            signature=found.get("signature", ""),
            explicit_id=explicit_id,
            of=found.get("of"),
            reason=found.get("reason"),
            detail=found.get("detail"),
            dry=found.get("dry") is True,
            mirror=int(found.get("mirror", 0)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JournalError(f"row {seq} of the inbox is no {kind} as the receiver writes it ({error!r})") from error

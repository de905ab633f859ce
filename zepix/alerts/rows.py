"""One row of an alert log, whatever file it stands in, and how it becomes an Alert or a reason.

The columns: ``received_at`` (ISO 8601 with a zone), ``payload`` (the body: an object or a text) and, where known,
``id``, ``source`` (token or file), ``source_id`` (the alert's definition at TradingView), ``ticker`` and ``timeframe``
(what came beside the body). An id is unique in a log: a second ``A17`` becomes ``A17#2``; ``explicit_id`` keeps what
was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from zepix.alerts.payload import body_text, shown
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.reasons import REASONS
from zepix.alerts.secrets import redact
from zepix.alerts.timestamps import NoZone, from_ns, to_ns
from zepix.model import Alert, Quarantined

__all__ = [
    "COLUMNS",
    "PROBLEM",
    "REQUIRED",
    "ROWS_LIMIT",
    "AlertLog",
    "LogRow",
    "UniqueIds",
    "in_order",
    "problem_of",
    "problem_text",
    "read_row",
    "row_ns",
    "row_of",
]

REQUIRED: Final = ("received_at", "payload")
COLUMNS: Final = (*REQUIRED, "id", "source", "source_id", "ticker", "timeframe")
PROBLEM: Final = "problem"
"""The column of what is no alert (``bad_row: trade 3 left before it entered``): an import knows more than a body."""
ROWS_LIMIT: Final = 50_000_000
_TEXT_LIMIT: Final = 256
_DETAIL_LIMIT: Final = 1000


class LogRow(NamedTuple):
    """A row as it stands in the file, counted from 1.

    ``problem`` is (reason, detail) of what is no row, ``text`` the payload's own text where it is an object.
    """

    number: int
    received_at: Any = None
    payload: Any = None
    id: Any = None
    source: Any = None
    source_id: Any = None
    ticker: Any = None
    timeframe: Any = None
    problem: tuple[str, str] | None = None
    text: str | None = None


class UniqueIds:
    """Gives every row an id that no other row of the log has."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._next: dict[str, int] = {}

    def claim(self, wanted: str) -> str:
        """``wanted``, or with ``#2``, ``#3`` ... where it is taken."""
        found = wanted
        if wanted in self._taken:
            count = self._next.get(wanted, 2)
            while (found := f"{wanted}#{count}") in self._taken:
                count += 1
            self._next[wanted] = count + 1
        self._taken.add(found)
        return found


@dataclass(slots=True)
class AlertLog:
    """Alerts and quarantined rows of a log, in the order of the file, and facts about it."""

    rows: list[Alert | Quarantined]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def alerts(self) -> list[Alert]:
        return [row for row in self.rows if isinstance(row, Alert)]

    @property
    def quarantined(self) -> list[Quarantined]:
        return [row for row in self.rows if isinstance(row, Quarantined)]

    def in_order(self) -> list[Alert | Quarantined]:
        """The rows as a replay takes them: by time of receipt, rows of one moment in the order of the file."""
        return in_order(self.rows)


def problem_text(problem: tuple[str, str]) -> str:
    """A problem as a log holds it: its reason, a colon, the sentence."""
    return f"{problem[0]}: {problem[1]}"


def problem_of(value: Any) -> tuple[str, str] | None:
    """The problem that a log names; None for anything else that somebody may keep under that name."""
    reason, mark, detail = value.partition(": ") if isinstance(value, str) else ("", "", "")
    return (reason, ascii(detail[:_DETAIL_LIMIT])[1:-1]) if mark and reason in REASONS else None


def in_order(rows: Iterable[Alert | Quarantined]) -> list[Alert | Quarantined]:
    """Rows by time of receipt, stably; those without a time come first, in their own order."""
    return sorted(rows, key=lambda row: -1 if row.received_ns is None else row.received_ns)


def read_row(row: LogRow, processor: AlertProcessor, ids: UniqueIds) -> Alert | Quarantined:
    """The row understood, or the reason why not. Never raises."""
    problem, received_ns = row.problem, None
    if problem is None:
        received_ns, problem = _received(row.received_at)
    elif row.received_at is not None:  # what is no alert came at some time too
        received_ns, _ = _received(row.received_at)
    texts: tuple[Any, ...] = row[3:8]
    for text in texts:
        if text is not None and not (type(text) is str and text.isascii() and text.isprintable() and len(text) < 257):
            problem = problem or _bad_text(texts)
            texts = tuple(None if text is None else body_text(str(text)) for text in texts)
            break
    row_id, source, source_id, ticker, timeframe = texts
    if problem is not None or received_ns is None:
        reason, detail = problem or ("bad_time", "no time")
        found: Alert | Quarantined = Quarantined(
            id=str(row_id or f"row-{row.number}")[:_TEXT_LIMIT],
            reason=reason,
            detail=f"row {row.number}: {detail}",
            raw=redact(row.text or body_text(row.payload)),
            received_ns=received_ns,
            source=(source or "")[:_TEXT_LIMIT],
            source_id=source_id,
        )
    else:
        found = processor.parse(
            row.payload,
            received_ns=received_ns,
            id=row_id,
            source=source or "",
            source_id=source_id,
            ticker=ticker,
            timeframe=timeframe,
            fallback_id="" if row_id else f"row-{row.number}",
            text=row.text,
        )
    unique = ids.claim(found.id)
    return found if unique == found.id else replace(found, id=unique)


def _received(value: Any) -> tuple[int | None, tuple[str, str] | None]:
    """(nanoseconds, no problem) or (None, the problem)."""
    if not isinstance(value, str) or not value:
        what = "is missing" if value is None or value == "" else f"must be ISO 8601 text, not {shown(value)}"
        return None, ("bad_time", f"received_at {what}")
    try:
        return to_ns(value), None
    except NoZone:
        return None, (
            "no_timezone",
            f"received_at {shown(value)} has no time zone; write Z or an offset such as +02:00",
        )
    except (ValueError, OverflowError):
        return None, ("bad_time", f"received_at {shown(value)} is no ISO 8601 time between 1970 and 2262")


def _bad_text(texts: Sequence[Any]) -> tuple[str, str] | None:
    """What is wrong with the columns beside the body: each is a text of at most 256 characters, or an integer."""
    for name, text in zip(COLUMNS[2:], texts, strict=True):
        if text is None or (isinstance(text, int) and not isinstance(text, bool)):
            continue
        if not isinstance(text, str) or len(text) > _TEXT_LIMIT or "\x00" in text or not _is_encodable(text):
            return "bad_row", f"{name} must be text of at most {_TEXT_LIMIT} characters, not {shown(text)}"
    return None


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def row_ns(row: LogRow) -> int | None:
    """When the row was received, in nanoseconds; None where that cannot be read."""
    return None if row.received_at is None else _received(row.received_at)[0]


def row_of(found: Alert | Quarantined, number: int) -> LogRow:
    """The row that reads back as this alert; what stood beside its body is taken from what was made of it."""
    beside = (found.symbol, found.timeframe) if isinstance(found, Alert) and found.repairs else (None, None)
    return LogRow(
        number=number,
        received_at=None if found.received_ns is None else from_ns(found.received_ns),
        payload=found.raw,
        id=found.id,
        source=found.source or None,
        source_id=found.source_id,
        ticker=beside[0],
        timeframe=beside[1],
    )

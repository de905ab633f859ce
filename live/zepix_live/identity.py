"""Which inbox a journal belongs to: a number that both of them carry from their making on.

The inbox has it as ``id`` in its header, the journal as ``inbox``. A journal that is put beside another runner's inbox
would take that one's alerts for its own, or pass over its own as taken.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from zepix.errors import JournalError
from zepix.journal.durable_reader import LogReader

__all__ = ["INBOX_FIELD", "JOURNAL_FIELD", "inbox_id_for", "new_inbox_id"]

INBOX_FIELD = "id"
JOURNAL_FIELD = "inbox"


def new_inbox_id() -> str:
    """A number that no other inbox has."""
    return secrets.token_hex(8)


def inbox_id_for(data_dir: Path) -> str:
    """What an inbox and a journal of this folder are to carry, where one of them is made now; empty where the inbox
    that is there carries none. What cannot be read is told by whoever opens it."""
    inbox = _field(data_dir / "inbox.sqlite", INBOX_FIELD)
    if inbox is not None:
        return inbox
    journal = data_dir / "journal.sqlite"
    known = _field(journal, JOURNAL_FIELD)
    return known if known and not _has_alerts(journal) else new_inbox_id()


def _field(path: Path, name: str) -> str | None:
    """None where there is no such log."""
    if not path.exists():
        return None
    try:
        with LogReader(path) as reader:
            return str(reader.header().get(name, ""))
    except JournalError:
        return None


def _has_alerts(journal: Path) -> bool:
    """Whether it has taken one: then its inbox was there once, and a new one is another."""
    try:
        with LogReader(journal) as reader:
            return next(iter(reader.rows(0, None, kinds=frozenset({"alert"}))), None) is not None
    except JournalError:
        return True

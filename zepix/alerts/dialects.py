"""The dialects that are known: each says what it recognises and how it reads it; adding one is adding one file.

A dialect is recognised by content, never by a content type, since TradingView sends broken JSON as plain text. They are
asked by ``rank``, lowest first; the first that claims a body reads it. A dialect registers itself when its module is
imported::

    register(Dialect(name="mine", rank=50, claims=lambda body: body.word == "mine", read=read))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zepix.alerts.payload import Body
from zepix.alerts.reading import Reading

__all__ = ["Dialect", "detect", "known", "register"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect. ``read`` gives the fields of an Alert that come from the body (``type`` and ``symbol`` at least).

    ``symbol`` is the name as sent; the processor resolves it. ``read`` raises Unreadable for what it cannot read.
    """

    name: str
    rank: int
    claims: Callable[[Body], bool]
    read: Callable[[Reading], dict[str, Any]]


_known: list[Dialect] = []


def register(dialect: Dialect) -> Dialect:
    """Adds a dialect. Raises ValueError for a name that is taken."""
    if any(other.name == dialect.name for other in _known):
        raise ValueError(f"a dialect {dialect.name!r} is registered already")
    _known.append(dialect)
    _known.sort(key=lambda one: (one.rank, one.name))
    return dialect


def known() -> tuple[Dialect, ...]:
    """All dialects in the order in which they are asked."""
    return tuple(_known)


def detect(body: Body) -> Dialect | None:
    """The first dialect that claims the body."""
    for dialect in _known:
        if dialect.claims(body):
            return dialect
    return None

"""The dialects that are known: each says what it recognises and how it reads it; adding one is adding one file.

A dialect is recognised by content, never by a content type, since TradingView sends broken JSON as plain text. They are
asked by ``rank``, lowest first; the first that claims a body reads it. A dialect registers itself when its module is
imported::

    register(Dialect(name="mine", rank=50, claims=lambda body: body.word == "mine", read=read))

Where a dialect leaves a unit open, a setting of its own says it (``settings``: the key and the words it may have); a
setting that is not given stays open, and what depends on it is a ``Quantity`` of an unknown unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from zepix.alerts.payload import Body
from zepix.alerts.reading import Reading

__all__ = ["Dialect", "detect", "known", "register", "settings_of"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One dialect. ``read`` gives the fields of an Alert that come from the body (``type`` and ``symbol`` at least).

    ``symbol`` is the name as sent; the processor resolves it. ``read`` raises Unreadable for what it cannot read.
    """

    name: str
    rank: int
    claims: Callable[[Body], bool]
    read: Callable[[Reading], dict[str, Any]]
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))


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
    _load()
    return tuple(_known)


def settings_of(name: str) -> Mapping[str, tuple[str, ...]] | None:
    """The settings of a dialect, each with its words; None for a name that no dialect has."""
    _load()
    return next((one.settings for one in _known if one.name == name), None)


def _load() -> None:
    """Whoever asks before a body was read finds them too: they register themselves when they are imported."""
    import zepix.alerts.processor  # noqa: F401


def detect(body: Body, dialects: Sequence[Dialect] | None = None) -> Dialect | None:
    """The first dialect that claims the body; ``dialects`` in the order in which they are asked (None: all known)."""
    for dialect in _known if dialects is None else dialects:
        if dialect.claims(body):
            return dialect
    return None

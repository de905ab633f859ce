"""Which alert somebody means: by the id in the log, by the sender's own id, by a beginning that only one has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from zepix.errors import ConfigError
from zepix.research.why_parts.facts import Facts

__all__ = ["find_alert"]

_SHOWN: Final = 6
_COMPARED: Final = 20_000
"""Ids that are compared for likeness at most; more would keep somebody waiting for a hint."""


def find_alert(facts: Facts, asked: str) -> str:
    """The log's id of the alert meant; of several with one sender's id the first, which the others repeat.

    Raises ConfigError with near ids where there is none, or where a beginning fits several.
    """
    asked = asked.strip()
    ids: list[str] = list(dict.fromkeys(facts.decisions["id"].to_pylist()))
    own: dict[str, list[str]] = {}
    if facts.alerts is not None:
        ids = list(dict.fromkeys([*facts.alerts["id"].to_pylist(), *ids]))
        for one, sent in zip(facts.alerts["id"].to_pylist(), facts.alerts["explicit_id"].to_pylist(), strict=True):
            if sent:
                own.setdefault(sent, []).append(one)
    if asked in ids:
        return asked
    if asked in own:
        return own[asked][0]
    begun = dict.fromkeys([i for i in ids if i.startswith(asked)] if asked else [])
    begun |= dict.fromkeys(found[0] for sent, found in own.items() if asked and sent.startswith(asked))
    if len(begun) == 1:
        return next(iter(begun))
    if begun:
        raise ConfigError(
            f"{len(begun)} alerts begin with {asked!r}: {_few(list(begun))}; write more of the one you mean"
        )
    raise ConfigError(_nothing_like(asked, [*ids, *own]))


def _nothing_like(asked: str, known: Sequence[str]) -> str:
    if not known:
        return f"no alert {asked!r}: the run has no alerts at all"
    known = list(dict.fromkeys(known))
    near = get_close_matches(asked, known[:_COMPARED], n=3, cutoff=0.5)
    inside = [one for one in known if asked and asked.lower() in one.lower()]
    hint = list(dict.fromkeys([*near, *inside]))[:3]
    if hint:
        return f"no alert {asked!r}; did you mean {' or '.join(repr(one) for one in hint)}?"
    return f"no alert {asked!r} among {len(known):,} ids, as {_few(known)}"


def _few(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(repr(one) for one in names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")

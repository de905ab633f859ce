"""By what an alert is known again: its own id within sender and symbol, else sender, symbol and canonical body.

The rule is the replay's (``zepix.alerts.dedup``), as far as it can be told without a dialect: the symbol is the one in
the body, else the one in the address, in capitals and without its exchange, before any map of symbols. What two bodies
share by this key they share by the engine's too, so nothing is called a duplicate here that would be new there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from zepix.alerts.canonical import body_hash
from zepix.alerts.payload import Body
from zepix_live.inbox_rows import ID_LIMIT

__all__ = ["NEVER_THE_SAME", "AlertKey", "key_of"]

_ID_NAMES: Final = frozenset({"id", "alertid"})
_SYMBOL_NAMES: Final = frozenset({"symbol", "ticker", "instrument", "asset"})
_NAME_LIMIT: Final = 24
_SYMBOL_LIMIT: Final = 64


@dataclass(frozen=True, slots=True)
class AlertKey:
    """``text`` is the key, ``explicit_id`` the id in the body if there is one: then it is known for good."""

    text: str
    explicit_id: str | None

    @property
    def is_for_good(self) -> bool:
        """Whether the sender numbers its alerts, so that the same key later is still the same alert."""
        return self.explicit_id is not None


NEVER_THE_SAME: Final = AlertKey("", None)
"""Of an alert that only tries something: it is no duplicate, and nothing is a duplicate of it."""


@lru_cache(maxsize=4096)
def _bare(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def key_of(source: str, symbol: str | None, text: str, body: Body) -> AlertKey:
    """The key of a body (``text``: without its secrets) that ``source`` sent to an address with ``symbol``."""
    explicit_id, named = _look(body.fields) if body.fields is not None else (None, None)
    about = (named or symbol or "").upper().rsplit(":", 1)[-1].strip()
    by = ["id", explicit_id] if explicit_id is not None else ["body", body_hash(text)]
    whole = json.dumps([source, about, *by]).encode("ascii")
    return AlertKey(blake2b(whole, digest_size=12).hexdigest(), explicit_id)


def _look(fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The id and the symbol in the fields of a body, where they are plain texts or whole numbers."""
    explicit_id = symbol = None
    for key, value in fields.items():
        if type(key) is str and len(key) <= _NAME_LIMIT:
            name = _bare(key)
            if name in _ID_NAMES:
                explicit_id = explicit_id or _plain(value, ID_LIMIT)
            elif name in _SYMBOL_NAMES:
                symbol = symbol or _plain(value, _SYMBOL_LIMIT)
    return explicit_id, symbol


def _plain(value: Any, most: int) -> str | None:
    text = str(value) if type(value) is int else value
    if type(text) is str and 0 < len(text) <= most and text.isprintable() and "{{" not in text and text.strip():
        return text
    return None

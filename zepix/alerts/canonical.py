"""The canonical body of an alert and its hash: what makes two bodies the same body.

JSON is sorted by key and written compactly, so that spaces and the order of keys do not matter (``1`` and ``1.0`` are
two texts and stay two bodies); other text is stripped. Unquoted placeholders are quoted first, as the parser does.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Final

from zepix.alerts.payload import decode
from zepix.alerts.reasons import Unreadable

__all__ = ["body_hash", "canonical_body"]

_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def canonical_body(raw: str) -> str:
    """The canonical text of a body. Never raises: what cannot be decoded is its own canonical text, stripped."""
    try:
        body = decode(raw)[1]
    except Unreadable:
        return raw.strip()
    return body.text if body.fields is None else _ENCODE(body.fields)


def body_hash(raw: str) -> str:
    """Sixteen hexadecimal digits of the canonical body (BLAKE2b, 64 bits): the same in every process."""
    return blake2b(canonical_body(raw).encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()

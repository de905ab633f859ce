"""One row of a durable log: what may stand in it, and the chain that ties it to the row before.

``chain`` = BLAKE2b-128 of (the chain before, ``seq`` and ``t_ns`` as signed 64-bit big-endian, the length of the kind
as 16 bit, the kind, the body), text as UTF-8. A part's first row is chained to the digest of the part's header, and
that header names the last chain of the part before, so one altered byte anywhere breaks the chain there. It is a
checksum against damage and mistakes, not a signature: whoever can write the file can compute it anew.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from zepix.journal.trouble import BadRow

__all__ = ["CHAIN_BYTES", "MAX_BODY_BYTES", "MAX_KIND_CHARS", "MAX_ROWS", "Row", "checked_row", "checked_rows", "link"]

CHAIN_BYTES: Final = 16
MAX_BODY_BYTES: Final = 1024 * 1024
MAX_KIND_CHARS: Final = 64
MAX_ROWS: Final = 65_536
_INT64: Final = 2**63
_KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")
_pack: Final = struct.Struct(">qqH").pack


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was written: ``seq`` counts from 1 without a gap, ``t_ns`` is UTC, ``body`` is JSON text."""

    seq: int
    t_ns: int
    kind: str
    body: str


def link(previous: bytes, seq: int, t_ns: int, kind: bytes, body: bytes) -> bytes:
    """The chain of a row: 16 bytes over the chain before and all that the row says."""
    return blake2b(previous + _pack(seq, t_ns, len(kind)) + kind + body, digest_size=CHAIN_BYTES).digest()


def checked_rows(rows: Sequence[tuple[int, str, str]]) -> list[tuple[int, bytes, bytes]]:
    """Every row as ``(t_ns, kind, body)`` in bytes. Raises BadRow, naming the first that cannot be journaled."""
    if len(rows) > MAX_ROWS:
        raise BadRow(MAX_ROWS, f"{len(rows)} rows in one call are too many; at most {MAX_ROWS}")
    return [checked_row(index, *row) for index, row in enumerate(rows)]


def checked_row(index: int, t_ns: int, kind: str, body: str) -> tuple[int, bytes, bytes]:
    """One row as it is stored. Raises BadRow for what could not be read again: no JSON, NaN, broken text, too long."""
    if type(t_ns) is not int or not -_INT64 <= t_ns < _INT64:
        raise BadRow(index, f"its time is a whole number of nanoseconds in 64 bits, not {_shown(t_ns)}")
    if type(kind) is not str or not _KIND.fullmatch(kind):
        raise BadRow(
            index, f"its kind is a word of at most {MAX_KIND_CHARS} letters, digits, _ . -, not {_shown(kind)}"
        )
    if type(body) is not str:
        raise BadRow(index, f"its body is JSON text, not {type(body).__name__}")
    if len(body) > MAX_BODY_BYTES:
        raise BadRow(index, f"its body has {len(body)} characters; at most {MAX_BODY_BYTES} bytes fit")
    try:
        raw = body.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadRow(index, f"character {error.start} of its body is half a surrogate pair, which is no text") from None
    if len(raw) > MAX_BODY_BYTES:
        raise BadRow(index, f"its body has {len(raw)} bytes; at most {MAX_BODY_BYTES} fit")
    try:
        json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadRow(index, f"its body is no JSON ({_why(error)})") from None
    return t_ns, kind.encode("ascii"), raw


def _why(error: Exception) -> str:
    return "nested too deep" if isinstance(error, RecursionError) else str(error)[:200]


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _shown(value: object) -> str:
    return ascii(value)[:80] if isinstance(value, (int, float, str)) else type(value).__name__

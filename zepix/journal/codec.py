"""One line of a journal: a JSON object in ASCII, ``{"seq":1,"ts":1398902400000000000,"kind":"fill",...}``.

- ``seq`` counts from 0 without a gap; line 0 is the header ``{"seq":0,"ts":0,"kind":"journal","schema":1,...}``.
- ``ts`` is when we learned of it, nanoseconds since 1970, UTC: an integer beyond 2**53, so a reader in JavaScript must
  take it as a BigInt.
- The fields of the event follow. What JSON has no type for becomes text: decimals and enums by their value, NaN
  and the infinities as ``"nan"``, ``"inf"``, ``"-inf"``; an object of no known kind becomes ``"<its class>"``, never
  its address, so that two runs write the same line.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final

__all__ = ["HEADER_KIND", "SCHEMA", "decode_line", "encode_line", "plain"]

SCHEMA: Final = 1
HEADER_KIND: Final = "journal"
_RESERVED: Final = frozenset({"seq", "ts", "kind"})
_MAX_DEPTH: Final = 16


def encode_line(seq: int, ts_ns: int, kind: str, fields: Mapping[str, Any]) -> str:
    """The line, without its line feed. Raises ValueError if a field is named ``seq``, ``ts`` or ``kind``."""
    if not _RESERVED.isdisjoint(fields):
        taken = ", ".join(sorted(_RESERVED.intersection(fields)))
        raise ValueError(f"a journal line of kind {kind!r} has a field named {taken}; these names are the line's own")
    try:
        return _encode({"seq": seq, "ts": ts_ns, "kind": kind, **fields})
    except (TypeError, ValueError, RecursionError):  # a NaN, an odd key, a loop: the careful way
        cleaned = plain(fields)
        return _encode({"seq": int(seq), "ts": int(ts_ns), "kind": str(kind), **cleaned})


def decode_line(line: bytes | str) -> tuple[int, int, str, dict[str, Any]]:
    """``(seq, ts_ns, kind, fields)`` of one line. Raises ValueError with what is wrong with it."""
    try:
        text = line.decode("utf-8") if isinstance(line, bytes) else line
        row = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise ValueError("it is no UTF-8 text") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(row, dict):
        raise ValueError(f"it is a {type(row).__name__}, not an object")
    seq, ts_ns, kind = row.pop("seq", None), row.pop("ts", None), row.pop("kind", None)
    if type(seq) is not int or type(ts_ns) is not int or type(kind) is not str:
        raise ValueError('it lacks "seq", "ts" (whole numbers) or "kind" (text)')
    return seq, ts_ns, kind, row


def plain(value: Any, depth: int = 0) -> Any:
    """The value with nothing in it but JSON's own types; what is nested deeper than 16 becomes ``"<too deep>"``."""
    if value is None or type(value) in (str, int, bool):
        return value
    if isinstance(value, float):
        number = float(value)
        return number if math.isfinite(number) else str(number)
    if depth >= _MAX_DEPTH:
        return "<too deep>"
    if isinstance(value, Mapping):
        return {_key(k): plain(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, depth + 1) for v in value]
    return _odd(value, depth)


def _odd(value: Any, depth: int) -> Any:
    """What JSON has no type for, as text or as what it holds."""
    if isinstance(value, enum.Enum):
        return plain(value.value, depth + 1)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, (str, Decimal, PurePath)):
        return str(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted((plain(v, depth + 1) for v in value), key=str)
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name), depth + 1) for f in dataclasses.fields(value)}
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return plain(value.tolist(), depth + 1)
    return f"<{type(value).__qualname__}>"


def _key(key: Any) -> str:
    cleaned = plain(key)
    return cleaned if isinstance(cleaned, str) else str(cleaned)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


def _default(value: Any) -> Any:
    return plain(value)


_encode: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=_default).encode

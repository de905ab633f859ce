"""What a body must be before it goes anywhere: text, small, shallow, with numbers that are numbers.

Whether it is an alert that a dialect understands is for the engine to say, which knows them; here only what no dialect
could ever read is turned away, for a reason of ``zepix.alerts.reasons``:

1. size, UTF-8, NUL;
2. before any parser sees JSON: how deep it is nested, and how long its longest number is;
3. JSON that is none, half surrogate pairs, keys that stand twice with different values, no object, too many keys;
4. NaN and infinities, also those written as 1e999.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any, Final

from zepix.alerts.payload import Body, body_text, decode
from zepix.alerts.reasons import REASONS, Unreadable
from zepix.alerts.secrets import conceal, redact, redact_text

__all__ = ["Inspected", "Limits", "Problem", "inspect", "kept_text"]

_STRING: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\{\{[^{}\"\\]{1,64}\}\}")
_QUOTES: Final = frozenset({"duplicate_key", "bad_field"})
"""Reasons whose sentence may quote the body."""
_BITS_OF_A_DIGIT: Final = 10 / 3


@dataclass(frozen=True, slots=True)
class Limits:
    """What a body may have at most: bytes, levels of nesting, keys in all, digits of a number."""

    size_bytes: int = 16 * 1024
    depth: int = 8
    keys: int = 256
    digits: int = 40


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a body is turned away: a stable word, and a sentence without a word of the body."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """A body as it may be kept: ``text`` without secrets, and its understood ``body``; or why it is turned away."""

    text: str
    body: Body | None = None
    problem: Problem | None = None


def inspect(raw: bytes, limits: Limits) -> Inspected:
    """Looks at a body. Never raises: what goes wrong is the answer's ``problem``."""
    try:
        text = _text(raw, limits)
        bare = text.lstrip().lstrip("\ufeff")
        if bare[:1] in ("{", "["):
            _check_before_parsing(bare, limits)
        whole, body = decode(text)
        if body.fields is None:
            return Inspected(redact_text(whole), body)
        _check_values(body.fields, limits)
        return Inspected(conceal(whole, body), body)
    except Unreadable as problem:
        detail = REASONS[problem.reason] if problem.reason in _QUOTES else problem.detail
        return Inspected(kept_text(raw, limits), None, Problem(problem.reason, detail))
    except RecursionError:
        return Inspected(kept_text(raw, limits), None, Problem("too_deep", "nested too deep to be read"))


def kept_text(raw: bytes, limits: Limits) -> str:
    """A body that is turned away, as it is kept: its beginning, what is no text as escapes, without secrets."""
    text = body_text(raw[: limits.size_bytes])
    if text.count("{") + text.count("[") > limits.keys:
        return redact_text(text)
    try:
        return redact(text)
    except RecursionError:
        return redact_text(text)


def _text(raw: bytes, limits: Limits) -> str:
    if len(raw) > limits.size_bytes:
        raise Unreadable("too_large", f"more than {limits.size_bytes} bytes")
    if not raw.strip():
        raise Unreadable("empty", REASONS["empty"])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("bad_encoding", f"no UTF-8 at byte {error.start}") from None


def _check_before_parsing(text: str, limits: Limits) -> None:
    """Depth and numbers of what looks like JSON, by its letters alone. Raises Unreadable."""
    brackets = text.count("{") + text.count("[")
    long_numbers = _long_number(limits.digits)
    if brackets <= limits.depth and long_numbers.search(text) is None:
        return
    skeleton = _PLACEHOLDER.sub("0", _STRING.sub('""', text))
    if long_numbers.search(skeleton) is not None:
        raise Unreadable("bad_number", f"a number of more than {limits.digits} characters")
    level = 0
    for letter in skeleton:
        if letter in "{[":
            level += 1
            if level > limits.depth:
                raise Unreadable("too_deep", f"nested deeper than {limits.depth} levels")
        elif letter in "}]":
            level -= 1


_long_numbers: dict[int, re.Pattern[str]] = {}


def _long_number(digits: int) -> re.Pattern[str]:
    found = _long_numbers.get(digits)
    if found is None:
        found = _long_numbers[digits] = re.compile(rf"[0-9.eE+-]{{{digits + 1}}}")
    return found


def _check_values(fields: Any, limits: Limits) -> None:
    """Keys, depth and numbers of what was parsed, without recursion. Raises Unreadable."""
    keys, level, here = 0, 0, [fields]
    while here:
        level += 1
        if level > limits.depth:
            raise Unreadable("too_deep", f"nested deeper than {limits.depth} levels")
        below: list[Any] = []
        for one in here:
            inner = one.values() if isinstance(one, dict) else one
            keys += len(inner)
            for value in inner:
                kind = type(value)
                if kind is float:
                    if not math.isfinite(value):
                        raise Unreadable("bad_number", "a number is NaN, infinite or too large for one")
                elif kind is int:
                    if value.bit_length() > limits.digits * _BITS_OF_A_DIGIT:
                        raise Unreadable("bad_number", f"a whole number of more than {limits.digits} digits")
                elif kind is dict or kind is list:
                    below.append(value)
        if keys > limits.keys:
            raise Unreadable("too_large", f"more than {limits.keys} keys and values")
        here = below

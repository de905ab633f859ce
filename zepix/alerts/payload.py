"""The body of an alert as it arrives, decoded within limits; broken bodies become a reason, never a traceback.

- A body has at most 64 KiB, 32 levels, 256 fields or placeholders and 1,024 brackets: an answer is due in milliseconds.
- It is decoded by what it holds, never by a content type: what starts with a brace is JSON, the rest is text.
- Unquoted ``{{placeholders}}``, which TradingView leaves in place inside ``alert()`` and which make JSON invalid, are
  put into quotes; what becomes of them is decided field by field (``placeholders.py``).
- NaN and Infinity, which Pine prints and JSON does not know, are read, so that the field they stand in can be named.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from zepix.alerts.reasons import Unreadable

__all__ = [
    "BODY_LIMIT_BYTES",
    "DEPTH_LIMIT",
    "Body",
    "body_text",
    "decode",
    "decode_json",
    "decode_line",
    "kept",
    "shown",
]

BODY_LIMIT_BYTES: Final = 64 * 1024
DEPTH_LIMIT: Final = 32
FIELDS_LIMIT: Final = 256
BRACKETS_LIMIT: Final = 1024
PLACEHOLDERS_LIMIT: Final = 256
_BARE_PLACEHOLDER: Final = re.compile(r"(?<=[:,\[])(\s{0,8})(\{\{[^{}\"\\\x00-\x1f]{1,64}\}\})")
_PAYLOAD: Final = re.compile(r'"payload": {0,8}(?=\{)')
_QUOTED_OR_PLACEHOLDER: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|\{\{[^{}"\\\x00-\x1f]{1,64}\}\}', re.DOTALL)
_ESCAPED_NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*+\\u0000")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a key that stands twice with different values is refused, since one of them would be lost."""
    found = dict(pairs)
    if len(found) != len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise Unreadable("duplicate_key", f"the key {shown(key)} stands twice with different values")
    return found


_DECODER: Final = json.JSONDecoder(strict=False, object_pairs_hook=_once)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Body:
    """A body understood as far as text goes: ``fields`` of a JSON object, or nothing for other text.

    ``text`` is the stripped text, ``word`` the lower-case ``type`` (JSON) or first word (pipes), ``has_placeholders``
    whether ``{{`` stands anywhere in it. ``named`` is for whoever looks at the fields under other names, to look once.
    """

    __slots__ = ("fields", "has_placeholders", "named", "text", "word")

    def __init__(self, text: str, fields: Mapping[str, Any] | None, has_placeholders: bool) -> None:
        self.text = text
        self.fields = fields
        self.has_placeholders = has_placeholders
        self.named: Any = None
        word = fields.get("type") if fields is not None else text[:64].split("|", 1)[0]
        self.word = word.strip().lower() if type(word) is str else ""


def shown(value: object, most: int = 60) -> str:
    """A value as it may stand in a sentence: quoted, ASCII, cut."""
    text = ascii(value if not isinstance(value, str) else value[: most + 1])
    return text if len(text) <= most else text[: most - 3] + "..."


def kept(raw: object) -> str:
    """The body as it is kept where it is set aside: whole, or its beginning, one character above the limit."""
    most = BODY_LIMIT_BYTES + 1
    if isinstance(raw, Mapping):
        raw = {name: value[:most] if isinstance(value, str) else value for name, value in raw.items()}
        return body_text(raw)[:most]
    return body_text(raw[:most] if isinstance(raw, str | bytes | bytearray) and len(raw) > most else raw)[: 4 * most]


def body_text(raw: object) -> str:
    """The body as text that any file takes: broken bytes and lone surrogates are shown as escapes. Never raises."""
    if isinstance(raw, bytes | bytearray):
        return _text_with_escapes(bytes(raw))
    if isinstance(raw, str):
        return raw if raw.isascii() else raw.encode("utf-8", "backslashreplace").decode("utf-8")
    if raw is None:
        return ""
    try:
        text = _ENCODE(raw)
    except (TypeError, ValueError, RecursionError, OverflowError):
        text = ascii(type(raw).__name__)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _text_with_escapes(raw: bytes) -> str:
    """As ``backslashreplace`` does it, but ten times as fast, which 64 KiB of broken bytes need."""
    if b"\\udc" in raw:
        return raw.decode("utf-8", "backslashreplace")
    escaped = raw.decode("utf-8", "surrogateescape").encode("utf-8", "backslashreplace")
    return escaped.replace(b"\\udc", b"\\x").decode("utf-8")


def decode_json(text: str) -> Any:
    """Any JSON value that fills the text; NaN and Infinity are read. Raises Unreadable for what is no JSON."""
    try:
        value, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        raise Unreadable("bad_json", f"no JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise Unreadable("too_deep", f"nested deeper than {DEPTH_LIMIT} levels") from None
    except ValueError as error:
        raise Unreadable("bad_json", f"no JSON: {shown(str(error))}") from None
    if text[end:].strip():  # it is not quoted: it may hold a secret
        raise Unreadable("bad_json", f"{len(text) - end} characters follow the JSON value")
    return value


def decode_line(text: str) -> tuple[Any, str | None]:
    """As ``decode_json``, with the very text of the object that stands under ``payload``, where that is plain to see.

    It costs less than writing the object out again, and keeps its spaces and numbers as they were sent.
    """
    mark = _PAYLOAD.search(text)
    if mark is not None:
        begin = mark.end()
        try:
            inner, end = _DECODER.raw_decode(text, begin)
            outer = decode_json(f"{text[:begin]}0{text[end:]}")
        except (ValueError, RecursionError, Unreadable):
            return decode_json(text), None
        if type(outer) is dict and outer.get("payload") == 0 and text.count('"payload"') == 1:
            outer["payload"] = inner
            return outer, text[begin:end]
    return decode_json(text), None


def decode(raw: str | bytes | Mapping[str, Any], known_text: str | None = None) -> tuple[str, Body]:
    """The body's text as it arrived, and the body understood. Raises Unreadable.

    A mapping (the payload of a log's line) is taken as it is; its text is ``known_text``, else its compact JSON.
    """
    if not isinstance(raw, str):
        if isinstance(raw, Mapping):
            return _decode_mapping(raw if type(raw) is dict else dict(raw), known_text)
        raw = _text_of_bytes(raw)
    _check_text(raw)
    text = raw.strip().lstrip("\ufeff")
    if not text:
        raise Unreadable("empty", "the body is empty")
    return raw, _decode_text(text)


def _decode_mapping(fields: dict[str, Any], known_text: str | None) -> tuple[str, Body]:
    if known_text is None and any(type(value) is str and len(value) > BODY_LIMIT_BYTES for value in fields.values()):
        raise Unreadable("too_large", f"a text of more than {BODY_LIMIT_BYTES} characters")
    text = known_text or _text_of_mapping(fields)
    _check_text(text)
    _check_shape(fields, text)
    return text, Body(text, fields, "{{" in text)


def _text_of_bytes(raw: object) -> str:
    if not isinstance(raw, bytes | bytearray):
        kind = "nothing" if raw is None else type(raw).__name__
        raise Unreadable("empty" if raw is None else "not_an_object", f"a body is text or a JSON object, not {kind}")
    if len(raw) > BODY_LIMIT_BYTES:
        raise Unreadable("too_large", f"{len(raw)} bytes; at most {BODY_LIMIT_BYTES} are read")
    try:
        return bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable("bad_encoding", f"no UTF-8 at byte {error.start}") from None


def _decode_text(text: str) -> Body:
    has_placeholders = "{{" in text
    if text[0] not in "{[":
        return Body(text, None, has_placeholders)
    value = _decode_with_placeholders(text) if has_placeholders else decode_json(text)
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", f"JSON, but {type(value).__name__} where an object was expected")
    _check_shape(value, text)
    return Body(text, value, has_placeholders)


def _decode_with_placeholders(text: str) -> Any:
    """``"price":{{close}}`` is read as ``"price":"{{close}}"``. Raises Unreadable.

    Most bodies are mended in one cheap step, which cannot mend wrongly: quotes put inside a string leave no JSON.
    Then the body is tried as it came, and at last mended with an eye on what is inside a string.
    """
    if (count := text.count("{{")) > PLACEHOLDERS_LIMIT:
        raise Unreadable("too_large", f"{count} placeholders; at most {PLACEHOLDERS_LIMIT} are read")
    quick, count = _BARE_PLACEHOLDER.subn(r'\1"\2"', text)
    if count:
        with contextlib.suppress(Unreadable):
            return decode_json(quick)
    try:
        return decode_json(text)
    except Unreadable:
        exact = _QUOTED_OR_PLACEHOLDER.sub(lambda m: m[0] if m[0][0] == '"' else f'"{m[0]}"', text)
        if exact == text:
            raise
        return decode_json(exact)


def _text_of_mapping(fields: dict[str, Any]) -> str:
    try:
        return _ENCODE(fields)
    except RecursionError:
        raise Unreadable("too_deep", f"nested deeper than {DEPTH_LIMIT} levels") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise Unreadable("bad_json", f"cannot be written as JSON: {shown(str(error))}") from None


def _check_text(text: str) -> None:
    """Size, NUL and characters; Raises Unreadable. Cheap for plain ASCII, which nearly every alert is."""
    size = len(text)
    if size <= BODY_LIMIT_BYTES and not text.isascii():
        try:
            size = len(text.encode("utf-8"))
        except UnicodeEncodeError as error:
            raise Unreadable("lone_surrogate", f"half of a surrogate pair at character {error.start}") from None
    if size > BODY_LIMIT_BYTES:
        raise Unreadable("too_large", f"{size} bytes; at most {BODY_LIMIT_BYTES} are read")
    if "\x00" in text:
        raise Unreadable("nul", f"a NUL at character {text.index(chr(0))}")


def _check_shape(fields: Mapping[str, Any], text: str) -> None:
    """Counts, depth, and characters that were escaped in the JSON. Raises Unreadable."""
    if len(fields) > FIELDS_LIMIT:
        raise Unreadable("too_large", f"{len(fields)} fields; at most {FIELDS_LIMIT} are read")
    brackets = text.count("{") + text.count("[")
    if brackets > BRACKETS_LIMIT:
        raise Unreadable("too_large", f"{brackets} opening brackets; at most {BRACKETS_LIMIT} are read")
    if brackets > DEPTH_LIMIT and _depth(fields) > DEPTH_LIMIT:
        raise Unreadable("too_deep", f"nested deeper than {DEPTH_LIMIT} levels")
    if "\\u" in text:
        _check_escapes(fields, text)


def _check_escapes(fields: Mapping[str, Any], text: str) -> None:
    if _ESCAPED_NUL.search(text):
        raise Unreadable("nul", "a NUL written as an escape")
    try:
        _ENCODE(fields).encode("utf-8")
    except UnicodeEncodeError:
        raise Unreadable("lone_surrogate", "half of a surrogate pair, written as an escape") from None


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion; stops one level above the limit."""
    level, here = 0, [value]
    while here and level <= DEPTH_LIMIT:
        level += 1
        below = [
            inner
            for one in here
            for inner in (one.values() if isinstance(one, Mapping) else one)
            if isinstance(inner, dict | list | tuple)
        ]
        here = below
    return level

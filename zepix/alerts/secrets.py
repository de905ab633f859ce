"""Secrets that senders put into a body: found by whoever verifies them, blotted out before anything is kept.

A secret is the value of a key that says so (``passphrase, api_key, signalToken, license_id, pin ...``; case, spaces,
underscores and dashes do not matter), and the first cell of two kinds of text: PineConnector's command line
(``LICENSE,buy,EURUSD``) and of ``KEY|name|buy|BTCUSDT``. It becomes ``***``:

- in a JSON body before a dialect sees it, so that no field, reason or repair can quote it; its text is blotted at the
  very places, and where they cannot be found it is written anew;
- in text, and in what cannot be decoded, by pattern: rather too much than too little.

``redact`` is idempotent: a log that was written reads back as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import re2

from zepix.alerts.payload import Body, decode
from zepix.alerts.reasons import Unreadable

if TYPE_CHECKING:
    from zepix.alerts.rows import LogRow

__all__ = [
    "BLOT",
    "conceal",
    "is_secret",
    "redact",
    "redact_fields",
    "redact_row",
    "redact_text",
    "scrub",
    "secrets_in",
]

BLOT: Final = "***"
_WHOLE_NAMES: Final = frozenset({"key", "pass", "pwd", "passwd", "pin", "pincode", "auth", "bearer", "credentials"})
_BEGINNINGS: Final = ("license", "licence", "passphrase", "password", "secret", "authoriz", "authentic")
_ENDINGS: Final = ("secret", "passphrase", "password", "passwd", "token", "key", "license", "licence", "credential")
_NO_SECRETS: Final = frozenset({"idempotencykey", "dedupkey", "dedupekey", "orderkey", "alertkey", "hotkey"})
_CORES: Final = ("pass", "secret", "token", "key", "licen", "pin", "auth", "pwd", "bearer", "credential")
_NAME_LIMIT: Final = 64
_KNOWN_LIMIT: Final = 4096
_MATCHES_LIMIT: Final = 256
_LINES_LIMIT: Final = 64
_harmless: set[str] = set()
"""Keys seen that name no secret, so that most bodies are passed after one comparison of sets."""
_telling: set[str] = set()
"""Keys seen that name one."""

_HEAD: Final = re2.compile(
    r"(?is)((?:idempotency|dedupe?)[_-]?key|(?:^|[^a-z])(?:pin(?:[ _-]?code)?|auth(?:orization|entication)?|pass)"
    r"|pwd|passwd|bearer|pass[ _-]?phrase|pass[ _-]?word|secret(?:[ _-]?key)?|token|key"
    r"|licen[cs]e(?:[ _-]?(?:id|key|code|number))?|credentials?)"
    r"""(\\{0,4}["']?)\s{0,8}[:=]\s{0,8}"""
)
"""The name of a secret, how it ends (a quote), and ``:`` or ``=``; in re2 the time grows as the text does."""
_VALUE: Final = re.compile(
    r""""[^"\\]*+(?:\\.[^"\\]*+)*+"?|'[^']*+'?|\\{1,4}"[^"\\]*+(?:\\{1,4}"?)?"""
    r"""|[^\s"'{\[,;|}&\\][^\r\n"',;|}&\\]*+""",
    re.DOTALL,
)
_COMMAND: Final = r"(?:buy|sell|close|cancel|long|short|exit|newsltp|ea ?o)[a-z+_&]{0,24}"
_LICENSE_CELL: Final = re.compile(
    rf"\s{{0,8}}(?P<cell>(?!{_COMMAND}\s*,)[^\s,|=:;\"{{}}]{{1,128}}),\s{{0,8}}"
    rf"{_COMMAND}\s{{0,8}},\s{{0,8}}[a-z{{]",
    re.IGNORECASE,
)
_DIGITS_CELL: Final = re.compile(r"\s{0,8}(?P<cell>[0-9]{8,20})\s{0,8},")
_FIRST_CELLS: Final[dict[str | None, re.Pattern[str]]] = {
    "pineconnector": re.compile(r"\s{0,8}(?P<cell>[^\s,=\"{}][^,=\"{}\r\n]{0,127}),"),
    "pipe": re.compile(r"\s{0,8}(?P<cell>[^\s|][^|\r\n]{0,127})\|"),
}
_KEY_CELL: Final = re.compile(
    r"\s{0,8}(?P<cell>[^|\r\n]{1,128})\|[^|\r\n]{0,256}\|\s{0,8}(?:buy|sell|long|short|exit|close|flat|\{\{[^|{}]{1,64}\}\})"
    r"\s{0,8}\|\s{0,8}[A-Za-z{][^|\r\n]{0,64}(?:\||\s*$)",
    re.IGNORECASE,
)
_JSON_VALUE: Final = re.compile(r'\s*+:\s*+(?P<value>"(?:[^"\\]|\\.)*+"|[-+.\w]++)', re.DOTALL)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@lru_cache(maxsize=_KNOWN_LIMIT)
def _is_secret_name(name: str) -> bool:
    bare = "".join(letter for letter in name.lower() if letter.isalnum())
    if bare in _NO_SECRETS:
        return False
    return bare in _WHOLE_NAMES or bare.startswith(_BEGINNINGS) or bare.endswith(_ENDINGS)


def is_secret(name: object) -> bool:
    """Whether a key names a secret (``api_key``, ``signalToken``); never for what is no text or has no end."""
    return isinstance(name, str) and len(name) <= _NAME_LIMIT and _is_secret_name(name)


def conceal(text: str, body: Body) -> str:
    """Blots out the secrets of a JSON body: in ``body.fields``, and in its text, which is given back.

    ``text`` is the body as it arrived. A body without secrets is passed in less than half a microsecond.
    """
    fields = body.fields
    assert fields is not None, "text has no fields"
    has_text = "=" in text or "\\" in text
    is_flat = "[" not in text and text.count("{") == 1 and not has_text
    if is_flat and fields.keys() <= _harmless:
        return text
    found: list[tuple[str, Any]] = []
    without = _blot_keys(fields, found)
    if not is_flat:
        without = _without(without, found, has_text)
    if found:
        body.fields, body.text = without, _blot_text(text, without, found)
        return body.text
    return text


def _blot_keys(fields: Mapping[str, Any], found: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """The fields with the values of secret keys blotted, those of inner objects not; the same object without any."""
    out: dict[str, Any] | None = None
    for key in fields:
        if key in _harmless:
            continue
        if (key in _telling or not _names_no_secret(key)) and _holds_something(value := fields[key]):
            found.append((key, value))
            out = dict(fields) if out is None else out
            out[key] = BLOT
    return fields if out is None else out


def _names_no_secret(key: object) -> bool:
    """Whether a key names no secret; what was looked at once is known."""
    if key in _harmless:
        return True
    if is_secret(key):
        if len(_telling) < _KNOWN_LIMIT:
            _telling.add(str(key))
        return False
    if isinstance(key, str) and len(key) <= _NAME_LIMIT and len(_harmless) < _KNOWN_LIMIT:
        _harmless.add(key)
    return True


def _holds_something(value: Any) -> bool:
    """Whether there is a secret to blot out: no nothing, no flag, no blot, no placeholder that was left in place."""
    if type(value) is str and value and value[0] not in "*{":
        return True
    if value is None or isinstance(value, bool) or value in ("", BLOT):
        return False
    return not (isinstance(value, str) and value.startswith("{{") and value.find("}}") == len(value) - 2)


def _without(value: Any, found: list[tuple[str, Any]], has_text: bool) -> Any:
    """The value without its secrets, the same object where it has none.

    ``found`` gains (key, secret), and a text that holds some with the key ``""``.
    """
    if isinstance(value, Mapping):
        out: Any = _blot_keys(value, found)
        for key, inner in value.items():
            kind = type(inner)
            if kind is dict or kind is list or (has_text and kind is str) or kind is tuple:
                changed = _without(inner, found, has_text) if out[key] is inner else inner
                if changed is not inner and out[key] is inner:
                    out = dict(out) if out is value else out
                    out[key] = changed
        return out
    if isinstance(value, list | tuple):
        changed_list = [_without(inner, found, has_text) for inner in value]
        same = all(one is other for one, other in zip(changed_list, value, strict=True))
        return value if same else changed_list
    if has_text and isinstance(value, str) and (blotted := _redact_pairs(value)) != value:
        found.append(("", value))
        return blotted
    return value


def _blot_text(text: str, fields: Mapping[str, Any], found: list[tuple[str, Any]]) -> str:
    """The body's text without the secrets found in it; written anew where one of them does not stand there plainly."""
    if "\\u" in text:
        return _ENCODE(fields)
    if len(found) == 1 and type(found[0][1]) is str:  # nearly always: one secret, in one place, spaced as usual
        key, value = found[0]
        blotted = text.replace(f'"{key}": "{value}"', f'"{key}": "{BLOT}"', 1)
        if blotted != text and text.count(f'"{key}"') == 1:
            return blotted
    for key, value in found:
        name, count, at = f'"{key}"', 0, 0
        while key and isinstance(value, str | int | float) and (at := text.find(name, at)) >= 0:
            at += len(name)
            mark = _JSON_VALUE.match(text, at)
            if mark is not None:
                at, count = mark.start("value"), count + 1
                text = f'{text[:at]}"{BLOT}"{text[mark.end("value") :]}'
        if not count:
            return _ENCODE(fields)
    return text


def redact(text: str, dialect: str | None = None) -> str:
    """A body without its secrets: JSON by its keys, other and broken text by pattern. Never raises.

    ``dialect`` is the one that reads the text, where that is known: it says what a first cell is.
    """
    if not text:
        return text
    try:
        whole, body = decode(text)
    except Unreadable:
        return redact_text(text, dialect)
    return redact_text(text, dialect) if body.fields is None else conceal(whole, body)


def redact_fields(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fields without their secrets, nested ones too; the very same object where there are none."""
    found: list[tuple[str, Any]] = []
    without = _without(fields, found, True)
    return without if found else fields


def redact_row(row: LogRow) -> LogRow:
    """A row of a log without the secrets in its payload, for whoever writes it; the same row where there are none."""
    payload, text = row.payload, row.text
    if isinstance(payload, Mapping):
        payload = redact_fields(payload)
        text = text if text is None else redact(text)
    elif isinstance(payload, str):
        payload = redact(payload)
    if payload is row.payload or payload == row.payload:
        return row
    return row._replace(payload=payload, text=text)


def secrets_in(body: str | Mapping[str, Any]) -> list[str]:
    """The secrets of a body as text, in the order in which they stand in it: for whoever receives and verifies them."""
    if isinstance(body, str):
        try:
            understood = decode(body)[1].fields
        except Unreadable:
            understood = None
        if understood is None:
            return _secrets_of_text(body, None)
        body = understood
    found: list[tuple[str, Any]] = []
    _without(body, found, True)
    plain: list[str] = []
    for key, value in found:
        plain += [value if isinstance(value, str) else str(value)] if key else _secrets_of_text(value, None)
    return plain


# --- text ---------------------------------------------------------------------------------------------------------


def scrub(detail: str, text: str, dialect: str | None, instead: str) -> str:
    """A sentence about a text, or ``instead`` where it quotes four letters or more of one of the text's secrets."""
    for secret in _secrets_of_text(text, dialect):
        shown = ascii(secret[:512])[1:-1]
        pieces = (shown[start : start + 4] for start in range(max(1, len(shown) - 3)))
        if any(piece in detail for piece in pieces):
            return instead
    return detail


def redact_text(text: str, dialect: str | None = None) -> str:
    """As ``redact``, for what is known to be text, or no JSON that could be decoded."""
    return _redact_cell(_redact_pairs(text), dialect)


def _pairs(text: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """(value, how its name ends) of each secret; None as the last where there are too many to look at."""
    low = text.lower()
    if not any(core in low for core in _CORES):
        return
    at = 0
    for count, head in enumerate(_HEAD.finditer(text)):
        if count == _MATCHES_LIMIT:
            yield None, ""
            return
        if head.start() >= at and head[1].lower().replace("_", "").replace("-", "") not in _NO_SECRETS:
            value = _VALUE.match(text, head.end())
            if value is not None:
                at = value.end()
                yield value, head[2]


def _redact_pairs(text: str) -> str:
    """``name = value`` and ``"name": value`` with the value blotted; after 256 of them the rest of the text is."""
    parts: list[str] = []
    at = 0
    for value, close in _pairs(text):
        if value is None:
            return "".join([*parts, BLOT])
        parts += text[at : value.start()], _blotted(value[0], close)
        at = value.end()
    return "".join([*parts, text[at:]]) if parts else text


def _blotted(value: str, close: str) -> str:
    """The blot in the quotes of the value; a bare value of JSON gains quotes, so that it stays JSON."""
    if value[0] == "\\":
        quote = value[: len(value) - len(value.lstrip("\\"))] + '"'
    elif value[0] in "\"'":
        quote = value[0]
    elif close and value.strip().lower() in ("null", "true", "false"):
        return value
    else:
        quote = close
    return f"{quote}{BLOT}{quote}"


def _cell(text: str, dialect: str | None) -> re.Match[str] | None:
    """The first cell that is a key: of the dialect's lines, or of what looks like them."""
    if dialect in _FIRST_CELLS:
        return _FIRST_CELLS[dialect].match(text)
    comma, pipe = text.find(",", 0, 160), text.find("|", 0, 160)
    found = None
    if comma > 0 and (pipe < 0 or comma < pipe):
        found = _LICENSE_CELL.match(text) or _DIGITS_CELL.match(text)
    elif pipe > 0:
        found = _KEY_CELL.match(text)
    return found


def _redact_cell(text: str, dialect: str | None) -> str:
    """The text with the first cell of every line blotted; of more than 64 lines the rest is blotted whole."""
    lines = text.split("\n", _LINES_LIMIT)
    for place, line in enumerate(lines):
        mark = _cell(line, dialect)
        if mark is not None:
            lines[place] = line[: mark.start("cell")] + BLOT + line[mark.end("cell") :]
            if place == _LINES_LIMIT:
                lines[place] = BLOT
    return "\n".join(lines)


def _secrets_of_text(text: str, dialect: str | None) -> list[str]:
    marks = (_cell(line, dialect) for line in text.split("\n", _LINES_LIMIT))
    found = [mark["cell"].strip() for mark in marks if mark is not None]
    found += [value[0].strip("\\\"' ") for value, _ in _pairs(text) if value is not None]
    return [secret for secret in found if secret not in ("", BLOT)]

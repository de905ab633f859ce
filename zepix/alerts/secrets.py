"""Secrets that senders put into a body: found by whoever verifies them, blotted out before anything is kept.

A secret is the value of a key that says so (``passphrase, api_key, signalToken, license_id, pin ...``; case, spaces,
underscores and dashes do not matter), the same text wherever else it stands, and the first cell of a line of text
that looks like PineConnector's (``LICENSE,buy,EURUSD``) or ``KEY|name|buy|BTCUSDT`` (``first_cells.py``). It becomes
``***``:

- in a JSON body before a dialect sees it, so that no field, reason or repair can quote it; its text is blotted at the
  very places, and where they cannot be found it is written anew;
- in text, and in what cannot be decoded, by pattern: rather too much than too little.

``redact`` is idempotent: a log that was written reads back as it was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import re2

from zepix.alerts.first_cells import first_cell
from zepix.alerts.payload import Body, decode, decode_json
from zepix.alerts.reasons import Unreadable
from zepix.alerts.secret_names import NO_SECRETS, is_secret

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
_CORES: Final = ("pass", "secret", "token", "key", "licen", "pin", "auth", "pwd", "bearer", "credential")
_NAME_LIMIT: Final = 64
_KNOWN_LIMIT: Final = 4096
_MATCHES_LIMIT: Final = 256
_LINES_LIMIT: Final = 64
_LINE_ENDS: Final = re.compile(r"(\r\n|\n|\r|\\n|;(?=[^;,=\r\n]{1,128},))")
_harmless: set[str] = set()
"""Keys seen that name no secret, so that most bodies are passed after one comparison of sets."""
_telling: set[str] = set()
"""Keys seen that name one."""

_HEAD: Final = re2.compile(
    r"(?is)((?:idempotency|dedupe?)[_-]?key|(?:^|[^a-z])(?:pin(?:[ _-]?code)?|pass[0-9]{0,3}"
    r"|auth(?:orization|entication)?(?:[ _-]?(?:code|header|key|id|value|data))?)|(?-i:[a-z]Pass)[0-9]{0,3}"
    r"|pwd|passwd|bearer|pass[ _-]?(?:phrase|word|code)s?|secrets?(?:[ _-]?key)?|(?:token|key)s?[0-9]{0,3}"
    r"|api[ _-]?key[ _-]?id|licen[cs]e(?:[ _-]?(?:id|key|code|number))?|credentials?)"
    r"""(\\{0,4}["']?)\s*[:=]\s*"""
)
"""The name of a secret, how it ends (a quote), and ``:`` or ``=``; in re2 the time grows as the text does."""
_VALUE: Final = re.compile(
    r""""[^"\\]*+(?:\\.[^"\\]*+)*+"?|'[^']*+'?|\\{1,4}"[^"\\]*+(?:\\{1,4}"?)?"""
    r"""|[^\s"'{\[,;|}&\\][^\r\n"',;|}&\\]*+""",
    re.DOTALL,
)
_MORE: Final = re.compile(r"""(?:[,;\r\n]+[^=:,;\r\n"'{}\[\]|\\]*+(?=[,;\r\n]|\Z))*+""")
"""What follows a bare value and names nothing belongs to it, as the key_value dialect reads it (``TOKEN=abc, def``)."""
_TRADINGVIEWS: Final = re.compile(
    r"\{\{\s*(?:ticker|exchange|interval|open|high|low|close|volume|time|timenow|syminfo\.[a-z]+|plot_[0-9]+"
    r"|plot\([^{}]*\)|strategy\.[a-z_.]+|sec_key)\s*\}\}"
)
"""A placeholder that was left open: no secret."""
_SHORTEST_REPEATED: Final = 6
_JSON_VALUE: Final = re.compile(r'\s*+:\s*+(?P<value>"(?:[^"\\]|\\.)*+"|[-+.\w]++)', re.DOTALL)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def conceal(text: str, body: Body) -> str:
    """Blots out the secrets of a JSON body: in ``body.fields``, and in its text, which is given back.

    ``text`` is the body as it arrived. A body without secrets is passed in less than half a microsecond.
    """
    fields = body.fields
    assert fields is not None, "text has no fields"
    has_text = "=" in text or "\\" in text or text.count(":") > len(fields)
    is_flat = "[" not in text and text.count("{") == 1 and (not has_text or not _may_tell(fields))
    if is_flat and fields.keys() <= _harmless:
        return text
    found: list[tuple[str, Any]] = []
    without = _blot_keys(fields, found)
    if not is_flat:
        without = _without(without, found, has_text)
    if found:
        repeated = _repeatable(found, text)
        if repeated and (changed := _without_repeats(without, repeated)) is not without:
            body.fields, body.text = changed, _ENCODE(changed)
        else:
            body.fields, body.text = without, _blot_text(text, without, found)
        return body.text
    return text


def _may_tell(fields: Mapping[str, Any]) -> bool:
    """Whether a text of a flat body may hold a name and a value; times, addresses and symbols do not."""
    for value in fields.values():
        if type(value) is str and ("=" in value or ":" in value or "\\" in value) and value[4:5] != "-":
            low = value.lower()
            if any(core in low for core in _CORES):
                return True
    return False


def _repeatable(found: list[tuple[str, Any]], text: str) -> list[str]:
    """Secrets that stand in other places too: long enough, and no word that a trade is made of."""
    out: list[str] = []
    for key, value in found:
        if type(value) is str and key and len(value) >= _SHORTEST_REPEATED:
            is_word = value.isalpha() and len(value) <= 2 * _SHORTEST_REPEATED
            if not is_word and (text.count(value) > 1 or "\\" in text):
                out.append(value)
    return out


def _without_repeats(value: Any, secrets: list[str]) -> Any:
    """The value with every secret that stands within a text or a key's value blotted; the same object without any."""
    if isinstance(value, str):
        for secret in secrets:
            if secret in value:
                value = value.replace(secret, BLOT)
        return value
    if isinstance(value, Mapping):
        changed = {key: _without_repeats(inner, secrets) for key, inner in value.items()}
        return value if all(changed[key] is inner for key, inner in value.items()) else changed
    if isinstance(value, list | tuple):
        inner_ones = [_without_repeats(inner, secrets) for inner in value]
        return value if all(one is other for one, other in zip(inner_ones, value, strict=True)) else inner_ones
    return value


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
    return not (isinstance(value, str) and len(value) < 64 and _TRADINGVIEWS.fullmatch(value.strip()) is not None)


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
    if (
        has_text
        and isinstance(value, str)
        and (":" in value or "=" in value)
        and (blotted := _redact_pairs(value)) != value
    ):
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
        return _redact_unreadable(text, dialect)
    return redact_text(text, dialect) if body.fields is None else conceal(whole, body)


def _redact_unreadable(text: str, dialect: str | None) -> str:
    """A body that is turned away: by its keys where it is JSON all the same (half a surrogate pair in it), so that it
    is turned away for the same reason when it is read again; else by pattern."""
    bare = text.strip().lstrip("\ufeff")
    if bare[:1] == "{":
        try:
            fields = decode_json(bare)
            if isinstance(fields, dict):
                found = conceal(text, Body(bare, fields, False))
                found.encode("utf-8")  # written anew, half a surrogate pair may stand in it as itself
                return found
        except (Unreadable, RecursionError, ValueError):
            pass
    return redact_text(text, dialect)


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
    cells = _redact_cell(text, dialect)
    without = _redact_pairs(cells)
    if without is not cells:
        for secret in _repeatable([("text", one) for one in _values_of(cells)], cells):
            without = without.replace(secret, BLOT)
    return without


def _pairs(text: str) -> Iterator[tuple[tuple[int, int] | None, str]]:
    """(where the value stands, how its name ends) of each secret; None as the last where there are too many."""
    low = text.lower()
    if not any(core in low for core in _CORES):
        return
    at = 0
    for count, head in enumerate(_HEAD.finditer(text)):
        if count == _MATCHES_LIMIT:
            yield None, ""
            return
        if head.start() >= at and head[1].lower().replace("_", "").replace("-", "") not in NO_SECRETS:
            value = _VALUE.match(text, head.end())
            if value is not None:
                at = value.end()
                if not head[2] and (more := _MORE.match(text, at)) is not None:
                    at = more.end()
                yield (value.start(), at), head[2]


def _redact_pairs(text: str) -> str:
    """``name = value`` and ``"name": value`` with the value blotted; after 256 of them the rest of the text is."""
    parts: list[str] = []
    at = 0
    for value, close in _pairs(text):
        if value is None:
            return "".join([*parts, BLOT])
        parts += text[at : value[0]], _blotted(text[value[0] : value[1]], close)
        at = value[1]
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


def _redact_cell(text: str, dialect: str | None) -> str:
    """The text with the first cell of every line blotted; of more than 64 lines the rest is blotted whole."""
    if "\n" not in text and ";" not in text and "\r" not in text and "\\n" not in text:
        only = first_cell(text, dialect)
        return text if only is None else text[: only[0]] + BLOT + text[only[1] :]
    parts = _LINE_ENDS.split(text, _LINES_LIMIT)
    for place in range(0, len(parts), 2):
        mark = first_cell(parts[place], dialect)
        if mark is not None:
            parts[place] = parts[place][: mark[0]] + BLOT + parts[place][mark[1] :]
            if place == 2 * _LINES_LIMIT:
                parts[place] = BLOT
    return "".join(parts)


def _secrets_of_text(text: str, dialect: str | None) -> list[str]:
    lines = _LINE_ENDS.split(text, _LINES_LIMIT)[::2]
    marks = ((line, first_cell(line, dialect)) for line in lines)
    found = [line[mark[0] : mark[1]].strip() for line, mark in marks if mark is not None]
    return [secret for secret in (*found, *_values_of(text)) if secret not in ("", BLOT)]


def _values_of(text: str) -> list[str]:
    return [text[value[0] : value[1]].strip("\\\"' ") for value, _ in _pairs(text) if value is not None]

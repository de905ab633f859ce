"""Which bodies a dialect of one's own takes for its own.

JSON: every path of ``required`` is there (and not null), every value of ``equals`` is so, every value of ``one_of`` is
one of a list; words without regard to case. Text: it starts with one of ``starts_with`` and matches ``regex``; without
either, it matches the first regex that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from zepix.alerts.own.paths import PATH_LIMIT, FieldPath, find, parse_path
from zepix.alerts.own.patterns import PATTERN_LIMIT, Pattern
from zepix.alerts.own.problems import Problems
from zepix.alerts.own.rules import word_of
from zepix.alerts.payload import Body, shown

__all__ = ["REQUIRED_LIMIT", "Match", "check_match", "claims"]

REQUIRED_LIMIT: Final = 64
WORDS_LIMIT: Final = 64
_WORD_LIMIT: Final = 256
_JSON_KEYS: Final = ("required", "equals", "one_of")
_TEXT_KEYS: Final = ("starts_with", "regex")


@dataclass(frozen=True, slots=True)
class Match:
    """The rule of one dialect; what is empty asks for nothing. ``one_of`` holds the words in lower case."""

    is_text: bool
    required: tuple[FieldPath, ...] = ()
    one_of: tuple[tuple[FieldPath, frozenset[str]], ...] = ()
    starts_with: tuple[str, ...] = ()
    pattern: Pattern | None = None


def claims(match: Match, patterns: tuple[Pattern, ...], body: Body) -> bool:
    """Whether the body is the dialect's, which reads text by ``patterns``."""
    if match.is_text:
        if body.fields is not None or not body.text.startswith(match.starts_with or ("",)):
            return False
        pattern = match.pattern or (None if match.starts_with else patterns[0])
        return pattern is None or pattern.matches(body.text)
    if body.fields is None:
        return False
    for path in match.required:
        if find(body.fields, path) is None:
            return False
    return all(word_of(find(body.fields, path)) in words for path, words in match.one_of)


def check_match(place: str, raw: Any, problems: Problems, has_regex: bool) -> Match:
    """The rule of a table; ``has_regex`` says that the table reads text by a regex. Notes problems."""
    if raw is None and has_regex:
        return Match(is_text=True)
    if raw is None:
        problems.add(place, 'is missing; say which bodies are meant: match.required = ["symbol", "side"]')
        return Match(is_text=False)
    raw = problems.table(place, raw, 16)
    problems.known(place, raw, (*_JSON_KEYS, *_TEXT_KEYS))
    json_keys = [key for key in _JSON_KEYS if key in raw]
    text_keys = [key for key in _TEXT_KEYS if key in raw]
    if json_keys and text_keys:
        problems.add(place, f"{', '.join(json_keys)} is for JSON, {', '.join(text_keys)} for text; split the table")
    if json_keys and has_regex:
        problems.add(place, 'a regex reads text; in JSON say where that text stands: text = "message"')
    is_text = bool(text_keys) or (has_regex and not json_keys)
    if is_text and not has_regex:
        problems.add(place, "text is read by a regex with named groups; add regex = '...'")
    if not is_text and not json_keys:
        problems.add(place, "asks for nothing; say required, equals or one_of")
    return Match(
        is_text=is_text,
        required=_required(f"{place}.required", raw.get("required"), problems),
        one_of=(
            *_words(f"{place}.equals", raw.get("equals", {}), problems, several=False),
            *_words(f"{place}.one_of", raw.get("one_of", {}), problems, several=True),
        ),
        starts_with=problems.texts(f"{place}.starts_with", raw["starts_with"], _WORD_LIMIT, WORDS_LIMIT)
        if "starts_with" in raw
        else (),
        pattern=_pattern(f"{place}.regex", raw["regex"], problems) if "regex" in raw else None,
    )


def _required(place: str, value: Any, problems: Problems) -> tuple[FieldPath, ...]:
    texts = () if value is None else problems.texts(place, value, PATH_LIMIT, REQUIRED_LIMIT)
    found = [_parsed(place, text, problems) for text in texts]
    return tuple(path for path in found if path is not None)


def _words(place: str, value: Any, problems: Problems, *, several: bool) -> list[tuple[FieldPath, frozenset[str]]]:
    found = []
    for text, expected in _flat(problems.table(place, value, REQUIRED_LIMIT)):
        here = f"{place}.{shown(text)[1:-1]}"
        words = expected if several else [expected]
        if not isinstance(words, list) or not 0 < len(words) <= WORDS_LIMIT:
            problems.add(here, f"expected a list of 1 to {WORDS_LIMIT} values, not {shown(expected)}")
        elif not all(word_of(word) for word in words):
            problems.add(here, f"expected a text, a number or a truth value, not {shown(expected)}")
        elif (path := _parsed(here, text, problems)) is not None:
            found.append((path, frozenset(word_of(word) for word in words)))
    return found


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """``{ data = { kind = "x" } }``, which TOML makes of ``data.kind = "x"``, as ``("data.kind", "x")``."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _parsed(place: str, text: str, problems: Problems) -> FieldPath | None:
    try:
        return parse_path(text)
    except ValueError as error:
        problems.add(place, str(error))
        return None


def _pattern(place: str, value: Any, problems: Problems) -> Pattern | None:
    text = problems.text(place, value, PATTERN_LIMIT)
    try:
        return None if text is None else Pattern(text)
    except ValueError as error:
        problems.add(place, str(error))
        return None

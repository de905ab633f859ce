"""A guess written as TOML that a person reads, corrects and keeps; remarks stand where something wants a decision."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from zepix.alerts.own.guesses import Guess
from zepix.alerts.own.paths import quoted
from zepix.alerts.own.rules import RULES
from zepix.alerts.own.shapes import Place, Shape, pattern_of
from zepix.model.quantity import UNKNOWN

__all__ = ["comment", "key_places", "table_text", "toml_text"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REQUIRED_LIMIT: Final = 64
_ORDER: Final = tuple(RULES)


def toml_text(text: str) -> str:
    """A text as TOML writes it: literal where it may be, else basic, with every doubtful character escaped."""
    if "\\" in text and "'" not in text and text.isprintable() and text.isascii():
        return f"'{text}'"
    out = []
    for letter in text:
        if letter in '"\\':
            out.append("\\" + letter)
        elif letter.isprintable() and ord(letter) < 0xD800:
            out.append(letter)
        else:
            out.append(f"\\U{ord(letter):08X}" if ord(letter) > 0xFFFF else f"\\u{ord(letter):04X}")
    return '"' + "".join(out) + '"'


def toml_key(text: str) -> str:
    """A key as TOML writes it."""
    return text if _BARE.fullmatch(text) else toml_text(text)


def comment(text: str) -> str:
    """A text as it may stand in a comment, on one line."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def key_places(guess: Guess) -> list[Place]:
    """The places by which a body of the shape is known: symbol, type and side."""
    found = [guess.fields[name] for name in ("symbol", "type", "side") if name in guess.fields]
    return list(dict.fromkeys(found))


def table_text(
    name: str,
    shape: Shape,
    guess: Guess,
    *,
    required: Iterable[Place],
    rank: int,
    words: Mapping[Place, Sequence[str]] = MappingProxyType({}),
) -> str:
    """The table ``[dialect.NAME]`` of one shape; ``words`` are those by which alone a body is claimed, by place."""
    lines = [*_remarks_on_numbers(guess), f"[dialect.{name}]", f"rank = {rank}"]
    if shape.is_text:
        lines += ["regex = [", *(f"    {toml_text(pattern)}," for pattern in shape.patterns), "]"]
    if guess.secrets:
        lines.append(f"secrets = [{', '.join(toml_text(quoted(place)) for place in guess.secrets)}]")
    if refused := [path for place in guess.refused if (path := path_of(place)) is not None]:
        lines.append(f"refuse = [{', '.join(map(toml_text, refused))}]")
    if not shape.is_text:
        paths = [toml_text(quoted(place)) for place in required][:_REQUIRED_LIMIT]
        lines += ["", f"[dialect.{name}.match]", f"required = [{', '.join(paths)}]"]
        lines += [f"one_of = {{ {', '.join(map(_one_of, words.items()))} }}"] if words else []
    elif words and (pattern := pattern_of(shape, words)) is not None:
        lines += ["", f"[dialect.{name}.match]", f"regex = {toml_text(pattern)}"]
    lines += ["", f"[dialect.{name}.fields]"]
    for field in _ORDER:
        remark = f"  # {comment(guess.remarks[field])}" if field in guess.remarks and not RULES[field].units else ""
        if field in guess.fields:
            lines.append(f"{field} = {toml_text(quoted(guess.fields[field]))}{remark}")
        elif remark:
            lines.append(f"# {field}:{remark[3:]}")
    for field, meant in guess.words.items():
        lines += ["", f"[dialect.{name}.values.{field}]"]
        lines += [f"{toml_key(word)} = {toml_text(ours)}{_nothing(ours)}" for word, ours in meant.items()]
    units = [field for field in _ORDER if field in guess.fields and RULES[field].unit == UNKNOWN]
    if units:
        lines += ["", f"[dialect.{name}.units]"]
        for field in units:
            lines.append(f'{field} = "{UNKNOWN}"  # {comment(guess.remarks.get(field, "which unit?"))}')
    if guess.constants:
        lines += ["", f"[dialect.{name}.constants]"]
        lines += [f"{field} = {toml_text(value)}" for field, value in guess.constants.items()]
    return "\n".join(lines) + "\n"


def _remarks_on_numbers(guess: Guess) -> list[str]:
    """What became of numbers that no field takes, as comments."""
    lines = [
        f"# CAREFUL: {comment('.'.join(place))} {comment(why)}. Bodies that say it are refused (refuse = ...)."
        for place, why in guess.refused.items()
    ]
    return lines + [
        f"# not taken: {comment('.'.join(place))} holds numbers ({comment(examples)}); a level there is lost"
        for place, examples in guess.left.items()
    ]


def path_of(place: Place) -> str | None:
    """A place as a path is written; None for names that no path can write."""
    try:
        return quoted(place)
    except ValueError:
        return None


def _one_of(pair: tuple[Place, Sequence[str]]) -> str:
    place, words = pair
    return f"{toml_text(quoted(place))} = [{', '.join(map(toml_text, words))}]"


def _nothing(ours: str) -> str:
    return "  # no side: both" if ours == "" else ""

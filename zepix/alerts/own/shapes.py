"""Bodies that nobody understood, sorted by shape, and each shape laid out in columns: what stands where, in every body.

- JSON: the places of its values; bodies that share seven tenths of the places of the smaller one are of one shape.
- ``key=value`` text: its keys, in any order. Text between bars, semicolons, commas or tabs: its cells. Other text: its
  words, where numbers, symbols, sides and words such as "close" vary and all other words are part of the shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.alerts.own.rules import RULES
from zepix.alerts.own.words import meaning

__all__ = ["COLUMNS_LIMIT", "Place", "Sample", "Shape", "pattern_of", "shapes_of"]

SHAPES_LIMIT: Final = 32
SAMPLES_LIMIT: Final = 1000
COLUMNS_LIMIT: Final = 128
_LIST_LIMIT: Final = 8
_DEPTH_LIMIT: Final = 8
_PIECES_LIMIT: Final = 16
_TOKENS_LIMIT: Final = 24
_ALIKE: Final = 0.7
_TEXT_LIMIT: Final = 2000
_CUT: Final = re.compile(r"[\n;,|&]+")
_PAIR: Final = re.compile(r"\s{0,8}([A-Za-z][\w .-]{0,31}?)\s{0,8}[=:]\s{0,8}(.*)", re.DOTALL)
_TOKEN: Final = re.compile(
    r"\{\{[^{}]{1,64}\}\}|[A-Za-z_]\w{0,63}(?:[:/.][A-Za-z]\w{0,31}){0,3}!?|[-+]?\d+(?:\.\d+)?%?|[^\sA-Za-z0-9]"
)
_NUMBER: Final = re.compile(r"[-+]?\d+(?:\.\d+)?%?")
_NUMBER_AND_MARKS: Final = re.compile(r"(?P<sign>[-+]?)(?P<number>\d+(?:\.\d+)?)(?P<tail>%?)")

Place = tuple[str, ...]
"""The steps to a value in JSON; in text the name of the group, alone."""


@dataclass(slots=True)
class Sample:
    """One body that is to be understood: its row in the file (from 1), what stood beside it, why it was set aside."""

    number: int
    text: str
    fields: Mapping[str, Any] | None
    ticker: str | None = None
    timeframe: str | None = None
    reason: str = ""
    rank: int | None = None
    """The rank of the built-in dialect that claimed it, if one did."""


@dataclass(slots=True)
class Shape:
    """Bodies of one shape. ``columns`` holds, by place, the value in each sample (None where it has none).

    ``labels`` are the words that say what a column is; ``patterns`` read the text of a shape that is no JSON.
    """

    samples: list[Sample] = field(default_factory=list)
    columns: dict[Place, list[Any]] = field(default_factory=dict)
    labels: dict[Place, str] = field(default_factory=dict)
    marks: dict[Place, str] = field(default_factory=dict)
    """What stands around the numbers of a column in every body of a text (``-``, ``%``), and not in the column."""
    patterns: list[str] = field(default_factory=list)
    count: int = 0

    @property
    def is_text(self) -> bool:
        return bool(self.patterns)

    def always(self) -> list[Place]:
        """The places that hold a value in every sample."""
        return [place for place, column in self.columns.items() if all(value is not None for value in column)]


def shapes_of(samples: Iterable[Sample], is_symbol: Callable[[str], bool]) -> list[Shape]:
    """The shapes of the samples, the most frequent first; a text without any structure is of no shape."""
    by_skeleton: dict[Any, Shape] = {}
    leaves: dict[Any, list[dict[Place, Any]]] = {}
    for sample in samples:
        skeleton, cells = _skeleton(sample, is_symbol)
        if skeleton is None:
            continue
        shape = by_skeleton.setdefault(skeleton, Shape())
        shape.count += 1
        if len(shape.samples) < SAMPLES_LIMIT:
            shape.samples.append(sample)
            leaves.setdefault(skeleton, []).append(cells)
    found: list[tuple[Any, Shape, list[dict[Place, Any]]]] = []
    for skeleton, shape in sorted(by_skeleton.items(), key=lambda pair: (-pair[1].count, pair[1].samples[0].number)):
        for other, known, rows in found:
            if _alike(skeleton, other):
                known.samples += shape.samples
                known.count += shape.count
                rows.extend(leaves[skeleton])
                break
        else:
            if len(found) < SHAPES_LIMIT:
                found.append((skeleton, shape, leaves[skeleton]))
    return [_laid_out(skeleton, shape, rows) for skeleton, shape, rows in found]


def _alike(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    if one[0] != other[0] or one[0] not in ("json", "pairs") or one[1] != other[1]:
        return False
    return len(one[2] & other[2]) >= _ALIKE * min(len(one[2]), len(other[2]))


def _skeleton(sample: Sample, is_symbol: Callable[[str], bool]) -> tuple[Any, dict[Place, Any]]:
    """What is the same in all bodies of a shape, and this body's cells; (None, {}) for what has no shape."""
    if sample.fields is not None:
        cells = dict(_leaves(sample.fields, ()))
        return (("json", 0, frozenset(cells)), cells) if cells else (None, {})
    text = sample.text.strip()
    if len(text) > _TEXT_LIMIT:
        return None, {}
    return _pairs(text) or _cells(text) or _words(text, is_symbol) or (None, {})


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    """The values of a JSON body by their places, at most ``COLUMNS_LIMIT``."""
    stack: list[tuple[Place, Any]] = [(place, value)]
    told = 0
    while stack and told < COLUMNS_LIMIT:
        here, value = stack.pop()
        if isinstance(value, Mapping):
            inner = [((*here, key), one) for key, one in value.items() if isinstance(key, str) and key.strip() == key]
        elif isinstance(value, list):
            inner = [((*here, str(at)), one) for at, one in enumerate(value[:_LIST_LIMIT])]
        else:
            if value is not None and here and all(here):
                told += 1
                yield here, value
            continue
        if len(here) < _DEPTH_LIMIT:
            stack.extend(reversed(inner))


def _pairs(text: str) -> tuple[Any, dict[Place, Any]] | None:
    """``side=buy;pair=EURUSD``: keys in any order, perhaps after cells without one."""
    pieces = [piece.strip() for piece in _CUT.split(text)]
    pieces = [piece for piece in pieces if piece]
    matches = [_PAIR.fullmatch(piece) for piece in pieces]
    named = [match for match in matches if match]
    if not 2 <= len(named) <= _PIECES_LIMIT or len(named) < 0.6 * len(pieces) or len(pieces) > 4 * _PIECES_LIMIT:
        return None
    lead = next((at for at, match in enumerate(matches) if match), 0)
    cells: dict[Place, Any] = {(f"cell_{at + 1}",): pieces[at] for at in range(lead)}
    for match in named:
        cells.setdefault((match[1].strip(),), match[2].strip())
    return ("pairs", lead, frozenset(key for (key,) in cells)), cells


def _cells(text: str) -> tuple[Any, dict[Place, Any]] | None:
    """``EURUSD|BUY|1.08``: cells by their number."""
    for separator in ("|", ";", ",", "\t"):
        parts = text.split(separator)
        if 3 <= len(parts) <= _PIECES_LIMIT and "\n" not in text:
            return ("cells", separator, len(parts)), {(f"cell_{at}",): part.strip() for at, part in enumerate(parts, 1)}
    return None


def _words(text: str, is_symbol: Callable[[str], bool]) -> tuple[Any, dict[Place, Any]] | None:
    """``BUY EURUSD @ 1.08 SL 1.07``: what varies becomes a cell, named by what it is and by the word before it."""
    tokens = list(_TOKEN.finditer(text))
    if not 2 <= len(tokens) <= _TOKENS_LIMIT:
        return None
    cells: dict[Place, Any] = {}
    skeleton: list[str] = []
    before = ""
    for token in tokens:
        word = token[0]
        kind = _kind(word, is_symbol)
        if kind is None:
            skeleton.append(word.lower())
            if word[0].isalpha() or word == "@":
                before = "at" if word == "@" else word.lower()
            continue
        label = f"{before}_number" if kind == "number" else kind
        name = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in label).strip("_")
        name = name if name[:1].isalpha() else f"at_{name}"
        places = (name, *(f"{name}_{at}" for at in range(2, _TOKENS_LIMIT + 1)))
        cells[(next(one for one in places if (one,) not in cells),)] = word
        skeleton.append(f"<{kind}>")
    if not any(part in ("<symbol>", "<side>") for part in skeleton):
        return None
    return ("words", 0, tuple(skeleton)), cells


def _kind(word: str, is_symbol: Callable[[str], bool]) -> str | None:
    if _NUMBER.fullmatch(word):
        return "number"
    if word.startswith("{{") or is_symbol(word):
        return "symbol"
    return "side" if meaning(word) is not None and word.lower() not in ("tp", "sl", "stop", "in", "out") else None


def _laid_out(skeleton: tuple[Any, ...], shape: Shape, cells: list[dict[Place, Any]]) -> Shape:
    """The shape with its columns, labels and patterns."""
    order = sorted(range(len(cells)), key=lambda at: shape.samples[at].number)
    shape.samples = [shape.samples[at] for at in order]
    cells = [cells[at] for at in order]
    places = list(dict.fromkeys(place for row in cells for place in row))[:COLUMNS_LIMIT]
    if skeleton[0] == "json":
        shape.columns = {place: [row.get(place) for row in cells] for place in places}
        shape.labels = {place: ".".join(place) for place in places}
        return shape
    names = _group_names(places)
    shape.columns = {(names[place],): [row.get(place) for row in cells] for place in places}
    shape.labels = {(names[place],): place[0].removesuffix("_number") for place in places}
    if skeleton[0] == "pairs":
        shape.patterns = _patterns_of_pairs(skeleton[1], places, names)
    elif skeleton[0] == "cells":
        separator = r"\t" if skeleton[1] == "\t" else re.escape(skeleton[1])
        parts = [f"(?P<{names[place]}>[^{separator}]*)" for place in places]
        shape.patterns = ["^" + separator.join(parts) + "$"]
        _take_marks_off(shape)
    else:
        shape.patterns = [_pattern_of_words(skeleton[2], [names[place] for place in cells[0]])]
        _take_marks_off(shape)
    return shape


def _take_marks_off(shape: Shape) -> None:
    """Numbers of a column that are all written ``-0.5%`` become ``0.5``, and the pattern asks for what was taken off.

    Only where one pattern holds the whole text: another spelling then does not match, so that no number is misread.
    """
    for place, column in shape.columns.items():
        found = [None if value is None else _NUMBER_AND_MARKS.fullmatch(value) for value in column]
        marks = {match["sign"] + match["tail"] for match in found if match}
        if len(marks) != 1 or not all(found) or marks <= {"", "+"}:
            continue
        mark = marks.pop()
        shape.marks[place] = mark
        shape.columns[place] = [match["number"] if match else None for match in found]
        before, after = (
            rf"\s*{re.escape(part)}\s*" if part else "" for part in (mark.rstrip("%"), "%" in mark and "%")
        )
        shape.patterns = [_regrouped(text, place[0], r"\d+(?:\.\d+)?", before, after) for text in shape.patterns]


def _regrouped(pattern: str, name: str, inside: str, before: str = "", after: str = "") -> str:
    """The pattern with another content of one of its groups, as this module writes groups, and what is around it."""
    start = pattern.find(f"(?P<{name}>")
    if start < 0:
        return pattern
    at, depth, in_class = start + 1, 1, False
    while depth:
        letter = pattern[at]
        if letter == "\\":
            at += 1
        elif in_class:
            in_class = letter != "]"
        elif letter in "[()":
            in_class, depth = letter == "[", depth + (letter == "(") - (letter == ")")
        at += 1
    return f"{pattern[:start]}{before}(?P<{name}>{inside}){after}{pattern[at:]}"


def pattern_of(shape: Shape, words: Mapping[Place, Iterable[str]]) -> str | None:
    """One pattern for texts of the shape that hold one of these words at the first of the places; None where none can.

    For ``match.regex``, where the shape's own patterns match too much.
    """
    for place, told in words.items():
        for text in shape.patterns:
            if f"(?P<{place[0]}>" in text:
                inside = rf"\s*(?i:{'|'.join(map(re.escape, told))})\s*"
                end = "" if text.endswith("$") else r"(?:[\n;,|&]|$)"
                return _regrouped(text, place[0], inside) + end
    return None


def _group_names(places: list[Place]) -> dict[Place, str]:
    """A name of a group for each place: letters, digits and underscores, no two alike."""
    names: dict[Place, str] = {}
    for (key,) in places:
        name = re.sub(r"[^A-Za-z0-9_]", "_", key)
        name = name if name[:1].isalpha() else f"_{name}"
        name = f"their_{name}" if name in RULES else name  # a group of that name would fill that field by itself
        taken = set(names.values())
        names[(key,)] = next(one for one in (name, *(f"{name}_{at}" for at in range(2, 99))) if one not in taken)
    return names


def _patterns_of_pairs(lead: int, places: list[Place], names: dict[Place, str]) -> list[str]:
    patterns = []
    leading = [place for place in places if place[0].startswith("cell_")][:lead]
    if leading:
        cells = r"\s*[\n;,|&]\s*".join(f"(?P<{names[place]}>[^\\n;,|&]*)" for place in leading)
        patterns.append(f"^\\s*{cells}\\s*[\\n;,|&]")
    for place in places:
        if place not in leading:
            patterns.append(rf"(?i)(?:^|[\n;,|&])\s*{re.escape(place[0])}\s*[=:]\s*(?P<{names[place]}>[^\n;,|&]*)")
    return patterns[:_PIECES_LIMIT]


def _pattern_of_words(skeleton: tuple[str, ...], names: list[str]) -> str:
    parts = {"<number>": r"[-+]?\d+(?:\.\d+)?%?", "<symbol>": r"\S+?", "<side>": r"[A-Za-z_]+"}
    rest = iter(names)
    written = [f"(?P<{next(rest)}>{parts[part]})" if part in parts else re.escape(part) for part in skeleton]
    text = written[0]
    for at in range(1, len(written)):
        is_word = all(part in parts or part[-1].isalnum() for part in skeleton[at - 1 : at + 1])
        text += (r"\s+" if is_word else r"\s*") + written[at]
    return f"(?i)^{text}\\s*$"

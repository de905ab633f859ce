"""Which column of a shape seems to be which field of an Alert, by its values first and by its name where they are mute.

A guess carries a remark where a person has to decide. Units are never guessed: a remark says what speaks for one.
What holds numbers and is taken for no field is told; where it looks like the stop, the target or the volume, and
nothing else does, the dialect refuses bodies that say something there, rather than trade without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.own.rules import RULES, TYPES, word_of
from zepix.alerts.own.shapes import Place, Shape
from zepix.alerts.own.words import FIELD_WORDS, meaning, parts_of, score
from zepix.alerts.reasons import Unreadable
from zepix.alerts.secrets import is_secret

__all__ = ["Guess", "guess"]

_NEAR: Final = 0.2
_AMOUNT: Final = re.compile(r"\s*[-+]?[$\u20ac\u00a3]?\s?[0-9][0-9.,]*\s?(?:%|[A-Za-z]{1,5})?\s*")
_LONGEST_AMOUNT: Final = 40
_MOST_WORDS: Final = 24
_TEXT_FIELDS: Final = ("timeframe", "order_type", "id", "time", "strategy", "comment")
_NUMBERS: Final = ("sl", "tp", "volume", "price")


@dataclass(slots=True)
class Guess:
    """What a shape seems to be. ``words`` maps, by field, a sender's word to ours; ``remarks`` are by field."""

    fields: dict[str, Place] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    secrets: list[Place] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)
    refused: dict[Place, str] = field(default_factory=dict)
    """Places that look like a level or a volume and cannot be read as one, each with why."""
    left: dict[Place, str] = field(default_factory=dict)
    """Other places that hold numbers, each with examples."""


def guess(shape: Shape, is_symbol: Callable[[str], bool]) -> Guess:
    """The fields that a shape seems to have; what is taken for none stays out."""
    found = Guess()
    rest = dict(shape.columns)
    for place in list(rest):
        if is_secret(place[-1].removeprefix("their_")) or is_secret(shape.labels[place]):
            found.secrets.append(place)
            del rest[place]
    _symbol(shape, rest, is_symbol, found)
    _side_and_type(shape, rest, found)
    for name in _TEXT_FIELDS:
        _by_name(name, shape, rest, found)
    _numbers(shape, rest, found)
    _left_over(shape, rest, found)
    return found


def _given(column: list[Any]) -> list[Any]:
    return [value for value in column if value is not None and value != ""]


def _ranked(name: str, shape: Shape, rest: dict[Place, list[Any]]) -> list[Place]:
    """The columns whose name fits the field, best first."""
    scored = [(score(name, shape.labels[place]), -at, place) for at, place in enumerate(rest)]
    return [place for points, _, place in sorted(scored, reverse=True) if points]


def _symbol(shape: Shape, rest: dict[Place, list[Any]], is_symbol: Callable[[str], bool], found: Guess) -> None:
    def share(place: Place) -> float:
        texts = [value for value in _given(rest[place]) if isinstance(value, str)]
        known = sum(is_symbol(text) or text.strip() == "{{ticker}}" for text in texts)
        return known / len(rest[place]) if texts else 0.0

    known = [place for place in rest if share(place) >= 0.5]
    by_name = _ranked("symbol", shape, rest)
    best = next((place for place in by_name if place in known), None) or next(iter(known), None)
    if best is None:
        best = next((p for p in by_name if any(isinstance(value, str) for value in _given(rest[p]))), None)
        if best is None:
            found.remarks["symbol"] = "no symbol found; it must come beside the body (a log's ticker)"
            return
        found.remarks["symbol"] = "by its name only: no instrument is called so; see --symbol-map"
    found.fields["symbol"] = best
    del rest[best]


def _side_and_type(shape: Shape, rest: dict[Place, list[Any]], found: Guess) -> None:
    """The columns of the side and of the type, which may be the same one (``action: buy, sell, close``)."""
    meanings = {place: read for place, column in rest.items() if (read := _meanings(shape.labels[place], column))}
    sides = [place for place, read in meanings.items() if any(side for _, side in read.values())]
    sides.sort(key=lambda place: -score("side", shape.labels[place]))
    side = sides[0] if sides else None
    types = [
        place
        for place, read in meanings.items()
        if place != side and any(type_ for type_, _ in read.values()) and score("type", shape.labels[place])
    ]
    types.sort(key=lambda place: (-score("type", shape.labels[place]), place in sides))
    if not types and side is None:  # "close EURUSD" says no side, and its word has no name
        types = [place for place, read in meanings.items() if any(type_ for type_, _ in read.values())]
    kind = types[0] if types else None
    if side is not None and kind is None and any(type_ for type_, _ in meanings[side].values()):
        kind = side
    if side is not None:
        found.fields["side"] = side
        found.words["side"] = {word: mean[1] for word, mean in meanings[side].items()}
    else:
        found.remarks["side"] = "no column says buy or sell; name it, or write constants.side"
    if kind is not None:
        found.fields["type"] = kind
        found.words["type"] = {word: mean[0] or "entry" for word, mean in meanings[kind].items()}
        if "exit" in found.words["type"].values() and kind != side and side is not None:
            found.remarks["side"] = "on an exit zepix takes the side for that of the tickets to close: is it so here?"
    else:
        found.constants["type"] = "entry"
        found.remarks["type"] = "unsure: nothing says entry or exit, so every body is taken for an entry"
    for place in {side, kind} - {None}:
        rest.pop(place, None)  # type: ignore[arg-type]
    _drop_own_words(found)


def _drop_own_words(found: Guess) -> None:
    """Words that zepix reads by itself need no entry in a map."""
    for name, words in list(found.words.items()):
        needed = {word: ours for word, ours in words.items() if not _reads_itself(name, word, ours)}
        if needed and name == "type":
            needed = {word: ours for word, ours in words.items() if TYPES.get(word) != ours}
        if needed:
            found.words[name] = needed
        else:
            del found.words[name]


def _reads_itself(name: str, word: str, ours: str) -> bool:
    try:
        return bool(RULES[name].read(name, word) == RULES[name].read(name, ours))
    except Unreadable:
        return False


def _meanings(label: str, column: list[Any]) -> dict[str, tuple[str, str]]:
    """What each word of a column means; nothing where the column is not of such words."""
    given = [value for value in _given(column) if not (isinstance(value, str) and "{{" in value)]
    words = list(dict.fromkeys(word_of(value) for value in given if not isinstance(value, bool)))
    is_named = bool(score("side", label) or score("type", label) or label.startswith(("side", "cell_")))
    if not words or len(words) > _MOST_WORDS or len(given) < 0.3 * len(column) or any(len(w) > 40 for w in words):
        return {}
    short = is_named and all(word in ("b", "s", "l", "1", "-1", "+1", "0") or meaning(word) for word in words)
    raw = {word_of(value): value if isinstance(value, str) else word_of(value) for value in given}
    read = {word: meaning(raw.get(word, word), short_words=short) for word in words}
    known = {word: mean for word, mean in read.items() if mean is not None}
    # a column of prose holds such a word now and then; one of actions holds little else
    return known if len(known) >= 0.6 * len(words) and (is_named or len(known) == len(words)) else {}


def _by_name(name: str, shape: Shape, rest: dict[Place, list[Any]], found: Guess) -> None:
    """A field that is known by its column's name, where the values fit its type."""
    for place in _ranked(name, shape, rest):
        given = _given(rest[place])
        points = score(name, shape.labels[place])
        if not given or not all(_fits(name, value) for value in given):
            continue
        if name == "id" and (points < 2 or len({word_of(value) for value in given}) < len(given)):
            continue
        if name in ("comment", "timeframe") and points < 2:
            continue
        if name in ("strategy", "id") and _qualified(name, shape.labels[place]):
            continue
        found.fields[name] = place
        del rest[place]
        return


def _qualified(name: str, label: str) -> bool:
    """Whether a name says more than the field: ``strategy-order-action`` is no strategy, ``bot_id`` no id."""
    parts = set(parts_of(label.rpartition(".")[2]))
    if name == "strategy":
        return bool(parts - {"name", *FIELD_WORDS["strategy"]})
    return bool(parts & {"strategy", "bot", "user", "account", "chat", "channel", "exchange"})


def _fits(name: str, value: Any) -> bool:
    if isinstance(value, str) and "{{" in value:
        return True
    try:
        if name == "time":
            return values.time_ns(value) > 946_684_800 * 10**9
        RULES[name].read(name, value)
    except (Unreadable, ValueError):
        return False
    return name == "id" or not isinstance(value, float)


def _numbers(shape: Shape, rest: dict[Place, list[Any]], found: Guess) -> None:
    """Stop, target, volume and price by name; what has no name, by where it lies beside the price."""
    numeric = {place: column for place, column in rest.items() if _is_numeric(column)}
    for name in _NUMBERS:
        ranked = [place for place in _ranked(name, shape, numeric) if score(name, shape.labels[place]) > 1]
        ranked = ranked or ([] if name == "price" else _ranked(name, shape, numeric)[:1])
        if ranked:
            found.fields[name] = ranked[0]
            del rest[ranked[0]]
            if len(ranked) > 1 and name != "price":
                others = ", ".join(".".join(place) for place in ranked[1:4])
                found.remarks[name] = f"unsure: {others} could be meant too"
            del numeric[ranked[0]]
    _by_nearness(shape, numeric, rest, found)
    for name in ("sl", "tp"):
        if name in found.fields:
            remarks = (_remark_of_marks(shape, found, name), _remark_of_level(shape, found, name))
            found.remarks[name] = "; ".join(part for part in (found.remarks.get(name), *remarks) if part)
    if "volume" in found.fields:
        tail = found.remarks.get("volume")
        has_exits = "exit" in found.words.get("type", {}).values()
        whole = "an exit closes all of its side, whatever size it says" if has_exits else ""
        parts = (tail, _remark_of_marks(shape, found, "volume"), whole, 'say "lots" if it is lots')
        found.remarks["volume"] = "; ".join(part for part in parts if part)


def _left_over(shape: Shape, rest: dict[Place, list[Any]], found: Guess) -> None:
    """What else holds numbers. Where it is named like a level or a volume that the proposal lacks, it is refused."""
    for place, column in rest.items():
        given = [value for value in _given(column) if not isinstance(value, bool)]
        numbers = [value for value in given if _AMOUNT.fullmatch(str(value)[:_LONGEST_AMOUNT])]
        if not numbers or 2 * len(numbers) < len(given):
            continue
        examples = ", ".join(dict.fromkeys(str(value) for value in numbers[:3]))
        label = shape.labels[place]
        named = [name for name in ("sl", "tp", "volume") if name not in found.fields and score(name, label)]
        if named:
            found.refused[place] = f"looks like the {named[0]}, and cannot be read as a number: {examples}"
        else:
            found.left[place] = examples


def _remark_of_marks(shape: Shape, found: Guess, name: str) -> str:
    mark = shape.marks.get(found.fields[name], "")
    if not mark:
        return ""
    return f"written with {mark!r} in every body, and read without it"


def _is_numeric(column: list[Any]) -> bool:
    given = _given(column)
    found = [_number(value) for value in given]
    is_told = any(not (isinstance(value, str) and "{{" in value) for value in given)
    return is_told and all(number is not None and math.isfinite(number) and number >= 0 for number in found)


def _number(value: Any) -> float | None:
    if isinstance(value, str) and "{{" in value:
        return 0.0
    try:
        return values.number("", value)
    except Unreadable:
        return None


def _by_nearness(shape: Shape, numeric: dict[Place, list[Any]], rest: dict[Place, list[Any]], found: Guess) -> None:
    """Columns that lie near the price in every body: the stop on the losing side of it, the target on the other."""
    price = shape.columns.get(found.fields["price"]) if "price" in found.fields else None
    if price is None:
        groups = [[other for other in numeric if _are_near(numeric[place], numeric[other])] for place in numeric]
        best = max(groups, key=len, default=[])
        if len(best) < 2:
            return
        middle = sorted(best, key=lambda place: _number(_given(numeric[place])[0]) or 0.0)[len(best) // 2]
        found.fields["price"], price = middle, numeric.pop(middle)
        del rest[middle]
        found.remarks["price"] = "unsure: it lies between numbers near it"
    for place in [place for place, column in numeric.items() if _are_near(price, column)]:
        name = _which_side(shape, found, price, numeric[place])
        if name is not None and name not in found.fields:
            found.fields[name] = place
            found.remarks[name] = "unsure: by where it lies beside the price"
            del numeric[place], rest[place]


def _rows(one: list[Any], other: list[Any]) -> Iterator[tuple[int, float, float]]:
    for at, (left, right) in enumerate(zip(one, other, strict=True)):
        if left in (None, "") or right in (None, ""):
            continue
        first, second = _number(left), _number(right)
        if first and second:
            yield at, first, second


def _are_near(one: list[Any], other: list[Any]) -> bool:
    pairs = list(_rows(one, other))
    return bool(pairs) and all(abs(second / first - 1) <= _NEAR for _, first, second in pairs)


def _which_side(shape: Shape, found: Guess, price: list[Any], column: list[Any]) -> str | None:
    """``sl`` where the level lies on the losing side in every body, ``tp`` on the winning one."""
    if "side" not in found.fields:
        return None
    sides = shape.columns[found.fields["side"]]
    signs = set()
    for at, reference, level in _rows(price, column):
        mean = meaning(word_of(sides[at]), short_words=True)
        if mean is not None and mean[1] and level != reference:
            signs.add((level > reference) == (mean[1] == "buy"))
    return None if len(signs) != 1 else "tp" if signs.pop() else "sl"


def _remark_of_level(shape: Shape, found: Guess, name: str) -> str:
    column = shape.columns[found.fields[name]]
    if "price" not in found.fields:
        return 'which unit? "price", "points", "pips", "percent", "distance" ...'
    pairs = list(_rows(shape.columns[found.fields["price"]], column))
    near = sum(abs(level / price - 1) <= _NEAR for _, price, level in pairs)
    if pairs and near == len(pairs):
        return f'near the price in {near} of {len(pairs)}: say "price" if it is one'
    return 'not near the price: "points", "pips", "percent", "distance" ...?'

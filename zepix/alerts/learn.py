"""A table for bodies that nobody understands, proposed from a file of them (``zepix alerts learn``).

A proposal is text: a person reads it, decides what is marked as unsure, and keeps it. It is loaded and tried before it
is shown, so that it says truly how many rows it would understand. Units are never proposed.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts.dialects import Dialect, detect
from zepix.alerts.log import iterate_rows
from zepix.alerts.own.files import loads
from zepix.alerts.own.guesses import Guess, guess
from zepix.alerts.own.paths import FieldPath, find
from zepix.alerts.own.proposal import comment, key_places, table_text
from zepix.alerts.own.rules import word_of
from zepix.alerts.own.shapes import Place, Sample, Shape, shapes_of
from zepix.alerts.payload import Body, decode
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.reasons import Unreadable
from zepix.alerts.rows import LogRow
from zepix.alerts.secrets import redact
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quantity

__all__ = ["Lesson", "learn"]

ROWS_LIMIT: Final = 200_000
LAST_RANK: Final = 100
_MOST_WORDS: Final = 24
_EXAMPLE_LIMIT: Final = 300
_BODY_KEYS: Final = ("payload", "body")
_SHOWN: Final = (
    "type",
    "symbol",
    "side",
    "timeframe",
    "price",
    "sl",
    "tp",
    "volume",
    "explicit_id",
    "strategy",
    "comment",
)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learned: ``text`` is the proposal (TOML), ``report`` says what it would understand.

    The report's keys: ``rows, understood, set_aside, without_shape, would_understand, shapes`` (each ``name, rows,
    tried, would_understand, takes_over, breaks, refused, reasons, row, before, after``). ``takes_over`` are rows that
    are understood without it; ``breaks`` rows that would then not be, for which reason it is not proposed. Without a
    proposal ``text`` is empty.
    """

    text: str
    report: dict[str, Any]


def learn(
    path: str | Path,
    catalogue: Catalogue,
    *,
    symbol_map: Mapping[str, str] = MappingProxyType({}),
    zone: tzinfo | None = None,
    own: tuple[Dialect, ...] = (),
) -> Lesson:
    """A proposal from the rows of a file that ``own`` and the built-in dialects set aside.

    The file is an alert log of any kind, JSON lines with the body under ``payload`` or ``body``, or one body a line.
    Raises DataError for a file that cannot be read or has no rows.
    """
    path = Path(path)
    processor = AlertProcessor(catalogue, symbol_map, own=own)
    rows = [_body_of(row) for row in islice(iterate_rows(path, zone), ROWS_LIMIT)]
    if not rows:
        raise DataError(f"{path} has no rows; an alert log or one body a line was expected")
    understood, samples, broken = _sorted(rows, processor)

    def trial(tables: list[str]) -> AlertProcessor:
        proposed = loads("\n".join(tables), "the proposal") if tables else ()
        return AlertProcessor(catalogue, symbol_map, own=(*own, *proposed))

    def is_symbol(word: str) -> bool:
        return len(word) >= 3 and processor.resolve(word) in catalogue

    shapes = shapes_of(samples, is_symbol)
    others = [*understood, *samples]
    proposals = [
        _proposal(f"learned_{number}", shape, is_symbol, understood, others, trial)
        for number, shape in enumerate(shapes, 1)
    ]
    whole = _without_harm(proposals, understood, trial)
    report = {
        "rows": len(rows),
        "understood": len(understood),
        "set_aside": len(samples) + broken,
        "without_shape": len(samples) - sum(shape.count for shape in shapes) + broken,
        "would_understand": sum(isinstance(_parsed(whole, sample), Alert) for sample in samples),
        "shapes": [one.told for one in proposals],
    }
    is_told = any(one.is_kept for one in proposals)
    return Lesson(_document(path, proposals, report) if is_told else "", report)


@dataclass(slots=True)
class _Proposal:
    """A table, and what it was seen to do; ``is_kept`` says whether it is proposed."""

    table: str
    told: dict[str, Any]
    is_kept: bool


def _proposal(
    name: str,
    shape: Shape,
    is_symbol: Callable[[str], bool],
    understood: list[Sample],
    others: list[Sample],
    trial: Callable[[list[str]], AlertProcessor],
) -> _Proposal:
    """The table of a shape. Where it would claim bodies that are understood, it names the words that it is for."""
    guessed = guess(shape, is_symbol)
    required, rank = _required(shape, guessed, others), _rank(shape)
    table = table_text(name, shape, guessed, required=required, rank=rank)
    (taken, _), processor = _claimed(table, understood, trial)
    words = _words(shape, guessed) if taken else {}
    if words:
        narrower = table_text(name, shape, guessed, required=required, rank=rank, words=words)
        (now_taken, _), narrow = _claimed(narrower, understood, trial)
        if now_taken < taken:
            table, processor = narrower, narrow
    told = _tried(name, shape, processor)
    told["refused"] = [".".join(place) for place in guessed.refused]
    return _Proposal(table, told, bool(told["would_understand"] or guessed.refused))


def _claimed(
    table: str, understood: list[Sample], trial: Callable[[list[str]], AlertProcessor]
) -> tuple[tuple[int, int], AlertProcessor]:
    """(rows understood without it that a table would read, how many of them it would set aside), and its trial."""
    (dialect,) = loads(table, "the proposal")
    processor = trial([table])
    mine = [one for one in understood if dialect.claims(Body(one.text.strip(), one.fields, "{{" in one.text))]
    found = [parsed for one in mine if (parsed := _parsed(processor, one)).dialect == dialect.name]
    return (len(found), sum(not isinstance(one, Alert) for one in found)), processor


def _without_harm(
    proposals: list[_Proposal], understood: list[Sample], trial: Callable[[list[str]], AlertProcessor]
) -> AlertProcessor:
    """Drops what sets aside rows that are understood without it; the rest, tried together, and counted."""
    while True:
        whole = trial([one.table for one in proposals if one.is_kept])
        read: Counter[str | None] = Counter()
        broken: Counter[str | None] = Counter()
        for sample in understood:
            found = _parsed(whole, sample)
            (read if isinstance(found, Alert) else broken)[found.dialect] += 1
        harmful = [one for one in proposals if one.is_kept and broken[one.told["name"]]]
        for one in harmful:
            one.is_kept = False
            one.told["breaks"] = broken[one.told["name"]]
        if not harmful:
            for one in proposals:
                one.told["takes_over"] = read[one.told["name"]] if one.is_kept else 0
                one.told["breaks"] = one.told.get("breaks", 0)
            return whole


def _words(shape: Shape, guessed: Guess) -> dict[Place, list[str]]:
    """The words that the bodies of a shape hold where its type and its side stand, the type's first."""
    found: dict[Place, list[str]] = {}
    for name in ("type", "side"):
        place = guessed.fields.get(name)
        if place is None:
            continue
        said = [word_of(value) for value in shape.columns[place]]
        words = list(dict.fromkeys(word for word in said if word and "{{" not in word))
        if 0 < len(words) <= _MOST_WORDS and all(said):
            found.setdefault(place, words)
    return found


def _body_of(row: LogRow) -> tuple[int, Any, str | None, str | None, str | None]:
    """(row, body, its text, ticker, timeframe) of a log's row; another line's ``body``, or the line itself."""
    body, text = row.payload, row.text
    if row.problem is not None and row.problem[0] == "bad_row" and isinstance(body, str):
        try:
            fields = decode(body)[1].fields
        except Unreadable:
            fields = None
        inner = next((fields[key] for key in _BODY_KEYS if fields and isinstance(fields.get(key), str | dict)), None)
        body, text = (body, None) if inner is None else (inner, None)
    beside = [one if isinstance(one, str) and len(one) <= 256 else None for one in (row.ticker, row.timeframe)]
    return row.number, body, text, beside[0], beside[1]


def _sorted(
    rows: list[tuple[int, Any, str | None, str | None, str | None]], processor: AlertProcessor
) -> tuple[list[Sample], list[Sample], int]:
    """(rows that are alerts, rows to learn from, how many cannot even be decoded)."""
    understood, samples, broken = [], [], 0
    for number, raw, text, ticker, timeframe in rows:
        try:
            whole, body = decode(raw, text)
        except Unreadable:
            broken += 1
            continue
        sample = Sample(number, whole, body.fields, ticker, timeframe)
        found = _parsed(processor, sample)
        if isinstance(found, Alert):
            understood.append(sample)
            continue
        sample.reason = found.reason
        claimed = detect(body)
        sample.rank = None if claimed is None else claimed.rank
        samples.append(sample)
    return understood, samples, broken


def _parsed(processor: AlertProcessor, sample: Sample) -> Any:
    body = sample.text if sample.fields is None else sample.fields
    return processor.parse(body, ticker=sample.ticker, timeframe=sample.timeframe, text=sample.text)


def _rank(shape: Shape) -> int:
    """Right before the built-in dialect that claims these bodies and cannot read them: nothing else is taken over."""
    return min([LAST_RANK, *(sample.rank for sample in shape.samples if sample.rank is not None)])


def _required(shape: Shape, guessed: Guess, others: list[Sample]) -> list[Place]:
    """The places by which the shape is known; all that are always there, where these stand in other bodies too."""
    own = {sample.number for sample in shape.samples}
    always = shape.always()
    key = [place for place in key_places(guessed) if place in always] or always
    paths = [FieldPath("", place) for place in key]
    for other in others:
        if (
            other.number not in own
            and other.fields is not None
            and all(find(other.fields, path) is not None for path in paths)
        ):
            return always
    return key


def _tried(name: str, shape: Shape, trial: AlertProcessor) -> dict[str, Any]:
    parsed = [_parsed(trial, sample) for sample in shape.samples]
    alerts = [(sample, found) for sample, found in zip(shape.samples, parsed, strict=True) if isinstance(found, Alert)]
    reasons = Counter(found.reason for found in parsed if not isinstance(found, Alert))
    sample, after = alerts[0] if alerts else (shape.samples[0], None)
    return {
        "name": name,
        "rows": shape.count,
        "tried": len(parsed),
        "would_understand": len(alerts),
        "reasons": dict(sorted(reasons.items())),
        "row": sample.number,
        "before": comment(redact(sample.text))[:_EXAMPLE_LIMIT],
        "after": _in_words(after) if after is not None else f"set aside: {parsed[0].reason}: {parsed[0].detail}",
    }


def _in_words(alert: Alert) -> str:
    """The fields that say something: ``type entry, symbol EURUSD, side buy, sl 20 (unit unknown)``."""
    parts = []
    for field in dataclasses.fields(alert):
        value = getattr(alert, field.name)
        if field.name in _SHOWN and value not in (None, ""):
            if isinstance(value, Quantity):
                value = f"{value.value:g} (unit {value.unit})"
            parts.append(f"{field.name} {value}")
    return comment(", ".join(parts))


def _document(path: Path, proposals: list[_Proposal], report: dict[str, Any]) -> str:
    lines = [
        f"# Proposed from {comment(path.name)}: {report['rows']} rows, {report['understood']} understood already,",
        f"# {report['set_aside']} set aside. With these tables {report['would_understand']} of those would be alerts.",
        "# Decide what is marked unsure and every unit (an unknown one is refused when an order comes of it),",
        "# give the dialects names of your own, and keep the file. docs/dialects.md says what may stand in it.",
    ]
    if report["without_shape"]:
        lines.append(f"# {report['without_shape']} rows are of no shape that could be learned.")
    for told, one in ((one.told, one) for one in proposals):
        lines += [
            "",
            f"# --- {told['name']}: {told['rows']} rows, {told['would_understand']} of {told['tried']} understood",
        ]
        if told["takes_over"]:
            lines.append(f"# CAREFUL: it takes over {told['takes_over']} rows that are understood without it.")
        if told["breaks"]:
            lines.append(f"# Not proposed: {told['breaks']} rows that are understood now would be set aside by it.")
        lines += [f"# before (row {told['row']}): {told['before']}", f"# after: {told['after']}"]
        lines.append(one.table.rstrip("\n") if one.is_kept else "# nothing to propose for these")
    return "\n".join(lines) + "\n"

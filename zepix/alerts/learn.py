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
from zepix.alerts.own.shapes import Place, Sample, Shape, shapes_of
from zepix.alerts.payload import decode
from zepix.alerts.processor import AlertProcessor
from zepix.alerts.reasons import Unreadable
from zepix.alerts.rows import LogRow
from zepix.alerts.secrets import redact
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quantity

__all__ = ["Lesson", "learn"]

ROWS_LIMIT: Final = 200_000
LAST_RANK: Final = 100
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
    tried, would_understand, takes_over, reasons, row, before, after``). Without a proposal ``text`` is empty.
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

    proposals: list[tuple[str, dict[str, Any]]] = []
    shapes = shapes_of(samples, is_symbol)
    for shape in shapes:
        proposals.append(_proposal(f"learned_{len(proposals) + 1}", shape, is_symbol, [*understood, *samples], trial))
    tables = [table for table, told in proposals if told["would_understand"]]
    whole = trial(tables)
    read = [parsed.dialect for one in understood if isinstance(parsed := _parsed(whole, one), Alert)]
    report = {
        "rows": len(rows),
        "understood": len(understood),
        "set_aside": len(samples) + broken,
        "without_shape": len(samples) - sum(shape.count for shape in shapes) + broken,
        "would_understand": sum(isinstance(_parsed(whole, sample), Alert) for sample in samples),
        "shapes": [told | {"takes_over": read.count(told["name"])} for _, told in proposals],
    }
    return Lesson(_document(path, proposals, report) if tables else "", report)


def _proposal(
    name: str,
    shape: Shape,
    is_symbol: Callable[[str], bool],
    others: list[Sample],
    trial: Callable[[list[str]], AlertProcessor],
) -> tuple[str, dict[str, Any]]:
    """The table of a shape, and what it was seen to do."""
    guessed = guess(shape, is_symbol)
    table = table_text(name, shape, guessed, required=_required(shape, guessed, others), rank=_rank(shape))
    return table, _tried(name, shape, trial([table]))


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


def _document(path: Path, proposals: list[tuple[str, dict[str, Any]]], report: dict[str, Any]) -> str:
    lines = [
        f"# Proposed from {comment(path.name)}: {report['rows']} rows, {report['understood']} understood already,",
        f"# {report['set_aside']} set aside. With these tables {report['would_understand']} of those would be alerts.",
        "# Decide what is marked unsure and every unit (an unknown one is refused when an order comes of it),",
        "# give the dialects names of your own, and keep the file. docs/dialects.md says what may stand in it.",
    ]
    if report["without_shape"]:
        lines.append(f"# {report['without_shape']} rows are of no shape that could be learned.")
    for (table, _), told in zip(proposals, report["shapes"], strict=True):
        lines += [
            "",
            f"# --- {told['name']}: {told['rows']} rows, {told['would_understand']} of {told['tried']} understood",
        ]
        if told["takes_over"]:
            lines.append(f"# CAREFUL: it takes over {told['takes_over']} rows that are understood without it.")
        lines += [f"# before (row {told['row']}): {told['before']}", f"# after: {told['after']}"]
        lines.append(table.rstrip("\n") if told["would_understand"] else "# nothing to propose for these")
    return "\n".join(lines) + "\n"

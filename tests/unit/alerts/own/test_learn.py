"""What is proposed for bodies that nobody understands: five foreign shapes, round trip, and honest numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from zepix.alerts import AlertProcessor
from zepix.alerts.learn import Lesson, learn
from zepix.alerts.own import loads
from zepix.alerts.own.words import meaning
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quantity, Side

UP = (True, False, True, True, False, False)


def nested(at: int, up: bool) -> str:
    price, way = 1.08 + at / 1000, 1 if up else -1
    return json.dumps(
        {
            "evt": "signal",
            "market": {"pair": "EUR/USD", "feed": "x"},
            "order": {"dir": "L" if up else "S", "px": price, "levels": [price - way * 0.004, price + way * 0.008]},
            "uid": f"u-{at}",
            "fired": 1_700_000_000 + at * 3600,
        }
    )


def sentence(at: int, up: bool) -> str:
    way = 1 if up else -1
    return f"{'Long' if up else 'Short'} XAUUSD @ {2000 + at} SL {2000 + at - way * 10} TP {2000 + at + way * 20}"


def pairs(at: int, up: bool) -> str:
    parts = ["sym=GBPUSD", f"do={'go_long' if up else 'go_short'}", f"stake=0.{at + 1}", "stop pips=20"]
    return ";".join([*(reversed(parts) if at % 2 else parts), "auth_token=abcd1234"])


def words(at: int, up: bool) -> str:
    body = {"instrument": "USDJPY", "operation": "OPEN_LONG" if up else "CLOSE_LONG", "quantity": at + 1}
    return json.dumps(body | {"api_key": "k123456", "stop": 150 + at})


def tabs(at: int, up: bool) -> str:
    return (
        f"NZDUSD\t{'B' if up else 'S'}\t{0.61 + at / 1000:.4f}\t{0.61 + at / 1000 - (0.01 if up else -0.01):.4f}\tday"
    )


UNKNOWN_SL = "dialects.learned_1.sl_unit"
SHAPES: list[tuple[str, Any, dict[str, Any]]] = [
    (
        "nested JSON",
        nested,
        {
            "type": "entry",
            "symbol": "EURUSD",
            "side": Side.BUY,
            "price": 1.08,
            "sl": Quantity(1.076, "unknown", UNKNOWN_SL),
            "tp": Quantity(1.088, "unknown", "dialects.learned_1.tp_unit"),
            "explicit_id": "u-0",
            "time_ns": 1_700_000_000 * 10**9,
        },
    ),
    (
        "a sentence",
        sentence,
        {
            "type": "entry",
            "symbol": "XAUUSD",
            "side": Side.BUY,
            "price": 2000.0,
            "sl": Quantity(1990.0, "unknown", UNKNOWN_SL),
        },
    ),
    (
        "name=value in any order",
        pairs,
        {
            "type": "entry",
            "symbol": "GBPUSD",
            "side": Side.BUY,
            "volume": Quantity(0.1, "unknown", "dialects.learned_1.volume_unit"),
            "sl": Quantity(20.0, "unknown", UNKNOWN_SL),
        },
    ),
    (
        "JSON whose word is type and side",
        words,
        {"type": "entry", "symbol": "USDJPY", "side": Side.BUY, "sl": Quantity(150.0, "unknown", UNKNOWN_SL)},
    ),
    (
        "cells between tabs, told by where they lie",
        tabs,
        {
            "type": "entry",
            "symbol": "NZDUSD",
            "side": Side.BUY,
            "price": 0.61,
            "sl": Quantity(0.6, "unknown", UNKNOWN_SL),
        },
    ),
]


def lesson_of(folder: Path, catalogue: Catalogue, lines: list[str], name: str = "foreign.txt") -> Lesson:
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return learn(file, catalogue)


@pytest.mark.parametrize(("make", "first"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_a_foreign_shape_is_learned_and_parses(
    tmp_path: Path, catalogue: Catalogue, make: Any, first: dict[str, Any]
) -> None:
    bodies = [make(at, up) for at, up in enumerate(UP)]
    lesson = lesson_of(tmp_path, catalogue, bodies)
    assert (lesson.report["set_aside"], lesson.report["would_understand"]) == (6, 6), lesson.text
    own = loads(lesson.text)
    alerts = [AlertProcessor(catalogue, own=own).parse(body, id="x") for body in bodies]
    assert all(isinstance(alert, Alert) and alert.dialect == "learned_1" for alert in alerts)
    assert {name: getattr(alerts[0], name) for name in first} == first
    if make is words:
        assert [alert.type for alert in alerts if isinstance(alert, Alert)].count("exit") == 3
    else:
        assert [alert.side for alert in alerts if isinstance(alert, Alert)] == [
            Side.BUY if up else Side.SELL for up in UP
        ]


def test_units_are_never_proposed(tmp_path: Path, catalogue: Catalogue) -> None:
    bodies = [make(at, up) for _, make, _ in SHAPES for at, up in enumerate(UP)]
    text = lesson_of(tmp_path, catalogue, bodies).text
    units = [
        line for line in text.splitlines() if line.startswith(("sl = ", "tp = ", "volume = ")) and "unknown" in line
    ]
    assert len(units) == 9, "two in each shape but the last"
    assert all("#" in line for line in units), "each says what to decide"
    for unit in ('"price"', '"pips"', '"lots"'):
        assert not [line for line in text.splitlines() if line.partition("#")[0].rstrip().endswith(f"= {unit}")]


def test_shapes_are_kept_apart_and_counted(tmp_path: Path, catalogue: Catalogue) -> None:
    bodies = [make(at, up) for at, up in enumerate(UP) for _, make, _ in SHAPES]
    understood = '{"type": "entry", "symbol": "EURUSD", "side": "buy"}'
    lesson = lesson_of(tmp_path, catalogue, [*bodies, understood, "hello there, nothing here", "{broken"])
    report = lesson.report
    assert (report["rows"], report["understood"], report["set_aside"]) == (33, 1, 32)
    assert (report["would_understand"], report["without_shape"]) == (30, 2)
    assert [shape["rows"] for shape in report["shapes"]] == [6] * 5
    assert all(shape["takes_over"] == 0 for shape in report["shapes"])
    assert [dialect.name for dialect in loads(lesson.text)] == [f"learned_{n}" for n in range(1, 6)]
    assert "# before (row 1): " in lesson.text
    assert "# after: type entry, symbol EURUSD, side buy" in lesson.text


def test_secrets_are_found_and_never_shown(tmp_path: Path, catalogue: Catalogue) -> None:
    bodies = [make(at, up) for at, up in enumerate(UP) for make in (pairs, words)]
    lesson = lesson_of(tmp_path, catalogue, bodies)
    assert 'secrets = ["auth_token"]' in lesson.text
    assert 'secrets = ["api_key"]' in lesson.text
    assert not [secret for secret in ("abcd1234", "k123456") if secret in lesson.text + json.dumps(lesson.report)]


def test_a_row_that_stays_out_is_named_with_its_reason(tmp_path: Path, catalogue: Catalogue) -> None:
    bodies = [words(at, up) for at, up in enumerate(UP)]
    bodies.append(json.dumps({"instrument": "USDJPY", "operation": "OPEN_LONG", "stop": "{{plot_0}}"}))
    report = lesson_of(tmp_path, catalogue, bodies).report
    assert (report["would_understand"], report["shapes"][0]["reasons"]) == (6, {"placeholder": 1})


def test_what_cannot_be_learned_is_not_proposed(tmp_path: Path, catalogue: Catalogue) -> None:
    lesson = lesson_of(tmp_path, catalogue, ['{"temperature": 20, "room": "attic"}', "{{plot_0}} is high"])
    assert lesson.text == ""
    assert lesson.report["would_understand"] == 0


def test_logs_and_other_json_lines_are_read(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = [{"received_at": "2026-01-05T14:45:00Z", "payload": json.loads(words(at, up))} for at, up in enumerate(UP)]
    log = lesson_of(tmp_path, catalogue, [json.dumps(row) for row in rows], "log.jsonl")
    examples = [{"id": str(at), "body": words(at, up), "notes": "n"} for at, up in enumerate(UP)]
    others = lesson_of(tmp_path, catalogue, [json.dumps(row) for row in examples], "examples.jsonl")
    assert log.report["would_understand"] == others.report["would_understand"] == 6


def test_it_says_what_it_would_take_over(tmp_path: Path, catalogue: Catalogue) -> None:
    good = {"type": "entry", "symbol": "EURUSD", "side": "buy"}
    bad = good | {"type": "squeak"}
    lesson = lesson_of(tmp_path, catalogue, [json.dumps(good), *[json.dumps(bad)] * 3])
    assert lesson.report["shapes"][0]["takes_over"] == 1
    assert "CAREFUL: it takes over 1 row" in lesson.text


def test_hostile_names_and_values_stay_text(tmp_path: Path, catalogue: Catalogue) -> None:
    name = 'a"b.\u202e\U0001f600\\'
    body = {name: {"x\u0007": "buy"}, "'\"": 1.5, "pair": "EURUSD", "": 3, "way": "buy\n[dialect.evil]"}
    lesson = lesson_of(tmp_path, catalogue, [json.dumps(body | {"way": "sell", "n": at}) for at in range(3)])
    assert lesson.report["would_understand"] == 3
    assert [one.name for one in loads(lesson.text)] == ["learned_1"]
    injected = lesson_of(tmp_path, catalogue, [json.dumps(body | {"n": at}) for at in range(3)])
    if injected.text:
        assert [one.name for one in loads(injected.text)] == ["learned_1"]


def test_an_empty_file_has_nothing_to_learn_from(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(DataError):
        lesson_of(tmp_path, catalogue, [""])
    with pytest.raises(DataError, match="does not exist"):
        learn(tmp_path / "none.jsonl", catalogue)


def test_payload_examples_give_a_proposal_that_loads(recorded: Path, catalogue: Catalogue) -> None:
    lesson = learn(recorded / "payload_examples.jsonl", catalogue)
    assert lesson.report["rows"] == 22
    if lesson.text:
        loads(lesson.text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("BUY", ("", "buy")),
        ("go_short", ("", "sell")),
        ("close_long", ("exit", "buy")),
        ("CloseShort", ("exit", "sell")),
        ("open", ("entry", "")),
        ("flip to long", ("reversal", "buy")),
        ("cover", ("exit", "sell")),
        ("long short", None),
        ("hello", None),
    ],
)
def test_meaning_of_words(word: str, expected: Any) -> None:
    assert meaning(word) == expected

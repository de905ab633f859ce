"""What is proposed for bodies that nobody understands: five foreign shapes, round trip, and honest numbers."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from zepix.alerts import AlertProcessor
from zepix.alerts.learn import Lesson, learn
from zepix.alerts.own import loads
from zepix.alerts.own.words import meaning
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quantity, Quarantined, Side

learning = importlib.import_module("zepix.alerts.learn")
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


def algoway(at: int, word: str) -> str:
    body = {"platform_name": "mt5", "ticker": "EURUSD", "order_contracts": "0.1", "order_action": word}
    return json.dumps(body | {"sl_price": 1.07, "comment": "x", "price": 1.08 + at / 1000})


def test_words_that_are_understood_are_left_to_the_dialect_that_reads_them(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    """Thirty rows, of which only ``flat`` is set aside: entries must not be lost to the table of the exits."""
    words = [("buy", "flat", "sell", "flat")[at % 4] for at in range(30)]
    bodies = [algoway(at, word) for at, word in enumerate(words)]
    lesson = lesson_of(tmp_path, catalogue, bodies)
    assert (lesson.report["understood"], lesson.report["would_understand"]) == (15, 15)
    assert [(one["takes_over"], one["breaks"]) for one in lesson.report["shapes"]] == [(0, 0)]
    assert 'one_of = { "order_action" = ["flat"] }' in lesson.text
    alerts = [AlertProcessor(catalogue, own=loads(lesson.text)).parse(body, id="x") for body in bodies]
    kinds = {"buy": "entry", "sell": "entry", "flat": "exit"}
    assert [alert.type for alert in alerts if isinstance(alert, Alert)] == [kinds[word] for word in words]


def test_text_whose_other_words_are_understood_is_told_by_its_words(tmp_path: Path, catalogue: Catalogue) -> None:
    bodies = [f"SYMBOL=EURUSD;SIGNAL={('BUY', 'GO_FLAT')[at % 2]};PRICE=1.08" for at in range(6)]
    lesson = lesson_of(tmp_path, catalogue, bodies)
    own = loads(lesson.text)
    alerts = [AlertProcessor(catalogue, own=own).parse(body, id="x") for body in bodies]
    assert [(alert.dialect, alert.type) for alert in alerts if isinstance(alert, Alert)] == [
        ("key_value", "entry"), ("learned_1", "exit"),
    ] * 3  # fmt: skip


def test_what_would_make_the_file_worse_is_not_proposed(catalogue: Catalogue) -> None:
    good = {"symbol": "EURUSD", "action": "buy"}
    harmful = (
        '[dialect.learned_1]\nmatch = { required = ["action"] }\nfields = { type = "action", symbol = "symbol" }\n'
    )
    proposal = learning._Proposal(harmful, {"name": "learned_1"}, is_kept=True)
    understood = [learning.Sample(1, json.dumps(good), good)]
    whole = learning._without_harm(
        [proposal], understood, lambda tables: AlertProcessor(catalogue, own=loads("\n".join(tables)) if tables else ())
    )
    assert (proposal.is_kept, proposal.told["breaks"], proposal.told["takes_over"]) == (False, 1, 0)
    assert isinstance(whole.parse(json.dumps(good), id="x"), Alert)


AUTOVIEW = [
    f"a=x s=EURUSD b={'long' if up else 'short'} q=0.{at + 1} t=market sl=-0.5% tp=1%" for at, up in enumerate(UP)
]


def test_levels_with_signs_and_per_cent_are_proposed_without_a_unit(tmp_path: Path, catalogue: Catalogue) -> None:
    closes = ["close EURUSD", "close GBPUSD", "close EURUSD"]
    lesson = lesson_of(tmp_path, catalogue, [*AUTOVIEW, *closes])
    assert lesson.report["would_understand"] == 9
    processor = AlertProcessor(catalogue, own=loads(lesson.text))
    first = processor.parse(AUTOVIEW[0], id="x")
    assert isinstance(first, Alert)
    levels = [(one.value, one.unit) for one in (first.sl, first.tp, first.volume) if isinstance(one, Quantity)]
    assert levels == [(0.5, "unknown"), (1.0, "unknown"), (0.1, "unknown")]
    assert lesson.text.count("in every body, and read without it") == 2
    last = processor.parse(closes[-1], id="x")
    assert isinstance(last, Alert) and (last.type, last.side, last.symbol) == ("exit", None, "EURUSD")
    assert isinstance(processor.parse(AUTOVIEW[0].replace("-0.5%", "20"), id="x"), Quarantined), "another spelling"


@pytest.mark.parametrize("kind", ["json", "text"])
def test_stop_that_cannot_be_read_is_refused_and_told(tmp_path: Path, catalogue: Catalogue, kind: str) -> None:
    said = [{"pair": "EURUSD", "way": "long" if up else "short", "stop": "-0.5%"} for up in UP]
    bodies = [json.dumps(one) if kind == "json" else ";".join(f"{k}={v}" for k, v in one.items()) for one in said]
    lesson = lesson_of(tmp_path, catalogue, bodies)
    assert lesson.report["would_understand"] == 0
    assert "CAREFUL: " in lesson.text and "looks like the sl" in lesson.text
    found = AlertProcessor(catalogue, own=loads(lesson.text)).parse(bodies[0], id="x")
    assert isinstance(found, Quarantined) and found.reason == "unsupported_parameter"


def test_numbers_that_no_field_takes_are_told(tmp_path: Path, catalogue: Catalogue) -> None:
    bodies = [
        json.dumps({"pair": "EURUSD", "way": "long" if up else "short", "score": 80 + at}) for at, up in enumerate(UP)
    ]
    assert "# not taken: score holds numbers (80, 81, 82)" in lesson_of(tmp_path, catalogue, bodies).text


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

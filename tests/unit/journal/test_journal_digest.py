"""The digest: equal for what did the same, different for what did not, whatever the process or the Python."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zepix.engine.record import RunRecord
from zepix.journal.digest import DECISION, ORDER, TRADE, canonical_lines, digest
from zepix.model import AccountSpec, Catalogue, ClosingFill, DecisionRow, FillModel, Order, Trail

FILL = ClosingFill(
    ticket=1, part=1, plugin_id="bracket", family="bracket", symbol="EURUSD", side=1, role="", steps=10, entry_ns=100,
    entry_points=138_010, exit_ns=200, exit_points=138_110, initial_sl=137_900, initial_tp=138_110, sl=137_900,
    tp=138_110, exit_reason="tp", gross_minor=1000, commission_minor=-70, swap_minor=0, pnl_minor=930, pnl_points=100,
    mae_points=20, mfe_points=100, bars_held=10, ambiguous=False, alert_id="a1", chain_id="", known_ns=200,
    entry_row=0, exit_row=9,
)  # fmt: skip


def changed(item: Any, changes: dict[str, Any]) -> Any:
    for name, value in changes.items():
        setattr(item, name, value)
    return item


def an_order(**changes: Any) -> Order:
    order = Order(
        id=1, kind="market", plugin_id="bracket", family="bracket", alert_id="a1", symbol="EURUSD", side=1,
        decided_ns=90, arrival_ns=95, volume_steps=10, volume="0.10", sl=137_900, tp=138_110, status="filled",
        answered_ns=100, fill_ns=100, fill_points=138_010, filled_steps=10, ticket=1,
    )  # fmt: skip
    return changed(order, changes)


def a_decision(**changes: Any) -> DecisionRow:
    row = DecisionRow(
        alert_id="a1", received_ns=90, dialect="plain", plugin_id="bracket", family="bracket", outcome="filled",
        reason="", symbol="EURUSD", type="entry", side="buy", timeframe="1m", numbers={"spread_points": 10.5},
    )  # fmt: skip
    return changed(row, changes)


def a_record(fill: ClosingFill = FILL, order: Order | None = None, decision: DecisionRow | None = None) -> RunRecord:
    record = RunRecord(AccountSpec(), FillModel(), Catalogue(), {})
    record.fills, record.orders, record.decisions = [fill], [order or an_order()], [decision or a_decision()]
    return record


LINES = (
    '["zepix-digest",2]\n'
    '["trade",1,1,1,10,100,138010,200,138110,137900,138110,137900,138110,1000,-70,0,930,100,20,100,10,0,200,'
    '"bracket","bracket","EURUSD","","tp","a1",""]\n'
    '["order",1,1,90,95,10,137900,138110,0,100,100,138010,10,1,0,0,0,0,0,'
    '"market","bracket","bracket","a1","EURUSD","","signal","","filled","","","tp",null,null,null,null,"",[],[],[],[]]\n'
    '["decision",90,"a1","plain","bracket","bracket","filled","","EURUSD","entry","buy"]\n'
)


def test_rows_are_written_as_the_page_says() -> None:
    assert "".join(canonical_lines(a_record())) == LINES
    assert digest(a_record()) == hashlib.sha256(LINES.encode("ascii")).hexdigest()


def test_run_of_nothing_has_the_digest_of_the_header() -> None:
    empty = RunRecord(AccountSpec(), FillModel(), Catalogue(), {})
    assert digest(empty) == hashlib.sha256(b'["zepix-digest",2]\n').hexdigest()


@pytest.mark.parametrize("name", [*TRADE[0], *TRADE[1]])
def test_every_field_of_a_trade_counts(name: str) -> None:
    value = getattr(FILL, name)
    other = value + "x" if isinstance(value, str) else (not value if isinstance(value, bool) else value + 1)
    assert digest(a_record(FILL._replace(**{name: other}))) != digest(a_record())


def test_trade_leaves_out_only_the_rows_of_the_series() -> None:
    assert set(ClosingFill._fields) - {*TRADE[0], *TRADE[1]} == {"entry_row", "exit_row"}


ORDER_CHANGES = [
    *((name, 77) for name in ORDER[0]),
    *((name, "other") for name in ORDER[1]),
    *(("sl_offset", -50), ("tp_offset", 50), ("after", (1, 2)), ("tickets", (12,))),
    *(("targets", (12,)), ("new_sl", 0), ("new_tp", 5), ("frac", Decimal("0.5")), ("trails", (Trail(1, 2, 3),))),
]


@pytest.mark.parametrize(("name", "value"), ORDER_CHANGES)
def test_every_field_of_an_order_counts(name: str, value: object) -> None:
    assert digest(a_record(order=an_order(**{name: value}))) != digest(a_record())


@pytest.mark.parametrize("name", [*DECISION[1], "received_ns"])
def test_every_field_of_a_decision_counts(name: str) -> None:
    other = 91 if name == "received_ns" else "other"
    assert digest(a_record(decision=a_decision(**{name: other}))) != digest(a_record())


def test_numbers_of_a_decision_do_not_count() -> None:
    assert digest(a_record(decision=a_decision(numbers={"x": 0.1}))) == digest(a_record())


def test_missing_time_is_not_minus_one() -> None:
    none = digest(a_record(decision=a_decision(received_ns=None)))
    assert none != digest(a_record(decision=a_decision(received_ns=-1)))


@pytest.mark.parametrize(
    ("first", "second"), [({"symbol": 'A","B', "side": "C"}, {"symbol": "A", "side": 'B","C'}), ({"reason": "a\n"}, {})]
)
def test_text_cannot_imitate_a_border(first: dict[str, str], second: dict[str, str]) -> None:
    assert digest(a_record(decision=a_decision(**first))) != digest(a_record(decision=a_decision(**second)))


def test_numpy_integer_is_as_good_as_an_integer() -> None:
    assert digest(a_record(FILL._replace(entry_points=np.int64(138_010)))) == digest(a_record())  # type: ignore[arg-type]


def test_float_where_an_integer_belongs_is_refused() -> None:
    with pytest.raises(ValueError, match="format code 'd'"):
        digest(a_record(FILL._replace(pnl_minor=930.0)))  # type: ignore[arg-type]


def test_lone_surrogate_has_a_digest() -> None:
    assert digest(a_record(decision=a_decision(alert_id="\ud800"))) != digest(a_record())


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_digest_is_the_same_in_a_process_of_another_hash_seed(seed: str) -> None:
    code = "import test_journal_digest as t; from zepix.journal.digest import digest; print(digest(t.a_record()))"
    here = Path(__file__).parent
    env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([str(here), str(here.parents[2])])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == hashlib.sha256(LINES.encode("ascii")).hexdigest()

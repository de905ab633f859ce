"""The tables of a run as Arrow: columns, types, units, and what is missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from fake_run import CATALOGUE, EURUSD, THURSDAY_NS, XAUUSD, bracket_run, fill_of, flat_series, record_of, walk_series

from zepix.model import DecisionRow, Order, Side
from zepix.research import arrow
from zepix.research.columns import prices_of
from zepix.research.decisions import MAX_NUMBER_COLUMNS, decisions_table
from zepix.research.equity import equity_curve
from zepix.research.tables import equity_table, orders_table, recorded_table, trades_table

TRADE_COLUMNS = [
    "ticket",
    "part",
    "strategy",
    "family",
    "symbol",
    "side",
    "role",
    "volume",
    "entry_time",
    "entry_price",
    "exit_time",
    "exit_price",
    "initial_sl",
    "initial_tp",
    "sl",
    "tp",
    "exit_reason",
    "gross",
    "commission",
    "swap",
    "pnl",
    "pnl_points",
    "mae_points",
    "mfe_points",
    "bars_held",
    "ambiguous",
    "alert_id",
    "chain_id",
]
UTC = pa.timestamp("ns", tz="UTC")
SERIES = [flat_series("EURUSD", 138_000, 60), flat_series("XAUUSD", 1_290_000, 60)]


def test_trades_have_the_columns_of_the_fill_model_in_its_order() -> None:
    table = trades_table(record_of([fill_of()], SERIES))
    assert table.column_names == TRADE_COLUMNS
    row = table.to_pylist()[0]
    assert row.pop("entry_time") == dt.datetime(2014, 5, 1, tzinfo=dt.UTC)
    assert row.pop("exit_time") == dt.datetime(2014, 5, 1, 0, 10, tzinfo=dt.UTC)
    assert row == {
        "ticket": 1, "part": 1, "strategy": "bracket", "family": "bracket", "symbol": "EURUSD", "side": "buy",
        "role": "", "volume": 0.1, "entry_price": 1.3801, "exit_price": 1.3811, "initial_sl": 1.379,
        "initial_tp": 1.3811, "sl": 1.379, "tp": 1.3811, "exit_reason": "tp", "gross": 10.0, "commission": -0.7,
        "swap": 0.0, "pnl": 9.3, "pnl_points": 100, "mae_points": 20, "mfe_points": 100, "bars_held": 10,
        "ambiguous": False, "alert_id": "a1", "chain_id": "",
    }  # fmt: skip


def test_trades_have_the_same_types_with_rows_and_without() -> None:
    some, none = (trades_table(record_of(fills, SERIES)) for fills in ([fill_of()], []))
    assert some.schema == none.schema
    kinds = {name: some.schema.field(name).type for name in ("entry_time", "pnl", "pnl_points", "ambiguous", "side")}
    assert kinds == {"entry_time": UTC, "pnl": pa.float64(), "pnl_points": pa.int64(), "ambiguous": pa.bool_(),
                     "side": pa.string()}  # fmt: skip


def test_level_that_was_not_set_is_null() -> None:
    table = trades_table(record_of([fill_of(sl=0, initial_sl=0), fill_of(ticket=2)], SERIES))
    assert table["sl"].to_pylist() == [None, 1.379]
    assert table["initial_sl"].to_pylist() == [None, 1.379]


def test_each_symbol_has_its_own_digits_and_volume_step() -> None:
    gold = fill_of(ticket=2, symbol="XAUUSD", side=-1, entry_points=1_290_123, steps=7)
    table = trades_table(record_of([fill_of(), gold], SERIES))
    assert table["entry_price"].to_pylist() == [1.3801, 1290.123]
    assert table["volume"].to_pylist() == [0.1, 0.07]
    assert table["side"].to_pylist() == ["buy", "sell"]


@pytest.mark.parametrize("instrument", [EURUSD, XAUUSD])
def test_price_column_is_the_float_nearest_to_the_decimal(instrument) -> None:  # type: ignore[no-untyped-def]
    points = np.random.default_rng(5).integers(1, 2**31 - 1, 5000)
    expected = [float(instrument.point * int(p)) for p in points]
    assert prices_of(instrument, points).tolist() == expected
    assert expected[:50] == [float(Decimal(int(p)) * instrument.point) for p in points[:50]]
    assert [instrument.price(int(p)) for p in points] == expected


# -- orders -------------------------------------------------------------------------------------------------------


def an_order(**changes: object) -> Order:
    order = Order(
        id=1, kind="market", plugin_id="bracket", family="bracket", alert_id="a1", symbol="EURUSD", side=1,
        decided_ns=THURSDAY_NS, arrival_ns=THURSDAY_NS + 5, volume_steps=10, volume="0.10", sl=137_900,
    )  # fmt: skip
    for name, value in changes.items():
        setattr(order, name, value)
    return order


def test_refused_order_shows_its_reason_and_has_no_fill() -> None:
    record = record_of([], SERIES)
    record.orders = [an_order()]
    record.orders[0].move("refused", THURSDAY_NS + 5, "no_money")
    table = orders_table(record)
    assert table["answered_at"].cast(pa.int64()).to_pylist() == [THURSDAY_NS + 5]
    row = table.drop_columns(["decided_at", "arrival_at", "answered_at"]).to_pylist()[0]
    shown = ("status", "reason", "side", "volume", "requested_volume", "sl", "tp", "fill_time", "fill_price")
    assert {name: row[name] for name in shown} == {
        "status": "refused", "reason": "no_money", "side": "buy", "volume": 0.1, "requested_volume": "0.10",
        "sl": 1.379, "tp": None, "fill_time": None, "fill_price": None,
    }  # fmt: skip


def test_close_of_both_sides_names_its_tickets() -> None:
    record = record_of([], SERIES)
    record.orders = [an_order(kind="close", side=0, tickets=(3, 4), after=(1,), closed=2), an_order(id=2, side=-1)]
    rows = orders_table(record).drop_columns(["arrival_at"]).to_pylist()
    assert [(r["side"], r["tickets"], r["after"], r["closed"]) for r in rows] == [
        ("both", [3, 4], [1], 2),
        ("sell", [], [], 0),
    ]


def test_order_of_an_unknown_symbol_has_no_prices() -> None:
    record = record_of([], SERIES)
    record.orders = [an_order(symbol="NOSUCH", volume_steps=0, sl_offset=-50)]
    row = orders_table(record).drop_columns(["arrival_at"]).to_pylist()[0]
    assert (row["sl"], row["volume"], row["sl_offset_points"], row["tp_offset_points"]) == (None, 0.0, -50, None)


def test_orders_have_the_same_types_with_rows_and_without() -> None:
    record = record_of([], SERIES)
    empty = orders_table(record).schema
    record.orders = [an_order()]
    assert orders_table(record).schema == empty


# -- decisions ----------------------------------------------------------------------------------------------------

FIXED = [
    "id",
    "received_at",
    "dialect",
    "strategy",
    "family",
    "outcome",
    "reason",
    "symbol",
    "type",
    "side",
    "timeframe",
]


def decided(*numbers: dict[str, object]) -> pa.Table:
    record = record_of([], SERIES)
    record.decisions = [
        DecisionRow(f"a{n}", THURSDAY_NS, "plain", "bracket", "bracket", "filled", "", numbers=one)
        for n, one in enumerate(numbers)
    ]
    return decisions_table(record)


def test_decisions_begin_with_the_columns_of_the_contract() -> None:
    assert decided({}).column_names == FIXED
    assert decided({}).schema.field("received_at").type == UTC


def test_quarantined_body_without_a_time_has_none() -> None:
    record = record_of([], SERIES)
    record.decisions = [DecisionRow("q1", None, "", "", "", "quarantined", "no_timezone")]
    assert decisions_table(record)["received_at"].to_pylist() == [None]


def test_numbers_become_columns_in_order_of_first_appearance() -> None:
    table = decided({"b": 1}, {"a": 2.5, "b": 3}, {})
    assert table.column_names == [*FIXED, "b", "a"]
    assert table["b"].to_pylist() == [1, 3, None]
    assert table["a"].to_pylist() == [None, 2.5, None]


@pytest.mark.parametrize(
    ("values", "kind", "written"),
    [
        ((1, 2), pa.int64(), [1, 2]),
        ((1, 2.5), pa.float64(), [1.0, 2.5]),
        ((True, False), pa.bool_(), [True, False]),
        ((1, True), pa.string(), ["1", "true"]),
        (("x", 1.5), pa.string(), ["x", "1.5"]),
        ((Decimal("0.25"), 1), pa.float64(), [0.25, 1.0]),
        ((np.int64(3), np.float64(0.5)), pa.float64(), [3.0, 0.5]),
        ((Side.BUY, Side.SELL), pa.string(), ["buy", "sell"]),
        (([1, 2], {"a": Side.BUY}), pa.string(), ["[1,2]", '{"a":"buy"}']),
        ((2**80, 1), pa.float64(), [2.0**80, 1.0]),
    ],
)
def test_column_takes_the_type_of_its_values(values: tuple[object, ...], kind: object, written: list[object]) -> None:
    table = decided(*({"x": value} for value in values))
    assert table.schema.field("x").type == kind
    assert table["x"].to_pylist() == written


def test_number_named_like_a_column_gets_another_name() -> None:
    table = decided({"symbol": "x", "number_symbol": "y", "id": 3})
    assert table.column_names[len(FIXED) :] == ["number_symbol", "number_number_symbol", "number_id"]


def test_name_that_utf8_cannot_hold_is_escaped() -> None:
    assert decided({"a\ud800": 1}).column_names[-1] == "a\\ud800"


def test_strategy_that_invents_names_cannot_blow_up_the_table() -> None:
    table = decided(*({f"n{k}": k, "always": 1} for k in range(MAX_NUMBER_COLUMNS + 50)))
    assert len(table.column_names) == len(FIXED) + MAX_NUMBER_COLUMNS + 1
    assert table.column_names[-1] == "more"
    assert table["more"].to_pylist()[-1] == f'{{"n{MAX_NUMBER_COLUMNS + 49}":{MAX_NUMBER_COLUMNS + 49}}}'


# -- the rest -----------------------------------------------------------------------------------------------------


def test_equity_has_a_row_for_each_change_and_mark() -> None:
    table = equity_table(equity_curve(record_of([fill_of()], [flat_series("EURUSD", 138_000, 1440)])))
    assert table.column_names == ["time", "balance", "equity", "kind"]
    assert table["kind"].to_pylist() == ["deposit", "balance", "mark"]


def test_what_strategies_recorded_is_one_long_table() -> None:
    record = record_of([], SERIES)
    record.recorded = {"atr": [(1, 0.5), (2, 0.25)], "trend": [(1, -1.0)]}
    assert recorded_table(record).to_pydict()["name"] == ["atr", "atr", "trend"]


@pytest.mark.parametrize("words", [[], [""], ["a", "", "bc"], ["é", "漢字", "a"], ["\ud800x", "plain"], ["\x00", "\n"]])
def test_text_column_holds_any_text(words: list[str]) -> None:
    expected = [w.encode("utf-8", "backslashreplace").decode("utf-8") for w in words]
    made = arrow.strings(words)
    made.validate(full=True)
    assert made.to_pylist() == expected


def test_arrays_made_from_buffers_are_valid() -> None:
    missing = np.array([False, True, False] * 5)
    values = np.arange(15)
    for made in (
        arrow.integers(values, missing),
        arrow.floats(values[::-1], missing),
        arrow.booleans(values % 2, missing),
        arrow.strings([str(v) for v in values], missing),
        arrow.times(values - 1),
        arrow.integer_lists([(1, 2), (), (3,)]),
        arrow.integer_lists([]),
    ):
        made.validate(full=True)
    assert arrow.booleans(values % 2, missing).to_pylist()[:4] == [False, None, False, True]
    assert arrow.times([-1, 0]).is_null().to_pylist() == [True, False]


def test_run_of_two_symbols_agrees_with_its_integers() -> None:
    record = bracket_run(40, series=[walk_series("EURUSD", 138_000, 800, seed=1), *SERIES[1:]])
    for row, fill in zip(trades_table(record).to_pylist(), record.fills, strict=True):
        instrument = CATALOGUE[fill.symbol]
        assert row["exit_price"] == instrument.price(fill.exit_points)
        assert row["pnl"] == fill.pnl_minor / 100
        assert row["volume"] == float(instrument.lots(fill.steps))

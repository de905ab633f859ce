"""The result as a notebook and a terminal see it."""

from __future__ import annotations

import pandas as pd
import pytest
from fake_run import HOUR_NS, THURSDAY_NS, bracket_run, fill_of, flat_series, record_of, walk_series

from zepix.model import Alert, DecisionRow, FillModel
from zepix.research.result import Result


@pytest.fixture(scope="module")
def result() -> Result:
    return Result(bracket_run(30, series=[walk_series("EURUSD", 138_000, 3000, seed=2, spread=3)]))


def test_tables_open_by_attribute_with_times_in_utc(result: Result) -> None:
    assert len(result.trades) == len(result.orders) == len(result.decisions) == 30
    assert str(result.trades["entry_time"].dtype) == "datetime64[ns, UTC]"
    assert str(result.equity["time"].dtype) == "datetime64[ns, UTC]"
    assert result.trades is result.trades  # made once
    assert result.trades["pnl"].sum() == pytest.approx(result.stats["net_profit"])
    assert result.equity["balance"].iloc[-1] == pytest.approx(10_000 + result.stats["net_profit"])


def test_times_do_not_lose_nanoseconds() -> None:
    fill = fill_of(entry_ns=THURSDAY_NS + 123_456_789, exit_ns=THURSDAY_NS + HOUR_NS)
    table = Result(record_of([fill], [flat_series("EURUSD", 138_000, 60)])).trades
    assert table["entry_time"].iloc[0] == pd.Timestamp("2014-05-01T00:00:00.123456789Z")


def test_prints_eight_lines(result: Result) -> None:
    lines = str(result).splitlines()
    assert len(lines) == 8
    assert lines[0].startswith("zepix replay: bracket on EURUSD 1m, 2014-05-01 00:00 to 2014-05-05 02:00 UTC")
    assert lines[1] == "30 alerts: filled 30"
    assert lines[2].startswith("30 tickets, ")
    assert lines[7].startswith(f"digest {result.digest[:16]}")
    assert str(result).isascii()
    assert "30 tickets" in repr(result)


def test_says_how_much_money_hangs_on_ambiguous_tickets() -> None:
    record = record_of([fill_of(ambiguous=True)], [flat_series("EURUSD", 138_000, 60)])
    said = str(Result(record))
    assert "ambiguous: 1 ticket whose bar held stop and target; 21.00 USD between the two readings" in said
    assert "pessimistic: the stop was taken" in said
    record.fill_model = FillModel(intrabar="optimistic")
    assert "optimistic: the target was taken" in str(Result(record))


def test_says_what_was_refused_and_what_lies_outside() -> None:
    record = record_of([], [flat_series("EURUSD", 138_000, 60)])
    record.alerts = [Alert(id="a", received_ns=1, dialect="plain", type="entry", symbol="EURUSD")]
    record.decisions = [DecisionRow("a", 1, "plain", "bracket", "bracket", "refused", "market_closed")]
    result = Result(record, warnings=["of my own", "of my own"])
    said = str(result)
    assert "1 refused (market_closed 1)" in said
    assert "outside the prices: 1 alert before, 0 after; 0 for symbols without prices" in said
    assert result.warnings[0] == "of my own"
    assert len(result.warnings) == 2
    assert "1 alert outside the prices of their symbol" in result.warnings[1]


def test_run_without_a_ticket_prints_and_opens() -> None:
    result = Result(record_of([], [flat_series("EURUSD", 138_000, 60)]))
    assert "no ticket was closed" in str(result)
    assert len(result.trades) == len(result.orders) == len(result.decisions) == 0
    assert list(result.trades.columns)[:3] == ["ticket", "part", "strategy"]
    assert result.equity["kind"].tolist() == ["deposit"]


def test_run_of_one_ticket_prints_and_opens() -> None:
    result = Result(record_of([fill_of()], [flat_series("EURUSD", 138_000, 60)]))
    assert "1 ticket, 100.0% won" in str(result)
    assert "profit factor -" in str(result)


def test_html_of_a_notebook_escapes_names() -> None:
    record = record_of([fill_of()], [flat_series("EURUSD", 138_000, 60)])
    record.plugins = [{"plugin_id": "<script>alert(1)</script>"}]
    shown = Result(record)._repr_html_()
    assert "<script" not in shown
    assert "&lt;script&gt;" in shown


def test_same_record_gives_the_same_digest(result: Result) -> None:
    again = Result(bracket_run(30, series=[walk_series("EURUSD", 138_000, 3000, seed=2, spread=3)]))
    assert again.digest == result.digest

"""A replay beside TradingView's trades: what is matched with what, by how much they differ, and why; by hand."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from fake_run import HOUR_NS, MINUTE_NS, THURSDAY_NS, fill_of, flat_series, record_of

from zepix.alerts.imports.trade_list import ListedTrade
from zepix.cli import main
from zepix.engine.record import RunRecord
from zepix.errors import ConfigError, DataError
from zepix.model import ClosingFill, DecisionRow
from zepix.research.compare_trades import TradeComparison, compare_trades
from zepix.research.result import Result

LATER_NS = THURSDAY_NS + HOUR_NS


def trade(number: int, **changes: object) -> ListedTrade:
    """A long from 1.38000 to 1.38110 that lasts an hour, as TradingView lists it."""
    given = {
        "number": number, "side": "buy", "entry_ns": THURSDAY_NS, "entry_price": 1.38, "exit_ns": LATER_NS,
        "exit_price": 1.3811, "quantity": 10_000.0, "pnl": 11.0, "currency": "USD", "symbol": "EURUSD",
        "entry_number": number,
    }  # fmt: skip
    return ListedTrade(**(given | changes))  # type: ignore[arg-type]


def ours(number: int, **changes: object) -> ClosingFill:
    """Our ticket for it: bought at the ask, ten points above, closed by the exit alert at the same bid: 10.00 USD."""
    given = {"ticket": number, "alert_id": f"T{number}", "exit_ns": LATER_NS, "exit_reason": "signal"}
    return fill_of(**(given | changes))


def run_of(*fills: ClosingFill, decisions: dict[str, tuple[str, str]] | None = None) -> Result:
    record: RunRecord = record_of(list(fills), [flat_series("EURUSD", 138_000, 600)])
    known = {fill.alert_id: ("filled", "") for fill in fills} | (decisions or {})
    record.decisions = [
        DecisionRow(name, THURSDAY_NS, "plain", "bracket", "bracket", outcome, reason, "EURUSD", "entry", "buy", "", {})
        for name, (outcome, reason) in known.items()
    ]
    return Result(record)


def compare(run: Result, *trades: ListedTrade, **more: object) -> TradeComparison:
    return compare_trades(run, [(f"T{one.entry_number}", one) for one in trades], **more)  # type: ignore[arg-type]


def test_spread_at_the_entry_is_the_difference() -> None:
    row = compare(run_of(ours(1)), trade(1)).rows[0]
    assert (row.status, row.reason, row.tickets) == ("both", "entry: spread, slippage", (1,))
    assert (row.entry_points, row.exit_points, row.difference_points) == (-10.0, 0.0, -10.0)
    assert (row.points_theirs, row.points_ours) == (110.0, 100.0)
    assert row.difference_money == pytest.approx(-1.0)  # 0.10 lots, 0.10 USD a point
    assert (row.pnl_ours, row.pnl_theirs) == (9.3, 11.0)


@pytest.mark.parametrize(
    ("their", "mine", "said"),
    [
        ({}, {"exit_ns": THURSDAY_NS + 20 * MINUTE_NS, "exit_reason": "sl", "exit_points": 137_900},
         "entry: spread, slippage; our stop 40 min earlier"),
        ({}, {"exit_reason": "tp"}, "entry: spread, slippage; our target in the same bar"),
        ({}, {"exit_ns": LATER_NS + 15 * MINUTE_NS}, "entry: spread, slippage; closed here 15 min later"),
        ({}, {"exit_reason": "end_of_data", "exit_ns": LATER_NS + HOUR_NS},
         "entry: spread, slippage; still open here when the prices ended"),
        ({}, {"entry_ns": THURSDAY_NS + 5 * MINUTE_NS}, "entered 5 min later, at our next open"),
        ({"entry_price": 1.3801}, {}, "alike"),
        ({"entry_price": 1.3802}, {}, "entry: another feed"),
        ({"entry_price": 1.3795}, {}, "entry: filled inside the bar there"),
        ({"exit_price": 1.3821}, {}, "entry: spread, slippage; exit: filled inside the bar there"),
        ({"exit_price": 1.3812}, {}, "entry, exit: spread, slippage"),
        ({"exit_ns": None, "exit_price": None}, {"exit_reason": "end_of_data"},
         "entry: spread, slippage; open at TradingView; here until the prices ended"),
        ({"exit_ns": None}, {"exit_reason": "sl"},
         "entry: spread, slippage; open at TradingView; here closed by our stop"),
    ],
)  # fmt: skip
def test_reasons_in_words(their: dict, mine: dict, said: str) -> None:
    assert compare(run_of(ours(1, **mine)), trade(1, **their)).rows[0].reason == said


def test_short_is_measured_the_other_way_round() -> None:
    """Sold at 1.37990 (theirs 1.38000), bought back at 1.37910 (theirs 1.37900): ten points worse each."""
    mine = ours(1, side=-1, entry_points=137_990, exit_points=137_910, pnl_points=80, gross_minor=800)
    row = compare(run_of(mine), trade(1, side="sell", exit_price=1.379)).rows[0]
    assert (row.entry_points, row.exit_points, row.difference_points) == (-10.0, -10.0, -20.0)
    assert (row.points_theirs, row.points_ours, row.difference_money) == (100.0, 80.0, -2.0)


def test_constant_shift_of_whole_hours_is_another_zone() -> None:
    """The list was read six hours early: every trade enters and leaves six hours later here."""
    shift = 6 * HOUR_NS
    trades = [
        trade(n, entry_ns=THURSDAY_NS + n * HOUR_NS - shift, exit_ns=LATER_NS + n * HOUR_NS - shift)
        for n in range(1, 6)
    ]
    fills = [ours(n, entry_ns=THURSDAY_NS + n * HOUR_NS, exit_ns=LATER_NS + n * HOUR_NS) for n in range(1, 6)]
    found = compare(run_of(*fills), *trades)
    assert {row.reason for row in found.rows} == {
        "entered 6 h later, as nearly all are: another zone?; closed here 6 h later too"
    }
    assert found.totals["shift_hours"] == 6
    assert "nearly all trades are 6 h later here: is the zone (--zone) that of the chart?" in str(found)
    strangers = [one._replace(alert_id=f"X{one.ticket}") for one in fills]
    by_time = compare(run_of(*strangers), *trades)
    assert (by_time.totals["both"], by_time.totals["shift_hours"]) == (0, 6)
    usual = compare(run_of(*fills), *(trade(n, entry_ns=THURSDAY_NS + n * HOUR_NS) for n in range(1, 6)))
    assert usual.totals["shift_hours"] == 0


def test_far_price_of_the_same_instant_is_no_other_feed(folder: Path) -> None:
    """163 points from theirs, and the spread is not known: neither a spread nor a feed makes so much."""
    for price in (1.3816, 1.3784):
        row = compare_trades(folder, [("T1", trade(1, entry_price=price))]).rows[0]
        assert row.reason.startswith("entry: another price at that time: another zone, symbol or feed?"), row.reason


NO_TICKET = {
    "refused": (("refused", "margin"), "refused: margin"),
    "duplicate": (("duplicate", "T1"), "taken for a duplicate"),
    "outside the prices": (("refused", "no_prices"), "refused: no_prices"),
    "an order that waits": (("working", ""), "no ticket closed (working)"),
}


@pytest.mark.parametrize("case", NO_TICKET)
def test_trade_without_a_ticket_says_why(case: str) -> None:
    outcome, said = NO_TICKET[case]
    found = compare(run_of(ours(1), decisions={"T2": outcome}), trade(1), trade(2))
    assert (found.rows[1].status, found.rows[1].reason) == ("no ticket", said)
    assert found.totals["without_ticket"] == {said: 1}
    assert compare(run_of(ours(1)), trade(1), trade(9)).rows[1].reason == "the run has no alert of this trade"


def test_parts_of_one_entry_meet_the_parts_of_one_ticket() -> None:
    half = LATER_NS - 30 * MINUTE_NS
    run = run_of(ours(1, steps=5, exit_ns=half, exit_points=138_060), ours(1, part=2, steps=5))
    first = trade(1, exit_ns=half, exit_price=1.3806)
    rows = compare(run, trade(2, entry_number=1), first).rows
    assert [(row.trade, row.exit_points, row.volume_ours) for row in rows] == [(1, 0.0, 0.05), (2, 0.0, 0.05)]


def test_ticket_that_left_whole_has_nothing_for_the_second_part() -> None:
    rows = compare(run_of(ours(1)), trade(1), trade(2, entry_number=1, exit_ns=LATER_NS + HOUR_NS)).rows
    assert [row.reason for row in rows] == ["entry: spread, slippage", "our ticket had left whole before"]


def test_several_tickets_of_one_alert_count_as_one_by_volume() -> None:
    """Two tickets, 0.10 and 0.30 lots, that left at 1.38110 and 1.38310: on average at 1.38260."""
    run = run_of(ours(1), ours(2, alert_id="T1", steps=30, exit_points=138_310, gross_minor=9000))
    row = compare(run, trade(1)).rows[0]
    assert (row.tickets, row.volume_ours, row.exit_price_ours) == ((1, 2), pytest.approx(0.4), pytest.approx(1.3826))


def test_run_of_another_log_is_matched_by_time() -> None:
    run = run_of(ours(1, alert_id="row-1", entry_ns=THURSDAY_NS + 2 * MINUTE_NS), ours(2, alert_id="row-2", side=-1))
    found = compare(run, trade(7))
    assert found.rows[0].tickets == (1,)
    assert found.totals["matched"] == "by time, at most 300 s apart"
    assert found.totals["tickets_without_trade"] == 1
    assert compare(run, trade(7), within_s=60).rows[0].reason == "no ticket of its side within 60 s"


def test_totals_and_what_is_printed() -> None:
    found = compare(run_of(ours(1), ours(2, alert_id="T2"), ours(5, alert_id="T5")), trade(1), trade(2), trade(3))
    totals = found.totals
    assert (totals["trades"], totals["both"], totals["tickets_without_trade"]) == (3, 2, 1)
    assert (totals["points_theirs"], totals["points_ours"], totals["difference_points"]) == (220.0, 200.0, -20.0)
    assert (totals["difference_money"], totals["currency"]) == (-2.0, "USD")
    assert (totals["same_entry_time"], totals["same_exit_time"], totals["entry_points_median"]) == (2, 2, -10.0)
    text = "\n".join(found.lines(10))
    assert text.isascii() and "entry: spread, slippage" in text
    assert "3 trades at TradingView, 2 with a ticket here (matched by the ids of the alerts)" in str(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run = run_of(ours(1), ours(2, exit_points=138_090), decisions={"T3": ("refused", "margin")})
    return run.save(tmp_path / "run")


TRADES = (trade(1), trade(2), trade(3))


def test_folder_of_a_run_tells_the_same_but_for_the_spread(folder: Path) -> None:
    found = compare_trades(folder, [(f"T{one.number}", one) for one in TRADES])
    assert [(row.difference_points, row.reason) for row in found.rows] == [
        (-10.0, "entry: spread, slippage or feed"),
        (-30.0, "entry, exit: spread, slippage or feed"), (None, "refused: margin"),
    ]  # fmt: skip
    assert [row.difference_money for row in found.rows[:2]] == [pytest.approx(-1.0), pytest.approx(-3.0, abs=0.9)]


LIST = (
    "\ufeffTrade number,Type,Date and time,Signal,Price USD,Size (qty),Net PnL USD\n"
    "1,Exit long,2014-05-01 03:00,x,1.3811,10000,11\n1,Entry long,2014-05-01 02:00,=cmd,1.38,10000,11\n"
    "3,Entry long,2014-05-01 02:00,y,1.38,10000,0\n"
)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_verb_prints_a_table_and_writes_the_rows(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], ending: str
) -> None:
    """2014-05-01 02:00 in Berlin is midnight UTC, when the run's Thursday begins."""
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    words = [
        "alerts",
        "compare",
        str(folder),
        str(path),
        "--zone",
        "Europe/Berlin",
        "--out",
        str(tmp_path / f"o{ending}"),
    ]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "2014-05-01 00:00" in said and "refused: margin" in said and "2 trades at TradingView" in said
    written = tmp_path / f"o{ending}"
    if ending == ".csv":
        with written.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
    elif ending == ".parquet":
        rows = pq.read_table(written).to_pylist()
    else:
        rows = json.loads(written.read_text(encoding="ascii"))["trades"]
    assert [row["alert_id"] for row in rows] == ["T1", "T3"]
    assert float(rows[0]["difference_points"]) == -10.0
    assert main([*words[:-2], "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["trades"] == 2


def test_table_opens_as_a_frame(folder: Path) -> None:
    frame = compare_trades(folder, [(f"T{one.number}", one) for one in TRADES]).table
    assert len(frame) == 3
    assert str(frame["entry_time_theirs"].dt.tz) == "UTC"


def test_what_is_no_run_and_no_list(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(LIST, encoding="utf-8")
    with pytest.raises(ConfigError, match="say --zone"):
        compare_trades(folder, path)
    with pytest.raises(DataError, match="is no folder of a run"):
        compare_trades(tmp_path, [("T1", trade(1))])
    with pytest.raises(DataError, match="does not exist"):
        compare_trades(folder, tmp_path / "none.csv")
    with pytest.raises(DataError, match="no trade to compare"):
        compare_trades(folder, [])

"""A List of trades becomes a log: ids, order, parts, volumes, the symbol, the table beside it."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from trade_files import NEW, OLD, REVERSING, Trade, lines, write_csv

from zepix.alerts import import_files, read_log
from zepix.alerts.imports.trade_table import read_trade_table
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Side

NEW_YORK = ZoneInfo("America/New_York")


def imported(folder: Path, catalogue: Catalogue, trades, *, name="S_OANDA_EURUSD_2024-03-06.csv", **more):
    path = write_csv(folder / name, lines(trades, more.pop("heading", NEW), newest_first=True))
    report = import_files([path], folder / "log.jsonl", catalogue, zone=NEW_YORK, overwrite=True, **more)
    return report, read_log(folder / "log.jsonl", catalogue).rows


def short(rows) -> list[tuple]:
    return [(row.id, row.type, row.side.value, row.ref, row.close_frac) for row in rows]


@pytest.mark.parametrize("heading", [OLD, NEW])
def test_reversals_leave_before_they_enter(tmp_path: Path, catalogue: Catalogue, heading: list[str]) -> None:
    report, rows = imported(tmp_path, catalogue, REVERSING, heading=heading)
    assert short(rows) == [
        ("T1", "entry", "buy", None, None),
        ("T1-exit", "exit", "buy", "T1", None),
        ("T2", "entry", "sell", None, None),
        ("T2-exit", "exit", "sell", "T2", None),
        ("T3", "entry", "buy", None, None),
    ]
    assert rows[1].received_ns == rows[2].received_ns
    assert (rows[0].price, rows[0].comment, rows[0].symbol, rows[0].volume) == (1.085, "RsiLE", "EURUSD", None)
    facts = report["files"][0]
    assert (facts["kind"], facts["reversals"], facts["entries"], facts["exits"]) == (
        "List of trades of TradingView", 2, 3, 2,
    )  # fmt: skip
    assert facts["volume"].startswith("left out: the unit of the sizes was not said (--volume-unit)")
    assert facts["symbol"] == "EURUSD, by the file's name"


@pytest.mark.parametrize(("unit", "lots"), [("units", 0.1), ("contracts", 0.1), ("lots", 10000.0), (None, None)])
def test_volume_is_in_the_unit_that_was_said(
    tmp_path: Path, catalogue: Catalogue, unit: str | None, lots: float | None
) -> None:
    """A lot of the tests' EURUSD has 100,000 units."""
    assert imported(tmp_path, catalogue, REVERSING, volume_unit=unit)[1][0].volume == lots


def test_units_of_a_symbol_nobody_knows_are_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(ConfigError, match="how many units a lot of NOKSEK has is not known"):
        imported(tmp_path, catalogue, REVERSING, symbol="NOKSEK", volume_unit="units")
    with pytest.raises(ConfigError, match="expected units, lots, contracts"):
        imported(tmp_path, catalogue, REVERSING, volume_unit="shares")


def test_entry_that_left_in_parts_is_one_entry(tmp_path: Path, catalogue: Catalogue) -> None:
    trades = [
        Trade(1, "long", "2024-03-04 10:00", 1.1, "2024-03-04 11:00", 1.2, 3000, "L", "TP1"),
        Trade(2, "long", "2024-03-04 10:00", 1.1, "2024-03-04 12:00", 1.3, 7000, "L", "TP2"),
    ]
    _, rows = imported(tmp_path, catalogue, trades, volume_unit="units")
    assert short(rows) == [
        ("T1", "entry", "buy", None, None),
        ("T1-exit", "exit", "buy", "T1", 0.3),
        ("T2-exit", "exit", "buy", "T1", None),
    ]
    assert rows[0].volume == 0.1


def test_parts_of_which_one_is_open_never_close_all(tmp_path: Path, catalogue: Catalogue) -> None:
    trades = [
        Trade(1, "short", "2024-03-04 10:00", 1.1, "2024-03-04 11:00", 1.2, 2500, "S", "TP1"),
        Trade(2, "short", "2024-03-04 10:00", 1.1, None, None, 7500, "S"),
    ]
    _, rows = imported(tmp_path, catalogue, trades)
    assert short(rows) == [("T1", "entry", "sell", None, None), ("T1-exit", "exit", "sell", "T1", 0.25)]


def test_pyramiding_is_an_entry_each(tmp_path: Path, catalogue: Catalogue) -> None:
    trades = [
        Trade(1, "long", "2024-03-04 10:00", 1.1, "2024-03-04 12:00", 1.2, 1, "L"),
        Trade(2, "long", "2024-03-04 11:00", 1.15, "2024-03-04 12:00", 1.2, 1, "L"),
    ]
    _, rows = imported(tmp_path, catalogue, trades)
    assert [row.id for row in rows] == ["T1", "T2", "T1-exit", "T2-exit"]
    assert [row.ref for row in rows] == [None, None, "T1", "T2"]


def test_trade_of_one_bar_leaves_after_it_entered_and_before_the_next(tmp_path: Path, catalogue: Catalogue) -> None:
    trades = [
        Trade(1, "long", "2024-03-04 09:00", 1.1, "2024-03-04 10:00", 1.2),
        Trade(2, "short", "2024-03-04 10:00", 1.2, "2024-03-04 10:00", 1.3, signal="S"),
        Trade(3, "long", "2024-03-04 10:00", 1.3, "2024-03-04 11:00", 1.4),
    ]
    _, rows = imported(tmp_path, catalogue, trades)
    assert [row.id for row in rows] == ["T1", "T1-exit", "T2", "T2-exit", "T3", "T3-exit"]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("RSI_Strategy_(FIXED)_OANDA_EURUSD_2026-01-21 (1).csv", "EURUSD"),
        ("FX_GBPUSD_2024-01-01.csv", "GBPUSD"),
        ("My_Strategy_FX_IDC_USDJPY_2024-01-01_8f2a1.csv", "USDJPY"),
        ("list.csv", None),
        ("EURUSD.csv", None),
        ("Strategy_OANDA_NOKSEK_2024-01-01.csv", None),
        ("strategy_eurusd_2024-01-01.csv", None),
    ],
)
def test_symbol_of_the_files_name_only_where_it_is_certain(
    tmp_path: Path, catalogue: Catalogue, name: str, symbol: str | None
) -> None:
    if symbol is None:
        with pytest.raises(ConfigError, match=r"names no symbol.*say it, as --symbol EURUSD"):
            imported(tmp_path, catalogue, REVERSING, name=name)
    else:
        assert imported(tmp_path, catalogue, REVERSING, name=name)[1][0].symbol == symbol
    assert imported(tmp_path, catalogue, REVERSING, name=name, symbol="AUDUSD")[1][0].symbol == "AUDUSD"


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_tradingviews_own_trades_stand_beside_the_log(tmp_path: Path, catalogue: Catalogue, ending: str) -> None:
    beside = tmp_path / f"theirs{ending}"
    report, _ = imported(tmp_path, catalogue, REVERSING, trades_out=beside)
    assert (report["trades"], report["trades_out"]) == (3, str(beside))
    trades = read_trade_table(beside)
    assert [(name, t.number, t.symbol, t.is_open) for name, t in trades] == [
        ("T1", 1, "EURUSD", False), ("T2", 2, "EURUSD", False), ("T3", 3, "EURUSD", True),
    ]  # fmt: skip
    assert (trades[0][1].pnl, trades[0][1].currency, trades[0][1].exit_signal) == (21.0, "USD", "RsiSE")


def test_table_beside_is_named_after_the_log_and_replaces_nothing(tmp_path: Path, catalogue: Catalogue) -> None:
    report, _ = imported(tmp_path, catalogue, REVERSING)
    assert report["trades_out"] == str(tmp_path / "log.trades.parquet")
    path = write_csv(tmp_path / "list.csv", lines(REVERSING))
    with pytest.raises(DataError, match=r"log2\.trades\.parquet is already there"):
        (tmp_path / "log2.trades.parquet").write_bytes(b"mine")
        import_files([path], tmp_path / "log2.jsonl", catalogue, zone=NEW_YORK, symbol="EURUSD")
    assert not (tmp_path / "log2.jsonl").exists()


def test_formulas_in_signals_are_disarmed_in_csv(tmp_path: Path, catalogue: Catalogue) -> None:
    trades = [Trade(1, "long", "2024-03-04 09:00", 1.1, "2024-03-04 10:00", 1.2, signal='=HYPERLINK("http://x")')]
    imported(tmp_path, catalogue, trades, trades_out=tmp_path / "t.csv")
    assert "'=HYPERLINK" in (tmp_path / "t.csv").read_text(encoding="utf-8")


def test_several_lists_have_ids_of_their_own(tmp_path: Path, catalogue: Catalogue) -> None:
    paths = [write_csv(tmp_path / f"S_OANDA_{s}_2024-03-06.csv", lines(REVERSING)) for s in ("EURUSD", "GBPUSD")]
    import_files(paths, tmp_path / "log.jsonl", catalogue, zone=NEW_YORK)
    alerts = read_log(tmp_path / "log.jsonl", catalogue).alerts
    assert {alert.id for alert in alerts if alert.type == "entry"} == {
        f"{symbol}-T{n}" for symbol in ("EURUSD", "GBPUSD") for n in (1, 2, 3)
    }
    assert {alert.ref for alert in alerts if alert.ref} <= {alert.id for alert in alerts}
    twice = [*paths, write_csv(tmp_path / "X_OANDA_EURUSD_2024-03-07.csv", lines(REVERSING))]
    with pytest.raises(ConfigError, match="would have the same ids"):
        import_files(twice, tmp_path / "log2.jsonl", catalogue, zone=NEW_YORK)


def test_bad_rows_are_quarantined_in_the_log(tmp_path: Path, catalogue: Catalogue) -> None:
    rows = lines(REVERSING)
    rows[2][1] = "what"
    path = write_csv(tmp_path / "list.csv", rows)
    report = import_files([path], tmp_path / "log.jsonl", catalogue, zone=NEW_YORK, symbol="EURUSD")
    assert report["quarantined"] == {"bad_row": 2}
    assert report["alerts"] == 3
    assert report["files"][0]["bad_rows"] == 2


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_bad_rows_keep_their_cells_and_their_reason(tmp_path: Path, catalogue: Catalogue, kind: str) -> None:
    rows = lines(REVERSING, exit_first=False)
    rows[2][2] = "2024-03-01 10:00"
    path = write_csv(tmp_path / "list.csv", rows)
    log, again = tmp_path / f"log.{kind}", tmp_path / f"again.{kind}"
    report = import_files([path], log, catalogue, zone=NEW_YORK, symbol="EURUSD")
    import_files([log], again, catalogue)
    for file in (log, again):
        found = read_log(file, catalogue)
        assert found.facts["by_reason"] == report["quarantined"] == {"bad_row": 2}
        assert [row.raw for row in found.quarantined] == [",".join(rows[1]), ",".join(rows[2])]
        assert all("left before it entered" in row.detail for row in found.quarantined)


def test_log_reader_says_what_a_list_of_trades_is(tmp_path: Path, catalogue: Catalogue) -> None:
    path = write_csv(tmp_path / "list.csv", lines(REVERSING))
    with pytest.raises(DataError, match=r"no alert log but a List of trades.*zepix alerts import list\.csv --zone"):
        read_log(path, catalogue)


def test_payload_is_the_plain_dialect(tmp_path: Path, catalogue: Catalogue) -> None:
    imported(tmp_path, catalogue, REVERSING, strategy="bracket", id_prefix="x")
    first = json.loads((tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert first == {
        "received_at": "2024-03-04T15:00:00Z",
        "payload": {
            "type": "entry", "symbol": "EURUSD", "side": "buy", "id": "xT1", "strategy": "bracket", "price": 1.085,
            "comment": "RsiLE",
        },
        "id": "xT1",
    }  # fmt: skip
    found = read_log(tmp_path / "log.jsonl", catalogue).alerts[0]
    assert isinstance(found, Alert) and found.dialect == "plain" and found.side is Side.BUY

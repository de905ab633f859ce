"""TradingView's alert-log export: made-up ones for the rules, the four recorded ones for the truth."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from zepix.alerts import (
    AlertProcessor,
    Deduplicator,
    import_files,
    import_tradingview,
    read_log,
    read_logs,
    validate_rows,
)
from zepix.errors import DataError
from zepix.model import Alert, Catalogue, Quarantined, Side

HEADING = ["Alert ID", "Ticker", "Name", "Description", "Time"]
PULSE = '{"type":"squeeze_v3","symbol":"{{ticker}}","tf":"{{interval}}","price":{{close}}}'
EXIT = '{"type": "exit", "symbol": "XAUUSD", "signal": "bull", "tf": "15m"}'


def export(
    folder: Path, *rows: list[str], name: str = "export.csv", heading: list[str] = HEADING, delimiter: str = ","
) -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, delimiter=delimiter).writerows([heading, *rows])
    return path


def row(time: str, text: str = EXIT, alert: str = "77", ticker: str = "OANDA:XAUUSD, 15m") -> list[str]:
    return [alert, ticker, "a name", text, time]


def test_ticker_column_repairs_symbol_and_timeframe(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(tmp_path, row("2026-01-05T14:45:00Z", PULSE, ticker="OANDA:EURUSD, 1D"))
    found = import_tradingview([path], catalogue)
    alert = found.rows[0]
    assert isinstance(alert, Alert)
    assert (alert.symbol, alert.timeframe, alert.price) == ("EURUSD", "1d", None)
    assert (alert.id, alert.source_id, alert.explicit_id) == ("77-20260105T144500Z-1", "77", None)
    assert len(alert.repairs) == 3
    report = found.report
    assert (report["repaired_tickers"], report["repaired_timeframes"], report["prices_left_open"]) == (1, 1, 1)


def test_newest_first_is_reversed_and_rows_of_one_second_keep_the_order_of_firing(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    texts = [EXIT.replace("exit", kind) for kind in ("bias", "trend", "exit", "reversal")]
    path = export(
        tmp_path,
        row("2026-01-05T14:50:00Z", texts[2]),
        row("2026-01-05T14:45:00Z", texts[1]),
        row("2026-01-05T14:45:00Z", texts[0]),
        row("2026-01-05T14:40:00Z", texts[2]),
    )
    found = import_tradingview([path], catalogue)
    assert [alert.type for alert in found.rows if isinstance(alert, Alert)] == ["exit", "bias", "trend", "exit"]
    assert [alert.id[-2:] for alert in found.rows] == ["-1", "-1", "-2", "-1"]
    assert found.report["files"][0]["reversed"] is True


def test_oldest_first_is_left_as_it_is(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(
        tmp_path, row("2026-01-05T14:40:00Z"), row("2026-01-05T14:45:00Z", PULSE), row("2026-01-05T14:45:00Z")
    )
    found = import_tradingview([path], catalogue)
    assert found.report["files"][0]["reversed"] is False
    assert [alert.type for alert in found.rows if isinstance(alert, Alert)] == ["exit", "squeeze", "exit"]


def test_rows_that_files_share_are_merged_and_twins_in_one_file_stay(tmp_path: Path, catalogue: Catalogue) -> None:
    twin = row("2026-01-05T14:45:00Z")
    one = export(tmp_path, twin, twin, row("2026-01-05T14:40:00Z"), name="one.csv")
    two = export(tmp_path, row("2026-01-05T14:50:00Z"), twin, name="two.csv")
    found = import_tradingview([one, two], catalogue)
    assert (found.report["rows"], found.report["merged"]) == (4, 1)
    assert len({alert.id for alert in found.rows}) == 4
    assert len(read_logs([one, two], catalogue).rows) == 4


def test_rows_without_a_time_are_set_aside(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(
        tmp_path,
        row("2026-01-05T14:45:00Z"),
        row(""),
        row("NaN"),
        row("2026-01-05 14:45:00"),
        ["77", "OANDA:XAUUSD, 5m"],
        row("2026-01-05T14:45:01Z", text="what is this"),
        row("2026-01-05T14:45:02Z", text=""),
        [""],
    )
    found = import_tradingview([path], catalogue)
    assert found.report["quarantined"] == {
        "bad_row": 1,
        "bad_time": 2,
        "empty": 1,
        "no_timezone": 1,
        "unknown_dialect": 1,
    }
    assert (found.report["alerts"], found.report["rows"]) == (1, 7)
    assert [line["status"] for line in validate_rows(path, catalogue)] == ["alert"] + ["quarantined"] * 6


def test_zone_may_be_named_for_times_without_one(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(tmp_path, row("2026-01-05 14:45:00"))
    found = import_tradingview([path], catalogue, zone=ZoneInfo("America/New_York"))
    assert found.report["first"] == "2026-01-05T19:45:00Z"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_orders_of_columns(tmp_path: Path, catalogue: Catalogue, delimiter: str) -> None:
    path = tmp_path / "export.txt"
    cells = [["Time", "description", "TICKER", "Alert ID"], ["2026-01-05T14:45:00Z", EXIT, "XAUUSD", "5"]]
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle, delimiter=delimiter).writerows(cells)
    log = read_log(path, catalogue)
    assert log.facts["format"] == "tradingview"
    assert log.alerts[0].side is Side.SELL


def test_bytes_that_are_no_text_are_set_aside(tmp_path: Path, catalogue: Catalogue) -> None:
    path = export(tmp_path, row("2026-01-05T14:45:00Z"), row("2026-01-05T14:46:00Z", text="XYZ"))
    path.write_bytes(path.read_bytes().replace(b"XYZ", b"\xff\xfe"))
    found = import_tradingview([path], catalogue)
    assert found.report["quarantined"] == {"lone_surrogate": 1}
    import_files([path], tmp_path / "log.jsonl", catalogue)
    assert read_log(tmp_path / "log.jsonl", catalogue).facts["by_reason"] == {"lone_surrogate": 1}


def test_file_that_is_no_export_is_refused(tmp_path: Path, catalogue: Catalogue) -> None:
    prices, bare, endless = (tmp_path / name for name in ("prices.csv", "bare.csv", "endless.csv"))
    prices.write_text("time,open,high,low,close\n1,2,3,4,5\n", encoding="utf-8")
    bare.write_text(",".join(HEADING) + "\n", encoding="utf-8")
    endless.write_text(",".join(HEADING) + '\n1,2,3,"' + "x" * 200_000, encoding="utf-8")
    for path, said in (
        (prices, "Alert ID, Ticker"),
        (bare, "no alert"),
        (endless, "no CSV"),
        (tmp_path / "no.csv", "no.csv"),
    ):
        with pytest.raises(DataError, match=said):
            import_tradingview([path], catalogue)


RECORDED = {
    "TradingView_Alerts_Log_2025-11-28.csv": 27,
    "TradingView_Alerts_Log_2025-12-01.csv": 65,
    "TradingView_Alerts_Log_2026-01-05.csv": 81,
    "TradingView_Alerts_Log_2026-01-06.csv": 546,
}


def cells_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.reader(handle))[1:]


@pytest.mark.parametrize(("name", "count"), RECORDED.items())
def test_recorded_log_is_read_whole(recorded: Path, catalogue: Catalogue, name: str, count: int) -> None:
    """Every cell is compared with the file, read here by the csv module and taken apart by hand."""
    cells = cells_of(recorded / name)
    log = read_log(recorded / name, catalogue)
    assert len(cells) == len(log.rows) == len(log.alerts) == count
    expected = []
    for alert_id, ticker, _, text, time in cells:
        fields = json.loads(text.replace("{{close}}", "null"))
        symbol = ticker.split(",")[0].split(":")[1] if fields["symbol"] == "{{ticker}}" else fields["symbol"]
        period = {"5": "5m", "15": "15m", "60": "1h", "1D": "1d"}.get(fields["tf"], fields["tf"])
        expected.append((alert_id, time, fields["type"].removesuffix("_v3"), symbol, period, fields["price"], text))
    read = [
        (
            alert.source_id,
            f"{alert.id[11:15]}-{alert.id[15:17]}-{alert.id[17:22]}:{alert.id[22:24]}:{alert.id[24:27]}",
            alert.type,
            alert.symbol,
            alert.timeframe,
            alert.price,
            alert.raw,
        )
        for alert in log.alerts
    ]
    assert Counter(read) == Counter(expected)
    assert all(
        earlier.received_ns <= later.received_ns for earlier, later in zip(log.alerts, log.alerts[1:], strict=False)
    )
    assert len({alert.id for alert in log.alerts}) == count


def test_recorded_legacy_log_has_these_alerts(recorded: Path, catalogue: Catalogue) -> None:
    """Counted by hand in the file: 9 buys and 7 sells to enter, 10 bull and 1 bear trend."""
    alerts = read_log(recorded / "TradingView_Alerts_Log_2025-11-28.csv", catalogue).alerts
    assert {alert.dialect for alert in alerts} == {"legacy"}
    found = Counter((alert.type, alert.signal, alert.side) for alert in alerts)
    assert found == {
        ("entry", "buy", Side.BUY): 9,
        ("entry", "sell", Side.SELL): 7,
        ("trend", "bull", None): 10,
        ("trend", "bear", None): 1,
    }


def test_recorded_v3_log_is_541_pulses_3_entries_2_exits(recorded: Path, catalogue: Catalogue) -> None:
    """The rules of the trade, §1.5, say so of this log."""
    alerts = read_log(recorded / "TradingView_Alerts_Log_2026-01-06.csv", catalogue).alerts
    assert Counter(alert.type for alert in alerts) == {"trend_pulse": 541, "entry": 3, "exit": 2}
    assert all(alert.price is None and "price: {{close}} -> null" in alert.repairs for alert in alerts)
    assert all(alert.sl and alert.tp and alert.side for alert in alerts if alert.type == "entry")
    assert {alert.side for alert in alerts if alert.type == "exit"} == {Side.BUY}


def test_recorded_duplicates_are_bodies_that_two_alerts_sent_within_30_s(recorded: Path, catalogue: Catalogue) -> None:
    """Counted here by a plain double loop over the file's own rows."""
    name = recorded / "TradingView_Alerts_Log_2026-01-06.csv"
    log = read_log(name, catalogue)
    firsts: list[tuple[str, str, int]] = []
    repeats = 0
    for alert in log.alerts:
        is_repeat = any(
            (symbol, raw) == (alert.symbol, alert.raw) and alert.received_ns - first_ns <= 30_000_000_000
            for symbol, raw, first_ns in firsts
        )
        repeats += is_repeat
        if not is_repeat:
            firsts.append((alert.symbol, alert.raw, alert.received_ns))
    seen = Deduplicator()
    assert sum(seen.check(alert) is not None for alert in log.alerts) == repeats == 44
    statuses = Counter(line["status"] for line in validate_rows(name, catalogue))
    assert statuses == {"alert": 502, "duplicate": 44}
    assert [line["row"] for line in validate_rows(name, catalogue)] == list(range(1, 547))


@pytest.mark.parametrize("name", ["log.jsonl", "log.parquet"])
def test_recorded_logs_import_as_one_and_read_back(
    tmp_path: Path, recorded: Path, catalogue: Catalogue, name: str
) -> None:
    """The second export holds all 27 rows of the first."""
    paths = sorted(recorded.glob("*.csv"))
    distinct = {tuple(cells) for path in paths for cells in cells_of(path)}
    report = import_files(paths, tmp_path / name, catalogue)
    assert (report["rows"], report["merged"], report["written"]) == (len(distinct), 27, 692)
    assert report["quarantined"] == {}
    assert read_log(tmp_path / name, catalogue).rows == import_tradingview(paths, catalogue).rows


EXAMPLES = {
    "zepix-trend": "trend",
    "zepix-reversal": "reversal",
    "breaker-entry-schema": "missing_setting",
    "htm-passphrase-template": "placeholder",
    "phemex-relay-idempotent": "placeholder",
    "mt4-bridge-plots": "placeholder",
    "manus-unified": "placeholder",
    "cryptognome-bybit": "unsupported_parameter",  # it also asks to cancel orders
    "tp-docs-filled": "entry",
    "mt5-filled-buy": "entry",
    "tp-alertmessage-exit": "bad_json",
    "octobot-limit": "entry",
    "bva-pipe": "placeholder",
}


def test_every_recorded_example_of_a_payload_is_an_alert_or_has_a_reason(
    recorded: Path, processor: AlertProcessor
) -> None:
    lines = (recorded / "payload_examples.jsonl").read_text(encoding="utf-8").splitlines()
    found = {}
    for example in map(json.loads, lines):
        read = processor.parse(example["body"], id=example["id"], ticker="OANDA:EURUSD", timeframe="5m")
        found[example["id"]] = read.reason if isinstance(read, Quarantined) else read.type
    assert len(found) == 22
    assert {name: found[name] for name in EXAMPLES} == EXAMPLES

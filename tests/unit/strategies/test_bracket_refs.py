"""``ref`` means the id that the sender gave, however the log calls the row."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

import zepix as zx

SAMPLE = Path(__file__).parents[3] / "datasets" / "sample"
ENTRY: dict[str, Any] = {"type": "entry", "symbol": "EURUSD", "side": "buy", "volume": 0.1, "id": "A17"}
EXIT: dict[str, Any] = {"type": "exit", "symbol": "EURUSD", "ref": "A17", "id": "A18"}
T10, T11, T12 = (f"2024-01-03T{hour}:00:01Z" for hour in (10, 11, 12))


def outcomes(log: Path) -> list[list[str]]:
    run = zx.replay(alerts=log, bars=SAMPLE, strategy="bracket")
    found: list[list[str]] = run.decisions[["outcome", "reason"]].values.tolist()
    return found


def lines(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_with_ids_of_their_own(tmp_path: Path) -> None:
    log = lines(
        tmp_path,
        {"received_at": T10, "id": "r1", "payload": ENTRY},
        {"received_at": T11, "id": "r2", "payload": EXIT},
    )
    assert outcomes(log) == [["filled", ""], ["closed", ""]]


def test_export_of_tradingviews_alert_log(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Alert ID", "Ticker", "Name", "Description", "Time"])
        writer.writerow(["369", "OANDA:EURUSD, 5m", "x", json.dumps(EXIT), T11])
        writer.writerow(["369", "OANDA:EURUSD, 5m", "x", json.dumps(ENTRY), T10])
    assert outcomes(path) == [["filled", ""], ["closed", ""]]


def test_one_id_for_two_symbols_means_that_of_the_alerts_own_symbol(tmp_path: Path) -> None:
    gold = {"symbol": "XAUUSD", "volume": 0.01}
    log = lines(
        tmp_path,
        {"received_at": T10, "payload": ENTRY},
        {"received_at": "2024-01-03T10:00:02Z", "payload": ENTRY | gold},
        {"received_at": T11, "payload": EXIT | {"symbol": "XAUUSD"}},
        {"received_at": T12, "payload": EXIT},
    )
    run = zx.replay(alerts=log, bars=SAMPLE, strategy="bracket")
    assert run.trades[["symbol", "exit_reason"]].values.tolist() == [["XAUUSD", "signal"], ["EURUSD", "signal"]]


def test_the_logs_own_id_serves_where_the_sender_gave_none(tmp_path: Path) -> None:
    entry = {key: value for key, value in ENTRY.items() if key != "id"}
    log = lines(
        tmp_path,
        {"received_at": T10, "id": "r1", "payload": entry},
        {"received_at": T11, "id": "r2", "payload": EXIT | {"ref": "r1"}},
    )
    assert outcomes(log) == [["filled", ""], ["closed", ""]]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"order_type": "limit", "entry_price": 1.05, "expires_s": 1e9}, "bad_field"),
        ({"entry_price": 1.05}, "bad_order_type"),
        ({"order_type": "limit", "entry_price": 1.05, "limit_price": 1.05}, "bad_field"),
    ],
)
def test_orders_that_cannot_be_meant_are_set_aside_and_harm_nobody(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    rows = [{"received_at": f"2024-01-03T10:0{n}:01Z", "payload": ENTRY | change | {"id": f"b{n}"}} for n in range(6)]
    found = outcomes(lines(tmp_path, *rows, {"received_at": T11, "payload": ENTRY}))
    assert found == [["quarantined", reason]] * 6 + [["filled", ""]]


def test_trailing_written_as_text(tmp_path: Path) -> None:
    trail = {"trailing": {"start": "100", "step": 20.0, "distance": 80}}
    assert outcomes(lines(tmp_path, {"received_at": T10, "payload": ENTRY | trail})) == [["filled", ""]]


def test_settings_of_a_class_of_ones_own() -> None:
    class Mine(zx.Strategy):
        info = zx.PluginInfo(strategy="mine")
        x: int = 0

    run = zx.replay(alerts=SAMPLE / "alerts.jsonl", bars=SAMPLE, strategy=Mine, settings={"strategy.x": 1})
    assert run.record.counts["alerts"] > 0

"""``zepix alerts generate``: a log, a manifest beside it, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generate_bars import first_rows, five_minutes, instrument, volumes

from zepix.alerts import read_log
from zepix.alerts.generate import Source, generate, manifest_path, settings_of, write_alerts
from zepix.cli import main
from zepix.data import default_catalogue
from zepix.errors import ConfigError, DataError
from zepix.model import Series

QUICK = ("--set", "trend_period=5", "--set", "trend_width=0.1")


def write_parquet(series: Series, folder: Path, symbol: str = "EURUSD", volume: np.ndarray | None = None) -> Path:
    unit = 10.0**5 if symbol == "EURUSD" else 10.0**3
    columns = {"time": pa.array(series.time).cast(pa.timestamp("ns", "UTC"))}
    columns |= {
        name: pa.array(getattr(series, name) / unit)
        for name in ("bid_open", "bid_high", "bid_low", "bid_close", "ask_open", "ask_high", "ask_low", "ask_close")
    }
    if volume is not None:
        columns["tick_volume"] = pa.array(volume)
    path = folder / f"{symbol}_M5_20240101_20240131.parquet"
    pq.write_table(pa.table(columns), path)
    return path


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_parquet(first_rows(five_minutes(), 6000), tmp_path_factory.mktemp("bars"))


def run(*words: object) -> int:
    return main(["alerts", "generate", *map(str, words)])


@pytest.mark.parametrize("dialect", ["v3", "v6"])
@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_the_log_holds_what_the_generator_gives(
    bars: Path, tmp_path: Path, dialect: str, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"alerts.{ending}"
    assert (
        run("--dialect", dialect, "--bars", f"EURUSD:5m={bars}", "--timeframes", "5,15,60", "--out", out, *QUICK) == 0
    )
    said = capsys.readouterr().out
    assert "left out:" in said and "alerts.manifest.json" in said
    log = read_log(out, default_catalogue())
    assert log.quarantined == []
    settings = settings_of(dialect, ["trend_period=5", "trend_width=0.1"])
    series = first_rows(five_minutes(), 6000)
    expected = list(generate(series, instrument(), dialect, timeframes=("5", "15", "60"), settings=settings))
    assert [(a.received_ns, a.raw) for a in log.alerts] == [(a.received_ns, a.body) for a in expected]
    assert len(expected) > 300


def test_the_manifest_says_how_the_log_was_made(bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "alerts.jsonl"
    words = ("--dialect", "v6", "--bars", f"EURUSD:5m={bars}", "--timeframes", "15", "--out", out, *QUICK, "--json")
    assert run(*words, "--from", "2024-01-10", "--to", "2024-01-20T00:00:00Z") == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest == json.loads(manifest_path(out).read_text(encoding="utf-8"))
    log = read_log(out, default_catalogue())
    assert manifest["alerts"]["rows"] == len(log.alerts) == sum(manifest["alerts"]["by_type"].values())
    assert manifest["alerts"]["sha256"] == log.facts["sha256"]
    assert manifest["arguments"] == {
        "timeframes": ["15"],
        "from": "2024-01-10T00:00:00Z",
        "to": "2024-01-20T00:00:00Z",
    }
    assert "2024-01-10" <= manifest["alerts"]["first"] < manifest["alerts"]["last"] < "2024-01-20"
    assert manifest["parameters"]["trend_period"] == 5 and manifest["parameters"]["exit_bars"] == 15
    (source,) = manifest["bars"]
    assert source["sources"] == [bars.name] and len(source["checksum"]) == 64
    assert source["unknown_timeframes"] == ["1m"] and source["charts"] == ["15m"]
    assert "BREAKOUT" in manifest["left_out"]["EURUSD"] and "volume in the confidence" in manifest["left_out"]["EURUSD"]
    assert manifest["choices"]["what sends an entry"].startswith("not defined")


def test_volumes_of_the_file_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    series = first_rows(five_minutes(), 3000)
    file = write_parquet(series, tmp_path, volume=volumes(3000))
    out = tmp_path / "alerts.jsonl"
    assert run("--dialect", "v6", "--bars", f"EURUSD:5m={file}", "--out", out, *QUICK, "--json") == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest["bars"][0]["volume"] == "tick_volume"
    assert "SCREENER_FULL_BULLISH" in manifest["alerts"]["by_type"]
    assert "SCREENER_FULL_BULLISH" not in manifest["left_out"]["EURUSD"]


def test_volumes_that_are_all_nought_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_parquet(first_rows(five_minutes(), 2000), tmp_path, volume=np.zeros(2000))
    assert run("--dialect", "v3", "--bars", f"EURUSD:5m={file}", "--out", tmp_path / "a.jsonl", *QUICK, "--json") == 0
    manifest = json.loads(capsys.readouterr().out)
    assert "holds what is no volume" in manifest["bars"][0]["volume"]
    assert "MFI in the consensus" in manifest["left_out"]["EURUSD"]


def test_two_symbols_make_one_log_in_order_of_time(bars: Path, tmp_path: Path) -> None:
    gold = write_parquet(first_rows(five_minutes("XAUUSD"), 6000), tmp_path, "XAUUSD")
    out = tmp_path / "alerts.jsonl"
    assert (
        run("--dialect", "v3", "--bars", f"EURUSD:5m={bars}", "--bars", f"XAUUSD:5m={gold}", "--out", out, *QUICK) == 0
    )
    alerts = read_log(out, default_catalogue()).alerts
    assert {alert.symbol for alert in alerts} == {"EURUSD", "XAUUSD"}
    assert [a.received_ns for a in alerts] == sorted(a.received_ns for a in alerts)


def test_a_log_of_the_same_name_is_not_replaced_unless_said(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "alerts.jsonl"
    words = ("--dialect", "v3", "--bars", f"EURUSD:5m={bars}", "--out", out, *QUICK)
    assert run(*words) == 0
    first = out.read_bytes(), manifest_path(out).read_bytes()
    assert run(*words) == 3
    assert "--overwrite" in capsys.readouterr().err
    assert run(*words, "--overwrite") == 0
    assert (out.read_bytes(), manifest_path(out).read_bytes()) == first
    out.unlink()
    assert run(*words) == 3  # the manifest of another log is not replaced either


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--dialect", "v9"), 2, "no generator for dialect 'v9'"),
        (("--dialect", "v3", "--set", "x=1"), 2, "expected NAME=VALUE"),
        (("--dialect", "v3", "--timeframes", "7"), 2, "cannot be made into bars"),
        (("--dialect", "v3", "--timeframes", "soon"), 2, "no timeframe"),
        (("--dialect", "v3", "--from", "2024-01-10T00:00:00"), 2, "no time zone"),
        (("--dialect", "v3", "--from", "2024-01-10", "--to", "2024-01-09"), 2, "must lie before"),
        (("--dialect", "v3", "--from", "2030-01-01"), 3, "no alert came of these bars"),
    ],
)
def test_what_cannot_be_is_said(
    bars: Path, tmp_path: Path, words: tuple[str, ...], status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "alerts.jsonl"
    assert run(*words, "--bars", f"EURUSD:5m={bars}", "--out", out) == status
    assert said in " ".join(capsys.readouterr().err.split())
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "EURUSD_M5_20240101_20240131.parquet"
    assert run("--dialect", "v3", "--bars", f"EURUSD:5m={missing}", "--out", tmp_path / "a.jsonl") == 3
    assert "EURUSD_M5" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_said(bars: Path, tmp_path: Path) -> None:
    assert run("--dialect", "v3", "--bars", f"EURUSD:5m={bars}", "--out", tmp_path / "no" / "a.jsonl", *QUICK) == 3


def test_nothing_to_make_alerts_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no bars"):
        write_alerts([], "v3", tmp_path / "a.jsonl")
    short = Source(first_rows(five_minutes(), 50), instrument())
    with pytest.raises(DataError, match="no alert came"):
        write_alerts([short], "v3", tmp_path / "a.jsonl")


def test_progress_is_told_in_days(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    source = Source(first_rows(five_minutes(), 6000), instrument())
    settings = settings_of("v6", ["trend_period=5", "trend_width=0.1"])
    write_alerts(
        [source], "v6", tmp_path / "a.jsonl", settings=settings, progress=lambda done, of: told.append((done, of))
    )
    assert len(told) > 2
    assert all(0 <= done <= of for done, of in told)
    assert told == sorted(told)


BAD_CHARTS = {
    "": "expected timeframes between commas",
    "5,": "expected timeframes between commas",
    "5,5": "5 and 5 are one chart",
    "60,1h": "60 and 1h are one chart",
}


@pytest.mark.parametrize("charts", BAD_CHARTS)
def test_charts_are_each_named_once(tmp_path: Path, charts: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--dialect", "v3", "--bars", "EURUSD:5m=none", "--timeframes", charts, "--out", tmp_path / "alerts.jsonl")
    assert run(*words) == 2
    assert BAD_CHARTS[charts] in " ".join(capsys.readouterr().err.split())

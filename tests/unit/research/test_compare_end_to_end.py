"""From an export of TradingView to a comparison, by the command line alone, for the oldest and the newest heading."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from zepix.cli import main
from zepix.data.sample import write_sample

OLD = "Trade #,Type,Signal,Date/Time,Price USD,Contracts,Profit USD"
NEWEST = "Trade number,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net PnL USD"


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=4, n_alerts=10, symbols=("EURUSD",))
    return folder


def opens(bars: Path) -> list[tuple[str, float, float]]:
    """Wall time in UTC, bid and ask at every full hour of the first day."""
    table = pq.read_table(next(bars.glob("EURUSD_M1_*.parquet")))
    columns = [table.column(name).to_pylist() for name in ("time", "bid_open", "ask_open")]
    return [(t.strftime("%Y-%m-%d %H:%M"), bid, ask) for t, bid, ask in zip(*columns, strict=True) if t.minute == 0][
        :24
    ]


def export(path: Path, heading: str, hours: list[tuple[str, float, float]]) -> int:
    """Longs and shorts in turn from one full hour to the next, at the bid; the last is still open."""
    names = heading.split(",")
    rows = []
    for number, (one, other) in enumerate(zip(hours, [*hours[1:], None], strict=True), 1):
        side = "long" if number % 2 else "short"
        for kind, at in (("Exit", other), ("Entry", one)):
            if at is None:
                continue
            cells = dict.fromkeys(names, "0") | {names[0]: number, "Type": f"{kind} {side}", "Signal": "x"}
            cells[next(name for name in names if name.startswith("Date"))] = at[0]
            cells["Price USD"] = f"{at[1]:.5f}"
            cells[next(name for name in names if name in ("Contracts", "Size (qty)"))] = "10000"
            rows.append(list(cells.values()))
    with path.open("w", encoding="utf-8-sig", newline="") as handle:
        csv.writer(handle).writerows([names, *reversed(rows)])
    return len(hours)


@pytest.mark.parametrize("heading", [OLD, NEWEST], ids=["old", "newest"])
def test_every_trade_meets_its_ticket_and_the_difference_is_the_spread(
    tmp_path: Path, bars: Path, capsys: pytest.CaptureFixture[str], heading: str
) -> None:
    hours = opens(bars)
    listed = tmp_path / "Turns_OANDA_EURUSD_2024-01-02.csv"
    count = export(listed, heading, hours)
    log, run = tmp_path / "turns.jsonl", tmp_path / "run"
    assert main(["alerts", "import", str(listed), "--zone", "UTC", "--volume-unit", "units", "--out", str(log)]) == 0
    replay = ["backtest", "--alerts", str(log), "--bars", str(bars), "--strategy", "bracket", "--out", str(run)]
    replay += ["--set", "fill.slippage_points=0"]
    assert main(replay) == 0
    capsys.readouterr()
    assert main(["alerts", "compare", str(run), str(tmp_path / "turns.trades.parquet"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    totals = found["totals"]
    assert (totals["trades"], totals["both"], totals["without_ticket"]) == (count, count, {})
    assert (totals["same_entry_time"], totals["same_exit_time"]) == (count, count - 1)
    spread = {time: round((ask - bid) * 1e5) for time, bid, ask in hours}
    for row in found["trades"][:-1]:
        entry, leaving = (row[f"{name}_time_theirs"][:16].replace("T", " ") for name in ("entry", "exit"))
        paid = (spread[entry], 0) if row["side"] == "buy" else (0, spread[leaving])
        assert (row["entry_points"], row["exit_points"]) == (-paid[0], -paid[1]), row
        assert row["volume_ours"] == 0.1
    assert "open at TradingView" in found["trades"][-1]["reason"]

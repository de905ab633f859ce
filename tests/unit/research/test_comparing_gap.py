"""From TradingView's List of trades to a broker's statement: every step by its name, the whole to the cent."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import zepix as zx
from zepix.cli import main
from zepix.data.sample import write_sample
from zepix.errors import ConfigError, DataError
from zepix.research.comparing.gap import gap
from zepix.research.comparing.opening import SideOptions

HEADING = "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Net P&L USD"
UNITS = 10_000
HOURS = 8
WRITTEN = (
    "Position", "Symbol", "Side", "Volume", "OpenTime", "OpenPrice", "CloseTime", "ClosePrice", "Commission", "Swap",
    "Profit",
)  # fmt: skip


class Stages:
    """Files of one strategy: TradingView's list, the alerts that arrived, the replay, a statement."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bars = folder / "bars"
        write_sample(self.bars, days=4, n_alerts=10, symbols=("EURUSD",))
        self.trades = folder / "Turns_OANDA_EURUSD_2024-01-02.csv"
        self.log, self.run, self.statement = folder / "got.jsonl", folder / "run", folder / "statement.csv"
        self.opens = self._opens()
        self.never_sent = self._list()
        self._received()
        given = ["--alerts", str(self.log), "--bars", str(self.bars), "--strategy", "bracket", "--out", str(self.run)]
        assert main(["backtest", *given, "--set", "fill.slippage_points=1", "--quiet", "--no-report"]) == 0
        self.replay = pq.read_table(self.run / "trades.parquet").to_pylist()

    def _opens(self) -> list[tuple[datetime, float, float]]:
        table = pq.read_table(next(self.bars.glob("EURUSD_M1_*.parquet")))
        columns = [table.column(name).to_pylist() for name in ("time", "bid_open", "ask_open")]
        hours = [(t, bid, ask) for t, bid, ask in zip(*columns, strict=True) if t.minute == 0]
        return hours[: HOURS + 1]

    def _list(self) -> int:
        """Longs and shorts in turn at TradingView's own price, two points above our bid; the cents of trade 3."""
        with self.trades.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(HEADING.split(","))
            cents = {}
            for number in range(1, HOURS + 1):
                (entered, one, _), (left, other, _) = self.opens[number - 1 : number + 1]
                side, sign = ("long", 1) if number % 2 else ("short", -1)
                entry, leaving = round(one + 2e-5, 5), round(other + 2e-5, 5)
                cents[number] = sign * round((leaving - entry) * 1e5) * 10
                for kind, at, price in (("Entry", entered, entry), ("Exit", left, leaving)):
                    writer.writerow(
                        [number, f"{kind} {side}", f"{at:%Y-%m-%d %H:%M}", "x", f"{price:.5f}", UNITS,
                         f"{cents[number] / 100:.2f}"]
                    )  # fmt: skip
        return cents[3]

    def _received(self) -> None:
        """The alerts of the list, five seconds late; those of trade 3 never came."""
        full = self.folder / "full.jsonl"
        words = ["alerts", "import", str(self.trades), "--zone", "UTC", "--volume-unit", "units", "--out", str(full)]
        assert main(words) == 0
        kept = []
        for line in full.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if str(row["id"]).split("-")[0] != "T3":
                moment = datetime.fromisoformat(row["received_at"]) + timedelta(seconds=4)
                kept.append(json.dumps({**row, "received_at": moment.isoformat()}))
        self.log.write_text("\n".join(kept) + "\n", encoding="utf-8")

    def write_statement(self, *, commission: float = -0.4) -> None:
        """The replay's tickets, each entered a point worse than there, with a commission; the last one is missing."""
        with self.statement.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(WRITTEN)
            for row in self.replay[:-1]:
                sign = 1 if row["side"] == "buy" else -1
                entry = round(row["entry_price"] + sign * 1e-5, 5)
                profit = sign * round((row["exit_price"] - entry) * 1e5) * row["volume"]
                writer.writerow(
                    [row["ticket"], "EURUSD", row["side"], row["volume"], _wall(row["entry_time"]), entry,
                     _wall(row["exit_time"]), row["exit_price"], commission, 0, f"{profit:.2f}"]
                )  # fmt: skip


def _wall(moment: datetime) -> str:
    return f"{moment.astimezone(UTC) + timedelta(hours=2):%Y.%m.%d %H:%M:%S}"


COLUMNS = {
    "open_time": "OpenTime", "open_price": "OpenPrice", "close_time": "CloseTime", "close_price": "ClosePrice",
    "position": "Position", "symbol": "Symbol", "side": "Side", "volume": "Volume", "profit": "Profit",
    "commission": "Commission", "swap": "Swap",
}  # fmt: skip


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Stages:
    made = Stages(tmp_path_factory.mktemp("gap"))
    made.write_statement()
    return made


def whole(stages: Stages):
    return gap(
        trades=stages.trades, alerts=[stages.log], replay=stages.run, statement=stages.statement,
        options=SideOptions(zone=UTC),
        server=SideOptions(zone=_plus_two(), currency="USD", columns=COLUMNS),
    )  # fmt: skip


def _plus_two():
    from datetime import timezone

    return timezone(timedelta(hours=2))


def minor(found, stage: str) -> dict[str, int]:
    return {step.label: int(step.amount * 100) for step in found.steps if step.stage == stage}


def test_every_step_sums_to_the_cent(stages: Stages):
    found = whole(stages)
    assert [book.kind for book in found.stages] == ["trades", "alerts", "replay", "statement"]
    for one in found.comparisons:
        assert sum(one.minor.values()) == one.b.profit - one.a.profit
        assert one.minor["unexplained"] == 0
    assert sum(step.amount for step in found.steps) == found.sum
    assert found.steps[-1].reached == found.stages[-1].money(found.stages[-1].profit)
    heights = [value for _, value, kind in found.bars() if kind != "total"]
    assert round(sum(heights), 2) == float(found.stages[-1].money(found.stages[-1].profit))


def test_the_trade_whose_alert_never_came_is_the_whole_first_step(stages: Stages):
    assert minor(whole(stages), "alerts received") == {"signals never sent": -stages.never_sent}


def test_feed_spread_and_slippage_lead_to_the_replay(stages: Stages):
    """Two points of feed go in and out again; the ask costs the spread once a ticket; a point slips twice a ticket."""
    found = minor(whole(stages), "replay")
    tickets = HOURS - 1
    spread = sum(
        round((ask - bid) * 1e5)
        for number in range(1, HOURS + 1)
        if number != 3
        for _, bid, ask in [stages.opens[number - 1 if number % 2 else number]]
    )
    assert found["spread"] == -10 * spread
    assert found["slippage"] == -10 * 2 * tickets
    assert "feed" not in found, "what the price is off at the entry it is off at the exit"
    costs = sum(round((row["commission"] + row["swap"]) * 100) for row in stages.replay)
    assert found.get("commission", 0) + found.get("swap", 0) == costs
    assert set(found) <= {"spread", "slippage", "commission", "swap"}


def test_a_point_at_the_entry_and_a_commission_lead_to_the_statement(stages: Stages):
    found = minor(whole(stages), "statement")
    tickets = len(stages.replay) - 1
    assert found["slippage"] == -10 * tickets
    paid = sum(round(row["commission"] * 100) for row in stages.replay[:-1])
    assert found["commission"] == -40 * tickets - paid
    assert found["not at the broker"] == -round(stages.replay[-1]["pnl"] * 100)


def test_the_command_writes_what_it_shows(stages: Stages, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = [
        "gap",
        "--trades",
        str(stages.trades),
        "--alerts",
        str(stages.log),
        "--replay",
        str(stages.run),
        "--zone",
        "UTC",
    ]
    words += ["--statement", str(stages.statement), "--server-zone", "+02:00", "--currency", "USD"]
    words += ["--columns", ",".join(f"{name}={heading}" for name, heading in COLUMNS.items())]
    assert main([*words, "--out", str(tmp_path / "gap")]) == 0
    shown = capsys.readouterr().out
    assert shown.isascii()
    assert "signals never sent" in shown
    assert {path.name for path in (tmp_path / "gap").iterdir()} == {"gap.html", "gap.json", "steps.csv"}
    page = (tmp_path / "gap" / "gap.html").read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert "waterfall" in page
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "gap" / "gap.json").read_text(encoding="utf-8"))
    assert told["difference"] == str(whole(stages).sum)


def test_a_comparison_is_saved_and_opens_as_a_frame(stages: Stages, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    given = {"zone": "UTC", "columns": COLUMNS, "currency": "USD"}
    found = zx.compare(stages.trades, stages.run, zone="UTC")
    assert list(found.tickets["difference"].round(2)) == [
        float(found.a.money(pair.b.profit - pair.a.profit)) for pair in found.pairs
    ]
    assert str(found.tickets["entry_time_a"].dt.tz) == "UTC"
    assert list(found.unpaired["part"]) == ["missed there"]
    assert len(found.lines()) >= 8
    assert "<li>" in found._repr_html_()
    assert found.plot().data[0].type == "waterfall"
    folder = found.save(tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {"compare.html", "compare.json", "tickets.csv"}
    with (folder / "tickets.csv").open(encoding="utf-8", newline="") as handle:
        assert len(list(csv.reader(handle))) == 1 + len(found.pairs)
    assert main(["compare", str(stages.run), str(stages.run), "--plugin", "nobody"]) == 2
    assert "no ticket is of plugin 'nobody'; there are bracket" in capsys.readouterr().err
    assert main(["compare", str(stages.run), str(stages.run), "--plugin", "bracket", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] == "0.00"
    assert main(["compare", str(stages.trades), str(stages.run), "--zone", "UTC", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["parts"] == {name: str(part) for name, part in found.parts.items()}
    with pytest.raises(ConfigError, match="no such zone"):
        zx.compare(stages.run, stages.statement, **{**given, "zone": "Nowhere"})


def test_what_can_be_no_side_is_refused(stages: Stages, tmp_path: Path):
    with pytest.raises(DataError, match="does not exist; a run, a live folder"):
        zx.compare(tmp_path / "nothing", stages.run)
    with pytest.raises(DataError, match="neither a run"):
        zx.compare(tmp_path, stages.run)
    with pytest.raises(ConfigError, match="int cannot be compared"):
        zx.compare(3, stages.run)
    with pytest.raises(ConfigError, match="give two of --trades"):
        gap(replay=stages.run)
    with pytest.raises(ConfigError, match="those too \\(--trades\\)"):
        gap(alerts=[stages.log], replay=stages.run)
    with pytest.raises(ConfigError, match="this is no live, but replay"):
        gap(replay=stages.run, live=stages.run)
    with pytest.raises(ConfigError, match="those of the chart; say --zone"):
        zx.compare(stages.trades, stages.run)


def test_a_folder_whose_prices_are_gone_says_so(stages: Stages, tmp_path: Path):
    import shutil

    moved = tmp_path / "run"
    shutil.copytree(stages.run, moved)
    meta = json.loads((moved / "run.json").read_text(encoding="utf-8"))
    meta["spec"]["bars"] = [str(tmp_path / "nowhere")]
    (moved / "run.json").write_text(json.dumps(meta), encoding="utf-8")
    found = zx.compare(moved, stages.run)
    assert not any(found.minor.values())
    assert not any(zx.compare(zx.open(stages.run), stages.run).minor.values())
    assert any("prices of run are not at hand" in note for note in found.notes)


def test_the_list_may_be_either_side(stages: Stages):
    forth, back = zx.compare(stages.trades, stages.run, zone="UTC"), zx.compare(stages.run, stages.trades, zone="UTC")
    turned = {"missed here": "missed there", "missed there": "missed here"}
    assert {name: -minor for name, minor in forth.minor.items()} == {
        name: back.minor[turned.get(name, name)] for name in forth.minor
    }

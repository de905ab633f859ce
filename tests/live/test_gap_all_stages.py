"""From TradingView's list over alerts, replay and a live journal to the broker's statement: all five stages at once,
with a cause put in before each, and every one of them found under its name, to the cent."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.live.desk import SAMPLE, Desk, entry
from zepix.cli import main
from zepix.journal.durable_reader import LogReader
from zepix.research.comparing.gap import gap
from zepix.research.comparing.opening import SideOptions

HEADING = "Trade #,Type,Date/Time,Signal,Price USD,Position size (qty),Net P&L USD"
UNITS = 10_000
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
TRADES: dict[int, tuple[str, int, int]] = {
    1: ("buy", 31, 40), 2: ("sell", 46, 55), 3: ("buy", 61, 70), 4: ("buy", 76, 85), 5: ("sell", 91, 100),
    6: ("buy", 106, 115),
}  # fmt: skip
"""Side, minute of the entry, minute of the exit."""
NEVER_SENT, NOT_LIVE, NOT_AT_BROKER, HALF_SIZE = 3, 5, 6, 2
FEED = {1: 4, 4: -3}
"""By trade: how many points TradingView's price is above ours when it is entered."""
WRITTEN = {
    "position": "Nr", "symbol": "Market", "side": "Way", "volume": "Lots", "open_time": "In", "open_price": "InPrice",
    "close_time": "Out", "close_price": "OutPrice", "commission": "Fees", "swap": "Nights", "profit": "Gross",
}  # fmt: skip
SERVER = timezone(timedelta(hours=2))


def _sign(number: int) -> int:
    return 1 if TRADES[number][0] == "buy" else -1


class World:
    """Files of the five stages, and what each cause costs in cents, counted from the sample's prices."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        table = pq.read_table(next(SAMPLE.glob("EURUSD_M1_*.parquet")), columns=["time", "bid_open", "ask_open"])
        rows = table.slice(0, 170).to_pylist()
        assert [row["time"] for row in rows] == [FIRST + timedelta(minutes=n) for n in range(170)]
        self.bid = [round(row["bid_open"] * 1e5) for row in rows]
        self.spread = [round((row["ask_open"] - row["bid_open"]) * 1e5) for row in rows]
        self.live, self.run, self.log = folder / "live", folder / "run", folder / "got.jsonl"
        self.trades, self.statement = folder / "Turns_OANDA_EURUSD_2024-01-01.csv", folder / "statement.csv"
        self._trade_live()
        self._list()
        self._received()
        given = ["--alerts", str(self.log), "--bars", str(SAMPLE), "--strategy", "bracket", "--out", str(self.run)]
        assert main(["backtest", *given, "--set", "fill.slippage_points=1", "--quiet", "--no-report"]) == 0
        self.closed = self._closed()
        self._state()

    def _trade_live(self) -> None:
        """Three points slip and every order is a minute late; the alert of one trade does not reach the runner."""
        self.live.mkdir()
        desk = Desk(self.live, fill__slippage_points=3, fill__latency_ms=60_000)
        desk.open()
        now = 0
        for number, (side, first, last) in TRADES.items():
            for minute, kind in ((first, "entry"), (last, "exit")):
                desk.run(minute - now)
                now = minute
                if number in (NEVER_SENT, NOT_LIVE):
                    continue
                body = entry(side, id=f"in{number}")
                if kind == "exit":
                    body = {"type": "exit", "side": side, "symbol": "EURUSD", "id": f"out{number}"}
                desk.post(body)
        desk.run(10)
        desk.close()

    def points(self, number: int) -> int:
        """What TradingView's trade moved in its favour."""
        _, first, last = TRADES[number]
        return _sign(number) * (self.bid[last] - self.bid[first] - FEED.get(number, 0))

    def _list(self) -> None:
        with self.trades.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(HEADING.split(","))
            for number, (side, first, last) in TRADES.items():
                word = "long" if side == "buy" else "short"
                for kind, minute, feed in (("Entry", first, FEED.get(number, 0)), ("Exit", last, 0)):
                    at = FIRST + timedelta(minutes=minute)
                    writer.writerow(
                        [number, f"{kind} {word}", f"{at:%Y-%m-%d %H:%M}", "x",
                         f"{(self.bid[minute] + feed) / 1e5:.5f}", UNITS, f"{self.points(number) / 10:.2f}"]
                    )  # fmt: skip

    def _received(self) -> None:
        lines = []
        for number, (side, first, last) in TRADES.items():
            if number == NEVER_SENT:
                continue
            for kind, minute in (("entry", first), ("exit", last)):
                at = FIRST + timedelta(minutes=minute, seconds=3)
                body: dict[str, Any] = {"type": kind, "side": side, "symbol": "EURUSD"}
                if kind == "entry":
                    body["volume"] = 0.1
                given = ("in" if kind == "entry" else "out") + str(number)
                lines.append(json.dumps({"id": given, "received_at": at.isoformat(), "payload": {**body, "id": given}}))
        self.log.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _closed(self) -> dict[int, dict[str, Any]]:
        """What the journal says of each trade: its closing row; the entry is the open a minute later, plus slippage."""
        with LogReader(self.live / "journal.sqlite") as reader:
            rows = [json.loads(row.body) for row in reader.rows(0, None, kinds={"closed"})]
        live = [number for number in TRADES if number not in (NEVER_SENT, NOT_LIVE)]
        return dict(zip(live, rows, strict=True))

    def _state(self) -> None:
        """The broker's own: a point worse at each entry, half the size of one, a fee of 50 cents and a night of 7."""
        with self.statement.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.writer(handle)
            writer.writerow(WRITTEN.values())
            for number, row in self.closed.items():
                if number == NOT_AT_BROKER:
                    continue
                side, first, _ = TRADES[number]
                lots = 5 if number == HALF_SIZE else 10
                paid = self.entry_live(number) + _sign(number)
                gross = _sign(number) * (row["points"] - paid) * lots
                writer.writerow(
                    [number, "EURUSD", side, lots / 100, self._wall(first + 1), f"{paid / 1e5:.5f}",
                     self._wall(TRADES[number][2] + 1), f"{row['points'] / 1e5:.5f}", "-0.50", "-0.07",
                     f"{gross / 100:.2f}"]
                )  # fmt: skip
            writer.writerow([99, "EURUSD", "buy", 0.01, self._wall(150), "1.09", self._wall(151), "1.09", 0, 0, "2.22"])

    def entry_live(self, number: int) -> int:
        """The open a minute after the alert's bar, where one trades, three points worse."""
        sign, minute = _sign(number), TRADES[number][1] + 1
        return self.bid[minute] + (self.spread[minute] if sign > 0 else 0) + 3 * sign

    @staticmethod
    def _wall(minute: int) -> str:
        return f"{(FIRST + timedelta(minutes=minute)).astimezone(SERVER):%Y.%m.%d %H:%M:%S}"

    def whole(self):
        return gap(
            trades=self.trades, alerts=[self.log], replay=self.run, live=self.live, statement=self.statement,
            options=SideOptions(zone=UTC), server=SideOptions(zone=SERVER, currency="USD", columns=WRITTEN),
        )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("gap"))


def cents(found: Any, stage: str) -> dict[str, int]:
    return {step.label: int(step.amount * 100) for step in found.steps if step.stage == stage}


def test_the_whole_waterfall_sums_to_the_cent(world: World) -> None:
    found = world.whole()
    assert [book.kind for book in found.stages] == ["trades", "alerts", "replay", "live", "statement"]
    for one in found.comparisons:
        assert sum(one.minor.values()) == one.b.profit - one.a.profit
        assert one.minor["unexplained"] == 0, one.minor
    assert sum(step.amount for step in found.steps) == found.sum
    assert found.steps[-1].reached == found.stages[-1].money(found.stages[-1].profit)
    assert found.stages[0].profit == 10 * sum(world.points(number) for number in TRADES)


def test_the_alert_that_was_never_sent(world: World) -> None:
    assert cents(world.whole(), "alerts received") == {"signals never sent": -10 * world.points(NEVER_SENT)}


def test_feed_spread_and_slippage_lead_to_the_replay(world: World) -> None:
    got = [number for number in TRADES if number != NEVER_SENT]
    found = cents(world.whole(), "replay")
    assert found["feed"] == sum(10 * _sign(number) * feed for number, feed in FEED.items())
    paid = [world.spread[TRADES[n][1] if _sign(n) > 0 else TRADES[n][2]] for n in got]
    assert found["spread"] == -10 * sum(paid)
    assert found["slippage"] == -20 * len(got)
    assert set(found) == {"feed", "spread", "slippage", "commission"}


def test_latency_slippage_and_a_lost_alert_lead_to_live(world: World) -> None:
    found = cents(world.whole(), "live")
    both = [number for number in TRADES if number not in (NEVER_SENT, NOT_LIVE)]
    lost = next(t for t in world.whole().stages[2].tickets if t.alert == f"in{NOT_LIVE}")
    assert found["not received live"] == -lost.profit
    moved = sum(
        _sign(n) * ((world.bid[last + 1] - world.bid[last]) - (world.bid[first + 1] - world.bid[first]))
        for n, (_, first, last) in TRADES.items()
        if n in both
    )
    assert found.get("latency", 0) == 10 * moved
    assert found["slippage"] == -10 * 2 * 2 * len(both)
    assert set(found) <= {"latency", "spread", "slippage", "not received live"}


def test_price_size_costs_and_strangers_lead_to_the_statement(world: World) -> None:
    found = cents(world.whole(), "statement")
    known = [number for number in world.closed if number != NOT_AT_BROKER]
    assert found["slippage"] == -10 * len(known)
    assert found["swap"] == -7 * len(known)
    assert found["not ours"] == 222
    assert found["not at the broker"] == -world.closed[NOT_AT_BROKER]["pnl_minor"]
    assert set(found) == {"slippage", "size", "commission", "swap", "not ours", "not at the broker"}


def test_the_command_chains_all_five(world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["gap", "--trades", str(world.trades), "--zone", "UTC", "--alerts", str(world.log)]
    words += ["--replay", str(world.run), "--live", str(world.live), "--statement", str(world.statement)]
    words += ["--server-zone", "+02:00", "--currency", "USD"]
    words += ["--columns", ",".join(f"{name}={heading}" for name, heading in WRITTEN.items())]
    assert main([*words, "--out", str(tmp_path / "gap")]) == 0
    shown = capsys.readouterr().out
    assert "TradingView's trades -> alerts received -> replay -> live -> statement" in shown
    assert "note: alerts received: signals never sent: 1 ticket" in shown
    assert "missed there" not in shown, "a part has one name, in the steps and below them"
    told = json.loads((tmp_path / "gap" / "gap.json").read_text(encoding="utf-8"))
    assert told["difference"] == str(world.whole().sum)
    page = (tmp_path / "gap" / "gap.html").read_text(encoding="utf-8")
    for label in ("signals never sent", "not received live", "not at the broker", "not ours"):
        assert label in page
    assert "missed there" not in page
    assert "feed +" in page and "data +" not in page

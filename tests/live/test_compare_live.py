"""A live journal beside the replay of its own alerts and prices: nothing differs, and what was changed is named."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.live.desk import Desk, entry
from zepix.journal.durable_reader import LogReader
from zepix.kernels.crossing import build_index
from zepix.model import Series
from zepix.research.comparing import compare
from zepix.research.comparing.gap import gap
from zepix.research.replay import plugins_of, registry_for, rules_of
from zepix.research.result import Result
from zepix.research.simulate import simulate
from zepix_live.engine.config import SessionConfig

MINUTE_NS = 60 * 10**9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session of an hour and a half of market time: entries with stops, exits, a partial close, costs."""
    desk = Desk(tmp_path_factory.mktemp("live"), fill__slippage_points=2)
    desk.open()
    desk.run(60)
    for number in range(6):
        side = "buy" if number % 2 else "sell"
        symbol = "XAUUSD" if number % 3 == 2 else "EURUSD"
        desk.post(entry(side, symbol, id=f"in{number}"))
        desk.run(9)
        if number == 1:
            desk.post({"type": "exit", "side": side, "symbol": symbol, "id": "half", "close_frac": 0.5})
            desk.run(4)
        if number < 5:
            desk.post({"type": "exit", "side": side, "symbol": symbol, "id": f"out{number}"})
        desk.run(6)
    desk.close()
    return desk.folder


def rows(folder: Path, kind: str) -> list[tuple[int, dict]]:
    with LogReader(folder / "journal.sqlite") as reader:
        return [(row.t_ns, json.loads(row.body)) for row in reader.rows(0, None, kinds={kind})]


def replayed(folder: Path, **overrides) -> Result:
    """A plain replay of what the journal says was received, at its own quotes."""
    [(_, config)] = rows(folder, "config")
    plan = SessionConfig.of(config).plan(overrides or None)
    bars: dict[str, list[list[int]]] = {}
    for t_ns, body in rows(folder, "prices"):
        for symbol, *ends in body["ended"]:
            bars[symbol][-1][2:5], bars[symbol][-1][6:9] = ends[:3], ends[3:]
        for symbol, bid, ask in body["opened"]:
            bars.setdefault(symbol, []).append([t_ns, *[bid] * 4, *[ask] * 4])
    series = {}
    for symbol, found in bars.items():
        table = np.array(found[:-1], np.int64)
        columns = [table[:, place].astype(np.int32) for place in range(1, 9)]
        index = (*build_index(columns[2], columns[1]), *build_index(columns[6], columns[5]))
        series[symbol] = Series(symbol, "1m", MINUTE_NS, table[:, 0].copy(), *columns, *index)
    alerts = [
        plan.processor.parse(body["raw"], received_ns=t_ns, id=body["id"], source=body["source"])
        for t_ns, body in rows(folder, "alert")
    ]
    registry, plugins = registry_for(plan.spec), plugins_of(plan.spec)
    rules = rules_of(plan.spec, registry, plugins)
    return Result(simulate(series, plan.catalogue, alerts, plugins, registry=registry, rules=rules))


def parts(found) -> dict[str, int]:
    assert sum(found.minor.values()) == found.b.profit - found.a.profit
    return {name: minor for name, minor in found.minor.items() if minor}


def test_a_live_journal_and_its_replay_differ_in_nothing_but_what_is_open(folder: Path) -> None:
    found = compare(replayed(folder), folder)
    closed = rows(folder, "closed")
    assert len(closed) == 6
    assert found.b.profit == sum(body["pnl_minor"] for _, body in closed)
    assert len(found.pairs) == 6
    assert {pair.rule for pair in found.pairs} == {"alert"}
    still_open = next(pair for pair in found.pairs if pair.b.is_open)
    assert parts(found) == {"still open": -still_open.a.profit}
    assert not [said for said in found.different if said.startswith(("data", "accounts"))]
    for pair in found.pairs:
        if not pair.b.is_open:
            assert pair.parts == {}


def test_the_money_of_a_live_journal_is_told_apart(folder: Path) -> None:
    """Gross, commission and swap rebuilt from the rows are those of the books, and nothing is left over."""
    books = {(fill.ticket, fill.part): fill for fill in replayed(folder).record.fills}
    live = compare(folder, folder).a
    legs = [(int(one.id), place, leg) for one in live.tickets for place, leg in enumerate(one.legs, 1)]
    assert len(legs) == 6
    assert any(leg.commission for *_, leg in legs)
    for ticket, place, leg in legs:
        fill = books[ticket, place]
        assert (leg.gross, leg.commission, leg.swap, leg.other) == (
            fill.gross_minor, fill.commission_minor, fill.swap_minor, 0,
        )  # fmt: skip
        assert leg.closer


def test_live_against_a_replay_without_slippage_is_slippage(folder: Path) -> None:
    found = compare(replayed(folder, **{"fill.slippage_points": 0}), folder)
    assert set(parts(found)) == {"slippage", "still open"}
    assert parts(found)["slippage"] < 0


def test_live_with_its_file_or_its_folder_is_one(folder: Path) -> None:
    assert parts(compare(folder, folder / "journal.sqlite")) == {}


def test_a_gap_goes_from_the_replay_to_live(folder: Path) -> None:
    found = gap(replay=replayed(folder, **{"fill.slippage_points": 0}), live=folder)
    assert [book.name for book in found.stages] == ["replay", "live"]
    assert {step.label for step in found.steps} == {"slippage", "still open"}
    assert sum(step.amount for step in found.steps) == found.sum

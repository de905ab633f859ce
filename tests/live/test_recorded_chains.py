"""Hours with chains through the HTTP door: V3, its pyramids, re-entries and shields are the replay of its journal.

Real ticks of EURUSD where they are at hand, else ticks made of the sample's minutes; V3 alerts drawn beside bracket's,
so that chains open, go up, are recovered and are shielded, which is counted first. Then the tickets, the decisions and
every step of every chain are those of a plain replay, and the journal reruns line by line.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.live import test_recorded_day as day
from tests.live.chain_life import CONFIG, THERE, body, counted_in, words
from tests.live.desk import SAMPLE
from tests.property.chain_checks import chain_problems
from zepix.data import default_catalogue, load_bars
from zepix.model.timeframe import NS
from zepix.services.chain_log import ChainLog, ChainStep
from zepix_live.rerunning import rerun_folder

ALERTS = 200
FIRST_HOUR, HOURS = 7, 6
SEEDS = {"real": 2, "sample": 3}
SAMPLE_DAY_NS = 1_704_844_800 * NS  # 2024-01-10, a Wednesday


def sample_ticks(folder: Path) -> Path:
    """Hours of the sample's minutes as ticks: open, both ends by the way the bar went, close."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    series = load_bars([str(SAMPLE)], default_catalogue(), symbols={"EURUSD"}).series["EURUSD"]
    from_ns = SAMPLE_DAY_NS + FIRST_HOUR * 3600 * NS
    first, last = np.searchsorted(series.time, (from_ns, from_ns + HOURS * 3600 * NS))
    times: list[int] = []
    bid: list[int] = []
    ask: list[int] = []
    for row in range(first, last):
        is_up = series.bid_close[row] >= series.bid_open[row]
        for number, name in enumerate(("open", "low", "high", "close") if is_up else ("open", "high", "low", "close")):
            times.append((int(series.time[row]) + number * 15 * NS) // 1000)
            bid.append(int(getattr(series, f"bid_{name}")[row]))
            ask.append(int(getattr(series, f"ask_{name}")[row]))
    columns = {"time": pa.array(times, pa.timestamp("us", "UTC"))}
    columns |= {name: pa.array(np.round(np.array(v) * 1e-5, 5)) for name, v in (("bid", bid), ("ask", ask))}
    path = folder / "EURUSD_TICK_20240110_20240110.parquet"
    pq.write_table(pa.table(columns), path)
    return path


def drawn(first_ns: int, seed: int) -> list[tuple[int, str]]:
    """(when, body): V3 mostly, bracket between."""
    rng = random.Random(seed)
    found: list[tuple[int, str]] = []
    for number in range(ALERTS):
        t_ns = (
            first_ns + rng.randrange(FIRST_HOUR * 3600 + 600, (FIRST_HOUR + HOURS - 1) * 3600) * NS + rng.randrange(NS)
        )
        sent: dict[str, Any] = body(rng, number, "EURUSD", id=f"n{number}")
        if rng.random() < 0.15:
            sent = {"type": "exit", "symbol": "EURUSD", "strategy": "bracket", "id": f"n{number}"}
            if rng.random() < 0.6:
                sent |= {"type": "entry", "side": rng.choice(("buy", "sell")), "volume": 0.1}
        found.append((t_ns, json.dumps(sent)))
    return sorted(found)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["real", "sample"])
def test_a_day_with_chains_through_the_door_is_the_replay_of_its_journal(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if source == "real" and not day.MARKET.is_dir():
        pytest.skip("the recorded ticks are not here; the sample's are played")
    steps: list[ChainStep] = []
    add = ChainLog.add
    monkeypatch.setattr(ChainLog, "add", lambda log, step: (steps.append(step), add(log, step))[1])
    ticks = day.real_ticks(tmp_path, FIRST_HOUR, HOURS) if source == "real" else sample_ticks(tmp_path)
    first_ns = day.DAY_NS if source == "real" else SAMPLE_DAY_NS
    played = day.played(tmp_path, CONFIG, ticks, drawn(first_ns, SEEDS[source]))
    data, there = played["data"], counted_in(played["data"])
    assert all(there[name] >= 2 for name in THERE), words(there)

    lived = list(steps)
    record = day.replayed(data)
    over_ns = max(t_ns for t_ns, _ in day.journal_rows(data, "prices"))
    lived = [step for step in lived if step.t_ns < over_ns]
    assert lived == [step for step in record.chains if step.t_ns < over_ns] and len(lived) > 500
    assert chain_problems(record, played["settings"]) == []
    live = [
        (b["ticket"], b["part"], b["symbol"], b["steps"], b["points"], b["exit_ns"], b["reason"], b["pnl_minor"])
        for _, b in day.journal_rows(data, "closed")
    ]
    replayed = [
        (f.ticket, f.part, f.symbol, f.steps, f.exit_points, f.exit_ns, f.exit_reason, f.pnl_minor)
        for f in record.fills
        if f.exit_reason != "end_of_data"
    ]
    assert live == replayed and len(live) > 150
    finals = [b for _, b in day.journal_rows(data, "decision") if b["final"]]
    decided = {(b["id"], b["plugin"]): (b["outcome"], b["reason"]) for b in finals}
    assert decided == {
        (d.alert_id, d.plugin_id): (d.outcome, d.reason)
        for d in record.decisions
        if (d.outcome, d.reason) != ("working", "")
    }
    compared = rerun_folder(data, {})
    assert compared.is_equal, str(compared.differences[0])

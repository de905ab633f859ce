"""The promise itself: a recorded day through the HTTP door gives the tickets of a replay of its journal, and reruns.

Real ticks of a day, V6 alerts generated from that day's bars and bracket alerts drawn beside them, sent to the
receiver's own application; one virtual clock drives feed and sender in lockstep. Then the journal's alerts and quotes,
at the times at which they were taken, go through a plain replay.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.live.receiver.receiver_asgi import PATH, TOKEN, call
from tests.parity.test_shipped_strategies import LOOSE
from tests.thorough import share
from zepix.alerts.generate import generate, settings_of
from zepix.data import default_catalogue, load_bars
from zepix.engine.record import RunRecord
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix.kernels.crossing import build_index
from zepix.model import Series
from zepix.model.timeframe import NS
from zepix.research.replay import plugins_of, registry_for, rules_of
from zepix.research.simulate import simulate
from zepix_live.clock import VirtualClock
from zepix_live.engine.config import SessionConfig
from zepix_live.engine.main import open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.heartbeat import EngineState
from zepix_live.receiver.app import create_app
from zepix_live.receiver.inbox import Inbox
from zepix_live.receiver.store import LogStore
from zepix_live.rerunning import rerun_folder
from zepix_live.secrets_file import Secrets
from zepix_live.settings import ReceiverSettings

MARKET = Path(__file__).resolve().parents[3] / "shared" / "data" / "market"
DAY_NS = 1_399_334_400 * NS  # 2014-05-06, a Tuesday
HOURS = share(24, 10)
CONFIG = """
[plugins.bracket]
strategy = "bracket"

[plugins.v6_price_action]
strategy = "v6_price_action"

[plugins.v6_price_action.settings]
LOOSE

[sessions]
enabled = false

[risk]
default_risk_tier = "10000"
max_concurrent = 1000

[risk.daily_caps]
10000 = 1e6

[risk.lifetime_caps]
10000 = 1e6
"""


def real_ticks(folder: Path, first_hour: int = 0, hours: int = HOURS) -> Path:
    """The hours of real ticks that are played, as a file of their own."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(MARKET / "EURUSD_TICK_20140501_20140515.parquet")
    time = pc.cast(table.column(0), "int64")
    unit = {"ns": 1, "us": 1_000, "ms": 1_000_000}[getattr(table.schema.field(0).type, "unit", "ms")]
    first, last = ((DAY_NS + hour * 3600 * NS) // unit for hour in (first_hour, first_hour + hours))
    path = folder / "EURUSD_TICK_20140506_20140506.parquet"
    pq.write_table(table.filter(pc.and_(pc.greater_equal(time, first), pc.less(time, last))), path)
    return path


def _sent() -> list[tuple[int, str]]:
    """(when, body): V6 as the script would have sent it on these bars, and bracket alerts between."""
    catalogue = default_catalogue()
    loaded = load_bars([str(MARKET / "EURUSD_M1_20140501_20140515.parquet")], catalogue, symbols={"EURUSD"})
    series, instrument = loaded.series["EURUSD"], catalogue["EURUSD"]
    found: list[tuple[int, str]] = []
    for t_ns, _, _, _, body in generate(
        series, instrument, "v6", timeframes=("1", "5", "15", "60"), settings=settings_of("v6", [])
    ):
        if DAY_NS <= t_ns < DAY_NS + HOURS * 3600 * NS:
            found.append((t_ns, body))
    rng = random.Random(7)
    for _ in range(250):
        t_ns = DAY_NS + rng.randrange(60, HOURS * 3600) * NS + rng.randrange(NS)
        row = int(np.searchsorted(series.time, t_ns - series.timeframe_ns, side="right")) - 1
        price, side = int(series.bid_close[row]) * 1e-5, rng.choice(["buy", "sell"])
        sign = 1 if side == "buy" else -1
        kind = rng.choice(["entry", "entry", "entry", "exit", "reversal"])
        body = {"type": kind, "symbol": "EURUSD", "id": f"b{t_ns}", "strategy": "bracket"}
        if kind != "exit":
            levels = {"sl": round(price - sign * 0.0007, 5), "tp": round(price + sign * 0.0009, 5)}
            body |= {"side": side, "volume": 0.1, **levels}
        found.append((t_ns, json.dumps(body)))
    return sorted(found)


def played(
    folder: Path, configuration: str, ticks: Path, sent: Sequence[tuple[int, str]], speed: float = 1.0
) -> dict[str, Any]:
    """Everything through the door; what the data folder holds afterwards."""
    config = folder / "live.toml"
    config.write_text(configuration, encoding="utf-8")
    clock = VirtualClock(1_767_225_600 * NS)
    data = folder / "data"
    engine = open_engine(EngineOptions(data, config, f"replay:{ticks}", speed), clock, {})
    anchor = engine.consumer.clock.anchor
    assert anchor is not None
    inbox_log = DurableLog(data / "inbox.sqlite", name="inbox")
    settings = ReceiverSettings(data_dir=data, secrets=Secrets(webhook_token=TOKEN))
    inbox = Inbox(LogStore(inbox_log), clock, 2.5)
    app = create_app(settings, inbox, clock, lambda: EngineState(1, "running"))
    statuses: dict[int, int] = {}

    async def play() -> None:
        for t_ns, body in sent:
            wall_ns = anchor.wall(t_ns)
            while True:  # the engine turns at every tick until the alert is due
                due = engine.consumer.feed.next_ns()
                if due is None or anchor.wall(due) > wall_ns:
                    break
                clock.advance(max(0, anchor.wall(due) - clock.now_ns()) / 1e9)
                engine.consumer.turn()
            clock.advance(max(0, wall_ns - clock.now_ns()) / 1e9)
            answer = await call(app, "POST", PATH, body.encode("utf-8"))
            statuses[answer.status] = statuses.get(answer.status, 0) + 1
            while engine.consumer.turn():
                pass
        clock.advance(HOURS * 3600 / speed)
        while engine.consumer.turn():
            pass

    asyncio.run(play())
    session = engine.consumer.session
    found = {"data": data, "statuses": statuses, "plan": session.plan}
    found["settings"] = session.simulation.rules.settings
    engine.close()
    inbox_log.close()
    return found


def journal_rows(data: Path, *kinds: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with LogReader(data / "journal.sqlite") as reader:
        for row in reader.rows(0, None, kinds=frozenset(kinds)):
            yield row.t_ns, json.loads(row.body)


def replayed(data: Path) -> RunRecord:
    """A plain replay of what the journal says was received, when, at which quotes."""
    quotes = [(t_ns, *body["opened"][0][1:]) for t_ns, body in journal_rows(data, "prices")]
    time, bid, ask = (np.array(column) for column in zip(*quotes, strict=True))
    bid, ask = bid.astype(np.int32), ask.astype(np.int32)
    index = (*build_index(bid, bid), *build_index(ask, ask))
    series = Series("EURUSD", "tick", 0, time.astype(np.int64), *[bid] * 4, *[ask] * 4, *index)
    [config] = [SessionConfig.of(body) for _, body in journal_rows(data, "config")]
    plan = config.plan()
    rows = [
        plan.processor.parse(body["raw"], received_ns=t_ns, id=body["id"], source=body["source"])
        for t_ns, body in journal_rows(data, "alert")
    ]
    registry, plugins = registry_for(plan.spec), plugins_of(plan.spec)
    rules = rules_of(plan.spec, registry, plugins)
    return simulate({"EURUSD": series}, plan.catalogue, rows, plugins, registry=registry, rules=rules)


@pytest.mark.slow
@pytest.mark.skipif(not MARKET.is_dir(), reason="the recorded ticks are not here")
def test_a_recorded_day_through_the_door_is_the_replay_of_its_journal(tmp_path: Path):
    loose = "\n".join(f"{name} = {value}" for name, value in LOOSE.items())
    done = played(tmp_path, CONFIG.replace("LOOSE", loose), real_ticks(tmp_path), _sent())
    data = done["data"]
    assert set(done["statuses"]) <= {200, 202}
    record = replayed(data)
    live = [
        (b["ticket"], b["part"], b["symbol"], b["steps"], b["points"], b["exit_ns"], b["reason"], b["pnl_minor"])
        for _, b in journal_rows(data, "closed")
    ]
    again = [
        (f.ticket, f.part, f.symbol, f.steps, f.exit_points, f.exit_ns, f.exit_reason, f.pnl_minor)
        for f in record.fills
        if f.exit_reason != "end_of_data"
    ]
    assert live == again
    plugins = {f.plugin_id for f in record.fills}
    assert len(live) > HOURS * 6
    assert {"bracket", "v6_price_action_1m"} <= plugins
    decided = {
        (b["id"], b["plugin"]): (b["outcome"], b["reason"]) for _, b in journal_rows(data, "decision") if b["final"]
    }
    assert decided == {
        (d.alert_id, d.plugin_id): (d.outcome, d.reason)
        for d in record.decisions
        if (d.outcome, d.reason) != ("working", "")
    }
    compared = rerun_folder(data, {})
    assert compared.is_equal, str(compared.differences[0])

"""A recorded week through the real engine in accelerated time, and what it took: memory, files, the view.

    python -m tests.live.recorded_week [--days 5] [--seed 20140505]

Minutes of EURUSD and XAUUSD as they were, V6 alerts as the script would have sent them on these bars, the bodies of
real logs at their time of the week, V3 alerts with everything that follows from them (pyramids, re-entries, shields)
and bracket alerts between. Without the recorded market it is the sample's month. The clock is moved by hand; engine,
journal, inbox, snapshots, view and what the terminal shows are the real ones.
"""

from __future__ import annotations

import argparse
import csv
import gc
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.live_session import rss_mib
from tests.live.chain_life import CONFIG, THERE, body, counted_in, words
from zepix.alerts.generate import generate, settings_of
from zepix.data import default_catalogue, load_bars
from zepix.engine.health import HealthLimits
from zepix.journal.durable import DurableLog
from zepix.model import Series
from zepix_live.clock import VirtualClock
from zepix_live.engine.main import open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.engine.view import Looking
from zepix_live.engine.view_writer import ViewWriter
from zepix_live.inbox_rows import ALERT, encode
from zepix_live.outside import status_of
from zepix_live.view_file import FILE_NAME, read_view

NS = 1_000_000_000
DAY_NS = 86_400 * NS
ROOT = Path(__file__).resolve().parents[2]
MARKET = ROOT.parent / "shared" / "data" / "market"
LOGS = ROOT.parent / "shared" / "data" / "alerts"
SAMPLE = ROOT / "datasets" / "sample"
MONDAY = 1_399_248_000 * NS  # 2014-05-05
SAMPLE_MONDAY = 1_704_672_000 * NS  # 2024-01-08
SYMBOLS = ("EURUSD", "XAUUSD")
V6 = """
[plugins.v6_price_action]
strategy = "v6_price_action"

[plugins.v6_price_action.settings]
adx_threshold = 5.0
confidence_threshold = 5.0
min_alignment = 0
max_trades_day = 500
max_open_trades = 40
daily_loss_limit = 1e6
max_spread_pips = 50.0

[account]
balance = 1e6
"""


@dataclass(slots=True)
class Sample:
    """What there was at one moment; sizes in KiB."""

    hours: float
    alerts: int
    rss_mib: float
    journal_kib: float
    snapshots_kib: float
    view_kib: float
    tickets: int


@dataclass(slots=True)
class Week:
    """What a run came to."""

    source: str
    samples: list[Sample] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    chains: Counter[str] = field(default_factory=Counter)
    took_s: float = 0.0
    cpu_s: float = 0.0
    views: int = 0

    @property
    def growth_mib(self) -> float:
        """How much memory the second half of the time took."""
        return self.samples[-1].rss_mib - self.samples[len(self.samples) // 2].rss_mib


def _prices(folder: Path, days: float) -> tuple[str, Path, dict[str, Series], int]:
    """(where from, the feed's folder, its bars, the first moment); the real market, else the sample."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    real = all((MARKET / f"{symbol}_M1_20140501_20140515.parquet").is_file() for symbol in SYMBOLS)
    begin = MONDAY if real else SAMPLE_MONDAY
    store = folder / "prices"
    store.mkdir()
    for symbol in SYMBOLS:
        [path] = (MARKET if real else SAMPLE).glob(f"{symbol}_M1_*.parquet")
        table = pq.read_table(path)
        time_type = table.schema.field(0).type
        unit = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": NS}[getattr(time_type, "unit", "ms")]
        stamps = pc.cast(table.column(0), "int64")
        first, last = begin // unit, (begin + round(days * DAY_NS)) // unit
        kept = table.filter(pc.and_(pc.greater_equal(stamps, first), pc.less(stamps, last)))
        pq.write_table(kept, store / path.name)
    series = load_bars([str(store)], default_catalogue()).series
    return ("the recorded market" if real else "the sample"), store, dict(series), begin


def _alerts(series: dict[str, Series], begin_ns: int, days: float, rng: random.Random) -> list[tuple[int, str]]:
    """(when, body), in order."""
    catalogue, found = default_catalogue(), list[tuple[int, str]]()
    end_ns = begin_ns + round(days * DAY_NS)
    for symbol in SYMBOLS:
        given = settings_of("v6", [])
        frames = ("1", "5", "15", "60")
        for t_ns, _, _, _, text in generate(series[symbol], catalogue[symbol], "v6", timeframes=frames, settings=given):
            found.append((t_ns, text))
    found += [(t_ns, text) for t_ns, text in _logged(begin_ns) if t_ns < end_ns]
    for number in range(round(days * 400)):
        symbol = rng.choice(SYMBOLS)
        t_ns = begin_ns + rng.randrange(3_600 * NS, round(days * DAY_NS))
        if rng.random() < 0.6:
            found.append((t_ns, json.dumps(body(rng, number, symbol))))
        else:
            found.append((t_ns, json.dumps(_bracket(rng, number, symbol, series[symbol], t_ns))))
    return sorted(one for one in found if begin_ns <= one[0] < end_ns)


def _bracket(rng: random.Random, number: int, symbol: str, series: Series, t_ns: int) -> dict[str, Any]:
    row = max(0, int(np.searchsorted(series.time, t_ns - series.timeframe_ns, side="right")) - 1)
    point = float(default_catalogue()[symbol].point)
    price, side = int(series.bid_close[row]) * point, rng.choice(("buy", "sell"))
    if rng.random() < 0.3:
        return {"type": "exit", "symbol": symbol, "id": f"b{number}", "strategy": "bracket"}
    sign = 1 if side == "buy" else -1
    levels = {"sl": round(price * (1 - sign * 0.0006), 5), "tp": round(price * (1 + sign * 0.0008), 5)}
    return {"type": "entry", "symbol": symbol, "side": side, "volume": 0.1, "id": f"b{number}", **levels}


def _logged(begin_ns: int) -> Iterator[tuple[int, str]]:
    """The bodies of real logs at their time of the week."""
    import datetime as dt

    for path in sorted(LOGS.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                try:
                    when = dt.datetime.fromisoformat(row["Time"])
                except (KeyError, ValueError):
                    continue
                day_s = when.hour * 3_600 + when.minute * 60 + when.second
                yield begin_ns + (when.weekday() * 86_400 + day_s) * NS, row["Description"]


def play(folder: Path, *, days: float = 5.0, seed: int = 20140505, every_h: float = 6.0) -> Week:
    """All of it, through an engine of its own in ``folder``."""
    rng = random.Random(seed)
    source, store, series, begin_ns = _prices(folder, days)
    sent = _alerts(series, begin_ns, days, rng)
    config, data = folder / "live.toml", folder / "data"
    config.write_text(CONFIG + V6, encoding="utf-8")
    data.mkdir()
    week, clock = Week(source), VirtualClock()
    inbox = DurableLog(data / "inbox.sqlite", name="inbox")
    engine = open_engine(EngineOptions(data, config, f"replay:{store}"), clock, {})
    writer = ViewWriter(data, clock, HealthLimits())
    looking = Looking(clock, HealthLimits(), engine.pulse, writer.offer)
    writer.looking = engine.saying.looking = looking
    anchor = engine.consumer.clock.anchor
    assert anchor is not None
    begun_s, cpu_s = time.perf_counter(), time.process_time()
    next_ns = begin_ns

    def turn_to(market_ns: int) -> None:
        clock.advance(max(0, anchor.wall(market_ns) - clock.now_ns()) / 1e9)
        looking.turn(engine.consumer)
        writer.look()
        while engine.consumer.turn():
            looking.turn(engine.consumer)

    def look(count: int) -> None:
        writer.look()
        week.samples.append(_sample(data, (next_ns - begin_ns) / (3_600 * NS), count))
        status_of(data, clock)

    for count, (t_ns, text) in enumerate(sent):
        while t_ns >= next_ns:
            turn_to(next_ns)
            look(count)
            next_ns += round(every_h * 3_600 * NS)
        turn_to(t_ns)
        row = {"raw": text, "source": "webhook", "route": "tradingview", "from": "127.0.0.1"}
        inbox.append([(clock.now_ns(), ALERT, encode(row))])
        turn_to(t_ns + NS)
    while next_ns <= begin_ns + round(days * DAY_NS):
        turn_to(next_ns)
        look(len(sent))
        next_ns += round(every_h * 3_600 * NS)
    week.took_s, week.cpu_s = time.perf_counter() - begun_s, time.process_time() - cpu_s
    writer.stop()
    engine.close()
    inbox.close()
    week.chains = counted_in(data)
    week.outcomes = _outcomes(data)
    return week


def _outcomes(data: Path) -> Counter[str]:
    from zepix.journal.durable_reader import LogReader

    found: Counter[str] = Counter()
    with LogReader(data / "journal.sqlite") as reader:
        for row in reader.rows(0, None, kinds=frozenset({"decision"})):
            told = json.loads(row.body)
            if told["final"]:
                found[f"{told['plugin'].split('_')[0] or 'nobody'} {told['outcome']}"] += 1
    return found


def _sample(data: Path, hours: float, alerts: int) -> Sample:
    gc.collect()

    def kib(pattern: str) -> float:
        return sum(path.stat().st_size for path in data.glob(pattern)) / 1024

    view = read_view(data)
    tickets = 0 if view is None else sum(one["open_tickets"] for one in view["books"].values())
    sizes = (kib("journal*.sqlite") - kib("journal-snapshots*"), kib("journal-snapshots*.sqlite"), kib(FILE_NAME))
    return Sample(hours, alerts, rss_mib(), *sizes, tickets)


def told(week: Week) -> str:
    """As a table, and in a line what there was."""
    lines = ["hours  alerts  memory MiB  journal KiB  snapshots KiB  view KiB  tickets"]
    lines += [
        f"{one.hours:5.0f}  {one.alerts:6d}  {one.rss_mib:10.1f}  {one.journal_kib:11,.0f}  {one.snapshots_kib:13,.0f}"
        f"  {one.view_kib:8.1f}  {one.tickets:7d}"
        for one in week.samples
    ]
    lines += [
        f"{week.source}: {week.samples[-1].alerts} alerts in {week.took_s:.0f} s, {week.cpu_s:.0f} s of processor "
        f"time; the second half took {week.growth_mib:+.1f} MiB",
        ", ".join(f"{name} {count}" for name, count in sorted(week.outcomes.items())),
        words(week.chains),
    ]
    return "\n".join(lines)


def main() -> int:
    """Prints what it came to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--days", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=20140505)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        week = play(Path(folder), days=given.days, seed=given.seed)
    sys.stdout.write(told(week) + "\n")
    missing = [name for name in THERE if not week.chains[name]]
    if missing:
        sys.stdout.write(f"nothing happened of: {', '.join(missing)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

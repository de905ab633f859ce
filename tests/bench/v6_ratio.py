"""What a V6 entry costs, an information alert, ten years of bars instead of one; prints the figures.

``python -m tests.bench.v6_ratio [--alerts 10000] [--runs 3] [--years 10]``. The bars are the bench's own (EURUSD M1,
made up); alerts are V6 text, read before the clock runs, for parsing has a row of its own in the big table. Stops lie
100 to 800 points away, targets at 0.75, 1.5 and 2.25 of it; caps and limits are out of the way, and nothing reverses,
so that every entry is filled and tickets live side by side.

Times are the process's own (CPU), the fastest run of several. *Whole* is the replay divided by its alerts: routing,
filters, gate, orders, fills, trailing, exits, decisions. *Rest* is the same alerts with a strategy that does nothing,
which leaves duplicates, the trend service, routing and decisions; *entry* is the one less the other.
"""

from __future__ import annotations

import argparse
import gc
import json
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from tests.bench import workload
from zepix.alerts.processor import AlertProcessor
from zepix.data import default_catalogue
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.engine.strategy import PluginInfo, Strategy
from zepix.kernels.crossing import build_index
from zepix.model import AccountSpec, Alert, Decision, Series
from zepix.model.settings_risk import TIERS, RiskSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.research.simulate import Rules, Simulation

SYMBOL = "EURUSD"
FAR = Decimal(10) ** 9
WITHOUT_CAPS = RiskSettings(
    daily_caps=dict.fromkeys(TIERS, FAR), lifetime_caps=dict.fromkeys(TIERS, FAR), max_concurrent=10**6
)
ALL_DAY = SessionSettings(
    windows={"day": {"start": "00:00", "end": "24:00", "symbols": ["*"]}}, default_windows=False, zone="UTC"
)
OPEN_TICKETS = 1_000
FAR_STOPS = (20_000, 40_000)
WIDEST_POINTS = 15
"""Entries come where the spread is no wider, as all four plugins take it."""
UNBOUND: Mapping[str, Any] = {
    "max_open_trades": 10**6,
    "max_trades_day": 10**6,
    "daily_loss_limit": 1e9,
    "cooldown_s": 0.0,
    "opposite_entry_reverses": False,
}
PULSES = ("15:BULL->BEAR,60:SIDE->BEAR", "15:BEAR->BULL,60:BEAR->SIDE")


class Nothing(Strategy):
    """Hears everything and answers with a decision made once."""

    info = PluginInfo(strategy="nothing", services=("risk", "trend", "sessions", "dual_order", "exits"))
    heard = Decision.info("heard")

    async def process_entry_signal(self, alert: Alert) -> Decision:
        return self.heard

    async def process_signal(self, alert: Alert) -> Decision:
        return self.heard


PLAIN_STOPS: Mapping[str, Any] = {"trailing": False, "break_even_after_tp1": False}


class Case(NamedTuple):
    """A plugin with settings of its own, and the timeframe of its charts as the script writes it."""

    words: str
    plugin: str
    timeframe: str
    settings: Mapping[str, Any] = {}


CASES = (
    Case("1m: B", "v6_price_action_1m", "1"),
    Case("15m: A, trailing", "v6_price_action_15m", "15"),
    Case("5m: A and B, without trailing", "v6_price_action_5m", "5", PLAIN_STOPS),
    Case("5m: A and B, trailing, break-even", "v6_price_action_5m", "5"),
    Case("5m: ladder of three", "v6_price_action_5m", "5", {"exit_mode": "plan"}),
)
TWO_TICKETS = CASES[2]


class Replayed(NamedTuple):
    """CPU seconds of the fastest run, and the record of the last."""

    seconds: float
    record: RunRecord


def series_of(bars: workload.Bars) -> Series:
    bid = [c.astype(np.int32) for c in (bars.open, bars.high, bars.low, bars.close)]
    ask = [(c + bars.spread).astype(np.int32) for c in (bars.open, bars.high, bars.low, bars.close)]
    columns: tuple[Any, ...] = (*bid, *ask, *build_index(bid[2], bid[1]), *build_index(ask[2], ask[1]))
    return Series(SYMBOL, "1m", workload.MINUTE_NS, bars.time, *columns)


def entries_on(
    bars: workload.Bars, count: int, timeframe: str, stops: tuple[int, int] = (100, 800), within: int | None = None
) -> list[Alert]:
    """Entries a second after the opens of random minutes (of the first ``within``), on random sides."""
    random = np.random.default_rng([workload.SEED, len(bars), count])
    narrow = np.flatnonzero(bars.spread[1:-1][:within] <= WIDEST_POINTS) + 1
    rows = np.sort(random.choice(narrow, size=count, replace=False)).tolist()
    sides = random.choice([1, -1], size=count).tolist()
    low, high = np.log(stops).tolist()
    distances = np.rint(np.exp(random.uniform(low, high, count))).astype(int).tolist()
    bodies = []
    for row, side, stop in zip(rows, sides, distances, strict=True):
        price = int(bars.open[row]) + (int(bars.spread[row]) if side > 0 else 0)
        levels = [(price + side * round(r * stop)) / 1e5 for r in (-1, 0.75, 1.5, 2.25)]
        word, name, align = ("BULLISH", "BUY", "6/0") if side > 0 else ("BEARISH", "SELL", "0/6")
        head = f"{word}_ENTRY|{SYMBOL}|{timeframe}|{price / 1e5}|{name}|HIGH|85|26.5|STRONG"
        bodies.append("|".join([head, *(f"{level:.5f}" for level in levels), align, ""]))
    return parsed(bodies, [int(bars.time[row]) + 10**9 for row in rows])


def pulses_on(bars: workload.Bars, count: int) -> list[Alert]:
    """Trend pulses, each of which changes the trends of two timeframes."""
    random = np.random.default_rng([workload.SEED, 3, count])
    rows = np.sort(random.choice(len(bars), size=count, replace=False)).tolist()
    bodies = [f"TREND_PULSE|{SYMBOL}|15|4|2|{PULSES[n % 2]}|MIXED_BULLISH" for n in range(count)]
    return parsed(bodies, [int(bars.time[row]) + 10**9 for row in rows])


def parsed(bodies: Sequence[str], times: Sequence[int]) -> list[Alert]:
    processor = AlertProcessor(default_catalogue())
    found = [processor.parse(b, received_ns=t, id=f"a{n}") for n, (b, t) in enumerate(zip(bodies, times, strict=True))]
    return [one for one in found if isinstance(one, Alert)]


def simulation_of(series: Series, case: Case, *, of_nothing: bool = False) -> Simulation:
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    registry.register(Nothing)
    plugin = PluginConfig("nothing", "nothing", {}) if of_nothing else _config(case)
    rules = Rules(
        account=AccountSpec(Decimal(100_000_000)),
        as_family="nothing" if of_nothing else None,
        from_ns=series.start_ns,
        settings=ServiceSettings(risk=WITHOUT_CAPS, sessions=ALL_DAY),
    )
    return Simulation({SYMBOL: series}, default_catalogue(), registry, [plugin], rules)


def _config(case: Case) -> PluginConfig:
    return PluginConfig(case.plugin, case.plugin, {**UNBOUND, **case.settings})


def replay(series: Series, alerts: list[Alert], case: Case, runs: int, *, of_nothing: bool = False) -> Replayed:
    best, record = float("inf"), None
    for _ in range(runs):
        simulation = simulation_of(series, case, of_nothing=of_nothing)
        gc.collect()
        started = time.process_time()
        record = simulation.run(alerts)
        best = min(best, time.process_time() - started)
    assert record is not None, "at least one run"
    return Replayed(best, record)


def filled(record: RunRecord) -> tuple[int, int]:
    """(entries that were filled, tickets)"""
    entries = sum(1 for row in record.decisions if row.outcome == "filled")
    return entries, len({fill.ticket for fill in record.fills})


def show_entries(series: Series, bars: workload.Bars, count: int, runs: int) -> None:
    print(f"{'entries, 1 year':36} {'whole':>9} {'rest':>8} {'entry':>9} {'tickets':>8} {'promised':>9}")
    for case in CASES:
        alerts = entries_on(bars, count, case.timeframe)
        whole, rest = replay(series, alerts, case, runs), replay(series, alerts, case, runs, of_nothing=True)
        entries, tickets = filled(whole.record)
        assert entries > 0.9 * count, f"only {entries} of {count} entries of {case.words} were filled"
        us, base, each = 1e6 * whole.seconds / count, 1e6 * rest.seconds / count, tickets / entries
        print(f"{case.words:36} {us:7.1f}us {base:6.1f}us {us - base:7.1f}us {each:8.2f} {100 + 40 * each:7.0f}us")


def show_pulses(series: Series, bars: workload.Bars, count: int, runs: int) -> None:
    case, alerts = CASES[1], pulses_on(bars, count)
    whole, rest = replay(series, alerts, case, runs), replay(series, alerts, case, runs, of_nothing=True)
    us, base = 1e6 * whole.seconds / count, 1e6 * rest.seconds / count
    print(f"{'trend pulse':36} {us:7.1f}us {base:6.1f}us {us - base:7.1f}us {'':8} {15:7}us")


def show_years(series: Series, bars: workload.Bars, years: int, count: int, runs: int) -> None:
    case = TWO_TICKETS
    longer = workload.bars_of_years(years)
    ten, alerts = series_of(longer), entries_on(bars, count, case.timeframe)
    spread = entries_on(longer, count, case.timeframe)
    short, same = (replay(one, alerts, case, runs) for one in (series, ten))
    wide = replay(ten, spread, case, runs)
    for words, one in ((f"the same alerts on {years} years", same), (f"as many, over all {years} years", wide)):
        ratio = one.seconds / short.seconds
        print(f"{words:36} {short.seconds:8.2f}s {one.seconds:7.2f}s {ratio:9.2f} {'':8} {1.3:9}")


def show_saving(series: Series, bars: workload.Bars, runs: int) -> None:
    """Saving a run with a thousand open tickets, half of them trailing, as JSON text.

    The first save also sums the prices up, which stay the same.
    """
    case = CASES[3]
    simulation = simulation_of(series, case)
    simulation.begin(entries_on(bars, OPEN_TICKETS // 2 + 10, case.timeframe, FAR_STOPS, within=5_000))
    while len(simulation.broker.tickets) < OPEN_TICKETS:
        assert not simulation.go_on(1), "fewer tickets than asked for stayed open"
    times, text = [], ""
    for _ in range(runs + 1):
        started = time.process_time()
        text = json.dumps(simulation.save_state())
        times.append(1e3 * (time.process_time() - started))
    words = f"state of {len(simulation.broker.tickets):,} open tickets"
    print(f"{words:36} {min(times[1:]):7.1f}ms {times[0]:6.1f}ms first {len(text) / 1e6:6.2f} MB {50:9}ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, default in (("alerts", 10_000), ("runs", 3), ("years", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    bars = workload.year_of_bars(workload.FIRST_YEAR)
    series = series_of(bars)
    replay(series, entries_on(bars, 200, "5"), TWO_TICKETS, 1)  # kernels compiled or loaded, tables made
    print(f"{len(bars):,} minutes, {args.alerts:,} alerts; CPU time, fastest of {args.runs}")
    show_entries(series, bars, args.alerts, args.runs)
    show_pulses(series, bars, args.alerts, args.runs)
    show_saving(series, bars, args.runs)
    if args.years > 1:
        show_years(series, bars, args.years, args.alerts, 1)


if __name__ == "__main__":
    main()

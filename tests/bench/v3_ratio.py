"""What a V3 entry costs, alone and with its chains; a pulse; ten years of bars instead of one; prints the figures.

``python -m tests.bench.v3_ratio [--alerts 10000] [--runs 3] [--years 10]``. Bars, caps out of the way and the way of
measuring are those of ``v6_ratio``: *whole* is the replay divided by its alerts, *rest* the same alerts with a strategy
that does nothing. Stops lie 100 to 800 points away, targets at 1.5 and 3 of it, scores are 7 to 9 or 0 to 2; nothing
reverses, so that every entry is filled and tickets live side by side. Tickets are all that an entry leads to: A, B, and
with chains the pyramid's levels, recoveries and continuations.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from tests.bench import workload
from tests.bench.v6_ratio import (
    ALL_DAY,
    SYMBOL,
    WIDEST_POINTS,
    WITHOUT_CAPS,
    Nothing,
    Replayed,
    filled,
    parsed,
    series_of,
)
from zepix.data import default_catalogue
from zepix.engine.house import ServiceSettings
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.model import AccountSpec, Alert, Series
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.research.simulate import Rules, Simulation

UNBOUND: Mapping[str, Any] = {
    "max_open_trades": 10**6,
    "max_trades_day": 10**6,
    "daily_loss_limit": 1e9,
    "cooldown_s": 0.0,
    "aggressive_signals": (),
    "aggressive_min_score": None,
}
SIGNALS = ("Momentum_Breakout", "Sideways_Breakout", "Mitigation_Test", "Liquidity_Trap")
PULSES = ("1,1,-1,1,1,-1", "-1,1,1,-1,1,1")
WITHOUT_CHAINS: Mapping[str, Any] = {
    "profit_booking": ProfitBookingSettings(enabled=False),
    "reentry": ReentrySettings(sl_hunt=False, tp_continuation=False),
}


class Case(NamedTuple):
    """V3 with settings of its own and of its services."""

    words: str
    settings: Mapping[str, Any] = {}
    services: Mapping[str, Any] = WITHOUT_CHAINS


CASES = (
    Case("A", {"routing": "order_a_only", "trailing": False}),
    Case("A, trailing", {"routing": "order_a_only"}),
    Case("A and B, booking", {"trailing": False}),
    Case("A and B, trailing, booking"),
    Case("the same with its chains", {}, {}),
)
TWO_TICKETS = CASES[2]


def entries_on(bars: workload.Bars, count: int) -> list[Alert]:
    """Entries a second after the opens of random minutes, on random sides."""
    random = np.random.default_rng([workload.SEED, len(bars), count])
    narrow = np.flatnonzero(bars.spread[1:-1] <= WIDEST_POINTS) + 1
    rows = np.sort(random.choice(narrow, size=count, replace=False)).tolist()
    sides = random.choice([1, -1], size=count).tolist()
    distances = np.rint(np.exp(random.uniform(np.log(100), np.log(800), count))).astype(int).tolist()
    scores = random.integers(7, 10, size=count).tolist()
    bodies = []
    for n, (row, side, stop, score) in enumerate(zip(rows, sides, distances, scores, strict=True)):
        price = int(bars.open[row]) + (int(bars.spread[row]) if side > 0 else 0)
        sl, tp1, tp2 = (f"{(price + side * round(r * stop)) / 1e5:.5f}" for r in (-1, 1.5, 3))
        direction, told = ("buy", score) if side > 0 else ("sell", 9 - score)
        bodies.append(
            f'{{"type":"entry_v3","signal_type":"{SIGNALS[n % 4]}","symbol":"{SYMBOL}","direction":"{direction}",'
            f'"tf":"5","price":{price / 1e5},"consensus_score":{told},"sl_price":{sl},"tp1_price":{tp1},'
            f'"tp2_price":{tp2},"mtf_trends":"1,1,1,-1,1","market_trend":{side},"position_multiplier":0.8}}'
        )
    return parsed(bodies, [int(bars.time[row]) + 10**9 for row in rows])


def pulses_on(bars: workload.Bars, count: int) -> list[Alert]:
    """Trend pulses, each of which turns four timeframes."""
    random = np.random.default_rng([workload.SEED, 3, count])
    rows = np.sort(random.choice(len(bars), size=count, replace=False)).tolist()
    bodies = [
        f'{{"type":"trend_pulse_v3","signal_type":"Trend_Pulse","symbol":"{SYMBOL}","tf":"15","price":1.1,'
        f'"current_trends":"{PULSES[n % 2]}","previous_trends":"{PULSES[n % 2]}","changed_timeframes":"15,",'
        f'"change_details":"15:-1;","market_trend":0,"consensus_score":5}}'
        for n in range(count)
    ]
    return parsed(bodies, [int(bars.time[row]) + 10**9 for row in rows])


def simulation_of(series: Series, case: Case, *, of_nothing: bool) -> Simulation:
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    registry.register(Nothing)
    name = "nothing" if of_nothing else "v3_combined"
    given = {} if of_nothing else {**UNBOUND, **case.settings}
    rules = Rules(
        account=AccountSpec(Decimal(100_000_000)),
        as_family="nothing" if of_nothing else None,
        from_ns=series.start_ns,
        settings=ServiceSettings(risk=WITHOUT_CAPS, sessions=ALL_DAY, **case.services),
    )
    return Simulation({SYMBOL: series}, default_catalogue(), registry, [PluginConfig(name, name, given)], rules)


def replay(series: Series, alerts: list[Alert], case: Case, runs: int, *, of_nothing: bool = False) -> Replayed:
    best, record = float("inf"), None
    for _ in range(runs):
        simulation = simulation_of(series, case, of_nothing=of_nothing)
        gc.collect()
        started = time.process_time()
        record = simulation.run(alerts)
        best = min(best, time.process_time() - started)
        assert not simulation.engine.errors, simulation.engine.errors[:1]
    assert record is not None, "at least one run"
    return Replayed(best, record)


def show_entries(series: Series, alerts: list[Alert], runs: int) -> None:
    print(f"{'entries, 1 year':36} {'whole':>9} {'rest':>8} {'entry':>9} {'tickets':>8} {'promised':>9}")
    rest, count = replay(series, alerts, CASES[0], runs, of_nothing=True), len(alerts)
    for case in CASES:
        whole = replay(series, alerts, case, runs)
        entries, tickets = filled(whole.record)
        assert entries > 0.9 * count, f"only {entries} of {count} entries of {case.words} were filled"
        us, base, each = 1e6 * whole.seconds / count, 1e6 * rest.seconds / count, tickets / entries
        print(f"{case.words:36} {us:7.1f}us {base:6.1f}us {us - base:7.1f}us {each:8.2f} {150 + 40 * each:7.0f}us")


def show_pulses(series: Series, alerts: list[Alert], runs: int) -> None:
    case, count = CASES[-1], len(alerts)
    whole, rest = replay(series, alerts, case, runs), replay(series, alerts, case, runs, of_nothing=True)
    us, base = 1e6 * whole.seconds / count, 1e6 * rest.seconds / count
    print(f"{'trend pulse':36} {us:7.1f}us {base:6.1f}us {us - base:7.1f}us {'':8} {15:7}us")


def show_years(series: Series, alerts: list[Alert], years: int, runs: int) -> None:
    """The same alerts on a year and on ten, without chains and with them."""
    ten = series_of(workload.bars_of_years(years))
    for case in (TWO_TICKETS, CASES[-1]):
        short, same = (replay(one, alerts, case, runs) for one in (series, ten))
        words = f"{years} years, {case.words}"
        ratio = same.seconds / short.seconds
        print(f"{words:36} {short.seconds:8.2f}s {same.seconds:7.2f}s {ratio:9.2f} {'':8} {1.3:9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, default in (("alerts", 10_000), ("runs", 3), ("years", 10)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    bars = workload.year_of_bars(workload.FIRST_YEAR)
    series = series_of(bars)
    replay(series, entries_on(bars, 200), CASES[-1], 1)  # kernels compiled or loaded, tables made
    print(f"{len(bars):,} minutes, {args.alerts:,} alerts; CPU time, fastest of {args.runs}")
    alerts = entries_on(bars, args.alerts)
    show_entries(series, alerts, args.runs)
    show_pulses(series, pulses_on(bars, args.alerts), args.runs)
    if args.years > 1:
        show_years(series, alerts, args.years, 1)


if __name__ == "__main__":
    main()

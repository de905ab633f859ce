"""The whole V3 trade on ticks against minutes made of them, by role: pyramids, recoveries, continuations, shields.

``python -m tests.bench.chain_fidelity [--symbols EURUSD,XAUUSD] [--timeframes 1m,5m]``. V3's alerts are generated from
the recorded minutes of ``../shared/data/market`` (charts of 5, 15 and 60 minutes); bars are made of the very ticks. The
table in docs/fidelity.md comes from here: what ``zepix fidelity`` measures for all tickets together, said of each role,
and how often chains did what they wait for a price to do.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from zepix.alerts import read_log
from zepix.alerts.generate import Source, write_alerts
from zepix.data import default_catalogue, load_bars, resample
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.model import AccountSpec, Alert, Series
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.research.fidelity_match import match
from zepix.research.simulate import Rules, simulate

__all__ = ["MARKET", "alerts_of", "by_role", "deeds", "run", "table"]

MARKET = Path(__file__).parents[3] / "shared" / "data" / "market"
DAYS = "20140501_20140515"
ROLES = ("A", "B", "P", "R", "C", "SA", "SB")
WIDE = {"50000": Decimal(10**6)}
SETTINGS = ServiceSettings(
    sessions=SessionSettings(enabled=False),
    risk=RiskSettings(default_risk_tier="50000", max_concurrent=1000, daily_caps=WIDE, lifetime_caps=WIDE),
    reentry=ReentrySettings(trend_checks={"V3_COMBINED": "none"}),
    autonomous=AutonomousSettings(daily_attempts=1000, daily_losses=1000, concurrent=100, day_protection=False),
    reverse_shield=ReverseShieldSettings(enabled=True, max_concurrent=100),
)
"""Limits out of the way and shields on; the rest as it is, but re-entries ask for no trend: minutes tell of few."""
V3 = {"max_open_trades": 100, "max_trades_day": 1000, "daily_loss_limit": 1e6}


def alerts_of(bars: Series, symbol: str, charts: Sequence[str] = ("5", "15", "60")) -> list[Alert]:
    """The alerts that V3's script would have sent on these bars."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "alerts.jsonl"
        write_alerts([Source(bars, default_catalogue()[symbol])], "v3", log, timeframes=charts)
        return [row for row in read_log(log, default_catalogue()).rows if isinstance(row, Alert)]


def run(series: Series, alerts: Sequence[Alert], grace_ms: int = 5000) -> RunRecord:
    """V3 with everything that follows, on ticks or bars."""
    from zepix.model import FillModel

    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    rules = Rules(
        account=AccountSpec(Decimal(100_000)),
        fill_model=FillModel(open_grace_ms=grace_ms if series.timeframe_ns else 0),
        settings=SETTINGS,
        from_ns=series.start_ns,
    )
    plugins = [PluginConfig("v3_combined", "v3_combined", V3)]
    return simulate({series.symbol: series}, default_catalogue(), alerts, plugins, registry=registry, rules=rules)


def role_of(role: str) -> str:
    """``P2.3`` is P, ``C2`` is C."""
    return role if role in ("SA", "SB") else role[:1]


def by_role(ticks: RunRecord, bars: RunRecord, symbol: str) -> dict[str, list[float]]:
    """Of each role: tickets on ticks, on bars, only on ticks, only on bars, ended alike, money on ticks, on bars."""
    pairs = match(ticks, bars, symbol)
    alike = Counter(role_of(one.role) for one, same in zip(pairs.ticks, pairs.is_same, strict=True) if same)
    missing = Counter(role_of(fill.role) for fill in pairs.only_ticks)
    added = Counter(role_of(fill.role) for fill in pairs.only_bars)
    found: dict[str, list[float]] = {}
    for role in ROLES:
        sides = [[f for f in record.fills if role_of(f.role) == role] for record in (ticks, bars)]
        counts = [len({fill.ticket for fill in own}) for own in sides]
        money = [sum(fill.pnl_minor for fill in own) / 100 for own in sides]
        found[role] = [*counts, missing[role], added[role], alike[role], *money]
    return found


def deeds(record: RunRecord) -> Counter[str]:
    """How often chains waited for a price, and what came of it."""
    found: Counter[str] = Counter()
    for step in record.chains:
        is_wait = (step.kind, step.state, step.reason) == ("reentry", "recovery_mode", "waits")
        found["recoveries waited for"] += is_wait or (step.state, step.reason) == ("recovery", "watching")
        found["levels gone up"] += step.reason == "level_up"
        found["shields"] += (step.kind, step.state) == ("shield", "active")
        found["shields killed"] += (step.kind, step.state) == ("shield", "completed")
        found["shields stopped"] += (step.kind, step.state, step.reason) == ("shield", "stopped", "shield_stopped")
    return found


def table(found: Mapping[str, list[float]]) -> list[str]:
    """The rows of a page's table."""
    rows = [
        "| role | ticks | bars | only ticks | only bars | alike | money on ticks | on bars |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for role, (ticks, bars, missing, added, alike, *money) in found.items():
        most = max(1.0, ticks + added)
        cells = [role, *(f"{count:.0f}" for count in (ticks, bars, missing, added)), f"{alike / most:.0%}"]
        rows.append("| " + " | ".join([*cells, *(f"{one:,.2f}" for one in money)]) + " |")
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.bench.chain_fidelity")
    parser.add_argument("--symbols", default="EURUSD,XAUUSD")
    parser.add_argument("--timeframes", default="1m,5m")
    given = parser.parse_args()
    catalogue = default_catalogue()
    for symbol in given.symbols.split(","):
        minutes = load_bars([f"{symbol}:M1={MARKET / f'{symbol}_M1_{DAYS}.parquet'}"], catalogue).series[symbol]
        ticks = load_bars([f"{symbol}:TICK={MARKET / f'{symbol}_TICK_{DAYS}.parquet'}"], catalogue).series[symbol]
        alerts = alerts_of(minutes, symbol)
        truth = run(ticks, alerts)
        for timeframe in given.timeframes.split(","):
            bars = run(resample(ticks, timeframe), alerts)
            lines = [f"{symbol}, {len(alerts)} alerts, ticks against {timeframe}", *table(by_role(truth, bars, symbol))]
            there = zip(("ticks", timeframe), (truth, bars), strict=True)
            lines += [f"{name}: {dict(deeds(record))}" for name, record in there]
            sys.stdout.write("\n".join([*lines, "", ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())

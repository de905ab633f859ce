"""V6 and legacy on both brokers: the same digest and the same numbers, whatever is drawn.

Alerts of every kind are drawn around a walk of prices, on every chart, with levels on the wrong side now and then, ADX
and alignment missing, resends, and what no plugin takes; each exit mode, both brokers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.strategies.fakes import V6, body, shipped
from tests.world import Market, Played, bars, market
from zepix import replay
from zepix.alerts.generate import Source, write_alerts
from zepix.data import default_catalogue, load_bars
from zepix.engine.registry import PluginConfig
from zepix.journal.digest import canonical_lines
from zepix.model import AccountSpec, Alert

MINUTES = 2400
CODES = ("1", "5", "15", "60", "240", "30")
LOOSE = {
    "adx_threshold": 10.0, "confidence_threshold": 30.0, "min_alignment": 2, "max_trades_day": 500, "cooldown_s": 60.0,
    "max_open_trades": 40, "daily_loss_limit": 1e6, "max_spread_pips": 50.0,
}  # fmt: skip
MODES: dict[str, dict[str, Any]] = {
    "targets": {},
    "dollar_b": {"order_b_sl": "fixed_dollar", "routing": "dual_orders", "break_even_after_tp1": True},
    "plan": {"exit_mode": "plan"},
    "managed": {"exit_mode": "managed", "managed_hold_pips": 12.0, "managed_close_pips": 2.0},
    "everything_on": {
        "trendline_entries": True, "screener_entries": True, "state_change_closes": True, "neutral_close_frac": 0.5,
        "neutral_tighten_frac": 0.3, "weak_momentum_tighten_frac": 0.4, "accept_4h": True,
        "require_higher_tf_alignment": True, "decreasing_momentum_factor": 0.5, "weak_adx_factor": 0.5,
    },
}  # fmt: skip


def walk(rng: random.Random) -> list[tuple[int, int, int, int]]:
    close, quads = 110_000, []
    for _ in range(MINUTES):
        opened = close + rng.choice((0, 0, 0, rng.randint(-40, 40)))
        ends = [opened, opened + rng.randint(-60, 60)]
        quads.append((opened, max(ends) + rng.randint(0, 30), min(ends) - rng.randint(0, 30), ends[1]))
        close = ends[1]
    return quads


def v6_text(rng: random.Random, price: float) -> str:
    tf = rng.choice(CODES)
    kind = rng.choice(("ENTRY", "ENTRY", "ENTRY", "EXIT", "REVERSAL", "INFO", "INFO"))
    bull = rng.random() < 0.5
    word, sign = ("BULLISH", 1) if bull else ("BEARISH", -1)
    if kind == "EXIT":
        return f"EXIT_{word}|EURUSD|{tf}|{price:.5f}|15"
    if kind == "INFO":
        return rng.choice((
            f"TREND_PULSE|EURUSD|{tf}|4|2|15:BULL→BEAR,60:SIDE→{'BULL' if bull else 'BEAR'}|MIXED_{word}",
            f"STATE_CHANGE|EURUSD|{tf}|{rng.choice((f'TRENDING_{word}', 'NEUTRAL'))}|NEUTRAL|5/1",
            f"MOMENTUM_CHANGE|EURUSD|{tf}|18|WEAK|26|STRONG|DECREASING",
            f"SIDEWAYS_BREAKOUT|EURUSD|{tf}|{word}|22|MODERATE|SIDEWAYS|INCREASING",
            f"TRENDLINE_{word}_BREAK|EURUSD|{tf}|{price:.5f}|{sign * 0.0006}|42",
            f"SCREENER_FULL_{word}|EURUSD|{tf}|9|MACD,STOCH,VORTEX,MOMENTUM,RSI,PSAR,DMI,MFI,FISHER",
            f"BREAKOUT|EURUSD|{tf}|{price:.5f}|3|10|20",
        ))  # fmt: skip
    risk = rng.choice((0.0006, 0.0012, 0.0030, -0.0010))
    levels = "|".join(f"{price + sign * r * risk:.5f}" for r in (-1, 1, 2, 3))
    adx = rng.choice(("NA|NA", "12|WEAK", "22|MODERATE", "31|STRONG"))
    align = rng.choice(("", "6/0|", "0/6|", "4/2|", "2/4|"))
    name = f"{word}_ENTRY" if kind == "ENTRY" else f"REVERSAL_{word}"
    side = "BUY" if bull else "SELL"
    return f"{name}|EURUSD|{tf}|{price:.5f}|{side}|LOW|{rng.choice((20, 55, 75, 90))}|{adx}|{levels}|{align}TL_OK|"


def legacy_text(rng: random.Random, price: float) -> str:
    kind = rng.choice(("trend", "bias", "entry", "entry", "reversal", "exit"))
    frames = {"trend": ("15m", "1h"), "bias": ("1d", "1h"), "entry": ("5m", "15m", "1h"), "reversal": ("5m",)}
    words = {"entry": ("buy", "sell"), "reversal": ("reversal_bull", "reversal_bear")}
    tf, signal = rng.choice(frames.get(kind, ("5m",))), rng.choice(words.get(kind, ("bull", "bear")))
    sent = {"type": kind, "symbol": "EURUSD", "signal": signal, "tf": tf, "price": round(price, 5)}
    return json.dumps({**sent, "strategy": "ZepixPremium"})


def drawn(text: Callable[[random.Random, float], str], seed: int) -> tuple[Market, list[Alert]]:
    rng = random.Random(seed)
    quads = walk(rng)
    at = sorted(rng.uniform(3, MINUTES + 20) for _ in range(800))
    alerts = [body(text(rng, quads[min(MINUTES - 1, int(m))][0] * 1e-5), round(m, 3), n) for n, m in enumerate(at)]
    account = AccountSpec(balance=Decimal(100_000))
    return market(*quads, account=account), alerts


def played(broker: str, given: tuple[Market, list[Alert]], plugins: list[PluginConfig], *classes: Any) -> Played:
    found, alerts = given
    at = Market([bars(*_quads(found))], account=found.account, broker=broker)
    return at.play(alerts, *classes, plugins=plugins)


def _quads(found: Market) -> list[tuple[int, int, int, int]]:
    one = found.series[0]
    columns = (one.bid_open, one.bid_high, one.bid_low, one.bid_close)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def compared(given: tuple[Market, list[Alert]], settings: Mapping[str, Any], *classes: Any) -> Played:
    """The same run on both brokers; the shadow's, once they are found to be equal line by line."""
    plugins = [
        PluginConfig(cls.info.plugin_id, cls.info.plugin_id, {k: v for k, v in settings.items() if hasattr(cls, k)})
        for cls in classes
    ]
    shadow, other = (played(broker, given, plugins, *classes) for broker in ("shadow", "backtrader"))
    assert not shadow.simulation.engine.errors
    ours, theirs = list(canonical_lines(shadow.record)), list(canonical_lines(other.record))
    assert next(((a, b) for a, b in zip(ours, theirs, strict=False) if a != b), None) is None
    assert len(ours) == len(theirs)
    numbers = [[row.numbers for row in one.record.decisions] for one in (shadow, other)]
    assert numbers[0] == numbers[1]
    return shadow


@pytest.mark.parametrize("mode", MODES)
def test_v6_is_the_same_on_both_brokers(mode: str) -> None:
    found = compared(drawn(v6_text, 7), {**LOOSE, **MODES[mode]}, *V6.values())
    assert {p.rpartition("_")[2] for p in (f.plugin_id for f in found.record.fills)} == set(V6), "all four traded"
    assert len({f.exit_reason for f in found.record.fills}) >= 4
    assert len(found.record.fills) > 60


@pytest.mark.parametrize("routing", ["order_a_only", "dual_orders"])
def test_legacy_is_the_same_on_both_brokers(routing: str) -> None:
    settings = {"routing": routing, "cooldown_s": 60.0, "max_trades_day": 500, "daily_loss_limit": 1e6}
    found = compared(drawn(legacy_text, 11), settings, shipped("legacy"))
    assert len(found.record.fills) > 15


MARKETS = Path(__file__).resolve().parents[3] / "shared" / "data" / "market"
RECORDED = {"EURUSD": "EURUSD_H1_20070101_20181231.parquet", "XAUUSD": "XAUUSD_H1_20060320_20190225.parquet"}
FREE = {"risk.default_risk_tier": "10000", "risk.lifetime_caps": dict.fromkeys(("5000", "10000", "25000"), 1e6)}
ON_HOURS: dict[str, tuple[str, tuple[str, ...], str, dict[str, Any]]] = {
    "legacy": ("legacy", ("60", "1D"), "legacy", {}),
    **{
        f"v6_{mode}": (
            "v6",
            (),
            "v6_price_action_1h",
            {"strategy.min_alignment": 2, "strategy.confidence_threshold": 40, "strategy.exit_mode": mode},
        )
        for mode in ("targets", "plan", "managed")
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("symbol", RECORDED)
@pytest.mark.parametrize("case", ON_HOURS)
def test_recorded_hours_are_the_same_on_both_brokers(case: str, symbol: str, tmp_path: Path) -> None:
    """The alerts of docs/v6.md and docs/legacy.md, made of the first third of the bars."""
    if not (MARKETS / RECORDED[symbol]).is_file():
        pytest.skip("needs the recorded bars of ../shared/data/market")
    dialect, charts, strategy, settings = ON_HOURS[case]
    bars_of = f"{symbol}:H1={MARKETS / RECORDED[symbol]}"
    series = load_bars([bars_of], default_catalogue()).series[symbol]
    end_ns = int(series.time[len(series) // 3])
    source, out = Source(series, default_catalogue()[symbol]), tmp_path / "alerts.jsonl"
    write_alerts([source], dialect, out, timeframes=charts, to_ns=end_ns)
    found = [
        replay(
            alerts=out,
            bars=bars_of,
            strategy=strategy,
            settings={**FREE, **settings, "broker.name": broker, "to": datetime.fromtimestamp(end_ns // 10**9, UTC)},
        )
        for broker in ("shadow", "backtrader")
    ]
    assert found[0].digest == found[1].digest
    assert len(found[0].record.fills) > 100

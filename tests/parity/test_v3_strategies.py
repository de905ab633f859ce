"""V3 alone, and beside V6, on both brokers: the same digest and the same numbers, with every chain it leads to.

Alerts of every kind are drawn around a walk of prices, with scores and multipliers missing, levels on the wrong side,
five and six trends, resends. The recorded hours are those of docs/v3.md.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.parity.test_shipped_strategies import FREE, LOOSE, MARKETS, RECORDED, compared, drawn, v6_text
from tests.unit.strategies.fakes import V6, shipped
from zepix import replay
from zepix.alerts.generate import Source, write_alerts
from zepix.data import default_catalogue, load_bars

V3 = shipped("v3_combined")
SIGNALS = (
    *("Institutional_Launchpad", "Liquidity_Trap", "Momentum_Breakout", "Mitigation_Test", "Golden_Pocket_Flip"),
    *("Screener", "Sideways_Breakout"),
)
MODES: dict[str, dict[str, Any]] = {
    "plain": {},
    "gap": {"reversal_mode": "gap", "gap_wait_s": 600.0, "gap_pips": 2.0},
    "trends": {"bypass_trend_check": False, "trend_rule": "logic", "consensus_sizing": "table"},
    "by_risk": {"risk_percent": 0.5, "routing": "order_a_only", "trailing": False},
}


def v3_text(rng: random.Random, price: float) -> str:
    kind = rng.choice(("entry_v3",) * 5 + ("exit_v3", "exit_v3", "trend_pulse_v3", "trend_pulse_v3", "squeeze_v3"))
    sign = rng.choice((1, -1))
    sent: dict[str, Any] = {"type": kind, "symbol": "EURUSD", "tf": rng.choice(("5", "15", "60", "240", "30"))}
    sent["price"] = round(price, 5)
    if kind == "exit_v3":
        word, side = ("Bullish_Exit", "sell") if sign > 0 else ("Exit_Bearish", "buy")
        return json.dumps({**sent, "signal_type": word, "direction": side, "consensus_score": rng.randint(0, 9)})
    trends = ",".join(str(rng.choice((1, 1, -1, 0))) for _ in range(rng.choice((5, 6))))
    if kind == "trend_pulse_v3":
        return json.dumps({**sent, "signal_type": "Trend_Pulse", "current_trends": trends})
    if kind == "squeeze_v3":
        return json.dumps({**sent, "signal_type": "Volatility_Squeeze", "consensus_score": 5})
    risk = rng.choice((0.0006, 0.0012, 0.0030, -0.0010, 0.00005))
    score = rng.choice((None, *range(10)))
    sent |= {"signal_type": rng.choice(SIGNALS), "direction": "buy" if sign > 0 else "sell", "mtf_trends": trends}
    for name, r in (("sl_price", -1.0), ("tp1_price", 1.5), ("tp2_price", 3.0)):
        sent[name] = None if rng.random() < 0.1 else round(price + sign * r * risk, 7)
    sent |= {"consensus_score": score, "position_multiplier": rng.choice((None, 0.2, 0.6, 1.0))}
    return json.dumps({name: value for name, value in sent.items() if value is not None})


def either(rng: random.Random, price: float) -> str:
    return v3_text(rng, price) if rng.random() < 0.5 else v6_text(rng, price)


@pytest.mark.parametrize("mode", MODES)
def test_v3_is_the_same_on_both_brokers(mode: str) -> None:
    found = compared(drawn(v3_text, 23), {**LOOSE, **MODES[mode]}, V3)
    roles, ends = {f.role for f in found.record.fills}, {f.exit_reason for f in found.record.fills}
    assert "A" in roles and len(found.record.fills) > 15
    if mode == "plain":
        assert {"B", "P1.1", "R"} <= roles, "pyramids and recoveries are among it"
        assert {"sl", "tp", "reversal", "signal", "profit_booking"} <= ends


def test_v3_and_v6_in_one_run_are_the_same_on_both_brokers() -> None:
    found = compared(drawn(either, 29), LOOSE, V3, *V6.values())
    assert {f.family for f in found.record.fills} == {"V3_COMBINED", "v6_price_action"}
    assert "cross_plugin_conflict" in {row.reason for row in found.record.decisions}


@pytest.mark.slow
@pytest.mark.parametrize("symbol", RECORDED)
@pytest.mark.parametrize("case", ["v3", "v3 and v6"])
def test_recorded_hours_are_the_same_on_both_brokers(case: str, symbol: str, tmp_path: Path) -> None:
    """The alerts of docs/v3.md, made of the first third of the bars."""
    if not (MARKETS / RECORDED[symbol]).is_file():
        pytest.skip("needs the recorded bars of ../shared/data/market")
    bars_of = f"{symbol}:H1={MARKETS / RECORDED[symbol]}"
    series = load_bars([bars_of], default_catalogue()).series[symbol]
    end_ns = int(series.time[len(series) // 3])
    plugins = {"v3_combined": {"strategy": "v3_combined"}}
    logs = []
    for dialect in ("v3", "v6")[: 2 if "v6" in case else 1]:
        logs.append(tmp_path / f"{dialect}.jsonl")
        source = Source(series, default_catalogue()[symbol])
        write_alerts([source], dialect, logs[-1], timeframes=(), to_ns=end_ns)
    if "v6" in case:
        loose = {"min_alignment": 2, "confidence_threshold": 40}
        plugins["v6_price_action_1h"] = {"strategy": "v6_price_action_1h", "settings": loose}  # type: ignore[dict-item]
    found = [
        replay(
            alerts=logs,
            bars=bars_of,
            settings={
                **FREE, "plugins": plugins, "broker.name": broker, "to": datetime.fromtimestamp(end_ns // 10**9, UTC)
            },
        )
        for broker in ("shadow", "backtrader")
    ]  # fmt: skip
    assert found[0].digest == found[1].digest
    assert len(found[0].record.fills) > 100

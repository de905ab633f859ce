"""V3 alerts as the script writes them, and V3 alone: without the services that act on its tickets by themselves."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

from tests.unit.strategies.fakes import body, shipped
from tests.world import Market, Played
from zepix.config import complete_settings
from zepix.engine.house import ServiceSettings
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.strategy import Strategy
from zepix.model import Alert
from zepix.research.simulate import Rules, Simulation

__all__ = ["ALONE", "V3", "config_of", "play", "v3_alert", "v3_exit", "v3_pulse", "v3_squeeze", "wired"]

V3 = shipped("v3_combined")


class ALONE(V3):  # type: ignore[misc, valid-type]  # a class that discovery found
    """No pyramid, no re-entry, no safety: what the strategy itself does."""

    info = dataclasses.replace(V3.info, services=("risk", "trend", "sessions", "dual_order"))


STEPS = {9: 1.0, 8: 0.8, 7: 0.8, 6: 0.6, 5: 0.6, 4: 0.4, 3: 0.4}


def v3_alert(
    minute: float = 1,
    signal: str = "Momentum_Breakout",
    side: str = "buy",
    *,
    tf: str = "5",
    score: int | None = None,
    symbol: str = "EURUSD",
    price: float = 1.1,
    risk: float = 0.002,
    number: int = 0,
    **changes: Any,
) -> Alert:
    """An entry at 1.10000 with R = 0.00200: stop at 1 R, targets at 1.5 R and 3 R; the script's own multiplier.

    ``changes`` are fields of the body; None takes one away.
    """
    sign = 1 if side == "buy" else -1
    score = (7 if sign > 0 else 2) if score is None else score
    sent: dict[str, Any] = {
        "type": "entry_v3",
        "signal_type": signal,
        "symbol": symbol,
        "direction": side,
        "tf": tf,
        "price": price,
        "consensus_score": score,
        "sl_price": round(price - sign * risk, 5),
        "tp1_price": round(price + sign * 1.5 * risk, 5),
        "tp2_price": round(price + sign * 3 * risk, 5),
        "mtf_trends": "1,1,1,1,1" if sign > 0 else "-1,-1,-1,-1,-1",
        "market_trend": sign,
        "volume_delta_ratio": 1.2 + number / 1000,
        "price_in_ob": False,
        "position_multiplier": STEPS.get(score, 0.2),
        **changes,
    }
    return body(json.dumps({name: value for name, value in sent.items() if value is not None}), minute, number)


def v3_exit(minute: float, word: str = "Bullish_Exit", *, tf: str = "5", number: int = 0, **changes: Any) -> Alert:
    """Bullish_Exit closes buys: the closing deal sells."""
    direction = {"bullish_exit": "sell", "exit_bullish": "sell"}.get(word.lower(), "buy")
    sent = {"type": "exit_v3", "signal_type": word, "symbol": "EURUSD", "direction": direction, "tf": tf, "price": 1.1}
    return body(json.dumps({**sent, "consensus_score": 3, "market_trend": 1, **changes}), minute, number)


def v3_pulse(minute: float, trends: str = "1,1,1,1,1,1", *, tf: str = "15", number: int = 0, **more: Any) -> Alert:
    """Six trends, 1m to 1d; the script repeats them as those of before."""
    sent = {"type": "trend_pulse_v3", "signal_type": "Trend_Pulse", "symbol": "EURUSD", "tf": tf, "price": 1.1}
    return body(json.dumps({**sent, "current_trends": trends, "previous_trends": trends, **more}), minute, number)


def v3_squeeze(minute: float, *, number: int = 0) -> Alert:
    """Without a direction, as the script sends it."""
    sent = {"type": "squeeze_v3", "signal_type": "Volatility_Squeeze", "symbol": "EURUSD", "tf": "15", "price": 1.1}
    return body(json.dumps({**sent, "consensus_score": 5, "market_trend": 1, "message": "x"}), minute, number)


def config_of(cls: type = ALONE, **settings: Any) -> PluginConfig:
    """One plugin with settings of its own."""
    return PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings)  # type: ignore[attr-defined]


def wired(
    prices: Market, *plugins: PluginConfig, classes: tuple[type[Strategy], ...] = (ALONE,), **services: Any
) -> Simulation:
    """A simulation with the real services; ``services`` are their settings."""
    registry = PluginRegistry(check_settings=complete_settings)
    for cls in classes:
        registry.register(cls)
    rules = Rules(
        account=prices.account, fill_model=prices.fill, broker=prices.broker, settings=ServiceSettings(**services)
    )
    named = plugins or tuple(config_of(cls) for cls in classes)
    return Simulation({s.symbol: s for s in prices.series}, prices.catalogue, registry, list(named), rules)


def play(
    prices: Market,
    alerts: Iterable[Alert],
    *plugins: PluginConfig,
    classes: tuple[type[Strategy], ...] = (ALONE,),
    **services: Any,
) -> Played:
    """A replay of ``wired``; nothing may raise inside it."""
    simulation = wired(prices, *plugins, classes=classes, **services)
    played = Played(simulation, simulation.run(sorted(alerts, key=lambda alert: alert.received_ns)))
    assert not simulation.engine.errors, simulation.engine.errors
    return played

"""A runner's life with chains: V3 with pyramids, re-entries, safety and shields, beside bracket; and what there was.

``CONFIG`` is a configuration in which chains have work on prices that go some pips a minute: stops are four pips away
(of gold 80 cents), order B's money as far, windows are long, limits are wide. ``body`` draws an alert, ``counted`` says
from a journal how many orders of each role there were, and what became of chains. A test that asks for ``THERE`` in the
counts cannot pass on a life in which nothing happened.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from zepix.journal.durable_reader import LogReader

__all__ = ["CONFIG", "THERE", "body", "counted", "counted_in", "settings", "words"]

V3: Mapping[str, Any] = {
    "cooldown_s": 0.0,
    "max_open_trades": 12,
    "max_trades_day": 1_000_000,
    "daily_loss_limit": 1e9,
    "routing": "dual_orders",
    "trailing": False,
}
SECTIONS: Mapping[str, Mapping[str, Any]] = {
    "sessions": {"enabled": False},
    "risk": {
        "default_risk_tier": "50000",
        "max_concurrent": 1_000,
        "cross_plugin_conflict": "allow",
        "daily_caps": {"50000": 1e9},
        "lifetime_caps": {"50000": 1e9},
        "stop_pips": {"sl-1": {"EURUSD": [4, 4, 4, 4, 4], "XAUUSD": [80, 80, 80, 80, 80]}},
    },
    "dual_order": {"b_loss_money": 6, "b_target_money": 3},
    "reentry": {
        "trend_checks": {"V3_COMBINED": "none"},
        "windows_minutes": {"EURUSD": 600, "XAUUSD": 600},
        "min_between_s": 0,
        "recovery_attempts": 2,
        "recovery_frac": 0.5,
        "recovery_sl_frac": 1.0,
        "rr_ratio": 0.7,
    },
    "profit_booking": {
        "enabled_levels": [True, True, True, True, False],
        "allow_partial_progression": True,
        "partial_success_threshold": 0.25,
        "stop_chain_on_fail": False,
        "recovery_frac": 0.5,
        "recovery_sl_frac": 1.0,
        "recovery_windows": {"EURUSD": 600, "XAUUSD": 600},
    },
    "autonomous": {
        "daily_attempts": 1_000_000,
        "daily_losses": 1_000_000,
        "concurrent": 1_000,
        "day_protection": False,
        "chain_protection": "off",
    },
    "reverse_shield": {"enabled": True, "max_concurrent": 1_000, "kill_frac": 0.5},
}
THERE = ("A", "B", "P1", "P2", "R", "C2", "SA", "SB", "shields deployed", "shields killed", "recovered")
"""What a life must have had of to be one with chains; see ``counted``."""
SIGNALS = ("Momentum_Breakout", "Sideways_Breakout", "Mitigation_Test_Entry", "Liquidity_Trap_Reversal")


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f'"{name}" = {_toml(one)}' for name, one in value.items()) + " }"
    return json.dumps(value)


def settings() -> dict[str, str]:
    """The same as flags, ``{"reentry.min_between_s": "0", ...}``, for V3 as the only strategy."""
    flags = {"strategy.name": "v3_combined", **{f"strategy.{name}": _toml(value) for name, value in V3.items()}}
    return flags | {f"{section}.{name}": _toml(v) for section, rows in SECTIONS.items() for name, v in rows.items()}


CONFIG = "\n".join(
    [
        '[plugins.bracket]\nstrategy = "bracket"\n',
        f'[plugins.v3_combined]\nstrategy = "v3_combined"\nsettings = {_toml(V3)}\n',
        *(
            f"[{section}]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in rows.items())
            for section, rows in SECTIONS.items()
        ),
    ]
)


def body(rng: random.Random, number: object, symbol: str, **more: Any) -> dict[str, Any]:
    """A V3 alert, an entry mostly, without prices: stops are the table's; ``number`` makes each another one."""
    side, kind = rng.choice(("buy", "sell")), rng.random()
    sent: dict[str, Any] = {"symbol": symbol, "tf": rng.choice(("5", "5", "15")), "price": None, "note": f"n{number}"}
    if kind < 0.85:
        sent |= {"type": "entry_v3", "signal_type": rng.choice(SIGNALS), "direction": side}
        return {**sent, "consensus_score": 5 if side == "buy" else 4, "mtf_trends": "1,1,1,1,1", **more}
    if kind < 0.9:
        word = "Bullish_Exit" if side == "sell" else "Bearish_Exit"
        return {**sent, "type": "exit_v3", "signal_type": word, "direction": side, "consensus_score": 3, **more}
    if kind < 0.96:
        pulse = rng.choice(("1,1,1,1,1,1", "-1,-1,-1,-1,-1,-1"))
        return {**sent, "type": "trend_pulse_v3", "signal_type": "Trend_Pulse", "current_trends": pulse, **more}
    return {**sent, "type": "squeeze_v3", "signal_type": "Volatility_Squeeze", "consensus_score": 5, **more}


def counted(rows: Iterable[tuple[str, Mapping[str, Any]]]) -> Counter[str]:
    """Of (kind, body) of a journal's rows: orders that left by role, and how chains fared by what people were told."""
    found: Counter[str] = Counter()
    for kind, row in rows:
        if kind == "intent" and row.get("role"):
            found[row["role"].split(".")[0]] += 1
        elif kind == "notification":
            what = {
                "shield_deployed": "shields deployed",
                "shield_kill_switch": "shields killed",
                "recovery_success": "recovered",
                "sl_hunt_activated": "recoveries waited for",
                "tp_reentry_started": "continuations waited for",
            }.get(row["notice"])
            found.update([what] if what else [])
    return found


def counted_in(data: Path) -> Counter[str]:
    """``counted`` of a data folder."""
    with LogReader(data / "journal.sqlite") as reader:
        rows = reader.rows(0, None, kinds=frozenset({"intent", "notification"}))
        return counted((row.kind, json.loads(row.body)) for row in rows)


def words(found: Counter[str]) -> str:
    """The counts in a line."""
    names = [*THERE, *sorted(found.keys() - set(THERE))]
    return ", ".join(f"{name} {found[name]}" for name in names)

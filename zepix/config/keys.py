"""Which settings there are, with their types; `docs/configuration.md` says what each means (a test compares them).

A table is a dict; ``"*"`` stands for any name (a plugin's id, a symbol); ``ANY`` for a value that only its owner can
judge: a strategy's settings are checked against the strategy's typed fields once the class is loaded.
"""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, Final, Literal

from zepix.model import AccountSpec, FillModel
from zepix.model.asset import ASSET_CLASSES
from zepix.model.settings_autonomous import AutonomousSettings, ReverseShieldSettings
from zepix.model.settings_dual_order import DualOrderSettings
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.model.settings_market import MarketSettings
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.settings_reentry import ReentrySettings
from zepix.model.settings_risk import RiskSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.model.settings_trend import TrendSettings

__all__ = [
    "ANY",
    "BROKERS",
    "CROSSED",
    "DEFAULT_STRATEGY",
    "KEYS",
    "MAXIMA",
    "SECRET_NAMES",
    "SECRET_WORDS",
    "dotted_keys",
    "near",
]

ANY: Final = object()
BROKERS: Final = ("shadow", "backtrader")
CROSSED: Final = ("raise_ask", "error")
DEFAULT_STRATEGY: Final = "bracket"
"""The strategy of a spec that names none and configures no plugin."""
SECRET_WORDS: Final = ("token", "secret", "password", "passwd", "api_key", "apikey", "private_key")
SECRET_NAMES: Final = frozenset({"mirror", "mirror_custom"})
"""Addresses of other receivers, whose paths are tokens as often as not."""

SERVICES: Final[Mapping[str, type]] = {
    "risk": RiskSettings,
    "trend": TrendSettings,
    "sessions": SessionSettings,
    "market": MarketSettings,
    "dual_order": DualOrderSettings,
    "equity_guard": EquityGuardSettings,
    "profit_booking": ProfitBookingSettings,
    "reentry": ReentrySettings,
    "autonomous": AutonomousSettings,
    "reverse_shield": ReverseShieldSettings,
}
"""Sections that services read; their own classes check the values, and docs/services.md has each key."""

Tree = dict[str, Any]
Instant = datetime | date | str
_OPEN: Final[Tree] = {"*": ANY}
_RESTRICTION: Final[Tree] = {
    "about": str,
    "offers": list[str],
    "shorts": list[str],
    "whole": list[str],
    "whole_shorts": list[str],
    "missing": list[str],
}
_BOT: Final[Tree] = {"token": str, "chat_id": str | int}


def _typed(cls: type) -> Tree:
    hints = typing.get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


KEYS: Final[Tree] = {
    "title": str,
    "seed": int,
    "costs": Literal["instrument", "none"],
    "from": Instant,
    "to": Instant,
    "out": str,
    "report": bool,
    "alerts": {
        "files": list[str],
        "dedup_window_s": int,
        "strategy": str,
        "asset_classes": list[str],
        "dialects": list[str],
        "symbol_map": {"*": str},
    },
    "dialects": {"*": {"*": str}},
    "data": {
        "bars": list[str],
        "instruments": str,
        "crossed": Literal[CROSSED],
        "choice": {"*": str},
        "cache": bool,
    },
    "strategy": {"name": str, "*": ANY},
    "plugins": {
        "*": {
            "strategy": str,
            "enabled": bool,
            "timeframes": list[str],
            "shadow_mode": bool,
            "settings": _OPEN,
        }
    },
    "plugin_system": {"enabled": bool, "auto_discover": bool, "plugin_dir": list[str]},
    "shadow_mode": {
        "enabled": bool,
        "default_mode": Literal["LIVE", "SHADOW", "HYBRID"],
        "shadow_plugins": list[str],
        "promotion": {"min_tickets": int, "min_days": float, "min_profit_factor": float, "max_gap_r": float},
        "breaker": {"enabled": bool, "tickets": int, "max_gap_r": float, "max_differing_frac": float},
    },
    "account": _typed(AccountSpec),
    "fill": _typed(FillModel),
    "broker": {
        "name": str,
        "restrictions": str,
        "live": {
            "name": str,
            "spread_points": int,
            "refusal_rate": float,
            "seed": int,
            "fill": _typed(FillModel),
        },
    },
    "restrictions": {"*": _RESTRICTION},
    "assets": {"*": Literal[ASSET_CLASSES]},
    "telegram": {"controller": _BOT, "notifier": _BOT, "analytics": _BOT},
    **{name: dict.fromkeys(_typed(cls), ANY) for name, cls in SERVICES.items()},
    "sweep": _OPEN,
    "live": _OPEN,
    "journal": _OPEN,
}

MAXIMA: Final[Mapping[str, int]] = {
    "account.balance": 10**15,
    "account.leverage": 10**6,
    "alerts.dedup_window_s": 31_536_000,
    "fill.latency_ms": 86_400_000,
    "fill.open_grace_ms": 86_400_000,
    "fill.max_wait_s": 31_536_000,
    "fill.slippage_points": 1_000_000,
}
"""Beyond these a number is a slip of the keyboard, and might not fit the simulators' integers."""


def dotted_keys(tree: Tree = KEYS, prefix: str = "") -> Iterator[str]:
    """Every key as it is written (``account.balance``, ``plugins.*.enabled``), tables left out."""
    for name, kind in tree.items():
        if isinstance(kind, dict):
            yield from dotted_keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def near(word: str, known: Iterable[str], prefix: str = "") -> str:
    """The tail of a sentence about an unknown word: ``; did you mean 'x'?``, or nothing where nothing is near."""
    lower: dict[str, str] = {}
    for name in known:
        lower.setdefault(name.lower(), name)
    matches = get_close_matches(word.lower(), lower, n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(prefix + lower[match]) for match in matches)}?" if matches else ""

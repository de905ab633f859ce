"""How a position leaves, by timeframe: the ladder for ``exit_mode = "plan"``, and what an EXIT alert takes in any mode.

Source: the plan-level exits of the rules of the trade (§3.4). The words are those of docs/exits.md: R is the distance
of the stop, ``stop_to`` where the stop of the rest goes once a level is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WHOLE: Mapping[str, Any] = {"exit_alert": {"portion": 1.0}}
"""No ladder, and an EXIT alert closes everything."""

PLAN_1M: Mapping[str, Any] = {
    "levels": [{"at": "tp1", "portion": 0.5}, {"at": "tp2", "portion": 0.5}],
    "trailing": {"start": "tp1", "step": "0.25R", "distance": "0.5R"},
    "max_hold_min": 15,
    "exit_alert": {"portion": 1.0},
}
PLAN_5M: Mapping[str, Any] = {
    "levels": [
        {"at": "tp1", "portion": 0.5, "stop_to": "2 pips"},
        {"at": "tp2", "portion": 0.3},
        {"at": "tp3", "portion": 0.2},
    ],
    "exit_alert": {"portion": 0.8, "runner": "in_profit"},
}
PLAN_15M: Mapping[str, Any] = {
    "levels": [{"at": "tp1", "portion": 0.4}, {"at": "tp2", "portion": 0.4}, {"at": "tp3", "portion": 0.2}],
    "trailing": {"start": "0.5R", "step": "0.25R", "distance": "0.5R"},
    "exit_alert": {"portion": 1.0},
}
PLAN_1H: Mapping[str, Any] = {
    "levels": [{"at": "tp1", "portion": 0.2}, {"at": "tp2", "portion": 0.4}, {"at": "tp3", "portion": 0.4}],
    "exit_alert": {"portion": 0.5, "runner": "always", "again": "keep"},
}

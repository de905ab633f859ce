"""How a position leaves, by timeframe: the ladder for ``exit_mode = "plan"``, and what an EXIT alert takes.

Source: the plan-level exits of the rules of the trade (§3.4). The words are those of docs/exits.md: R is the distance
of the stop, ``stop_to`` where the stop of the rest goes once a level is reached.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
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


def managed_plan(b_frac: float, weak_frac: float, tp2_frac: float, exit_frac: float, *, strong: bool) -> dict[str, Any]:
    """The ladder of managed exits: A, and B with ``b_frac`` of A's lots, as portions of both together.

    B leaves at TP1, and with it ``weak_frac`` of A where the signal was not strong; ``tp2_frac`` of A at TP2, which
    puts the stop to TP1; the rest at TP3. An EXIT alert takes ``exit_frac`` and puts the stop to the entry.
    """
    b, weak, tp2 = (Decimal(str(share)) for share in (b_frac, weak_frac, tp2_frac))
    at_2, at_3 = (
        (share / (1 + b)).quantize(Decimal("1e-9"), ROUND_UP) for share in (tp2, 1 - tp2 - (0 if strong else weak))
    )
    levels = [
        {"at": "tp1", "portion": float(1 - at_2 - at_3)},
        {"at": "tp2", "portion": float(at_2), "stop_to": "tp1"},
        {"at": "tp3", "portion": float(at_3)},
    ]
    return {"levels": levels, "exit_alert": {"portion": exit_frac, "runner": "always", "stop_to": "entry"}}

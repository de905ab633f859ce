"""What a grid of exits is made of: the parts of an exit, their units, and the settings that may go with them.

A part is named with its unit (``stop_points, target_r``). What depends on the account as it stands at that moment is
refused by name: each cell is computed ticket by ticket, and no ticket knows of another one but by the flat rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from zepix.config.keys import KEYS, SERVICES, dotted_keys, near

__all__ = ["AXES", "MOST_CELLS", "PARTS", "PYRAMID", "setting_problems", "unknown_axis"]

MOST_CELLS: Final = 20_000_000
MOST_VALUES: Final = 100_000
MOST_POINTS: Final = 1 << 30

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "stop": ("points", "pips"),
    "target": ("points", "pips", "r"),
    "break_even": ("points", "pips", "r"),
    "break_even_buffer": ("points", "pips", "r"),
    "trail_start": ("points", "pips", "r"),
    "trail_step": ("points", "pips", "r"),
    "trail_distance": ("points", "pips", "r"),
}
"""Each part with its units; ``r`` is a share of the cell's stop distance."""
AXES: Final[Mapping[str, tuple[str, str]]] = {
    f"{part}_{unit}": (part, unit) for part, units in PARTS.items() for unit in units
}

_OPEN: Final = ("alerts.", "dialects.", "data.", "assets.", "restrictions.")
_ALLOWED: Final = frozenset(
    {
        *("costs", "title", "seed", "from", "to", "account.balance", "account.currency", "account.digits"),
        *(f"fill.{name}" for name in ("latency_ms", "open_grace_ms", "max_wait_s", "intrabar", "slippage_points")),
        "broker.restrictions",
    }
)
_REASONS: Final[Mapping[str, str]] = {
    "account.leverage": "margin is of the whole account",
    "fill.stop_out_frac": "a stop-out closes tickets by the whole account's equity",
    "broker.name": "the compiled lane has its own fills, those of the shadow broker",
}
_ELSEWHERE: Final = "zx.sweep replays each cell with it"
_OF_ACCOUNT: Final = "depends on what else the account holds or has lost"
_PLACES: Final = ("strategy", "plugins", "plugin_system", "shadow_mode", "live", "journal", "telegram", "out", "report")
_FIELDS: Final[Mapping[str, str]] = {
    field.name: section for section, cls in reversed(list(SERVICES.items())) for field in fields(cls)
}


PYRAMID: Final = frozenset(
    {
        *(
            f"profit_booking.{name}"
            for name in ("multipliers", "target_money", "loss_money", "sl_reductions", "sl_hunt")
        ),
        *(f"dual_order.{name}" for name in ("b_loss_money", "b_target_money", "b_floor_spreads")),
        "dual_order.stops_level_if_none_points",
    }
)
"""Settings of a pyramid's levels, each of which is a matter of its own entry."""


def setting_problems(settings: Mapping[str, Any], *, has_pyramid: bool = False) -> list[str]:
    """What is wrong with the dotted settings of a sweep, a sentence each; values are judged where they are read."""
    known = list(dotted_keys(KEYS))
    found: list[str] = []
    for key in settings:
        section = key.partition(".")[0]
        if key in _ALLOWED or key.startswith(_OPEN):
            continue
        if has_pyramid and key in PYRAMID:
            continue
        if key in _REASONS:
            found.append(f"{key}: {_REASONS[key]}; {_ELSEWHERE}")
        elif section in SERVICES:
            found.append(f"{key}: {_OF_ACCOUNT}; {_ELSEWHERE}")
        elif section in _PLACES:
            found.append(f"{key}: no strategy runs in the compiled lane; {_ELSEWHERE}")
        else:
            found.append(f"{key}: unknown setting{near(key, known)}")
    return found


def unknown_axis(name: str, own: Iterable[str]) -> str:
    """The sentence about a keyword that names no part of an exit."""
    if name in _FIELDS:
        return f"{name} ({_FIELDS[name]}.{name}): {_OF_ACCOUNT}; {_ELSEWHERE}"
    if name in PARTS:
        return f"{name}: say its unit: {' or '.join(f'{name}_{unit}' for unit in PARTS[name])}"
    known = [*AXES, *own]
    return f"{name}: unknown parameter{near(name, known) or '; there are ' + ', '.join(known)}"

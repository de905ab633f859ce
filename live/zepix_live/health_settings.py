"""``[live.health]``: from where on a plugin is not healthy; read by the engine, checked by ``zepix config``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, Final

from zepix.engine.health import HealthLimits
from zepix.errors import ConfigError
from zepix_live.live_tables import unknown_setting

__all__ = ["HEALTH", "health_defaults", "health_limits", "health_problems"]

HEALTH: Final = "health"
MOST: Final[Mapping[str, float]] = {"handler_ms": 600_000.0, "error_rate": 100.0}
MOST_S: Final = 30 * 86_400.0


def health_defaults() -> dict[str, float]:
    """By name in ``[live.health]``."""
    return asdict(HealthLimits())


def health_problems(given: Any) -> list[str]:
    """Everything that is wrong with a table of these settings, in sentences."""
    if not isinstance(given, Mapping):
        return ["live.health: expected a table of settings"]
    known = [one.name for one in fields(HealthLimits)]
    found: list[str] = []
    for name, value in given.items():
        if name not in known:
            found.append(unknown_setting("live.health", name, known))
            continue
        most = MOST.get(name, MOST_S)
        if _number(value, most) is None:
            found.append(f"live.health.{name} is above 0 and at most {most:g}, not {ascii(value)[:60]}")
    return found


def health_limits(given: Any) -> HealthLimits:
    """The limits that a table means; what it leaves out is as usual. Raises ConfigError with every problem."""
    given = {} if given is None else given
    if problems := health_problems(given):
        raise ConfigError(problems)
    return HealthLimits(**{str(name): float(value) for name, value in given.items()})


def _number(value: Any, most: float) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if 0 < found <= most else None

"""The settings of profit booking: the pyramid on order B, its levels, and the recovery of a lost order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from zepix.model.settings_reentry import SYMBOL_WINDOWS

__all__ = ["ProfitBookingSettings"]

MOST_LEVELS: Final = 16
MOST_ORDERS: Final = 256
"""Of one level: more is a slip of the keyboard."""
_NO_WINDOWS: Final[Mapping[str, float]] = MappingProxyType({})
_NUMBERS: Final = {  # name: least, most
    "partial_success_threshold": (0.0, 1.0),
    "recovery_frac": (0.01, 1.0),
    "recovery_sl_frac": (0.01, 10.0),
    "min_recovery_pips": (0.0, 10_000.0),
    "recovery_window_minutes": (0.0, 525_600.0),
    "stale_check_s": (0.001, 86_400.0),
}
_COUNTS: Final = {"recovery_attempts": (0, 100), "stale_checks": (1, 100), "close_retries": (0, 100)}
_FLAGS: Final = ("enabled", "allow_partial_progression", "sl_hunt", "stop_chain_on_fail")


@dataclass(frozen=True, slots=True)
class ProfitBookingSettings:
    """Defaults of every pyramid; a strategy's ``get_pyramid_config`` may say otherwise for its own chains.

    enabled: whether an order B that books begins a chain by itself.
    multipliers: orders of each level, level 0 first.
    enabled_levels: by level, whether it is traded; one that is not in the list is not.
    allow_partial_progression: off (strict): an unrecovered loss stops the chain; on: so many must have won.
    partial_success_threshold: the share of a level's orders that must win where partial progression is allowed.
    target_money: what an order books, in the account's currency; none: ``dual_order.b_target_money``.
    loss_money: what an order loses at its stop; none: ``dual_order.b_loss_money``.
    sl_reductions: per cent by which the stop of each level's orders is nearer; a level without a row has 0.
    sl_hunt: whether a lost order is recovered.
    recovery_frac: how far of the way from the stop to the entry the price must have come back.
    min_recovery_pips: and at least so many pips, though never beyond the entry.
    recovery_attempts: recoveries of one order.
    recovery_sl_frac: the stop of a recovery, in stop distances of the lost order.
    recovery_window_minutes: how long a recovery is waited for, where no table names the symbol.
    recovery_windows: instead, minutes by symbol, over the table of the rules.
    stop_chain_on_fail: a recovery that fails, or whose window ends, stops the chain whatever the mode.
    stale_checks: an order that the broker does not know any more is looked for so often, then the chain is stale.
    stale_check_s: seconds between two such looks.
    close_retries: how often a close of a stopped chain's orders is sent again.
    """

    enabled: bool = True
    multipliers: tuple[int, ...] = (1, 2, 4, 8, 16)
    enabled_levels: tuple[bool, ...] = (True, True, True, False, False)
    allow_partial_progression: bool = False
    partial_success_threshold: float = 0.75
    target_money: float | None = None
    loss_money: float | None = None
    sl_reductions: tuple[float, ...] = ()
    sl_hunt: bool = True
    recovery_frac: float = 0.7
    min_recovery_pips: float = 2.0
    recovery_attempts: int = 1
    recovery_sl_frac: float = 0.5
    recovery_window_minutes: float = 30.0
    recovery_windows: Mapping[str, float] = field(default_factory=lambda: _NO_WINDOWS)
    stop_chain_on_fail: bool = True
    stale_checks: int = 3
    stale_check_s: float = 5.0
    close_retries: int = 3

    def __post_init__(self) -> None:
        for name in ("multipliers", "enabled_levels", "sl_reductions"):
            given = getattr(self, name)
            if isinstance(given, list | tuple):
                object.__setattr__(self, name, tuple(given))
        problems = self.problems()
        if problems:
            raise ValueError("; ".join(problems))
        windows = {symbol.upper(): float(minutes) for symbol, minutes in self.recovery_windows.items()}
        object.__setattr__(self, "recovery_windows", MappingProxyType(windows))

    def problems(self) -> list[str]:
        """Everything that is wrong, a sentence each, beginning with the field's name."""
        found = [f"{n} must be true or false, not {getattr(self, n)!r}" for n in _FLAGS if not _is_flag(self, n)]
        for name, (low, high) in _NUMBERS.items():
            if not _is_between(getattr(self, name), low, high):
                found.append(f"{name} must lie between {low:g} and {high:g}, not {getattr(self, name)!r}")
        for name, (least, most) in _COUNTS.items():
            if not _is_whole(getattr(self, name), least, most):
                found.append(f"{name} must be a whole number from {least} to {most}, not {getattr(self, name)!r}")
        for name in ("target_money", "loss_money"):
            money = getattr(self, name)
            if money is not None and not (_is_between(money, 0.0, 1e9) and money > 0):
                found.append(f"{name} must lie above 0 and not beyond 1e+09, not {money!r}")
        return found + self._level_problems() + self._window_problems()

    def _level_problems(self) -> list[str]:
        found: list[str] = []
        if not isinstance(self.multipliers, tuple) or not 1 <= len(self.multipliers) <= MOST_LEVELS:
            found.append(f"multipliers must be a list of 1 to {MOST_LEVELS} levels, not {self.multipliers!r}")
        elif not all(_is_whole(orders, 1, MOST_ORDERS) for orders in self.multipliers):
            found.append(f"multipliers are whole numbers from 1 to {MOST_ORDERS}, not {list(self.multipliers)}")
        elif self.multipliers[0] != 1:
            found.append(f"multipliers begin with 1, which is order B itself, not {self.multipliers[0]}")
        flags = self.enabled_levels
        if not isinstance(flags, tuple) or not all(isinstance(flag, bool) for flag in flags):
            found.append(f"enabled_levels must be a list of true and false, not {flags!r}")
        reductions = self.sl_reductions
        if not isinstance(reductions, tuple) or not all(_is_between(one, 0.0, 95.0) for one in reductions):
            found.append(f"sl_reductions must be a list of per cents from 0 to 95, not {reductions!r}")
        return found

    def _window_problems(self) -> list[str]:
        windows: Any = self.recovery_windows
        if not isinstance(windows, Mapping):
            return [f"recovery_windows must be a table of minutes by symbol, not {windows!r}"]
        return [
            f"recovery_windows.{symbol} must lie between 0 and 525600, not {minutes!r}"
            for symbol, minutes in windows.items()
            if not _is_between(minutes, 0.0, 525_600.0)
        ]

    def window_minutes(self, symbol: str) -> float:
        """How long a recovery on a symbol is waited for: one's own row, the rules' table, else the default."""
        name = symbol.upper()
        return self.recovery_windows.get(name, SYMBOL_WINDOWS.get(name, self.recovery_window_minutes))

    def orders_of(self, level: int) -> int:
        """Orders of a level; 0 for one that does not exist."""
        return self.multipliers[level] if 0 <= level < len(self.multipliers) else 0

    def is_on(self, level: int) -> bool:
        return 0 <= level < len(self.enabled_levels) and self.enabled_levels[level]

    def stop_share(self, level: int) -> float:
        """What is left of a level's stop distance after its reduction."""
        return 1.0 - (self.sl_reductions[level] / 100.0 if 0 <= level < len(self.sl_reductions) else 0.0)


def _is_flag(settings: Any, name: str) -> bool:
    return isinstance(getattr(settings, name), bool)


def _is_between(value: Any, low: float, high: float) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and low <= value <= high


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

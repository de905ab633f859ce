"""The numbers of the safety gate before recoveries, and of the reverse shield; docs/chains.md, docs/services.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

__all__ = ["CHAIN_PROTECTIONS", "CUSHION_MODES", "AutonomousSettings", "ReverseShieldSettings"]

CHAIN_PROTECTIONS: Final = ("too_valuable", "cushion", "off")
CUSHION_MODES: Final[Mapping[str, tuple[Decimal, Decimal]]] = MappingProxyType(
    {
        "AGGRESSIVE": (Decimal("3.5"), Decimal(15)),
        "BALANCED": (Decimal(6), Decimal(20)),
        "CONSERVATIVE": (Decimal(9), Decimal(30)),
        "VERY_CONSERVATIVE": (Decimal(15), Decimal(50)),
    }
)
"""By mode: how many losses the chain's profit must be, and the money below which that is not asked."""
_MOST: Final = Decimal(10) ** 12


@dataclass(frozen=True, slots=True)
class AutonomousSettings:
    """Settings ``autonomous.*``; raises ValueError with every problem at once, each with its key.

    A limit of 0 allows nothing. Whether a check is made at all is its own switch.
    """

    daily_attempts: int = 10
    """Recoveries that may begin in a day, of all plugins together."""
    daily_losses: int = 5
    """Recoveries that may end with a loss in a day."""
    concurrent: int = 3
    """Recoveries at the same time."""
    cooldown_hours: Decimal = Decimal(6)
    """Once attempts or losses have reached their limit, nothing begins for so long, a new day or not; 0: none."""
    day_protection: bool = True
    """Whether a day that has made ``day_profit_money`` begins no more recoveries."""
    day_profit_money: Decimal = Decimal(100)
    """Net profit of the day, of all plugins, in the account's currency."""
    chain_protection: str = "too_valuable"
    """``too_valuable``: no recovery that risks a chain's profit of more than ``chain_profit_multiple`` losses;
    ``cushion``: the other way round, only with a big enough cushion (``cushion_mode``); ``off``."""
    chain_profit_multiple: Decimal = Decimal(5)
    """So many times what the recovery would lose at its stop."""
    cushion_mode: str = "BALANCED"
    """``AGGRESSIVE, BALANCED, CONSERVATIVE`` or ``VERY_CONSERVATIVE``."""
    direction_block: bool = False
    """Whether a ticket that is ``block_multiple`` stop distances under water closes its direction and blocks it."""
    block_multiple: Decimal = Decimal(2)
    """In stop distances of the ticket's own first stop."""
    block_minutes: Decimal = Decimal(60)
    """How long nothing is opened in that direction on that symbol."""
    profit_protection: bool = False
    """Whether a ticket that is ``protect_at_pips`` ahead gets its stop at ``protect_to_pips``."""
    protect_at_pips: Decimal = Decimal(40)
    protect_to_pips: Decimal = Decimal(10)
    """From the entry, in the instrument's pips; nearer than ``protect_at_pips``."""

    def __post_init__(self) -> None:
        problems = _tidy(self)
        for name, known in (("chain_protection", CHAIN_PROTECTIONS), ("cushion_mode", tuple(CUSHION_MODES))):
            if getattr(self, name) not in known:
                problems.append(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        if not problems and self.profit_protection and self.protect_to_pips >= self.protect_at_pips:
            problems.append(
                f"protect_to_pips must be below protect_at_pips ({self.protect_at_pips}), not {self.protect_to_pips}"
            )
        if not problems and self.direction_block and not self.block_multiple:
            problems.append("block_multiple must be above 0 where direction_block is on")
        if problems:
            raise ValueError("autonomous: " + "; ".join(problems))


@dataclass(frozen=True, slots=True)
class ReverseShieldSettings:
    """Settings ``reverse_shield.*``; raises ValueError with every problem at once, each with its key."""

    enabled: bool = False
    """Whether a stopped order A is guarded by two opposite orders until its recovery level."""
    lot_frac: Decimal = Decimal("0.5")
    """Lots of each shield, as a share of the original's."""
    reward_ratio: Decimal = Decimal(1)
    """Target of shield A beyond the original's stop, in stop distances of the original."""
    kill_frac: Decimal = Decimal("0.70")
    """The way back from stop to entry at which the shields are closed and the recovery begins."""
    max_concurrent: int = 3
    """Shields at the same time, each of two legs; 0: none."""
    min_balance: Decimal = Decimal(100)
    """Below this balance there are no shields."""
    daily_room: Decimal = Decimal(50)
    """Money of the day's loss allowance that shields leave alone."""
    free_margin_frac: Decimal = Decimal("0.20")
    """Share of the equity that stays free of margin."""
    close_retries: int = 3
    """How often a close that the broker refuses is sent again."""

    def __post_init__(self) -> None:
        problems = _tidy(self)
        if not problems:
            if not 0 < self.kill_frac < 1:
                problems.append(f"kill_frac must lie between 0 and 1, not {self.kill_frac}")
            if not 0 < self.lot_frac <= 1:
                problems.append(f"lot_frac must be above 0 and up to 1, not {self.lot_frac}")
            if self.free_margin_frac >= 1:
                problems.append(f"free_margin_frac must be below 1, not {self.free_margin_frac}")
            if not self.reward_ratio:
                problems.append("reward_ratio must be above 0")
        if problems:
            raise ValueError("reverse_shield: " + "; ".join(problems))


def _tidy(settings: Any) -> list[str]:
    """Makes numbers of what was given, by the type of each default; a sentence for each that is none."""
    problems: list[str] = []
    for one in fields(settings):
        value, default = getattr(settings, one.name), one.default
        if isinstance(default, bool):
            if not isinstance(value, bool):
                problems.append(f"{one.name} must be true or false, not {value!r}")
        elif isinstance(default, int | Decimal):
            number = _number(value)
            is_whole = isinstance(default, int)
            if number is None or (is_whole and number != int(number)):
                kind = "a whole number" if is_whole else "a number"
                problems.append(f"{one.name} must be {kind} of 0 or above, not {value!r}")
            else:
                object.__setattr__(settings, one.name, int(number) if is_whole else number)
    return problems


def _number(value: Any) -> Decimal | None:
    """A finite number of 0 or above, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 <= number <= _MOST else None

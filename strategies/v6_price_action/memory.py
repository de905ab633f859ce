"""What a V6 plugin remembers from one alert to the next; plain data, so that it survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from zepix import Side

MOST_SYMBOLS = 1000
"""More symbols than this are not remembered: alerts name them, and alerts come from outside."""


@dataclass
class Memory:
    """Times are nanoseconds UTC; a key is ``SYMBOL side``."""

    entered: dict[str, int] = field(default_factory=dict)
    """When a symbol and side was last entered: the cooldown counts from it."""
    exited: dict[str, int] = field(default_factory=dict)
    """When an EXIT alert last left a part, until the next entry."""
    runners: dict[str, list[str]] = field(default_factory=dict)
    """Alerts of whose entries an EXIT has left a part."""
    breaks: dict[str, list[int]] = field(default_factory=dict)
    """The last broken trend line by symbol: [time, side's sign, points of confidence it adds]."""
    screened: dict[str, list[int]] = field(default_factory=dict)
    """[day, entries] of the screener by symbol."""

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Memory:
        """The memory that ``state()`` wrote; raises TypeError for a key that it does not know."""
        return cls(**{name: type(value)(value) for name, value in state.items()})

    def note_exit(self, key: str, kept: list[str], now_ns: int) -> None:
        self.runners.pop(key, None)
        self.exited.pop(key, None)
        if kept:
            self.runners[key], self.exited[key] = kept, now_ns

    def note_break(self, symbol: str, side: Side, bonus: int, now_ns: int) -> None:
        if symbol in self.breaks or len(self.breaks) < MOST_SYMBOLS:
            self.breaks[symbol] = [now_ns, side.sign, bonus]

    def forget_entry(self, symbol: str, side: Side) -> None:
        self.entered.pop(key_of(symbol, side), None)

    def note_entry(self, symbol: str, side: Side, now_ns: int) -> None:
        self.entered[key_of(symbol, side)] = now_ns
        self.exited.pop(key_of(symbol, side), None)


def key_of(symbol: str, side: Side) -> str:
    return f"{symbol} {side}"

"""What V3 remembers from one alert to the next; plain data, so that it survives a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MOST = 1000
"""More entries, squeezes and waiting reversals than this are not remembered: alerts name them, from outside."""


@dataclass
class Memory:
    """Times are nanoseconds UTC."""

    entered: dict[str, list[Any]] = field(default_factory=dict)
    """[time, alert] of the last entry, by symbol, chart, signal and side: the cooldown counts from it."""
    squeezed: dict[str, int] = field(default_factory=dict)
    """Until when a squeeze of a symbol counts."""
    waiting: dict[str, list[Any]] = field(default_factory=dict)
    """[watch, the signal as data] of a reversal that waits for its gap, by symbol."""

    def state(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Memory:
        """The memory that ``state()`` wrote; raises TypeError for a key that it does not know."""
        return cls(**{name: dict(value) for name, value in state.items()})

    def note_entry(self, key: str, alert_id: str, now_ns: int) -> None:
        self.entered.pop(key, None)
        if len(self.entered) >= MOST:
            del self.entered[next(iter(self.entered))]
        self.entered[key] = [now_ns, alert_id]

    def forget_entry(self, alert_id: str) -> None:
        for key in [key for key, last in self.entered.items() if last[1] == alert_id]:
            del self.entered[key]

    def note_squeeze(self, symbol: str, until_ns: int, now_ns: int) -> None:
        if len(self.squeezed) >= MOST:
            self.squeezed = {name: end for name, end in self.squeezed.items() if end > now_ns}
        if symbol in self.squeezed or len(self.squeezed) < MOST:
            self.squeezed[symbol] = until_ns

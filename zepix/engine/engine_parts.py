"""What the engine asks others for, and what it knows of each plugin."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from zepix.engine.strategy import HOOKS, Strategy
from zepix.model import Alert, Refused

__all__ = ["Dedup", "Guard", "Running"]


class Dedup(Protocol):
    """Who tells a resend from a new alert; the same object in replay and live."""

    def check(self, alert: Alert, open_before: bool) -> str | None:
        """None for a new alert, else the id of the one it repeats; never a repeat where it closes and is needed."""
        ...


class Guard(Protocol):
    """Refuses every new risk, or does not; hears of the equity that its broker watches."""

    def refusal(self) -> Refused | None: ...

    def on_equity(self, watch_id: int, direction: int, equity: Decimal) -> None: ...


class Running:
    """A plugin with the hooks its class defines, and how often in a row it failed."""

    __slots__ = ("failures", "hooks", "plugin")

    def __init__(self, plugin: Strategy) -> None:
        self.plugin = plugin
        self.failures: dict[str, int] = {}
        cls = type(plugin)
        self.hooks = {
            name: getattr(plugin, name) for name in HOOKS if getattr(cls, name) is not getattr(Strategy, name)
        }

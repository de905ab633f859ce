"""What the engine asks others for, and what it knows of each plugin."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Protocol

from zepix.engine.strategy import HOOKS, Strategy
from zepix.model import Alert, Order, Refused

__all__ = ["MAX_FAILURES", "Dedup", "Guard", "OrderCheck", "Reins", "Running"]

MAX_FAILURES: Final = 5


class Dedup(Protocol):
    """Who tells a resend from a new alert; the same object in replay and live."""

    def check(self, alert: Alert, open_before: bool) -> str | None:
        """None for a new alert, else the id of the one it repeats; never a repeat where it closes and is needed."""
        ...


class Guard(Protocol):
    """Refuses every new risk, or does not; hears of the equity that its broker watches."""

    def refusal(self) -> Refused | None: ...

    def on_equity(self, watch_id: int, direction: int, equity: Decimal) -> None: ...


class OrderCheck(Protocol):
    """Who is asked about each order that opens."""

    def refusal(self, order: Order) -> Refused | None: ...


class Running:
    """A plugin with the hooks its class defines, and how often in a row it failed."""

    __slots__ = ("failures", "hooks", "is_asleep", "plugin")

    def __init__(self, plugin: Strategy, is_asleep: bool = False) -> None:
        """``is_asleep``: it takes part in another house (``roster.py``) and is not woken in this one."""
        self.plugin = plugin
        self.is_asleep = is_asleep
        self.failures: dict[str, int] = {}
        cls = type(plugin)
        self.hooks = {
            name: getattr(plugin, name) for name in HOOKS if getattr(cls, name) is not getattr(Strategy, name)
        }

    def hook(self, name: str) -> Callable[..., Any] | None:
        """What is to be called; None where its class has no such hook, where it failed too often, or is asleep."""
        if self.is_asleep or (not self.plugin.enabled and self.is_given_up(name)):
            return None
        return self.hooks.get(name)

    def is_given_up(self, handler: str) -> bool:
        """Whether a handler failed so often in a row that it is not called again while its plugin is disabled."""
        return self.failures.get(handler, 0) >= MAX_FAILURES


class Reins(set[tuple[str, str]]):
    """Who may take no new risk, and where: (plugin, symbol), ``*`` for all symbols."""

    def hear(self, plugin_id: str, alert: Alert) -> None:
        """``pause`` and ``resume`` hold for the plugins that the alert reaches, on its symbol; ``*`` is all of them."""
        if alert.type == "pause":
            self.add((plugin_id, alert.symbol))
        elif alert.type == "resume":
            freed = {one for one in self if one[0] == plugin_id and alert.symbol in ("*", one[1])}
            self.difference_update(freed)

    def hold(self, plugin_id: str, symbol: str) -> bool:
        """Whether a plugin waits for an alert that resumes it, on this symbol."""
        return (plugin_id, symbol) in self or (plugin_id, "*") in self

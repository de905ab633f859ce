"""What the engine asks others for, and what it knows of each plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, Protocol

from zepix.engine.strategy import HOOKS, Strategy
from zepix.errors import ZepixError
from zepix.model import Alert, Order, Refused

__all__ = ["MAX_FAILURES", "Dedup", "Guard", "OrderCheck", "Reins", "Running", "Spins"]

MAX_FAILURES: Final = 5
MAX_SPINS: Final = 64
CLOSES: Final = frozenset({"on_ticket_closed", "on_sl_hit", "on_tp_hit"})
"""The hooks that hear of a close."""


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


class Spins:
    """How many timers were set for the very instant in which they were set, one after the other."""

    def __init__(self) -> None:
        self.so_far = 0
        self._at_ns = -1

    def count(self, now_ns: int, plugin_id: str) -> None:
        """One more, by that plugin; raises ZepixError where they set one another again and again."""
        self.so_far = self.so_far + 1 if self._at_ns == now_ns else 1
        self._at_ns = now_ns
        if self.so_far > MAX_SPINS:
            raise ZepixError(f"over {MAX_SPINS} timers set one another at {now_ns} ns; the last by {plugin_id}")

    def state(self) -> list[int]:
        return [self._at_ns, self.so_far]

    def load_state(self, state: Sequence[int]) -> None:
        self._at_ns, self.so_far = state


class Running:
    """A plugin with the hooks its class defines, and how often in a row it failed."""

    __slots__ = ("failures", "hears_closes", "hooks", "is_asleep", "plugin")

    def __init__(self, plugin: Strategy, is_asleep: bool = False) -> None:
        """``is_asleep``: it takes part in another house (``roster.py``) and is not woken in this one."""
        self.plugin = plugin
        self.is_asleep = is_asleep
        self.failures: dict[str, int] = {}
        cls = type(plugin)
        self.hooks = {
            name: getattr(plugin, name) for name in HOOKS if getattr(cls, name) is not getattr(Strategy, name)
        }
        self.hears_closes = not CLOSES.isdisjoint(self.hooks)

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

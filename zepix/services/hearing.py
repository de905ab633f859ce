"""Services that have a method of its own for each kind of event they hear of, named in a table of their class.

The service host reads the tables once (``zepix.engine.service_host``), so that an event costs nothing where nobody has
anything to do with its kind, and no service asks of every event what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from zepix.model import Event, OrderCancelled, OrderFilled, OrderRefused

__all__ = ["ANSWERS", "Hearing", "Kinds"]

Kinds = Mapping[type[Event], str]
"""Kinds of events, and the name of the method that hears of each."""


ANSWERS: Final[tuple[type[Event], ...]] = (OrderFilled, OrderRefused, OrderCancelled)
"""What becomes of an order."""


class Hearing:
    """Whoever tells a service of an event by hand finds the same methods."""

    HEARS: ClassVar[Kinds] = {}
    """``method(event)``, before the plugin's hooks."""
    FOLLOWS: ClassVar[Kinds] = {}
    """``method(event, answer)``, once the plugin has been heard."""

    def on_event(self, event: Event) -> None:
        """Hear of an event, where its kind matters."""
        name = self.HEARS.get(type(event))
        if name is not None:
            getattr(self, name)(event)

    def on_follow(self, event: Event, answer: Any) -> None:
        """Act on an event, where its kind matters; ``answer`` is what the plugin's hook returned."""
        name = self.FOLLOWS.get(type(event))
        if name is not None:
            getattr(self, name)(event, answer)

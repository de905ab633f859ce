"""An alert, understood: one shape for every dialect; and what could not be understood, with its reason.

``type`` is one of five words that ask for something (``entry, exit, reversal, modify, cancel``), one of two
that rein in a plugin (``pause, resume``), or a word of information (``trend_pulse, squeeze, bias, trend, bar, ...``)
that never trades. On an exit, ``side`` names the tickets to close (``buy`` closes longs), nothing means both. On a
reversal, ``side`` is the new side.

Times are integer nanoseconds since 1970, UTC. A level that is a float is a price as the sender wrote it, a volume that
is a float is lots; in any other unit they are a ``Quantity``, which no arithmetic mistakes for a price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from zepix.model.quantity import Quantity
from zepix.model.side import Side

__all__ = ["ACTIONS", "CLOSINGS", "EMPTY", "Alert", "Quarantined"]

ACTIONS: Final = frozenset({"entry", "exit", "reversal", "modify", "cancel"})
CLOSINGS: Final = ("opposite", "same", "all")
EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert as every strategy sees it.

    ``id`` is unique in a log; ``explicit_id`` the id the payload itself carried (dedup works by it), ``source`` the
    token or file it came through, ``source_id`` the id of the alert's definition at TradingView, ``strategy`` the
    family it names, ``signal`` the dialect's own word for it, ``fields`` what else the dialect sent, ``repairs`` what
    had to be mended to read it, ``raw`` the body as it arrived, its secrets blotted out. ``close_frac`` is a share of
    a ticket's volume at its entry, ``close_left_frac`` of what is left of it; ``closing`` is what a reversal closes
    before it enters (``opposite, same, all``); ``max_spread`` the widest spread at which an entry is meant.
    """

    id: str
    received_ns: int
    dialect: str
    type: str
    symbol: str
    side: Side | None = None
    strategy: str | None = None
    timeframe: str | None = None
    plugin_hint: str | None = None
    price: float | None = None
    time_ns: int | None = None
    volume: float | Quantity | None = None
    sl: float | Quantity | None = None
    tp: float | Quantity | None = None
    order_type: str = "market"
    entry_price: float | Quantity | None = None
    limit_price: float | Quantity | None = None
    expires_s: float | None = None
    ref: str | None = None
    oco: str | None = None
    close_frac: float | None = None
    close_left_frac: float | None = None
    closing: str = "opposite"
    max_spread: Quantity | None = None
    trailing: Mapping[str, Any] | None = None
    break_even_points: int | Quantity | None = None
    comment: str = ""
    signal: str = ""
    source: str = ""
    source_id: str | None = None
    explicit_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    repairs: tuple[str, ...] = ()
    raw: str = ""

    @property
    def is_action(self) -> bool:
        """Whether it asks for something (else it only informs)."""
        return self.type in ACTIONS

    @property
    def closes(self) -> bool:
        """Exits, closes and cancels: never dropped as duplicates while something older is open."""
        return self.type in ("exit", "cancel", "reversal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A body that could not be understood: kept whole, with a stable ``reason`` and a sentence, never traded."""

    id: str
    reason: str
    detail: str
    raw: str
    received_ns: int | None = None
    dialect: str | None = None
    source: str = ""
    source_id: str | None = None

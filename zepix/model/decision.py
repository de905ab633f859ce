"""What became of an alert at one plugin; refusals are words that stay the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from zepix.model.alert import EMPTY

__all__ = ["OUTCOMES", "Accepted", "Decision", "DecisionRow", "Refused"]

OUTCOMES: Final = (
    "filled",
    "closed",
    "working",
    "expired",
    "refused",
    "info",
    "ignored",
    "duplicate",
    "quarantined",
    "error",
)

_STATUS: Final = {"filled": "success", "closed": "success", "working": "success", "info": "success", "error": "error"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command passed our own checks and is on its way; the broker's answer comes later, as an event."""

    order_id: int

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Refused:
    """A command did not pass; ``reason`` is a stable word, ``detail`` a sentence with the numbers."""

    reason: str
    detail: str = ""

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Decision:
    """A handler's own answer to an alert: an outcome of ``OUTCOMES``, a stable reason, the numbers that decided."""

    outcome: str
    reason: str = ""
    numbers: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"outcome must be one of {', '.join(OUTCOMES)}, not {self.outcome!r}")

    @classmethod
    def refused(cls, reason: str, **numbers: Any) -> Decision:
        return cls("refused", reason, numbers)

    @classmethod
    def info(cls, reason: str = "", **numbers: Any) -> Decision:
        return cls("info", reason, numbers)

    def as_dict(self) -> dict[str, Any]:
        """The shape of the product's owner: ``{"status": "success|skipped|error", "message": reason, ...}``."""
        return {"status": _STATUS.get(self.outcome, "skipped"), "message": self.reason, **self.numbers}


class DecisionRow:
    """One row of ``decisions.parquet``: an alert (or quarantined body) and one plugin that saw it, or none."""

    __slots__ = (
        "_numbers",
        "alert_id",
        "dialect",
        "family",
        "outcome",
        "plugin_id",
        "reason",
        "received_ns",
        "side",
        "symbol",
        "timeframe",
        "type",
    )

    FIELDS: ClassVar = (
        *("alert_id", "received_ns", "dialect", "plugin_id", "family", "outcome", "reason"),
        *("symbol", "type", "side", "timeframe", "numbers"),
    )

    def __init__(
        self,
        alert_id: str,
        received_ns: int | None,
        dialect: str,
        plugin_id: str,
        family: str,
        outcome: str,
        reason: str,
        symbol: str = "",
        type: str = "",
        side: str = "",
        timeframe: str = "",
        numbers: dict[str, Any] | Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        """``numbers``: those that decided, or who makes them when they are first read."""
        self.alert_id = alert_id
        self.received_ns = received_ns
        self.dialect = dialect
        self.plugin_id = plugin_id
        self.family = family
        self.outcome = outcome
        self.reason = reason
        self.symbol = symbol
        self.type = type
        self.side = side
        self.timeframe = timeframe
        self._numbers = {} if numbers is None else numbers

    @property
    def numbers(self) -> dict[str, Any]:
        return self.make_numbers()

    @numbers.setter
    def numbers(self, numbers: dict[str, Any]) -> None:
        self._numbers = numbers

    def make_numbers(self) -> dict[str, Any]:
        """Make the numbers now, where nobody has read them yet."""
        if not isinstance(self._numbers, dict):
            self._numbers = self._numbers()
        return self._numbers

    def __repr__(self) -> str:
        words = (self.alert_id, self.plugin_id, self.outcome, self.reason)
        return f"DecisionRow({', '.join(map(repr, words))}, numbers={self.numbers!r})"

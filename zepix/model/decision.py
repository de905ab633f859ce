"""What became of an alert at one plugin; refusals are words that stay the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

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


@dataclass(slots=True, eq=False)
class DecisionRow:
    """One row of ``decisions.parquet``: an alert (or quarantined body) and one plugin that saw it, or none."""

    alert_id: str
    received_ns: int | None
    dialect: str
    plugin_id: str
    family: str
    outcome: str
    reason: str
    symbol: str = ""
    type: str = ""
    side: str = ""
    timeframe: str = ""
    numbers: dict[str, Any] = field(default_factory=dict)

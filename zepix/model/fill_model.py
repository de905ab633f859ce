"""The choices of a simulated fill, each a named setting; `docs/fills.md` says what they mean."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INTRABAR", "FillModel"]

INTRABAR = ("pessimistic", "optimistic")


@dataclass(frozen=True, slots=True)
class FillModel:
    """How market and bracket orders fill on recorded prices.

    latency_ms: from a decision to its arrival at the broker.
    open_grace_ms: an order that arrives this soon after a bar's open fills at that open (0 is the cautious value).
    max_wait_s: an opening order waits this long for an open, or one timeframe if that is longer.
    intrabar: which level counts when one bar's range holds both: ``pessimistic`` the stop, ``optimistic`` the target.
    slippage_points: against us, on market orders, stops and closes by signal; never on limits and targets.
    stop_out_frac: share of the margin at which the broker closes tickets.
    """

    latency_ms: int = 0
    open_grace_ms: int = 5000
    max_wait_s: int = 600
    intrabar: str = "pessimistic"
    slippage_points: int = 0
    stop_out_frac: float = 0.5

    def __post_init__(self) -> None:
        for name in ("latency_ms", "open_grace_ms", "max_wait_s", "slippage_points"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f"{name} must be a whole number, 0 or above, not {value!r}")
        if self.intrabar not in INTRABAR:
            raise ValueError(f"intrabar must be one of {', '.join(INTRABAR)}, not {self.intrabar!r}")
        if not 0 <= self.stop_out_frac < 10:
            raise ValueError(f"stop_out_frac must lie between 0 and 10, not {self.stop_out_frac!r}")

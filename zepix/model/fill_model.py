"""The choices of a simulated fill, each a named setting; `docs/fills.md` says what they mean."""

from __future__ import annotations

from dataclasses import dataclass

from zepix.model.instrument import Instrument
from zepix.model.timeframe import normalise

__all__ = ["INTRABAR", "FillModel"]

INTRABAR = ("pessimistic", "optimistic", "ticks")
"""Besides these, a timeframe: ``1m``."""


@dataclass(frozen=True, slots=True)
class FillModel:
    """How market and bracket orders fill on recorded prices.

    latency_ms: from a decision to its arrival at the broker.
    open_grace_ms: an order that arrives this soon after a bar's open fills at that open.
    max_wait_s: an opening order waits this long for an open, or one timeframe if that is longer.
    intrabar: which level counts when one bar's range holds both: ``pessimistic`` the stop, ``optimistic`` the target;
    ``ticks`` or a finer timeframe (``1m``): fills are made on that finer data; what is left in doubt is pessimistic.
    slippage_points: against us, on market orders, stops, closes and stop-outs; never on limits and targets. None: the
    instrument's own (docs/fidelity.md says where its number comes from).
    stop_out_frac: share of the margin at which the broker closes tickets.
    """

    latency_ms: int = 0
    open_grace_ms: int = 5000
    max_wait_s: int = 600
    intrabar: str = "pessimistic"
    slippage_points: int | None = None
    stop_out_frac: float = 0.5

    def __post_init__(self) -> None:
        for name in ("latency_ms", "open_grace_ms", "max_wait_s", "slippage_points"):
            value = getattr(self, name)
            if name == "slippage_points" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(f"{name} must be a whole number, 0 or above, not {value!r}")
        if self.intrabar not in INTRABAR:
            try:
                object.__setattr__(self, "intrabar", normalise(self.intrabar))
            except ValueError:
                known = ", ".join(INTRABAR)
                raise ValueError(f"intrabar must be one of {known} or a timeframe, not {self.intrabar!r}") from None
        if not 0 <= self.stop_out_frac < 10:
            raise ValueError(f"stop_out_frac must lie between 0 and 10, not {self.stop_out_frac!r}")

    @property
    def finer(self) -> str | None:
        """What fills are made on besides the bars: ``tick``, a timeframe, or None for the bars themselves."""
        if self.intrabar in ("pessimistic", "optimistic"):
            return None
        return "tick" if self.intrabar == "ticks" else self.intrabar

    def slippage_of(self, instrument: Instrument, timeframe_ns: int = 1) -> int:
        """Points of slippage on one fill of an instrument; its own makes good what bars flatter, so ticks have none."""
        if self.slippage_points is None:
            return instrument.slippage_points if timeframe_ns else 0
        return self.slippage_points

    @property
    def is_optimistic(self) -> bool:
        return self.intrabar == "optimistic"

"""The journal of a run as a sequence of lines, put into words when they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

from zepix.engine.record import JournalLine
from zepix.model import Alert, ClosingFill, Order

__all__ = ["JournalLines"]


class JournalLines(Sequence[JournalLine]):
    """The run's journal; a line is put into words when it is read, so that the replay does not pay for the writing."""

    def __init__(self, log: list[tuple[int, str, Any]]) -> None:
        self._log = log

    def __len__(self) -> int:
        return len(self._log)

    @overload
    def __getitem__(self, index: int) -> JournalLine: ...

    @overload
    def __getitem__(self, index: slice) -> list[JournalLine]: ...

    def __getitem__(self, index: int | slice) -> JournalLine | list[JournalLine]:
        return [_line(e) for e in self._log[index]] if isinstance(index, slice) else _line(self._log[index])


def _line(entry: tuple[int, str, Any]) -> JournalLine:
    """A journal line of plain values; orders are described as they ended."""
    ns, kind, what = entry
    if isinstance(what, Alert):
        return (
            ns,
            kind,
            {"id": what.id, "type": what.type, "symbol": what.symbol, "side": what.side or "", "raw": what.raw},
        )
    if isinstance(what, Order):
        return (
            ns,
            kind,
            {
                "order": what.id,
                "what": what.kind,
                "plugin": what.plugin_id,
                "alert": what.alert_id,
                "symbol": what.symbol,
                "side": what.side,
                "steps": what.volume_steps,
                "sl": what.sl,
                "tp": what.tp,
                "reason": what.reason,
                "ticket": what.ticket,
                "points": what.fill_points,
                "fill_ns": what.fill_ns,
            },
        )
    if isinstance(what, ClosingFill):
        return (
            ns,
            kind,
            {
                "ticket": what.ticket,
                "part": what.part,
                "symbol": what.symbol,
                "steps": what.steps,
                "points": what.exit_points,
                "exit_ns": what.exit_ns,
                "reason": what.exit_reason,
                "pnl_minor": what.pnl_minor,
            },
        )
    return ns, kind, dict(what)

"""Which signals end what only waits on a side: an entry or reversal of the other side, an exit of its own."""

from __future__ import annotations

from zepix.model import Alert

__all__ = ["opposes"]


def opposes(alert: Alert, side: int) -> str:
    """``exit_signal``, ``opposite_signal``, or nothing where the alert does not speak against a side (+1, -1)."""
    if not alert.is_action or alert.type not in ("entry", "reversal", "exit"):
        return ""
    sign = 0 if alert.side is None else alert.side.sign
    if alert.type == "exit":
        return "exit_signal" if sign in (0, side) else ""
    return "opposite_signal" if sign == -side else ""

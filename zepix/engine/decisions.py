"""The decisions of a run: opened when a plugin sees an alert, settled when its orders have their answers.

How an outcome is settled, first rule that fits:

    the handler refused                    its own word
    an opening order filled                filled
    an opening order refused / ended       refused / expired, with the order's reason
    an opening order not answered          working
    an own check refused a command         refused
    a close closed something               closed
    a close or cancel cancelled something  closed, cancelled
    a change changed something             working, modified
    nothing to close, cancel or modify     ignored, nothing_to_close, nothing_to_cancel, nothing_to_modify
    a close not answered                   expired, end_of_data
    the handler's own answer               its outcome
    nothing at all                         ignored, plugin_returned_none
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zepix.model import Alert, Decision, DecisionRow, Order, Quarantined, Refused

__all__ = ["DecisionBook", "Handling"]

MAX_REFUSALS: Final = 5
"""So many refused commands of one alert are told one by one."""


class Handling:
    """One alert at one plugin: what the handler answered, and every order that came of it."""

    __slots__ = ("alert", "alert_id", "answer", "family", "note", "orders", "plugin_id", "refusals")

    def __init__(self, alert: Alert, plugin_id: str, family: str, note: str) -> None:
        self.alert = alert
        self.alert_id = alert.id
        self.plugin_id = plugin_id
        self.family = family
        self.note = note
        self.orders: list[Order] = []
        self.refusals: list[Refused] = []
        self.answer: Decision | None = None


class DecisionBook:
    """Rows in the order in which alerts came; ``settle`` turns what is still open into rows."""

    def __init__(self) -> None:
        self._entries: list[Handling | DecisionRow] = []
        self._open: dict[tuple[str, str], Handling] = {}

    def open(self, alert: Alert, plugin_id: str, family: str, note: str) -> Handling:
        handling = Handling(alert, plugin_id, family, note)
        self._entries.append(handling)
        self._open[alert.id, plugin_id] = handling
        return handling

    def reopen(self, alert_id: str, plugin_id: str) -> Handling | None:
        """The decision to which commands of a later handler belong."""
        return self._open.get((alert_id, plugin_id))

    def without_plugin(self, alert: Alert, outcome: str, reason: str, numbers: Mapping[str, Any]) -> None:
        self._entries.append(_row(alert, "", "", outcome, reason, dict(numbers)))

    def quarantined(self, row: Quarantined) -> None:
        self._entries.append(
            DecisionRow(
                row.id,
                row.received_ns,
                row.dialect or "",
                "",
                "",
                "quarantined",
                row.reason,
                numbers={"detail": row.detail},
            )
        )

    def settle(self, describe: Any) -> list[DecisionRow]:
        """All rows; ``describe(handling)`` gives the numbers of a handled alert."""
        return [e if isinstance(e, DecisionRow) else _settled(e, describe(e)) for e in self._entries]


def _settled(handling: Handling, numbers: dict[str, Any]) -> DecisionRow:
    outcome, reason = _outcome(handling)
    answer = handling.answer
    if answer is not None:
        numbers.update(answer.numbers)
    detail = next((refused.detail for refused in handling.refusals if refused.reason == reason), "")
    if outcome == "refused" and detail:
        numbers.setdefault("detail", detail)
    others = [
        f"{one.reason}: {one.detail}" for one in handling.refusals if outcome != "refused" or one.reason != reason
    ]
    if others:  # one leg of several: its refusal leaves no order behind
        numbers.setdefault("also_refused", "; ".join(others[:MAX_REFUSALS]))
    if handling.note:
        numbers["route"] = handling.note
        reason = reason or "plugin_hint_unknown"
    return _row(handling.alert, handling.plugin_id, handling.family, outcome, reason, numbers)


def _outcome(handling: Handling) -> tuple[str, str]:
    answer = handling.answer
    if answer is not None and answer.outcome in ("refused", "error"):
        return answer.outcome, answer.reason
    own = [o for o in handling.orders if o.alert_id == handling.alert_id]
    openings = [o for o in own if o.opens]
    if openings:
        best = next((o for o in openings if o.status == "filled"), openings[0])
        if best.status == "filled":
            return "filled", ""
        if best.is_under_way:
            return "working", ""
        return ("refused" if best.status == "refused" else "expired"), best.reason
    if handling.refusals:
        return "refused", handling.refusals[0].reason
    if own:
        return _closing_outcome(own)
    if answer is not None:
        return answer.outcome, answer.reason
    return "ignored", "plugin_returned_none"


def _closing_outcome(commands: list[Order]) -> tuple[str, str]:
    """What closes, cancels and changes came to."""
    if any(o.closed for o in commands):
        return "closed", ""
    if any(o.is_under_way or o.reason == "end_of_data" for o in commands):
        return "expired", "end_of_data"
    refused = next((o for o in commands if o.status == "refused"), None)
    if refused is not None:
        return "refused", refused.reason
    done = next((o for o in commands if o.touched), None)
    if done is not None:
        return ("working", "modified") if done.kind == "modify" else ("closed", "cancelled")
    return "ignored", commands[0].reason or "nothing_to_close"


def _row(alert: Alert, plugin_id: str, family: str, outcome: str, reason: str, numbers: dict[str, Any]) -> DecisionRow:
    return DecisionRow(
        alert.id,
        alert.received_ns,
        alert.dialect,
        plugin_id,
        family,
        outcome,
        reason,
        alert.symbol,
        alert.type,
        alert.side or "",
        alert.timeframe or "",
        numbers,
    )

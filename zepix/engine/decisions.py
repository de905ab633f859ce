"""The decisions of a run: opened when a plugin sees an alert, settled when its orders have their answers.

Every entry has a number. One is over when nothing can come of it any more: no order of its alert and plugin is under
way, no ticket of them is open. What is over is history; ``take_finished`` hands it out and forgets it.

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

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from itertools import takewhile
from typing import Any, Final

from zepix.model import Alert, Decision, DecisionRow, Order, Quarantined, Refused
from zepix.model.numbers import Numbers, SaidNumbers

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


Key = tuple[str, str]
"""(alert, plugin)"""


class DecisionBook:
    """Rows in the order in which alerts came; ``settle`` turns what is still open into rows."""

    def __init__(self) -> None:
        self._entries: dict[int, Handling | DecisionRow] = {}
        self._open: dict[Key, Handling] = {}
        self._last = 0

    def open(self, alert: Alert, plugin_id: str, family: str, note: str) -> Handling:
        handling = Handling(alert, plugin_id, family, note)
        self._last += 1
        self._entries[self._last] = handling
        self._open[alert.id, plugin_id] = handling
        return handling

    def reopen(self, alert_id: str, plugin_id: str) -> Handling | None:
        """The decision to which commands of a later handler belong."""
        return self._open.get((alert_id, plugin_id))

    def without_plugin(self, alert: Alert, outcome: str, reason: str, numbers: Mapping[str, Any]) -> None:
        self._add(_row(alert, "", "", outcome, reason, dict(numbers)))

    def quarantined(self, row: Quarantined) -> None:
        self._add(
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

    def _add(self, entry: Handling | DecisionRow) -> None:
        self._last += 1
        self._entries[self._last] = entry

    def settle(self, describe: Any) -> list[DecisionRow]:
        """All rows; ``describe(handling)`` gives the numbers of a handled alert."""
        return [e if isinstance(e, DecisionRow) else _settled(e, describe) for e in self._entries.values()]

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 before the first."""
        return self._last

    def after(self, number: int) -> list[tuple[int, Handling | DecisionRow]]:
        """Entries that came after that one and are not forgotten, older first."""
        newer = takewhile(lambda item: item[0] > number, reversed(self._entries.items()))
        return list(newer)[::-1]

    def entry(self, number: int) -> Handling | DecisionRow | None:
        """One entry; None where it is forgotten."""
        return self._entries.get(number)

    def numbered(self, describe: Any) -> list[tuple[int, DecisionRow]]:
        """All rows with their numbers."""
        return [(number, row_of(entry, describe)) for number, entry in self._entries.items()]

    def take_finished(self, alive: Collection[Key], describe: Any) -> list[tuple[int, DecisionRow]]:
        """The rows that are over, with their numbers, older first; they are forgotten. ``alive``: what is not."""
        over = [number for number, entry in self._entries.items() if not _is_alive(entry, alive)]
        rows: list[tuple[int, DecisionRow]] = []
        for number in over:
            entry = self._entries.pop(number)
            if isinstance(entry, Handling):
                key = (entry.alert_id, entry.plugin_id)
                if self._open.get(key) is entry:
                    del self._open[key]
            rows.append((number, row_of(entry, describe)))
        return rows

    def state(self, alive: Collection[Key] | None) -> dict[str, Any]:
        """Everything (``alive`` None), or what is not over; handlings and rows as they are, for ``model.graph``."""
        if alive is None:
            entries = [[number, entry] for number, entry in self._entries.items()]
        else:
            entries = [[number, entry] for number, entry in self._entries.items() if _is_alive(entry, alive)]
        return {"last": self._last, "entries": entries}

    def load_state(self, state: Mapping[str, Any]) -> None:
        entries: Sequence[tuple[int, Handling | DecisionRow]] = state["entries"]
        self._entries = dict(entries)
        self._open = {(e.alert_id, e.plugin_id): e for e in self._entries.values() if isinstance(e, Handling)}
        self._last = int(state["last"])


def _is_alive(entry: Handling | DecisionRow, alive: Collection[Key]) -> bool:
    return isinstance(entry, Handling) and (entry.alert_id, entry.plugin_id) in alive


def row_of(entry: Handling | DecisionRow, describe: Any) -> DecisionRow:
    """An entry as it stands now."""
    row = entry if isinstance(entry, DecisionRow) else _settled(entry, describe)
    row.make_numbers()
    return row


def _settled(handling: Handling, describe: Any) -> DecisionRow:
    """The row of a handling; its numbers are made when they are read, so nothing may come of it any more."""
    outcome, reason = _outcome(handling)
    numbers = partial(_numbers, handling, describe, outcome, reason)
    if handling.note:
        reason = reason or "plugin_hint_unknown"
    return _row(handling.alert, handling.plugin_id, handling.family, outcome, reason, numbers)


def _numbers(handling: Handling, describe: Any, outcome: str, reason: str) -> dict[str, Any]:
    numbers: dict[str, Any] = describe(handling)
    answer = handling.answer
    if answer is not None:
        said = answer.numbers
        numbers.update(said.as_dict() if isinstance(said, Numbers | SaidNumbers) else said)
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
    return numbers


def _outcome(handling: Handling) -> tuple[str, str]:
    answer = handling.answer
    if answer is not None and answer.outcome in ("refused", "error"):
        return answer.outcome, answer.reason
    orders = handling.orders
    if orders and orders[0].status == "filled" and orders[0].opens and orders[0].alert_id == handling.alert_id:
        return "filled", ""
    own = [o for o in orders if o.alert_id == handling.alert_id] if orders else orders
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


def _row(
    alert: Alert,
    plugin_id: str,
    family: str,
    outcome: str,
    reason: str,
    numbers: dict[str, Any] | Callable[[], dict[str, Any]],
) -> DecisionRow:
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

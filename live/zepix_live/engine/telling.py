"""What a session says after each input: commands, answers, decisions, events, as plain rows in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from zepix.engine.decisions import Handling, row_of
from zepix.engine.session import describe
from zepix.journal import plain
from zepix.model import DecisionRow, Order, Refused
from zepix.research.journal_lines import JournalLines
from zepix.research.simulate import Simulation
from zepix_live.engine.script import Script, command_of

__all__ = ["Telling"]

Said = tuple[str, dict[str, Any]]
FORGET_EVERY: Final = 64


class Telling:
    """Turns what happened in a simulation since the last look into rows."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._describe = describe(simulation.catalogue)
        self._commands: list[Said] = []
        self.script: Script | None = None
        self.gate: Callable[[Order], Refused | None] | None = None
        """Who may hold a command back, whatever the journal says of it: the book's roster."""
        simulation.engine.on_command = self._command
        self._open: set[int] = set()
        self._last_entry = simulation.engine.decisions.last
        self._looks = 0
        self.events: list[Said] = []

    def state(self) -> list[int]:
        """The numbers of decisions that have yet to be told for the last time."""
        return sorted(self._open)

    def resume(self, still: Sequence[int] | None = None) -> None:
        """After a state was loaded: what it holds has been told, and what is still at work will be.

        ``still``: as ``state`` said (None: a state that does not say; then all with an order under way). A decision
        that was told is not told again because a chain of its alert has an order under way.
        """
        engine = self._simulation.engine
        self._last_entry = engine.decisions.last
        if still is not None:
            self._open = set(still)
            return
        entries = engine.decisions.after(0)
        self._open = {number for number, entry in entries if isinstance(entry, Handling) and not _is_settled(entry)}

    def event(self, level: str, code: str, text: str, **more: Any) -> None:
        """Something that the operator should know; ``level`` is INFO, WARN or CRITICAL."""
        self.events.append(("event", {"level": level, "code": code, "text": text, **more}))

    def drain(self) -> list[Said]:
        """Everything since the last time: intents, answers, events, decisions."""
        said = [*self._intents(), *self._lines(), *self.events, *self._decisions()]
        self.events = []
        self._looks += 1
        if not self._looks % FORGET_EVERY:
            self._simulation.forget_history()
        return said

    def _command(self, order: Order) -> Refused | None:
        """A command on its way to the broker: told, unless a script knows better."""
        refused = None if self.gate is None else self.gate(order)
        if refused is not None:
            return refused
        command = command_of(order)
        if self.script is not None and not self.script.allows(command):
            return Refused("recovery_differs", "the journal knows of no such command")
        self._commands.append(("intent", command))
        return None

    def forget_commands(self) -> None:
        """What was given on the journal's behalf is in the journal already."""
        self._commands.clear()

    def _intents(self) -> list[Said]:
        found, self._commands = self._commands, []
        return found

    def _lines(self) -> list[Said]:
        log = self._simulation.log
        if not log:
            return []
        lines = JournalLines([entry for entry in log if entry[1] != "alert"])
        log.clear()
        return [(kind, {"at_ns": ns, **plain(fields)}) for ns, kind, fields in lines[:]]

    def _decisions(self) -> list[Said]:
        """Of each alert and plugin once when it is decided, and once more if it was still at work then."""
        book = self._simulation.engine.decisions
        if not self._open and book.last == self._last_entry:
            return []
        found: list[Said] = []
        for number, entry in book.after(self._last_entry):
            is_final = not isinstance(entry, Handling) or _is_settled(entry)
            if not is_final:
                self._open.add(number)
            found.append(self._decision(number, row_of(entry, self._describe), is_final))
        fresh = book.last
        for number in sorted(self._open):
            waited = book.entry(number)
            if number <= self._last_entry and isinstance(waited, Handling) and _is_settled(waited):
                self._open.discard(number)
                found.append(self._decision(number, row_of(waited, self._describe), True))
        self._last_entry = fresh
        return found

    def _decision(self, number: int, row: DecisionRow, is_final: bool) -> Said:
        outcome, reason = row.outcome, row.reason
        if not is_final and outcome == "expired":  # as a replay would call it that ended here: here it goes on
            outcome, reason = "working", ""
        body = {
            "number": number,
            "id": row.alert_id,
            "plugin": row.plugin_id,
            "outcome": outcome,
            "reason": reason,
            "symbol": row.symbol,
            "type": row.type,
            "side": str(row.side),
            "numbers": plain(row.numbers),
            "final": is_final,
        }
        return "decision", body


def _is_settled(handling: Handling) -> bool:
    """Whether no command of the alert itself waits for an answer any more."""
    return not any(o.is_under_way for o in handling.orders if o.alert_id == handling.alert_id)

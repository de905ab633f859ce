"""How a session's books are conducted: which plugin takes part in which, by modes, commands and the breaker.

``shadow`` has the plugins that are in shadow, ``live`` and ``twin`` those that are live. A switch takes effect between
two inputs, in all books at once, and moves no ticket: who leaves a book takes no new risk there and sees what it has
there to its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from zepix.engine.modes import ShadowModeManager
from zepix.model.order import OPENING_KINDS
from zepix_live.engine.book import BESIDE, SHADOW, Book
from zepix_live.engine.fidelity import Fidelity
from zepix_live.engine.mode_settings import ModeSettings
from zepix_live.engine.scores import Scores

__all__ = ["HELD", "Conduct"]

HELD: Final = "its fidelity breaker tripped; somebody has to arm it again"
Row = tuple[str, dict[str, Any]]


class Conduct:
    """Of one session; ``after`` is told every row that followed from an input."""

    def __init__(self, settings: ModeSettings, books: Sequence[Book]) -> None:
        self.settings = settings
        self._books = books
        self.modes: ShadowModeManager = self._configured()
        self.fidelity = Fidelity(settings.breaker)
        self.scores = Scores()

    def _configured(self) -> ShadowModeManager:
        """The modes as the settings say."""
        return self.settings.manager(self._books[0].simulation.registry.plugins())

    @property
    def has_live(self) -> bool:
        return self.settings.slot is not None

    def plugins(self) -> list[str]:
        return list(self._books[0].simulation.registry.get_all_plugins())

    def members(self, book: str) -> list[str]:
        """Who takes part in a book, by the modes of now."""
        return [one for one in self.plugins() if self.modes.is_plugin_in_shadow(one) == (book == SHADOW)]

    def assign(self, t_ns: int) -> None:
        """Let every book have the plugins that the modes of now give it."""
        for book in self._books:
            book.assign(self.members(book.name), t_ns)

    def prepare(self) -> None:
        """Before the session starts: nobody is woken here, a start wakes who is awake."""
        for book in self._books:
            if book.roster is not None:
                book.roster.assign(self.members(book.name))

    def after(self, t_ns: int, rows: Iterable[Row]) -> list[tuple[str, str]]:
        """(plugin, sentence) of breakers that tripped, to be told as events; their plugins are in shadow now."""
        said = list(rows)
        self.scores.look(said)
        for kind, body in said:
            if kind == "intent" and body["kind"] in OPENING_KINDS and body.get("book") not in BESIDE:
                self.modes.record_virtual_order(body["plugin"], {"t_ns": t_ns, **body})
        tripped: list[tuple[str, str]] = []
        if self.has_live:
            for plugin_id, why in self.fidelity.look(said):
                if plugin_id not in self.modes.held:  # in shadow by a command too: the next one must not undo it
                    self.modes.hold(plugin_id, HELD)
                    tripped.append((plugin_id, f"{plugin_id} is in shadow until somebody arms it again: {why}"))
            if tripped:
                self.assign(t_ns)
            for book in self._books:
                if book.roster is not None and book.roster.leaving:
                    book.roster.settle()
        return tripped

    def missing(self, plugin_id: str, now_ns: int) -> list[str]:
        """What a plugin lacks to be promoted, in sentences."""
        gap = self.fidelity.gap(plugin_id)[1]
        return self.scores.missing(plugin_id, self.settings.promotion, now_ns, gap)

    def release(self, plugin_id: str) -> bool:
        """A human arms a plugin again after its breaker; whether it was held."""
        self.fidelity.forget(plugin_id)
        return self.modes.release(plugin_id)

    # --- state ------------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Values of JSON; ``configured`` is what the modes began with."""
        return {
            "configured": self.settings.modes(),
            "modes": self.modes.state(),
            "scores": self.scores.state(),
            "fidelity": self.fidelity.state(),
        }

    def load_state(self, state: Mapping[str, Any] | None) -> None:
        """Go on from a session of the same settings; None: of one that knew no modes."""
        if state is None:
            return
        self.modes.load_state(state["modes"])
        self.scores.load_state(state["scores"])
        self.fidelity.load_state(state["fidelity"])

    def go_on_from(self, state: Mapping[str, Any] | None) -> list[str]:
        """Go on from a session of other settings: modes that commands have set hold, unless the configured ones are
        others now; a breaker that tripped stays so. What somebody should know, in sentences."""
        if state is None:
            return []
        was, now = state["configured"], self.settings.modes()
        held = state["modes"]["held"]
        self.load_state(state)
        if was == now:
            return []
        fresh = self._configured()
        for plugin_id, why in held.items():
            fresh.hold(plugin_id, why)
        said = "modes are as configured now" if state["modes"] != fresh.state() else ""
        self.modes = fresh
        return [f"{said}: {now['mode']}, shadow plugins {', '.join(now['shadow']) or 'none'}"] if said else []

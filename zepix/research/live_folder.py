"""``zx.open`` of a live runner's folder: its books' tickets, live beside its twin by plugin, what the breaker sees.

Everything is read from the journal, while the runner runs or not; nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from zepix.config.keys import near
from zepix.errors import DataError
from zepix.journal.durable_reader import LogReader
from zepix.research.breaking import KINDS as BREAKER_ROWS
from zepix.research.breaking import counted
from zepix.research.comparing import WITHIN_S
from zepix.research.comparing.books import Book, of_plugin
from zepix.research.comparing.comparing import compare_books
from zepix.research.comparing.comparison import Comparison
from zepix.research.comparing.distance import Distance, Gap, distance_of
from zepix.research.comparing.of_journal import BOOKS, BREAKER, JOURNAL, book_of_live, books_in
from zepix.research.comparing.words import amount
from zepix.research.headline import count
from zepix.research.naming import SaysNames
from zepix.research.said_lines import SaysLines
from zepix.research.write import iso_utc

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Breaker", "LiveFolder"]

SHADOW, LIVE, TWIN = BOOKS
TRIPPED: Final = "fidelity_breaker"
_TICKETS: Final = (
    "book", "ticket", "plugin", "alert", "role", "symbol", "side", "units", "entry_time", "entry_price", "exit_time",
    "exit_price", "exit_reason", "profit", "r",
)  # fmt: skip
_EVENTS: Final = ("time", "level", "code", "plugin", "text")
_BREAKERS: Final = (
    "plugin", "tickets", "mean_gap_r", "differing_frac", "of_tickets", "max_gap_r", "max_differing_frac", "tripped",
)  # fmt: skip
_FLOATS: Final = ("exit_price", "r", "mean_gap_r", "differing_frac")


class Breaker(NamedTuple):
    """What the fidelity breaker of a plugin has before it: its figures over the last tickets that count, its bounds,
    and since when it is tripped (ns), if nobody has armed it again."""

    now: Distance
    bounds: Mapping[str, Any]
    tripped_ns: int | None

    def __str__(self) -> str:
        bounds = f"bounds {self.bounds['max_gap_r']:g} R, {self.bounds['max_differing_frac']:.0%}"
        gap = "no stop, so no R" if self.now.mean_gap_r is None else f"{self.now.mean_gap_r:.3f} R apart on average"
        few = f", it judges {self.bounds['tickets']}" if self.now.tickets < self.bounds["tickets"] else ""
        said = f"{gap}, {self.now.differing_frac:.0%} ended otherwise over {count(self.now.tickets, 'ticket')}{few}"
        off = "" if self.bounds["enabled"] else "; switched off"
        when = "" if self.tripped_ns is None else f"; tripped {_minute(self.tripped_ns)} UTC and not armed again"
        return f"{said} ({bounds}){off}{when}"


class LiveFolder(SaysLines, SaysNames):
    """A live runner's data folder (docs/modes.md).

    ``books`` in which something happened, ``plugins`` that traded live, ``tickets`` and ``events`` as DataFrames;
    ``compare(plugin)`` is live beside its twin, ``breakers`` one row a plugin.
    """

    def __init__(self, folder: Path, notes: Sequence[str] = ()) -> None:
        """``notes``: what should be known of it. Raises DataError where ``folder`` holds no journal, JournalError where
        that cannot be believed."""
        self.folder = folder.parent if folder.name == JOURNAL else folder
        found = books_in(self.folder)
        self.books = tuple(name for name in BOOKS if name in found)
        self.notes = list(notes)
        self._read: dict[str, Book] = {}

    # -- what is in it ------------------------------------------------------------------------------------------------

    def book(self, name: str) -> Book:
        """One book: ``shadow``, ``live`` or ``twin``. One of live and twin in which nothing happened is empty.

        Raises DataError where there is none.
        """
        if name not in self._read:
            called = self.folder.resolve().name
            if name in (LIVE, TWIN) and name not in self.books and {LIVE, TWIN} & {*self.books}:
                found = replace(
                    book_of_live(self.folder, f"{called}:{name}"), tickets=[], alerts={}, outcomes={}, refusals={},
                    facts={"breaker": BREAKER},
                )  # fmt: skip
            else:
                found = book_of_live(self.folder, called, name)
            self._read[name] = found
        return self._read[name]

    @cached_property
    def plugins(self) -> list[str]:
        """Those with a ticket in the live book, or in the twin."""
        if not {LIVE, TWIN} & {*self.books}:
            return []
        return sorted({ticket.plugin for name in (TWIN, LIVE) for ticket in self.book(name).tickets})

    @cached_property
    def tickets(self) -> pd.DataFrame:
        """One row a ticket of each book; of one that is open, no exit and no ``r`` (its result in R of its stop)."""
        rows = [_row(name, ticket, self.book(name)) for name in self.books for ticket in self.book(name).tickets]
        return _frame(rows, _TICKETS, ("entry_time", "exit_time"))

    @cached_property
    def events(self) -> pd.DataFrame:
        """What the runner told people: ``time, level, code, plugin, text``."""
        told = [(t_ns, body) for t_ns, kind, body in self._said if kind == "event"]
        return _frame([[t, *(body.get(name, "") for name in _EVENTS[1:])] for t, body in told], _EVENTS, ("time",))

    @cached_property
    def _said(self) -> list[tuple[int, str, dict[str, Any]]]:
        with LogReader(self.folder / JOURNAL) as reader:
            kinds = frozenset({"event", "operator"})
            return [(row.t_ns, row.kind, json.loads(row.body)) for row in reader.rows(0, None, kinds=kinds)]

    # -- live beside its twin -----------------------------------------------------------------------------------------

    def compare(self, plugin: str = "") -> Comparison:
        """The twin (here) and live (there), of one plugin or of all: a difference is what live earned more.

        Raises DataError where nothing traded live, or that plugin did not.
        """
        if not {LIVE, TWIN} & {*self.books}:
            raise DataError(f"{self.folder} has no live book: nothing traded live there (docs/modes.md)")
        if plugin and plugin not in self.plugins:
            known = near(plugin, self.plugins) or f"; there are {', '.join(self.plugins) or 'none'}"
            raise DataError(f"{plugin} has no ticket in the live book of {self.folder}{known}")
        twin, live = self.book(TWIN), self.book(LIVE)
        if plugin:
            twin, live = of_plugin(twin, plugin), of_plugin(live, plugin)
        return compare_books(twin, live, within_s=WITHIN_S)

    def breaker(self, plugin: str) -> Breaker:
        """What the fidelity breaker of a plugin has before it, as the runner counted it since the last ``rearm``."""
        bounds = self.book(LIVE).facts["breaker"]
        tripped: int | None = None
        for t_ns, kind, body in self._said:
            if body.get("plugin") != plugin:
                continue
            if kind == "operator" and body.get("command") == "rearm":
                tripped = None
            elif kind == "event" and body.get("code") == TRIPPED:
                tripped = t_ns
        return Breaker(distance_of(self._counted_gaps.get(plugin, []), int(bounds["tickets"])), bounds, tripped)

    @cached_property
    def _counted_gaps(self) -> dict[str, list[Gap]]:
        tickets = {name: {ticket.id: ticket for ticket in self.book(name).tickets} for name in (LIVE, TWIN)}
        with LogReader(self.folder / JOURNAL) as reader:
            return counted(
                ((row.kind, json.loads(row.body)) for row in reader.rows(0, None, kinds=BREAKER_ROWS)), tickets
            )

    @cached_property
    def breakers(self) -> pd.DataFrame:
        """One row a plugin that traded live: the two figures over the last tickets that count, the bounds, and since
        when it is tripped."""
        rows = []
        for plugin in self.plugins:
            found = self.breaker(plugin)
            bounds = (found.bounds[name] for name in ("tickets", "max_gap_r", "max_differing_frac"))
            rows.append([plugin, *found.now, *bounds, found.tripped_ns])
        return _frame(rows, _BREAKERS, ("tripped",))

    # -- words --------------------------------------------------------------------------------------------------------

    def lines(self) -> list[str]:
        """What printing shows: the books, then each plugin that traded live."""
        said = [f"live runner {self.folder.resolve().name}: {self._counted()}"]
        for plugin in self.plugins:
            found = self.compare(plugin)
            said.append(f"{plugin}: live less twin {amount(found.sum)} {found.currency}; {self.breaker(plugin)}")
        return [*said, *(f"note: {note}" for note in self.notes)]

    def _counted(self) -> str:
        told = [f"{name} {count(len(self.book(name).tickets), 'ticket')}" for name in self.books]
        return ", ".join(told) or "nothing has happened yet"

    def __repr__(self) -> str:
        return f"<LiveFolder {self.folder.name}: {', '.join(self.books) or 'empty'}>"


def _row(name: str, ticket: Any, book: Book) -> list[Any]:
    last = ticket.legs[-1] if ticket.legs and ticket.closed >= 1 else None
    return [
        name, int(ticket.id), ticket.plugin, ticket.alert, ticket.role, ticket.symbol,
        "buy" if ticket.side > 0 else "sell", float(ticket.units), ticket.entry_ns, float(ticket.entry_price),
        None if last is None else last.exit_ns, None if last is None else float(last.exit_price),
        "open" if last is None else last.reason, float(book.money(ticket.profit)), ticket.r(),
    ]  # fmt: skip


def _frame(rows: Sequence[Sequence[Any]], columns: Sequence[str], times: Sequence[str]) -> pd.DataFrame:
    """A table; nanoseconds become times in UTC without going through floats, which have too few digits for them."""
    import numpy as np
    import pandas as pd

    values = dict(zip(columns, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(columns, ())
    made: dict[str, Any] = {}
    for name, column in values.items():
        if name in times:
            stamps = np.array([pd.NaT.value if t is None else t for t in column], np.int64)
            made[name] = pd.DatetimeIndex(stamps.view("datetime64[ns]"), tz="UTC")
        elif name in _FLOATS:
            made[name] = np.array([np.nan if one is None else one for one in column], np.float64)
        else:
            made[name] = list(column)
    return pd.DataFrame(made)


def _minute(ns: int) -> str:
    return (iso_utc(ns) or "")[:16].replace("T", " ")

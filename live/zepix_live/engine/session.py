"""A live session: input rows in, output rows out, nothing else. Live, recovery and rerun turn the same one.

Inputs, each at a session time that never runs back:

    start   the plugins begin                          prices    what ended and what opened at this instant
    alert   one body as it was received                operator  a human's command (pause, resume, rearm)
    clock   time has passed: timers and arrivals are due

Outputs are facts that follow from the inputs alone: ``intent`` (a command that left a strategy), ``filled, refused,
cancelled, closed`` (the broker's answers), ``decision`` (what became of an alert at a plugin), ``error, disabled, log,
event``. Two sessions that were given the same inputs give the same outputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from zepix.alerts.dedup import NEVER_DROPPED
from zepix.brokers.shadow.step import StepFeed
from zepix.engine.engine import TradingEngine
from zepix.model import Alert, Quarantined
from zepix.model.timeframe import NS
from zepix.research.simulate import Simulation
from zepix_live.engine.book import BESIDE, LIVE, SHADOW, Book
from zepix_live.engine.conduct import Conduct
from zepix_live.engine.dry import decided_dry, is_dry
from zepix_live.engine.exit_words import looks_like_exit
from zepix_live.engine.lost_alerts import LostAlerts
from zepix_live.engine.obeying import obey
from zepix_live.engine.plan import Plan
from zepix_live.engine.price_rows import PriceColumns, PriceRows
from zepix_live.engine.silence import Silence
from zepix_live.engine.telling import Telling

__all__ = ["INPUTS", "LiveSession", "Output"]

INPUTS: Final = ("start", "prices", "alert", "clock", "operator")
STALE_NS: Final = 30 * NS
CLOCKS_DIFFER_NS: Final = 30 * NS


class Output(NamedTuple):
    """A row that followed from an input."""

    kind: str
    body: dict[str, Any]


class LiveSession:
    """One session's state; ``take`` is the only way in. Times are nanoseconds UTC and never run back."""

    def __init__(
        self, plan: Plan, timeframes: Mapping[str, str], *, stale_ns: int = STALE_NS, bars_by_alert: bool = False
    ) -> None:
        """``timeframes``: what each symbol's prices come in. ``stale_ns``: how late an entry may be taken.
        ``bars_by_alert``: alerts of the dialect ``bar`` are this session's prices."""
        self.plan = plan
        self._timeframes = dict(timeframes)
        self._bars_by_alert = bars_by_alert
        self.books = self._made_books()
        self.conduct = Conduct(plan.modes, self.books)
        self.now_ns = 0
        self.set_aside: list[str] = []
        """What of an older session's state this one could not take over, in sentences."""
        self._gone: dict[str, dict[str, int]] = {}
        """How far books had counted that are there no more: one that comes back goes on."""
        self._stale_ns = stale_ns
        self._is_started = False
        self._takers: dict[str, Callable[[int, Mapping[str, Any]], None]] = {
            "start": self._start,
            "prices": self._prices,
            "alert": self._alert,
            "clock": self._clock,
            "operator": self._operator,
        }
        self._lost = LostAlerts(self._tickets, plan.catalogue)
        self._silence = Silence(self._is_priced)
        self.conduct.prepare()

    def _made_books(self) -> list[Book]:
        shadow = Book(SHADOW, self.plan, self._timeframes, bars_by_alert=self._bars_by_alert)
        if self.plan.modes.slot is None:
            return [shadow]
        like = shadow.simulation.registry
        beside = [
            Book(name, self.plan, self._timeframes, bars_by_alert=self._bars_by_alert, like=like) for name in BESIDE
        ]
        return [book.with_roster() for book in (shadow, *beside)]

    # --- the shadow book, which there always is ---------------------------------------------------------------------

    @property
    def feed(self) -> StepFeed:
        return self.books[0].feed

    @property
    def simulation(self) -> Simulation:
        return self.books[0].simulation

    @property
    def engine(self) -> TradingEngine:
        return self.simulation.engine

    @property
    def _telling(self) -> Telling:
        return self.books[0].telling

    def book(self, name: str) -> Book | None:
        """One of the books; None where there is none of that name."""
        return next((book for book in self.books if book.name == name), None)

    def things(self, plugin_id: str = "") -> list[Any]:
        """Open tickets and opening orders under way, of one plugin or all, in every book."""
        return [one for book in self.books for one in book.things(plugin_id)]

    # --- taking -----------------------------------------------------------------------------------------------------

    def take(self, t_ns: int, kind: str, body: Mapping[str, Any]) -> list[Output]:
        """What follows from one input. Raises ValueError for an input that is none, or whose time runs back."""
        if kind not in self._takers:
            raise ValueError(f"{kind!r} is no input of a session; there are {', '.join(INPUTS)}")
        if t_ns < self.now_ns:
            raise ValueError(f"a session's time never runs back, and {t_ns} is before {self.now_ns}")
        if not self._is_started and kind != "start":
            raise ValueError(f"a session begins with 'start', not with {kind!r}")
        self.now_ns = t_ns
        if is_dry(kind, body):  # nothing of this session takes part in it
            return [Output(*one) for one in decided_dry(self.copy, t_ns, body)]
        self._takers[kind](t_ns, body)
        silence_ns = self._silence.due_ns()
        if silence_ns is not None and silence_ns <= t_ns:
            self._telling.events += self._silence.at(t_ns)
        told = self._drained()
        tripped = self.conduct.after(t_ns, told)
        for plugin_id, text in tripped:
            self._telling.event("CRITICAL", "fidelity_breaker", text, plugin=plugin_id)
        return [*told, *self._drained()] if tripped else told

    def copy(self) -> LiveSession:
        """Another session in this one's state, made as a restart would make it: what it takes changes nothing here."""
        found = LiveSession(self.plan, self._timeframes, stale_ns=self._stale_ns, bars_by_alert=self._bars_by_alert)
        found.take_over(PriceColumns.of(self.feed.growing))
        found.load(json.loads(json.dumps(self.save())))
        return found

    def take_again(self, t_ns: int, kind: str, body: Mapping[str, Any], told: Sequence[Output]) -> list[Output]:
        """What follows from an input that was taken before and led to ``told``: its commands are given, no others."""
        commands = [one.body for one in told if one.kind == "intent"]
        scripts = [book.script(commands) for book in self.books]
        try:
            found = self.take(t_ns, kind, body)
        finally:
            for book in self.books:
                book.telling.script = None
        for book, script in zip(self.books, scripts, strict=True):
            book.give_the_rest(script)
        return found

    def due_ns(self) -> int | None:
        """When something is due that needs no price and no alert: a timer, an arrival, an expiry."""
        heaps = [heap for book in self.books for heap in (book.simulation.broker.heap, book.engine.timers.heap)]
        heads = [heap[0][0] for heap in heaps if heap]
        silence_ns = self._silence.due_ns()
        return min(heads if silence_ns is None else [*heads, silence_ns], default=None)

    def _drained(self) -> list[Output]:
        return [Output(*one) for book in self.books for one in book.drain()]

    # --- inputs ---------------------------------------------------------------------------------------------------

    def _start(self, t_ns: int, body: Mapping[str, Any]) -> None:
        del body
        if self._is_started:
            raise ValueError("the session has begun already")
        self._is_started = True
        for book in self.books:
            book.begin(t_ns)

    def _prices(self, t_ns: int, body: Mapping[str, Any]) -> None:
        for book in self.books:
            book.prices(t_ns, body)

    def _clock(self, t_ns: int, body: Mapping[str, Any]) -> None:
        del body
        for book in self.books:
            book.advance(t_ns)

    def _alert(self, t_ns: int, body: Mapping[str, Any]) -> None:
        for book in self.books:
            book.advance(t_ns)
        row = self._read(t_ns, body)
        bar = row if isinstance(row, Alert) and row.type == "bar" else None
        for book in self.books:
            book.arrive(t_ns, bar)
        if isinstance(row, Quarantined):
            self._set_aside(row)
            return
        self._telling.events += self._lost.look(row)
        self._silence.hear(row, t_ns)
        if body.get("kind") == "resend" and row.type not in NEVER_DROPPED:
            for book in self.books:
                book.engine.decisions.without_plugin(row, "duplicate", "duplicate", {"first": f"a{body.get('of')}"})
            return
        late_ns = int(body.get("late_ns", 0)) + self._delay_ns(row, body)
        if [book for book in self.books if book.hear(t_ns, row, late_ns, self._stale_ns)]:
            detail = f"{row.id} is {late_ns / NS:.0f} s old: what it reverses is closed, nothing is opened"
            self._telling.event("WARN", "stale_reversal", detail, alert=row.id)

    def _operator(self, t_ns: int, body: Mapping[str, Any]) -> None:
        for book in self.books:
            book.advance(t_ns)
            book.at(t_ns)
        level, text = obey(self, body)
        who = {name: body[name] for name in ("id", "command", "plugin", "by") if name in body}
        self._telling.event(level, "operator", text, **who)

    def _read(self, t_ns: int, body: Mapping[str, Any]) -> Alert | Quarantined:
        """The body as the dialects understand it; one that the receiver turned away stays what it called it."""
        if body.get("kind") == "quarantined":
            beside = {"source": body.get("source", ""), "received_ns": t_ns}
            return Quarantined(id=body["id"], reason=body["reason"], detail=body["detail"], raw=body["raw"], **beside)
        return self.plan.processor.parse(
            body["raw"], received_ns=t_ns, id=body["id"], source=body.get("source", ""), ticker=body.get("ticker")
        )

    # --- alerts that are not what they were -------------------------------------------------------------------------

    def _delay_ns(self, row: Alert, body: Mapping[str, Any]) -> int:
        """How long an alert was on its way to us, as far as it says when it was sent (``sent.py``); what is sent later
        than it was received tells of a clock that is wrong."""
        delay_ns = int(body.get("delay_ns", 0))
        if delay_ns < -CLOCKS_DIFFER_NS:
            detail = (
                f"{row.id} was sent {-delay_ns / NS:.0f} s after it was received: its clock or this machine's is wrong"
            )
            self._telling.event("WARN", "clocks_differ", detail, alert=row.id)
        return max(0, delay_ns)

    def _is_priced(self, symbol: str, t_ns: int) -> bool:
        """Whether a price of the symbol came within the last hour."""
        prices = self.feed.growing.get(symbol)
        return prices is not None and prices.n > 0 and int(prices.time[prices.n - 1]) > t_ns - 3600 * NS

    def _tickets(self) -> list[Any]:
        """What the account holds: virtually, and live; a twin's tickets are nobody's position."""
        return [
            t for book in self.books if book.name in (SHADOW, LIVE) for t in book.simulation.broker.tickets.values()
        ]

    def _set_aside(self, row: Quarantined) -> None:
        for book in self.books:
            book.engine.set_aside(row)
        if looks_like_exit(row.raw) and self._tickets():
            detail = f"{row.id} could not be read ({row.reason}) and looks like an exit, while tickets are open"
            self._telling.event("CRITICAL", "unread_exit", detail, alert=row.id)

    # --- state ------------------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """The session between two inputs, as JSON values; prices are not part of it, they are in the journal."""
        shadow, *beside = self.books
        found = {
            **shadow.save(),
            "now_ns": self.now_ns,
            "lost": self._lost.state(),
            "silence": self._silence.state(),
            "conduct": self.conduct.state(),
        }
        if self._gone:
            found["gone"] = self._gone
        return {**found, "books": {book.name: book.save() for book in beside}} if beside else found

    def load(self, state: Mapping[str, Any]) -> None:
        """Become the session whose state this is; its prices were given before. Raises StateError that names what does
        not fit."""
        self.conduct.load_state(state.get("conduct"))
        for book in self.books:
            own = state if book.name == SHADOW else state["books"][book.name]
            book.load(own, self.conduct.members(book.name))
        self._go_on(state)

    def go_on_from(self, old: LiveSession) -> None:
        """Take over the prices and the state of a session of another configuration; what does not fit is set aside."""
        state, rows = old.save(), PriceColumns.of(old.feed.growing)
        self.set_aside = self.conduct.go_on_from(state["conduct"])
        self._go_on({**state, "now_ns": old.now_ns})
        self._gone |= {book.name: book.numbers() for book in old.books if self.book(book.name) is None}
        for book in self.books:
            own = state if book.name == SHADOW else state.get("books", {}).get(book.name)
            members = self.conduct.members(book.name)
            if own is None:
                book.begin_beside(members, rows, state["forgotten"], old.now_ns, self._gone.pop(book.name, {}))
                self.conduct.fidelity.begin_book(book.name)
                continue
            aside = book.go_on_from(own, members, rows)
            self.set_aside += aside if book.name == SHADOW else [f"{book.name}: {one}" for one in aside]
        for gone in (book for book in old.books if self.book(book.name) is None):
            if count := len(gone.things()):
                text = f"the {gone.name} book is gone, and had {count} orders or tickets: nobody manages them here"
                self.set_aside.append(text)
        self.conduct.assign(old.now_ns)

    def _go_on(self, state: Mapping[str, Any]) -> None:
        self.now_ns = int(state["now_ns"])
        self._lost.load_state(state["lost"])
        self._silence.load_state(state["silence"])
        self._gone = dict(state.get("gone", {}))
        self._is_started = True

    def take_over(self, rows: PriceRows | PriceColumns) -> None:
        """Prices that came before the state which is loaded next."""
        for book in self.books:
            book.take_over(rows)

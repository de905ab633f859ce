"""The trading floor that the parts of the broker share: prices, rules, the clock, and an agenda of what is due.

An entry of the agenda is a piece of work with its place in time: ``(t_ns, phase, part, first, second, number, work)``.
``work`` is a generator that stops after every deed of which somebody is to hear, so that a handler runs right after its
event; a deed is one fill or one arrival, with all that follows from it. An instant's phases and parts (docs/fills.md):

    1, 0  ranges of bars that end          2, 3  waiting opening orders by arrival
    2, 0  arrivals, changes, first opens   2, 9  what is left of ticks that opened
    2, 1  gaps, account watch at opens     3, 0  expiries
    2, 2  waiting closing orders           4, 0  what acts together with alerts
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

import numpy as np

from zepix.brokers.backtrader.tape import Tape
from zepix.errors import ZepixError
from zepix.model import Event, FillModel, Order, Ticket
from zepix.model.timeframe import NS
from zepix.services.prices import PriceBook

__all__ = [
    "ALERTS",
    "ALL_TICKETS",
    "ARRIVALS",
    "CLOSINGS",
    "EXPIRIES",
    "NO_TICKET",
    "OPENINGS",
    "Floor",
    "Work",
]

Work = Iterator[None]
RANGES: Final = (1, 0)
ARRIVALS: Final = (2, 0)
OPENS: Final = (2, 1)
CLOSINGS: Final = (2, 2)
OPENINGS: Final = (2, 3)
TICKS: Final = (2, 9)
EXPIRIES: Final = (3, 0)
ALERTS: Final = (4, 0)
MAX_CHAIN: Final = 64
MAX_ANSWERS: Final = 1024
NAMED: Final = 5
MS: Final = 1_000_000
NEVER: Final = (1 << 63, 9, 9)
NO_TICKET: Final = (-1, -1)
ALL_TICKETS: Final = (1 << 30, 0)


class Floor:
    """Prices and rules of one run, the instant it stands at, and what is due next."""

    def __init__(self, prices: PriceBook, fill_model: FillModel) -> None:
        self.tapes = {p.symbol: Tape(p) for p in prices}
        self.fill_model = fill_model
        self.latency_ns = fill_model.latency_ms * MS
        self.grace_ns = fill_model.open_grace_ms * MS
        self.slippage = {p.symbol: fill_model.slippage_of(p.instrument, p.tf_ns) for p in prices}
        self.stop_out_frac = Decimal(str(fill_model.stop_out_frac))
        self.end_ns = max((t.end_ns for t in self.tapes.values()), default=0)
        self.now_ns = 0
        self.phase = 0
        self.part = 0
        self.events: list[Event] = []
        self.listeners: list[Callable[[Event, Order | None], None]] = []
        """Told of every event when it happens, with the command that did it."""
        self.far = (-1, 0, 0)
        """The farthest place reached: what answers a later place may go back within its instant."""
        self.gapped = NO_TICKET
        """The last ticket, by symbol and number, whose gap at the opens of this instant has been looked at."""
        self.is_busy = False
        """Whether something is near: then every open and every end of a bar is looked at."""
        self.acting: Order | None = None
        self.acting_ns = -1
        self._chain_ns = -1
        self._answers = 0
        self._heap: list[Any] = []
        self._number = 0
        self._turn = 0
        self._moments = np.unique(np.concatenate([_moments(t) for t in self.tapes.values()])).tolist()
        self._parts = (RANGES, OPENS, TICKS) if any(t.is_ticks for t in self.tapes.values()) else (RANGES, OPENS)
        self._moment = 0
        self._next_part = 0

    # --- the clock ------------------------------------------------------------------------------------------------

    def at(self, now_ns: int, phase: int, part: int = 1) -> None:
        self.now_ns, self.phase, self.part = now_ns, phase, part
        self.far = max(self.far, (now_ns, phase, part))

    def is_past_gap(self, ticket: Ticket) -> bool:
        """Whether the turn of a ticket among the gaps of this instant's opens is over."""
        opens = (self.now_ns, *OPENS)
        return self.far > opens or (self.far == opens and (ticket.index, ticket.id) <= self.gapped)

    @property
    def is_at_once(self) -> bool:
        """Whether a command without latency acts now: from timers and alerts on; before, it joins phase 2."""
        return self.phase > 2 or self.phase == 0

    def turn(self) -> int:
        """The next turn in the order in which commands are raised."""
        self._turn += 1
        return self._turn

    # --- the agenda -----------------------------------------------------------------------------------------------

    def push(self, t_ns: int, place: tuple[int, int], first: int, second: int, work: Work) -> None:
        self._number += 1
        heapq.heappush(self._heap, (t_ns, *place, first, second, self._number, work))

    def push_now(self, turn: int, work: Work) -> None:
        """Work that acts at once, before the next timer or alert."""
        self.push(self.now_ns, (self.phase, 0), turn, turn, work)

    def due(self) -> tuple[int, int, int] | None:
        """The place of what is due next, None for nothing."""
        head = self._heap[0][:3] if self._heap else NEVER
        if self.is_busy:
            market = self._market()
            if market < head:
                return market
        return None if head is NEVER else head

    def next_bars(self) -> tuple[int, int, int]:
        """The next place at which bars are due, far off if none are."""
        return self._market()

    def has_work_before(self, place: tuple[int, int, int]) -> bool:
        return bool(self._heap) and self._heap[0][:3] <= place

    def skip_bars(self, place: tuple[int, int, int]) -> None:
        """Nothing happens at the next place: pass it over."""
        self.far = max(self.far, place)
        if place[1:] == OPENS:
            self.gapped = ALL_TICKETS
        self._next_place()

    def is_market(self, place: tuple[int, int, int]) -> bool:
        """Whether bars are due, not work; and if so they are taken as begun."""
        if not self.is_busy or place != self._market() or (self._heap and self._heap[0][:3] <= place):
            return False
        self._next_place()
        return True

    def _next_place(self) -> None:
        self._next_part += 1
        if self._next_part == len(self._parts):
            self._next_part, self._moment = 0, self._moment + 1

    def work(self) -> None:
        """Do the next piece of the first entry."""
        entry = heapq.heappop(self._heap)
        self.at(*entry[:3])
        if next(entry[6], self) is not self:
            heapq.heappush(self._heap, entry)

    def wake(self) -> None:
        """Something lies near from now on: look at every bar again."""
        if self.is_busy:
            return
        self.is_busy = True
        self._moment = bisect_right(self._moments, self.now_ns)
        self._next_part = 0
        if self._moment and self._moments[self._moment - 1] == self.now_ns:
            here = max((self.phase, self.part), self.far[1:])
            left = [n for n, place in enumerate(self._parts) if place > here]
            if left:
                self._moment, self._next_part = self._moment - 1, left[0]

    def _market(self) -> tuple[int, int, int]:
        if self._moment >= len(self._moments):
            return NEVER
        return (self._moments[self._moment], *self._parts[self._next_part])

    # --- what is said ---------------------------------------------------------------------------------------------

    def emit(self, event: Event, order: Order | None = None) -> None:
        """Tell; a command that a handler raises now is chained to ``order``, unless the deed says otherwise."""
        self.events.append(event)
        self.acting, self.acting_ns = order, self.now_ns
        for listen in self.listeners:
            listen(event, order)

    def chain(self, order: Order) -> None:
        """Link a command to the one of this instant whose event raised it; an endless chain raises ZepixError.

        Endless is a command over 64 answers away from the first, or over 1,024 answers at one instant.
        """
        cause = self.acting if self.acting_ns == self.now_ns else None
        if cause is None or cause.decided_ns != self.now_ns:
            return
        if self._chain_ns != self.now_ns:
            self._chain_ns, self._answers = self.now_ns, 0
        order.cause, order.depth = cause, cause.depth + 1
        self._answers += 1
        if order.depth <= MAX_CHAIN and self._answers <= MAX_ANSWERS:
            return
        named: list[str] = []
        link: Order | None = order
        while link is not None and len(named) < NAMED:
            named.append(f"{link.kind} {link.symbol} by {link.plugin_id} (order {link.id})")
            link = link.cause
        over = MAX_CHAIN if order.depth > MAX_CHAIN else MAX_ANSWERS
        raise ZepixError(f"over {over} commands answer one another at {self.now_ns} ns: {' <- '.join(named)}")

    def graced_row(self, order: Order, tape: Tape) -> int:
        """The bar at whose open a market or closing order fills by grace, -1 for none."""
        if order.from_timer or order.is_pending_kind or order.arrival_ns > self.end_ns:
            return -1
        row = tape.holding(order.arrival_ns)
        if row < 0 or tape.time[row] == order.arrival_ns or order.arrival_ns - tape.time[row] > self.grace_ns:
            return -1
        return row

    def max_wait_ns(self, tape: Tape) -> int:
        return max(self.fill_model.max_wait_s * NS, tape.tf_ns)


def _moments(tape: Tape) -> Any:
    time = np.asarray(tape.prices.series.time)
    return time if tape.is_ticks else np.concatenate([time, time + tape.tf_ns])

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

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from zepix.alerts.dedup import NEVER_DROPPED
from zepix.engine.engine import TradingEngine
from zepix.model import Alert, Quarantined, Side
from zepix.model.timeframe import NS
from zepix_live.engine.bars_by_alert import BarsByAlert
from zepix_live.engine.exit_words import looks_like_exit
from zepix_live.engine.forgetting import Forgetting
from zepix_live.engine.lost_alerts import LostAlerts
from zepix_live.engine.obeying import obey
from zepix_live.engine.plan import Plan
from zepix_live.engine.price_rows import PriceColumns, PriceRows
from zepix_live.engine.script import Script
from zepix_live.engine.silence import Silence
from zepix_live.engine.telling import Telling

__all__ = ["INPUTS", "LiveSession", "Output"]

INPUTS: Final = ("start", "prices", "alert", "clock", "operator")
STALE_NS: Final = 30 * NS
CLOCKS_DIFFER_NS: Final = 30 * NS
ALERTS: Final = (4, 1)
"""Phase and part of alerts, after what acts at once; as in a replay."""


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
        self.feed, self.simulation = plan.build(timeframes, is_late=bars_by_alert)
        self.now_ns = 0
        self.set_aside: list[str] = []
        """What of an older session's state this one could not take over, in sentences."""
        self._stale_ns = stale_ns
        self._is_started = False
        self._takers: dict[str, Callable[[int, Mapping[str, Any]], None]] = {
            "start": self._start,
            "prices": self._prices,
            "alert": self._alert,
            "clock": self._clock,
            "operator": self._operator,
        }
        self._forgetting = Forgetting(self.feed, self.simulation)
        self._telling = Telling(self.simulation)
        self._lost = LostAlerts(self.simulation.broker, plan.catalogue)
        self._silence = Silence(self._is_priced)
        self._bars = BarsByAlert(self.feed, self.simulation, plan.catalogue) if bars_by_alert else None

    @property
    def engine(self) -> TradingEngine:
        return self.simulation.engine

    def take(self, t_ns: int, kind: str, body: Mapping[str, Any]) -> list[Output]:
        """What follows from one input. Raises ValueError for an input that is none, or whose time runs back."""
        if kind not in self._takers:
            raise ValueError(f"{kind!r} is no input of a session; there are {', '.join(INPUTS)}")
        if t_ns < self.now_ns:
            raise ValueError(f"a session's time never runs back, and {t_ns} is before {self.now_ns}")
        if not self._is_started and kind != "start":
            raise ValueError(f"a session begins with 'start', not with {kind!r}")
        self.now_ns = t_ns
        self._takers[kind](t_ns, body)
        silence_ns = self._silence.due_ns()
        if silence_ns is not None and silence_ns <= t_ns:
            self._telling.events += self._silence.at(t_ns)
        return [Output(*one) for one in self._telling.drain()]

    def take_again(self, t_ns: int, kind: str, body: Mapping[str, Any], told: Sequence[Output]) -> list[Output]:
        """What follows from an input that was taken before and led to ``told``: its commands are given, no others."""
        script = Script([one.body for one in told if one.kind == "intent"])
        self._telling.script = script
        try:
            found = self.take(t_ns, kind, body)
        finally:
            self._telling.script = None
        script.give_the_rest(self.engine)
        self._telling.forget_commands()
        return found

    def due_ns(self) -> int | None:
        """When something is due that needs no price and no alert: a timer, an arrival, an expiry."""
        heads = [heap[0][0] for heap in (self.simulation.broker.heap, self.engine.timers.heap) if heap]
        silence_ns = self._silence.due_ns()
        return min(heads if silence_ns is None else [*heads, silence_ns], default=None)

    # --- inputs ---------------------------------------------------------------------------------------------------

    def _start(self, t_ns: int, body: Mapping[str, Any]) -> None:
        del body
        if self._is_started:
            raise ValueError("the session has begun already")
        self._is_started = True
        simulation = self.simulation
        simulation.start_ns = t_ns
        simulation.session.begin(t_ns)

    def _prices(self, t_ns: int, body: Mapping[str, Any]) -> None:
        """As a replay does an instant: ends, what they bring, opens, what they bring, timers."""
        session = self.simulation.session
        session.advance((t_ns, 1, -1))
        for symbol, *levels in body.get("ended", ()):
            self.feed.ended(symbol, (levels[0], levels[1], levels[2]), (levels[3], levels[4], levels[5]))
        session.advance((t_ns, 2, -1))
        for symbol, bid, ask in body.get("opened", ()):
            self.feed.opened(symbol, t_ns, bid, ask)
        session.advance((t_ns, *ALERTS))
        for symbol, _, _ in body.get("opened", ()):
            self._forgetting.look(symbol)

    def _clock(self, t_ns: int, body: Mapping[str, Any]) -> None:
        del body
        self.simulation.session.advance((t_ns, *ALERTS))

    def _alert(self, t_ns: int, body: Mapping[str, Any]) -> None:
        self.simulation.session.advance((t_ns, *ALERTS))
        row = self._read(t_ns, body)
        if isinstance(row, Alert) and row.type == "bar" and self._bars is not None:
            self._telling.events += self._bars.take(row, t_ns)
        self.engine.at(t_ns, ALERTS[0])
        self.simulation.broker.at(t_ns, ALERTS[0])
        if self._bars is not None:
            self._bars.wake(t_ns)
        if isinstance(row, Quarantined):
            self._set_aside(row)
            return
        self._telling.events += self._lost.look(row)
        self._silence.hear(row, t_ns)
        if body.get("kind") == "resend" and row.type not in NEVER_DROPPED:
            self.engine.decisions.without_plugin(row, "duplicate", "duplicate", {"first": f"a{body.get('of')}"})
            return
        late_ns = int(body.get("late_ns", 0)) + self._delay_ns(row, body)
        fresh = row if late_ns <= self._stale_ns else self._late(row, late_ns)
        if fresh is not None:
            self.engine.process_alert(fresh)
        self.simulation.session.advance((t_ns, ALERTS[0], 1 << 31))

    def _operator(self, t_ns: int, body: Mapping[str, Any]) -> None:
        self.simulation.session.advance((t_ns, *ALERTS))
        self.engine.at(t_ns, ALERTS[0])
        self.simulation.broker.at(t_ns, ALERTS[0])
        level, text = obey(self.simulation, body)
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

    def _late(self, row: Alert, late_ns: int) -> Alert | None:
        """An entry that comes too late is refused; of a reversal its exit is still wanted; no exit is too late."""
        if row.type not in ("entry", "reversal"):
            return row
        numbers = {"late_s": late_ns / NS, "limit_s": self._stale_ns / NS}
        if row.type == "reversal" and row.side is not None and self._holds(row.symbol, -row.side.sign):
            detail = f"{row.id} is {late_ns / NS:.0f} s old: what it reverses is closed, nothing is opened"
            self._telling.event("WARN", "stale_reversal", detail, alert=row.id)
            return replace(row, type="exit", side=Side.SELL if row.side is Side.BUY else Side.BUY)
        self.engine.decisions.without_plugin(row, "refused", "stale", numbers)
        return None

    def _is_priced(self, symbol: str, t_ns: int) -> bool:
        """Whether a price of the symbol came within the last hour."""
        prices = self.feed.growing.get(symbol)
        return prices is not None and prices.n > 0 and int(prices.time[prices.n - 1]) > t_ns - 3600 * NS

    def _holds(self, symbol: str, side: int) -> bool:
        return any(t.symbol == symbol and t.side == side for t in self.simulation.broker.tickets.values())

    def _set_aside(self, row: Quarantined) -> None:
        self.engine.set_aside(row)
        if looks_like_exit(row.raw) and self.simulation.broker.tickets:
            detail = f"{row.id} could not be read ({row.reason}) and looks like an exit, while tickets are open"
            self._telling.event("CRITICAL", "unread_exit", detail, alert=row.id)

    # --- state ------------------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """The session between two inputs, as JSON values; prices are not part of it, they are in the journal."""
        return {
            "simulation": self.simulation.save_state(),
            "now_ns": self.now_ns,
            "forgotten": self._forgetting.state(),
            "lost": self._lost.state(),
            "silence": self._silence.state(),
            "telling": self._telling.state(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Become the session whose state this is; its prices were given before. Raises StateError that names what does
        not fit."""
        self._forgetting.load_state(state.get("forgotten", {}))
        self.simulation.load_state(state["simulation"])
        self.now_ns = int(state["now_ns"])
        self._lost.load_state(state["lost"])
        self._silence.load_state(state["silence"])
        self._is_started = True
        self._telling.resume(state.get("telling"))

    def go_on_from(self, old: LiveSession) -> None:
        """Take over the prices and the state of a session of another configuration; what does not fit is set aside."""
        self.take_over(PriceColumns.of(old.feed.growing))
        state = old.save()
        self._forgetting.load_state(state["forgotten"])
        self.set_aside = self.simulation.take_over_state(state["simulation"])
        self.now_ns = old.now_ns
        self._lost.load_state(state["lost"])
        self._silence.load_state(state["silence"])
        self._is_started = True
        self._telling.resume(state.get("telling"))

    def take_over(self, rows: PriceRows | PriceColumns) -> None:
        """Prices that came before the state which is loaded next."""
        for symbol, (time, columns, ended) in rows.columns().items():
            if symbol in self.feed.growing:
                if symbol in rows.timeframes and not self.feed.growing[symbol].n:
                    self.feed.set_timeframe(symbol, rows.timeframes[symbol])
                self.feed.take_over(symbol, time, columns, ended, *rows.forgotten.get(symbol, (0, None)))

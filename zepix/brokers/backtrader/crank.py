"""The session, turned a piece at a time: up to an instant, through it, to the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from zepix.brokers.backtrader.broker import PlainBroker
from zepix.engine.session import Progress, Session
from zepix.model import Alert

__all__ = ["Crank"]

PROGRESS_EVERY: Final = 256
AFTER: Final = (9, 0)


class Crank:
    """``Session.run`` in pieces; the pieces make no difference to what happens."""

    def __init__(
        self,
        session: Session,
        broker: PlainBroker,
        alerts: Sequence[Alert],
        start_ns: int,
        progress: Progress | None = None,
    ) -> None:
        self.session = session
        self.engine = session.engine
        self.broker = broker
        self.is_over = False
        self.late = 0
        self._alerts = alerts
        self._next = 0
        self._start_ns = start_ns
        self._progress = progress
        self._has_begun = False

    def begin(self) -> None:
        """Wake the plugins; once."""
        if not self._has_begun:
            self._has_begun = True
            self.broker.at(self._start_ns, 3)
            self.engine.start(self._start_ns)

    def _advance(self, limit: tuple[int, int, int]) -> None:
        """The session's own advance; calm bars up to the next timer are passed over first."""
        timers = self.engine.timers.heap
        self.broker.calm.pass_over(min(limit[:2], timers[0][:2]) if timers else limit[:2])
        self.session.advance(limit)

    def until(self, t_ns: int) -> None:
        """Everything up to the opens of t; then it is phase 3 of t."""
        self.begin()
        if self.is_over:
            return
        self._hear(t_ns - 1)
        self._advance((t_ns, 3, 0))
        self.engine.at(t_ns, 3)
        self.broker.at(t_ns, 3)

    def through(self, t_ns: int) -> None:
        """Timers and alerts of t, and what acts with them."""
        if self.is_over:
            return
        self._hear(t_ns)
        self.session.advance((t_ns, *AFTER))

    def finish(self) -> None:
        """To the end of the data: orders under way are cancelled, open tickets closed, later alerts told apart."""
        self.begin()
        if self.is_over:
            return
        engine, end_ns = self.engine, self.broker.end_ns
        self._hear(end_ns)
        self.is_over = True
        self.late = len(self._alerts) - self._next
        for alert in self._alerts[self._next :]:
            engine.decisions.without_plugin(alert, "ignored", "after_end_of_data", {})
        self._advance((end_ns + 1, 0, 0))
        self.broker.end_of_data()
        self.session._dispatch()
        engine.services.end_of_data()
        engine.shutdown()
        if self._progress is not None:
            self._progress(len(self._alerts), len(self._alerts))

    def _hear(self, last_ns: int) -> None:
        """Alerts that arrive up to ``last_ns``, each after everything that is due before it."""
        alerts, engine, broker = self._alerts, self.engine, self.broker
        last_ns = min(last_ns, broker.end_ns)
        while self._next < len(alerts) and alerts[self._next].received_ns <= last_ns:
            alert = alerts[self._next]
            self._advance((alert.received_ns, 4, 1))
            engine.at(alert.received_ns, 4)
            broker.at(alert.received_ns, 4)
            engine.process_alert(alert)
            if self._progress is not None and not self._next % PROGRESS_EVERY:
                self._progress(self._next, len(alerts))
            self._next += 1

"""Handing alerts on to the receivers that the user has today, so that zepix can be tried beside them.

- A body is handed on as it came, with its content type, once it is on the disk here; duplicates and dry alerts are not.
- Each address has a thread and a queue of its own: one that hangs or is down slows neither the answer to the sender nor
  the other addresses. In the order of receipt, one at a time.
- At most once: nothing is tried again, since nobody knows whether a receiver that did not answer has acted. What could
  not be handed on, waited too long (it would be traded as if it were fresh), or was one too many, is told and counted.
- Bodies wait in memory only, secrets and all; what a process did not get to is told by the next one (``unknown``).
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from zepix_live.clock import Clock
from zepix_live.receiver.mirror_log import MirrorLog
from zepix_live.receiver.mirror_post import NotSent, post_body
from zepix_live.receiver.mirror_url import MirrorTarget, target_of
from zepix_live.receiver.rate import RateLimit
from zepix_live.settings import ReceiverSettings

__all__ = ["Limits", "Mirror", "Mirrors"]

_log = logging.getLogger("zepix.receiver")
_NS: Final = 1_000_000_000
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of bodies that wait for one address."""
END_S: Final = 1.0
"""How long a receiver that ends goes on handing on what waits."""
MOST_NAMED: Final = 20
MOST_LOOKED_AT: Final = 2_000
"""Of the newest alerts, whether the process before handed them on."""
UNKNOWN: Final = "unknown"


class _Body(NamedTuple):
    seq: int
    at_ns: int
    raw: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one address may take: how many wait, how long an answer may take, how long a body may wait."""

    most_waiting: int = 1_000
    timeout_s: float = 5.0
    late_s: float = 30.0
    may_be_private: bool = False


class Mirror:
    """One address, its queue and its thread."""

    def __init__(self, number: int, target: MirrorTarget, limits: Limits, log: MirrorLog, clock: Clock) -> None:
        self.number = number
        self.target = target
        self.counts: Counter[str] = Counter()
        """``sent`` (a status below 300), ``refused`` (any other), and the errors by name."""
        self.last: dict[str, Any] | None = None
        self._limits = limits
        self._log = log
        self._clock = clock
        self._waiting: deque[_Body] = deque()
        self._too_many: deque[int] = deque(maxlen=10_000)
        self._size_bytes = 0
        self._news = threading.Condition()
        self._is_over = self._is_busy = False
        self._thread: threading.Thread | None = None
        self._alarms = RateLimit(1 / 10, 3)

    def put(self, body: _Body) -> None:
        """It is handed on as soon as may be; where too many wait it is counted, and told by the thread."""
        with self._news:
            room = self._size_bytes + len(body.raw) <= MOST_BYTES
            if self._is_over or not room or len(self._waiting) >= self._limits.most_waiting:
                self._too_many.append(body.seq)
                self.counts["too_many"] += 1
            else:
                self._waiting.append(body)
                self._size_bytes += len(body.raw)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=f"mirror {self.number}", daemon=True)
                self._thread.start()
            self._news.notify()

    @property
    def waiting(self) -> int:
        return len(self._waiting) + self._is_busy

    def end(self) -> None:
        """No more is taken; what waits is still handed on, as long as somebody waits in ``join``."""
        with self._news:
            self._is_over = True
            self._news.notify()

    def join(self, patience_s: float) -> None:
        """Waits for the thread, and tells what was not handed on."""
        if self._thread is not None:
            self._thread.join(patience_s)
        with self._news:
            left, self._size_bytes = list(self._waiting), 0
            self._waiting.clear()
        if left:
            self._tell([(one.seq, "ended", None) for one in left])

    def status(self) -> dict[str, Any]:
        """Figures for ``/api/status``."""
        counts = dict(sorted(self.counts.items()))
        return {"to": self.number, "host": self.target.name, "waiting": self.waiting, "counts": counts,
                "last": self.last}  # fmt: skip

    def _work(self) -> None:
        while (body := self._next()) is not None:
            try:
                self._hand_on(body)
            except Exception:  # noqa: BLE001 - the thread must live; what it stumbled over is a bug, and is told
                _log.critical("handing on to %s failed", self.target.name, exc_info=True)
                self._tell([(body.seq, "internal", None)])
            finally:
                self._is_busy = False

    def _next(self) -> _Body | None:
        while True:
            with self._news:
                while not (self._waiting or self._too_many or self._is_over):
                    self._news.wait()
                dropped = list(self._too_many)
                self._too_many.clear()
                body = self._waiting.popleft() if self._waiting else None
                if body is not None:
                    self._size_bytes -= len(body.raw)
                    self._is_busy = True
            if dropped:
                self._tell([(seq, "too_many", None) for seq in dropped], counted=True)
            if body is not None:
                return body
            with self._news:
                if self._is_over and not (self._waiting or self._too_many):
                    return None

    def _hand_on(self, body: _Body) -> None:
        began_ns = self._clock.monotonic_ns()
        if began_ns - body.at_ns > self._limits.late_s * _NS:
            self._tell([(body.seq, "too_late", None)])
            return
        status, reason = 0, ""
        try:
            status = post_body(
                self.target, body.raw, body.content_type, self._limits.timeout_s,
                may_be_private=self._limits.may_be_private,
            )  # fmt: skip
        except NotSent as error:
            reason = error.reason
        took_ms = round((self._clock.monotonic_ns() - began_ns) / 1e6, 1)
        self._tell([(body.seq, reason or status, took_ms)])

    def _tell(self, results: Sequence[tuple[int, str | int, float | None]], *, counted: bool = False) -> None:
        """Into the log, the figures, and where it went wrong the receiver's own log, but not without end."""
        now_ns = self._clock.now_ns()
        lines = []
        for seq, what, took_ms in results:
            line: dict[str, Any] = {"t_ns": now_ns, "seq": seq, "to": self.number, "host": self.target.name}
            line["status" if isinstance(what, int) else "error"] = what
            if took_ms is not None:
                line["ms"] = took_ms
            lines.append(line)
            if not counted:
                is_sent = isinstance(what, int)
                self.counts[("sent" if int(what) < 300 else "refused") if is_sent else str(what)] += 1
        self.last = lines[-1]
        self._log.write(lines)
        seq, what, _ = results[-1]
        is_well = isinstance(what, int) and what < 300
        if not is_well and self._alarms.take("all", self._clock.monotonic_ns()):
            _log.warning("alert %d was not taken by %s: %s; it is not tried again", seq, self.target.name, what)


class Mirrors:
    """Every address that alerts are handed on to, by the secret that they came with."""

    def __init__(self, settings: ReceiverSettings, clock: Clock) -> None:
        limits = Limits(
            int(settings.mirror_queue), settings.mirror_timeout_s, settings.mirror_late_s, settings.mirror_private
        )
        self._clock = clock
        self.log = MirrorLog(settings.data_dir)
        self.all: list[Mirror] = []
        self._of: dict[str, tuple[Mirror, ...]] = {}
        self.unknown = 0
        """Alerts of which nobody knows whether the process before handed them on."""
        for source, urls in (("webhook", settings.mirror), ("custom", settings.mirror_custom)):
            first = len(self.all)
            self.all += [Mirror(first + n, target_of(url), limits, self.log, clock) for n, url in enumerate(urls, 1)]
            self._of[source] = tuple(self.all[first:])

    def of(self, source: str) -> int:
        """To how many addresses the alerts of a secret are handed on."""
        return len(self._of.get(source, ()))

    def hand_on(self, source: str, seq: int, raw: bytes, content_type: str) -> None:
        """Alert ``seq`` is durable. Never waits."""
        body = _Body(seq, self._clock.monotonic_ns(), raw, content_type)
        for mirror in self._of.get(source, ()):
            mirror.put(body)

    def look_back(self, handed_on: Iterable[tuple[int, int]]) -> str:
        """What the process before was to hand on and says nothing of, in a sentence; empty where there is nothing."""
        newest = list(handed_on)[-MOST_LOOKED_AT:]
        if not newest:
            return ""
        known = self.log.told()
        missing = [(seq, count) for seq, count in newest if known[seq] < count]
        if not missing:
            return ""
        self.unknown = len(missing)
        now_ns = self._clock.now_ns()
        self.log.write({"t_ns": now_ns, "seq": seq, "to": 0, "error": UNKNOWN}
                       for seq, count in missing for _ in range(count - known[seq]))  # fmt: skip
        named = ", ".join(str(seq) for seq, _ in missing[:MOST_NAMED])
        more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
        return (
            f"nobody knows whether the receivers to which they were to be handed on have alerts {named}{more}: the "
            "process before ended first; they are not handed on now, since they could be traded twice, or late"
        )

    def status(self) -> list[dict[str, Any]]:
        """Figures of each address."""
        return [one.status() for one in self.all]

    def close(self, patience_s: float = END_S) -> None:
        """Hands on what waits, for a moment; tells the rest."""
        for one in self.all:
            one.end()
        until_ns = self._clock.monotonic_ns() + round(patience_s * _NS)
        for one in self.all:
            one.join(max(0.0, (until_ns - self._clock.monotonic_ns()) / _NS))

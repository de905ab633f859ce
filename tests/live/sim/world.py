"""One world: the receiver, the engine, their disk, the senders and whoever starts what has died, for one course."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.live.sim import seams
from tests.live.sim.checker import INBOX, Answer, Record, problems
from tests.live.sim.course import Course, Fault
from tests.live.sim.disk import Disk, TwinLog, TwinReader, digest
from tests.live.sim.loop import NS, OWNER, Killed, Process, SimLoop
from tests.live.sim.plain_files import SimPath
from tests.live.sim.prices import feed_for, moments_of
from tests.live.sim.real_disk import RealDisk, real_parts, rot
from tests.live.sim.sender import OPERATOR_KEY, TOKEN, send
from zepix.config.check import Raw
from zepix.errors import JournalError, ZepixError
from zepix.journal.durable_reader import LogReader
from zepix.journal.rows import Row
from zepix.kernels.warm import warm_up
from zepix_live.engine import main as engine_main
from zepix_live.engine.options import EngineOptions
from zepix_live.engine.session import LiveSession
from zepix_live.heartbeat import EngineState
from zepix_live.receiver import main as receiver_main
from zepix_live.receiver.app import create_app
from zepix_live.secrets_file import Secrets
from zepix_live.settings import ReceiverSettings

__all__ = ["Outcome", "World", "simulate"]

WALL_NS = 1_767_225_600_000_000_000

SETTLE_S = 250.0
QUIET_S = 4.0
MOST_STARTS = 40
DEADLY = "deadly"


@dataclass
class Outcome:
    """What a world came to: nothing, or problems; its trace is the same for the same course."""

    course: Course
    problems: list[str] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    steps: int = 0
    starts: dict[str, int] = field(default_factory=dict)
    crashes: int = 0
    record: Record | None = None

    @property
    def hash(self) -> str:
        return sha256("\n".join([*self.trace, *self.problems]).encode()).hexdigest()


class SimClock:
    """The world's two clocks."""

    def __init__(self, loop: SimLoop) -> None:
        self._loop = loop
        self.offset_ns = 0

    def now_ns(self) -> int:
        return WALL_NS + self._loop.now_ns + self.offset_ns

    def monotonic_ns(self) -> int:
        return NS + self._loop.now_ns


class World:
    """Runs one course to its end; ``run`` once."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.rng = random.Random(f"world {course.seed}")
        self.loop = SimLoop()
        self.clock = SimClock(self.loop)
        self.out = Outcome(course)
        self.outside = Process("world")
        self.app: Any = None
        self.opened: Any = None
        self.engine: Any = None
        self.lives: dict[str, Process] = {}
        self.answers: list[Answer] = []
        self.appended: dict[int, int] = {}
        self._peak_ns = 0
        self._kept: list[Any] = []
        self._armed: list[list[Any]] = []
        self._later = False
        self._unsent = len(course.posts)
        self._last_alert = 0
        self._seen_quiet_ns: int | None = None
        self._down_s = {"engine": 0.3, "receiver": 0.2}
        self._disk()
        self.loop.on_step = lambda process: self.step(process, "turn")
        self.loop.on_error = self._failed

    def _disk(self) -> None:
        if self.course.is_real_disk:
            self.data = Path(tempfile.mkdtemp(prefix="zepix-sim-", dir=_fast_folder()))
            self.disk = RealDisk(self.step, lambda: self.rng.random() < 0.5, self.note, self._written)
            self.log, self.reader = real_parts(self.disk, lambda: self.loop.now_ns)
            return
        self.disk = Disk(self.step, lambda: self.rng.random() < 0.5, self.note, self._written)
        self.data: Any = SimPath("data")
        TwinLog.disk = TwinReader.disk = self.disk
        TwinLog.now_ns = staticmethod(lambda: self.loop.now_ns)
        self.log: Any = TwinLog
        self.reader: Any = TwinReader

    # --- what happens -----------------------------------------------------------------------------------------------

    def note(self, text: str) -> None:
        self.out.trace.append(f"{self.loop.now_ns / NS:.6f} {text.replace(str(self.data), 'data')}")

    def step(self, process: Process, place: str) -> None:
        """Something is about to happen in a process, which may be its last."""
        if process is self.outside:
            return
        if not process.is_alive:
            raise Killed
        self.out.steps += 1
        if self.out.steps in self.course.crash_at:
            self._kill(self.course.victims, process, place, 0.3)
        for armed in self._armed:
            if armed[0] in ("both", process.name):
                armed[1] -= 1
                if armed[1] <= 0:
                    self._armed.remove(armed)
                    self._kill(armed[0], process, place, armed[2])
                    break
        if not process.is_alive:
            raise Killed

    def _kill(self, who: str, running: Process, place: str, down_s: float) -> None:
        names = {"running": (running.name,), "both": ("engine", "receiver")}.get(who, (who,))
        self.out.crashes += 1
        self.note(f"crash of {' and '.join(names)} in {running}, {place}, step {self.out.steps}")
        for name in names:
            self._end(name, down_s)

    def _end(self, name: str, down_s: float) -> None:
        process = self.lives.get(name)
        if process is None or not process.is_alive:
            return
        process.die()
        self.disk.killed(process)
        if name == "receiver":
            self.app = None
        else:
            self.engine = None
        self.loop.call_later(down_s, self._start, name, context=self.outside.context)

    def _failed(self, process: Process, error: BaseException) -> None:
        """A process ended by itself."""
        self.note(f"{process} ended: {type(error).__name__}: {error}")
        if not isinstance(error, ZepixError | Deadly):
            self.out.problems.append(f"{process} ended with {type(error).__name__}: {error}")
        self._end(process.name, min(5.0, 0.2 * process.life))

    def _written(self, name: str, rows: list[Row]) -> None:
        self.note(f"{name} {rows[0].seq}-{rows[-1].seq} {' '.join(row.kind for row in rows)} {digest(rows)}")
        if name == "inbox":
            self._last_alert = max([self._last_alert, *(row.seq for row in rows if row.kind in (*INBOX, "operator"))])
        if name == "journal":
            now_ns = WALL_NS + self.loop.now_ns + max(self.clock.offset_ns, self._peak_ns)
            self.appended.update((row.seq, now_ns) for row in rows)

    # --- processes --------------------------------------------------------------------------------------------------

    def _start(self, name: str) -> None:
        life = self.out.starts.get(name, 0) + 1
        self.out.starts[name] = life
        if life > MOST_STARTS:
            self.out.problems.append(f"the {name} does not stay up: {life} starts")
            self._unsent = -1
            return
        process = self.lives[name] = Process(name, life)
        self.note(f"{process} starts")
        self.loop.spawn(process, self._receive(process) if name == "receiver" else self._decide(process))

    async def _receive(self, process: Process) -> None:
        settings = ReceiverSettings(self.data, secrets=Secrets(webhook_token=TOKEN), inbox_id=INBOX_ID)
        opening = receiver_main.open_inbox(settings, self.clock)
        self._kept.append(opening)
        opened = opening.__enter__()
        self.app = create_app(
            settings, opened.inbox, self.clock, lambda: EngineState(1, "running"), operator_key=OPERATOR_KEY
        )
        self.opened = opened
        self.note(f"{process} takes alerts after row {opened.inbox.last_seq}")

    async def _decide(self, process: Process) -> None:
        changed = self.course.later_settings if self._later else {}
        flags = {name: Raw(str(value)) for name, value in {**self.course.settings, **changed}.items()}
        options = EngineOptions(self.data, None, self.course.feed, self.course.speed, flags, INBOX_ID)
        engine = engine_main.open_engine(options, self.clock, {})
        self._kept.append(engine)
        self.engine = engine
        self.note(f"{process} turns: {engine.recovered.inputs} again, {engine.recovered.unfinished} undone")
        if engine.recovered.differences:
            self.out.problems.append(f"{process} recovers otherwise: {engine.recovered.differences[0]}")
        await engine_main.turn_until(engine, lambda: False, self.clock, self.data)

    # --- faults -----------------------------------------------------------------------------------------------------

    def _strike(self, fault: Fault) -> None:
        kind, disk = fault.kind, self.disk
        self.note(f"fault {kind}")
        if kind == "crash":
            self._armed.append([fault.who, fault.steps, fault.down_s])
        elif kind == "full":
            disk.is_full = True
            self._after(fault.for_s, lambda: setattr(disk, "is_full", False))
        elif kind == "slow":
            disk.slow_ns = round(fault.by_s * NS)
            self._after(fault.for_s, lambda: setattr(disk, "slow_ns", 0))
        elif kind == "refuse":
            disk.refuses += fault.count
        elif kind == "unreadable":
            disk.unreadable += fault.count
        elif kind == "wall":
            self.clock.offset_ns += round(fault.by_s * NS)
            self._peak_ns = max(self._peak_ns, self.clock.offset_ns)
        elif kind == "writer" and self.app is not None:
            self.opened.committer.died_of = MemoryError()
            self.opened.committer._fail_waiting(ZepixError("the thread is gone"))
        elif kind == "rot":
            self._end("engine", 0.5)
            rot(self.data / "journal.sqlite", max(1, max(self.appended, default=1) - 3))
        elif kind == "settings":
            self._later = True
            self._end("engine", 0.5)

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        self.loop.call_later(seconds, what, context=self.outside.context)

    # --- the whole --------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Everything that the course says, then quiet, then the questions."""
        with self._installed():
            try:
                for name in ("receiver", "engine"):
                    self._after(0.0, lambda name=name: self._start(name))
                for number, post in enumerate(self.course.posts):
                    self.loop.spawn(self.outside, send(self, number, post))
                for fault in self.course.faults:
                    self._after(fault.at_s, lambda fault=fault: self._strike(fault))
                self._after(self.course.seconds, self._mend)
                until_ns = round((self.course.seconds + SETTLE_S) * NS)
                if not self.loop.run_until(self._is_quiet, until_ns):
                    self.out.problems.append("the world does not come to rest: " + self._unrest())
                self.out.problems += self._left_behind()
                self.out.record = self._record()
                self.out.problems += problems(self.out.record)
            finally:
                for process in self.lives.values():
                    process.is_alive = False
                self.loop.close()
                if isinstance(self.disk, RealDisk):
                    self.disk.close()
                    self._kept.clear()
                    shutil.rmtree(self.data, ignore_errors=True)
        return self.out

    def _mend(self) -> None:
        """The disk is well, and the wall clock is not behind the time that it has shown: the market goes on."""
        self.clock.offset_ns = max(self.clock.offset_ns, self._peak_ns)
        self._armed.clear()
        self.disk.is_full, self.disk.refuses, self.disk.unreadable, self.disk.slow_ns = False, 0, 0, 0

    def _is_quiet(self) -> bool:
        """Whether nothing is left to do, for a while."""
        if self._unsent < 0:
            return True
        if self.loop.now_ns < self.course.seconds * NS or self._unrest():
            self._seen_quiet_ns = None
            return False
        if self._seen_quiet_ns is None:
            self._seen_quiet_ns = self.loop.now_ns
        return self.loop.now_ns - self._seen_quiet_ns >= QUIET_S * NS

    def _unrest(self) -> str:
        """What is still to come; empty for nothing."""
        if self._unsent:
            return f"{self._unsent} senders are not done"
        if self.app is None or self.engine is None:
            return "somebody is down"
        if self.engine.consumer.session._telling._open:
            return "orders are under way"
        done = self.engine.consumer.turned.inbox_seq
        return f"alert {self._last_alert} is not taken, {done} is" if done < self._last_alert else ""

    def sent(self) -> None:
        self._unsent -= 1

    def _left_behind(self) -> list[str]:
        """Queues that are not empty once nothing comes any more."""
        if self.app is None or self.engine is None:
            return ["somebody is down in the end"]
        inbox, consumer = self.opened.inbox, self.engine.consumer
        sizes = {
            "requests in flight": self.app._door.in_flight,
            "rows handed over": inbox.waiting,
            "alerts pending": len(inbox._pending),
            "rows in the committer": self.opened.committer.waiting_rows,
            "inputs not taken": len(consumer._held.alerts) + len(consumer._held.moments),
            "rows owed": len(consumer._owed),
        }
        return [f"{what}: {size} in the end" for what, size in sizes.items() if size]

    def _rows(self, name: str) -> list[Row]:
        if self.course.is_real_disk:
            with LogReader(self.data / name) as reader:
                try:
                    return list(reader.rows(0, None))
                except JournalError as error:
                    self.out.problems.append(f"{name}: {error}".replace(str(self.data), "data"))
                    return []
        log = self.disk.logs.get(name)
        return [] if log is None else log.rows

    def _record(self) -> Record:
        anchor = None if self.engine is None else self.engine.consumer.course.config.anchor
        return Record(
            answers=self.answers,
            inbox=self._rows("inbox.sqlite"),
            journal=self._rows("journal.sqlite"),
            moments=moments_of(self.course.prices) if self.course.feed != "webhook" else None,
            is_settled=self.engine is not None,
            is_time_true=not any(one.kind == "wall" for one in self.course.faults),
            wall_at=self.appended,
            anchor=anchor,
            session=None if self.engine is None else self.engine.consumer.session,
        )

    @contextlib.contextmanager
    def _installed(self) -> Iterator[None]:
        warm_up()
        take = LiveSession.take

        def taken(session: LiveSession, t_ns: int, kind: str, body: Any) -> Any:
            process = OWNER.get(None)
            if process is not None and process is not self.outside:
                self.step(process, f"take {kind}")
                if DEADLY in body.get("raw", ""):
                    raise Deadly(f"{process} dies of {body['id']}")
            return take(session, t_ns, kind, body)

        delays = seams.installed(
            self.loop,
            self.log,
            self.reader,
            lambda: feed_for(self.course.prices),
            lambda: self.rng.randint(300_000, 4_000_000) + self.disk.slow_ns,
            is_real=self.course.is_real_disk,
        )
        logging.disable(logging.CRITICAL)
        LiveSession.take = taken  # type: ignore[method-assign]
        try:
            with delays:
                yield
        finally:
            LiveSession.take = take  # type: ignore[method-assign]
            logging.disable(logging.NOTSET)


def _fast_folder() -> str | None:
    """A folder in memory where there is one."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


INBOX_ID = "5eed"


class Deadly(Exception):
    """An alert that kills whoever takes it."""


def simulate(course: Course) -> Outcome:
    """The course from its beginning to its end."""
    return World(course).run()

"""One event loop for several simulated processes: virtual time, one order of events for one seed, and sudden death.

Every callback belongs to a process (it inherits its owner by its context). A process that has died runs nothing more:
no ``finally``, no ``except``, as after ``kill -9``. Callbacks due at one instant run in the order in which they were
asked for, as asyncio promises; what a seed shuffles are the latencies.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import warnings
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

NS = 1_000_000_000
OWNER: contextvars.ContextVar[Process] = contextvars.ContextVar("owner")


class Killed(BaseException):
    """The process whose code is running is gone."""


class Process:
    """One life of one process; a restart makes another."""

    def __init__(self, name: str, life: int = 1) -> None:
        self.name = name
        self.life = life
        self.is_alive = True
        self.busy_until_ns = 0
        self.at_death: list[Callable[[], None]] = []
        self.context = contextvars.copy_context()
        self.context.run(OWNER.set, self)

    def die(self) -> None:
        if self.is_alive:
            self.is_alive = False
            for told in self.at_death:
                told()

    def __str__(self) -> str:
        return f"{self.name}#{self.life}"


class SimLoop(asyncio.AbstractEventLoop):
    """As much of an event loop as coroutines, tasks, time-outs and wrapped futures need."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.steps = 0
        self.on_step: Callable[[Process], None] = lambda _process: None
        self.on_error: Callable[[Process, BaseException], None] = lambda _process, _error: None
        self._heap: list[tuple[int, int, asyncio.Handle]] = []
        self._number = 0
        self._tasks: list[asyncio.Task[Any]] = []
        self._is_over = False

    # --- what asyncio asks for ------------------------------------------------------------------------------------

    def time(self) -> float:
        return self.now_ns / NS

    def call_soon(self, callback: Any, *args: Any, context: contextvars.Context | None = None) -> asyncio.Handle:
        return self._add(self.now_ns, asyncio.Handle(callback, args, self, context))

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        wait_ns = max(round(delay * NS), 1 if delay > 0 else 0)  # time that passes passes by a nanosecond at least
        handle = asyncio.TimerHandle(self.time() + delay, callback, args, self, context)
        self._add(self.now_ns + wait_ns, handle)
        return handle

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._add(max(self.now_ns, round(when * NS)), handle)
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        pass

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Any = None, **_: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        """A thread's work is done at once, at the next callback."""
        del executor
        done = self.create_future()

        def work() -> None:
            try:
                done.set_result(func(*args))
            except Exception as error:  # noqa: BLE001 - whoever awaits it is told
                done.set_exception(error)

        self.call_soon(work)
        return done

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return not self._is_over

    def is_closed(self) -> bool:
        return self._is_over

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        pass

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        pass

    # --- the simulation's side ------------------------------------------------------------------------------------

    def spawn(self, process: Process, coro: Coroutine[Any, Any, None]) -> asyncio.Task[Any]:
        """Run a coroutine as the main program of a process; what it raises is told to ``on_error``."""
        task = self.create_task(coro, context=process.context)

        def ended(done: asyncio.Task[Any]) -> None:
            error = done.exception() if not done.cancelled() else None
            if error is not None and not isinstance(error, Killed):
                self.on_error(process, error)

        task.add_done_callback(ended, context=process.context)
        return task

    def run_until(self, is_over: Callable[[], bool], most_ns: int) -> bool:
        """Run callbacks in the order of their time until ``is_over`` or the time is up; whether it was over."""
        before = asyncio._get_running_loop()
        asyncio._set_running_loop(self)
        try:
            while not is_over():
                if not self._heap or self._heap[0][0] > most_ns:
                    self.now_ns = most_ns
                    return is_over()
                self._run_one()
            return True
        finally:
            asyncio._set_running_loop(before)

    def close(self) -> None:
        """End everything; coroutines that were left behind are closed here, and nothing they do has an effect."""
        self._is_over = True
        self._heap.clear()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a coroutine that never began, and others that it held
            for task in self._tasks:
                coro = task.get_coro()
                if not task.done() and coro is not None:
                    with suppress(Exception, Killed):
                        coro.close()
                del coro
        self._tasks.clear()

    def _add(self, when_ns: int, handle: Any) -> Any:
        if not self._is_over:
            self._number += 1
            heapq.heappush(self._heap, (when_ns, self._number, handle))
        return handle

    def _run_one(self) -> None:
        when_ns, number, handle = heapq.heappop(self._heap)
        self.now_ns = max(self.now_ns, when_ns)
        if handle._cancelled:
            return
        process: Process = handle._context.get(OWNER)
        if process is None or not process.is_alive:
            return
        if process.busy_until_ns > self.now_ns:  # its one thread waits for the disk
            heapq.heappush(self._heap, (process.busy_until_ns, number, handle))
            return
        self.steps += 1
        try:
            self.on_step(process)
            if process.is_alive:
                handle._context.run(handle._callback, *handle._args)
        except Killed:
            pass

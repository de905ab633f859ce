"""A handler runs to completion by hand, or the error names where it wanted to wait; inside a running loop too."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import pytest

from zepix.engine.stepping import run_to_completion
from zepix.errors import StrategyError, WouldBlockError

Handler = Callable[[], Awaitable[Any]]


class Bare:
    """An awaitable that yields, as the lowest layer of any event loop does."""

    def __await__(self) -> Generator[None, None, None]:
        yield


async def sleeps_for_nothing() -> None:
    await asyncio.sleep(0)


async def sleeps() -> None:
    await asyncio.sleep(1)


async def waits_for_bare_awaitable() -> None:
    await Bare()


async def waits_for_thread() -> None:
    await asyncio.to_thread(len, "abc")


async def waits_for_many() -> None:
    await asyncio.gather(sleeps_for_nothing())


async def waits_deep_inside() -> None:
    await sleeps_for_nothing()


async def waits_in_a_comprehension() -> list[int]:
    return [await asyncio.sleep(0, number) for number in range(2)]


WAITERS = (
    (sleeps_for_nothing, "sleeps_for_nothing"),
    (sleeps, "sleeps"),
    (waits_for_thread, "waits_for_thread"),
    (waits_deep_inside, "sleeps_for_nothing"),
)


def run(handler: Callable[[], Any]) -> Any:
    return run_to_completion(handler(), "mine", "process_entry_signal")


def run_inside_loop(handler: Callable[[], Any]) -> Any:
    """As a notebook's cell does: plain code, called while an event loop is running."""

    async def cell() -> Any:
        return run(handler)

    return asyncio.run(cell())


def test_result_comes_back_without_an_event_loop() -> None:
    async def inner() -> int:
        return 41

    async def handler() -> int:
        return await inner() + 1

    assert run(handler) == 42
    assert run_inside_loop(handler) == 42


@pytest.mark.parametrize("turn", [run, run_inside_loop], ids=["no_loop", "inside_running_loop"])
@pytest.mark.parametrize(("handler", "frame"), WAITERS, ids=[h.__name__ for h, _ in WAITERS])
def test_waiting_for_the_outside_is_an_error_that_names_the_line_of_the_strategy(
    turn: Callable[[Handler], Any], handler: Handler, frame: str
) -> None:
    with pytest.raises(WouldBlockError) as caught:
        turn(handler)
    assert "test_stepping.py:" in caught.value.frame
    assert caught.value.frame.endswith(f"in {frame}")
    assert "'mine'" in str(caught.value)
    assert "process_entry_signal" in str(caught.value)
    assert caught.value.frame in str(caught.value)


@pytest.mark.parametrize("turn", [run, run_inside_loop], ids=["no_loop", "inside_running_loop"])
def test_awaitable_that_yields_by_itself_is_an_error(turn: Callable[[Handler], Any]) -> None:
    with pytest.raises(WouldBlockError, match=r"test_stepping\.py"):
        turn(waits_for_bare_awaitable)


@pytest.mark.parametrize("turn", [run, run_inside_loop], ids=["no_loop", "inside_running_loop"])
def test_await_in_a_comprehension_is_an_error(turn: Callable[[Handler], Any]) -> None:
    with pytest.raises(WouldBlockError, match=r"waits_in_a_comprehension|listcomp"):
        turn(waits_in_a_comprehension)


def test_bare_future_is_an_error() -> None:
    loop = asyncio.new_event_loop()
    future = loop.create_future()

    async def waits_for_future() -> None:
        await future

    try:
        with pytest.raises(WouldBlockError, match="waits_for_future"):
            run(waits_for_future)
    finally:
        loop.close()


def test_finished_future_is_no_wait() -> None:
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.set_result(7)

    async def takes_what_is_there() -> int:
        return int(await future)

    try:
        assert run(takes_what_is_there) == 7
    finally:
        loop.close()


def test_gather_inside_a_running_loop_is_an_error() -> None:
    with pytest.raises(WouldBlockError, match="waits_for_many"):
        run_inside_loop(waits_for_many)


def test_cleanup_of_the_handler_runs_when_it_is_stopped() -> None:
    cleaned: list[str] = []

    async def handler() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            cleaned.append("done")

    with pytest.raises(WouldBlockError):
        run(handler)
    assert cleaned == ["done"]


def test_handler_that_refuses_to_be_stopped_is_still_an_error() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(0)
        except BaseException:  # noqa: BLE001 - this handler is meant to be bad
            await asyncio.sleep(0)

    with pytest.raises((WouldBlockError, RuntimeError)):
        run(stubborn)


def test_errors_of_the_strategy_pass_unchanged() -> None:
    async def handler() -> None:
        raise KeyError("mine")

    async def talks_of_loops() -> None:
        raise RuntimeError("the loop of my strategy is broken")

    with pytest.raises(KeyError, match="mine"):
        run(handler)
    with pytest.raises(RuntimeError, match="loop of my strategy"):
        run(talks_of_loops)


def test_would_block_is_a_strategy_error() -> None:
    with pytest.raises(StrategyError):
        run(sleeps)


def test_strategy_in_a_folder_named_asyncio_is_named() -> None:
    source = "async def waits():\n    import asyncio\n    await asyncio.sleep(1)\n"
    namespace: dict[str, Any] = {}
    exec(compile(source, "/home/me/asyncio-strategies/mine.py", "exec"), namespace)
    for turn in (run, run_inside_loop):
        with pytest.raises(WouldBlockError, match=r"mine\.py:3"):
            turn(namespace["waits"])


def test_task_started_in_a_notebooks_loop_is_an_error_as_it_is_without_one() -> None:
    async def handler() -> None:
        coroutine = sleeps_for_nothing()
        try:
            asyncio.create_task(coroutine)  # noqa: RUF006 - what a strategy would write
        finally:
            coroutine.close()

    with pytest.raises(WouldBlockError):
        run_inside_loop(handler)


def test_handler_that_is_no_coroutine_is_told_so() -> None:
    def handler() -> None:
        return None

    with pytest.raises(Exception, match="async"):
        run(handler)

"""Coroutines turned by hand: a handler runs to completion or it is an error that names where it wanted to wait."""

from __future__ import annotations

from asyncio import _get_running_loop, _set_running_loop  # tidy: takes a running loop out of a handler's reach
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any

from zepix.errors import WouldBlockError

__all__ = ["Watch", "called", "run_to_completion"]

Watch = Callable[[str, str], None]
"""Is told (plugin, handler) as a handler begins, and (plugin, "") as it ends: who measures, and finds what hangs."""


def called(watch: Watch | None, handler: Callable[..., Any], plugin_id: str, name: str, *args: Any) -> Any:
    """A handler's answer, run to completion; ``watch`` hears of its beginning and its end. Raises what it raises."""
    if watch is None:
        return run_to_completion(handler(*args), plugin_id, name)
    watch(plugin_id, name)
    try:
        return run_to_completion(handler(*args), plugin_id, name)
    finally:
        watch(plugin_id, "")


def run_to_completion(coroutine: Coroutine[Any, Any, Any], plugin_id: str, what: str) -> Any:
    """The coroutine's result, without any event loop; works inside a running one too.

    Raises WouldBlockError where it awaits the outside world (a bare ``sleep(0)`` too), naming the frame, and whatever
    the coroutine raises.
    """
    if not hasattr(coroutine, "send"):
        raise TypeError(f"{what} of {plugin_id!r} must be written with async def; it returned {coroutine!r}")
    loop = _get_running_loop()
    if loop is not None:
        _set_running_loop(None)  # a task started in a notebook's loop would outlive its handler
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    except RuntimeError as error:
        if "no running event loop" not in str(error):
            raise
        raise WouldBlockError(plugin_id, what, _raised_at(error)) from None
    finally:
        if loop is not None:
            _set_running_loop(loop)
    frame = _waits_at(coroutine)
    coroutine.close()
    raise WouldBlockError(plugin_id, what, frame)


def _raised_at(error: BaseException) -> str:
    """The last frame of user code on the way to the error: the one before asyncio's own."""
    place = "?"
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if not _is_of_asyncio(trace.tb_frame):
            place = f"{code.co_filename}:{trace.tb_lineno} in {code.co_qualname}"
        trace = trace.tb_next
    return place


def _waits_at(coroutine: Any) -> str:
    """The innermost frame of user code that is suspended."""
    place = "?"
    inner = coroutine
    while inner is not None:
        frame = getattr(inner, "cr_frame", None) or getattr(inner, "gi_frame", None)
        if frame is not None and (not _is_of_asyncio(frame) or place == "?"):
            place = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        inner = getattr(inner, "cr_await", None) or getattr(inner, "gi_yieldfrom", None)
    return place


def _is_of_asyncio(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0] == "asyncio"

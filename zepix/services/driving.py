"""Commands of the order service, given by a service itself: they are checked at once and never wait."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from zepix.errors import ZepixError

__all__ = ["given"]

T = TypeVar("T")


def given(command: Coroutine[Any, Any, T]) -> T:
    """What an awaited command answers: ``given(orders.place_order(...))``. Raises ZepixError where it would wait."""
    try:
        command.send(None)
    except StopIteration as done:
        answer: T = done.value
        return answer
    command.close()
    raise ZepixError("a command of the order service waited for something; commands are answered at once")

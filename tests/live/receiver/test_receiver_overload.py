"""When the disk cannot keep up: who would wait too long is answered 503 at once, and taken again when it can."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.live.receiver.receiver_asgi import ENTRY, EXIT, PATH, call, world
from zepix_live.receiver.waiting import Waiting

S = 1_000_000_000


class SlowStore:
    """A disk that answers when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[int]] = []
        self.last = 0

    def put(self, _t_ns: int, _kind: str, _body: str) -> asyncio.Future[int]:
        self.waiting.append(asyncio.get_running_loop().create_future())
        return self.waiting[-1]

    def trouble(self) -> str:
        return ""

    def answer(self) -> None:
        for one in self.waiting:
            self.last += 1
            if not one.done():
                one.set_result(self.last)
        self.waiting.clear()


async def _until(condition: Any) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


def slow_world() -> Any:
    found = world()
    found.store = SlowStore()
    found.open()
    return found


def test_while_the_oldest_alert_has_waited_a_second_the_next_is_answered_503_at_once():
    async def story(found: Any) -> None:
        first = asyncio.create_task(call(found.app, "POST", PATH, ENTRY))
        await _until(lambda: found.store.waiting)
        found.clock.advance(0.9)
        second = asyncio.create_task(call(found.app, "POST", PATH, EXIT))
        await _until(lambda: len(found.store.waiting) == 2)
        found.clock.advance(0.2)
        began = asyncio.get_running_loop().time()
        refused = await call(found.app, "POST", PATH, b'{"type":"exit","symbol":"XAUUSD"}')
        assert (refused.status, refused.json) == (503, {"error": "overloaded"})
        assert refused.headers["retry-after"] == "1"
        assert asyncio.get_running_loop().time() - began < 0.25
        assert len(found.store.waiting) == 2  # it was not handed over
        found.store.answer()
        assert [(await one).status for one in (first, second)] == [202, 202]
        again = asyncio.create_task(call(found.app, "POST", PATH, b'{"type":"exit","symbol":"XAUUSD"}'))
        await _until(lambda: found.store.waiting)
        found.store.answer()
        assert (await again).status == 202

    asyncio.run(story(slow_world()))


def test_a_command_is_not_refused_for_alerts_that_wait():
    """Whoever pauses a session that is flooded must get through."""
    from tests.live.receiver.receiver_asgi import OPERATOR_KEY

    async def story(found: Any) -> None:
        first = asyncio.create_task(call(found.app, "POST", PATH, ENTRY))
        await _until(lambda: found.store.waiting)
        found.clock.advance(1.2)
        body = b'{"id":"in-a-flood","command":"pause"}'
        headers = {"authorization": f"Bearer {OPERATOR_KEY}"}
        pause = asyncio.create_task(call(found.app, "POST", "/api/operator", body, headers=headers))
        await _until(lambda: len(found.store.waiting) == 2)
        found.store.answer()
        assert [(await one).status for one in (first, pause)] == [202, 202]

    asyncio.run(story(slow_world()))


@pytest.mark.parametrize(
    ("batch_s", "ahead", "is_too_long"),
    [
        (0.004, 2_499, False),  # eleven batches of 4 ms
        (0.3, 100, False),  # fits into the next batch
        (0.3, 600, True),  # two batches before its own, and the one under way: 1.2 s
        (2.0, 100, False),  # a disk that was slow once is asked again
    ],
)
def test_one_more_is_refused_by_the_batches_before_it(batch_s: float, ahead: int, is_too_long: bool):
    waiting = Waiting(S)
    for round_ in range(60):  # rows that waited for two batches each, as a single row does at worst
        number = waiting.begin(round_ * 10 * S)
        waiting.end(number, round_ * 10 * S + round(2 * batch_s * S))
    for _ in range(ahead):
        waiting.begin(1_000 * S)
    assert waiting.is_too_long(1_000 * S) is is_too_long


def test_nothing_waits_nothing_is_too_long():
    waiting = Waiting(S)
    assert not waiting.is_too_long(0)
    number = waiting.begin(0)
    assert not waiting.is_too_long(S)
    assert waiting.is_too_long(S + 1)
    waiting.end(number, 9 * S)
    assert not waiting.is_too_long(9 * S)
    assert len(waiting) == 0

"""A loop that comes round late has kept everybody waiting: who would wait too long is answered 503 at once."""

from __future__ import annotations

import asyncio

from tests.live.receiver.receiver_asgi import ENTRY, EXIT, PATH, call, world
from zepix_live.clock import SystemClock, VirtualClock
from zepix_live.receiver.loop_lag import EVERY_S, LoopLag

S = 1_000_000_000


def test_it_is_too_long_once_the_timer_is_later_than_the_bound():
    clock = VirtualClock()
    lag = LoopLag(clock, S)
    assert not lag.is_too_long()  # not started: nobody knows

    async def story() -> None:
        lag.start()
        clock.advance(EVERY_S + 0.9)
        assert not lag.is_too_long()
        clock.advance(0.2)
        assert lag.is_too_long()
        await asyncio.sleep(EVERY_S * 1.5)  # it came round, and begins anew
        assert not lag.is_too_long()
        assert lag.newest_ms == 1100

    asyncio.run(story())


def test_what_is_read_by_a_late_loop_is_answered_503_and_taken_again_afterwards():
    found = world()

    async def story() -> None:
        found.app.watch_loop()
        assert (await call(found.app, "POST", PATH, ENTRY)).status == 202
        found.clock.advance(1.5)  # as if the loop had been busy for so long
        late = await call(found.app, "POST", PATH, EXIT)
        assert (late.status, late.json) == (503, {"error": "overloaded"})
        assert late.headers["retry-after"] == "1"
        await asyncio.sleep(EVERY_S * 2)
        assert (await call(found.app, "POST", PATH, EXIT)).status == 202
        status = await call(found.app, "GET", "/api/status", headers={"Authorization": "Bearer api-0123456789-abcdef"})
        assert "loop_lag_ms" in status.json

    asyncio.run(story())


def test_a_loop_that_is_really_busy_is_noticed():
    async def story() -> float:
        lag = LoopLag(SystemClock(), S // 20)
        lag.start()
        await asyncio.sleep(EVERY_S / 2)
        end = asyncio.get_running_loop().time() + 0.3
        while asyncio.get_running_loop().time() < end:
            pass
        assert lag.is_too_long()
        await asyncio.sleep(EVERY_S * 1.5)
        return lag.newest_ms

    assert asyncio.run(story()) >= 0

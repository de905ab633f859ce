"""How the receiver is: ``GET /api/health`` for whoever watches it, ``GET /api/status`` with figures for its operator.

``alive`` is that it answers at all; ``ready`` that alerts are taken and the engine turns. Sentences, which may name
folders, are for the operator only; what watches from outside learns which part is not well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from zepix_live.clock import Clock
from zepix_live.heartbeat import EngineState, read_statement
from zepix_live.receiver.admission import Admission
from zepix_live.receiver.answers import json_answer, unauthorized
from zepix_live.receiver.door import Door
from zepix_live.receiver.inbox import Inbox
from zepix_live.receiver.loop_lag import LoopLag
from zepix_live.receiver.mirrors import Mirrors

__all__ = ["Api"]

_NS: Final = 1_000_000_000


class Api:
    """Answers what is asked about the receiver and, as far as it has said so, the engine."""

    def __init__(
        self,
        door: Door,
        inbox: Inbox,
        clock: Clock,
        admission: Admission,
        engine_state: Callable[[], EngineState],
        data_dir: Path,
        *,
        mirrors: Mirrors | None = None,
        lag: LoopLag | None = None,
    ) -> None:
        self._mirrors = mirrors
        self._lag = lag
        self._data_dir = data_dir
        self._door = door
        self._inbox = inbox
        self._clock = clock
        self._admission = admission
        self._engine_state = engine_state
        self._started_ns = clock.now_ns()

    async def health(self, request: Request) -> Response:
        """200 while alerts are taken and the engine turns; else 503, and which part is not well."""
        parts = self._parts()
        is_ready = all(part["ok"] for part in parts.values())
        if not self._admission.may_ask(request.scope):
            parts = {name: {"ok": part["ok"]} for name, part in parts.items()}
        wrong = [name for name, part in parts.items() if not part["ok"]]
        fields = {"alive": True, "ready": is_ready, "not_well": wrong, "parts": parts}
        return json_answer(200 if is_ready else 503, fields)

    async def status(self, request: Request) -> Response:
        """Figures since the start; 401 for anybody but the operator."""
        if not self._admission.may_ask(request.scope):
            return unauthorized()
        now_ns = self._clock.now_ns()
        return json_answer(
            200,
            {
                "started_ns": self._started_ns,
                "uptime_s": round((now_ns - self._started_ns) / _NS, 3),
                "parts": self._parts(),
                "counts": dict(sorted(self._door.counts.items())),
                "in_flight": self._door.in_flight,
                "waiting_rows": self._inbox.waiting,
                "last_seq": self._inbox.last_seq,
                "commands": self._commands(),
                **({} if self._lag is None else {"loop_lag_ms": self._lag.newest_ms}),
                **self._mirrored(),
            },
        )

    async def recovery(self, request: Request) -> Response:
        """What the engine found when it last started; 401 for anybody but the operator, 404 before it has said so."""
        if not self._admission.may_ask(request.scope):
            return unauthorized()
        found = await asyncio.to_thread(read_statement, self._data_dir)
        if found is None:
            return json_answer(404, {"error": "not_started", "detail": "the engine has not said yet what it found"})
        return json_answer(200, found)

    def _mirrored(self) -> dict[str, Any]:
        """What became of bodies that are handed on, where any are."""
        if self._mirrors is None or not self._mirrors.all:
            return {}
        return {"mirrors": self._mirrors.status(), "mirrors_unknown": self._mirrors.unknown}

    def _commands(self) -> list[dict[str, Any]]:
        """The newest commands of a human, and whether the engine has them."""
        taken = self._engine_state().inbox_seq
        return [{**one, "taken": one["seq"] <= taken} for one in self._inbox.commands]

    def _parts(self) -> dict[str, dict[str, Any]]:
        trouble = self._inbox.trouble()
        engine = self._engine_state()
        receiver = "stopping" if self._door.is_stopping else "running"
        return {
            "receiver": {"ok": not self._door.is_stopping, "state": receiver, "detail": ""},
            "inbox": {"ok": not trouble, "state": "trouble" if trouble else "writing", "detail": trouble},
            "engine": {"ok": engine.turns, "state": engine.state, "detail": engine.detail},
        }

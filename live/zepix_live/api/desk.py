"""Commands by HTTP: handed to the receiver, so that they are durable and in order; then what the engine made of them.

What closes everything is asked for twice: the first call answers with a code and with what it would close.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from zepix_live.api.guard import Caller
from zepix_live.clock import Clock
from zepix_live.commanding import answer_of, give
from zepix_live.operator_commands import command_of

__all__ = ["Confirmations", "Desk", "Taken"]

AT_ONCE: Final = 4
RECEIVER_S: Final = 3.0
"""How long a receiver that restarts is waited for."""
MOST_CODES: Final = 64
_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """A command that is durable, and what the engine said of it; ``outcome`` and ``is_refused`` are None where it has
    not yet."""

    seq: int
    id: str
    command: str
    plugin: str
    is_running: bool
    outcome: str | None
    is_refused: bool | None


class Desk:
    """Gives the commands of callers."""

    def __init__(self, data_dir: Path, clock: Clock, wait_s: float) -> None:
        """``wait_s``: how long to wait for what the engine makes of a command."""
        self._data_dir: Final = data_dir
        self._clock: Final = clock
        self._wait_s: Final = wait_s
        self._threads: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="command")

    async def give(self, caller: Caller, word: str, fields: Mapping[str, Any]) -> Taken:
        """Durable when this returns. Raises ValueError for what is no command, DataError for what the receiver never
        takes, JournalError where there is no receiver for too long."""
        asked = {name: value for name, value in fields.items() if value is not None}
        command = command_of({"id": uuid4().hex, "by": caller.by, **asked, "command": word})

        def given() -> Taken:
            found = give(self._data_dir, command, self._clock, RECEIVER_S, caller.address)
            said = answer_of(self._data_dir, found.seq, self._clock, self._wait_s) if found.is_running else None
            told = (None, None) if said is None else (said.text, said.is_refused)
            return Taken(found.seq, command.id, word, command.plugin, found.is_running, *told)

        return await asyncio.get_running_loop().run_in_executor(self._threads, given)

    def close(self) -> None:
        """Ends the threads; commands that are being given are."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class Confirmations:
    """Codes that are good once, for a while, for what they were given for."""

    def __init__(self, clock: Clock, good_s: float) -> None:
        self.good_s: Final = good_s
        self._clock: Final = clock
        self._codes: Final[OrderedDict[str, tuple[tuple[str, ...], int]]] = OrderedDict()

    def new(self, about: tuple[str, ...]) -> str:
        """A code; the oldest of too many is forgotten."""
        code = secrets.token_hex(4)
        self._codes[code] = (about, self._clock.monotonic_ns() + round(self.good_s * _NS))
        if len(self._codes) > MOST_CODES:
            self._codes.popitem(last=False)
        return code

    def use(self, code: str, about: tuple[str, ...]) -> bool:
        """Whether the code is good for this; it is used up either way."""
        found = self._codes.pop(code, None)
        return found is not None and found[0] == about and self._clock.monotonic_ns() <= found[1]

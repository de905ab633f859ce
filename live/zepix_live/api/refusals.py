"""What the API turned away, for its operator: counted for good, the newest of it kept, told to the log now and then."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

from zepix_live.clock import Clock
from zepix_live.receiver.rate import RateLimit

__all__ = ["Refusals"]

MOST: Final = 200
LINES_PER_S: Final = 0.2
LINES_BURST: Final = 20
_LONGEST: Final = 80
_log = logging.getLogger("zepix.api")


@dataclass(frozen=True, slots=True)
class _Refusal:
    t_ns: int
    address: str
    method: str
    path: str
    reason: str


class Refusals:
    """Bounded, whoever asks how often."""

    def __init__(self, clock: Clock, blot: Callable[[str], str] = str) -> None:
        """``blot``: takes secrets out of a text; whoever has the wrong port posts his token there."""
        self._clock: Final = clock
        self._blot: Final = blot
        self._newest: Final[deque[_Refusal]] = deque(maxlen=MOST)
        self._lines: Final = RateLimit(LINES_PER_S, LINES_BURST, names_limit=1)
        self.counts: Final[Counter[str]] = Counter()
        """By reason."""

    def add(self, address: str, method: str, path: str, reason: str) -> None:
        """One more; of the path its beginning, in ASCII."""
        shown = ascii(self._blot(path))[1:-1][:_LONGEST]
        self.counts[reason] += 1
        self._newest.append(_Refusal(self._clock.now_ns(), address[:_LONGEST], method[:16], shown, reason))
        if self._lines.take("", self._clock.monotonic_ns()):
            _log.warning("refused %s: %s %s of %s", reason, method[:16], shown, address[:_LONGEST])

    def newest(self, most: int = MOST) -> list[dict[str, Any]]:
        """The newest, newest first."""
        return [asdict(one) for one in list(reversed(self._newest))[:most]]

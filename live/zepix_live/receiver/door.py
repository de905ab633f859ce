"""The door for alerts: limits, then the secret, then the body, then the place; then durable, and only then an answer.

What comes from a sender without the right secret is counted, and one in a minute is kept in part: nobody fills the disk
from outside. What comes from a sender with it is kept in any case, also when it is turned away.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from zepix.alerts.payload import body_text
from zepix_live.clock import Clock
from zepix_live.inbox_rows import EVENT, REFUSED
from zepix_live.receiver import answers
from zepix_live.receiver.admission import Admission, header_values
from zepix_live.receiver.body import BodyTooLarge, BodyTooSlow, SenderGone, drain, read_body
from zepix_live.receiver.inbox import Arrival, Inbox
from zepix_live.receiver.inspection import Inspected, Limits, Problem, inspect, kept_text
from zepix_live.receiver.keys import NEVER_THE_SAME, key_of
from zepix_live.receiver.mirror_post import MARK
from zepix_live.receiver.mirrors import Mirrors
from zepix_live.receiver.rate import RateLimit
from zepix_live.receiver.store import Unavailable
from zepix_live.settings import ReceiverSettings

__all__ = ["Door"]

_log = logging.getLogger("zepix.receiver")
_SAMPLE_CHARS: Final = 200
_SYMBOL_LIMIT: Final = 64
_SAMPLES_PER_S: Final = 1 / 60
_DRY_PER_S: Final = 2.0
_DRY_BURST: Final = 10
"""Each costs the engine a copy of its session."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request on its way through the door."""

    scope: Any
    route: str
    address: str
    symbol: str | None
    received_ns: int
    is_dry: bool = False


class Door:
    """Takes requests that bring an alert and gives the answer. Never raises but for a task that is cancelled."""

    def __init__(
        self,
        settings: ReceiverSettings,
        inbox: Inbox,
        clock: Clock,
        admission: Admission,
        mirrors: Mirrors | None = None,
    ) -> None:
        """``mirrors``: other receivers, to which bodies are handed on."""
        self._settings = settings
        self._mirrors = mirrors
        self._inbox = inbox
        self._clock = clock
        self._admission = admission
        self._limits = Limits(
            settings.body_limit_bytes, settings.depth_limit, settings.keys_limit, settings.digits_limit
        )
        self._rates = RateLimit(settings.rate_per_s, settings.rate_burst)
        self._refusals = RateLimit(settings.refusals_per_s, settings.refusals_burst)
        self._samples = RateLimit(_SAMPLES_PER_S, 3)
        self._alarms = RateLimit(1, 5)
        self._stale = RateLimit(1 / 6, 100)
        self._unsampled = self._unsaid = 0
        self.counts: Counter[str] = Counter()
        """How many were ``accepted``, ``duplicate``; by reason ``quarantined ...``, ``refused ...``, ``503 ...``."""
        self.in_flight = 0
        self.is_stopping = False
        self._dry = RateLimit(_DRY_PER_S, _DRY_BURST)
        self.is_behind: Callable[[], bool] = lambda: False
        """Whether requests wait too long before this receiver gets to read them (``loop_lag.py``)."""

    async def __call__(self, request: Request, route: str) -> Response:
        """The answer to a request that posts an alert."""
        is_full = self.in_flight >= self._settings.most_in_flight or self._inbox.is_slow or self.is_behind()
        if self.is_stopping or is_full:
            return self._later("stopping" if self.is_stopping else "overloaded", request.scope)
        self.in_flight += 1
        try:
            return await self._receive(request, route)
        except Unavailable as error:
            self._say_unavailable(error)
            return self._later(error.reason, request.scope)
        except SenderGone:
            self.counts["refused sender_gone"] += 1
            return answers.turned_away(Problem("sender_gone", "the sender hung up"), close=True)
        except Exception as error:  # noqa: BLE001 - whatever a request does, the receiver lives on and says 503
            return self.failed(error)
        finally:
            self.in_flight -= 1

    def _say_unavailable(self, error: Unavailable) -> None:
        """In the log, where the same was not said a moment ago: a full disk turns away every alert there is."""
        if not self._alarms.take(f"503 {error.reason}", self._clock.monotonic_ns()):
            self._unsaid += 1
            return
        more, self._unsaid = self._unsaid, 0
        _log.warning(
            "503 %s: %s%s", error.reason, error, f" (and {more} more since this was said last)" if more else ""
        )

    def failed(self, error: Exception) -> Response:
        """The answer where our own code failed, which is said loudly, but not more than once a second."""
        self.counts["503 internal"] += 1
        if self._alarms.take("internal", self._clock.monotonic_ns()):
            what = f"{type(error).__name__} while answering a request"
            _log.critical("%s; it was answered 503", what, exc_info=error)
            self._inbox.note(EVENT, {"level": "CRITICAL", "code": "receiver_error", "text": what})
        return answers.unavailable("internal", close=True)

    async def _receive(self, request: Request, route: str) -> Response:
        scope = request.scope
        address = self._admission.address(scope)
        if not self._rates.take(f"address {address}", self._clock.monotonic_ns()):
            return self._later("rate_limited", scope)
        token, symbol = request.path_params.get("token"), request.path_params.get("symbol")
        may_post = self._admission.by_path(scope, route, token)
        if symbol is not None:
            symbol = body_text(self._settings.secrets.blot(symbol))[: _SYMBOL_LIMIT + 1]
        visit = _Visit(scope, route, address, symbol, self._clock.now_ns(), _is_dry(scope))
        if may_post is False:
            return self._refuse(visit, "wrong_token" if token is not None else "no_token", b"")
        if may_post and not self._may_come_again(route):
            return self._later("rate_limited", scope)
        try:
            if _declared_size(scope) > self._settings.body_limit_bytes:
                if not header_values(scope["headers"], b"expect"):
                    await drain(request.receive)
                raise BodyTooLarge(b"")
            raw = await read_body(request.receive, self._settings.body_limit_bytes, self._settings.body_timeout_s)
        except (BodyTooLarge, BodyTooSlow) as error:
            reason = "too_large" if isinstance(error, BodyTooLarge) else "slow_body"
            return await self._not_whole(visit, bool(may_post), reason, error.beginning)
        return await self._take(visit, may_post, raw)

    async def _not_whole(self, visit: _Visit, may_post: bool, reason: str, beginning: bytes) -> Response:
        """A body that did not arrive whole: kept as far as it did, where the address had the secret in it."""
        problem = Problem(reason, _NOT_WHOLE[reason])
        if not may_post:
            self._count_refusal(visit, reason, beginning)
            return answers.turned_away(problem, close=True)
        text = kept_text(self._settings.secrets.blot_cut(beginning), self._limits)
        return await self._set_aside(visit, text, len(beginning), problem, close=True)

    async def _take(self, visit: _Visit, may_post: bool | None, raw: bytes) -> Response:
        """A whole body."""
        if may_post is None:
            if not self._admission.by_body(visit.scope, visit.route, raw, body_text(raw)):
                return self._refuse(visit, "no_secret", raw)
            if not self._may_come_again(visit.route):
                return self._later("rate_limited", visit.scope)
        if visit.is_dry and not self._dry.take("all", self._clock.monotonic_ns()):
            return self._later("rate_limited", visit.scope)
        looked = inspect(self._settings.secrets.blot_bytes(raw), self._limits)
        problem = self._admission.problem(visit.scope, visit.route, visit.address, visit.received_ns)
        problem = problem or looked.problem or _symbol_problem(visit.symbol)
        text = self._settings.secrets.blot(looked.text)
        if problem is not None and problem.reason == "stale_timestamp" and not self._is_kept_stale():
            return answers.turned_away(problem)
        if problem is not None or looked.body is None:
            problem = problem or Problem("bad_json", "it cannot be read")
            return await self._set_aside(visit, text, len(raw), problem, raw=raw)
        return await self._accept(visit, looked, text, raw)

    async def _accept(self, visit: _Visit, looked: Inspected, text: str, raw: bytes) -> Response:
        assert looked.body is not None, "what has no problem was understood"
        source = self._admission.source(visit.route)
        key = NEVER_THE_SAME if visit.is_dry else key_of(source, visit.symbol, text, looked.body)
        receipt = await self._inbox.accept(self._arrival(visit, text, len(raw), raw), key)
        self.counts["dry" if visit.is_dry else "duplicate" if receipt.duplicate else "accepted"] += 1
        return answers.taken(receipt, is_dry=visit.is_dry)

    async def _set_aside(
        self,
        visit: _Visit,
        text: str,
        size_bytes: int,
        problem: Problem,
        *,
        close: bool = False,
        raw: bytes | None = None,
    ) -> Response:
        """Kept, and turned away: a human may look at it. ``raw``: the whole body, which another receiver may read."""
        blotted = Problem(problem.reason, self._settings.secrets.blot(problem.detail))
        whole = None if problem.reason in _OF_THE_SENDER else raw
        seq = await self._inbox.set_aside(self._arrival(visit, text, size_bytes, whole), blotted)
        self.counts[f"quarantined {problem.reason}"] += 1
        _log.warning("alert %d was turned away: %s (%s)", seq, blotted.reason, blotted.detail)
        return answers.turned_away(blotted, seq, close=close)

    def _arrival(self, visit: _Visit, text: str, size_bytes: int, raw: bytes | None = None) -> Arrival:
        """``raw``: what is handed on to other receivers, where there are any; None: nothing is."""
        kind = header_values(visit.scope["headers"], b"content-type")
        source = self._admission.source(visit.route)
        mirrors = self._mirrors if raw is not None and not visit.is_dry and not _is_mirrored(visit.scope) else None
        number = mirrors.of(source) if mirrors is not None else 0

        def hand_on(seq: int) -> None:
            if mirrors is not None and raw is not None:
                mirrors.hand_on(source, seq, raw, kind[0] if kind else "")

        return Arrival(
            received_ns=visit.received_ns,
            source=source,
            route=visit.route,
            address=visit.address,
            symbol=visit.symbol,
            text=text,
            size_bytes=size_bytes,
            content_type=self._settings.secrets.blot(ascii(kind[0][:64])[1:-1]) if kind else "",
            signature=self._admission.signature(visit.scope, visit.route),
            is_dry=visit.is_dry,
            mirrors=number,
            on_durable=hand_on if number else None,
        )

    def _refuse(self, visit: _Visit, reason: str, raw: bytes) -> Response:
        """Nothing here, for whoever has not the secret."""
        self._count_refusal(visit, reason, raw)
        close = not _is_small(visit.scope, self._settings.body_limit_bytes)
        if not self._refusals.take(visit.address, self._clock.monotonic_ns()):
            return self._later("rate_limited", visit.scope)
        return answers.not_found(close=close)

    def _count_refusal(self, visit: _Visit, reason: str, raw: bytes) -> None:
        self.counts[f"refused {reason}"] += 1
        self._unsampled += 1
        if self._samples.take("all", self._clock.monotonic_ns()):
            beginning = self._settings.secrets.blot_cut(raw[: 4 * _SAMPLE_CHARS])
            sample = kept_text(beginning, self._limits)[:_SAMPLE_CHARS]
            fields = {"reason": reason, "route": visit.route, "from": visit.address, "count": self._unsampled}
            self._unsampled = 0
            self._inbox.note(REFUSED, {**fields, "sample": sample})

    def _later(self, reason: str, scope: Any) -> Response:
        self.counts[f"503 {reason}"] += 1
        return answers.unavailable(reason, close=not _is_small(scope, self._settings.body_limit_bytes))

    def _is_kept_stale(self) -> bool:
        """Whether one more old signature is worth a row: whoever recorded one could send it without end."""
        self.counts["refused stale_timestamp"] += 1
        return self._stale.take("all", self._clock.monotonic_ns())

    def _may_come_again(self, route: str) -> bool:
        return self._rates.take(f"source {self._admission.source(route)}", self._clock.monotonic_ns())


_NOT_WHOLE: Final = {
    "too_large": "the body is larger than alerts may be",
    "slow_body": "the body did not arrive in time",
}


_OF_THE_SENDER: Final = frozenset({"address_not_allowed", "certificate_not_accepted", "stale_timestamp"})
"""Reasons why nobody else is to get it either."""


def _is_dry(scope: Any) -> bool:
    """Whether the address asks only to try: ``?dry=1``. What is no clear no is a yes: it must not trade by a slip."""
    given = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    return any(name.strip().lower() == "dry" and value.strip().lower() not in _NOT_DRY for name, value in given)


_NOT_DRY: Final = frozenset({"0", "false", "no"})


def _is_mirrored(scope: Any) -> bool:
    """Whether a zepix has handed it on to us: then it ends here, or two that name each other would never end."""
    return bool(header_values(scope["headers"], MARK.lower().encode("ascii")))


def _declared_size(scope: Any) -> int:
    """The Content-Length, as far as it is a number; 0 without one."""
    found = header_values(scope["headers"], b"content-length")
    return int(found[0]) if found and found[0].isascii() and found[0].isdigit() and len(found[0]) < 19 else 0


def _is_small(scope: Any, limit_bytes: int) -> bool:
    """Whether the body that was announced is small enough to be thrown away, so that the connection can stay."""
    headers = scope["headers"]
    return not header_values(headers, b"transfer-encoding") and _declared_size(scope) <= limit_bytes


def _symbol_problem(symbol: str | None) -> Problem | None:
    """What is wrong with the symbol in the address, if anything."""
    if symbol is None or (
        0 < len(symbol) <= _SYMBOL_LIMIT and symbol.isprintable() and not set(symbol) & set("{}\"'<> ")
    ):
        return None
    return Problem("bad_symbol", "the symbol in the address is no symbol")

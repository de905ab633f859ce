"""``POST /api/operator``: a human's command, durable in the inbox before it is answered.

It needs the API token, or the key that lies in the data folder for whoever may read it; never neither: a page in a
browser on this machine can post to it too.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from zepix_live.clock import Clock
from zepix_live.door_file import FROM
from zepix_live.operator_commands import command_of
from zepix_live.receiver import answers
from zepix_live.receiver.admission import Admission, bearer_token, header_values
from zepix_live.receiver.auth import TokenCheck
from zepix_live.receiver.body import BodyTooLarge, BodyTooSlow, SenderGone, read_body
from zepix_live.receiver.inbox import Inbox
from zepix_live.receiver.inspection import Problem
from zepix_live.receiver.rate import RateLimit
from zepix_live.receiver.store import Unavailable
from zepix_live.settings import ReceiverSettings

__all__ = ["OperatorDesk"]

_log = logging.getLogger("zepix.receiver")
_FROM: Final = re.compile(r"[0-9A-Za-z.:%_-]{1,64}")
_BODY_BYTES: Final = 4 * 1024
_WRONG_PER_S: Final = 1.0
_WRONG_BURST: Final = 20


class OperatorDesk:
    """Takes the commands of whoever may give them."""

    def __init__(
        self, settings: ReceiverSettings, inbox: Inbox, clock: Clock, admission: Admission, key: str = ""
    ) -> None:
        """``key``: the folder's own; without one and without an API token nobody may give commands here."""
        api_token = settings.secrets.api_token
        self._tokens = [TokenCheck([token]) for token in (api_token, key) if token]
        self._key = TokenCheck([key]) if key else None
        self._settings = settings
        self._inbox = inbox
        self._clock = clock
        self._admission = admission
        self._wrong = RateLimit(_WRONG_PER_S, _WRONG_BURST)

    async def __call__(self, request: Request) -> Response:
        address = self._admission.address(request.scope)
        token = bearer_token(request.scope)
        if not [check for check in self._tokens if check.is_valid(token)]:
            if not self._wrong.take(address, self._clock.monotonic_ns()):
                return answers.unavailable("rate_limited", close=True)
            return answers.unauthorized(close=True)
        try:
            raw = await read_body(request.receive, _BODY_BYTES, self._settings.body_timeout_s)
            command = command_of(json.loads(self._settings.secrets.blot(raw.decode("utf-8"))))
            receipt = await self._inbox.command(self._clock.now_ns(), command, self._came_from(request, address, token))
        except (ValueError, RecursionError) as error:
            told = "the body is no JSON" if isinstance(error, json.JSONDecodeError | UnicodeDecodeError) else str(error)
            return answers.turned_away(Problem("bad_command", told), close=True)
        except (BodyTooLarge, BodyTooSlow, SenderGone) as error:
            return answers.turned_away(Problem("bad_command", str(error)), close=True)
        except Unavailable as error:
            _log.warning("503 %s: %s", error.reason, error)
            return answers.unavailable(error.reason, close=True)
        _log.warning("command %d: %s", receipt.seq, command.command)
        return answers.taken(receipt)

    def _came_from(self, request: Request, address: str, token: str) -> str:
        """The caller's address; the API, which has the folder's key, says for whom it asks."""
        given = header_values(request.scope["headers"], FROM.lower().encode("ascii"))
        if self._key is None or len(given) != 1 or not _FROM.fullmatch(given[0]) or not self._key.is_valid(token):
            return address
        return given[0]

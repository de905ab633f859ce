"""What a sender is told: always JSON, always one of a few statuses, never a word of what it sent but its own id.

| status | when | does TradingView send again? |
|---|---|---|
| 202 | durable: ``{"seq": 7, "id": "a7", "duplicate": false}`` | no |
| 200 | durable, and the same as number 7 | no |
| 4xx | a resend cannot cure it: ``{"error": reason, "detail": sentence, "seq": 8}`` | no |
| 404 | no such place, or not the right secret: one answer for all of that | no |
| 503 | not now: ``{"error": reason}`` and Retry-After | yes, up to three times |
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from zepix_live.receiver.inbox import Receipt
from zepix_live.receiver.inspection import Problem

__all__ = ["STATUS", "json_answer", "not_found", "taken", "turned_away", "unauthorized", "unavailable"]

STATUS: Final[Mapping[str, int]] = {
    "too_large": 413,
    "slow_body": 408,
    "address_not_allowed": 403,
    "certificate_not_accepted": 403,
    "stale_timestamp": 403,
    "method_not_allowed": 405,
}
"""The status of a reason; of any other it is 400."""
_RETRY_S: Final[Mapping[str, int]] = {"overloaded": 1, "rate_limited": 1}
_SLOWER_RETRY_S: Final = 5
_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
_CLOSE: Final = {"connection": "close"}


def json_answer(status: int, fields: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """An answer of JSON that nobody caches."""
    found = Response(_ENCODE(fields).encode("ascii"), status, media_type="application/json")
    found.headers["cache-control"] = "no-store"
    for name, value in (headers or {}).items():
        found.headers[name] = value
    return found


def taken(receipt: Receipt, *, is_dry: bool = False) -> Response:
    """It is durable; ``is_dry``: it will be decided, and nothing is ordered."""
    fields = {"seq": receipt.seq, "id": receipt.id, "duplicate": receipt.duplicate}
    return json_answer(200 if receipt.duplicate else 202, {**fields, "dry": True} if is_dry else fields)


def turned_away(problem: Problem, seq: int | None = None, *, close: bool = False) -> Response:
    """A resend cannot cure it; ``seq`` where it is kept."""
    fields: dict[str, Any] = {"error": problem.reason, "detail": problem.detail}
    if seq is not None:
        fields["seq"] = seq
    return json_answer(STATUS.get(problem.reason, 400), fields, _CLOSE if close else None)


def not_found(*, close: bool = False) -> Response:
    """There is no such place, or not for this sender: nobody learns which."""
    return json_answer(404, {"error": "not_found", "detail": "there is nothing here"}, _CLOSE if close else None)


def unauthorized(*, close: bool = False) -> Response:
    """Only for the operator."""
    told = {"error": "unauthorized", "detail": "Authorization: Bearer and the API token are needed"}
    return json_answer(401, told, {"www-authenticate": "Bearer", **(_CLOSE if close else {})})


def unavailable(reason: str, *, close: bool = False) -> Response:
    """Not now; the sender is asked to come again."""
    headers = {"retry-after": str(_RETRY_S.get(reason, _SLOWER_RETRY_S)), **(_CLOSE if close else {})}
    return json_answer(503, {"error": reason}, headers)

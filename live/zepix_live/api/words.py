"""The API's answers: JSON, a few statuses, a word and a sentence where something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from zepix_live.api.models import Fault
from zepix_live.receiver.answers import json_answer
from zepix_live.storage.trouble import StorageError

__all__ = ["READS", "WRITES", "fault", "json_answer", "of_storage", "ready"]

_SAID: Final[Mapping[int, str]] = {
    400: "No JSON",
    401: "No token, or not the right one",
    403: "A page of another origin asks",
    404: "There is none",
    405: "Not in this way",
    408: "The body came too slowly",
    409: "The confirmation is not good",
    413: "The body is too large",
    421: "Another host was meant",
    422: "Not as it should be",
    428: "To be confirmed",
    429: "Too many wrong tokens",
    503: "Not now: the sentence says why",
}


def _faults(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Fault, "description": _SAID[status]} for status in statuses}


EVERY: Final = (400, 401, 403, 404, 405, 408, 413, 421, 422, 429, 503)
READS: Final = _faults(*EVERY)
"""What every route may answer beside what it is for."""
WRITES: Final = _faults(*EVERY, 409)


def fault(status: int, error: str, detail: Any) -> Response:
    """Why it was not answered."""
    return json_answer(status, {"error": error, "detail": detail}, {"retry-after": "2"} if status == 503 else None)


def of_storage(error: StorageError) -> Response:
    """The database is not as it should be: its own sentence, which names it without a password."""
    name = type(error).__name__.removeprefix("Storage").lower()
    return fault(503, f"database_{name}", str(error))


def ready(body: bytes) -> Response:
    """JSON that is encoded already."""
    return Response(body, media_type="application/json")

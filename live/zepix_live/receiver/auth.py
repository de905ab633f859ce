"""Who may post an alert: a token in the address or in the body, or a signature; always compared in constant time.

Digests of the same length are compared, each with every valid token, so that neither the length nor the place of the
first wrong letter shows in the time it takes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from zepix.alerts.secrets import secrets_in

__all__ = ["SignatureCheck", "TokenCheck", "signature_of"]

_MOST_CANDIDATES: Final = 16
_TIMESTAMP: Final = re.compile(r"[0-9]{10}|[0-9]{13}")
_NS: Final = 1_000_000_000


class TokenCheck:
    """Compares what somebody sent with every token that is valid. Without any token everybody is let in."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._digests = tuple(_digest(token) for token in tokens)

    @property
    def is_open(self) -> bool:
        """Whether there is no token, so that nothing is asked for."""
        return not self._digests

    def is_valid(self, sent: str) -> bool:
        """Whether the text is one of the tokens."""
        digest = _digest(sent)
        found = False
        for valid in self._digests:
            found |= hmac.compare_digest(digest, valid)
        return found

    def stands_in(self, body: str) -> bool:
        """Whether a token stands in the body, under a name that says so or as the first cell of a line."""
        found = False
        for secret in secrets_in(body)[:_MOST_CANDIDATES]:
            found |= self.is_valid(secret)
        return found


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def signature_of(key: str, timestamp: str, body: bytes) -> str:
    """What ``X-Zepix-Signature`` must say: ``sha256=`` and the HMAC of ``timestamp.body`` in hexadecimal digits."""
    signed = timestamp.encode("utf-8", "surrogatepass") + b"." + body
    return "sha256=" + hmac.new(key.encode("utf-8"), signed, sha256).hexdigest()


class SignatureCheck:
    """Checks ``X-Zepix-Timestamp`` (seconds or milliseconds since 1970) and ``X-Zepix-Signature`` of a body."""

    def __init__(self, key: str, window_s: float) -> None:
        self._key = key
        self._window_ns = round(window_s * _NS)

    def is_valid(self, timestamp: str, signature: str, body: bytes) -> bool:
        """Whether whoever signed knows the key; says nothing of the time."""
        expected = signature_of(self._key, timestamp, body)
        return hmac.compare_digest(_digest(expected), _digest(signature.strip().lower()))

    def is_timely(self, timestamp: str, now_ns: int) -> bool:
        """Whether the signed time is near enough to ours."""
        moment_ns = timestamp_ns(timestamp)
        return moment_ns is not None and abs(now_ns - moment_ns) <= self._window_ns


def timestamp_ns(text: str) -> int | None:
    """Nanoseconds of a time in whole seconds or milliseconds since 1970; None for anything else."""
    if _TIMESTAMP.fullmatch(text) is None:
        return None
    return int(text) * (_NS if len(text) == 10 else 1_000_000)

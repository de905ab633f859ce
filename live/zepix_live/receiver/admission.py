"""Who may post: the secret first, then the place it comes from; each in one answer, without a word of why.

Without any secret (a trial on one's own machine) everybody on the machine is let in, but nothing that a proxy hands on:
it would come from anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

from zepix_live.receiver.addresses import UNKNOWN, Networks, client_address
from zepix_live.receiver.auth import SignatureCheck, TokenCheck
from zepix_live.receiver.certificate import shows_subject
from zepix_live.receiver.inspection import Problem
from zepix_live.settings import ReceiverSettings

__all__ = ["CUSTOM", "TRADINGVIEW", "Admission", "bearer_token", "header_values"]

TRADINGVIEW: Final = "tradingview"
CUSTOM: Final = "custom"
_FORWARDING: Final = frozenset({b"x-forwarded-for", b"forwarded", b"x-real-ip"})
_Headers = Iterable[tuple[bytes, bytes]]


def header_values(headers: _Headers, name: bytes) -> list[str]:
    """Every value of a header, in order; bytes as Latin-1."""
    return [value.decode("latin-1") for key, value in headers if key == name]


class Admission:
    """The settings' rules about senders."""

    def __init__(self, settings: ReceiverSettings) -> None:
        secrets = settings.secrets
        self._tokens = TokenCheck(secrets.webhook_tokens)
        self._api = TokenCheck([secrets.api_token] if secrets.api_token is not None else [])
        self._signatures = SignatureCheck(secrets.hmac_key, settings.time_window_s) if secrets.hmac_key else None
        self._proxies = Networks(settings.trusted_proxies)
        self._allowed = Networks(settings.allowed_addresses) if settings.checks_addresses else None
        self._header = settings.certificate_header.lower().encode("latin-1", "replace")
        self._subject = settings.certificate_subject

    def address(self, scope: Any) -> str:
        """The client's address, as far as it can be believed."""
        peer = _peer(scope)
        if not self._proxies:
            return peer
        return client_address(peer, header_values(scope["headers"], b"x-forwarded-for"), self._proxies)

    def source(self, route: str) -> str:
        """The name of the secret that this route asks for: whose alerts are told apart from whose."""
        return CUSTOM if route == CUSTOM and self._signatures is not None else "webhook"

    def by_path(self, scope: Any, route: str, token: str | None) -> bool | None:
        """Whether the sender may post, by its address alone; None where the body has to tell."""
        if self._tokens.is_open:
            if any(name in _FORWARDING for name, _ in scope["headers"]) and self._signature_asked(route) is None:
                return False
        elif token is not None and not self._tokens.is_valid(token):
            return False
        if self._signature_asked(route) is not None:
            return None
        return True if self._tokens.is_open or token is not None else None

    def by_body(self, scope: Any, route: str, raw: bytes, text: str) -> bool:
        """Whether the sender may post, by the body or its signature; ``text`` is the body as text, secrets and all."""
        signatures = self._signature_asked(route)
        if signatures is None:
            return self._tokens.stands_in(text)
        timestamp, signature = _signed(scope)
        return bool(timestamp and signature) and signatures.is_valid(timestamp, signature, raw)

    def signature(self, scope: Any, route: str) -> str:
        """A digest by which a signed request is known again; empty where none is asked for."""
        if self._signature_asked(route) is None:
            return ""
        return sha256("\n".join(_signed(scope)).lower().encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def problem(self, scope: Any, route: str, address: str, now_ns: int) -> Problem | None:
        """Why an alert is not taken from this sender although it has the secret; None if it is."""
        if (signatures := self._signature_asked(route)) is not None:
            if not signatures.is_timely(_signed(scope)[0], now_ns):
                return Problem("stale_timestamp", "X-Zepix-Timestamp is too far from the time of this machine")
            return None
        if route != TRADINGVIEW:
            return None
        if self._allowed is not None and address not in self._allowed:
            return Problem("address_not_allowed", "the secret is right, but this address is not on the list")
        if self._header:
            subjects = header_values(scope["headers"], self._header) if _peer(scope) in self._proxies else []
            if not shows_subject(subjects, self._subject):
                return Problem("certificate_not_accepted", "the proxy did not see the certificate that is expected")
        return None

    def may_ask(self, scope: Any) -> bool:
        """Whether the request may read what only the operator may: a bearer token, or one's own machine without one."""
        if self._api.is_open:
            return not any(name in _FORWARDING for name, _ in scope["headers"])
        return self._api.is_valid(bearer_token(scope))

    def _signature_asked(self, route: str) -> SignatureCheck | None:
        return self._signatures if route == CUSTOM else None


def bearer_token(scope: Any) -> str:
    """What stands after ``Authorization: Bearer``; empty where that is missing, twice or another scheme."""
    given = header_values(scope["headers"], b"authorization")
    scheme, _, token = (given[0] if len(given) == 1 else "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _peer(scope: Any) -> str:
    client = scope.get("client")
    return str(client[0]) if client else UNKNOWN


def _signed(scope: Any) -> tuple[str, str]:
    """(timestamp, signature) of the request; empty texts where one is missing or stands twice."""
    found = [header_values(scope["headers"], name) for name in (b"x-zepix-timestamp", b"x-zepix-signature")]
    timestamp, signature = (values[0].strip() if len(values) == 1 else "" for values in found)
    return timestamp, signature

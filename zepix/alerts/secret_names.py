"""Which keys name a secret: ``api_key``, ``signalToken``, ``License-ID``, ``webhook_pass``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["NO_SECRETS", "is_secret"]

_WHOLE_NAMES: Final = frozenset({"key", "pass", "pwd", "passwd", "pin", "pincode", "auth", "bearer", "credentials"})
_BEGINNINGS: Final = (
    *("license", "licence", "passphrase", "passcode", "password", "secret", "apikey", "auth"),
    *("accesstoken", "authtoken"),
)
_LAST_WORD: Final = re.compile(r"[_\-. ](?i:pass)[0-9]*$|[a-z]Pass[0-9]*$")
_ENDINGS: Final = (
    "secret",
    "passphrase",
    "passcode",
    "password",
    "passwd",
    "token",
    "key",
    "license",
    "licence",
    "credential",
)
NO_SECRETS: Final = frozenset({"idempotencykey", "dedupkey", "dedupekey", "orderkey", "alertkey", "hotkey"})
_NAME_LIMIT: Final = 64


@lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    bare = "".join(letter for letter in name.lower() if letter.isalnum())
    if bare in NO_SECRETS or (bare.startswith("author") and not bare.startswith("authoriz")):
        return False
    if bare in _WHOLE_NAMES or bare.startswith(_BEGINNINGS) or _LAST_WORD.search(name) is not None:
        return True
    return bare.rstrip("0123456789").removesuffix("s").endswith(_ENDINGS) or bare.endswith(_ENDINGS)


def is_secret(name: object) -> bool:
    """Whether a key names a secret (``api_key``, ``signalToken``); never for what is no text or has no end."""
    return isinstance(name, str) and len(name) <= _NAME_LIMIT and _is_secret_name(name)

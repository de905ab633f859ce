"""The subject of a client's certificate, as a reverse proxy hands it on, compared with the one that is expected.

TradingView shows a certificate (CN=TradingView Webhooks, O=TradingView, Inc.). Checking it is the proxy's work; which
subject it found stands in a header, written as RFC 2253 (nginx, Caddy) or with slashes (older OpenSSL).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

__all__ = ["parts_of", "shows_subject"]

_LONGEST: Final = 1024
_ESCAPED_HEX: Final = frozenset("0123456789abcdefABCDEF")


@lru_cache(maxsize=256)
def parts_of(subject: str) -> frozenset[tuple[str, str]]:
    """``{("CN", "TradingView Webhooks"), ...}`` of a subject; empty for what is none."""
    if len(subject) > _LONGEST:
        return frozenset()
    pieces = subject[1:].split("/") if subject.startswith("/") else _split(subject)
    found = set()
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not equals or not name.strip():
            return frozenset()
        found.add((name.strip().upper(), _unescaped(value.strip())))
    return frozenset(found)


def shows_subject(headers: list[str], expected: str) -> bool:
    """Whether exactly one such header came, and its subject holds every part of the expected one."""
    wanted = parts_of(expected)
    return len(headers) == 1 and bool(wanted) and wanted <= parts_of(headers[0])


def _split(subject: str) -> list[str]:
    """The parts between commas that are not escaped."""
    pieces, piece, is_escaped, is_quoted = [], "", False, False
    for letter in subject:
        if is_escaped:
            piece, is_escaped = piece + "\\" + letter, False
        elif letter == "\\":
            is_escaped = True
        elif letter == '"':
            is_quoted = not is_quoted
        elif letter in ",+" and not is_quoted:
            pieces.append(piece)
            piece = ""
        else:
            piece += letter if not is_quoted or letter not in ",+=" else "\\" + letter
    return [*pieces, piece]


def _unescaped(value: str) -> str:
    """``TradingView\\, Inc.`` as ``TradingView, Inc.``; two hexadecimal digits are one byte."""
    out, at = bytearray(), 0
    while at < len(value):
        if value[at] == "\\" and at + 1 < len(value):
            pair = value[at + 1 : at + 3]
            if len(pair) == 2 and set(pair) <= _ESCAPED_HEX:
                out.append(int(pair, 16))
                at += 3
            else:
                out += value[at + 1].encode("utf-8")
                at += 2
        else:
            out += value[at].encode("utf-8")
            at += 1
    return out.decode("utf-8", "replace")

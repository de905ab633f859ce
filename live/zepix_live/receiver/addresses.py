"""Who a request really comes from, and whether that is one of those who may post.

``X-Forwarded-For`` is believed only from a trusted proxy, and read from its right end: each trusted proxy adds whom it
saw, so the first address from the right that is no trusted proxy is the client. What stands to the left of it was
written by the client and may say anything.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

__all__ = ["UNKNOWN", "Networks", "client_address"]

UNKNOWN: Final = "unknown"
"""The address of a client that cannot be known: in no network."""
_MOST_HOPS: Final = 16
_LONGEST: Final = 64
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@lru_cache(maxsize=4096)
def _parsed(text: str) -> _Address | None:
    """An address, also with a port behind it or in brackets; None for anything else."""
    bare = text.strip()
    if len(bare) > _LONGEST:
        return None
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped if mapped is not None else found


class Networks:
    """Addresses and networks (``10.0.0.0/8``) that something is asked of. Raises ValueError for what is neither."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts)
        self._known: dict[str, bool] = {}

    def __contains__(self, text: str) -> bool:
        known = self._known.get(text)
        if known is None:
            address = _parsed(text)
            known = address is not None and any(address in network for network in self._networks)
            if len(self._known) < 4096:
                self._known[text] = known
        return known

    def __bool__(self) -> bool:
        return bool(self._networks)


def client_address(peer: str, forwarded: Sequence[str], trusted: Networks) -> str:
    """The client's address as text: the socket's peer, or what a trusted proxy says; ``unknown`` where it says none.

    ``forwarded`` holds every X-Forwarded-For header in the order of the request.
    """
    if peer not in trusted or not forwarded:
        return peer
    hops = ",".join(forwarded).rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]
    found = UNKNOWN
    for hop in reversed(hops):
        address = _parsed(hop)
        if address is None:
            return UNKNOWN
        found = str(address)
        if found not in trusted:
            return found
    return found

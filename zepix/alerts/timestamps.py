"""Times as text to whole nanoseconds since 1970 (UTC), and back; a time without a zone is refused, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

__all__ = ["NS", "NoZone", "epoch_ns", "from_ns", "to_ns"]

NS: Final = 1_000_000_000
FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2261
_LONGEST: Final = 64
_FRACTION: Final = re.compile(r"(?<=[0-9])[.,]([0-9]+)")
_MAGNITUDES: Final = ((1e11, NS), (1e14, 1_000_000), (1e17, 1_000))
"""Up to 1e11 seconds, up to 1e14 milliseconds, up to 1e17 microseconds, above nanoseconds."""


class NoZone(ValueError):
    """The text is a time, but says nothing about its zone."""


def to_ns(text: str, zone: tzinfo | None = None) -> int:
    """Nanoseconds of an ISO 8601 time (``Z`` or an offset, up to nine digits of a second, more are cut off).

    ``zone`` is used for a time without one; where it is missing such a time raises NoZone. Raises ValueError for
    what is no time between 1970 and 2262.
    """
    if len(text) > _LONGEST:
        raise ValueError("too long for a time")
    fraction = _FRACTION.search(text) if "." in text or "," in text else None
    if fraction is None:
        nanos = 0
    else:
        nanos = int(fraction[1][:9].ljust(9, "0"))
        text = text[: fraction.start()] + text[fraction.end() :]
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        if zone is None:
            raise NoZone("no time zone")
        moment = moment.replace(tzinfo=zone)
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError("not between 1970 and 2262")
    found = int(moment.timestamp()) * NS + nanos
    if found < 0:
        raise ValueError("not between 1970 and 2262")
    return found


def epoch_ns(number: float) -> int:
    """Nanoseconds of a Unix time in seconds, milliseconds, micro- or nanoseconds, told apart by size.

    Raises ValueError below 1 and after 2261.
    """
    if not 1 <= number < LAST_YEAR * 4e15:
        raise ValueError("no Unix time")
    factor = next((factor for limit, factor in _MAGNITUDES if number < limit), 1)
    found = number * factor if isinstance(number, int) else round(number * factor)
    if found > 9_200_000_000 * NS:
        raise ValueError("no Unix time before 2262")
    return found


def from_ns(moment_ns: int) -> str:
    """ISO 8601 with ``Z``, and with as many digits of a second as it takes (none, 3, 6 or 9)."""
    seconds, nanos = divmod(moment_ns, NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    if not nanos:
        return text + "Z"
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z"

"""The clock of a broker's server: a zone of the time zone database, an offset, or a zone with hours added.

Most MetaTrader servers show New York's time plus seven hours (so that a week has five days): ``America/New_York+7``.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from zepix.errors import ConfigError

__all__ = ["server_zone"]

_SHIFTED: Final = re.compile(r"([A-Za-z_]+(?:/[A-Za-z_+-]+)*)([+-]\d{1,2})")


class _Shifted(tzinfo):
    """Another zone's wall clock, so many hours on."""

    def __init__(self, zone: ZoneInfo, hours: int) -> None:
        self._zone, self._shift = zone, timedelta(hours=hours)
        self._name = f"{zone.key}{hours:+d}"

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        if moment is None:
            return None
        offset = self._zone.utcoffset(moment.replace(tzinfo=None) - self._shift)
        return None if offset is None else offset + self._shift

    def dst(self, _moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, _moment: datetime | None) -> str:
        return self._name


def server_zone(text: str | None) -> tzinfo | None:
    """``Europe/Athens``, ``+02:00``, ``America/New_York+7``; None of None. Raises ConfigError for anything else."""
    if text is None:
        return None
    try:
        if text[:1] in "+-" and text:
            return datetime.fromisoformat(f"2000-01-01T00:00:00{text}").tzinfo
        try:
            return ZoneInfo(text)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            shifted = _SHIFTED.fullmatch(text)
            if shifted is None:
                raise
            return _Shifted(ZoneInfo(shifted[1]), int(shifted[2]))
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise ConfigError(
            f"--zone {text!r}: no such zone; examples: UTC, Europe/Athens, +02:00, America/New_York+7"
        ) from None

"""The trading day of the caps: from one reset to the next, by a local time and its zone, daylight saving counted.

One reset a calendar day of the zone. A time that the clocks skip comes as much later as they were put forward; a time
that they show twice counts when it comes first.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from zepix.model.timeframe import NS

__all__ = ["TradingDay"]

MOST_RESETS: Final = 64


class TradingDay:
    """Knows the resets before and after an instant; remembers the last answer, since a day asks often."""

    def __init__(self, reset_time: str, zone: str) -> None:
        self._time = time.fromisoformat(reset_time)
        self._zone = ZoneInfo(zone)
        self._resets: dict[date, int] = {}
        """Resets by day; neighbouring days ask for the same ones."""
        self.began_ns = 0
        self.ends_ns = 0
        """The day that was asked for last: from its start to before its end."""

    def start_ns(self, now_ns: int) -> int:
        """The last reset at or before an instant."""
        if not self.began_ns <= now_ns < self.ends_ns:
            day = datetime.fromtimestamp(now_ns // NS, UTC).astimezone(self._zone).date()
            days = (day + timedelta(days=shift) for shift in (-2, -1, 0, 1, 2))  # a zone may skip a whole day
            resets = [self._reset_ns(one) for one in days]
            self.began_ns = max(reset for reset in resets if reset <= now_ns)
            self.ends_ns = min(reset for reset in resets if reset > now_ns)
        return self.began_ns

    def end_ns(self, now_ns: int) -> int:
        """The first reset after an instant."""
        self.start_ns(now_ns)
        return self.ends_ns

    def _reset_ns(self, day: date) -> int:
        known = self._resets.get(day)
        if known is None:
            if len(self._resets) >= MOST_RESETS:
                self._resets.clear()
            known = round(datetime.combine(day, self._time, self._zone).astimezone(UTC).timestamp()) * NS
            self._resets[day] = known
        return known

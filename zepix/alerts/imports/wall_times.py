"""Times as exports write them, in many languages, to nanoseconds UTC; what could be two dates is asked for.

- ISO 8601 with a zone needs nothing else. A time without one is wall time: ``zone`` says of where, nothing is guessed.
- ``01.12.2025 08:00``, ``12/1/2025 8:00 AM``: the order of day and month follows from the rows of the file that allow
  only one (13 is no month). Where every row allows both, it has to be said; where rows contradict each other, too.
- ``Dec 1, 2025, 8:00:00 AM``, ``1 dec. 2025 08:00``, CJK dates: the month is named, so nothing is open.
- An hour that a clock change doubles is taken as the first of the two; that and hours that never were are counted.

The rows are looked at first (``look``), then the order is settled, then they are read (``ns``).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Any, Final

from zepix.alerts.timestamps import FIRST_YEAR, LAST_YEAR, NS, NoZone, to_ns
from zepix.errors import ConfigError, DataError

__all__ = ["DATE_ORDERS", "WallTimes", "plain_letters"]

DATE_ORDERS: Final = ("day-first", "month-first")
_LONGEST: Final = 64
_MONTHS: Final = (
    "january jan januar janner janvier janv enero ene janeiro gennaio gen января январь янв ocak oca",
    "february feb februar fevrier fevr fev febrero fevereiro febbraio февраля февраль фев февр subat sub",
    "march mar marz mars marzo marco марта март мар mart",
    "april apr avril avr abril abr aprile апреля апрель апр nisan nis",
    "may mai mayo maio maggio mag мая май mayis",
    "june jun juni juin junio junho giugno giu июня июнь июн haziran haz",
    "july jul juli juillet juil julio julho luglio lug июля июль июл temmuz tem",
    "august aug aout agosto ago августа август авг agustos agu",
    "september sep sept septembre septiembre setembro set settembre сентября сентябрь сен сент eylul eyl",
    "october oct oktober okt octobre octubre outubro out ottobre ott октября октябрь окт ekim eki",
    "november nov novembre noviembre novembro ноября ноябрь ноя нояб kasim kas",
    "december dec dezember dez decembre diciembre dic dezembro dicembre декабря декабрь дек aralik ara",
)
_HALVES: Final = {
    **dict.fromkeys(("am", "a.m.", "a. m.", "午前", "上午", "오전", "oo"), 0),
    **dict.fromkeys(("pm", "p.m.", "p. m.", "午後", "下午", "오후", "os"), 12),
}
_HALF: Final = re.compile(r"(?:(?<![^\W\d_])(?:[ap]\. ?m\.|[ap]m|o[os])(?![^\W\d_])|午前|上午|오전|午後|下午|오후)")
_CLOCK: Final = re.compile(
    r"(?<!\d)(\d{1,2}) ?(?:[:h]|[時时点點시] ?) ?(\d{2})(?: ?[:분分] ?(\d{2})(?:[.,](\d{1,9}))?)?[분分秒초]?(?!\d)"
)
_OFFSET: Final = re.compile(r"(?:(?:utc|gmt) ?([+-]\d{1,2}(?::?\d{2})?)?|(?<=\d)z|(?<=\d) ?([+-]\d{2}:?\d{2}))$")
_CJK: Final = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월] ?(\d{1,2}) ?[日일]?")
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/.]) ?(\d{1,2})\2 ?(\d{1,2})\.?")
_YEAR_LAST: Final = re.compile(r"(\d{1,2})([-/.]) ?(\d{1,2})\2 ?(\d{4})")
_WORDS: Final = re.compile(r"[^\W\d_]+|\d+")


def plain_letters(text: str) -> str:
    """Lower case without accents, wide characters as narrow ones: for comparing words of many languages."""
    narrow = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(c for c in narrow if not unicodedata.combining(c)).replace("ı", "i")  # noqa: RUF001  Turkish


_MONTH_OF: Final = {
    plain_letters(word): number for number, names in enumerate(_MONTHS, 1) for word in names.split() if word
}


@dataclass(frozen=True, slots=True)
class _Wall:
    """A time as written: ``first`` and ``second`` are day and month in an order that only the file can tell."""

    year: int
    first: int
    second: int
    is_open: bool
    clock: tuple[int, int, int, int]
    offset: tzinfo | None


class WallTimes:
    """Reads the times of one file. ``zone`` is for those without one, ``date_order`` one of ``DATE_ORDERS``.

    ``where`` names the file in errors. ``facts`` counts what was done: which order of dates was read, by which rule.
    """

    def __init__(self, zone: tzinfo | None = None, date_order: str | None = None, where: str = "") -> None:
        if date_order is not None and date_order not in DATE_ORDERS:
            raise ConfigError(f"--date-order {date_order!r}: expected {' or '.join(DATE_ORDERS)}")
        self.zone = zone
        self._where = where or "the file"
        self._order = date_order
        self._is_said = date_order is not None
        self._clear: dict[str, str] = {}
        self._open = 0
        self._example = ""
        self.doubled = 0
        self.never = 0
        self._last: tuple[str | None, int] = (None, 0)

    def look(self, text: str) -> None:
        """Takes note of a text that may tell the order of day and month. Never raises."""
        if text[4:5] == "-" or len(text) < 8:
            return
        try:
            wall = _wall(text)
        except ValueError:
            return
        if not wall.is_open or wall.first == wall.second:
            return
        if wall.first > 12 or wall.second > 12:
            self._clear.setdefault("day-first" if wall.first > 12 else "month-first", text)
        else:
            self._open += 1
            self._example = self._example or text

    def settle(self) -> None:
        """Decides the order of day and month. Raises ConfigError where it must be said, DataError where rows differ."""
        if self._is_said:
            return
        if len(self._clear) == 2:
            day, month = self._clear["day-first"], self._clear["month-first"]
            raise DataError(
                f"{self._where} holds dates in both orders ({day!r} and {month!r}); split it, or say --date-order "
                "and the others are set aside"
            )
        if self._clear:
            self._order = next(iter(self._clear))
        elif self._open:
            raise ConfigError(
                f"{self._where}: {self._example!r} and every other date could be read day first or month first; "
                "say --date-order day-first or --date-order month-first"
            )

    @property
    def facts(self) -> dict[str, Any]:
        """``date_order`` and its rule, hours doubled or left out by a clock change; only what happened."""
        found: dict[str, Any] = {}
        if self._order is not None and (self._clear or self._open):
            why = "as said" if self._is_said else f"by {next(iter(self._clear.values()))!r}"
            found["date_order"] = f"{self._order}, {why}"
        if self.doubled:
            found["times_in_a_doubled_hour"] = self.doubled
        if self.never:
            found["times_that_never_were"] = self.never
        return found

    def ns(self, text: str) -> int:
        """Nanoseconds. Raises NoZone for wall time where no zone was said, ValueError for what is no time."""
        if text == self._last[0]:
            return self._last[1]
        found = self._read(text)
        self._last = (text, found)
        return found

    def wall_text(self, text: str) -> str:
        """A time without a zone in the spelling of ISO 8601, still without one; what is none stays as it is."""
        try:
            wall = _wall(text)
        except ValueError:
            return text
        flipped = wall.is_open and self._order == "month-first"
        day, month = (wall.second, wall.first) if flipped else (wall.first, wall.second)
        hour, minute, second, _ = wall.clock
        return f"{wall.year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}"

    def _read(self, text: str) -> int:
        if text[4:5] == "-" or text[8:9] == "T":
            try:
                return to_ns(text)
            except NoZone:
                if self.zone is None:
                    raise
                found = to_ns(text, self.zone)
                self._count_changes(datetime.fromisoformat(text[:19]))
                return found
            except ValueError:
                pass  # an hour of one digit, a zone by name
        wall = _wall(text)
        day, month = wall.first, wall.second
        if wall.is_open and self._order == "month-first":
            day, month = month, day
        elif wall.is_open and self._order is None and day != month:
            raise ValueError("day and month cannot be told apart")
        hour, minute, second, nanos = wall.clock
        moment = datetime(wall.year, month, day, hour, minute, second)  # noqa: DTZ001  its zone follows
        zone = wall.offset or self.zone
        if zone is None:
            raise NoZone("no time zone")
        if not FIRST_YEAR <= wall.year <= LAST_YEAR:
            raise ValueError("not between 1970 and 2262")
        if wall.offset is None:
            self._count_changes(moment)
        found = int(moment.replace(tzinfo=zone).timestamp()) * NS + nanos
        if found < 0:
            raise ValueError("not between 1970 and 2262")
        return found

    def _count_changes(self, moment: datetime) -> None:
        assert self.zone is not None
        first = self.zone.utcoffset(moment)
        second = self.zone.utcoffset(moment.replace(fold=1))
        if first is not None and second is not None and first != second:
            self.doubled += first > second
            self.never += first < second


@lru_cache(maxsize=256)
def _wall(text: str) -> _Wall:
    """The parts of a time. Raises ValueError."""
    if len(text) > _LONGEST:
        raise ValueError("too long for a time")
    rest = plain_letters(unicodedata.normalize("NFC", text))
    rest = unicodedata.normalize("NFC", rest).replace("\u202f", " ")
    rest, offset = _offset(rest)
    half = None
    found = _HALF.search(rest)
    if found:
        half = _HALVES[found[0]]
        rest = f"{rest[: found.start()]} {rest[found.end() :]}"
    clock, rest = _clock(rest, half)
    year, first, second, is_open = _date(rest)
    return _Wall(year, first, second, is_open, clock, offset)


def _offset(text: str) -> tuple[str, tzinfo | None]:
    found = _OFFSET.search(text)
    if found is None or (found[2] is not None and ":" not in text[: found.start()]):
        return text, None
    words = found[1] or found[2] or ""
    zone: tzinfo = UTC
    if words:
        sign = -1 if words[0] == "-" else 1
        hours, minutes = words[1:].split(":") if ":" in words else (words[1:3], words[3:] or "0")
        zone = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
    return text[: found.start()].strip(), zone


def _clock(text: str, half: int | None) -> tuple[tuple[int, int, int, int], str]:
    """(hour, minute, second, nanoseconds) and the rest of the text; midnight where there is no clock."""
    found = _CLOCK.search(text)
    if found is None:
        return (0, 0, 0, 0), text
    hour = int(found[1])
    if half is not None:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a twelve-hour clock")
        hour = hour % 12 + half
    nanos = int((found[4] or "").ljust(9, "0"))
    return (hour, int(found[2]), int(found[3] or 0), nanos), f"{text[: found.start()]} {text[found.end() :]}"


def _date(text: str) -> tuple[int, int, int, bool]:
    """(year, first, second, whether day and month could be exchanged); else first is the day."""
    rest = text.strip(" ,.t")
    for pattern, places in ((_CJK, (1, 3, 2)), (_YEAR_FIRST, (1, 4, 3))):
        found = pattern.fullmatch(rest) or (pattern.match(rest) if pattern is _CJK else None)
        if found:
            year, day, month = (int(found[place]) for place in places)
            return year, day, month, False
    found = _YEAR_LAST.fullmatch(rest) or _YEAR_LAST.fullmatch(rest.partition(" ")[2])
    if found:
        return int(found[4]), int(found[1]), int(found[3]), True
    words = _WORDS.findall(rest)
    months = {_MONTH_OF[word] for word in words if word in _MONTH_OF}
    years = [word for word in words if len(word) == 4 and word.isdecimal()]
    days = [word for word in words if len(word) < 3 and word.isdecimal()]
    if len(months) == 1 and len(years) == 1 and len(days) == 1:
        return int(years[0]), int(days[0]), months.pop(), False
    raise ValueError("no date")

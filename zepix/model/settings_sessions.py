"""Settings of the sessions service (section ``sessions``): when which symbols may be entered, and when all is closed.

A window runs from its start to just before its end, every day, by the clock of its time zone; an end that is not after
the start is on the next day, ``24:00`` is midnight.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

__all__ = ["ALL_SYMBOLS", "MOST_WINDOWS", "SessionSettings", "SessionWindow"]

ALL_SYMBOLS: Final = "*"
MOST_WINDOWS: Final = 32
DAY_MINUTES: Final = 1440
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_TABLE: Final[Mapping[str, Mapping[str, Any]]] = {
    "asian": {"start": "05:00", "end": "13:30", "symbols": ("USDJPY", "AUDJPY", "AUDUSD", "NZDUSD")},
    "london": {
        "start": "13:30",
        "end": "18:30",
        "symbols": ("EURUSD", "GBPUSD", "EURGBP", "GBPJPY", "EURJPY", "XAUUSD"),
    },
    "overlap": {"start": "18:30", "end": "22:30", "symbols": ("EURUSD", "GBPUSD", "XAUUSD", "USDJPY")},
    "ny_late": {"start": "22:30", "end": "03:30", "symbols": ("USDJPY", "XAUUSD", "USDCAD")},
    "dead_zone": {"start": "03:30", "end": "05:00", "symbols": (), "force_close": True},
}
"""The table of the rules of the trade, §9.4, first column; times of Kolkata."""


@dataclass(frozen=True)
class SessionWindow:
    """One window of the day: ``sessions.windows.<name>.*``."""

    start: str = ""
    """Local time at which it begins, ``HH:MM``."""
    end: str = ""
    """Local time at which it has ended."""
    zone: str = ""
    """Its time zone, ``Europe/London``; empty: ``sessions.zone``."""
    symbols: Sequence[str] = ()
    """Symbols that may be entered in it; ``*`` is every symbol."""
    force_close: bool = False
    """Whether everything is closed when it begins; nothing is entered in it."""
    enabled: bool = True
    """Whether there is such a window at all."""

    @property
    def start_minute(self) -> int:
        """Minutes after local midnight."""
        return clock_minute(self.start)

    @property
    def end_minute(self) -> int:
        """Minutes after the midnight before its start: beyond 1440 where it ends on the next day."""
        end, start = clock_minute(self.end), self.start_minute
        return end if end > start else end + DAY_MINUTES


@dataclass(frozen=True)
class SessionSettings:
    """Settings ``sessions.*``; raises ValueError with every problem at once, each with its key.

    A window that is given in part keeps the other values of the default window of its name.
    """

    enabled: bool = True
    """The master switch: on, entries pass the windows; off, every symbol may be entered at any time and nothing is
    closed."""
    zone: str = "Asia/Kolkata"
    """The time zone of windows that name none."""
    windows: Mapping[str, Any] = field(default_factory=dict)
    """Windows by name (tables, or ``SessionWindow``), over the default ones. Where windows overlap, the one that began
    last counts."""
    default_windows: bool = True
    """Whether the default windows are there beside those given."""
    recoveries: bool = False
    """Whether recoveries and re-entries pass the windows too; a window that closes everything holds for them anyway."""
    advance_notice_minutes: float = 30
    """How long before it begins a session is announced."""
    force_close_retries: int = 3
    """How often a plugin's close that the broker refused is sent again in one such window."""

    def __post_init__(self) -> None:
        problems: list[str] = []
        _check_zone("zone", self.zone, problems)
        for name in ("advance_notice_minutes", "force_close_retries"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= DAY_MINUTES:
                problems.append(f"{name} must lie between 0 and {DAY_MINUTES}, not {value!r}")
        problems += [
            f"{name} must be true or false, not {getattr(self, name)!r}"
            for name in ("enabled", "default_windows", "recoveries")
            if not isinstance(getattr(self, name), bool)
        ]
        windows = _windows(self.windows, _TABLE if self.default_windows else {}, problems)
        object.__setattr__(self, "windows", windows)
        if len(windows) > MOST_WINDOWS:
            problems.append(f"windows: {len(windows)} are too many, at most {MOST_WINDOWS}")
        if problems:
            raise ValueError("sessions: " + "; ".join(problems))

    @property
    def table(self) -> dict[str, SessionWindow]:
        """The windows there are, by name, each with its zone."""
        return {
            name: SessionWindow(w.start, w.end, w.zone or self.zone, w.symbols, w.force_close)
            for name, w in self.windows.items()
            if w.enabled
        }


def clock_minute(text: str) -> int:
    """Minutes after midnight of ``HH:MM``, ``24:00`` included; raises ValueError."""
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else -1
    if not 0 <= minute <= DAY_MINUTES:
        raise ValueError(f"{text!r} is no time of the day, write HH:MM, from 00:00 to 24:00")
    return minute


def _windows(given: Any, table: Mapping[str, Mapping[str, Any]], problems: list[str]) -> dict[str, SessionWindow]:
    merged = {name: SessionWindow(**row) for name, row in table.items()}
    if not isinstance(given, Mapping):
        problems.append(f"windows must be a table of windows by name, not {given!r}")
        given = {}
    for name, value in given.items():
        if isinstance(value, SessionWindow):
            merged[name] = value
            continue
        row = _row(f"windows.{name}", value, problems)
        base = dict(table.get(name, {}))
        if row is not None:
            merged[name] = SessionWindow(**{**base, **row})
    return {name: _checked(f"windows.{name}", window, problems) for name, window in merged.items()}


def _row(key: str, value: Any, problems: list[str]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        problems.append(f"{key}: a table of start, end, symbols is expected, not {value!r}")
        return None
    known = [f.name for f in fields(SessionWindow)]
    for name in value:
        if name not in known:
            near = get_close_matches(str(name), known, 1)
            problems.append(f"{key}.{name}: unknown, {f'did you mean {near[0]}?' if near else ', '.join(known)}")
    return {name: value[name] for name in known if name in value}


def _checked(key: str, window: SessionWindow, problems: list[str]) -> SessionWindow:
    """The window with its symbols in one spelling; what is wrong with it goes to ``problems``."""
    times: list[int] = []
    for name in ("start", "end"):
        try:
            times.append(clock_minute(getattr(window, name)))
        except ValueError as error:
            problems.append(f"{key}.{name}: {error}")
    if len(times) == 2 and times[0] == times[1]:
        problems.append(f"{key}: it begins and ends at {window.start}, 00:00 to 24:00 is the whole day")
    elif times and times[0] == DAY_MINUTES:
        problems.append(f"{key}.start: 24:00 is the next day's 00:00")
    if window.zone:
        _check_zone(f"{key}.zone", window.zone, problems)
    for name in ("force_close", "enabled"):
        if not isinstance(getattr(window, name), bool):
            problems.append(f"{key}.{name}: must be true or false, not {getattr(window, name)!r}")
    if window.force_close and window.symbols:
        problems.append(f"{key}: it closes everything when it begins, so its symbols can never be entered")
    listed = (window.symbols,) if isinstance(window.symbols, str) else tuple(window.symbols)
    if not all(isinstance(symbol, str) and symbol.strip() for symbol in listed):
        problems.append(f"{key}.symbols: names of symbols are expected, not {listed!r}")
        listed = ()
    symbols = tuple(symbol.strip().upper() for symbol in listed)
    return SessionWindow(window.start, window.end, window.zone, symbols, window.force_close, window.enabled)


def _check_zone(key: str, name: Any, problems: list[str]) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        near = get_close_matches(str(name), sorted(available_timezones()), 1)
        hint = f"did you mean {near[0]}?" if near else "names are like Europe/London"
        problems.append(f"{key}: {name!r} is no time zone, {hint}")

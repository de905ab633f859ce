"""What one run of the bench found; ``goals.py`` judges it, ``table.py`` prints it."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from peers_side import PeerFigures
from zepix_side import CaseFigures

ONE, HEDGED = "one", "hedged"


def case_name(years: int, alerts: int, mode: str, kind: str = "plain") -> str:
    """Also the name of the run's folder."""
    return f"{years}y-{alerts}-{mode}" + ("" if kind == "plain" else f"-{kind.replace('_', '-')}")


@dataclass
class Results:
    """Figures by what was measured; what could not be measured is missing, with a line in ``problems``.

    ``loads`` and ``cold_caches`` go by years; ``in_memory`` by (years, mode); ``expected`` by (years, alerts) and
    whether the entry bar counts: (trades, points) of the plain rule.
    """

    years: list[int]
    alerts: list[int]
    refused: int
    bars: dict[int, int] = field(default_factory=dict)
    peers: list[PeerFigures] = field(default_factory=list)
    expected: dict[tuple[int, int], dict[bool, tuple[int, int]]] = field(default_factory=dict)
    cases: dict[str, CaseFigures] = field(default_factory=dict)
    cold_caches: dict[int, CaseFigures] = field(default_factory=dict)
    cold_start: CaseFigures | None = None
    loads: dict[int, dict[str, Any]] = field(default_factory=dict)
    in_memory: dict[tuple[int, str], dict[str, Any]] = field(default_factory=dict)
    parse: dict[str, Any] = field(default_factory=dict)
    help_s: float | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def short(self) -> int:
        return min(self.years)

    @property
    def long(self) -> int:
        return max(self.years)

    @property
    def few(self) -> int:
        """The number of alerts at which zepix is compared with its peers."""
        return min(self.alerts)

    def case(self, years: int, alerts: int, mode: str, kind: str = "plain") -> CaseFigures | None:
        return self.cases.get(case_name(years, alerts, mode, kind))

    def peer(self, name: str, years: int) -> PeerFigures | None:
        return next((p for p in self.peers if p.peer == name and p.years == years), None)


def machine() -> str:
    """Processor, cores, memory, system, Python and the day (UTC)."""
    memory = ""
    if hasattr(os, "sysconf"):
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    day = datetime.now(UTC).date().isoformat()
    return f"{_processor()}, {os.cpu_count()} cores{memory}, {platform.system()}, {python}, {day}"


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if sys.platform == "linux" and listing.is_file():
        for line in listing.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()

"""``zepix doctor``: what this installation is made of, where it keeps things, and what it takes for granted."""

from __future__ import annotations

import locale
import platform
import re
import sys
import sysconfig
from importlib import metadata
from pathlib import Path
from typing import Final

from zepix.commands.console import say, table

__all__ = ["ASSUMED", "doctor"]

ASSUMED: Final = (
    "TradingView sends at the bar's close; an order within 5 s of an open fills at that open (fill.open_grace_ms)",
    "a bar that holds a ticket's stop and target: the stop is taken (fill.intrabar)",
    "times without a zone are never guessed: alerts without one go to quarantine, importers ask for one",
    "an MT5 server's clock is New York + 7 h, so that its day ends at 17:00 New York",
    "the trading week of currencies is Sunday 17:00 to Friday 17:00 New York",
    "swaps, commissions and spreads of the built-in instruments are examples, not your broker's",
    "the same alert within 30 s is a duplicate (alerts.dedup_window_s)",
    "TradingView sends again on a 5xx answer up to 3 times, 5 s apart, and gives up after 3 s (matters live only)",
)
_NAME: Final = re.compile(r"[A-Za-z0-9._-]+")


def doctor() -> None:
    """Print versions, folders and assumptions; reads no prices and changes nothing."""
    table(("what", "value"), [*_places(), *_packages()])
    say("assumed:")
    for line in ASSUMED:
        say(f"- {line}")


def _places() -> list[tuple[str, str]]:
    from zepix.engine.registry import builtin_strategies
    from zepix.journal.sqlite_version import sqlite_note
    from zepix.kernels.compiled import cache_root, kept_kernels

    return [
        ("python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("zepix", str(Path(__file__).resolve().parent.parent)),
        ("strategies", str(builtin_strategies())),
        ("caches", str(cache_root() or "none can be written: kernels are compiled anew in each process")),
        ("kernels", _kernels(kept_kernels(), kept_kernels("exits_"))),
        ("output encoding", f"{sys.stdout.encoding} (preferred: {locale.getpreferredencoding(False)})"),
        ("time zones", _time_zones()),
        ("SQLite", sqlite_note()),
        ("scripts", sysconfig.get_path("scripts")),
    ]


def _kernels(kept: int, of_exits: int) -> str:
    """What lies compiled on the disk, and what the first call of the rest will take."""
    said = f"{kept} kept on disk" if kept else "none kept on disk yet: the first replay compiles them, some seconds"
    swept = (
        f"{of_exits} of sweep_exits among them" if of_exits else "sweep_exits compiles its own at its first call, 20 s"
    )
    return f"{said}; {swept}"


def _time_zones() -> str:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return f"found ({ZoneInfo('America/New_York').key})"
    except ZoneInfoNotFoundError:
        return "missing: pip install tzdata"


def _packages() -> list[tuple[str, str]]:
    """zepix and what it requires, with the extras that are installed, by distribution; nothing is imported."""
    try:
        required = metadata.requires("zepix") or []
    except metadata.PackageNotFoundError:
        return [("zepix", "not installed as a package; run from a folder")]
    rows = [("zepix", metadata.version("zepix"))]
    for line in required:
        match = _NAME.match(line)
        name = match.group() if match else line
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", line)
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = "" if extra else "MISSING"
        if version:
            rows.append((name, f"{version} (extra {extra.group(1)})" if extra else version))
    return list(dict.fromkeys(rows))

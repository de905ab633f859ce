"""Times, prices and texts of the journal as the tables hold them: exact, readable, and storable everywhere."""

from __future__ import annotations

import datetime as dt
import json
import tempfile
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from zepix.errors import ZepixError
from zepix.model import Catalogue

__all__ = ["SHADOW", "Prices", "at_of", "book_of", "clean", "day_of", "side_of", "text_of"]

NS: Final = 1_000_000_000
DAY_NS: Final = 86_400 * NS
INSTRUMENTS: Final = "data.instruments"
SHADOW: Final = "shadow"
"""The book of a row that names none."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

text_of: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
"""A value as JSON in ASCII."""


def at_of(ns: int) -> str:
    """``2026-01-31T12:00:00.123Z``: to the millisecond, cut off."""
    days, ms = divmod(ns // 1_000_000, 86_400_000)
    seconds, ms = divmod(ms, 1_000)
    return f"{_day(days)}T{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}Z"


@lru_cache(maxsize=512)
def _day(day: int) -> str:
    return f"{_EPOCH + dt.timedelta(days=day):%Y-%m-%d}"


def day_of(ns: int) -> str:
    """The UTC day, ``2026-01-31``."""
    return _day(ns // DAY_NS)


def side_of(sign: Any) -> str:
    """``buy``, ``sell``; ``both`` of a command on both sides."""
    return "buy" if sign == 1 else "sell" if sign == -1 else "both"


def book_of(body: Mapping[str, Any]) -> str:
    """Whose a row of the journal is: ``shadow``, ``live`` or ``twin``."""
    return clean(body.get("book")) or SHADOW


def clean(value: Any) -> str:
    """Text that every database takes: what is no character (NUL, half a surrogate pair) stands as its escape."""
    text = value if isinstance(value, str) else "" if value is None else str(value)
    if text.isascii():
        return text if "\0" not in text else text.replace("\0", "\\x00")
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")


class Prices:
    """Points and steps as people write them, by the instruments of one configuration; None for one that is unknown."""

    def __init__(self, config: Mapping[str, Any] | None) -> None:
        """``config``: a journal's row. Where the instruments that it names cannot be read, the shipped ones count."""
        self._catalogue: Final = _catalogue_of(config or {})
        self._kept: dict[str, tuple[Decimal, Decimal] | None] = {}

    def price(self, symbol: str, points: int | None) -> str | None:
        """``1.09532``; None for no level, too."""
        units = self._units(symbol)
        return None if units is None or not points else str(units[0] * points)

    def lots(self, symbol: str, steps: int | None) -> str | None:
        """``0.09``."""
        units = self._units(symbol)
        return None if units is None or steps is None else str(units[1] * steps)

    def _units(self, symbol: str) -> tuple[Decimal, Decimal] | None:
        if symbol not in self._kept:
            found = self._catalogue.get(symbol)
            self._kept[symbol] = None if found is None else (found.point, found.volume_step)
        return self._kept[symbol]


def _catalogue_of(config: Mapping[str, Any]) -> Catalogue:
    from zepix.data import default_catalogue, load_instruments

    catalogue = default_catalogue()
    for one in config.get("files", {}).get(INSTRUMENTS, ()):
        if not isinstance(one, Mapping) or not isinstance(one.get("text"), str):
            continue
        with tempfile.TemporaryDirectory(prefix="zepix-") as folder:
            copy = Path(folder) / f"instruments{Path(str(one.get('path'))).suffix}"
            copy.write_text(one["text"], encoding="utf-8", newline="")
            try:
                catalogue = catalogue.with_instruments(load_instruments(copy))
            except (ZepixError, ValueError):
                continue  # only texts for people come from them
    return catalogue

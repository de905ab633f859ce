"""Names of price files and how an argument names prices.

A file of prices is called ``SYMBOL_TF_anything.parquet``: ``EURUSD_M1_20240101_20240130.parquet``. TF is ``TICK`` or
a letter and a number as MetaTrader writes it (``M1 M5 M15 M30 H1 H4 D1 W1``). A symbol holds no underscore there; a
file of another name is loaded by ``SYMBOL:TF=PATH``.

An argument is a path (a folder or a file so named) or ``SYMBOL:TF=PATH``. ``C:\\data`` is a path: what stands before
the ``=`` of a named argument holds one colon and no slash, and TF must be a timeframe.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zepix.errors import ConfigError
from zepix.model import timeframe as timeframes

__all__ = ["PriceFile", "day_name", "file_for", "parse_argument", "parse_name"]

_NAME: Final = re.compile(
    r"(?P<symbol>[^_\\/:*?\"<>|\s]+)_(?P<tf>TICK|[MHDW][0-9]{1,4})(?:_.*)?\.parquet", re.IGNORECASE
)
_NAMED: Final = re.compile(r"(?P<symbol>[^:=\\/]+):(?P<tf>[^:=\\/]+)=(?P<path>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PriceFile:
    """One Parquet file of prices: whose, and of which timeframe (``1m`` .. ``1d``, ``tick``)."""

    path: Path
    symbol: str
    timeframe: str

    @property
    def series(self) -> str:
        """The series it belongs to, as a person would name it: ``EURUSD:M1``."""
        return f"{self.symbol}:{timeframes.file_name(self.timeframe)}"


def parse_name(path: Path) -> PriceFile | None:
    """Symbol and timeframe from a file's name, or None if it is not named so."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        return None
    try:
        timeframe = timeframes.from_file_name(match["tf"].upper())
    except ValueError:
        return None
    return PriceFile(path, match["symbol"], timeframe)


def parse_argument(argument: str) -> Path | PriceFile:
    """A path, or the file that ``SYMBOL:TF=PATH`` names. Raises ConfigError for an empty one or a wrong timeframe."""
    text = argument.strip()
    if not text or "\0" in text:
        raise ConfigError(f"bars {argument!r}: expected a folder, a Parquet file or SYMBOL:TF=PATH")
    match = _NAMED.fullmatch(text)
    if match is None:
        return Path(text).expanduser()
    symbol, path = match["symbol"].strip(), Path(match["path"].strip()).expanduser()
    try:
        return PriceFile(path, symbol, timeframes.from_file_name(match["tf"].strip()))
    except ValueError as why:
        if len(symbol) == 1 or Path(text).exists():  # a Windows drive, or a file with an odd name
            return Path(text).expanduser()
        raise ConfigError(
            f"bars {argument!r}: {why}; expected SYMBOL:TF=PATH such as EURUSD:M1=prices.parquet"
        ) from why


def day_name(time_ns: int) -> str:
    """The UTC day of an instant as it stands in file names: ``20240131``."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y%m%d")


def file_for(symbol: str, timeframe: str, first_ns: int, last_ns: int) -> str:
    """The name of the file that holds these rows: ``EURUSD_M1_20240101_20240130.parquet``."""
    return f"{symbol}_{timeframes.file_name(timeframe)}_{day_name(first_ns)}_{day_name(last_ns)}.parquet"

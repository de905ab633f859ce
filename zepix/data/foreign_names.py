"""What the name of a foreign file tells: symbol, timeframe, and which side of the quote its prices are of.

- MetaTrader 5: ``EURUSD_M1_202401010000_202412312359.csv``, ticks ``EURUSD_202401020000_202401022359.csv``
- TradingView: ``OANDA_XAUUSD, 15.csv``
- HistData: ``DAT_ASCII_EURUSD_M1_201202.csv``, ``DAT_ASCII_EURUSD_T_201202.csv``, in ``HISTDATA_COM_...zip``
- Dukascopy's web export: ``EURUSD_Candlestick_1_M_BID_01.01.2020-31.12.2020.csv``, ``EURUSD_Ticks_...csv``
- Dukascopy's JForex: ``EURUSD_1 Min_Bid_2012.01.01_2012.02.01.csv``, also ``EURUSD_UTC_Hourly_Ask_...csv``
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from zepix.model import timeframe as timeframes

__all__ = ["Told", "is_histdata_name", "pair_key", "side_of", "told_by_name"]

_HISTDATA: Final = re.compile(
    r"(?:DAT|HISTDATA_COM)_(?:ASCII|MT|XLSX|NT)_(?P<symbol>[A-Za-z0-9]+)_(?P<tf>M1|T)(?=[_0-9]|$).*", re.IGNORECASE
)
_DUKASCOPY: Final = re.compile(
    r"(?P<symbol>[^_\s]+)(?:_(?:UTC|GMT|EET|CET))?_(?:Candlestick_)?"
    r"(?:(?P<count>\d{1,2})[_ ](?P<unit>M|Mins?|Hours?|H|D|Days?)|(?P<word>Hourly|Daily|Ticks))(?:_.*)?",
    re.IGNORECASE,
)
_CHART: Final = re.compile(r"(?:[A-Za-z0-9]+_)?(?P<symbol>[^_,\s]+), ?(?P<tf>[0-9]{1,4}|[0-9]{0,2}[DWHS])(?:[_ ].*)?")
_MT5: Final = re.compile(r"(?P<symbol>[^_\s]+)_(?P<tf>[MHDW][0-9]{1,2})(?:_.*)?", re.IGNORECASE)
_MT5_TICKS: Final = re.compile(r"(?P<symbol>[^_\s]+)_\d{12}_\d{12}")
_SIDE: Final = re.compile(r"(?<![A-Za-z])(bid|ask)(?![A-Za-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Told:
    """What a name says; None for what it does not. ``timeframe`` may be ``tick``."""

    symbol: str | None = None
    timeframe: str | None = None


def told_by_name(stem: str) -> Told:
    """Symbol and timeframe from a file's name without its suffix."""
    found = _HISTDATA.fullmatch(stem)
    if found:
        return Told(found["symbol"], "tick" if found["tf"].upper() == "T" else "1m")
    found = _DUKASCOPY.fullmatch(stem)
    if found:
        return Told(found["symbol"], _dukascopy_timeframe(found))
    for pattern in (_CHART, _MT5):
        found = pattern.fullmatch(stem)
        if found:
            try:
                return Told(found["symbol"], timeframes.normalise(found["tf"]))
            except ValueError:
                continue
    found = _MT5_TICKS.fullmatch(stem)
    return Told(found["symbol"]) if found else Told()


def _dukascopy_timeframe(found: re.Match[str]) -> str:
    if found["word"]:
        return {"hourly": "1h", "daily": "1d", "ticks": "tick"}[found["word"].lower()]
    return timeframes.normalise(f"{found['count']}{found['unit'][0].lower()}")


def is_histdata_name(stem: str) -> bool:
    """Whether HistData names its files so."""
    return _HISTDATA.fullmatch(stem) is not None


def side_of(stem: str) -> str:
    """``bid`` or ``ask`` where the name has that word once, else nothing."""
    words = _SIDE.findall(stem)
    return words[0].lower() if len(words) == 1 else ""


def pair_key(stem: str) -> str:
    """The name without its side: the same for the two files of one export."""
    return _SIDE.sub("*", stem).lower()

"""Prices: the catalogue of instruments, reading and caching bars, importers, quality, and the synthetic sample.

Names load when first used, so that importing this room costs nothing. pandas appears only in the importers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = [
    "BarsLoaded",
    "default_catalogue",
    "load_bars",
    "load_instruments",
    "resample",
    "series_from_arrays",
]

if TYPE_CHECKING:
    from zepix.data.build import series_from_arrays
    from zepix.data.catalogue import default_catalogue
    from zepix.data.instruments import load_instruments
    from zepix.data.resampling import resample
    from zepix.data.store import BarsLoaded, load_bars

_HOMES = {
    "BarsLoaded": "store",
    "default_catalogue": "catalogue",
    "load_bars": "store",
    "load_instruments": "instruments",
    "resample": "resampling",
    "series_from_arrays": "build",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"zepix.data has no name {name!r}; there are {', '.join(__all__)}")
    value = getattr(importlib.import_module(f"zepix.data.{home}"), name)
    globals()[name] = value
    return value

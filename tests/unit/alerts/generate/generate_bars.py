"""Invented bars with volumes for the generator, and the settings that make every timeframe turn within a few weeks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from zepix.alerts.generate import V3Settings, V6Settings, settings_of
from zepix.data import default_catalogue, resample, series_from_arrays
from zepix.data.synthetic import synthetic_bars
from zepix.model import Instrument, Series
from zepix.model.series import PRICE_COLUMNS

CHARTS = ("5", "15", "60", "240", "1D")


def instrument(symbol: str = "EURUSD") -> Instrument:
    return default_catalogue()[symbol]


@cache
def five_minutes(symbol: str = "EURUSD", bars: int = 80_000) -> Series:
    """Bars of five minutes made of ``bars`` invented minutes, some of them lost."""
    made = synthetic_bars(symbol, start="2024-01-01", bars=bars, seed=20240101)
    return resample(series_from_arrays(instrument(symbol), "1m", made), "5m")


@cache
def volumes(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(1, 900, count).astype(np.float64)


def quick(dialect: str, *pairs: str) -> V3Settings | V6Settings:
    """Settings whose trends need fifteen bars instead of 210."""
    return settings_of(dialect, ["trend_period=5", "trend_width=0.1", *pairs])


def first_rows(series: Series, count: int) -> Series:
    """The first bars of a series (without its index of blocks, which alerts do not use)."""
    cut = {name: getattr(series, name)[:count] for name in ("time", *PRICE_COLUMNS)}
    return replace(series, **cut)

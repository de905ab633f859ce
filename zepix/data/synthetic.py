"""Invented one-minute bars, the same for everybody: integers only, from the raw stream of one documented generator.

Nothing here is a market. Prices walk at random, with the volatility and the spread of a usual day by UTC hour, busier
and calmer hours, weekends by the trading week of the instrument, a jump over the weekend, and minutes without a tick.

Why it is reproducible: numpy promises the raw 64-bit stream of ``PCG64`` for a seed; everything made of it is integer
arithmetic up to the last step, one true division by a power of ten, which IEEE 754 rounds in one way only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.data.clock import HOUR_NS
from zepix.data.week import WEEK_NS, traded_until
from zepix.errors import ConfigError
from zepix.model.series import Int64

__all__ = ["PROFILES", "Profile", "bar_points", "draws", "instant_ns", "synthetic_bars"]

MINUTE_NS: Final = 60_000_000_000
_DEVIATION: Final = 37_837  # of the sum of four uniform 16-bit numbers
# Per cent of the usual move, and of the usual spread, in each UTC hour.
_BUSY: Final = (45, 45, 40, 40, 40, 45, 70, 110, 130, 120, 105, 95,
                110, 160, 170, 160, 130, 100, 80, 70, 60, 40, 35, 45)  # fmt: skip
_SPREAD: Final = (150, 150, 140, 140, 140, 130, 110, 100, 100, 100, 100, 100,
                  100, 100, 100, 100, 110, 120, 130, 160, 200, 400, 400, 180)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Profile:
    """How one symbol walks, in points: usual step of a minute, spread, and walls it is reflected at."""

    digits: int
    start: int
    lowest: int
    highest: int
    step: int
    spread: int
    week: str


PROFILES: Final[dict[str, Profile]] = {
    "EURUSD": Profile(5, 109_500, 80_000, 160_000, 11, 8, "24/5"),
    "GBPUSD": Profile(5, 127_000, 100_000, 180_000, 14, 12, "24/5"),
    "USDJPY": Profile(3, 142_000, 80_000, 180_000, 14, 10, "24/5"),
    "XAUUSD": Profile(3, 2_045_000, 1_000_000, 3_500_000, 330, 220, "23/5"),
    "BTCUSD": Profile(2, 4_300_000, 1_000_000, 12_000_000, 2_500, 1_800, "24/7"),
}


def instant_ns(start: str | int) -> int:
    """An instant in ns, from ISO 8601 with its zone, a day (its beginning in UTC) or nanoseconds."""
    if isinstance(start, int):
        return start
    moment = datetime.fromisoformat(start if len(start) > 10 else f"{start}T00:00:00+00:00")
    if moment.tzinfo is None:
        raise ConfigError(f"{start!r} carries no time zone; write 2024-01-01 or 2024-01-01T00:00:00Z")
    return round(moment.timestamp()) * 1_000_000_000


def draws(seed: int, purpose: str, count: int) -> NDArray[np.uint64]:
    """``count`` raw 64-bit numbers for a seed; each purpose has a stream of its own."""
    word = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little")
    stream: NDArray[np.uint64] = np.random.PCG64([seed, word]).random_raw(count)
    return stream


def _bits(raw: NDArray[np.uint64], shift: int, width: int) -> Int64:
    return ((raw >> np.uint64(shift)) & np.uint64((1 << width) - 1)).astype(np.int64)


def _bell(raw: NDArray[np.uint64]) -> Int64:
    """About normal, mean 0, deviation 37837: the sum of the four 16-bit parts of each number."""
    return sum((_bits(raw, shift, 16) for shift in (0, 16, 32, 48)), np.zeros(len(raw), np.int64)) - 131_070


def _minutes(start_ns: int, count: int, week: str) -> Int64:
    """At least ``count`` open minutes of the trading week from ``start_ns`` on, as the grid goes."""
    weeks = 2 + count // 6000
    grid = start_ns + MINUTE_NS * np.arange(weeks * (WEEK_NS // MINUTE_NS), dtype=np.int64)
    traded = np.diff(traded_until(np.append(grid, grid[-1] + MINUTE_NS), week))
    return grid[traded > 0]


def bar_points(symbol: str, *, start: str | int, bars: int, seed: int) -> dict[str, Int64]:
    """``time`` (ns UTC) and the eight prices in points, int64; see ``synthetic_bars``."""
    profile = PROFILES.get(symbol)
    if profile is None:
        raise ConfigError(f"no synthetic prices for {symbol}; there are {', '.join(PROFILES)}")
    if bars < 1:
        raise ConfigError(f"bars must be above zero, not {bars}")
    wanted = bars + bars // 8 + 100  # some minutes will be left out
    time = _minutes(instant_ns(start), wanted, profile.week)[:wanted]
    hour = time // HOUR_NS % 24
    walk, shape = draws(seed, f"{symbol} walk", len(time)), draws(seed, f"{symbol} shape", len(time))
    step = _steps(profile, seed, symbol, time, hour)
    points = _prices(profile, walk, shape, step, time)
    points |= _asks(profile, shape, hour, points)
    # a minute in two hundred has no tick; in the quiet hours one in thirty
    kept = _bits(shape, 52, 12) >= np.where(np.isin(hour, (21, 22, 23)), 136, 20)
    kept[0] = True
    return {"time": time[kept][:bars], **{name: values[kept][:bars] for name, values in points.items()}}


def _steps(profile: Profile, seed: int, symbol: str, time: Int64, hour: Int64) -> Int64:
    """The usual move of each minute in 1/256 points: by hour of the day, and by how busy this very hour is."""
    hours = (time - time[0]) // HOUR_NS
    mood = 60 + _bits(draws(seed, f"{symbol} mood", int(hours[-1]) + 1), 0, 7)  # 60 to 187 per cent
    step: Int64 = 256 * profile.step * np.array(_BUSY, np.int64)[hour] // 100 * mood[hours] // 100
    return step


def _prices(
    profile: Profile, walk: NDArray[np.uint64], shape: NDArray[np.uint64], step: Int64, time: Int64
) -> dict[str, Int64]:
    """Opens, highs, lows and closes of the bid."""
    move = (_bell(walk) * step // 256 + _DEVIATION // 2) // _DEVIATION
    jump = np.where(_bits(shape, 0, 3) == 0, _bits(shape, 3, 2) - 1, 0)  # seldom a point or two between minutes
    opens_week = np.concatenate(([False], np.diff(time) > 24 * HOUR_NS))
    jump[opens_week] = (_bits(shape, 5, 8)[opens_week] - 128) * profile.step // 4
    close = profile.start + np.cumsum(move + jump)
    first, last = _reflected(profile, close - move), _reflected(profile, close)
    up = _bits(shape, 13, 8) * _bits(shape, 21, 8) * step >> 24
    down = _bits(shape, 29, 8) * _bits(shape, 37, 8) * step >> 24
    return {
        "bid_open": first,
        "bid_high": np.maximum(first, last) + up,
        "bid_low": np.minimum(first, last) - down,
        "bid_close": last,
    }


def _reflected(profile: Profile, points: Int64) -> Int64:
    """Points folded back between the walls, as a ball between two of them."""
    span = profile.highest - profile.lowest
    folded = (points - profile.lowest) % (2 * span)
    return np.asarray(profile.lowest + np.where(folded > span, 2 * span - folded, folded), np.int64)


def _asks(profile: Profile, shape: NDArray[np.uint64], hour: Int64, bids: dict[str, Int64]) -> dict[str, Int64]:
    """The ask: a spread by hour, a little wider at random, another at the open than at the close."""
    usual = profile.spread * np.array(_SPREAD, np.int64)[hour] // 100
    spread_open = usual + (usual * _bits(shape, 45, 4) >> 6)
    spread_close = usual + (usual * _bits(shape, 48, 4) >> 6)
    return {
        "ask_open": bids["bid_open"] + spread_open,
        "ask_high": bids["bid_high"] + np.maximum(spread_open, spread_close),
        "ask_low": bids["bid_low"] + np.minimum(spread_open, spread_close),
        "ask_close": bids["bid_close"] + spread_close,
    }


def synthetic_bars(symbol: str, *, start: str | int, bars: int, seed: int) -> dict[str, NDArray[Any]]:
    """Exactly ``bars`` one-minute bars from ``start`` on, as columns of the file format.

    ``time`` is int64 ns UTC, the eight prices float64. The first bars do not depend on how many are asked for.
    Cost: some 2 million bars a second. Raises ConfigError for a symbol without a profile.
    """
    points = bar_points(symbol, start=start, bars=bars, seed=seed)
    unit = float(10 ** PROFILES[symbol].digits)
    return {name: values if name == "time" else values / unit for name, values in points.items()}

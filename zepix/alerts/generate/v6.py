"""The V6 script at bar close: every alert of a bar, in the order of the script's table, as text between pipes.

- BULLISH_ENTRY, BEARISH_ENTRY: the chart's trend turned, or the close crossed the zero-lag average within the trend
  (``entry_on``). Stop 2 ATR from the close (R), targets at ``risk_reward`` times 0.5, 1 and 1.5 R. The trend line is
  off, so its token is missing, as the script leaves it out.
- Confidence: 20, + 10 or 20 by ADX (from 20, from 25), + 25 where at least four of six trends agree, + 10 for a volume
  above 1.2 times its mean of 20 bars (where there are volumes). HIGH from 80, MODERATE from 50, else LOW.
- EXIT_BULLISH, EXIT_BEARISH: fifteen bars after the last entry of that direction.
- TREND_PULSE: one of the six trends is another than at the bar before.
- SIDEWAYS_BREAKOUT: ADX rises from below 20 to 20 or more; the direction is the chart's trend.
- MOMENTUM_CHANGE: ADX moved by 3 or more since the bar before, or its word (STRONG, MODERATE, WEAK) changed.
- STATE_CHANGE: the market state (from the six trends) is another than at the bar before.
- SCREENER_FULL_BULLISH, _BEARISH: all nine indicators rise, or fall; only with volumes, for MFI is one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.generate.chart import Chart, code
from zepix.alerts.generate.indicators import NAMES, Readings, crossings, read
from zepix.alerts.generate.settings import V6Settings
from zepix.alerts.generate.trends import TIMEFRAMES, Trends, changed, counts
from zepix.alerts.generate.wire import fixed, number
from zepix.kernels.indicators_averages import sma

__all__ = ["STATES", "bodies", "market_state", "since"]

STATES: Final = ("NEUTRAL", "TRENDING_BULLISH", "TRENDING_BEARISH", "MIXED_BULLISH", "MIXED_BEARISH")
_WORDS: Final = {1: "BULL", 0: "SIDE", -1: "BEAR"}
_ARROW: Final = "\N{RIGHTWARDS ARROW}"
Bools = NDArray[np.bool_]
Ints = NDArray[Any]


def market_state(bulls: Ints, bears: Ints) -> Ints:
    """Which of ``STATES`` each row is in: trending from five of six, mixed from four, else neutral."""
    cases = [bulls >= 5, bears >= 5, bulls >= 4, bears >= 4]
    return np.select(cases, [1, 2, 3, 4], 0)


def since(entries: Bools) -> Ints:
    """Bars since the last entry, 0 at the entry itself; -1 before the first."""
    rows = np.arange(len(entries))
    last = np.maximum.accumulate(np.where(entries, rows, -1))
    return np.where(last >= 0, rows - last, -1)


def bodies(chart: Chart, trends: Trends, settings: V6Settings, point: float) -> Iterator[tuple[int, str, str]]:
    """(row, type, body) of every alert, in order of time and, within a bar, of the script."""
    found = read(chart, settings)
    six = trends.at(chart.end)
    fires = _fires(chart, found, six, settings)
    write = _Writer(chart, found, six, settings, point)
    rows = np.flatnonzero(np.any(list(fires.values()), axis=0)).tolist() if len(chart) else []
    for row in rows:
        for kind, fired in fires.items():
            if fired[row]:
                yield row, kind, write.body(row, kind)


def _fires(chart: Chart, found: Readings, six: NDArray[np.int8], settings: V6Settings) -> dict[str, Bools]:
    """Which rows send which alert, in the order of the script."""
    count = len(chart)
    is_warm = np.arange(count) > found.first
    buy, sell = _entries(chart, found, settings)
    buy, sell = buy & is_warm, sell & is_warm
    state = market_state(*counts(six))
    adx, before = found.adx, np.concatenate((found.adx[:1], found.adx[:-1]))
    moved = np.abs(adx - before) >= settings.momentum_change
    words, words_before = _strength(adx, settings), _strength(before, settings)
    out = {
        "BULLISH_ENTRY": buy,
        "BEARISH_ENTRY": sell,
        "EXIT_BULLISH": since(buy) == settings.exit_bars,
        "EXIT_BEARISH": since(sell) == settings.exit_bars,
        "TREND_PULSE": changed(six).any(axis=1),
        "SIDEWAYS_BREAKOUT": (before < settings.adx_moderate) & (adx >= settings.adx_moderate),
        "MOMENTUM_CHANGE": moved | (words != words_before),
        "STATE_CHANGE": state != np.concatenate((state[:1], state[:-1])),
    }
    if "MFI" in found.margins:
        out["SCREENER_FULL_BULLISH"] = np.all([margin > 0 for margin in found.margins.values()], axis=0)
        out["SCREENER_FULL_BEARISH"] = np.all([margin < 0 for margin in found.margins.values()], axis=0)
    return {kind: fired & is_warm for kind, fired in out.items()}


def _entries(chart: Chart, found: Readings, settings: V6Settings) -> tuple[Bools, Bools]:
    turns_up, turns_down, over, under = crossings(chart.close, found)
    if settings.entry_on == "flip":
        return turns_up, turns_down
    return (over, under) if settings.entry_on == "cross" else (turns_up | over, turns_down | under)


def _strength(adx: NDArray[np.float64], settings: V6Settings) -> Ints:
    """2 strong, 1 moderate, 0 weak."""
    return (adx >= settings.adx_moderate).astype(np.int8) + (adx >= settings.adx_strong)


class _Writer:
    """Bodies between pipes, the type first."""

    def __init__(
        self, chart: Chart, found: Readings, six: NDArray[np.int8], settings: V6Settings, point: float
    ) -> None:
        self._chart, self._found, self._six, self._settings, self._point = chart, found, six, settings, point
        self._digits = max(0, len(number(point).partition(".")[2]))
        self._bulls, self._bears = counts(six)
        self._state = market_state(self._bulls, self._bears)
        self._strengths = _strength(found.adx, settings)
        self._busy = None
        if chart.volume is not None:
            self._busy = chart.volume > settings.volume_factor * sma(chart.volume, settings.volume_period)

    def body(self, row: int, kind: str) -> str:
        """The alert of this row and type."""
        tokens: list[str] = [kind, self._chart.symbol, code(self._chart.timeframe)]
        if kind in ("BULLISH_ENTRY", "BEARISH_ENTRY"):
            return "|".join([*tokens, *self._entry(row, 1 if kind == "BULLISH_ENTRY" else -1), ""])
        if kind.startswith("EXIT_"):
            return "|".join([*tokens, self._price(row), str(self._settings.exit_bars)])
        if kind.startswith("SCREENER_"):
            return "|".join([*tokens, "9", ",".join(NAMES)])
        return "|".join([*tokens, *_INFORMATION[kind](self, row)])

    def _price(self, row: int, distance: float = 0.0) -> str:
        return fixed((float(self._chart.close[row]) + distance) * self._point, self._digits)

    def _word(self, row: int) -> str:
        return ("WEAK", "MODERATE", "STRONG")[int(self._strengths[row])]

    def _align(self, row: int) -> str:
        return f"{self._bulls[row]}/{self._bears[row]}"

    def _entry(self, row: int, sign: int) -> list[str]:
        settings = self._settings
        score = self._confidence(row, sign)
        level = (
            "HIGH"
            if score >= settings.confidence_high
            else "MODERATE"
            if score >= settings.confidence_moderate
            else "LOW"
        )
        risk = settings.stop_atr * float(self._found.atr[row])
        targets = [self._price(row, sign * settings.risk_reward * part * risk) for part in (0.5, 1.0, 1.5)]
        strength = [fixed(float(self._found.adx[row]), 1), self._word(row)]
        head = [self._price(row), "BUY" if sign > 0 else "SELL", level, str(score), *strength]
        return [*head, self._price(row, -sign * risk), *targets, self._align(row)]

    def _confidence(self, row: int, sign: int) -> int:
        settings, strength = self._settings, int(self._strengths[row])
        score = settings.confidence_base
        score += (0, settings.confidence_adx_moderate, settings.confidence_adx_strong)[strength]
        aligned = self._bulls[row] if sign > 0 else self._bears[row]
        score += settings.confidence_alignment if aligned >= settings.min_alignment else 0
        return score + (settings.confidence_volume if self._busy is not None and self._busy[row] else 0)

    def pulse(self, row: int) -> list[str]:
        now, last = self._six[row].tolist(), self._six[row - 1].tolist()
        changes = ",".join(
            f"{code(TIMEFRAMES[k])}:{_WORDS[last[k]]}{_ARROW}{_WORDS[now[k]]}"
            for k in range(len(TIMEFRAMES))
            if now[k] != last[k]
        )
        return [str(self._bulls[row]), str(self._bears[row]), changes, STATES[self._state[row]]]

    def sideways(self, row: int) -> list[str]:
        direction = {1: "BULLISH", -1: "BEARISH"}.get(int(self._found.trend[row]), "NEUTRAL")
        return [direction, fixed(float(self._found.adx[row]), 1), self._word(row), "SIDEWAYS", "INCREASING"]

    def momentum(self, row: int) -> list[str]:
        now, last = float(self._found.adx[row]), float(self._found.adx[row - 1])
        word = "INCREASING" if now > last else "DECREASING"
        return [fixed(now, 1), self._word(row), fixed(last, 1), self._word(row - 1), word]

    def state(self, row: int) -> list[str]:
        return [STATES[self._state[row]], STATES[self._state[row - 1]], self._align(row)]


_INFORMATION: Final = {
    "TREND_PULSE": _Writer.pulse,
    "SIDEWAYS_BREAKOUT": _Writer.sideways,
    "MOMENTUM_CHANGE": _Writer.momentum,
    "STATE_CHANGE": _Writer.state,
}

"""Alerts made up for ticks that nobody has alerts for: bracket entries at bar closes, sent as TradingView sends.

An alert belongs to a chart of 1, 5, 15 or 60 minutes and comes 0.3 to 3 s after one of its bars closed, at a random
place of the ticks. Its stop lies half to three usual bars of that chart away (never nearer than three usual spreads),
its target half to two and a half times as far. A third of the entries follow the bar that closed, a third go against
it, a third toss a coin; one in four is closed by an exit alert 1 to 20 bars later, if it is still open then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from zepix.data import resample
from zepix.data.synthetic import draws
from zepix.errors import DataError
from zepix.model import Alert, Instrument, Series, Side
from zepix.model.timeframe import NS
from zepix.model.timeframe import minutes as minutes_of

__all__ = ["CHARTS", "LOTS", "random_alerts"]

CHARTS: Final = ("1m", "5m", "15m", "1h")
LOTS: Final = 0.10
LEANS: Final = ("follows", "fades", "coin")
_SOURCE: Final = "random"
_MS: Final = 1_000_000
_FEWEST_BARS: Final = 30
_SOONEST_MS, _LATEST_MS = 300, 3000
_EXITED_ONE_IN: Final = 4
_MOST_BARS_HELD: Final = 20


@dataclass(frozen=True, slots=True)
class _Chart:
    """Bars of one timeframe that an alert may follow: their ends, direction and close, what is usual, and the end."""

    timeframe: str
    length_ns: int
    ends: Sequence[int]
    closes: Sequence[int]
    rises: Sequence[bool]
    range_points: int
    spread_points: int
    last_ns: int


class _Dice:
    """Random whole numbers of one seed, the same on every machine."""

    def __init__(self, seed: int, purpose: str, count: int) -> None:
        self._raw = iter(draws(seed, purpose, count).tolist())

    def below(self, count: int) -> int:
        return int(next(self._raw) % count)

    def between(self, low: int, high: int) -> int:
        """Both included."""
        return low + self.below(high - low + 1)


def random_alerts(
    ticks: Mapping[str, Series],
    instruments: Mapping[str, Instrument],
    count: int,
    *,
    seed: int,
    from_ns: int | None = None,
    to_ns: int | None = None,
) -> list[Alert]:
    """``count`` entries and the exits of some of them, by time; symbols and charts take turns.

    Entries lie in [from_ns, to_ns). Raises DataError where the ticks hold too few bars of any chart.
    """
    charts = {symbol: _charts(one, from_ns, to_ns) for symbol, one in ticks.items()}
    short = [symbol for symbol, found in charts.items() if not found]
    if short:
        raise DataError(
            f"{', '.join(short)}: too few ticks for random alerts; expected {_FEWEST_BARS} minutes with ticks or more"
        )
    dice = _Dice(seed, "fidelity", 8 * count)
    found: list[Alert] = []
    symbols = list(charts)
    for number in range(count):
        symbol = symbols[number % len(symbols)]
        turn = charts[symbol]
        chart = turn[(number // len(symbols)) % len(turn)]
        found += _alerts(dice, number + 1, chart, instruments[symbol])
    return sorted(found, key=lambda alert: alert.received_ns)


def _charts(ticks: Series, from_ns: int | None, to_ns: int | None) -> list[_Chart]:
    """The charts that have enough bars; the last bar of the ticks is left out, nothing can follow it."""
    spread = int(np.median(ticks.ask_open.astype(np.int64) - ticks.bid_open))
    found = []
    for word in CHARTS:
        bars = resample(ticks, word)
        length_ns = minutes_of(word) * 60 * NS
        ends = bars.time + length_ns
        first = -1 if from_ns is None else from_ns
        last = ticks.end_ns if to_ns is None else min(to_ns, ticks.end_ns)
        rows = np.flatnonzero((ends >= first) & (ends < last - _LATEST_MS * _MS))
        if len(rows) < _FEWEST_BARS:
            continue
        height = bars.bid_high[rows].astype(np.int64) - bars.bid_low[rows]
        found.append(
            _Chart(
                timeframe=word,
                length_ns=length_ns,
                ends=ends[rows].tolist(),
                closes=bars.bid_close[rows].tolist(),
                rises=(bars.bid_close[rows] >= bars.bid_open[rows]).tolist(),
                range_points=max(1, int(np.median(height))),
                spread_points=spread,
                last_ns=last,
            )
        )
    return found


def _alerts(dice: _Dice, number: int, chart: _Chart, instrument: Instrument) -> list[Alert]:
    """An entry, and the exit that names it where it gets one; always spends the same eight numbers."""
    row = dice.below(len(chart.ends))
    lean, coin = LEANS[dice.below(len(LEANS))], dice.below(2)
    follows = bool(coin) if lean == "coin" else lean == "follows"
    side = Side("buy" if chart.rises[row] == follows else "sell")
    stop = max(chart.range_points * dice.between(50, 300) // 100, 3 * chart.spread_points, 1)
    target = max(stop * dice.between(50, 250) // 100, 1)
    sent_ns = chart.ends[row] + dice.between(_SOONEST_MS, _LATEST_MS) * _MS
    is_exited, bars_held = dice.below(_EXITED_ONE_IN) == 0, dice.between(1, _MOST_BARS_HELD)
    price = chart.closes[row]
    name = f"random-{number}"
    entry = Alert(
        id=name,
        explicit_id=name,
        received_ns=sent_ns,
        type="entry",
        side=side,
        price=instrument.price(price),
        volume=LOTS,
        sl=instrument.price(max(1, price - side.sign * stop)),
        tp=instrument.price(max(1, price + side.sign * target)),
        signal=lean,
        symbol=instrument.symbol,
        dialect="plain",
        timeframe=chart.timeframe,
        source=_SOURCE,
    )
    exit_ns = sent_ns + bars_held * chart.length_ns
    if not is_exited or exit_ns >= chart.last_ns:
        return [entry]
    out = Alert(
        id=f"{name}-exit",
        explicit_id=f"{name}-exit",
        received_ns=exit_ns,
        type="exit",
        ref=name,
        symbol=instrument.symbol,
        dialect="plain",
        timeframe=chart.timeframe,
        source=_SOURCE,
    )
    return [entry, out]

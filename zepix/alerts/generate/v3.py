"""The V3 script: one alert a bar, by its else-if chain, of the rules whose inputs are defined.

The chain, in its order: Institutional_Launchpad, Liquidity_Trap_Reversal, Momentum_Breakout, Mitigation_Test_Entry,
**Bullish_Exit**, **Bearish_Exit**, Golden_Pocket_Flip, Volatility_Squeeze, Screener_Full_Bullish,
Screener_Full_Bearish, **Trend_Pulse**, **Sideways_Breakout**. Those not in bold are left out (see ``manifest``).

- Consensus: ``round(points * 9 / 12)``, halves up, of the weights of the rising indicators; without volumes MFI has
  neither a vote nor a weight (``* 9 / 11``).
- ``market_trend``: the trend of the chart's own timeframe.
- Bullish_Exit: market trend up, and the score fell from 6 or more to 3 or less within one bar. Bearish_Exit: mirrored.
- Trend_Pulse: a trend of 5m to 1D is another than at the bar before.
- Sideways_Breakout: the trend turned, or the close crossed the zero-lag average within a trend; ADX above 20; score 4
  or more to buy, 5 or less to sell. Where the turned trend is also one of the pulse's, the pulse comes first.
- Stop 1.5 ATR from the close, targets at 1.5 R and 3 R.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.generate.chart import Chart, code
from zepix.alerts.generate.indicators import Readings, crossings, read
from zepix.alerts.generate.settings import V3Settings
from zepix.alerts.generate.trends import TIMEFRAMES, Trends, changed
from zepix.alerts.generate.wire import fixed, number

__all__ = ["bodies", "consensus", "multiplier"]

BULLISH_EXIT, BEARISH_EXIT, PULSE, BREAKOUT_BUY, BREAKOUT_SELL = range(1, 6)
_WEIGHTS: Final = {
    "MACD": "macd",
    "STOCH": "stochastic",
    "VORTEX": "vortex",
    "MOMENTUM": "momentum",
    "RSI": "rsi",
    "PSAR": "sar",
    "DMI": "dmi",
    "MFI": "mfi",
    "FISHER": "fisher",
}
_LABELS: Final = "1m,5m,15m,1H,4H,1D"
_PULSE_FROM: Final = 1  # the 1m trend starts no pulse
Ints = NDArray[np.int64]


def consensus(found: Readings, settings: V3Settings) -> Ints:
    """The score of each row, 0 (none rises) to 9 (all do)."""
    points: Any = np.zeros(len(found.adx), np.float64)
    whole = 0
    for name, margin in found.margins.items():
        weight = getattr(settings, f"{_WEIGHTS[name]}_weight")
        points += weight * (margin > 0)
        whole += weight
    return np.asarray(np.floor(points * 9 / max(whole, 1) + 0.5), np.int64)


def multiplier(score: int) -> float:
    """``position_multiplier`` by the score, whatever the direction."""
    return next((share for least, share in ((9, 1.0), (7, 0.8), (5, 0.6), (3, 0.4)) if score >= least), 0.2)


def bodies(chart: Chart, trends: Trends, settings: V3Settings, point: float) -> Iterator[tuple[int, str, str]]:
    """(row, signal, body) of every bar that sends one, in order of time."""
    found = read(chart, settings)
    score = consensus(found, settings)
    six = trends.at(chart.end)
    pulse: Any = changed(six)[:, _PULSE_FROM:].any(axis=1)
    chain = _chain(chart, found, score, pulse, settings)
    write = _Writer(chart, found, score, six, settings, point)
    for row in np.flatnonzero(chain).tolist():
        yield row, *write.body(row, int(chain[row]))


def _chain(
    chart: Chart, found: Readings, score: Ints, pulse: NDArray[np.bool_], settings: V3Settings
) -> NDArray[np.int8]:
    """Which signal each row sends; 0 for none. The first of the chain that holds wins."""
    turns_up, turns_down, over, under = crossings(chart.close, found)
    before = np.concatenate((score[:1], score[:-1]))
    fell = (before >= settings.exit_high_score) & (score <= settings.exit_low_score)
    rose = (before <= settings.exit_low_score) & (score >= settings.exit_high_score)
    strong = found.adx > settings.adx_threshold
    held = [
        (found.trend == 1) & fell,
        (found.trend == -1) & rose,
        pulse,
        (turns_up | over) & strong & (score >= settings.breakout_buy_score),
        (turns_down | under) & strong & (score <= settings.breakout_sell_score),
    ]
    out = np.zeros(len(chart), np.int8)
    for which in range(len(held), 0, -1):
        out[held[which - 1]] = which
    out[: found.first + 1] = 0  # the row after the first full one is the first with a score before it
    return out


class _Writer:
    """Bodies in the order of fields that the script writes, with the symbol and the price filled in."""

    def __init__(
        self,
        chart: Chart,
        found: Readings,
        score: Ints,
        six: NDArray[np.int8],
        settings: V3Settings,
        point: float,
    ) -> None:
        self._chart, self._found, self._score, self._six = chart, found, score, six
        self._settings, self._point = settings, point
        self._symbol, self._tf = json.dumps(chart.symbol), code(chart.timeframe)

    def body(self, row: int, which: int) -> tuple[str, str]:
        """(signal, body)."""
        if which == PULSE:
            return "Trend_Pulse", self._pulse(row)
        if which in (BULLISH_EXIT, BEARISH_EXIT):
            return self._exit(row, which)
        return "Sideways_Breakout", self._breakout(row, 1 if which == BREAKOUT_BUY else -1)

    def _head(self, kind: str, signal: str, row: int, direction: str = "") -> str:
        side = f'"direction":"{direction}",' if direction else ""
        price = number(float(self._chart.close[row]) * self._point)
        where = f'"symbol":{self._symbol},{side}"tf":"{self._tf}","price":{price}'
        return f'{{"type":"{kind}","signal_type":"{signal}",{where}'

    def _exit(self, row: int, which: int) -> tuple[str, str]:
        signal, direction = ("Bullish_Exit", "sell") if which == BULLISH_EXIT else ("Bearish_Exit", "buy")
        head = self._head("exit_v3", signal, row, direction)
        state = f'"consensus_score":{self._score[row]},"market_trend":{self._found.trend[row]}'
        return signal, f'{head},{state},"reason":"TP_hit_or_reversal_or_momentum_loss"}}'

    def _pulse(self, row: int) -> str:
        now, last = self._six[row].tolist(), self._six[row - 1].tolist()
        turned = [k for k in range(_PULSE_FROM, len(TIMEFRAMES)) if now[k] != last[k]]
        codes = "".join(f"{code(TIMEFRAMES[k])}," for k in turned)
        details = "".join(f"{code(TIMEFRAMES[k])}:{now[k]};" for k in turned)
        told = last if self._settings.tell_previous else now
        return (
            f'{self._head("trend_pulse_v3", "Trend_Pulse", row)},"current_trends":"{_joined(now)}",'
            f'"previous_trends":"{_joined(told)}","changed_timeframes":"{codes}","change_details":"{details}",'
            f'"trend_labels":"{_LABELS}","market_trend":{self._found.trend[row]},'
            f'"consensus_score":{self._score[row]},"message":"Trend change detected on: {codes}"}}'
        )

    def _breakout(self, row: int, sign: int) -> str:
        settings, adx, score = self._settings, float(self._found.adx[row]), int(self._score[row])
        close, risk = float(self._chart.close[row]), settings.stop_atr * float(self._found.atr[row])
        levels = (-sign * risk, sign * settings.target_1_r * risk, sign * settings.target_2_r * risk)
        sl, tp1, tp2 = (number((close + distance) * self._point) for distance in levels)
        word = "HIGH" if adx > settings.adx_high else "MEDIUM" if adx > settings.adx_medium else "LOW"
        return (
            f"{self._head('entry_v3', 'Sideways_Breakout', row, 'buy' if sign > 0 else 'sell')},"
            f'"consensus_score":{score},"sl_price":{sl},"tp1_price":{tp1},"tp2_price":{tp2},'
            f'"mtf_trends":"{_joined(self._six[row].tolist()[:0:-1])}","market_trend":{self._found.trend[row]},'
            f'"volume_delta_ratio":null,"price_in_ob":null,"position_multiplier":{number(multiplier(score))},'
            f'"adx_value":{fixed(adx, 1)},"confidence":"{word}"}}'
        )


def _joined(trends: list[int]) -> str:
    return ",".join(map(str, trends))

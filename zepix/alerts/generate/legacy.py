"""The legacy script at bar close: which of its five alerts each chart sends, in the order in which they can be used.

| chart | alerts |
|---|---|
| 5m | reversal, exit, entry |
| 15m, 1h | trend, exit, entry |
| 1d | bias |

Nothing but the alerts' words is known of that script, so what sends them is chosen (``settings.py``):

- *bias*: every close, the chart's trend; *trend*: its trend begins or turns, or the close crosses the zero-lag average
  within it;
- *entry*: the same; *reversal*: the trend turns;
- *exit*: the close crosses the average against the trend: ``bull`` in a falling trend, which ends sells.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from zepix.alerts.generate.chart import Chart
from zepix.alerts.generate.settings import LegacySettings
from zepix.alerts.generate.trends import trend_of
from zepix.alerts.generate.wire import number
from zepix.errors import ConfigError

__all__ = ["KINDS", "bodies", "check"]

KINDS: Final = {
    "5m": ("reversal", "exit", "entry"),
    "15m": ("trend", "exit", "entry"),
    "1h": ("trend", "exit", "entry"),
    "1d": ("bias",),
}
_WORDS: Final = {"entry": ("buy", "sell"), "reversal": ("reversal_bull", "reversal_bear")}
_USUAL: Final = ("bull", "bear")
Bools = NDArray[np.bool_]


def check(charts: Sequence[Chart]) -> None:
    """Raises ConfigError for charts on which the script sends nothing."""
    wrong = [chart.timeframe for chart in charts if chart.timeframe not in KINDS]
    if wrong:
        raise ConfigError(
            f"legacy alerts are of charts {', '.join(KINDS)}, not {', '.join(wrong)}; name those with --timeframes"
        )


def bodies(chart: Chart, settings: LegacySettings, point: float) -> Iterator[tuple[int, str, str]]:
    """(row, type, body) of every alert, in order of time and, within a bar, of ``KINDS``."""
    fires = _fires(chart, settings)
    rows = np.flatnonzero(np.any([up | down for up, down in fires.values()], axis=0)).tolist() if len(chart) else []
    symbol = json.dumps(chart.symbol)
    for row in rows:
        price = number(float(chart.close[row]) * point)
        for kind, (up, down) in fires.items():
            if up[row] or down[row]:
                signal = _WORDS.get(kind, _USUAL)[0 if up[row] else 1]
                where = f'"symbol":{symbol},"signal":"{signal}","tf":"{chart.timeframe}","price":{price}'
                yield row, kind, f'{{"type":"{kind}",{where},"strategy":"ZepixPremium"}}'


def _fires(chart: Chart, settings: LegacySettings) -> dict[str, tuple[Bools, Bools]]:
    """Which rows send which alert, for the bulls and for the bears."""
    trend, average = trend_of(chart, settings)
    before = np.concatenate((trend[:1], trend[:-1]))
    over: Any = np.zeros(len(chart), np.bool_)
    under: Any = np.zeros(len(chart), np.bool_)
    over[1:] = (chart.close[1:] > average[1:]) & (chart.close[:-1] <= average[:-1])
    under[1:] = (chart.close[1:] < average[1:]) & (chart.close[:-1] >= average[:-1])
    turns = (trend == 1) & (before == -1), (trend == -1) & (before == 1)
    begins = (trend == 1) & (before == 0), (trend == -1) & (before == 0)
    crosses = over & (trend == 1) & (before == 1), under & (trend == -1) & (before == -1)
    told = _either(settings.trend_on, turns, crosses)
    made = {
        "bias": (trend == 1, trend == -1),
        "trend": (told[0] | begins[0], told[1] | begins[1]),
        "reversal": turns,
        "exit": (over & (trend == -1), under & (trend == 1)),
        "entry": _either(settings.entry_on, turns, crosses),
    }
    return {kind: made[kind] for kind in KINDS[chart.timeframe]}


def _either(word: str, turns: tuple[Bools, Bools], crosses: tuple[Bools, Bools]) -> tuple[Bools, Bools]:
    if word == "both":
        return turns[0] | crosses[0], turns[1] | crosses[1]
    return turns if word == "flip" else crosses

"""An entry as the plugin sees it: which signal, which logic, how convinced, out of an alert.

*Logic.* The signal comes before the chart: Screener_Full_* is LOGIC3 on any chart, Golden_Pocket_Flip on charts of 1h
and 4h. Then the chart's timeframe (``timeframe_logic``), then ``default_logic``.

*Conviction.* The score counts from bearish to bullish: a buy is as convinced as its score, a sell as 9 less its score.

*Factor of the size.* The script's ``position_multiplier`` follows the score and so is 0.2 for the best sell. It counts
for buys and for the screener; a sell's factor is made of its conviction by the script's own steps; without either the
table of the bot counts (``consensus_sizing``).

| conviction | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |
|---|---|---|---|---|---|---|---|---|---|---|
| steps | 0.2 | 0.2 | 0.2 | 0.4 | 0.4 | 0.6 | 0.6 | 0.8 | 0.8 | 1.0 |
| table | 0.2 | 0.3 | 0.4 | 0.5 | 0.6 | 0.7 | 0.8 | 0.85 | 0.9 | 1.0 |
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from zepix import Alert, Side

from .settings import ENTRY_SIGNALS, HIGHEST_SCORE, V3Settings, spelt

SCREENERS = {Side.BUY: "Screener_Full_Bullish", Side.SELL: "Screener_Full_Bearish"}
GOLDEN_LOGIC3 = ("1h", "4h")
STEPS = (0.2, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 0.8, 1.0)
TABLE = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 1.0)


class Signal(NamedTuple):
    """What is to be entered; None is what the alert did not say. ``word`` is the signal's one spelling, empty where
    nobody knows it; ``factor`` is what the conviction does to the size."""

    alert_id: str
    symbol: str
    side: Side
    timeframe: str
    word: str
    logic: str
    score: float | None = None
    conviction: float | None = None
    factor: float = 1.0
    factor_from: str = ""
    sl: float | None = None
    tp1: float | None = None
    tp2: float | None = None

    def state(self) -> list[Any]:
        """As JSON values."""
        return [str(value) if isinstance(value, Side) else value for value in self]

    @classmethod
    def of(cls, state: Iterable[Any]) -> Signal:
        """One as ``state`` wrote it."""
        found = cls(*state)
        return found._replace(side=Side(found.side))


def signal_of(plugin: V3Settings, alert: Alert, side: Side) -> Signal:
    """The signal of an entry; ``alert.tp`` is the second target."""
    fields = alert.fields
    word = spelt(str(fields.get("signal") or alert.signal))
    if word == "Screener":
        word = SCREENERS[side]
    elif word not in ENTRY_SIGNALS:
        word = ""
    timeframe = alert.timeframe or ""
    score = number(fields.get("consensus_score"))
    conviction = score if score is None or side is Side.BUY else HIGHEST_SCORE - score
    factor, told_by = factor_of(plugin, fields, word, side, conviction)
    tp2 = level(fields.get("tp2_price"))
    return Signal(
        alert.id,
        alert.symbol,
        side,
        timeframe,
        word,
        logic_of(plugin, word, timeframe),
        score,
        conviction,
        factor,
        told_by,
        level(alert.sl),
        level(fields.get("tp1_price")),
        level(alert.tp) if tp2 is None else tp2,
    )


def logic_of(plugin: V3Settings, word: str, timeframe: str) -> str:
    """LOGIC1, LOGIC2, LOGIC3, or nothing where no logic takes the chart."""
    if word in SCREENERS.values() or (word == "Golden_Pocket_Flip" and timeframe in GOLDEN_LOGIC3):
        return "LOGIC3"
    return plugin.logic_by_timeframe.get(timeframe, plugin.default_logic)


def factor_of(
    plugin: V3Settings, fields: Mapping[str, Any], word: str, side: Side, conviction: float | None
) -> tuple[float, str]:
    """(factor of the size, where it comes from: ``alert, steps, table, none``)."""
    way = plugin.consensus_sizing
    sent = number(fields.get("position_multiplier"))
    if way == "alert" and sent is not None and (side is Side.BUY or word in SCREENERS.values()):
        return sent, "alert"
    if conviction is None or not 0 <= conviction <= HIGHEST_SCORE:
        return TABLE[0], "none"
    if way == "steps" or (way == "alert" and sent is not None):
        return STEPS[int(conviction)], "steps"
    return TABLE[int(conviction)], "table"


NUMERIC = (int, float, str)


def number(value: Any) -> float | None:
    """A finite number, also as text; None for anything else."""
    if type(value) is float:
        return value if math.isfinite(value) else None
    if isinstance(value, bool) or not isinstance(value, NUMERIC):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def level(value: Any) -> float | None:
    """A price; None for what is none."""
    found = number(value)
    return found if found is not None and found > 0 else None

"""Run the indicators in a Pine runtime for Python (pynesys-pynecore), in a process of its own.

It rewrites modules as they are imported, which is nothing to have in the process of the tests.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from indicator_bars import Bars

SCRIPT = '''"""
@pyne
"""
from pynecore.types import Persistent
from pynecore.lib import script, ta, close, high, low, hl2, hlc3, plot, nz, na, bar_index, math


@script.indicator("indicators")
def main():
    line, signal, _ = ta.macd(close, 12, 26, 9)
    plus, minus, adx = ta.dmi(14, 14)
    plot(line, "macd line")
    plot(signal, "macd signal")
    plot(plus, "+di")
    plot(minus, "-di")
    plot(adx, "adx")
    plot(ta.sma(close, 20), "sma")
    plot(ta.ema(close, 20), "ema")
    plot(ta.rma(close, 14), "rma")
    plot(ta.rsi(close, 14), "rsi")
    plot(ta.sar(0.02, 0.02, 0.2), "sar")
    plot(ta.atr(14), "atr")
    plot(ta.mom(close, 10), "momentum")
    plot(ta.highest(high, 14), "highest")
    plot(ta.lowest(low, 14), "lowest")
    k = ta.sma(ta.stoch(close, high, low, 14), 1)
    plot(k, "stochastic k")
    plot(ta.sma(k, 3), "stochastic d")
    plot(ta.mfi(hlc3, 14), "mfi")
    holes = na if bar_index % 17 == 3 else high
    plot(ta.highest(holes, 7), "highest with holes")
    plot(ta.lowest(holes, 7), "lowest with holes")
    plot(ta.ema(holes, 7), "ema with holes")
    plot(ta.sma(holes, 7), "sma with holes")
    plot(ta.rsi(holes, 7), "rsi with holes")
    plot(ta.highest(ta.atr(5), 7), "highest of a late source")
    top, bottom = ta.highest(hl2, 9), ta.lowest(hl2, 9)
    place: Persistent[float] = na
    fish: Persistent[float] = na
    plot(fish, "fisher trigger")
    place = 0.66 * ((hl2 - bottom) / (top - bottom) - 0.5) + 0.67 * nz(place)
    place = 0.999 if place > 0.99 else (-0.999 if place < -0.99 else place)
    fish = 0.5 * math.log((1 + place) / (1 - place)) + 0.5 * nz(fish)
    plot(fish, "fisher")
    spans = math.sum(ta.atr(1), 14)
    plot(math.sum(math.abs(high - low[1]), 14) / spans, "vi+")
    plot(math.sum(math.abs(low - high[1]), 14) / spans, "vi-")
    average = ta.ema(close + (close - close[34]), 70)
    edge = ta.highest(ta.atr(70), 210) * 1.2
    trend: Persistent[int] = 0
    if ta.crossover(close, average + edge):
        trend = 1
    if ta.crossunder(close, average - edge):
        trend = -1
    plot(average, "zlema")
    plot(trend, "trend")
'''

RUNNER = """
import json, sys
from pathlib import Path
from pynecore.core.script_runner import ScriptRunner
from pynecore.core.syminfo import SymInfo
from pynecore.types.ohlcv import OHLCV

folder = Path(sys.argv[1])
bars = json.loads((folder / "bars.json").read_text(encoding="utf-8"))
symbol = SymInfo(prefix="T", description="t", ticker="T", currency="USD", period="60", type="forex", mintick=1.0,
                 pricescale=1, pointvalue=1.0, mincontract=0.01, opening_hours=[], session_starts=[], session_ends=[])
rows = [OHLCV(timestamp=1_600_000_000 + 3600 * i, open=c, high=h, low=l, close=c, volume=v)
        for i, (h, l, c, v) in enumerate(bars)]
runner = ScriptRunner(folder / "indicators.py", rows, symbol, last_bar_index=len(rows) - 1)
found = [{k: float(v) if v == v else None for k, v in plots.items()} for _, plots in runner.run_iter()]
(folder / "found.json").write_text(json.dumps(found), encoding="utf-8")
"""


def pine(bars: Bars, folder: Path) -> dict[str, np.ndarray]:
    """Every plot of the script as an array. Skips where the runtime is not installed."""
    if importlib.util.find_spec("pynecore") is None:
        pytest.skip("needs pynesys-pynecore, of the extra oracle")
    (folder / "indicators.py").write_text(SCRIPT, encoding="utf-8")
    (folder / "bars.json").write_text(json.dumps(np.column_stack(bars).tolist()), encoding="utf-8")
    subprocess.run([sys.executable, "-c", RUNNER, str(folder)], check=True, capture_output=True, timeout=300)
    rows = json.loads((folder / "found.json").read_text(encoding="utf-8"))
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([np.nan if row.get(name) is None else row[name] for row in rows]) for name in names}

"""A small random market with alerts, and the subject of a check on it: strategies by class or by folder."""

from __future__ import annotations

import random
from typing import Any

from tests.world import CATALOGUE, alert, bars
from zepix.alerts import in_order
from zepix.config import complete_settings
from zepix.data import BarsLoaded
from zepix.engine.registry import PluginConfig, find_strategies
from zepix.model.timeframe import NS
from zepix.research.parts import plugins_of, registry_for
from zepix.research.real.replays import Subject
from zepix.research.replay import Loaded
from zepix.spec import load_spec

MINUTES = 900


def walk(count: int = MINUTES, seed: int = 4, drift: float = 0.0) -> list[tuple[int, int, int, int]]:
    """Bars of a random walk in points of the bid, each opening where the last one closed."""
    source = random.Random(seed)
    price, rows = 110_000, []
    for _ in range(count):
        close = price + round(source.gauss(drift, 12))
        rows.append((price, max(price, close) + source.randrange(6), min(price, close) - source.randrange(6), close))
        price = close
    return rows


def trades(count: int = 40, every: int = 20, **fields: Any) -> list[Any]:
    """An entry every so many minutes, half a minute into its bar, and the exit some minutes later."""
    rows = []
    for n in range(count):
        at = 100 + n * every + 0.5
        rows.append(alert(at, side="buy" if n % 2 else "sell", id=f"in{n}", raw=f"in {n}", **fields))
        rows.append(alert(at + every - 4, "exit", None, id=f"out{n}", raw=f"out {n}", **fields))
    return rows


def loaded_of(*series: Any, rows: list[Any] | None = None) -> Loaded:
    given = {one.symbol: one for one in series}
    return Loaded(in_order(trades() if rows is None else rows), given, CATALOGUE, BarsLoaded(series=given))


def subject(
    *classes: Any, series: Any = None, rows: list[Any] | None = None, folder: Any = None, **flags: Any
) -> Subject:
    """Classes, or the strategies of a folder (each by its file's name), on the random market."""
    loaded = loaded_of(bars(*walk()) if series is None else series, rows=rows)
    if folder is not None:
        spec = load_spec(
            strategy=flags.pop("strategy", "planted"),
            flags={"costs": "none", "plugin_system.plugin_dir": [str(folder)], **flags},
            environ={},
        )
        return Subject(spec, loaded, registry_for(spec), plugins_of(spec))
    if not classes:
        spec = load_spec(strategy=flags.pop("strategy", "bracket"), flags={"costs": "none", **flags}, environ={})
        return Subject(spec, loaded, registry_for(spec), plugins_of(spec))
    spec = load_spec(flags={"costs": "none", **flags}, environ={})
    registry = find_strategies((), complete_settings)
    for cls in classes:
        registry.register(cls)
    plugins = [PluginConfig(cls.info.plugin_id, cls.info.plugin_id, {}) for cls in classes]
    return Subject(spec, loaded, registry, plugins)


def frame_of(series: Any, *, digits: int = 5) -> Any:
    """The bid bars of a series as a DataFrame by their open time, as a quant holds them."""
    import pandas as pd

    names = ("open", "high", "low", "close")
    columns = {name: getattr(series, f"bid_{name}") / 10**digits for name in names}
    return pd.DataFrame(columns, index=pd.to_datetime(series.time, unit="ns", utc=True).rename("time"))


def write_bars(series: Any, path: Any) -> None:
    """The bars as a CSV of open times and prices."""
    lines = ["time,open,high,low,close"]
    for row in range(len(series)):
        prices = (getattr(series, f"bid_{name}")[row] / 1e5 for name in ("open", "high", "low", "close"))
        lines.append(",".join([str(int(series.time[row]) // NS), *(f"{price:.5f}" for price in prices)]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

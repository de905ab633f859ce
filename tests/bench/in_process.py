"""What the bench measures inside one zepix process; run as `python in_process.py WHAT ARGUMENTS...`, prints JSON.

``load PARQUET WARM RUNS``         a price file to ready (integers and index), without and with its cache beside it
``parse LOG RUNS``                 bodies of an alert log to alerts
``replay PARQUET LOG MODE RUNS``   objects in memory to tickets in memory, as the peers are measured
``trades FOLDER``                  number of trades and sum of points in a run's ``trades.parquet``

Only this file and ``zepix_side.py`` know zepix's names.
"""

from __future__ import annotations

import gc
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CACHE_FOLDER = ".zepix"


def load(parquet: str, warm: str, runs: str) -> dict[str, Any]:
    """Best seconds of loading without and with the cache; ``warm`` is a file that is loaded first, for the kernels."""
    from zepix.data import default_catalogue, load_bars

    catalogue = default_catalogue()
    cached = Path(parquet).parent / CACHE_FOLDER

    def once(path: str) -> int:
        return len(load_bars([path], catalogue).series["EURUSD"])

    def forget() -> None:
        shutil.rmtree(cached, ignore_errors=True)

    forget_warm = Path(warm).parent / CACHE_FOLDER
    shutil.rmtree(forget_warm, ignore_errors=True)
    once(warm)
    without, bars = _best(lambda: once(parquet), int(runs), before=forget)
    with_cache, _ = _best(lambda: once(parquet), int(runs))
    return {"bars": bars, "parquet_s": without, "cache_s": with_cache}


def parse(log: str, runs: str) -> dict[str, Any]:
    """Best seconds of parsing every body of a log."""
    from zepix.alerts import AlertProcessor
    from zepix.data import default_catalogue
    from zepix.model import Alert

    processor = AlertProcessor(default_catalogue())
    lines = [json.loads(line) for line in Path(log).read_text(encoding="utf-8").splitlines()]
    bodies = [json.dumps(line["payload"]) for line in lines]

    def once() -> int:
        parsed = [processor.parse(b, received_ns=0, id=str(i), source="bench") for i, b in enumerate(bodies)]
        return sum(isinstance(p, Alert) for p in parsed)

    seconds, understood = _best(once, int(runs))
    return {"alerts": len(bodies), "understood": understood, "seconds": seconds}


def replay(parquet: str, log: str, mode: str, runs: str) -> dict[str, Any]:
    """Best seconds of a replay of loaded alerts on loaded bars; ``mode`` is ``one`` (at a time) or ``hedged``."""
    once = _replay_in_memory(parquet, log, one_at_a_time=mode == "one")
    once()
    seconds, trades = _best(once, int(runs))
    return {"seconds": seconds, "trades": trades}


def _replay_in_memory(parquet: str, log: str, *, one_at_a_time: bool) -> Callable[[], int]:
    """A call that replays and returns the number of closed tickets; everything is loaded before it is timed."""
    from decimal import Decimal

    from zepix.alerts import read_log
    from zepix.data import default_catalogue, load_bars
    from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
    from zepix.model import AccountSpec
    from zepix.research.simulate import Rules, simulate

    catalogue = default_catalogue()
    series = load_bars([parquet], catalogue).series
    rows = read_log(Path(log), catalogue).rows
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    plugin = PluginConfig("bracket", "bracket", {"one_at_a_time": one_at_a_time})
    rules = Rules(account=AccountSpec(balance=Decimal(1_000_000), leverage=Decimal(500)), costs="none")
    return lambda: len(simulate(series, catalogue, rows, [plugin], registry=registry, rules=rules).fills)


def trades(folder: str) -> dict[str, Any]:
    import pyarrow.parquet as pq

    table = pq.read_table(Path(folder) / "trades.parquet", columns=["pnl_points"])
    return {"trades": table.num_rows, "points": sum(table.column(0).to_pylist())}


def _best(call: Callable[[], int], runs: int, before: Callable[[], None] | None = None) -> tuple[float, int]:
    """Fastest of ``runs`` and what the call answered."""
    best = float("inf")
    answer = 0
    for _ in range(runs):
        if before:
            before()
        gc.collect()
        started = time.perf_counter()
        answer = call()
        best = min(best, time.perf_counter() - started)
    return best, answer


def main() -> None:
    what: dict[str, Callable[..., dict[str, Any]]]
    what = {"load": load, "parse": parse, "replay": replay, "trades": trades}
    print(json.dumps(what[sys.argv[1]](*sys.argv[2:])))


if __name__ == "__main__":
    main()

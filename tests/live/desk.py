"""A live engine without processes and sockets: a folder, a clock that is moved by hand, an inbox that is written to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zepix.config.check import Raw
from zepix.journal.durable import DurableLog
from zepix.journal.durable_reader import LogReader
from zepix_live.clock import VirtualClock
from zepix_live.engine.main import Engine, open_engine
from zepix_live.engine.options import EngineOptions
from zepix_live.inbox_rows import ALERT, encode

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "datasets" / "sample"
START_NS = 1_767_225_600_000_000_000


class Desk:
    """One data folder; ``open`` starts an engine on it, ``crash`` drops it as a kill would."""

    def __init__(self, folder: Path, *, feed: str | None = f"replay:{SAMPLE}", speed: float = 60.0, **flags: Any):
        self.folder = folder
        self.clock = VirtualClock(START_NS)
        self.feed = feed
        self.speed = speed
        self.flags = {name.replace("__", "."): Raw(str(value)) for name, value in flags.items()}
        self.inbox = DurableLog(folder / "inbox.sqlite", name="inbox")
        self.engine: Engine | None = None
        self.numbers: dict[str, int] = {}

    def options(self, flags: Mapping[str, Any] | None = None) -> EngineOptions:
        return EngineOptions(self.folder, None, self.feed, self.speed, {**self.flags, **(flags or {})})

    def open(self, **flags: Any) -> Engine:
        more = {name.replace("__", "."): Raw(str(value)) for name, value in flags.items()}
        self.engine = open_engine(self.options(more), self.clock, {})
        return self.engine

    def crash(self) -> None:
        """The process is gone: nothing is saved, the locks are free."""
        assert self.engine is not None
        self.engine.close()
        self.engine = None

    def post(self, body: Mapping[str, Any] | str, *, kind: str = ALERT, **more: Any) -> int:
        """An alert arrives now; its number in the inbox."""
        raw = body if isinstance(body, str) else json.dumps(body)
        row = {"raw": raw, "source": "webhook", "route": "tradingview", "from": "127.0.0.1", **more}
        if isinstance(body, Mapping) and "id" in body:
            row["id"] = body["id"]
        return self.inbox.append([(self.clock.now_ns(), kind, encode(row))])[0]

    def run(self, seconds: float, step_s: float = 0.05) -> None:
        """Time passes and the engine turns."""
        assert self.engine is not None
        for _ in range(max(1, round(seconds / step_s))):
            self.clock.advance(step_s)
            while self.engine.consumer.turn():
                pass

    def rows(self, *kinds: str) -> list[tuple[int, str, dict[str, Any]]]:
        """(number, kind, body) of the journal's rows of these kinds, all without any."""
        with LogReader(self.folder / "journal.sqlite") as reader:
            found = reader.rows(0, None, kinds=frozenset(kinds) if kinds else None)
            return [(row.seq, row.kind, json.loads(row.body)) for row in found]

    @property
    def engine_times(self) -> dict[int, int]:
        """The session time of each row of the journal."""
        with LogReader(self.folder / "journal.sqlite") as reader:
            return {row.seq: row.t_ns for row in reader.rows(0, None)}

    def decisions(self) -> list[tuple[str, str, str]]:
        """(alert, outcome, reason) of final decisions, in their order."""
        return [(b["id"], b["outcome"], b["reason"]) for _, _, b in self.rows("decision") if b["final"]]

    def close(self) -> None:
        if self.engine is not None:
            self.crash()
        self.inbox.close()


def entry(side: str = "buy", symbol: str = "EURUSD", **more: Any) -> dict[str, Any]:
    return {"type": "entry", "side": side, "symbol": symbol, "volume": 0.1, **more}

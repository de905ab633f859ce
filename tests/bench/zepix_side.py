"""Run zepix as a user does, through its command, and read the timings of its own ``--json`` answer."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import processes

ROOT = Path(__file__).resolve().parents[2]
ZEPIX = [sys.executable, "-m", "zepix.cli"]
BARS_CACHE = ".zepix"
# Ten thousand losing trades of the least volume must not end the account, or later alerts would be refused.
ACCOUNT = ["account.balance=1000000", "account.leverage=500", "costs=none"]


@dataclass(frozen=True)
class Case:
    """One replay: which bars, which log, one ticket at a time or hedged."""

    name: str
    years: int
    alerts: int
    one_at_a_time: bool
    parquet: Path
    log: Path


@dataclass
class CaseFigures:
    """Fastest of several runs, each figure by itself; bytes are the highest of the runs (None: not told)."""

    case: Case
    timings: dict[str, float] = field(default_factory=dict)
    wall_s: float = 0.0
    peak_bytes: int | None = None
    runs: int = 0
    trades: int = 0
    points: int = 0

    @property
    def replay_us_per_alert(self) -> float:
        return self.timings["replay_s"] / self.case.alerts * 1e6


class ZepixSide:
    """zepix with caches and results in a folder of the bench."""

    def __init__(self, folder: Path) -> None:
        self.caches = folder / "zepix"
        self.out = folder / "runs"

    def measure(self, case: Case, runs: int) -> CaseFigures:
        """``runs`` replays with warm caches, after one that is not counted. Raises ``processes.CommandFailed``."""
        self._replay(case, self.caches)
        figures = CaseFigures(case)
        for _ in range(runs):
            _take(figures, *self._replay(case, self.caches))
        return self._with_trades(figures)

    def cold(self, case: Case, *, kernels: bool) -> CaseFigures:
        """One replay without the cache of the bars and, if ``kernels``, without compiled kernels as well."""
        shutil.rmtree(case.parquet.parent / BARS_CACHE, ignore_errors=True)
        caches = self.caches
        if kernels:
            caches = self.caches.with_name("zepix-cold")
            shutil.rmtree(caches, ignore_errors=True)
        figures = CaseFigures(case)
        _take(figures, *self._replay(case, caches))
        return self._with_trades(figures)

    def help_s(self, runs: int) -> float:
        """Fastest ``zepix --help``."""
        fastest: float = min(self._run([*ZEPIX, "--help"], self.caches).wall_s for _ in range(runs))
        return fastest

    def in_process(self, *arguments: str) -> dict[str, Any]:
        """What ``in_process.py`` measures."""
        command = [sys.executable, str(Path(__file__).with_name("in_process.py")), *arguments]
        said: dict[str, Any] = json.loads(self._run(command, self.caches).stdout.splitlines()[-1])
        return said

    def _with_trades(self, figures: CaseFigures) -> CaseFigures:
        said = self.in_process("trades", str(self.out / figures.case.name))
        figures.trades, figures.points = said["trades"], said["points"]
        return figures

    def _replay(self, case: Case, caches: Path) -> tuple[processes.Finished, dict[str, Any]]:
        settings = [*ACCOUNT, f"strategy.one_at_a_time={str(case.one_at_a_time).lower()}"]
        command = [
            *ZEPIX, "backtest", "--alerts", str(case.log), "--bars", str(case.parquet), "--strategy", "bracket",
            "--out", str(self.out / case.name), "--json", "--quiet", "--no-report",
            *(word for setting in settings for word in ("--set", setting)),
        ]  # fmt: skip
        finished = self._run(command, caches)
        return finished, json.loads(finished.stdout)

    def _run(self, command: list[str], caches: Path) -> processes.Finished:
        environ = {"ZEPIX_CACHE_DIR": str(caches), "PYTHONPATH": str(ROOT)}
        return processes.run(command, cwd=ROOT, environ=environ)


def _take(figures: CaseFigures, finished: processes.Finished, said: dict[str, Any]) -> None:
    figures.wall_s = min(figures.wall_s or finished.wall_s, finished.wall_s)
    if finished.peak_bytes is not None:
        figures.peak_bytes = max(figures.peak_bytes or 0, finished.peak_bytes)
    for name, seconds in said["timings"].items():
        figures.timings[name] = min(figures.timings.get(name, seconds), seconds)
    figures.runs += 1

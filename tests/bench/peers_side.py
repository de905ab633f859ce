"""Install the peers into an environment of their own and let each measure itself on the bench's arrays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import processes

HERE = Path(__file__).parent
SCRIPTS = {"backtrader": "backtrader_peer.py", "backtesting.py": "backtesting_peer.py", "vectorbt": "vectorbt_peer.py"}
RULE = (
    "from rule import expected; from pathlib import Path; import json, sys; "
    "print(json.dumps({str(c): expected(Path(sys.argv[1]), entry_bar_counts=c).__dict__ for c in (True, False)}))"
)


@dataclass(frozen=True)
class PeerFigures:
    """One peer on one span. ``run_s`` is its fastest run; ``rest_s`` what it cannot leave out (feed, statistics)."""

    peer: str
    version: str
    years: int
    alerts: int
    entry_bar_counts: bool
    entry_bar: str
    run_s: float
    rest_s: float
    runs: int
    trades: int
    points: int
    skipped: int


def install(folder: Path) -> Path:
    """The peers' interpreter; makes the environment if it is absent or of other versions. Needs a package registry."""
    wanted = (HERE / "peers" / "requirements.txt").read_text(encoding="utf-8") + sys.version
    stamp = folder / "installed.txt"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if stamp.is_file() and python.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
    requirements = str(HERE / "peers" / "requirements.txt")
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return python


def measure(python: Path, peer: str, arrays: Path, *, years: int, alerts: int, runs: int) -> PeerFigures:
    """Run one peer's script. Raises ``processes.CommandFailed``."""
    script = HERE / "peers" / SCRIPTS[peer]
    finished = processes.run([str(python), str(script), str(arrays), str(runs)], cwd=script.parent, environ={})
    said: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    return PeerFigures(
        peer=said["peer"], version=said["version"], years=years, alerts=alerts,
        entry_bar_counts=said["entry_bar_counts"], entry_bar=said["entry_bar"], run_s=min(said["run_s"]),
        rest_s=said["rest_s"], runs=len(said["run_s"]), trades=said["trades"], points=said["points"],
        skipped=said["skipped"],
    )  # fmt: skip


def expected(arrays: Path) -> dict[bool, tuple[int, int]]:
    """(trades, points) of the plain rule, with and without the entry bar's own range."""
    said = json.loads(processes.run([sys.executable, "-c", RULE, str(arrays)], cwd=HERE, environ={}).stdout)
    return {counts: (said[str(counts)]["trades"], said[str(counts)]["points"]) for counts in (True, False)}

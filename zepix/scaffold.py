"""``zepix new`` and ``zepix demo``: a project of one's own, and a folder with a generated sample to replay."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Final

from zepix.errors import ConfigError
from zepix.spec import Spec, load_spec

__all__ = ["demo_folder", "demo_spec", "new_project"]

SAMPLE_DAYS: Final = 10
_DEMO: Final = "zepix-demo"

_STRATEGY: Final = """\
from zepix import Alert, Decision, PluginInfo, Strategy


class MyStrategy(Strategy):
    info = PluginInfo(strategy="my_strategy", description="Follows an alert with its own stop, target and volume")
    one_at_a_time: bool = True

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        if self.one_at_a_time and self.api.orders.open_tickets(alert.symbol):
            return Decision.refused("one_at_a_time")
        await self.api.orders.place_order(alert.symbol, alert.side, alert.volume, alert.sl, alert.tp)
        return None

    async def process_exit_signal(self, alert: Alert) -> None:
        await self.api.orders.close_positions(alert.symbol, alert.side)
"""

_TEST: Final = '''\
"""Replays a small generated sample; put prices and alerts of your own beside it as you learn what to ask for."""

from pathlib import Path

import pytest
import zepix as zx
from zepix.data.sample import write_sample

SPEC = Path(__file__).resolve().parent.parent / "backtests" / "first.toml"


@pytest.fixture(scope="session")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=8)
    return folder


def test_it_follows_the_alerts(sample):
    run = zx.replay(SPEC, alerts=sample / "alerts.jsonl", bars=sample)
    assert len(run.trades) > 0
    assert set(run.trades["strategy"]) == {"my_strategy"}


def test_one_at_a_time_refuses_the_second_entry(sample):
    run = zx.replay(SPEC, alerts=sample / "alerts.jsonl", bars=sample, settings={"strategy.one_at_a_time": True})
    assert "one_at_a_time" in set(run.decisions["reason"])
'''

_SPEC: Final = """\
# Run it from the project's folder: zepix backtest backtests/first.toml
# Paths are relative to this file. Any setting can be changed for one run: --set account.balance=50000
title = "first"

[alerts]
files = ["../datasets/sample/alerts.jsonl"]
strategy = "my_strategy" # every alert goes to it, whatever strategy the alert names

[data]
bars = ["../datasets/sample"]

[strategy]
name = "my_strategy"
one_at_a_time = true

[plugin_system]
plugin_dir = "../strategies"

[account]
balance = 10000
currency = "USD"
leverage = 100
"""

_README: Final = """\
# A zepix project

- `strategies/my_strategy.py`: the strategy; its annotated attributes are its settings.
- `tests/test_my_strategy.py`: its test, a replay of a generated sample: `pip install pytest`, `python -m pytest`.
- `backtests/first.toml`: what a run is made of: `zepix backtest backtests/first.toml`.
- `datasets/sample`: invented prices and alerts (its manifest says so). Put your own beside it:
  `zepix alerts import EXPORT.csv --out datasets/alerts.jsonl` and `zepix bars import FILE --out datasets`.

Results go to `backtests/results`, which git ignores.
"""

_IGNORED: Final = """\
backtests/results/
zepix-results/
__pycache__/
.pytest_cache/
.venv/
"""

_FILES: Final = {
    "strategies/my_strategy.py": _STRATEGY,
    "tests/test_my_strategy.py": _TEST,
    "backtests/first.toml": _SPEC,
    "README.md": _README,
    ".gitignore": _IGNORED,
}


def new_project(folder: Path) -> list[Path]:
    """Make a project in a new or empty folder and return its files, the sample's left out.

    Raises ConfigError for a folder that is not empty or cannot be made.
    """
    from zepix.data.sample import write_sample

    _require_empty(folder)
    made: list[Path] = []
    try:
        for name, text in _FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
            made.append(path)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror or error}; choose another folder") from None
    write_sample(folder / "datasets" / "sample", days=SAMPLE_DAYS)
    return made


def demo_folder(folder: Path | None = None) -> Path:
    """A folder with the generated sample in ``sample``: the one named, else ``./zepix-demo``, else a temporary one.

    Raises ConfigError for a named folder that holds something else or cannot be written.
    """
    if folder is None:
        folder = Path(_DEMO)
        try:
            folder.mkdir(exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            folder = Path(tempfile.mkdtemp(prefix=f"{_DEMO}-"))
    if not _has_sample(folder):
        from zepix.data.sample import write_sample

        _require_empty(folder)
        write_sample(folder / "sample")
    return folder


def demo_spec(folder: Path, *, report: bool = True) -> Spec:
    """The sample of a demo folder replayed by ``bracket``, with the results beside it."""
    return load_spec(
        flags={"title": "demo", "plugin_system.auto_discover": False},
        alerts=[folder / "sample" / "alerts.jsonl"],
        bars=[folder / "sample"],
        strategy="bracket",
        out=folder / "results",
        report=report,
    )


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        first = next(folder.iterdir(), None)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be made a folder: {error.strerror or error}") from None
    if first is not None:
        raise ConfigError(f"{folder} is not empty (it holds {first.name}); name a new folder")


def _has_sample(folder: Path) -> bool:
    """Whether a sample of ours is there, whole: every file that its manifest names."""
    sample = folder / "sample"
    try:
        manifest = json.loads((sample / "manifest.json").read_text(encoding="utf-8"))
        names = [manifest["alerts"]["file"], *(entry["file"] for entry in manifest["bars"])]
        return bool(manifest["synthetic"]) and all((sample / name).is_file() for name in names)
    except (OSError, ValueError, KeyError, TypeError):
        return False

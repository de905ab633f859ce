"""What the user's parts may do wrong, what the old library does on new Pythons, and where it is missing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.backtrader.stage import Stage, bare, walk
from tests.world import alert
from zepix.brokers.backtrader import require_backtrader
from zepix.brokers.backtrader.border import bt
from zepix.brokers.backtrader.guard import DroppedAnalyzer
from zepix.errors import ConfigError

GIVEN = [alert(5), alert(20, "exit"), alert(30, side="sell"), alert(50, "exit", None)]


@pytest.mark.parametrize(
    "where",
    ["start", "nextstart", "next", "notify_order", "notify_trade", "notify_cashvalue", "notify_fund", "stop",
     "get_analysis"],
)  # fmt: skip
def test_an_analyzer_that_raises_is_named_and_dropped(where: str) -> None:
    def fail(self: Any, *args: Any) -> None:
        raise ZeroDivisionError("mine")

    faulty = type("Faulty", (bt.Analyzer,), {where: fail})
    cerebro = bare()
    cerebro.addanalyzer(faulty, _name="faulty")
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    with pytest.warns(DroppedAnalyzer, match=r"analyzer Faulty raised in .*ZeroDivisionError: mine; it is dropped"):
        record = Stage([walk(bars=60)]).play(GIVEN, cerebro)
        analyzers = cerebro.runstrats[0][0].analyzers
        assert len(record.fills) == 2
        assert analyzers.trades.get_analysis().total.closed == 2
        assert "it is dropped" in analyzers.faulty.get_analysis()["error"]
    assert where == "get_analysis" or any(
        "Faulty" in str(fields) for _, kind, fields in record.journal if kind == "log"
    )


def test_an_analyzer_whose_result_a_writer_cannot_have_ends_no_run(tmp_path: Path) -> None:
    def fail(self: Any) -> None:
        raise ZeroDivisionError("mine")

    cerebro = bare()
    cerebro.addanalyzer(type("Faulty", (bt.Analyzer,), {"get_analysis": fail}))
    cerebro.addwriter(bt.WriterFile, csv=False, out=str(tmp_path / "out.txt"))
    with pytest.warns(DroppedAnalyzer, match=r"Faulty raised in get_analysis: ZeroDivisionError: mine"):
        record = Stage([walk(bars=60)]).play(GIVEN, cerebro)
    assert len(record.fills) == 2
    assert "it is dropped" in (tmp_path / "out.txt").read_text(encoding="utf-8")


def test_what_an_analyzer_of_an_analyzer_raises_drops_both() -> None:
    class Inner(bt.Analyzer):  # type: ignore[misc]
        def notify_order(self, order: Any) -> None:
            raise ZeroDivisionError("inner")

    class Outer(bt.Analyzer):  # type: ignore[misc]
        def __init__(self) -> None:
            self.inner = Inner()

    cerebro = bare()
    cerebro.addanalyzer(Outer)
    with pytest.warns(DroppedAnalyzer, match=r"analyzer Outer raised in notify_order: ZeroDivisionError: inner"):
        assert len(Stage([walk(bars=60)]).play(GIVEN, cerebro).fills) == 2


@pytest.mark.parametrize("where", ["__init__", "create_analysis"])
def test_an_analyzer_that_cannot_be_made_is_a_clear_error(where: str) -> None:
    def fail(self: Any) -> None:
        raise RuntimeError("no licence")

    Broken = type("Broken", (bt.Analyzer,), {where: fail})
    cerebro = bare()
    cerebro.addanalyzer(Broken)
    with pytest.raises(ConfigError, match=r"analyzer Broken cannot be made: RuntimeError: no licence"):
        Stage([walk(bars=5)]).play((), cerebro)


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda c: c.optstrategy(bt.Strategy), "optstrategy cannot run"),
        (lambda c: c.add_signal(bt.SIGNAL_LONG, bt.ind.SMA), "add_signal cannot run"),
    ],
    ids=["optstrategy", "signals"],
)
def test_what_cannot_run_in_a_replay_is_told(prepare: Any, said: str) -> None:
    cerebro = bare()
    prepare(cerebro)
    with pytest.raises(ConfigError, match=said):
        Stage([walk(bars=5)]).play((), cerebro)


def test_something_else_than_a_cerebro() -> None:
    with pytest.raises(ConfigError, match=r"must be a backtrader\.Cerebro, not int"):
        Stage([walk(bars=5)]).play((), 7)


def test_cash_of_the_cerebros_own_broker_is_not_silently_ignored() -> None:
    cerebro = bare()
    cerebro.broker.setcash(77_000)
    with pytest.warns(UserWarning, match=r"not used: account\.balance"):
        Stage([walk(bars=5)]).play((), cerebro)


def test_a_cerebro_can_be_used_again() -> None:
    cerebro = bare()
    cerebro.addanalyzer(bt.analyzers.TradeAnalyzer, _name="trades")
    first = Stage([walk(bars=60)]).play(GIVEN, cerebro)
    second = Stage([walk(bars=60)]).play(GIVEN, cerebro)
    assert first.fills == second.fills
    assert len(cerebro.runstrats[0]) == 1


def test_a_strategy_that_stops_the_run_early_leaves_a_whole_replay() -> None:
    class Stops(bt.Strategy):  # type: ignore[misc]
        def next(self) -> None:
            if len(self) == 10:
                self.cerebro.runstop()

    cerebro = bare()
    cerebro.addstrategy(Stops)
    record = Stage([walk(bars=60)]).play(GIVEN, cerebro)
    assert record.fills == Stage([walk(bars=60)], broker="shadow").play(GIVEN).fills


def test_missing_backtrader_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'zepix\[backtrader\]'"):
        require_backtrader()


def python(code: str, *flags: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).resolve().parents[3])
    program = f"import sys; sys.path.insert(0, {root!r})\n{code}"
    return subprocess.run(
        [sys.executable, *flags, "-c", program], capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False
    )


def test_import_with_warnings_as_errors_and_nothing_compiled(tmp_path: Path) -> None:
    code = "import zepix.brokers.backtrader.cerebro, sys; assert 'matplotlib' not in sys.modules"
    done = python(code, "-W", "error", "-X", f"pycache_prefix={tmp_path}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_broker_itself_needs_no_backtrader(tmp_path: Path) -> None:
    code = "import zepix.brokers.backtrader as b, sys; b.PlainBroker; assert 'backtrader' not in sys.modules"
    done = python(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr

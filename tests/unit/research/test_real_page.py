"""The one page: what was found, what was not, what nobody checked; never that a result is real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.unit.research.real_world import subject
from tests.world import alert, bars
from zepix import PluginInfo, Strategy
from zepix.cli import build_app
from zepix.errors import ConfigError, DataError
from zepix.research.real import check_real, real_check
from zepix.research.real.page import RealCheck

SPEC = Path(__file__).parents[3] / "backtests" / "sample.toml"


def checked(one: Any, **given: Any) -> RealCheck:
    loaded, registry, plugins = one.loaded, one.registry, one.plugins
    given = {"cuts": 6, "repeats": 3} | given
    return check_real(one.spec, loaded, registry=registry, plugins=plugins, **given)


def verdict(page: RealCheck, name: str) -> Any:
    return next(one for one in page.verdicts if one.name == name)


def winning(wins: int = 50) -> Any:
    """Each trade makes two pips of a pip a minute; the spread takes a tenth of one."""
    quads = [(110_000 + 10 * n,) * 4 for n in range(5 * wins + 20)]
    rows = []
    for n in range(wins):
        rows += [alert(n * 5, id=f"in{n}", raw=f"in {n}"), alert(n * 5 + 2, "exit", id=f"out{n}", raw=f"out {n}")]
    return subject(series=bars(*quads, spread=1), rows=rows)


def test_a_run_that_never_loses_is_doubted_for_it() -> None:
    page = checked(winning())
    assert verdict(page, "look-ahead").status == "nothing found"
    assert verdict(page, "start-up").status == "nothing found"
    assert "no ticket lost" in verdict(page, "tickets").text
    assert verdict(page, "fills").status == "nothing found"
    assert verdict(page, "delivery").status == "nothing found"
    assert "daily returns are too few" in verdict(page, "profit").text
    assert page.headline == "1 of 5 checks found something that says otherwise"


def test_a_leak_stands_first_with_its_alert() -> None:
    class Leaky(Strategy):
        info = PluginInfo(strategy="leaky")

        async def process_entry_signal(self, alert: Any) -> None:
            prices = self.api.market._prices.get(alert.symbol)
            row = prices.row_at(alert.received_ns)
            side = "buy" if prices.bid_close[row] > prices.bid_open[row] else "sell"
            await self.api.orders.place_order(alert.symbol, side, volume=0.1)

        async def process_exit_signal(self, alert: Any) -> None:
            await self.api.orders.close_positions(alert.symbol)

    page = checked(subject(Leaky), cuts=12)
    found = verdict(page, "look-ahead")
    assert found.status == "found"
    assert "of alert in" in found.text
    assert "side 1" in found.text or "side -1" in found.text
    assert page.lines()[2].startswith("look-ahead found")


def test_a_run_without_profit_has_nothing_to_take_away() -> None:
    page = real_check(SPEC, cuts=4, repeats=2)
    assert verdict(page, "profit").text.startswith("there is none: -")
    assert {one.name for one in page.verdicts if one.status == "not checked"} == {
        "alerts",
        "delivery",
        "fills",
        "sweep",
    }


def test_a_run_of_few_alerts_says_what_could_not_be_computed() -> None:
    page = checked(winning(1), cuts=2)
    assert "1 tickets are fewer than 30" in verdict(page, "tickets").text
    assert "too few to begin" in verdict(page, "start-up").text


def test_the_page_never_says_that_a_result_is_real() -> None:
    text = str(checked(winning()))
    assert text.splitlines()[0].startswith("Is it real? ")
    assert "is real" not in text.lower()
    assert "NOT CHECKED BY ANYBODY HERE" in text
    assert all(len(line) <= 120 for line in text.splitlines())


def test_a_table_of_daily_returns_is_deflated() -> None:
    source = np.random.default_rng(1)
    table = pd.DataFrame(source.normal(0, 0.01, (300, 40)))
    found = verdict(checked(winning(8), sweep=table), "sweep")
    assert found.status == "found"
    assert "40 cells" in found.text
    assert "probability of overfitting" in found.text


def test_a_folder_that_is_no_sweep_and_counts_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        real_check(SPEC, sweep=tmp_path)
    with pytest.raises(ConfigError, match="cuts"):
        real_check(SPEC, cuts=0)
    with pytest.raises(ConfigError, match="repeats"):
        real_check(SPEC, repeats=0)


def test_the_command_prints_the_page_and_its_json() -> None:
    given = ["check", str(SPEC), "--real", "--cuts", "2", "--repeats", "2"]
    text = CliRunner().invoke(build_app(), given)
    assert text.exit_code == 0
    assert text.stdout.startswith("Is it real? sample: ")
    found = json.loads(CliRunner().invoke(build_app(), [*given, "--json"]).stdout)
    assert [one["name"] for one in found["verdicts"]] == [
        *("look-ahead", "alerts", "start-up", "profit", "tickets", "delivery", "fills", "sweep"),
    ]
    assert found["found"] == sum(one["status"] == "found" for one in found["verdicts"])

"""Walk forward on the repository's sample: nothing crosses the seam, and what is shown is what a replay shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zepix as zx
from zepix.errors import ConfigError
from zepix.research.real.walked import WalkForward

SPEC = Path(__file__).parents[3] / "backtests" / "sample.toml"
GRID = {"strategy.one_at_a_time": [False, True], "alerts.dedup_window_s": [30, 3600]}
NS = 1_000_000_000


def walked(tmp_path: Path, **given: Any) -> WalkForward:
    given = {"grid": GRID, "train": "8d", "test": "6d", "workers": 0, "progress": False} | given
    return zx.walk_forward(SPEC, out=tmp_path / "walked", **given)


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> WalkForward:
    return walked(tmp_path_factory.mktemp("walk"))


def test_three_windows_are_chosen_on_and_shown(walk: WalkForward) -> None:
    assert [f"{w.span.test_from:%m-%d}" for w in walk.windows] == ["01-09", "01-15", "01-21"]
    assert all(w.cells == 4 for w in walk.windows)


def test_nothing_crosses_the_seam(walk: WalkForward) -> None:
    for window in walk.windows:
        assert window.inside is not None
        assert window.shown is not None
        seam_ns = int(window.span.train_to.timestamp()) * NS
        test_ns, end_ns = (int(one.timestamp()) * NS for one in (window.span.test_from, window.span.test_to))
        assert all(one.end_ns <= seam_ns for one in window.inside.record.series.values())
        assert all(fill.known_ns <= seam_ns for fill in window.inside.record.fills)
        assert all(test_ns <= fill.entry_ns and fill.known_ns <= end_ns for fill in window.shown.record.fills)


def test_what_is_open_at_the_end_of_a_window_is_closed_there_and_counted(walk: WalkForward) -> None:
    """Tickets whose exit reason says so, counted in the tables of the replays themselves."""
    inside = [(w.inside.trades["exit_reason"] == "end_of_data").sum() for w in walk.windows if w.inside is not None]
    shown = [(w.shown.trades["exit_reason"] == "end_of_data").sum() for w in walk.windows if w.shown is not None]
    assert sum(inside) > 0
    assert (walk.stats["cut_inside"], walk.stats["cut_outside"]) == (sum(inside), sum(shown))
    assert any("made by the end of a window" in note for note in walk.notes)


def test_the_best_cell_of_the_train_is_the_one_shown(walk: WalkForward) -> None:
    window = walk.windows[1]
    span = window.span
    tried = {}
    for one in (False, True):
        for window_s in (30, 3600):
            cell = {"strategy.one_at_a_time": one, "alerts.dedup_window_s": window_s}
            when = {"from_": span.train_from.isoformat(), "to": span.train_to.isoformat()}
            tried[one, window_s] = zx.replay(SPEC, settings=cell, **when).stats["net_profit"]
    assert window.in_profit == max(tried.values())
    assert tried[window.cell["strategy.one_at_a_time"], window.cell["alerts.dedup_window_s"]] == window.in_profit
    when = {"from_": span.test_from.isoformat(), "to": span.test_to.isoformat()}
    assert window.shown is not None
    assert zx.replay(SPEC, settings=dict(window.cell), **when).digest == window.shown.digest


def test_what_is_shown_is_joined_and_sums(walk: WalkForward) -> None:
    assert walk.stats["net_profit"] == pytest.approx(sum(w.out_profit for w in walk.windows))
    assert walk.trades["pnl"].sum() == pytest.approx(walk.stats["net_profit"])
    equity = walk.equity
    assert equity["balance"].iloc[-1] - equity["balance"].iloc[0] == pytest.approx(walk.stats["net_profit"])
    assert equity["time"].is_monotonic_increasing
    assert len(walk.returns) == sum(w.shown.stats["daily_returns"] for w in walk.windows if w.shown is not None)


def test_efficiency_is_profit_a_day_outside_over_inside(walk: WalkForward) -> None:
    for window in walk.windows:
        inside = window.in_profit
        assert inside is not None
        if inside > 0:
            assert window.efficiency == pytest.approx((window.out_profit / 6) / (inside / 8))
        else:
            assert window.efficiency is None


def test_it_prints_a_row_a_window_and_its_doubts(walk: WalkForward) -> None:
    said = str(walk)
    assert said.count("2024-01-09") == 2 or "2024-01-09" in said
    assert "3 windows say little" in said
    assert "<table>" in walk._repr_html_()
    assert np.isfinite(walk.as_dict()["stats"]["net_profit"])


def test_a_grid_of_one_cell_says_that_nothing_is_chosen(tmp_path: Path) -> None:
    found = walked(tmp_path, grid={"strategy.default_volume": [0.01]}, train="12d", test="12d")
    assert any("the grid has one cell" in note for note in found.notes)


def test_a_figure_that_no_cell_has_leaves_the_window_empty(tmp_path: Path) -> None:
    found = walked(tmp_path, objective=lambda row: None, grid={"strategy.default_volume": [0.01]}, train=12, test=12)
    assert found.stats["without_choice"] == 1
    assert (found.stats["net_profit"], len(found.trades), len(found.equity)) == (0, 0, 0)
    assert "nothing was traded in its test" in str(found)


def test_a_function_of_a_cells_row_may_choose(tmp_path: Path) -> None:
    found = walked(tmp_path, objective=lambda row: -row["tickets"], grid={"strategy.default_volume": [0.01, 0.02]},
                   train=12, test=12)  # fmt: skip
    assert found.objective == "<lambda>"
    assert found.windows[0].cell == {"strategy.default_volume": 0.01}  # equal: the first


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"objective": "net_profits"}, "did you mean 'net_profit'"),
        ({"train": "40d"}, "the data end on"),
        ({"grid": {}}, "expected a table of parameters"),
        ({"grid": {"strategy.default_volumes": [1]}}, "default_volume"),
        ({"objective": "lost"}, "not to trade at all"),
    ],
)
def test_what_cannot_be_walked_is_said_before(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        walked(tmp_path, **given)
    assert said in str(error.value)

"""``zepix.sweep_exits``: cells by hand, the result's accessors, bad input, files, threads."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

import zepix as zx
from tests.parity.exits_sweep_play import swept
from tests.world import CATALOGUE, FLAT, alert, bars
from zepix.errors import ConfigError, DataError
from zepix.model import AccountSpec, FillModel
from zepix.research.exits_sweep.grid import read_grid
from zepix.research.exits_sweep.result import ExitsSweep
from zepix.research.exits_sweep.rows import Kept, RowFile
from zepix.research.exits_sweep.run import Plan, sweep
from zepix.research.exits_sweep.sizes import Sizes
from zepix.research.simulate import Rules

PLAIN = Rules(fill_model=FillModel(slippage_points=0))
UP = (110_000, 110_030, 109_990, 110_020)
DOWN = (110_020, 110_025, 109_950, 109_960)


def by_hand(*quads, alerts=None, rules=PLAIN, **given):
    """Bars without a spread, and a buy of 0.10 lots (10 cents a point) at the first open."""
    series = {"EURUSD": bars(*quads, spread=0)}
    given.setdefault("lots", "0.1")
    return swept(series, CATALOGUE, [alert(0)] if alerts is None else alerts, rules, **given)


def test_a_buy_by_hand():
    result = by_hand(UP, DOWN, stop_points=[20, 100], target_points=[25, 60])
    frame = result.frame()
    assert frame["net_profit"].tolist() == [2.5, -2.0, 2.5, -4.0]  # the last is open at the end: 109 960
    assert frame["open_at_end"].tolist() == [0, 0, 0, 1]
    assert frame["average_r"].tolist() == [1.25, -1.0, 0.25, -0.4]
    assert frame["max_drawdown"].tolist() == [0.0, 2.0, 0.0, 4.0]
    assert frame["win_rate"].tolist() == [1.0, 0.0, 1.0, 0.0]
    assert frame["lowest_balance"].tolist() == [10_000.0, 9_998.0, 10_000.0, 9_996.0]
    assert frame["profit_factor"].tolist() == [math.inf, 0.0, math.inf, 0.0]
    assert list(frame.columns) == list(result.columns)


def test_both_levels_in_one_bar_are_counted_and_take_the_stop():
    wide = (110_000, 110_050, 109_950, 110_000)
    assert by_hand(wide, stop_points=20, target_points=20).frame()["net_profit"].tolist() == [-2.0]
    rosy = replace(PLAIN, fill_model=FillModel(slippage_points=0, intrabar="optimistic"))
    row = by_hand(wide, stop_points=20, target_points=20, rules=rosy).frame().loc[0]
    assert (row["net_profit"], row["ambiguous"]) == (2.0, 1)


def test_one_at_a_time_leaves_out_alerts_while_a_ticket_is_open():
    alerts = [alert(0), alert(1), alert(2)]
    rows = (FLAT, UP, FLAT, FLAT)
    frame = by_hand(*rows, alerts=alerts, flat=True, stop_points=50, target_points=[20, 90]).frame()
    assert frame["tickets"].tolist() == [2, 1]
    assert frame["left_out"].tolist() == [1, 2]
    assert by_hand(*rows, alerts=alerts, stop_points=50, target_points=90).frame()["tickets"].tolist() == [3]


def test_a_stop_nearer_than_the_spread_is_refused_in_that_cell():
    series = {"EURUSD": bars(FLAT, UP, spread=10)}
    frame = swept(series, CATALOGUE, [alert(0)], PLAIN, stop_points=[5, 30], lots="0.1").frame()
    assert frame["refused"].tolist() == [1, 0]
    assert frame["tickets"].tolist() == [0, 1]
    assert math.isnan(frame["win_rate"][0])


def test_risk_sizes_each_ticket_by_its_stop():
    result = by_hand(UP, DOWN, stop_points=[20, 40], lots="", risk=8.0)
    rows = [result.cell(n).rows()[0] for n in (0, 1)]
    assert [(row["steps"], row["pnl_minor"]) for row in rows] == [(40, -800), (20, -800)]


def test_tickets_of_a_cell_are_a_table_of_prices_and_times():
    cell = by_hand(UP, DOWN, stop_points=20, target_points=25).cell(0)
    frame = cell.tickets()
    row = frame.iloc[0]
    assert (row["entry_price"], row["exit_price"], row["exit_reason"], row["pnl"]) == (1.1, 1.10025, "tp", 2.5)
    assert str(row["entry_time"]) == "2024-03-06 10:00:00+00:00"
    assert row["volume"] == 0.1
    assert cell.values == {"stop_points": 20, "target_points": 25}
    assert "stop_points 20" in repr(cell)


def test_a_heat_map_has_the_figure_of_each_pair():
    result = by_hand(UP, DOWN, stop_points=[20, 100], target_points=[25, 60, None])
    found = result.heatmap("target_points", "stop_points")
    assert (found.x, found.y) == ((25, 60, None), (20, 100))
    assert found.values.tolist() == [[2.5, -2.0, -2.0], [2.5, -4.0, -4.0]]
    drawdown = result.heatmap("stop_points", "target_points", "max_drawdown", how="mean")
    assert drawdown.values.tolist() == [[0.0, 0.0], [2.0, 4.0], [2.0, 4.0]]


def test_a_heat_map_of_three_axes_shows_the_best_of_each_pair():
    result = by_hand(UP, DOWN, stop_points=[20, 100], target_points=[25, 60], break_even_points=[10, None])
    found = result.heatmap("stop_points", "target_points")
    assert found.values.tolist() == [[2.5, 2.5], [0.0, 0.0]]


def test_best_sorts_ties_by_cell_and_takes_drawdowns_the_other_way_round():
    result = by_hand(UP, DOWN, stop_points=[20, 100], target_points=[25, 60])
    assert result.best(3)["cell"].tolist() == [0, 2, 1]
    assert result.best(2, "max_drawdown")["cell"].tolist() == [0, 2]
    assert result.best(1, least_tickets=2).empty
    assert "zepix sweep_exits: 4 cells" in repr(result)
    assert "looks better than it is" in repr(result)


@pytest.mark.parametrize(
    ("n", "by", "sentence"), [(3, "nett_profit", "did you mean 'net_profit'"), (0, "net_profit", "n: expected a whole")]
)
def test_best_of_what_there_is_not(n, by, sentence):
    with pytest.raises(ConfigError, match=sentence):
        by_hand(UP, stop_points=20).best(n, by)


def test_threads_and_chunks_change_nothing():
    alerts = [alert(n, "entry", ("buy", "sell")[n % 2]) for n in range(20)]
    rng = np.random.default_rng(3)
    quads, close = [], 110_000
    for _ in range(60):
        opened, close = close, close + int(rng.integers(-20, 21))
        quads.append((opened, max(opened, close) + 5, min(opened, close) - 5, close))
    grid = {"stop_points": list(range(5, 45)), "target_points": list(range(5, 45))}
    frames = [by_hand(*quads, alerts=alerts, workers=n, **grid).frame() for n in (1, 3)]
    assert frames[0].equals(frames[1])


def test_rows_stream_to_a_file_that_reads_back_the_same(tmp_path):
    series = {"EURUSD": bars(UP, DOWN, spread=0)}
    grid = read_grid({"stop_points": list(range(1, 101)), "target_points": [*range(1, 40), None]}, ())
    plan = Plan(grid, Sizes(Decimal("0.1")), workers=2)
    file, kept = RowFile(tmp_path / "rows.parquet", {}), Kept()
    streamed = ExitsSweep(sweep(series, CATALOGUE, [alert(0)], PLAIN, plan, file), file, {})
    held = ExitsSweep(sweep(series, CATALOGUE, [alert(0)], PLAIN, plan, kept), kept, {})
    assert streamed.frame().equals(held.frame())
    assert streamed.best(5).equals(held.best(5))
    assert [p.name for p in tmp_path.iterdir()] == ["rows.parquet"]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    folder = tmp_path / "taken"
    folder.write_text("", encoding="utf-8")
    file = RowFile(folder / "rows.parquet", {})
    plan = Plan(read_grid({"stop_points": 20}, ()), Sizes(Decimal("0.1")))
    with pytest.raises(DataError, match="cannot be written"):
        sweep({"EURUSD": bars(UP, spread=0)}, CATALOGUE, [alert(0)], PLAIN, plan, file)
    assert list(tmp_path.iterdir()) == [folder]


def test_tables_too_large_to_keep_are_made_chunk_by_chunk(monkeypatch):
    from zepix.research.exits_sweep import first_lane

    grid = {"stop_points": list(range(10, 40)), "target_r": [0.5, 1, 1.7, None]}
    alerts = [alert(n) for n in range(2)]
    before = by_hand(UP, DOWN, UP, alerts=alerts, **grid).frame()
    monkeypatch.setattr(first_lane, "MOST_BYTES", 2_000)
    assert by_hand(UP, DOWN, UP, alerts=alerts, **grid).frame().equals(before)
    assert by_hand(UP, DOWN, UP, alerts=alerts, lots="", risk=3, stop_points=[10, 20], target_points=[10, 15]).frame()[
        "tickets"
    ].tolist() == [2, 2, 2, 2]


# --- bad input --------------------------------------------------------------------------------------------------------


GRID = {"stop_points": [20, 30], "target_points": [20]}


def problems(sample, **given):
    own = {"alerts": sample / "alerts.jsonl", "bars": sample, "other_alerts": "ignore", **GRID} | given
    with pytest.raises(ConfigError) as caught:
        zx.sweep_exits(own.pop("alerts"), own.pop("bars"), **{k: v for k, v in own.items() if v is not ...})
    return "\n".join(caught.value.problems)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    from zepix.data.sample import write_sample

    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=3, n_alerts=40)
    return folder


CASES = [
    ({"stop_point": 3}, "did you mean 'stop_points'"),
    ({"stop": 3}, "say its unit: stop_points or stop_pips"),
    ({"max_concurrent": 3}, "max_concurrent (risk.max_concurrent): depends on what else the account holds"),
    ({"max_daily_entries": 3}, "unknown parameter"),
    ({"settings": {"risk.max_concurrent": 2}}, "risk.max_concurrent: depends on what else the account holds"),
    ({"settings": {"equity_guard.enabled": True}}, "equity_guard.enabled: depends on"),
    ({"settings": {"fill.stop_out_frac": 0.3}}, "fill.stop_out_frac: a stop-out closes tickets by the whole account's"),
    ({"settings": {"account.leverage": 30}}, "account.leverage: margin is of the whole account"),
    ({"settings": {"fil.latency_ms": 3}}, "did you mean 'fill.latency_ms'"),
    ({"settings": {"strategy.one_at_a_time": True}}, "no strategy runs in the compiled lane"),
    ({"settings": {"profit_booking.sl_hunt": False}}, "profit_booking.sl_hunt: depends on"),
    ({"settings": {"fill.latency_ms": -3}}, "latency_ms"),
    ({"stop_points": []}, "stop_points: the list is empty"),
    ({"stop_points": [float("nan")]}, "expected a number above 0, or None, not nan"),
    ({"stop_points": [-3, "x", True, float("inf")]}, "not 'x'"),
    ({"stop_points": [5, 5]}, "5 stands there more than once"),
    ({"stop_points": 2.5}, "stop_points: 2.5 is 2.5 points of"),
    ({"stop_points": 10**9}, "lie below a price of 0"),
    ({"stop_pips": 4}, "stop_points and stop_pips say the same thing twice"),
    ({"stop_points": ..., "target_points": ..., "target_r": 2}, "a share of the stop needs a stop in every cell"),
    ({"trail_start_points": 5}, "a trail needs trail_step, trail_distance too"),
    ({"break_even_buffer_points": 5}, "there is no break_even"),
    ({"break_even_points": [5, 9], "break_even_buffer_points": [2, 5]}, "5 must lie behind every break_even_points"),
    ({"ladder": [{"levles": []}]}, "did you mean 'levels'"),
    ({"ladder": [{}]}, "ladder: its plans say target_points themselves"),
    ({"target_points": ..., "ladder": [{"max_hold_min": 5}]}, "ladder[1].max_hold_min: a timer closes"),
    (
        {"target_points": ..., "ladder": [{"levels": [{"at": "tp1", "portion": 1}]}]},
        "levels[1].at: tp1 comes with the alert",
    ),
    ({"target_points": ..., "ladder": [{"exit_alert": {"portion": 0.5}}]}, "exit alerts act on what is open"),
    (
        {"target_points": ..., "stop_points": ..., "ladder": [{"levels": [{"at": "1R", "portion": 1}]}]},
        "no_stop_for_r",
    ),
    ({"target_points": ..., "ladder": [{}], "risk_money": 5}, "a ladder takes its lots as a number"),
    ({"pyramid_levels": 9}, "a whole number from 1 to 5"),
    ({"pyramid_levels": 2, "break_even_points": 5}, "no trail and no break-even goes with a pyramid"),
    ({"pyramid_levels": 2}, "profit_booking.sl_hunt: a recovery asks the safety service"),
    ({"lots": 0.1, "risk_money": 3}, "lots and risk_money say the volume twice"),
    ({"lots": float("nan")}, "lots: expected a number above 0"),
    ({"lots": 1e9}, "lots: EURUSD takes 0.01 to"),
    ({"risk_money": 5, "stop_points": [5, None]}, "a volume at risk needs a stop in every cell"),
    ({"other_alerts": "drop"}, "other_alerts: expected refuse or ignore"),
    ({"other_alerts": "refuse"}, "would act on what is open in a cell"),
    ({"workers": 0}, "workers: expected a whole number"),
    ({"one_at_a_time": 1}, "one_at_a_time: expected True or False"),
    ({"out": "rows.csv"}, "out: expected the name of a .parquet file"),
    ({"alerts": []}, "alerts: there are none"),
    ({"stop_points": range(1, 60_000), "target_points": range(1, 60_000)}, "cells are more than"),
    ({"stop_points": range(10**6)}, "1,000,000 values are more than"),
]


@pytest.mark.parametrize(("given", "sentence"), CASES, ids=[sentence[:40] for _, sentence in CASES])
def test_what_cannot_be_swept_is_refused_by_name(sample, given, sentence):
    assert sentence in problems(sample, **given)


def test_all_problems_come_at_once(sample):
    found = problems(sample, stop_point=3, target_points=[], workers=-1, settings={"risk.max_concurrent": 2})
    assert len(found.splitlines()) == 4


def test_nothing_to_sweep(sample):
    with pytest.raises(ConfigError, match="nothing to sweep"):
        zx.sweep_exits(sample / "alerts.jsonl", sample)


def test_alerts_without_prices():
    with pytest.raises(DataError, match="no entry was filled"):
        by_hand(UP, alerts=[alert(0, symbol="GBPUSD")], stop_points=20)


def test_no_alert_at_all():
    with pytest.raises(DataError, match="no alert to sweep"):
        by_hand(UP, alerts=[], stop_points=20)


def test_a_cell_that_there_is_not():
    with pytest.raises(IndexError, match="they count from 0 to 1"):
        by_hand(UP, stop_points=[20, 30]).cell(2)


def test_a_heat_map_of_what_there_is_not():
    with pytest.raises(ConfigError) as caught:
        by_hand(UP, stop_points=[20, 30], target_points=20).heatmap("stop_point", "target_points", how="worst")
    assert len(caught.value.problems) == 2
    assert "did you mean 'stop_points'" in caught.value.problems[0]


def test_two_conversions_are_refused():
    rules = replace(PLAIN, account=AccountSpec(currency="GBP"))
    series = {s: bars(UP, symbol=s, spread=0) for s in ("USDJPY", "GBPUSD")}
    with pytest.raises(ConfigError, match="reaches GBP through two pairs"):
        swept(series, CATALOGUE, [alert(0, symbol="USDJPY")], rules, stop_points=20)


# --- the surface ------------------------------------------------------------------------------------------------------


def test_the_sample_is_swept_from_files(sample, tmp_path):
    calls = []
    result = zx.sweep_exits(
        sample / "alerts.jsonl",
        sample,
        other_alerts="ignore",
        stop_points=[100, 300],
        target_r=[1, 2],
        one_at_a_time=True,
        risk_percent=1,
        out=tmp_path / "rows.parquet",
        progress=lambda done, size: calls.append((done, size)),
    )
    assert len(result) == 4
    assert result.frame()["tickets"].min() > 0
    assert calls[-1] == (4, 4)
    assert any("left alone" in note for note in result.notes)
    assert set(result.timings) == {"load_s", "compile_s", "sweep_s"}
    assert result.axes == {"stop_points": (100, 300), "target_r": (1, 2)}


def test_large_grids_go_to_a_file_of_their_own(sample, monkeypatch):
    from zepix.research.exits_sweep import surface

    monkeypatch.setattr(surface, "KEEP", 3)
    result = zx.sweep_exits(sample / "alerts.jsonl", sample, other_alerts="ignore", stop_points=[50, 60, 70, 80])
    path = result._rows.path
    assert path.is_file()
    assert result.frame()["cell"].tolist() == [0, 1, 2, 3]
    result.close()
    assert not path.exists()

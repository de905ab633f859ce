"""``zx.bars``, ``zx.open`` and what a Result opens up to: names, times in UTC, words, and what is not there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pandas as pd
import pyarrow.parquet as pq
import pytest

import zepix as zx
from zepix.alerts.generate import Source, settings_of, write_alerts
from zepix.data import default_catalogue, load_bars
from zepix.data.sample import write_sample
from zepix.errors import ConfigError, DataError

PlotlyJSONEncoder = pytest.importorskip("plotly.utils").PlotlyJSONEncoder
TABLES = ("trades", "orders", "decisions", "chains", "equity")
FIRST_NAMES = (
    *("alerts", "bars", "replay", "sweep", "stress", "open"),
    *("Strategy", "Alert", "Side", "FillModel"),
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=4, n_alerts=60)
    return folder


@pytest.fixture(scope="module")
def run(sample):
    return zx.replay(alerts=sample / "alerts.jsonl", bars=sample, strategy="bracket")


@pytest.fixture(scope="module")
def opened(run, tmp_path_factory):
    return zx.open(run.save(tmp_path_factory.mktemp("runs") / "one", report=True))


def test_the_dozen_names_are_there_and_listed():
    for name in FIRST_NAMES:
        assert getattr(zx, name) is not None
        assert name in dir(zx)


def test_a_star_import_leaves_pythons_own_open_alone():
    subprocess.run([sys.executable, "-c", "from zepix import *\nassert open is __builtins__.open"], check=True)


def test_import_takes_less_than_half_a_second_and_nothing_heavy():
    """The best of three fresh interpreters, less what an empty one needs; other programs may take the cores."""
    code = "import sys, time\nt = time.perf_counter()\nimport zepix\nprint(time.perf_counter() - t, *sys.modules)"
    told = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True) for _ in range(3)]
    words = [one.stdout.split() for one in told]
    assert min(float(one[0]) for one in words) < 0.5
    assert not {"pandas", "numpy", "pyarrow", "numba", "plotly", "pydantic"} & set(words[0])


# -- bars ---------------------------------------------------------------------------------------


def test_bars_print_what_they_are(sample):
    bars = zx.bars(sample)
    assert bars.symbols == list(bars.series)
    assert str(bars).splitlines()[0].startswith(f"{bars.symbols[0]} M1: {len(bars[bars.symbols[0]]):,} rows, 20")
    assert "EURUSD 1m" in repr(bars)
    assert "EURUSD M1" in bars._repr_html_()


def test_a_frame_of_bars_has_prices_and_aware_times(sample):
    bars = zx.bars(sample, symbols="EURUSD")
    frame = bars.frame()
    assert str(frame.index.dtype) == "datetime64[ns, UTC]"
    assert len(frame) == len(bars)
    assert frame["bid_open"].iloc[0] == pytest.approx(int(bars["EURUSD"].bid_open[0]) / 100_000)
    assert (frame["ask_low"] >= frame["bid_low"]).all()


def test_bars_that_are_not_there_are_told(sample):
    bars = zx.bars(sample)
    with pytest.raises(ConfigError, match="several symbols"):
        bars.frame()
    with pytest.raises(ConfigError, match="did you mean 'EURUSD'"):
        bars.frame("EURUSB")
    with pytest.raises(ConfigError, match="no bars"):
        zx.bars()


def test_a_replay_takes_bars_as_they_are(sample, run):
    assert zx.replay(alerts=sample / "alerts.jsonl", bars=zx.bars(sample), strategy="bracket").digest == run.digest


# -- results ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_times_of_every_table_are_aware_and_utc(run, name):
    frame = getattr(run, name)
    times = [column for column in frame if "datetime" in str(frame[column].dtype)]
    assert times
    assert {str(frame[column].dtype) for column in times} == {"datetime64[ns, UTC]"}


def test_a_result_prints_eight_lines_and_its_warnings(run):
    lines = str(run).splitlines()
    assert len(lines) == 8 + len(run.warnings)
    assert run.digest[:16] in lines[7]
    assert "<li>" in run._repr_html_()


def test_a_result_says_which_names_it_has(run):
    with pytest.raises(AttributeError, match="did you mean 'trades'"):
        run.tradez  # noqa: B018
    with pytest.raises(AttributeError, match=r"it has .*equity"):
        run.xyzzy  # noqa: B018
    assert not hasattr(run, "_ipython_display_")


def test_pictures_are_returned(run):
    go = pytest.importorskip("plotly.graph_objects")
    assert isinstance(run.plot(), go.Figure)
    assert isinstance(run.plot("EURUSD"), go.Figure)
    with pytest.raises(ConfigError, match=r"no picture 'GBPUSD'; there are .*, EURUSD"):
        run.plot("GBPUSD")
    with pytest.raises(ConfigError, match="no prices of 'GBPUSD'"):
        run.plot("price", symbol="GBPUSD")


# -- a finished run -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", TABLES)
def test_an_opened_run_has_the_tables_of_the_run(run, opened, name):
    pd.testing.assert_frame_equal(getattr(opened, name), getattr(run, name))


def test_an_opened_run_says_what_the_run_said(run, opened):
    assert opened.digest == run.digest
    assert opened.stats["net_profit"] == run.stats["net_profit"]
    assert opened.lines()[:7] == run.lines()[:7]
    assert opened.warnings == run.warnings
    alert_id = run.record.fills[0].alert_id
    assert opened.why(alert_id).lines() == run.why(alert_id).lines()
    assert [line[1] for line in opened.journal] == [line[1] for line in run.record.journal]
    assert repr(opened).startswith("<OpenedRun")
    assert "<li>" in opened._repr_html_()


def test_the_report_of_an_opened_run_is_the_one_that_was_written(opened, tmp_path):
    assert opened.report().read_bytes() == opened.report(tmp_path / "copy.html").read_bytes()
    assert opened.plot() is not None


def test_a_run_without_a_report_says_so(run, tmp_path):
    with pytest.raises(DataError, match=r"has no report\.html"):
        zx.open(run.save(tmp_path / "bare")).report()


def test_what_is_no_run_is_told(tmp_path):
    with pytest.raises(DataError, match="is no folder of a run"):
        zx.open(tmp_path)


def test_an_opened_run_says_which_names_it_has(opened):
    with pytest.raises(AttributeError, match="did you mean 'stats'"):
        opened.stat  # noqa: B018


STRETCH = {"from_": "2024-01-02T08:00Z", "to": "2024-01-02T10:00Z"}


def drawn(picture):
    """Traces and layout as a browser gets them."""
    return json.loads(json.dumps(picture.to_plotly_json(), cls=PlotlyJSONEncoder))


@pytest.mark.parametrize(("what", "given"), [("points", {}), ("points", {"symbol": "EURUSD"}), ("mae", {}),
                                             ("mae", {"symbol": "EURUSD"}), ("equity", {}), ("hour", {}),
                                             ("price", {}), ("EURUSD", {}), ("EURUSD", STRETCH),
                                             ("chains", {})])  # fmt: skip
def test_an_opened_run_draws_what_the_run_drew(run, opened, what, given):
    assert str(opened.plot(what, **given)) == str(run.plot(what, **given))
    assert drawn(opened.plot(what, **given)) == drawn(run.plot(what, **given))


def test_closing_fills_come_back_to_the_point_and_the_cent(run, opened):
    """``known_ns``, when a fill was processed, is in no table; nothing that is drawn asks for it."""
    assert opened.drawn().fills.fills == [fill._replace(known_ns=fill.exit_ns) for fill in run.record.fills]


def test_chains_and_moved_stops_come_back(tmp_path):
    """V3 on alerts made from the sample's prices: pyramids, re-entries, stops that trail."""
    log, sample = tmp_path / "v3.jsonl", tmp_path / "prices"
    write_sample(sample, days=12)
    catalogue, [path] = default_catalogue(), sample.glob("EURUSD_M1_*.parquet")
    prices = f"EURUSD:M1={path}"
    source = Source(load_bars([prices], catalogue).series["EURUSD"], catalogue["EURUSD"])
    write_alerts([source], "v3", log, timeframes=("15",), settings=settings_of("v3", []))
    run = zx.replay(alerts=log, bars=prices, strategy="v3_combined")
    opened = zx.open(run.save(tmp_path / "run"))
    assert opened.drawn().record.chains == run.record.chains != []
    assert drawn(opened.plot("chains")) == drawn(run.plot("chains"))
    ours, theirs = (drawn(one.plot("price"))["data"] for one in (opened, run))
    assert [{**one, "text": None} for one in ours] == [{**one, "text": None} for one in theirs]
    assert [sorted(one.get("text") or ()) for one in ours if "refused" not in one["name"]] == [
        sorted(one.get("text") or ()) for one in theirs if "refused" not in one["name"]
    ]


def moved(run, folder, sample):
    """The run saved, and its prices carried to another folder."""
    place = folder / "elsewhere"
    shutil.copytree(sample, place)
    saved = run.save(folder / "run")
    meta = json.loads((saved / "run.json").read_text(encoding="utf-8"))
    meta["spec"]["bars"] = [str(folder / "gone")]
    (saved / "run.json").write_text(json.dumps(meta), encoding="utf-8")
    return saved, place


def test_prices_that_have_moved_are_named_and_taken_from_where_they_are_now(run, sample, tmp_path):
    saved, place = moved(run, tmp_path, sample)
    with pytest.raises(DataError, match=r"EURUSD cannot be drawn: .*gone.*bars=\.\.\.\) says where they are now"):
        zx.open(saved).plot("EURUSD")
    assert drawn(zx.open(saved, bars=place).plot("EURUSD")) == drawn(run.plot("EURUSD"))
    assert zx.open(saved).plot("chains") is not None
    assert any("not at hand" in note for note in zx.compare(zx.open(saved), run).notes)
    assert not any("not at hand" in note for note in zx.compare(zx.open(saved, bars=place), run).notes)


def test_prices_that_have_changed_are_not_drawn(run, sample, tmp_path):
    saved, place = moved(run, tmp_path, sample)
    [path] = place.glob("EURUSD_M1_*.parquet")
    table = pq.read_table(path)
    path.unlink()
    pq.write_table(table.slice(0, table.num_rows - 1), path)
    opened = zx.open(saved, bars=[place])
    with pytest.raises(DataError, match=r"EURUSD cannot be drawn: EURUSD_M1_\w+\.parquet has changed since the run"):
        opened.plot("EURUSD")
    assert opened.plot("XAUUSD") is not None


def test_prices_without_one_of_the_symbols_say_which(run, sample, tmp_path):
    saved, place = moved(run, tmp_path, sample)
    for path in place.glob("EURUSD_M1_*"):
        path.unlink()
    with pytest.raises(DataError, match=r"EURUSD_M1_\w+\.parquet is not there: .*elsewhere has none of that symbol"):
        zx.open(saved, bars=place).plot("EURUSD")


def test_what_an_opened_run_cannot_draw_is_told(opened):
    with pytest.raises(ConfigError, match="of the whole run"):
        opened.plot("equity", to="2024-01-02")
    with pytest.raises(ConfigError, match="no prices of 'GBPUSD'"):
        opened.plot("mae", symbol="GBPUSD")
    with pytest.raises(ConfigError, match=r"no picture 'pirce'; did you mean 'price'"):
        opened.plot("pirce")
    assert opened.as_dict()["digest"] == opened.digest

"""Pictures: what they draw and say, what is thinned, what happens without a display; outside text stays text."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import re
import webbrowser

import numpy as np
import pytest
from fake_run import DAY_NS, HOUR_NS, MINUTE_NS, THURSDAY_NS, bracket_run, fill_of, flat_series, record_of, walk_series
from test_report import EVIL, hostile_run

import zepix as zx
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, DecisionRow, Order, Side, Trail
from zepix.research.pictures.groups import TITLES, groups_figure
from zepix.research.pictures.heat import Heatmap, check_axes, gathered, heat_figure, values_in_order
from zepix.research.pictures.of_run import PICTURES
from zepix.research.pictures.picture import Picture
from zepix.research.pictures.zoom import instant_ns
from zepix.research.report_parts.level_paths import level_paths
from zepix.research.report_parts.prices import MAX_CANDLES, price_traces
from zepix.research.result import Result
from zepix.services.chain_log import ChainStep


def numbers(packed):
    """Numbers of a packed array."""
    return np.frombuffer(base64.b64decode(packed["bdata"]), "<f8")


@pytest.fixture(scope="module")
def run() -> Result:
    series = [walk_series("EURUSD", 138_000, 6000, seed=1, spread=3)]
    return Result(bracket_run(60, series=series, distance=40))


@pytest.fixture(scope="module")
def hostile() -> Result:
    record = hostile_run()
    record.decisions = [
        DecisionRow(EVIL, THURSDAY_NS, EVIL, EVIL, EVIL, "refused", EVIL, "EURUSD", EVIL, EVIL, EVIL, {EVIL: EVIL})
    ]
    return Result(record)


# -- which there are --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", PICTURES)
def test_every_picture_has_a_heading_words_and_a_page(run, what, tmp_path):
    made = run.plot(what)
    assert isinstance(made, Picture)
    assert str(made).splitlines()[0] == made.heading
    assert made.words
    assert "UTC" in made.page() if what in ("equity", "price", "hour", "weekday") else made.page()


@pytest.mark.parametrize("what", PICTURES)
def test_a_run_without_a_ticket_has_pictures_that_say_so(what):
    made = Result(record_of([], [flat_series("EURUSD", 138_000, 600)])).plot(what)
    assert made.words
    if what not in ("equity", "price", "chains"):
        assert "No ticket was closed." in str(made)
        assert made.layout.annotations[0].text == "No ticket was closed."


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"what": "pirce"}, "there is no picture 'pirce'; did you mean 'price'"),
        ({"what": "price", "symbol": "GBPUSD"}, "no prices of 'GBPUSD'; it has EURUSD"),
        ({"what": "hour", "show": "pips"}, "show: expected profit or points, not 'pips'"),
        ({"what": "hour", "from_": "2014-05-01"}, "choose a stretch of prices"),
        ({"what": "price", "from_": "yesterday"}, "from_: 'yesterday' is no time"),
        ({"what": "price", "from_": "2014-05-01T00:00"}, "has no time zone"),
        ({"what": "price", "from_": "2014-05-03", "to": "2014-05-02"}, "must lie before"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(run, asked, sentence):
    with pytest.raises(ConfigError) as told:
        run.plot(**asked)
    assert sentence in str(told.value)


def test_a_run_of_a_folder_has_all_but_prices_where_nobody_knows_these(run, tmp_path):
    opened = zx.open(run.save(tmp_path / "run"))
    for what in PICTURES:
        if what != "price":
            assert opened.plot(what).words == run.plot(what).words
    with pytest.raises(DataError, match="prices of EURUSD cannot be drawn"):
        opened.plot("price")


# -- equity, excursions, groups ---------------------------------------------------------------------------------------


def test_equity_says_the_deepest_fall():
    """10,000, then 930 cents more, then 1,000.00 less on the next day: 1,000 of 10,009.30 are 10.0 %."""
    fills = [
        fill_of(),
        fill_of(ticket=2, pnl_minor=-100_000, exit_ns=THURSDAY_NS + HOUR_NS, known_ns=THURSDAY_NS + HOUR_NS),
    ]
    words = Result(record_of(fills, [flat_series("EURUSD", 138_010, 1440)])).plot().words
    assert words[0].startswith("equity 10,000.00 to 9,009.30 USD, 2014-05-01")
    assert "deepest fall 10.0% below the peak" in words[2]


def test_excursions_of_one_symbol_are_points_and_of_several_are_stop_distances():
    first = fill_of(entry_points=138_000, initial_sl=137_900, mae_points=50, mfe_points=200, pnl_points=100)
    gold = first._replace(symbol="XAUUSD", ticket=2, entry_points=1_300_000, initial_sl=1_298_000, mae_points=1000)
    prices = [flat_series("EURUSD", 138_000, 60), flat_series("XAUUSD", 1_300_000, 60)]
    one = Result(record_of([first], prices)).plot("mae")
    assert "points" in one.layout.xaxis.title.text
    both = Result(record_of([first, gold], prices)).plot("mae")
    assert "R" in both.layout.xaxis.title.text
    against = next(t.x for t in both.data if t.name == "won" and t.xaxis == "x")
    assert np.allclose(numbers(against) if isinstance(against, dict) else against, [0.5, 0.5])


def test_weekdays_and_levels_by_hand():
    """A Thursday and a Friday; two tickets of one pyramid (B and level 1), one without a chain."""
    fills = [
        fill_of(ticket=1, chain_id="P1", role="B", pnl_minor=700),
        fill_of(ticket=2, chain_id="P1", role="P1.1", entry_ns=THURSDAY_NS + DAY_NS, pnl_minor=-300),
        fill_of(ticket=3, entry_ns=THURSDAY_NS + DAY_NS, pnl_minor=100),
    ]
    record = record_of(fills, [flat_series("EURUSD", 138_000, 60)])
    common = {"plugin_id": "p", "symbol": "EURUSD", "alert_id": "a1"}
    record.chains = [
        ChainStep(t_ns=1, chain_id="P1", kind="profit", level=0, state="active", reason="begun", ticket=1, **common),
        ChainStep(t_ns=2, chain_id="P1", kind="profit", level=1, state="booked", reason="x", ticket=1, **common),
        ChainStep(t_ns=3, chain_id="P1", kind="profit", level=1, state="filled", reason="P1.1", ticket=2, **common),
    ]
    stats = Result(record).stats
    assert {k: g["net_profit"] for k, g in stats["by_weekday"].items()} == {"Thursday": 7.0, "Friday": -2.0}
    assert {k: g["tickets"] for k, g in stats["by_level"].items()} == {"(none)": 1, "profit 0": 1, "profit 1": 1}


def test_many_long_names_lie_on_their_side_and_stay_apart():
    group = {"net_profit": 1.0, "points": 10, "tickets": 1, "win_rate": 1.0, "max_drawdown": 0.0}
    names = [f"{'A_very_long_name_of_a_signal_' * 3}{n}" for n in range(60)]
    figure = groups_figure(dict.fromkeys(names, group), "signal", "USD")
    bars = figure["data"][0]
    assert bars["orientation"] == "h"
    assert len(set(bars["y"])) == len(bars["y"]) == 40
    assert max(map(len, bars["y"])) <= 40
    assert bars["customdata"][0] == names[0]


def test_points_are_drawn_where_they_are_asked_for():
    group = {"net_profit": 5.0, "points": -70, "tickets": 1, "win_rate": 1.0, "max_drawdown": 0.0}
    figure = groups_figure({"entry": group}, "signal", "USD", "points")
    assert figure["data"][0]["y"] == [-70.0]
    assert figure["layout"]["yaxis"]["title"]["text"] == "points"


# -- prices -----------------------------------------------------------------------------------------------------------


def test_a_long_series_keeps_its_extremes_and_its_budget():
    series = walk_series("EURUSD", 138_000, 200_000, seed=3)
    instrument = record_of([], []).catalogue["EURUSD"]
    size, (band, line, candles) = price_traces(series, instrument, series.start_ns, series.end_ns, 2000)
    assert size == 100
    drawn = numbers(band["y"])
    assert np.nanmin(drawn) == series.bid_low.min() / 100_000
    assert np.nanmax(drawn) == series.bid_high.max() / 100_000
    assert len(numbers(line["y"])) <= 2 * 2000 + 100  # and a break a weekend
    assert (band["visible"], candles["visible"]) == (True, False)


def test_a_short_stretch_is_drawn_bar_by_bar():
    series = walk_series("EURUSD", 138_000, 5000, seed=3)
    instrument = record_of([], []).catalogue["EURUSD"]
    begin = int(series.time[1000])
    _, (band, line, candles) = price_traces(series, instrument, begin, begin + 99 * MINUTE_NS, 2000)
    assert (band["visible"], line["visible"], candles["visible"]) == (False, False, True)
    assert len(numbers(candles["open"])) == 101 <= MAX_CANDLES  # one on either side
    assert numbers(candles["high"])[1] == series.bid_high[1000] / 100_000


def test_a_weekend_breaks_the_line():
    series = walk_series("EURUSD", 138_000, 5000, seed=3)  # from a Thursday
    instrument = record_of([], []).catalogue["EURUSD"]
    _, (_, line, _) = price_traces(series, instrument, series.start_ns, series.end_ns, 500)
    assert np.isnan(numbers(line["y"])).sum() == 1


def order_of(fill, **more):
    order = Order(
        id=7, kind="market", plugin_id=fill.plugin_id, family="f", alert_id=fill.alert_id, symbol=fill.symbol,
        side=fill.side, decided_ns=fill.entry_ns, arrival_ns=fill.entry_ns, ticket=fill.ticket, status="filled",
    )  # fmt: skip
    for name, value in more.items():
        setattr(order, name, value)
    return order


def test_a_trailing_stop_is_drawn_as_it_moved():
    """Long at 138,000, stop 137,950; trail from 50 ahead, steps of 10, 30 behind. Highs 20, 55, 80, 60, 75 ahead:
    after the second bar 50 - 30 = 20 ahead, after the third 80 - 30 = 50 ahead; then no better."""
    highs = [138_020, 138_055, 138_080, 138_060, 138_075, 138_050]
    prices = {"open": [138_000] * 6, "high": highs, "low": [137_990] * 6, "close": [138_000] * 6}
    from fake_run import series_of

    series = series_of("EURUSD", prices)
    fill = fill_of(entry_points=138_000, initial_sl=137_950, sl=138_050, initial_tp=0, tp=0, entry_row=0, exit_row=5,
                   exit_ns=THURSDAY_NS + 5 * MINUTE_NS, exit_reason="trailing")  # fmt: skip
    record = record_of([fill], [series])
    record.orders = [order_of(fill, trails=(Trail(50, 10, 30),))]
    stops, targets = level_paths(record, [fill], series)
    assert stops == [
        [
            (THURSDAY_NS, 137_950),
            (THURSDAY_NS + 2 * MINUTE_NS, 138_020),
            (THURSDAY_NS + 3 * MINUTE_NS, 138_050),
            (THURSDAY_NS + 5 * MINUTE_NS, 138_050),
        ]
    ]
    assert targets == [[]]


def test_a_stop_that_a_command_moved_is_drawn_from_its_time():
    fill = fill_of(initial_sl=137_900, sl=138_000, initial_tp=138_110, tp=138_110)
    record = record_of([fill], [flat_series("EURUSD", 138_010, 60)])
    change = order_of(fill, id=8, kind="modify", ticket=0, touched=1, new_sl=138_000)
    change.arrival_ns = THURSDAY_NS + 4 * MINUTE_NS
    other = copy.copy(change)
    other.symbol, other.new_sl = "XAUUSD", 1
    record.orders = [order_of(fill), change, other]
    stops, targets = level_paths(record, [fill], record.series["EURUSD"])
    assert stops == [[(THURSDAY_NS, 137_900), (THURSDAY_NS + 4 * MINUTE_NS, 138_000), (fill.exit_ns, 138_000)]]
    assert targets == [[(THURSDAY_NS, 138_110), (fill.exit_ns, 138_110)]]


def test_tickets_say_their_decision_and_refused_alerts_their_reason(run):
    record = bracket_run(3, series=[walk_series("EURUSD", 138_000, 2000, seed=1, spread=3)], distance=40)
    record.decisions.append(
        DecisionRow("r1", THURSDAY_NS + HOUR_NS, "plain", "b", "b", "refused", "no_money", "EURUSD", "entry", "buy")
    )
    record.decisions[-1].numbers.update(order=3, alert_price=1.38, score=5.0)  # what repeats the order is left out
    figure = Result(record).plot("EURUSD")
    said = {trace.name: list(trace.text) for trace in figure.data if trace.text is not None}
    assert any("spread_points 10" in text and "lots" in text for text in said["exit, not won"] + said["exit, won"])
    assert said["alert refused"] == [
        "alert r1: entry buy<br>refused: no_money<br>free margin would have been negative<br>score 5"
    ]


# -- heat maps --------------------------------------------------------------------------------------------------------

CELLS = [(10, None, 5.0), (10, 1.5, -2.0), (20, None, 7.0), (20, None, 9.0), (20, 1.5, None)]


def heat(how="best", smaller=False):
    axes = ("stop", [10, 20]), ("target", [1.5, None])
    return gathered(CELLS, *axes, "net_profit", how=how, smaller_is_better=smaller, others=1)


def test_cells_of_a_pair_are_gathered():
    assert heat().values.tolist()[1] == [5.0, 9.0]
    assert heat("mean").values.tolist()[1] == [5.0, 8.0]
    assert heat(smaller=True).values.tolist()[1] == [5.0, 7.0]
    assert np.isnan(heat().values[0, 1])
    assert heat().best == (1, 1)
    assert heat(smaller=True).best == (0, 0)


def test_a_heat_map_prints_and_draws():
    one = heat()
    assert str(one).splitlines()[1] == "best 9.00 at stop 20, target none"
    assert one.frame().loc[1.5, 10] == -2.0
    figure = heat_figure(one)
    assert figure["data"][0]["y"] == ["1.5", "none"]
    assert figure["data"][0]["z"][0][1] is None
    assert figure["data"][0]["zmin"] == -figure["data"][0]["zmax"] == -9.0
    assert figure["layout"]["shapes"][0]["x0"] == 0.5
    assert "Of the cells that share a pair the best is shown." in one.plot().notes


def test_a_heat_map_without_a_figure_says_so():
    one = Heatmap("a", "b", "sharpe", [1], [2], np.full((1, 1), np.nan))
    assert "no pair has this figure" in str(one)
    assert one.plot().layout.shapes == ()


def test_axes_are_checked_and_ordered():
    with pytest.raises(ConfigError, match="'stp' was not swept; did you mean 'stop'"):
        check_axes("stp", "target", ["stop", "target"], "best")
    with pytest.raises(ConfigError, match="named twice"):
        check_axes("stop", "stop", ["stop"], "best")
    assert values_in_order([3, None, 1, 3, 2.5]) == [1, 2.5, 3, None]
    assert values_in_order([True, 1, "x"]) == [True, 1, "x"]
    with pytest.raises(ConfigError, match="at most 200"):
        values_in_order(range(201))


def test_a_sweep_of_replays_has_a_heat_map(tmp_path):
    from zepix.data.sample import write_sample

    write_sample(tmp_path / "s", days=3, n_alerts=30)
    grid = {"fill.slippage_points": [5, 0], "strategy.one_at_a_time": [True, False]}
    tried = zx.sweep("bracket", alerts=tmp_path / "s" / "alerts.jsonl", bars=tmp_path / "s", grid=grid, workers=0,
                     out=tmp_path / "cells", progress=False)  # fmt: skip
    one = tried.heatmap("fill.slippage_points", "strategy.one_at_a_time")
    frame = tried.frame().set_index(["strategy.one_at_a_time", "fill.slippage_points"])["net_profit"]
    assert (one.x, one.y) == ((0, 5), (True, False))
    assert one.values.tolist() == [[frame[y, x] for x in one.x] for y in one.y]
    with pytest.raises(ConfigError, match="is no figure"):
        tried.heatmap("fill.slippage_points", "strategy.one_at_a_time", "profit")


# -- comparisons ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def compared():
    """Three tickets here (+9.30 each), of which one loses 5.00 more there and one is missing there."""
    prices = [flat_series("EURUSD", 138_000, 1440)]
    begins = [THURSDAY_NS + n * HOUR_NS for n in (1, 2, 3)]
    here = [
        fill_of(ticket=n, alert_id=f"a{n}", entry_ns=t, exit_ns=t + MINUTE_NS, known_ns=t + MINUTE_NS)
        for n, t in enumerate(begins, 1)
    ]
    there = [here[0], here[1]._replace(gross_minor=500, pnl_minor=430)]
    alerts = [
        Alert(id=f"a{n}", received_ns=t, dialect="plain", type="entry", symbol="EURUSD", side=Side.BUY)
        for n, t in enumerate(begins, 1)
    ]
    return zx.compare(
        Result(record_of(here, prices, alerts=alerts)), Result(record_of(there, prices, alerts=alerts[:2]))
    )


def test_both_sides_over_time_end_at_their_profits(compared):
    figure = compared.plot("equity")
    ends = [float(np.asarray(numbers(t.y) if isinstance(t.y, dict) else t.y)[-1]) for t in figure.data]
    assert ends == pytest.approx([27.90, 13.60, -14.30])
    assert "difference -14.30 USD" in str(figure)


def test_ticket_by_ticket(compared):
    figure = compared.plot("tickets")
    drawn = {t.name: len(t.x) if not isinstance(t.x, dict) else len(numbers(t.x)) for t in figure.data[1:]}
    assert drawn == {"the same": 1, "better there": 0, "better here": 1}
    assert "1 ticket on one side only" in str(figure)


def test_the_waterfall_says_its_bars(compared):
    assert compared.plot().data[0].type == "waterfall"
    assert "-14.30" not in compared.plot().words[0]
    with pytest.raises(ConfigError, match="there is no picture 'ticket'; did you mean 'tickets'"):
        compared.plot("ticket")


# -- without a display, out of the notebook ---------------------------------------------------------------------------


def test_a_page_is_one_file_and_loads_nothing(run, tmp_path):
    path = run.plot("EURUSD").save(tmp_path / "new" / "price.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "default-src &#x27;none&#x27;" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text.replace("<\\/script", ""))
    figure = json.loads(re.search(r'id="figures">(.*?)</script>', text)[1])["picture"]
    assert "title" not in figure["layout"]
    assert "template" not in figure["layout"]


def test_a_title_of_ones_own_stays_in_the_page(run):
    made = run.plot()
    made.update_layout(title_text="Mine")
    figure = json.loads(re.search(r'id="figures">(.*?)</script>', made.page())[1])["picture"]
    assert figure["layout"]["title"]["text"] == "Mine"


def test_places_that_cannot_be_written_and_endings_that_mean_nothing(run, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(DataError):
        run.plot().save(tmp_path / "file" / "p.html")
    with pytest.raises(ConfigError, match=r"ends in \.html"):
        run.plot().save(tmp_path / "p.txt")

    def without_kaleido(*_):
        raise ValueError("kaleido is not installed")

    monkeypatch.setattr(Picture, "write_image", without_kaleido)
    with pytest.raises(ConfigError, match="kaleido"):
        run.plot().save(tmp_path / "p.png")


def test_without_a_browser_show_says_what_to_do(run, monkeypatch):
    import plotly.graph_objects as go

    def nowhere(*_, **__):
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(go.Figure, "show", nowhere)
    with pytest.raises(ConfigError, match=r"save\('picture\.html'\)"):
        run.plot().show()


def test_a_terminal_gets_words_and_no_browser(run, monkeypatch):
    import plotly.io as pio

    monkeypatch.setattr(pio.renderers, "_default_name", "browser")
    assert run.plot()._repr_mimebundle_() == {"text/plain": str(run.plot())}
    assert Picture._ipython_display_ is None
    assert repr(run.plot()).startswith("Equity and the fall from its peak\n")


def test_a_notebook_gets_the_figure_and_the_words(run, monkeypatch):
    import plotly.io as pio

    monkeypatch.setattr(pio.renderers, "_default_name", "plotly_mimetype")
    monkeypatch.setattr(pio.renderers, "_default_renderers", [pio.renderers["plotly_mimetype"]])
    bundle = run.plot()._repr_mimebundle_()
    assert set(bundle) == {"application/vnd.plotly.v1+json", "text/plain"}


def test_a_copy_and_a_pickle_keep_the_words(run):
    made = run.plot("hour")
    for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert str(other) == str(made)
        assert other.layout.height == made.layout.height


@pytest.mark.parametrize("what", [one for one in PICTURES if one != "price"] + ["EURUSD"])
def test_outside_text_stays_text(hostile, what):
    made = hostile.plot(what)
    page = made.page()
    assert "<script>window.pwned" not in page
    assert "<img" not in page
    shown = json.loads(re.search(r'id="figures">(.*?)</script>', page)[1])["picture"]
    assert not [text for text in texts(shown) if "<script" in text or "<img" in text]
    assert "<img" not in made._repr_html_()


def texts(value):
    if isinstance(value, dict):
        return [text for one in value.values() for text in texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in texts(one)]
    return [value] if isinstance(value, str) else []


def test_names_of_axes_and_cells_of_a_heat_map_stay_text():
    one = Heatmap(EVIL, "<b>", EVIL, [EVIL, 1], ["<i>"], np.array([[1.0, -1.0]]))
    assert not [text for text in texts(heat_figure(one)) if "<script" in text or "<i>" in text]
    assert "<img" not in one._repr_html_()
    assert "<img" not in one.plot().page()


# -- zooming ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["2014-05-01", "2014-05-01 00:00:00", "2014-05-01T00:00Z", THURSDAY_NS / 1e6])
def test_bounds_of_an_axis_are_instants(value):
    assert instant_ns(value) == THURSDAY_NS


def test_a_widget_draws_the_stretch_anew_or_says_what_is_missing(run):
    try:
        import anywidget  # noqa: F401
    except ImportError:
        with pytest.raises(ConfigError, match="widgets of Jupyter"):
            run.plot("EURUSD").widget()
        return
    widget = run.plot("EURUSD").widget()
    before = len(widget.data)
    widget.update_layout(xaxis_range=["2014-05-02 10:00", "2014-05-02 11:00"])
    assert len(widget.data) == before
    assert [trace.visible for trace in widget.data[:3]] == [False, False, True]
    assert_times_say_what_they_are(widget)


def assert_times_say_what_they_are(widget):
    """plotly.js looks anew what kind an axis is when its x change: numbers made it linear, and all was gone."""
    for trace in widget.data:
        if trace.x is not None and len(trace.x):
            assert np.asarray(trace.x).dtype.kind in "MUO", (trace.type, trace.name)
    for name in ("open", "high", "low", "close"):
        assert not isinstance(widget.data[2][name], dict), "the packed form is only understood in a whole picture"


def test_a_widget_in_a_stretch_without_prices_keeps_its_times(run):
    pytest.importorskip("anywidget")
    widget = run.plot("EURUSD").widget()
    widget.update_layout(xaxis_range=["1999-01-01", "1999-01-02"])
    assert_times_say_what_they_are(widget)
    widget.update_layout(xaxis_range=["2014-05-02 10:00", "2014-05-02 11:00"])
    assert len(widget.data[2].x) > 10


def test_titles_cover_what_tickets_are_grouped_by(run):
    assert {f"by_{name}" for name in TITLES} == {key for key in run.stats if key.startswith("by_")} - {"by_plugin_and"}

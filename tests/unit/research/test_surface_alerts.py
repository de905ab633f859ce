"""``zx.alerts``: files, objects, DataFrames and vectorised signals become alerts; what is unclear is refused."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import zepix as zx
from zepix.data.sample import write_sample
from zepix.errors import ConfigError, DataError
from zepix.model import Quantity, Quarantined, Side


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=3, n_alerts=40)
    return folder


@pytest.fixture(scope="module")
def bars(sample):
    return zx.bars(sample, symbols="EURUSD")


def test_the_package_stays_a_package_and_can_be_called(sample):
    package = importlib.import_module("zepix.alerts")
    assert zx.alerts is package
    assert importlib.import_module("zepix.alerts.log").read_logs
    assert len(zx.alerts(sample / "alerts.jsonl")) > 30


@pytest.mark.parametrize("first", ["import zepix.alerts.log", "from zepix.alerts import read_log", "pass"])
def test_it_can_be_called_whatever_was_imported_first(first, sample):
    code = f"{first}\nimport zepix as zx\nassert len(zx.alerts({str(sample / 'alerts.jsonl')!r})) > 30"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_log_prints_what_it_is_and_opens_as_a_frame(sample):
    found = zx.alerts(sample / "alerts.jsonl")
    assert str(found).startswith(f"{len(found.alerts)} alerts, 20")
    assert "set aside" in str(found)
    frame = found.frame()
    assert len(frame) == len(found)
    assert str(frame["received_at"].dtype) == "datetime64[ns, UTC]"
    assert (frame["type"] == "quarantined").sum() == len(found.quarantined) > 0
    assert "<li>" in found._repr_html_()
    assert found.checksums.keys() == {"alerts.jsonl"}


def test_objects_stay_what_they_are():
    one = zx.Alert(id="a", received_ns=1, dialect="plain", type="entry", symbol="EURUSD", side=Side.BUY)
    assert list(zx.alerts([one])) == [one]


def frame_of(**columns):
    times = pd.to_datetime(["2024-01-01 10:00", "2024-01-01 11:00"]).tz_localize("Europe/Berlin")
    return pd.DataFrame({"symbol": "EURUSD", "side": ["buy", "sell"], **columns}, index=times)


def test_a_frame_becomes_alerts_with_units_and_utc():
    """10:00 in Berlin in winter is 09:00 UTC."""
    first, second = zx.alerts(frame_of(sl_pips=[20.0, np.nan], tp=[1.2, 1.0], volume=0.1)).alerts
    assert (first.side, first.sl, first.tp, first.volume) == (Side.BUY, Quantity(20.0, "pips"), 1.2, 0.1)
    assert first.received_ns == pd.Timestamp("2024-01-01 09:00", tz="UTC").value
    assert (second.side, second.sl) == (Side.SELL, None)


def test_a_frame_with_a_time_column_needs_no_index():
    frame = frame_of().reset_index(names="time")
    assert [one.received_ns for one in zx.alerts(frame)] == [one.received_ns for one in zx.alerts(frame_of())]


def test_times_without_a_zone_are_refused():
    frame = frame_of()
    frame.index = frame.index.tz_localize(None)
    with pytest.raises(DataError, match="without a zone"):
        zx.alerts(frame)


def test_unknown_columns_are_all_told_with_near_names():
    with pytest.raises(ConfigError) as said:
        zx.alerts(frame_of(sidee="buy", volumen=1).drop(columns="symbol"))
    assert len(said.value.problems) == 3
    assert "did you mean 'side'" in str(said.value)
    assert "'volume'" in str(said.value)
    assert "'symbol' is missing" in str(said.value)


def test_a_row_that_makes_no_sense_is_set_aside():
    found = zx.alerts(frame_of(volume=[0.1, -3]))
    assert [type(one) for one in found] == [zx.Alert, Quarantined]


def test_a_frame_that_is_a_log_is_read_as_one():
    frame = pd.DataFrame(
        {
            "received_at": pd.to_datetime(["2024-01-01T10:00Z"]),
            "payload": ['{"type": "entry", "symbol": "EURUSD", "side": "buy"}'],
        }
    )
    (found,) = zx.alerts(frame)
    assert (found.symbol, found.side) == ("EURUSD", Side.BUY)


@pytest.mark.parametrize("given", [42, [1, 2], []])
def test_anything_else_is_refused(given):
    with pytest.raises((ConfigError, TypeError)):
        zx.alerts(given)


# -- signals ------------------------------------------------------------------------------------


def flags(bars, *places):
    found = np.zeros(len(bars), bool)
    found[list(places)] = True
    return found


def test_a_signal_is_known_at_the_end_of_its_bar(bars):
    """The bar that opens at 00:10 ends at 00:11; its close is the price of the alert."""
    (found,) = zx.alerts.from_signals(bars, flags(bars, 10), sl="20 pips", tp="1.5 percent", volume=0.1)
    frame = bars.frame()
    assert found.received_ns == (frame.index[10] + pd.Timedelta(minutes=1)).value
    assert (found.type, found.side, found.price) == ("entry", Side.BUY, frame["bid_close"].iloc[10])
    assert (found.sl, found.volume, found.timeframe) == (Quantity(20.0, "pips"), 0.1, "1m")
    assert found.tp == Quantity(0.015, "fraction")


def test_exits_come_before_entries_on_one_bar(bars):
    both = flags(bars, 5)
    found = zx.alerts.from_signals(bars, both, None, None, both)
    assert [(one.type, one.side) for one in found] == [("exit", Side.SELL), ("entry", Side.BUY)]


def test_a_series_is_laid_on_the_bars_by_its_times(bars):
    some = bars.frame().index[[3, 7, 9]].tz_convert("America/New_York")
    found = zx.alerts.from_signals(bars, pd.Series([True, False, True], index=some))
    assert [one.received_ns for one in found] == [int(bars["EURUSD"].time[n + 1]) for n in (3, 9)]


def test_an_array_of_stops_is_prices(bars):
    stops = bars.frame()["bid_close"] - 0.002
    (found,) = zx.alerts.from_signals(bars, flags(bars, 4), sl=stops)
    assert found.sl == pytest.approx(stops.iloc[4])


def test_every_problem_is_told_at_once(bars):
    late = pd.Series([True], index=pd.to_datetime(["2030-01-01T00:00Z"]))
    with pytest.raises(ConfigError) as said:
        zx.alerts.from_signals(bars, flags(bars, 1)[:-3], np.ones(len(bars)), late, sl=20, tp="40 parsecs")
    text = str(said.value)
    for part in ("values for", "true or false", "no bar of EURUSD", "sl: 20 of what?", "'40 parsecs' is no distance"):
        assert part in text
    assert len(said.value.problems) == 5


def test_long_and_short_at_once_is_refused(bars):
    with pytest.raises(ConfigError, match="1 bars go long and short at once"):
        zx.alerts.from_signals(bars, flags(bars, 4, 8), None, flags(bars, 8))


def test_a_stop_that_is_no_number_where_an_entry_is_is_refused(bars):
    stops = np.full(len(bars), np.nan)
    with pytest.raises(ConfigError, match="no price above zero at 1 entries"):
        zx.alerts.from_signals(bars, flags(bars, 4), sl=stops)


def test_a_shifted_series_says_how_to_mend_it(bars):
    index = bars.frame().index
    with pytest.raises(ConfigError, match=r"fillna\(False\)"):
        zx.alerts.from_signals(bars, pd.Series(flags(bars, 4), index=index).astype(object).shift(1))


def test_signals_replay_and_read_back_from_a_log(bars, tmp_path):
    found = zx.alerts.from_signals(bars, flags(bars, 10, 200), flags(bars, 100, 300), sl="50 pips", volume=0.1)
    assert str(found).splitlines()[1:3] == ["types entry 2, exit 2", "symbols EURUSD 4"]
    log = found.save(tmp_path / "signals.jsonl")
    run, again = (zx.replay(alerts=one, bars=bars, strategy="bracket") for one in (found, log))
    assert run.stats["tickets"] == 2
    assert again.digest == run.digest
    assert run.checksums.keys() == {"signals"}


def test_a_frame_goes_straight_into_a_replay(bars):
    """Bought and sold ten minutes apart at opens that the frame itself shows."""
    frame = bars.frame()
    said = {"type": ["entry", "exit"], "symbol": "EURUSD", "side": "buy", "volume": [0.1, None]}
    table = pd.DataFrame(said, index=frame.index[[60, 70]])
    run = zx.replay(alerts=table, bars=bars, strategy="bracket", settings={"fill.slippage_points": 0})
    (trade,) = run.trades.itertuples()
    assert (trade.entry_price, trade.exit_price) == (frame["ask_open"].iloc[60], frame["bid_open"].iloc[70])


def test_wrong_names_say_which_exist():
    with pytest.raises(AttributeError, match="from_signals"):
        zx.alerts.from_signal  # noqa: B018
    with pytest.raises(AttributeError, match="replay"):
        zx.replai  # noqa: B018


def test_times_in_a_frame_keep_every_digit_beside_a_row_that_has_none(tmp_path):
    """A float has 53 bits, nanoseconds since 1970 need 61: a row without a time must not make floats of the others."""
    log = tmp_path / "log.jsonl"
    body = {"type": "entry", "symbol": "EURUSD", "side": "buy"}
    times = ["2024-01-01T06:00:02.766Z", "2024-01-01T06:00:02.766000123Z"]
    rows = [json.dumps({"received_at": time, "payload": {**body, "id": time}}) for time in times]
    log.write_text("\n".join([*rows, '{"received_at": "2024']) + "\n", encoding="utf-8")
    frame = zx.alerts(log).frame()
    assert frame["received_at"].isna().sum() == 1
    assert frame["received_at"].dropna().tolist() == [pd.Timestamp(time) for time in times]

"""Downloads from a feed on the loopback: what comes out is what was packed, whatever the server does on the way."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bars_by_hand import MARKET, NO_MARKET
from feed_by_hand import Feed, minute_path, pack_minutes, pack_ticks, tick_path

from tests.waiting import PATIENCE_S
from zepix.cli import main
from zepix.data import default_catalogue, load_bars
from zepix.data.download import Politeness, Want, download, make_plan, parse_days, wants_of_alerts
from zepix.data.download.feed_symbols import feed_symbol, feed_symbols
from zepix.data.download.keeping import RAW
from zepix.errors import ConfigError, DataError

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = default_catalogue()
AT_ONCE = Politeness(pause_s=0.0, first_wait_s=0.0, timeout_s=5.0, answer_s=5.0)
LATER = datetime(2026, 1, 1, tzinfo=UTC)
WEDNESDAY = date(2024, 1, 3)  # the tenth hour of it: rows below
HOUR = [(0, 109_000, 109_008), (250, 109_001, 109_009), (250, 109_002, 109_009), (3_599_999, 108_999, 109_007)]


@pytest.fixture
def feed():
    server = Feed()
    yield server
    server.stop()


def _day(feed: Feed, day: date = WEDNESDAY, name: str = "EURUSD", hours: tuple[int, ...] = (10, 11)) -> None:
    """A day of ticks: the rows of HOUR in some hours, the others empty."""
    for hour in range(24):
        packed = pack_ticks(HOUR) if hour in hours else b""
        feed.files[tick_path(name, day.year, day.month, day.day, hour)] = packed


def _plan(store: Path, *symbols: str, days=frozenset({WEDNESDAY}), kinds=("ticks",)):
    return make_plan([Want(s, frozenset(days)) for s in symbols], kinds, CATALOGUE, store / RAW, now=LATER)


def _fetch(feed: Feed, store: Path, *symbols: str, politeness: Politeness = AT_ONCE, **how):
    return download(_plan(store, *symbols, **how), store, CATALOGUE, host=feed.url, politeness=politeness)


def _frame(store: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(store / name)


def test_ticks_come_out_as_they_were_packed(feed, tmp_path):
    _day(feed)
    report = _fetch(feed, tmp_path, "EURUSD")
    got = _frame(tmp_path, "EURUSD_TICK_dukascopy_202401.parquet")
    assert [str(t) for t in got.time[:4]] == [
        "2024-01-03 10:00:00+00:00",
        "2024-01-03 10:00:00.250000+00:00",
        "2024-01-03 10:00:00.250000+00:00",
        "2024-01-03 10:59:59.999000+00:00",
    ]
    assert got.bid.tolist() == [1.09, 1.09001, 1.09002, 1.08999] * 2
    assert got.ask.tolist() == [1.09008, 1.09009, 1.09009, 1.09007] * 2
    assert (report["fetched"], report["empty"], report["missing"]) == (2, 22, 0)


def test_months_of_the_address_count_from_zero(feed, tmp_path):
    _fetch_paths = []
    for day in (date(2024, 1, 31), date(2024, 12, 2)):
        _day(feed, day)
        _fetch_paths += [
            f"/feed/EURUSD/2024/{'00/31' if day.month == 1 else '11/02'}/{h:02d}h_ticks.bi5" for h in range(24)
        ]
    _fetch(feed, tmp_path, "EURUSD", days={date(2024, 1, 31), date(2024, 12, 2)})
    assert feed.asked == _fetch_paths
    assert sorted(p.name for p in tmp_path.glob("*.parquet")) == [
        "EURUSD_TICK_dukascopy_202401.parquet",
        "EURUSD_TICK_dukascopy_202412.parquet",
    ]


def test_bars_of_both_sides_are_paired_and_flat_ones_dropped(feed, tmp_path):
    flat = [(60 * m, 109_000, 109_000, 109_000, 109_000, 0.0) for m in range(1440)]
    bids, asks = list(flat), list(flat)
    bids[600] = (36_000, 109_010, 109_030, 109_000, 109_020, 12.5)
    asks[600] = (36_000, 109_018, 109_039, 109_007, 109_028, 11.0)
    bids[601] = (36_060, 109_015, 109_015, 109_015, 109_015, 0.75)  # one tick: flat, but traded
    asks[601] = (36_060, 109_023, 109_023, 109_023, 109_023, 0.75)
    feed.files[minute_path("EURUSD", 2024, 1, 3, "BID")] = pack_minutes(bids)
    feed.files[minute_path("EURUSD", 2024, 1, 3, "ASK")] = pack_minutes(asks)
    _fetch(feed, tmp_path, "EURUSD", kinds=("m1",))
    got = _frame(tmp_path, "EURUSD_M1_dukascopy_202401.parquet")
    assert got.time.astype(str).tolist() == ["2024-01-03 10:00:00+00:00", "2024-01-03 10:01:00+00:00"]
    assert got.iloc[0, 1:].tolist() == [1.0901, 1.0903, 1.09, 1.0902, 1.09018, 1.09039, 1.09007, 1.09028]
    assert set(got.iloc[1, 1:5]) == {1.09015}


def test_a_day_of_one_side_is_left_out_and_said(feed, tmp_path):
    rows = [(60 * m, 109_000 + m, 109_001 + m, 109_000 + m, 109_001 + m, 1.0) for m in range(1440)]
    for day, sides in ((3, ("BID", "ASK")), (4, ("BID",))):
        for side in sides:
            feed.files[minute_path("EURUSD", 2024, 1, day, side)] = pack_minutes(rows)
    report = _fetch(feed, tmp_path, "EURUSD", kinds=("m1",), days={date(2024, 1, 3), date(2024, 1, 4)})
    assert report["months"][0]["days_of_one_side"] == 1
    assert report["missing"] == 1
    assert len(_frame(tmp_path, "EURUSD_M1_dukascopy_202401.parquet")) == 1440


# The feed's points in a price: of the instrument's own description at Dukascopy (yen pairs, metals, indices: 1000).
SCALES = [("USDJPY", "USDJPY", 142_345, 142.345), ("XAUUSD", "XAUUSD", 2_040_125, 2040.125)]
SCALES += [("XAGUSD", "XAGUSD", 23_456, 23.456), ("BTCUSD", "BTCUSD", 421_234, 42123.4)]
SCALES += [("GER40", "DEUIDXEUR", 16_752_344, 16752.34), ("XPTUSD", "XPTCMDUSD", 987_655, 987.66)]


@pytest.mark.parametrize(("symbol", "name", "points", "price"), SCALES)
def test_points_are_scaled_by_instrument(feed, tmp_path, symbol, name, points, price):
    for hour in range(24):
        feed.files[tick_path(name, 2024, 1, 3, hour)] = b""
    feed.files[tick_path(name, 2024, 1, 3, 10)] = pack_ticks([(5, points, points + 40)])
    _fetch(feed, tmp_path, symbol)
    assert _frame(tmp_path, f"{symbol}_TICK_dukascopy_202401.parquet").bid.tolist() == [price]


def test_every_default_instrument_is_in_the_table():
    assert set(CATALOGUE) <= set(feed_symbols())
    assert feed_symbol("DEUIDXEUR").symbol == "GER40"
    for symbol in CATALOGUE:
        is_yen, is_pair = symbol.endswith("JPY"), CATALOGUE[symbol].asset_class == "forex"
        if is_pair:
            assert feed_symbol(symbol).points == (1000 if is_yen else 100_000)


def test_unknown_instruments_are_refused_with_near_names(tmp_path):
    with pytest.raises(ConfigError, match=r"EURUSX is no instrument.*near it: EURUSD"):
        _plan(tmp_path, "EURUSX")
    with pytest.raises(ConfigError, match="USOIL has no point here"):
        _plan(tmp_path, "USOIL")


def test_weekends_are_not_asked_for_and_what_has_not_ended_is_left(tmp_path):
    friday_to_monday = parse_days("2024-01-05", "2024-01-08")
    hours = [f.start_ns // 3_600_000_000_000 % 24 for f in _plan(tmp_path, "EURUSD", days=friday_to_monday).files]
    # Friday to 22:00 UTC (17:00 New York in winter) and an hour, Sunday from 22:00 and an hour before, Monday whole
    assert hours == [*range(23), 21, 22, 23, *range(24)]
    assert len(_plan(tmp_path, "BTCUSD", days=friday_to_monday).files) == 96
    minutes = _plan(tmp_path, "EURUSD", days=friday_to_monday, kinds=("m1",))
    assert [f.path for f in minutes.files if "/06/" in f.path] == []
    assert len(minutes.files) == 6
    now = datetime(2024, 1, 8, 10, 30, tzinfo=UTC)
    plan = make_plan([Want("EURUSD", friday_to_monday)], ["ticks", "m1"], CATALOGUE, tmp_path, now=now)
    assert plan.files[-1].day == date(2024, 1, 7)
    assert max(f.path for f in plan.files if f.kind == "ticks").endswith("/08/08h_ticks.bi5")
    assert plan.notes == [
        "EURUSD: 15 files of ticks are not complete yet and are left for later",
        "EURUSD: 2 files of m1 are not complete yet and are left for later",
    ]


def _ns(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400_000_000_000 + 3_600_000_000_000


def test_a_log_needs_days_around_its_alerts_and_pairs_that_turn_money():
    alerts = [("GBPJPY", _ns(date(2024, 1, 10))), ("EURUSD", _ns(date(2024, 2, 1))), ("FOO", _ns(date(2024, 2, 1)))]
    wants, notes = wants_of_alerts(alerts, CATALOGUE, before_days=1, after_days=2)
    by_symbol = {want.symbol: (want.purpose, sorted(day.day for day in want.days)) for want in wants}
    assert by_symbol == {
        "GBPJPY": ("alerts", [9, 10, 11, 12]),
        "EURUSD": ("alerts", [1, 2, 3, 31]),
        "USDJPY": ("conversion", [9, 10, 11, 12]),
        "GBPUSD": ("conversion", [9, 10, 11, 12]),
    }
    assert len(notes) == 1
    assert "FOO" in notes[0]


def test_a_second_run_asks_for_nothing(feed, tmp_path):
    _day(feed)
    _fetch(feed, tmp_path, "EURUSD")
    before = (tmp_path / "EURUSD_TICK_dukascopy_202401.parquet").stat().st_mtime_ns
    feed.asked.clear()
    report = _fetch(feed, tmp_path, "EURUSD")
    assert feed.asked == []
    assert (report["kept"], report["fetched"], report["requests"]) == (24, 0, 0)
    assert (tmp_path / "EURUSD_TICK_dukascopy_202401.parquet").stat().st_mtime_ns == before


def test_a_later_download_extends_the_month(feed, tmp_path):
    for day in (3, 4):
        _day(feed, date(2024, 1, day))
    _fetch(feed, tmp_path, "EURUSD")
    _fetch(feed, tmp_path, "EURUSD", days={date(2024, 1, 4)})
    got = _frame(tmp_path, "EURUSD_TICK_dukascopy_202401.parquet")
    assert len(got) == 16
    assert got.time.is_monotonic_increasing


def test_one_connection_an_honest_name_and_pauses(feed, tmp_path, monkeypatch):
    _day(feed)
    slept = []
    monkeypatch.setattr("zepix.data.download.fetching.clock.sleep", slept.append)
    from zepix.data.download.fetching import Fetcher

    fetcher = Fetcher(feed.url, Politeness(pause_s=0.5), sleep=slept.append)
    download(_plan(tmp_path, "EURUSD"), tmp_path, CATALOGUE, fetcher=fetcher)
    assert len(feed.callers) == 1
    assert len(feed.agents) == 1
    assert next(iter(feed.agents)).startswith("zepix (")
    assert slept == [0.5] * 23


def test_failures_that_pass_are_tried_again_later_and_later(feed, tmp_path):
    _day(feed)
    path = tick_path("EURUSD", 2024, 1, 3, 10)
    feed.script[path] = [
        lambda h: h.give(b"", 500),
        lambda h: h.give(b"", 503),
        lambda h: h.give(b"", 429, Retry_After="7"),
        lambda h: h.give(b"", 429, Retry_After="Wed, 03 Jan 2024 00:00:09 GMT"),
        lambda h: (
            h.send_response(200),
            h.send_header("Content-Length", "500"),
            h.end_headers(),
            h.connection.shutdown(2),
        ),
    ]
    from zepix.data.download.fetching import Fetcher

    slept: list[float] = []
    fetcher = Fetcher(feed.url, Politeness(pause_s=0.0), slept.append, lambda: datetime(2024, 1, 3, tzinfo=UTC))
    report = download(_plan(tmp_path, "EURUSD"), tmp_path, CATALOGUE, fetcher=fetcher)
    waits = [s for s in slept if s]
    assert 0.5 <= waits[0] <= 1.0
    assert 1.0 <= waits[1] <= 2.0
    assert waits[2:4] == [7.0, 9.0]
    assert 8.0 <= waits[4] <= 16.0
    assert report["failures"] == 5
    assert len(_frame(tmp_path, "EURUSD_TICK_dukascopy_202401.parquet")) == 8


def test_a_server_that_fails_on_is_left_alone_and_what_came_is_kept(feed, tmp_path):
    _day(feed)
    path = tick_path("EURUSD", 2024, 1, 3, 11)
    feed.script[path] = [lambda h: h.give(b"", 502)] * 6
    with pytest.raises(DataError, match=r"failed 6 times, at last: status 502.*the same command goes on"):
        _fetch(feed, tmp_path, "EURUSD")
    assert feed.asked.count(path) == 6
    asked = len(feed.asked)
    report = _fetch(feed, tmp_path, "EURUSD")
    assert report["kept"] == 11
    assert len(feed.asked) - asked == 13


def test_too_many_failures_end_a_download(feed, tmp_path):
    _day(feed)
    for hour in range(24):
        feed.script[tick_path("EURUSD", 2024, 1, 3, hour)] = [lambda h: h.give(b"", 500)]
    with pytest.raises(DataError, match=r"5 requests failed.*stopped rather than pressing on"):
        _fetch(feed, tmp_path, "EURUSD", politeness=Politeness(pause_s=0, first_wait_s=0, most_failures=5))


def test_a_long_retry_after_is_told_not_slept_through(feed, tmp_path):
    _day(feed)
    feed.script[tick_path("EURUSD", 2024, 1, 3, 0)] = [lambda h: h.give(b"", 429, Retry_After="86400")]
    with pytest.raises(DataError, match="asks to come back after 86400 s"):
        _fetch(feed, tmp_path, "EURUSD")
    assert len(feed.asked) == 1


def test_a_feed_that_has_none_of_it_is_not_asked_on_and_on(feed, tmp_path):
    days = parse_days("2024-01-08", "2024-01-26")
    with pytest.raises(DataError, match="none of 120 files of EURUSD in a row"):
        _fetch(feed, tmp_path, "EURUSD", days=days)
    assert len(feed.asked) == 120


def test_a_holiday_without_files_is_asked_once_but_a_young_404_again(feed, tmp_path):
    feed.files[minute_path("EURUSD", 2024, 1, 3, "BID")] = pack_minutes([(0, 5, 6, 4, 5, 1.0)])
    days = {date(2024, 1, 1)}
    for _ in range(2):
        assert _fetch(feed, tmp_path, "EURUSD", kinds=("m1",), days=days)["months"] == []
    assert len(feed.asked) == 2
    feed.asked.clear()
    from zepix.data.download.fetching import Fetcher

    for _ in range(2):
        now = datetime(2024, 1, 4, 9, tzinfo=UTC)
        fetcher = Fetcher(feed.url, AT_ONCE, now=lambda now=now: now)
        plan = make_plan([Want("GBPUSD", frozenset({WEDNESDAY}))], ["m1"], CATALOGUE, tmp_path / RAW, now=now)
        download(plan, tmp_path, CATALOGUE, fetcher=fetcher)
    assert len(feed.asked) == 4


def test_a_kept_file_that_was_damaged_is_removed_and_fetched_again(feed, tmp_path):
    _day(feed)
    _fetch(feed, tmp_path, "EURUSD")
    raw = tmp_path / RAW / "EURUSD" / "2024-01-03" / "10h_ticks.bi5"
    raw.write_bytes(raw.read_bytes()[:-7])
    (tmp_path / "EURUSD_TICK_dukascopy_202401.parquet").unlink()
    with pytest.raises(DataError, match="cut short; it was removed"):
        _fetch(feed, tmp_path, "EURUSD")
    raw.with_name("11h_ticks.bi5").write_bytes(b"")  # as a power cut leaves it: not an hour without ticks
    assert _fetch(feed, tmp_path, "EURUSD")["fetched"] == 2
    assert len(_frame(tmp_path, "EURUSD_TICK_dukascopy_202401.parquet")) == 8


@pytest.mark.skipif(sys.platform == "win32", reason="kills by a signal")
@pytest.mark.clock
def test_killed_in_the_middle_it_goes_on_and_the_result_is_whole(feed, tmp_path):
    _day(feed)
    stall = tick_path("EURUSD", 2024, 1, 3, 11)
    feed.script[stall] = [lambda h: (h.send_response(200), h.end_headers(), h.wfile.write(b"]"), feed.ended.wait(60))]
    words = ["bars", "download", "--symbols", "EURUSD", "--from-date", "2024-01-03", "--to-date", "2024-01-03"]
    words += ["--ticks", "--out", str(tmp_path / "store"), "--host", feed.url, "--pause", "0"]
    child = subprocess.Popen([sys.executable, "-m", "zepix", *words], cwd=ROOT, stdout=subprocess.DEVNULL)
    end = time.monotonic() + 60
    while stall not in feed.asked and time.monotonic() < end and child.poll() is None:
        time.sleep(0.02)
    child.kill()
    child.wait(PATIENCE_S)
    assert stall in feed.asked
    part = tmp_path / "store" / RAW / "EURUSD" / "2024-01-03" / "11h_ticks.bi5.999999.part"
    part.write_bytes(b"half")  # as a kill while writing leaves it
    assert not list((tmp_path / "store").glob("*.parquet"))
    feed.asked.clear()
    assert main(words) == 0
    assert feed.asked == [tick_path("EURUSD", 2024, 1, 3, hour) for hour in range(11, 24)]
    assert len(_frame(tmp_path / "store", "EURUSD_TICK_dukascopy_202401.parquet")) == 8
    assert not part.exists()


def _millis(frame: pd.DataFrame) -> np.ndarray:
    return frame.time.dt.as_unit("ms").astype("int64").to_numpy()


def _serve_ticks(feed: Feed, frame: pd.DataFrame, name: str, points: int, month: int) -> None:
    """Every hour of the days of a frame; Sundays and all, as the feed has them."""
    millis = _millis(frame)
    bid, ask = (np.rint(frame[side].to_numpy() * points).astype(int) for side in ("bid", "ask"))
    hours = millis // 3_600_000
    for hour in range(int(hours[0]) // 24 * 24, (int(hours[-1]) // 24 + 1) * 24):
        at = slice(*np.searchsorted(hours, [hour, hour + 1]))
        rows = zip((millis[at] - hour * 3_600_000).tolist(), bid[at].tolist(), ask[at].tolist(), strict=True)
        day = date.fromordinal(date(1970, 1, 1).toordinal() + hour // 24)
        assert day.month == month
        feed.files[tick_path(name, day.year, day.month, day.day, hour % 24)] = pack_ticks(rows)


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
@pytest.mark.parametrize(("symbol", "points", "last"), [("EURUSD", 100_000, 9), ("XAUUSD", 1000, 2)])
def test_recorded_ticks_come_out_as_they_were(feed, tmp_path, symbol, points, last):
    frame = pd.read_parquet(MARKET / f"{symbol}_TICK_20140501_20140515.parquet")
    frame = frame[frame.time < pd.Timestamp(2014, 5, last + 1, tz="UTC")]
    _serve_ticks(feed, frame, symbol, points, 5)
    _fetch(feed, tmp_path, symbol, days=parse_days("2014-05-01", f"2014-05-{last:02d}"))
    got = _frame(tmp_path, f"{symbol}_TICK_dukascopy_201405.parquet")
    assert len(got) == len(frame)
    assert (_millis(got) == _millis(frame)).all()  # the feed's clock counts milliseconds
    assert (got.bid.to_numpy() == frame.bid.to_numpy()).all()
    assert (got.ask.to_numpy() == frame.ask.to_numpy()).all()


@pytest.mark.skipif(not MARKET.is_dir(), reason=NO_MARKET)
def test_recorded_bars_come_out_as_they_were(feed, tmp_path):
    frame = pd.read_parquet(MARKET / "EURUSD_M1_20140501_20140515.parquet")
    seconds = frame.time.dt.as_unit("s").astype("int64").to_numpy()
    for day in range(1, 16):
        start = int(datetime(2014, 5, day, tzinfo=UTC).timestamp())
        for side in ("bid", "ask"):
            rows = [(60 * m, 138_000, 138_000, 138_000, 138_000, 0.0) for m in range(1440)]
            for at in np.flatnonzero((seconds >= start) & (seconds < start + 86_400)):
                prices = [round(frame[f"{side}_{word}"].iat[at] * 100_000) for word in ("open", "high", "low", "close")]
                second = int(seconds[at]) - start
                rows[second // 60] = (second, *prices, 3.5)
            feed.files[minute_path("EURUSD", 2014, 5, day, side.upper())] = pack_minutes(rows)
    _fetch(feed, tmp_path, "EURUSD", days=parse_days("2014-05-01", "2014-05-15"), kinds=("m1",))
    got = _frame(tmp_path, "EURUSD_M1_dukascopy_201405.parquet")
    pd.testing.assert_frame_equal(got, frame[got.columns.tolist()].reset_index(drop=True), check_dtype=False)


def test_for_alerts_on_the_command_line(feed, tmp_path, capsys):
    log = tmp_path / "log.jsonl"
    body = '{"type": "entry", "symbol": "EURUSD", "side": "buy", "volume": 0.1}'
    log.write_text(f'{{"received_at": "2024-01-03T10:00:00Z", "payload": {body}}}\n', encoding="utf-8")
    rows = [(60 * m, 109_000 + m, 109_001 + m, 109_000 + m, 109_001 + m, 1.0) for m in range(1440)]
    for day in (2, 3, 4):
        for side in ("BID", "ASK"):
            feed.files[minute_path("EURUSD", 2024, 1, day, side)] = pack_minutes(rows)
    store = tmp_path / "store"
    words = ["bars", "download", "--for-alerts", str(log), "--before-days", "1", "--after-days", "1"]
    words += ["--out", str(store), "--host", feed.url, "--pause", "0"]
    assert main([*words, "--plan"]) == 0
    assert "6 of 6 files to fetch, about 54.0 kB" in capsys.readouterr().out
    assert feed.asked == []
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.index("6 of 6 files to fetch") < out.index("6 files fetched")
    assert len(load_bars([str(store)], CATALOGUE, cache=False).series["EURUSD"]) == 3 * 1440


WRONG_CALLS = {
    "no symbols": (["--from-date", "2024-01-01"], "--symbols, --to-date: needed"),
    "wrong days": (["--symbols", "EURUSD", "--from-date", "soon", "--to-date", "2024-13-01"], "expected a day"),
    "turned round": (["--symbols", "EURUSD", "--from-date", "2024-02-01", "--to-date", "2024-01-01"], "lies before"),
    "another feed": (["--from", "oanda", "--symbols", "EURUSD"], "expected dukascopy"),
    "no tls": (["--host", "http://example.com/x"], "over https"),
    "a password": (["--host", "https://me:pw@example.com"], "expected an address"),
    "no address": (["--host", "ftp://example.com"], "expected an address"),
}


@pytest.mark.parametrize("case", WRONG_CALLS)
def test_a_wrong_call_is_one_line_and_nothing_is_fetched(case, tmp_path, capsys):
    words, said = WRONG_CALLS[case]
    assert main(["bars", "download", "--out", str(tmp_path / "s"), *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s").exists()

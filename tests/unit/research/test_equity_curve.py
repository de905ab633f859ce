"""The equity curve, against money worked out by hand and against a plain loop over tickets."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pytest
from fake_run import (
    CATALOGUE,
    DAY_NS,
    HOUR_NS,
    MINUTE_NS,
    THURSDAY_NS,
    bracket_run,
    fill_of,
    flat_series,
    record_of,
    series_of,
    walk_series,
)

from zepix.engine.record import RunRecord
from zepix.errors import DataError
from zepix.model import AccountSpec, Series
from zepix.research.columns import quotes_at
from zepix.research.equity import EquityCurve, daily_marks, equity_curve
from zepix.research.rates import Rates
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices

MARK_NS = THURSDAY_NS + 21 * HOUR_NS
"""17:00 New York on Thursday, summer time."""


def rows(curve: EquityCurve) -> list[tuple[str, float, float]]:
    return list(zip(curve.kinds, curve.balance.tolist(), curve.equity.tolist(), strict=True))


def ns(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).timestamp()) * 1_000_000_000


def test_open_long_is_marked_at_the_bid() -> None:
    # 0.10 lots: a point is 0.10 USD; bought at the ask 138010, bid 138000 at the mark: 10 points, one dollar, below
    fill = fill_of(entry_ns=THURSDAY_NS + 20 * HOUR_NS, exit_ns=THURSDAY_NS + 22 * HOUR_NS)
    curve = equity_curve(record_of([fill], [flat_series("EURUSD", 138_000, 1440 + 300)]))
    assert rows(curve) == [("deposit", 10000, 10000), ("mark", 10000, 9999), ("balance", 10009.3, 10009.3)]
    assert curve.time_ns.tolist() == [THURSDAY_NS, MARK_NS, THURSDAY_NS + 22 * HOUR_NS]


def test_open_short_is_marked_at_the_ask() -> None:
    fill = fill_of(side=-1, entry_ns=MARK_NS - HOUR_NS, entry_points=138_000, exit_ns=MARK_NS + HOUR_NS)
    curve = equity_curve(record_of([fill], [flat_series("EURUSD", 138_000, 1440 + 300, spread=25)]))
    assert curve.equity.tolist()[1] == 9997.5


@pytest.mark.parametrize(
    ("entry", "exit_", "is_open"),
    [(-HOUR_NS, HOUR_NS, True), (0, HOUR_NS, True), (-HOUR_NS, 0, False), (1, HOUR_NS, False), (0, 0, False)],
)
def test_ticket_is_open_from_its_entry_until_before_its_exit(entry: int, exit_: int, is_open: bool) -> None:
    fill = fill_of(entry_ns=MARK_NS + entry, exit_ns=MARK_NS + exit_, pnl_minor=0)
    curve = equity_curve(record_of([fill], [flat_series("EURUSD", 138_000, 1440 + 300)]))
    mark = curve.kinds.index("mark")
    assert curve.equity[mark] == (9999 if is_open else 10000)


def test_graced_close_counts_as_open_until_it_was_processed() -> None:
    fill = fill_of(entry_ns=MARK_NS - HOUR_NS, exit_ns=MARK_NS - 1, known_ns=MARK_NS + 5)
    curve = equity_curve(record_of([fill], [flat_series("EURUSD", 138_000, 1440 + 300)]))
    assert rows(curve)[1] == ("mark", 10000, 9999)


def test_bar_that_opens_at_the_mark_gives_its_open() -> None:
    opens = [138_000] * 1260 + [138_500] * 240
    closes = [138_100] * 1500
    bid = {"open": opens, "high": [139_000] * 1500, "low": [137_000] * 1500, "close": closes}
    fill = fill_of(entry_ns=THURSDAY_NS + HOUR_NS, exit_ns=THURSDAY_NS + 22 * HOUR_NS)
    curve = equity_curve(record_of([fill], [series_of("EURUSD", bid)]))
    assert curve.equity[curve.kinds.index("mark")] == pytest.approx(10000 + (138_500 - 138_010) * 0.1)


def test_hole_in_the_bars_gives_the_last_close() -> None:
    times = [THURSDAY_NS, THURSDAY_NS + MINUTE_NS, THURSDAY_NS + 26 * HOUR_NS]
    bid = {"open": [1, 1, 9], "high": [9, 9, 9], "low": [1, 1, 1], "close": [2, 5, 9]}
    one = series_of("EURUSD", bid, times=times, spread=3)
    at = np.array([0, 30, 60, 119, 120, 3600, 26 * 3600, 26 * 3600 + 59, 26 * 3600 + 60]) * 10**9 + THURSDAY_NS
    quoted, ask, known = quotes_at(one, at)
    assert quoted.tolist() == [1, 1, 1, 1, 5, 5, 9, 9, 9]
    assert (ask - quoted).tolist() == [3] * 9
    assert known.all()


def test_nothing_is_known_before_the_first_bar() -> None:
    _, _, known = quotes_at(flat_series("EURUSD", 138_000, 3), np.array([THURSDAY_NS - 1, THURSDAY_NS]))
    assert known.tolist() == [False, True]


def test_last_of_ticks_of_equal_time_is_the_price() -> None:
    bid = {p: [10, 20, 30] for p in ("open", "high", "low", "close")}
    ticks = series_of("EURUSD", bid, timeframe_ns=0, times=[THURSDAY_NS, THURSDAY_NS, THURSDAY_NS + 5])
    assert quotes_at(ticks, np.array([THURSDAY_NS, THURSDAY_NS + 4, THURSDAY_NS + 9]))[0].tolist() == [20, 20, 30]


def test_closes_of_one_instant_have_one_equity() -> None:
    same = THURSDAY_NS + HOUR_NS
    begin = THURSDAY_NS + MINUTE_NS
    fills = [fill_of(entry_ns=begin, exit_ns=same), fill_of(ticket=2, entry_ns=begin, exit_ns=same, pnl_minor=-200)]
    curve = equity_curve(record_of(fills, [flat_series("EURUSD", 138_000, 100)]))
    assert rows(curve) == [("deposit", 10000, 10000), ("balance", 10009.3, 10007.3), ("balance", 10007.3, 10007.3)]


def test_yen_are_converted_at_the_last_close_of_their_own_pair() -> None:
    # 0.10 lots USDJPY, point 0.001: a point is 10 JPY; 100 points up; mid 100.005 at the last close: 1000 / 100.005
    bid = {p: [100_100] * 1300 for p in ("open", "high", "low")}
    one = series_of("USDJPY", {**bid, "close": [100_000] * 1260 + [120_000] * 40})
    fill = fill_of(symbol="USDJPY", entry_ns=MARK_NS - HOUR_NS, entry_points=100_000, exit_ns=MARK_NS + HOUR_NS // 4)
    curve = equity_curve(record_of([fill], [one]))
    assert curve.equity[curve.kinds.index("mark")] == pytest.approx(10000 + 1000 / 100.005)


def test_missing_conversion_names_the_pair_that_would_do() -> None:
    fill = fill_of(symbol="EURGBP", entry_points=80_000, exit_ns=THURSDAY_NS + HOUR_NS)
    record = record_of([fill], [flat_series("EURGBP", 79_990, 2000)])
    record.balances.append((THURSDAY_NS + MINUTE_NS, record.balances[-1][1]))  # a row at which the ticket is open
    with pytest.raises(DataError, match="GBPUSD"):
        equity_curve(record)


def test_run_without_a_ticket_stays_at_the_deposit() -> None:
    curve = equity_curve(record_of([], [flat_series("EURUSD", 138_000, 3000)]))
    assert rows(curve) == [("deposit", 10000, 10000), ("mark", 10000, 10000), ("mark", 10000, 10000)]


def test_run_without_prices_has_its_deposit() -> None:
    record = RunRecord(AccountSpec(balance=Decimal("500.25")), record_of([], []).fill_model, CATALOGUE, {})
    assert rows(equity_curve(record)) == [("deposit", 500.25, 500.25)]


# -- marks --------------------------------------------------------------------------------------------------------


def hourly(start: str, end: str) -> Series:
    first, last = ns(start), ns(end)
    return flat_series("EURUSD", 138_000, (last - first) // HOUR_NS, start_ns=first, timeframe_ns=HOUR_NS)


def marks(start: str, end: str, *series: Series) -> list[str]:
    found = daily_marks(ns(start), ns(end), series)
    return [dt.datetime.fromtimestamp(t // 10**9, dt.UTC).strftime("%a %d %H:%M") for t in found.tolist()]


def test_marks_follow_new_york_into_summer_time() -> None:
    # New York changes on Sunday, 9 March 2014; Europe three weeks later
    always = hourly("2014-03-06T00:00Z", "2014-03-12T00:00Z")
    expected = ["Thu 06 22:00", "Fri 07 22:00", "Mon 10 21:00", "Tue 11 21:00"]
    assert marks("2014-03-06T00:00Z", "2014-03-12T00:00Z", always) == expected


def test_marks_follow_new_york_out_of_summer_time() -> None:
    always = hourly("2014-10-30T00:00Z", "2014-11-05T00:00Z")
    expected = ["Thu 30 21:00", "Fri 31 21:00", "Mon 03 22:00", "Tue 04 22:00"]
    assert marks("2014-10-30T00:00Z", "2014-11-05T00:00Z", always) == expected


def test_day_without_a_price_has_no_mark() -> None:
    before = hourly("2014-12-23T00:00Z", "2014-12-24T22:00Z")
    after = hourly("2014-12-25T22:00Z", "2014-12-27T00:00Z")
    expected = ["Tue 23 22:00", "Wed 24 22:00", "Fri 26 22:00"]
    assert marks("2014-12-23T00:00Z", "2014-12-27T00:00Z", before, after) == expected


def test_mark_at_the_last_instant_counts_and_at_the_first_does_not() -> None:
    always = hourly("2014-05-01T00:00Z", "2014-05-03T00:00Z")
    assert marks("2014-05-01T21:00Z", "2014-05-02T21:00Z", always) == ["Fri 02 21:00"]


def test_daily_bars_have_a_mark_a_day() -> None:
    days = flat_series("EURUSD", 138_000, 5, start_ns=ns("2014-05-05T00:00Z"), timeframe_ns=DAY_NS)
    assert len(daily_marks(ns("2014-05-05T00:00Z"), ns("2014-05-10T00:00Z"), [days])) == 5


def test_daily_values_begin_with_the_deposit_and_end_with_the_run() -> None:
    begin = THURSDAY_NS + MINUTE_NS
    fills = [
        fill_of(entry_ns=begin, exit_ns=begin + HOUR_NS),
        fill_of(ticket=2, entry_ns=MARK_NS, exit_ns=MARK_NS + HOUR_NS),
    ]
    curve = equity_curve(record_of(fills, [flat_series("EURUSD", 138_000, 1440)]))
    assert curve.daily().tolist() == [10000.0, 10009.3 - 1, 10018.6]


# -- against plain loops ------------------------------------------------------------------------------------------


def plain_equity(record: RunRecord, t: int, balance: float) -> float:
    """Ticket by ticket, in Decimal, with the engine's own prices and rates."""
    order = {symbol: n for n, symbol in enumerate(record.catalogue)}
    book = PriceBook(SymbolPrices(s, record.catalogue[s.symbol], order[s.symbol]) for s in record.series.values())
    conversions = Conversions(book, record.account.currency)
    total = Decimal(0)
    for fill in record.fills:
        if fill.entry_ns <= t < fill.known_ns:
            quote = book[fill.symbol].quote(t, 3)
            assert quote is not None
            price = quote[0] if fill.side > 0 else quote[1]
            one = record.catalogue[fill.symbol]
            rate = conversions.rate(one.profit_currency, t)
            points = (price - fill.entry_points) * fill.side
            total += points * fill.steps * one.volume_step * one.point_value * rate
    return balance + float(total)


@pytest.mark.parametrize("currency", ["USD", "EUR", "JPY"])
def test_curve_equals_a_loop_over_tickets(currency: str) -> None:
    series = [
        walk_series("EURUSD", 138_000, 4000, seed=3, spread=4),
        walk_series("USDJPY", 102_000, 4000, seed=4, spread=6),
        walk_series("XAUUSD", 1_290_000, 4000, seed=5, step=90, spread=50),
    ]
    made = bracket_run(60, series=series, distance=300)
    record = record_of(made.fills, series, account=AccountSpec(currency=currency))
    curve = equity_curve(record)
    closed = np.array([fill.known_ns for fill in record.fills])
    assert np.count_nonzero(np.array(curve.kinds) == "mark") >= 2
    last = {int(t): b / 100 for t, b in record.balances}
    for t, kind, balance, equity in zip(
        curve.time_ns.tolist(), curve.kinds, curve.balance.tolist(), curve.equity.tolist(), strict=True
    ):
        at_t = balance if kind == "mark" else last[t]
        assert equity == pytest.approx(plain_equity(record, t, at_t), abs=1e-6)
    assert curve.equity[-1] == pytest.approx(curve.balance[-1])
    assert closed.max() <= curve.time_ns[-1] or curve.kinds[-1] == "mark"


def test_rates_are_those_of_the_engine() -> None:
    series = [walk_series("EURUSD", 138_000, 500, seed=7), walk_series("USDJPY", 102_000, 500, seed=8)]
    record = record_of([], series, account=AccountSpec(currency="EUR"))
    book = PriceBook(SymbolPrices(s, CATALOGUE[s.symbol], n) for n, s in enumerate(series))
    conversions = Conversions(book, "EUR")
    times = THURSDAY_NS + np.array([-5, 0, 59, 60, 61, 3600, 29_999, 40_000, 10**6]) * 10**9
    for currency in ("EUR", "USD", "JPY"):
        expected = [float(conversions.rate(currency, int(t))) for t in times]
        assert Rates(record).at(currency, times).tolist() == pytest.approx(expected, rel=1e-12)

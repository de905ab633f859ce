"""How far bars are from ticks: on ticks made by hand, where truth and bars differ by a known number of points."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.world import CATALOGUE, T0, alert, minute
from zepix.alerts import in_order
from zepix.data import BarsLoaded, load_bars
from zepix.errors import ConfigError, DataError
from zepix.kernels.crossing import build_index
from zepix.model import Alert, Quarantined, Series
from zepix.model.timeframe import NS
from zepix.research.fidelity import Plan, fidelity
from zepix.research.fidelity_alerts import random_alerts
from zepix.research.fidelity_load import load
from zepix.research.fidelity_match import match
from zepix.research.fidelity_result import FidelityResult
from zepix.research.fidelity_rows import ON_TIME, Error, Row, error_of
from zepix.research.replay import Loaded
from zepix.research.simulate import RunRecord
from zepix.spec import Spec, load_spec

MARKET = Path(__file__).resolve().parents[4] / "shared" / "data" / "market"
SPEC = load_spec(strategy="bracket", flags={"costs": "none"}, environ={})
MILLION = load_spec(strategy="bracket", flags={"account.balance": 1_000_000}, environ={})
EURUSD = "EURUSD"


def ticks(rows: Sequence[tuple[float, int]], spread: int = 10, symbol: str = EURUSD) -> Series:
    """Ticks of (seconds after T0, bid in points)."""
    time = np.array([T0 + round(s * 1000) * 1_000_000 for s, _ in rows], np.int64)
    bid = np.array([points for _, points in rows], np.int32)
    ask = bid + np.int32(spread)
    return Series(symbol, "tick", 0, time, *[bid] * 4, *[ask] * 4, *build_index(bid, bid), *build_index(ask, ask))


def walk(count: int = 6000, seed: int = 5, symbol: str = EURUSD) -> Series:
    """A tick every ten seconds or so, a random walk of a few points."""
    dice = np.random.default_rng(seed)
    seconds = np.cumsum(dice.integers(1, 20_000, count)) / 1000
    bids = 110_000 + np.cumsum(dice.integers(-6, 7, count))
    return ticks(list(zip(seconds.tolist(), bids.tolist(), strict=True)), symbol=symbol)


def sent(second: float, kind: str = "entry", side: str | None = "buy", **fields: object) -> Alert:
    return alert(second / 60, kind, side, **fields)


def measured(
    rows: Sequence[Alert | Quarantined], *series: Series, spec: Spec = SPEC, random: int = 0, **what: object
) -> FidelityResult:
    given = {one.symbol: one for one in series}
    loaded = Loaded(in_order(rows), given, CATALOGUE, BarsLoaded(series=given))
    return fidelity(spec, loaded, plan=Plan.of(**{"random": random, **what}))  # type: ignore[arg-type]


def only_row(result: FidelityResult) -> Row:
    """The row of all alerts, where one setting was compared."""
    (row,) = result.of(EURUSD)
    return row


ONE = {"timeframes": "1m", "intrabars": "pessimistic", "open_graces_ms": 5000}
FALL = [(0, 110_000), (3, 110_003), (40, 110_000), (65, 109_960), (80, 109_940), (130, 109_950), (200, 109_950)]
"""The minute opens at 1.10000; three seconds later 1.10003; within the next minute past 1.09950 to 1.09940."""


# -- prices -----------------------------------------------------------------------------


def test_a_stop_that_the_market_jumped_over_and_an_open_before_the_alert_favour_the_replay():
    """Bought at 2 s: on ticks at the tick of 3 s, 1.10013; on bars at the open, 1.10010. Stop 1.09950: on ticks
    1.09940, on bars the stop. 3 + 10 points of 0.10 USD."""
    row = only_row(measured([sent(2, sl=1.0995)], ticks(FALL), **ONE))
    assert (row.entry.mean, row.exit.mean, row.stops.mean) == (3, 10, 10)
    assert (row.net_ticks, row.net_bars) == (pytest.approx(-7.30), pytest.approx(-6.00))
    assert (row.entry_money, row.exit_money) == (pytest.approx(0.30), pytest.approx(1.00))
    assert (row.other_exit_money, row.unmatched_money, row.rest_money) == (0, 0, pytest.approx(0))
    assert (row.tickets, row.matched, row.same, row.same_frac) == (1, 1, 1, 1.0)
    assert row.later_s == -3
    assert row.slippage == 13 / 2


def test_a_sell_is_mirrored():
    """Sold at the bid: 1.10003 on ticks, 1.10000 on bars, 3 points worse; the ask rises past the stop to 10 beyond."""
    rise = [(s, 220_000 - bid) for s, bid in FALL]
    row = only_row(measured([sent(2, side="sell", sl=1.1006)], ticks(rise), **ONE))
    assert (row.entry.mean, row.stops.mean) == (3, 10)
    down = [(0, 110_000), (3, 110_003), *[(s, 220_000 - bid) for s, bid in FALL[2:]]]
    assert only_row(measured([sent(2, side="sell", sl=1.1006)], ticks(down), **ONE)).entry.mean == -3


def test_a_target_that_the_market_jumped_over_is_against_the_replay():
    row = only_row(measured([sent(2, tp=1.1005)], ticks([(s, 220_000 - bid) for s, bid in FALL]), **ONE))
    assert row.targets.mean == -10
    assert row.entry.mean == -3
    assert row.difference == pytest.approx(-1.30)
    assert row.stops == Error()


def test_an_exit_alert_is_a_close_and_no_stop():
    rows = [sent(2, sl=1.09), sent(62, "exit", None)]
    row = only_row(measured(rows, ticks([(0, 110_000), (3, 110_000), (61, 110_020), (64, 110_050)]), **ONE))
    assert row.closes.mean == -30
    assert row.stops.count == row.targets.count == 0


def test_slippage_is_charged_on_bars_only():
    charged = load_spec(strategy="bracket", flags={"costs": "none", "fill.slippage_points": 2}, environ={})
    result = measured([sent(2, sl=1.0995)], ticks(FALL), spec=charged, **ONE)
    row = only_row(result)
    assert (row.entry.mean, row.stops.mean, row.net_ticks) == (1, 8, pytest.approx(-7.30))
    assert any("were charged 2 points of slippage" in said for said in result.notes)


def test_fills_on_ticks_have_no_error():
    series = walk()
    rows = random_alerts({EURUSD: series}, CATALOGUE, 200, seed=3)
    result = measured(rows, series, intrabars=("pessimistic", "ticks"), timeframes=("1m", "15m"))
    for row in result.rows:
        if row.setting.intrabar == "ticks":
            assert (row.same, row.difference, row.ambiguous) == (row.tickets, 0, 0)
            assert (row.entry.worst, row.exit.worst) == (0, 0)
    assert any(row.difference for row in result.rows if row.setting.intrabar == "pessimistic")


def test_quarter_hours_filled_on_minutes_are_as_good_as_minutes():
    series = walk()
    rows = random_alerts({EURUSD: series}, CATALOGUE, 200, seed=3)
    result = measured(rows, series, intrabars=("pessimistic", "1m"), timeframes=("1m", "15m"))
    of = {row.setting.name: row for row in result.of(EURUSD)}
    assert "1m 1m 5 s" not in of
    nested, minutes = of["15m 1m 5 s"], of["1m pessimistic 5 s"]
    assert (nested.entry, nested.exit, nested.net_bars) == (minutes.entry, minutes.exit, minutes.net_bars)
    assert of["15m pessimistic 5 s"].net_bars != of["15m 1m 5 s"].net_bars


# -- outcomes -----------------------------------------------------------------------------

BOTH = [(0, 110_000), (3, 110_000), (61, 110_000), (70, 110_060), (90, 109_940), (125, 110_000), (200, 110_000)]
"""Within one minute first up to 1.10060, then down to 1.09940."""


def test_a_bar_that_holds_stop_and_target_is_in_doubt_and_one_reading_is_right():
    result = measured([sent(2, sl=1.0995, tp=1.1005)], ticks(BOTH), timeframes="1m", open_graces_ms=5000)
    stop, target = result.of(EURUSD)
    assert (stop.ambiguous, stop.ambiguous_right, stop.same_frac) == (1, 0, 0.0)
    assert (target.ambiguous, target.ambiguous_right, target.same_frac) == (1, 1, 1.0)
    assert stop.other_exit_money == pytest.approx(-11.0)  # 1.09950 instead of 1.10060
    assert (stop.exit_money, stop.stops.count, stop.exit.mean) == (0, 0, -110)
    assert target.exit_money == pytest.approx(-1.0)
    assert any("1m pessimistic 0 of 1, optimistic 1 of 1" in said for said in result.notes)


def test_a_ticket_that_comes_too_late_for_its_own_stop_is_missing_on_bars():
    """Without grace the entry waits for the next minute, where the price lies beyond the stop: refused."""
    early = [(0, 110_000), (3, 110_000), (30, 109_940), (60, 109_940), (130, 109_940)]
    late, graced = measured([sent(2, sl=1.0995)], ticks(early), timeframes="1m", intrabars="pessimistic").of(EURUSD)
    assert (late.tickets, late.matched, late.only_ticks, late.only_bars, late.same_frac) == (1, 0, 1, 0, 0.0)
    assert late.unmatched_money == late.difference == pytest.approx(7.0)
    assert (late.entry, late.later_s, late.slippage) == (Error(), None, None)
    assert graced.matched == 1


def test_a_ticket_of_the_bars_alone_is_added():
    """On ticks the spread is too wide for the stop when the alert comes; at the open of the minute it was not."""
    series = ticks([(0, 110_000), (3, 109_940), (61, 110_000), (130, 110_000)])
    row = only_row(measured([sent(2, sl=1.0995)], series, **ONE))
    assert (row.only_ticks, row.only_bars, row.tickets) == (0, 1, 1)
    assert row.unmatched_money == row.difference == row.net_bars


def test_the_parts_of_a_difference_add_up():
    series = walk(12_000, seed=11)
    rows = random_alerts({EURUSD: series}, CATALOGUE, 400, seed=1)
    result = measured(rows, series, spec=MILLION)
    assert len(result.rows) == 2 * 16
    for row in result.rows:
        parts = row.entry_money + row.exit_money + row.other_exit_money + row.unmatched_money + row.rest_money
        assert row.net_bars - row.net_ticks == pytest.approx(parts)
        assert row.difference == pytest.approx(parts)
        assert row.same + row.only_ticks + row.only_bars <= row.tickets
    assert any(row.other_exit_money for row in result.rows) and any(row.unmatched_money for row in result.rows)


def test_a_later_timeframe_is_on_time_for_fewer_alerts():
    rows = [sent(2, id="a", sl=1.09), sent(62, id="b", sl=1.09), sent(302, id="c", sl=1.09)]
    series = ticks([(s, 110_000 + s % 7) for s in range(0, 900, 2)])
    result = measured(rows, series, timeframes=("1m", "5m"), intrabars="pessimistic", open_graces_ms=5000)
    assert [row.tickets for row in result.of(EURUSD)] == [3, 3]
    assert [row.tickets for row in result.of(EURUSD, ON_TIME)] == [3, 2]
    (every, _), (on_time, rows_on_time) = result.shown(EURUSD)
    assert (every, on_time, [row.setting.timeframe for row in rows_on_time]) == ("all", ON_TIME, ["5m"])


# -- matching -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fill():
    record = _played(ticks(FALL), [sent(2, sl=1.0995)])
    return record.fills[0]


def _played(series: Series, rows: Sequence[Alert]) -> RunRecord:
    from zepix.research import replay as replaying

    given = {EURUSD: series}
    loaded = Loaded(in_order(rows), given, CATALOGUE, BarsLoaded(series=given))
    result = replaying.run_loaded(SPEC, loaded, replaying.registry_for(SPEC), replaying.plugins_of(SPEC))
    return result.record


def record(*fills) -> RunRecord:
    return RunRecord(SPEC.account, SPEC.fill, CATALOGUE, {EURUSD: ticks(FALL)}, fills=list(fills))


def test_tickets_are_paired_by_alert_role_and_part_and_not_by_their_number(fill):
    ours = [fill._replace(ticket=1, alert_id="a"), fill._replace(ticket=2, alert_id="b")]
    theirs = [
        fill._replace(ticket=1, alert_id="b", exit_points=5),
        fill._replace(ticket=2, alert_id="a", exit_points=7),
    ]
    pairs = match(record(*ours), record(*theirs), EURUSD)
    assert [(one.alert_id, other.exit_points) for one, other in zip(pairs.ticks, pairs.bars, strict=True)] == [
        ("a", 7),
        ("b", 5),
    ]


def test_several_tickets_of_one_alert_are_paired_in_their_order(fill):
    ours = [fill._replace(ticket=n, role=role) for n, role in ((1, "A"), (2, "B"), (3, "B"))]
    theirs = [fill._replace(ticket=n, role=role) for n, role in ((7, "B"), (8, "A"))]
    pairs = match(record(*ours), record(*theirs), EURUSD)
    assert [(one.ticket, other.ticket) for one, other in zip(pairs.ticks, pairs.bars, strict=True)] == [(1, 8), (2, 7)]
    assert [one.ticket for one in pairs.only_ticks] == [3]


def test_a_ticket_closed_in_parts_counts_its_entry_once(fill):
    parts = [fill._replace(part=1, steps=4), fill._replace(part=2, steps=6)]
    pairs = match(record(*parts), record(*parts[:1]), EURUSD)
    assert (len(pairs.ticks), len(pairs.only_ticks)) == (1, 1)
    whole = match(record(*parts), record(*parts), EURUSD)
    assert whole.is_first.tolist() == [True, False]


def test_other_symbols_and_other_alerts_are_left_out(fill):
    fills = [fill, fill._replace(ticket=2, symbol="GBPUSD"), fill._replace(ticket=3, alert_id="b")]
    assert len(match(record(*fills), record(*fills), EURUSD).ticks) == 2
    assert len(match(record(*fills), record(*fills), EURUSD, frozenset({"b"})).ticks) == 1


# -- figures -----------------------------------------------------------------------------

HOUR = 3600 * NS


def test_an_error_has_bias_median_ninety_fifth_and_worst():
    """Sizes 1 2 3 10: the 95th lies 85 % of the way from 3 to 10."""
    error = error_of(np.array([1, -2, 3, -10]), np.arange(4) * HOUR)
    assert (error.count, error.mean, error.median, error.worst) == (4, -2.0, -0.5, -10)
    assert error.p95 == pytest.approx(3 + 0.85 * 7)
    assert error.standard_error == pytest.approx((98 * 4 / 3) ** 0.5 / 4)  # 3, 0, 5, -8 about the mean
    assert error.lean == 0


def test_what_falls_into_one_hour_is_one_observation():
    points = np.array([10, 10, 10, 10])
    assert error_of(points, np.zeros(4, np.int64)).standard_error is None
    assert error_of(points, np.zeros(4, np.int64)).lean == 0
    two = error_of(np.array([12, 12, 8, 8]), np.array([0, 1, HOUR, HOUR]))
    assert two.standard_error == pytest.approx((32 * 2) ** 0.5 / 4)  # +4 and -4 by hour
    assert two.lean == 1
    assert error_of(-np.array([12, 12, 8, 8]), np.array([0, 1, HOUR, HOUR])).lean == -1


# -- random alerts -----------------------------------------------------------------------------


def test_random_alerts_are_the_same_for_a_seed_and_others_for_another():
    series = {EURUSD: walk()}
    made = random_alerts(series, CATALOGUE, 50, seed=1)
    assert made == random_alerts(series, CATALOGUE, 50, seed=1)
    assert made != random_alerts(series, CATALOGUE, 50, seed=2)
    assert len([one for one in made if one.type == "entry"]) == 50


def test_random_alerts_come_as_tradingview_sends_them():
    series = walk()
    made = random_alerts({EURUSD: series}, CATALOGUE, 200, seed=1)
    assert [one.received_ns for one in made] == sorted(one.received_ns for one in made)
    assert {one.timeframe for one in made} == {"1m", "5m", "15m"}  # 16 hours are too few bars of an hour
    lengths = {"1m": 60, "5m": 300, "15m": 900}
    ids = {one.id for one in made}
    for one in made:
        assert 0.3 * NS <= one.received_ns % (lengths[one.timeframe] * NS) <= 3 * NS
        assert series.start_ns <= one.received_ns < series.end_ns
        if one.type == "entry":
            assert one.side.sign * (one.price - one.sl) >= 0.0003 - 1e-9  # three spreads
            assert one.side.sign * (one.tp - one.price) > 0
        else:
            assert (one.type, one.ref in ids) == ("exit", True)
    exits = [one for one in made if one.type == "exit"]
    assert 30 <= len(exits) <= 60


def test_random_alerts_stay_within_the_period():
    series = walk()
    made = random_alerts({EURUSD: series}, CATALOGUE, 50, seed=1, from_ns=minute(120), to_ns=minute(300))
    assert all(minute(120) <= one.received_ns < minute(300) for one in made)


def test_too_few_ticks_for_random_alerts():
    with pytest.raises(DataError, match="EURUSD: too few ticks for random alerts"):
        random_alerts({EURUSD: ticks(FALL)}, CATALOGUE, 5, seed=1)


# -- the plan -----------------------------------------------------------------------------

WRONG = {
    "no timeframe": ({"timeframes": "soon"}, "timeframes: 'soon' is no timeframe"),
    "ticks as bars": ({"timeframes": ["1m", "tick"]}, "timeframes: 'tick' is no timeframe"),
    "no reading": ({"intrabars": "hopeful"}, "intrabars: 'hopeful' is none of pessimistic, optimistic, ticks"),
    "negative grace": ({"open_graces_ms": -1}, "open_graces_ms: expected milliseconds between 0 and 3,600,000, not -1"),
    "grace in words": ({"open_graces_ms": ["5 s"]}, "not '5 s'"),
    "negative random": ({"random": -5}, "random must be a whole number between 0 and 100,000, not -5"),
    "too many random": ({"random": 10**9}, "random must be a whole number between 0 and 100,000"),
    "seed": ({"seed": 1.5}, "seed must be a whole number"),
    "nothing": ({"timeframes": []}, "nothing to compare"),
    "reading finer than no bar": ({"timeframes": "1m", "intrabars": "5m"}, "nothing to compare"),
    "too many": ({"timeframes": range(1, 60), "open_graces_ms": range(10)}, "settings are too many, at most 100"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_plan_that_makes_no_sense(case):
    given, words = WRONG[case]
    with pytest.raises(ConfigError) as error:
        Plan.of(**given)
    assert any(words in problem for problem in error.value.problems)


def test_all_problems_of_a_plan_are_told():
    with pytest.raises(ConfigError) as error:
        Plan.of("soon", "hopeful", -1)
    assert len(error.value.problems) == 3


def test_a_plan_is_in_one_spelling_and_in_order():
    plan = Plan.of(["H1", "M1", "60"], "pessimistic", 5000)
    assert [one.name for one in plan.settings] == ["1m pessimistic 5 s", "1h pessimistic 5 s"]
    assert (plan.replays, plan.on_time_ms, Plan.of(open_graces_ms=0).on_time_ms) == (3, 5000, 5000)


# -- results -----------------------------------------------------------------------------


def test_no_ticket_on_ticks_is_said(tmp_path):
    result = measured([sent(2, "exit")], ticks(FALL))
    assert result.notes == ["EURUSD: no ticket was closed on ticks, so there is nothing to compare."]
    assert "-" in str(result)
    assert "nothing to draw" in (result.save(tmp_path) / "fidelity.html").read_text(encoding="utf-8")


def test_a_saved_result_is_json_and_one_page(tmp_path):
    hostile = sent(2, sl=1.0995, id="<script>alert(1)</script>")
    result = measured([hostile], ticks(FALL))
    folder = result.save(tmp_path / "out")
    kept = json.loads((folder / "fidelity.json").read_text(encoding="ascii"))
    assert (kept["schema"], kept["replays"], len(kept["rows"])) == (1, 17, 32)
    first = next(row for row in kept["rows"] if (row["timeframe"], row["open_grace_ms"]) == ("1m", 5000))
    assert (first["entry"]["mean"], first["difference"]) == (3, pytest.approx(1.3))
    page = (folder / "fidelity.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page and "http://" not in page.split("<script>")[0]
    frame = result.table
    assert frame.entry_mean[frame.open_grace_ms == 5000].iloc[0] == 3


def test_tables_are_ascii_and_name_a_reading_only_where_it_counts():
    result = measured([sent(2, sl=1.0995)], ticks(FALL))
    assert str(result).isascii()
    assert sum(" any " in line for line in str(result).splitlines()) == 2 * 2 * 4
    assert "only 1 ticket; 100 or more say something" in str(result)


# -- loading -----------------------------------------------------------------------------


def test_alerts_or_random_ones_but_not_both():
    with pytest.raises(ConfigError, match="--random 1000 for alerts made up"):
        load(SPEC, Plan.of())
    with pytest.raises(ConfigError, match="a log of alerts and random ones at once"):
        load(SPEC, Plan.of(random=5), [sent(2)])


def test_random_alerts_never_fail_for_money():
    series = walk()
    rows = random_alerts({EURUSD: series}, CATALOGUE, 100, seed=3)
    poor = load_spec(strategy="bracket", flags={"costs": "none", "account.balance": 5}, environ={})
    assert measured(rows, series, spec=poor).truths[0].tickets < 100
    assert measured(rows, series, spec=poor, random=100).truths[0].tickets == 100


# -- recorded ticks -----------------------------------------------------------------------------


@pytest.mark.skipif(not MARKET.is_dir(), reason="the recorded prices of ../shared/data/market are not at hand")
@pytest.mark.parametrize("symbol", ["EURUSD", "XAUUSD"])
def test_minutes_of_recorded_ticks_end_nearly_all_tickets_as_the_ticks_do(symbol):
    file = MARKET / f"{symbol}_TICK_20140501_20140515.parquet"
    spec = load_spec(strategy="bracket", bars=[f"{symbol}:TICK={file}"], flags={"data.cache": False}, environ={})
    plan = Plan.of(("1m", "1h"), "pessimistic", random=300)
    result = fidelity(spec, plan=plan)
    late, minutes, _, hours = result.of(symbol)
    assert minutes.tickets >= 290
    assert minutes.same_frac > 0.99 > late.same_frac > hours.same_frac
    assert minutes.stops.mean > 0 > minutes.targets.mean
    assert minutes.entry.p95 < late.entry.p95


@pytest.mark.skipif(not MARKET.is_dir(), reason="the recorded prices of ../shared/data/market are not at hand")
def test_alerts_of_symbols_without_ticks_are_left_out_and_that_is_said():
    file = MARKET / "EURUSD_TICK_20140501_20140515.parquet"
    minutes = MARKET / "GBPUSD_M1_20120201_20120301.parquet"
    spec = load_spec(
        strategy="bracket",
        bars=[f"EURUSD:TICK={file}", f"GBPUSD:M1={minutes}"],
        flags={"data.cache": False},
        environ={},
    )
    at_ns = load_bars([f"EURUSD:TICK={file}"], CATALOGUE, cache=False).series[EURUSD].start_ns + HOUR
    rows = [Alert(id=s, received_ns=at_ns, dialect="plain", type="entry", symbol=s) for s in ("EURUSD", "GBPUSD")]
    loaded = load(spec, Plan.of(), rows)
    assert [row.id for row in loaded.rows] == ["EURUSD"]
    assert "alerts of GBPUSD are left out: there are no ticks of them" in loaded.bars.notes
    with pytest.raises(DataError, match="no alert has ticks: the alerts name GBPUSD, the ticks are of EURUSD"):
        load(spec, Plan.of(), rows[1:])

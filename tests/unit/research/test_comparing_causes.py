"""One cause at a time: the part that is named after it carries the whole difference, and every other is zero.

A point of 0.10 lots EURUSD is 0.10 USD, ten cents. ``law`` is the price, so every figure can be computed by hand.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.research.comparing_world import START, TRIPS, compared, curve, law, played, trips
from tests.world import alert, bars, instrument
from zepix.model import AccountSpec, Catalogue, FillModel
from zepix.research.comparing import compare

A_POINT = 10
"""Cents, of 0.10 lots."""
SIGNS = {"buy": 1, "sell": -1}


def test_a_run_with_itself_differs_in_nothing():
    run = played(trips())
    found = compare(run, run)
    assert compared(run, run) == {}
    assert found.different == []
    assert [pair.rule for pair in found.pairs] == ["alert"] * len(TRIPS)


def test_a_spread_of_one_point_more_is_paid_once_a_ticket():
    wider = compared(played(trips()), played(trips(), curve(spread=11)))
    assert wider == {"spread": -A_POINT * len(TRIPS)}


def test_slippage_of_one_point_is_paid_at_entry_and_exit():
    found = compared(played(trips()), played(trips(), fill=FillModel(slippage_points=1)))
    assert found == {"slippage": -2 * A_POINT * len(TRIPS)}


def shifted(minutes: int) -> int:
    """What all trips change by where entries and exits come so many minutes later, by the law alone."""
    points = 0
    for side, entry, leaving in TRIPS:
        gained = (law(leaving + minutes) - law(leaving)) - (law(entry + minutes) - law(entry))
        points += SIGNS[side] * gained
    return points * A_POINT


def test_latency_of_a_minute_is_latency():
    assert shifted(1) != 0
    found = compared(played(trips()), played(trips(), fill=FillModel(latency_ms=60_000)))
    assert found == {"latency": shifted(1)}


def test_alerts_a_minute_later_are_signal_time():
    assert compared(played(trips()), played(trips(later=1))) == {"signal time": shifted(1)}


def test_late_alerts_and_latency_are_told_apart():
    found = compared(played(trips()), played(trips(later=1), fill=FillModel(latency_ms=120_000)))
    assert found == {"signal time": shifted(1), "latency": shifted(3) - shifted(1)}


def test_alerts_that_come_within_the_grace_fill_alike_and_differ_in_nothing():
    assert compared(played(trips()), played(trips(later=0.05))) == {}


def test_another_feed_at_the_same_instants_is_data():
    lifted = curve(lift={4: 7, 20: 3})  # the first long enters 7 points higher, the first short leaves 3 higher
    assert compared(played(trips()), played(trips(), lifted)) == {"data": -(7 + 3) * A_POINT}


def test_twice_the_size_is_size_with_its_commission():
    costly = Catalogue([instrument("EURUSD", commission_per_lot=Decimal("3.5"))])
    one = played(trips(volume=0.1), catalogue=costly)
    two = played(trips(volume=0.2), catalogue=costly)
    once = sum(fill.pnl_minor for fill in one.record.fills)
    assert compared(one, two) == {"size": once}


def test_a_size_of_odd_cents_leaves_nothing_to_the_commission():
    """0.03 lots pay 10.5 cents a side, rounded to 10, and 0.01 lots 3.5, rounded to 4: only roundings differ."""
    costly = Catalogue([instrument("EURUSD", commission_per_lot=Decimal("3.5"))])
    found = compared(played(trips(volume=0.03), catalogue=costly), played(trips(volume=0.01), catalogue=costly))
    assert set(found) == {"size"}


def test_commission_is_commission():
    costly = Catalogue([instrument("EURUSD", commission_per_lot=Decimal("3.5"))])
    assert compared(played(trips()), played(trips(), catalogue=costly)) == {"commission": -2 * 35 * len(TRIPS)}


def test_swap_is_swap():
    """Wednesday 10:00 UTC to Thursday 10:00: one rollover, threefold, of -5 points."""
    hours = bars(*[(START, START + 1, START - 1, START)] * 30, timeframe="1h")
    alerts = [alert(60, id="in"), alert(60 * 24, "exit", id="out")]
    paying = Catalogue([instrument("EURUSD", swap_long_points=Decimal(-5))])
    assert compared(played(alerts, hours), played(alerts, hours, catalogue=paying)) == {"swap": -3 * 5 * A_POINT}


def test_another_rate_into_the_account_is_conversion():
    """GBPUSD in an account in EUR: a gross of 6.00 USD is 5.45 EUR at 1.10 (5.4545) and 4.80 at 1.25."""
    account = AccountSpec(currency="EUR")
    pound = bars(*[(p, p, p, p) for p in [120_000] * 5 + [120_060] * 20], symbol="GBPUSD", spread=0)
    alerts = [alert(2, symbol="GBPUSD", id="in"), alert(10, "exit", symbol="GBPUSD", id="out")]

    def euro(points: int):
        return bars(*[(points, points, points, points)] * 25, spread=0)

    one = played(alerts, pound, euro(110_000), account=account)
    two = played(alerts, pound, euro(125_000), account=account)
    assert [fill.pnl_minor for fill in (*one.record.fills, *two.record.fills)] == [545, 480]
    assert compared(one, two) == {"conversion": -65}


def test_a_target_that_was_met_before_the_exit_is_exits():
    target = law(10) - 3  # of the first long: its exit alert comes at the open of minute 10
    with_target = [alert(4, "entry", "buy", id="in0", tp=target / 1e5) if one.id == "in0" else one for one in trips()]
    one, two = played(trips()), played(with_target)
    assert two.record.fills[0].exit_reason == "tp"
    assert compared(one, two) == {"exits": -3 * A_POINT}


def test_a_lower_stop_that_both_hit_is_levels():
    fall = bars(*[(START - 5 * n, START - 5 * n, START - 5 * n - 5, START - 5 * n - 5) for n in range(40)], spread=10)

    def with_stop(points: int):
        return played([alert(3, id="in", sl=points / 1e5)], fall)

    found = compare(with_stop(START - 52), with_stop(START - 58))
    assert [leg.reason for pair in found.pairs for leg in (*pair.a.legs, *pair.b.legs)] == ["sl", "sl"]
    assert compared(with_stop(START - 52), with_stop(START - 58)) == {"levels": -6 * A_POINT}


def test_an_alert_that_was_lost_is_missed_with_its_whole_profit():
    one, two = played(trips()), played(trips(without={1}))
    lost = next(fill for fill in one.record.fills if fill.alert_id == "in1")
    assert compared(one, two) == {"missed there": -lost.pnl_minor}
    assert compared(two, one) == {"missed here": lost.pnl_minor}
    assert compare(one, two).lonely[0].reason == "the alert did not come"


def test_an_alert_that_a_cap_refused_is_refused_with_its_reason():
    overlapping = [*trips(), alert(6, "entry", "buy", id="extra"), alert(9, "exit", "buy", id="out-extra", ref="extra")]
    free = played(overlapping)
    capped = played(overlapping, settings={"one_at_a_time": True})
    found = compare(free, capped)
    extra = next(fill for fill in free.record.fills if fill.alert_id == "extra")
    assert found.lonely[0].ticket.alert == "extra"
    assert (found.lonely[0].part, found.lonely[0].reason) == ("refused there", "refused: one_at_a_time")
    assert found.minor["refused there"] == -extra.pnl_minor
    turned = compare(capped, free)
    assert turned.minor["refused here"] == extra.pnl_minor


def test_a_lost_exit_alert_is_exits_of_the_ticket_that_stayed():
    without_exit = [one for one in trips() if one.id != "out3"]
    one, two = played(trips()), played(without_exit)
    assert [fill.exit_reason for fill in two.record.fills][-1] == "end_of_data"
    assert set(compared(one, two)) == {"exits"}


def test_two_causes_at_once_still_sum_and_are_named():
    one = played(trips())
    two = played(trips(), curve(spread=11), fill=FillModel(slippage_points=1))
    assert compared(one, two) == {"spread": -A_POINT * len(TRIPS), "slippage": -2 * A_POINT * len(TRIPS)}


def test_a_partial_close_is_compared_share_by_share():
    """Half leaves at minute 8 and half at 10, against all at 10: the first half misses ``law(10) - law(8)`` points."""
    whole = [alert(4, id="in"), alert(10, "exit", "buy", id="out")]
    halves = [alert(4, id="in"), alert(8, "exit", "buy", id="half", close_frac=0.5), alert(10, "exit", "buy", id="out")]
    assert compared(played(whole), played(halves)) == {"exits": -(law(10) - law(8)) * A_POINT // 2}
    assert compared(played(halves), played(whole)) == {"exits": (law(10) - law(8)) * A_POINT // 2}


def test_accounts_in_other_currencies_ask_for_a_rate_and_say_so_first():
    from zepix.errors import ConfigError

    dollars = played(trips())
    euros = played(trips(), account=AccountSpec(currency="EUR"))
    with pytest.raises(ConfigError, match="USD and EUR; say --rate"):
        compare(dollars, euros)
    found = compare(dollars, euros, rate="1.1")
    assert found.different[0] == "accounts: USD here, EUR there"
    assert str(found).splitlines()[1].startswith("different: accounts: USD here, EUR there")
    assert sum(found.minor.values()) == found.b.profit - found.a.profit
    with pytest.raises(ConfigError, match="both accounts are in USD"):
        compare(dollars, dollars, rate=2)


def test_what_comes_from_outside_is_no_markup(tmp_path):
    """Names of alerts and files reach the page and the table as text, and no spreadsheet takes them for a formula."""
    hostile = [alert(4, id="=1+<script>alert(1)</script>"), alert(10, "exit", id="out")]
    found = compare(played(hostile), played(hostile, curve(spread=11)))
    folder = found.save(tmp_path / "out")
    page = (folder / "compare.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert "\n'=1+<script>" in (folder / "tickets.csv").read_text(encoding="utf-8").replace("\r", "")


def test_other_logs_are_said_whatever_they_are_called():
    from zepix.research.result import Result

    record = played(trips()).record
    one, two = Result(record, checksums={"a.jsonl": "11"}), Result(record, checksums={"b.jsonl": "22"})
    assert compare(one, two).different == ["alert logs: a.jsonl here, b.jsonl there, which hold other bytes"]
    assert compare(one, Result(record, checksums={"renamed.jsonl": "11"})).different == []


def test_other_prices_and_settings_are_said_before_any_figure():
    from zepix.research.result import Result

    one = played(trips())
    two = played(trips(), curve(spread=11))
    one = Result(one.record, spec={"fill": {"latency_ms": 0}, "out": "here"})
    two = Result(two.record, spec={"fill": {"latency_ms": 5}, "out": "there"})
    said = str(compare(one, two)).splitlines()
    assert said[1].startswith("different: data: other prices of EURUSD | settings: fill.latency_ms 0 here, 5 there")
    assert "out" not in said[1]
    assert said[3].startswith("profit: ")

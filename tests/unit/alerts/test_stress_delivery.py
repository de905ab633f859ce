"""Another delivery of the alerts: late, lost, sent again, swapped; the same for one seed on every machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zepix.alerts import Deduplicator
from zepix.alerts.delivery import Delay, Delivery, Loss, Resend, Swap
from zepix.alerts.stress import deliver
from zepix.errors import ConfigError
from zepix.model import Alert, Quarantined, Side

ROOT = Path(__file__).resolve().parents[3]
T0 = 1_709_719_200_000_000_000
S = 1_000_000_000


def alert(number, at_s=None, symbol="EURUSD", **fields):
    known = {"explicit_id": f"x{number}", "raw": f"body {number}", "side": Side.BUY} | fields
    at_ns = T0 + round((60 * number if at_s is None else at_s) * S)
    return Alert(id=f"a{number}", received_ns=at_ns, dialect="plain", type="entry", symbol=symbol, **known)


ROWS = [alert(n) for n in range(400)]


def after_s(row):
    return (row.received_ns - T0) / S


# -- nothing, and everything -----------------------------------------------------------------------------


def test_nothing_happens_to_rows_that_nothing_happens_to():
    delivered = deliver(ROWS, Delivery(), seed=7)
    assert delivered.rows == ROWS
    assert (delivered.lost, dict(delivered.resent), delivered.swapped) == ((), {}, ())


def test_the_rows_given_are_not_changed():
    before = list(ROWS)
    deliver(ROWS, Delivery(delay=Delay.of("exponential:30"), loss=Loss(0.5), resend=Resend(0.5), swap=Swap(600, 1)))
    assert before == ROWS


def test_all_lost():
    delivered = deliver(ROWS, Delivery(loss=Loss(1), resend=Resend(1)))
    assert delivered.rows == []
    assert delivered.lost == tuple(row.id for row in ROWS)


def test_a_row_without_a_time_stays_as_it_is():
    row = Quarantined(id="q", reason="bad_time", detail="", raw="")
    delivered = deliver([row, alert(1)], Delivery(delay=Delay.of(5), loss=Loss(1)))
    assert delivered.rows == [row]


# -- delay -----------------------------------------------------------------------------


def test_a_fixed_delay_moves_every_alert_by_it():
    delivered = deliver(ROWS, Delivery(delay=Delay.of(2.5)))
    assert [row.received_ns - old.received_ns for row, old in zip(delivered.rows, ROWS, strict=True)] == [
        2_500_000_000
    ] * 400
    assert [replace(row, received_ns=0) for row in delivered.rows] == [replace(row, received_ns=0) for row in ROWS]


# Quantiles of the distributions themselves, not of this code: e.g. an exponential of mean m has its median at m ln 2.
QUANTILES = [
    ("uniform:1,5", 0.5, 3.0),
    ("uniform:1,5", 0.0, 1.0),
    ("exponential:3", 0.5, 2.0794415),
    ("exponential:3", 0.95, 8.987197),
    ("lognormal:2,10", 0.5, 2.0),
    ("lognormal:2,10", 0.95, 10.0),
    ("lognormal:2,10", 0.05, 0.4),
    ("lognormal:2,2", 0.99, 2.0),
    ("empirical:9,0.4,0.6,0.4", 0.49, 0.4),
    ("empirical:9,0.4,0.6,0.4", 0.5, 0.6),
    ("empirical:9,0.4,0.6,0.4", 0.999, 9.0),
    ("exponential:80000", 0.99, 86_400.0),
    ("lognormal:1e-300,86400", 1 - 2**-53, 86_400.0),
]


@pytest.mark.parametrize(("text", "draw", "seconds"), QUANTILES)
def test_distributions_have_their_quantiles(text, draw, seconds):
    assert Delay.of(text).nanoseconds(draw) / S == pytest.approx(seconds, rel=1e-6)


@pytest.mark.parametrize("text", ["uniform:0,5", "exponential:3", "lognormal:2,10", "empirical:1,2,3"])
def test_a_larger_draw_is_never_a_shorter_delay(text):
    delays = [Delay.of(text).nanoseconds(draw) for draw in (0.0, 2**-60, 0.1, 0.5, 0.9, 1 - 2**-53)]
    assert delays == sorted(delays)
    assert delays[0] >= 0


def test_a_sample_of_an_exponential_has_its_mean():
    rows = [alert(n) for n in range(20_000)]
    late = {row.id: row.received_ns for row in deliver(rows, Delivery(delay=Delay.of("exponential:3")), seed=3).rows}
    delays = [(late[row.id] - row.received_ns) / S for row in rows]
    assert np.mean(delays) == pytest.approx(3, rel=0.03)
    assert np.median(delays) == pytest.approx(2.0794, rel=0.03)


def test_independent_delays_reorder():
    rows = [alert(n, at_s=n) for n in range(100)]
    delivered = deliver(rows, Delivery(delay=Delay.of("uniform:0,10")), seed=1).rows
    assert [row.id for row in delivered] != [row.id for row in rows]
    assert [row.received_ns for row in delivered] == sorted(row.received_ns for row in delivered)


def test_a_delay_three_times_as_long_is_three_times_as_late():
    short, long = (
        {row.id: row.received_ns for row in deliver(ROWS, Delivery(delay=Delay.of(f"exponential:{mean}")), seed=5).rows}
        for mean in (1, 3)
    )
    for row in ROWS:
        assert long[row.id] - row.received_ns == pytest.approx(3 * (short[row.id] - row.received_ns), abs=3000)


# -- loss -----------------------------------------------------------------------------


@pytest.mark.parametrize("burst", [1, 7])
def test_what_is_lost_at_less_is_lost_at_more(burst):
    lost = [set(deliver(ROWS, Delivery(loss=Loss(frac, burst)), seed=2).lost) for frac in (0, 0.01, 0.02, 0.1, 0.5, 1)]
    assert all(less <= more for less, more in pairwise(lost))
    assert not lost[0]
    assert len(lost[-1]) == 400


@pytest.mark.parametrize("burst", [1, 5])
def test_the_share_lost_is_the_share_asked_for(burst):
    lost = [len(deliver(ROWS, Delivery(loss=Loss(0.1, burst)), seed=seed).lost) for seed in range(200)]
    assert np.mean(lost) == pytest.approx(40, rel=0.05)


def test_a_burst_takes_neighbours():
    lost = deliver(ROWS, Delivery(loss=Loss(0.1, 5)), seed=4).lost
    places = sorted(int(name[1:]) for name in lost)
    runs = Counter(place - n for n, place in enumerate(places))
    assert places
    assert all(length % 5 == 0 for length in list(runs.values())[1:-1])


def test_bursts_do_not_always_begin_at_the_same_alert():
    first = {
        min(int(name[1:]) for name in deliver(ROWS, Delivery(loss=Loss(0.5, 5)), seed=s).lost) % 5 for s in range(40)
    }
    assert len(first) == 5


def test_a_delay_changes_nothing_about_what_is_lost():
    both = Delivery(loss=Loss(0.1), delay=Delay.of("exponential:90"), resend=Resend(0.2), swap=Swap(90))
    assert deliver(ROWS, both, seed=9).lost == deliver(ROWS, Delivery(loss=Loss(0.1)), seed=9).lost


# -- sending again -----------------------------------------------------------------------------


def test_a_resend_is_the_same_alert_later_under_another_row_id():
    row = alert(1, raw='{"type": "entry"}')
    delivered = deliver([row], Delivery(resend=Resend(1, 5, 1)))
    first, second = delivered.rows
    assert first is row
    assert (second.id, after_s(second) - after_s(first)) == ("a1#2", 5)
    assert replace(second, id=first.id, received_ns=first.received_ns) == first
    assert dict(delivered.resent) == {"a1#2": "a1"}


def test_as_tradingview_one_to_three_resends_5_s_apart():
    delivered = deliver(ROWS, Delivery(resend=Resend.of(1.0)))
    often = Counter(delivered.resent.values())
    assert set(often.values()) == {1, 2, 3}
    assert len(often) == 400
    first = {row.id: row.received_ns for row in ROWS}
    for row in delivered.rows:
        if row.id in delivered.resent:
            assert (row.received_ns - first[delivered.resent[row.id]]) / S in (5, 10, 15)


def test_a_taken_row_id_is_not_given_twice():
    rows = [alert(1), replace(alert(2), id="a1#2")]
    ids = [row.id for row in deliver(rows, Delivery(resend=Resend(1))).rows]
    assert len(ids) == len(set(ids))
    assert ids[:1] == ["a1"]


@pytest.mark.parametrize("explicit", [True, False])
def test_dedup_recognises_every_resend(explicit):
    rows = ROWS if explicit else [replace(row, explicit_id=None) for row in ROWS]
    delivered = deliver(rows, Delivery(resend=Resend.of(0.3)), seed=6)
    check = Deduplicator().check
    found = {row.id: first for row in delivered.rows if (first := check(row)) is not None}
    assert found == dict(delivered.resent)
    assert found


# -- order -----------------------------------------------------------------------------


def test_neighbours_in_the_window_come_in_the_other_order():
    rows = [alert(1, 0), alert(2, 3), alert(3, 60), alert(4, 66)]
    delivered = deliver(rows, Delivery(swap=Swap(5, 1)))
    assert [(row.id, after_s(row)) for row in delivered.rows] == [("a2", 0), ("a1", 3), ("a3", 60), ("a4", 66)]
    assert delivered.swapped == (("a1", "a2"),)


def test_alerts_of_one_instant_swap_too():
    rows = [alert(1, 0), alert(2, 0)]
    assert [row.id for row in deliver(rows, Delivery(swap=Swap(5, 1))).rows] == ["a2", "a1"]


def test_neighbours_are_of_one_symbol():
    rows = [alert(1, 0), alert(2, 1, "XAUUSD"), alert(3, 2), alert(4, 3, "XAUUSD")]
    delivered = deliver(rows, Delivery(swap=Swap(5, 1)))
    assert [(row.id, after_s(row)) for row in delivered.rows] == [("a3", 0), ("a4", 1), ("a1", 2), ("a2", 3)]


def test_who_has_swapped_once_stays():
    rows = [alert(n, n) for n in range(4)]
    delivered = deliver(rows, Delivery(swap=Swap(5, 1)))
    assert [row.id for row in delivered.rows] == ["a1", "a0", "a3", "a2"]


# -- whatever is asked -----------------------------------------------------------------------------

DELAYS = st.one_of(
    st.floats(0, 100).map(Delay.of),
    st.tuples(st.floats(0, 50), st.floats(50, 100)).map(lambda ends: Delay("uniform", ends)),
    st.floats(0, 500).map(lambda mean: Delay("exponential", (mean,))),
    st.tuples(st.floats(0.01, 5), st.floats(5, 500)).map(lambda pair: Delay("lognormal", pair)),
    st.lists(st.floats(0, 100), min_size=1, max_size=5).map(Delay.of),
)
DELIVERIES = st.builds(
    Delivery,
    delay=DELAYS,
    loss=st.builds(Loss, st.floats(0, 1), st.integers(1, 10)),
    resend=st.builds(Resend, st.floats(0, 1), st.floats(0, 60), st.integers(1, 3)),
    swap=st.builds(Swap, st.floats(0, 120), st.floats(0, 1)),
)
TIMES = st.lists(st.tuples(st.floats(0, 600), st.sampled_from(["EURUSD", "XAUUSD"])), max_size=30)


@settings(max_examples=150, deadline=None)
@given(TIMES, DELIVERIES, st.integers(0, 2**53))
def test_whatever_is_asked_rows_come_in_order_with_ids_of_their_own(times, delivery, seed):
    rows = [alert(n, at_s, symbol) for n, (at_s, symbol) in enumerate(times)]
    delivered = deliver(rows, delivery, seed=seed)
    arrived = [row.received_ns for row in delivered.rows]
    ids = [row.id for row in delivered.rows]
    assert arrived == sorted(arrived)
    assert len(ids) == len(set(ids))
    assert len(rows) - len(delivered.lost) + len(delivered.resent) == len(delivered.rows)
    assert set(ids) == {row.id for row in rows} - set(delivered.lost) | set(delivered.resent)
    assert not set(delivered.lost) & set(delivered.resent.values())
    originals = {row.id: row for row in rows}
    for row in delivered.rows:
        first = originals[delivered.resent.get(row.id, row.id)]
        assert replace(row, id=first.id, received_ns=first.received_ns) == first
        assert delivery.swap.window_s or row.received_ns >= first.received_ns


@settings(max_examples=50, deadline=None)
@given(TIMES, DELIVERIES, st.integers(0, 2**53))
def test_one_seed_is_one_delivery(times, delivery, seed):
    rows = [alert(n, at_s, symbol) for n, (at_s, symbol) in enumerate(times)]
    assert deliver(rows, delivery, seed=seed) == deliver(list(rows), delivery, seed=seed)


def test_another_seed_is_another_delivery():
    assert deliver(ROWS, Delivery(loss=Loss(0.1)), seed=1).lost != deliver(ROWS, Delivery(loss=Loss(0.1)), seed=2).lost


# Random(1) is fixed by the language's documentation: 0.134364..., 0.847433..., 0.763774..., 0.255069..., and so on; the
# first is the phase, the next eight are row 0's: 0.847433 lost?, 0.763774 its delay.
def test_the_draws_are_those_the_page_of_the_module_names():
    rows = [alert(0)]
    assert deliver(rows, Delivery(loss=Loss(0.847)), seed=1).lost == ()
    assert deliver(rows, Delivery(loss=Loss(0.848)), seed=1).lost == ("a0",)
    (late,) = deliver(rows, Delivery(delay=Delay.of("uniform:0,1")), seed=1).rows
    assert late.received_ns - T0 == 763_775_000


def test_the_hash_seed_of_the_process_does_not_matter():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from zepix.alerts.delivery import *\n"
        "from zepix.alerts.stress import deliver\n"
        "from zepix.model import Alert\n"
        "make = lambda n: Alert(id=f'a{n}', received_ns=n * 10**9, dialect='plain', type='entry', symbol='S')\n"
        "rows = [make(n) for n in range(99)]\n"
        "asked = Delivery(delay=Delay.of('lognormal:2,10'), loss=Loss(.2), resend=Resend(.3), swap=Swap(4))\n"
        "found = deliver(rows, asked, seed=11)\n"
        "print([(row.id, row.received_ns) for row in found.rows], found.lost, found.resent, found.swapped)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code, str(ROOT)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert len(said.pop()) > 1000


# -- bad input -----------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
BAD = [
    (Delay, -1, "between 0 and a day"),
    (Delay, NAN, "between 0 and a day"),
    (Delay, INF, "between 0 and a day"),
    (Delay, 90_000, "between 0 and a day"),
    (Delay, True, "between 0 and a day"),
    (Delay, None, "between 0 and a day"),
    (Delay, "soon", "is no number"),
    (Delay, "1,2", "takes 1 number(s), not 2"),
    (Delay, "nan", "between 0 and a day"),
    (Delay, "gauss:1,2", "no known distribution"),
    (Delay, "gamma:x", "no known distribution"),
    (Delay, "uniform:1", "takes 2 number(s), not 1"),
    (Delay, "uniform:5,1", "must not be above"),
    (Delay, "uniform:", "is no number"),
    (Delay, "lognormal:0,5", "median must be above 0"),
    (Delay, "lognormal:5,1", "must not be above"),
    (Delay, "exponential:-3", "between 0 and a day"),
    (Delay, [], "1 to 100,000 delays"),
    (Delay, [1, -2], "between 0 and a day"),
    (Delay, range(200_000), "1 to 100,000 delays"),
    (Loss, 1.5, "share between 0 and 1"),
    (Loss, 2, "two in a hundred are 0.02"),
    (Loss, -0.1, "share between 0 and 1"),
    (Loss, NAN, "share between 0 and 1"),
    (Loss, "burst:0.1,0", "whole number between 1"),
    (Loss, "burst:0.1,2.5", "whole number between 1"),
    (Loss, "burst:0.1,nan", "whole number between 1"),
    (Loss, "flood:0.1", "is unknown"),
    (Loss, "burst:1,2,3", "has 3 numbers"),
    (Loss, (0.1, 5), "share between 0 and 1"),
    (Resend, 1.01, "share between 0 and 1"),
    (Resend, "resend:0.1,-5", "seconds between 0 and a day"),
    (Resend, "resend:0.1,5,4", "between 1 and 3"),
    (Swap, -1, "seconds between 0 and a day"),
    (Swap, "swap:5,2", "share between 0 and 1"),
    (Swap, "swap:five", "is no number"),
]


@pytest.mark.parametrize(("kind", "given", "words"), BAD, ids=[f"{kind.__name__} {g!r:.20}" for kind, g, _ in BAD])
def test_what_makes_no_sense_is_said_in_one_line(kind, given, words):
    with pytest.raises(ConfigError) as raised:
        kind.of(given)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250
    assert str(raised.value).isascii()


SAME = [
    (Delay, 3, "3"),
    (Delay, np.float64(3), "3.0"),
    (Delay, np.int64(3), 3),
    (Delay, [0.4, 9, 0.6], "empirical: 9, 0.4, 0.6"),
    (Delay, np.array([1.0, 2.0]), [2, 1]),
    (Loss, 0.02, "0.02"),
    (Loss, Loss(0.02, 5), "burst:0.02,5"),
    (Resend, 0.05, "resend:0.05,5,3"),
    (Swap, 5, "swap:5,0.5"),
]


@pytest.mark.parametrize(("kind", "one", "other"), SAME)
def test_ways_to_write_the_same(kind, one, other):
    assert kind.of(one) == kind.of(other)


WORDS = [
    (Delay.of(3), "3 s"),
    (Delay.of("uniform:1,5"), "1 to 5 s"),
    (Delay.of("exponential:3"), "exponential, mean 3 s"),
    (Delay.of("lognormal:2,10"), "lognormal, median 2 s, p95 10 s"),
    (Delay.of([0.4, 9, 1]), "3 delays seen, 0.4 to 9 s"),
    (Loss.of(0.025), "2.5 %"),
    (Loss.of("burst:0.02,5"), "2 %, 5 at once"),
    (Resend.of(0.05), "5 % 1-3 times, 5 s apart"),
    (Resend(0.05, 7, 1), "5 % once, 7 s apart"),
    (Swap.of(5), "50 % within 5 s"),
]


@pytest.mark.parametrize(("level", "words"), WORDS)
def test_levels_are_called_by_what_they_do(level, words):
    assert level.words == words


RANDOM = [
    (Delivery(), False),
    (Delivery(delay=Delay.of(3)), False),
    (Delivery(delay=Delay.of([2, 2])), False),
    (Delivery(delay=Delay.of("exponential:0")), False),
    (Delivery(delay=Delay.of("uniform:1,2")), True),
    (Delivery(loss=Loss(1)), False),
    (Delivery(loss=Loss(0.5)), True),
    (Delivery(resend=Resend(1, 5, 1)), False),
    (Delivery(resend=Resend(1, 5, 3)), True),
    (Delivery(swap=Swap(5, 1)), False),
    (Delivery(swap=Swap(5)), True),
]


@pytest.mark.parametrize(("delivery", "is_random"), RANDOM)
def test_what_chance_has_a_part_in(delivery, is_random):
    assert delivery.is_random is is_random
    assert (deliver(ROWS, delivery, seed=1) != deliver(ROWS, delivery, seed=2)) <= is_random

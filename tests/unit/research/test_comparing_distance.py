"""How far two sides lie apart ticket by ticket, in R: figures by hand, columns, the picture beside its bounds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from comparing_world import curve, played, trips

import zepix as zx
from zepix.data import default_catalogue
from zepix.errors import ConfigError
from zepix.model import Alert
from zepix.research.comparing.books import Book, Leg, Ticket, Told
from zepix.research.comparing.comparing import compare_books
from zepix.research.comparing.distance import Gap, distance
from zepix.research.pictures.distances import rolling

PIP = Fraction(1, 10_000)
HOUR = 3_600 * 10**9


def ticket(number: int, pips: float | None, *, reason: str = "tp", stop: int | None = 20, half: bool = False) -> Ticket:
    """A buy of EURUSD at 1.1, an hour after the one before; it made so many pips, or is open."""
    entry, units = Fraction(11, 10), Fraction(10_000)
    legs = []
    if pips is not None:
        price = entry + Fraction(pips).limit_denominator(100) * PIP
        minor = round((price - entry) * units * 100)
        legs = [Leg(exit_ns=(number + 1) * HOUR - 1, exit_price=price, units=units / (2 if half else 1), gross=minor,
                    reason=reason)]  # fmt: skip
    risk = None if stop is None else stop * PIP
    return Ticket(
        id=str(number), symbol="EURUSD", side=1, units=units, entry_ns=number * HOUR, entry_price=entry, legs=legs,
        alert=f"a{number}", plugin="p", risk=risk,
    )  # fmt: skip


def book(name: str, *tickets: Ticket, **facts: Any) -> Book:
    return Book(
        name=name, kind="live", currency="USD", digits=2, tickets=list(tickets), catalogue=default_catalogue(),
        alerts={one.alert: Told(one.alert, one.entry_ns) for one in tickets}, knows_alerts=True, facts=facts,
    )  # fmt: skip


def compared(here: list[Ticket], there: list[Ticket], **facts: Any) -> Any:
    return compare_books(book("here", *here), book("there", *there, **facts), within_s=300)


def test_gaps_do_not_cancel_where_the_money_does() -> None:
    """Stops of 20 pips: 40 and 30 pips are 0.5 R apart, -20 and -10 as well; in money it is nothing."""
    found = compared([ticket(1, 40), ticket(2, -20, reason="sl")], [ticket(1, 30), ticket(2, -10, reason="signal")])
    assert found.sum == 0
    assert found.distance() == (2, pytest.approx(0.5), 0.5)
    rows = found.tickets.sort_values("alert")
    assert rows["r_a"].tolist() == pytest.approx([2.0, -1.0])
    assert rows["r_b"].tolist() == pytest.approx([1.5, -0.5])
    assert rows["gap_r"].tolist() == pytest.approx([0.5, 0.5])


def test_both_results_are_counted_by_heres_stop_and_by_theres_where_here_had_none() -> None:
    wide = compared([ticket(1, 20, stop=20)], [ticket(1, 30, stop=10)])
    assert wide.distance().mean_gap_r == pytest.approx(0.5)
    none = compared([ticket(1, 20, stop=None)], [ticket(1, 30, stop=10)])
    assert none.distance().mean_gap_r == pytest.approx(1.0)
    bare = compared([ticket(1, 20, stop=None)], [ticket(1, 30, stop=None)])
    assert bare.distance() == (1, None, 0.0)
    assert bare.tickets["gap_r"].isna().all() and bare.tickets["gap_r"].dtype == float


def test_a_ticket_without_a_partner_lies_its_own_result_apart_and_ended_otherwise() -> None:
    found = compared([ticket(1, -20), ticket(2, 10)], [ticket(2, 10)])
    assert found.distance() == (2, pytest.approx(0.5), 0.5)
    assert found.unpaired["r"].tolist() == pytest.approx([-1.0])


def test_what_is_not_over_counts_for_nothing() -> None:
    here = [ticket(1, 10), ticket(2, None), ticket(3, 10), ticket(4, None)]
    there = [ticket(1, 10), ticket(2, 10), ticket(3, 10, half=True)]
    assert compared(here, there).distance() == (1, 0.0, 0.0)


def test_the_last_tickets_are_those_that_ended_last_whichever_side_was_later() -> None:
    late = ticket(1, 0)
    late.legs[0] = replace(late.legs[0], exit_ns=9 * HOUR)
    found = compared([ticket(1, 20), ticket(2, 10), ticket(3, 10)], [late, ticket(2, 0), ticket(3, 10)])
    assert found.distance(1).mean_gap_r == pytest.approx(1.0)
    assert found.distance(2).mean_gap_r == pytest.approx(0.5)
    assert found.distance(0) == (0, None, 0.0)
    assert found.distance(since_ns=4 * HOUR).tickets == 1
    assert distance([], []) == (0, None, 0.0)


def test_rolling_means_begin_with_the_ticket_that_makes_them_whole() -> None:
    gaps = [
        Gap(n, gap, differs, ticket(n, 0))
        for n, (gap, differs) in enumerate([(1.0, True), (None, False), (3.0, False)])
    ]
    means, shares = rolling(gaps, 2)
    assert np.isnan(means[0]) and means[1:].tolist() == [1.0, 3.0]
    assert np.isnan(shares[0]) and shares[1:].tolist() == [0.5, 0.0]
    assert np.isnan(rolling(gaps, 4)[0]).all()


def test_the_picture_says_the_figures_and_draws_the_bounds_of_a_breaker() -> None:
    bounds = {"enabled": True, "tickets": 2, "max_gap_r": 0.25, "max_differing_frac": 0.2}
    found = compared(
        [ticket(1, 20), ticket(2, 10), ticket(3, 10, reason="<b>sl"), ticket(4, 1, stop=None)],
        [ticket(1, 0), ticket(2, 10), ticket(3, 10), ticket(4, 1, stop=None)],
        breaker=bounds,
    )
    made = found.plot("distance")
    assert made.words == [
        "4 tickets on both sides or one: 0.333 R apart on average, 25% ended otherwise",
        "the last 2: 0.000 R apart on average, 50% ended otherwise",
        "bounds over 2: 0.25 R, 20%",
    ]
    assert any("1 ticket without a stop counted below only" in note for note in made.notes)
    names = [trace.name for trace in made.data]
    assert names.count("bound") == 1 and "mean of the last 2" in names
    assert "<b>" not in made.page().split("<script", 1)[0]


def test_without_a_breaker_no_bound_is_drawn_and_without_tickets_nothing() -> None:
    made = compared([ticket(1, 20)], [ticket(1, 0)]).plot("distance")
    assert "bound" not in [trace.name for trace in made.data]
    assert "No ticket was closed." in str(compared([ticket(1, None)], []).plot("distance"))
    with pytest.raises(ConfigError, match="did you mean 'distance'"):
        compared([], []).plot("distanc")


def with_stop(alerts: list[Alert], distance_points: int) -> list[Alert]:
    return [replace(one, sl=zx.Quantity(distance_points, "points")) if one.type == "entry" else one for one in alerts]


def test_a_replay_and_its_folder_know_the_stops_that_tickets_began_with(tmp_path: Any) -> None:
    """Stops 1,000 points away, which nothing reaches; three points of slippage a fill are six of them a ticket."""
    alerts = with_stop(trips(), 1000)
    here = played(alerts, curve())
    there = played(alerts, curve(), fill=zx.FillModel(slippage_points=3))
    found = zx.compare(here, there)
    assert found.distance().mean_gap_r == pytest.approx(0.006)
    opened = zx.compare(zx.open(here.save(tmp_path / "a")), zx.open(there.save(tmp_path / "b")))
    assert opened.distance() == found.distance()


def test_one_plugin_of_sides_that_name_plugins() -> None:
    other = replace(ticket(2, 10), plugin="q")
    found = zx.compare(book("here", ticket(1, 10), other), book("there", ticket(1, 0)), plugin="p")
    assert [pair.a.alert for pair in found.pairs] == ["a1"] and not found.lonely
    with pytest.raises(ConfigError, match=r"no ticket is of plugin 'r'; there are p, q"):
        zx.compare(book("here", ticket(1, 10), other), book("there", ticket(1, 0)), plugin="r")
    with pytest.raises(ConfigError, match="there does not say which plugin a ticket is of"):
        zx.compare(book("here", other), book("there", replace(other, plugin="")), plugin="q")

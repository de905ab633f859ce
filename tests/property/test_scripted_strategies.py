"""Strategies that act in every hook: both brokers, and the shadow broker's step form, to the last word and digit.

What the handlers saw is compared too (tickets, orders, balance, equity and margin at every call), so a broker that is
half through with something when a handler runs is found out. The oracle knows no strategies but `bracket`. What was
found this way is told by hand in ``tests/parity/test_strategies_by_hand.py``.
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.parity.shadow import first_difference
from tests.property.scripted import Play, drawn_play, played, played_stepwise
from tests.thorough import share
from zepix.journal.digest import digest
from zepix.model import Order


def rows(orders: list[Order]) -> list[Any]:
    return [
        (
            *(o.id, o.kind, o.status, o.reason, o.decided_ns, o.arrival_ns, o.answered_ns, o.fill_ns, o.fill_points),
            *(o.filled_steps, o.ticket, o.closed, o.touched, o.sl, o.tp, o.why, o.after, o.depth),
        )
        for o in orders
    ]


def assert_agree(play: Play) -> int:
    """Fails with the first difference; the number of closing fills."""
    (shadow, seen), (plain, seen_by_plain) = played(play, "shadow"), played(play, "backtrader")
    assert first_difference(seen_by_plain, seen) == ""
    assert first_difference(plain.fills, shadow.fills) == ""
    assert first_difference(rows(plain.orders), rows(shadow.orders)) == ""
    assert [(d.alert_id, d.outcome, d.reason, d.numbers) for d in plain.decisions] == [
        (d.alert_id, d.outcome, d.reason, d.numbers) for d in shadow.decisions
    ]
    assert plain.counts == shadow.counts
    assert digest(plain) == digest(shadow)
    if play.can_be_fed:
        step, seen_by_step = played_stepwise(play)
        assert first_difference(seen_by_step, seen) == ""
        assert first_difference(step.broker.book.fills, shadow.fills) == ""
        assert first_difference(rows(step.engine.orders), rows(shadow.orders)) == ""
    return len(shadow.fills)


def test_scripts_trade() -> None:
    """A check of the checks: what is drawn opens and closes tickets, in every way there is."""
    reasons: dict[str, int] = {}
    for seed in range(120):
        for fill in played(drawn_play(random.Random(seed)), "shadow")[0].fills:
            reasons[fill.exit_reason] = reasons.get(fill.exit_reason, 0) + 1
    assert sum(reasons.values()) > 200
    assert {"sl", "tp", "trailing", "break_even", "signal", "profit_booking", "stop_out", "end_of_data"} <= set(reasons)


@settings(max_examples=share(400, 150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**64 - 1))
def test_both_brokers_agree_whatever_a_strategy_does(seed: int) -> None:
    assert_agree(drawn_play(random.Random(seed)))

"""What is at stake, kept in running sums, is what summing all open tickets anew gives: whatever came and went."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.services.risk_desk import CATALOGUE, Desk
from zepix.model import Ticket
from zepix.services.risk_open import AtStake, OpenRisk

DEEDS = ("open", "open", "open", "move", "part", "close", "unstop", "reload")


class TouchedDesk(Desk):
    """A desk whose broker writes down what it touched, as the shadow broker does."""

    def __init__(self, seed: int) -> None:
        super().__init__(balance=25_000)
        self.broker.touched = []
        self.random = random.Random(seed)
        self.again = self.fresh().at_stake

    def do(self, deed: str) -> None:
        tickets = list(self.broker.tickets.values())
        if deed == "open" or not tickets:
            self.open_one()
        elif deed == "reload":
            self.broker.touched = []
        else:
            getattr(self, deed)(self.random.choice(tickets))

    def open_one(self) -> None:
        pick = self.random.choice
        ticket = self.ticket(
            pick(("EURUSD", "XAUUSD", "USDJPY")), pick((1, -1)), pick(("0.01", "0.1", "0.37")), 1.1,
            pick((None, 1.09, 1.11)), plugin=pick(("p", "q")), alert=pick(("", "one", "two")),
            margin=pick(("110.123456789", "0.1", "1e-20")),
        )  # fmt: skip
        self.broker.touched.append(ticket)

    def move(self, ticket: Ticket) -> None:
        ticket.sl = self.random.choice((1, ticket.entry_points - 300, ticket.entry_points + 300))
        self.broker.touched.append(ticket)

    def unstop(self, ticket: Ticket) -> None:
        ticket.sl = 0
        self.broker.touched.append(ticket)

    def part(self, ticket: Ticket) -> None:
        if ticket.steps > 1:
            ticket.steps -= self.random.randrange(1, ticket.steps)
            self.broker.touched.append(ticket)

    def close_one(self, ticket: Ticket) -> None:
        self.broker.tickets.pop(ticket.id)
        ticket.is_open, ticket.steps = False, 0
        self.broker.touched.append(ticket)

    def anew(self, *asked: Any) -> AtStake:
        """The same look by a service that sums every ticket there is."""
        self.again.forget()
        return self.again.look(*asked)


def facts(stake: AtStake) -> dict[str, Any]:
    found = {name: getattr(stake, name) for name in AtStake.__slots__}
    return {name: pytest.approx(v, rel=Decimal("1e-24")) if isinstance(v, Decimal) else v for name, v in found.items()}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.lists(st.sampled_from(DEEDS), min_size=1, max_size=60))
def test_running_sums_are_those_of_all_tickets(seed: int, deeds: list[str]) -> None:
    desk = TouchedDesk(seed)
    kept = desk.core.at_stake
    for deed in deeds:
        desk.do("close_one" if deed == "close" else deed)
        for asked in (("25000", "p", "EURUSD"), ("25000", "q", "XAUUSD"), ("25000",)):
            sums, plain = kept.look(*asked), desk.anew(*asked)
            assert sums.margins == plain.margins
            assert {n: getattr(sums, n) for n in AtStake.__slots__ if n != "margins"} == {
                n: v for n, v in facts(plain).items() if n != "margins"
            }


def test_a_look_reads_only_what_was_touched_since_the_last() -> None:
    desk = TouchedDesk(1)
    for _ in range(50):
        desk.open_one()
    kept: OpenRisk = desk.core.at_stake
    kept.look("25000", "p", "EURUSD")
    seen: list[int] = []
    desk.broker.tickets = Watched(desk.broker.tickets, seen)
    desk.open_one()
    kept.look("25000", "p", "EURUSD")
    assert not seen


class Watched(dict[int, Ticket]):
    """Tickets that tell when somebody goes through all of them."""

    def __init__(self, tickets: dict[int, Ticket], seen: list[int]) -> None:
        super().__init__(tickets)
        self._seen = seen

    def values(self) -> Any:
        self._seen.append(len(self))
        return super().values()


def test_an_entry_of_two_legs_is_one_entry_until_both_have_gone() -> None:
    desk = TouchedDesk(2)
    legs = [desk.ticket(alert="one", margin="110") for _ in range(2)]
    desk.broker.touched += legs
    kept = desk.core.at_stake
    assert (kept.look("25000", "p", "EURUSD").plugin_entries, kept.look("25000").count) == (1, 2)
    desk.close_one(legs[0])
    assert (kept.look("25000", "p", "EURUSD").plugin_entries, kept.look("25000").count) == (1, 1)
    assert kept.look("25000", "p", "EURUSD").margins == (Decimal(110), Decimal(0))
    desk.close_one(legs[1])
    assert (kept.look("25000", "p", "EURUSD").plugin_entries, kept.look("25000").count) == (0, 0)
    assert kept.look("25000", "p", "EURUSD").risk == 0


def test_an_order_under_way_of_an_entry_that_is_open_counts_no_entry_more() -> None:
    desk = TouchedDesk(3)
    desk.broker.touched.append(desk.ticket(alert="one"))
    desk.broker.orders = [desk.order(alert="one", sl=1.09), desk.order(alert="two", sl=1.09)]
    found = desk.core.at_stake.look("25000", "p", "EURUSD")
    assert (found.entries, found.plugin_entries, found.symbol_entries, found.count) == (2, 2, 2, 3)
    assert found.symbol_steps == 3 * CATALOGUE["EURUSD"].steps("0.1")

"""What must hold of the chains of any run, read from its record alone: steps, orders and closing fills.

``chain_problems(record, settings)`` gives a sentence for everything that does not hold; none where all is well. Nothing
here asks the services: what a chain may do is written down once more, as docs/chains.md says it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.model import ClosingFill, Order
from zepix.services.chain_log import ChainStep

__all__ = ["chain_problems", "ended", "of_chains"]

ENDS = ("completed", "stopped", "stale")
PAID = ("booked", "lost", "closed", "part_closed")
"""What a pyramid says of an order that a closing fill is about."""
STOPS = ("sl", "trailing", "break_even")
REENTRY_MOVES: dict[str, tuple[str, ...]] = {
    "": ("active",),
    "active": ("active", "recovery_mode", "continuing", "exit_watch", *ENDS),
    "recovery_mode": ("recovery_mode", "recovering", *ENDS),
    "recovering": ("recovering", "continuing", *ENDS),
    "continuing": ("continuing", "entering", *ENDS),
    "exit_watch": ("exit_watch", "entering", *ENDS),
    "entering": ("active", *ENDS),
}
WAITS = ("recovery_mode", "continuing", "exit_watch")


@dataclass
class Case:
    """One chain, and everything of the run that it is held against."""

    steps: Sequence[ChainStep]
    orders: dict[int, Order]
    fills: dict[int, list[ClosingFill]]
    """By ticket."""
    settings: ServiceSettings

    def __str__(self) -> str:
        return f"{self.steps[0].kind} {self.steps[0].chain_id}"

    def paid(self, ticket: int) -> list[int]:
        return [fill.pnl_minor for fill in self.fills.get(ticket, ())]


def of_chains(steps: Sequence[ChainStep]) -> dict[tuple[str, str], list[ChainStep]]:
    """The steps of each chain, in the order in which the chains began."""
    found: dict[tuple[str, str], list[ChainStep]] = defaultdict(list)
    for step in steps:
        found[step.kind, step.chain_id].append(step)
    return found


def ended(step: ChainStep) -> bool:
    """Whether a step is the end of its chain: no order, of a pyramid, has such a state."""
    return step.state in ENDS


def chain_problems(record: RunRecord, settings: ServiceSettings, is_over: bool = True) -> list[str]:
    """Everything that does not hold. ``is_over``: the run has come to its end, so each chain has one."""
    orders = {order.id: order for order in record.orders}
    fills: dict[int, list[ClosingFill]] = defaultdict(list)
    for fill in record.fills:
        fills[fill.ticket].append(fill)
    found: list[str] = []
    times = [step.t_ns for step in record.chains]
    if times != sorted(times):
        found.append("the steps of the chains are not in the order of time")
    for (kind, _), steps in of_chains(record.chains).items():
        case = Case(steps, orders, fills, settings)
        checks = (
            _whole(case, is_over),
            _orders_of(case),
            {"reentry": _reentry, "profit": _profit}.get(kind, _shield)(case),
        )
        found += [f"{case}: {problem}" for check in checks for problem in check]
    found += _orders_without_chain(record)
    found += _at_once(record, settings)
    return found


# --- every chain ------------------------------------------------------------------------------------------------------


def _whole(case: Case, is_over: bool) -> Iterator[str]:
    """A beginning, one end with a reason, and nothing that goes on after it."""
    first, ends = case.steps[0], [n for n, step in enumerate(case.steps) if ended(step)]
    begins = {"reentry": ("active", "created"), "profit": ("active", "begun"), "shield": ("placed", "SA")}[first.kind]
    if (first.state, first.reason) != begins and not (first.kind == "shield" and ends == [0]):
        yield f"it begins with {first.state} {first.reason}"
    if len(ends) > 1 or (is_over and not ends):
        yield f"it has {len(ends)} ends"
    if {(s.plugin_id, s.symbol, s.alert_id) for s in case.steps} != {(first.plugin_id, first.symbol, first.alert_id)}:
        yield "its plugin, symbol or alert change"
    if ends:
        after = case.steps[ends[0] + 1 :]
        allowed = (
            (*PAID, "filled", "refused", "missing", "recovery_failed", "recovered") if first.kind == "profit" else ()
        )
        yield from (f"after its end: {step.state} {step.reason}" for step in after if step.state not in allowed)
        if not case.steps[ends[0]].reason:
            yield "it ends without a reason"


def _orders_of(case: Case) -> Iterator[str]:
    """Each order that a step names is one of the run's, of this chain, and was there by then."""
    first = case.steps[0]
    for step in case.steps:
        order = case.orders.get(step.order_id)
        if step.order_id and order is None:
            yield f"order {step.order_id} is none of the run"
        elif order is not None:
            if (order.plugin_id, order.symbol, order.alert_id) != (first.plugin_id, first.symbol, first.alert_id):
                yield f"order {order.id} is of another plugin, symbol or alert"
            if order.decided_ns > step.t_ns:
                yield f"order {order.id} is told before it was sent"
            if step.ticket and step.ticket != order.ticket:
                yield f"order {order.id} is ticket {order.ticket}, not {step.ticket}"
        if step.state == "placed" and (order is None or order.chain_id != first.chain_id):
            yield f"placed {step.order_id}, which is of chain {None if order is None else order.chain_id}"
    placed = [step.order_id for step in case.steps if step.reason == "placed" or step.state == "placed"]
    yield from (f"order {number} is placed {n} times" for number, n in Counter(placed).items() if n > 1)


def _orders_without_chain(record: RunRecord) -> Iterator[str]:
    """Every order of a chain's role has its chain, which says that it was placed; so has every closing fill."""
    known: dict[int, tuple[str, str]] = {}
    for step in record.chains:
        if step.order_id and (step.state == "placed" or step.reason == "placed"):
            known[step.order_id] = step.kind, step.chain_id
    kinds = {"P": ("profit",), "R": ("profit", "reentry"), "C": ("reentry",), "X": ("reentry",), "S": ("shield",)}
    for order in record.orders:
        if not order.opens or order.role in ("", "A", "B"):
            continue
        kind, chain_id = known.get(order.id, ("", ""))
        if kind not in kinds[order.role[0]] or chain_id != order.chain_id:
            yield f"order {order.id} ({order.role} of {order.chain_id}) is in chain {chain_id or 'none'}"
    by_ticket = {order.ticket: order for order in record.orders if order.ticket and order.opens}
    for fill in record.fills:
        order = by_ticket[fill.ticket]
        if (fill.role, fill.chain_id, fill.alert_id) != (order.role, order.chain_id, order.alert_id):
            yield f"ticket {fill.ticket} is {fill.role} of {fill.chain_id}, its order {order.role} of {order.chain_id}"


# --- re-entry ---------------------------------------------------------------------------------------------------------


def _reentry(case: Case) -> Iterator[str]:
    settings, first = case.settings.reentry, case.steps[0]
    family = case.orders[next(o.id for o in case.orders.values() if o.ticket == first.ticket)].family
    most = settings.max_level(first.plugin_id, family)
    state, level, order_id, ticket = "", 1, 0, first.ticket
    recoveries = exits = 0
    for step in case.steps:
        if step.state not in REENTRY_MOVES.get(state, ()):
            yield f"from {state} to {step.state} ({step.reason})"
        is_wait = step.reason == "waits"
        if step.level != level + (is_wait and step.state == "continuing") or step.level > most:
            yield f"level {step.level} after {level}, of {most} at most ({step.state} {step.reason})"
        if is_wait:
            if ticket or order_id:
                yield f"it waits while order {order_id} or ticket {ticket} is there"
            last = _last_exit(case, step)
            wanted = {"recovery_mode": ("sl",), "continuing": ("tp",)}.get(step.state, settings.exit_reasons)
            if last not in wanted:
                yield f"{step.state} after {last!r}"
            recoveries, exits = recoveries + (step.state == "recovery_mode"), exits + (step.state == "exit_watch")
        if step.reason == "placed":
            if state not in WAITS or ticket or order_id:
                yield f"it sends order {step.order_id} while {state}, order {order_id}, ticket {ticket}"
            order_id = step.order_id
        if step.reason == "filled":
            order_id, ticket = 0, step.ticket
        elif step.ticket == ticket and _is_last_part(case, step):
            ticket = 0
        state, level = step.state, step.level
    if recoveries > settings.recovery_attempts or exits > settings.exit_attempts:
        yield f"{recoveries} recoveries and {exits} exit continuations"
    yield from _reentry_money(case)


def _last_exit(case: Case, wait: ChainStep) -> str:
    """The reason of the close that a wait follows."""
    before = [
        step
        for step in case.steps[: case.steps.index(wait)]
        if step.ticket and step.reason not in ("created", "filled")
    ]
    return before[-1].reason if before else ""


def _is_last_part(case: Case, step: ChainStep) -> bool:
    """Whether a step tells of the last closing fill of its ticket."""
    if step.reason in ("created", "filled") or step.state in ENDS:
        return False
    told = [s for s in case.steps[: case.steps.index(step) + 1] if s.ticket == step.ticket and _is_close(s)]
    return len(told) == len(case.fills[step.ticket])


def _is_close(step: ChainStep) -> bool:
    return step.reason not in ("created", "filled") and step.state not in ENDS


def _reentry_money(case: Case) -> Iterator[str]:
    """Its steps bring what its tickets brought, part by part, as long as it lived."""
    end_ns = case.steps[-1].t_ns if ended(case.steps[-1]) else None
    tickets = dict.fromkeys(step.ticket for step in case.steps if step.ticket)
    for ticket in tickets:
        told = [(s.reason, s.money_minor) for s in case.steps if s.ticket == ticket and _is_close(s)]
        fills = case.fills.get(ticket, [])
        paid = [(fill.exit_reason, fill.pnl_minor) for fill in fills]
        later = [fill for fill in fills[len(told) :] if end_ns is None or fill.known_ns < end_ns]
        if told != paid[: len(told)] or later:
            yield f"ticket {ticket}: its steps say {told}, its fills {paid}"
    if any(step.money_minor for step in case.steps if not step.ticket or not _is_close(step)):
        yield "a step that closes nothing brings money"


# --- the pyramid ------------------------------------------------------------------------------------------------------


def _profit(case: Case) -> Iterator[str]:
    settings, first = case.settings.profit_booking, case.steps[0]
    reached = 0
    for step in case.steps:
        if step.reason == "level_up":
            if step.level != reached + 1:
                yield f"from level {reached} to {step.level}"
            reached = step.level
        if not 0 <= step.level < len(settings.multipliers) or (step.level and not settings.is_on(step.level)):
            yield f"level {step.level} is off or none ({step.state} {step.reason})"
    placed: dict[int, list[ChainStep]] = defaultdict(list)
    for step in case.steps:
        if (step.state, step.reason) == ("placed", "level"):
            placed[step.level].append(step)
    for level, own in placed.items():
        roles = [case.orders[step.order_id].role for step in own]
        if len(own) != settings.orders_of(level) or roles != [f"P{level}.{n + 1}" for n in range(len(own))]:
            yield f"level {level} has the orders {roles}"
        if len({case.orders[step.order_id].volume_steps for step in own}) != 1:
            yield f"the orders of level {level} differ in size"
    if sorted(placed) != list(range(1, reached + 1)):
        yield f"it reached level {reached} and placed orders of {sorted(placed)}"
    yield from _profit_recoveries(case)
    numbers = [first.order_id, *(step.order_id for step in case.steps if step.state == "placed")]
    for number in numbers:
        told = [
            step.money_minor
            for step in case.steps
            if step.order_id == number and step.state in PAID and step.money_minor
        ]
        paid = [money for money in case.paid(case.orders[number].ticket) if money]
        if told != paid:
            yield f"order {number}: its steps say {told}, its fills {paid}"


def _profit_recoveries(case: Case) -> Iterator[str]:
    """After a loss by a stop, one at a time for each lost order, and each ends once."""
    attempts: Counter[int] = Counter()
    under_way: dict[int, str] = {}
    lost: set[int] = set()
    for step in case.steps:
        number = step.order_id
        if step.state == "lost":
            reasons = [fill.exit_reason for fill in case.fills[case.orders[number].ticket]]
            if not reasons or reasons[-1] not in STOPS:
                yield f"order {number} is called lost and was closed by {reasons}"
            lost.add(number)
        elif (step.state, step.reason) == ("recovery", "watching"):
            attempts[number] += 1
            if number not in lost or number in under_way:
                yield f"order {number} is recovered without a loss, or twice at once"
            under_way[number] = "watching"
        elif step.state in ("recovered", "recovery_failed"):
            known = under_way.pop(number, "")
            if not known:
                yield f"a recovery of order {number} ends that never began"
    if under_way:
        yield f"recoveries of {sorted(under_way)} never end"
    most = case.settings.profit_booking.recovery_attempts
    yield from (f"order {number} was recovered {n} times" for number, n in attempts.items() if n > most)
    sent = sum(case.orders[s.order_id].role == "R" for s in case.steps if s.state == "placed")
    if sent > attempts.total():
        yield f"{sent} recovery orders for {attempts.total()} recoveries"


# --- shields ----------------------------------------------------------------------------------------------------------


def _shield(case: Case) -> Iterator[str]:
    """Both legs or none; what each brought; closed after a kill."""
    states: dict[int, list[str]] = defaultdict(list)
    for step in case.steps:
        if step.level:
            yield f"it stands on level {step.level}"
        if step.order_id:
            states[step.order_id].append(step.state)
    is_deployed = any(step.state == "active" for step in case.steps)
    if is_deployed and [case.orders[n].role for n in states] != ["SA", "SB"]:
        yield f"it is deployed with {[case.orders[n].role for n in states]}"
    is_told = [(step.state, step.reason) for step in case.steps]
    if is_told[-1] == ("completed", "kill") and ("closing", "kill_level") not in is_told:
        yield "it was killed without its level"
    for number, own in states.items():
        if own[0] != "placed" or (is_deployed and "filled" not in own):
            yield f"leg {number} went {own}"
        told = [s.money_minor for s in case.steps if s.order_id == number and s.state == "closed"]
        paid = case.paid(case.orders[number].ticket)
        if told and told != paid[-1:]:
            yield f"leg {number}: its step says {told}, its fills {paid}"


# --- all of them together ---------------------------------------------------------------------------------------------


def _at_once(record: RunRecord, settings: ServiceSettings) -> Iterator[str]:
    """The safety's limits: recoveries under way, of the day, and losses, where the run lies within one day."""
    safety, shields = settings.autonomous, settings.reverse_shield
    hunts: set[tuple[str, Any]] = set()
    guards: set[str] = set()
    begun = losses = 0
    orders = {order.id: order for order in record.orders}
    for step in record.chains:
        key = (step.chain_id, step.order_id if step.kind == "profit" else 0)
        begins = (step.kind == "reentry" and (step.state, step.reason) == ("recovery_mode", "waits")) or (
            (step.kind, step.state, step.reason) == ("profit", "recovery", "watching")
        )
        if begins:
            if len(hunts) >= safety.concurrent or begun >= safety.daily_attempts or losses >= safety.daily_losses:
                yield f"{step.chain_id} begins a recovery after {begun} and {losses} lost, {len(hunts)} under way"
            hunts.add(key)
            begun += 1
        elif key in hunts:
            over = step.kind == "profit" and step.state in ("recovered", "recovery_failed")
            if step.kind == "reentry":
                is_close = step.state == "recovering" and step.ticket and step.reason not in ("filled", "placed")
                over = (bool(is_close) and _closes_last(record, step)) or step.state in ENDS
                losses += bool(is_close) and over and _lost(record, step)
            elif over and step.state == "recovery_failed":
                losses += step.reason in STOPS
            if over:
                hunts.discard(key)
        if step.kind == "shield" and (step.state, orders.get(step.order_id)) != ("placed", None):
            guards.add(step.chain_id)
            if ended(step):
                guards.discard(step.chain_id)
        if len(guards) > shields.max_concurrent:
            yield f"{len(guards)} shields at once"


def _closes_last(record: RunRecord, step: ChainStep) -> bool:
    fills = [fill for fill in record.fills if fill.ticket == step.ticket]
    return fills[-1].known_ns <= step.t_ns


def _lost(record: RunRecord, step: ChainStep) -> bool:
    fills = [fill for fill in record.fills if fill.ticket == step.ticket]
    return sum(fill.pnl_minor for fill in fills) <= 0 and fills[-1].exit_reason != "tp"

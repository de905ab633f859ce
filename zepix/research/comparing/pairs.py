"""Which alert of one side is which of the other, and so which ticket is which.

Alerts are the same by id, by the sender's own id, by their text, else by what they ask of which symbol, the nearest in
time; so tickets by the alert that opened them, their plugin, their role (which holds the level of a chain) and their
number among those. Where a side does not know the alerts, tickets are paired by symbol and side: the nearest in time,
then in size, within a stated tolerance.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from zepix.research.comparing.books import Book, Ticket, Told

__all__ = ["Pairing", "pair", "same_alerts"]

_DAY_NS: Final = 86_400 * 10**9
_OPENS: Final = frozenset({"entry", "reversal"})
_MOST_NEAR: Final = 64
_Key = Hashable
_Item = TypeVar("_Item")


@dataclass(slots=True)
class Pairing:
    """``both`` are pairs (a, b, the rule), then what has no partner; ``alerts`` maps B's ids to A's."""

    both: list[tuple[Ticket, Ticket, str]] = field(default_factory=list)
    only_a: list[Ticket] = field(default_factory=list)
    only_b: list[Ticket] = field(default_factory=list)
    alerts: dict[str, str] = field(default_factory=dict)


def pair(a: Book, b: Book, within_ns: int) -> Pairing:
    """Every ticket of both sides, with its partner or without."""
    found = Pairing(alerts=same_alerts(a.alerts, b.alerts, within_ns))
    rest_a, rest_b = list(a.tickets), list(b.tickets)
    if a.knows_alerts and b.knows_alerts:
        rest_a, rest_b = _by_alert(found, rest_a, rest_b)
        known_b = set(found.alerts.values())
        left_a = [one for one in rest_a if one.alert in known_b]
        left_b = [one for one in rest_b if one.alert in found.alerts]
        rest_a = [one for one in rest_a if one.alert not in known_b]
        rest_b = [one for one in rest_b if one.alert not in found.alerts]
        found.only_a, found.only_b = left_a, left_b
        if all(one.alert for one in rest_a) and all(one.alert for one in rest_b):
            found.only_a += rest_a
            found.only_b += rest_b
            return found
    _by_time(found, rest_a, rest_b, within_ns)
    return found


def _by_alert(found: Pairing, ours: Sequence[Ticket], theirs: Sequence[Ticket]) -> tuple[list[Ticket], list[Ticket]]:
    has_shared = bool({one.plugin for one in ours} & {one.plugin for one in theirs})
    mine = _numbered(ours, lambda one: one.alert, has_shared)
    other = _numbered(theirs, lambda one: found.alerts.get(one.alert, ""), has_shared)
    for key, ticket in mine.items():
        if key in other:
            found.both.append((ticket, other[key], "alert"))
    used_a = {id(one) for one, _, _ in found.both}
    used_b = {id(two) for _, two, _ in found.both}
    return [one for one in ours if id(one) not in used_a], [two for two in theirs if id(two) not in used_b]


def _numbered(tickets: Iterable[Ticket], name: Callable[[Ticket], str], has_plugin: bool) -> dict[_Key, Ticket]:
    """Tickets by alert, plugin, symbol, side, role and their number among those, in order of their entries."""
    count: dict[_Key, int] = defaultdict(int)
    found: dict[_Key, Ticket] = {}
    for ticket in sorted(tickets, key=lambda one: one.entry_ns):
        alert = name(ticket)
        if alert:
            key = (alert, ticket.plugin if has_plugin else "", ticket.symbol, ticket.side, ticket.role)
            found[(*key, count[key])] = ticket
            count[key] += 1
    return found


def _by_time(found: Pairing, ours: Sequence[Ticket], theirs: Sequence[Ticket], within_ns: int) -> None:
    """The nearest entries first, each ticket once; of equally near ones that of the nearest size."""
    by_key: dict[tuple[str, int], list[Ticket]] = defaultdict(list)
    for one in sorted(theirs, key=lambda two: two.entry_ns):
        by_key[one.symbol, one.side].append(one)
    near: list[tuple[int, float, int, int, Ticket, Ticket]] = []
    for place, one in enumerate(ours):
        group = by_key.get((one.symbol, one.side), [])
        for at in _around(group, lambda two: two.entry_ns, one.entry_ns, within_ns):
            two = group[at]
            apart = abs(two.entry_ns - one.entry_ns)
            near.append((apart, abs(float(two.units - one.units)), place, at, one, two))
    taken: set[int] = set()
    for *_, one, two in sorted(near, key=lambda row: row[:4]):
        if id(one) not in taken and id(two) not in taken:
            taken |= {id(one), id(two)}
            found.both.append((one, two, "time"))
    found.only_a += [one for one in ours if id(one) not in taken]
    found.only_b += [two for two in theirs if id(two) not in taken]


def _around(group: Sequence[_Item], when: Callable[[_Item], int], t_ns: int, within_ns: int) -> range:
    """Places of those near an instant, at most ``_MOST_NEAR`` on each side of it; ``group`` is in order of time."""
    middle = bisect_left(group, t_ns, key=when)
    first = bisect_left(group, t_ns - within_ns, key=when)
    last = bisect_left(group, t_ns + within_ns + 1, key=when)
    return range(max(first, middle - _MOST_NEAR), min(last, middle + _MOST_NEAR))


def same_alerts(ours: Mapping[str, Told], theirs: Mapping[str, Told], within_ns: int) -> dict[str, str]:
    """B's alerts as A's: id -> id, each once."""
    found: dict[str, str] = {}
    left_a, left_b = dict(ours), dict(theirs)

    def join(mine: str, other: str) -> None:
        found[other] = mine
        del left_a[mine], left_b[other]

    def join_ids(apart_ns: int) -> None:
        for name in [name for name in left_b if name in left_a and _is_alike(left_a[name], left_b[name], apart_ns)]:
            join(name, name)

    rules: tuple[tuple[Callable[[Told], _Key], int], ...] = (
        (lambda one: one.explicit_id and (one.explicit_id, _asked(one)), _DAY_NS),
        (lambda one: one.raw.strip(), within_ns),
        (_asked, within_ns),
    )
    join_ids(within_ns)
    for key, apart in rules:
        for mine, other in _nearest(left_a.values(), left_b.values(), key, apart):
            join(mine, other)
    join_ids(_DAY_NS)
    return found


def _asked(one: Told) -> _Key:
    """What an alert asks for, of which symbol; nothing for one that only informs, or names no symbol."""
    kind = "entry" if one.type in _OPENS else one.type
    return (kind, one.side, one.symbol) if kind in ("entry", "exit") and one.symbol else ""


def _is_alike(one: Told, other: Told, apart_ns: int) -> bool:
    """Whether two alerts of one id are one: their texts agree, or what they ask for, at about one time."""
    if one.raw and one.raw == other.raw:
        return True
    if one.symbol and other.symbol and _asked(one) != _asked(other):
        return False
    if one.received_ns is None or other.received_ns is None:
        return True
    return abs(one.received_ns - other.received_ns) <= apart_ns


def _nearest(
    ours: Iterable[Told], theirs: Iterable[Told], key: Callable[[Told], _Key], within_ns: int
) -> list[tuple[str, str]]:
    """(A's id, B's id) of alerts of one key, the nearest in time first."""
    groups: dict[_Key, list[Told]] = defaultdict(list)
    for other in theirs:
        if key(other) and other.received_ns is not None:
            groups[key(other)].append(other)
    for group in groups.values():
        group.sort(key=lambda one: one.received_ns or 0)
    near: list[tuple[int, str, str]] = []
    for one in ours:
        group = groups.get(key(one), []) if key(one) and one.received_ns is not None else []
        for at in _around(group, lambda two: two.received_ns or 0, one.received_ns or 0, within_ns):
            near.append((abs((group[at].received_ns or 0) - (one.received_ns or 0)), one.id, group[at].id))
    taken_a: set[str] = set()
    taken_b: set[str] = set()
    found = []
    for _, mine, other_id in sorted(near):
        if mine not in taken_a and other_id not in taken_b:
            taken_a.add(mine)
            taken_b.add(other_id)
            found.append((mine, other_id))
    return found

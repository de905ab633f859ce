"""The first thing in which two runs differ up to an instant: a decision, an order, a fill, a word in the log.

Compared is what was done before the instant, not what became of it later: an order that was answered only afterwards
must have been asked for in the same way, and a decision counts with its outcome only where all its orders were
answered before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from zepix.engine.record import RunRecord
from zepix.model import Alert, Order

__all__ = ["Difference", "first_difference"]

_ASKED: Final = (
    *("id", "kind", "plugin_id", "alert_id", "symbol", "side", "decided_ns", "volume", "role", "price", "limit"),
    *("sl_offset", "tp_offset", "lifetime_ns", "oco", "frac", "new_sl", "new_tp", "trails", "targets", "tickets"),
)
_COUNTED: Final = ("id", "decided_ns", "ticket")
_ANSWERED: Final = (*_ASKED, "volume_steps", "sl", "tp", "status", "reason", "fill_points", "ticket", "closed")


@dataclass(frozen=True, slots=True)
class Difference:
    """``was`` in the whole run, ``became`` in the other; ``alert_id`` is empty where no alert is behind it."""

    at_ns: int
    what: str
    plugin_id: str
    alert_id: str
    was: str
    became: str

    @property
    def text(self) -> str:
        who = f" of alert {self.alert_id}" if self.alert_id else ""
        return f"{self.what}{who}: {self.was}; without the future {self.became}"


def first_difference(whole: RunRecord, other: RunRecord, at_ns: int) -> Difference | None:
    """The earliest difference of what was done before ``at_ns``; None where there is none."""
    found = [
        one
        for compare in (_orders, _decisions, _journal, _recorded)
        if (one := next(compare(whole, other, at_ns), None)) is not None
    ]
    return min(found, key=lambda one: one.at_ns) if found else None


def _orders(whole: RunRecord, other: RunRecord, at_ns: int) -> Iterator[Difference]:
    mine = [order for order in whole.orders if order.decided_ns < at_ns]
    theirs = [order for order in other.orders if order.decided_ns < at_ns]
    for was, became in zip_longest(mine, theirs):
        names = _ANSWERED if _is_answered(was, at_ns) and _is_answered(became, at_ns) else _ASKED
        one, two = _values(was, names), _values(became, names)
        if one != two:
            if was is not None and became is not None and was.alert_id != became.alert_id:  # one of them is missing
                one, two = (one, {}) if was.decided_ns <= became.decided_ns else ({}, two)
            order = was if one else became
            assert order is not None
            yield Difference(
                order.decided_ns,
                "an order",
                order.plugin_id,
                order.alert_id,
                _told(one, two, order.kind),
                _told(two, one, order.kind),
            )


def _is_answered(order: Order | None, at_ns: int) -> bool:
    return order is not None and 0 <= order.answered_ns < at_ns


def _values(order: Order | None, names: tuple[str, ...]) -> dict[str, Any]:
    return {} if order is None else {name: getattr(order, name) for name in names}


def _told(one: dict[str, Any], two: dict[str, Any], kind: str) -> str:
    """What is in one and not the same in two."""
    if not one:
        return "none"
    if not two:
        return f"{kind} {one['symbol']} {'buy' if one['side'] > 0 else 'sell' if one['side'] < 0 else 'both'}"
    differs = [f"{name} {value}" for name, value in one.items() if two.get(name) != value and name not in _COUNTED]
    return ", ".join(differs) or f"order {one['id']}"


def _decisions(whole: RunRecord, other: RunRecord, at_ns: int) -> Iterator[Difference]:
    open_alerts = {
        order.alert_id
        for record in (whole, other)
        for order in record.orders
        if order.decided_ns < at_ns and not _is_answered(order, at_ns)
    }
    mine, theirs = ([row for row in one.decisions if _before(row.received_ns, at_ns)] for one in (whole, other))
    keyed = {(row.alert_id, row.plugin_id): row for row in theirs}
    for row in mine:
        if row.alert_id in open_alerts:
            continue
        twin = keyed.get((row.alert_id, row.plugin_id))
        if twin is None:
            yield Difference(row.received_ns or 0, "a decision", row.plugin_id, row.alert_id, _said(row), "none")
        elif (row.outcome, row.reason) != (twin.outcome, twin.reason) or _unlike(row.numbers, twin.numbers):
            was, became = _said(row), _said(twin)
            if was == became:
                was, became = (f"{said} with {_other(*pair)}" for said, pair in (
                    (was, (row.numbers, twin.numbers)), (became, (twin.numbers, row.numbers))
                ))  # fmt: skip
            yield Difference(row.received_ns or 0, "the decision", row.plugin_id, row.alert_id, was, became)


def _before(received_ns: int | None, at_ns: int) -> bool:
    return received_ns is not None and received_ns < at_ns


def _unlike(one: dict[str, Any], two: dict[str, Any]) -> bool:
    return repr(one) != repr(two)  # NaN is like NaN


def _other(one: dict[str, Any], two: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in one.items() if repr(two.get(name)) != repr(value)) or "less"


def _said(row: Any) -> str:
    return f"{row.outcome} ({row.reason})" if row.reason else str(row.outcome)


def _journal(whole: RunRecord, other: RunRecord, at_ns: int) -> Iterator[Difference]:
    """Fills, refusals, errors and words of the log; orders have been compared with what they asked for."""
    for was, became in zip_longest(_lines(whole, at_ns), _lines(other, at_ns)):
        if was == became:
            continue
        line = was or became
        assert line is not None
        ns, kind, fields = line
        what = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} line"
        alert_id = str(fields.get("alert") or "")
        yield Difference(ns, what, str(fields.get("plugin") or ""), alert_id, _brief(was, became), _brief(became, was))


def _lines(record: RunRecord, at_ns: int) -> Iterator[tuple[int, str, dict[str, Any]]]:
    for ns, kind, fields in record.journal:
        if ns >= at_ns:
            return
        if kind != "alert":
            yield ns, kind, fields


def _brief(line: tuple[int, str, dict[str, Any]] | None, beside: tuple[int, str, dict[str, Any]] | None) -> str:
    if line is None:
        return "none"
    fields = line[2]
    if beside is not None and beside[:2] == line[:2]:
        fields = {name: value for name, value in fields.items() if beside[2].get(name) != value}
    return ", ".join(f"{name} {value}" for name, value in fields.items() if value != "")[:200]


def _recorded(whole: RunRecord, other: RunRecord, at_ns: int) -> Iterator[Difference]:
    """What strategies recorded by ``self.record``."""
    for name in dict.fromkeys((*whole.recorded, *other.recorded)):
        mine, theirs = ([point for point in one.recorded.get(name, []) if point[0] < at_ns] for one in (whole, other))
        for was, became in zip_longest(mine, theirs):
            if repr(was) != repr(became):
                ns = (was or became or (0, 0))[0]
                words = ("nothing" if one is None else str(one[1]) for one in (was, became))
                yield Difference(ns, f"the record {name}", "", _alert_at(whole, ns), *words)


def _alert_at(record: RunRecord, ns: int) -> str:
    return next((row.id for row in record.alerts if isinstance(row, Alert) and row.received_ns == ns), "")

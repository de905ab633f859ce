"""Two sides compared: what differs in what they were given, which tickets are one, and what parted their profits."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from zepix.errors import ConfigError
from zepix.research.comparing.books import Book, Charge, Leg, Ticket, half_even
from zepix.research.comparing.comparison import PARTS, Comparison, Paired, Unpaired
from zepix.research.comparing.doubts import doubts
from zepix.research.comparing.pairs import Pairing, pair
from zepix.research.comparing.split import Context, split

__all__ = ["compare_books", "differences", "in_currency"]

_REFUSED: Final = frozenset({"refused", "expired", "error", "quarantined", "duplicate", "ignored"})
_MOST_SETTINGS: Final = 12
NS: Final = 10**9


def compare_books(a: Book, b: Book, *, within_s: float, rate: Decimal | None = None) -> Comparison:
    """The comparison of two sides.

    ``within_s``: how far entries may lie apart where tickets are paired by time. ``rate``: what one unit of B's
    currency is worth in A's, where they differ; raises ConfigError where they do and it is not given.
    """
    different = differences(a, b)
    b = in_currency(a, b, rate)
    within_ns = round(within_s * NS)
    pairing = pair(a, b, within_ns)
    different += doubts(a, b, [(one, two) for one, two, _ in pairing.both])
    usual = _usual_values([*a.tickets, *b.tickets])
    context = Context((a.quotes, b.quotes), b.grace_ns or a.grace_ns, within_ns, pairing.alerts, usual)
    pairs = [_paired(one, two, rule, context) for one, two, rule in pairing.both]
    lonely = _lonely(a, b, pairing)
    minor: dict[str, int] = dict.fromkeys(PARTS, 0)
    for paired in pairs:
        for name, amount in paired.parts.items():
            minor[name] += amount
    for alone in lonely:
        minor[alone.part] += alone.minor
    minor["charges"] += sum(one.minor for one in b.charges) - sum(one.minor for one in a.charges)
    assert sum(minor.values()) == b.profit - a.profit, "the parts do not sum to the difference"
    notes = [*a.notes, *b.notes, *_notes(a, b, pairs, lonely, within_s)]
    return Comparison(
        a=a, b=b, pairs=pairs, lonely=lonely, different=different, within_s=within_s, notes=list(dict.fromkeys(notes)),
        minor=minor,
    )  # fmt: skip


def _paired(one: Ticket, two: Ticket, rule: str, context: Context) -> Paired:
    if one.is_open and two.is_open:
        return Paired(one, two, rule, {})
    if one.is_open or two.is_open:
        return Paired(one, two, rule, {"still open": two.profit - one.profit})
    return Paired(one, two, rule, split(one, two, context))


# -- what differs before any figure ---------------------------------------------------------------------------------


def differences(a: Book, b: Book) -> list[str]:
    """Sentences: accounts, prices, alert logs, settings that are not the same."""
    said: list[str] = []
    if a.currency != b.currency:
        said.append(f"accounts: {a.currency} here, {b.currency} there")
    changed = [
        f"{name} ({a.checksums[name][:8]} here, {b.checksums[name][:8]} there)"
        for name in a.checksums
        if name in a.catalogue and a.checksums[name] and b.checksums.get(name, a.checksums[name]) != a.checksums[name]
    ]
    if changed:
        said.append(f"data: other checksums of {', '.join(changed)}")
    ours, theirs = _logs(a), _logs(b)
    if ours and theirs and set(ours.values()) != set(theirs.values()):
        said.append(f"alert logs: {', '.join(ours)} here, {', '.join(theirs)} there, which hold other bytes")
    if a.quotes is not None and b.quotes is not None:
        symbols = sorted({one.symbol for one in (*a.tickets, *b.tickets)})
        unknown = [one for one in symbols if not (a.checksums.get(one) and b.checksums.get(one))]
        other = [symbol for symbol in unknown if not a.quotes.is_of_one_feed(b.quotes, symbol)]
        if other:
            said.append(f"data: other prices of {', '.join(other)}")
    said += _settings(a.settings, b.settings)
    return said


def _logs(book: Book) -> dict[str, str]:
    """Checksums of what is no price: alert logs, files of instruments and dialects."""
    return {name: checksum for name, checksum in book.checksums.items() if name not in book.catalogue}


def _settings(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    if not ours or not theirs:
        return []
    keys = [key for key in dict.fromkeys([*ours, *theirs]) if _plain(ours.get(key)) != _plain(theirs.get(key))]
    shown = [f"{key} {_shown(ours.get(key))} here, {_shown(theirs.get(key))} there" for key in keys[:_MOST_SETTINGS]]
    more = [f"and {len(keys) - _MOST_SETTINGS} more settings"] if len(keys) > _MOST_SETTINGS else []
    return ["settings: " + "; ".join([*shown, *more])] if keys else []


def _plain(value: Any) -> str:
    """A value as it compares: numbers by what they are, whatever file they come from."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return str(Decimal(str(value)).normalize())
    if isinstance(value, str):
        try:
            return str(Decimal(value).normalize())
        except ArithmeticError:
            return value
    if isinstance(value, list | tuple):
        return str([_plain(one) for one in value])
    return str(value)


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)[:40]


# -- money of one currency ------------------------------------------------------------------------------------------


def in_currency(a: Book, b: Book, rate: Decimal | None) -> Book:
    """B with its money in A's currency and digits, each amount rounded by itself."""
    if a.currency == b.currency:
        if rate is not None and rate != 1:
            raise ConfigError(f"--rate {rate}: both accounts are in {a.currency}")
        if a.digits == b.digits:
            return b
        rate = Decimal(1)
    if rate is None:
        raise ConfigError(
            f"the accounts are in {a.currency} and {b.currency}; say --rate, what one {b.currency} is worth in "
            f"{a.currency}"
        )
    if not rate.is_finite() or rate <= 0:
        raise ConfigError(f"--rate {rate}: a number above zero was expected")
    factor = Fraction(rate) * Fraction(10) ** (a.digits - b.digits)

    def leg(one: Leg) -> Leg:
        gross, commission, swap, other = (
            half_even(minor * factor) for minor in (one.gross, one.commission, one.swap, one.other)
        )
        return replace(one, gross=gross, commission=commission, swap=swap, other=other, value=None)

    tickets = [replace(one, legs=[leg(part) for part in one.legs]) for one in b.tickets]
    charges = [Charge(one.what, one.t_ns, half_even(one.minor * factor)) for one in b.charges]
    notes = [*b.notes]
    if a.currency != b.currency:
        notes.append(f"money of {b.name} is {b.currency} at one rate, {rate} {a.currency}")
    return replace(b, tickets=tickets, charges=charges, currency=a.currency, digits=a.digits, notes=notes)


def _usual_values(tickets: list[Ticket]) -> dict[str, Fraction]:
    """By symbol what a unit of price and size is usually worth, for fills whose gross is zero and tells nothing."""
    found: dict[str, list[Fraction]] = defaultdict(list)
    for ticket in tickets:
        for leg in ticket.legs:
            moved = ticket.side * (leg.exit_price - ticket.entry_price) * leg.units
            if leg.value is not None:
                found[ticket.symbol].append(leg.value)
            elif moved and leg.gross:
                found[ticket.symbol].append(leg.gross / moved)
    return {symbol: statistics.median_low(values) for symbol, values in found.items()}


# -- tickets without a partner --------------------------------------------------------------------------------------


def _lonely(a: Book, b: Book, pairing: Pairing) -> list[Unpaired]:
    theirs = {mine: other for other, mine in pairing.alerts.items()}
    found = []
    for one in pairing.only_a:
        part, reason = _why(one, b, theirs.get(one.alert), "there")
        found.append(Unpaired(one, "here", part, reason, -one.profit))
    for two in pairing.only_b:
        part, reason = _why(two, a, pairing.alerts.get(two.alert), "here")
        found.append(Unpaired(two, "there", part, reason, two.profit))
    return found


def _why(ticket: Ticket, other: Book, alert: str | None, where: str) -> tuple[str, str]:
    """The part that a lonely ticket counts to, and the reason: what the other side says of its alert."""
    if not other.knows_alerts:
        return f"missed {where}", "no ticket of its symbol and side near that time"
    told = other.alerts.get(alert) if alert is not None else None
    if told is None:
        return f"missed {where}", "the alert did not come" if ticket.alert else "no ticket near that time"
    outcome, reason = other.outcomes.get((told.id, ticket.plugin), (told.outcome, told.reason))
    if outcome in _REFUSED:
        return f"refused {where}", f"{outcome}: {reason}" if reason and reason != outcome else outcome
    order = other.refusals.get((told.id, ticket.plugin, ticket.role))
    if order is not None:
        return f"refused {where}", f"its order was refused: {order}"
    if outcome:
        return f"missed {where}", f"its alert ended as {outcome}, without such a ticket"
    return f"missed {where}", "nothing was decided on its alert"


def _notes(a: Book, b: Book, pairs: list[Paired], lonely: list[Unpaired], within_s: float) -> list[str]:
    said = []
    if any(one.rule == "time" for one in pairs) or (lonely and not (a.knows_alerts and b.knows_alerts)):
        said.append(
            f"tickets whose alert is not known are paired by symbol, side and time, at most {within_s:g} s apart"
        )
    for one, two, where in ((a, b, "here"), (b, a, "there")):
        if one.quotes is not None and two.quotes is None and two.kind not in ("trades", "alerts"):
            said.append(
                f"prices are only known {where}: those of {two.name} are measured against them, so its feed and its "
                "spread count to slippage"
            )
    if a.quotes is None and b.quotes is None and any("unexplained" in one.parts for one in pairs):
        said.append("prices of neither side are at hand: what other prices cost is unexplained")
    return said

"""The way from one side's price of a fill to the other's, cause by cause; the causes add up to the whole way.

A fill is *at the market* (bid or ask of its instant, and slippage) or *at a level* (a pending order's price, a stop, a
target, and slippage). For two fills at the market, A's instant first, then B's:

    data         B's bid at A's instant less A's bid at A's instant
    signal time  B's bid at A's instant, moved by how much later the alert came, less B's bid at A's instant
    latency      B's bid at B's instant less that: the rest of the way from the alert to the fill
    spread       B's spread at B's instant less A's at A's, where one trades at the ask
    slippage     how far B's fill is from its bid or ask, less how far A's is from its own

For two at levels: ``levels`` is the difference of the levels, ``slippage`` the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from zepix.research.comparing.books import LEVEL_REASONS, Leg, Ticket
from zepix.research.comparing.quotes import Quote, Quotes

__all__ = ["PRICE_PARTS", "Fill", "Moves", "entry_of", "exit_of", "is_same_exit", "moves"]

PRICE_PARTS: Final = ("data", "signal time", "latency", "spread", "slippage", "levels", "exits", "unexplained")
"""Causes of another price, in the order in which A's is replaced by B's."""
Moves = dict[str, Fraction]
_ALERTED: Final = frozenset({"signal", "reversal", "manual"})
_NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Fill:
    """An entry or exit: its price and instant, and what it can be measured by. ``at_ask``: whether it trades at the
    ask; ``is_asked``: whether it is a stop or a target, which an open may have jumped over (then it ``is_market``)."""

    price: Fraction
    t_ns: int
    at_ask: bool
    level: Fraction | None
    is_market: bool
    signal_ns: int | None
    latency_ns: int | None
    quote: Quote | None
    is_asked: bool = False


def entry_of(ticket: Ticket, symbol: str, quotes: Quotes | None) -> Fill:
    """The entry of a ticket; a pending order that its bar's open filled is one at the market."""
    quote = ticket.quote or (quotes.at(symbol, ticket.entry_ns) if quotes is not None else None)
    level = ticket.asked
    if level is not None and ticket.slip is not None:
        is_market = ticket.entry_price not in (level, level + ticket.side * ticket.slip)
    else:
        is_market = level is None
    return Fill(
        ticket.entry_price, ticket.entry_ns, ticket.side > 0, level, is_market,
        ticket.signal_ns, ticket.latency_ns, quote,
    )  # fmt: skip


def exit_of(ticket: Ticket, leg: Leg, symbol: str, quotes: Quotes | None) -> Fill:
    """The exit of one closing fill; a stop or target that an open jumped over is one at the market."""
    quote = leg.quote or (quotes.at(symbol, leg.exit_ns) if quotes is not None else None)
    at_ask = ticket.side < 0
    level, is_market, is_asked = leg.level, True, leg.reason in LEVEL_REASONS
    if is_asked:
        slip = leg.slip
        if level is not None:
            is_market = slip is not None and leg.exit_price not in (level, level - ticket.side * slip)
        elif slip is not None:
            jumped = quote is not None and leg.exit_price == quote.paid(at_ask) - ticket.side * slip
            is_market, level = jumped, None if jumped else leg.exit_price + ticket.side * slip
    given = (leg.closer_ns, leg.latency_ns, quote, is_asked)
    return Fill(leg.exit_price, leg.exit_ns, at_ask, level, is_market, *given)


def is_same_exit(one: Leg, other: Leg, closers: tuple[str, str], within_ns: int) -> bool:
    """Whether both left for one reason, so that their prices can be compared cause by cause.

    ``closers``: the alerts that closed them under one name each; empty where it is not known.
    """
    if one.reason and other.reason and one.reason != other.reason:
        return False
    if closers[0] and closers[1]:
        return closers[0] == closers[1]
    reason = one.reason or other.reason
    apart = abs(one.exit_ns - other.exit_ns)
    if not (one.reason and other.reason):
        return apart <= within_ns
    if reason in LEVEL_REASONS:
        return True
    return apart <= within_ns if reason in _ALERTED else apart == 0


def moves(
    a: Fill, b: Fill, symbol: str, quotes: tuple[Quotes | None, Quotes | None], grace_ns: int, *, is_exit: bool
) -> Moves:
    """The difference of two prices of one event by its causes; they sum to ``b.price - a.price``."""
    if a.is_market and b.is_market:
        if a.t_ns != b.t_ns and (a.is_asked or b.is_asked):
            return {"exits": b.price - a.price}
        return _at_market(a, b, symbol, quotes, grace_ns)
    level_a = a.level if not a.is_market else b.level if not _is_known(a) else None
    level_b = b.level if not b.is_market else a.level if not _is_known(b) else None
    if level_a is None or level_b is None:
        return {"exits" if is_exit else "levels": b.price - a.price}
    levels = level_b - level_a
    return {"levels": levels, "slippage": b.price - a.price - levels}


def _is_known(fill: Fill) -> bool:
    """Whether a fill at the market is known to be one: a statement names neither level nor quote."""
    return fill.quote is not None or fill.level is not None


def _at_market(a: Fill, b: Fill, symbol: str, quotes: tuple[Quotes | None, Quotes | None], grace_ns: int) -> Moves:
    """Two fills at the market; where one side has no prices, the other's stand for them."""
    if quotes[1] is None and b.quote is not None and quotes[0] is not None:
        return {name: -move for name, move in _at_market(b, a, symbol, (quotes[1], quotes[0]), grace_ns).items()}
    ours, theirs = quotes[0] or quotes[1], quotes[1] or quotes[0]
    there = b.quote or (theirs.at(symbol, b.t_ns) if theirs is not None else None)
    here = a.quote or (ours.at(symbol, a.t_ns) if ours is not None else None)
    if here is None or there is None or theirs is None:
        return {"unexplained": b.price - a.price}
    is_same = quotes[0] is not None and quotes[1] is not None and quotes[0].is_same(quotes[1], symbol)
    if a.t_ns == b.t_ns:
        then = there
    else:
        found = here if is_same or (quotes[1] is None) else theirs.at(symbol, a.t_ns)
        if found is None:
            return {"unexplained": b.price - a.price}
        then = found
    later = _after_signal(a, b, symbol, theirs, grace_ns)
    moved = then if later == a.t_ns else there if later == b.t_ns else theirs.at(symbol, later) or then
    spread = there.spread - here.spread if a.at_ask else _NOTHING
    slippage = (b.price - there.paid(a.at_ask)) - (a.price - here.paid(a.at_ask))
    return {
        "data": then.bid - here.bid,
        "signal time": moved.bid - then.bid,
        "latency": there.bid - moved.bid,
        "spread": spread,
        "slippage": slippage,
    }


def _after_signal(a: Fill, b: Fill, symbol: str, quotes: Quotes, grace_ns: int) -> int:
    """The instant of A's fill, had its alert come when B's did: ``t_A`` where it did, ``t_B`` where nothing else
    differs, else by B's prices."""
    if a.signal_ns is None or b.signal_ns is None or a.signal_ns == b.signal_ns:
        return a.t_ns
    if a.latency_ns is None or b.latency_ns is None or a.latency_ns == b.latency_ns:
        return b.t_ns
    found = quotes.fill_ns(symbol, b.signal_ns + a.latency_ns, grace_ns)
    low, high = sorted((a.t_ns, b.t_ns))
    return b.t_ns if found is None else min(max(found, low), high)

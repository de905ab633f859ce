"""The parts of the engine's view that are read from a session: books, plugins, tickets, chains, caps, feed.

Only read: nothing here changes what a session decides next. Money is a number for eyes, not for books.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from zepix.model import Ticket
from zepix.model.timeframe import NS
from zepix.research.simulate import Simulation
from zepix_live.engine.session import LiveSession

__all__ = ["caps_of", "chain_counts", "chains_of", "feed_of", "services_of", "ticket_counts", "tickets_of"]

MOST_TICKETS: Final = 50
MOST_CHAINS: Final = 50
MOST_SYMBOLS: Final = 200
DIGITS: Final = 6


def ticket_counts(simulation: Simulation) -> Counter[str]:
    """Open tickets by plugin."""
    return Counter(ticket.plugin_id for ticket in simulation.broker.tickets.values())


def tickets_of(simulation: Simulation, book: str) -> list[dict[str, Any]]:
    """The newest open tickets, at most 50, newest first."""
    tickets = list(simulation.broker.tickets.values())[-MOST_TICKETS:]
    return [_ticket(one, simulation, book) for one in reversed(tickets)]


def _ticket(ticket: Ticket, simulation: Simulation, book: str) -> dict[str, Any]:
    prices = simulation.prices[ticket.symbol]
    instrument = prices.instrument
    quote = prices.quote(simulation.engine.now_ns, max(simulation.engine.phase, 1))
    points = None if quote is None else (quote[0] if ticket.side > 0 else quote[1]) - ticket.entry_points

    def price(level: int) -> float | None:
        return round(float(level * instrument.point), instrument.digits) if level else None

    return {
        "ticket": ticket.id,
        "book": book,
        "plugin": ticket.plugin_id,
        "alert": ticket.alert_id,
        "symbol": ticket.symbol,
        "side": "buy" if ticket.side > 0 else "sell",
        "lots": float(ticket.steps * instrument.volume_step),
        "opened_ns": ticket.opened_ns if ticket.opened_ns >= 0 else ticket.entry_ns,
        "entry": price(ticket.entry_points),
        "sl": price(ticket.sl),
        "tp": price(ticket.tp),
        "pips": None if points is None else round(ticket.side * points * float(instrument.point / instrument.pip), 1),
        "role": ticket.role,
        "chain": ticket.chain_id,
    }


def _chains(simulation: Simulation) -> Iterable[tuple[str, Any]]:
    """(kind, chain) of everything that is not over."""
    house = simulation.house
    if house.reentry is not None:
        yield from (("reentry", one) for one in house.reentry.book.chains())
    if house.profits is not None:
        yield from (("profit", one) for one in house.profits.desk.chains.values() if one.is_active)


def chain_counts(simulation: Simulation) -> Counter[str]:
    """Chains that are not over, by plugin."""
    return Counter(chain.plugin_id for _, chain in _chains(simulation))


def chains_of(simulation: Simulation, book: str) -> list[dict[str, Any]]:
    """At most 50 chains that are not over, the newest first."""
    found = list(_chains(simulation))[-MOST_CHAINS:]
    return [
        {
            "chain": chain.chain_id,
            "book": book,
            "kind": kind,
            "plugin": chain.plugin_id,
            "symbol": chain.symbol,
            "level": chain.level,
            "state": getattr(chain, "state", "active") if kind == "reentry" else chain.status,
            "until_ns": getattr(chain, "until_ns", 0),
        }
        for kind, chain in reversed(found)
    ]


def caps_of(simulation: Simulation, book: str) -> list[dict[str, Any]]:
    """What a book may still lose or open; nothing where its strategies use no such service."""
    house, found = simulation.house, []
    risk = house.risk
    if risk is not None:
        for name, one in (("daily loss", risk.daily_limit()), ("lifetime loss", risk.lifetime_limit())):
            found.append(_cap(name, book, one.loss + one.open_risk, one.limit, one.remaining))
        entries = risk.at_stake.look(risk.tier()).entries
        most = risk.tiers.max_concurrent(risk.tier())
        found.append(_cap("open entries", book, entries, most, max(0, most - entries)))
    autonomous = house.safety.autonomous
    if autonomous is not None:
        stats = autonomous.stats()
        for name, used, limit in (
            ("recoveries today", "attempts", "daily_attempts"),
            ("recoveries lost today", "losses", "daily_losses"),
            ("recoveries at once", "concurrent", "concurrent_limit"),
        ):
            found.append(_cap(name, book, stats[used], stats[limit], max(0, stats[limit] - stats[used])))
    guard = house.guard
    if guard is not None and guard.levels[0] is not None:
        equity = simulation.account.equity
        left = Decimal(0) if guard.is_tripped else max(Decimal(0), equity - guard.levels[0])
        found.append(_cap("equity guard", book, equity, guard.levels[0], left))
    return found


def _cap(name: str, book: str, used: Any, limit: Any, left: Any) -> dict[str, Any]:
    return {"name": name, "book": book, "used": _number(used), "limit": _number(limit), "left": _number(left)}


def _number(value: Any) -> float | int:
    return value if isinstance(value, int) else round(float(value), DIGITS)


def feed_of(session: LiveSession, now_ns: int) -> dict[str, dict[str, Any]]:
    """By symbol that has prices: when the last one came, how old it is in seconds of the session, bid and ask."""
    found: dict[str, dict[str, Any]] = {}
    for symbol, prices in session.feed.growing.items():
        if not prices.n or len(found) >= MOST_SYMBOLS:
            continue
        _, ended = prices.progress()
        last_ns = int(prices.time[prices.n - 1]) + (prices.tf_ns if ended >= prices.n else 0)
        quote = prices.quote(session.now_ns, 3)
        point, digits = float(prices.instrument.point), prices.instrument.digits
        bid, ask = (None, None) if quote is None else (round(one * point, digits) for one in quote)
        age_s = round(max(0, now_ns - last_ns) / NS, 3)
        found[symbol] = {"last_ns": last_ns, "age_s": age_s, "bid": bid, "ask": ask}
    return found


def services_of(simulation: Simulation, plugin_id: str) -> Mapping[str, dict[str, Any]]:
    """Of one plugin, by service that it called: calls, errors, and the mean time of a call in milliseconds."""
    return {
        name: {"calls": one.calls, "errors": one.errors, "avg_ms": round(one.avg_time_ms, 4)}
        for name, one in simulation.apis[plugin_id].get_metrics().items()
        if one.calls
    }

"""A live runner's data folder as one side of a comparison, from the rows of its journal (docs/live.md names them).

A ``closed`` row tells the profit alone. Its gross follows from the prices and the rate, its commission from the
instrument; the swap is what is left where a rollover lies between entry and exit. What else is left is unexplained.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.errors import DataError
from zepix.journal.durable_reader import LogReader
from zepix.model import Catalogue, Instrument, Series
from zepix.model.order import OPENING_KINDS, PENDING_KINDS
from zepix.model.timeframe import minutes
from zepix.research.comparing.books import Book, Leg, Ticket, Told, half_even
from zepix.research.comparing.of_run import NS_OF_MS, STOPS, flat, slips_of
from zepix.research.comparing.quotes import Quotes
from zepix.research.comparing.worth import Worth
from zepix.research.parts import catalogue_of
from zepix.research.run_folder import JOURNAL
from zepix.services.rollover import rollovers_between
from zepix.spec import Spec, load_spec

__all__ = ["BOOKS", "BREAKER", "JOURNAL", "book_of_live", "books_in"]

BOOKS: Final = ("shadow", "live", "twin")
"""What a live runner keeps apart (docs/modes.md); rows that name none are of the first."""
BREAKER: Final = {"enabled": True, "tickets": 20, "max_gap_r": 0.25, "max_differing_frac": 0.2}
"""What holds where ``shadow_mode.breaker`` says nothing."""
_KINDS: Final = frozenset(
    {"config", "prices", "bar", "alert", "intent", "filled", "refused", "cancelled", "closed", "decision"}
)
_MINUTE_NS: Final = 60 * 10**9
Body = Mapping[str, Any]


def book_of_live(path: Path, name: str = "", book: str = "") -> Book:
    """A live folder, or its journal; ``book``: which of its books, ``shadow`` where it is not said. Raises DataError
    where there is none, JournalError where it cannot be believed."""
    found = path / JOURNAL if path.is_dir() else path
    if not found.is_file():
        raise DataError(f"{path} holds no journal of a live runner ({JOURNAL})")
    rows = _Rows(book or BOOKS[0])
    with LogReader(found) as reader:
        for row in reader.rows(0, None, kinds=_KINDS):
            rows.take(row.t_ns, row.kind, json.loads(row.body))
    if rows.config is None:
        raise DataError(f"{path} holds a journal without a configuration; is its first part missing?")
    if book and book != BOOKS[0] and book not in rows.books:
        raise DataError(f"{path} has no {book} book: no live broker took part, or nothing happened in it")
    called = name or path.name
    made = _Made(rows, f"{called}:{book}" if book else called).book()
    others = sorted(rows.books - {BOOKS[0]})
    if others and not book:
        made.notes.append(f"{called} has other books too: {', '.join(others)}; say {called}:{others[0]}")
    return made


def books_in(path: Path) -> set[str]:
    """The books of a live folder or journal in which something happened. Raises as ``book_of_live``."""
    found = path / JOURNAL if path.is_dir() else path
    if not found.is_file():
        raise DataError(f"{path} holds no journal of a live runner ({JOURNAL})")
    with LogReader(found) as reader:
        kinds = frozenset({"intent", "decision"})
        return {json.loads(row.body).get("book", BOOKS[0]) for row in reader.rows(0, None, kinds=kinds)}


class _Rows:
    """What the rows of a journal come to, gathered in order."""

    def __init__(self, book: str) -> None:
        self.book = book
        self.books: set[str] = set()
        self.config: Body | None = None
        self.configs = 0
        self.prices: dict[str, list[list[int]]] = defaultdict(list)
        self.bars: dict[str, str] = {}
        self.alerts: dict[str, tuple[int, Body]] = {}
        self.decisions: dict[str, tuple[str, str, Body]] = {}
        self.outcomes: dict[tuple[str, str], tuple[str, str]] = {}
        self.refused: list[Body] = []
        self.intents: dict[int, Body] = {}
        self.opened: list[Body] = []
        self.closes: dict[int, list[Body]] = defaultdict(list)
        self.closed: list[Body] = []

    def take(self, t_ns: int, kind: str, body: Body) -> None:
        if kind == "prices":
            self._prices(t_ns, body)
        elif kind == "bar":
            self.bars[body["symbol"]] = body["timeframe"]
            self.prices[body["symbol"]].append([body["opened_ns"], *body["bid"], *body["ask"]])
        elif kind == "config":
            self.config, self.configs = body, self.configs + 1
        elif kind == "alert":
            self.alerts[body["id"]] = (t_ns, body)
        elif self._is_ours(kind, body):
            self._traded(kind, body)

    def _is_ours(self, kind: str, body: Body) -> bool:
        """Rows of the book; and what was decided of an alert that no plugin saw, which is true of all of them."""
        book = body.get("book", BOOKS[0])
        self.books.add(book)
        return book == self.book or (kind == "decision" and not body["plugin"] and book == BOOKS[0])

    def _traded(self, kind: str, body: Body) -> None:
        if kind == "intent":
            self.intents[body["order"]] = body
        elif kind == "decision":
            self._decision(body)
        elif kind == "closed":
            self.closed.append(body)
        elif kind in ("refused", "cancelled"):
            self.refused.append(body)
        elif body["what"] in OPENING_KINDS and body["ticket"]:
            self.opened.append(body)
        elif body["what"] == "close":
            self.closes[body["fill_ns"]].append(body)

    def _prices(self, t_ns: int, body: Body) -> None:
        for symbol, bid_high, bid_low, bid_close, ask_high, ask_low, ask_close in body.get("ended", ()):
            row = self.prices[symbol][-1]
            row[2:5], row[6:9] = (bid_high, bid_low, bid_close), (ask_high, ask_low, ask_close)
        for symbol, bid, ask in body.get("opened", ()):
            self.prices[symbol].append([t_ns, bid, bid, bid, bid, ask, ask, ask, ask])

    def _decision(self, body: Body) -> None:
        self.outcomes[body["id"], body["plugin"]] = (body["outcome"], body["reason"])
        known = self.decisions.get(body["id"])
        if known is None or body["outcome"] == "filled" or known[0] == "working":
            self.decisions[body["id"]] = (body["outcome"], body["reason"], body)

    def series(self, timeframes: Mapping[str, str], wider: int = 0) -> dict[str, Series]:
        """The prices that the runner was given, by symbol; ``wider``: by so many points its broker's ask is higher."""
        empty, found = np.empty(0, np.int32), {}
        for symbol, rows in self.prices.items():
            table = np.array(rows, np.int64)
            table[:, 5:9] += wider
            word = self.bars.get(symbol) or timeframes.get(symbol, "1m")
            length_ns = 0 if word == "tick" else minutes(word) * _MINUTE_NS
            columns: list[Any] = [table[:, place].astype(np.int32) for place in range(1, 9)]
            found[symbol] = Series(symbol, word, length_ns, table[:, 0].copy(), *columns, *[empty] * 4)
        return found


class _Made:
    """Makes the book of gathered rows."""

    def __init__(self, rows: _Rows, name: str) -> None:
        assert rows.config is not None
        self.rows, self.name = rows, name
        self.spec: Spec = load_spec(None, flags=rows.config["settings"], environ={})
        self.catalogue: Catalogue = catalogue_of(self.spec)
        slot: Body = (self.spec.config.get("broker.live") or {}) if rows.book == "live" else {}
        self.slot = {f"broker.live.{key}": value for key, value in slot.items() if key != "fill"}
        self.spec = replace(self.spec, fill=replace(self.spec.fill, **slot.get("fill", {})))
        self.wider = int(slot.get("spread_points", 0))
        self.series = rows.series(rows.config.get("timeframes", {}), self.wider)
        self.account = self.spec.account
        self.order_of = {str(body["ticket"]): body["order"] for body in rows.opened}
        self.worth = Worth(self.series, self.catalogue, self.account.currency, self.account.digits)

    def book(self) -> Book:
        notes = []
        if self.rows.configs > 1:
            notes.append(f"{self.name} ran under {self.rows.configs} configurations; settings shown are the last one's")
        told = {name: self._told(name, t_ns, body) for name, (t_ns, body) in self.rows.alerts.items()}
        return Book(
            name=self.name,
            kind="live",
            currency=self.account.currency,
            digits=self.account.digits,
            tickets=self._tickets(told),
            catalogue=self.catalogue,
            alerts=told,
            knows_alerts=True,
            quotes=Quotes(self.series, self.catalogue, self.wider) if self.series else None,
            outcomes=self.rows.outcomes,
            refusals={
                (one["alert"], one["plugin"], self.rows.intents.get(one["order"], {}).get("role", "")): one["reason"]
                for one in self.rows.refused
                if one["what"] in OPENING_KINDS
            },
            settings={**flat(self.spec.as_dict()), **self.slot},
            grace_ns=self.spec.fill.open_grace_ms * NS_OF_MS,
            notes=notes,
            facts={} if self.rows.book == BOOKS[0] else {"breaker": self._breaker()},
        )

    def _breaker(self) -> dict[str, Any]:
        """The bounds between live and twin that the runner kept to."""
        said = self.spec.config.get("shadow_mode.breaker") or {}
        return {**BREAKER, **{name: value for name, value in said.items() if name in BREAKER}}

    def _told(self, name: str, t_ns: int, body: Body) -> Told:
        outcome, reason, row = self.rows.decisions.get(name, ("", "", {}))
        return Told(
            name, t_ns, row.get("symbol", ""), row.get("type", ""), row.get("side", ""), body.get("raw", ""),
            body.get("given_id") or "", outcome, reason,
        )  # fmt: skip

    def _tickets(self, told: Mapping[str, Told]) -> list[Ticket]:
        found = {body["ticket"]: self._ticket(body, told) for body in self.rows.opened}
        for body in self.rows.closed:
            ticket = found.get(body["ticket"])
            if ticket is None:
                raise DataError(f"{self.name} closed ticket {body['ticket']} without opening it; a part is missing")
            ticket.legs.append(self._leg(body, ticket, told))
        return list(found.values())

    def _ticket(self, body: Body, told: Mapping[str, Told]) -> Ticket:
        instrument, intent = self.catalogue[body["symbol"]], self.rows.intents.get(body["order"], {})
        point, alert = Fraction(instrument.point), told.get(body["alert"])
        stop_slip, limit_slip = slips_of(self.spec.fill, instrument, self._length_ns(body["symbol"]))
        asked = slip = None
        if body["what"] in PENDING_KINDS and intent:
            asked = point * int(intent["limit" if body["what"] == "stop_limit" else "price"])
            slip = stop_slip if body["what"] == "stop" else limit_slip
        return Ticket(
            id=str(body["ticket"]),
            symbol=body["symbol"],
            side=body["side"],
            units=_units(instrument, body["steps"]),
            entry_ns=body["fill_ns"],
            entry_price=body["points"] * point,
            alert=body["alert"],
            plugin=body["plugin"],
            role=intent.get("role", ""),
            chain=intent.get("chain_id", ""),
            signal_ns=None if alert is None else alert.received_ns,
            latency_ns=self.spec.fill.latency_ms * NS_OF_MS,
            asked=asked,
            slip=slip,
            risk=abs(body["points"] - body["sl"]) * point if body["sl"] else None,
        )

    def _leg(self, body: Body, ticket: Ticket, told: Mapping[str, Told]) -> Leg:
        instrument, reason = self.catalogue[body["symbol"]], body["reason"]
        price = body["points"] * Fraction(instrument.point)
        units = _units(instrument, body["steps"])
        value = self.worth.at(instrument, body["exit_ns"])
        closer = self._closer(body, ticket)
        alert = told.get(closer)
        stop_slip, limit_slip = slips_of(self.spec.fill, instrument, self._length_ns(body["symbol"]))
        gross, commission, swap, other = self._money(body, ticket, instrument, price, units, value)
        return Leg(
            exit_ns=body["exit_ns"],
            exit_price=price,
            units=units,
            gross=gross,
            commission=commission,
            swap=swap,
            other=other,
            reason=reason,
            closer=closer,
            closer_ns=None if alert is None else alert.received_ns,
            latency_ns=self.spec.fill.latency_ms * NS_OF_MS if closer else None,
            slip=stop_slip if reason in STOPS else limit_slip,
            value=value,
        )

    def _money(
        self, body: Body, ticket: Ticket, instrument: Instrument, price: Fraction, units: Fraction,
        value: Fraction | None,
    ) -> tuple[int, int, int, int]:  # fmt: skip
        """(gross, commission, swap, what neither is) of a closing fill."""
        unit, pnl = 10**self.account.digits, int(body["pnl_minor"])
        has_costs = self.spec.costs != "none"
        lots = Fraction(instrument.volume_step) * body["steps"]
        commission = -2 * half_even(lots * Fraction(instrument.commission_per_lot) * unit) if has_costs else 0
        if value is None:
            return pnl - commission, commission, 0, 0
        gross = half_even(ticket.side * (price - ticket.entry_price) * units * value)
        rest = pnl - gross - commission
        nights = rollovers_between(ticket.entry_ns, body["exit_ns"], instrument.triple_swap_weekday)
        return (gross, commission, rest, 0) if has_costs and nights else (gross, commission, 0, rest)

    def _closer(self, body: Body, ticket: Ticket) -> str:
        """The alert whose order closed it, the order that names it first; nothing where none did."""
        named: list[Body] = []
        free: list[Body] = []
        for order in self.rows.closes.get(body["exit_ns"], ()):
            intent = self.rows.intents.get(order["order"], {})
            if (order["symbol"], order["plugin"]) != (ticket.symbol, ticket.plugin):
                continue
            if intent.get("reason_to_close", "signal") != body["reason"] or order["side"] not in (0, ticket.side):
                continue
            tickets, targets = intent.get("tickets", ()), intent.get("targets", ())
            if int(ticket.id) in tickets or self.order_of[ticket.id] in targets:
                named.append(order)
            elif not tickets and not targets:
                free.append(order)
        return str(next((order["alert"] for order in [*named, *free]), ""))

    def _length_ns(self, symbol: str) -> int:
        return self.series[symbol].timeframe_ns if symbol in self.series else 1


def _units(instrument: Instrument, steps: int) -> Fraction:
    return steps * Fraction(instrument.volume_step) * Fraction(instrument.contract_size)

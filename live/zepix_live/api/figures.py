"""``/metrics``: figures for Prometheus, of the API itself and of what the engine says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

__all__ = ["CONTENT_TYPE", "FIGURES", "STATES", "engine_values", "figures"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
MOST_LABELS: Final = 200
STATES: Final = ("starting", "recovering", "running", "down", "halted", "failed", "silent", "unknown")
FIGURES: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "zepix_journal_last_seq": ("gauge", "The newest row of the journal.", ()),
    "zepix_projection_seq": ("gauge", "The last row of the journal that is in the database.", ()),
    "zepix_projection_behind_rows": ("gauge", "Rows of the journal that are not in the database yet.", ()),
    "zepix_projection_ok": ("gauge", "1 while the database follows the journal.", ()),
    "zepix_engine_state": ("gauge", "1 for the state that the engine is in.", ("state",)),
    "zepix_engine_inbox_seq": ("gauge", "The last row of the inbox that the engine has taken.", ()),
    "zepix_paused": ("gauge", "1 while no new risk is taken.", ()),
    "zepix_plugin_enabled": ("gauge", "1 for a plugin that takes alerts.", ("plugin", "strategy")),
    "zepix_plugin_failures_in_a_row": ("gauge", "Failures of a plugin since it last did well.", ("plugin",)),
    "zepix_plugin_open_tickets": ("gauge", "Open tickets of a plugin.", ("plugin",)),
    "zepix_plugin_handler_p95_ms": ("gauge", "How long the handlers of a plugin take, of 100 the 95th.", ("plugin",)),
    "zepix_book_balance": ("gauge", "Balance of a book, in its currency.", ("book", "currency")),
    "zepix_book_equity": ("gauge", "Equity of a book, in its currency.", ("book", "currency")),
    "zepix_book_open_tickets": ("gauge", "Open tickets of a book.", ("book",)),
    "zepix_book_pending_orders": ("gauge", "Orders of a book that wait or are on their way.", ("book",)),
    "zepix_cap_left": ("gauge", "What is left of a cap of a book.", ("cap", "book")),
    "zepix_feed_age_seconds": ("gauge", "Since the last price of a symbol.", ("symbol",)),
    "zepix_loop_lag_p99_ms": ("gauge", "How late the engine's turns are, of 100 the 99th.", ()),
    "zepix_journal_commit_p99_ms": ("gauge", "How long the journal takes to the disk, of 100 the 99th.", ()),
    "zepix_inbox_depth": ("gauge", "Rows of the inbox that the engine has not taken yet.", ()),
    "zepix_api_answers_total": ("counter", "Answers of the API.", ("status",)),
    "zepix_api_refused_total": ("counter", "Requests that the API turned away.", ("reason",)),
    "zepix_api_requests_in_flight": ("gauge", "Requests being answered.", ()),
    "zepix_api_clients": ("gauge", "Clients of /ws.", ()),
    "zepix_api_events_total": ("counter", "Rows that were sent to clients of /ws.", ()),
    "zepix_api_database_connections": ("gauge", "Connections to the database in use.", ()),
}
"""Every figure: its type, what it is, its labels. docs/api.md lists them, and a test compares the two."""
_MONEY: Final = re.compile(r"-?[0-9]{1,20}([.][0-9]{1,20})?")
Values = Iterable[tuple[str, tuple[str, ...], Any]]


def figures(values: Callable[[], Values]) -> bytes:
    """The text; ``values`` are (name, labels, value), of which those that are no numbers are left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Once(values))
    return generate_latest(registry)


class _Once:
    """Asked once, while the text is made."""

    def __init__(self, values: Callable[[], Values]) -> None:
        self._values = values

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Any] = {}
        for name, (kind, text, labels) in FIGURES.items():
            family = CounterMetricFamily if kind == "counter" else GaugeMetricFamily
            families[name] = family(name, text, labels=labels)
        known: dict[str, set[tuple[str, ...]]] = {name: set() for name in FIGURES}
        for name, labels, found in self._values():
            value, there = _figure(found), known[name]
            if value is not None and labels not in there and len(there) < MOST_LABELS:
                there.add(labels)
                families[name].add_metric(labels, value)
        yield from families.values()


def engine_values(view: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """What the engine says of itself, as far as it is there."""
    yield "zepix_paused", (), _number(view.get("paused"))
    for plugin, told in _tables(view.get("plugins")):
        yield "zepix_plugin_enabled", (plugin, str(told.get("strategy", ""))), _number(told.get("enabled"))
        yield "zepix_plugin_failures_in_a_row", (plugin,), told.get("failures_in_a_row")
        yield "zepix_plugin_open_tickets", (plugin,), told.get("open_tickets")
        handler = told.get("handler")
        p95 = handler.get("p95_ms") if isinstance(handler, Mapping) else told.get("handler_p95_ms")
        yield "zepix_plugin_handler_p95_ms", (plugin,), p95
    for book, told in _tables(view.get("books")):
        currency = str(told.get("currency", ""))
        yield "zepix_book_balance", (book, currency), told.get("balance")
        yield "zepix_book_equity", (book, currency), told.get("equity")
        yield "zepix_book_open_tickets", (book,), told.get("open_tickets")
        yield "zepix_book_pending_orders", (book,), told.get("pending")
    for symbol, told in _tables(view.get("feed")):
        yield "zepix_feed_age_seconds", (symbol,), told.get("age_s")
    caps = view.get("caps")
    for cap in caps if isinstance(caps, list) else ():
        if isinstance(cap, Mapping):
            yield "zepix_cap_left", (str(cap.get("name", "")), str(cap.get("book", ""))), cap.get("left")
    for name, part, key in (
        ("zepix_loop_lag_p99_ms", "loop", "lag_p99_ms"),
        ("zepix_journal_commit_p99_ms", "journal", "commit_p99_ms"),
        ("zepix_inbox_depth", "inbox", "depth"),
    ):
        found = view.get(part)
        yield name, (), found.get(key) if isinstance(found, Mapping) else None


def _tables(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for key, told in value.items() if isinstance(value, Mapping) else ():
        if isinstance(told, Mapping):
            yield str(key), told


def _figure(value: Any) -> float | None:
    """A number, also one that is written as text: money is."""
    if isinstance(value, int | float):
        return float(value)
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        return None
    return float(value)


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, bool) else None

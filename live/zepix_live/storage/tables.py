"""The tables, as this version knows them; the steps that lead there are in ``migrations``, and a test compares them.

Numbers ending in ``_ns`` are nanoseconds UTC, ``_minor`` the currency's smallest unit (cents), ``_points`` and
``steps`` the instrument's. A column of the same name ending in ``_at``, ``_price`` or ``lots`` is the same as text, for
people: exact, never computed with. ``seq`` is the number of the journal's row that a row comes from, ``last_seq`` of
the newest that changed it. ``strategy`` is a plugin's id, as in ``trades.parquet``. ``day`` is the UTC day,
``2026-01-31``. ``book`` is whose it is: ``shadow``, ``live`` or ``twin``, each of which numbers its orders, tickets and
chains by itself.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, Table, Text

__all__ = [
    "ALERTS",
    "AUDIT_LOG",
    "CONFIG_HISTORY",
    "DECISIONS",
    "METADATA",
    "ORDERS",
    "POSITIONS",
    "PROFIT_CHAINS",
    "PROJECTION",
    "REENTRY_CHAINS",
    "TABLES",
    "TRADES",
]

METADATA: Final = MetaData()
_WHOLE: Final = BigInteger().with_variant(Integer(), "sqlite")
"""64 bits on both; SQLite takes a key of this type for its own row number, which saves an index."""


def _key(name: str) -> Column[int]:
    return Column(name, _WHOLE, primary_key=True, autoincrement=False)


def _book() -> Column[str]:
    return Column("book", Text(), primary_key=True)


def _ints(*names: str, null: bool = False) -> list[Column[int]]:
    return [Column(name, _WHOLE, nullable=null) for name in names]


def _texts(*names: str, null: bool = False) -> list[Column[str]]:
    return [Column(name, Text(), nullable=null) for name in names]


PROJECTION: Final = Table(
    "projection",
    METADATA,
    _key("id"),
    *_ints("journal_seq", "fold"),
    *_texts("digest", "inbox", "state"),
)
"""One row: how far the journal has been taken, by which rules, and what has to be remembered between two calls."""

ALERTS: Final = Table(
    "alerts",
    METADATA,
    _key("seq"),
    *_ints("inbox_seq"),
    *_texts("alert_id", "kind", "source", "ticker", "raw", "reason", "detail"),
    *_texts("given_id", null=True),
    *_ints("of_inbox_seq", "delay_ns", null=True),
    *_ints("received_ns", "late_ns"),
    *_texts("received_at", "day"),
    Index("alerts_alert_id", "alert_id"),
    Index("alerts_given_id", "given_id"),
    Index("alerts_day", "day", "seq"),
)

DECISIONS: Final = Table(
    "decisions",
    METADATA,
    _key("seq"),
    *_ints("last_seq", "number"),
    *_texts("book", "alert_id", "strategy", "outcome", "reason", "symbol", "type", "side"),
    Column("is_final", Boolean(), nullable=False),
    *_ints("decided_ns"),
    *_texts("decided_at", "day", "numbers"),
    Index("decisions_alert_id", "alert_id"),
    Index("decisions_reason_day", "reason", "day", "seq"),
    Index("decisions_strategy_day", "strategy", "day", "seq"),
    Index("decisions_outcome_day", "outcome", "day", "seq"),
    Index("decisions_day", "day", "seq"),
    Index("decisions_book_day", "book", "day", "seq"),
)

ORDERS: Final = Table(
    "orders",
    METADATA,
    _book(),
    _key("order_id"),
    *_ints("seq", "last_seq"),
    *_texts("kind", "status", "reason", "strategy", "alert_id", "symbol", "side", "role", "chain_id"),
    *_ints("steps", "sl_points", "tp_points", "price_points", "ticket", "fill_points", "fill_ns", null=True),
    *_texts("lots", "sl_price", "tp_price", "fill_price", "filled_at", null=True),
    *_ints("decided_ns"),
    *_ints("answered_ns", null=True),
    *_texts("decided_at", "day"),
    *_texts("answered_at", null=True),
    *_texts("command"),
    Index("orders_alert_id", "alert_id"),
    Index("orders_chain_id", "chain_id"),
    Index("orders_status", "status", "day", "seq"),
    Index("orders_day", "day", "seq"),
    Index("orders_book_day", "book", "day", "seq"),
)

POSITIONS: Final = Table(
    "positions",
    METADATA,
    _book(),
    _key("ticket"),
    *_ints("seq", "last_seq", "order_id"),
    *_texts("status", "strategy", "alert_id", "symbol", "side", "role", "chain_id"),
    *_ints("steps", "open_steps", "entry_ns", "entry_points", "initial_sl_points", "initial_tp_points"),
    *_ints("closed_ns", null=True),
    *_texts("lots", "open_lots", "entry_price", "closed_at", null=True),
    *_texts("entry_at", "currency"),
    *_ints("pnl_minor"),
    Index("positions_seq", "seq"),
    Index("positions_status", "status", "seq"),
    Index("positions_strategy", "strategy", "seq"),
    Index("positions_book", "book", "seq"),
    Index("positions_alert_id", "alert_id"),
    Index("positions_chain_id", "chain_id"),
)

TRADES: Final = Table(
    "trades",
    METADATA,
    _book(),
    _key("ticket"),
    _key("part"),
    *_ints("seq"),
    *_texts("strategy", "alert_id", "symbol", "side", "role", "chain_id"),
    *_ints("steps", "entry_ns", "entry_points", "exit_ns", "exit_points"),
    *_texts("lots", "entry_price", "exit_price", null=True),
    *_texts("entry_at", "exit_at", "day", "exit_reason", "currency"),
    *_ints("pnl_minor"),
    Index("trades_day", "day", "seq"),
    Index("trades_strategy_day", "strategy", "day", "seq"),
    Index("trades_book_day", "book", "day", "seq"),
    Index("trades_alert_id", "alert_id"),
    Index("trades_chain_id", "chain_id"),
)


def _chains(name: str) -> Table:
    return Table(
        name,
        METADATA,
        _book(),
        Column("chain_id", Text(), primary_key=True),
        *_ints("seq", "last_seq"),
        *_texts("kind", "status", "reason", "strategy", "alert_id", "symbol", "side"),
        *_ints("level", null=True),
        *_ints("orders", "orders_at_work", "tickets", "tickets_open", "wins", "losses", "pnl_minor"),
        *_texts("currency"),
        *_ints("began_ns", "changed_ns"),
        *_texts("began_at", "changed_at"),
        Index(f"{name}_seq", "seq"),
        Index(f"{name}_status", "status", "seq"),
        Index(f"{name}_strategy", "strategy", "seq"),
    )


REENTRY_CHAINS: Final = _chains("reentry_chains")
PROFIT_CHAINS: Final = _chains("profit_chains")

CONFIG_HISTORY: Final = Table(
    "config_history",
    METADATA,
    _key("seq"),
    *_ints("changed_ns"),
    *_texts("changed_at", "hash", "version", "settings", "changed", "timeframes", "files", "who"),
    *_ints("command_seq", null=True),
)

AUDIT_LOG: Final = Table(
    "audit_log",
    METADATA,
    _key("seq"),
    *_ints("inbox_seq", "given_ns", "taken_ns"),
    *_texts("given_at", "day", "given_id", "who", "came_from", "command", "target", "asked"),
    *_texts("before", "after", "level", "outcome", null=True),
    Index("audit_log_day", "day", "seq"),
    Index("audit_log_who", "who", "seq"),
)

TABLES: Final = {
    table.name: table
    for table in (
        TRADES, REENTRY_CHAINS, PROFIT_CHAINS, CONFIG_HISTORY, ORDERS, POSITIONS, ALERTS, DECISIONS, AUDIT_LOG,
    )
}  # fmt: skip
"""Those that people search, by name."""

"""Books: whose an order, a ticket, a decision or a chain is. The tables of trading are made anew, without indexes.

Orders and tickets are numbered by each book for itself, so the book belongs to their keys. What the tables held comes
again from the journal: the projector's own number was counted up with this step, by which it begins anew.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final[str | None] = "0002"
branch_labels: Final[None] = None
depends_on: Final[None] = None

CHAINS: Final = ("reentry_chains", "profit_chains")
MADE_ANEW: Final = ("trades", "positions", "orders", "decisions", *CHAINS)
INDEXES: Final = (
    ("alerts", "alert_id", ("alert_id",)),
    ("alerts", "given_id", ("given_id",)),
    ("alerts", "day", ("day", "seq")),
    ("decisions", "alert_id", ("alert_id",)),
    ("decisions", "reason_day", ("reason", "day", "seq")),
    ("decisions", "strategy_day", ("strategy", "day", "seq")),
    ("decisions", "outcome_day", ("outcome", "day", "seq")),
    ("decisions", "day", ("day", "seq")),
    ("orders", "alert_id", ("alert_id",)),
    ("orders", "chain_id", ("chain_id",)),
    ("orders", "status", ("status", "order_id")),
    ("orders", "day", ("day", "order_id")),
    ("positions", "status", ("status", "ticket")),
    ("positions", "strategy", ("strategy", "ticket")),
    ("positions", "alert_id", ("alert_id",)),
    ("positions", "chain_id", ("chain_id",)),
    ("trades", "day", ("day", "seq")),
    ("trades", "strategy_day", ("strategy", "day", "seq")),
    ("trades", "alert_id", ("alert_id",)),
    ("trades", "chain_id", ("chain_id",)),
    ("reentry_chains", "status", ("status", "seq")),
    ("reentry_chains", "strategy", ("strategy", "seq")),
    ("profit_chains", "status", ("status", "seq")),
    ("profit_chains", "strategy", ("strategy", "seq")),
    ("audit_log", "day", ("day", "seq")),
    ("audit_log", "who", ("who", "seq")),
)
"""Those of step 0002, which the next step makes again in their new shape."""


def _whole() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, _whole(), primary_key=True, autoincrement=False)


def _book(has_books: bool) -> list[sa.Column[Any]]:
    return [sa.Column("book", sa.Text(), primary_key=True)] if has_books else []


def _ints(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, _whole(), nullable=null) for name in names]


def _texts(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def upgrade() -> None:
    """With books, empty."""
    for table, name, _ in INDEXES:
        op.drop_index(f"{table}_{name}", table_name=table)
    _make(has_books=True)


def downgrade() -> None:
    """As they were, empty."""
    _make(has_books=False)
    for table, name, columns in INDEXES:
        op.create_index(f"{table}_{name}", table, list(columns))


def _make(*, has_books: bool) -> None:
    for name in MADE_ANEW:
        op.drop_table(name)
    _make_what_was_traded(has_books)
    for name in CHAINS:
        op.create_table(
            name,
            *_book(has_books),
            sa.Column("chain_id", sa.Text(), primary_key=True),
            *_ints("seq", "last_seq"),
            *_texts("kind", "status", "reason", "strategy", "alert_id", "symbol", "side"),
            *_ints("level", null=True),
            *_ints("orders", "orders_at_work", "tickets", "tickets_open", "wins", "losses", "pnl_minor"),
            *_texts("currency"),
            *_ints("began_ns", "changed_ns"),
            *_texts("began_at", "changed_at"),
        )


def _make_what_was_traded(has_books: bool) -> None:
    op.create_table(
        "decisions",
        _key("seq"),
        *_ints("last_seq", "number"),
        *_texts(*(["book"] if has_books else [])),
        *_texts("alert_id", "strategy", "outcome", "reason", "symbol", "type", "side"),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        *_ints("decided_ns"),
        *_texts("decided_at", "day", "numbers"),
    )
    op.create_table(
        "orders",
        *_book(has_books),
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
    )
    op.create_table(
        "positions",
        *_book(has_books),
        _key("ticket"),
        *_ints("seq", "last_seq", "order_id"),
        *_texts("status", "strategy", "alert_id", "symbol", "side", "role", "chain_id"),
        *_ints("steps", "open_steps", "entry_ns", "entry_points", "initial_sl_points", "initial_tp_points"),
        *_ints("closed_ns", null=True),
        *_texts("lots", "open_lots", "entry_price", "closed_at", null=True),
        *_texts("entry_at", "currency"),
        *_ints("pnl_minor"),
    )
    op.create_table(
        "trades",
        *_book(has_books),
        _key("ticket"),
        _key("part"),
        *_ints("seq"),
        *_texts("strategy", "alert_id", "symbol", "side", "role", "chain_id"),
        *_ints("steps", "entry_ns", "entry_points", "exit_ns", "exit_points"),
        *_texts("lots", "entry_price", "exit_price", null=True),
        *_texts("entry_at", "exit_at", "day", "exit_reason", "currency"),
        *_ints("pnl_minor"),
    )

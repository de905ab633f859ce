"""The nine tables of the product's owner, and how far the journal has been taken."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final[str | None] = None
branch_labels: Final[None] = None
depends_on: Final[None] = None

CHAINS: Final = ("reentry_chains", "profit_chains")
NAMES: Final = (
    *("audit_log", "config_history", *CHAINS, "trades", "positions", "orders", "decisions", "alerts", "projection"),
)


def _whole() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _key(name: str) -> sa.Column[Any]:
    return sa.Column(name, _whole(), primary_key=True, autoincrement=False)


def _ints(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, _whole(), nullable=null) for name in names]


def _texts(*names: str, null: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=null) for name in names]


def upgrade() -> None:
    """An empty database gets the tables."""
    op.create_table(
        "projection", _key("id"), *_ints("journal_seq", "fold"), *_texts("digest", "inbox", "state")
    )  # fmt: skip
    _what_came_in()
    _what_was_traded()
    for name in CHAINS:
        op.create_table(
            name,
            sa.Column("chain_id", sa.Text(), primary_key=True),
            *_ints("seq", "last_seq"),
            *_texts("kind", "status", "reason", "strategy", "alert_id", "symbol", "side"),
            *_ints("level", null=True),
            *_ints("orders", "orders_at_work", "tickets", "tickets_open", "wins", "losses", "pnl_minor"),
            *_texts("currency"),
            *_ints("began_ns", "changed_ns"),
            *_texts("began_at", "changed_at"),
        )
    op.create_table(
        "config_history",
        _key("seq"),
        *_ints("changed_ns"),
        *_texts("changed_at", "hash", "version", "settings", "changed", "timeframes", "files", "who"),
        *_ints("command_seq", null=True),
    )
    op.create_table(
        "audit_log",
        _key("seq"),
        *_ints("inbox_seq", "given_ns", "taken_ns"),
        *_texts("given_at", "day", "given_id", "who", "came_from", "command", "target", "asked"),
        *_texts("before", "after", "level", "outcome", null=True),
    )


def _what_came_in() -> None:
    op.create_table(
        "alerts",
        _key("seq"),
        *_ints("inbox_seq"),
        *_texts("alert_id", "kind", "source", "ticker", "raw", "reason", "detail"),
        *_texts("given_id", null=True),
        *_ints("of_inbox_seq", "delay_ns", null=True),
        *_ints("received_ns", "late_ns"),
        *_texts("received_at", "day"),
    )
    op.create_table(
        "decisions",
        _key("seq"),
        *_ints("last_seq", "number"),
        *_texts("alert_id", "strategy", "outcome", "reason", "symbol", "type", "side"),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        *_ints("decided_ns"),
        *_texts("decided_at", "day", "numbers"),
    )


def _what_was_traded() -> None:
    op.create_table(
        "orders",
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
        _key("ticket"),
        _key("part"),
        *_ints("seq"),
        *_texts("strategy", "alert_id", "symbol", "side", "role", "chain_id"),
        *_ints("steps", "entry_ns", "entry_points", "exit_ns", "exit_points"),
        *_texts("lots", "entry_price", "exit_price", null=True),
        *_texts("entry_at", "exit_at", "day", "exit_reason", "currency"),
        *_ints("pnl_minor"),
    )


def downgrade() -> None:
    """All of it goes."""
    for name in NAMES:
        op.drop_table(name)

"""Indexes, once more: what people search by, newest first, each book's too."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0004"
down_revision: Final[str | None] = "0003"
branch_labels: Final[None] = None
depends_on: Final[None] = None

CHAINS: Final = ("reentry_chains", "profit_chains")
INDEXES: Final = (
    ("alerts", "alert_id", ("alert_id",)),
    ("alerts", "given_id", ("given_id",)),
    ("alerts", "day", ("day", "seq")),
    ("decisions", "alert_id", ("alert_id",)),
    ("decisions", "reason_day", ("reason", "day", "seq")),
    ("decisions", "strategy_day", ("strategy", "day", "seq")),
    ("decisions", "outcome_day", ("outcome", "day", "seq")),
    ("decisions", "day", ("day", "seq")),
    ("decisions", "book_day", ("book", "day", "seq")),
    ("orders", "alert_id", ("alert_id",)),
    ("orders", "chain_id", ("chain_id",)),
    ("orders", "status", ("status", "day", "seq")),
    ("orders", "day", ("day", "seq")),
    ("orders", "book_day", ("book", "day", "seq")),
    ("positions", "seq", ("seq",)),
    ("positions", "status", ("status", "seq")),
    ("positions", "strategy", ("strategy", "seq")),
    ("positions", "book", ("book", "seq")),
    ("positions", "alert_id", ("alert_id",)),
    ("positions", "chain_id", ("chain_id",)),
    ("trades", "day", ("day", "seq")),
    ("trades", "strategy_day", ("strategy", "day", "seq")),
    ("trades", "book_day", ("book", "day", "seq")),
    ("trades", "alert_id", ("alert_id",)),
    ("trades", "chain_id", ("chain_id",)),
    *((name, "seq", ("seq",)) for name in CHAINS),
    *((name, "status", ("status", "seq")) for name in CHAINS),
    *((name, "strategy", ("strategy", "seq")) for name in CHAINS),
    ("audit_log", "day", ("day", "seq")),
    ("audit_log", "who", ("who", "seq")),
)


def upgrade() -> None:
    """Tables that people search get their indexes."""
    for table, name, columns in INDEXES:
        op.create_index(f"{table}_{name}", table, list(columns))


def downgrade() -> None:
    """They go; what is in the tables stays."""
    for table, name, _ in reversed(INDEXES):
        op.drop_index(f"{table}_{name}", table_name=table)

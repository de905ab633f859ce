"""Indexes: what people search by, newest first."""

from __future__ import annotations

from typing import Final

from alembic import op

revision: Final = "0002"
down_revision: Final[str | None] = "0001"
branch_labels: Final[None] = None
depends_on: Final[None] = None

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


def upgrade() -> None:
    """Tables that people search get their indexes."""
    for table, name, columns in INDEXES:
        op.create_index(f"{table}_{name}", table, list(columns))


def downgrade() -> None:
    """They go; what is in the tables stays."""
    for table, name, _ in reversed(INDEXES):
        op.drop_index(f"{table}_{name}", table_name=table)

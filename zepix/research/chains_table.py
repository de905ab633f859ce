"""What became of every chain as a table: one row a step, times in UTC, money as floats."""

from __future__ import annotations

from typing import Any

from zepix.engine.record import RunRecord
from zepix.research import arrow
from zepix.research.columns import integers, texts

__all__ = ["chains_table"]


def chains_table(record: RunRecord) -> Any:
    """One row a step of a chain, in the order in which they happened (pyarrow.Table)."""
    steps = record.chains

    def number(name: str, field: str) -> tuple[str, Any]:
        values = integers(steps, field)
        return name, arrow.integers(values, values == 0)

    def word(name: str, field: str = "") -> tuple[str, Any]:
        return name, arrow.strings(texts(steps, field or name))

    return arrow.table(
        [
            ("time", arrow.times(integers(steps, "t_ns"))),
            *(word("chain_id"), word("kind"), word("strategy", "plugin_id"), word("symbol"), word("alert_id")),
            ("level", arrow.integers(integers(steps, "level"))),
            *(word("state"), word("reason")),
            *(number("order", "order_id"), number("ticket", "ticket")),
            ("money", arrow.floats(integers(steps, "money_minor") / 10**record.account.digits)),
        ]
    )

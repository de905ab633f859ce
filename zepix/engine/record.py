"""Everything a run leaves behind, in memory; ``research.result`` writes it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zepix.model import AccountSpec, Alert, Catalogue, ClosingFill, DecisionRow, FillModel, Order, Quarantined, Series
from zepix.services.chain_log import ChainStep

__all__ = ["JournalLine", "RunRecord"]

JournalLine = tuple[int, str, dict[str, Any]]
"""(ts_recv_ns, kind, fields); the sequence number is its place in the list."""


@dataclass(slots=True, eq=False)
class RunRecord:
    """The facts of one run. ``balances`` holds (ns, balance in minor units) at every change, the deposit first.

    ``alerts`` are those of the log in order of arrival, quarantined ones included; ``series`` the prices by symbol;
    ``recorded`` what strategies recorded: name -> [(ns, value)]; ``chains`` what became of every chain, step by step.
    """

    account: AccountSpec
    fill_model: FillModel
    catalogue: Catalogue
    series: Mapping[str, Series]
    costs: str = "instrument"
    start_ns: int = 0
    end_ns: int = 0
    alerts: list[Alert | Quarantined] = field(default_factory=list)
    fills: list[ClosingFill] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    balances: list[tuple[int, int]] = field(default_factory=list)
    journal: Sequence[JournalLine] = ()
    recorded: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    chains: list[ChainStep] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    plugins: list[dict[str, Any]] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)

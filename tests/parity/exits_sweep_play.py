"""A replay and a compiled sweep of the same exits, side by side: every ticket to the point and the minor unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.strategy import PluginInfo, Strategy
from zepix.model import AccountSpec, Alert, Catalogue, Decision, Quantity, Refused, Series, Trail
from zepix.research.exits_sweep.grid import read_grid
from zepix.research.exits_sweep.result import Cell, ExitsSweep
from zepix.research.exits_sweep.rows import Kept
from zepix.research.exits_sweep.run import Plan, sweep
from zepix.research.exits_sweep.sizes import Sizes
from zepix.research.simulate import Rules, simulate

RICH = AccountSpec(Decimal(10) ** 12)
Row = tuple[Any, ...]


class Exits(Strategy):
    """Follows entries with exits of its own, in points from the fill."""

    info = PluginInfo(strategy="exits_of_a_cell", services=("exits",))
    stop: int = 0
    target: int = 0
    trails: list[tuple[int, int, int]]
    plan: dict[str, Any]
    flat: bool = False
    lots: str = ""
    risk: float = 0.0

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        orders = self.api.orders
        if self.flat and (orders.open_tickets(alert.symbol) or orders.under_way(alert.symbol)):
            return Decision.refused("one_at_a_time")
        volume: Any = self.lots or None
        if self.risk:
            volume = Quantity(self.risk, "money")
        sl = Quantity(self.stop, "points") if self.stop else None
        if self.plan:
            placed = await self.api.exits.place(alert.symbol, alert.side, self.lots, sl, self.plan)
            return None if placed else Decision.refused(placed.refused.reason)
        tp = Quantity(self.target, "points") if self.target else None
        trails = [Trail(*one) for one in self.trails]
        answer = await orders.place_order(alert.symbol, alert.side, volume, sl, tp, trails=trails)
        return Decision.refused(answer.reason) if isinstance(answer, Refused) else None

    async def on_ticket_closed(self, event: Any) -> None:
        if self.plan:
            await self.api.exits.on_ticket_closed(event)


class Pyramids(Strategy):
    """Follows entries with a stop and a target, and makes each the first order of a pyramid."""

    info = PluginInfo(strategy="pyramids_of_a_cell", services=("profit_booking",))
    stop: int = 0
    target: int = 0
    flat: bool = False
    lots: str = ""

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        orders = self.api.orders
        if self.flat and (orders.open_tickets(alert.symbol) or orders.under_way(alert.symbol)):
            return Decision.refused("one_at_a_time")
        stop, target = Quantity(self.stop, "points"), Quantity(self.target, "points")
        answer = await orders.place_order(alert.symbol, alert.side, self.lots, stop, target)
        if isinstance(answer, Refused):
            return Decision.refused(answer.reason)
        await self.api.profit_booking.create_profit_chain(answer.order_id)
        return None


def replayed(
    series: Mapping[str, Series], catalogue: Catalogue, alerts: Sequence[Alert], rules: Rules,
    cls: type[Strategy] = Exits, **settings: Any,
) -> tuple[list[Row], Any]:  # fmt: skip
    """The tickets of a replay, as ``Cell.rows`` has them, in the order in which they closed; and the record."""
    registry = PluginRegistry()
    registry.register(cls)
    name = cls.info.plugin_id
    model = replace(rules.fill_model, stop_out_frac=0.0)
    rules = replace(rules, as_family=name, fill_model=model, account=replace(rules.account, balance=RICH.balance))
    given = {"trails": [], "plan": {}, **settings} if cls is Exits else settings
    plugins = [PluginConfig(name, name, given)]
    record = simulate(series, catalogue, list(alerts), plugins, registry=registry, rules=rules)
    assert not [d for d in record.decisions if d.outcome == "error"], "the strategy of this test raised"
    return rows_of(record), record


def rows_of(record: Any) -> list[Row]:
    """Closing fills as ``Cell.rows`` has them."""
    return [
        (f.alert_id, f.symbol, f.side, f.role, f.steps, f.entry_ns, f.entry_points, f.exit_ns, f.exit_points,
         f.exit_reason, f.gross_minor, f.commission_minor, f.swap_minor, f.pnl_minor, f.pnl_points, f.bars_held,
         f.ambiguous)
        for f in record.fills
    ]  # fmt: skip


def swept(
    series: Mapping[str, Series], catalogue: Catalogue, alerts: Sequence[Alert], rules: Rules, *, flat: bool = False,
    lots: str = "", risk: float = 0.0, workers: int = 1, **grid: Any,
) -> ExitsSweep:  # fmt: skip
    """A compiled sweep of what is in memory."""
    sizes = Sizes(Decimal(lots) if lots else None, Decimal(str(risk)) if risk else None)
    plan = Plan(read_grid(grid, ()), sizes, flat, workers=workers)
    rows = Kept()
    return ExitsSweep(sweep(series, catalogue, alerts, rules, plan, rows), rows, {})


def tickets(cell: Cell) -> list[Row]:
    return [tuple(row.values()) for row in cell.rows()]


def check_sums(row: Mapping[str, Any], rows: Sequence[Row], record: Any) -> None:
    """A cell's sums are those of the replay's tickets and of its balances."""
    money = [row[13] for row in rows]
    assert row["net_minor"] == sum(money)
    assert row["tickets"] == len(rows)
    assert row["ambiguous"] == sum(row[16] for row in rows)
    if rows:
        assert row["win_rate"] == sum(1 for one in money if one > 0) / len(money)
    balances = [balance for _, balance in record.balances]
    peak, fall = balances[0], 0
    for balance in balances:
        peak = max(peak, balance)
        fall = max(fall, peak - balance)
    assert round(row["max_drawdown"] * 10**record.account.digits) == fall

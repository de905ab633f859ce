"""What is the same in every cell: the entries' fills, found once by the engine itself, and how money is counted.

A replay with a strategy that only enters, without stop or target, on an account that is never short, says for each
alert when its order was filled and at what price, or that it was not: duplicates, closed markets, latency, grace and
paused symbols are the engine's own. Levels, exits, volumes and money come later, cell by cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.strategy import PluginInfo, Strategy
from zepix.errors import ConfigError, DataError
from zepix.model import AccountSpec, Alert, Catalogue, Decision, Instrument, Order, Quarantined, Series
from zepix.model.series import Int64
from zepix.research.exits_sweep.terms import Terms, terms_of
from zepix.research.simulate import Rules, Simulation
from zepix.services.conversion import Conversions

__all__ = ["Market", "Prepared", "prepare"]

NAME: Final = "exits_sweep"
PLENTY: Final = Decimal(10) ** 15
NEVER: Final = 1 << 62
OTHER_TYPES: Final = ("exit", "reversal", "modify", "cancel")
OTHERS: Final = ("refuse", "ignore")


class EntersOnly(Strategy):
    """Follows every entry alert at the market, with nothing to leave by."""

    info = PluginInfo(strategy=NAME, services=())

    async def process_entry_signal(self, alert: Alert) -> Decision | None:
        if alert.side is None:
            return Decision.refused("no_side")
        if alert.order_type != "market":
            return Decision("ignored", "pending_order")
        await self.api.orders.place_order(alert.symbol, alert.side)
        return None

    async def process_exit_signal(self, alert: Alert) -> Decision | None:
        del alert
        return Decision("ignored", "exits_are_swept")

    async def process_reversal_signal(self, alert: Alert) -> Decision | None:
        del alert
        return Decision("ignored", "exits_are_swept")


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """One symbol: its prices, the facts kernels need, and its entries in order of their orders.

    ``entries`` are int64 arrays: column, side, row of the fill (-1: none), points, closing side's price, entry ns,
    decided ns, from when on the order is answered, place (symbol, then age), first row at whose end a stop may move,
    from when on an order of a wrong volume is answered.
    """

    instrument: Instrument
    series: Series
    bid: tuple[Any, ...]
    ask: tuple[Any, ...]
    slippage_points: int
    entries: tuple[Int64, ...]
    terms: Terms

    @property
    def lowest_entry(self) -> int:
        """The lowest price in points that anything was entered at; where nothing was, no stop is too deep."""
        filled = self.entries[3][self.entries[2] >= 0]
        return int(filled.min()) if len(filled) else NEVER


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All symbols, and what the entries are; columns count all entries in order of their orders.

    ``rates(symbol, decided_ns)`` is the rate of the symbol's profit currency at a decision, for sizing; None where
    nobody knows it yet.
    """

    markets: tuple[Market, ...]
    order_ids: Int64
    alert_ids: tuple[str, ...]
    rules: Rules
    rates: Callable[[str, int], Decimal | None]
    alerts: int
    notes: tuple[str, ...]

    @property
    def columns(self) -> int:
        return len(self.order_ids)

    @property
    def filled(self) -> int:
        return sum(int((m.entries[2] >= 0).sum()) for m in self.markets)


def prepare(
    series: Mapping[str, Series],
    catalogue: Catalogue,
    rows: Sequence[Alert | Quarantined],
    rules: Rules,
    *,
    finer: Mapping[str, Series] | None = None,
    other_alerts: str = "refuse",
) -> Prepared:
    """Find every entry's fill; raises ConfigError for alerts that ask for more, DataError where nothing is filled."""
    notes = _looked_at(rows, other_alerts)
    registry = PluginRegistry()
    registry.register(EntersOnly)
    model = replace(rules.fill_model, stop_out_frac=0.0)
    account = AccountSpec(PLENTY, rules.account.currency, rules.account.leverage, rules.account.digits)
    given = replace(rules, account=account, fill_model=model, as_family=NAME, broker="shadow", services={})
    simulation = Simulation(series, catalogue, registry, [PluginConfig(NAME, NAME, {})], given, finer=finer)
    simulation.begin(list(rows))
    simulation.go_on()
    orders = [order for order in simulation.engine.orders if order.opens]
    if not any(order.ticket for order in orders):
        raise DataError(_nothing_filled(simulation.finish()))
    notes += _unfilled(orders)
    conversions = Conversions(simulation.prices, account.currency)
    markets = _markets(simulation, orders, rules, account, conversions)
    return Prepared(
        markets,
        np.array([order.id for order in orders], np.int64),
        tuple(order.alert_id for order in orders),
        rules,
        lambda symbol, t_ns: _rate(conversions, catalogue[symbol].profit_currency, t_ns),
        sum(1 for row in rows if isinstance(row, Alert)),
        tuple(notes),
    )


def _rate(conversions: Conversions, currency: str, t_ns: int) -> Decimal | None:
    return conversions.rate(currency, t_ns) if conversions.is_known(currency, t_ns) else None


def _looked_at(rows: Sequence[Alert | Quarantined], other_alerts: str) -> list[str]:
    """Notes about the alerts; raises ConfigError for those that a cell of exits cannot follow."""
    alerts = [row for row in rows if isinstance(row, Alert)]
    if not alerts:
        raise DataError("no alert to sweep: the log holds none in this period that could be understood")
    if other_alerts not in OTHERS:
        raise ConfigError(f"other_alerts: expected {' or '.join(OTHERS)}, not {other_alerts!r}")
    entries = [a for a in alerts if a.type == "entry"]
    if not entries:
        raise DataError(f"no entry among {len(alerts)} alerts; there is nothing to leave")
    kinds = Counter(a.type for a in alerts if a.type in OTHER_TYPES)
    kinds += Counter(f"{a.order_type} order" for a in entries if a.order_type != "market")
    said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    if kinds and other_alerts == "refuse":
        raise ConfigError(
            f"alerts: {said} would act on what is open in a cell; say other_alerts='ignore' to sweep the exits of "
            "market entries alone, or replay them with zx.sweep"
        )
    notes = [f"left alone, as other_alerts says: {said}"] if kinds else []
    own = sum(1 for a in entries if any(v is not None for v in (a.sl, a.tp, a.trailing, a.break_even_points)))
    if own:
        notes.append(f"{own} entries bring levels of their own; each cell's stand in their place")
    spread = sum(1 for a in entries if a.max_spread is not None)
    if spread:
        notes.append(f"{spread} entries name a widest spread, which nobody looks at here")
    return notes


def _unfilled(orders: Sequence[Order]) -> list[str]:
    """A note on the orders that no cell can have, whatever its exits; none where all were filled."""
    reasons = Counter(order.reason or order.status for order in orders if not order.ticket)
    if not reasons:
        return []
    said = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:6])
    return [f"{reasons.total()} of {len(orders)} entries are filled in no cell: {said}"]


def _nothing_filled(record: RunRecord) -> str:
    reasons = Counter(d.reason or d.outcome for d in record.decisions if d.type == "entry")
    said = ", ".join(f"{reason} {count}" for reason, count in sorted(reasons.items(), key=lambda item: -item[1])[:6])
    return f"no entry was filled, so there is no exit to sweep: {said}; do the prices cover the alerts?"


def _markets(
    simulation: Simulation, orders: Sequence[Order], rules: Rules, account: AccountSpec, conversions: Conversions
) -> tuple[Market, ...]:
    by_symbol: dict[str, list[tuple[int, Order]]] = {}
    for column, order in enumerate(orders):
        by_symbol.setdefault(order.symbol, []).append((column, order))
    found: list[Market] = []
    place = 0
    for prices in simulation.prices:  # in catalogue order, which breaks ties between symbols
        own = by_symbol.get(prices.symbol, [])
        if not own:
            continue
        series = prices.series
        found.append(
            Market(
                prices.instrument,
                series,
                _side(series, "bid"),
                _side(series, "ask"),
                rules.fill_model.slippage_of(prices.instrument, prices.tf_ns),
                _entries(series, own, place, rules.fill_model.latency_ms * 1_000_000),
                terms_of(prices, account, conversions, has_costs=rules.costs != "none"),
            )
        )
        place += len(own)
    return tuple(found)


def _side(series: Series, side: str) -> tuple[Any, ...]:
    names = ("open", "low", "high", "close", "mins", "maxs")
    return tuple(np.ascontiguousarray(getattr(series, f"{side}_{name}")) for name in names)


def _entries(series: Series, own: Sequence[tuple[int, Order]], place: int, latency_ns: int) -> tuple[Int64, ...]:
    columns = np.array([column for column, _ in own], np.int64)
    side = np.array([order.side for _, order in own], np.int64)
    fill_ns = np.array([order.fill_ns if order.ticket else -1 for _, order in own], np.int64)
    points = np.array([order.fill_points for _, order in own], np.int64)
    decided = np.array([order.decided_ns for _, order in own], np.int64)
    answered = np.array([order.answered_ns if order.answered_ns >= 0 else NEVER for _, order in own], np.int64)
    is_filled = fill_ns >= 0
    row = np.where(is_filled, np.searchsorted(series.time, fill_ns, side="right") - 1, -1).astype(np.int64)
    safe = np.maximum(row, 0)
    closing = np.where(side > 0, series.bid_open[safe], series.ask_open[safe]).astype(np.int64)
    # answered in phase 4, after the alerts of that instant, unless a later open answered it in phase 2
    late = np.where((answered > decided) & (~is_filled | (fill_ns == answered)), answered, answered + 1)
    late = np.where(~is_filled & (answered > decided), answered + 1, late)
    ticks = series.timeframe_ns == 0
    from_row = safe + (1 if ticks else 0) * (is_filled & (decided == answered))
    arrival = decided + latency_ns
    at = np.minimum(np.searchsorted(series.time, arrival), len(series) - 1)
    wrong = np.where((latency_ns > 0) & (series.time[at] == arrival), arrival, arrival + 1)
    places = np.arange(place, place + len(own), dtype=np.int64)
    return tuple(
        np.ascontiguousarray(a, np.int64)
        for a in (columns, side, row, points, closing, fill_ns, decided, late, places, from_row, wrong)
    )

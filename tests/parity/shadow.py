"""The oracle's scenarios, given to zepix: the same bars, instruments, alerts and rules, in both forms of its broker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from tests.oracle.scenarios import Scenario
from zepix.brokers.shadow.step import StepFeed
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.engine.registry import PluginConfig, PluginRegistry, builtin_strategies
from zepix.kernels.crossing import build_index
from zepix.model import AccountSpec, Alert, Catalogue, ClosingFill, FillModel, Instrument, Series, Side
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.model.timeframe import NS, normalise
from zepix.research.simulate import Rules, Simulation
from zepix.services.prices import SymbolPrices

TRADE_COLUMNS = (
    "ticket",
    "part",
    "symbol",
    "side",
    "steps",
    "entry_ns",
    "entry_points",
    "exit_ns",
    "exit_points",
    "initial_sl",
    "initial_tp",
    "sl",
    "tp",
    "exit_reason",
    "gross_minor",
    "commission_minor",
    "swap_minor",
    "pnl_minor",
    "pnl_points",
    "mae_points",
    "mfe_points",
    "bars_held",
    "ambiguous",
    "alert_id",
)


OPTIONAL = (
    "entry_price",
    "limit_price",
    "expires_s",
    "oco",
    "trailing",
    "break_even_points",
    "ref",
    "close_frac",
)


def instrument(symbol: str, given: Mapping[str, Any]) -> Instrument:
    numbers = ("point", "contract_size", "volume_step", "volume_min", "volume_max", "commission_per_lot")
    point = Decimal(str(given["point"]))
    return Instrument(
        symbol=symbol,
        asset_class="forex",
        pip=point * 10,
        profit_currency=given["profit_currency"],
        margin_currency=given["margin_currency"],
        stops_level_points=int(given["stops_level_points"]),
        swap_long_points=Decimal(str(given.get("swap_long_points", "0"))),
        swap_short_points=Decimal(str(given.get("swap_short_points", "0"))),
        triple_swap_weekday=int(given.get("triple_swap_weekday", 2)),
        **{name: Decimal(str(given[name])) for name in numbers},
    )


def series(symbol: str, point: float, bars: tuple[int, Sequence[tuple[Any, ...]]]) -> Series:
    timeframe_ns, rows = bars
    if not timeframe_ns:
        rows = [(t, *(bid,) * 4, *(ask,) * 4) for t, bid, ask in apart(rows)]
    columns = list(zip(*rows, strict=True))
    time = np.array(columns[0], np.int64)
    prices = [np.array([round(p / point) for p in column], np.int32) for column in columns[1:]]
    for side in range(4):  # crossed quotes: the ask is raised to the bid
        prices[4 + side] = np.maximum(prices[4 + side], prices[side])
    index = (*build_index(prices[2], prices[1]), *build_index(prices[6], prices[5]))
    timeframe = normalise(str(timeframe_ns // (60 * NS))) if timeframe_ns else "tick"
    return Series(symbol, timeframe, timeframe_ns, time, *prices, *index)


def apart(ticks: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Ticks of equal time a nanosecond apart, in their order."""
    last, found = -1, []
    for t, *prices in ticks:
        last = max(t, last + 1)
        found.append((last, prices[0], prices[-1]))
    return found


def alerts(given: Sequence[Mapping[str, Any]]) -> list[Alert]:
    made = [
        Alert(
            id=a["id"],
            received_ns=a["received_ns"],
            dialect="plain",
            type=a["type"],
            symbol=a["symbol"],
            side=None if a.get("side") is None else Side(a["side"]),
            volume=a.get("volume"),
            sl=a.get("sl") if a["type"] == "modify" else a.get("sl") or None,
            tp=a.get("tp") if a["type"] == "modify" else a.get("tp") or None,
            price=a.get("price"),
            explicit_id=a["id"],
            order_type=a.get("order_type") or "market",
            **{name: a.get(name) for name in OPTIONAL},
        )
        for a in given
    ]
    return sorted(made, key=lambda a: a.received_ns)


def settings_of(scenario: Scenario) -> ServiceSettings:
    """The equity guard, where the scenario has one."""
    if scenario.guard is None:
        return ServiceSettings()
    return ServiceSettings(equity_guard=EquityGuardSettings(enabled=True, **scenario.guard))


def prepared(scenario: Scenario, *, stepwise: bool = False) -> tuple[Simulation, Stepwise | None]:
    catalogue = Catalogue(instrument(s, given) for s, given in scenario.instruments.items())
    prices = {s: series(s, catalogue[s].point_float, scenario.bars[s]) for s in catalogue if s in scenario.bars}
    account = scenario.account
    rules = Rules(
        account=AccountSpec(
            Decimal(str(account["balance"])), account["currency"], Decimal(str(account["leverage"])), account["digits"]
        ),
        fill_model=FillModel(**scenario.fill),
        settings=settings_of(scenario),
    )
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    feed = Stepwise(catalogue, prices) if stepwise else None
    simulation = Simulation(
        prices,
        catalogue,
        registry,
        [PluginConfig("bracket", "bracket", dict(scenario.strategy))],
        rules,
        step_form=None if feed is None else feed.step_form,
    )
    return simulation, feed


def replay(scenario: Scenario) -> RunRecord:
    """The array form."""
    return prepared(scenario)[0].run(alerts(scenario.alerts))


def replay_stepwise(scenario: Scenario) -> Simulation:
    """The step form: bar by bar, as a live feed would bring them; returns the finished simulation."""
    simulation, feed = prepared(scenario, stepwise=True)
    assert feed is not None
    drive_stepwise(simulation, feed, alerts(scenario.alerts))
    return simulation


class Stepwise:
    """A feed of whole series, with a calendar that knows when each opens next."""

    def __init__(self, catalogue: Catalogue, prices: Mapping[str, Series]) -> None:
        whole = {s: SymbolPrices(p, catalogue[s], 0) for s, p in prices.items()}

        def calendar(symbol_prices: SymbolPrices, t_ns: int) -> int | None:
            row = whole[symbol_prices.symbol].next_open(t_ns)
            return None if row < 0 else int(whole[symbol_prices.symbol].time[row])

        self.feed = StepFeed(catalogue, {s: p.timeframe for s, p in prices.items()}, calendar)

    @property
    def step_form(self) -> tuple[Any, Any, Any]:
        return self.feed.prices, self.feed.agenda, self.feed.form


def drive_stepwise(simulation: Simulation, stepwise: Stepwise, rows: Sequence[Alert]) -> None:
    """Turn a session to the end of the data, an open and an end of a bar at a time."""
    engine, broker, session, feed = simulation.engine, simulation.broker, simulation.session, stepwise.feed
    instants = sorted(
        {int(t) + shift for s in simulation.series.values() for t in s.time for shift in (0, s.timeframe_ns)}
    )
    opened = dict.fromkeys(simulation.series, 0)
    due = 0
    for t_ns in instants:
        while due < len(rows) and rows[due].received_ns < t_ns:
            _alert(simulation, rows[due])
            due += 1
        session.advance((t_ns, 1, -1))
        for symbol, s in simulation.series.items():
            row = opened[symbol] - 1
            if row >= 0 and s.timeframe_ns and int(s.time[row]) + s.timeframe_ns == t_ns:
                bid = (int(s.bid_high[row]), int(s.bid_low[row]), int(s.bid_close[row]))
                ask = (int(s.ask_high[row]), int(s.ask_low[row]), int(s.ask_close[row]))
                feed.ended(symbol, bid, ask)
        session.advance((t_ns, 2, -1))
        for symbol, s in simulation.series.items():
            row = opened[symbol]
            if row < len(s) and int(s.time[row]) == t_ns:
                feed.opened(symbol, t_ns, int(s.bid_open[row]), int(s.ask_open[row]))
                opened[symbol] += 1
        if t_ns == instants[0]:  # as in a replay, plugins start when the first open is known
            broker.at(t_ns, 3)
            engine.start(t_ns)
        session.advance((t_ns, 4, 1))
    while due < len(rows) and rows[due].received_ns <= instants[-1]:
        _alert(simulation, rows[due])
        due += 1
    session.advance((instants[-1] + 1, 0, 0))
    broker.end_of_data()
    session._dispatch()


def _alert(simulation: Simulation, alert: Alert) -> None:
    simulation.session.advance((alert.received_ns, 4, 1))
    simulation.engine.at(alert.received_ns, 4)
    simulation.broker.at(alert.received_ns, 4)
    simulation.engine.process_alert(alert)


def trades(fills: Sequence[ClosingFill]) -> list[dict[str, Any]]:
    return [{name: getattr(fill, name) for name in TRADE_COLUMNS} for fill in fills]


def decisions(record: RunRecord) -> dict[str, tuple[str, str]]:
    return {row.alert_id: (row.outcome, row.reason) for row in record.decisions}


def first_difference(ours: Sequence[Any], theirs: Sequence[Any]) -> str:
    for number, (a, b) in enumerate(zip(ours, theirs, strict=False)):
        if a != b:
            keys = [k for k in b if a.get(k) != b[k]] if isinstance(b, dict) else []
            what = "; ".join(f"{k}: ours {a.get(k)}, oracle {b[k]}" for k in keys) or f"ours {a}, oracle {b}"
            return f"row {number} ({b.get('alert_id') if isinstance(b, dict) else ''}): {what}"
    return "" if len(ours) == len(theirs) else f"ours {len(ours)} rows, oracle {len(theirs)}"

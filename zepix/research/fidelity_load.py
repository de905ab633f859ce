"""What a measurement of a replay's error needs in memory: ticks of every symbol, and alerts, the user's or made up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from zepix.data import default_catalogue, load_instruments
from zepix.data.offers import offers
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Catalogue, Quarantined
from zepix.research import replay as replaying
from zepix.research.fidelity_alerts import random_alerts
from zepix.research.fidelity_plan import Plan
from zepix.spec import Spec

__all__ = ["load"]

_HOW: Final = "name their file (--bars SYMBOL:TICK=FILE), or put SYMBOL_TICK_*.parquet into the store"


def load(spec: Spec, plan: Plan, alerts: Sequence[Alert | Quarantined] = ()) -> replaying.Loaded:
    """Alerts with the ticks of their symbols as series, and what converts their money, ticks or bars.

    Alerts of symbols without ticks are left out, and a note says so. Raises ConfigError for both a log and random
    alerts, or neither; DataError where there are no ticks, or none that an alert names.
    """
    is_given = bool(alerts or spec.alerts)
    if is_given and plan.random:
        raise ConfigError("a log of alerts and random ones at once: leave --alerts out (and the spec's), or --random")
    if not is_given and not plan.random:
        raise ConfigError("no alerts: say --alerts with a log, or --random 1000 for alerts made up from the ticks")
    catalogue = default_catalogue()
    if spec.instruments is not None:
        catalogue = catalogue.with_instruments(load_instruments(spec.instruments))
    symbols = _with_ticks(spec, catalogue)
    asked = replace(
        spec,
        choice={**spec.choice, **dict.fromkeys(symbols, "TICK")},
        fill=replace(spec.fill, intrabar="pessimistic"),
    )
    if plan.random:
        return _made_up(asked, plan, symbols)
    return _named(replaying.load(asked, alerts), symbols)


def _with_ticks(spec: Spec, catalogue: Catalogue) -> list[str]:
    """The symbols that the arguments offer ticks of, in catalogue order."""
    offer = offers(spec.bars, catalogue)
    found = {s for s in offer.symbols if any(file.timeframe == "tick" for file in offer.of(s))}
    if not found:
        held = ", ".join(offer.symbols) or "nothing"
        raise DataError(f"no ticks in {', '.join(spec.bars)} (prices of {held}), and they are the truth here: {_HOW}")
    return [symbol for symbol in catalogue if symbol in found]


def _made_up(spec: Spec, plan: Plan, symbols: Sequence[str]) -> replaying.Loaded:
    """Random alerts on all ticks; one stand-in for each symbol asks for the prices first."""
    at_ns = spec.from_ns or 0
    wanted = [
        Alert(id=symbol, received_ns=at_ns, dialect="plain", type="entry", symbol=symbol, source="random")
        for symbol in symbols
    ]
    loaded = replaying.load(spec, wanted)
    ticks = {symbol: loaded.series[symbol] for symbol in symbols if symbol in loaded.series}
    made = random_alerts(ticks, loaded.catalogue, plan.random, seed=plan.seed, from_ns=spec.from_ns, to_ns=spec.to_ns)
    return replace(loaded, rows=list(made))


def _named(loaded: replaying.Loaded, symbols: Sequence[str]) -> replaying.Loaded:
    """Without the alerts that have no ticks, and without ticks that no alert names."""
    rows = [row for row in loaded.rows if not isinstance(row, Alert) or row.symbol in symbols]
    asked = {row.symbol for row in rows if isinstance(row, Alert) and row.is_action}
    left_out = sorted({row.symbol for row in loaded.rows if isinstance(row, Alert)} - set(symbols))
    if not asked:
        raise DataError(
            f"no alert has ticks: the alerts name {', '.join(left_out) or 'no symbol'}, the ticks are of "
            f"{', '.join(symbols)}; {_HOW}"
        )
    notes = list(loaded.bars.notes)
    if left_out:
        notes.append(f"alerts of {', '.join(left_out)} are left out: there are no ticks of them")
    idle = [symbol for symbol in symbols if symbol in loaded.series and symbol not in asked]
    if idle:
        notes.append(f"ticks of {', '.join(idle)}: no alert names them")
    return replace(loaded, rows=rows, bars=replace(loaded.bars, notes=notes))

"""``run.plot(...)``: which pictures a run has, of a replay in memory or of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from zepix.config.keys import near
from zepix.errors import ConfigError
from zepix.research.equity import EquityCurve
from zepix.research.headline import EMPTY, count, money, number, percent
from zepix.research.pictures.excursions import MAX_DRAWN, Excursions, excursions_figure
from zepix.research.pictures.groups import MOST, TITLES, groups_figure, groups_words
from zepix.research.pictures.picture import Picture, nothing_to_show, picture
from zepix.research.report_parts.figures import equity_figure, histogram_figure
from zepix.research.report_parts.prices import price_figure, price_traces
from zepix.research.write import iso_utc
from zepix.spec import instant_ns

if TYPE_CHECKING:
    from zepix.engine.record import RunRecord
    from zepix.research.columns import FillColumns
    from zepix.research.opening import OpenedRun
    from zepix.research.result import Result

__all__ = ["PICTURES", "equity_picture", "folder_picture", "run_picture"]

BUCKETS: Final = 6000
PICTURES: Final = ("equity", "price", "mae", "points", "chains", *TITLES)
WHAT: Final = ("profit", "points")


class Drawn(Protocol):
    """What pictures of prices and chains are drawn of: a Result, or what a folder gave back."""

    @property
    def record(self) -> RunRecord: ...

    @property
    def fills(self) -> FillColumns: ...


def run_picture(
    result: Result, what: str | None, *, symbol: str | None, show: str, from_: Any = None, to: Any = None
) -> Picture:
    """A picture of a replay. Raises ConfigError for one that there is not, naming those there are."""
    record = result.record
    if what is not None and what not in PICTURES and what in record.series:
        what, symbol = "price", what
    what = _checked(what or "equity", show, PICTURES, record.series)
    if symbol is not None and symbol not in record.series:
        raise ConfigError(f"the run has no prices of {symbol!r}; it has {', '.join(record.series) or 'none'}")
    if (from_ is not None or to is not None) and what != "price":
        raise ConfigError(f"from_ and to choose a stretch of prices; a picture of {what!r} is of the whole run")
    if what == "price":
        return _price(result, symbol or _most_traded(result), from_, to)
    if what == "points":
        symbol = symbol or _most_traded(result)
        rows = result.fills.rows_of("symbol").get(symbol, np.empty(0, np.int64))
        return _points(result.fills.integer("pnl_points")[rows].astype(np.float64), symbol)
    if what == "chains":
        return _chains(result)
    if what == "equity":
        return equity_picture(result.curve, result.stats)
    if what == "mae":
        return _mae(result.trades, result.as_dict()["instruments"], symbol)
    return _groups(result.stats, what, show)


def folder_picture(
    run: OpenedRun, what: str | None, *, symbol: str | None, show: str, from_: Any = None, to: Any = None
) -> Picture:
    """A picture of a finished run. Raises ConfigError for one that there is not, DataError where it is of prices and
    these are not what they were."""
    data = run.meta.get("data") or {}
    instruments = {name: one for name, one in (run.meta.get("instruments") or {}).items() if name in data}
    if what is not None and what not in PICTURES and what in data:
        what, symbol = "price", what
    what = _checked(what or "equity", show, PICTURES, data)
    if symbol is not None and symbol not in data:
        raise ConfigError(f"the run has no prices of {symbol!r}; it has {', '.join(data) or 'none'}")
    if (from_ is not None or to is not None) and what != "price":
        raise ConfigError(f"from_ and to choose a stretch of prices; a picture of {what!r} is of the whole run")
    if what == "price":
        symbol = symbol or _usual(run.trades, data)
        return _price(run.drawn(symbol), symbol, from_, to)
    if what == "chains":
        return _chains(run.drawn())
    if what == "equity":
        return equity_picture(run.curve, run.stats)
    if what == "mae":
        return _mae(run.trades, instruments, symbol)
    if what == "points":
        symbol = symbol or _usual(run.trades, data)
        return _points(run.trades["pnl_points"][run.trades["symbol"] == symbol].to_numpy(np.float64), symbol)
    return _groups(run.stats, what, show)


def _usual(trades: Any, symbols: Mapping[str, Any]) -> str:
    """The symbol with the most closing fills; empty where there are no symbols."""
    counted = trades["symbol"].value_counts()
    return min(symbols, key=lambda symbol: -int(counted.get(symbol, 0)), default="")


def _checked(what: str, show: str, known: Any, symbols: Any) -> str:
    words = {"mfe": "mae", "drawdown": "equity", "exit": "exit_reason"}
    what = words.get(what, what)
    if what not in known:
        names = [*known, *symbols]
        raise ConfigError(f"there is no picture {what!r}{near(what, names) or '; there are ' + ', '.join(names)}")
    if show not in WHAT:
        raise ConfigError(f"show: expected profit or points, not {show!r}")
    return what


def _most_traded(result: Result) -> str:
    rows = result.fills.rows_of("symbol")
    symbols = sorted(result.record.series, key=lambda symbol: -len(rows.get(symbol, ())))
    if not symbols:
        raise ConfigError("the run had no prices, so there is no picture of them")
    return symbols[0]


# -- each of them -----------------------------------------------------------------------------------------------------


def equity_picture(curve: EquityCurve, stats: Mapping[str, Any]) -> Picture:
    """Equity and balance above, the fall from the peak below."""
    currency = str(stats.get("currency", ""))
    peak = np.maximum.accumulate(curve.equity)
    deepest = int(np.argmax((peak - curve.equity) / peak))
    fall = (peak[deepest] - curve.equity[deepest]) / peak[deepest]
    words = [
        f"equity {money(curve.equity[0])} to {money(curve.equity[-1])} {currency}, "
        f"{_day(curve.time_ns[0])} to {_day(curve.time_ns[-1])} UTC",
        f"highest {money(curve.equity.max())}, lowest {money(curve.equity.min())} {currency}",
        f"deepest fall {percent(float(fall))} below the peak, {_day(curve.time_ns[deepest])} UTC",
    ]
    notes = ["A point at every change of the balance and at 17:00 New York; open tickets included."]
    return picture(equity_figure(curve, currency), "Equity and the fall from its peak", notes=notes, words=words)


def _price(result: Drawn, symbol: str, from_: Any, to: Any) -> Picture:
    record, series = result.record, result.record.series[symbol]
    if not len(series):
        raise ConfigError(f"the prices of {symbol} are empty, so there is no picture of them")
    window = (_bound(from_, "from_", series.start_ns), _bound(to, "to", series.end_ns))
    if window[0] >= window[1]:
        raise ConfigError(f"from_ ({iso_utc(window[0])}) must lie before to ({iso_utc(window[1])})")
    rows = result.fills.rows_of("symbol").get(symbol, np.empty(0, np.int64))
    made = price_figure(record, result.fills, symbol, rows, BUCKETS, window)
    instrument = record.catalogue[symbol]

    def again(first_ns: int, last_ns: int) -> list[dict[str, Any]]:
        return price_traces(series, instrument, first_ns, last_ns, BUCKETS)[1]

    inside = series.bid_close[slice(*np.searchsorted(series.time, window))]
    words = [f"{count(len(inside), 'bar')} of {series.timeframe}, {_minute(window[0])} to {_minute(window[1])} UTC"]
    if len(inside):
        low, high = (instrument.price(int(p)) for p in (inside.min(), inside.max()))
        words.append(f"bid closes from {low:.{instrument.digits}f} to {high:.{instrument.digits}f}")
    words.append(f"{count(made.tickets, 'closing fill')}, {count(_refused(record, symbol, window), 'alert')} refused")
    notes = [made.said()]
    if made.bars_a_bucket > 1:
        notes.append("from_= and to= draw a stretch bar by bar; so does zooming in .widget().")
    return picture(made.figure, f"{symbol} {series.timeframe} with its tickets", notes=notes, words=words, again=again)


def _refused(record: Any, symbol: str, window: tuple[int, int]) -> int:
    return sum(
        1
        for row in record.decisions
        if row.outcome == "refused" and row.symbol == symbol and window[0] <= (row.received_ns or 0) <= window[1]
    )


def _bound(value: Any, name: str, otherwise: int) -> int:
    if value is None:
        return otherwise
    try:
        return instant_ns(value)
    except (ValueError, TypeError) as error:
        raise ConfigError(f"{name}: {value!r} is no time ({error}); write 2024-01-10 or 2024-01-10T08:00Z") from error


def _points(points: Any, symbol: str) -> Picture:
    if not len(points):
        return nothing_to_show(f"Points a ticket of {symbol}")
    figure = histogram_figure(points, symbol)
    figure["layout"].pop("title")
    figure["layout"]["height"] = 340
    words = [
        f"{count(len(points), 'closing fill')}: median {np.median(points):+,.0f}, from {points.min():+,.0f} to "
        f"{points.max():+,.0f} points"
    ]
    return picture(figure, f"Points a ticket of {symbol}", notes=["Points between entry and exit."], words=words)


def _chains(result: Drawn) -> Picture:
    from zepix.research.chain_sums import TITLES as KINDS
    from zepix.research.chain_sums import chain_sums
    from zepix.research.report_parts.chains import MAX_DRAWN as MOST_CHAINS
    from zepix.research.report_parts.chains import chains_figure

    record = result.record
    unit, currency = 10**record.account.digits, record.account.currency
    chains = chain_sums(record.chains)
    if not chains:
        return nothing_to_show("Chains", "The run has no chain.")
    drawn = chains[:: -(-len(chains) // MOST_CHAINS)]
    words = []
    for kind, title in KINDS.items():
        mine = [chain for chain in chains if chain.kind == kind]
        if mine:
            net = sum(chain.money_minor for chain in mine) / unit
            words.append(f"{title}: {count(len(mine), 'chain')}, {money(net, sign=True)} {currency}")
    notes = ["Each chain from its begin to its end, at the height of what it brought; filled where it completed."]
    if len(drawn) < len(chains):
        notes.append(f"{len(drawn):,} of {len(chains):,} chains are drawn, evenly spread.")
    return picture(chains_figure(drawn, unit, currency), "Chains over time", notes=notes, words=words)


def _mae(trades: Any, instruments: Mapping[str, Any], symbol: str | None) -> Picture:
    heading = "Furthest against and for each ticket, beside its result"
    if symbol is not None:
        trades = trades[trades["symbol"] == symbol]
        heading += f" ({symbol})"
    if not len(trades):
        return nothing_to_show(heading)
    found, note = _excursions(trades, instruments)
    won = found.result > 0
    words = [
        f"{name}: {count(int(mine.sum()), 'closing fill')}, against {number(_mean(found.against, mine))}, for "
        f"{number(_mean(found.for_us, mine))}, result {number(_mean(found.result, mine))} (means, {found.unit})"
        for name, mine in (("won", won), ("not won", ~won))
        if mine.any()
    ]
    notes = [note, "On a dotted line a ticket was left at its worst (left) or its best (right)."]
    if len(found) > MAX_DRAWN:
        notes.append(f"{MAX_DRAWN:,} of {len(found):,} are drawn, evenly spread.")
    return picture(excursions_figure(found), heading, notes=notes, words=words)


def _excursions(trades: Any, instruments: Mapping[str, Any]) -> tuple[Excursions, str]:
    """In points where there is one symbol; else in R where every ticket had a stop; else in per cent of the entry."""
    symbols = list(dict.fromkeys(trades["symbol"]))
    entry, stop = (trades[name].to_numpy(np.float64, na_value=np.nan) for name in ("entry_price", "initial_sl"))
    point = np.array([float((instruments.get(s) or {}).get("point", np.nan)) for s in trades["symbol"]])
    distance = np.abs(entry - stop)
    scale, unit, note = np.ones(len(trades)), "points", f"Points of {symbols[0]}."
    if len(symbols) > 1:
        if np.isfinite(distance).all() and (distance > 0).all():
            scale, unit, note = point / distance, "R", "R is the distance of the first stop; so symbols compare."
        else:
            scale, unit = point / entry * 100, "%"
            note = "Per cent of the entry price, so that symbols compare; not every ticket had a stop."
    against, for_us, result = (trades[f"{name}_points"].to_numpy(np.float64) * scale for name in ("mae", "mfe", "pnl"))
    labels = [
        f"#{ticket} {one} {side}, {reason}"
        for ticket, one, side, reason in zip(
            *(trades[name].tolist() for name in ("ticket", "symbol", "side", "exit_reason")), strict=True
        )
    ]
    return Excursions(against, for_us, result, unit, labels), note


def _mean(values: Any, mine: Any) -> float:
    return float(values[mine].mean())


def _groups(stats: Mapping[str, Any], by: str, show: str) -> Picture:
    title = f"{'Net result' if show == 'profit' else 'Points'} by {TITLES[by]}"
    groups: Mapping[str, Any] | None = stats.get(f"by_{by}")
    if groups is None:
        raise ConfigError(f"the run does not tell its tickets by {by}: it is of an earlier version; replay it again")
    if not groups:
        return nothing_to_show(title)
    currency = str(stats.get("currency", ""))
    figure = groups_figure(groups, by, currency, show)
    figure["layout"].pop("title")
    figure["layout"]["height"] += 60
    notes = []
    mixes = len(stats.get("by_symbol") or ()) > 1 and by != "symbol"
    if by == "session":
        notes.append("Asia 09-18 in Tokyo, London 08-17, New York 08-17, each by its own clock.")
    if show == "points" and mixes:
        notes.append("Points of several symbols are added as they are, and are not the same money.")
    if len(groups) > MOST:
        notes.append(f"The {MOST} with the most tickets of {len(groups)}.")
    return picture(
        figure, title, notes=notes, words=groups_words(groups, currency, has_points=show == "points" or not mixes)
    )


def _day(ns: Any) -> str:
    return (iso_utc(int(ns)) or EMPTY)[:10]


def _minute(ns: Any) -> str:
    return (iso_utc(int(ns)) or EMPTY)[:16].replace("T", " ")

"""A replay as one side of a comparison: a Result in memory, or the folder that a run left.

Both are read from the same tables. A folder's prices are loaded again from where its spec found them, and used where
their checksum is still that of the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from zepix.errors import DataError
from zepix.model import Catalogue, FillModel, Instrument, Series
from zepix.model.order import OPENING_KINDS, PENDING_KINDS
from zepix.research.comparing.books import Book, Leg, Ticket, Told
from zepix.research.comparing.quotes import Quotes
from zepix.research.comparing.worth import Worth
from zepix.research.decisions import decisions_table
from zepix.research.run_folder import read_meta, read_table, rows_of
from zepix.research.run_prices import prices_of_run
from zepix.research.tables import orders_table, trades_table

if TYPE_CHECKING:
    from zepix.research.result import Result

__all__ = ["book_of_folder", "book_of_result", "flat", "slips_of"]

Row = Mapping[str, Any]
STOPS: Final = frozenset({"sl", "trailing", "break_even"})
_SIGNS: Final = {"buy": 1, "sell": -1}
_ALERT_COLUMNS: Final = ("id", "received_at", "symbol", "type", "side", "explicit_id", "raw")
_NO_SETTINGS: Final = frozenset(
    {"title", "out", "report", "path", "cache", "alerts", "bars", "instruments", "profile", "strategy_settings"}
)
NS_OF_MS: Final = 1_000_000


@dataclass(slots=True, kw_only=True)
class _Run:
    """What both forms of a run come to."""

    name: str
    trades: Sequence[Row]
    orders: Sequence[Row]
    alerts: Sequence[Row]
    decisions: Sequence[Row]
    catalogue: Catalogue
    series: Mapping[str, Series]
    timeframes: Mapping[str, int]
    fill: FillModel
    currency: str
    digits: int
    checksums: dict[str, str]
    settings: dict[str, Any]
    notes: list[str]
    rows: Sequence[tuple[int, int]] = ()
    """Of each trade the rows of its entry and its exit, where the run is in memory."""


def book_of_result(run: Result, name: str = "replay") -> Book:
    """A run in memory, prices included."""
    record = run.record
    alerts = [
        {
            "id": one.id, "received_at": one.received_ns, "symbol": getattr(one, "symbol", ""),
            "type": getattr(one, "type", ""), "side": str(getattr(one, "side", None) or ""), "raw": one.raw,
            "explicit_id": getattr(one, "explicit_id", None) or "",
        }
        for one in record.alerts
    ]  # fmt: skip
    checksums = {symbol: str(one.facts.get("checksum", "")) for symbol, one in record.series.items()}
    return _book(
        _Run(
            name=name,
            trades=rows_of(trades_table(record, run.fills)),
            orders=rows_of(orders_table(record)),
            alerts=alerts,
            decisions=rows_of(decisions_table(record).select(["id", "strategy", "outcome", "reason"])),
            catalogue=record.catalogue,
            series=record.series,
            timeframes={symbol: one.timeframe_ns for symbol, one in record.series.items()},
            fill=record.fill_model,
            currency=record.account.currency,
            digits=record.account.digits,
            checksums=checksums | {str(key): str(value) for key, value in run.checksums.items()},
            settings=flat(run.spec),
            notes=[],
            rows=[(fill.entry_row, fill.exit_row) for fill in record.fills],
        )
    )


def book_of_folder(folder: Path, name: str = "", bars: Sequence[str | PathLike[str]] | None = None) -> Book:
    """The folder of a run; ``bars``: where its prices are now. Raises DataError for what is none."""
    meta = read_meta(folder / "run.json")
    spec = meta.get("spec", {})
    found = prices_of_run(meta, folder.name, bars)
    data = meta.get("data", {})
    checksums = {symbol: str(one.get("checksum", "")) for symbol, one in data.items()}
    account = spec.get("account", {})
    return _book(
        _Run(
            name=name or folder.name,
            trades=rows_of(read_table(folder / "trades.parquet")),
            orders=rows_of(read_table(folder / "orders.parquet")),
            alerts=rows_of(read_table(folder / "alerts.parquet").select(list(_ALERT_COLUMNS))),
            decisions=rows_of(read_table(folder / "decisions.parquet").select(["id", "strategy", "outcome", "reason"])),
            catalogue=found.catalogue,
            series=found.series,
            timeframes={symbol: 0 if one.get("timeframe") == "tick" else 1 for symbol, one in data.items()},
            fill=found.fill,
            currency=str(account.get("currency") or meta.get("statistics", {}).get("currency", "USD")),
            digits=int(account.get("digits", 2)),
            checksums=checksums | {str(key): str(value) for key, value in meta.get("checksums", {}).items()},
            settings=flat(spec),
            notes=found.notes,
        )
    )


def slips_of(fill: FillModel, instrument: Instrument, timeframe_ns: int) -> tuple[Fraction, Fraction]:
    """How far the settings move a stop and a limit against us, as prices."""
    return fill.slippage_of(instrument, timeframe_ns) * Fraction(instrument.point), Fraction(0)


def flat(spec: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Settings by dotted key; names of files and titles are left out."""
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if (not before and key in _NO_SETTINGS) or (isinstance(value, Mapping | list | tuple) and not value):
            continue
        if isinstance(value, Mapping) and value:
            found |= flat(value, f"{before}{key}.")
        elif isinstance(value, list | tuple) and value and all(isinstance(one, Mapping) for one in value):
            for number, one in enumerate(value):
                found |= flat(one, f"{before}{key}.{one.get('plugin_id', number)}.")
        else:
            found[before + key] = value
    return found


def _book(run: _Run) -> Book:
    quotes = Quotes(run.series, run.catalogue) if run.series else None
    outcomes = _outcomes(run.decisions)
    told = {
        str(row["id"]): Told(
            str(row["id"]), row["received_at"], row["symbol"] or "", row["type"] or "", row["side"] or "",
            row["raw"] or "", row["explicit_id"] or "", *outcomes.get(str(row["id"]), ("", "")),
        )
        for row in run.alerts
    }  # fmt: skip
    return Book(
        name=run.name,
        kind="replay",
        currency=run.currency,
        digits=run.digits,
        tickets=_Tickets(run, told, quotes).made(),
        catalogue=run.catalogue,
        alerts=told,
        knows_alerts=True,
        quotes=quotes,
        outcomes={
            (str(row["id"]), str(row["strategy"] or "")): (str(row["outcome"] or ""), str(row["reason"] or ""))
            for row in run.decisions
        },
        refusals={
            (row["alert_id"], row["strategy"], row["role"]): row["reason"]
            for row in run.orders
            if row["kind"] in OPENING_KINDS and row["status"] in ("refused", "cancelled")
        },
        checksums=run.checksums,
        settings=run.settings,
        grace_ns=run.fill.open_grace_ms * NS_OF_MS,
        notes=run.notes,
    )


def _outcomes(decisions: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """The most telling outcome of each alert: what filled before what was refused, the first otherwise."""
    found: dict[str, tuple[str, str]] = {}
    for row in decisions:
        name = str(row["id"])
        if name not in found or row["outcome"] == "filled":
            found[name] = (str(row["outcome"] or ""), str(row["reason"] or ""))
    return found


class _Tickets:
    """Makes tickets of closing fills and orders."""

    def __init__(self, run: _Run, told: Mapping[str, Told], quotes: Quotes | None) -> None:
        self.run, self.told, self.quotes = run, told, quotes
        self.worth = Worth(run.series, run.catalogue, run.currency, run.digits)
        self.opened = {row["ticket"]: row for row in run.orders if row["ticket"] and row["kind"] in OPENING_KINDS}
        self.closers: dict[int, list[Row]] = defaultdict(list)
        for row in run.orders:
            if row["kind"] == "close" and row["fill_time"] is not None and row["status"] == "filled":
                self.closers[row["fill_time"]].append(row)

    def made(self) -> list[Ticket]:
        found: dict[int, Ticket] = {}
        for place, row in enumerate(self.run.trades):
            if row["symbol"] not in self.run.catalogue:
                raise DataError(f"{self.run.name} traded {row['symbol']}, which no instrument describes; name its file")
            ticket = found.get(row["ticket"])
            if ticket is None:
                ticket = found[row["ticket"]] = self._ticket(row, place)
            ticket.legs.append(self._leg(row, place))
        for ticket in found.values():
            ticket.units = max(ticket.units, sum((leg.units for leg in ticket.legs), Fraction(0)))
        return list(found.values())

    def _ticket(self, row: Row, place: int) -> Ticket:
        instrument, order = self.run.catalogue[row["symbol"]], self.opened.get(row["ticket"])
        alert = str(row["alert_id"])
        told = self.told.get(alert)
        stop_slip, limit_slip = slips_of(self.run.fill, instrument, self.run.timeframes.get(row["symbol"], 1))
        entry, stop = _exact(instrument, row["entry_price"]), _price(instrument, row["initial_sl"])
        asked = slip = None
        if order is not None and order["kind"] in PENDING_KINDS:
            asked = _price(instrument, order["limit_price"] if order["kind"] == "stop_limit" else order["price"])
            slip = stop_slip if order["kind"] == "stop" else limit_slip
        return Ticket(
            id=str(row["ticket"]),
            symbol=row["symbol"],
            side=_SIGNS[row["side"]],
            units=Fraction(0) if order is None else _units(instrument, order["filled_volume"]),
            entry_ns=row["entry_time"],
            entry_price=entry,
            alert=alert,
            plugin=row["strategy"],
            role=row["role"],
            chain=row["chain_id"],
            signal_ns=None if told is None else told.received_ns,
            latency_ns=None if order is None else _latency(order),
            asked=asked,
            slip=slip,
            risk=None if stop is None else abs(entry - stop),
            quote=self._quote(row, "entry_time", place, 0),
        )

    def _leg(self, row: Row, place: int) -> Leg:
        instrument, reason = self.run.catalogue[row["symbol"]], str(row["exit_reason"])
        stop_slip, limit_slip = slips_of(self.run.fill, instrument, self.run.timeframes.get(row["symbol"], 1))
        closer = self._closer(row)
        told = None if closer is None else self.told.get(str(closer["alert_id"]))
        gross, commission, swap, pnl = (
            round(row[name] * 10**self.run.digits) for name in ("gross", "commission", "swap", "pnl")
        )
        return Leg(
            exit_ns=row["exit_time"],
            exit_price=_exact(instrument, row["exit_price"]),
            units=_units(instrument, row["volume"]),
            gross=gross,
            commission=commission,
            swap=swap,
            other=pnl - gross - commission - swap,
            reason=reason,
            closer="" if closer is None else str(closer["alert_id"]),
            closer_ns=None if told is None else told.received_ns,
            latency_ns=None if closer is None else _latency(closer),
            level=_price(instrument, row["sl"] if reason in STOPS else row["tp"]),
            slip=stop_slip if reason in STOPS else limit_slip,
            value=self.worth.at(instrument, row["exit_time"]),
            quote=self._quote(row, "exit_time", place, 1),
        )

    def _closer(self, row: Row) -> Row | None:
        """The order that closed it, where one did: the one that names it, else one of its symbol and side."""
        found = [
            order for order in self.closers.get(row["exit_time"], ())
            if order["symbol"] == row["symbol"] and order["strategy"] == row["strategy"]
            and order["side"] in (row["side"], "both") and order["reason_to_close"] == row["exit_reason"]
        ]  # fmt: skip
        opened = self.opened.get(row["ticket"])
        number = None if opened is None else opened["id"]
        named = [order for order in found if row["ticket"] in (order["tickets"] or ())]
        named += [order for order in found if number in (order["targets"] or ())]
        free = [order for order in found if not order["tickets"] and not order["targets"]]
        return next(iter([*named, *free]), None)

    def _quote(self, row: Row, when: str, place: int, which: int) -> Any:
        """Bid and ask at the very row of the fill, where that is its open."""
        if not self.run.rows or self.quotes is None:
            return None
        at = self.run.rows[place][which]
        is_open = self.quotes.row_time(row["symbol"], at) == row[when]
        return self.quotes.open_of(row["symbol"], at) if is_open else None


def _latency(order: Row) -> int:
    return int(order["arrival_at"] - order["decided_at"])


def _exact(instrument: Instrument, price: float) -> Fraction:
    """A price of a table as the points that it stands for."""
    return round(price / instrument.point_float) * _of(instrument)[0]


def _of(instrument: Instrument) -> tuple[Fraction, float, Fraction]:
    """A point, lots a step, and base units a step."""
    return _scales(instrument.point, instrument.volume_step, instrument.contract_size)


@lru_cache(maxsize=1024)
def _scales(point: Decimal, step: Decimal, contract: Decimal) -> tuple[Fraction, float, Fraction]:
    return Fraction(point), float(step), Fraction(step) * Fraction(contract)


def _price(instrument: Instrument, price: float | None) -> Fraction | None:
    return None if not price else _exact(instrument, price)


def _units(instrument: Instrument, volume: float | None) -> Fraction:
    """Base units of so many lots."""
    if not volume:
        return Fraction(0)
    _, step, units = _of(instrument)
    return round(volume / step) * units

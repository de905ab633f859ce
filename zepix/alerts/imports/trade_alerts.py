"""TradingView's trades as alerts of the plain dialect: an entry ``T12``, exits that name it.

- Rows of one instant: exits first (a reversal leaves before it enters), then entries by number; a trade that begins and
  ends in one bar leaves right after its entry.
- One entry that left in parts is one entry alert (``T3``, the whole size) with an exit for each part; ``close_frac`` is
  the part's share of the entry, and the last exit closes what is left.
- The volume is left out unless the unit of TradingView's sizes is said: ``lots``, or ``units`` (base units, contracts).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from zepix.alerts.imports.trade_list import BadTradeRow, ListedTrade, TradeList
from zepix.alerts.processor import SymbolResolver
from zepix.alerts.rows import LogRow
from zepix.alerts.timestamps import from_ns
from zepix.errors import ConfigError
from zepix.model import Catalogue

__all__ = ["VOLUME_UNITS", "TradeAlerts", "alert_id", "alerts_of", "symbol_of_name"]

VOLUME_UNITS: Final = ("units", "lots", "contracts")
_DIGITS: Final = 10
_NAME: Final = re.compile(
    r".+?[_ ](?P<exchange>[A-Z][A-Z0-9]{1,15})[_ ](?P<symbol>[A-Z0-9][A-Z0-9.!/-]{1,31})"
    r"[_ ]\d{4}-\d{2}-\d{2}(?:[_ ].{0,20})?"
)
_BARE_NAME: Final = re.compile(
    r"(?P<exchange>[A-Z][A-Z0-9]{1,15})_(?P<symbol>[A-Z0-9][A-Z0-9.!/-]{1,31})"
    r"(?:[_ ]\d{4}-\d{2}-\d{2}(?:[_ ].{0,20})?)?"
)


@dataclass(slots=True)
class TradeAlerts:
    """Rows of a log in order of time, the trades with their symbol, and ``report``: rules and counts."""

    rows: list[LogRow]
    trades: list[ListedTrade]
    report: dict[str, Any]


def alert_id(number: int, prefix: str = "") -> str:
    """The id of the entry alert of a trade: ``T12``."""
    return f"{prefix}T{number}"


def symbol_of_name(path: Path, resolve: SymbolResolver, catalogue: Catalogue) -> str | None:
    """The symbol that a file's name says for certain (``Strategy_OANDA_EURUSD_2024-01-01``): one that is known.

    TradingView names the file after the script, the exchange, the symbol and the day.
    """
    found = _NAME.fullmatch(path.stem) or _BARE_NAME.fullmatch(path.stem)
    if found is None:
        return None
    symbol = resolve(f"{found['exchange']}:{found['symbol']}")
    return symbol if symbol in catalogue else None


def alerts_of(
    listed: TradeList,
    catalogue: Catalogue,
    *,
    symbol: str,
    volume_unit: str | None = None,
    prefix: str = "",
    strategy: str | None = None,
    source: str = "",
) -> TradeAlerts:
    """The trades as rows of an alert log. Raises ConfigError for an unknown unit, or for units of an unknown symbol."""
    if volume_unit is not None and volume_unit not in VOLUME_UNITS:
        raise ConfigError(f"--volume-unit {volume_unit!r}: expected {', '.join(VOLUME_UNITS)}")
    trades = [replace(trade, symbol=trade.symbol or symbol) for trade in listed.trades]
    groups: dict[int, list[ListedTrade]] = {}
    for trade in trades:
        groups.setdefault(trade.entry_number, []).append(trade)
    maker = _Maker(catalogue, volume_unit, prefix, strategy)
    keyed = [pair for group in groups.values() for pair in maker.of_entry(group)]
    keyed.sort(key=lambda pair: pair[0])
    rows = [_row(number, received_ns, payload, source) for number, ((received_ns, *_), payload) in enumerate(keyed, 1)]
    rows += [_bad_row(number, bad, source) for number, bad in enumerate(listed.bad, len(rows) + 1)]
    report = dict(listed.report) | {
        "symbols": sorted({trade.symbol for trade in trades}),
        "entries": len(groups),
        "exits": sum(not trade.is_open for trade in trades),
        "reversals": _reversals(trades),
        "volume": _volume_rule(volume_unit, trades),
    }
    return TradeAlerts(rows, trades, report)


class _Maker:
    def __init__(self, catalogue: Catalogue, volume_unit: str | None, prefix: str, strategy: str | None) -> None:
        self._catalogue = catalogue
        self._unit = volume_unit
        self._prefix = prefix
        self._strategy = strategy

    def of_entry(self, parts: Sequence[ListedTrade]) -> Iterable[tuple[tuple[int, int, int, int], dict[str, Any]]]:
        """(order, payload) of one entry and its exits; the order is by time, exits before entries."""
        first = parts[0]
        name = alert_id(first.entry_number, self._prefix)
        payload = self._payload("entry", first, name, first.entry_price, first.entry_signal)
        is_known = all(part.quantity is not None for part in parts)
        total = sum((_exact(part.quantity) for part in parts), Decimal(0)) if is_known else None
        lots = None if total is None else self._lots(first.symbol, total)
        if lots is not None:
            payload["volume"] = lots
        yield (first.entry_ns, 1, first.entry_number, 0), payload
        gone = sorted(
            (part for part in parts if part.exit_ns is not None), key=lambda part: (part.exit_ns, part.number)
        )
        for order, part in enumerate(gone):
            assert part.exit_ns is not None
            suffix = f"-exit{part.part}" if part.part > 1 else "-exit"
            own = alert_id(part.number, self._prefix) + suffix
            leaving = self._payload("exit", part, own, part.exit_price, part.exit_signal) | {"ref": name}
            is_last = len(gone) == len(parts) and order == len(gone) - 1
            if total and not is_last:
                leaving["close_frac"] = round(float(_exact(part.quantity) / total), _DIGITS)
            is_same_bar = part.exit_ns == first.entry_ns
            yield (part.exit_ns, int(is_same_bar), part.number, 1), leaving

    def _payload(self, kind: str, trade: ListedTrade, name: str, price: float | None, signal: str) -> dict[str, Any]:
        found: dict[str, Any] = {"type": kind, "symbol": trade.symbol, "side": trade.side, "id": name}
        if self._strategy:
            found["strategy"] = self._strategy
        if price is not None:
            found["price"] = price
        if signal:
            found["comment"] = signal
        return found

    def _lots(self, symbol: str, quantity: Decimal) -> float | None:
        if self._unit is None:
            return None
        if self._unit == "lots":
            return float(quantity)
        if symbol not in self._catalogue:
            raise ConfigError(
                f"--volume-unit {self._unit}: how many units a lot of {symbol} has is not known; "
                "describe it with --instruments, or say --volume-unit lots"
            )
        return float(quantity / self._catalogue[symbol].contract_size)


def _exact(quantity: float | None) -> Decimal:
    return Decimal(repr(quantity)) if quantity is not None else Decimal(0)


def _row(number: int, received_ns: int, payload: Mapping[str, Any], source: str) -> LogRow:
    return LogRow(number, from_ns(received_ns), dict(payload), id=payload["id"], source=source or None)


def _bad_row(number: int, bad: BadTradeRow, source: str) -> LogRow:
    """The row as it stood in the list, with why it is none."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(bad.cells)
    return LogRow(
        number, bad.time_text or None, line.getvalue(), id=f"row-{bad.number}", source=source or None,
        problem=(bad.reason, bad.detail),
    )  # fmt: skip


def _reversals(trades: Iterable[ListedTrade]) -> int:
    """Entries at the instant at which the other side left."""
    trades = list(trades)
    left = {(trade.symbol, trade.exit_ns, trade.side) for trade in trades if trade.exit_ns is not None}
    other = {"buy": "sell", "sell": "buy"}
    entries = {(trade.symbol, trade.entry_ns, trade.side) for trade in trades}
    return sum((symbol, ns, other[side]) in left for symbol, ns, side in entries)


def _volume_rule(unit: str | None, trades: Sequence[ListedTrade]) -> str:
    if all(trade.quantity is None for trade in trades):
        return "the list names no sizes"
    if unit is None:
        return "left out: the unit of the sizes was not said (--volume-unit)"
    return "sizes are lots" if unit == "lots" else "sizes divided by the units of a lot"

"""Reads back what pictures need of a finished run: closing fills, orders, decisions and steps of chains, as in memory.

The tables hold prices, lots and money as numbers; here they are points, steps and minor units again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from zepix.engine.record import RunRecord
from zepix.model import AccountSpec, Catalogue, ClosingFill, DecisionRow, Instrument, Order, Series
from zepix.model.order import Trail
from zepix.research.decisions import FIXED_COLUMNS
from zepix.research.run_folder import read_table, rows_of
from zepix.research.run_prices import RunPrices
from zepix.services.chain_log import ChainStep

__all__ = ["read_record"]

Row = Mapping[str, Any]
_SIGNS: Final = {"buy": 1, "sell": -1, "both": 0}


def read_record(folder: Path, meta: Row, prices: RunPrices) -> RunRecord:
    """The record of a run's folder, as far as its tables tell it; tickets of symbols without prices have no rows.

    Raises DataError where a table is missing or cannot be read.
    """
    account: Row = (meta.get("spec") or {}).get("account") or {}
    currency = account.get("currency") or (meta.get("statistics") or {}).get("currency") or "USD"
    made = AccountSpec(currency=str(currency), digits=int(account.get("digits", 2)))
    known = prices.catalogue

    def rows(name: str) -> list[dict[str, Any]]:
        return rows_of(read_table(folder / f"{name}.parquet"))

    return RunRecord(
        account=made,
        fill_model=prices.fill,
        catalogue=known,
        series=prices.series,
        fills=[_fill(row, known[row["symbol"]], made.digits, prices.series) for row in rows("trades")
               if row["symbol"] in known],
        orders=[_order(row, known) for row in rows("orders")],
        decisions=[_decision(row) for row in rows("decisions")],
        chains=[_step(row, made.digits) for row in rows("chains")],
    )  # fmt: skip


def _fill(row: Row, instrument: Instrument, digits: int, series: Mapping[str, Series]) -> ClosingFill:
    def points(name: str) -> int:
        return _points(instrument, row[name]) or 0

    money = {name: round(row[name] * 10**digits) for name in ("gross", "commission", "swap", "pnl")}
    prices, entry_ns = series.get(row["symbol"]), int(row["entry_time"])
    at = 0 if prices is None else max(0, int(np.searchsorted(prices.time, entry_ns, side="right")) - 1)
    return ClosingFill(
        row["ticket"], row["part"], row["strategy"], row["family"], row["symbol"], _SIGNS[row["side"]], row["role"],
        _steps(instrument, row["volume"]), entry_ns, points("entry_price"), row["exit_time"], points("exit_price"),
        points("initial_sl"), points("initial_tp"), points("sl"), points("tp"), row["exit_reason"], money["gross"],
        money["commission"], money["swap"], money["pnl"], row["pnl_points"], row["mae_points"], row["mfe_points"],
        row["bars_held"], row["ambiguous"], row["alert_id"], row["chain_id"], row["exit_time"], at,
        at + row["bars_held"] - 1,
    )  # fmt: skip


def _order(row: Row, catalogue: Catalogue) -> Order:
    """What is drawn of an order: what it opened, or what it changed and when."""
    instrument = catalogue.get(row["symbol"])
    return Order(
        id=row["id"], kind=row["kind"], plugin_id=row["strategy"], family=row["family"], alert_id=row["alert_id"],
        symbol=row["symbol"], side=_SIGNS[row["side"]], decided_ns=row["decided_at"], arrival_ns=row["arrival_at"],
        status=row["status"], reason=row["reason"], ticket=row["ticket"], touched=row["touched"],
        tickets=tuple(row["tickets"]), targets=tuple(row["targets"]), new_sl=_points(instrument, row["new_sl"]),
        new_tp=_points(instrument, row["new_tp"]), trails=tuple(_trail(word) for word in row["trails"].split()),
    )  # fmt: skip


def _trail(word: str) -> Trail:
    return Trail(*map(int, word.split("/")))


def _decision(row: Row) -> DecisionRow:
    numbers = {name: value for name, value in row.items() if name not in FIXED_COLUMNS and value is not None}
    numbers |= json.loads(row["more"]) if row.get("more") else {}
    return DecisionRow(
        row["id"], row["received_at"], row["dialect"], row["strategy"], row["family"], row["outcome"], row["reason"],
        row["symbol"], row["type"], row["side"], row["timeframe"], numbers,
    )  # fmt: skip


def _step(row: Row, digits: int) -> ChainStep:
    return ChainStep(
        row["time"], row["chain_id"], row["kind"], row["strategy"], row["symbol"], row["alert_id"], row["level"],
        row["state"], row["reason"], row["order"] or 0, row["ticket"] or 0, round(row["money"] * 10**digits),
    )  # fmt: skip


def _points(instrument: Instrument | None, price: float | None) -> int | None:
    """A price as points of its symbol; it lies on one, so the nearest is the one."""
    if price is None or instrument is None:
        return None
    scale: int = 10**instrument.digits
    return round(price * scale / int(instrument.point * scale))


def _steps(instrument: Instrument, lots: float) -> int:
    return round(lots / float(instrument.volume_step))

"""What became of one alert, out of the tables: as values, and told in the words of ``zepix why``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from zepix_live.storage.searching import search

__all__ = ["story_of"]

MOST: Final = 200
MOST_BODY: Final = 2_000
LABEL: Final = 11
Row = Mapping[str, Any]


def story_of(connection: Any, alert_id: str) -> dict[str, Any] | None:
    """An alert by the journal's id or its sender's, the newest of several: ``alert, decisions, orders, positions,
    trades, lines``; ``others`` are alerts of the same sender's id. None where there is none."""
    found = search(connection, "alerts", alert=alert_id, limit=MOST)
    if not found:
        return None
    alert = next((one for one in found if one["alert_id"] == alert_id), found[0])
    about = {
        name: _of(search(connection, name, alert=alert["alert_id"], limit=MOST), alert["alert_id"])
        for name in ("decisions", "orders", "positions", "trades")
    }
    told: dict[str, Any] = {"alert": alert, **about, "others": [one["alert_id"] for one in found if one is not alert]}
    return {**told, "lines": list(_lines(told))}


def _of(rows: Sequence[Row], alert_id: str) -> list[Row]:
    """Oldest first; one that only another sender called so is left out."""
    return sorted((row for row in rows if row["alert_id"] == alert_id), key=lambda row: int(row["seq"]))


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    alert = told["alert"]
    sender = f" (its sender's {alert['given_id']})" if alert["given_id"] else ""
    yield _line("alert", f"{alert['alert_id']}{sender}, row {alert['seq']} of the journal")
    yield _line("received", f"{alert['received_at']} from {alert['source']}{_late(alert)}")
    yield _line("body", _short(alert["raw"]))
    if alert["kind"] != "alert":
        of = f" of alert number {alert['of_inbox_seq']}" if alert["of_inbox_seq"] is not None else ""
        yield _line("kept as", alert["kind"] + of + _why(alert))
    if told["others"]:
        yield _line("also", f"the same sender's id: {', '.join(told['others'][:10])}")
    if not told["decisions"]:
        yield _line("outcome", "nothing was decided yet")
    for row in told["decisions"]:
        who = row["strategy"] or "no plugin"
        book = "" if row["book"] == "shadow" else f" in the {row['book']} book"
        still = "" if row["is_final"] else "; orders of it are at work"
        yield _line("outcome", f"{who}{book}: {row['outcome']}{_why(row)}{still}, {row['decided_at']}")
        if row["numbers"]:
            yield _line("", "with " + ", ".join(f"{name} {_value(one)}" for name, one in row["numbers"].items()))
    for order in told["orders"]:
        yield from _order_lines(order, told)


def _order_lines(order: Row, told: Mapping[str, Any]) -> Iterator[str]:
    """What was asked, its answer, its ticket, what closed that."""
    lots = f" {order['lots']} lots" if order["lots"] else ""
    role = f"{order['role']}: " if order["role"] else ""
    levels = "".join(
        f", {name} {order[key]}" for name, key in (("stop", "sl_price"), ("target", "tp_price")) if order[key]
    )
    chain = f", chain {order['chain_id']}" if order["chain_id"] else ""
    asked = f"{role}{order['kind']} {order['side']} {order['symbol']}{lots}{levels}{chain}"
    yield _line(f"order {order['order_id']}", f"{asked}; decided {order['decided_at']}")
    answer = "not answered yet" if order["status"] == "decided" else order["status"] + _why(order)
    at = f", {order['answered_at']}" if order["answered_at"] else ""
    price = f" at {order['fill_price']}" if order["fill_price"] else ""
    yield _line("", f"{answer}{price}{at}")
    same = [one for one in told["positions"] if (one["book"], one["order_id"]) == (order["book"], order["order_id"])]
    for position in same:
        left = f"{position['open_lots']} lots still open" if position["status"] == "open" else "closed"
        money = _money(position["pnl_minor"], position["currency"])
        yield _line(
            f"ticket {position['ticket']}",
            f"opened {position['entry_at']} at {position['entry_price']}; {left}, {money}",
        )
        for trade in told["trades"]:
            if (trade["book"], trade["ticket"]) == (position["book"], position["ticket"]):
                part = f"{trade['lots']} lots at {trade['exit_price']}, {trade['exit_at']}"
                yield _line(
                    "", f"closed by {trade['exit_reason']}: {part}, {_money(trade['pnl_minor'], trade['currency'])}"
                )


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL}} {text}".rstrip()


def _why(row: Row) -> str:
    return f" ({row['reason']})" if row["reason"] else ""


def _late(alert: Row) -> str:
    return f", taken {alert['late_ns'] / 1e9:.1f} s later" if alert["late_ns"] >= 100_000_000 else ""


def _short(text: str) -> str:
    return text if len(text) <= MOST_BODY else f"{text[:MOST_BODY]} ... ({len(text)} characters)"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _money(minor: int, currency: str) -> str:
    digits = 0 if currency in ("JPY", "KRW") else 2
    return f"{minor / 10**digits:+,.{digits}f} {currency}".rstrip()

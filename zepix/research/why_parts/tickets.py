"""The orders that came of one alert at one plugin, with their fills, their tickets, and what moved and closed those."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final

from zepix.research.report_parts.refusals import meaning
from zepix.research.why_parts.commands import cancelled_by, closed_by, covers, moved_by
from zepix.research.why_parts.facts import Facts, Scale
from zepix.research.write import iso_utc

__all__ = ["EXITS", "OrdersOfPlugin"]

Row = dict[str, Any]
_UNKNOWN: Final = Scale(1e-5, 1e-4, 5)
_OPENS: Final = ("market", "limit", "stop", "stop_limit")
_MS: Final = 1_000_000
_COPIED: Final = (
    "id",
    "kind",
    "status",
    "reason",
    "role",
    "symbol",
    "side",
    "from_timer",
    "oco",
    "comment",
    "chain_id",
)
EXITS: Final = {
    "sl": "its stop was reached",
    "tp": "its target was reached",
    "trailing": "its stop was reached, which trailing had moved",
    "break_even": "its stop was reached, which break-even had moved",
    "signal": "an alert or the strategy closed it",
    "reversal": "a reversal closed it",
    "profit_booking": "its booking target was reached",
    "stop_out": "the broker closed it for lack of margin",
    "equity_guard": "the account's guard closed it",
    "session_end": "its session ended, and everything was closed",
    "time_exit": "its longest hold was over",
    "manual": "closed by hand",
    "end_of_data": "the prices ended; closed at the last close",
}


class OrdersOfPlugin:
    """One plugin's orders, read once; ``told()`` is those of one alert as plain values."""

    def __init__(self, facts: Facts, plugin_id: str, alert_id: str, alert: Row) -> None:
        self._facts = facts
        self._alert = alert
        self._alert_id = alert_id
        self._plugin_id = plugin_id
        spec = facts.meta["spec"] or {}
        self._grace_ns = int((spec.get("fill") or {}).get("open_grace_ms", 5000)) * _MS

    def told(self) -> list[Row]:
        """Every order of the alert, in the order in which they were raised."""
        return [self._order(order) for order in self._orders if order["alert_id"] == self._alert_id]

    @cached_property
    def _orders(self) -> list[Row]:
        return self._facts.where("orders", "strategy", self._plugin_id)

    @cached_property
    def _trades(self) -> list[Row]:
        return self._facts.where("trades", "strategy", self._plugin_id)

    @cached_property
    def _opened_by(self) -> dict[int, int]:
        return {o["ticket"]: o["id"] for o in self._orders if o["kind"] in _OPENS and o["ticket"]}

    def _order(self, order: Row) -> Row:
        scale = self._facts.scales.get(order["symbol"], _UNKNOWN)
        opens = order["kind"] in _OPENS
        told: Row = {name: order[name] for name in _COPIED} | {"opens": opens, "digits": scale.digits}
        told["meaning"] = (meaning(order["reason"]) or "") if order["reason"] else ""
        told |= {name: iso_utc(order[name]) for name in ("decided_at", "arrival_at", "answered_at", "expires_at")}
        told["answered_after_s"] = _seconds(order["decided_at"], order["answered_at"])
        told["after"] = order["after"]
        told |= self._opening(order, scale) if opens else self._closing(order, scale)
        return told

    # --- orders that open -------------------------------------------------------------------------------------------

    def _opening(self, order: Row, scale: Scale) -> Row:
        fill = self._fill(order, scale)
        entry = fill["price"] if fill else order["price"]
        tickets = [self._ticket(order, fill, scale)] if fill and order["ticket"] else []
        return {
            "asked_volume": order["requested_volume"],
            "volume": order["volume"],
            "price": order["price"],
            "limit_price": order["limit_price"],
            "sl": _level(order["sl"], entry, scale) or _offset(order.get("sl_offset_points"), scale),
            "tp": _level(order["tp"], entry, scale) or _offset(order.get("tp_offset_points"), scale),
            "trails": [_trail(word, scale) for word in (order.get("trails") or "").split()],
            "fill": fill,
            "tickets": tickets,
        }

    def _fill(self, order: Row, scale: Scale) -> Row | None:
        """When and at what price, the spread there, and how far from the price that was meant."""
        if order["fill_time"] is None or order["fill_price"] is None:
            return None
        sign = 1 if order["side"] == "buy" else -1
        fill: Row = {
            "at": iso_utc(order["fill_time"]),
            "price": order["fill_price"],
            "volume": order["filled_volume"],
            **scale.spread(order.get("fill_spread_points")),
            "is_graced": order["fill_time"] < order["decided_at"],
        }
        meant, what = self._meant(order)
        if meant:
            worse = scale.points(sign * (order["fill_price"] - meant))
            fill |= {"meant": meant, "meant_is": what, "worse_points": worse, "worse_pips": scale.pips(worse)}
        return fill

    def _meant(self, order: Row) -> tuple[float | None, str]:
        """The price that the order was decided on: a pending order's own, else the quote when the alert arrived."""
        if order["kind"] == "stop_limit":
            return order["limit_price"], "its limit"
        if order["kind"] != "market":
            return order["price"], "its price"
        ours = self._alert["our_price"]
        if ours is None or iso_utc(order["decided_at"]) != self._alert["received_at"]:
            return None, ""
        if order["symbol"] != self._alert["symbol"]:
            return None, ""
        return (ours["ask"], "the ask at arrival") if order["side"] == "buy" else (ours["bid"], "the bid at arrival")

    # --- tickets ------------------------------------------------------------------------------------------------------

    def _ticket(self, order: Row, fill: Row, scale: Scale) -> Row:
        parts = [t for t in self._trades if t["ticket"] == order["ticket"]]
        exits = [self._exit(part, scale) for part in parts]
        told: Row = {"ticket": order["ticket"], "role": order["role"], "exits": exits, "moves": []}
        if not parts:
            return told | {"pnl": None}
        first, last = parts[0], parts[-1]
        entry = fill["price"]
        told |= {
            "initial_sl": _level(first["initial_sl"], entry, scale),
            "initial_tp": _level(first["initial_tp"], entry, scale),
            "moves": self._moves(order, last, entry, scale),
            "final_sl": _level(last["sl"], entry, scale),
            "final_tp": _level(last["tp"], entry, scale),
            "pnl": round(sum(part["pnl"] for part in parts), 8),
            "against_points": max(part["mae_points"] for part in parts),
            "for_points": max(part["mfe_points"] for part in parts),
            "bars_held": max(part["bars_held"] for part in parts),
            "is_ambiguous": any(part["ambiguous"] for part in parts),
        }
        return told

    def _moves(self, order: Row, last: Row, entry: float, scale: Scale) -> list[Row]:
        """What moved the ticket's levels: changes in order of time, then what its own trail had done by its exit."""
        found: list[Row] = []
        sl = last["initial_sl"]
        for command in self._orders:
            if command["kind"] != "modify" or not command["touched"]:
                continue
            at = command["arrival_at"]
            about = (last["ticket"], order["id"], last["strategy"], last["symbol"], last["side"])
            if last["entry_time"] <= at <= last["exit_time"] and covers(command, *about):
                new_sl, new_tp = command["new_sl"], command["new_tp"]
                sl = sl if new_sl is None else new_sl or None
                by = {"order": command["id"], "alert": command["alert_id"] or None, "what": "modify"}
                found.append({"at": iso_utc(at), "by": by, **_moved(new_sl, new_tp, entry, scale)})
        if last["sl"] is not None and last["sl"] != sl:
            word = last["exit_reason"] if last["exit_reason"] in ("trailing", "break_even") else "its own trail"
            by = {"order": order["id"], "alert": order["alert_id"] or None, "what": word}
            found.append({"at": None, "by": by, **_moved(last["sl"], None, entry, scale)})
        return found

    def _exit(self, part: Row, scale: Scale) -> Row:
        command = next((o for o in self._orders if part in closed_by(o, [part], self._opened_by, self._grace_ns)), None)
        return {
            "ticket": part["ticket"],
            "part": part["part"],
            "at": iso_utc(part["exit_time"]),
            "price": part["exit_price"],
            "volume": part["volume"],
            "reason": part["exit_reason"],
            "meaning": EXITS.get(part["exit_reason"], ""),
            "points": part["pnl_points"],
            "pips": scale.pips(part["pnl_points"]),
            **{name: part[name] for name in ("gross", "commission", "swap", "pnl")},
            "by": None if command is None else {"order": command["id"], "alert": command["alert_id"] or None},
            "of_alert": part["alert_id"] or None,
        }

    # --- orders that close, change, cancel --------------------------------------------------------------------------

    def _closing(self, order: Row, scale: Scale) -> Row:
        closed = closed_by(order, self._trades, self._opened_by, self._grace_ns)
        return {
            "covers": {"orders": order["targets"], "tickets": order["tickets"], "side": order["side"]},
            "reason_to_close": order["reason_to_close"] if order["kind"] == "close" else None,
            "new_sl": order["new_sl"],
            "new_tp": order["new_tp"],
            "closed": order["closed"],
            "touched": order["touched"],
            "moved_tickets": moved_by(order, self._trades, self._opened_by),
            "cancelled_orders": cancelled_by(order, self._orders),
            "tickets": [{"ticket": f["ticket"], "exits": [self._exit(f, scale)], "moves": []} for f in closed],
        }


def _seconds(first: int | None, last: int | None) -> float | None:
    return None if first is None or last is None else round((last - first) / 1e9, 3)


def _level(price: float | None, entry: float | None, scale: Scale) -> Row | None:
    """A stop or target: the price, and how far from the entry where that is known."""
    if not price:
        return None
    if not entry:
        return {"price": price, "points": None, "pips": None}
    points = abs(scale.points(price - entry))
    return {"price": price, "points": points, "pips": scale.pips(points)}


def _offset(points: int | None, scale: Scale) -> Row | None:
    """A level that is measured from the fill and was never filled."""
    return None if points is None else {"price": None, "points": abs(points), "pips": scale.pips(abs(points))}


def _moved(new_sl: float | None, new_tp: float | None, entry: float, scale: Scale) -> Row:
    """What a change did: a level, ``removed``, or None where it left it alone."""

    def word(price: float | None) -> Any:
        return None if price is None else _level(price, entry, scale) or "removed"

    return {"sl": word(new_sl), "tp": word(new_tp)}


def _trail(word: str, scale: Scale) -> Row:
    start, step, distance = (int(number) for number in word.split("/"))
    told: Row = {"kind": "trailing" if step else "break_even"}
    for name, points in (("start", start), ("step", step), ("distance", distance)):
        told |= {f"{name}_points": points, f"{name}_pips": scale.pips(points)}
    return told

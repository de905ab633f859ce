"""Orders, positions, trades and chains out of the journal's commands and answers.

| row | becomes |
|---|---|
| ``intent`` | an order, ``decided``; of a chain, the chain counts it |
| ``filled`` | the order is filled; one that opened has a position |
| ``refused``, ``cancelled`` | the order's end, with its reason |
| ``closed`` | a trade (one closing fill), and what is left of its position |
| ``chain`` | where a chain stands, in a journal that has its steps (fields of ``ChainStep``) |

A chain that has an order under way or a position open is ``at_work``, else ``flat``: whether it will go on, only its
own steps could say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from zepix.model.order import OPENING_KINDS
from zepix_live.storage.kept import Kept, Row
from zepix_live.storage.tables import ORDERS, POSITIONS, PROFIT_CHAINS, REENTRY_CHAINS, TRADES
from zepix_live.storage.wording import Prices, at_of, book_of, clean, day_of, side_of, text_of

__all__ = ["Trading"]

PROFIT: Final = "profit"
_PROFIT_ROLE: Final = re.compile(r"B|P\d+")
_LEVEL: Final = re.compile(r"[PC](\d+)")
_IN_COLUMNS: Final = frozenset(
    {
        "of",
        "book",
        "order",
        "kind",
        "plugin",
        "alert",
        "symbol",
        "side",
        "volume_steps",
        "sl",
        "tp",
        "price",
        "role",
        "chain_id",
    }
)
_AT_WORK: Final = "at_work"
_FLAT: Final = "flat"

Taker = Callable[[int, int, Mapping[str, Any]], None]


class Trading:
    """Takes the rows of the journal that are about orders; ``batches`` is what they came to since the last look."""

    def __init__(self, *, is_new: bool) -> None:
        self.prices = Prices(None)
        self.currency = ""
        self.orders: Final = Kept(ORDERS, is_whole=is_new)
        self.positions: Final = Kept(POSITIONS, is_whole=is_new)
        self.reentries: Final = Kept(REENTRY_CHAINS, is_whole=is_new)
        self.profits: Final = Kept(PROFIT_CHAINS, is_whole=is_new)
        self.kept: Final = (self.orders, self.positions, self.reentries, self.profits)
        self._trades: dict[tuple[str, int, int], Row] = {}
        self.takers: Final[dict[str, Taker]] = {
            "intent": self._intent,
            "filled": self._filled,
            "refused": self._ended("refused"),
            "cancelled": self._ended("cancelled"),
            "closed": self._closed,
            "chain": self._chain,
        }

    def batches(self) -> list[tuple[Any, list[Row]]]:
        """(table, rows that are new or changed)."""
        changed = [(kept.table, list(kept.changed.values())) for kept in self.kept]
        return [*changed, (TRADES, list(self._trades.values()))]

    def written(self, most: int) -> None:
        """All of it was written."""
        self._trades = {}
        self.orders.written(lambda row: row["status"] != "decided", most)
        self.positions.written(lambda row: row["status"] == "closed", most)
        for chains in (self.reentries, self.profits):
            chains.written(lambda row: row["status"] != _AT_WORK, most)

    # --- orders -----------------------------------------------------------------------------------------------------

    def _intent(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        row = self._new_order(seq, t_ns, body, body["kind"], body.get("volume_steps"))
        row["role"], row["chain_id"] = clean(body.get("role")), clean(body.get("chain_id"))
        row["price_points"] = body.get("price")
        row["command"] = text_of({key: value for key, value in body.items() if key not in _IN_COLUMNS})
        self.orders.put((row["book"], row["order_id"]), row)
        if row["chain_id"] and row["kind"] in OPENING_KINDS:
            chain = self._chain_of(row, seq, t_ns)
            self._count(chain, seq, t_ns, orders=1, orders_at_work=1)

    def _new_order(self, seq: int, t_ns: int, body: Mapping[str, Any], kind: Any, steps: int | None) -> Row:
        symbol = clean(body.get("symbol"))
        sl, tp = body.get("sl") or None, body.get("tp") or None
        return {
            "book": book_of(body),
            "order_id": int(body["order"]),
            "seq": seq,
            "last_seq": seq,
            "kind": clean(kind),
            "status": "decided",
            "reason": "",
            "strategy": clean(body.get("plugin")),
            "alert_id": clean(body.get("alert")),
            "symbol": symbol,
            "side": side_of(body.get("side")),
            "role": "",
            "chain_id": "",
            "steps": steps,
            "sl_points": sl,
            "tp_points": tp,
            "price_points": None,
            "ticket": None,
            "fill_points": None,
            "fill_ns": None,
            "lots": self.prices.lots(symbol, steps),
            "sl_price": self.prices.price(symbol, sl),
            "tp_price": self.prices.price(symbol, tp),
            "fill_price": None,
            "filled_at": None,
            "decided_ns": t_ns,
            "answered_ns": None,
            "decided_at": at_of(t_ns),
            "day": day_of(t_ns),
            "answered_at": None,
            "command": "{}",
        }

    def _answered(self, seq: int, t_ns: int, body: Mapping[str, Any], status: str) -> Row:
        """The order with its answer; one whose command the journal does not have begins with it."""
        row = self.orders.get((book_of(body), int(body["order"])))
        if row is None:
            row = self._new_order(seq, t_ns, body, body.get("what"), body.get("steps"))
        is_news = row["status"] == "decided"
        answered_ns = int(body.get("at_ns", t_ns))
        row |= {
            "last_seq": seq,
            "status": status,
            "reason": clean(body.get("reason")),
            "answered_ns": answered_ns,
            "answered_at": at_of(answered_ns),
        }
        self.orders.put((row["book"], row["order_id"]), row)
        if is_news and row["chain_id"] and row["kind"] in OPENING_KINDS:
            self._count(self._chain_of(row, seq, t_ns), seq, t_ns, orders_at_work=-1)
        return row

    def _ended(self, status: str) -> Taker:
        def take(seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
            self._answered(seq, t_ns, body, status)

        return take

    def _filled(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        row = self._answered(seq, t_ns, body, "filled")
        if body.get("points"):
            fill_ns = int(body["fill_ns"])
            row["fill_points"], row["fill_ns"] = body["points"], fill_ns
            row["fill_price"], row["filled_at"] = self.prices.price(row["symbol"], body["points"]), at_of(fill_ns)
        if body.get("ticket") and row["kind"] in OPENING_KINDS:
            row["ticket"] = body["ticket"]
            self._opened(seq, t_ns, row, body)

    # --- positions and trades ---------------------------------------------------------------------------------------

    def _opened(self, seq: int, t_ns: int, order: Row, body: Mapping[str, Any]) -> None:
        symbol, steps, entry_ns = order["symbol"], int(body["steps"]), int(body["fill_ns"])
        lots = self.prices.lots(symbol, steps)
        position = {
            "ticket": int(body["ticket"]),
            "seq": seq,
            "last_seq": seq,
            "book": order["book"],
            "order_id": order["order_id"],
            "status": "open",
            **{name: order[name] for name in ("strategy", "alert_id", "symbol", "side", "role", "chain_id")},
            "steps": steps,
            "open_steps": steps,
            "entry_ns": entry_ns,
            "entry_points": int(body["points"]),
            "initial_sl_points": int(body.get("sl") or 0),
            "initial_tp_points": int(body.get("tp") or 0),
            "closed_ns": None,
            "lots": lots,
            "open_lots": lots,
            "entry_price": self.prices.price(symbol, body["points"]),
            "closed_at": None,
            "entry_at": at_of(entry_ns),
            "currency": self.currency,
            "pnl_minor": 0,
        }
        self.positions.put((position["book"], position["ticket"]), position)
        if order["chain_id"]:
            self._count(self._chain_of(order, seq, t_ns), seq, t_ns, tickets=1, tickets_open=1)

    def _closed(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        position = self.positions.get((book_of(body), int(body["ticket"])))
        if position is None:
            raise ValueError(f"ticket {body['ticket']} was never opened")
        symbol, steps, exit_ns = position["symbol"], int(body["steps"]), int(body["exit_ns"])
        trade = {
            "book": position["book"],
            "ticket": position["ticket"],
            "part": int(body["part"]),
            "seq": seq,
            **{name: position[name] for name in ("strategy", "alert_id", "symbol", "side", "role", "chain_id")},
            "steps": steps,
            **{name: position[name] for name in ("entry_ns", "entry_points", "entry_price", "entry_at")},
            "exit_ns": exit_ns,
            "exit_points": int(body["points"]),
            "lots": self.prices.lots(symbol, steps),
            "exit_price": self.prices.price(symbol, body["points"]),
            "exit_at": at_of(exit_ns),
            "day": day_of(exit_ns),
            "exit_reason": clean(body["reason"]),
            "currency": self.currency,
            "pnl_minor": int(body["pnl_minor"]),
        }
        self._trades[trade["book"], trade["ticket"], trade["part"]] = trade
        left = max(0, position["open_steps"] - steps)
        position |= {
            "last_seq": seq,
            "open_steps": left,
            "open_lots": self.prices.lots(symbol, left),
            "pnl_minor": position["pnl_minor"] + trade["pnl_minor"],
        }
        is_over = not left and position["status"] == "open"
        if is_over:
            position |= {"status": "closed", "closed_ns": exit_ns, "closed_at": trade["exit_at"]}
        self.positions.put((position["book"], position["ticket"]), position)
        if position["chain_id"]:
            won = {"wins" if position["pnl_minor"] > 0 else "losses": 1, "tickets_open": -1} if is_over else {}
            chain = self._chain_of(position, seq, t_ns)
            self._count(chain, seq, t_ns, pnl_minor=trade["pnl_minor"], **won)

    # --- chains -----------------------------------------------------------------------------------------------------

    def _chain_of(self, thing: Row, seq: int, t_ns: int) -> Row:
        """The chain of an order or a position, as it is; a new one where nobody has begun it."""
        chain_id = thing["chain_id"]
        key = (thing["book"], chain_id)
        known = self.profits.get(key) or self.reentries.get(key)
        kind = _kind_of(chain_id, thing["role"]) if known is None else known["kind"]
        chain = known or self._new_chain(chain_id, kind, thing, seq, t_ns)
        if (level := _LEVEL.match(thing["role"])) is not None:
            chain["level"] = max(chain["level"] or 0, int(level[1]))
        return chain

    def _new_chain(self, chain_id: str, kind: str, thing: Mapping[str, Any], seq: int, t_ns: int) -> Row:
        counts = dict.fromkeys(
            ("orders", "orders_at_work", "tickets", "tickets_open", "wins", "losses", "pnl_minor"), 0
        )
        return {
            "book": thing["book"],
            "chain_id": chain_id,
            "seq": seq,
            "last_seq": seq,
            "kind": kind,
            "status": _FLAT,
            "reason": "",
            **{name: thing[name] for name in ("strategy", "alert_id", "symbol", "side")},
            "level": 0,
            **counts,
            "currency": self.currency,
            "began_ns": t_ns,
            "changed_ns": t_ns,
            "began_at": at_of(t_ns),
            "changed_at": at_of(t_ns),
        }

    def _count(self, chain: Row, seq: int, t_ns: int, **more: int) -> None:
        for name, number in more.items():
            chain[name] += number
        if chain["status"] in (_AT_WORK, _FLAT):
            chain["status"] = _AT_WORK if chain["orders_at_work"] > 0 or chain["tickets_open"] > 0 else _FLAT
        chain |= {"last_seq": seq, "changed_ns": t_ns, "changed_at": at_of(t_ns)}
        (self.profits if chain["kind"] == PROFIT else self.reentries).put((chain["book"], chain["chain_id"]), chain)

    def _chain(self, seq: int, t_ns: int, body: Mapping[str, Any]) -> None:
        """A step of a chain: where it stands since. Steps of single orders say their level only."""
        chain_id = clean(body["chain_id"])
        thing = {
            "book": book_of(body),
            "strategy": clean(body.get("plugin_id")),
            "alert_id": clean(body.get("alert_id")),
            "symbol": clean(body.get("symbol")),
            "side": "",
        }
        key = (thing["book"], chain_id)
        known = self.profits.get(key) or self.reentries.get(key)
        chain = known or self._new_chain(chain_id, clean(body["kind"]), thing, seq, t_ns)
        chain["level"] = int(body["level"])
        if not body.get("order_id") and not body.get("ticket"):
            chain["status"], chain["reason"] = clean(body["state"]), clean(body.get("reason"))
        self._count(chain, seq, t_ns)


def _kind_of(chain_id: str, role: str) -> str:
    if chain_id.startswith("PROFIT_") or _PROFIT_ROLE.fullmatch(role):
        return PROFIT
    return "shield" if chain_id.startswith("SHIELD_") else "reentry"

"""What the tests of modes share: desks with a live slot, commands, a broker that keeps book of every call."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.live.desk import Desk, entry
from zepix.brokers.simulated import SimulatedLiveBroker
from zepix_live.inbox_rows import encode
from zepix_live.operator_commands import OPERATOR, Command

__all__ = ["SLOT", "Watched", "entry", "operator_events", "rows_of", "tell", "trade"]

SLOT: dict[str, Any] = {"broker__live__name": "simulated", "shadow_mode__default_mode": "LIVE"}
CALLS = ("submit", "refusal_for", "account", "watch_price", "drop_watch", "watch_equity")


class Watched(SimulatedLiveBroker):
    """A live broker that notes who asks it for what; ``forbids``: nobody may ask it for anything."""

    asked: ClassVar[list[tuple[str, str, bool]]] = []
    """(call, plugin of the order, whether it opens)"""
    forbids = False

    def submit(self, order: Any) -> Any:
        self._note("submit", order.plugin_id, order.opens)
        return super().submit(order)

    def refusal_for(self, symbol: str) -> Any:
        self._note("refusal_for")
        return super().refusal_for(symbol)

    def account(self) -> Any:
        self._note("account")
        return super().account()

    def watch_price(self, symbol: str, direction: int, points: int) -> int:
        self._note("watch_price")
        return super().watch_price(symbol, direction, points)

    def watch_equity(self, below: Any, above: Any) -> int:
        self._note("watch_equity")
        return super().watch_equity(below, above)

    def _note(self, call: str, plugin: str = "", opens: bool = False) -> None:
        type(self).asked.append((call, plugin, opens))
        assert not type(self).forbids, f"the live broker was asked for {call} {plugin}"


def tell(one: Desk, word: str, plugin: str = "", **more: Any) -> int:
    """A command arrives now; its number in the inbox."""
    command = Command(f"test-{word}-{one.inbox.last_seq}", word, plugin, by="anna", **more)
    return one.inbox.append([(one.clock.now_ns(), OPERATOR, encode({**command.fields(), "from": "127.0.0.1"}))])[0]


def operator_events(one: Desk) -> list[tuple[str, str]]:
    """(level, sentence) of every command that was obeyed."""
    return [(body["level"], body["text"]) for _, _, body in one.rows("event") if body["code"] == "operator"]


def rows_of(one: Desk, book: str, *kinds: str) -> list[dict[str, Any]]:
    """The bodies of a book's rows of these kinds."""
    return [body for _, _, body in one.rows(*kinds) if body.get("book", "shadow") == book]


def traded_with_one_left(one: Desk, count: int, left: str) -> None:
    """Open, so many entries with their exits, and an entry of the id ``left`` that stays open."""
    one.open()
    one.run(30)
    trade(one, count)
    one.post(entry("buy", id=left, sl=1.0))
    one.run(3)


def trade(one: Desk, count: int, *, first: int = 0, symbol: str = "EURUSD", held_s: float = 4.0, **more: Any) -> None:
    """So many entries, each with its exit, both sides in turn."""
    for number in range(first, first + count):
        side = "buy" if number % 2 else "sell"
        one.post(entry(side, symbol, id=f"in{number}", **more))
        one.run(held_s)
        one.post({"type": "exit", "side": side, "symbol": symbol, "id": f"out{number}"})
        one.run(2.5)

"""Services of a run: told first, woken by timers of their own, saved and loaded."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.world import alert, flat, market, minute
from zepix.engine import PluginInfo, Strategy
from zepix.engine.service_host import ServiceHost
from zepix.engine.wakers import Timers
from zepix.errors import ZepixError
from zepix.model import Alert, ClosingFill, Event, OrderFilled, OrderRefused, TicketClosed
from zepix.services.hearing import Hearing, Kinds


class Heard:
    """Keeps what it is told, and wants to be woken every two minutes until minute five."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_alert(self, alert: Alert) -> None:
        self.told.append(f"alert {alert.id}")

    def on_event(self, event: Event) -> None:
        self.told.append(type(event).__name__)

    def next_timer_ns(self, now_ns: int) -> int | None:
        following = now_ns + 2 * (minute(1) - minute(0))
        return following if following <= minute(5) else None

    def on_timer(self, now_ns: int) -> None:
        self.told.append(f"timer {(now_ns - minute(0)) / 60e9:g}")

    def state(self) -> dict[str, Any]:
        return {"told": list(self.told)}

    def load_state(self, state: dict[str, Any]) -> None:
        self.told = list(state["told"])


class Follows(Strategy):
    info = PluginInfo(strategy="follows")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.heard: Heard | None = None
        self.seen: list[int] = []

    async def process_entry_signal(self, alert: Alert) -> None:
        assert self.heard is not None
        self.seen.append(len(self.heard.told))
        await self.api.orders.place_order("EURUSD", "buy", 0.01)

    async def on_fill(self, event: OrderFilled) -> None:
        assert self.heard is not None
        self.seen.append(len(self.heard.told))


def test_services_are_told_before_strategies_and_woken_by_their_timers() -> None:
    heard = Heard()

    def prepare(simulation: Any) -> None:
        simulation.engine.services.add("heard", heard)
        simulation.engine.registry.get_plugin("follows").heard = heard

    played = market(*flat(6)).play([alert(1)], Follows, before=prepare)
    assert [word.split()[0] for word in heard.told] == ["alert", "OrderFilled", "timer", "timer", "TicketClosed"]
    assert [word for word in heard.told if word.startswith("timer")] == ["timer 2", "timer 4"]
    assert played.plugin().seen == [1, 2]


class Tables(Hearing):
    """Hears of closes before the plugin does, and acts on fills after it."""

    HEARS: ClassVar[Kinds] = {TicketClosed: "note"}
    FOLLOWS: ClassVar[Kinds] = {OrderFilled: "act"}

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, event: TicketClosed) -> None:
        self.told.append(f"note {type(event).__name__}")

    def act(self, event: OrderFilled, answer: Any) -> None:
        self.told.append(f"act {type(event).__name__} {answer}")


def test_a_service_with_tables_hears_of_its_kinds_by_their_methods_and_of_no_others() -> None:
    tables, heard = Tables(), Heard()

    def prepare(simulation: Any) -> None:
        simulation.engine.services.add("heard", heard)
        simulation.engine.services.add("tables", tables)
        simulation.engine.registry.get_plugin("follows").heard = heard

    played = market(*flat(6)).play([alert(1)], Follows, before=prepare)
    assert tables.told == ["act OrderFilled None", "note TicketClosed"]
    assert [len(fill) for fill in played.record.fills] == [len(ClosingFill._fields)]
    by_hand = Tables()
    for event in (OrderRefused(1, 1, played.record.orders[0]), OrderFilled(1, 1, played.record.orders[0], None)):
        by_hand.on_event(event)
        by_hand.on_follow(event, False)
    assert by_hand.told == ["act OrderFilled False"]


def test_a_table_that_names_a_method_that_is_not_there_is_no_silence() -> None:
    class Misspelt(Hearing):
        FOLLOWS: ClassVar[Kinds] = {OrderFilled: "on_filed"}

    host = ServiceHost(Timers())
    host.add("misspelt", Misspelt())
    assert host.followers(TicketClosed) == []
    with pytest.raises(AttributeError, match="on_filed"):
        host.followers(OrderFilled)


def test_state_goes_to_the_service_of_its_name() -> None:
    one, other = Heard(), Heard()
    one.told = ["x"]
    first, second = ServiceHost(Timers()), ServiceHost(Timers())
    first.add("heard", one)
    second.add("heard", other)
    second.load_state(first.state())
    assert other.told == ["x"]
    with pytest.raises(ZepixError, match="no such service"):
        second.load_state({"else": {}})
    with pytest.raises(ZepixError, match="lives in this run already"):
        second.add("heard", one)


def test_a_timer_in_the_past_is_an_error_that_names_the_service() -> None:
    class Late:
        def next_timer_ns(self, now_ns: int) -> int:
            return now_ns - 1

    host = ServiceHost(Timers())
    host.add("late", Late())
    with pytest.raises(ZepixError, match="service 'late' asks"):
        host.start(5)

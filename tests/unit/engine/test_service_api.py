"""ServiceAPI: registration, every path to a service counts, health, configuration, and what is missing degrades."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.world import alert, flat, market
from zepix.engine import PluginInfo, ServiceAPI, ServiceMetrics, ServiceRegistration, Strategy
from zepix.engine.stepping import run_to_completion
from zepix.model import Alert, Refused


class Clock:
    now_ns = 1_000
    phase = 4


class FakeOrders:
    """Counts nothing itself; remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    async def place_order(self, *args: Any, **kwargs: Any) -> str:
        self.asked.append(("place_order", args))
        return "placed"

    async def close_order(self, ticket: int, reason: str) -> str:
        self.asked.append(("close_order", (ticket, reason)))
        return "closed"

    async def fails(self) -> None:
        raise ValueError("the wire is cut")

    def open_tickets(self) -> list[int]:
        return [1, 2]

    def breaks(self) -> None:
        raise KeyError("EURUSD")


class FakeMarket:
    limit = 5

    def get_current_price(self, symbol: str) -> float:
        return 1.1

    def get_spread(self, symbol: str) -> float:
        return 0.7

    def get_atr(self, symbol: str, timeframe: str, period: int) -> float:
        return 0.002

    @property
    def broken(self) -> float:
        raise OSError("no feed")


def make(**given: Any) -> ServiceAPI:
    api = ServiceAPI("mine", clock=Clock(), **given)
    api.register_service("order", FakeOrders())
    api.register_service("market", FakeMarket())
    return api


def done(awaitable: Any) -> Any:
    return run_to_completion(awaitable, "mine", "test")


def calls(api: ServiceAPI, name: str) -> int:
    metrics = api.get_service_metrics(name)
    assert metrics is not None
    return metrics.calls


# --- registration -------------------------------------------------------------------------------------------------


def test_service_is_reached_by_name_and_by_both_properties() -> None:
    api = make()
    assert api.has_service("order")
    assert api.list_services() == ["order", "market"]
    assert api.get_service("order") is api.orders is api.order_service
    assert api.get_service("market") is api.market is api.market_service


def test_service_of_ones_own_is_a_property_by_its_name() -> None:
    api = make()
    api.register_service("news", FakeMarket())
    assert api.news.get_spread("EURUSD") == 0.7


def test_service_registered_again_replaces_the_first_everywhere_and_counts_anew() -> None:
    api = make()
    api.get_spread("EURUSD")

    class Wide(FakeMarket):
        def get_spread(self, symbol: str) -> float:
            return 9.0

    api.register_service("market", Wide())
    assert calls(api, "market") == 0
    assert api.get_spread("EURUSD") == api.market.get_spread("EURUSD") == api.market_service.get_spread("EURUSD") == 9.0


def test_unknown_service_is_none_by_name_and_an_error_that_names_the_others_as_property() -> None:
    api = make()
    assert not api.has_service("trend")
    assert api.get_service("trend") is None
    with pytest.raises(AttributeError, match=r"'trend'.*market.*orders"):
        _ = api.trend


def test_call_service_by_names_awaits_where_it_must() -> None:
    api = make()
    assert done(api.call_service("order", "place_order", "EURUSD", "buy")) == "placed"
    assert done(api.call_service("market", "get_spread", "EURUSD")) == 0.7


def test_call_service_of_an_unknown_service_or_method_is_an_error_that_names_it() -> None:
    api = make()
    with pytest.raises(LookupError, match=r"no service 'trend'; registered are order, market"):
        done(api.call_service("trend", "get"))
    with pytest.raises(AttributeError, match="plase_order"):
        done(api.call_service("order", "plase_order"))


# --- counting -----------------------------------------------------------------------------------------------------

SYNC_PATHS: dict[str, Callable[[ServiceAPI], Any]] = {
    "facade": lambda api: api.get_spread("EURUSD"),
    "short_property": lambda api: api.market.get_spread("EURUSD"),
    "long_property": lambda api: api.market_service.get_spread("EURUSD"),
    "get_service": lambda api: api.get_service("market").get_spread("EURUSD"),
    "call_service": lambda api: done(api.call_service("market", "get_spread", "EURUSD")),
}
ASYNC_PATHS: dict[str, Callable[[ServiceAPI], Awaitable[Any]]] = {
    "facade": lambda api: api.place_order("EURUSD", "buy"),
    "short_property": lambda api: api.orders.place_order("EURUSD", "buy"),
    "long_property": lambda api: api.order_service.place_order("EURUSD", "buy"),
    "get_service": lambda api: api.get_service("order").place_order("EURUSD", "buy"),
    "call_service": lambda api: api.call_service("order", "place_order", "EURUSD", "buy"),
}


@pytest.mark.parametrize("path", SYNC_PATHS.values(), ids=SYNC_PATHS)
def test_every_path_to_a_plain_method_counts_once(path: Callable[[ServiceAPI], Any]) -> None:
    api = make()
    for expected in (1, 2, 3):
        assert path(api) == 0.7
        assert calls(api, "market") == expected
    assert calls(api, "order") == 0


@pytest.mark.parametrize("path", ASYNC_PATHS.values(), ids=ASYNC_PATHS)
def test_every_path_to_a_command_counts_once(path: Callable[[ServiceAPI], Awaitable[Any]]) -> None:
    api = make()
    for expected in (1, 2, 3):
        assert done(path(api)) == "placed"
        assert calls(api, "order") == expected


def test_method_kept_by_a_strategy_counts_too() -> None:
    api = make()
    get_spread = api.market.get_spread
    get_spread("EURUSD")
    get_spread("GBPUSD")
    assert calls(api, "market") == 2


def test_reading_a_value_of_a_service_counts() -> None:
    api = make()
    assert api.get_service("market").limit == 5
    assert calls(api, "market") == 1


def test_time_of_the_last_call_is_the_events() -> None:
    api = make()
    api.get_spread("EURUSD")
    metrics = api.get_service_metrics("market")
    assert metrics is not None
    assert metrics.last_call == 1_000


ERRORS: dict[str, tuple[Callable[[ServiceAPI], Any], type[Exception], str]] = {
    "property": (lambda api: api.get_service("order").breaks(), KeyError, "KeyError: 'EURUSD'"),
    "call_service": (lambda api: done(api.call_service("order", "breaks")), KeyError, "KeyError: 'EURUSD'"),
    "command": (lambda api: done(api.get_service("order").fails()), ValueError, "ValueError: the wire is cut"),
    "command_by_name": (
        lambda api: done(api.call_service("order", "fails")),
        ValueError,
        "ValueError: the wire is cut",
    ),
}


@pytest.mark.parametrize(("path", "kind", "said"), ERRORS.values(), ids=ERRORS)
def test_error_passes_and_is_counted(path: Callable[[ServiceAPI], Any], kind: type[Exception], said: str) -> None:
    api = make()
    api.orders.open_tickets()
    with pytest.raises(kind):
        path(api)
    metrics = api.get_service_metrics("order")
    assert metrics is not None
    assert (metrics.calls, metrics.errors, metrics.error_rate, metrics.last_error) == (2, 1, 50.0, said)


def test_value_that_cannot_be_read_is_counted_as_an_error() -> None:
    api = make()
    with pytest.raises(OSError, match="no feed"):
        _ = api.get_service("market").broken
    metrics = api.get_service_metrics("market")
    assert metrics is not None
    assert (metrics.calls, metrics.errors) == (1, 1)


def test_without_a_clock_no_elapsed_time_is_kept() -> None:
    api = make()
    api.get_spread("EURUSD")
    done(api.place_order("EURUSD", "buy"))
    assert [m.total_time_ms for m in api.get_metrics().values()] == [0.0, 0.0]


def test_with_a_clock_elapsed_time_is_summed_on_both_kinds_of_methods() -> None:
    ticks = iter(range(0, 1000, 5))
    api = make(elapsed_clock=lambda: float(next(ticks)))
    api.get_spread("EURUSD")
    api.market.get_spread("EURUSD")
    done(api.place_order("EURUSD", "buy"))
    with pytest.raises(ValueError, match="wire"):
        done(api.get_service("order").fails())
    metrics = api.get_metrics()
    assert metrics["market"].total_time_ms == 10.0
    assert metrics["market"].avg_time_ms == 5.0
    assert metrics["order"].total_time_ms == 10.0
    assert metrics["order"].calls == 2


def test_metrics_start_at_nothing_without_dividing_by_it() -> None:
    fresh = ServiceMetrics()
    assert (fresh.avg_time_ms, fresh.error_rate, fresh.last_call, fresh.last_error) == (0.0, 0.0, None, None)


def test_reset_of_one_service_or_all() -> None:
    api = make()
    api.get_spread("EURUSD")
    done(api.place_order("EURUSD", "buy"))
    api.reset_metrics("market")
    assert (calls(api, "market"), calls(api, "order")) == (0, 1)
    api.reset_metrics()
    assert calls(api, "order") == 0
    api.get_spread("EURUSD")
    assert calls(api, "market") == 1


# --- health -------------------------------------------------------------------------------------------------------


def test_health_by_the_services_own_checks() -> None:
    api = make()

    def broken() -> bool:
        raise ConnectionError("no answer")

    api.register_service("well", FakeMarket(), lambda: True)
    api.register_service("ill", FakeMarket(), health_check=lambda: False)
    api.register_service("broken", FakeMarket(), health_check=broken)
    expected = {"order": True, "market": True, "well": True, "ill": False, "broken": False}
    assert api.check_health() == expected


def test_health_changes_with_the_check() -> None:
    api = make()
    state = {"ok": False}
    api.register_service("feed", FakeMarket(), lambda: state["ok"])
    assert api.check_health()["feed"] is False
    state["ok"] = True
    assert api.check_health()["feed"] is True


def test_registration_is_a_value_with_the_owners_fields() -> None:
    registration = ServiceRegistration("order", FakeOrders())
    assert (registration.name, registration.health_check, registration.is_healthy) == ("order", None, True)


# --- configuration ------------------------------------------------------------------------------------------------


def test_configuration_by_dotted_keys() -> None:
    config = {"account": {"currency": "USD", "limits": {"daily": 100}}, "flat": 3, "zero": 0}
    api = make(config=config, plugin_config={"lots": 0.5, "risk": {"tier": "small"}})
    assert api.get_config("account.currency") == "USD"
    assert api.get_config("account.limits.daily") == 100
    assert api.get_config("zero", 7) == 0
    assert api.get_config("account.nothing", 7) == 7
    assert api.get_config("flat.deeper", "default") == "default"
    assert api.get_config("nothing") is None
    assert api.get_plugin_config("lots") == 0.5
    assert api.get_plugin_config("risk.tier") == "small"
    assert api.get_plugin_config("stop", 3) == 3


def test_strategy_cannot_change_the_runs_configuration_by_its_own_dictionary() -> None:
    given = {"a": 1}
    api = make(config=given)
    given["a"] = 2
    assert api.get_config("a") == 1


# --- what is missing ------------------------------------------------------------------------------------------------


def test_missing_market_is_no_price_and_a_spread_that_forbids_trading() -> None:
    api = ServiceAPI("mine", clock=Clock())
    assert api.get_current_price("EURUSD") is None
    assert api.get_spread("EURUSD") == 999.9
    assert math.isnan(api.get_atr("EURUSD"))


COMMANDS: dict[str, Callable[[ServiceAPI], Awaitable[Any]]] = {
    "place_order": lambda api: api.place_order("EURUSD", "buy"),
    "modify_order": lambda api: api.modify_order(1, 1.1),
    "close_position": lambda api: api.close_position(1),
    "close_position_partial": lambda api: api.close_position_partial(1, 0.5),
    "create_dual_orders": lambda api: api.create_dual_orders({}),
    "create_profit_chain": lambda api: api.create_profit_chain({}),
    "start_recovery": lambda api: api.start_recovery({}),
    "check_safety": lambda api: api.check_safety(),
    "send_notification": lambda api: api.send_notification("entry", "text"),
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_command_to_a_missing_service_is_refused_and_names_it(command: Callable[[ServiceAPI], Awaitable[Any]]) -> None:
    answer = done(command(ServiceAPI("mine", clock=Clock())))
    assert isinstance(answer, Refused)
    assert answer.reason == "not_supported"
    assert "no service" in answer.detail


def test_missing_account_and_orders_are_nothing_to_trade_with() -> None:
    api = ServiceAPI("mine", clock=Clock())
    assert api.get_open_trades() == []
    assert not api.get_balance()
    assert not api.get_equity()


def test_facade_hands_tickets_and_reasons_on() -> None:
    api = make()
    assert done(api.close_position(7, "manual")) == "closed"
    assert api.get_open_trades() == [1, 2]


def test_service_with_the_name_of_a_member_does_not_break_the_api() -> None:
    api = make()
    api.register_service("clock", FakeMarket())
    assert api.now_ns == 1_000


# --- in a replay --------------------------------------------------------------------------------------------------


class Asker(Strategy):
    info = PluginInfo(strategy="asker")

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.place_order(alert.symbol, alert.side, 0.1)
        await self.api.call_service("order", "close_positions", alert.symbol)
        self.seen = [
            self.api.get_spread(alert.symbol),
            self.api.market.get_spread(alert.symbol),
            self.api.account.balance,
        ]


def test_counts_of_a_replay_are_in_its_record_without_elapsed_time() -> None:
    played = market(*flat(3), spread=7).play([alert(1)], Asker)
    assert played.plugin().seen[:2] == pytest.approx([0.7, 0.7])
    metrics = played.record.metrics["asker"]
    assert metrics["order"] == (2, 0, 0.0)
    assert metrics["market"] == (2, 0, 0.0)
    assert metrics["account"][0] == 1


def test_replay_inside_a_running_loop_gives_the_same_as_outside() -> None:
    async def cell() -> list[tuple[str, str]]:
        return market(*flat(3)).play([alert(1)], Asker).outcomes

    assert asyncio.run(cell()) == market(*flat(3)).play([alert(1)], Asker).outcomes

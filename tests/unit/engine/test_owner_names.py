"""The names that the product's owner knows: each in its room, with its members; and capabilities by having methods."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import pytest

import zepix.engine as room
from tests.world import alert, flat, market
from zepix.engine import PluginInfo, ServiceAPI, Strategy
from zepix.engine.capabilities import CAPABILITIES, capabilities_of
from zepix.model import Alert, Decision

CLASSES = {
    "TradingEngine": "process_alert delegate_to_plugin open_trades pause resume shutdown step",
    "ServiceAPI": (
        "VERSION register_service get_service has_service list_services call_service check_health get_metrics "
        "reset_metrics get_config get_plugin_config get_current_price get_spread get_atr place_order modify_order "
        "close_position close_position_partial create_dual_orders create_profit_chain start_recovery check_safety "
        "send_notification get_balance get_equity get_open_trades"
    ),
    "PluginRegistry": (
        "discover_plugins load_all_plugins get_plugin get_all_plugins get_plugin_for_signal enable_plugin "
        "disable_plugin get_plugin_status"
    ),
    "PluginRouter": "route_signal broadcast_signal",
    "Strategy": (
        "process_entry_signal process_exit_signal process_reversal_signal process_signal on_sl_hit on_tp_hit "
        "on_recovery_signal get_status metadata"
    ),
    "BaseLogicPlugin": "process_entry_signal get_status metadata",
    "PluginHealthMonitor": "check_plugin_health get_all_plugin_status",
    "ExecutionMode": "LIVE SHADOW HYBRID",
    "ShadowModeManager": "set_mode get_execution_mode is_plugin_in_shadow record_virtual_order promote demote",
}
FIELDS = {
    "ServiceRegistration": "name service health_check is_healthy",
    "ServiceMetrics": "calls errors total_time_ms last_call last_error",
    "PluginInfo": "plugin_id strategy timeframes description version author enabled",
    "ReentryEvent": (
        "trade_id plugin_id symbol reentry_type entry_price exit_price sl_price direction chain_level metadata "
        "timestamp"
    ),
    "OrderConfig": (
        "order_type sl_type lot_size sl_pips tp_pips trailing_enabled trailing_start_pips trailing_step_pips "
        "risk_amount plugin_id metadata"
    ),
    "DualOrderResult": "order_a_id order_b_id order_a_status order_b_status total_lot_size error timestamp",
    "ProfitChain": ("chain_id plugin_id symbol direction level orders_in_level orders_booked total_profit status"),
    "BookingResult": "success order_id profit_amount chain_advanced new_level error",
    "SafetyCheckResult": "allowed reason",
}
PROTOCOLS = {
    "SignalProcessor": "get_supported_strategies get_supported_timeframes can_process_signal process_signal",
    "OrderExecutor": "execute_order modify_order close_order",
    "ReentryCapable": "on_sl_hit on_tp_hit on_exit on_recovery_signal get_chain_level get_max_chain_level",
    "DualOrderCapable": "create_dual_orders get_order_a_config get_order_b_config on_order_a_closed on_order_b_closed",
    "ProfitBookingCapable": (
        "create_profit_chain on_profit_target_hit on_chain_sl_hit get_active_chains get_pyramid_config"
    ),
    "AutonomousCapable": ("check_recovery_allowed activate_reverse_shield deactivate_reverse_shield get_safety_stats"),
    "DatabaseCapable": "get_database_config initialize_database execute_query",
}
SERVICES = {
    "zepix.services.orders.OrderExecutionService": "place_order modify_order close_order close_positions",
    "zepix.services.risk.RiskManagementService": "validate_trade",
    "zepix.services.reentry.ReentryService": "create_chain record_sl_hit record_tp_hit active_chains",
    "zepix.services.market.MarketDataService": "get_current_price get_spread get_atr",
    "zepix.services.account.AccountService": "balance equity margin free_margin currency",
    "zepix.services.profit_booking.ProfitBookingService": "create_profit_chain handle_profit_target_hit active_chains",
    "zepix.services.autonomous.AutonomousService": (
        "run_autonomous_checks check_safety check_recovery_allowed activate_reverse_shield deactivate_reverse_shield "
        "get_safety_stats"
    ),
    "zepix.services.notifications.NotificationService": "send_notification",
    "zepix.alerts.processor.AlertProcessor": "parse",
    "zepix.config.ConfigManager": "get",
}
PROPERTIES = {
    "order": ("order_service", "orders"),
    "risk": ("risk_service", "risk"),
    "trend": ("trend_service", "trend"),
    "market": ("market_service", "market"),
    "reentry": ("reentry_service", "reentry"),
    "dual_order": ("dual_order_service", "dual_order"),
    "profit_booking": ("profit_booking_service", "profit_booking"),
    "autonomous": ("autonomous_service", "autonomous"),
    "telegram": ("telegram_service", "notify"),
    "database": ("database_service", "database"),
    "account": ("account",),
    "sessions": ("sessions",),
}


class Clock:
    now_ns = 0


@pytest.mark.parametrize("name", CLASSES)
def test_class_has_its_members(name: str) -> None:
    cls = getattr(room, name)
    instance_only = {"open_trades"}
    missing = [m for m in CLASSES[name].split() if not hasattr(cls, m) and m not in instance_only]
    assert missing == []


@pytest.mark.parametrize("name", FIELDS)
def test_value_has_its_fields(name: str) -> None:
    have = {f.name for f in dataclasses.fields(getattr(room, name))}
    assert set(FIELDS[name].split()) - have == set()


@pytest.mark.parametrize("path", SERVICES)
def test_service_has_its_members(path: str) -> None:
    module, _, name = path.rpartition(".")
    cls = getattr(importlib.import_module(module), name)
    assert [m for m in SERVICES[path].split() if not hasattr(cls, m)] == []


@pytest.mark.parametrize("name", PROTOCOLS)
def test_protocol_has_its_methods_and_its_owners_alias(name: str) -> None:
    protocol = getattr(room, name)
    assert [m for m in PROTOCOLS[name].split() if not hasattr(protocol, m)] == []
    assert getattr(room, f"I{name}") is protocol
    assert getattr(protocol, "_is_protocol", False)


@pytest.mark.parametrize(("name", "properties"), PROPERTIES.items(), ids=PROPERTIES)
def test_registered_service_is_a_property_by_its_names(name: str, properties: tuple[str, ...]) -> None:
    api = ServiceAPI("mine", clock=Clock())
    service = object()
    api.register_service(name, service)
    assert all(getattr(api, p) is api.get_service(name) for p in properties)


def test_version_of_the_service_api() -> None:
    assert ServiceAPI.VERSION == "3.0.0"


def test_services_of_a_replay_are_registered_under_the_owners_names() -> None:
    class Any_(Strategy):
        info = PluginInfo(strategy="any")

    simulation = market(*flat(2)).prepare(Any_)
    found = simulation.apis["any"].list_services()
    assert {"autonomous", "telegram"} <= set(found[8:])
    assert found[:8] == [
        "order",
        "market",
        "account",
        "risk",
        "trend",
        "sessions",
        "dual_order",
        "exits",
    ]


def test_plugin_has_the_owners_attributes() -> None:
    class Mine(Strategy):
        info = PluginInfo(strategy="mine", version="2.1.0", author="me")
        lots: float = 0.5

    plugin = market(*flat(2)).play([alert(1)], Mine).plugin()
    assert plugin.plugin_id == "mine"
    assert plugin.config == {"lots": 0.5}
    assert plugin.service_api is plugin.api
    assert plugin.logger is plugin.log
    assert plugin.enabled is True
    assert plugin.db_path == "data/zepix_mine.db"
    assert plugin.metadata["version"] == "2.1.0"
    assert plugin.get_status()["plugin_id"] == "mine"


def test_decision_in_the_owners_shape() -> None:
    assert Decision("filled").as_dict() == {"status": "success", "message": ""}
    assert Decision.refused("spread", pips=3.0).as_dict() == {"status": "skipped", "message": "spread", "pips": 3.0}
    assert Decision("error", "no_plugin_found").as_dict()["status"] == "error"


# --- capabilities ---------------------------------------------------------------------------------------------------


def with_methods(*names: str) -> object:
    return type("Made", (), {name: (lambda self: None) for name in names})()


@pytest.mark.parametrize(("name", "protocol"), CAPABILITIES.items(), ids=CAPABILITIES)
def test_capability_is_having_all_methods_and_lacking_one_is_not_having_it(name: str, protocol: Any) -> None:
    methods = PROTOCOLS[protocol.__name__].split()
    assert capabilities_of(with_methods(*methods)) == (name,)
    for absent in methods:
        assert name not in capabilities_of(with_methods(*(m for m in methods if m != absent)))


def test_strategy_with_the_methods_has_the_capability_and_its_status_says_so() -> None:
    class Able(Strategy):
        info = PluginInfo(strategy="able")

        def get_supported_strategies(self) -> list[str]:
            return ["able"]

        def get_supported_timeframes(self) -> list[str]:
            return ["5m"]

        def can_process_signal(self, alert: Alert) -> bool:
            return True

    played = market(*flat(2)).play([alert(1)], Able)
    assert played.record.plugins[0]["capabilities"] == ("signals",)
    assert isinstance(played.plugin(), room.SignalProcessor)


def test_bare_strategy_has_no_capability() -> None:
    class Bare(Strategy):
        info = PluginInfo(strategy="bare")

    assert market(*flat(2)).play([alert(1)], Bare).record.plugins[0]["capabilities"] == ()

"""ServiceAPI: all a strategy may touch, one instance a plugin.

Services register by name and are reached as properties (``api.orders``), by ``get_service``, by the one-liners of the
facade, and by ``call_service``. Every path counts: calls and errors always, elapsed time only where a clock is plugged
(live, ``--profile``), so that no elapsed time ever reaches a journal or a digest. A service that is missing degrades to
the cautious value.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from zepix.model import Refused

if TYPE_CHECKING:
    from zepix.services.account import AccountService
    from zepix.services.market import MarketDataService
    from zepix.services.orders import OrderExecutionService
    from zepix.services.risk import RiskManagementService

__all__ = ["ServiceAPI", "ServiceMetrics", "ServiceRegistration"]

ElapsedClock = Callable[[], float]
"""Milliseconds of some clock; only differences are used."""


@dataclass(slots=True)
class ServiceMetrics:
    """How often a service was called, and how it went; ``last_call`` is the event time in nanoseconds."""

    calls: int = 0
    errors: int = 0
    total_time_ms: float = 0.0
    last_call: int | None = None
    last_error: str | None = None

    @property
    def avg_time_ms(self) -> float:
        return self.total_time_ms / self.calls if self.calls else 0.0

    @property
    def error_rate(self) -> float:
        """Errors per hundred calls."""
        return 100.0 * self.errors / self.calls if self.calls else 0.0


@dataclass(slots=True)
class ServiceRegistration:
    """A service by name, with its health check."""

    name: str
    service: Any
    health_check: Callable[[], bool] | None = None
    is_healthy: bool = True


class _Counted:
    """A service seen through its metrics; attributes are wrapped on first use and then found directly."""

    def __init__(self, service: Any, metrics: ServiceMetrics, api: ServiceAPI) -> None:
        self.__dict__["_service"] = service
        self.__dict__["_metrics"] = metrics
        self.__dict__["_api"] = api

    def __getattr__(self, name: str) -> Any:
        metrics: ServiceMetrics = self._metrics
        try:
            value = getattr(self._service, name)
        except AttributeError:
            raise
        except Exception as error:
            metrics.calls += 1
            _note(metrics, error)
            raise
        if not callable(value):
            metrics.calls += 1
            metrics.last_call = self._api.now_ns
            return value
        is_async = inspect.iscoroutinefunction(value)
        if self._api.elapsed_clock is not None:
            wrapped = self._timed_async(value) if is_async else self._timed(value)
        else:
            wrapped = self._wrap_async(value) if is_async else self._wrap(value)
        self.__dict__[name] = wrapped
        return wrapped

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._service, name, value)

    def __repr__(self) -> str:
        return f"<{type(self._service).__name__} of {self._api.plugin_id!r}>"

    def _wrap(self, method: Callable[..., Any]) -> Callable[..., Any]:
        metrics: ServiceMetrics = self._metrics
        clock = self._api.clock

        def call(*args: Any, **kwargs: Any) -> Any:
            metrics.calls += 1
            metrics.last_call = clock.now_ns
            try:
                return method(*args, **kwargs)
            except Exception as error:
                _note(metrics, error)
                raise

        return call

    def _wrap_async(self, method: Callable[..., Any]) -> Callable[..., Any]:
        metrics: ServiceMetrics = self._metrics
        clock = self._api.clock

        async def call(*args: Any, **kwargs: Any) -> Any:
            metrics.calls += 1
            metrics.last_call = clock.now_ns
            try:
                return await method(*args, **kwargs)
            except Exception as error:
                _note(metrics, error)
                raise

        return call

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        counted, metrics, elapsed = self._wrap(method), self._metrics, self._api.elapsed_clock

        def call(*args: Any, **kwargs: Any) -> Any:
            started = elapsed()
            try:
                return counted(*args, **kwargs)
            finally:
                metrics.total_time_ms += elapsed() - started

        return call

    def _timed_async(self, method: Callable[..., Any]) -> Callable[..., Any]:
        counted, metrics, elapsed = self._wrap_async(method), self._metrics, self._api.elapsed_clock

        async def call(*args: Any, **kwargs: Any) -> Any:
            started = elapsed()
            try:
                return await counted(*args, **kwargs)
            finally:
                metrics.total_time_ms += elapsed() - started

        return call


def _note(metrics: ServiceMetrics, error: Exception) -> None:
    metrics.errors += 1
    metrics.last_error = f"{type(error).__name__}: {error}"


class ServiceAPI:
    """One plugin's view of the house. ``orders, market, risk, account`` and every registered name are properties."""

    VERSION = "3.0.0"

    if TYPE_CHECKING:
        orders: OrderExecutionService
        order_service: OrderExecutionService
        market: MarketDataService
        market_service: MarketDataService
        risk: RiskManagementService
        risk_service: RiskManagementService
        account: AccountService

    def __init__(
        self,
        plugin_id: str,
        *,
        clock: Any,
        config: Mapping[str, Any] | None = None,
        plugin_config: Mapping[str, Any] | None = None,
        elapsed_clock: ElapsedClock | None = None,
        write_log: Callable[[str, str, str], None] | None = None,
        write_record: Callable[[str, Mapping[str, float]], None] | None = None,
        set_timer: Callable[[str, int, str], int] | None = None,
    ) -> None:
        self.plugin_id = plugin_id
        self.elapsed_clock = elapsed_clock
        self.clock = clock
        self._config = dict(config or {})
        self._plugin_config = dict(plugin_config or {})
        self._write_log = write_log
        self._write_record = write_record
        self._set_timer = set_timer
        self._registrations: dict[str, ServiceRegistration] = {}
        self._metrics: dict[str, ServiceMetrics] = {}
        self._counted: dict[str, _Counted] = {}
        self._aliases: set[str] = set()

    # --- registry -------------------------------------------------------------------------------------------------

    def register_service(self, name: str, service: Any, health_check: Callable[[], bool] | None = None) -> None:
        """Make a service known by ``name`` and as a property; one registered before under the name is replaced.

        Where a member of this class has the name, the service is reached by ``get_service`` and ``call_service`` only.
        """
        self._registrations[name] = ServiceRegistration(name, service, health_check)
        self._metrics[name] = ServiceMetrics()
        counted = self._counted[name] = _Counted(service, self._metrics[name], self)
        for alias in _PROPERTIES.get(name, (name,)):
            if not hasattr(type(self), alias) and not (alias in self.__dict__ and alias not in self._aliases):
                self._aliases.add(alias)
                self.__dict__[alias] = counted

    def get_service(self, name: str) -> Any:
        """The service, counted; None where none is registered."""
        return self._counted.get(name)

    def service_behind(self, name: str) -> Any:
        """The service itself, uncounted: for the house, not for strategies. Raises KeyError for none."""
        return self._registrations[name].service

    def has_service(self, name: str) -> bool:
        return name in self._registrations

    def list_services(self) -> list[str]:
        return list(self._registrations)

    async def call_service(self, name: str, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method by names; awaits it where it must be awaited.

        Raises LookupError for an unknown service and AttributeError for an unknown method.
        """
        counted = self._counted.get(name)
        if counted is None:
            raise LookupError(f"no service {name!r}; registered are {', '.join(self._registrations) or 'none'}")
        result = getattr(counted, method)(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    def check_health(self) -> dict[str, bool]:
        """Whether each service is well: its own check's answer; a check that raises says no; no check is well."""
        for registration in self._registrations.values():
            check = registration.health_check
            try:
                registration.is_healthy = True if check is None else bool(check())
            except Exception as error:  # noqa: BLE001 - a broken check is an answer, not a crash
                registration.is_healthy = False
                _note(self._metrics[registration.name], error)
        return {name: r.is_healthy for name, r in self._registrations.items()}

    def time_with(self, elapsed_clock: ElapsedClock | None) -> None:
        """Measure the time of calls from now on by another clock; None: not at all."""
        self.elapsed_clock = elapsed_clock
        for counted in self._counted.values():
            kept = {name: counted.__dict__[name] for name in ("_service", "_metrics", "_api")}
            counted.__dict__.clear()
            counted.__dict__.update(kept)

    def get_metrics(self) -> dict[str, ServiceMetrics]:
        return dict(self._metrics)

    def get_service_metrics(self, name: str) -> ServiceMetrics | None:
        return self._metrics.get(name)

    def reset_metrics(self, name: str | None = None) -> None:
        """Start counting anew, for one service or all."""
        for key, metrics in self._metrics.items():
            if name in (None, key):
                metrics.calls = metrics.errors = 0
                metrics.total_time_ms, metrics.last_call, metrics.last_error = 0.0, None, None

    def __getattr__(self, name: str) -> Any:
        known = ", ".join(sorted({a for n in self._registrations for a in _PROPERTIES.get(n, (n,))}))
        raise AttributeError(f"no service or member {name!r}; services here are {known}")

    # --- configuration, time, log ---------------------------------------------------------------------------------

    def get_config(self, key: str, default: Any = None) -> Any:
        """A value of the run's configuration by its dotted key."""
        return _dotted(self._config, key, default)

    def get_plugin_config(self, key: str, default: Any = None) -> Any:
        """A setting of this plugin by its dotted key."""
        return _dotted(self._plugin_config, key, default)

    @property
    def now_ns(self) -> int:
        """The time of the event in hand."""
        return int(self.clock.now_ns)

    def set_timer(self, at_ns: int, tag: str = "") -> int:
        """Be woken (``on_timer``) at a time; a time that is past wakes at this instant. Returns the timer's number."""
        assert self._set_timer is not None, "this ServiceAPI has no timers"
        return self._set_timer(self.plugin_id, at_ns, tag)

    def write_log(self, level: str, text: str) -> None:
        if self._write_log is not None:
            self._write_log(self.plugin_id, level, text)

    def record(self, values: Mapping[str, float]) -> None:
        if self._write_record is not None:
            self._write_record(self.plugin_id, values)

    # --- facade ---------------------------------------------------------------------------------------------------

    def get_current_price(self, symbol: str) -> float | None:
        return self.market.get_current_price(symbol) if self.has_service("market") else None

    def get_spread(self, symbol: str) -> float:
        return self.market.get_spread(symbol) if self.has_service("market") else 999.9

    def get_atr(self, symbol: str, timeframe: str = "1h", period: int = 14) -> float:
        return self.market.get_atr(symbol, timeframe, period) if self.has_service("market") else math.nan

    async def place_order(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("order", "place_order", *args, **kwargs)

    async def modify_order(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("order", "modify_order", *args, **kwargs)

    async def close_position(self, ticket: int, reason: str = "signal") -> Any:
        return await self._forward("order", "close_order", ticket, reason)

    async def close_position_partial(self, ticket: int, frac: float) -> Any:
        return await self._forward("order", "close_order_partial", ticket, frac)

    async def create_dual_orders(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("dual_order", "create_dual_orders", *args, **kwargs)

    async def create_profit_chain(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("profit_booking", "create_profit_chain", *args, **kwargs)

    async def start_recovery(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("reentry", "start_recovery", *args, **kwargs)

    async def check_safety(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("autonomous", "check_safety", *args, **kwargs)

    async def send_notification(self, *args: Any, **kwargs: Any) -> Any:
        return await self._forward("telegram", "send_notification", *args, **kwargs)

    def get_balance(self) -> Decimal:
        return self.account.balance if self.has_service("account") else Decimal(0)

    def get_equity(self) -> Decimal:
        return self.account.equity if self.has_service("account") else Decimal(0)

    def get_open_trades(self) -> list[Any]:
        return list(self.orders.open_tickets()) if self.has_service("order") else []

    async def _forward(self, service: str, method: str, *args: Any, **kwargs: Any) -> Any:
        if service not in self._counted:
            return Refused("not_supported", f"no service {service!r} is registered")
        return await self.call_service(service, method, *args, **kwargs)


_PROPERTIES: dict[str, tuple[str, ...]] = {
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
}


def _dotted(values: Mapping[str, Any], key: str, default: Any) -> Any:
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return default
        found = found[part]
    return found

"""The safety gate: whether a recovery may begin, by what the day, the chain and the others have done.

    AutonomousCore      one a run: the counts of the day (``zepix.services.ports.SafetyPort``)
    AutonomousService   one a plugin (``api.autonomous``)

Checks in this order, the first refusal wins; a limit of 0 allows nothing:

    recovery_attempts     so many have begun since the day's reset
    recovery_losses       so many have ended with a loss
    recovery_cooldown     a limit was reached less than ``cooldown_hours`` ago, whatever day it is
    recovery_concurrent   so many are under way
    day_profit            the day's net profit is worth more than another try
    chain_profit          the chain's profit is too valuable to risk (or its cushion too small, by the mode)
    direction_blocked     the direction block holds on that symbol and side

A strategy with a ``check_recovery_allowed`` of its own decides for its own recoveries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final

from zepix.model import OrderFilled, PriceReached, TicketClosed
from zepix.model.settings_autonomous import CUSHION_MODES, AutonomousSettings
from zepix.model.timeframe import NS
from zepix.services.autonomous_watches import AutonomousWatches
from zepix.services.hearing import Hearing, Kinds
from zepix.services.orders import OrderExecutionService
from zepix.services.ports import Clock
from zepix.services.risk_day import TradingDay
from zepix.services.safety_values import ReentryEvent, SafetyCheckResult, ShieldCase
from zepix.services.shield import ShieldCore

__all__ = ["SAFETY_REASONS", "AutonomousCore", "AutonomousService"]

SAFETY_REASONS: Final = (
    "recovery_attempts",
    "recovery_losses",
    "recovery_cooldown",
    "recovery_concurrent",
    "day_profit",
    "chain_profit",
    "direction_blocked",
)
_VERSION: Final = 1
_NOBODY: Final[tuple[Callable[..., Any], Callable[[str], bool]]] = (lambda *_: None, lambda _: False)
"""Asked of a plugin that nobody knows."""
_HOUR_NS: Final = 3600 * NS


class AutonomousCore(Hearing):
    """Counts recoveries of all plugins by the day of the risk settings; its state is data."""

    HEARS: ClassVar[Kinds] = {TicketClosed: "on_closed"}
    FOLLOWS: ClassVar[Kinds] = {OrderFilled: "follow", TicketClosed: "follow"}

    def __init__(
        self,
        settings: AutonomousSettings,
        clock: Clock,
        day: TradingDay,
        watches: AutonomousWatches,
        *,
        money_digits: int = 2,
        shield: ShieldCore | None = None,
    ) -> None:
        """``shield``: None where the run has none."""
        self.settings = settings
        self.shield = shield
        self.watches = watches
        self._clock = clock
        self._day = day
        self._digits = money_digits
        self._asks: dict[str, tuple[Callable[..., Any], Callable[[str], bool]]] = {}
        self._checks: list[tuple[str, Callable[[], int]]] = []
        self._day_start_ns = self._until_ns = 0
        self._attempts = self._losses = self._wins = self._refused = 0
        self._day_profit_minor = 0
        self._cooldown_until_ns = 0
        self._under_way: Counter[str] = Counter()

    def add_plugin(
        self,
        plugin_id: str,
        orders: OrderExecutionService,
        ask: Callable[..., Any],
        decides: Callable[[str], bool] = lambda _: True,
    ) -> None:
        """Know a plugin by its order service and its own decisions (``ask(method, *args)``, None: it has none).

        ``decides(method)``: whether it has that one.
        """
        self._asks[plugin_id] = ask, decides
        self.watches.add_plugin(plugin_id, orders)

    def add_check(self, name: str, check: Callable[[], int]) -> None:
        """Something that ``run_autonomous_checks`` does, in the order in which they were added; how many it did."""
        self._checks.append((name, check))

    # --- SafetyPort ------------------------------------------------------------------------------------------------

    def check(
        self,
        plugin_id: str,
        symbol: str,
        kind: str,
        potential_loss_minor: int,
        chain_profit_minor: int,
        event: ReentryEvent | None = None,
    ) -> SafetyCheckResult:
        """Whether a recovery may begin now, by the strategy's own word or by the checks above."""
        own = self._own_word(plugin_id, symbol, kind, potential_loss_minor, chain_profit_minor, event)
        result = self.by_rules(plugin_id, potential_loss_minor, chain_profit_minor, event) if own is None else own
        if not result.allowed:
            self._refused += 1
        return result

    def started(self, kind: str) -> None:
        self._turn()
        self._attempts += 1
        self._under_way[kind] += 1
        if self._attempts == self.settings.daily_attempts:
            self._cool()

    def ended(self, kind: str, won: bool | None) -> None:
        self._turn()
        if self._under_way[kind] > 0:
            self._under_way[kind] -= 1
        if won:
            self._wins += 1
        elif won is not None:
            self._losses += 1
            if self._losses == self.settings.daily_losses:
                self._cool()

    # --- what is asked ---------------------------------------------------------------------------------------------

    def _own_word(
        self, plugin_id: str, symbol: str, kind: str, loss_minor: int, profit_minor: int, event: ReentryEvent | None
    ) -> SafetyCheckResult | None:
        ask, decides = self._asks.get(plugin_id, _NOBODY)
        if not decides("check_recovery_allowed"):
            return None
        if event is None:
            told = {"potential_loss": self._money(loss_minor), "chain_profit": self._money(profit_minor)}
            event = ReentryEvent("", plugin_id, symbol, kind, 0.0, 0.0, 0.0, "", 0, told, self._clock.now_ns)
        answer = ask("check_recovery_allowed", event)
        if isinstance(answer, bool):
            return self._result("" if answer else "strategy", Decimal(0), Decimal(0))
        return answer if isinstance(answer, SafetyCheckResult) else None

    def by_rules(
        self, plugin_id: str, loss_minor: int, profit_minor: int, event: ReentryEvent | None
    ) -> SafetyCheckResult:
        """The answer of the checks above, whatever the strategy says."""
        self._turn()
        settings = self.settings
        day_profit = self._money(self._day_profit_minor)
        reason = (
            "recovery_attempts" if self._attempts >= settings.daily_attempts
            else "recovery_losses" if self._losses >= settings.daily_losses
            else "recovery_cooldown" if self._clock.now_ns < self._cooldown_until_ns
            else "recovery_concurrent" if self._concurrent >= settings.concurrent
            else "day_profit" if settings.day_protection and day_profit >= settings.day_profit_money
            else ""
        )  # fmt: skip
        if reason:
            return self._result(reason, day_profit, settings.day_profit_money)
        profit, loss = self._money(profit_minor), self._money(loss_minor)
        threshold, is_refused = self._of_chain(profit, loss)
        if is_refused:
            return self._result("chain_profit", profit, threshold)
        if event is not None and self.watches.is_blocked(plugin_id, event.symbol, event.direction):
            return self._result("direction_blocked", profit, threshold)
        return self._result("", day_profit, settings.day_profit_money)

    def _of_chain(self, profit: Decimal, loss: Decimal) -> tuple[Decimal, bool]:
        """(threshold, whether the chain's profit speaks against it)."""
        settings = self.settings
        if settings.chain_protection == "too_valuable":
            threshold = loss * settings.chain_profit_multiple
            return threshold, profit > 0 and profit > threshold
        if settings.chain_protection == "cushion":
            multiple, least = CUSHION_MODES[settings.cushion_mode]
            threshold = loss * multiple
            return threshold, profit >= least and profit <= threshold
        return Decimal(0), False

    def _result(self, reason: str, profit: Decimal, threshold: Decimal) -> SafetyCheckResult:
        by_losses = reason == "recovery_losses"
        return SafetyCheckResult(
            not reason,
            reason,
            self._losses if by_losses else self._attempts,
            self.settings.daily_losses if by_losses else self.settings.daily_attempts,
            self._concurrent,
            self.settings.concurrent,
            float(profit),
            float(threshold),
            self._clock.now_ns,
        )

    # --- the day ---------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """A new day begins with the first thing after its reset; what is under way goes on counting."""
        now_ns = self._clock.now_ns
        if now_ns < self._until_ns:
            return
        start_ns, self._until_ns = self._day.start_ns(now_ns), self._day.ends_ns
        if start_ns > self._day_start_ns:
            self._day_start_ns = start_ns
            self._attempts = self._losses = self._wins = self._refused = self._day_profit_minor = 0

    def _cool(self) -> None:
        wait_ns = int(self.settings.cooldown_hours * _HOUR_NS)
        self._cooldown_until_ns = max(self._cooldown_until_ns, self._clock.now_ns + wait_ns)

    @property
    def _concurrent(self) -> int:
        """How many recoveries are under way."""
        return sum(self._under_way.values())

    def minor(self, money: Decimal | float) -> int:
        """Money in minor units, cut."""
        return int(Decimal(str(money)).scaleb(self._digits))

    def _money(self, minor: int) -> Decimal:
        return Decimal(minor).scaleb(-self._digits)

    # --- events ----------------------------------------------------------------------------------------------------

    def on_closed(self, event: TicketClosed) -> None:
        """Profits and losses of the day, before anybody asks."""
        self._turn()
        self._day_profit_minor += event.fill.pnl_minor

    def follow(self, event: OrderFilled | TicketClosed, answer: Any) -> None:
        """A ticket's watches come and go with it."""
        del answer
        self.watches.follow(event)

    def on_price(self, event: PriceReached) -> None:
        self.watches.on_price(event)

    def run_checks(self) -> dict[str, int]:
        """What is due at this event, by name; nothing polls, so it is mostly nothing."""
        self._turn()
        return {name: check() for name, check in self._checks}

    # --- state and health ------------------------------------------------------------------------------------------

    def stats(self) -> dict[str, Any]:
        """The counts of the day, the limits, and what is under way."""
        self._turn()
        settings = self.settings
        return {
            "attempts": self._attempts,
            "daily_attempts": settings.daily_attempts,
            "losses": self._losses,
            "daily_losses": settings.daily_losses,
            "wins": self._wins,
            "refused": self._refused,
            "concurrent": self._concurrent,
            "concurrent_limit": settings.concurrent,
            "under_way": {kind: count for kind, count in self._under_way.items() if count},
            "day_profit": str(self._money(self._day_profit_minor)),
            "cooldown_until_ns": self._cooldown_until_ns,
            "next_reset_ns": self._day.end_ns(self._clock.now_ns),
            "blocked": self.watches.blocked(),
            "shields": 0 if self.shield is None else self.shield.open_count,
        }

    def get_status(self) -> dict[str, Any]:
        return self.stats()

    def is_healthy(self) -> bool:
        """Whether every shield that should be closed is."""
        return self.shield is None or self.shield.is_healthy()

    def state(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "day_start_ns": self._day_start_ns,
            "counts": [self._attempts, self._losses, self._wins, self._refused],
            "day_profit_minor": self._day_profit_minor,
            "cooldown_until_ns": self._cooldown_until_ns,
            "under_way": dict(self._under_way),
            "watches": self.watches.state(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version."""
        if state.get("version") != _VERSION:
            raise ValueError(f"the safety gate's state has version {state.get('version')!r}, expected {_VERSION}")
        self._day_start_ns, self._until_ns = int(state["day_start_ns"]), 0
        self._attempts, self._losses, self._wins, self._refused = (int(one) for one in state["counts"])
        self._day_profit_minor = int(state["day_profit_minor"])
        self._cooldown_until_ns = int(state["cooldown_until_ns"])
        self._under_way = Counter({str(kind): int(count) for kind, count in state["under_way"].items()})
        self.watches.load_state(state["watches"])

    def for_plugin(self, plugin_id: str) -> AutonomousService:
        return AutonomousService(self, plugin_id)


class AutonomousService:
    """The autonomous system as one plugin sees it. Money in the account's currency."""

    def __init__(self, core: AutonomousCore, plugin_id: str) -> None:
        self._core = core
        self._plugin_id = plugin_id

    def check_recovery_allowed(self, event: ReentryEvent) -> SafetyCheckResult:
        """Whether that re-entry may begin; ``event.metadata`` may hold ``potential_loss`` and ``chain_profit``."""
        loss, profit = (event.metadata.get(name, 0) for name in ("potential_loss", "chain_profit"))
        return self.check_safety(self._plugin_id, event.symbol, event.reentry_type, loss, profit, event)

    def check_safety(
        self,
        plugin_id: str = "",
        symbol: str = "",
        kind: str = "sl_hunt",
        potential_loss: Decimal | float = 0,
        chain_profit: Decimal | float = 0,
        event: ReentryEvent | None = None,
    ) -> SafetyCheckResult:
        """What the service says of a recovery of a plugin (none named: this one) now.

        A strategy's own ``check_recovery_allowed`` is not asked, so that it may ask this. ``symbol`` and ``kind`` are
        for people; no check depends on them.
        """
        del symbol, kind
        core = self._core
        loss, profit = core.minor(potential_loss), core.minor(chain_profit)
        return core.by_rules(plugin_id or self._plugin_id, loss, profit, event)

    def activate_reverse_shield(self, case: ShieldCase) -> bool:
        """Guard a stopped order by a shield; whether one went out."""
        return self._core.shield is not None and self._core.shield.on_stop(case)

    def deactivate_reverse_shield(self, chain_id: str, reason: str = "manual") -> None:
        """Close the shields of a chain."""
        if self._core.shield is not None:
            self._core.shield.drop(chain_id, reason)

    def run_autonomous_checks(self) -> dict[str, int]:
        """What is due at this event; nothing polls."""
        return self._core.run_checks()

    def get_safety_stats(self) -> dict[str, Any]:
        """The counts of the day, the limits, and what is under way."""
        return self._core.stats()

    def get_status(self) -> dict[str, Any]:
        return self._core.get_status()

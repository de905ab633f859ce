"""Recoveries of lost orders: the price comes back most of the way from the stop to the entry, within the window.

    lost -> watching (a price watch, a window) -> placed (an order R) -> recovered | failed

One order is recovered so often as ``recovery_attempts`` says. The safety of the run is asked first and hears of the
end of each recovery once.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from zepix.model import Alert
from zepix.model.settings_profit_booking import ProfitBookingSettings
from zepix.model.stop_trail import ceil_share
from zepix.model.timeframe import NS
from zepix.services.opposing import opposes
from zepix.services.profit_chain import Chain, ChainOrder
from zepix.services.profit_desk import ProfitDesk
from zepix.services.profit_levels import LevelMaker

__all__ = ["KIND", "Hunts", "recovery_level"]

SHIELD: Final = "SB"
"""A shield's leg: its stop, the original entry, ends the shield; nothing recovers it."""
KIND: Final = "profit"
"""What the safety of the run calls these recoveries."""


def recovery_level(entry: int, sl: int, frac: float, least_points: int) -> int:
    """``sl + frac x (entry - sl)`` in points, at least ``least_points`` from the stop, never beyond the entry.

    Rounded towards the entry, so that it is never reached too early.
    """
    sign = 1 if entry > sl else -1
    gap = abs(entry - sl)
    return sl + sign * min(gap, max(ceil_share(gap, frac), least_points))


@lru_cache(maxsize=256)
def _least_points(pips: float, pip: Decimal, point: Decimal) -> int:
    """So many pips of the settings in points, cut."""
    return int(Decimal(str(pips)) * pip / point)


class Hunts:
    """The recoveries of all chains."""

    def __init__(self, desk: ProfitDesk, levels: LevelMaker) -> None:
        self._desk = desk
        self._levels = levels

    def begin(self, chain: Chain, lost: ChainOrder, answer: Any) -> bool:
        """Wait for the price to come back; False where nothing is to be recovered.

        ``answer``: the plugin's own, of its hook; False, there or from ``on_chain_sl_hit``, decides against it.
        """
        desk = self._desk
        settings = desk.settings_of(chain.plugin_id)
        if lost.role == SHIELD:
            chain.doom = chain.doom or "shield_stopped"
        if not settings.sl_hunt or chain.doom or lost.attempts >= settings.recovery_attempts or not lost.sl_points:
            return False
        plugin = desk.plugins.get(chain.plugin_id)
        if plugin is not None and not plugin.is_enabled():  # it would use up an attempt of the others
            desk.log(chain, "lost", "plugin_disabled", lost)
            return False
        decided = desk.told_of(chain, "on_chain_sl_hit")
        if answer is False or decided is False:
            desk.log(chain, "lost", "plugin_decided", lost)
            return False
        minutes = settings.window_minutes(chain.symbol)
        if not minutes:
            return False
        check = desk.ports.safety.check(
            chain.plugin_id, chain.symbol, KIND, self._loss(chain, lost, settings), chain.money_minor
        )
        if not check.allowed:
            desk.log(chain, "lost", check.reason, lost)
            return False
        desk.ports.safety.started(KIND)
        lost.recovery, lost.attempts = "watching", lost.attempts + 1
        lost.until_ns = desk.now_ns + round(minutes * 60 * NS)
        instrument = desk.ports.catalogue[chain.symbol]
        least = _least_points(settings.min_recovery_pips, instrument.pip, instrument.point)
        level = recovery_level(lost.entry_points, lost.sl_points, settings.recovery_frac, least)
        lost.trigger_points = level
        desk.hunted[lost.order_id] = chain
        desk.log(chain, "recovery", "watching", lost)
        desk.watch(chain, lost, level)
        desk.ports.waker.wake_at(lost.until_ns, f"window:{lost.order_id}")
        price = instrument.price(level)
        desk.tell("SL_HUNT_ACTIVATED", chain, f"{chain.symbol}: a lost order waits for {price}", price=price)
        return True

    def reached(self, chain: Chain, lost: ChainOrder) -> bool:
        """The price came back: the order goes out, or waits for its trend. False: it could not, and that is its end."""
        desk = self._desk
        if desk.now_ns > lost.until_ns:
            self._fail(chain, lost, "recovery_timeout", won=None)
            return False
        plugin = desk.plugins.get(chain.plugin_id)
        if plugin is not None and not plugin.agrees(chain.symbol, chain.side, chain.logic):
            self._wait_for_trend(chain, lost)
            return True
        refused = self._levels.place_recovery(chain, lost, desk.settings_of(chain.plugin_id))
        if refused is not None:
            self._fail(chain, lost, refused.reason, won=None)
            return False
        lost.recovery = "placed"
        lost.waits_for_trend = False
        desk.hunted.pop(lost.order_id, None)
        return True

    def _wait_for_trend(self, chain: Chain, lost: ChainOrder) -> None:
        """Look again with each alert that informs, and when a candle has ended."""
        desk = self._desk
        if not lost.waits_for_trend:
            lost.waits_for_trend = True
            desk.log(chain, "recovery", "trend_against", lost)
        at_ns = desk.ports.next_look_ns(desk.now_ns)
        if at_ns < lost.until_ns:
            desk.ports.waker.wake_at(at_ns, f"trend:{lost.order_id}")

    def hear(self, alert: Alert) -> Iterator[tuple[Chain, str]]:
        """Chains of which an alert ended a recovery that waited, with why the whole chain ends (or nothing).

        A signal against a chain that only waits ends it; information may be the trend that a recovery waits for.
        """
        desk = self._desk
        for number, chain in sorted(desk.hunted.items()) if desk.hunted else ():  # as a loaded run would
            if chain.symbol != alert.symbol or number not in desk.hunted:
                continue
            reason = opposes(alert, chain.side)
            if reason:
                if not any(chain.pending()) and desk.ports.concerns(chain.plugin_id, alert):
                    yield chain, reason
            elif not alert.is_action and not self.look_again(chain, chain.orders[number]):
                yield chain, ""

    def look_again(self, chain: Chain, lost: ChainOrder) -> bool:
        """The trend may be another one: recover where the price is there still, else wait for it again.

        False, as of ``reached``: the recovery is over.
        """
        desk = self._desk
        if lost.recovery != "watching" or not lost.waits_for_trend:
            return True
        plugin = desk.plugins.get(chain.plugin_id)
        quote = None if plugin is None else plugin.market.quote_points(chain.symbol)
        if quote is not None and chain.side * (quote[0 if chain.side > 0 else 1] - lost.trigger_points) >= 0:
            return self.reached(chain, lost)
        if not lost.watch_id:
            lost.waits_for_trend = False
            desk.watch(chain, lost, lost.trigger_points)
        return True

    def window_over(self, chain: Chain, lost: ChainOrder) -> bool:
        """Whether a recovery that was still waited for has run out of time."""
        if lost.recovery != "watching" or self._desk.now_ns < lost.until_ns:
            return False
        self._fail(chain, lost, "recovery_timeout", won=None)
        return True

    def over(self, chain: Chain, order: ChainOrder, *, won: bool | None, reason: str) -> None:
        """The order that recovers another is over: it won, lost, or (None) never became a ticket."""
        lost = chain.orders[order.recovers]
        if lost.recovery != "placed":
            return
        if not won:
            self._fail(chain, lost, reason, won=won)
            return
        lost.recovery = "recovered"
        desk = self._desk
        desk.ports.safety.ended(KIND, won=True)
        desk.log(chain, "recovered", reason, lost)
        desk.tell("RECOVERY_SUCCESS", chain, f"{chain.symbol}: a lost order is recovered")

    def drop(self, chain: Chain, reason: str) -> None:
        """The chain has ended for a reason of its own: nothing is waited for any more."""
        for lost in chain.orders.values():
            if lost.recovery == "watching":
                self._desk.unwatch(lost)
                lost.recovery = "failed"
                self._desk.hunted.pop(lost.order_id, None)
                self._desk.ports.safety.ended(KIND, won=None)
                self._desk.log(chain, "recovery_failed", reason, lost)

    def _fail(self, chain: Chain, lost: ChainOrder, reason: str, *, won: bool | None) -> None:
        desk = self._desk
        desk.unwatch(lost)
        lost.recovery = "failed"
        desk.hunted.pop(lost.order_id, None)
        desk.ports.safety.ended(KIND, won=won)
        desk.log(chain, "recovery_failed", reason, lost)
        desk.tell("RECOVERY_FAILED", chain, f"{chain.symbol}: a lost order is not recovered ({reason})", reason=reason)
        if desk.settings_of(chain.plugin_id).stop_chain_on_fail and not chain.doom:
            chain.doom = reason if reason == "recovery_timeout" else "recovery_failed"

    def _loss(self, chain: Chain, lost: ChainOrder, settings: ProfitBookingSettings) -> int:
        """What the recovery would lose at its stop, in minor units."""
        desk = self._desk
        plugin = desk.plugins.get(chain.plugin_id)
        quote = None if plugin is None else plugin.market.quote_points(chain.symbol)
        spread = 0 if quote is None else quote[1] - quote[0]
        points = self._levels.recovery_points(chain, lost, settings, spread)
        return desk.minor(desk.per_point(chain, lost.steps) * points)

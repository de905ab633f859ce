"""One of a session's books: a whole house (engine, services, plugins, broker) with its prices and what it tells.

    shadow   virtual orders of the plugins that are in shadow; the only one where there is no live broker
    live     orders of the plugins that are live; its broker stands in the live slot
    twin     virtual orders of the same plugins as ``live``, on the shadow broker: what live is compared with

All are given the same inputs and run the same code. Rows of other books than ``shadow`` carry ``"book"``. Facts that
are of no plugin (an alert that nobody can read, a duplicate) are told by the shadow book alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from zepix.engine.engine import TradingEngine
from zepix.engine.numbering import count_on, counted
from zepix.engine.registry import PluginRegistry
from zepix.engine.roster import ELSEWHERE, Roster
from zepix.model import Alert, DecisionRow, Side
from zepix.model.timeframe import NS
from zepix.research.price_sums import price_sums
from zepix_live.engine.bars_by_alert import BarsByAlert
from zepix_live.engine.forgetting import Forgetting
from zepix_live.engine.price_rows import PriceColumns, PriceRows
from zepix_live.engine.script import Script
from zepix_live.engine.telling import Telling

if TYPE_CHECKING:
    from zepix_live.engine.plan import Plan

__all__ = ["ALERTS", "BESIDE", "LIVE", "SHADOW", "TWIN", "Book"]

SHADOW: Final = "shadow"
LIVE: Final = "live"
TWIN: Final = "twin"
BESIDE: Final = (LIVE, TWIN)
"""The books that there are where there is a live broker, beside the shadow."""
ALERTS: Final = (4, 1)
"""Phase and part of alerts, after what acts at once; as in a replay."""
CLOSING: Final = frozenset({"exit", "reversal"})
UNHEARD: Final = frozenset({"ambiguous_plugin", "no_plugin_found"})
OF_A_PLUGIN: Final = frozenset({"error", "disabled", "log"})
Said = tuple[str, dict[str, Any]]


class Book:
    """Turned by its session, one input after the other."""

    def __init__(
        self,
        name: str,
        plan: Plan,
        timeframes: Mapping[str, str],
        *,
        bars_by_alert: bool,
        like: PluginRegistry | None = None,
    ) -> None:
        """``like``: the registry of another book, whose classes are this one's too."""
        self.name = name
        self._plan = plan
        self.feed, self.simulation = plan.build(timeframes, is_late=bars_by_alert, book=name, like=like)
        self.telling = Telling(self.simulation)
        self.roster: Roster | None = None
        """Who takes part in it; None where there is but one book, and everybody does."""
        self._forgetting = Forgetting(self.feed, self.simulation)
        self._bars = BarsByAlert(self.feed, self.simulation, plan.catalogue) if bars_by_alert else None

    @property
    def engine(self) -> TradingEngine:
        return self.simulation.engine

    def with_roster(self) -> Book:
        """One of several: its plugins are asleep until they are assigned to it."""
        self.roster = Roster(self.engine)
        self.telling.gate = self.roster.refusal
        return self

    # --- inputs ---------------------------------------------------------------------------------------------------

    def begin(self, t_ns: int) -> None:
        self.simulation.start_ns = t_ns
        self.simulation.session.begin(t_ns)

    def prices(self, t_ns: int, body: Mapping[str, Any]) -> None:
        """As a replay does an instant: ends, what they bring, opens, what they bring, timers."""
        session = self.simulation.session
        session.advance((t_ns, 1, -1))
        for symbol, *levels in body.get("ended", ()):
            self.feed.ended(symbol, (levels[0], levels[1], levels[2]), (levels[3], levels[4], levels[5]))
        session.advance((t_ns, 2, -1))
        for symbol, bid, ask in body.get("opened", ()):
            self.feed.opened(symbol, t_ns, bid, ask)
        session.advance((t_ns, *ALERTS))
        for symbol, _, _ in body.get("opened", ()):
            self._forgetting.look(symbol)

    def advance(self, t_ns: int) -> None:
        """Do what is due before alerts of this instant."""
        self.simulation.session.advance((t_ns, *ALERTS))

    def at(self, t_ns: int) -> None:
        """It is the turn of alerts and commands of this instant."""
        self.engine.at(t_ns, ALERTS[0])
        self.simulation.broker.at(t_ns, ALERTS[0])

    def arrive(self, t_ns: int, bar: Alert | None) -> None:
        """Everything before it is done and an alert arrives; ``bar``: it brings prices, which are taken first."""
        if bar is not None and self._bars is not None:
            said = self._bars.take(bar, t_ns)
            if self.name == SHADOW:
                self.telling.events += said
        self.at(t_ns)
        if self._bars is not None:
            self._bars.wake(t_ns)

    def hear(self, t_ns: int, alert: Alert, late_ns: int, stale_ns: int) -> bool:
        """One alert, decided; whether it was a late reversal of which only the exit was taken."""
        fresh = alert if late_ns <= stale_ns else self._late(alert, late_ns, stale_ns)
        if fresh is not None:
            before = self.engine.decisions.last
            self.engine.process_alert(fresh)
            if fresh.type in CLOSING and self.name != TWIN:
                self._look_for_an_unheard_exit(fresh, before)
        self.simulation.session.advance((t_ns, ALERTS[0], 1 << 31))
        return fresh is not None and fresh is not alert

    def _late(self, alert: Alert, late_ns: int, stale_ns: int) -> Alert | None:
        """An entry that comes too late is refused; of a reversal its exit is still wanted; no exit is too late."""
        if alert.type not in ("entry", "reversal"):
            return alert
        if alert.type == "reversal" and alert.side is not None and self._holds(alert.symbol, -alert.side.sign):
            return replace(alert, type="exit", side=Side.SELL if alert.side is Side.BUY else Side.BUY)
        numbers = {"late_s": late_ns / NS, "limit_s": stale_ns / NS}
        self.engine.decisions.without_plugin(alert, "refused", "stale", numbers)
        return None

    def _look_for_an_unheard_exit(self, alert: Alert, before: int) -> None:
        """An exit that reached no plugin, though there is something open that it meant, needs somebody at once."""
        rows = [entry for _, entry in self.engine.decisions.after(before) if isinstance(entry, DecisionRow)]
        why = next((row.reason for row in rows if row.reason in UNHEARD), "")
        if not why:
            return
        side = 0 if alert.side is None else alert.side.sign * (-1 if alert.type == "reversal" else 1)
        meant = [t for t in self.simulation.broker.tickets.values() if t.symbol == alert.symbol and side in (0, t.side)]
        if not meant:
            return
        whose = ", ".join(sorted({ticket.plugin_id for ticket in meant}))
        count = f"{len(meant)} open ticket{'s' * (len(meant) > 1)}"
        text = (
            f"{alert.type} {alert.id} for {alert.symbol} reached no plugin ({why}) while {whose} has {count} that it "
            "may mean: stops and targets are kept, nothing was closed"
        )
        level = "CRITICAL" if self.name == LIVE else "WARN"
        self.telling.event(level, "exit_unheard", text, alert=alert.id, symbol=alert.symbol)

    def _holds(self, symbol: str, side: int) -> bool:
        return any(t.symbol == symbol and t.side == side for t in self.simulation.broker.tickets.values())

    # --- who takes part -------------------------------------------------------------------------------------------

    def assign(self, members: Collection[str], t_ns: int) -> None:
        """Who takes part from now on; plugins that enter are woken as at a start."""
        if self.roster is None:
            return
        entering = self.roster.assign(members)
        if entering:
            self.at(t_ns)
        for plugin_id in entering:
            self.engine.wake_new(plugin_id)

    def things(self, plugin_id: str = "") -> list[Any]:
        """Open tickets and opening orders under way, of one plugin or all."""
        broker = self.simulation.broker
        found: list[Any] = [*broker.tickets.values(), *broker.under_way()]
        return [one for one in found if plugin_id in ("", one.plugin_id)]

    # --- what it tells --------------------------------------------------------------------------------------------

    def drain(self) -> list[Said]:
        """Everything since the last time."""
        said = self.telling.drain()
        if self.roster is None:
            return said
        told = [one for one in said if self._is_told(*one)]
        return told if self.name == SHADOW else [(kind, {**body, "book": self.name}) for kind, body in told]

    def _is_told(self, kind: str, body: Mapping[str, Any]) -> bool:
        plugin = body.get("plugin", "")
        if kind == "notification" and self.name == TWIN:
            return False
        if kind == "decision" and not plugin:
            is_of_members = self.name == LIVE and body["reason"] == "ambiguous_plugin" and self._plan.modes.broadcast
            return body["reason"] != ELSEWHERE and (self.name == SHADOW or is_of_members)
        if kind == "decision" or kind in OF_A_PLUGIN or kind == "notification":
            assert self.roster is not None, "asked only where there are several books"
            return not self.roster.is_asleep(plugin) if plugin else self.name == SHADOW
        return True

    def script(self, told: Sequence[Mapping[str, Any]]) -> Script:
        """Its part of what an input led to when it was live: from now on its commands rule."""
        mine = [body for body in told if body.get("book", SHADOW) == self.name]
        if self.name != SHADOW:
            mine = [{name: value for name, value in body.items() if name != "book"} for body in mine]
        self.telling.script = Script(mine)
        return self.telling.script

    def give_the_rest(self, script: Script) -> None:
        """Commands that the journal has and no handler gave are given, whoever takes part now."""
        gate, self.telling.gate = self.telling.gate, None
        script.give_the_rest(self.engine)
        self.telling.gate = gate
        self.telling.forget_commands()

    # --- state ------------------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """It between two inputs, as JSON values; prices are not part of it."""
        found: dict[str, Any] = {
            "simulation": self.simulation.save_state(),
            "forgotten": self._forgetting.state(),
            "telling": self.telling.state(),
        }
        return found if self.roster is None else {**found, "awake": self.roster.state()}

    def load(self, state: Mapping[str, Any], members: Collection[str]) -> None:
        """Become the book whose state this is; its prices were given before. Raises StateError."""
        if self.roster is not None:
            self.roster.load_state(state["awake"], members)
        self._forgetting.load_state(state.get("forgotten", {}))
        self.simulation.load_state(state["simulation"])
        self.telling.resume(state.get("telling"))

    def go_on_from(self, state: Mapping[str, Any], members: Collection[str], rows: PriceColumns) -> list[str]:
        """Take over the prices and the state of a book of another configuration; what does not fit, in sentences."""
        self.take_over(rows)
        if self.roster is not None:
            awake = state.get("awake")
            everybody = self.simulation.registry.get_all_plugins()
            self.roster.load_state(everybody if awake is None else awake, members)
        self._forgetting.load_state(state["forgotten"])
        saved = state["simulation"]
        if self.name == LIVE:  # its ask may be another now: what was forgotten of prices fits all the same
            sums = price_sums(self.simulation.prices, self.simulation.price_sums)
            saved = {**saved, "fits": {**saved["fits"], "prices": sums}}
        aside = self.simulation.take_over_state(saved)
        self.telling.resume(state.get("telling"))
        return aside

    def numbers(self) -> dict[str, int]:
        """How far it has counted its orders, tickets and chains."""
        return counted(self.engine, self.simulation.house)

    def begin_beside(
        self,
        members: Collection[str],
        rows: PriceColumns,
        forgotten: Mapping[str, Any],
        t_ns: int,
        numbers: Mapping[str, int],
    ) -> None:
        """Begin in a session that goes on: with its prices and the ``numbers`` of the book that had its name before,
        and nothing else."""
        count_on(self.engine, self.simulation.house, numbers)
        self.take_over(rows)
        if self.roster is not None:
            self.roster.load_state(members, members)
        self._forgetting.load_state(forgotten)
        self.begin(t_ns)

    def take_over(self, rows: PriceRows | PriceColumns) -> None:
        """Prices that came before the state which is loaded next."""
        for symbol, (time, columns, ended) in rows.columns().items():
            if symbol in self.feed.growing:
                if symbol in rows.timeframes and not self.feed.growing[symbol].n:
                    self.feed.set_timeframe(symbol, rows.timeframes[symbol])
                first, minutes = rows.forgotten.get(symbol, (0, None))
                own = minutes if self.name == SHADOW else deepcopy(minutes)  # they grow, each book's by itself
                self.feed.take_over(symbol, time, columns, ended, first, own)

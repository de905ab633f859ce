"""The equity guard: the account's global stop and target. Once it has closed everything, a human must arm it again.

    off      not enabled: refuses nothing, watches nothing
    armed    the broker watches the equity; at or beyond a level -> tripped
    tripped  everything is closed with reason ``equity_guard``, entries are refused ``equity_guard``; what still fills
             is closed too -> armed, by ``rearm`` alone

The levels are shares of the base: the settings' own, else the equity at the instant of arming. The state outlives a
restart, a tripped guard stays tripped. Where the broker offers no watch, the guard looks at every alert and every event
of the broker, and says so in its status (``is_exact``).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Protocol, runtime_checkable

from zepix.model import Alert, Event, OrderFilled, OrderRefused, Refused, TicketClosed
from zepix.model.settings_equity_guard import EquityGuardSettings
from zepix.services.account import AccountService
from zepix.services.ports import Clock

__all__ = ["CloseEverything", "EquityGuard", "EquityWatch"]

VERSION: Final = 1
MAX_CLOSES: Final = 8
"""How often the guard orders everything closed for one trip before it asks for a human."""


@runtime_checkable
class EquityWatch(Protocol):
    """A broker that knows the first instant at which the equity reaches a level.

    The equity is the books' own (balance plus unrounded gross at the prices of the instant, no swap); within a bar each
    symbol counts at the corner that is worst for ``below`` and best for ``above``, as for a stop-out, at the bar's end.
    Where one bar holds both, ``below`` wins. A watch wakes once, by the event ``EquityReached``: the engine then calls
    ``EquityGuard.on_equity``, in the phase of a stop-out and right after it.
    """

    def watch_equity(self, below: Decimal | None, above: Decimal | None) -> int:
        """Wake when equity <= ``below`` or equity >= ``above`` (None: no such level), from now on; its number."""
        ...

    def drop_equity_watch(self, watch_id: int) -> None:
        """Forget a watch; one that is gone already is no mistake."""
        ...


class CloseEverything(Protocol):
    """Who may close what every plugin has open."""

    def close_everything(self, reason: str) -> int:
        """Order every open ticket closed and every entry under way taken along, pending ones cancelled; how many
        commands went out."""
        ...

    def is_anything_open(self) -> bool:
        """Whether a ticket is open or an entry under way."""
        ...


class EquityGuard:
    """One for the run; the risk gate and the engine ask ``refusal``."""

    def __init__(
        self,
        settings: EquityGuardSettings,
        clock: Clock,
        account: AccountService,
        closer: CloseEverything,
        watch: EquityWatch | None = None,
    ) -> None:
        """``watch``: None where the broker offers none; then the guard is only as exact as the events are dense."""
        self.settings = settings
        self._clock = clock
        self._account = account
        self._closer = closer
        self._watch = watch
        self._watch_id = 0
        self._base: Decimal | None = None
        self._tripped_ns: int | None = None
        self._tripped_by = ""
        self._tripped_equity = Decimal(0)
        self._closes = 0
        self._trips = 0

    # --- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a session, fresh or after ``load_state``: take the base where there is none, and set the watch."""
        if not self.settings.enabled:
            return
        if self._base is None:
            self._base = self.settings.base_equity or self._account.equity
        if self.is_tripped:
            self._close()  # what a restart may have interrupted
            return
        self._look()
        self._set_watch()

    def rearm(self, base_equity: Decimal | float | str | None = None) -> None:
        """A human lets the account trade again, from a new base: the one given, else the equity of now.

        Raises ValueError for a base that is not above 0.
        """
        base = self.check_base(base_equity)
        self._base, self._tripped_ns, self._tripped_by, self._closes = base, None, "", 0
        self._tripped_equity = Decimal(0)
        if self.settings.enabled:
            self._look()
            self._set_watch()

    def check_base(self, base_equity: Decimal | float | str | None = None) -> Decimal:
        """The base that ``rearm`` would arm from. Raises ValueError for one that is not above 0."""
        base = self._account.equity if base_equity is None else Decimal(str(base_equity))
        if not (base.is_finite() and base > 0):
            raise ValueError(f"the guard is armed from an equity above 0, not {base}; give base_equity")
        return base

    def refusal(self) -> Refused | None:
        """``equity_guard`` while it is tripped; None else."""
        if self._tripped_ns is None or not self.settings.enabled:
            return None
        return Refused(
            "equity_guard",
            f"equity {self._tripped_equity} reached the {self._tripped_by} of base {self._base}; "
            "somebody has to arm the guard again",
        )

    # --- what happens ----------------------------------------------------------------------------------------------

    def on_equity(self, watch_id: int, direction: int, equity: Decimal) -> None:
        """The broker's watch woke, and is spent: the equity fell to its stop (-1) or rose to its target (+1).

        ``equity`` is what the broker saw within the bar just ended; that of now may have come back. A watch that the
        guard has dropped says nothing.
        """
        if watch_id != self._watch_id or self._tripped_ns is not None:
            return
        self._watch_id = 0
        self._trip("stop" if direction < 0 else "target", equity)

    def on_alert(self, alert: Alert) -> None:
        """A look before anything is entered, where the broker has no watch."""
        del alert
        if self._watch is None:
            self._look()

    def on_event(self, event: Event) -> None:
        """What still fills after the trip is closed; a close that failed is ordered again, up to a limit."""
        if not self.settings.enabled:
            return
        if self._tripped_ns is None:
            if self._watch is None and isinstance(event, OrderFilled | TicketClosed):
                self._look()
        elif isinstance(event, OrderFilled):
            if event.ticket is not None:
                self._closer.close_everything("equity_guard")
        elif isinstance(event, OrderRefused) and self._is_own(event):
            self._close()

    def _is_own(self, event: OrderRefused) -> bool:
        return event.order.kind == "close" and event.order.reason_to_close == "equity_guard"

    def _look(self) -> None:
        """Trip, where the equity of now stands at or beyond a level."""
        if not self.settings.enabled or self._tripped_ns is not None or self._base is None:
            return
        equity = self._account.equity
        below, above = self.levels
        if below is not None and equity <= below:
            self._trip("stop", equity)
        elif above is not None and equity >= above:
            self._trip("target", equity)

    def _trip(self, what: str, equity: Decimal) -> None:
        self._tripped_ns, self._tripped_by, self._tripped_equity = self._clock.now_ns, what, equity
        self._trips += 1
        self._closes = 0
        self._drop_watch()
        self._close()

    def _close(self) -> None:
        """Order everything closed; a broker that goes on refusing is asked no more than ``MAX_CLOSES`` times."""
        if self._closes < MAX_CLOSES and self._closer.is_anything_open():
            self._closes += 1
            self._closer.close_everything("equity_guard")

    # --- levels and the watch --------------------------------------------------------------------------------------

    @property
    def base_equity(self) -> Decimal | None:
        return self._base

    @property
    def is_tripped(self) -> bool:
        return self._tripped_ns is not None

    @property
    def levels(self) -> tuple[Decimal | None, Decimal | None]:
        """(stop, target) in money; None for one that is off, or before the guard was armed."""
        if self._base is None:
            return None, None
        stop, target = self.settings.stop_frac, self.settings.target_frac
        return (self._base * stop if stop else None), (self._base * target if target else None)

    def _set_watch(self) -> None:
        if self._watch is None or not self.settings.enabled or self._tripped_ns is not None:
            return
        self._drop_watch()
        self._watch_id = self._watch.watch_equity(*self.levels)

    def _drop_watch(self) -> None:
        if self._watch is not None and self._watch_id:
            self._watch.drop_equity_watch(self._watch_id)
        self._watch_id = 0

    # --- state and health ------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "base": None if self._base is None else str(self._base),
            "tripped_ns": self._tripped_ns,
            "tripped_by": self._tripped_by,
            "tripped_equity": str(self._tripped_equity),
            "closes": self._closes,
            "trips": self._trips,
            "watch_id": self._watch_id,
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved state; raises ValueError for one of another version.

        Where the broker's watches were saved and loaded too, the guard goes on as it is; where not, call ``start``,
        which sets a watch anew. A watch that this object set is dropped.
        """
        if state.get("version") != VERSION:
            raise ValueError(f"the equity guard's state has version {state.get('version')!r}, expected {VERSION}")
        base = None if state["base"] is None else Decimal(state["base"])
        tripped_ns = None if state["tripped_ns"] is None else int(state["tripped_ns"])
        tripped_equity, closes, trips = Decimal(state["tripped_equity"]), int(state["closes"]), int(state["trips"])
        watch_id = int(state["watch_id"])
        if self._watch_id != watch_id:
            self._drop_watch()
        self._watch_id = watch_id
        self._base, self._tripped_ns, self._tripped_by = base, tripped_ns, str(state["tripped_by"])
        self._tripped_equity, self._closes, self._trips = tripped_equity, closes, trips

    def is_healthy(self) -> bool:
        """False where the guard tripped and tickets are still open after all its closes."""
        return self._closes < MAX_CLOSES or not self._closer.is_anything_open()

    def get_status(self) -> dict[str, Any]:
        """For people: its state, its levels, and whether the broker makes it exact."""
        below, above = self.levels
        word = "tripped" if self.is_tripped else "armed"
        return {
            "state": word if self.settings.enabled else "off",
            "base_equity": None if self._base is None else str(self._base),
            "stop": None if below is None else str(below),
            "target": None if above is None else str(above),
            "tripped_ns": self._tripped_ns,
            "tripped_by": self._tripped_by,
            "trips": self._trips,
            "is_exact": self._watch is not None,
        }

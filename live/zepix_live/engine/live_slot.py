"""The live slot: the broker that stands in it, and the prices as it shows them.

For now only ``simulated`` fits: the shadow broker with a fill table of its own, a wider spread and refusals. What a
real broker needs beside its adapter (two switches, answers as inputs of the journal) is in docs/modes.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from zepix.brokers.shadow.agenda import Agenda
from zepix.brokers.shadow.forms import Form
from zepix.brokers.shadow.step import StepFeed
from zepix.brokers.simulated import SimulatedLiveBroker
from zepix.research.simulate import ReplayBroker, Rules, Simulation
from zepix.services.minute_fold import Minutes
from zepix_live.engine.mode_settings import SIMULATED, Slot

__all__ = ["LIVE_BROKERS", "SlotSimulation", "WiderFeed", "rules_in"]

LIVE_BROKERS: Final[dict[str, Callable[..., ReplayBroker]]] = {SIMULATED: SimulatedLiveBroker}
"""What can stand in the slot, by ``broker.live.name``."""


def rules_in(slot: Slot, rules: Rules) -> Rules:
    """The rules of a house whose orders go to the slot."""
    return replace(rules, fill_model=slot.fill)


class SlotSimulation(Simulation):
    """A house whose broker is the one in the slot."""

    def __init__(self, slot: Slot, *given: Any, **more: Any) -> None:
        self._slot = slot
        super().__init__(*given, **more)

    def _make_broker(self, agenda: Agenda | None, form: Form | None) -> ReplayBroker:
        rules, slot = self.rules, self._slot
        return LIVE_BROKERS[slot.name](
            self.prices, self.catalogue, rules.account, rules.fill_model, has_costs=rules.costs != "none",
            agenda=agenda, form=form, refusal_rate=slot.refusal_rate, seed=slot.seed,
        )  # fmt: skip


class WiderFeed(StepFeed):
    """Prices whose ask lies ``extra`` points higher than the feed brings them."""

    def __init__(self, *given: Any, extra: int, **more: Any) -> None:
        super().__init__(*given, **more)
        self._extra = extra

    def ended(self, symbol: str, bid: tuple[int, int, int], ask: tuple[int, int, int]) -> None:
        extra = self._extra
        super().ended(symbol, bid, (ask[0] + extra, ask[1] + extra, ask[2] + extra))

    def opened(self, symbol: str, t_ns: int, bid: int, ask: int) -> None:
        super().opened(symbol, t_ns, bid, ask + self._extra)

    def take_over(
        self,
        symbol: str,
        time: Any,
        columns: Mapping[str, Any],
        ended_rows: int,
        first: int = 0,
        minutes: Minutes | None = None,
    ) -> None:
        wider = {name: values + self._extra if name.startswith("ask") else values for name, values in columns.items()}
        super().take_over(symbol, time, wider, ended_rows, first, minutes)

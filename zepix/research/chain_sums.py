"""What came of each chain of a run: its steps folded into one line, and the economics of the pyramids level by level.

Money is counted once: a step that says what a ticket brought names that ticket; the sums that ends repeat do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from zepix.services.chain_log import ChainStep

__all__ = ["ENDS", "FAILED", "TITLES", "WON_THROUGH", "ChainSum", "EndSum", "LevelSum", "chain_sums", "level_sums"]

ENDS: Final = ("completed", "stopped", "stale")
"""States in which a chain is over."""
TITLES: Final = {"profit": "Pyramids", "reentry": "Re-entries", "shield": "Reverse shields"}
WON_THROUGH: Final = ("booked_all", "level_disabled")
"""How a pyramid ends that lost at no level: all there were, or all that are on."""
FAILED: Final = ("strict_loss", "too_few_winners", "recovery_failed", "recovery_timeout")
"""And one that lost at a level."""
_PAID: Final = ("booked", "lost", "closed", "part_closed")
"""What a pyramid says of an order that a closing fill is about."""


@dataclass(slots=True)
class ChainSum:
    """One chain: from its first step to its end. ``level``: the highest it reached; ``money_minor``: of its tickets."""

    chain_id: str
    kind: str
    plugin_id: str
    symbol: str
    alert_id: str
    begun_ns: int
    last_ns: int
    ended_ns: int | None = None
    level: int = 0
    state: str = ""
    reason: str = ""
    orders: set[int] = field(default_factory=set)
    money_minor: int = 0
    steps: list[ChainStep] = field(default_factory=list)

    @property
    def end(self) -> str:
        """``completed, booked_all``; of one that has none yet, ``open``."""
        return "open" if self.ended_ns is None else f"{self.state}, {self.reason}"


def chain_sums(steps: Iterable[ChainStep]) -> list[ChainSum]:
    """The chains in the order in which they began."""
    found: dict[tuple[str, str], ChainSum] = {}
    for step in steps:
        chain = found.get((step.kind, step.chain_id))
        if chain is None:
            chain = found[step.kind, step.chain_id] = ChainSum(
                step.chain_id, step.kind, step.plugin_id, step.symbol, step.alert_id, step.t_ns, step.t_ns
            )
        _take(chain, step)
    return list(found.values())


def _take(chain: ChainSum, step: ChainStep) -> None:
    chain.steps.append(step)
    chain.last_ns = step.t_ns
    chain.level = max(chain.level, step.level)
    if step.order_id:
        chain.orders.add(step.order_id)
    if step.ticket:
        chain.money_minor += step.money_minor
    is_of_chain = step.kind != "profit" or not step.ticket  # a pyramid's orders have states of their own
    if step.state in ENDS and is_of_chain and chain.ended_ns is None:
        chain.ended_ns, chain.state, chain.reason = step.t_ns, step.state, step.reason


@dataclass(slots=True)
class EndSum:
    """Chains that ended on a level: what the levels below had brought, and this one; money in minor units."""

    chains: int = 0
    before_minor: int = 0
    here_minor: int = 0


@dataclass(slots=True)
class LevelSum:
    """What one level of the pyramids came to. Money in minor units: of orders booked, of those a stop closed, of those
    closed by anything else, of recoveries. ``failed``: chains that lost on this level; ``left``: those that something
    else ended here, an exit mostly."""

    level: int
    chains: int = 0
    booked: int = 0
    lost: int = 0
    closed: int = 0
    recoveries: int = 0
    booked_minor: int = 0
    lost_minor: int = 0
    closed_minor: int = 0
    recoveries_minor: int = 0
    failed: EndSum = field(default_factory=EndSum)
    left: EndSum = field(default_factory=EndSum)

    @property
    def orders(self) -> int:
        return self.booked + self.lost + self.closed

    @property
    def net_minor(self) -> int:
        return self.booked_minor + self.lost_minor + self.closed_minor + self.recoveries_minor


def level_sums(chains: Iterable[ChainSum]) -> list[LevelSum]:
    """Level by level, of the pyramids among them."""
    found: dict[int, LevelSum] = {}
    for chain in chains:
        if chain.kind != "profit":
            continue
        for number in range(chain.level + 1):
            found.setdefault(number, LevelSum(number)).chains += 1
        by_level = dict.fromkeys(range(chain.level + 1), 0)
        for step, what in _outcomes(chain):
            by_level[step.level] += step.money_minor
            level = found[step.level]
            setattr(level, f"{what}_minor", getattr(level, f"{what}_minor") + step.money_minor)
            if step.state != "part_closed":
                setattr(level, what, getattr(level, what) + 1)
        if chain.ended_ns is not None and chain.reason not in WON_THROUGH:
            last = found[chain.level]
            end = last.failed if chain.reason in FAILED else last.left
            end.chains += 1
            end.here_minor += by_level.pop(chain.level)
            end.before_minor += sum(by_level.values())
    return [found[number] for number in sorted(found)]


def _outcomes(chain: ChainSum) -> Iterator[tuple[ChainStep, str]]:
    """Each closing step of an order with what it counts as; an order ends once, whatever is told of it later."""
    recovers: set[int] = set()
    over: set[int] = set()
    for step in chain.steps:
        if step.state == "placed" and step.reason == "recovery":
            recovers.add(step.order_id)
        if step.state not in _PAID or step.order_id in over:
            continue
        if step.state != "part_closed":
            over.add(step.order_id)
        what = "closed" if step.state == "part_closed" else step.state
        yield step, "recoveries" if step.order_id in recovers else what

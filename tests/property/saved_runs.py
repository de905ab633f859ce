"""Runs that can be left between any two events, saved as text, and gone on with in another process.

A ``World`` is drawn by its kind and seed, so both processes make the same one. ``Leg`` turns it: from the beginning or
from a saved text, by so many events; then it is saved again, or finished and told.
"""

from __future__ import annotations

import json
import multiprocessing
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from tests.oracle.scenarios import random_full_scenario
from tests.parity.shadow import Stepwise, alerts, prepared
from tests.property.chain_worlds import drawn_chains
from tests.property.saved_worlds import drawn_house
from tests.property.scripted import drawn_play
from tests.waiting import PATIENCE_S
from zepix.engine.record import RunRecord
from zepix.journal.digest import DIGEST_SCHEMA, canonical_lines, digest
from zepix.model import Alert
from zepix.model.series import PRICE_COLUMNS
from zepix.research.simulate import Simulation

__all__ = ["CHAIN_KINDS", "KINDS", "Leg", "Worker", "World", "joined"]

KINDS = ("script", "script fed", "full", "full fed", "ticks", "ticks fed", "house", "house fed")
"""Worlds: a script in every hook, every kind of order, ticks, all services; ``fed``: bar by bar."""
CHAIN_KINDS = ("chains", "chains fed")
"""Worlds with pyramids, re-entries and shields (chain_worlds.py)."""


@dataclass(frozen=True)
class World:
    """One drawn world."""

    kind: str
    seed: int

    @property
    def is_fed(self) -> bool:
        return self.kind.endswith(" fed")

    def prepare(self) -> tuple[Simulation, Stepwise | None, Sequence[Alert]] | None:
        """A fresh simulation, its feed, its alerts; None for a world that cannot be fed."""
        kind = self.kind.removesuffix(" fed")
        if kind == "house":
            return drawn_house(self.seed, fed=self.is_fed)
        if kind == "chains":
            return drawn_chains(self.seed, fed=self.is_fed)
        if kind == "script":
            play = drawn_play(random.Random(self.seed))
            if self.is_fed and not play.can_be_fed:
                return None
            feed = Stepwise(play.catalogue, {s.symbol: s for s in play.series}) if self.is_fed else None
            simulation, _ = play.simulation("shadow", None if feed is None else feed.step_form)
            return simulation, feed, play.alerts
        scenario = random_full_scenario(self.seed, ticks=kind == "ticks", alert_count=60)
        if self.is_fed:
            all_open = max(rows[0][0] for _, rows in scenario.bars.values())
            heard = [a for a in scenario.alerts if a["received_ns"] >= all_open]
            scenario = replace(scenario, alerts=heard)
        simulation, feed = prepared(scenario, stepwise=self.is_fed)
        return simulation, feed, alerts(scenario.alerts)


Deed = tuple[Any, ...]


class Leg:
    """A run of a world, turned by hand."""

    def __init__(self, world: World) -> None:
        made = world.prepare()
        assert made is not None, "a world that cannot be fed is not turned"
        self.simulation, self.feed, self.alerts = made
        self.deeds = [] if self.feed is None else list(deeds(self.simulation, self.alerts))
        self.place = 0
        """Of the deeds of a feed, the next one."""

    def begin(self) -> None:
        """To where plugins have started; alerts before the first bar come before."""
        if self.feed is None:
            self.simulation.begin(list(self.alerts))
        while self.feed is not None and not self.simulation.session.has_begun:
            self.go(1)

    def load(self, text: str) -> None:
        """Become the leg that was saved so."""
        saved = json.loads(text)
        self.place = saved["place"]
        if self.feed is not None:
            self._feed_again(saved["state"])
        self.simulation.load_state(saved["state"])
        if self.feed is None:
            self.simulation.begin(list(self.alerts))

    def _feed_again(self, state: dict[str, Any]) -> None:
        """The rows of before, as the feed's own record has them."""
        assert self.feed is not None
        for symbol, told in state["fits"]["prices"].items():
            whole = self.simulation.series[symbol]
            count = told["rows"] + (told["bar"] is not None)
            columns = {name: getattr(whole, name)[:count].copy() for name in PRICE_COLUMNS}
            if told["bar"] is not None:
                for name, values in columns.items():
                    values[-1] = columns[f"{name[:3]}_open"][-1]
            self.feed.feed.take_over(symbol, whole.time[:count], columns, told["rows"])

    def save(self, history: bool) -> str:
        state = self.simulation.save_state(history=history)
        return json.dumps({"place": self.place, "state": state}, allow_nan=False)

    def go(self, most: int) -> bool:
        """Go on by so many events (-1: to the end); whether all is done."""
        if self.feed is None:
            return self.simulation.go_on(most)
        left = most
        while self.place < len(self.deeds):
            name, *given = self.deeds[self.place]
            if name == "advance":
                left -= self.simulation.session.advance(given[0], left)
                if not left:
                    return False
            else:
                getattr(self, f"_{name}")(*given)
                if name == "alert":
                    left -= 1
            self.place += 1
            if not left:
                return False
        return True

    def _alert(self, alert: Alert) -> None:
        self.simulation.session.take(alert)

    def _ended(self, symbol: str, row: int) -> None:
        s = self.simulation.series[symbol]
        bid = (int(s.bid_high[row]), int(s.bid_low[row]), int(s.bid_close[row]))
        ask = (int(s.ask_high[row]), int(s.ask_low[row]), int(s.ask_close[row]))
        self._fed.ended(symbol, bid, ask)

    def _opened(self, symbol: str, row: int) -> None:
        s = self.simulation.series[symbol]
        self._fed.opened(symbol, int(s.time[row]), int(s.bid_open[row]), int(s.ask_open[row]))

    def _start(self, t_ns: int) -> None:
        self.simulation.session.begin(t_ns)

    @property
    def _fed(self) -> Any:
        assert self.feed is not None
        return self.feed.feed

    def hand_over(self, history: bool) -> dict[str, Any]:
        """Saved where it stands; what is over handed out first where it is not to be saved."""
        if history:
            return {"text": self.save(True)}
        done = self.simulation.forget_history()
        return {"parts": pieces(done, done.decisions), "text": self.save(False)}

    def hand_in(self, history: bool) -> dict[str, Any]:
        """The end of the run, and what came of it."""
        record = self.simulation.finish()
        if history:
            return {"told": told(record, self.simulation)}
        return {"told": {}, "parts": pieces(record, self.simulation.engine.decisions.numbered(lambda _: {}))}


def deeds(simulation: Simulation, rows: Sequence[Alert]) -> list[Deed]:
    """What ``tests.parity.shadow.drive_stepwise`` does, written down."""
    found: list[Deed] = []
    instants = sorted(
        {int(t) + shift for s in simulation.series.values() for t in s.time for shift in (0, s.timeframe_ns)}
    )
    opened = dict.fromkeys(simulation.series, 0)
    due = 0
    for t_ns in instants:
        while due < len(rows) and rows[due].received_ns < t_ns:
            found += [("advance", (rows[due].received_ns, 4, 1)), ("alert", rows[due])]
            due += 1
        found.append(("advance", (t_ns, 1, -1)))
        for symbol, s in simulation.series.items():
            row = opened[symbol] - 1
            if row >= 0 and s.timeframe_ns and int(s.time[row]) + s.timeframe_ns == t_ns:
                found.append(("ended", symbol, row))
        found.append(("advance", (t_ns, 2, -1)))
        for symbol, s in simulation.series.items():
            row = opened[symbol]
            if row < len(s) and int(s.time[row]) == t_ns:
                found.append(("opened", symbol, row))
                opened[symbol] += 1
        if t_ns == instants[0]:
            found.append(("start", t_ns))
        found.append(("advance", (t_ns, 4, 1)))
    while due < len(rows) and rows[due].received_ns <= instants[-1]:
        found += [("advance", (rows[due].received_ns, 4, 1)), ("alert", rows[due])]
        due += 1
    return [*found, ("advance", (instants[-1] + 1, 0, 0))]


# --- what a run has done ----------------------------------------------------------------------------------------------


def told(record: RunRecord, simulation: Simulation) -> dict[str, Any]:
    """Everything that must be the same, as text."""
    return {
        "digest": digest(record),
        "lines": list(canonical_lines(record)),
        "orders": [repr(_order(o)) for o in record.orders],
        "decisions": [repr((d.alert_id, d.plugin_id, d.outcome, d.reason, d.numbers)) for d in record.decisions],
        "balances": [list(one) for one in record.balances],
        "journal": [repr(line) for line in record.journal],
        "recorded": repr(record.recorded),
        "chains": [list(step) for step in record.chains],
        "counts": record.counts,
        "plugins": repr([{k: v for k, v in p.items() if k != "capabilities"} for p in record.plugins]),
        "metrics": repr({k: {n: m[:2] for n, m in one.items()} for k, one in record.metrics.items()}),
        "start_ns": record.start_ns,
        "seen": [repr(getattr(p, "seen", None)) for p in simulation.registry.get_all_plugins().values()],
        "services": json.dumps(simulation.engine.services.state()),
    }


def _order(o: Any) -> tuple[Any, ...]:
    return (o.id, o.kind, o.status, o.reason, o.why, o.depth, o.seq, o.trails, o.comment, o.parts_left, str(o.frac))


def pieces(done: Any, decisions: Sequence[tuple[int, Any]]) -> dict[str, Any]:
    """What is over, of a ``History`` or a ``RunRecord``, as canonical lines."""
    lines = list(canonical_lines(SimpleNamespace(fills=done.fills, orders=done.orders, decisions=[])))[1:]
    rows = list(canonical_lines(SimpleNamespace(fills=[], orders=[], decisions=[row for _, row in decisions])))[1:]
    return {
        "trades": lines[: len(done.fills)],
        "orders": lines[len(done.fills) :],
        "chains": [list(step) for step in done.chains],
        "decisions": [(number, row) for (number, _), row in zip(decisions, rows, strict=True)],
    }


def joined(parts: Sequence[dict[str, Any]]) -> list[str]:
    """The lines of a whole run, of what was forgotten on the way and what was left at the end."""
    orders = sorted((line for part in parts for line in part["orders"]), key=lambda line: json.loads(line)[1])
    decisions = sorted(row for part in parts for row in part["decisions"])
    trades = [line for part in parts for line in part["trades"]]
    return [f'["zepix-digest",{DIGEST_SCHEMA}]\n', *trades, *orders, *(line for _, line in decisions)]


# --- the other process ------------------------------------------------------------------------------------------------


class Worker:
    """A process that was not there when the run began; it loads, checks, goes on, and saves or finishes."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def go_on(self, world: World, text: str, most: int, history: bool) -> dict[str, Any]:
        """``{"text": ...}``, saved again, or ``{"told": ...}`` of a finished run; without history ``parts`` of what is
        over. Raises AssertionError for what went wrong there."""
        self._pipe.send((world, text, most, history))
        ok, answer = self._pipe.recv()
        assert ok, answer
        return dict(answer)

    def close(self) -> None:
        self._pipe.send(None)
        self._process.join(PATIENCE_S)
        self._pipe.close()


def _serve(pipe: Any) -> None:
    import traceback

    while (asked := pipe.recv()) is not None:
        try:
            pipe.send((True, _asked(*asked)))
        except BaseException:  # noqa: BLE001 - told to who asked
            pipe.send((False, traceback.format_exc()))


def _asked(world: World, text: str, most: int, history: bool) -> dict[str, Any]:
    leg = Leg(world)
    leg.load(text)
    again = leg.save(history)
    assert again == text, f"{world}: loaded and saved again it differs: {_first_difference(again, text)}"
    done = leg.go(most)
    return leg.hand_over(history) if not done else leg.hand_in(history)


def _first_difference(a: str, b: str) -> str:
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return f"at {at}: {a[max(0, at - 150) : at + 60]!r} instead of {b[max(0, at - 150) : at + 60]!r}"

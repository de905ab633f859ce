"""Chains keep their promises in every drawn world, on both brokers and fed bar by bar: levels, counts, limits, money.

The worlds are those of chain_worlds.py, the promises those of chain_checks.py; the tables that a run leaves behind say
the same as its record. Mutations of a good record show that each promise is really looked at.

    python -m tests.property.test_chain_invariants 1000     that many seeds, and what there was of each kind
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.property.chain_checks import chain_problems, ended, of_chains
from tests.property.chain_worlds import drawn_chains
from tests.property.saved_runs import Leg, World
from zepix.engine.house import ServiceSettings
from zepix.engine.record import RunRecord
from zepix.journal.digest import canonical_lines
from zepix.research.chains_table import chains_table
from zepix.research.simulate import Simulation
from zepix.research.tables import orders_table, trades_table

SEEDS = range(60)


def ran(seed: int, broker: str = "shadow") -> tuple[Simulation, RunRecord]:
    simulation, _, alerts = drawn_chains(seed, broker=broker)
    return simulation, simulation.run(list(alerts))


def fed(seed: int) -> tuple[Simulation, RunRecord]:
    leg = Leg(World("chains fed", seed))
    leg.begin()
    leg.go(-1)
    return leg.simulation, leg.simulation.finish()


def counted(record: RunRecord) -> Counter[str]:
    """How much of what there was."""
    steps = record.chains
    found: Counter[str] = Counter()
    for (kind, _), own in of_chains(steps).items():
        found[kind] += 1
        found[f"{kind} highest {max(step.level for step in own)}"] += 1
    found["recoveries"] = sum(o.role == "R" and o.status == "filled" for o in record.orders)
    found["continuations"] = sum(o.role[:1] in ("C", "X") and o.status == "filled" for o in record.orders)
    found["killed shields"] = sum((s.kind, s.state, s.reason) == ("shield", "completed", "kill") for s in steps)
    found["booked through"] = sum(s.reason == "booked_all" for s in steps)
    found["recovered"] = sum(s.state == "recovered" or s.reason == "recovered" for s in steps)
    return found


def still_there(simulation: Simulation) -> list[str]:
    """What services remember of a run that is over: nothing waits, nothing is under way."""
    house, services = simulation.house, simulation.engine.services.state()
    found = [f"re-entry {one['chain_id']}" for one in services["reentry"]["chains"]]
    found += [f"pyramid {one['chain_id']}" for one in services["profit_booking"]["chains"]]
    found += [f"shield {one['shield_id']}" for one in services.get("shield", {"shields": []})["shields"]]
    found += [f"recovery of {kind}" for kind, count in services["autonomous"]["under_way"].items() if count]
    assert house.profits is not None
    return [*found, *(f"order {number}" for number in house.profits.desk.by_order)]


def test_promises_of_chains() -> None:
    total: Counter[str] = Counter()
    for seed in SEEDS:
        simulation, record = ran(seed)
        assert chain_problems(record, simulation.rules.settings) == [], seed
        assert still_there(simulation) == [], seed
        total += counted(record)
    sys.stdout.write(f"\n{told(total)}\n")
    names = (
        "reentry",
        "profit",
        "shield",
        "recoveries",
        "continuations",
        "killed shields",
        "recovered",
        "booked through",
    )
    assert min(total[name] for name in names) >= 4, told(total)
    assert total["profit highest 4"] and total["reentry highest 3"], told(total)


@pytest.mark.parametrize("seed", range(10))
def test_step_form_and_array_form_and_both_brokers_agree_on_every_chain(seed: int) -> None:
    simulation, record = ran(seed)
    lines = list(canonical_lines(record))
    for other, again in (fed(seed), ran(seed, "backtrader")):
        assert chain_problems(again, other.rules.settings) == []
        assert list(canonical_lines(again)) == lines
        assert again.chains == record.chains
        assert again.balances[-1] == record.balances[-1]
    assert not still_there(simulation)


@pytest.mark.parametrize("seed", range(6))
def test_the_tables_of_a_run_agree(seed: int) -> None:
    """trades.parquet and orders.parquet name role and chain; chains.parquet tells of the same orders and tickets."""
    _, record = ran(seed)
    chains, orders, trades = (make(record).to_pandas() for make in (chains_table, orders_table, trades_table))
    assert len(chains) == len(record.chains) and set(chains.kind) == {"reentry", "profit", "shield"} & set(chains.kind)
    known = orders.set_index("id")
    for row in chains[chains.order.notna()].itertuples():
        order = known.loc[int(row.order)]
        assert (order.strategy, order.symbol) == (row.strategy, row.symbol)
        if row.state == "placed" or row.reason == "placed":
            assert order.chain_id == row.chain_id
    of_role = trades[trades.role.str.match(r"[PRCXS]")]
    assert len(of_role) > 3
    assert set(of_role.chain_id) <= set(chains.chain_id)
    for ticket, rows in of_role.groupby("ticket"):
        told = chains[(chains.ticket == ticket) & (chains.chain_id == rows.chain_id.iloc[0])]
        assert len(told) > 0
        paid = round(float(told.money.sum()), 2)
        assert paid in (0.0, round(float(rows.pnl.sum()), 2)), ticket


# --- a check of the checks --------------------------------------------------------------------------------------------


@cache
def good() -> list[tuple[ServiceSettings, RunRecord]]:
    return [(simulation.rules.settings, record) for simulation, record in (ran(seed) for seed in range(14))]


def first(record: RunRecord, wanted: Callable[[Any], bool]) -> int | None:
    return next((n for n, step in enumerate(record.chains) if wanted(step)), None)


def without(wanted: Callable[[Any], bool]) -> Callable[[RunRecord], list[Any] | None]:
    def change(record: RunRecord) -> list[Any] | None:
        at = first(record, wanted)
        return None if at is None else [*record.chains[:at], *record.chains[at + 1 :]]

    return change


def changed(wanted: Callable[[Any], bool], **fields: Any) -> Callable[[RunRecord], list[Any] | None]:
    def change(record: RunRecord) -> list[Any] | None:
        at = first(record, wanted)
        if at is None:
            return None
        given = {n: v(getattr(record.chains[at], n)) if callable(v) else v for n, v in fields.items()}
        return [*record.chains[:at], record.chains[at]._replace(**given), *record.chains[at + 1 :]]

    return change


def twice(wanted: Callable[[Any], bool]) -> Callable[[RunRecord], list[Any] | None]:
    def change(record: RunRecord) -> list[Any] | None:
        at = first(record, wanted)
        return None if at is None else [*record.chains[: at + 1], *record.chains[at:]]

    return change


WRONG: dict[str, Callable[[RunRecord], list[Any] | None]] = {
    "a chain without an end": without(lambda s: ended(s) and s.kind != "shield"),
    "a chain with two ends": twice(ended),
    "an end without a reason": changed(ended, reason=""),
    "a chain that nobody began": without(lambda s: s.reason in ("created", "begun")),
    "an order that no chain sent": without(lambda s: s.state == "placed" or s.reason == "placed"),
    "an order that was sent twice": twice(lambda s: s.state == "placed"),
    "a level that is left out": changed(lambda s: s.reason == "level_up", level=lambda n: n + 1),
    "a level beyond the last": changed(lambda s: s.state == "continuing", level=9),
    "a recovery without a loss": without(lambda s: s.kind == "profit" and s.state == "lost" and s.reason == "sl"),
    "a recovery that never ends": without(lambda s: s.state in ("recovered", "recovery_failed")),
    "two recoveries at once": twice(lambda s: s.reason == "watching"),
    "two waits at once": twice(lambda s: (s.state, s.reason) == ("recovery_mode", "waits")),
    "a wait after another exit": changed(lambda s: (s.state, s.reason) == ("active", "sl"), reason="manual"),
    "money that is not the ticket's": changed(lambda s: s.money_minor != 0, money_minor=lambda n: n + 1),
    "money that is left out": changed(lambda s: s.kind == "reentry" and s.money_minor != 0, money_minor=0),
    "a ticket of another chain": changed(lambda s: s.reason == "filled", ticket=lambda n: n + 1),
    "a shield with one leg": without(lambda s: (s.kind, s.state, s.reason) == ("shield", "placed", "SB")),
    "a step of another plugin": changed(lambda s: s.reason == "filled", plugin_id="somebody"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_record_that_breaks_a_promise_is_noticed(name: str) -> None:
    tried = 0
    for settings, record in good():
        steps = WRONG[name](record)
        if steps is None:
            continue
        tried += 1
        wrong = dataclasses.replace(record, chains=steps)
        assert chain_problems(wrong, settings), name
    assert tried >= 2


def told(total: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(total.items()))


def main(count: int, start: int = 0) -> int:
    total: Counter[str] = Counter()
    failed = 0
    for seed in range(start, start + count):
        simulation, record = ran(seed)
        problems = [*chain_problems(record, simulation.rules.settings), *still_there(simulation)]
        if problems:
            failed += 1
            sys.stdout.write(f"seed {seed}: {problems[:3]}\n")
        total += counted(record)
    sys.stdout.write(f"{count} runs, {failed} failed; {told(total)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))

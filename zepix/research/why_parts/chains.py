"""The chains that began with one alert at one plugin: each step as plain values, and as lines.

Steps of one instant that say the same of several orders (a level that goes out) share a line; the values have each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from zepix.research.chain_sums import ENDS
from zepix.research.headline import count, money
from zepix.research.report_parts.refusals import meaning
from zepix.research.why_parts.facts import Facts
from zepix.research.why_parts.tickets import EXITS
from zepix.research.why_parts.wording import instant
from zepix.research.write import iso_utc

__all__ = ["CHAIN_WORDS", "chain_head", "chain_lines", "chains_of"]

Row = dict[str, Any]
Line = Callable[..., Iterator[str]]
KINDS: Final = {"profit": "pyramid", "reentry": "re-entry", "shield": "reverse shield"}
SHOWN: Final = 60
"""Lines of one chain at most."""
CHAIN_WORDS: Final = {
    "booked_all": "every level was booked",
    "level_disabled": "the next level is switched off",
    "strict_loss": "an order of the level lost and was not recovered",
    "too_few_winners": "too small a share of the level won",
    "recovery_failed": "the recovery of a lost order failed",
    "recovery_timeout": "the price did not come back within the window",
    "window_over": "its window ended before price, time and trend were there",
    "recovery_lost": "the recovery was stopped too",
    "recovered": "the recovery was left with a profit",
    "max_level": "its last level reached the target",
    "max_recoveries": "it had been recovered as often as it may be",
    "sl_hit": "stopped, and recoveries are off",
    "tp_hit": "at its target, and continuations are off",
    "opposite_signal": "a signal of the other side came",
    "exit_signal": "an exit of its own side came",
    "declined": "the strategy decided against it",
    "plugin_decided": "the strategy decided against it",
    "plugin_gone": "its plugin is not in the run any more",
    "kill_level": "the price was back at the recovery level",
    "kill": "the price was back at the recovery level; both legs closed",
    "shield_stopped": "a leg was stopped",
    "leg_failed": "a leg did not fill, so the other was closed",
    "leg_closed": "something else closed a leg",
    "stopped_in_profit": "its stop lay beyond the entry",
    "dropped": "the chain that it belongs to ended",
    "no_window": "the symbol's window is 0 minutes",
}


def chains_of(facts: Facts, plugin_id: str, alert_id: str, orders: list[Row]) -> list[Row] | None:
    """Chains of an alert, first begun first; None where the folder is older than the table of chains."""
    if facts.chains is None:
        return None
    roles = {order["id"]: order["role"] for order in orders}
    found: dict[tuple[str, str], list[Row]] = {}
    for row in facts.where("chains", "alert_id", alert_id):
        if row["strategy"] == plugin_id:
            found.setdefault((row["kind"], row["chain_id"]), []).append(row)
    return [_chain(rows, roles) for rows in found.values()]


def _chain(rows: list[Row], roles: Mapping[int, str]) -> Row:
    end = next(
        (row for row in rows if row["state"] in ENDS and (row["kind"] != "profit" or row["ticket"] is None)), None
    )
    first = rows[0]
    steps = [
        {
            "at": iso_utc(row["time"]),
            **{name: row[name] for name in ("level", "state", "reason", "order", "ticket")},
            "role": roles.get(row["order"]) or None,
            "money": row["money"],
        }
        for row in rows
    ]
    return {
        "chain_id": first["chain_id"],
        "kind": first["kind"],
        "symbol": first["symbol"],
        "begun_at": iso_utc(first["time"]),
        "ended_at": None if end is None else iso_utc(end["time"]),
        "state": None if end is None else end["state"],
        "reason": None if end is None else end["reason"],
        "meaning": "" if end is None else _meaning(end["reason"]),
        "level": max(row["level"] for row in rows),
        "orders": list(dict.fromkeys(row["order"] for row in rows if row["order"] is not None)),
        "money": round(sum(row["money"] for row in rows if row["ticket"] is not None), 8),
        "steps": steps,
    }


def _meaning(reason: str) -> str:
    return CHAIN_WORDS.get(reason) or EXITS.get(reason) or meaning(reason) or ""


# --- as lines -------------------------------------------------------------------------------------------------------


def chain_head(chain: Row, currency: str) -> str:
    """``pyramid completed (booked_all), level 2, 7 orders: +49.00 USD``."""
    end = f"{chain['state']} ({chain['reason']})" if chain["state"] else "has no end yet"
    parts = [f"{KINDS[chain['kind']]} {end}"]
    parts += [f"level {chain['level']}"] if chain["kind"] != "shield" else []
    parts += [count(len(chain["orders"]), "order")] if chain["orders"] else []
    return f"{', '.join(parts)}: {money(chain['money'], sign=True)} {currency}"


def chain_lines(chain: Row, currency: str, line: Line) -> Iterator[str]:
    """What became of a chain, step by step; ``line(label, text, indent=, width=)`` wraps one."""
    means = f"; {chain['meaning']}" if chain["meaning"] else ""
    yield from line("chain", f"{chain['chain_id']}, {chain_head(chain, currency)}{means}")
    groups = [list(steps) for _, steps in groupby(chain["steps"], _same)]
    for steps in groups[:SHOWN]:
        yield from line(instant(steps[0]["at"]), _step(steps, chain["kind"], currency), indent=4, width=23)
    if len(groups) > SHOWN:
        yield from line("", f"and {len(groups) - SHOWN} more lines; --json has all", indent=4, width=23)


def _same(step: Row) -> tuple[Any, ...]:
    """What steps of one line have in common; a reason that is only the order's role is none."""
    return step["at"], step["level"], step["state"], "" if step["reason"] == step["role"] else step["reason"]


def _step(steps: list[Row], kind: str, currency: str) -> str:
    first = steps[0]
    level = "" if kind == "shield" else f"level {first['level']}: "
    text = ", ".join(word for word in (level + first["state"], _same(first)[-1]) if word)
    about = [_about(step) for step in steps if step["order"] is not None or step["ticket"] is not None]
    text += f" ({'; '.join(about)})" if about else ""
    paid = sum(step["money"] for step in steps)
    return f"{text}: {money(paid, sign=True)} {currency}" if paid else text


def _about(step: Row) -> str:
    """``order 12 P1.1, ticket 9``."""
    said = []
    if step["order"] is not None:
        said.append(f"order {step['order']}" + (f" {step['role']}" if step["role"] else ""))
    if step["ticket"] is not None:
        said.append(f"ticket {step['ticket']}")
    return ", ".join(said)

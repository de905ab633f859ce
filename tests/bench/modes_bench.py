"""What an alert and a tick cost with one book and with three: ``python -m tests.bench.modes_bench``.

Processor time of one process, every variant in turn on the same inputs: ticks of EURUSD, an entry with a stop every 20
ticks, its exit 10 ticks later. The first round of each is thrown away.
"""

from __future__ import annotations

import json
import random
import sys
import time
from typing import Any

from zepix.config.check import Raw
from zepix.spec import load_spec
from zepix_live.engine.plan import plan_of
from zepix_live.engine.session import LiveSession

TICKS = 6_000
EVERY = 20
START_NS = 1_704_067_200_000_000_000
SLOT = {"broker.live.name": "simulated"}
VARIANTS: dict[str, dict[str, str]] = {
    "one book (no live slot)": {},
    "three books, the plugin in shadow": SLOT,
    "three books, the plugin live": {**SLOT, "shadow_mode.default_mode": "LIVE"},
}


def session_of(flags: dict[str, str]) -> LiveSession:
    """A started session of bracket."""
    given = {"strategy.name": "bracket", "account.balance": "1000000", **flags}
    plan = plan_of(load_spec(None, flags={key: Raw(value) for key, value in given.items()}, environ={}))
    found = LiveSession(plan, {"EURUSD": "tick"})
    found.take(START_NS, "start", {})
    return found


def played(flags: dict[str, str]) -> tuple[float, float]:
    """(microseconds a tick, microseconds an alert), of processor time."""
    session, rng, points = session_of(flags), random.Random(5), 110_000
    spent = {"prices": 0.0, "alert": 0.0}
    count = {"prices": 0, "alert": 0}
    for number in range(TICKS):
        points += rng.randint(-3, 3)
        t_ns = START_NS + (number + 1) * 500_000_000
        inputs: list[tuple[str, dict[str, Any]]] = [
            ("prices", {"ended": [], "opened": [["EURUSD", points, points + 12]]})
        ]
        if not number % (EVERY // 2):
            is_entry = not number % EVERY
            told: dict[str, Any] = {"symbol": "EURUSD", "type": "entry" if is_entry else "exit", "id": f"n{number}"}
            told |= {"side": "buy", "volume": 0.1, "sl_pips": 50} if is_entry else {}
            inputs.append(("alert", {"id": f"a{number}", "raw": json.dumps(told), "source": "bench", "kind": "alert"}))
        for kind, body in inputs:
            began = time.process_time()
            session.take(t_ns, kind, body)
            spent[kind] += time.process_time() - began
            count[kind] += 1
    return spent["prices"] / count["prices"] * 1e6, spent["alert"] / count["alert"] * 1e6


def main() -> None:
    """Print the table of docs/modes.md."""
    for flags in VARIANTS.values():
        played(flags)
    rounds = [{name: played(flags) for name, flags in VARIANTS.items()} for _ in range(3)]
    best = {name: tuple(min(one[name][place] for one in rounds) for place in (0, 1)) for name in VARIANTS}
    first = next(iter(best.values()))
    sys.stdout.write("| books | a tick | an alert |\n|---|---|---|\n")
    for name, (tick, alert) in best.items():
        ratio = f" ({tick / first[0]:.1f} x) | {alert:.0f} us ({alert / first[1]:.1f} x) |\n"
        sys.stdout.write(f"| {name} | {tick:.0f} us{ratio}")


if __name__ == "__main__":
    main()

"""Compiled cells equal the engine where the account's money is not known yet: pairs that convert begin later than the
prices that are traded, in accounts of four currencies."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from tests.parity.exits_sweep_play import check_sums, replayed, swept, tickets
from tests.parity.test_sweep_exits_parity import alerts_on, rules, walk
from tests.world import MINUTE, T0, bars, instrument
from zepix.errors import ConfigError
from zepix.model import AccountSpec, Alert, Catalogue, Side

CROSSES = Catalogue(
    [
        instrument("EURUSD"),
        instrument("GBPUSD", commission_per_lot=Decimal("1.5")),
        instrument("USDJPY"),
        instrument("GBPJPY", commission_per_lot=Decimal("3.33"), swap_long_points=Decimal("-1.1")),
    ]
)
LADDER: dict[str, Any] = {"levels": [{"at": "1R", "portion": 0.5}, {"at": "2R", "portion": 0.5}]}
WAYS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # what is swept, what the strategy does
    "levels": (
        {"lots": "0.37", "stop_points": 9, "target_points": 14},
        {"lots": "0.37", "stop": 9, "target": 14},
    ),
    "risk": ({"risk": 7.5, "stop_points": 9, "target_points": 14}, {"risk": 7.5, "stop": 9, "target": 14}),
    "trail": (
        {"lots": "0.2", "stop_points": 15, "trail_start_points": 4, "trail_step_points": 1,
         "trail_distance_points": 3},
        {"lots": "0.2", "stop": 15, "trails": [(4, 1, 3)]},
    ),
    "ladder": (
        {"lots": "0.05", "stop_points": 8, "ladder": [LADDER]},
        {"lots": "0.05", "stop": 8, "plan": LADDER},
    ),
}  # fmt: skip


def late_world(seed: int, traded: tuple[str, ...]) -> tuple[Any, list[Alert]]:
    """GBPJPY from the first minute; what converts its money begins up to two hours later."""
    rng = random.Random(seed)
    begins = {"EURUSD": (0, 3, 40), "GBPUSD": (0, 5, 60, 130), "USDJPY": (0, 1, 30, 80), "GBPJPY": (0,)}
    series = {
        s: bars(*walk(rng, 160, 110_000), symbol=s, spread=rng.choice((0, 1, 3)),
                start=T0 + rng.choice(choices) * MINUTE)
        for s, choices in begins.items()
    }  # fmt: skip
    return series, alerts_on(rng, 30, 160, traded)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("home", "traded"), [
    ("USD", ("GBPJPY", "EURUSD")), ("USD", ("GBPJPY", "USDJPY", "GBPUSD")), ("JPY", ("GBPJPY", "USDJPY")),
    ("GBP", ("GBPJPY", "GBPUSD")), ("EUR", ("EURUSD", "GBPUSD")),
])  # fmt: skip
def test_an_entry_whose_money_nobody_can_count_yet_is_refused_in_both(way, home, traded):
    swept_with, played_with = WAYS[way]
    refused = 0
    for seed in range(6):
        series, alerts = late_world(seed, traded)
        latency = (0, 700, 61_000)[seed % 3]
        given = rules(account=AccountSpec(Decimal(10_000), home), latency_ms=latency)
        for flat in (False, True):
            wanted, record = replayed(series, CROSSES, alerts, given, flat=flat, **played_with)
            if not wanted:
                continue
            result = swept(series, CROSSES, alerts, given, flat=flat, **swept_with)
            assert tickets(result.cell(0)) == wanted
            check_sums(result.frame().loc[0], wanted, record)
            refused += sum(row.reason == "no_conversion" for row in record.decisions)
    assert refused or home != "USD"  # elsewhere each traded pair converts its own money from its first open on


def test_an_account_whose_money_takes_two_pairs_is_refused_by_name():
    series, alerts = late_world(1, ("GBPJPY",))
    with pytest.raises(ConfigError, match="GBPJPY reaches EUR through two pairs"):
        swept(series, CROSSES, alerts, rules(account=AccountSpec(Decimal(10_000), "EUR")), stop_points=9)


def test_a_symbol_of_which_nothing_is_filled_limits_no_stop():
    """One symbol's entries are all refused; the other's stops were called too deep for it."""
    flat = [(110_000, 110_004, 109_996, 110_000)] * 40
    series = {
        "GBPJPY": bars(*flat, symbol="GBPJPY", spread=1), "EURUSD": bars(*flat, spread=1),
        "USDJPY": bars(*flat[:5], symbol="USDJPY", spread=1, start=T0 + 35 * MINUTE),
        "GBPUSD": bars(*flat[:5], symbol="GBPUSD", spread=1, start=T0 + 35 * MINUTE),
    }  # fmt: skip
    alerts = [
        Alert(id=s, explicit_id=s, received_ns=T0 + MINUTE, dialect="plain", type="entry", symbol=s, side=Side.BUY)
        for s in ("GBPJPY", "EURUSD")
    ]
    found = swept(series, CROSSES, alerts, rules(), lots="0.1", stop_points=50)
    assert found.frame().loc[0, "tickets"] == 1
    assert "1 of 2 entries are filled in no cell: no_conversion 1" in repr(found)

"""Any two runs: the parts sum to the difference to the last minor unit, ticket by ticket, and nothing is unexplained.

Runs are drawn with other prices, other alerts (lost, late, of other sizes, with other levels), other settings, costs,
instruments and accounts. Both sides know everything, so that no remainder may be left.
"""

from __future__ import annotations

import random
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strategies.bracket import Bracket
from tests.world import Market, alert, bars, instrument
from zepix.model import AccountSpec, Catalogue, FillModel
from zepix.research.comparing import compare
from zepix.research.comparing.comparison import Comparison
from zepix.research.result import Result

MINUTES = 90
SYMBOLS = ("EURUSD", "USDJPY", "GBPJPY", "GBPUSD")
STARTS = {"EURUSD": 110_000, "USDJPY": 150_000, "GBPJPY": 190_000, "GBPUSD": 127_000}


def drawn_run(alerts_seed: int, prices_seed: int, own: random.Random, currency: str) -> Result:
    """A run of alerts that ``alerts_seed`` draws; everything else is drawn by ``own``."""
    series = []
    for symbol in SYMBOLS:
        moves = random.Random(f"{prices_seed} {symbol}")
        points, quads = STARTS[symbol], []
        for _ in range(MINUTES):
            start = points + moves.randrange(-6, 7)
            points = start + moves.randrange(-12, 13)
            quads.append(
                (start, max(start, points) + moves.randrange(9), min(start, points) - moves.randrange(9), points)
            )
        series.append(bars(*quads, symbol=symbol, spread=own.choice([0, 3, 10])))
    changes = {"commission_per_lot": Decimal(own.choice([0, 3])), "swap_long_points": Decimal(own.choice([0, -2]))}
    market = Market(
        series,
        catalogue=Catalogue(instrument(symbol, **changes) for symbol in SYMBOLS),
        account=AccountSpec(balance=Decimal(1_000_000), currency=currency, digits=0 if currency == "JPY" else 2),
        fill=FillModel(
            latency_ms=own.choice([0, 0, 60_000, 90_000]),
            slippage_points=own.choice([0, 1, 4]),
            intrabar=own.choice(["pessimistic", "optimistic"]),
        ),
        costs=own.choice(["instrument", "none"]),
    )
    alerts = drawn_alerts(random.Random(alerts_seed), own)
    return Result(market.play(alerts, Bracket, one_at_a_time=own.random() < 0.2).record)


def drawn_alerts(same: random.Random, own: random.Random) -> list:
    """Alerts that both runs draw alike; some of them are lost, late, or of another size here."""
    found = []
    late, lost, grown = own.choice([0, 0, 1]), own.choice([0, 0, 0.2]), own.choice([1, 1, 2])
    for number in range(same.randrange(4, 14)):
        symbol, side = same.choice(SYMBOLS), same.choice(["buy", "sell"])
        sign = 1 if side == "buy" else -1
        at, stays = same.randrange(2, 60), same.randrange(1, 30)
        point = 1e-3 if "JPY" in symbol else 1e-5
        start = STARTS[symbol]
        fields = {"symbol": symbol, "volume": same.randrange(1, 40) * grown / 100}
        if same.random() < 0.5:
            fields["sl"] = (start - sign * same.randrange(60, 200)) * point
            fields["tp"] = (start + sign * same.randrange(60, 200)) * point
        if same.random() < 0.2:
            fields |= {"order_type": "limit", "entry_price": (start - sign * same.randrange(5, 40)) * point}
        half = same.random() < 0.3
        if own.random() >= lost:
            found.append(alert(at + late, "entry", side, id=f"in{number}", **fields))
        if half:
            found.append(alert(at + late + stays // 2, "exit", side, id=f"half{number}", symbol=symbol, close_frac=0.5))
        if own.random() >= lost:
            found.append(alert(at + late + stays, "exit", side, id=f"out{number}", symbol=symbol))
    return sorted(found, key=lambda one: one.received_ns)


def holds(found: Comparison) -> None:
    whole = found.b.profit - found.a.profit
    assert sum(found.minor.values()) == whole
    assert all(isinstance(minor, int) for minor in found.minor.values())
    assert sum(found.parts.values()) == found.sum
    assert found.minor["unexplained"] == 0
    for pair in found.pairs:
        assert sum(pair.parts.values()) == pair.b.profit - pair.a.profit
        assert "unexplained" not in pair.parts
    mine = [one.ticket.profit for one in found.lonely if one.where == "here"]
    other = [one.ticket.profit for one in found.lonely if one.where == "there"]
    assert sum(pair.a.profit for pair in found.pairs) + sum(mine) == found.a.profit
    assert sum(pair.b.profit for pair in found.pairs) + sum(other) == found.b.profit


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    alerts=st.integers(0, 2**32), prices=st.integers(0, 2**32), other_prices=st.booleans(),
    one=st.integers(0, 2**32), two=st.integers(0, 2**32), currency=st.sampled_from(["USD", "JPY"]),
)  # fmt: skip
def test_the_parts_of_any_two_runs_sum_to_the_difference(alerts, prices, other_prices, one, two, currency):
    a = drawn_run(alerts, prices, random.Random(one), currency)
    b = drawn_run(alerts, prices + other_prices, random.Random(two), currency)
    forth, back = compare(a, b), compare(b, a)
    holds(forth)
    holds(back)
    assert forth.sum == -back.sum
    same = compare(a, a)
    holds(same)
    assert not any(same.minor.values())

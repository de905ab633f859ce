"""Hypothesis against three simulators: on small markets with prices a few points apart, where everything touches
everything, the shadow broker (both forms), the backtrader broker and the oracle agree to the last word and cent."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle.scenarios import Scenario
from tests.parity.backtrader import replay_without_cerebro
from tests.parity.shadow import decisions, first_difference, replay, replay_stepwise, trades
from tests.thorough import share
from zepix.journal.digest import digest

SECOND = 10**9
START = 1_709_910_000 * SECOND  # Friday, 8 March 2024, 15:00 UTC; summer time in New York begins on Sunday
POINT = 100_000
INSTRUMENT = {
    "point": "0.00001",
    "contract_size": "100000",
    "profit_currency": "USD",
    "margin_currency": "EUR",
    "volume_step": "0.01",
    "volume_min": "0.01",
    "volume_max": "50",
    "commission_per_lot": "3.5",
    "swap_long_points": "-7.3",
    "swap_short_points": "1.25",
    "triple_swap_weekday": 2,
}
near = st.integers(-12, 12)


@st.composite
def markets(draw: st.DrawFn) -> tuple[int, list[tuple[Any, ...]]]:
    """Bars of a minute or an hour, or ticks, some of them missing; the spread is 0 to 4 points."""
    length = draw(st.sampled_from((60, 3600, 0))) * SECOND
    rows: list[tuple[Any, ...]] = []
    t, level = START, 110_000
    for _ in range(draw(st.integers(3, 24))):
        t += draw(st.sampled_from((1, 1, 1, 1, 2, 40))) * (length or 10 * SECOND)
        level += draw(st.integers(-8, 8))
        opened, closed = level, level + draw(st.integers(-8, 8))
        high = max(opened, closed) + draw(st.integers(0, 6))
        low = min(opened, closed) - draw(st.integers(0, 6))
        spread, level = draw(st.integers(0, 4)), closed
        if length:
            quads = [(p / POINT, (p + spread) / POINT) for p in (opened, high, low, closed)]
            rows.append((t, *(bid for bid, _ in quads), *(ask for _, ask in quads)))
        else:
            rows.append((t, opened / POINT, (opened + spread) / POINT))
    return length, rows


@st.composite
def alerts_on(draw: st.DrawFn, series: tuple[int, list[tuple[Any, ...]]]) -> list[dict[str, Any]]:
    _, rows = series
    made: list[dict[str, Any]] = []
    times = sorted(
        draw(st.sampled_from(rows))[0] + draw(st.sampled_from((0, 1, 4, 5, 6, 30, -1))) * SECOND
        for _ in range(draw(st.integers(1, 10)))
    )
    for number, t in enumerate(times):
        known = [row for row in rows if row[0] <= t]
        price = round((known[-1] if known else rows[0])[1] * POINT)
        made.append({"id": f"a{number}", "received_ns": t, "symbol": "EURUSD"} | draw(one_alert(price, number)))
    return made


@st.composite
def one_alert(draw: st.DrawFn, price: int, number: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(("entry", "entry", "entry", "reversal", "exit", "modify", "cancel")))
    side = draw(st.sampled_from(("buy", "sell")))
    alert: dict[str, Any] = {"type": kind, "side": side, "volume": None, "sl": None, "tp": None, "price": None}
    if kind not in ("entry", "reversal") and number and draw(st.booleans()):
        alert["ref"] = f"a{draw(st.integers(0, number - 1))}"
    if kind == "exit" and draw(st.booleans()):
        alert["close_frac"] = draw(st.sampled_from((0.1, 0.5, 1.0)))
    if kind in ("exit", "cancel"):
        return alert
    for name in ("sl", "tp"):
        if draw(st.booleans()):
            alert[name] = (price + draw(near)) / POINT
    if kind == "modify":
        return alert
    alert["volume"] = draw(st.sampled_from((None, 0.01, 0.05, 1.5, 60.0)))
    order_type = draw(st.sampled_from(("market", "market", "limit", "stop", "stop_limit")))
    alert["order_type"] = order_type
    if order_type != "market":
        alert["entry_price"] = (price + draw(near)) / POINT
        alert["expires_s"] = draw(st.sampled_from((None, 1, 60, 7200)))
    if order_type == "stop_limit":
        alert["limit_price"] = (price + draw(near)) / POINT
    if draw(st.booleans()):
        alert["oco"] = draw(st.sampled_from(("g", "h")))
    if draw(st.booleans()):
        start, step, distance = draw(st.integers(0, 6)), draw(st.integers(0, 3)), draw(st.integers(1, 8))
        alert["trailing"] = {"start": start, "step": step, "distance": distance}
    if draw(st.integers(0, 3)) == 0:
        alert["break_even_points"] = draw(st.integers(1, 6))
    return alert


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    series = draw(markets())
    fill = {
        "latency_ms": draw(st.sampled_from((0, 0, 1000, 61_000))),
        "open_grace_ms": draw(st.sampled_from((5000, 5000, 0))),
        "max_wait_s": draw(st.sampled_from((600, 0))),
        "intrabar": draw(st.sampled_from(("pessimistic", "optimistic"))),
        "slippage_points": draw(st.sampled_from((0, 0, 2))),
        "stop_out_frac": draw(st.sampled_from((0.5, 1.0))),
    }
    balance, leverage = draw(st.sampled_from((("10000", "100"), ("200", "1000"), ("60", "500"))))
    return Scenario(
        seed=0,
        bars={"EURUSD": series},
        instruments={"EURUSD": INSTRUMENT | {"stops_level_points": draw(st.sampled_from((0, 0, 2)))}},
        account={"balance": balance, "currency": "USD", "leverage": leverage, "digits": 2},
        fill=fill,
        strategy={"one_at_a_time": draw(st.integers(0, 4)) == 0, "levels": "absolute", "max_price_gap": None},
        alerts=draw(alerts_on(series)),
    )


@settings(
    max_examples=share(400, 150),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(scenarios())
def test_oracle_shadow_and_backtrader_agree(scenario: Scenario) -> None:
    oracle, shadow, plain = scenario.play(), replay(scenario), replay_without_cerebro(scenario)
    assert first_difference(trades(shadow.fills), oracle.trades) == ""
    assert decisions(shadow) == oracle.decisions
    assert shadow.balances[-1][1] == oracle.balance_minor
    assert first_difference(trades(plain.fills), oracle.trades) == ""
    assert digest(plain) == digest(shadow)
    if all(alert["received_ns"] >= scenario.bars["EURUSD"][1][0][0] for alert in scenario.alerts):
        step = replay_stepwise(scenario)
        assert first_difference(trades(step.broker.book.fills), trades(shadow.fills)) == ""

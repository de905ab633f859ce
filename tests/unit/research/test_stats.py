"""The statistics of hand-made runs: what is counted, in which unit, and what has no value."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from fake_run import DAY_NS, HOUR_NS, MINUTE_NS, THURSDAY_NS, fill_of, flat_series, record_of, walk_series

from zepix.engine.record import RunRecord
from zepix.journal.codec import plain
from zepix.model import AccountSpec, Alert, DecisionRow, FillModel, Quarantined
from zepix.research.equity import equity_curve
from zepix.research.stats import statistics


def stats_of(record: RunRecord) -> dict[str, object]:
    return statistics(record, equity_curve(record))


def a_ticket(number: int, pnl_minor: int, **more: object):  # type: ignore[no-untyped-def]
    """A ticket of two minutes; they follow one another."""
    begin = THURSDAY_NS + number * HOUR_NS
    return fill_of(ticket=number, entry_ns=begin, exit_ns=begin + 2 * MINUTE_NS, pnl_minor=pnl_minor, **more)


def test_money_and_points_of_four_tickets() -> None:
    fills = [
        a_ticket(1, 10_000, pnl_points=100, commission_minor=-70, mae_points=20, mfe_points=110, bars_held=2),
        a_ticket(2, -4_000, pnl_points=-40, commission_minor=-70, mae_points=40, mfe_points=10, bars_held=4,
                 exit_reason="sl"),
        a_ticket(3, -1_000, pnl_points=-10, commission_minor=-70, mae_points=10, mfe_points=0, bars_held=6,
                 exit_reason="sl"),
        a_ticket(4, 0, pnl_points=1, commission_minor=-70, swap_minor=-30, mae_points=2, mfe_points=4, bars_held=8,
                 exit_reason="signal"),
    ]  # fmt: skip
    stats = stats_of(record_of(fills, [flat_series("EURUSD", 138_000, 1440)]))
    expected = {
        "currency": "USD", "deposit": 10000, "final_balance": 10050, "net_profit": 50, "return_frac": 0.005,
        "tickets": 4, "closing_fills": 4, "won": 1, "lost": 2, "win_rate": 0.25, "gross_profit": 100,
        "gross_loss": -50, "profit_factor": 2, "expectancy": 12.5, "expectancy_points": 51 / 4, "average_win": 100,
        "average_loss": -25, "payoff": 4, "largest_win": 100, "largest_loss": -40, "consecutive_wins": 1,
        "consecutive_losses": 2, "average_bars_held": 5, "average_mae_points": 18, "average_mfe_points": 31,
        "commission": -2.8, "swap": -0.3,
    }  # fmt: skip
    assert {name: stats[name] for name in expected} == pytest.approx(expected)
    assert {k: (g["tickets"], g["net_profit"]) for k, g in stats["by_exit_reason"].items()} == {  # type: ignore[attr-defined]
        "sl": (2, -50), "tp": (1, 100), "signal": (1, 0),
    }  # fmt: skip
    assert stats["max_drawdown"] == pytest.approx(50)  # closed losses of 40 and 10; the flat price never opens more
    assert stats["exposure_frac"] == pytest.approx(8 / 1440)


def test_parts_of_a_ticket_count_as_one() -> None:
    parts = [
        fill_of(ticket=7, part=1, steps=3, pnl_minor=300, pnl_points=100, exit_ns=THURSDAY_NS + HOUR_NS, mae_points=5),
        fill_of(ticket=7, part=2, steps=1, pnl_minor=-100, pnl_points=-100, exit_ns=THURSDAY_NS + 3 * HOUR_NS,
                mae_points=100, exit_reason="sl", bars_held=180),
        fill_of(ticket=8, pnl_minor=-50, pnl_points=-5, exit_ns=THURSDAY_NS + 2 * HOUR_NS, exit_reason="signal"),
    ]  # fmt: skip
    stats = stats_of(record_of(parts, [flat_series("EURUSD", 138_000, 1440)]))
    assert (stats["tickets"], stats["closing_fills"], stats["won"], stats["lost"]) == (2, 3, 1, 1)
    assert stats["largest_win"] == 2  # 3.00 - 1.00
    assert stats["expectancy_points"] == (50 - 5) / 2  # (3 x 100 - 1 x 100) / 4
    assert stats["average_bars_held"] == (180 + 10) / 2
    assert set(stats["by_exit_reason"]) == {"signal", "sl"}  # type: ignore[arg-type]  # ticket 7 ended by its stop


def test_run_without_a_ticket_has_dashes_not_errors() -> None:
    stats = stats_of(record_of([], [flat_series("EURUSD", 138_000, 3000)]))
    assert stats["tickets"] == 0
    assert stats["net_profit"] == 0
    for name in ("win_rate", "profit_factor", "expectancy", "payoff", "largest_win", "sqn", "sharpe", "calmar"):
        assert stats[name] is None, name
    assert stats["max_drawdown_frac"] == 0
    assert stats["by_symbol"] == {}


def test_one_winning_ticket_has_no_profit_factor() -> None:
    stats = stats_of(record_of([a_ticket(1, 500)], [flat_series("EURUSD", 138_000, 1440)]))
    assert (stats["win_rate"], stats["profit_factor"], stats["payoff"], stats["sqn"]) == (1, None, None, None)


def test_currency_without_decimals_counts_whole_units() -> None:
    account = AccountSpec(balance=Decimal(1_000_000), currency="JPY", digits=0)
    fill = fill_of(symbol="USDJPY", entry_points=100_000, exit_ns=THURSDAY_NS + HOUR_NS, pnl_minor=12_345)
    stats = stats_of(record_of([fill], [flat_series("USDJPY", 100_000, 1440)], account=account))
    assert (stats["deposit"], stats["net_profit"], stats["currency"]) == (1_000_000, 12_345, "JPY")


def test_growth_runs_from_the_first_price_not_from_an_alert_long_before() -> None:
    record = record_of([a_ticket(1, 100_000)], [flat_series("EURUSD", 138_000, 1440 * 60)])
    record.start_ns -= 1000 * DAY_NS
    record.balances[0] = (record.start_ns, record.balances[0][1])
    stats = stats_of(record)
    assert stats["days"] == 60
    assert stats["cagr"] == pytest.approx(1.1 ** (365.25 / 60) - 1)


def test_product_of_daily_returns_is_the_whole_return() -> None:
    series = [walk_series("EURUSD", 138_000, 1440 * 5, seed=11)]
    record = record_of([a_ticket(n, (-1) ** n * n * 5_000) for n in range(1, 90)], series)
    curve = equity_curve(record)
    daily = curve.daily()
    assert daily[0] == 10_000
    assert daily[-1] == pytest.approx(curve.equity[-1])
    assert stats_of(record)["daily_returns"] == len(daily) - 1


def test_refusals_and_quarantine_are_counted_by_reason() -> None:
    record = record_of([], [flat_series("EURUSD", 138_000, 60)])
    record.alerts = [
        Quarantined(id=f"q{n}", reason=reason, detail="", raw="{")
        for n, reason in enumerate(["malformed_json", "malformed_json", "no_timezone"])
    ]
    record.decisions = [
        DecisionRow(f"a{n}", THURSDAY_NS, "plain", "bracket", "bracket", outcome, reason)
        for n, (outcome, reason) in enumerate(
            [("filled", ""), ("refused", "no_money"), ("refused", "no_money"), ("refused", "market_closed")]
        )
    ]
    stats = stats_of(record)
    assert stats["refusals"] == {"no_money": 2, "market_closed": 1}
    assert stats["reasons"] == {"refused": stats["refusals"]}
    assert stats["outcomes"] == {"refused": 3, "filled": 1}
    assert stats["quarantined"] == {"malformed_json": 2, "no_timezone": 1}


def test_alerts_outside_the_prices_are_counted() -> None:
    record = record_of([], [flat_series("EURUSD", 138_000, 60)])
    end = record.end_ns
    record.alerts = [
        Alert(id=str(n), received_ns=t, dialect="plain", type=kind, symbol=symbol)
        for n, (t, kind, symbol) in enumerate(
            [
                (THURSDAY_NS - 1, "entry", "EURUSD"), (THURSDAY_NS, "entry", "EURUSD"), (end, "exit", "EURUSD"),
                (end + 1, "exit", "EURUSD"), (end + 1, "trend_pulse", "EURUSD"), (THURSDAY_NS, "entry", "GBPUSD"),
            ]
        )
    ]  # fmt: skip
    assert stats_of(record)["outside_data"] == {"before": 1, "after": 1, "no_prices": 1}


# -- ambiguity ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "slippage", "money"),
    [
        ({}, 0, 21.0),  # target 138110, stop 137900: 210 points of 0.10 USD
        ({"exit_points": 137_900, "exit_reason": "sl"}, 0, 21.0),
        ({}, 5, 21.5),  # the stop slips five points further
        ({"side": -1, "sl": 138_110, "tp": 137_900}, 5, 21.5),
        ({"steps": 1}, 0, 2.1),
        ({"ambiguous": False}, 0, 0.0),
    ],
)
def test_money_between_the_two_readings(change: dict[str, object], slippage: int, money: float) -> None:
    fill = fill_of(**{"ambiguous": True, **change})
    model = FillModel(slippage_points=slippage)
    stats = stats_of(record_of([fill], [flat_series("EURUSD", 138_000, 60)], fill_model=model))
    assert stats["ambiguous_money"] == money
    assert stats["ambiguous"] == int(fill.ambiguous)


def test_money_between_readings_is_converted() -> None:
    fill = fill_of(symbol="USDJPY", entry_points=100_000, sl=99_000, tp=101_000, ambiguous=True)
    stats = stats_of(record_of([fill], [flat_series("USDJPY", 99_990, 60, spread=20)]))
    assert stats["ambiguous_money"] == 200.0  # 2,000 points x 10 JPY / 100.000


def test_ambiguous_ticket_with_one_level_has_no_second_price() -> None:
    stats = stats_of(record_of([fill_of(ambiguous=True, tp=0)], [flat_series("EURUSD", 138_000, 60)]))
    assert (stats["ambiguous"], stats["ambiguous_money"], stats["ambiguous_unpriced"]) == (1, 0, 1)


def test_statistics_are_json_as_they_are() -> None:
    stats = stats_of(record_of([a_ticket(1, 500), a_ticket(2, -300)], [flat_series("EURUSD", 138_000, 1440 * 5)]))
    assert json.loads(json.dumps(stats, allow_nan=False)) == plain(stats)

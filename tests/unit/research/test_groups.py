"""Tickets by signal, role, session, hour and plugin; refusals over time; the sections of the report that show them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fake_run import DAY_NS, HOUR_NS, MINUTE_NS, THURSDAY_NS, fill_of, flat_series, record_of

from zepix.engine.record import RunRecord
from zepix.model import Alert, DecisionRow
from zepix.research.groups import session_of
from zepix.research.pictures.groups import groups_figure
from zepix.research.report_parts.refusals import meaning, refusals_figure
from zepix.research.result import Result


def ticket(number: int, pnl_minor: int, **more: object):  # type: ignore[no-untyped-def]
    """A ticket of two minutes, entered at its hour of Thursday."""
    begin = THURSDAY_NS + number * HOUR_NS
    given = {"entry_ns": begin, "exit_ns": begin + 2 * MINUTE_NS, "alert_id": f"a{number}", **more}
    return fill_of(ticket=number, pnl_minor=pnl_minor, **given)


def an_alert(number: int, signal: str) -> Alert:
    return Alert(id=f"a{number}", received_ns=THURSDAY_NS, dialect="v3", type="entry", symbol="EURUSD", signal=signal)


@pytest.fixture(scope="module")
def record() -> RunRecord:
    """Won 10, lost 4, lost 8, won 3: two plugins, two signals, two roles."""
    fills = [
        ticket(1, 1000, role="A", pnl_points=100),
        ticket(2, -400, role="B", pnl_points=-40),
        ticket(3, -800, role="A", pnl_points=-80),
        ticket(4, 300, plugin_id="v6_15m", pnl_points=30),
    ]
    alerts = [an_alert(1, "Screener_Full_Bullish"), an_alert(2, "Momentum_Breakout"), an_alert(3, ""), an_alert(4, "")]
    made = record_of(fills, [flat_series("EURUSD", 138_000, 1440)], alerts=list(alerts))
    made.decisions = [
        DecisionRow(f"r{n}", THURSDAY_NS + n * DAY_NS, "v3", "bracket", "bracket", "refused", reason, "EURUSD")
        for n, reason in enumerate(["no_money", "no_money", "<b>", "daily_cap"])
    ]
    return made


# -- groups -----------------------------------------------------------------------------------------------------------


def test_tickets_go_by_the_signal_of_their_alert_else_its_type(record: RunRecord) -> None:
    groups = Result(record).stats["by_signal"]
    assert {word: (g["tickets"], g["net_profit"]) for word, g in groups.items()} == {
        "entry": (2, -5.0), "Screener_Full_Bullish": (1, 10.0), "Momentum_Breakout": (1, -4.0),
    }  # fmt: skip


def test_tickets_go_by_role_and_those_without_one_together(record: RunRecord) -> None:
    groups = Result(record).stats["by_role"]
    assert {word: g["tickets"] for word, g in groups.items()} == {"A": 2, "B": 1, "(none)": 1}


def test_drawdown_of_a_group_is_its_own_fall_from_its_peak(record: RunRecord) -> None:
    stats = Result(record).stats
    assert stats["by_symbol"]["EURUSD"]["max_drawdown"] == 12  # 10 won, then 4 and 8 lost
    assert stats["by_role"]["A"]["max_drawdown"] == 8  # 10 won, 8 lost
    assert stats["by_role"]["B"]["max_drawdown"] == 4  # from nothing
    assert stats["by_plugin"]["v6_15m"]["max_drawdown"] == 0
    assert stats["by_role"]["A"]["points"] == 20


def test_hours_are_in_their_order_and_utc(record: RunRecord) -> None:
    assert list(Result(record).stats["by_hour"]) == ["01", "02", "03", "04"]


def test_each_plugin_has_its_own_groups(record: RunRecord) -> None:
    inside = Result(record).stats["by_plugin_and"]
    assert all(set(groups) == {"signal", "role", "session", "hour"} for groups in inside.values())
    assert inside["v6_15m"]["signal"] == {"entry": Result(record).stats["by_plugin"]["v6_15m"]}
    assert inside["bracket"]["role"]["A"]["tickets"] == 2


def test_a_run_without_a_ticket_has_no_groups() -> None:
    stats = Result(record_of([], [flat_series("EURUSD", 138_000, 60)])).stats
    assert [stats[name] for name in ("by_signal", "by_role", "by_session", "by_hour", "by_plugin_and")] == [{}] * 5


@pytest.mark.parametrize(
    ("moment", "session"),
    [
        ("2024-01-10T00:30", "Asia"),  # 09:30 in Tokyo
        ("2024-01-10T08:30", "Asia + London"),  # 17:30 in Tokyo, 08:30 in London
        ("2024-01-10T12:30", "London"),
        ("2024-01-10T13:30", "London + New York"),  # 08:30 in New York, winter
        ("2024-07-10T12:30", "London + New York"),  # 08:30 in New York, summer
        ("2024-07-10T07:30", "Asia + London"),  # London is an hour earlier in summer
        ("2024-03-12T12:30", "London + New York"),  # New York has changed its clocks, London has not
        ("2024-01-10T21:30", "New York"),
        ("2024-01-10T22:30", "between"),
    ],
)
def test_a_session_goes_by_the_clocks_of_its_place(moment: str, session: str) -> None:
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert session_of(int(at.timestamp()) * 1_000_000_000) == session


# -- the report -------------------------------------------------------------------------------------------------------


def test_report_shows_plugins_signals_roles_and_refusals(record: RunRecord) -> None:
    from zepix.research.report import report_html

    text = report_html(Result(record))
    for said in ("Screener_Full_Bullish", "v6_15m: 1 ticket", "Refusals over time", 'data-figure="hours-1"',
                 'data-figure="refusals"', "drawdown", "London"):  # fmt: skip
        assert said in text
    assert "&lt;b&gt;" in text


def test_refusals_are_stacked_by_reason_over_days() -> None:
    rows = [
        DecisionRow(f"r{n}", THURSDAY_NS + day * DAY_NS, "v3", "p", "p", "refused", reason, "EURUSD")
        for n, (day, reason) in enumerate([(0, "no_money"), (0, "no_money"), (3, "daily_cap")])
    ]
    figure, unit = refusals_figure(rows)
    assert unit == "day"
    assert [(t["name"], t["x"], t["y"]) for t in figure["data"]] == [
        ("no_money", ["2014-05-01", "2014-05-04"], [2, 0]),
        ("daily_cap", ["2014-05-01", "2014-05-04"], [0, 1]),
    ]


@pytest.mark.parametrize(
    ("days", "unit", "last"),
    [(2, "hour", "2014-05-03 00:00"), (59, "day", "2014-06-29"), (365, "week", "2015-04-27"),
     (1500, "month", "2018-06-01"), (4000, "year", "2025-01-01")],
)  # fmt: skip
def test_longer_runs_have_longer_bars(days: int, unit: str, last: str) -> None:
    rows = [
        DecisionRow(f"r{n}", THURSDAY_NS + day * DAY_NS, "v3", "p", "p", "refused", "no_money", "EURUSD")
        for n, day in enumerate([0, days])
    ]
    figure, found = refusals_figure(rows)
    assert (found, figure["data"][0]["x"][-1]) == (unit, last)


def test_rare_reasons_stand_together() -> None:
    rows = [DecisionRow(f"r{n}", THURSDAY_NS, "v3", "p", "p", "refused", f"reason{n % 9}", "EURUSD") for n in range(30)]
    figure, _ = refusals_figure(rows)
    assert len(figure["data"]) == 8
    assert figure["data"][-1]["name"] == "others"
    assert sum(sum(trace["y"]) for trace in figure["data"]) == 30


def test_hours_show_all_24_of_them(record: RunRecord) -> None:
    figure = groups_figure(Result(record).stats["by_hour"], "hour", "USD")
    assert figure["data"][0]["y"][:5] == [0.0, 10.0, -4.0, -8.0, 3.0]
    assert len(figure["data"][0]["x"]) == 24


@pytest.mark.parametrize(
    "reason",
    ["paused", "session_closed", "symbol_not_in_session", "plugin_trades_limit", "plugin_open_limit",
     "plugin_daily_loss", "daily_cap", "lifetime_cap", "concurrent_limit", "symbol_exposure", "spread_high",
     "spread_unknown", "volume_too_small", "risk_too_large", "no_money", "equity_guard"],
)  # fmt: skip
def test_every_reason_of_the_gate_has_a_meaning(reason: str) -> None:
    assert meaning(reason)

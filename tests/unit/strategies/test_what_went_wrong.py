"""What the original system's operators suffered (the rules of the trade, §12), shown not to happen with V6 and legacy.

Only those that no other test shows; risk, sessions, trends and dual orders have theirs beside their services.
"""

from __future__ import annotations

import pytest

from tests.unit.strategies.fakes import V6, body, shipped, v6_alert
from tests.unit.strategies.test_legacy import sent
from tests.unit.strategies.wired import play
from tests.world import flat, market
from zepix.model import Decision
from zepix.model.settings_risk import RiskSettings

LEGACY = shipped("legacy")
BULL = [sent(1, "trend", "bull", "15m"), sent(2, "trend", "bull", "1h")]
FALLING = [(p, p, p, p) for p in range(110_000, 109_850, -1)]
GOLD = {"symbol": "XAUUSD", "price": 2030.5, "levels": (2000.0, 2090.0, 2095.0, 2099.0), "tf": "60"}
LEAVE = "EXIT_BULLISH|XAUUSD|60|2031|15"


def test_losses_of_a_reversal_are_in_the_books():
    """§12.1: ``remove_closed_trade`` was missing: an exception after every reversal, and the books were wrong."""
    alerts = [v6_alert(1), v6_alert(60, "BEARISH_ENTRY", price=1.0994)]
    played = play(alerts, V6["5m"], prices=market(*FALLING, spread=10))
    assert not played.simulation.engine.errors
    lost = sum(f.pnl_minor for f in played.record.fills if f.exit_reason == "reversal")
    numbers = played.record.decisions[1].numbers
    assert (numbers["open_risk"] > 0, numbers["day_loss"]) == (True, 0.0), "as it stood when the gate was asked"
    limit = played.plugin().api.risk.check_daily_limit()
    assert lost < 0 and float(limit.loss) == pytest.approx(-lost / 100)


def test_nothing_is_closed_twice():
    """§12.1: multiple closures and notices of what was closed already."""
    alerts = [v6_alert(1, tf="15"), *(body("EXIT_BULLISH|EURUSD|15|1.1|15", 20 + n, n) for n in range(3))]
    played = play(alerts, V6["15m"])
    assert [reason or outcome for outcome, reason in played.outcomes[1:]] == ["closed", *["nothing_to_close"] * 2]
    assert len(played.record.fills) == 1
    assert len([o for o in played.record.orders if o.kind == "close"]) == 1


def test_hours_of_alerts_are_not_hours_without_a_trade():
    """§12.1: 27 alerts, more than 15 entries, not one trade, and nobody knew why. Each has its reason here."""
    entries = [sent(5 + n, "entry", "buy", "5m", n) for n in range(0, 60, 6)]
    played = play([*BULL, *entries], LEGACY, prices=market(*flat(80)))
    words = [reason or outcome for outcome, reason in played.outcomes[2:]]
    assert words[:2] == ["filled", "filled"]
    assert set(words) <= {"filled", "plugin_open_limit", "daily_cap", "risk_too_large"}


def test_a_cap_that_is_reached_is_the_answer_and_not_silence():
    """§12.1: the daily cap ($150 of $100) stood behind days without a trade."""
    caps = dict.fromkeys(("5000", "10000", "25000", "50000", "100000"), 1)
    played = play([v6_alert(1)], V6["5m"], risk=RiskSettings(daily_caps=caps))
    assert played.outcomes[0][0] == "refused"
    numbers = played.record.decisions[0].numbers
    assert numbers["daily_cap"] == 1.0 and numbers["day_left"] == 1.0


def test_a_pulse_raises_no_alert_and_no_order():
    """§12.1: alert loops of the 1m trend pulse."""
    pulse = [body("TREND_PULSE|EURUSD|1|4|2|1:BULL→BEAR|MIXED_BULLISH", 1 + n / 10, n) for n in range(200)]
    played = play(pulse, *V6.values())
    assert not played.record.orders
    assert {d.outcome for d in played.record.decisions} <= {"info", "duplicate"}


@pytest.mark.parametrize(
    ("cents", "what"),
    [(60, ("ignored", "held")), (49, ("closed", "")), (11, ("closed", "")), (9, ("closed", ""))],
)
def test_pips_of_gold_are_cents_for_managed_exits(cents, what):
    """§12.1, §12.2.8: the manager's pip was 0.0001 on gold. 50 pips are 0.50 of price, 10 are 0.10."""
    rows = [(2_030_490,) * 4] * 4 + [(2_030_500 + cents * 10,) * 4] * 20
    prices = market(*rows, symbol="XAUUSD", spread=10)
    played = play([v6_alert(1, **GOLD), body(LEAVE, 10)], V6["1h"], prices=prices, exit_mode="managed")
    assert played.outcomes == [("filled", ""), what]
    left = sum(f.steps for f in played.record.fills if f.exit_reason == "end_of_data")
    assert (left > 0) == (cents > 10)


def test_an_answer_that_failed_leaves_no_order_behind():
    """§12.2.6: an error after the order was placed, and a live order that nobody knew of."""

    class Fails(V6["15m"]):
        async def process_entry_signal(self, alert) -> Decision:
            await super().process_entry_signal(alert)
            raise ValueError("after the order")

    played = play([v6_alert(1, tf="15"), body("EXIT_BULLISH|EURUSD|15|1.1|15", 20)], Fails)
    row = played.record.decisions[0]
    assert (row.outcome, row.reason) == ("error", "strategy_error")
    assert row.numbers["order"] == 1 and row.numbers["ticket"] == 1, "the decision names what is open"
    assert played.outcomes[1] == ("closed", ""), "and the next exit closes it"


def test_why_a_ticket_ended_is_what_happened_and_not_its_sign():
    """§12.2.16: TP or SL was guessed from the sign of the profit. A stop moved into profit is a stop still."""
    rows = [(110_000,) * 4] * 3 + [(110_190,) * 4] * 3 + [(110_190, 110_190, 110_020, 110_030)] * 2
    played = play([v6_alert(1)], V6["5m"], prices=market(*rows))
    ended = {f.role: (f.exit_reason, f.exit_points, f.gross_minor > 0) for f in played.record.fills}
    assert ended["A"] == ("trailing", 110_063, True), "entry 110_010, one quarter of 210 points beyond break-even"

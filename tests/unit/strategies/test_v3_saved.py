"""V3 left between any two events, saved as text, loaded and gone on with: the same lines as the whole run."""

from __future__ import annotations

import json

import pytest

from tests.unit.strategies.v3_fakes import ALONE, V3, config_of, v3_alert, v3_exit, v3_pulse, v3_squeeze, wired
from tests.world import market
from zepix.journal.digest import canonical_lines
from zepix.model.settings_risk import RiskSettings

ROWS = [(110_000,) * 4] * 20 + [(110_000, 110_000, 109_780, 109_790)] + [(109_790, 109_900, 109_700, 109_850)] * 12
ALERTS = [
    v3_pulse(0.5, "1,1,1,1,1,1"),
    v3_squeeze(0.7),
    v3_alert(1, "Sideways_Breakout", score=5),
    v3_alert(3, "Sideways_Breakout", score=5, number=1),
    v3_alert(4, score=9),
    v3_alert(20, side="sell"),
    v3_alert(26, "Sideways_Breakout", "sell", score=4),
    v3_exit(30, "Bearish_Exit"),
]
SETTINGS = [{}, {"reversal_mode": "gap", "gap_wait_s": 90.0}]


UP = [(110_000 + 40 * n, 110_045 + 40 * n, 109_995 + 40 * n, 110_040 + 40 * n) for n in range(16)]
DOWN = [(110_640 - 90 * n, 110_640 - 90 * n, 110_550 - 90 * n, 110_550 - 90 * n) for n in range(12)]
BACK = [(109_560 + 60 * n, 109_620 + 60 * n, 109_560 + 60 * n, 109_620 + 60 * n) for n in range(20)]
CHAINED = [
    v3_pulse(0.5, "1,1,1,1,1,1"),
    v3_alert(1, score=9, tp2_price=None),
    v3_alert(14, "Liquidity_Trap", score=9, price=1.1055),
    v3_exit(47),
]


def fresh(settings, cls=ALONE, rows=ROWS):
    prices = market(*rows)
    return wired(prices, config_of(cls, **settings), classes=(cls,), risk=RiskSettings(default_risk_tier="25000"))


@pytest.mark.parametrize("settings", SETTINGS, ids=["immediate", "gap"])
def test_a_loaded_run_goes_on_as_if_nothing_were(settings):
    waited = everywhere(lambda: fresh(settings), ALERTS)
    assert any(waited) == bool(settings), "a reversal that waits for its gap is among what was saved"


def test_a_run_with_chains_does_so_too():
    """In the middle of a pyramid, and while a recovery waits for its price."""
    rows = [(110_000,) * 4, *UP, *DOWN, *BACK]
    whole = fresh({}, V3, rows)
    record = whole.run(CHAINED)
    roles = {o.role for o in record.orders}
    assert {"A", "B", "P1.1", "P1.2", "R"} <= roles, roles
    everywhere(lambda: fresh({}, V3, rows), CHAINED)


def everywhere(make, alerts):
    """Stop a run after every event, load it into a fresh one, go on; what waited for a gap at each stop."""
    whole = make()
    expected = list(canonical_lines(whole.run(alerts)))
    waited = []
    for stop in range(whole.session.events):
        first = make()
        first.begin(alerts)
        first.go_on(stop)
        waited.append(bool(first.registry.get_plugin("v3_combined").memory.waiting))
        text = json.dumps(first.save_state(history=True), allow_nan=False)
        second = make()
        second.load_state(json.loads(text))
        second.begin(alerts)
        assert json.dumps(second.save_state(history=True), allow_nan=False) == text
        second.go_on()
        assert list(canonical_lines(second.finish())) == expected, f"stopped after {stop} events"
    return waited

"""The strategy `bracket`, its exits and reversals; answers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.strategies.bracket_play import BRACKET, FLAT6, closes, play, words
from tests.world import Market, alert, bars, flat, market, minute
from zepix.engine.registry import PluginConfig
from zepix.model import FillModel

# --- exits ----------------------------------------------------------------------------------------------------------


EXITS = {  # side of the exit, tickets closed by it (1 is long, 2 is short)
    "buy_closes_longs": ("buy", [1]),
    "sell_closes_shorts": ("sell", [2]),
    "no_side_closes_both": (None, [1, 2]),
}


@pytest.mark.parametrize(("side", "closed"), EXITS.values(), ids=EXITS)
def test_exit_closes_the_side_it_names(side: str | None, closed: list[int]) -> None:
    played = play(alert(1), alert(1.02, side="sell"), alert(3, "exit", side))
    assert words(played) == ["filled", "filled", "closed"]
    assert [number for number, why, _ in closes(played) if why == "signal"] == closed
    assert played.record.decisions[2].numbers["closed"] == len(closed)


def test_exit_with_nothing_to_close_is_ignored_and_sends_nothing() -> None:
    played = play(alert(1, "exit", None))
    assert played.outcomes == [("ignored", "nothing_to_close")]
    assert played.record.orders == []


def test_exit_of_the_other_side_only_is_ignored() -> None:
    played = play(alert(1), alert(2, "exit", "sell"))
    assert played.outcomes[1] == ("ignored", "nothing_to_close")
    assert closes(played) == [(1, "end_of_data", 110_000)]


def test_exit_takes_an_entry_under_way_along() -> None:
    played = play(alert(1.5), alert(1.7, "exit", None))
    assert words(played) == ["filled", "closed"]
    (fill,) = played.record.fills
    assert (fill.entry_ns, fill.exit_ns, fill.exit_reason) == (minute(2), minute(2), "signal")


def test_exit_leaves_other_symbols_and_other_plugins_alone() -> None:
    prices = Market([bars(*FLAT6), bars(*flat(6, 127_000), symbol="GBPUSD")])
    alerts = [
        alert(1, plugin_hint="one"),
        alert(1, plugin_hint="two", id="b"),
        alert(1, plugin_hint="one", symbol="GBPUSD", id="c"),
        alert(3, "exit", None, plugin_hint="one"),
    ]
    plugins = [PluginConfig(p, "bracket") for p in ("one", "two")]
    played = prices.play(alerts, BRACKET, plugins=plugins)
    assert [why for _, why, _ in closes(played)] == ["signal", "end_of_data", "end_of_data"]


def test_exit_of_one_alert_closes_its_ticket_and_no_other() -> None:
    played = play(alert(1, id="first"), alert(1, id="second"), alert(2, "exit", None, ref="second"))
    assert closes(played) == [(1, "end_of_data", 110_000), (2, "signal", 110_000)]


def test_exit_of_an_alert_that_never_was_closes_nothing() -> None:
    played = play(alert(1), alert(2, "exit", None, ref="nobody"))
    assert played.outcomes[1] == ("ignored", "nothing_to_close")
    assert closes(played) == [(1, "end_of_data", 110_000)]


def test_half_of_a_ticket_is_closed_twice_and_nothing_is_left() -> None:
    played = play(alert(1), *(alert(n, "exit", None, close_frac=0.5) for n in (2, 3, 4)))
    assert [(f.part, f.steps, f.exit_reason) for f in played.record.fills] == [(1, 5, "signal"), (2, 5, "signal")]
    assert words(played)[1:] == ["closed", "closed", "nothing_to_close"]


def test_a_share_is_of_the_volume_at_the_entry_and_takes_at_most_the_rest() -> None:
    played = play(alert(1), alert(2, "exit", None, close_frac=0.75), alert(3, "exit", None, close_frac=0.75))
    assert [f.steps for f in played.record.fills] == [7, 3]  # 7.5 steps rounded down, then what is left


def test_a_share_of_less_than_a_step_closes_nothing() -> None:
    played = play(alert(1, volume=0.01), alert(2, "exit", None, close_frac=0.5))
    assert played.outcomes[1] == ("refused", "volume_too_small")
    assert closes(played) == [(1, "end_of_data", 110_000)]


def test_exit_of_the_whole_as_a_part_is_an_exit() -> None:
    assert words(play(alert(1), alert(2, "exit", None, close_frac=1.0)))[1] == "closed"


# --- reversals ------------------------------------------------------------------------------------------------------


def test_reversal_when_flat_is_a_plain_entry() -> None:
    played = play(alert(1, "reversal", "sell", sl=1.1006))
    assert words(played) == ["filled"]
    (fill,) = played.record.fills
    assert (fill.side, fill.sl) == (-1, 110_060)


def test_reversal_closes_the_other_side_and_enters_at_the_same_open() -> None:
    played = play(alert(1), alert(3, "reversal", "sell"))
    assert words(played) == ["filled", "filled"]
    assert closes(played) == [(1, "reversal", 110_000), (2, "end_of_data", 110_010)]
    assert [(f.entry_ns, f.exit_ns) for f in sorted(played.record.fills)] == [
        (minute(1), minute(3)),
        (minute(3), minute(6)),
    ]


def test_reversal_keeps_its_own_tickets_of_the_new_side() -> None:
    played = play(alert(1, side="sell"), alert(1.02), alert(3, "reversal", "sell"))
    assert [why for _, why, _ in closes(played)] == ["end_of_data", "reversal", "end_of_data"]
    assert [f.side for f in sorted(played.record.fills)] == [-1, 1, -1]


def test_reversal_waits_for_the_confirmed_close_with_latency() -> None:
    prices = market(*FLAT6, fill=FillModel(latency_ms=10_000, open_grace_ms=0))
    played = play(alert(0), alert(2, "reversal", "sell"), prices=prices)
    first, second = sorted(played.record.fills)
    assert (first.exit_ns, second.entry_ns) == (minute(3), minute(4))


def test_reversal_takes_an_entry_under_way_of_the_other_side_along() -> None:
    played = play(alert(1.5), alert(1.7, "reversal", "sell"))
    assert [(f.side, f.entry_ns, f.exit_reason) for f in sorted(played.record.fills)] == [
        (1, minute(2), "reversal"),
        (-1, minute(2), "end_of_data"),
    ]


def test_reversal_refused_by_one_at_a_time_still_closes_the_other_side() -> None:
    played = play(alert(1), alert(2, "reversal", "buy"), one_at_a_time=True)
    assert words(played) == ["filled", "one_at_a_time"]
    played = play(alert(1), alert(2, "reversal", "sell"), one_at_a_time=True)
    assert words(played) == ["filled", "filled"]


def test_reversal_far_from_our_price_closes_and_does_not_enter() -> None:
    played = play(alert(1), alert(2, "reversal", "sell", price=1.2), max_price_gap=0.0005)
    assert words(played) == ["filled", "price_far_from_alert"]
    assert closes(played) == [(1, "reversal", 110_000)]
    assert played.record.decisions[1].numbers["closed"] == 1


def test_reversal_without_a_side_is_refused_and_closes_nothing() -> None:
    played = play(alert(1), alert(2, "reversal", None))
    assert words(played)[1] == "no_side"
    assert closes(played)[0][1] == "end_of_data"


def test_reversal_whose_entry_is_refused_by_the_broker_has_closed() -> None:
    played = play(alert(1), alert(2, "reversal", "sell", sl=1.05))
    assert words(played) == ["filled", "invalid_stops"]
    assert closes(played) == [(1, "reversal", 110_000)]


def test_reversal_by_a_pending_order_closes_at_once_and_waits_for_its_price() -> None:
    played = play(alert(1), alert(2, "reversal", "sell", order_type="limit", entry_price=1.11))
    assert played.outcomes[1] == ("expired", "end_of_data")
    assert closes(played) == [(1, "reversal", 110_000)]


def test_reversal_with_an_unknown_atr_closes_and_does_not_enter() -> None:
    settings: dict[str, Any] = {"default_sl_atr": 2.0, "atr_timeframe": "1m", "atr_period": 3}
    played = play(alert(1, sl=1.09), alert(2, "reversal", "sell"), **settings)
    assert words(played)[1] == "atr_unknown"
    assert closes(played) == [(1, "reversal", 110_000)]

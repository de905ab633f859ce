"""The strategy `bracket`, its entries: every setting and every refusal; answers worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.strategies.bracket_play import BRACKET, FLAT6, play, words
from tests.world import Market, Played, Quad, alert, bars, flat, market
from zepix.engine.registry import PluginConfig
from zepix.errors import ConfigError
from zepix.model import Alert, FillModel

# --- entries ------------------------------------------------------------------------------------------------------


def test_entry_with_the_alerts_stop_target_and_volume() -> None:
    played = play(alert(1, sl=1.0995, tp=1.1006, volume=0.37))
    (fill,) = played.record.fills
    assert (fill.side, fill.steps, fill.entry_points, fill.sl, fill.tp) == (1, 37, 110_010, 109_950, 110_060)
    numbers = played.record.decisions[0].numbers
    assert (numbers["volume"], numbers["sl"], numbers["tp"], numbers["price"]) == (0.37, 1.0995, 1.1006, 1.1001)


def test_sell_is_mirrored() -> None:
    (fill,) = play(alert(1, side="sell", sl=1.1006, tp=1.0995)).record.fills
    assert (fill.side, fill.entry_points, fill.sl, fill.tp) == (-1, 110_000, 110_060, 109_950)


VOLUMES = {
    "the_alerts": ({"volume": 0.25}, {"default_volume": 0.5}, 25),
    "the_default": ({"volume": None}, {"default_volume": 0.5}, 50),
    "the_instruments_minimum": ({"volume": None}, {}, 1),
}


@pytest.mark.parametrize(("fields", "settings", "steps"), VOLUMES.values(), ids=VOLUMES)
def test_volume(fields: dict[str, Any], settings: dict[str, Any], steps: int) -> None:
    (fill,) = play(alert(1, **fields), **settings).record.fills
    assert fill.steps == steps


REFUSED = {
    "no_side": ({"side": None}, "no_side"),
    "limit_without_price": ({"order_type": "limit"}, "no_entry_price"),
    "stop_limit_without_limit": ({"order_type": "stop_limit", "entry_price": 1.11}, "no_entry_price"),
    "limit_above_the_ask": ({"order_type": "limit", "entry_price": 1.11}, "invalid_price"),
    "limit_on_the_ask": ({"order_type": "limit", "entry_price": 1.1001}, "invalid_price"),
    "stop_below_the_ask": ({"order_type": "stop", "entry_price": 1.09}, "invalid_price"),
    "half_a_trailing": ({"trailing": {"start": 10}}, "invalid_trailing"),
    "trailing_distance_of_zero": ({"trailing": {"start": 10, "step": 5, "distance": 0}}, "invalid_trailing"),
    "no_break_even": ({"break_even_points": 0}, "invalid_trailing"),
    "no_volume": ({"volume": 0.0}, "volume_too_small"),
    "less_than_a_step": ({"volume": 0.009}, "volume_too_small"),
    "too_much": ({"volume": 50.01}, "volume_too_large"),
    "stop_on_the_wrong_side": ({"sl": 1.1005}, "invalid_stops"),
    "stop_on_the_bid": ({"sl": 1.1}, "invalid_stops"),
    "target_on_the_wrong_side": ({"tp": 1.0995}, "invalid_stops"),
    "no_money": ({"volume": 10.0}, "no_money"),  # 11,000 USD of margin
    "unknown_symbol": ({"symbol": "DOGEUSD"}, "unknown_symbol"),
    "no_prices": ({"symbol": "GBPUSD"}, "no_prices"),
}


@pytest.mark.parametrize(("fields", "reason"), REFUSED.values(), ids=REFUSED)
def test_entry_refused_with_a_stable_word(fields: dict[str, Any], reason: str) -> None:
    played = play(alert(1, **fields))
    assert played.outcomes == [("refused", reason)]
    assert played.record.fills == []


@pytest.mark.parametrize("kind", ["modify", "cancel"])
def test_a_command_about_an_alert_that_never_was_does_nothing(kind: str) -> None:
    assert play(alert(1), alert(2, kind, None, ref="x", sl=1.09)).outcomes[1] == ("ignored", f"nothing_to_{kind}")


def test_a_change_of_nothing_is_refused() -> None:
    assert play(alert(1), alert(2, "modify", None)).outcomes[1] == ("refused", "no_levels")


def test_an_oco_group_of_one_is_an_ordinary_order() -> None:
    assert words(play(alert(1, oco="pair"))) == ["filled"]


def test_expiry_of_a_market_order_is_ignored() -> None:
    assert words(play(alert(1, expires_s=0.001))) == ["filled"]


def test_information_never_trades() -> None:
    played = play(alert(1, "trend_pulse", None))
    assert played.outcomes == [("info", "trend_pulse")]
    assert played.record.orders == []


# --- one at a time ------------------------------------------------------------------------------------------------


def test_hedged_by_default() -> None:
    assert words(play(alert(1), alert(2, side="sell"), alert(3))) == ["filled"] * 3


def test_one_at_a_time_refuses_while_a_ticket_is_open_on_either_side() -> None:
    played = play(alert(1), alert(2), alert(3, side="sell"), one_at_a_time=True)
    assert words(played) == ["filled", "one_at_a_time", "one_at_a_time"]


def test_one_at_a_time_counts_an_order_under_way() -> None:
    played = play(alert(1.5), alert(1.6), alert(2.5), one_at_a_time=True)
    assert words(played) == ["filled", "one_at_a_time", "one_at_a_time"]


def test_one_at_a_time_counts_an_order_that_travels() -> None:
    prices = market(*FLAT6, fill=FillModel(latency_ms=90_000))
    assert words(play(alert(1), alert(2), prices=prices, one_at_a_time=True)) == ["filled", "one_at_a_time"]


def test_one_at_a_time_is_free_again_after_the_stop() -> None:
    prices = market(*flat(2), (110_000, 110_000, 109_900, 110_000), *flat(3))
    played = play(alert(1, sl=1.0995), alert(3), prices=prices, one_at_a_time=True)
    assert words(played) == ["filled", "filled"]


def test_one_at_a_time_is_free_again_after_a_refusal() -> None:
    assert words(play(alert(1, sl=1.2), alert(2), one_at_a_time=True)) == ["invalid_stops", "filled"]


def test_one_at_a_time_is_by_symbol() -> None:
    prices = Market([bars(*FLAT6), bars(*flat(6, 127_000), symbol="GBPUSD")])
    played = play(alert(1), alert(2, symbol="GBPUSD", id="g"), prices=prices, one_at_a_time=True)
    assert words(played) == ["filled", "filled"]


def test_one_at_a_time_is_by_plugin() -> None:
    settings = {"one_at_a_time": True}
    plugins = [PluginConfig(p, "bracket", settings) for p in ("one", "two")]
    alerts = [alert(1, plugin_hint="one"), alert(2, plugin_hint="two"), alert(3, plugin_hint="two")]
    played = market(*FLAT6).play(alerts, BRACKET, plugins=plugins)
    assert words(played) == ["filled", "filled", "one_at_a_time"]


# --- levels by ATR --------------------------------------------------------------------------------------------------

# every bar has a true range of 40 points, so the ATR is 40 from the first whole window on
MOVING: list[Quad] = [(110_000, 110_020, 109_980, 110_000)] * 8


def atr_play(*alerts: Alert, **settings: Any) -> Played:
    given = {"atr_timeframe": "1m", "atr_period": 3} | settings
    return play(*alerts, prices=market(*MOVING), **given)


ATR_LEVELS = {  # side, settings, the alert's own levels, stop, target in points
    "stop_and_target": ("buy", {"default_sl_atr": 2.0, "default_tp_atr": 3.0}, {}, 109_930, 110_130),
    "sell": ("sell", {"default_sl_atr": 2.0, "default_tp_atr": 3.0}, {}, 110_080, 109_880),
    "stop_only": ("buy", {"default_sl_atr": 2.0}, {}, 109_930, 0),
    "target_only": ("buy", {"default_tp_atr": 3.0}, {}, 0, 110_130),
    "the_alerts_stop_wins": ("buy", {"default_sl_atr": 2.0, "default_tp_atr": 3.0}, {"sl": 1.0990}, 109_900, 110_130),
    "the_alerts_target_wins": ("buy", {"default_sl_atr": 2.0, "default_tp_atr": 3.0}, {"tp": 1.102}, 109_930, 110_200),
    "none_asked_for": ("buy", {}, {}, 0, 0),
}


@pytest.mark.parametrize(("side", "settings", "own", "sl", "tp"), ATR_LEVELS.values(), ids=ATR_LEVELS)
def test_missing_levels_come_from_the_atr_at_the_price_of_the_decision(
    side: str, settings: dict[str, float], own: dict[str, Any], sl: int, tp: int
) -> None:
    (fill,) = atr_play(alert(4, side=side, **own), **settings).record.fills
    assert (fill.initial_sl, fill.initial_tp) == (sl, tp)


def test_unknown_atr_is_refused_and_a_stop_never_left_out() -> None:
    played = atr_play(alert(2), alert(3, id="known"), default_sl_atr=2.0)
    assert words(played) == ["atr_unknown", "filled"]


def test_unknown_atr_does_not_matter_where_the_alert_has_its_levels() -> None:
    played = atr_play(alert(1, sl=1.099, tp=1.102), default_sl_atr=2.0, default_tp_atr=2.0)
    assert words(played) == ["filled"]


def test_atr_of_a_longer_timeframe_waits_for_its_bars() -> None:
    played = atr_play(alert(4), alert(6, id="later"), default_sl_atr=1.0, atr_timeframe="5m", atr_period=1)
    assert words(played) == ["atr_unknown", "filled"]


@pytest.mark.parametrize("fields", [{"price": 1.1}, {"price": 1.1, "tp": 1.102}], ids=["no_levels", "target_only"])
def test_default_stop_by_atr_serves_alerts_with_a_price_in_distance_mode_too(fields: dict[str, Any]) -> None:
    (fill,) = atr_play(alert(4, **fields), default_sl_atr=2.0, levels="distance").record.fills
    assert fill.initial_sl == 109_930


def test_atr_timeframe_finer_than_the_data_is_refused_with_a_word() -> None:
    prices = market(*MOVING, timeframe="1h")
    played = play(alert(300), prices=prices, default_sl_atr=2.0, atr_timeframe="1m", atr_period=3)
    assert played.outcomes == [("refused", "atr_unknown")]


def test_word_that_is_no_timeframe_is_a_configuration_error_before_the_run() -> None:
    with pytest.raises(ConfigError, match="banana"):
        atr_play(alert(4), default_sl_atr=2.0, atr_timeframe="banana")


# --- levels by distance ---------------------------------------------------------------------------------------------


DISTANCE = {  # the alert's price, stop, target; stop and target from our fill at 110_010
    "chart_above_ours": ({"price": 1.1100, "sl": 1.1080, "tp": 1.1140}, 109_810, 110_410),
    "chart_below_ours": ({"price": 1.0900, "sl": 1.0880, "tp": 1.0940}, 109_810, 110_410),
    "stop_only": ({"price": 1.1100, "sl": 1.1080}, 109_810, 0),
    "target_only": ({"price": 1.1100, "tp": 1.1140}, 0, 110_410),
    "no_levels": ({"price": 1.1100}, 0, 0),
    "no_levels_no_price": ({}, 0, 0),
}


@pytest.mark.parametrize(("fields", "sl", "tp"), DISTANCE.values(), ids=DISTANCE)
def test_distance_hangs_the_levels_on_our_fill(fields: dict[str, Any], sl: int, tp: int) -> None:
    (fill,) = play(alert(1, **fields), levels="distance").record.fills
    assert (fill.initial_sl, fill.initial_tp) == (sl, tp)


def test_distance_of_a_sell() -> None:
    (fill,) = play(alert(1, side="sell", price=1.11, sl=1.112, tp=1.106), levels="distance").record.fills
    assert (fill.entry_points, fill.initial_sl, fill.initial_tp) == (110_000, 110_200, 109_600)


def test_distance_is_measured_from_the_fill_with_its_slippage_and_wait() -> None:
    prices = market(*flat(2), *flat(3, 110_500), fill=FillModel(slippage_points=3))
    (fill,) = play(alert(1.5, price=1.11, sl=1.108), prices=prices, levels="distance").record.fills
    assert (fill.entry_points, fill.initial_sl) == (110_513, 110_313)


def test_distance_without_the_alerts_price_is_refused() -> None:
    assert words(play(alert(1, sl=1.108), levels="distance")) == ["no_alert_price"]


def test_distance_keeps_its_sign_so_a_stop_on_the_wrong_side_stays_there() -> None:
    assert words(play(alert(1, price=1.11, sl=1.112), levels="distance")) == ["invalid_stops"]


def test_absolute_levels_stay_where_the_alert_put_them() -> None:
    (fill,) = play(alert(1, price=1.11, sl=1.0950, tp=1.1140)).record.fills
    assert (fill.initial_sl, fill.initial_tp) == (109_500, 111_400)


def test_level_of_zero_is_none_in_distance_mode_too() -> None:
    (fill,) = play(alert(1, price=1.11, sl=1.108, tp=0.0), levels="distance").record.fills
    assert (fill.initial_sl, fill.initial_tp) == (109_810, 0)


# --- price gap ------------------------------------------------------------------------------------------------------

GAPS = {  # the alert's price; the middle of ours is 1.10005
    "exactly_the_gap_above": (1.10055, "filled"),
    "half_a_point_more": (1.10056, "price_far_from_alert"),
    "exactly_the_gap_below": (1.09955, "filled"),
    "more_below": (1.09954, "price_far_from_alert"),
    "no_price": (None, "filled"),
}


@pytest.mark.parametrize(("price", "word"), GAPS.values(), ids=GAPS)
def test_price_gap(price: float | None, word: str) -> None:
    assert words(play(alert(1, price=price), max_price_gap=0.0005)) == [word]


def test_refusal_by_price_gap_shows_the_numbers_that_decided() -> None:
    numbers = play(alert(1, price=1.2), max_price_gap=0.0005).record.decisions[0].numbers
    assert numbers["alert_price"] == 1.2
    assert numbers["our_price"] == pytest.approx(1.10005)
    assert numbers["gap"] == pytest.approx(0.09995)


def test_price_gap_with_no_price_known_yet_is_no_prices() -> None:
    assert words(play(alert(-1, price=1.1), max_price_gap=0.0005)) == ["no_prices"]


def test_price_gap_is_off_by_default() -> None:
    assert words(play(alert(1, price=5.0))) == ["filled"]


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [{"levels": "relative"}, {"one_at_a_time": "maybe"}, {"atr_period": 1.5}, {"default_volume": "much"}, {"stop": 1}],
    ids=str,
)
def test_wrong_setting_is_a_configuration_error(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        play(alert(1), **settings)


@pytest.mark.parametrize(
    "settings",
    [{"max_price_gap": -0.1}, {"default_sl_atr": -2.0}, {"atr_period": 0}, {"default_volume": -1.0}],
    ids=str,
)
def test_setting_that_can_never_work_is_a_configuration_error(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        play(alert(1), **settings)

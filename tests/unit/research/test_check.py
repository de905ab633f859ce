"""What a spec could lose: by settings, by the alerts at hand; losses at the stop, computed by hand.

EURUSD stands at 1.10000 bid, 1.10010 ask; a lot is 1 USD a point, a pip ten points. USDJPY stands at 110.000.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.strategies.bracket_play import BRACKET
from tests.world import CATALOGUE, alert, bars, flat
from zepix import PluginInfo, Strategy
from zepix.engine.registry import PluginConfig, PluginRegistry
from zepix.engine.router import PluginRouter
from zepix.errors import ConfigError
from zepix.model import Alert, Quantity
from zepix.research.check import _bare_api
from zepix.research.check_caps import risk_caps, wider_caps
from zepix.research.check_worst import Market, Recorded, by_settings, recorded_losses
from zepix.services.conversion import Conversions
from zepix.services.prices import PriceBook, SymbolPrices

CAPS = {"risk.daily_caps.10000": Decimal(200), "risk.lifetime_caps.10000": Decimal(1000)}


class Gated(Strategy):
    """Asks the gate, as its settings show."""

    info = PluginInfo(strategy="gated")
    max_lot: float = 0.2
    risk_percent: float = 1.5
    daily_loss_limit: float = 300.0


class Mystery(Strategy):
    info = PluginInfo(strategy="mystery")


def made(cls: type[Strategy], **settings: Any) -> tuple[PluginRegistry, Strategy]:
    registry = PluginRegistry()
    registry.register(cls)
    registry.load_all_plugins([PluginConfig(cls.info.plugin_id, cls.info.plugin_id, settings)], _bare_api)
    return registry, registry.get_all_plugins()[cls.info.plugin_id]


def losses(*alerts: Alert, balance: int = 10_000, **settings: Any) -> Recorded:
    registry, plugin = made(BRACKET, **settings)
    series = [bars(*flat(10)), bars(*flat(10), symbol="USDJPY")]
    order = list(CATALOGUE)
    book = PriceBook(SymbolPrices(s, CATALOGUE[s.symbol], order.index(s.symbol)) for s in series)
    market = Market(book, CATALOGUE, Conversions(book, "USD"), Decimal(balance))
    return recorded_losses(alerts, {"bracket": plugin}, PluginRouter(registry), market)["bracket"]


# --- by the alerts at hand --------------------------------------------------------------------------------------------


def test_a_buy_loses_from_the_ask_to_its_stop() -> None:
    found = losses(alert(1, id="a1", volume=0.5, sl=1.09900))
    assert found.largest == ("a1", Decimal("0.50"), Decimal("11"), Decimal("55"))  # 110 points x 0.5 lots x 1 USD


def test_a_sell_loses_from_the_bid_to_its_stop() -> None:
    found = losses(alert(1, id="a1", side="sell", volume=1, sl=1.10200))
    assert found.largest is not None
    assert found.largest[3] == 200


def test_money_of_another_currency_is_converted_at_the_price_of_that_moment() -> None:
    found = losses(alert(1, symbol="USDJPY", volume=1, sl=109.010))
    assert found.largest is not None  # 1.000 yen under the ask of 110.010 x 100,000 = 100,000 yen at 110.005
    assert float(found.largest[3]) == pytest.approx(100_000 / 110.005)


def test_the_worst_day_adds_every_entry_of_it() -> None:
    rows = [alert(1, id="a1", sl=1.09900), alert(2, id="a2", sl=1.09900), alert(3, "reversal", id="r", sl=1.09910)]
    assert losses(*rows).worst_day == ("2024-03-06", 3, Decimal("32"))  # 0.1 lots: 11 + 11 + 10


@pytest.mark.parametrize(
    ("fields", "settings", "kind", "reason"),
    [
        ({"sl": None}, {}, "unbounded", "no_stop"),
        ({"sl": None}, {"default_sl_atr": 2.0}, "unknown", "stop_by_atr"),
        ({"sl": 1.2}, {}, "refused", "invalid_stops"),
        ({"sl": 1.09, "volume": 51}, {}, "refused", "volume_too_large"),
        ({"sl": 1.09, "volume": 0.001}, {}, "refused", "volume_too_small"),
        ({"sl": 1.09, "symbol": "FOOBAR"}, {}, "refused", "unknown_symbol"),
        ({"sl": Quantity(3, "unknown")}, {}, "refused", "unit_unknown"),
        ({"sl": 1.09, "symbol": "GBPUSD"}, {}, "unknown", "no_prices"),
    ],
)
def test_what_has_no_number_is_counted_by_its_reason(
    fields: dict[str, Any], settings: dict[str, Any], kind: str, reason: str
) -> None:
    found = losses(alert(1, **fields), **settings)
    assert (found.entries, found.measured, getattr(found, kind)) == (1, 0, {reason: 1})


@pytest.mark.parametrize(
    ("fields", "settings", "money"),
    [
        ({"volume": None}, {}, "1.1"),  # the instrument's minimum, 0.01 lots
        ({"volume": None}, {"default_volume": 2.0}, "220"),
        ({"volume": 1, "sl": Quantity(20, "pips")}, {}, "200"),
        ({"volume": Quantity(1, "percent_balance")}, {}, "99"),  # 100 / 110 a lot = 0.909, cut to 0.90 lots
        ({"volume": 1, "price": 1.10500, "sl": 1.10000}, {"levels": "distance"}, "500"),
        ({"volume": 1, "order_type": "limit", "entry_price": 1.09500}, {}, "600"),
    ],
)
def test_volume_and_stop_are_sized_as_the_replay_sizes_them(
    fields: dict[str, Any], settings: dict[str, Any], money: str
) -> None:
    found = losses(alert(1, **{"sl": 1.09900 if "entry_price" not in fields else 1.08900, **fields}), **settings)
    assert found.largest is not None
    assert found.largest[3] == Decimal(money)


def test_exits_and_alerts_of_others_are_no_entries() -> None:
    rows = [alert(1, "exit"), alert(2, sl=1.09, strategy="gated")]
    assert losses(*rows).entries == 0


# --- by settings ------------------------------------------------------------------------------------------------------


def test_bracket_is_unbounded_and_says_why() -> None:
    _, plugin = made(BRACKET, default_sl_atr=2.0, one_at_a_time=True)
    one, day = by_settings(plugin, CAPS, {"EURUSD": Decimal(50)})
    assert (one.money, day.money) == (None, None)
    assert "up to 50 lots of EURUSD" in one.why
    assert "2.0 ATRs" in one.why
    assert "one at a time" in day.why


def test_a_strategy_of_the_gate_loses_what_the_least_cap_leaves() -> None:
    _, plugin = made(Gated)
    one, day = by_settings(plugin, CAPS, {})
    assert (one.money, day.money) == (200, 200)
    assert "risk.daily_caps.10000" in day.why
    _, plugin = made(Gated, daily_loss_limit=50.0)
    assert by_settings(plugin, CAPS, {})[1].money == 50


def test_a_strategy_that_declares_no_limit_is_unbounded() -> None:
    _, plugin = made(Mystery)
    one, _ = by_settings(plugin, CAPS, {})
    assert one.money is None
    assert "mystery" in one.why


def test_caps_go_by_the_tier_of_the_balance() -> None:
    assert risk_caps({}, Decimal(30_000)) == {
        "risk.daily_caps.25000": Decimal(500), "risk.lifetime_caps.25000": Decimal(2500),
    }  # fmt: skip
    assert risk_caps({"daily_caps": {"10000": 77}}, Decimal(10_000))["risk.daily_caps.10000"] == 77


def test_wrong_caps_are_told_all_at_once() -> None:
    with pytest.raises(ConfigError) as told:
        risk_caps({"daily_caps": {"10000": -1}, "max_lot": 0}, Decimal(10_000))
    assert len(told.value.problems) == 2


def test_profits_may_reach_a_tier_that_may_lose_more() -> None:
    # 9,990 dollars: the day's cap is 100, and 200 after a win of ten
    said = wider_caps({}, Decimal(9_990))
    assert "from 10,000.00 on, risk.daily_caps.10000 lets a day lose 200.00" in said
    assert wider_caps({"default_risk_tier": 5000}, Decimal(9_990)) == ""
    assert wider_caps({}, Decimal(100_000)) == ""
    assert wider_caps({"daily_caps": {"10000": 50, "25000": 90}}, Decimal(9_990)).startswith("caps move")


def test_a_strategy_that_may_not_use_the_gate_is_unbounded() -> None:
    class Alone(Gated):
        info = PluginInfo(strategy="alone", services=("trend",))

    _, plugin = made(Alone)
    one, day = by_settings(plugin, CAPS, {})
    assert (one.money, day.money) == (None, None)
    assert "no use of the service risk" in one.why

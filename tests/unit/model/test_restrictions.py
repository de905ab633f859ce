"""What a broker does not offer is refused with its reason, where positions open, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.world import CATALOGUE, Market, alert, bars, flat
from zepix.config import builtin_restrictions
from zepix.engine import PluginInfo, Strategy
from zepix.model import Alert, Catalogue
from zepix.model.asset import classify
from zepix.model.restriction import KNOWN_CLASSES, Restriction
from zepix.services.restrictions import TradeRestrictions, asset_of

EURUSD = CATALOGUE["EURUSD"]
# symbol, asset_class of its instrument; all with the euro's points, so that the euro's bars serve them
SHARE = replace(EURUSD, symbol="AAPL", asset_class="equity", contract_size=Decimal(1))
COIN = replace(EURUSD, symbol="BTCUSD", asset_class="crypto", contract_size=Decimal(1))
OTHER = replace(EURUSD, symbol="WIDGET", asset_class="other", contract_size=Decimal(1))
NAMED = replace(EURUSD, symbol="ETHUSDT", asset_class="other", contract_size=Decimal(1))
ALL = Catalogue([EURUSD, SHARE, COIN, OTHER, NAMED])
STOCKS = builtin_restrictions()["stocks_and_crypto"]


class Follow(Strategy):
    """Opens, closes and turns round as it is told."""

    info = PluginInfo(strategy="follow")

    async def process_entry_signal(self, alert: Alert) -> None:
        volume = alert.volume
        given: dict[str, Any] = {"order_type": alert.order_type, "price": alert.entry_price}
        await self.api.orders.place_order(alert.symbol, str(alert.side), str(volume), **given)

    async def process_exit_signal(self, alert: Alert) -> None:
        await self.api.orders.close_positions(alert.symbol, alert.side)

    async def process_reversal_signal(self, alert: Alert) -> None:
        assert alert.side is not None
        closed = await self.api.orders.close_positions(alert.symbol, alert.side.opposite, reason="reversal")
        await self.api.orders.place_order(alert.symbol, alert.side, 1, after=[getattr(closed, "order_id", 0)])


def _market(*restrictions: Restriction, broker: str = "shadow", **assets: str) -> Market:
    if broker == "backtrader":
        pytest.importorskip("backtrader", reason="the extra `backtrader` is not installed")
    series = [bars(*flat(12), symbol=symbol) for symbol in ALL]
    return Market(series, ALL, broker=broker, restrictions=restrictions, assets=assets)


def _one(kind: str, side: str, symbol: str, *restrictions: Restriction, volume: float = 1, **assets: str) -> Any:
    played = _market(*restrictions, **assets).play([alert(1, kind, side, symbol=symbol, volume=volume)], Follow)
    return played.record.decisions[0]


# --- the rules, one by one --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "symbol", "side", "units", "reason"),
    [
        ("stocks_and_crypto", "EURUSD", 1, "1", "asset_not_offered"),
        ("stocks_and_crypto", "XAUUSD", 1, "1", "asset_not_offered"),
        ("stocks_and_crypto", "US30", -1, "1", "asset_not_offered"),
        ("stocks_and_crypto", "BTCUSD", 1, "0.5", ""),
        ("stocks_and_crypto", "BTCUSD", -1, "1", "short_not_offered"),
        ("stocks_and_crypto", "NASDAQ:AAPL", 1, "0.5", ""),
        ("stocks_and_crypto", "NASDAQ:AAPL", -1, "3", ""),
        ("stocks_and_crypto", "NASDAQ:AAPL", -1, "3.5", "fraction_not_offered"),
        ("stocks_and_crypto", "AAPL", 1, "1", "asset_unknown"),
        ("forex_broker", "EURUSD.pro", -1, "0.01", ""),
        ("forex_broker", "BTCUSDT.P", -1, "1", ""),
        ("forex_broker", "NASDAQ:AAPL", 1, "1", "asset_not_offered"),
        ("forex_broker", "COMEX:GC1!", 1, "1", "asset_unknown"),
        ("spot_crypto", "ETH-BTC", 1, "1", ""),
        ("spot_crypto", "ETH-BTC", -1, "1", "short_not_offered"),
        ("cash_shares", "NYSE:F", 1, "1.5", "fraction_not_offered"),
        ("cash_shares", "NYSE:F", 1, "2", ""),
        ("cash_shares", "NYSE:F", -1, "2", "short_not_offered"),
    ],
)
def test_the_examples_that_come_along(name: str, symbol: str, side: int, units: str, reason: str) -> None:
    refused = builtin_restrictions()[name].refusal(symbol, classify(symbol), side, Decimal(units))
    assert ("" if refused is None else refused.reason) == reason
    if refused is not None:
        assert f"restriction {name!r}" in refused.detail
        assert symbol in refused.detail


def test_detail_names_the_restriction_and_the_rule() -> None:
    refused = STOCKS.refusal("BTCUSD", classify("BTCUSD"), -1, Decimal(1))
    assert refused is not None
    assert refused.detail == "restriction 'stocks_and_crypto': shorts equity; BTCUSD is crypto, short_entry"
    refused = STOCKS.refusal("NYSE:F", classify("NYSE:F"), -1, Decimal("3.50"))
    assert refused is not None
    assert refused.detail == (
        "restriction 'stocks_and_crypto': whole_shorts equity; NYSE:F is equity, short_entry of 3.5 units"
    )


def test_symbol_that_this_broker_lacks() -> None:
    rule = Restriction("mine", missing=("BTCUSD",))
    refused = rule.refusal("BTCUSD", classify("BTCUSD"), 1, Decimal(1))
    assert refused is not None
    assert refused.reason == "asset_not_offered"
    assert rule.refusal("ETHUSD", classify("ETHUSD"), 1, Decimal(1)) is None


@pytest.mark.parametrize("word", ["EURUSD", "OANDA:EUR_USD", "EUR/USD", "eurusd", "EURUSD.pro", "FX:EURUSD"])
def test_symbol_that_is_lacking_in_any_spelling(word: str) -> None:
    rule = Restriction("mine", missing=(word,))
    assert _one("entry", "buy", "EURUSD", rule).reason == "asset_not_offered"
    assert _one("entry", "buy", "BTCUSD", rule).outcome == "filled"


@pytest.mark.parametrize(
    ("word", "lacking"),
    [("GOLD", ["XAUUSD"]), ("DJ30", ["US30"]), ("USDEUR", []), ("XBTUSD", ["BTCUSD"]), ("NASDAQ:AAPL", ["AAPL"])],
)
def test_other_names_of_what_is_lacking(word: str, lacking: list[str]) -> None:
    names = ("EURUSD", "XAUUSD", "US30", "BTCUSD", "AAPL")
    catalogue = Catalogue([replace(EURUSD, symbol=name, asset_class="other") for name in names])
    asked = TradeRestrictions([Restriction("mine", missing=(word,))], catalogue, {})
    assert list(asked._restrictions[0].missing[1:]) == lacking


def test_word_that_is_no_class_is_told() -> None:
    with pytest.raises(ValueError, match="offers: 'stocks' is no class of asset; there are forex, metal"):
        Restriction("mine", offers=("stocks",))
    assert "unknown" not in KNOWN_CLASSES


# --- which class a symbol has -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "overrides", "kind", "rule"),
    [
        ("AAPL", {}, "equity", "catalogue"),
        ("AAPL", {"AAPL": "index"}, "index", "override"),
        ("WIDGET", {}, "unknown", "no_rule"),
        ("ETHUSDT", {}, "crypto", "coin_pair"),
        ("GBPUSD", {}, "forex", "currency_pair"),  # in no catalogue
    ],
)
def test_class_comes_from_overrides_then_catalogue_then_name(
    symbol: str, overrides: dict[str, str], kind: str, rule: str
) -> None:
    found = asset_of(symbol, ALL.get(symbol), overrides)
    assert (found.asset_class, found.rule) == (kind, rule)


# --- at the gate ------------------------------------------------------------------------------------------------------


def test_without_restrictions_nobody_asks_for_a_class() -> None:
    assert (_one("entry", "buy", "WIDGET").outcome) == "filled"


def test_refused_entry_is_a_decision_with_reason_and_detail() -> None:
    row = _one("entry", "buy", "EURUSD", STOCKS)
    assert (row.outcome, row.reason) == ("refused", "asset_not_offered")
    assert row.numbers["detail"] == "restriction 'stocks_and_crypto': offers equity, crypto; EURUSD is forex"


def test_unknown_class_is_refused_until_it_is_named() -> None:
    row = _one("entry", "buy", "WIDGET", STOCKS)
    assert (row.outcome, row.reason) == ("refused", "asset_unknown")
    assert "say it in [assets]" in row.numbers["detail"]
    assert _one("entry", "buy", "WIDGET", STOCKS, WIDGET="equity").outcome == "filled"
    assert _one("entry", "buy", "AAPL", STOCKS, AAPL="unknown").reason == "asset_unknown"


@pytest.mark.parametrize(("volume", "outcome"), [(2, "filled"), (2.5, "refused")])
def test_shares_are_sold_short_whole(volume: float, outcome: str) -> None:
    assert _one("entry", "sell", "AAPL", STOCKS, volume=volume).outcome == outcome
    assert _one("entry", "buy", "AAPL", STOCKS, volume=volume).outcome == "filled"


def test_pending_orders_are_asked_too() -> None:
    short = alert(1, "entry", "sell", symbol="BTCUSD", volume=1, order_type="limit", entry_price=1.2)
    played = _market(STOCKS).play([short], Follow)
    assert played.outcomes == [("refused", "short_not_offered")]
    assert played.record.orders == []


def test_several_restrictions_hold_together_and_the_first_answers() -> None:
    run = Restriction("alerts.asset_classes", offers=("crypto",))
    assert _one("entry", "buy", "BTCUSD", run, STOCKS).outcome == "filled"
    assert _one("entry", "sell", "BTCUSD", run, STOCKS).reason == "short_not_offered"
    assert "'alerts.asset_classes'" in _one("entry", "buy", "EURUSD", run, STOCKS).numbers["detail"]


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_exits_are_never_restricted(broker: str) -> None:
    """A long coin is sold; a reversal closes it and only its short is refused."""
    alerts = [
        alert(1, "entry", "buy", symbol="BTCUSD", volume=1),
        alert(3, "exit", "buy", symbol="BTCUSD"),
        alert(5, "entry", "buy", symbol="BTCUSD", volume=1),
        alert(7, "reversal", "sell", symbol="BTCUSD"),
    ]
    played = _market(STOCKS, broker=broker).play(alerts, Follow)
    assert played.outcomes == [("filled", ""), ("closed", ""), ("filled", ""), ("refused", "short_not_offered")]
    assert [(f.symbol, f.exit_reason) for f in played.record.fills] == [("BTCUSD", "signal"), ("BTCUSD", "reversal")]
    assert not played.simulation.broker.tickets


@pytest.mark.parametrize("broker", ["shadow", "backtrader"])
def test_both_brokers_refuse_alike(broker: str) -> None:
    asked = [
        ("buy", "EURUSD", 1),
        ("sell", "BTCUSD", 1),
        ("sell", "AAPL", 0.5),
        ("buy", "WIDGET", 1),
        ("sell", "AAPL", 1),
    ]
    alerts = [
        alert(minute, "entry", side, symbol=symbol, volume=volume, id=f"{minute}")
        for minute, (side, symbol, volume) in enumerate(asked, 1)
    ]
    played = _market(STOCKS, broker=broker).play(alerts, Follow)
    assert [reason or outcome for outcome, reason in played.outcomes] == [
        "asset_not_offered", "short_not_offered", "fraction_not_offered", "asset_unknown", "filled",
    ]  # fmt: skip

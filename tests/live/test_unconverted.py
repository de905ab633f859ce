"""No ticket before the worth of its money is known: a refusal with a reason, live as in a replay, and no death."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from tests.live.desk import entry
from zepix.brokers.shadow.broker import ShadowBroker
from zepix.brokers.shadow.step import StepFeed
from zepix.data import default_catalogue
from zepix.kernels.crossing import build_index
from zepix.model import AccountSpec, FillModel, Order, Series
from zepix.services.prices import PriceBook, SymbolPrices
from zepix_live.rerunning import rerun_folder

MINUTE = 60_000
CATALOGUE = default_catalogue()


def _bar(symbol: str, open_ms: int, price: float) -> dict[str, object]:
    body = {"type": "bar", "symbol": symbol, "tf": "1", "time": open_ms, "id": f"{symbol}{open_ms}"}
    return {**body, "open": price, "high": price, "low": price, "close": price}


@pytest.fixture
def pounds(desk):
    """An account in pounds on bars by webhook, three of which have come for EURUSD; GBPUSD has had none."""
    one = desk(feed="webhook", account__currency="GBP")
    one.open()
    one.start_ms = one.clock.now_ns() // 1_000_000
    one.run(61, 1)
    one.post(_bar("EURUSD", one.start_ms, 1.1))
    one.run(4, 1)
    return one


def _minutes(one, first: int, last: int, *symbols: str) -> None:
    for number in range(first, last + 1):
        one.run(60, 1)
        for symbol in symbols:
            one.post(_bar(symbol, one.start_ms + number * MINUTE, 1.1 if symbol == "EURUSD" else 1.25))
        one.run(1, 1)


def test_an_order_whose_money_nobody_can_count_is_refused_and_the_engine_lives(pounds):
    one = pounds
    one.post(entry(sl=1.05))
    _minutes(one, 1, 3, "EURUSD")
    assert _fate(one) == ("refused", "no_conversion")
    [refused] = [b for _, _, b in one.rows("refused")]
    assert refused["reason"] == "no_conversion"
    _minutes(one, 4, 6, "EURUSD", "GBPUSD")
    one.post(entry(sl=1.05, id="later"))
    _minutes(one, 7, 9, "EURUSD", "GBPUSD")
    assert _fate(one) == ("filled", "")
    one.crash()
    assert rerun_folder(one.folder, {}).is_equal


def test_an_open_ticket_is_valued_when_the_pairs_prices_stop_and_after_a_restart(pounds):
    one = pounds
    _minutes(one, 1, 2, "EURUSD", "GBPUSD")
    one.post(entry(sl=1.05))
    _minutes(one, 3, 6, "EURUSD")
    broker = one.engine.consumer.session.simulation.broker
    assert len(broker.tickets) == 1 and broker.account().equity > 0
    one.engine.consumer.save()
    one.crash()
    broker = one.open().consumer.session.simulation.broker
    assert broker.account().equity > 0
    one.post({"type": "exit", "symbol": "EURUSD"})
    _minutes(one, 7, 9, "EURUSD")
    [closed] = [b for _, _, b in one.rows("closed")]
    # Bought at the ask and sold at the bid of the same price: so many points at 0.1 dollars, 1.25 dollars a pound.
    [fill] = broker.book.fills
    assert fill.pnl_points < 0
    assert fill.gross_minor == pytest.approx(fill.pnl_points * 0.1 * 100 / 1.25, abs=1)
    assert closed["reason"] == "signal"


def _fate(one) -> tuple[str, str]:
    """Of the last alert that is no bar."""
    return [(outcome, reason) for _, outcome, reason in one.decisions() if reason != "bar"][-1]


def _order(at_ns: int) -> Order:
    return Order(1, "market", "p", "p", "a", "EURUSD", 1, at_ns, at_ns, volume_steps=1)


def _series(symbol: str, first: int, price: int, n: int = 6) -> Series:
    time = (np.arange(n, dtype=np.int64) + first) * MINUTE * 1_000_000
    prices = np.full(n, price, np.int32)
    ask = prices + 10
    lows, highs = build_index(prices, prices), build_index(ask, ask)
    return Series(symbol, "1m", MINUTE * 1_000_000, time, *(prices,) * 4, *(ask,) * 4, *lows, *highs)


def _array(at_ns: int) -> list[tuple[str, str]]:
    all_series = [_series("EURUSD", 0, 110_000), _series("GBPUSD", 2, 125_000)]
    prices = PriceBook(SymbolPrices(one, CATALOGUE[one.symbol], n) for n, one in enumerate(all_series))
    broker = ShadowBroker(prices, CATALOGUE, AccountSpec(currency="GBP", balance=Decimal(10_000)), FillModel())
    order = _order(at_ns)
    while broker.heap and broker.heap[0] < (at_ns, 4, 0):
        broker.step()
    broker.at(at_ns, 4)
    broker.submit(order)
    while broker.heap:
        broker.step()
    return [(order.status, order.reason)]


def _step(at_ns: int) -> list[tuple[str, str]]:
    feed = StepFeed(CATALOGUE, {"EURUSD": "1m", "GBPUSD": "1m"})
    spec = AccountSpec(currency="GBP", balance=Decimal(10_000))
    broker = ShadowBroker(feed.prices, CATALOGUE, spec, FillModel(), agenda=feed.agenda, form=feed.form)
    order, is_sent = _order(at_ns), False
    for number in range(6):
        now = number * MINUTE * 1_000_000
        if number:
            feed.ended("EURUSD", (110_000,) * 3, (110_010,) * 3)
        if number > 2:
            feed.ended("GBPUSD", (125_000,) * 3, (125_010,) * 3)
        feed.opened("EURUSD", now, 110_000, 110_010)
        if number >= 2:
            feed.opened("GBPUSD", now, 125_000, 125_010)
        while broker.heap and broker.heap[0] < (now, 4, 0):
            broker.step()
        if not is_sent and now + MINUTE * 1_000_000 > at_ns:
            broker.at(at_ns, 4)
            broker.submit(order)
            is_sent = True
            while broker.heap and broker.heap[0] < (now + MINUTE * 1_000_000, 0, 0):
                broker.step()
    return [(order.status, order.reason)]


@pytest.mark.parametrize(
    ("minute", "expected"),
    [(0.0, ("refused", "no_conversion")), (1.0, ("refused", "no_conversion")), (2.0, ("filled", "")),
     (1.5, ("filled", "")), (3.0, ("filled", ""))],
)  # fmt: skip
def test_both_forms_of_the_broker_refuse_before_the_pairs_first_open(minute: float, expected: tuple[str, str]):
    at_ns = round(minute * MINUTE * 1_000_000)
    assert _array(at_ns) == _step(at_ns) == [expected]


def test_the_yen_account_of_a_feed_without_yen_is_refused_again_and_again(desk):
    one = desk(account__currency="JPY", account__balance="1000000")
    one.open()
    one.run(2)
    for number in range(3):
        one.post(entry(sl=0.5, n=number))
        one.run(2)
    assert {(outcome, reason) for _, outcome, reason in one.decisions()} == {("refused", "no_conversion")}
    assert not one.rows("error")
    assert "no_conversion" in json.dumps(one.rows("refused"))
    assert Path(one.folder).exists()

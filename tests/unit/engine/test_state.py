"""States that do not fit are refused in words, memory stays flat, and a thousand open tickets are saved at once."""

from __future__ import annotations

import json
import math
import time
from collections import Counter, defaultdict, deque
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from tests.world import Market, alert, bars, flat, instrument, market, series
from zepix.engine import PluginConfig, PluginInfo, Strategy
from zepix.errors import StateError
from zepix.model import AccountSpec, Alert, Order, Quantity, Refused, Side, Trail
from zepix.model.graph import decode, encode
from zepix.model.stop_trail import StopTrail
from zepix.research.simulate import Simulation

# --- the codec ----------------------------------------------------------------------------------------------------


def again(value: Any) -> Any:
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


VALUES = {
    "text_numbers_and_none": ["a", 1, 1 << 70, 0.1, True, None, -0.0],
    "not_finite": [math.inf, -math.inf],
    "decimals_keep_their_digits": [Decimal("1.10"), Decimal("1E+3"), Decimal("NaN").is_nan()],
    "tuples_and_lists": [(1, [2, (3,)]), (), []],
    "dicts_with_any_keys": {"a": {1: 2, (1, "b"): [Side.BUY]}, "$o": 3, "": {}},
    "sets": [{1, 2}, frozenset({("a", 1)})],
    "collections": [deque([1, 2], 3), Counter("aab"), defaultdict(list, {"a": [1]})],
    "quantities_and_trails": [Quantity(20.0, "pips"), Trail(1, 2, 3), StopTrail.of(100, 0.5, 0.25), Refused("a", "b")],
    "bytes": b"\x00\xff",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    found = again(value)
    assert found == value
    assert encode(found) == encode(value)
    assert repr(found) == repr(value)


def test_a_trail_in_shares_of_its_stop_keeps_its_shares() -> None:
    found = again(StopTrail.of(210, 0.5, 0.25, 7))
    assert type(found) is StopTrail
    assert found.at(100) == StopTrail.of(210, 0.5, 0.25, 7).at(100)


def test_numbers_of_numpy_and_nan_come_back() -> None:
    found = again({"x": np.array([[1.5, np.nan]]), "n": np.int64(7), "f": math.nan})
    assert found["x"].shape == (1, 2) and math.isnan(found["x"][0, 1]) and math.isnan(found["f"])
    assert type(found["n"]) is np.int64


def test_what_was_one_object_is_one_object_again() -> None:
    order, other = (Order(n, "market", "p", "f", "a", "EURUSD", 1, 0, 0) for n in (1, 2))
    order.taken_by.append(other)
    other.cause = order
    first, pair = again([order, (other, order)])
    assert pair[1] is first and first.taken_by[0] is pair[0] and pair[0].cause is first


def test_an_alert_comes_back_with_fields_that_cannot_be_changed() -> None:
    one = alert(1, fields={"a": (1, "b")}, sl=Quantity(5.0, "pips"), repairs=("x",))
    assert again(one) == one
    assert again(alert(1)).fields is alert(1).fields


def test_a_field_that_a_state_does_not_have_yet_gets_its_default() -> None:
    written = encode(Order(1, "market", "p", "f", "a", "EURUSD", 1, 0, 0))
    at = written["classes"]["Order"].index("oco")
    del written["classes"]["Order"][at]
    del written["objects"][0][at + 1]
    assert decode(written).oco == ""


WRONG = {
    "an_object": (object(), "object"),
    "a_function": (len, "builtin_function_or_method"),
    "a_generator": ((n for n in ()), "generator"),
    "a_class_of_the_users": (type("Mine", (), {})(), "Mine"),
}


@pytest.mark.parametrize(("value", "name"), WRONG.values(), ids=WRONG)
def test_what_is_no_data_is_refused_by_its_name(value: Any, name: str) -> None:
    with pytest.raises(StateError, match=name):
        encode([value])


def test_a_list_that_holds_itself_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(StateError, match="nested too deep"):
        encode(loop)


# --- runs ---------------------------------------------------------------------------------------------------------


class Follows(Strategy):
    """Buys what it is told, and keeps what came of it."""

    info = PluginInfo(strategy="follows", services=())
    lots: float = 0.01
    odd: bool = False

    async def on_start(self) -> None:
        self.kept: list[Any] = [lambda: None] if self.odd else []
        self.market = self.api.market

    async def process_entry_signal(self, alert: Alert) -> None:
        await self.api.orders.place_order(alert.symbol, alert.side or "buy", self.lots, 1.0 if self.lots < 1 else None)

    async def on_fill(self, event: Any) -> None:
        self.kept.append(event.ticket)


def begun(alerts: list[Alert], prices: Market | None = None, most: int = 3, **settings: Any) -> Simulation:
    simulation = (prices or market(*flat(30))).prepare(Follows, **settings)
    simulation.begin(alerts)
    simulation.go_on(most)
    return simulation


ALERTS = [alert(n, id=f"a{n}") for n in range(1, 6)]


def saved() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(begun(ALERTS).save_state(), allow_nan=False))
    return found


def test_a_strategy_keeps_its_attributes_its_services_and_the_brokers_own_tickets() -> None:
    simulation = market(*flat(30)).prepare(Follows)
    simulation.load_state(saved())
    simulation.begin(ALERTS)
    plugin: Any = simulation.registry.get_plugin("follows")
    assert [t.id for t in plugin.kept] == [1]
    assert plugin.kept[0] is simulation.broker.tickets[1]
    assert plugin.market is plugin.api.market
    assert simulation.go_on()
    assert len(simulation.finish().fills) == 5


OTHERS = {
    "other_prices": (lambda: market(*flat(31)).prepare(Follows), "prices.EURUSD.rows: 30 in the state, 31 here"),
    "other_settings": (
        lambda: market(*flat(30)).prepare(Follows, lots=0.5),
        r"plugins.follows.settings.lots: 0.01 in the state, 0.5 here",
    ),
    "another_plugin": (
        lambda: market(*flat(30)).prepare(Follows, plugins=[PluginConfig("mine", "follows", {})]),
        "plugins.follows: the state has it, this run does not; plugins.mine: this run has it",
    ),
    "another_account": (
        lambda: market(*flat(30), account=AccountSpec(Decimal(1))).prepare(Follows),
        "rules.account.balance: '10000' in the state, '1' here",
    ),
}


@pytest.mark.parametrize(("make", "words"), OTHERS.values(), ids=OTHERS)
def test_a_state_of_another_run_is_refused_with_what_does_not_fit(make: Any, words: str) -> None:
    with pytest.raises(StateError, match=words):
        make().load_state(saved())


@pytest.mark.parametrize("schema", [2, 0, None, "1"])
def test_a_state_of_a_newer_version_is_refused_in_a_sentence(schema: Any) -> None:
    with pytest.raises(StateError, match="load it with the version that saved it"):
        market(*flat(30)).prepare(Follows).load_state(saved() | {"schema": schema})


def test_the_alerts_must_be_those_of_the_state() -> None:
    for rows, words in ((ALERTS[1:], "the last 'a2'; here that is 'a3'"), ([], "only 0")):
        simulation = market(*flat(30)).prepare(Follows)
        simulation.load_state(saved())
        with pytest.raises(StateError, match=words):
            simulation.begin(rows)


def test_only_a_run_that_goes_on_has_a_state() -> None:
    simulation = market(*flat(30)).prepare(Follows)
    with pytest.raises(StateError, match="has not begun"):
        simulation.save_state()
    simulation.begin(ALERTS)
    with pytest.raises(StateError, match="that has not begun"):
        simulation.load_state(saved())
    simulation.go_on()
    simulation.finish()
    with pytest.raises(StateError, match="is over"):
        simulation.save_state()


def test_an_attribute_that_is_no_data_is_named() -> None:
    simulation = begun(ALERTS, odd=True)
    with pytest.raises(
        StateError, match=r"plugin 'follows': kept cannot be saved: a function is no data.*docs/state.md"
    ):
        simulation.save_state()


def test_the_backtrader_broker_keeps_no_state() -> None:
    pytest.importorskip("backtrader")
    prices = market(*flat(30))
    prices.broker = "backtrader"
    with pytest.raises(StateError, match="only the shadow broker"):
        prices.prepare(Follows).save_state()


def test_a_broken_state_is_refused() -> None:
    broken = saved()
    broken["graph"]["objects"][0][0] = "Nothing"
    with pytest.raises(StateError, match="broken"):
        market(*flat(30)).prepare(Follows).load_state(broken)


def test_memory_stays_flat_where_history_is_handed_out() -> None:
    """Every minute an order that its stop closes in the next bar: what is kept does not grow."""
    fall = [(110_000, 110_000, 109_000, 110_000)] * 2_000
    prices = Market([bars(*fall)], account=AccountSpec(Decimal(10_000_000)))

    class Quick(Follows):
        info = PluginInfo(strategy="quick", services=())

        async def process_entry_signal(self, alert: Alert) -> None:
            self.kept.clear()
            await self.api.orders.place_order(alert.symbol, "buy", 0.01, 1.095)
            self.api.market.watch_price(alert.symbol, 1.0995, -1)

    simulation = prices.prepare(Quick)
    rows = [alert(n, id=f"a{n}", explicit_id=None, raw=f"{n}") for n in range(1, 1_990)]
    simulation.begin(rows)
    sizes: list[int] = []
    fills = orders = decisions = 0
    while not simulation.go_on(400):
        done = simulation.forget_history()
        fills, orders, decisions = fills + len(done.fills), orders + len(done.orders), decisions + len(done.decisions)
        sizes.append(len(json.dumps(simulation.save_state()["graph"])))
        assert len(simulation.engine.orders) < 5 and len(simulation.broker.agenda.heap) < 20  # type: ignore[attr-defined]
    record = simulation.finish()
    assert max(sizes[3:]) < min(sizes[3:]) + 3_000, "what is saved of the engine and the broker does not grow"
    assert fills + len(record.fills) == orders + len(record.orders) == decisions + len(record.decisions) == len(rows)


@pytest.mark.clock
def test_a_thousand_open_tickets_are_saved_in_under_50_ms(capsys: pytest.CaptureFixture[str]) -> None:
    """The bench table has the figure; here a bound that a busy machine keeps too."""
    rows = [alert(1 + n / 20, id=f"a{n}", raw='{"action": "buy", "symbol": "EURUSD"}' * 3) for n in range(1_000)]
    simulation = begun(rows, market(*flat(120), account=AccountSpec(Decimal(10_000_000))), most=4_000)
    assert len(simulation.broker.tickets) == 1_000
    simulation.save_state()
    best = math.inf
    for _ in range(5):
        started = time.process_time()
        text = json.dumps(simulation.save_state())
        best = min(best, time.process_time() - started)
    with capsys.disabled():
        print(f"\n1,000 open tickets saved in {best * 1000:.1f} ms, {len(text) // 1000} kB")
    assert best < 0.2


def test_prices_that_grew_otherwise_are_other_prices() -> None:
    quad = (110_000, 110_000, 110_000, 110_000)
    rows = [(int(t), quad, quad) for t in bars(*[quad] * 30).time]
    rows[7] = (rows[7][0], (110_000, 110_001, 110_000, 110_000), (110_000, 110_001, 110_000, 110_000))
    with pytest.raises(StateError, match=r"prices.EURUSD.sums"):
        Market([series("EURUSD", "1m", rows)]).prepare(Follows).load_state(saved())


def test_an_instrument_that_changed_is_named() -> None:
    from zepix.model import Catalogue

    changed = market(*flat(30), catalogue=Catalogue([instrument("EURUSD", stops_level_points=7)]))
    with pytest.raises(StateError, match=r"instruments.EURUSD.stops_level_points: 0 in the state, 7 here"):
        changed.prepare(Follows).load_state(saved())

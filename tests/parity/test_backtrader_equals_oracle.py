"""The backtrader broker, the naive oracle and the shadow broker agree on every ticket, decision and cent.

Most scenarios are turned by the session alone, which is faster; a share of them runs in a ``bt.Cerebro``, as users do.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.oracle.markets import KINDS
from tests.oracle.recorded_bars import MARKET, recorded, recorded_ticks, resampled
from tests.oracle.scenarios import Scenario, random_full_scenario, random_scenario
from tests.parity.backtrader import prepared, replay, replay_without_cerebro
from tests.parity.shadow import alerts, decisions, first_difference, trades
from tests.parity.test_shadow_full_model import RECORDED, TICKS, on_recorded
from tests.thorough import share
from zepix.engine.record import RunRecord
from zepix.journal.digest import digest

BLOCK = 50
HAS_BACKTRADER = importlib.util.find_spec("backtrader") is not None
in_cerebro = pytest.mark.skipif(not HAS_BACKTRADER, reason="backtrader is not installed (extra backtrader)")
SAMPLE = Path(__file__).resolve().parents[2] / "datasets" / "sample"


def assert_agree(scenario: Scenario, run: Callable[[Scenario], RunRecord] = replay_without_cerebro) -> int:
    """Fails with the first difference to the oracle; the number of closing fills."""
    oracle, ours = scenario.play(), run(scenario)
    assert first_difference(trades(ours.fills), oracle.trades) == "", f"seed {scenario.seed}"
    assert decisions(ours) == oracle.decisions, f"seed {scenario.seed}"
    assert ours.balances[-1][1] == oracle.balance_minor, f"seed {scenario.seed}"
    return len(oracle.trades)


def assert_same_digest(scenario: Scenario, run: Callable[[Scenario], RunRecord] = replay_without_cerebro) -> None:
    """Trades, orders and decisions of both brokers, to the last integer and word."""
    shadow, ours = prepared(scenario, "shadow").run(alerts(scenario.alerts)), run(scenario)
    assert first_difference(trades(ours.fills), trades(shadow.fills)) == "", f"seed {scenario.seed}"
    assert digest(ours) == digest(shadow), f"seed {scenario.seed}"
    assert [d.numbers for d in ours.decisions] == [d.numbers for d in shadow.decisions], f"seed {scenario.seed}"


@pytest.mark.parametrize("first", range(2000, 2100, BLOCK))
def test_market_orders_and_exits(first: int) -> None:
    assert sum(assert_agree(random_scenario(seed)) for seed in range(first, first + BLOCK)) > 500


@pytest.mark.parametrize("first", range(2000, share(2200, 2100), BLOCK))
def test_the_whole_page_on_bars(first: int) -> None:
    assert sum(assert_agree(random_full_scenario(seed)) for seed in range(first, first + BLOCK)) > 500


@pytest.mark.parametrize("first", range(2000, 2060, 20))
def test_the_whole_page_on_ticks(first: int) -> None:
    assert sum(assert_agree(random_full_scenario(seed, ticks=True)) for seed in range(first, first + 20)) > 200


@pytest.mark.parametrize("ticks", [False, True], ids=["bars", "ticks"])
def test_the_shadow_broker_writes_the_same_orders(ticks: bool) -> None:
    for seed in range(2200, 2230):
        assert_same_digest(random_full_scenario(seed, ticks=ticks))


@in_cerebro
@pytest.mark.parametrize("ticks", [False, True], ids=["bars", "ticks"])
def test_the_whole_page_in_a_cerebro(ticks: bool) -> None:
    for seed in range(2300, 2312):
        scenario = random_full_scenario(seed, ticks=ticks)
        assert_agree(scenario, replay)
        assert_same_digest(scenario, replay)


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real bars of ../shared/data/market are not at hand")
@pytest.mark.parametrize(("file", "symbol", "timeframe", "spread"), RECORDED)
def test_every_kind_of_order_on_real_bars(file: str, symbol: str, timeframe: int | None, spread: float) -> None:
    bars = recorded(file, spread=spread, digits=KINDS[symbol]["digits"])
    if timeframe is not None:
        bars = resampled(bars, timeframe)
    run = replay if HAS_BACKTRADER else replay_without_cerebro
    assert assert_agree(on_recorded(file, symbol, bars, 500), run) > 50


@pytest.mark.skipif(not MARKET.is_dir(), reason="the real ticks of ../shared/data/market are not at hand")
@pytest.mark.parametrize(("file", "symbol"), TICKS)
def test_every_kind_of_order_on_a_hundred_thousand_real_ticks(file: str, symbol: str) -> None:
    scenario = on_recorded(file, symbol, recorded_ticks(file, 50_000, 100_000), 500)
    assert assert_agree(scenario, replay if HAS_BACKTRADER else replay_without_cerebro) > 50


@in_cerebro
@pytest.mark.skipif(not SAMPLE.is_dir(), reason="the sample is not at hand")
def test_both_brokers_write_the_same_files(tmp_path: Path) -> None:
    import pyarrow.parquet as parquet

    import zepix

    for broker in ("shadow", "backtrader"):
        result = zepix.replay(
            alerts=SAMPLE / "alerts.jsonl",
            bars=SAMPLE,
            settings={"broker.name": broker, "alerts.strategy": "bracket", "data.cache": False},
        )
        result.save(tmp_path / broker, report=False)
    for name in ("trades.parquet", "decisions.parquet", "orders.parquet"):
        shadow, ours = (parquet.read_table(tmp_path / broker / name) for broker in ("shadow", "backtrader"))
        assert ours.num_rows > 200
        assert ours.equals(shadow), name
    texts = [(tmp_path / broker / "run.json").read_text(encoding="utf-8") for broker in ("shadow", "backtrader")]
    shadow_run, our_run = map(json.loads, texts)
    assert our_run["digest"] == shadow_run["digest"]

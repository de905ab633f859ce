"""Planted leaks are found, whatever way they take; clean strategies pass, the shipped ones among them."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pytest

from tests.unit.research.real_world import frame_of, subject, trades, walk, write_bars
from tests.world import T0, bars
from zepix import PluginInfo, Strategy
from zepix.errors import ConfigError
from zepix.research.real.cuts import mirrored
from zepix.research.real.look_ahead import instants_to_cut, look_ahead
from zepix.research.real.reading import _lines_before

SERIES = bars(*walk())


def checked(*classes: Any, cuts: int = 16, **given: Any) -> Any:
    return look_ahead(subject(*classes, **given), cuts=cuts)


class Filtered(Strategy):
    """Buys what closes higher in the bar at hand, by what ``is_rising`` says."""

    info = PluginInfo(strategy="filtered")

    async def process_entry_signal(self, alert: Any) -> None:
        if self.is_rising(alert):
            await self.api.orders.place_order(alert.symbol, "buy", volume=0.1)
            self.log.info("up")

    async def process_exit_signal(self, alert: Any) -> None:
        await self.api.orders.close_positions(alert.symbol)

    def is_rising(self, alert: Any) -> bool:
        last, before = self.api.market.bars(alert.symbol, "1m", 2)[::-1]
        return bool(last.close > before.close)


# -- clean -------------------------------------------------------------------------------------------------------------


def test_a_strategy_that_asks_the_market_service_passes() -> None:
    answer = checked(Filtered)
    assert (answer.found, answer.doubts, answer.is_clean) == (None, [], True)
    assert (answer.cuts, answer.decisions > 20) == (16, True)


def test_bracket_passes() -> None:
    rows = trades(sl=1.0900, tp=1.1100)
    assert checked(rows=rows).is_clean


def test_bracket_with_latency_and_grace_passes() -> None:
    assert checked(rows=trades(), **{"fill.latency_ms": 700, "fill.open_grace_ms": 45_000}).is_clean


def test_a_strategy_woken_by_bars_and_timers_passes() -> None:
    class Woken(Filtered):
        info = PluginInfo(strategy="woken")

        async def on_start(self) -> None:
            self.api.market.subscribe("EURUSD", "15m")

        async def on_bar(self, event: Any) -> None:
            self.record(atr=self.api.market.get_atr("EURUSD", "15m", 5))
            side = "buy" if event.bar.close > event.bar.open else "sell"
            await self.api.orders.place_order("EURUSD", side, volume=0.1, sl_offset=0.0008, tp_offset=0.0008)

    assert checked(Woken).is_clean


# -- planted: what it captured -----------------------------------------------------------------------------------------


def test_a_captured_frame_of_the_whole_data_is_found() -> None:
    frame = frame_of(SERIES)

    class Captured(Filtered):
        info = PluginInfo(strategy="captured")

        def is_rising(self, alert: Any) -> bool:
            at = frame.index.searchsorted(
                np.datetime64(alert.received_ns, "ns").astype("M8[ns]").item() and _stamp(alert)
            )
            later = frame["close"].iloc[at : at + 1]
            return bool(len(later)) and later.iloc[0] > frame["open"].iloc[at - 1]

    answer = checked(Captured)
    assert answer.found is not None
    assert answer.found.alert_id.startswith("in")
    assert "frame, captured by Captured.is_rising" in answer.doubts[0]
    assert len(frame) == len(SERIES)  # as it was


def _stamp(alert: Any) -> Any:
    import pandas as pd

    return pd.Timestamp(alert.received_ns, tz="UTC")


def test_a_captured_indicator_shifted_from_the_future_is_found_by_its_rows_of_the_future() -> None:
    signal = frame_of(SERIES)["close"].diff().shift(-1)

    class Shifted(Filtered):
        info = PluginInfo(strategy="shifted")

        def is_rising(self, alert: Any) -> bool:
            return bool(signal.loc[: _stamp(alert)].iloc[-2] > 0)

    answer = checked(Shifted)
    assert not answer.is_clean
    assert "signal, captured by" in answer.doubts[0]
    assert "it had the future in hand" in answer.doubts[0]


def test_captured_numbers_without_times_are_a_doubt() -> None:
    closes = (SERIES.bid_close / 1e5).tolist()

    class Numbers(Filtered):
        info = PluginInfo(strategy="numbers")

        def is_rising(self, alert: Any) -> bool:
            row = (alert.received_ns - T0) // 60_000_000_000
            return bool(closes[row] > closes[row - 1])

    answer = checked(Numbers)
    assert not answer.is_clean
    assert "numbers without times" in answer.doubts[0]


def test_prices_in_the_engine_read_one_row_too_far_are_found() -> None:
    class Inside(Filtered):
        info = PluginInfo(strategy="inside")

        def is_rising(self, alert: Any) -> bool:
            prices = self.api.market._prices.get(alert.symbol)
            row = prices.row_at(alert.received_ns)
            return bool(prices.bid_close[row] > prices.bid_open[row])

    answer = checked(Inside)
    assert answer.found is not None
    assert answer.doubts == []
    assert (answer.found.what, answer.found.plugin_id) == ("an order", "inside")


def test_a_service_of_the_users_own_that_holds_prices_is_found() -> None:
    class Prediction:
        def __init__(self) -> None:
            self.table = frame_of(SERIES)["close"]

    class Served(Filtered):
        info = PluginInfo(strategy="served")

        def is_rising(self, alert: Any) -> bool:
            table = self.api.get_service("prediction").table
            row = table.index.searchsorted(_stamp(alert))
            return bool(table.iloc[min(row, len(table) - 1)] > table.iloc[row - 1])

    one = subject(Served)
    one.services = {"prediction": Prediction()}
    answer = look_ahead(one, cuts=16)
    assert answer.found is not None
    assert "service prediction" in answer.doubts[0]


# -- planted: what it reads --------------------------------------------------------------------------------------------

HEAD = """
    import csv, functools
    from pathlib import Path
    import pandas as pd
    from zepix import PluginInfo, Strategy
    BARS = Path(__file__).parent.parent / "bars.csv"
"""
BODY = """
    class Planted(Strategy):
        info = PluginInfo(strategy="planted")

        async def process_entry_signal(self, alert):
            if self.is_rising(alert):
                await self.api.orders.place_order(alert.symbol, "buy", volume=0.1)

        async def process_exit_signal(self, alert):
            await self.api.orders.close_positions(alert.symbol)

        def is_rising(self, alert):
            now = pd.Timestamp(alert.received_ns, tz="UTC")
            return {rule}
"""
READ = "pd.read_csv(BARS).assign(time=lambda f: pd.to_datetime(f.time, unit='s', utc=True)).set_index('time')"
LEAKS = {
    "a global read by pandas": (
        f"FRAME = {READ}",
        "FRAME.close.asof(now) > FRAME.close.asof(now - pd.Timedelta('60s'))",
    ),
    "an indicator shifted by -1": (
        f"SIGNAL = {READ}.close.diff().shift(-1)",
        "SIGNAL.asof(now - pd.Timedelta('60s')) > 0",
    ),
    "an hour that has not ended": (
        f"FRAME = {READ}\n    HOURS = FRAME.resample('1h').agg({{'open': 'first', 'close': 'last'}})",
        "HOURS.close.asof(now) > HOURS.open.asof(now)",
    ),
    "rows of the csv module": (
        "with open(BARS, newline='') as f:\n"
        "        ROWS = {int(r['time']): float(r['close']) for r in csv.DictReader(f)}",
        "ROWS.get(alert.received_ns // 10**9 // 60 * 60, 0) > ROWS[alert.received_ns // 10**9 // 60 * 60 - 60]",
    ),
    "closes of pathlib, without times": (
        "ROWS = [float(line.split(',')[4]) for line in BARS.read_text(encoding='utf-8').splitlines()[1:]]",
        f"[*ROWS, 0][(alert.received_ns - {T0}) // 60 // 10**9] > ROWS[(alert.received_ns - {T0}) // 60 // 10**9 - 1]",
    ),
    "a file read when it is needed": (
        f"@functools.cache\n    def frame():\n        return {READ}",
        "frame().close.asof(now) > frame().close.asof(now - pd.Timedelta('60s'))",
    ),
}


def planted(tmp_path: Any, before: str, rule: str) -> Any:
    folder = tmp_path / "strategies"
    folder.mkdir()
    write_bars(SERIES, tmp_path / "bars.csv")
    text = textwrap.dedent(HEAD) + textwrap.dedent("    " + before) + "\n\n" + textwrap.dedent(BODY.format(rule=rule))
    (folder / "planted.py").write_text(text, encoding="utf-8")
    return subject(folder=folder)


@pytest.mark.parametrize("name", LEAKS)
def test_a_strategy_in_a_file_that_reads_the_future_is_found(tmp_path: Any, name: str) -> None:
    answer = look_ahead(planted(tmp_path, *LEAKS[name]), cuts=16)
    assert answer.is_repeatable, answer.found
    assert answer.found is not None
    assert "bars.csv" in answer.read


def test_a_strategy_in_a_file_that_reads_the_past_only_passes(tmp_path: Any) -> None:
    rule = "FRAME.close.asof(now - pd.Timedelta('60s')) > FRAME.close.asof(now - pd.Timedelta('120s'))"
    answer = look_ahead(planted(tmp_path, f"FRAME = {READ}", rule), cuts=16)
    assert (answer.found, answer.doubts, answer.read) == (None, [], ["bars.csv"])


def test_a_package_whose_other_file_reads_the_future_is_found(tmp_path: Any) -> None:
    before, rule = LEAKS["an indicator shifted by -1"]
    package = tmp_path / "strategies" / "planted"
    package.mkdir(parents=True)
    write_bars(SERIES, tmp_path / "strategies" / "bars.csv")
    head, body = textwrap.dedent(HEAD), textwrap.dedent(BODY.format(rule=rule))
    (package / "signals.py").write_text(head + before + "\n", encoding="utf-8")
    imported = "import pandas as pd\nfrom zepix import PluginInfo, Strategy\nfrom .signals import SIGNAL\n\n"
    (package / "__init__.py").write_text(imported + body, encoding="utf-8")
    answer = look_ahead(subject(folder=tmp_path / "strategies"), cuts=16)
    assert answer.found is not None
    assert answer.read == ["bars.csv"]


def test_a_file_that_cannot_be_loaded_with_less_data_is_a_doubt(tmp_path: Any) -> None:
    answer = look_ahead(planted(tmp_path, f"FRAME = {READ}\n    LAST = FRAME.close.iloc[890]", "LAST > 0"), cuts=6)
    assert not answer.is_clean
    assert "nothing could be run: IndexError" in answer.doubts[0]


def test_what_cannot_be_cut_is_a_doubt(tmp_path: Any) -> None:
    write_bars(SERIES, tmp_path / "bars.csv")
    (tmp_path / "bars.dat").write_bytes((SERIES.bid_close / 1e5).tobytes())
    before = "import numpy as np\n    CLOSES = np.frombuffer(BARS.with_suffix('.dat').read_bytes())"
    rule = f"CLOSES[(alert.received_ns - {T0}) // 60_000_000_000] > 1.1"
    answer = look_ahead(planted(tmp_path, before, rule), cuts=6)
    assert not answer.is_clean
    assert any("reads bars.dat by itself" in said for said in answer.doubts)


# -- what is said ------------------------------------------------------------------------------------------------------


def test_a_run_that_is_not_the_same_twice_is_said_to_be_so() -> None:
    class Random(Filtered):
        info = PluginInfo(strategy="random")
        turns = []  # noqa: RUF012 - shared by both runs, that is the point

        def is_rising(self, alert: Any) -> bool:
            self.turns.append(alert.id)
            return len(self.turns) % 3 == 0

    answer = checked(Random)
    assert not answer.is_repeatable
    assert answer.found is not None
    assert answer.cuts == 0


def test_a_number_of_cuts_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="cuts must be a whole number"):
        checked(Filtered, cuts=0)


def test_cuts_lie_after_alerts_and_are_the_same_for_a_seed() -> None:
    record = subject(Filtered).run().record
    found = instants_to_cut(record, 12, 1)
    assert found == instants_to_cut(record, 12, 1)
    assert found != instants_to_cut(record, 12, 2)
    orders = {order.decided_ns + 1 for order in record.orders}
    assert len(orders & set(found)) >= 5


# -- the other future --------------------------------------------------------------------------------------------------


def test_the_bar_in_progress_keeps_its_open_and_turns_around_it() -> None:
    series = bars((100, 120, 90, 110), (110, 130, 100, 125), (125, 140, 120, 130), spread=10)
    turned = mirrored(series, T0 + 90_000_000_000)  # half a minute into the second bar
    assert turned.bid_open.tolist() == [100, 110, 95]
    assert turned.bid_high.tolist() == [120, 120, 100]
    assert turned.bid_low.tolist() == [90, 90, 80]
    assert turned.bid_close.tolist() == [110, 95, 90]
    assert (turned.ask_close - turned.bid_close).tolist() == [10, 10, 10]


def test_between_two_bars_the_last_close_is_what_prices_turn_around() -> None:
    series = bars((100, 120, 90, 110), None, (112, 130, 100, 125), spread=0)
    turned = mirrored(series, T0 + 90_000_000_000)
    assert turned.bid_open.tolist() == [100, 108]
    assert turned.bid_close.tolist() == [110, 95]


def test_lines_of_bars_are_known_at_their_end_and_other_lines_at_their_time() -> None:
    rows = b"time,close\n2024-01-01 00:00,1\n2024-01-01 00:01,2\n2024-01-01 00:02,3\n"
    at_ns = 1_704_067_260_000_000_000  # 00:01:00
    assert _lines_before(rows, at_ns).splitlines()[1:] == [b"2024-01-01 00:00,1"]
    assert len(_lines_before(rows.replace(b"close", b"news"), at_ns + 1).splitlines()) == 3

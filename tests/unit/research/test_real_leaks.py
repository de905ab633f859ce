"""More leaks, planted in files: whole-sample statistics, readers that Python hears nothing of, alerts to come; and
clean strategies of the same makings that pass."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.unit.research.real_world import trades
from tests.unit.research.test_real_look_ahead import READ, SERIES, Filtered, checked, planted
from tests.world import T0
from zepix import PluginInfo
from zepix.research.real.look_ahead import look_ahead
from zepix.research.real.verdicts import FOUND, of_future

NOW = "(lambda f: f.close.asof(now) > f.close.asof(now - pd.Timedelta('60s')))"
PAST = "(lambda f: f.close.asof(now - pd.Timedelta('60s')) > f.close.asof(now - pd.Timedelta('120s')))"
FILE = "BARS.with_suffix('.parquet')"
POOL = "from concurrent.futures import ThreadPoolExecutor"
IN_THREAD = (
    "ThreadPoolExecutor(1).submit(pd.read_csv, BARS).result()"
    ".assign(time=lambda f: pd.to_datetime(f.time, unit='s', utc=True)).set_index('time')"
)
LEAKS = {
    "normalised by the whole sample": (
        f"FRAME = {READ}\n    Z = (FRAME.close - FRAME.close.mean()) / FRAME.close.std()",
        "Z.asof(now - pd.Timedelta('60s')) > 0",
    ),
    "a rank among all bars": (
        f"RANK = {READ}.close.rank(pct=True)",
        "RANK.asof(now - pd.Timedelta('60s')) > 0.5",
    ),
    "the number of alerts to come": (
        "import json\n    LOG = BARS.with_suffix('.jsonl')",
        "sum(json.loads(line)['ns'] > alert.received_ns for line in LOG.read_text().splitlines()) % 2 == 0",
    ),
    "a Parquet file, by pyarrow's class": (
        "import pyarrow.parquet as pq",
        f"{NOW}(pq.ParquetFile({FILE}).read().to_pandas().set_index('time'))",
    ),
    "a Parquet file that was opened when the strategy was loaded": (
        f"import pyarrow.parquet as pq\n    OPENED = pq.ParquetFile({FILE})",
        f"{NOW}(OPENED.read_row_group(0).to_pandas().set_index('time'))",
    ),
    "a table that another thread reads": (POOL, f"{NOW}({IN_THREAD})"),
}
DOUBTS = {
    "a dataset of pyarrow": (
        "import pyarrow.dataset as ds",
        f"{NOW}(ds.dataset({FILE}).to_table().to_pandas().set_index('time'))",
    ),
    "a raw file": (
        "import io\n    def raw():\n        with io.FileIO(BARS) as file:\n            return file.readall()",
        f"raw().splitlines()[(alert.received_ns - {T0}) // 60_000_000_000 + 1] > b''",
    ),
    "numbers of a JSON file": (
        "import json",
        f"json.loads(BARS.with_suffix('.json').read_text())[(alert.received_ns - {T0}) // 60_000_000_000] > 1.1",
    ),
}
CLEAN = {
    "normalised by what was known": (
        f"FRAME = {READ}\n    Z = FRAME.close - FRAME.close.expanding().mean()",
        "Z.asof(now - pd.Timedelta('60s')) > 0",
    ),
    "the number of alerts so far": ("SEEN = []", "bool(SEEN.append(1) or len(SEEN) % 3)"),
    "a Parquet file, ended bars only": (
        "import pyarrow.parquet as pq",
        f"{PAST}(pq.ParquetFile({FILE}).read().to_pandas().set_index('time'))",
    ),
    "ended bars that another thread reads": (POOL, f"{PAST}({IN_THREAD})"),
    "settings of a JSON file": (
        "import json\n    SETTINGS = json.loads(BARS.with_name('settings.json').read_text())",
        "now.minute % SETTINGS['every'] == 0",
    ),
}


def written(tmp_path: Path, before: str, rule: str) -> Any:
    """The planted strategy, and beside it the files that it may read."""
    closes = SERIES.bid_close / 1e5
    times = pa.array(SERIES.time).cast(pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({"time": times, "close": closes}), tmp_path / "bars.parquet")
    (tmp_path / "bars.json").write_text(json.dumps(closes.tolist()), encoding="utf-8")
    (tmp_path / "settings.json").write_text('{"every": 3}', encoding="utf-8")
    rows = [json.dumps({"time": row.received_ns, "ns": row.received_ns}) + "\n" for row in trades()]
    (tmp_path / "bars.jsonl").write_text("".join(rows), encoding="utf-8")
    return planted(tmp_path, before, rule)


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_found_by_what_it_changes(tmp_path: Path, name: str) -> None:
    answer = look_ahead(written(tmp_path, *LEAKS[name]), cuts=16)
    assert answer.is_repeatable
    assert answer.found is not None
    assert answer.read


@pytest.mark.parametrize("name", DOUBTS)
def test_what_is_read_where_nothing_can_be_cut_is_told(tmp_path: Path, name: str) -> None:
    answer = look_ahead(written(tmp_path, *DOUBTS[name]), cuts=4)
    assert "could not be made to end" in answer.doubts[0]


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_strategy_of_the_same_makings_passes(tmp_path: Path, name: str) -> None:
    subject = written(tmp_path, *CLEAN[name])
    whole = subject.run()
    assert len(whole.record.orders) > 40
    answer = look_ahead(subject, whole, cuts=16)
    assert (answer.found, answer.doubts) == (None, [])


def test_a_package_that_reads_where_python_hears_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "polars", ModuleType("polars"))
    for before, rule in (("import polars as pl", "pl is not None"), ("", "__import__('polars') is not None")):
        folder = tmp_path / str(len(before))
        folder.mkdir()
        answer = look_ahead(written(folder, before, rule), cuts=2)
        assert any("with polars" in said for said in answer.doubts) == bool(before)
    inner = "def late():\n        import polars\n        return polars"
    (tmp_path / "inner").mkdir()
    subject = written(tmp_path / "inner", inner, "late() is not None")
    assert any("with polars" in said for said in look_ahead(subject, cuts=2).doubts)


def test_a_strategy_that_raises_is_not_called_clean() -> None:
    """It decides nothing with a future and nothing without one: that was taken for no difference."""

    class Raises(Filtered):
        info = PluginInfo(strategy="raises")

        def is_rising(self, alert: Any) -> bool:
            raise ValueError("of its own")

    answer = checked(Raises, cuts=6)
    assert answer.found is None
    assert "raised in" in answer.doubts[0]
    assert of_future(answer).status == FOUND

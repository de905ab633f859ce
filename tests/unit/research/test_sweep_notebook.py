"""A sweep in a real notebook: in its running loop, with a class of the notebook, with a bar that renews itself."""

from __future__ import annotations

import json

import pytest

from zepix.data.sample import write_sample

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("cloudpickle")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # of the kernel's own libraries

CELLS = (
    """
import asyncio
import zepix as zx
assert asyncio.get_event_loop().is_running()

class Mine(zx.Strategy):
    info = zx.PluginInfo(strategy="mine")
    volume: float = 0.1

    async def process_entry_signal(self, alert):
        await self.api.orders.place_order(alert.symbol, alert.side, self.volume, sl=zx.Quantity(30.0, "pips"))
""",
    """
tried = zx.sweep(Mine, alerts=LOG, bars=BARS, settings={"alerts.strategy": "mine"},
                 grid={"strategy.volume": [0.1, 0.2]}, workers=1, out="cells")
tried
""",
    "print(sorted(tried.frame()['status']), tried.frame()['digest'].nunique())",
    "zx.bars(BARS)",
)


def test_a_class_of_the_notebook_is_swept_in_a_worker(tmp_path):
    write_sample(tmp_path / "sample", days=3, n_alerts=30)
    paths = f"LOG, BARS = {json.dumps([str(tmp_path / 'sample' / 'alerts.jsonl'), str(tmp_path / 'sample')])}\n"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in (paths, *CELLS)])
    client = nbclient.NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    shown = [one["data"]["text/html"] for one in book.cells[2]["outputs"] if "data" in one]
    assert any("2 of 2 cells" in text and "<progress" in text for text in shown)
    assert "<table>" in shown[-1]
    assert book.cells[3]["outputs"][0]["text"].strip() == "['done', 'done'] 2"
    assert "EURUSD M1" in book.cells[4]["outputs"][0]["data"]["text/html"]

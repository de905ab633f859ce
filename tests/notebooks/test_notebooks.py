"""The notebooks: each runs on the sample from top to bottom, is kept without outputs, and says what its .py says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext", reason="the extra test brings jupytext")
nbclient = pytest.importorskip("nbclient", reason="the extra test brings nbclient")
pytest.importorskip("ipykernel", reason="the extra test brings ipykernel")
import nbformat  # noqa: E402 - it comes with nbclient

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"
NAMES = [path.stem for path in sorted(FOLDER.glob("0*.ipynb"))]
EXPECTED = [
    *("01_first_replay", "02_own_alerts_and_bars", "03_exits_sweep", "04_v3_over_twelve_years"),
    *("05_stress_and_fidelity", "06_comparing_runs", "07_live_against_shadow"),
]
MOST_CPU_S = 240.0
"""Two minutes of two cores, for all of them."""
PLOTLY = "application/vnd.plotly.v1+json"
PICTURES = dict.fromkeys(EXPECTED, 1) | {"02_own_alerts_and_bars": 0}


def read(name: str, ending: str = ".ipynb"):
    return nbformat.read(FOLDER / f"{name}{ending}", as_version=4)


def test_all_of_them_are_there():
    assert NAMES == EXPECTED
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_a_notebook_is_kept_without_outputs(name):
    for cell in read(name).cells:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
        assert cell.metadata == {}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_notebook_and_its_script_say_the_same(name):
    paired = jupytext.read(FOLDER / f"{name}.py")
    assert [(c.cell_type, c.source) for c in read(name).cells] == [(c.cell_type, c.source) for c in paired.cells]


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A copy with nothing beside it: whatever the machine has recorded, the sample is what runs."""
    place = tmp_path_factory.mktemp("alone") / "repository"
    shutil.copytree(ROOT / "datasets" / "sample", place / "datasets" / "sample")
    shutil.copytree(FOLDER, place / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return place


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_notebooks_run_on_the_sample_within_two_minutes(repository):
    """All of them in one test, so that their time is told together; kernels speak over loopback."""
    before = os.times()
    paths = [str(ROOT), str(ROOT / "live"), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    for name in EXPECTED:
        made = nbformat.read(repository / "notebooks" / f"{name}.ipynb", as_version=4)
        runner = nbclient.NotebookClient(
            made, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(repository / "notebooks")}}
        )
        runner.execute(env=env)
        outputs = [output for cell in made.cells for output in cell.get("outputs", [])]
        assert not [output for output in outputs if output.output_type == "error"], name
        complaints = [output.text for output in outputs if output.get("name") == "stderr"]
        assert not complaints, (name, complaints)
        pictures = [output.data for output in outputs if PLOTLY in output.get("data", {})]
        assert len(pictures) >= PICTURES[name], name
        assert all(data["text/plain"].strip() for data in pictures), "a picture says in words what it shows"
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert spent < MOST_CPU_S, f"{spent:.0f} s of processor time"

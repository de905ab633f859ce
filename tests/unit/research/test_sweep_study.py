"""Searches by Optuna: what is asked, what is learnt, one database for several machines."""

from __future__ import annotations

import pytest

import zepix as zx
from zepix.data.sample import write_sample
from zepix.errors import ConfigError

optuna = pytest.importorskip("optuna")
SPACE = {"fill.slippage_points": ("int", 0, 50), "strategy.one_at_a_time": [True, False]}


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, days=4, n_alerts=50)
    return folder


@pytest.fixture
def asked(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return {"alerts": sample / "alerts.jsonl", "bars": sample, "strategy": "bracket", "workers": 0, "progress": False}


def cells(result):
    return [(task.cell, row["digest"]) for task, row in result.cells]


def test_a_seed_gives_the_same_search(asked, tmp_path):
    study = {"trials": 8, "seed": 1, "space": SPACE}
    first, again = (zx.sweep(study=study, **asked, out=tmp_path / name) for name in "ab")
    assert cells(first) == cells(again)
    assert len(first) == 8
    other = zx.sweep(study={**study, "seed": 2}, **asked, out=tmp_path / "c")
    assert cells(other) != cells(first)


def test_trials_hold_the_figure_and_the_cell(asked, tmp_path):
    result = zx.sweep(
        study={"trials": 5, "objective": "max_drawdown", "seed": 1, "space": SPACE}, **asked, out=tmp_path / "a"
    )
    study = optuna.load_study(study_name="zepix", storage=f"sqlite:///{tmp_path / 'a' / 'study.db'}")
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    rows = {row["cell"]: row for _, row in result.cells}
    assert len(study.trials) == 5
    for trial in study.trials:
        assert trial.value == rows[trial.user_attrs["cell"]]["max_drawdown"]
        assert trial.user_attrs["digest"] == rows[trial.user_attrs["cell"]]["digest"]
    assert result.best(1, by="max_drawdown")["cell"].iloc[0] == study.best_trial.user_attrs["cell"]


def test_a_search_goes_on_where_it_was_stopped(asked, tmp_path):
    study = {"trials": 4, "seed": 1, "space": SPACE}
    zx.sweep(study=study, **asked, out=tmp_path / "a")
    more = zx.sweep(study={**study, "trials": 7}, **asked, out=tmp_path / "a", resume=True)
    assert len(more) == 7
    stored = optuna.load_study(study_name="zepix", storage=f"sqlite:///{tmp_path / 'a' / 'study.db'}")
    assert len(stored.trials) == 7


def test_two_machines_share_one_study(asked, tmp_path):
    """Each keeps its own cells; the trials are counted together."""
    study = {"trials": 6, "seed": 1, "storage": f"sqlite:///{tmp_path / 'shared.db'}", "name": "both", "space": SPACE}
    first = zx.sweep(study={**study, "trials": 3}, **asked, out=tmp_path / "a")
    second = zx.sweep(study={**study, "seed": 9}, **asked, out=tmp_path / "b")
    assert (len(first), len(second)) == (3, 3)
    assert len(optuna.load_study(study_name="both", storage=study["storage"]).trials) == 6


def test_an_objective_of_ones_own(asked, tmp_path):
    def wins_a_slip(row):
        return -row["tickets"]

    result = zx.sweep(
        study={"trials": 6, "objective": wins_a_slip, "seed": 1, "space": SPACE}, **asked, out=tmp_path / "a"
    )
    stored = optuna.load_study(study_name="zepix", storage=f"sqlite:///{tmp_path / 'a' / 'study.db'}")
    assert stored.best_value == -min(row["tickets"] for _, row in result.cells)


def test_several_workers_finish_all_trials(asked, tmp_path):
    result = zx.sweep(study={"trials": 6, "seed": 1, "space": SPACE}, **{**asked, "workers": 2}, out=tmp_path / "a")
    assert len(result) == 6


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"objective": "profit_facter"}, "'profit_factor'"),
        ({"direction": "up"}, "maximize or minimize"),
        ({"sampler": "tpee"}, "'tpe'"),
        ({"storage": "nosuch://x"}, "study.storage"),
        ({"trails": 5}, "'trials'"),
    ],
)
def test_what_makes_no_sense_is_told(asked, tmp_path, options, word):
    with pytest.raises(ConfigError, match=word):
        zx.sweep(study={"trials": 2, "space": SPACE, **options}, **asked, out=tmp_path / "a")

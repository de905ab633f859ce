"""Searches by Optuna: what is asked, what is learnt, one database for several machines."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import contextmanager

import pytest

import zepix as zx
from zepix.data.sample import write_sample
from zepix.errors import ConfigError, DataError

pytestmark = pytest.mark.clock

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


@contextmanager
def stored(path, name="zepix"):
    """A study as its database holds it; the database is let go of at the end."""
    storage = optuna.storages.RDBStorage(f"sqlite:///{path}")
    try:
        yield optuna.load_study(study_name=name, storage=storage)
    finally:
        storage.remove_session()
        storage.engine.dispose()


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
    rows = {row["cell"]: row for _, row in result.cells}
    with stored(tmp_path / "a" / "study.db") as study:
        assert study.direction == optuna.study.StudyDirection.MINIMIZE
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
    with stored(tmp_path / "a" / "study.db") as found:
        assert len(found.trials) == 7


def test_two_machines_share_one_study(asked, tmp_path):
    """Each keeps its own cells; the trials are counted together."""
    study = {"trials": 6, "seed": 1, "storage": f"sqlite:///{tmp_path / 'shared.db'}", "name": "both", "space": SPACE}
    first = zx.sweep(study={**study, "trials": 3}, **asked, out=tmp_path / "a")
    second = zx.sweep(study={**study, "seed": 9}, **asked, out=tmp_path / "b")
    assert (len(first), len(second)) == (3, 3)
    with stored(tmp_path / "shared.db", "both") as found:
        assert len(found.trials) == 6


WORK = """
import sys, zepix as zx
alerts, bars, out, storage = sys.argv[1:]
study = {"trials": 16, "sampler": "random", "name": "both", "storage": storage,
         "space": {"fill.slippage_points": ("int", 0, 50)}}
if storage.endswith(".log"):
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend
    study["storage"] = JournalStorage(JournalFileBackend(storage))
found = zx.sweep("bracket", alerts=alerts, bars=bars, study=study, workers=0, progress=False, out=out)
print(len(found), flush=True)
"""


@pytest.mark.parametrize("kind", ["database", "journal"])
def test_two_processes_begin_one_study_at_the_same_moment(sample, tmp_path, kind):
    """Both make the tables of an empty database: one of the two used to fail."""
    path = tmp_path / ("shared.db" if kind == "database" else "shared.log")
    storage = f"sqlite:///{path}" if kind == "database" else str(path)
    words = [sys.executable, "-c", WORK, str(sample / "alerts.jsonl"), str(sample)]
    begun = [
        subprocess.Popen([*words, str(tmp_path / name), storage], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for name in "ab"
    ]
    ended = [one.communicate(timeout=120) for one in begun]
    assert [one.returncode for one in begun] == [0, 0], b"".join(said for _, said in ended).decode()[-2000:]
    kept = [int(out) for out, _ in ended]
    if kind == "database":
        with stored(path, "both") as found:
            states = Counter(trial.state.name for trial in found.trials)
    else:
        journal = optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(str(path)))
        trials = optuna.load_study(study_name="both", storage=journal).trials
        states = Counter(trial.state.name for trial in trials)
    assert set(states) == {"COMPLETE"}
    assert 16 <= states["COMPLETE"] <= 17, "what the other has in hand is not counted"
    assert sum(kept) == states["COMPLETE"]


def test_the_database_is_let_go_of(asked, tmp_path):
    """Python 3.13 warns of databases left open, and Windows keeps their files."""
    import gc
    import sqlite3

    gc.collect()
    zx.sweep(study={"trials": 2, "seed": 1, "space": SPACE}, **asked, out=tmp_path / "a")
    for one in gc.get_objects():
        if type(one) is sqlite3.Connection:
            with pytest.raises(sqlite3.ProgrammingError):
                one.execute("select 1")


def test_an_objective_of_ones_own(asked, tmp_path):
    def wins_a_slip(row):
        return -row["tickets"]

    result = zx.sweep(
        study={"trials": 6, "objective": wins_a_slip, "seed": 1, "space": SPACE}, **asked, out=tmp_path / "a"
    )
    with stored(tmp_path / "a" / "study.db") as found:
        assert found.best_value == -min(row["tickets"] for _, row in result.cells)


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


def test_a_full_disk_under_the_study_ends_the_sweep_with_a_sentence(asked, tmp_path, monkeypatch):
    """SQLite says so from within Optuna; cells that ended before are kept, and the search goes on with resume."""
    from zepix.research.sweep.search import Search

    told = Search.told
    study = {"trials": 4, "seed": 1, "space": SPACE}

    def full(self, task, row):
        if task.number == 2:
            storage = self._study._storage

            def commit(*_args, **_named):
                raise optuna.exceptions.StorageInternalError("commit") from OSError("database or disk is full")

            monkeypatch.setattr(storage, "set_trial_state_values", commit)
        told(self, task, row)

    monkeypatch.setattr(Search, "told", full)
    with pytest.raises(DataError, match=r"database or disk is full.*finished cells are kept.*resume"):
        zx.sweep(study=study, **asked, out=tmp_path / "a")
    monkeypatch.setattr(Search, "told", told)
    assert len(zx.sweep(study=study, **asked, out=tmp_path / "a", resume=True)) == 4

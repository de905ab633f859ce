"""A rehearsal: a live session over a recorded log in moved time, opened again by ``zx.open``."""

from __future__ import annotations

import itertools
import json
import logging
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import zepix as zx
from tests.live.chain_life import CONFIG, body
from tests.live.desk import SAMPLE
from zepix.errors import ConfigError, DataError
from zepix.journal.durable_reader import LogReader
from zepix.research.live_folder import LiveFolder
from zepix_live.engine.fidelity import Fidelity
from zepix_live.engine.mode_settings import Breaker
from zepix_live.rehearsing import rehearse
from zepix_live.rerunning import rerun_folder

WORSE: dict[str, Any] = {
    "plugins.bracket.strategy": "bracket",
    "shadow_mode.default_mode": "HYBRID",
    "broker.live.name": "simulated",
    "broker.live.refusal_rate": 0.1,
    "broker.live.seed": 2,
    "broker.live.fill.latency_ms": 61_000,
}


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> LiveFolder:
    """Nine days, the breaker off, so that live trades on however far it lies from its twin."""
    settings = {**WORSE, "shadow_mode.breaker.enabled": False}
    place = tmp_path_factory.mktemp("rehearsed") / "my-live"
    return rehearse(place, alerts=SAMPLE / "alerts.jsonl", bars=SAMPLE, settings=settings, to="2024-01-10")


def test_the_twin_did_what_a_replay_of_the_same_alerts_does(traded: LiveFolder) -> None:
    run = zx.replay(alerts=SAMPLE / "alerts.jsonl", bars=SAMPLE, strategy="bracket", to="2024-01-10")
    found = zx.compare(run, f"{traded.folder}:twin")
    ended = [one for one in found.pairs if one.a.legs[-1].reason != "end_of_data"]
    assert len(ended) > 50
    assert not [one for one in ended if one.b.profit != one.a.profit]
    assert not found.lonely


def test_it_is_a_session_like_any_other(traded: LiveFolder) -> None:
    assert rerun_folder(traded.folder, {}).is_equal
    assert traded.books == ("shadow", "live", "twin")  # shadow tells what no plugin saw
    assert traded.plugins == ["bracket"]
    assert zx.open(traded.folder).lines() == traded.lines()[:-1]
    assert traded.lines()[-1].startswith("note: ")


def test_two_rehearsals_come_out_the_same(traded: LiveFolder, tmp_path: Path) -> None:
    settings = {**WORSE, "shadow_mode.breaker.enabled": False}
    again = rehearse(
        tmp_path / "x", alerts=zx.alerts(SAMPLE / "alerts.jsonl"), bars=SAMPLE, settings=settings, to="2024-01-10"
    )
    pd.testing.assert_frame_equal(again.tickets, traded.tickets)


def told(folder: Path) -> list[tuple[int, list[tuple[str, dict[str, Any]]]]]:
    """The outputs of each input, in order."""
    with LogReader(folder / "journal.sqlite") as reader:
        rows = [(row.kind, json.loads(row.body)) for row in reader.rows(0, None)]
    outputs = [(kind, body) for kind, body in rows if "of" in body and kind != "alert"]
    return [(of, list(found)) for of, found in itertools.groupby(outputs, key=lambda one: one[1]["of"])]


def by_the_engine(folder: Path, plugin: str, tickets: int) -> tuple[int, Any, Any]:
    """The figures of the runner's own watch, which was given every row as it came."""
    watching = Fidelity(Breaker(tickets=tickets))
    for _, rows in told(folder):
        watching.look(rows)
    count, gap, differing = watching.gap(plugin)
    return count, pytest.approx(gap), pytest.approx(differing)


def test_the_breakers_figures_are_those_that_the_runner_counted(traded: LiveFolder) -> None:
    found = traded.breaker("bracket")
    gap = found.now.mean_gap_r
    assert found.now == by_the_engine(traded.folder, "bracket", 20)
    assert found.now.tickets == 20 and gap and found.now.differing_frac
    assert found.now == traded.compare("bracket").distance(20), "without chains its pairs are those of zx.compare"
    assert "; switched off" in str(found) and found.tripped_ns is None
    [row] = traded.breakers.to_dict("records")
    assert (row["plugin"], row["tickets"], row["of_tickets"]) == ("bracket", 20, 20)
    assert row["mean_gap_r"] == pytest.approx(gap)


def test_chains_are_counted_as_the_runner_saw_them_and_paired_as_they_ended(tmp_path: Path) -> None:
    """A chain's next order may come in one book after the other's was over: the runner counts two tickets without a
    partner, the comparison one pair."""
    rng, log = random.Random(7), tmp_path / "log.jsonl"
    bodies = sorted(
        ((3_600 + rng.randrange(86_400), number, body(rng, number, rng.choice(("EURUSD", "XAUUSD"))))
         for number in range(80)),
        key=lambda one: one[:2],
    )  # fmt: skip
    rows = [{"received_at": f"2024-01-0{1 + s // 86_400}T{s // 3600 % 24:02}:{s // 60 % 60:02}:{s % 60:02}Z",
             "payload": found} for s, _, found in bodies]  # fmt: skip
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (tmp_path / "live.toml").write_text(CONFIG, encoding="utf-8")
    settings = {key: value for key, value in WORSE.items() if not key.startswith("plugins.")}
    off = {"shadow_mode.breaker.enabled": False, "shadow_mode.breaker.tickets": 1_000}
    live = rehearse(
        tmp_path / "chains", alerts=log, bars=SAMPLE, config=tmp_path / "live.toml", settings={**settings, **off},
        to="2024-01-03",
    )  # fmt: skip
    [plugin] = live.plugins
    counted, paired = live.breaker(plugin).now, live.compare(plugin).distance()
    assert counted == by_the_engine(live.folder, plugin, 1_000)
    assert 100 < paired.tickets < counted.tickets < 1_000, (paired, counted)


def test_tables_say_what_the_books_hold(traded: LiveFolder) -> None:
    tickets = traded.tickets
    assert set(tickets["book"]) == {"live", "twin"}
    assert {str(tickets[name].dtype) for name in ("entry_time", "exit_time")} == {"datetime64[ns, UTC]"}
    found = traded.compare("bracket")
    by_book = tickets.groupby("book")["profit"].sum()
    assert float(found.sum) == pytest.approx(by_book["live"] - by_book["twin"])
    assert sum(found.parts.values()) == found.sum
    still = tickets[tickets["exit_reason"] == "open"]
    assert still["exit_time"].isna().all() and still["r"].isna().all()
    assert {"time", "level", "code", "plugin", "text"} == set(traded.events.columns)


def test_one_plugin_of_two_is_compared_alone(tmp_path: Path) -> None:
    log = zx.alerts(SAMPLE / "alerts.jsonl").frame()
    mine = log[log["type"].isin(["entry", "exit"]) & log["symbol"].isin(["EURUSD", "XAUUSD"])]
    mine = mine[["received_at", "type", "symbol", "side", "volume", "sl", "tp"]]
    mine = mine.assign(plugin_hint=mine["symbol"].map({"EURUSD": "euro", "XAUUSD": "gold"}))
    mine.loc[mine["type"] == "exit", ["volume", "sl", "tp"]] = None
    settings = {
        **{key: value for key, value in WORSE.items() if not key.startswith("plugins.")},
        "plugins.euro.strategy": "bracket",
        "plugins.gold.strategy": "bracket",
    }
    live = rehearse(tmp_path / "two", alerts=mine, bars=SAMPLE, settings=settings, to="2024-01-05")
    assert live.plugins == ["euro", "gold"]
    each = [zx.compare(f"{live.folder}:twin", f"{live.folder}:live", plugin=name) for name in live.plugins]
    assert [one.sum for one in each] == [live.compare(name).sum for name in live.plugins]
    assert sum(one.sum for one in each) == live.compare().sum
    assert {pair.a.symbol for pair in each[0].pairs} == {"EURUSD"}
    with pytest.raises(ConfigError, match=r"no ticket is of plugin 'golt'; did you mean 'gold'"):
        zx.compare(f"{live.folder}:twin", f"{live.folder}:live", plugin="golt")
    with pytest.raises(DataError, match=r"golt has no ticket in the live book of .*did you mean 'gold'"):
        live.compare("golt")


def test_nothing_is_said_beside_the_journal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = list(logging.getLogger("zepix").handlers)
    live = rehearse(tmp_path / "quiet", alerts=SAMPLE / "alerts.jsonl", bars=SAMPLE, to="2024-01-09")
    assert "silence" in set(live.events["code"])
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("zepix").handlers == before
    assert live.books == ("shadow",) and live.plugins == [] and live.breakers.empty
    with pytest.raises(DataError, match="no live book"):
        live.compare()


def test_what_cannot_be_rehearsed_is_refused(traded: LiveFolder, tmp_path: Path) -> None:
    log = SAMPLE / "alerts.jsonl"
    with pytest.raises(ConfigError, match="begins in a new folder"):
        rehearse(traded.folder, alerts=log, bars=SAMPLE)
    with pytest.raises(DataError, match=r"none of 306 alerts was received while there were prices"):
        rehearse(tmp_path / "a", alerts=log, bars=SAMPLE, to="2023-01-01")
    with pytest.raises(ConfigError, match="to: 'soon' is no time"):
        rehearse(tmp_path / "b", alerts=log, bars=SAMPLE, to="soon")
    with pytest.raises(DataError, match="does not exist"):
        rehearse(tmp_path / "c", alerts=log, bars=tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="did you mean"):
        rehearse(tmp_path / "d", alerts=log, bars=SAMPLE, settings={"shadow_mode.defalt_mode": "LIVE"})
    assert not [path for path in tmp_path.iterdir() if (path / "journal.sqlite").exists()]


def test_the_command_makes_the_same_session_and_says_what_came_of_it(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from zepix_live.commands import app

    words = ["rehearse", "--alerts", str(SAMPLE / "alerts.jsonl"), "--bars", str(SAMPLE), "--to", "2024-01-04"]
    settings = {"shadow_mode.default_mode": "HYBRID", "broker.live.name": "simulated"}
    flags = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
    told = CliRunner().invoke(app, [*words, "--data", str(tmp_path / "by-command"), *flags])
    assert told.exit_code == 0, told.output
    live = rehearse(
        tmp_path / "by-hand", alerts=SAMPLE / "alerts.jsonl", bars=SAMPLE, to="2024-01-04", settings=settings
    )
    assert str(live).splitlines()[1:] == told.output.splitlines()[1 : len(str(live).splitlines())]
    pd.testing.assert_frame_equal(zx.open(tmp_path / "by-command").tickets, live.tickets)
    assert len(live.tickets) > 10
    again = CliRunner().invoke(app, [*words, "--data", str(tmp_path / "by-command")])
    assert again.exit_code != 0
    assert "a rehearsal begins in a new folder" in str(again.exception)

"""What a runner is told by its settings, and what a rerun under other settings says in money."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from tests.live.desk import SAMPLE, entry
from zepix.config.check import Raw
from zepix.errors import ConfigError, DataError, JournalError
from zepix.journal.durable import DurableLog
from zepix_live import rerunning
from zepix_live.engine import main as engine_main
from zepix_live.engine.options import EngineOptions
from zepix_live.engine.rerun import Compared
from zepix_live.launch import receiver_table
from zepix_live.reading import decisions
from zepix_live.rerunning import Changed, rerun_and_tell


@pytest.mark.parametrize("word", ["abc", "-1", "0", "nan", "inf", "1e9", "true"])
def test_a_stale_limit_that_is_none_is_told(desk, word: str):
    with pytest.raises(ConfigError, match="stale_s"):
        desk(live__stale_s=word).open()


@pytest.mark.parametrize(
    "text", ["[live]\nstale = 5\n", "[live.reciever]\ncheck_addresses = true\n", "[live]\nreceiver = 5\n", "live = 5\n"]
)
def test_a_live_setting_that_nobody_reads_is_told(tmp_path: Path, text: str):
    config = tmp_path / "live.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="live"):
        receiver_table(EngineOptions(tmp_path, config))


def test_a_flag_that_nobody_reads_is_told(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"live\.stale"):
        receiver_table(EngineOptions(tmp_path, flags={"live.stale": Raw("5")}))
    flags = {"live.stale_s": Raw("5"), "live.receiver.rate_per_s": Raw("9")}
    assert set(receiver_table(EngineOptions(tmp_path, flags=flags))) == {"rate_per_s"}


def test_a_rerun_takes_another_stale_limit(desk):
    one = desk(speed=600.0)
    one.open()
    one.run(1)
    one.crash()
    one.post(entry())
    one.clock.advance(40)
    one.open()
    one.crash()
    assert ("a1", "refused", "stale") in one.decisions()
    said: list[str] = []
    assert rerun_and_tell(one.folder, {"live.stale_s": Raw("60")}, as_json=True, say=said.append) == 1
    [changed] = [row for row in json.loads(said[0])["changed"] if row["after"]]
    assert (changed["id"], changed["after"].split()[0]) == ("a1", "filled")


@pytest.mark.parametrize("key", ["account.currency", "account.digits", "live.receiver.port"])
def test_a_rerun_that_would_compare_nothing_is_refused(desk, key: str):
    with pytest.raises(ConfigError, match=key):
        rerun_and_tell(Path("nowhere"), {key: Raw("1")}, as_json=False, say=print)


@pytest.mark.parametrize(
    ("unit", "told"), [((2, "USD"), "-12.34 USD"), ((0, "JPY"), "-1234 JPY"), ((3, "KWD"), "-1.234 KWD")]
)
def test_money_has_the_digits_of_its_currency(unit: tuple[int, str], told: str):
    said: list[str] = []
    rerunning._tell_changes(Compared(), [Changed("a1", "p", "filled", "", 1234, 0)], unit, False, said.append)
    assert said[-1] == f"in money: {told} (closed tickets only)"
    assert said[1].endswith(told.split()[0])


def test_only_a_start_may_be_beyond_help(monkeypatch, tmp_path: Path):
    """An error while it turns is a death among others: the receiver goes on, the engine is started again."""

    def dies(ready: bool):
        def run(_options, _is_over, on_ready):
            if ready:
                on_ready("engine")
            raise DataError("EURJPY has no price yet")

        return run

    monkeypatch.setattr(engine_main, "end_with_parent", lambda stop: None)
    monkeypatch.setattr(engine_main, "_say_ready", lambda engine: None)
    given = [EngineOptions(tmp_path).encoded()]
    monkeypatch.setattr(engine_main, "run_engine", dies(ready=False))
    assert engine_main.main(given) == 3
    monkeypatch.setattr(engine_main, "run_engine", dies(ready=True))
    assert engine_main.main(given) == 1


FAILS = """
from zepix import PluginInfo, Strategy


class Fails(Strategy):
    info = PluginInfo(strategy="fails")

    async def process_entry_signal(self, alert):
        raise RuntimeError("boom")
"""


def test_a_strategy_that_fails_is_told_and_so_is_its_end(desk, tmp_path: Path, caplog):
    (tmp_path / "fails.py").write_text(FAILS, encoding="utf-8")
    one = desk(plugin_system__plugin_dir=str(tmp_path), strategy__name="fails")
    one.open()
    for number in range(5):
        one.post(entry(id=f"e{number}"))
    with caplog.at_level(logging.WARNING, "zepix.engine"):
        one.run(1)
    told = [record.getMessage() for record in caplog.records]
    assert sum("fails failed under" in line and "boom" in line for line in told) == 5
    [last] = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert "fails is disabled after 5 failures" in last.getMessage()


def test_a_placeholder_is_no_exit(desk):
    one = desk(speed=600.0)
    one.open()
    one.run(1)
    one.post(entry())
    one.run(2)
    one.post('{"type": "trend_pulse", "symbol": "{{ticker}}", "price": {{close}}}')
    one.run(1)
    assert not [body for _, _, body in one.rows("event") if body["code"] == "unread_exit"]
    one.post('{"type": "exit", "symbol": "{{ticker}}", "price": {{close}}}')
    one.run(1)
    assert [body["level"] for _, _, body in one.rows("event") if body["code"] == "unread_exit"] == ["CRITICAL"]


def test_an_inbox_that_was_replaced_is_told_instead_of_losing_what_comes(desk):
    """Its alerts would get numbers that the engine has passed already: acknowledged, and never looked at."""
    one = desk(speed=600.0)
    one.open()
    for number in range(3):
        one.post(entry(id=f"e{number}"))
    one.run(1)
    one.crash()
    assert len(list(decisions(one.folder))) == 3
    one.inbox.close()
    for path in one.folder.glob("inbox*"):
        path.unlink()
    with pytest.raises(DataError, match="no inbox"):
        list(decisions(one.folder))
    with pytest.raises(JournalError, match="ends at alert 0, but alert 3"):
        one.open()
    one.inbox = DurableLog(one.folder / "inbox.sqlite", name="inbox")
    one.post(entry(id="new"))
    with pytest.raises(JournalError, match="ends at alert 1, but alert 3"):
        one.open()
    with pytest.raises(DataError, match="not of the same runner"):
        list(decisions(one.folder))


def test_a_session_does_not_leap_from_a_recording_to_now(desk):
    """Once there it could not come back: no price of the recording would ever be taken again."""
    one = desk(speed=600.0)
    one.open()
    one.run(2)
    one.crash()
    recording, one.feed = one.feed, None
    with pytest.raises(ConfigError, match="time of a recording"):
        one.open()
    one.feed = recording
    one.open()
    one.run(2)


def test_a_session_of_now_does_not_become_a_recording(desk):
    one = desk(feed=None)
    one.open()
    one.crash()
    one.feed = "webhook"
    one.open()
    one.crash()
    one.feed = f"replay:{SAMPLE}"
    with pytest.raises(ConfigError, match="the present"):
        one.open()


def test_an_account_keeps_its_currency(desk):
    one = desk()
    one.open()
    one.crash()
    with pytest.raises(ConfigError, match="account in USD, not in EUR"):
        one.open(account__currency="EUR")

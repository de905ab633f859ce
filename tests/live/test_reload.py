"""Settings read again while a session runs: what may change does, the rest is named, and a rerun has every line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from zepix.config.keys import dotted_keys
from zepix.journal.trouble import JournalFull
from zepix_live.clock import SystemClock
from zepix_live.commanding import give
from zepix_live.engine.hot_settings import RULES, rule_of
from zepix_live.engine.options import EngineOptions
from zepix_live.inbox_rows import encode
from zepix_live.operator_commands import OPERATOR, Command, command_of
from zepix_live.rerunning import rerun_folder

TWO = """[plugins.one]
strategy = "bracket"
[plugins.two]
strategy = "bracket"
"""


class FileDesk(Desk):
    """A desk whose runner was started with a file of settings."""

    def __init__(self, folder: Path, text: str, **flags: Any):
        super().__init__(folder, **flags)
        self.config = folder.parent / "live.toml"
        self.write(text)

    def write(self, text: str) -> None:
        self.config.write_text(text, encoding="utf-8")

    def options(self, flags: Any = None) -> EngineOptions:
        return EngineOptions(self.folder, self.config, self.feed, self.speed, {**self.flags, **(flags or {})})

    def tell(self, config: str = "") -> None:
        command = Command(f"reload-{self.inbox.last_seq}", "reload", by="anna", config=config)
        self.inbox.append([(self.clock.now_ns(), OPERATOR, encode({**command.fields(), "from": "127.0.0.1"}))])

    def reload(self, text: str) -> tuple[str, str]:
        """Other settings, told to the session; (level, what it said)."""
        self.write(text)
        self.tell()
        self.run(0.2)
        return self.said()[-1]

    def said(self) -> list[tuple[str, str]]:
        return [(body["level"], body["text"]) for _, _, body in self.rows("event") if body["code"] == "operator"]

    @property
    def session(self) -> Any:
        assert self.engine is not None
        return self.engine.consumer.session

    def is_rerun_equal(self) -> bool:
        self.crash()
        return rerun_folder(self.folder, {}).is_equal


@pytest.fixture
def made(tmp_path: Path):
    found: list[FileDesk] = []

    def make(text: str, **flags: Any) -> FileDesk:
        one = FileDesk(tmp_path / "live", text, **flags)
        found.append(one)
        one.open()
        one.run(2)
        return one

    yield make
    for one in found:
        one.close()


def test_a_setting_of_a_strategy_holds_from_the_next_alert_on_and_a_rerun_has_every_line(made):
    one = made("[strategy]\none_at_a_time = false\n")
    one.post(entry(id="first"))
    one.post(entry(id="second"))
    one.run(1)
    level, text = one.reload("[strategy]\none_at_a_time = true\n")
    assert level == "INFO"
    assert "strategy.one_at_a_time false -> true" in text
    one.post(entry(id="third"))
    one.run(1)
    assert one.decisions() == [("a1", "filled", ""), ("a2", "filled", ""),
                               ("a4", "refused", "one_at_a_time")]  # fmt: skip
    assert one.is_rerun_equal()


def test_alerts_after_the_command_in_the_same_turn_are_decided_by_the_new_settings(made):
    one = made("[strategy]\none_at_a_time = false\n")
    one.post(entry(id="first"))
    one.run(1)
    one.write("[strategy]\none_at_a_time = true\n")
    one.post(entry(id="before"))
    one.tell()
    one.post(entry(id="after"))
    one.run(1)
    assert {name: outcome for name, outcome, _ in one.decisions()} == {"a1": "filled", "a2": "filled", "a4": "refused"}
    assert one.is_rerun_equal()


def test_the_change_is_journaled_with_before_and_after_and_who(made):
    one = made('title = "a"\n[risk]\nrr_ratio = 1.5\n')
    one.reload('title = "a"\n[risk]\nrr_ratio = 2\nmax_concurrent = 4\n[live]\nstale_s = 20\n')
    first, second = [body for _, _, body in one.rows("config")]
    assert second["changes"] == {
        "risk.rr_ratio": [1.5, 2],
        "risk.max_concurrent": [None, 4],
        "live.stale_s": [30.0, 20.0],
    }
    assert (second["by"], second["stale_s"], second["settings"]["risk.rr_ratio"]) == ("anna", 20.0, 2)
    assert first["settings"]["risk.rr_ratio"] == 1.5
    [(number, _, _)] = one.rows("operator")
    assert second["of_command"] == number


def test_what_needs_a_restart_is_named_with_its_reason_and_not_applied(made):
    one = made("[account]\nbalance = 10000\n[risk]\nrr_ratio = 1.5\n")
    level, text = one.reload(
        "[account]\nbalance = 99\n[risk]\nrr_ratio = 2\n[live]\nhang_s = 50\n[live.receiver]\nport = 81\n"
    )
    assert level == "WARN"
    assert text.startswith("applied: risk.rr_ratio 1.5 -> 2; needs a restart: ")
    for words in ("account.balance (money", "live.hang_s (", "live.receiver.port (the receiver"):
        assert words in text
    assert one.session.plan.spec.account.balance == 10000
    assert one.session.plan.spec.services.risk.rr_ratio == 2
    one.crash()
    one.open()
    assert one.session.plan.spec.account.balance == 99, "a start reads all of the file"


def test_only_what_needs_a_restart_changes_nothing(made):
    one = made("[account]\nbalance = 10000\n")
    level, text = one.reload("[account]\nbalance = 99\n")
    assert (level, text.partition(" (")[0]) == ("WARN", "needs a restart: account.balance")
    assert len(one.rows("config")) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[strategy\n", "not valid TOML"),
        ("[risk]\nrr_ratioo = 2\nmax_concurrent = 0\n[live]\nstal_s = 3\n", "3 problems: "),
        ("[strategy]\none_at_a_time = 7\n", "one_at_a_time"),
        ('[plugins.a]\nstrategy = "nobody"\n', "nobody"),
        ('[broker]\nname = "backtrader"\n', "broker.name"),
        ("[live.receiver]\nport = 99999\n", "live.receiver.port"),
        ('[shadow_mode]\nshadow_plugins = ["nobody"]\n', "shadow_mode.shadow_plugins: no plugin nobody"),
        (None, "there is no such file"),
    ],
)
def test_a_broken_file_changes_nothing_and_says_all_of_it(made, text, told):
    one = made("[strategy]\none_at_a_time = true\n")
    before = one.session
    if text is None:
        one.config.unlink()
        one.tell()
        one.run(0.2)
    else:
        one.reload(text)
    level, said = one.said()[-1]
    assert level == "WARN"
    assert said.startswith("nothing was applied, the settings stay as they were: ")
    assert told in said
    assert one.session is before
    assert len(one.rows("config")) == 1
    one.post(entry(id="on"))
    one.run(1)
    assert one.decisions()[-1][1] == "filled"
    assert one.is_rerun_equal()


def test_nothing_new_is_said_and_is_no_other_session(made):
    one = made("[strategy]\none_at_a_time = true\n")
    before = one.session
    assert one.reload("[strategy]\none_at_a_time = true\n# a comment\n") == ("INFO", "nothing has changed")
    assert one.session is before


def test_tickets_pauses_and_failures_go_on_over_a_change(made):
    one = made(TWO)
    one.post(entry(id="first", plugin_hint="one", sl=1.0))
    one.run(1)
    one.session.engine.rein("two")
    tickets = dict(one.session.simulation.broker.tickets)
    level, _ = one.reload(TWO + "[plugins.one.settings]\none_at_a_time = true\n")
    assert level == "INFO"
    after = one.session
    assert {n: (t.plugin_id, t.sl, t.side) for n, t in after.simulation.broker.tickets.items()} == {
        n: (t.plugin_id, t.sl, t.side) for n, t in tickets.items()
    }
    assert tickets
    assert after.engine._reined.hold("two", "EURUSD")
    assert after.simulation.registry.get_plugin("one").one_at_a_time is True
    assert after.simulation.registry.get_plugin("two").one_at_a_time is False


@pytest.mark.parametrize("name", ["bracket", "v3_combined", "v6_price_action"])
def test_what_services_and_the_broker_remember_is_the_same_after_a_change(made, name):
    one = made(f"[strategy]\nname = '{name}'\n[risk]\nmax_concurrent = 9\n")
    one.post(entry(id="first", sl=1.0))
    one.run(1)
    one.tell()  # nothing has changed: the same turn as the one that follows
    one.run(0.2)
    before = one.session.save()["simulation"]
    assert one.reload(f"[strategy]\nname = '{name}'\n[risk]\nmax_concurrent = 4\n")[0] == "INFO"
    after = one.session.save()["simulation"]
    for part in ("services", "orders", "session"):
        assert after[part] == before[part], part
    assert one.session.plan.spec.services.risk.max_concurrent == 4
    assert one.is_rerun_equal()


def test_a_plugin_is_left_out_once_it_has_nothing_open_and_let_in_again(made):
    one = made(TWO)
    off = TWO.replace("[plugins.two]\n", "[plugins.two]\nenabled = false\n")
    one.post(entry(id="first", plugin_hint="two"))
    one.run(1)
    [ticket] = one.session.simulation.broker.tickets.values()
    assert ticket.plugin_id == "two"
    level, text = one.reload(off)
    assert level == "WARN"
    assert "needs a restart: plugins.two.enabled (two has 1 orders or tickets; pause it" in text
    assert "two" in one.session.simulation.registry.get_all_plugins()
    one.post({"type": "exit", "symbol": "EURUSD", "id": "out", "plugin_hint": "two"})
    one.run(1)
    assert not one.session.simulation.broker.tickets
    one.reload(off + "# again\n")
    assert list(one.session.simulation.registry.get_all_plugins()) == ["one"]
    level, text = one.reload(TWO)
    assert (level, "two" in one.session.simulation.registry.get_all_plugins()) == ("INFO", True)
    one.post(entry(id="again", plugin_hint="two"))
    one.run(1)
    assert one.decisions()[-1][1] == "filled"
    assert one.is_rerun_equal()


def test_a_restart_after_a_change_is_no_other_configuration(made):
    one = made("[strategy]\none_at_a_time = false\n")
    one.reload("[strategy]\none_at_a_time = true\n")
    one.crash()
    one.open()
    assert len(one.rows("config")) == 2
    assert one.session.simulation.registry.get_plugin("bracket").one_at_a_time is True
    assert one.is_rerun_equal()


def test_an_engine_that_dies_between_the_command_and_its_end_takes_the_change_at_its_start(made, monkeypatch):
    one = made("[strategy]\none_at_a_time = false\n")
    one.write("[strategy]\none_at_a_time = true\n")
    consumer = one.engine.consumer
    monkeypatch.setattr(consumer, "_write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    one.tell()
    with pytest.raises(KeyboardInterrupt):
        one.run(0.2)
    one.crash()
    one.open()
    assert [body["settings"].get("strategy.one_at_a_time") for _, _, body in one.rows("config")] == [False, True]
    assert one.said()[-1][1].startswith("applied: ")
    assert one.is_rerun_equal()


def test_a_full_disk_keeps_the_change_waiting_and_it_is_taken_once(made, monkeypatch):
    one = made("[strategy]\none_at_a_time = false\n")
    one.write("[strategy]\none_at_a_time = true\n")
    journal = one.engine.consumer.journal
    append, refusals = journal.append, iter([False, True, True])

    def full(rows: Any) -> list[int]:
        if next(refusals, False):
            raise JournalFull("no space is left")
        return append(rows)

    monkeypatch.setattr(journal, "append", full)
    one.tell()
    one.clock.advance(0.1)
    for _ in range(6):
        try:
            one.engine.consumer.turn()
        except JournalFull:
            assert len(one.rows("config")) == 1
    one.run(0.5)
    assert [body["settings"]["strategy.one_at_a_time"] for _, _, body in one.rows("config")] == [False, True]
    assert len(one.said()) == 1
    assert one.is_rerun_equal()


def test_another_file_is_read_and_it_is_said_that_a_restart_reads_the_first(made, tmp_path: Path):
    one = made("[strategy]\none_at_a_time = false\n")
    other = tmp_path / "other.toml"
    other.write_text("[strategy]\none_at_a_time = true\n", encoding="utf-8")
    one.tell(str(other))
    one.run(0.2)
    assert "a restart reads the file that the runner was started with" in one.said()[-1][1]
    assert one.session.simulation.registry.get_plugin("bracket").one_at_a_time is True


FAST = """
from zepix import PluginInfo, Strategy


class Fast(Strategy):
    info = PluginInfo(strategy="fast")
    n: int = 1
"""


def test_code_of_strategies_that_has_changed_is_never_run_by_a_reload(made, tmp_path: Path):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "fast.py").write_text(FAST, encoding="utf-8")
    spec = f"[plugin_system]\nplugin_dir = {json.dumps(str(folder))}\n[strategy]\nname = 'fast'\n"
    one = made(spec)
    (folder / "fast.py").write_text(FAST + "\nopen(__file__ + '.ran', 'w')\n", encoding="utf-8")
    level, text = one.reload(spec + "n = 2\n")
    assert (level, "code of strategies is loaded at a start only" in text) == ("WARN", True)
    assert not (folder / "fast.py.ran").exists()


def test_flags_of_the_start_still_win_and_secrets_never_show(made):
    one = made("[strategy]\none_at_a_time = false\n", strategy__one_at_a_time="true")
    text = "[strategy]\none_at_a_time = false\n[telegram.controller]\ntoken = 's3cret-token'\nchat_id = 5\n"
    level, said = one.reload(text)
    assert (level, "telegram.controller.chat_id" in said, "one_at_a_time" in said) == ("INFO", True, False)
    assert "s3cret" not in json.dumps([body for _, _, body in one.rows()])


def test_a_command_for_a_runner_that_is_down_is_taken_by_the_next_start(made):
    one = made("[strategy]\none_at_a_time = false\n")
    one.crash()
    one.inbox.close()
    one.write("[strategy]\none_at_a_time = true\n")
    given = give(one.folder, command_of({"id": "while-down", "command": "reload"}), SystemClock(), wait_s=0)
    assert not given.is_running
    one.open()
    assert one.said() == [("INFO", "nothing has changed")]
    assert one.session.simulation.registry.get_plugin("bracket").one_at_a_time is True


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"plugin": "p"}, "not of a plugin"),
        ({"config": 5}, "config is printable"),
        ({"config": "x" * 1025}, "at most 1024"),
        ({"config": "a\nb"}, "config is printable"),
        ({"command": "pause", "config": "a"}, "belongs to reload"),
    ],
)
def test_a_wrong_command_is_told(given, told):
    with pytest.raises(ValueError, match=told):
        command_of({"id": "12345678", "command": "reload", **given})


def test_the_document_says_the_same_as_the_rules():
    page = (Path(__file__).resolve().parents[2] / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = page.partition("## Settings that change while it runs")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith(("| yes", "| restart"))]
    assert rows == [f"| {'yes' if rule.is_hot else 'restart'} | `{rule.pattern}` | {rule.reason} |" for rule in RULES]


def test_every_setting_has_a_rule_and_what_counts_money_never_changes_while_it_runs():
    assert all(rule.reason for rule in RULES)
    assert len({rule.pattern for rule in RULES}) == len(RULES)
    keys = [key.replace("*", "x") for key in dotted_keys()]
    fallen = [key for key in keys if rule_of(key).pattern == "*"]
    assert not [key for key in fallen if rule_of(key).is_hot]
    assert {key.partition(".")[0] for key in fallen} == {"seed", "from", "to", "out", "report", "sweep", "journal",
                                                         "telegram"}  # fmt: skip
    never = ("account.", "alerts.", "data.", "dialects.", "assets.", "broker.", "fill.", "restrictions.")
    assert not [key for key in keys if key.startswith(never) and rule_of(key).is_hot]
    assert not rule_of("telegram.controller.token").is_hot

"""What is away for a while and comes back: the live slot, a plugin with live tickets; and what a reload lets in."""

from __future__ import annotations

from pathlib import Path

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT, operator_events, rows_of, tell, trade, traded_with_one_left
from tests.live.modes.test_contract import Configured
from zepix_live.rerunning import rerun_folder
from zepix_live.shadow_report import compared

PLUGINS = """
{plugins}
[shadow_mode]
default_mode = "LIVE"
{more}
[broker.live]
name = "simulated"
"""
ONE, TWO = '[plugins.one]\nstrategy = "bracket"\n', '[plugins.two]\nstrategy = "bracket"\n'


def write(config: Path, *plugins: str, more: str = "") -> None:
    config.write_text(PLUGINS.format(plugins="".join(plugins), more=more), encoding="utf-8")


def things(one: Desk) -> dict[str, int]:
    assert one.engine is not None
    return {book.name: len(book.things()) for book in one.engine.consumer.session.books}


def test_a_slot_that_comes_back_numbers_its_orders_and_tickets_on(desk) -> None:
    """Numbers given twice would make one ticket of two: in the report, in the database, wherever rows are read."""
    one: Desk = desk(**SLOT)
    traded_with_one_left(one, 3, "left")
    one.crash()
    one.flags = {}
    one.open()
    one.run(3)
    one.crash()
    one.open()  # a start with the same settings keeps it in mind
    one.crash()
    one.open(**SLOT)
    trade(one, 3, first=10)
    for book in ("live", "twin"):
        opened = [(b["ticket"], b["order"]) for b in rows_of(one, book, "filled") if b["ticket"]]
        assert [ticket for ticket, _ in opened] == [1, 2, 3, 4, 5, 6, 7], book
        assert len({order for _, order in opened}) == 7, book
    assert one.engine is not None
    waiting = one.engine.consumer.session.conduct.fidelity.state()
    assert not any(log["open"] or log["orders"] for log in waiting["logs"].values()) and not waiting["waiting"]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal
    [found] = compared(one.folder).values()
    assert (len(found.pairs), found.lonely) == (7, [])


def test_a_plugin_that_comes_back_in_shadow_sees_its_live_ticket_to_its_end(tmp_path: Path) -> None:
    config = tmp_path / "live.toml"
    write(config, ONE, TWO)
    one = Configured(tmp_path / "live", config)
    one.open()
    one.run(5)
    one.post(entry("buy", id="a", sl=1.0, plugin_hint="one"))
    one.run(3)
    one.crash()
    write(config, TWO)
    engine = one.open()
    assert any("live: plugin 'one' is not here any more" in line for line in engine.statement["lines"])
    one.run(1)
    one.crash()
    write(config, ONE, "shadow_mode = true\n", TWO)
    one.open()
    one.post(entry("buy", id="b", sl=1.0, plugin_hint="one"))
    one.run(3)
    assert things(one) == {"shadow": 1, "live": 1, "twin": 1}
    one.post({"type": "exit", "symbol": "EURUSD", "plugin_hint": "one", "id": "out"})
    one.run(3)
    assert things(one) == {"shadow": 0, "live": 0, "twin": 0}
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_reload_lets_no_plugin_begin_live_that_its_file_puts_into_shadow(tmp_path: Path) -> None:
    """Modes need a restart, a plugin's ``enabled`` does not: the one without the other would trade real money."""
    config = tmp_path / "live.toml"
    write(config, ONE, TWO, "enabled = false\n")
    one = Configured(tmp_path / "live", config)
    engine = one.open()
    one.run(5)
    write(config, ONE, TWO, "enabled = true\n", more='shadow_plugins = ["two"]')
    config.write_text(config.read_text(encoding="utf-8").replace('"LIVE"', '"HYBRID"'), encoding="utf-8")
    tell(one, "reload")
    one.run(1)
    [(level, text)] = operator_events(one)
    assert level == "WARN" and "plugins.two.enabled (it is to be in shadow" in text, text
    assert engine.consumer.session.conduct.plugins() == ["one"]
    write(config, ONE, TWO)  # without a word about shadow it begins, live like the other
    tell(one, "reload")
    one.run(1)
    assert engine.consumer.session.conduct.members("live") == ["one", "two"], operator_events(one)[-1]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal

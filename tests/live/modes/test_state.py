"""What the books remember: over restarts, with and without their caches, forgotten ticks, other settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT, operator_events, rows_of, tell, traded_with_one_left
from zepix_live.engine import forgetting
from zepix_live.engine.plan import plan_of
from zepix_live.engine.price_rows import PriceColumns
from zepix_live.engine.session import LiveSession
from zepix_live.rerunning import rerun_folder

START_NS = 1_704_067_200_000_000_000
WIDE = {**SLOT, "broker__live__spread_points": 7}


def totals(one: Desk) -> list[tuple[int, int]]:
    """Of each book its open tickets and what it has closed so far."""
    assert one.engine is not None
    books = one.engine.consumer.session.books
    return [
        (len(book.simulation.broker.tickets), sum(body["pnl_minor"] for body in rows_of(one, book.name, "closed")))
        for book in books
    ]


@pytest.mark.parametrize("without", ["", "journal-prices.bin", "journal-snapshots.sqlite"])
def test_a_restart_goes_on_in_every_book_whatever_of_its_caches_is_gone(desk, without: str) -> None:
    one: Desk = desk(**WIDE)
    traded_with_one_left(one, 3, "open")
    before = totals(one)
    one.crash()
    if without:
        for file in one.folder.glob(f"{without}*"):
            file.unlink()
    engine = one.open()
    assert totals(one) == before and before[1][0] == before[2][0] == 1
    assert engine.recovered.differences == []
    one.post({"type": "exit", "side": "buy", "symbol": "EURUSD", "id": "out"})
    one.run(4)
    assert [tickets for tickets, _ in totals(one)] == [0, 0, 0]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def ticking(flags: dict[str, str]) -> LiveSession:
    from zepix.config.check import Raw
    from zepix.spec import load_spec

    given = {"strategy.name": "bracket", **flags}
    plan = plan_of(load_spec(None, flags={key: Raw(value) for key, value in given.items()}, environ={}))
    found = LiveSession(plan, {"EURUSD": "tick"})
    found.take(START_NS, "start", {})
    return found


def test_forgotten_ticks_are_forgotten_in_every_book_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice restored, once with the ticks forgotten already: books stay equal, and minutes are counted once."""
    monkeypatch.setattr(forgetting, "MOST_TICKS", 200)
    monkeypatch.setattr(forgetting, "KEPT_TICKS", 50)
    flags = {"broker.live.name": "simulated", "broker.live.spread_points": "7", "shadow_mode.default_mode": "LIVE"}
    session = ticking(flags)
    for number in range(500):
        points = 110_000 + number % 40
        session.take(
            START_NS + (number + 1) * 10**10, "prices", {"ended": [], "opened": [["EURUSD", points, points + 12]]}
        )
        if number in (230, 420):
            session = session.copy()
    plain, live, twin = (book.feed.growing["EURUSD"] for book in session.books)
    assert plain.first == live.first == twin.first > 300
    assert [len(one.minutes.bars()[0]) for one in (plain, live, twin)] == [len(plain.minutes.bars()[0])] * 3
    assert int(live.ask_open[live.n - 1]) - int(plain.ask_open[plain.n - 1]) == 7
    assert int(live.bid_open[live.n - 1]) == int(plain.bid_open[plain.n - 1])
    again = session.copy()
    assert [book.save()["simulation"] for book in again.books] == [book.save()["simulation"] for book in session.books]
    assert PriceColumns.of(again.feed.growing).forgotten["EURUSD"][0] == plain.first


def test_a_slot_that_comes_with_other_settings_begins_with_the_prices_and_leaves_virtual_tickets_where_they_are(
    desk,
) -> None:
    one: Desk = desk()
    one.open()
    one.run(30)
    one.post(entry("buy", id="old", sl=1.0))
    one.run(3)
    one.crash()
    one.open(**WIDE)
    one.post(entry("buy", id="new", sl=1.0))
    one.run(3)
    assert [tickets for tickets, _ in totals(one)] == [1, 1, 1]
    one.post({"type": "exit", "side": "buy", "symbol": "EURUSD", "id": "out"})
    one.run(3)
    assert [tickets for tickets, _ in totals(one)] == [0, 0, 0]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_slot_that_goes_is_said_with_what_was_open(desk) -> None:
    one: Desk = desk(**SLOT)
    one.open()
    one.run(30)
    one.post(entry("buy", id="a", sl=1.0))
    one.run(3)
    one.crash()
    one.flags = {}
    engine = one.open()
    lines = [line for line in engine.statement["lines"] if line.startswith("needs a human: the live book is gone")]
    assert lines == ["needs a human: the live book is gone, and had 1 orders or tickets: nobody manages them here"]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_modes_set_by_command_outlive_a_restart_and_other_settings_but_not_another_mode_in_the_file(desk) -> None:
    one: Desk = desk(**SLOT)
    one.open()
    one.run(5)
    tell(one, "demote", "bracket")
    one.run(0.5)
    one.crash()
    for more, is_in_shadow in (({}, True), ({"strategy__one_at_a_time": "true"}, True)):
        engine = one.open(**more)
        assert engine.consumer.session.conduct.modes.is_plugin_in_shadow("bracket") is is_in_shadow
        one.crash()
    engine = one.open(strategy__one_at_a_time="true", shadow_mode__default_mode="HYBRID")
    assert not engine.consumer.session.conduct.modes.is_plugin_in_shadow("bracket")
    assert any("modes are as configured now: HYBRID" in line for line in engine.statement["lines"])
    assert operator_events(one) == [("INFO", "bracket is in shadow")]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


RELOADED = """
[plugins.bracket]
strategy = "bracket"
[plugins.bracket.settings]
one_at_a_time = {one}
{more}
[shadow_mode]
default_mode = "LIVE"
[broker.live]
name = "simulated"
"""


def test_settings_reloaded_while_it_runs_go_on_in_every_book(tmp_path: Path) -> None:
    from tests.live.modes.test_contract import Configured

    config = tmp_path / "live.toml"
    config.write_text(RELOADED.format(one="false", more=""), encoding="utf-8")
    one = Configured(tmp_path / "live", config)
    one.open()
    one.run(10)
    one.post(entry("buy", id="a", sl=1.0, strategy="bracket", plugin_hint="bracket"))
    one.run(3)
    more = '[plugins.second]\nstrategy = "bracket"'
    config.write_text(RELOADED.format(one="true", more=more), encoding="utf-8")
    tell(one, "reload")
    one.run(1)
    assert one.engine is not None
    session = one.engine.consumer.session
    assert [len(book.simulation.broker.tickets) for book in session.books] == [0, 1, 1]
    one.post(entry("buy", id="b", sl=1.0, plugin_hint="bracket"))
    one.post(entry("buy", id="c", sl=1.0, plugin_hint="second"))
    one.run(3)
    told = [(b["plugin"], b["outcome"]) for b in rows_of(one, "live", "decision") if b["final"]]
    said = operator_events(one)[-1][1]
    assert told[-2:] == [("bracket", "refused"), ("second", "filled")] or "needs a restart" in said, said
    one.close()
    assert rerun_folder(one.folder, {}).is_equal

"""Which plugins of several hear an alert, by mode; and what becomes of the tickets of a plugin with another name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT, rows_of, tell
from tests.live.modes.test_contract import Configured
from tests.unit.engine.test_router import Bracket, plugin
from tests.world import alert
from zepix.engine import PluginRegistry, PluginRouter
from zepix_live.engine.session import LiveSession
from zepix_live.rerunning import rerun_folder

TWO: dict[str, Any] = {"plugins__bold__strategy": "bracket", "plugins__shy__strategy": "bracket"}
BROADCAST = {"shadow_mode__enabled": "true"}


def session_of(one: Desk) -> LiveSession:
    assert one.engine is not None
    return one.engine.consumer.session


def decided(one: Desk) -> list[tuple[str, str, str, str, str]]:
    return [
        (b.get("book", "shadow"), b["id"], b["plugin"], b["outcome"], b["reason"])
        for _, _, b in one.rows("decision") if b["final"]
    ]  # fmt: skip


def posted(one: Desk, **more: Any) -> Desk:
    one.open()
    one.run(30)
    one.post(entry("buy", id="a", strategy="bracket", sl=1.0, **more))
    one.run(3)
    return one


def test_an_ambiguous_alert_is_refused_where_nobody_asked_for_a_broadcast(desk) -> None:
    assert decided(posted(desk(**TWO))) == [("shadow", "a1", "", "error", "ambiguous_plugin")]


def test_every_capable_plugin_in_shadow_answers_an_ambiguous_alert(desk) -> None:
    one = posted(desk(**TWO, **BROADCAST))
    assert decided(one) == [("shadow", "a1", name, "filled", "") for name in ("bold", "shy")]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_hint_still_names_one(desk) -> None:
    assert decided(posted(desk(**TWO, **BROADCAST), plugin_hint="shy")) == [("shadow", "a1", "shy", "filled", "")]


def test_of_a_live_and_a_shadow_plugin_only_the_one_in_shadow_answers_and_it_is_said(desk) -> None:
    one = posted(
        desk(**TWO, **BROADCAST, **{**SLOT, "shadow_mode__default_mode": "HYBRID"}, plugins__shy__shadow_mode="true")
    )
    assert decided(one) == [
        ("shadow", "a1", "shy", "filled", ""), ("live", "a1", "", "error", "ambiguous_plugin"),
    ]  # fmt: skip


def test_where_both_are_live_nobody_answers_and_it_is_said_once(desk) -> None:
    one = posted(desk(**TWO, **BROADCAST, **SLOT))
    assert sorted(decided(one)) == [("live", "a1", "", "error", "ambiguous_plugin")]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_an_exit_that_reaches_nobody_while_something_real_is_open_is_critical(desk) -> None:
    one = posted(desk(**TWO, **SLOT), plugin_hint="bold")
    one.post({"type": "exit", "symbol": "EURUSD", "side": "sell", "strategy": "bracket", "id": "other-side"})
    one.post({"type": "exit", "symbol": "EURUSD", "strategy": "bracket", "id": "exit"})
    one.post({"type": "exit", "symbol": "EURUSD", "strategy": "nobody", "id": "exit-2"})
    one.run(3)
    told = [body for _, _, body in one.rows("event") if body["code"] == "exit_unheard"]
    assert [(body["book"], body["level"], body["alert"]) for body in told] == [
        ("live", "CRITICAL", "a3"), ("live", "CRITICAL", "a4"),
    ]  # fmt: skip
    assert told[0]["text"].startswith(
        "exit a3 for EURUSD reached no plugin (ambiguous_plugin) while bold has 1 open ticket that"
    )
    assert "no_plugin_found" in told[1]["text"]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_an_exit_that_reaches_nobody_is_a_warning_on_paper_and_nothing_where_nothing_is_open(desk) -> None:
    one = posted(desk(**TWO), plugin_hint="bold")
    one.post({"type": "exit", "symbol": "EURUSD", "strategy": "bracket", "id": "exit"})
    one.post({"type": "exit", "symbol": "XAUUSD", "strategy": "bracket", "id": "exit-2"})
    one.run(3)
    told = [body for _, _, body in one.rows("event") if body["code"] == "exit_unheard"]
    assert [(body["level"], body["alert"]) for body in told] == [("WARN", "a2")]


def test_nothing_is_broadcast_beyond_the_family() -> None:
    registry = PluginRegistry()
    registry.add(plugin(Bracket, "one"))
    registry.add(plugin(Bracket, "two"))
    route = PluginRouter(registry, broadcast=True).route_signal(alert(0, strategy="nobody"))
    assert (route.plugins, route.reason) == ((), "no_plugin_found")


def test_a_plugin_renamed_between_restarts_leaves_its_tickets_with_their_stops_in_every_book_and_it_is_said(
    tmp_path: Path,
) -> None:
    old = {"plugins__old__strategy": "bracket", **SLOT}
    one = Desk(tmp_path / "live", **old)
    one.open()
    one.run(30)
    one.post(entry("buy", id="a", sl_pips=3, strategy="bracket"))
    one.run(2)
    tell(one, "demote", "old")
    one.post(entry("buy", id="b", sl_pips=3, strategy="bracket"))
    one.run(2)
    before = [{(t.plugin_id, t.sl) for t in book.simulation.broker.tickets.values()} for book in session_of(one).books]
    assert all(len(found) == 1 for found in before)
    one.crash()
    del one.flags["plugins.old.strategy"]
    engine = one.open(plugins__new__strategy="bracket")
    after = [{(t.plugin_id, t.sl) for t in book.simulation.broker.tickets.values()} for book in session_of(one).books]
    assert after == before
    said = [line for line in engine.statement["lines"] if "'old' is not here any more" in line]
    assert len(said) == 3 and said[0].startswith("needs a human:") and "live: plugin 'old'" in said[1]
    one.crash()
    engine = one.open(plugins__new__strategy="bracket")
    still = [line for line in engine.statement["lines"] if "'old', which is not here" in line]
    assert [line.split(" of ")[0] for line in still] == [
        "needs a human: shadow: 1 open ticket", "needs a human: live: 1 open ticket",
    ]  # fmt: skip
    one.post(entry("sell", id="c", sl_pips=50, strategy="bracket"))
    one.run(60)
    stopped = [rows_of(one, book, "closed") for book in ("shadow", "live", "twin")]
    assert [[body["reason"] for body in found] for found in stopped] == [["sl"], ["sl"], ["sl"]]
    assert {b["plugin"] for b in rows_of(one, "live", "filled") if b["alert"].startswith("a") and b["ticket"] > 1} == {
        "new"
    }
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_plugin_that_left_the_broadcast_still_hears_the_exit_of_what_it_has_there(tmp_path: Path) -> None:
    config = tmp_path / "live.toml"
    config.write_text(
        '[plugins.one]\nstrategy = "bracket"\n[plugins.two]\nstrategy = "bracket"\n[broker.live]\nname = "simulated"\n'
        '[shadow_mode]\nenabled = true\ndefault_mode = "HYBRID"\nshadow_plugins = ["bracket"]\n',
        encoding="utf-8",
    )
    one = Configured(tmp_path / "live", config)
    engine = one.open()
    one.run(5)
    one.post(entry("buy", id="a", sl=1.0))
    one.run(3)
    books = engine.consumer.session.books
    assert [len(book.things()) for book in books] == [2, 0, 0]
    tell(one, "promote", "one", force=True)
    one.post(entry("buy", id="b", sl=1.0))
    one.run(3)
    assert [len(book.things("one")) for book in books] == [1, 0, 0]
    one.post({"type": "exit", "symbol": "EURUSD", "id": "out"})
    one.run(3)
    assert [len(book.things()) for book in books] == [0, 0, 0]
    one.close()
    assert rerun_folder(one.folder, {}).is_equal

"""Modes by command: promotion by thresholds, switches while orders are under way, flatten, enable and disable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT, operator_events, rows_of, tell, trade
from zepix_live.engine.books import view_of
from zepix_live.engine.session import LiveSession
from zepix_live.rerunning import rerun_folder

SHADOW = {**SLOT, "shadow_mode__default_mode": "HYBRID", "shadow_mode__shadow_plugins": '["bracket"]'}
EASY = {"shadow_mode__promotion__min_tickets": 2, "shadow_mode__promotion__min_days": 0,
        "shadow_mode__promotion__min_profit_factor": 0}  # fmt: skip


def session_of(one: Desk) -> LiveSession:
    assert one.engine is not None
    return one.engine.consumer.session


def opened(one: Desk, **flags: Any) -> Desk:
    one.open(**flags)
    one.run(30)
    return one


def open_tickets(one: Desk) -> dict[str, int]:
    return {name: book["open_tickets"] for name, book in view_of(session_of(one))["books"].items()}


def test_promotion_is_refused_with_what_is_missing_and_done_once_nothing_is(desk) -> None:
    one = opened(desk(**SHADOW, **{**EASY, "shadow_mode__promotion__min_profit_factor": 0.1}))
    tell(one, "promote", "bracket")
    trade(one, 2, sl_pips=20)
    tell(one, "promote", "bracket")
    one.run(0.2)
    (first, second) = operator_events(one)
    assert first == (
        "WARN",
        "bracket is not promoted: 0 closed tickets in shadow, 2 are asked for; a profit factor of 0.00, 0.1 is asked "
        "for",
    )
    score = session_of(one).conduct.scores.of("bracket")
    assert score.tickets == 2
    is_enough = score.profit_factor >= 0.1
    assert second[0] == ("INFO" if is_enough else "WARN")
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_promoted_plugin_trades_live_with_a_twin_and_a_demoted_one_no_more(desk) -> None:
    one = opened(desk(**SHADOW, **EASY))
    trade(one, 2)
    tell(one, "promote", "bracket")
    trade(one, 2, first=2)
    one.crash()
    one.open()
    trade(one, 1, first=4)
    tell(one, "demote", "bracket")
    trade(one, 1, first=5)
    counts = [len(rows_of(one, book, "closed")) for book in ("shadow", "live", "twin")]
    assert counts == [3, 3, 3]
    assert [text for _, text in operator_events(one)] == [
        "bracket is promoted; live: bracket; new there: bracket", "bracket is in shadow",
    ]  # fmt: skip
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_force_promotes_and_says_what_was_missing(desk) -> None:
    one = opened(desk(**SHADOW))
    tell(one, "promote", "bracket", force=True)
    one.run(0.2)
    [(level, text)] = operator_events(one)
    assert level == "INFO" and text.startswith("bracket is promoted by force, though it has 0 closed tickets in shadow")
    [(_, _, row)] = one.rows("operator")
    assert (row["force"], row["by"]) == (True, "anna")


def test_without_a_live_broker_nothing_is_switched_and_it_is_said(desk) -> None:
    one = opened(desk(shadow_mode__default_mode="LIVE"))
    tell(one, "promote", "bracket", force=True)
    tell(one, "mode", mode="HYBRID")
    tell(one, "rearm", "bracket")
    one.run(0.2)
    assert operator_events(one) == [
        ("WARN", "bracket is not promoted: there is no live broker (broker.live.name)"),
        ("WARN", "everything stays in SHADOW: there is no live broker (broker.live.name)"),
        ("WARN", "bracket has no breaker to arm: none has tripped"),
    ]
    mode = view_of(session_of(one))["mode"]
    assert (mode["global"], mode["effective"]) == ("LIVE", "SHADOW")
    assert mode["reason"] == "there is no live broker (broker.live.name)"
    assert list(view_of(session_of(one))["books"]) == ["shadow"]


UNDER_WAY = {
    "a market order on its way": ({}, {"fill__latency_ms": 61_000, "broker__live__fill__latency_ms": 90_000}),
    "a pending order": ({"order_type": "limit", "entry_price": 1.0954}, {}),
    "a ticket": ({}, {}),
}


@pytest.mark.parametrize(("more", "flags"), UNDER_WAY.values(), ids=UNDER_WAY)
@pytest.mark.parametrize("word", ["demote", "mode"])
def test_what_is_under_way_at_a_switch_is_neither_lost_nor_doubled(desk, more, flags, word: str) -> None:
    one = opened(desk(**SLOT, **flags))
    one.post(entry("buy", id="a", sl=1.0, **more))
    one.run(0.1)
    tell(one, word, *(["bracket"] if word == "demote" else []), **({} if word == "demote" else {"mode": "SHADOW"}))
    one.run(0.1)
    one.post(entry("buy", id="b", sl=1.0, volume=0.2))
    one.run(8)
    one.crash()
    one.open()
    assert open_tickets(one) == {"shadow": 1, "live": 1, "twin": 1}
    one.post({"type": "exit", "symbol": "EURUSD", "id": "out"})
    one.run(6)
    assert open_tickets(one) == {"shadow": 0, "live": 0, "twin": 0}
    for book, steps in (("shadow", 20), ("live", 10), ("twin", 10)):
        assert [body["steps"] for body in rows_of(one, book, "closed")] == [steps], book
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_a_plugin_that_comes_back_while_its_old_ticket_is_open_goes_on_with_it(desk) -> None:
    one = opened(desk(**SLOT))
    one.post(entry("buy", id="a", sl=1.0))
    one.run(2)
    tell(one, "demote", "bracket")
    tell(one, "promote", "bracket", force=True)
    one.post(entry("buy", id="b", sl=1.0))
    one.run(3)
    assert open_tickets(one) == {"shadow": 0, "live": 2, "twin": 2}


@pytest.mark.parametrize(
    ("scope", "left", "told"),
    [
        (
            {},
            {"shadow": 0, "live": 0, "twin": 0},
            "2 tickets and 0 orders are told to close; no new",
        ),
        (
            {"book": "live"},
            {"shadow": 1, "live": 0, "twin": 0},
            "1 tickets and 0 orders are told to close in the live book; no new",
        ),
        (
            {"book": "shadow"},
            {"shadow": 0, "live": 1, "twin": 1},
            "1 tickets and 0 orders are told to close in the shadow book; no new",
        ),
        (
            {"plugin": "bracket"},
            {"shadow": 0, "live": 0, "twin": 0},
            "2 tickets of bracket and 0 orders are told to close",
        ),
    ],
    ids=["all", "the live book", "the shadow book", "a plugin"],
)
def test_flatten_closes_its_scope_and_takes_nothing_new_there(desk, scope, left, told: str) -> None:
    one = opened(desk(**SLOT))
    one.post(entry("buy", id="a", sl=1.0))
    one.run(2)
    tell(one, "demote", "bracket")
    one.post(entry("buy", id="b", sl=1.0))
    one.run(2)
    assert open_tickets(one) == {"shadow": 1, "live": 1, "twin": 1}
    tell(one, "flatten", scope.get("plugin", ""), book=scope.get("book", ""))
    one.run(2)
    assert open_tickets(one) == left
    assert operator_events(one)[-1][1].startswith(told)
    assert {body["reason"] for _, _, body in one.rows("closed")} == {"manual"}
    one.post(entry("sell", id="c", sl=2.0))
    one.run(2)
    is_paused_in_shadow = scope.get("book") != "live"
    assert open_tickets(one)["shadow"] == left["shadow"] + (not is_paused_in_shadow)
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def test_flatten_cancels_what_waits(desk) -> None:
    one = opened(desk(**SLOT))
    one.post(entry("buy", id="a", sl=0.5, order_type="limit", entry_price=0.6))
    one.run(2)
    assert view_of(session_of(one))["books"]["live"]["pending"] == 1
    tell(one, "flatten")
    one.run(2)
    books = view_of(session_of(one))["books"]
    assert [book["pending"] for book in books.values()] == [0, 0, 0]
    assert operator_events(one)[-1][1].startswith("0 tickets and 1 orders are told to close; no new entries")


def test_disable_and_enable_hold_in_every_book_and_over_a_restart(desk) -> None:
    one = opened(desk(**SLOT))
    one.post(entry("buy", id="a", sl=1.0))
    one.run(2)
    tell(one, "disable", "bracket")
    one.post(entry("buy", id="b", sl=1.0))
    one.run(1)
    one.crash()
    one.open()
    one.post({"type": "exit", "symbol": "EURUSD", "id": "out"})
    one.run(3)
    assert open_tickets(one) == {"shadow": 0, "live": 0, "twin": 0}
    tell(one, "enable", "bracket")
    tell(one, "enable", "bracket")
    one.post(entry("buy", id="c", sl=1.0))
    one.run(3)
    assert open_tickets(one) == {"shadow": 0, "live": 1, "twin": 1}
    assert [text for _, text in operator_events(one)] == [
        "bracket is disabled: no new risk; its open tickets keep stops, trailing, booking and exits",
        "bracket is enabled", "bracket was enabled already",
    ]  # fmt: skip
    assert [(b["id"], b["reason"]) for b in rows_of(one, "live", "decision") if b["reason"]] == [
        ("a3", "plugin_disabled")
    ]


REMEMBERS = """
from zepix import PluginInfo, Strategy


class Remembers(Strategy):
    info = PluginInfo(strategy="remembers")

    async def on_start(self):
        self.started = self.api.now_ns
        self.heard = 0

    async def process_entry_signal(self, alert):
        await self.api.place_order(alert.symbol, alert.side, 0.1)

    async def process_signal(self, alert):
        self.heard += 1
"""


def test_a_plugin_that_enters_a_book_is_started_there_and_knows_what_information_said(desk, tmp_path: Path) -> None:
    (tmp_path / "remembers.py").write_text(REMEMBERS.replace("self.api.now_ns", "1"), encoding="utf-8")
    flags = {**SHADOW, "shadow_mode__shadow_plugins": '["remembers"]'}
    one = opened(desk(**flags, plugin_system__plugin_dir=str(tmp_path), strategy__name="remembers"))
    live = session_of(one).books[1].simulation.registry.get_all_plugins()["remembers"]
    assert not hasattr(live, "started")
    tell(one, "promote", "remembers", force=True)
    one.post({"type": "info", "symbol": "EURUSD", "id": "i"})
    one.run(1)
    heard = [
        getattr(book.simulation.registry.get_all_plugins()["remembers"], "heard", None)
        for book in session_of(one).books
    ]
    assert live.started == 1 and heard[1:] == [heard[0]] * 2


def test_rearm_arms_the_guard_that_tripped_and_leaves_the_other_accounts_alone(desk) -> None:
    """A base near what the live account has left would close everything in a twin that lost nothing: each book has its
    own account. One that cannot be armed leaves all as they are."""
    guarded = {"equity_guard__enabled": "true", "equity_guard__stop_frac": 0.98, "equity_guard__target_frac": 1.1}
    breaker = {"shadow_mode__breaker__enabled": "false"}
    one = opened(desk(**SLOT, **guarded, **breaker, broker__live__fill__slippage_points=300))
    trade(one, 1, volume=1.0)
    bases = {book.name: book.simulation.house.guard._base for book in session_of(one).books}
    guards = {book.name: book.simulation.house.guard for book in session_of(one).books}
    assert [name for name, guard in guards.items() if guard.refusal() is not None] == ["live"]
    tell(one, "rearm", base_equity=8000.0)
    one.run(0.5)
    assert operator_events(one) == [("INFO", "the equity guard is armed again in the book live")]
    assert {name: guard._base for name, guard in guards.items()} == {**bases, "live": 8000}
    one.close()
    assert rerun_folder(one.folder, {}).is_equal

"""Chains as data: a table, their sums, why, and the report; numbers by hand.

EURUSD, 0.10 lots an order, no spread and no costs: an order books 7.00 at 70 points and loses 10.00 at 100. A bar of
``u`` rises 100 points and books, one of ``d`` falls 150 and stops. What closes at the market closes at the open after.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.unit.services.profit_play import Booker, Story, path, story
from tests.unit.services.reentry_world import QUADS, rides
from tests.world import FLAT, alert, flat, market
from zepix import Decision, PluginInfo, Strategy
from zepix.model import Alert
from zepix.research.chain_sums import chain_sums, level_sums
from zepix.research.report import report_html
from zepix.research.report_parts.pyramids import arithmetic
from zepix.research.result import Result
from zepix.research.why import why

PAGE = [(7, -10), (21, -13), (49, -19), (105, -31), (217, -55)]
"""§14.8: booked in all once a level is booked, and net where all of it loses."""


@pytest.fixture(scope="module")
def lost() -> Story:
    """B and both of level 1 book, all four of level 2 lose: 7 + 14 - 40 = -19."""
    return story(path("..uu" + "d" + "...."), sl_hunt=False)


@pytest.fixture(scope="module")
def won() -> Story:
    """Every level of three: 7 + 14 + 28 = 49."""
    return story(path("..uuu...."), sl_hunt=False)


# --- the table --------------------------------------------------------------------------------------------------------


def test_result_has_its_chains_as_a_frame(lost: Story) -> None:
    frame = Result(lost.record).chains
    assert list(frame.columns) == [
        *("time", "chain_id", "kind", "strategy", "symbol", "alert_id", "level", "state", "reason", "order", "ticket"),
        "money",
    ]
    assert len(frame) == len(lost.record.chains) and set(frame.kind) == {"profit"}
    assert frame.money.sum() == pytest.approx(-19.0)
    assert str(frame.time.dtype) == "datetime64[ns, UTC]"


def test_a_run_without_chains_has_an_empty_frame() -> None:
    assert len(Result(market(*flat(3)).play([], Booker).record).chains) == 0


# --- sums -------------------------------------------------------------------------------------------------------------


def test_sum_of_a_pyramid(lost: Story) -> None:
    [chain] = chain_sums(lost.record.chains)
    assert (chain.kind, chain.level, chain.end) == ("profit", 2, "stopped, strict_loss")
    assert (len(chain.orders), chain.money_minor) == (7, -1900)


def test_levels_of_pyramids_are_the_page(lost: Story, won: Story) -> None:
    """Two chains: 7 a piece, 14 a piece, 28 and -40."""
    chains = chain_sums(lost.record.chains) + chain_sums(won.record.chains)
    levels = level_sums(chains)
    assert [(one.level, one.chains, one.booked, one.lost, one.net_minor) for one in levels] == [
        (0, 2, 2, 0, 1400),
        (1, 2, 4, 0, 2800),
        (2, 2, 4, 4, -1200),
    ]
    failed = levels[2].failed
    assert (failed.chains, failed.before_minor, failed.here_minor) == (1, 2100, -4000)
    assert levels[2].left.chains == 0, "a chain that won through has not ended for another reason"


def test_a_recovery_is_counted_by_itself() -> None:
    """B falls to its stop, comes back through 70 % and is recovered: 10 lost, 7 booked by R."""
    quads = [(110_000,) * 4] * 2 + [(110_000, 110_000, 109_890, 109_890), (109_890, 109_975, 109_890, 109_975)]
    quads += [(109_975, 110_100, 109_975, 110_100)] + [(110_100,) * 4] * 4
    levels = level_sums(chain_sums(story(quads, enabled_levels=(True,)).record.chains))
    assert [(one.lost, one.recoveries, one.lost_minor, one.recoveries_minor) for one in levels] == [(1, 1, -1000, 700)]


def test_a_loss_that_the_strategy_left_alone_is_counted_once() -> None:
    class Declines(Booker):
        info = PluginInfo(strategy="declines", services=("risk", "dual_order", "profit_booking"))

        async def on_sl_hit(self, event: object) -> bool:  # type: ignore[override]
            return False

    levels = level_sums(chain_sums(story(path("..d...."), None, Declines).record.chains))
    assert [(one.lost, one.orders, one.net_minor) for one in levels] == [(1, 1, -1000)]


def test_a_chain_that_goes_on_has_no_end(won: Story) -> None:
    steps = won.record.chains[:3]
    [chain] = chain_sums(steps)
    assert (chain.ended_ns, chain.end, chain.last_ns) == (None, "open", steps[-1].t_ns)


def test_arithmetic_is_that_of_the_page() -> None:
    assert [(one.cumulative, one.net_if_failed) for one in arithmetic(7, 10)] == PAGE


# --- why --------------------------------------------------------------------------------------------------------------


def test_why_tells_the_levels_that_came_of_an_alert(lost: Story) -> None:
    told = Result(lost.record).why(lost.record.alerts[0].id)
    [plugin] = told.as_dict()["plugins"]
    [chain] = plugin["chains"]
    assert (chain["kind"], chain["state"], chain["reason"], chain["level"]) == ("profit", "stopped", "strict_loss", 2)
    assert (chain["orders"], chain["money"]) == ([1, 2, 3, 4, 5, 6, 7], -19.0)
    assert chain["steps"][0] == {
        "at": "2024-03-06T10:01:00Z", "level": 0, "state": "active", "reason": "begun", "order": 1, "ticket": 1,
        "role": "B", "money": 0.0,
    }  # fmt: skip
    text = str(told)
    assert "-> chain: pyramid stopped (strict_loss), level 2, 7 orders: -19.00 USD" in text
    assert "level 1: placed, level (order 2 P1.1; order 3 P1.2)" in text
    assert "level 1: filled (order 2 P1.1, ticket 2; order 3 P1.2, ticket 3)" in text
    assert all(len(line) <= 110 and line.isascii() for line in told.lines())


def test_why_tells_the_recovery_that_came_of_an_alert() -> None:
    told = Result(rides(QUADS).record).why("first")
    [plugin] = told.as_dict()["plugins"]
    [chain] = plugin["chains"]
    assert [order["role"] for order in plugin["orders"]] == ["A", "R"]
    assert [(s["state"], s["reason"]) for s in chain["steps"]][:6] == [
        ("active", "created"),
        ("active", "sl"),
        ("recovery_mode", "waits"),
        ("recovering", "placed"),
        ("recovering", "filled"),
        ("recovering", "end_of_data"),
    ]
    assert chain["meaning"] and f"re-entry {chain['state']} ({chain['reason']})" in str(told)


def test_memory_and_folder_tell_the_same_chains(lost: Story, tmp_path: Path) -> None:
    result = Result(lost.record)
    result.save(tmp_path)
    alert_id = lost.record.alerts[0].id
    assert json.dumps(why(tmp_path, alert_id).as_dict()) == json.dumps(result.why(alert_id).as_dict())


def test_an_older_folder_without_chains_is_read_and_says_so(lost: Story, tmp_path: Path) -> None:
    Result(lost.record).save(tmp_path)
    (tmp_path / "chains.parquet").unlink()
    told = why(tmp_path, lost.record.alerts[0].id)
    assert told.as_dict()["plugins"][0]["chains"] is None
    assert "the folder has no chains.parquet" in " ".join(str(told).split())


def test_an_alert_without_chains_has_none() -> None:
    class Plain(Strategy):
        info = PluginInfo(strategy="plain_one")

        async def process_entry_signal(self, alert: Alert) -> Decision | None:
            await self.api.orders.place_order(alert.symbol, "buy", 0.1)
            return None

    told = Result(market(*flat(3)).play([alert(1, id="a")], Plain).record).why("a")
    assert told.as_dict()["plugins"][0]["chains"] == [] and "chain" not in str(told)


# --- the report -------------------------------------------------------------------------------------------------------


def section(page: str) -> str:
    found = re.search(r'<section id="chains">(.*?)</section>', page, re.DOTALL)
    assert found
    return found[1]


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [[re.sub("<[^>]+>", "", c) for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)] for row in rows]


def test_the_report_sets_the_pyramids_beside_the_page(lost: Story) -> None:
    rows = cells(section(report_html(Result(lost.record))))
    assert ["stopped, strict_loss", "1", "100.0%", "7", "2.00", "2", "-19.00", "-19.00"] in rows
    assert [
        *("2", "1", "4", "0", "4", "0", "0", "0.0%", "+0.00", "-40.00", "+0.00", "+0.00", "-40.00", "4 x 7 = 28", "40")
    ] in rows
    assert ["lost at level 2", "1", "+21.00", "-40.00", "-19.00", "21 - 40", "-19"] in rows


def test_the_report_says_what_winning_through_booked(won: Story) -> None:
    rows = cells(section(report_html(Result(won.record))))
    assert ["lost at none, up to level 2", "1", "-", "-", "+49.00", "-", "+49"] in rows


def test_the_report_goes_by_the_settings_of_the_run(lost: Story) -> None:
    spec = {"services": {"profit_booking": {"target_money": 8, "loss_money": 12}}}
    rows = cells(section(report_html(Result(lost.record, spec=spec))))
    assert ["lost at level 2", "1", "+21.00", "-40.00", "-19.00", "24 - 48", "-24"] in rows


def test_the_report_has_a_timeline_of_chains(lost: Story) -> None:
    page = report_html(Result(lost.record))
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page)
    assert found
    [_, signs] = json.loads(found[1])["chains"]["data"]
    assert (signs["name"], signs["marker"]["symbol"]) == ("Pyramids", ["triangle-up-open"])
    assert "level 2, stopped, strict_loss" in signs["text"][0]


def test_the_report_of_a_run_without_chains_says_nothing_of_them() -> None:
    page = report_html(Result(market(FLAT, FLAT).play([], Booker).record))
    assert 'id="chains"' not in page and 'href="#chains"' not in page


def test_re_entries_have_a_table_of_their_own() -> None:
    rows = cells(section(report_html(Result(rides(QUADS).record))))
    assert ["level 1", "1", "1"] in [row[:3] for row in rows]


def test_what_a_chain_is_called_is_escaped(lost: Story) -> None:
    record = lost.record
    steps, record.chains = record.chains, [s._replace(chain_id="<img src=x>", reason="<b>") for s in record.chains]
    try:
        page = report_html(Result(record))
    finally:
        record.chains = steps
    assert "<img src=x>" not in page and "<b>" not in section(page)


def test_levels_above_the_pyramid_of_the_settings_have_no_arithmetic() -> None:
    told = story(path("..uu" + "d" + "...."), sl_hunt=False, enabled_levels=(True,) * 5)
    spec = {"services": {"profit_booking": {"multipliers": [1, 2]}}}
    assert ["lost at level 2", "-", "-"] in [
        [row[0], *row[5:]] for row in cells(section(report_html(Result(told.record, spec=spec)))) if len(row) == 7
    ]

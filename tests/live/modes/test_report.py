"""Live against its twin: a cause put into the simulated live broker is named by its part, to the cent."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import ROOT, Desk, entry
from tests.live.modes.slots import SLOT, rows_of, tell, trade, traded_with_one_left
from zepix.errors import DataError
from zepix.research.comparing import Comparison, compare
from zepix.research.comparing.of_journal import BREAKER
from zepix.research.live_folder import LiveFolder
from zepix_live.clock import SystemClock
from zepix_live.engine.main import open_engine
from zepix_live.engine.mode_settings import Breaker
from zepix_live.finding import Wanted, find
from zepix_live.outside import last_alerts
from zepix_live.rerunning import rerun_folder
from zepix_live.shadow_report import compared, report_and_tell
from zepix_live.storage.address import address_of
from zepix_live.storage.rebuilding import rebuild

CAUSES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "nothing": ({}, set()),
    "a wider spread": ({"broker__live__spread_points": 7}, {"spread"}),
    "slippage": ({"broker__live__fill__slippage_points": 6}, {"slippage"}),
    "latency": ({"broker__live__fill__latency_ms": 61_000}, {"latency"}),
    "refusals": ({"broker__live__refusal_rate": 0.5, "broker__live__seed": 1}, {"refused there"}),
    "spread and slippage": (
        {"broker__live__spread_points": 7, "broker__live__fill__slippage_points": 6}, {"spread", "slippage"},
    ),
}  # fmt: skip


def parts(found: Comparison) -> dict[str, int]:
    assert sum(found.minor.values()) == found.b.profit - found.a.profit
    return {name: minor for name, minor in found.minor.items() if minor}


@pytest.mark.parametrize(("flags", "named"), CAUSES.values(), ids=CAUSES)
def test_an_injected_cause_is_named_by_its_part(desk, flags: dict[str, Any], named: set[str]) -> None:
    one: Desk = desk(**SLOT, **flags, shadow_mode__breaker__enabled="false")
    one.open()
    one.run(30)
    trade(one, 8)
    one.run(5)
    one.close()
    found = compared(one.folder)["bracket"]
    moved = parts(found)
    assert set(moved) == named
    assert all(minor < 0 for name, minor in moved.items() if name in ("spread", "slippage"))
    live, twin = (sum(body["pnl_minor"] for body in rows_of(one, book, "closed")) for book in ("live", "twin"))
    assert (found.b.profit, found.a.profit) == (live, twin)
    for pair in found.pairs:
        assert sum(pair.parts.values()) == pair.b.profit - pair.a.profit
    assert rerun_folder(one.folder, {}).is_equal


def test_seven_points_of_spread_on_eight_tickets_of_a_tenth_of_a_lot_cost_fifty_six_points(desk) -> None:
    """By hand: a tenth of a lot of EURUSD is 0.10 USD a point (0.00001); the ask is paid once: 8 x 7 x 0.10."""
    one: Desk = desk(**SLOT, broker__live__spread_points=7, shadow_mode__breaker__enabled="false")
    one.open()
    one.run(30)
    trade(one, 8)
    one.close()
    assert compared(one.folder)["bracket"].parts["spread"] == Decimal("-5.60")


@pytest.fixture(scope="module")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A session that begins in SHADOW and goes LIVE: tickets in all three books."""
    flags = {**SLOT, "shadow_mode__default_mode": "SHADOW", "broker__live__spread_points": 5}
    one = Desk(tmp_path_factory.mktemp("traded") / "my-live", **flags)
    one.open()
    one.run(30)
    trade(one, 2)
    tell(one, "mode", mode="LIVE")
    trade(one, 3, first=2)
    one.close()
    return one


def test_each_book_is_a_side_of_its_own(traded: Desk) -> None:
    counts = {
        book: len(compare(f"{traded.folder}:{book}", traded.folder).a.tickets) for book in ("shadow", "live", "twin")
    }
    assert counts == {"shadow": 2, "live": 3, "twin": 3}
    found = compare(f"{traded.folder}:twin", f"{traded.folder}:live")
    assert set(parts(found)) == {"spread"}
    assert not [said for said in found.different if said.startswith("data")], "the feed is one, the broker's ask is not"
    assert [pair.rule for pair in found.pairs] == ["alert"] * 3
    assert "my-live:live" in str(found)
    assert any(note.startswith("my-live has other books too") for note in compare(traded.folder, traded.folder).notes)


@pytest.mark.parametrize("is_rebuilt", [False, True], ids=["journal", "database"])
def test_what_became_of_an_alert_is_told_once_and_the_twins_word_by_its_book(traded: Desk, is_rebuilt: bool) -> None:
    if is_rebuilt:
        rebuild(traded.folder, address_of(traded.folder), SystemClock())
    found = find(traded.folder, Wanted(plugin="bracket"), {})
    assert found.source == ("database" if is_rebuilt else "journal")
    assert {row["book"] for row in found.rows} == {"shadow", "live"}
    assert len({row["id"] for row in found.rows}) == len(found.rows)
    twins = find(traded.folder, Wanted(plugin="bracket", book="twin"), {}).rows
    assert [row["book"] for row in twins] == ["twin"] * len(twins) and twins
    assert {one["book"] for alert in last_alerts(traded.folder) for one in alert["decisions"]} <= {"shadow", "live"}
    assert "; there are , " not in find(traded.folder, Wanted(reason="nobody_says_so"), {}).notes[0]


def test_an_exit_on_its_way_is_at_work_and_not_expired(traded: Desk) -> None:
    decisions = [body for book in ("shadow", "live", "twin") for body in rows_of(traded, book, "decision")]
    assert not [body for body in decisions if not body["final"] and body["outcome"] == "expired"]
    assert [body for body in decisions if not body["final"] and body["type"] == "exit"]


def test_the_breakers_line_says_what_tripped_and_counts_anew_after_rearm(desk) -> None:
    """By hand: 60 points of spread on a stop 200 points away are 0.3 R a ticket."""
    flags = {"broker__live__spread_points": 60, "shadow_mode__breaker__tickets": 5}
    one: Desk = desk(**SLOT, **flags)
    one.open()
    one.run(30)
    trade(one, 5, sl_pips=20)
    said: list[str] = []
    report_and_tell(one.folder, "", None, as_json=False, say=said.append)
    [line] = [line for line in said if "breaker" in line]
    assert line.startswith(
        "  breaker: 0.300 R apart on average, 0% ended otherwise over 5 tickets (bounds 0.25 R, 20%)"
    )
    assert line.endswith(" UTC and not armed again") and "; tripped 2024-01-01 " in line
    tell(one, "rearm", "bracket")
    trade(one, 2, first=5, sl_pips=20)
    session = one.engine.consumer.session if one.engine is not None else None
    assert session is not None
    count, gap, differing = session.conduct.fidelity.gap("bracket")
    found = LiveFolder(one.folder).breaker("bracket")
    assert (found.now, found.tripped_ns) == ((2, pytest.approx(gap), differing), None)
    assert (count, differing, f"{gap:.3f}") == (2, 0.0, "0.300")
    one.close()
    said.clear()
    report_and_tell(one.folder, "", None, as_json=True, say=said.append)
    told = json.loads(said[0])["bracket"]["breaker"]
    assert told["bounds"] == {"enabled": True, "tickets": 5, "max_gap_r": 0.25, "max_differing_frac": 0.2}
    assert (told["tickets"], told["tripped"]) == (2, None)


def test_the_page_of_modes_shows_what_its_configuration_gives(tmp_path: Path) -> None:
    """Six trades of each plugin, six minutes long, four minutes apart."""
    page = (ROOT / "docs" / "modes.md").read_text(encoding="utf-8")
    config, shown = page.split("```toml\n")[1].split("```")[0], page.split("```text\ndifferent: ")[1].split("```")[0]
    (tmp_path / "live.toml").write_text(config, encoding="utf-8")
    one = Desk(tmp_path / "my-live")
    one.engine = open_engine(replace(one.options(), config=tmp_path / "live.toml"), one.clock, {})
    one.run(30)
    for number in range(6):
        side = "buy" if number % 2 else "sell"
        for plugin in ("careful", "bold"):
            one.post(entry(side, sl_pips=20, plugin_hint=plugin))
        one.run(6)
        for plugin in ("careful", "bold"):
            one.post({"type": "exit", "side": side, "symbol": "EURUSD", "plugin_hint": plugin})
        one.run(4)
    one.run(5)
    one.close()
    said: list[str] = []
    report_and_tell(one.folder, "", None, as_json=False, say=said.append)
    assert "\n".join(said) + "\n" == f"different: {shown}"


def test_bounds_that_nobody_set_are_the_runners_own() -> None:
    assert asdict(Breaker()) == BREAKER


def test_a_book_that_is_not_there_is_told(desk) -> None:
    one: Desk = desk()
    one.open()
    one.run(5)
    one.close()
    with pytest.raises(DataError, match="no live book"):
        compare(f"{one.folder}:live", one.folder)
    with pytest.raises(DataError, match="no live book"):
        compared(one.folder)


def test_what_is_still_open_is_no_result_yet(desk) -> None:
    one: Desk = desk(**SLOT)
    traded_with_one_left(one, 1, "stays")
    one.close()
    said: list[str] = []
    report_and_tell(one.folder, "", None, as_json=False, say=said.append)
    assert any(line.startswith("bracket: 2 tickets in both (1 still open, 0.00 so far); twin ") for line in said)


def test_the_report_tells_each_ticket_with_its_parts(traded: Desk, tmp_path: Path) -> None:
    lines: list[str] = []
    report_and_tell(traded.folder, "", tmp_path / "out", as_json=False, say=lines.append)
    assert lines[0].startswith("different: settings: broker.live.name")
    assert lines[1].startswith("bracket: 3 tickets in both; twin ")
    assert lines[2] == "  spread -1.50"
    assert (
        lines[3] == "  breaker: no stop, so no R, 0% ended otherwise over 3 tickets, it judges 20 (bounds 0.25 R, 20%)"
    )
    assert [line.split(":")[1] for line in lines[4:7]] == [" -0.50 = spread -0.50"] * 3
    assert (tmp_path / "out" / "bracket" / "compare.html").is_file()
    said: list[str] = []
    report_and_tell(traded.folder, "bracket", None, as_json=True, say=said.append)
    assert json.loads(said[0])["bracket"]["parts"]["spread"] == "-1.50"
    with pytest.raises(DataError, match="nobody has no ticket in the live book"):
        report_and_tell(traded.folder, "nobody", None, as_json=False, say=said.append)

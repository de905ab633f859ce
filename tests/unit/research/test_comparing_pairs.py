"""Which ticket is which: by alert, role and number; else by symbol, side, time and size."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.unit.research.comparing_world import TRIPS, compared, curve, law, only, played, trips
from tests.world import CATALOGUE, T0, alert, minute
from zepix.model import FillModel
from zepix.research.comparing import compare
from zepix.research.comparing.books import Book, Leg, Ticket, Told
from zepix.research.comparing.comparing import differences
from zepix.research.comparing.of_statement import book_of_statement
from zepix.research.comparing.pairs import pair, same_alerts
from zepix.research.statements.statement import StatementOptions

SECOND = 10**9
WITHIN = 300 * SECOND


def told(name: str, at_s: float, **fields) -> Told:
    given = {"symbol": "EURUSD", "type": "entry", "side": "buy"} | fields
    return Told(name, T0 + round(at_s * SECOND), **given)


@pytest.mark.parametrize(
    ("ours", "theirs", "found"),
    [
        ([told("x", 0)], [told("x", 50)], {"x": "x"}),
        ([told("x", 0)], [told("x", 50, symbol="GBPUSD")], {}),
        ([told("a1", 0, explicit_id="k7")], [told("row-9", 3000, explicit_id="k7")], {"row-9": "a1"}),
        ([told("a1", 0, raw="buy it")], [told("b1", 4, raw="buy it ")], {"b1": "a1"}),
        ([told("a1", 0), told("a2", 60)], [told("b1", 58), told("b2", 1)], {"b1": "a2", "b2": "a1"}),
        ([told("a1", 0)], [told("b1", 301)], {}),
        ([told("a1", 0)], [told("b1", 5, side="sell")], {}),
        ([told("a1", 0)], [told("b1", 5, type="reversal")], {"b1": "a1"}),
        ([told("a1", 0, type="trend")], [told("b1", 0, type="trend")], {}),
    ],
    ids=[
        "id",
        "same id, other symbol",
        "sender's id",
        "text",
        "nearest",
        "too late",
        "side",
        "reversal",
        "information",
    ],
)
def test_alerts_are_the_same_by_id_by_text_by_what_they_ask(ours, theirs, found):
    assert same_alerts({one.id: one for one in ours}, {one.id: one for one in theirs}, WITHIN) == found


def ticket(name: str, at_s: float, units: int = 1000, side: int = 1, **fields) -> Ticket:
    leg = Leg(exit_ns=T0 + 10**12, exit_price=Fraction(2), units=Fraction(units), gross=units * 100)
    at_ns = T0 + round(at_s * SECOND)
    return Ticket(
        id=name, symbol="EURUSD", side=side, units=Fraction(units), entry_ns=at_ns, entry_price=Fraction(1), legs=[leg],
        **fields,
    )  # fmt: skip


def book(*tickets: Ticket, alerts=(), knows: bool = False) -> Book:
    return Book(
        name="b", kind="replay", currency="USD", digits=2, tickets=list(tickets), catalogue=CATALOGUE,
        alerts={one.id: one for one in alerts}, knows_alerts=knows,
    )  # fmt: skip


def names(found) -> list[tuple[str, str]]:
    return sorted((one.id, two.id) for one, two, _ in found.both)


def test_the_nearest_in_time_then_in_size_belong_together():
    ours = book(ticket("a", 0), ticket("b", 60, 2000), ticket("c", 60, 1000), ticket("d", 0, side=-1))
    theirs = book(ticket("p", 59, 1000), ticket("q", 61, 2000), ticket("r", 3), ticket("s", 400))
    found = pair(ours, theirs, WITHIN)
    assert names(found) == [("a", "r"), ("b", "q"), ("c", "p")]
    assert [one.id for one in found.only_a] == ["d"]
    assert [one.id for one in found.only_b] == ["s"]


def test_tickets_of_one_alert_go_by_role_and_number():
    alerts = [told("x", 0)]
    ours = book(
        ticket("1", 0, alert="x", role="A"), ticket("2", 0, alert="x", role="C1"), ticket("3", 9, alert="x", role="C1"),
        alerts=alerts, knows=True,
    )  # fmt: skip
    theirs = book(ticket("7", 5, alert="x", role="C1"), ticket("8", 5, alert="x", role="A"), alerts=alerts, knows=True)
    found = pair(ours, theirs, WITHIN)
    assert names(found) == [("1", "8"), ("2", "7")]
    assert [one.id for one in found.only_a] == ["3"], (
        "the second of its role has no partner, however near one is in time"
    )


def test_a_known_alert_without_a_ticket_is_not_paired_by_time():
    alerts = [told("x", 0), told("y", 1, side="sell")]
    ours = book(ticket("1", 0, alert="x"), alerts=alerts, knows=True)
    theirs = book(ticket("7", 1, alert="y"), alerts=alerts, knows=True)
    assert names(pair(ours, theirs, WITHIN)) == []


def test_ids_that_mean_other_alerts_in_another_log_are_paired_by_what_they_ask():
    """Both logs number their alerts from a1, and the second begins with one that the first does not have."""
    renamed = [alert(2, "entry", "buy", id="in0", symbol="GBPUSD")]
    for number, (side, entry, leaving) in enumerate(TRIPS, 1):
        renamed += [alert(entry, "entry", side, id=f"in{number}"), alert(leaving, "exit", side, id=f"out{number}")]
    assert compared(played(trips()), played(renamed)) == {}


GENERIC = "Position,Symbol,Side,Volume,Open time,Open price,Close time,Close price,Commission,Swap,Profit,Comment\n"


def statement(path: Path, rows: list[str], **options) -> Book:
    from datetime import UTC

    path.write_text(GENERIC + "\n".join(rows) + "\n", encoding="utf-8")
    return book_of_statement(path, StatementOptions(zone=UTC, currency="USD", **options), CATALOGUE, {})


def at(number: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(minute(number) / 1e9, UTC).strftime("%Y.%m.%d %H:%M:%S")


def price(points: int) -> str:
    return f"{points / 1e5:.5f}"


def row(name: int, side: str, into: float, entry: int, out: float, leaving: int, *, lots="0.10", rest="0,0", why=""):
    sign = 1 if side == "buy" else -1
    profit = sign * (leaving - entry) * float(lots)
    return f"{name},EURUSD,{side},{lots},{at(into)},{price(entry)},{at(out)},{price(leaving)},{rest},{profit:.2f},{why}"


def test_a_statement_beside_the_replay_is_slippage_size_costs_and_what_is_missing(tmp_path: Path):
    """The first long two points worse at the entry, the first short of twice the size with costs, the second long
    alike, the last short not at the broker, and a long that nobody here ordered."""
    ours = played(trips())
    asks = {entry: law(entry) + 10 for _, entry, _ in TRIPS} | {leaving: law(leaving) + 10 for _, _, leaving in TRIPS}
    book = statement(
        tmp_path / "broker.csv",
        [
            row(1, "buy", 4, asks[4] + 2, 10, law(10)),
            row(2, "sell", 12, law(12), 20, asks[20], lots="0.20", rest="-1.40,-0.30"),
            row(3, "buy", 22, asks[22], 30, law(30)),
            row(9, "buy", 50, law(50), 52, law(52)),
        ],
    )
    found = compare(ours, book)
    fills = {fill.alert_id: fill.pnl_minor for fill in ours.record.fills}
    assert only(found) == {
        "slippage": -2 * 10,
        "size": fills["in1"],
        "commission": -140,
        "swap": -30,
        "missed there": -fills["in3"],
        "missed here": (law(52) - law(50)) * 10,
    }
    assert any("its feed and its spread count to slippage" in note for note in found.notes)
    assert any("at most 300 s apart" in note for note in found.notes)


def test_a_stop_of_a_statement_is_measured_from_its_level(tmp_path: Path):
    """Our stop filled at its level, the broker's three points below: slippage, though no price of that instant fits."""
    stop = law(4) - 1
    ours = played([alert(4, id="in", sl=stop / 1e5)], fill=FillModel())
    [fill] = ours.record.fills
    assert fill.exit_reason == "sl"
    leaving = (fill.exit_ns - T0) / 60 / SECOND
    book = statement(
        tmp_path / "broker.csv", [row(1, "buy", 4, law(4) + 10, leaving, stop - 3, why=f"[sl {price(stop)}]")]
    )
    assert only(compare(ours, book)) == {"slippage": -3 * 10}
    silent = statement(tmp_path / "other.csv", [row(1, "buy", 4, law(4) + 10, leaving, stop - 3)])
    assert only(compare(ours, silent)) == {"slippage": -3 * 10}, "without a comment our level stands for theirs"


def test_a_position_that_is_open_at_the_broker_is_still_open(tmp_path: Path):
    path, half = tmp_path / "deals.csv", (law(12) - law(20) - 10) * 0.05
    path.write_text(
        "ticket,time,type,entry,position_id,volume,price,commission,swap,profit,fee,symbol,comment\n"
        f"1,{minute(4) // SECOND},0,0,9,0.1,{price(law(4) + 10)},0,0,0,0,EURUSD,\n"
        f"2,{minute(12) // SECOND},1,0,10,0.1,{price(law(12))},0,0,0,0,EURUSD,\n"
        f"3,{minute(20) // SECOND},0,1,10,0.05,{price(law(20) + 10)},0,0,{half:.2f},0,EURUSD,\n",
        encoding="utf-8",
    )
    from datetime import UTC

    ours = played(trips(without={2, 3}))
    found = compare(ours, book_of_statement(path, StatementOptions(zone=UTC, currency="USD"), CATALOGUE, {}))
    fills = {fill.alert_id: fill.pnl_minor for fill in ours.record.fills}
    assert only(found) == {"still open": -fills["in0"] - fills["in1"] + round((law(12) - law(20) - 10) * 5)}


def test_prices_of_a_feed_are_not_repeated():
    assert compared(played(trips(), curve()), played(trips(), curve())) == {}


def test_other_checksums_and_currencies_are_said():
    from dataclasses import replace

    ours = replace(book(), checksums={"EURUSD": "aaaa1111bbbb"}, settings={"a": 1, "b": "2.50"})
    theirs = replace(ours, checksums={"EURUSD": "cccc2222"}, currency="EUR", settings={"a": "1.0", "b": 2.5, "c": True})
    assert differences(ours, theirs) == [
        "accounts: USD here, EUR there",
        "data: other checksums of EURUSD (aaaa1111 here, cccc2222 there)",
        "settings: c not set here, True there",
    ]
    assert differences(ours, ours) == []

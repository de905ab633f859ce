"""Statements written by hand, as MetaTrader 5 and others write them: what is read of each, and what is refused."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.world import CATALOGUE
from zepix.alerts.imports import cells
from zepix.errors import ConfigError, DataError
from zepix.research.comparing.of_statement import book_of_statement
from zepix.research.statements.statement import StatementOptions, read_statement
from zepix.research.statements.zones import server_zone

ATHENS = ZoneInfo("Europe/Athens")
NOON_NS = 1_709_719_200 * 10**9
"""2024-03-06 10:00 UTC, noon in Athens."""
MINUTE_NS = 60 * 10**9

REPORT = """<html><head><title>Trade History Report</title></head><body><table>
<tr><th colspan="14">Trade History Report</th></tr>
<tr><th>Name:</th><th>Jane</th></tr>
<tr><th>Account:</th><th>1234567 (USD, Broker-Demo, demo, Hedge)</th></tr>
<tr><th colspan="14">Positions</th></tr>
<tr><td>Time</td><td>Position</td><td>Symbol</td><td>Type</td><td>Volume</td><td>Price</td><td>S / L</td>
<td>T / P</td>
<td>Time</td><td>Price</td><td>Commission</td><td>Swap</td><td>Profit</td></tr>
<tr><td>2024.03.06 12:00:00</td><td>11</td><td>EURUSD</td><td>buy</td><td class="hidden" colspan="8"></td>
<td>0.10</td>
<td>1.10010</td><td>1.09000</td><td></td><td>2024.03.06 12:05:00</td><td>1.10060</td><td>-0.70</td>
<td>0.00</td><td>5.00</td></tr>
<tr><td>2024.03.06 12:01:00</td><td>12</td><td>EURUSD</td><td>sell</td><td class="hidden" colspan="8"></td>
<td>0.20</td>
<td>1.10020</td><td>1.10100</td><td></td><td>2024.03.06 12:07:00</td><td>1.10103</td><td>-1.40</td>
<td>-0.25</td><td>-16.60</td></tr>
<tr><th colspan="14">Orders</th></tr>
<tr><td>Open Time</td><td>Order</td><td>Symbol</td><td>Type</td><td>Volume</td><td>Price</td><td>S / L</td>
<td>T / P</td>
<td>Time</td><td>State</td><td>Comment</td></tr>
<tr><td>2024.03.06 12:00:00</td><td>11</td><td>EURUSD</td><td>buy</td><td>0.10 / 0.10</td><td>market</td>
<td></td><td></td>
<td>2024.03.06 12:00:00</td><td>filled</td><td></td></tr>
<tr><th colspan="14">Deals</th></tr>
<tr><td>Time</td><td>Deal</td><td>Symbol</td><td>Type</td><td>Direction</td><td>Volume</td><td>Price</td>
<td>Order</td>
<td>Commission</td><td>Fee</td><td>Swap</td><td>Profit</td><td>Balance</td><td>Comment</td></tr>
<tr><td>2024.03.01 09:00:00</td><td>1</td><td></td><td>balance</td><td></td><td></td><td></td><td></td>
<td>0.00</td><td>0.00</td>
<td>0.00</td><td>10 000.00</td><td>10 000.00</td><td>deposit</td></tr>
<tr><td>2024.03.06 12:07:00</td><td>5</td><td>EURUSD</td><td>buy</td><td>out</td><td>0.20</td>
<td>1.10103</td><td>15</td><td>-0.70</td>
<td>0.00</td><td>-0.25</td><td>-16.60</td><td>9 982.75</td><td>[sl 1.10100]</td></tr>
<tr><td>2024.03.31 23:59:00</td><td>9</td><td></td><td>interest</td><td></td><td></td><td></td><td></td>
<td>0.00</td><td>0.00</td>
<td>0.00</td><td>-1.50</td><td>9 981.25</td><td></td></tr>
<tr><td></td><td></td><td></td><td></td><td></td><td></td><td></td><td></td><td>-2.10</td><td>0.00</td>
<td>-0.25</td><td>-11.60</td>
<td>9 981.25</td><td></td></tr>
<tr><th colspan="14">Results</th></tr>
<tr><td>Balance:</td><td>9 981.25</td><td>Free Margin:</td><td>9 981.25</td><td></td><td></td></tr>
</table></body></html>
"""


def book(path: Path, **options):
    given = {"zone": ATHENS} | options
    return book_of_statement(path, StatementOptions(**given), CATALOGUE, {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_history_report_of_a_hedged_account(tmp_path: Path, encoding: str):
    path = tmp_path / "ReportHistory.html"
    path.write_bytes(REPORT.encode(encoding))
    found = book(path)
    assert (found.currency, found.digits) == ("USD", 2)
    long, short = found.tickets
    assert (long.id, long.symbol, long.side, long.entry_ns) == ("11", "EURUSD", 1, NOON_NS)
    assert long.entry_price == Fraction("1.1001")
    assert long.units == 10_000
    [leg] = long.legs
    assert (leg.exit_ns, leg.exit_price) == (NOON_NS + 5 * MINUTE_NS, Fraction("1.1006"))
    assert (leg.gross, leg.commission, leg.swap, leg.reason) == (500, -70, 0, "")
    [leg] = short.legs
    assert (leg.gross, leg.commission, leg.swap) == (-1660, -140, -25)
    assert (leg.reason, leg.level) == ("sl", Fraction("1.101")), "from the comment of its deal"
    assert [(one.what, one.minor) for one in found.charges] == [("interest", -150)]
    assert found.profit == 500 - 70 - 1660 - 140 - 25 - 150
    assert found.facts["cash_flows"] == 1
    assert "1 deposits, withdrawals or credits" in " ".join(found.notes)


DEALS = """ticket,order,time,time_msc,type,entry,magic,position_id,reason,volume,price,commission,swap,profit,fee,\
symbol,comment,external_id
1,0,1709647200,1709647200000,2,0,0,0,0,0.0,0.0,0.0,0.0,5000.0,0.0,,deposit,
2,21,1709726400,1709726400123,0,0,7,21,3,0.3,1.1,-1.05,0.0,0.0,0.0,EURUSD,abc,
3,22,1709726700,1709726700000,1,1,7,21,3,0.1,1.1010,-0.35,0.0,10.0,0.0,EURUSD,,
4,23,1709727000,1709727000000,1,1,7,21,5,0.2,1.1025,-0.70,-0.10,50.0,-0.02,EURUSD,[tp 1.10250],
"""


def test_deals_with_partial_closes_share_the_costs_of_the_entry(tmp_path: Path):
    """1.05 of commission at the entry: a third, 0.35, to the first part and the rest to the second."""
    path = tmp_path / "deals.csv"
    path.write_text(DEALS, encoding="utf-8")
    [ticket] = book(path, currency="USD").tickets
    assert ticket.entry_ns == NOON_NS + 123_000_000, "the server's wall clock, to the millisecond"
    assert ticket.units == 30_000
    first, second = ticket.legs
    assert (first.gross, first.commission, first.swap, first.units) == (1000, -35 - 35, 0, 10_000)
    assert (second.gross, second.commission, second.swap, second.units) == (5000, -70 - 2 - 70, -10, 20_000)
    assert (second.reason, second.level) == ("tp", Fraction("1.1025"))
    assert ticket.profit == 6000 - 105 - 35 - 70 - 2 - 10


def test_a_netted_position_that_turns_is_two_tickets(tmp_path: Path):
    path = tmp_path / "net.csv"
    path.write_text(
        "ticket,time,type,entry,position_id,volume,price,commission,swap,profit,fee,symbol,comment\n"
        "1,1709726400,0,0,9,0.1,1.1000,0,0,0,0,EURUSD,\n"
        "2,1709726460,0,0,9,0.1,1.1010,0,0,0,0,EURUSD,\n"
        "3,1709726520,1,2,9,0.3,1.1020,0,0,30.0,0,EURUSD,\n"
        "4,1709726580,0,1,9,0.1,1.1000,0,0,20.0,0,EURUSD,\n",
        encoding="utf-8",
    )
    long, short = book(path, currency="USD").tickets
    assert (long.side, long.units, long.entry_price, long.profit) == (1, 20_000, Fraction("1.1005"), 3000)
    assert (short.side, short.units, short.entry_price, short.profit) == (-1, 10_000, Fraction("1.102"), 2000)


def test_decimal_commas_and_headings_of_a_map(tmp_path: Path):
    path = tmp_path / "broker.csv"
    path.write_text(
        "Nr;Markt;Richtung;Lots;Auf;Kurs auf;Zu;Kurs zu;Kommission;Swap;Gewinn\n"
        "1;EUR/USD;buy;0,10;06.03.2024 12:00;1,10010;06.03.2024 12:05;1,10060;-0,70;0,00;5,00\n"
        "2;XAU/USD;sell;1,00;13.03.2024 12:00;2.150,50;13.03.2024 13:00;2.148,25;0,00;-1,10;225,00\n",
        encoding="utf-8",
    )
    columns = {
        "position": "Nr", "symbol": "Markt", "side": "Richtung", "volume": "Lots", "open_time": "Auf",
        "open_price": "Kurs auf", "close_time": "Zu", "close_price": "Kurs zu", "commission": "Kommission",
        "swap": "Swap", "profit": "Gewinn",
    }  # fmt: skip
    found = book(path, columns=columns, currency="USD")
    assert [one.symbol for one in found.tickets] == ["EURUSD", "XAUUSD"]
    assert found.tickets[1].entry_price == Fraction("2150.5")
    assert found.tickets[1].units == 100
    assert found.profit == 430 + 22_390
    with pytest.raises(ConfigError, match="--columns gain: no such field"):
        read_statement(path, StatementOptions(zone=ATHENS, columns={"gain": "Gewinn"}))
    with pytest.raises(ConfigError, match="nothing names open_price"):
        read_statement(
            path, StatementOptions(zone=ATHENS, columns={n: h for n, h in columns.items() if n != "open_price"})
        )


def test_a_workbook_is_read_as_the_page_is(tmp_path: Path):
    path = tmp_path / "history.xlsx"
    rows = [
        ["Account:", "77 (EUR, Broker, real, Hedge)"],
        [
            *("Time", "Position", "Symbol", "Type", "Volume", "Price", "S / L", "T / P", "Time", "Price", "Commission"),
            *("Swap", "Profit"),
        ],
        [
            *("2024.03.06 12:00:00", 5.0, "USDJPY", "buy", 0.1, 150.123, 0.0, 0.0, "2024.03.06 12:30:00", 150.223),
            *(0.0, 0.0, 6.15),
        ],
    ]  # fmt: skip
    workbook(path, rows)
    found = book(path)
    [ticket] = found.tickets
    assert (found.currency, ticket.symbol, ticket.units) == ("EUR", "USDJPY", 10_000)
    assert ticket.legs[0].value is None, "yen into euros: the rate follows from the profit"
    assert ticket.profit == 615


def workbook(path: Path, rows: list[list[object]]) -> None:
    def cell(value: object) -> str:
        if isinstance(value, float):
            return f"<c><v>{value!r}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    body = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    near = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {space} {near}><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            '<Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {space}><sheetData>{body}</sheetData></worksheet>")


GENERIC = "Position,Symbol,Side,Volume,Open time,Open price,Close time,Close price,Commission,Swap,Profit\n"
GOOD = "1,EURUSD,buy,0.1,2024-03-06 12:00,1.1001,2024-03-06 12:05,1.1006,-0.7,0,5\n"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("2,EURUSD,hold,0.1,2024-03-06 12:00,1.1001,2024-03-06 12:05,1.1006,0,0,5\n", "line 3: type 'hold' is neither"),
        ("2,EURUSD,buy,0,2024-03-06 12:00,1.1001,2024-03-06 12:05,1.1006,0,0,5\n", "line 3: volume '0' is none"),
        ("2,EURUSD,buy,0.1,yesterday,1.1001,2024-03-06 12:05,1.1006,0,0,5\n", "line 3: 'yesterday' is no time"),
        ("2,EURUSD,buy,0.1,2024-03-06 12:00,x,2024-03-06 12:05,1.1006,0,0,5\n", "line 3: open_price: no number"),
        ("2,EURUSD,buy,0.1,2024-03-06 12:00,1.1001,2024-03-06 11:05,1.1006,0,0,5\n", "line 3: it was closed before"),
        ("2,EURUSD,buy,0.1,2024-03-06 12:00,1.1001,2024-03-06 12:05,1.1006,0,0,\n", "line 3: profit is empty"),
        ("2,EURUSD,buy,0.1\n", "line 3: 4 cells, fewer than the heading names"),
    ],
)  # fmt: skip
def test_a_broken_row_is_named_by_its_line_and_left_out_only_when_said(tmp_path: Path, row: str, says: str):
    path = tmp_path / "generic.csv"
    path.write_text(GENERIC + GOOD + row, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        book(path, currency="USD")
    assert says in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    found = book(path, currency="USD", skips_bad=True)
    assert len(found.tickets) == 1
    assert "their money is missing" in " ".join(found.notes)


def test_deals_that_fit_no_position_are_named(tmp_path: Path):
    path = tmp_path / "deals.csv"
    head = "ticket,time,type,entry,position_id,volume,price,commission,swap,profit,fee,symbol,comment\n"
    path.write_text(
        head + "1,1709726400,0,0,9,0.1,1.1,0,0,0,0,EURUSD,\n" + "2,1709726460,1,1,8,0.1,1.1,0,0,1,0,EURUSD,\n"
        "3,1709726520,1,1,9,0.5,1.1,0,0,1,0,EURUSD,\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError) as caught:
        book(path, currency="USD")
    assert "line 3: closes position 8, whose opening deal is not in the file" in str(caught.value)
    assert "line 4: closes 0.5 lots of position 9, of which 0.1 are open" in str(caught.value)


def test_what_a_statement_leaves_open_is_asked_for(tmp_path: Path):
    path = tmp_path / "generic.csv"
    path.write_text(GENERIC + GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match="--zone, as Europe/Athens"):
        book(path, currency="USD", zone=None)
    with pytest.raises(ConfigError, match="--currency, as USD"):
        book(path)
    path.write_text(GENERIC + GOOD.replace("EURUSD", "EURUSD.xx"), encoding="utf-8")
    with pytest.raises(DataError, match=r"line 2: no instrument describes EURUSD\.xx; say --symbol-map"):
        book(path, currency="USD")
    [ticket] = book_of_statement(
        path, StatementOptions(zone=ATHENS, currency="USD"), CATALOGUE, {"EURUSD.xx": "EURUSD"}
    ).tickets
    assert ticket.symbol == "EURUSD"


def test_files_that_are_no_statement_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="no statement; expected a history report"):
        book(path, currency="USD")
    path.write_text(GENERIC, encoding="utf-8")
    with pytest.raises(DataError, match="no closed position"):
        book(path, currency="USD")
    with pytest.raises(DataError, match="cannot be read"):
        book(tmp_path / "nothing.csv")
    monkeypatch.setattr(cells, "FILE_LIMIT", 10)
    path.write_text(GENERIC + GOOD, encoding="utf-8")
    with pytest.raises(DataError, match="larger than"):
        book(path, currency="USD")
    monkeypatch.setattr(cells, "FILE_LIMIT", 10**6)
    monkeypatch.setattr(cells, "ROWS_LIMIT", 1)
    with pytest.raises(DataError, match="more than 1 rows"):
        book(path, currency="USD")


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("America/New_York+7", "2024-03-08 12:00", "2024-03-08T10:00"),  # winter in New York: UTC+2
        ("America/New_York+7", "2024-03-11 12:00", "2024-03-11T09:00"),  # its clocks went on the day before: UTC+3
        ("Europe/Athens", "2024-03-11 12:00", "2024-03-11T10:00"),  # Europe's go on three weeks later
        ("+02:00", "2024-07-01 12:00", "2024-07-01T10:00"),
    ],
)
def test_zones_of_servers(tmp_path: Path, zone: str, wall: str, utc: str):
    from datetime import UTC, datetime

    path = tmp_path / "generic.csv"
    row = f"1,EURUSD,buy,0.1,{wall},1.1001,{wall},1.1006,0,0,5\n"
    path.write_text(GENERIC + row, encoding="utf-8")
    [ticket] = book(path, currency="USD", zone=server_zone(zone)).tickets
    assert ticket.entry_ns == int(datetime.fromisoformat(utc).replace(tzinfo=UTC).timestamp()) * 10**9


def test_a_zone_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"no such zone; examples: UTC.*America/New_York\+7"):
        server_zone("Mars/Olympus+2")

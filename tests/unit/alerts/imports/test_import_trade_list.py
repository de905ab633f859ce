"""TradingView's List of trades: what is read of it, whatever its heading, language, order and form."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from trade_files import NEW, NEWEST, OLD, REVERSING, Trade, lines, write_csv

from zepix.alerts.imports.recognise import trade_columns
from zepix.alerts.imports.tables import SheetTable, TextTable
from zepix.alerts.imports.trade_list import TradeList, read_trades
from zepix.alerts.imports.trade_words import trade_type
from zepix.alerts.timestamps import from_ns
from zepix.errors import ConfigError, DataError

NEW_YORK = ZoneInfo("America/New_York")


def read(path: Path, **more) -> TradeList:
    return read_trades(TextTable(path), NEW_YORK, **more)


def facts(listed: TradeList) -> list[tuple]:
    return [
        (t.number, t.side, from_ns(t.entry_ns), t.entry_price, t.exit_ns and from_ns(t.exit_ns),
         None if t.is_open else t.exit_price, t.quantity)
        for t in listed.trades
    ]  # fmt: skip


EXPECTED = [
    (1, "buy", "2024-03-04T15:00:00Z", 1.085, "2024-03-05T19:00:00Z", 1.0871, 10000.0),
    (2, "sell", "2024-03-05T19:00:00Z", 1.0871, "2024-03-06T14:00:00Z", 1.089, 10000.0),
    (3, "buy", "2024-03-06T14:00:00Z", 1.089, None, None, 10000.0),
]
"""By hand: New York was five hours behind UTC until 10 March 2024."""


@pytest.mark.parametrize("heading", [OLD, NEW, NEWEST], ids=["old", "new", "newest"])
@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("exit_first", [True, False])
@pytest.mark.parametrize("open_as", ["none", "signal", "time"])
def test_three_headings_both_orders_and_every_form_of_an_open_trade(
    tmp_path: Path, heading: list[str], newest_first: bool, exit_first: bool, open_as: str
) -> None:
    rows = lines(
        REVERSING, heading, newest_first=newest_first, exit_first=exit_first, open_as=open_as, title=heading is OLD
    )
    listed = read(write_csv(tmp_path / "list.csv", rows))
    assert facts(listed) == EXPECTED
    assert not listed.bad
    report = listed.report
    assert (report["trades"], report["open_trades"], report["currency"]) == (3, 1, "USD")
    assert (report["columns"], report["newest_first"]) == ("by their headings", newest_first)
    assert [t.entry_signal for t in listed.trades] == ["RsiLE", "RsiSE", "RsiLE"]
    assert [t.pnl for t in listed.trades][:2] == [21.0, -19.0]


FOREIGN = {
    "German, day first, decimal comma, semicolons": (
        "Trade #;Typ;Datum und Uhrzeit;Signal;Preis USD;"
        "Gr\u00f6\u00dfe (Menge);Gr\u00f6\u00dfe (Wert);G&V netto USD\n"
        "1;Long-Ausstieg;31.03.2024 14:00;Stop;1,0871;10.000;10.871,00;\u221221,00\n"
        "1;Long-Einstieg;04.03.2024 10:00;L;1,0892;10.000;10.892,00;\u221221,00\n",
        ("buy", "2024-03-04T15:00:00Z", 1.0892, 10000.0, -21.0),
    ),
    "Japanese": (
        "\u30c8\u30ec\u30fc\u30c9\u756a\u53f7,\u30bf\u30a4\u30d7,"
        "\u65e5\u6642,\u30b7\u30b0\u30ca\u30eb,\u4fa1\u683c JPY,"
        "\u30b5\u30a4\u30ba (\u6570\u91cf),\u30b5\u30a4\u30ba (\u91d1\u984d),\u7d14\u640d\u76ca JPY\n"
        "1,\u30ed\u30f3\u30b0\u6c7a\u6e08,2024-03-05 14:00,Close,1100,1,1000,100\n"
        "1,\u30ed\u30f3\u30b0\u30a8\u30f3\u30c8\u30ea\u30fc,2024-03-04 10:00,Long,1000,1,1000,100\n",
        ("buy", "2024-03-04T15:00:00Z", 1000.0, 1.0, 100.0),
    ),
    "Chinese, simplified": (
        "\u4ea4\u6613 #,\u7c7b\u578b,\u65e5\u671f\u548c\u65f6\u95f4,\u4fe1\u53f7,"
        "\u4ef7\u683c USDT,\u51c0\u635f\u76ca USDT\n"
        "1,\u7a7a\u5934\u51fa\u573a,2024/3/5 14:00,x,1100,-100\n"
        "1,\u7a7a\u5934\u8fdb\u573a,2024/3/4 10:00,y,1000,-100\n",
        ("sell", "2024-03-04T15:00:00Z", 1000.0, None, -100.0),
    ),
    "Chinese, traditional": (
        "\u4ea4\u6613 #,\u985e\u578b,\u8a0a\u865f,\u65e5\u671f/\u6642\u9593,"
        "\u50f9\u683c USDT,\u5408\u7d04,\u7372\u5229 USDT\n"
        "1,\u591a\u982d\u9032\u5834,L,2024-03-04 10:00,1000.5,1,0\n"
        "1,\u591a\u982d\u51fa\u5834,XL,2024-03-05 14:00,1100,1,9\n",
        ("buy", "2024-03-04T15:00:00Z", 1000.5, 1.0, 9.0),
    ),
}


@pytest.mark.parametrize("case", FOREIGN)
def test_lists_in_other_languages(tmp_path: Path, case: str) -> None:
    text, expected = FOREIGN[case]
    path = tmp_path / "list.csv"
    path.write_text(text, encoding="utf-8-sig")
    trade = read(path).trades[0]
    assert (trade.side, from_ns(trade.entry_ns), trade.entry_price, trade.quantity, trade.pnl) == expected
    assert trade.exit_ns is not None


def test_headings_nobody_knows_are_recognised_by_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Aa,Bb,Cc,Dd,Ee USD,Ff,Gg\n2,Exit long,2024-03-05 14:00,Close,1.0871,10000,10871\n"
        "2,Entry long,2024-03-04 10:00,Long,1.0850,10000,10850\n",
        encoding="utf-8",
    )
    found = trade_columns(TextTable(path))
    assert found is not None
    names = ("number", "type", "time", "signal", "price", "quantity")
    assert [found.places[name] for name in names] == [0, 1, 2, 3, 4, 5]
    assert "type" in found.rule and "price" in found.rule
    assert facts(read(path))[0][5:] == (1.0871, 10000.0)


def test_words_of_a_language_may_be_said(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "Trade #,Type,Date/Time,Signal,Price\n1,Ut,2024-03-05 14:00,x,2\n1,In,2024-03-04 10:00,y,1\n"
        "2,Exit long,2024-03-06 14:00,x,2\n2,Entry long,2024-03-06 10:00,y,1\n",
        encoding="utf-8",
    )
    assert [bad.reason for bad in read(path).bad] == ["bad_row"] * 2
    assert len(read(path, types={"In": "entry-long", "Ut": "exit-long"}).trades) == 2
    with pytest.raises(ConfigError, match="expected entry-long"):
        read(path, types={"In": "buy"})


TYPES = {
    "Entry Long": ("entry", "buy"), "Exit long": ("exit", "buy"), "Long entry": ("entry", "buy"),
    "SHORT EXIT": ("exit", "sell"), "Short-Einstieg": ("entry", "sell"), "Entr\u00e9e longue": ("entry", "buy"),
    "Sortie courte": ("exit", "sell"), "Entrada larga": ("entry", "buy"), "Salida en corto": ("exit", "sell"),
    "Sa\u00edda comprada": ("exit", "buy"), "Uscita short": ("exit", "sell"),
    "\u0412\u0445\u043e\u0434 \u0432 \u0434\u043b\u0438\u043d\u043d\u0443\u044e": ("entry", "buy"),
    "\u0412\u044b\u0445\u043e\u0434 \u0438\u0437 \u043a\u043e\u0440\u043e\u0442\u043a\u043e\u0439": ("exit", "sell"),
    "Uzun Giri\u015f": ("entry", "buy"), "K\u0131sa \u00c7\u0131k\u0131\u015f": ("exit", "sell"),
    "\ub871 \uc9c4\uc785": ("entry", "buy"), "\uc20f \uccad\uc0b0": ("exit", "sell"),
}  # fmt: skip


@pytest.mark.parametrize("text", TYPES)
def test_words_for_entry_and_exit(text: str) -> None:
    assert trade_type(text) == TYPES[text]


@pytest.mark.parametrize("text", ["", "Entry", "long", "Entry exit long", "x" * 100])
def test_words_that_say_neither_or_both(text: str) -> None:
    assert trade_type(text) is None


def test_parts_of_one_entry_share_its_number(tmp_path: Path) -> None:
    trades = [
        Trade(1, "long", "2024-03-04 10:00", 100.0, "2024-03-04 11:00", 101.0, 3, "L", "TP1"),
        Trade(2, "long", "2024-03-04 10:00", 100.0, "2024-03-04 12:00", 102.0, 7, "L", "TP2"),
        Trade(3, "long", "2024-03-04 10:00", 100.0, "2024-03-04 12:00", 102.0, 7, "Add", "TP2"),
    ]
    listed = read(write_csv(tmp_path / "list.csv", lines(trades)))
    assert [(t.number, t.entry_number) for t in listed.trades] == [(1, 1), (2, 1), (3, 3)]
    assert listed.report["left_in_parts"] == 2


def test_several_exits_of_one_number_are_parts_of_it(tmp_path: Path) -> None:
    rows = lines([Trade(1, "long", "2024-03-04 10:00", 100.0, "2024-03-04 11:00", 101.0, 3)], exit_first=False)
    second = list(rows[2])
    second[2] = "2024-03-04 12:00"
    listed = read(write_csv(tmp_path / "list.csv", [*rows, second]))
    assert [(t.number, t.part, from_ns(t.exit_ns)) for t in listed.trades] == [
        (1, 1, "2024-03-04T16:00:00Z"),
        (1, 2, "2024-03-04T17:00:00Z"),
    ]


def test_exit_named_open_before_the_end_is_an_exit(tmp_path: Path) -> None:
    trades = [
        Trade(1, "long", "2024-03-04 10:00", 100.0, "2024-03-04 11:00", 101.0, exit_signal="Open"),
        Trade(2, "long", "2024-03-05 10:00", 100.0, "2024-03-05 11:00", 101.0),
    ]
    assert not any(t.is_open for t in read(write_csv(tmp_path / "list.csv", lines(trades))).trades)


BAD = {
    "no number": (["x", "Exit long", "2024-03-05 14:00", "s", "1", "1"], "bad_row", "no trade's number"),
    "no type": (["1", "Buy", "2024-03-05 14:00", "s", "1", "1"], "bad_row", "neither entry nor exit"),
    "no time": (["1", "Exit long", "soon", "s", "1", "1"], "bad_time", "no time"),
    "a price of zero": (["1", "Exit long", "2024-03-05 14:00", "s", "0", "1"], "bad_row", "no price"),
    "a price that is a formula": (["1", "Exit long", "2024-03-05 14:00", "s", "=1+1", "1"], "bad_row", "no number"),
    "too few cells": (["1", "Exit long"], "bad_row", "fewer cells"),
    "no entry": (["7", "Exit long", "2024-03-05 14:00", "s", "1", "1"], "bad_row", "has no entry row"),
    "another side": (["1", "Exit short", "2024-03-05 14:00", "s", "1", "1"], "bad_row", "short in another"),
    "left before it entered": (["1", "Exit long", "2024-03-01 14:00", "s", "1", "1"], "bad_row", "left before"),
}


@pytest.mark.parametrize("case", BAD)
def test_rows_that_fit_nowhere_keep_their_reason(tmp_path: Path, case: str) -> None:
    row, reason, said = BAD[case]
    heading = ["Trade #", "Type", "Date and time", "Signal", "Price USD", "Size (qty)"]
    good = [
        ["2", "Entry long", "2024-03-04 10:00", "s", "1.5", "1"],
        ["2", "Exit long", "2024-03-04 11:00", "s", "2.5", "1"],
    ]
    path = write_csv(
        tmp_path / "list.csv", [heading, *good, ["1", "Entry long", "2024-03-04 10:00", "s", "1.5", "1"], row]
    )
    listed = read(path)
    assert 2 in [t.number for t in listed.trades]
    assert listed.bad[-1].reason == reason
    assert said in listed.bad[-1].detail


def test_zone_must_be_said(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", lines(REVERSING))
    with pytest.raises(ConfigError, match="name no zone; say it, as --zone America/New_York"):
        read_trades(TextTable(path), None)


def test_what_is_no_list_of_trades(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "list.csv", [["time", "open", "high"], ["2024-03-04", "1", "2"]])
    with pytest.raises(DataError, match="no List of trades; columns such as Trade #"):
        read(path)
    with pytest.raises(DataError, match="no trade in it"):
        read(write_csv(tmp_path / "empty.csv", [NEWEST]))


@pytest.mark.parametrize("dates", ["text", "cells"])
def test_workbook_with_several_sheets(tmp_path: Path, dates: str) -> None:
    """As openpyxl writes it: a sheet of figures first, numbers as numbers, times as text or as dates."""
    openpyxl = pytest.importorskip("openpyxl")
    from datetime import datetime

    book = openpyxl.Workbook()
    book.active.title = "Performance"
    book.active.append(["Net profit", "=SUM(A1:A2)"])
    sheet = book.create_sheet("List of trades")
    for number, row in enumerate(lines(REVERSING, NEW, open_as="signal")):
        cells = [_typed(cell) for cell in row] if number else row
        if number and dates == "cells":
            cells[2] = datetime.fromisoformat(row[2])
        sheet.append(cells)
    path = tmp_path / "list.xlsx"
    book.save(path)
    listed = read_trades(SheetTable(path, "List of trades"), NEW_YORK)
    assert facts(listed) == EXPECTED


def _typed(cell: str):
    try:
        return float(cell)
    except ValueError:
        return cell

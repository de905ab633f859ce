"""The report: one file, nothing loaded from outside, no markup from alerts, something to read for every run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_run import (
    CATALOGUE,
    HOUR_NS,
    THURSDAY_NS,
    bracket_run,
    fill_of,
    flat_series,
    record_of,
    series_of,
    walk_series,
)

from zepix.engine.record import RunRecord
from zepix.errors import DataError
from zepix.model import DecisionRow, Quarantined
from zepix.research.report import report_html
from zepix.research.report_parts.excerpts import excerpt, excerpts
from zepix.research.report_parts.markup import Html, escape, joined, table, to_json
from zepix.research.report_parts.thin import buckets, extremes
from zepix.research.report_parts.tickets import MAX_ROWS
from zepix.research.result import Result

EVIL = """</script><script>window.pwned=1</script><img src=x onerror="alert('1')">&\ud800"""


class Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text inside scripts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text: list[str] = []
        self._in_script: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_script = dict(attrs) if tag == "script" else None

    def handle_endtag(self, tag: str) -> None:
        self._in_script = None

    def handle_data(self, data: str) -> None:
        if self._in_script is None:
            self.text.append(data)
        else:
            self.scripts.append((self._in_script, data))

    def data(self, identity: str) -> Any:
        return json.loads("".join(body for attrs, body in self.scripts if attrs.get("id") == identity))

    def attribute_values(self, *names: str) -> list[str]:
        return [value or "" for _, attrs in self.elements for name, value in attrs.items() if name in names]


def page_of(record: RunRecord, **more: Any) -> Page:
    return Page(report_html(Result(record, **more)))


def hostile_run() -> RunRecord:
    """A run in which every text that can come from outside holds markup."""
    fill = fill_of(exit_ns=THURSDAY_NS + HOUR_NS, plugin_id=EVIL, family=EVIL, alert_id=EVIL, role=EVIL, chain_id=EVIL,
                   exit_reason=EVIL)  # fmt: skip
    one = flat_series("EURUSD", 138_000, 1500)
    record = record_of([fill], [one])
    record.alerts = [Quarantined(id=EVIL, reason=EVIL, detail=EVIL, raw=EVIL, source=EVIL, dialect=EVIL)]
    record.decisions = [
        DecisionRow(EVIL, THURSDAY_NS, EVIL, EVIL, EVIL, outcome, EVIL, EVIL, EVIL, EVIL, EVIL, {EVIL: EVIL})
        for outcome in ("refused", "quarantined")
    ]
    record.recorded = {EVIL: [(THURSDAY_NS, 1.0), (THURSDAY_NS + 1, float("nan"))]}
    record.plugins = [{"plugin_id": EVIL, "settings": {EVIL: EVIL}}]
    record.counts = {EVIL: 1}
    one.facts["sources"] = [EVIL]  # type: ignore[index]
    one.facts[EVIL] = EVIL  # type: ignore[index]
    return record


@pytest.fixture(scope="module")
def hostile() -> Page:
    return page_of(hostile_run(), spec={"title": EVIL, EVIL: EVIL}, warnings=[EVIL], checksums={EVIL: EVIL})


@pytest.fixture(scope="module")
def ordinary() -> Page:
    series = [
        walk_series("EURUSD", 138_000, 9000, seed=1, spread=3),
        walk_series("XAUUSD", 1_290_000, 9000, seed=2, step=120, spread=60),
    ]
    return page_of(bracket_run(80, series=series, distance=40))


# -- safety -------------------------------------------------------------------------------------------------------


def test_markup_from_outside_makes_no_element(hostile: Page) -> None:
    assert not [tag for tag, _ in hostile.elements if tag in ("img", "iframe", "object", "embed", "link", "base")]
    assert sum(tag == "script" for tag, _ in hostile.elements) == 5  # three data blocks, plotly, our own
    assert not [name for _, attrs in hostile.elements for name in attrs if name.startswith("on")]
    assert any("window.pwned=1" in text for text in hostile.text)  # shown, not run


def test_text_in_figures_is_escaped_for_plotly_too(hostile: Page) -> None:
    def texts(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [t for v in value.values() for t in texts(v)]
        if isinstance(value, list):
            return [t for v in value for t in texts(v)]
        return [value] if isinstance(value, str) else []

    shown = texts(hostile.data("figures"))
    assert any("&lt;img" in text for text in shown)
    assert not any("<script" in text or "<img" in text for text in shown)


def test_nothing_is_loaded_from_anywhere(ordinary: Page, hostile: Page) -> None:
    for page in (ordinary, hostile):
        loads = page.attribute_values("src", "href", "srcset", "data", "action", "poster", "background", "xlink:href")
        assert all(value.startswith("#") for value in loads)
        styles = " ".join(page.attribute_values("style"))
        assert "url(" not in styles
        assert not any(attrs.get("http-equiv", "").lower() == "refresh" for _, attrs in page.elements)  # type: ignore[union-attr]


def test_browser_is_told_to_run_only_these_scripts(hostile: Page) -> None:
    policy = next(a["content"] for _, a in hostile.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy
    run = [body for attrs, body in hostile.scripts if "type" not in attrs]
    hashes = {base64.b64encode(hashlib.sha256(body.encode("utf-8")).digest()).decode() for body in run}
    assert set(re.findall(r"'sha256-([^']+)'", policy)) == hashes
    assert "unsafe-eval" not in policy
    assert re.search(r"script-src[^;]*unsafe-inline", policy) is None


def test_charts_are_not_offered_to_plotlys_cloud(ordinary: Page) -> None:
    own = next(body for attrs, body in ordinary.scripts if "type" not in attrs and "ticketFigure" in body)
    assert "showSendToCloud: false" in own
    assert 'plotlyServerURL: ""' in own


@pytest.mark.parametrize("value", [EVIL, "<b>", "a & b", "'", '"'])
def test_escaping_leaves_nothing_a_browser_takes_for_markup(value: str) -> None:
    assert not set("<>\"'") & set(escape(value))
    assert not set("<>&") & set(to_json({value: [value]}))
    assert json.loads(to_json({value: [value]})) == {value: [value]}


def test_markup_of_our_own_is_escaped_once() -> None:
    assert joined([Html("<b>"), "<b>"]) == "<b>&lt;b&gt;"
    assert "<td>&lt;i&gt;</td>" in table(["a"], [["<i>"]])


# -- content ------------------------------------------------------------------------------------------------------


def test_every_figure_has_its_place_and_every_place_its_figure(ordinary: Page, hostile: Page) -> None:
    for page in (ordinary, hostile):
        places = page.attribute_values("data-figure")
        assert sorted(places) == sorted(page.data("figures"))
        assert {"equity", "price-0", "points-0"} <= set(places)


def test_navigation_leads_to_every_section(ordinary: Page) -> None:
    anchors = [attrs["id"] for tag, attrs in ordinary.elements if tag == "section"]
    links = [attrs["href"] for tag, attrs in ordinary.elements if tag == "a"]
    assert links == [f"#{anchor}" for anchor in anchors]
    assert len({attrs["id"] for _, attrs in ordinary.elements if "id" in attrs}) == sum(
        "id" in attrs for _, attrs in ordinary.elements
    )


def test_ordinary_run_has_every_part(ordinary: Page) -> None:
    text = " ".join(ordinary.text)
    for part in ("Net result", "Largest drawdown", "Refused", "pessimistic", "Alert prices and ours", "checksum",
                 "What a bar cannot know", "digest", "open_grace_ms", "Nothing was refused", "XAUUSD 1m"):  # fmt: skip
        assert part in text
    rows = [attrs for tag, attrs in ordinary.elements if tag == "tr" and "data-row" in attrs]
    assert len(rows) == 80


def test_report_of_a_month_is_small(ordinary: Page) -> None:
    plotly = max(len(body) for attrs, body in ordinary.scripts if "type" not in attrs)
    assert plotly > 4_000_000
    data = sum(len(body) for attrs, body in ordinary.scripts if "type" in attrs)
    assert data < 2_000_000


def test_run_without_a_ticket_says_so() -> None:
    page = page_of(record_of([], [flat_series("EURUSD", 138_000, 600)]))
    text = " ".join(page.text)
    for sentence in ("No ticket was closed.", "No alert reached a plugin.", "No ticket, no distribution.",
                     "No ticket, nothing to break down.", "No alert carried a price"):  # fmt: skip
        assert sentence in text
    assert sorted(page.attribute_values("data-figure")) == ["equity", "price-0"]


def test_run_without_prices_says_so() -> None:
    page = page_of(RunRecord(record_of([], []).account, record_of([], []).fill_model, CATALOGUE, {}))
    assert "The run had no prices." in " ".join(page.text)


def test_wrong_reading_of_ambiguous_tickets_is_put_in_money() -> None:
    record = record_of([fill_of(ambiguous=True)], [flat_series("EURUSD", 138_000, 600)])
    text = re.sub(r"\s+", " ", "".join(page_of(record).text))
    assert "net result would be +30.30 USD instead of +9.30" in text
    assert "21.00 USD hang on it" in text


def test_long_tables_are_cut_and_say_so() -> None:
    fills = [fill_of(ticket=n, exit_ns=THURSDAY_NS + HOUR_NS) for n in range(1, MAX_ROWS + 51)]
    page = page_of(record_of(fills, [flat_series("EURUSD", 138_000, 600)]))
    assert sum(tag == "tr" and "data-row" in attrs for tag, attrs in page.elements) == MAX_ROWS
    assert f"The first {MAX_ROWS:,} of {MAX_ROWS + 50:,} rows" in " ".join(page.text)


def test_report_is_utf8_and_in_a_folder_of_its_own(tmp_path: Path) -> None:
    path = Result(hostile_run()).report(tmp_path / "new" / "r.html")
    text = path.read_text(encoding="utf-8")
    assert text.startswith("<!DOCTYPE html>")
    assert "\r" not in path.read_bytes().decode("utf-8")


def test_report_that_cannot_be_written_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(DataError):
        Result(record_of([], [flat_series("EURUSD", 138_000, 60)])).report(tmp_path / "file" / "r.html")


# -- thinning and excerpts ----------------------------------------------------------------------------------------


def test_buckets_keep_the_extremes_and_the_ends() -> None:
    time = np.arange(7, dtype=np.int64)
    opens, highs, lows, closes = (
        np.array(v, np.int32)
        for v in ([1, 2, 3, 4, 5, 6, 7], [9, 2, 3, 8, 5, 6, 7], [1, 0, 3, 4, -5, 6, 7], [2, 3, 4, 5, 6, 7, 8])
    )
    made = buckets(time, (opens, highs, lows, closes), 3)
    assert made.size == 3
    assert made.time.tolist() == [0, 3, 6]
    assert made.open.tolist() == [1, 4, 7]
    assert made.high.tolist() == [9, 8, 7]
    assert made.low.tolist() == [0, -5, 7]
    assert made.close.tolist() == [4, 7, 8]


@pytest.mark.parametrize("rows", [0, 1, 10, 100, 101, 5000])
def test_thinned_curve_keeps_its_ends_and_extremes(rows: int) -> None:
    values = np.random.default_rng(rows).normal(size=rows).cumsum()
    keep = extremes(values, 100)
    assert len(keep) <= 100 + 8
    if rows:
        assert {0, rows - 1, int(values.argmin()), int(values.argmax())} <= set(keep.tolist())
    assert np.all(np.diff(keep) > 0)


def test_excerpt_shows_the_side_the_ticket_closes_at() -> None:
    one = series_of("EURUSD", {p: list(range(138_000, 138_100)) for p in ("open", "high", "low", "close")}, spread=7)
    buy = fill_of(entry_row=50, exit_row=52, entry_points=138_000)
    sell = fill_of(entry_row=50, exit_row=52, entry_points=138_000, side=-1)
    assert excerpt(buy, one)["o"][0] == 26
    assert excerpt(sell, one)["o"][0] == 33
    assert excerpt(buy, one)["t0"] == (THURSDAY_NS + 26 * 60_000_000_000) // 1_000_000
    assert len(excerpt(buy, one)["o"]) == len(excerpt(buy, one)["dt"]) + 1 == 51


@pytest.mark.parametrize(("entry", "exit_"), [(0, 0), (0, 99), (99, 99), (10, 9)])
def test_excerpt_at_the_edge_of_the_data(entry: int, exit_: int) -> None:
    one = flat_series("EURUSD", 138_000, 100)
    made = excerpt(fill_of(entry_row=entry, exit_row=exit_), one)
    assert 0 < len(made["o"]) <= 100


def test_excerpts_stop_at_their_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zepix.research.report_parts.excerpts.MAX_BYTES", 5000)
    one = flat_series("EURUSD", 138_000, 1000)
    made = excerpts((fill_of(entry_row=500, exit_row=500), one) for _ in range(100))
    assert len(made) == 5  # 49 bars of 20 bytes each

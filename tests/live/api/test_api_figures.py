"""``/metrics``: text that Prometheus' own parser takes, every figure described, none twice."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families as parsed

from tests.live.api.api_asgi import Api
from zepix_live.api.figures import FIGURES, engine_values, figures

ROOT = Path(__file__).resolve().parents[3]
VIEW = {
    "paused": True,
    "plugins": {
        'a"b\\c\nd': {
            "strategy": "v3",
            "enabled": False,
            "failures_in_a_row": 2,
            "open_tickets": 3,
            "handler_p95_ms": 1.5,
        }
    },
    "books": {"shadow": {"balance": "10000.00", "equity": "9995.8000000", "currency": "USD", "open_tickets": 3}},
    "caps": [
        {"name": "daily", "book": "shadow", "left": 120.5},
        {"name": "daily", "book": "live", "left": 7},
        {"name": "daily", "book": "live", "left": 8},
    ],
    "feed": {f"S{number}": {"age_s": 1} for number in range(500)},
    "loop": {"lag_p99_ms": 12.6},
    "journal": {"commit_p99_ms": 60.0},
    "inbox": {"depth": 4},
}


def found_in(text: bytes) -> dict[str, list[tuple[dict[str, str], float]]]:
    return {
        sample.name: [(one.labels, one.value) for one in family.samples if one.name == sample.name]
        for family in parsed(text.decode("utf-8"))
        for sample in family.samples
    }


def test_what_the_engine_says_of_itself_becomes_figures() -> None:
    found = found_in(figures(lambda: engine_values(VIEW)))
    assert found["zepix_paused"] == [({}, 1.0)]
    assert found["zepix_plugin_enabled"] == [({"plugin": 'a"b\\c\nd', "strategy": "v3"}, 0.0)]
    assert found["zepix_plugin_handler_p95_ms"][0][1] == 1.5
    assert found["zepix_book_equity"] == [({"book": "shadow", "currency": "USD"}, 9995.8)]
    # each book has caps of its own: what the live one may still lose must not hide behind the shadow's
    assert found["zepix_cap_left"] == [
        ({"cap": "daily", "book": "shadow"}, 120.5),
        ({"cap": "daily", "book": "live"}, 7),
    ]
    assert len(found["zepix_feed_age_seconds"]) == 200
    last = ("zepix_loop_lag_p99_ms", "zepix_journal_commit_p99_ms", "zepix_inbox_depth")
    assert [found[name][0][1] for name in last] == [12.6, 60.0, 4.0]


def test_the_route_tells_every_figure_once_and_no_other(api: Api) -> None:
    (answer,) = api.get("/metrics")
    families = [family.name for family in parsed(answer.text)]
    assert len(families) == len(set(families))
    assert {f"{name}_total" if f"{name}_total" in FIGURES else name for name in families} == set(FIGURES)
    assert answer.headers["content-type"].startswith("text/plain")
    found = found_in(answer.content)
    assert found["zepix_journal_last_seq"] == found["zepix_projection_seq"] != [({}, 0.0)]


def test_every_figure_stands_in_the_docs() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert [name for name in FIGURES if f"`{name}`" not in page and f"`{name}{{" not in page] == []

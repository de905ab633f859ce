"""Searches: by alert, reason, day and the rest; newest first, a page at a time, by an index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.bench.storage_bench import fill_decisions, timed_searches
from tests.live.storage.journal_by_hand import DAY_NS, NOON_NS, decided, trading_day, write
from tests.thorough import share
from zepix.errors import ConfigError
from zepix_live.clock import SystemClock
from zepix_live.storage.address import Address, address_of
from zepix_live.storage.database import Database
from zepix_live.storage.rebuilding import rebuild
from zepix_live.storage.searching import FILTERS, search
from zepix_live.storage.tables import TABLES
from zepix_live.storage.trade_database import TradeDatabase
from zepix_live.storage.trouble import StorageLocked

MOST_MS = 100.0


def _alert(number: int, given: str | None = None) -> dict[str, Any]:
    named = {} if given is None else {"given_id": given}
    return {"id": f"a{number}", "raw": "{}", "source": "webhook", "kind": "alert", "inbox": number, **named}


DAYS = [
    (NOON_NS, "alert", _alert(1, "mine")),
    (NOON_NS, "decision", decided(1, 1, "a1", "refused", "spread_high")),
    (NOON_NS, "decision", decided(1, 2, "a1", "filled", plugin="v6")),
    (NOON_NS + DAY_NS, "alert", _alert(2)),
    (NOON_NS + DAY_NS, "decision", decided(4, 3, "a2", "refused", "spread_high")),
    (NOON_NS + DAY_NS, "decision", decided(4, 4, "a2", "refused", "daily_cap", plugin="v6")),
    (NOON_NS + 2 * DAY_NS, "alert", _alert(3, "mine")),
    (NOON_NS + 2 * DAY_NS, "decision", decided(7, 5, "a3", "ignored", "no_plugin_found", plugin="")),
]


@pytest.fixture
def found(tmp_path: Path, address: Address) -> Iterator[TradeDatabase]:
    write(tmp_path, DAYS)
    rebuild(tmp_path, address, SystemClock())
    with TradeDatabase(address) as database:
        yield database


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"alert": "a1"}, [2, 1]),
        ({"alert": "mine"}, [5, 2, 1]),
        ({"alert": "nobody's"}, []),
        ({"reason": "spread_high"}, [3, 1]),
        ({"reason": "spread_high", "day": "2026-01-02"}, [3]),
        ({"since": "2026-01-02"}, [5, 4, 3]),
        ({"since": "2026-01-02", "until": "2026-01-02"}, [4, 3]),
        ({"strategy": "v6", "outcome": "refused"}, [4]),
        ({"reason": None, "limit": 2}, [5, 4]),
        ({"limit": 2, "before": 6}, [3, 2]),
        ({"alert": "a1", "before": 3}, [1]),
        ({"limit": 0}, [5]),
    ],
)
def test_decisions_are_found_by(found: TradeDatabase, wanted: dict[str, Any], numbers: list[int]) -> None:
    rows = found.load("decisions", **wanted)
    assert [row["number"] for row in rows] == numbers
    assert all(row["numbers"] == {"spread": 1.3} for row in rows)


def test_every_table_answers_every_filter_that_it_has(found: TradeDatabase) -> None:
    assert set(FILTERS) == set(TABLES)
    for name, filters in FILTERS.items():
        for key in filters:
            assert isinstance(found.load(name, **{key: "x"}), list)


def test_what_there_is_none_of_is_said_all_at_once(found: TradeDatabase) -> None:
    with pytest.raises(ConfigError) as raised:
        found.load("decisions", resaon="x", plugin="y")
    assert len(raised.value.problems) == 2
    assert "did you mean reason?" in raised.value.problems[0]
    with pytest.raises(ConfigError, match="there is no table 'trade'"):
        found.load("trade")
    for day in ("yesterday", "2026-13-01", 7):
        with pytest.raises(ConfigError, match="a day such as 2026-01-31"):
            found.load("decisions", day=day)


def test_words_of_sql_in_a_filter_are_only_text(found: TradeDatabase) -> None:
    assert found.load("decisions", reason="' OR 1=1 --") == []
    assert len(found.load("decisions")) == 5


def test_trades_are_loaded_and_one_of_another_broker_is_saved(tmp_path: Path, address: Address) -> None:
    write(tmp_path, trading_day())
    rebuild(tmp_path, address, SystemClock())
    with TradeDatabase(address) as database:
        mine = {**database.load_trades()[0], "ticket": 900, "part": 1, "seq": 0, "pnl_minor": 42, "symbol": "GBPUSD"}
        for made in ("entry_at", "exit_at", "day", "lots"):
            del mine[made]
        database.save_trade(mine)
        database.save_trade({**mine, "pnl_minor": 43})
        (saved,) = database.load_trades(symbol="GBPUSD")
        assert (saved["pnl_minor"], saved["day"], saved["lots"]) == (43, "2026-01-02", None)
        assert len(database.load_trades(since="2026-01-01")) == 3
        with pytest.raises(ConfigError) as raised:
            database.save_trade({"ticket": "7", "lot": 1})
        assert "ticket is a whole number" in str(raised.value) and "'lot' is no column of trades" in str(raised.value)
        assert len(raised.value.problems) > 10


def test_a_trade_is_not_saved_into_a_file_that_a_runner_writes(tmp_path: Path) -> None:
    from zepix_live.storage.projector import Projector

    write(tmp_path, trading_day())
    with Projector(tmp_path, address_of(tmp_path)) as projector, TradeDatabase(address_of(tmp_path)) as database:
        projector.advance()
        with pytest.raises(StorageLocked):
            database.save_trade(database.load_trades()[0])


@pytest.mark.parametrize(
    ("where", "index"),
    [
        ("alert_id IN ('a1', 'a2')", "decisions_alert_id"),
        ("reason = 'x' AND day = '2026-01-01' ORDER BY day DESC, seq DESC LIMIT 100", "decisions_reason_day"),
        ("reason = 'x' ORDER BY day DESC, seq DESC LIMIT 100", "decisions_reason_day"),
        ("day >= '2026-01-01' ORDER BY day DESC, seq DESC LIMIT 100", "decisions_day"),
        ("strategy = 'x' AND day = '2026-01-01' ORDER BY day DESC, seq DESC LIMIT 100", "decisions_strategy_day"),
        ("outcome = 'x' ORDER BY day DESC, seq DESC LIMIT 100", "decisions_outcome_day"),
    ],
)
def test_a_search_goes_by_an_index_and_sorts_nothing(tmp_path: Path, where: str, index: str) -> None:
    write(tmp_path, DAYS)
    rebuild(tmp_path, address_of(tmp_path), SystemClock())
    with Database(address_of(tmp_path)) as database, database.reading() as connection:
        plan = [row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN SELECT * FROM decisions WHERE {where}"))]
    assert len(plan) == 1 and f"USING INDEX {index}" in plan[0], plan


@pytest.mark.slow
def test_a_million_decisions_are_searched_in_under_a_tenth_of_a_second(address: Address) -> None:
    """A fifth of them, where nobody has the time to write a million; docs/storage.md has the times of all."""
    count = share(1_000_000, 200_000)
    with Database(address) as database:
        database.migrate()
        fill_decisions(database, count)
        for words, median_ms, _, _ in timed_searches(database, count):
            assert median_ms < MOST_MS, words
        with database.reading() as connection:
            assert len(search(connection, "decisions", reason="recovery_differs")) == count // 100_000

"""What a name stands for: one table of names written by hand, and what holds for every name."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.model.asset_cases import CASES, PAGE, SOURCES, Case, written
from zepix.data import default_catalogue
from zepix.model.asset import ASSET_CLASSES, MAX_NAME, Asset, class_word, classify
from zepix.model.asset_tables import COINS, EXCHANGES, FIAT, GLUED_SUFFIXES, INDICES, METAL_NAMES, STABLE


@pytest.mark.parametrize("case", CASES, ids=[case.name or "nothing" for case in CASES])
def test_name_is_what_the_table_says(case: Case) -> None:
    found = classify(case.name)
    seen = (found.asset_class, found.root, found.base, found.quote, found.suffix, found.rule, found.is_perpetual)
    assert seen == (
        case.asset_class, case.root, case.base, case.quote, case.suffix, case.rule, case.is_perpetual,
    )  # fmt: skip
    before = case.name.strip().partition(":")
    has_exchange = bool(before[2]) and "/" not in before[0]
    assert found.exchange == (before[0] if has_exchange else "")


def test_the_table_is_large_and_every_case_has_its_source() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert {case.source for case in CASES} == set(SOURCES)
    assert {case.asset_class for case in CASES} == set(ASSET_CLASSES)


def test_the_page_shows_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "run python -m tests.unit.model.asset_cases"


# --- the tables -------------------------------------------------------------------------------------------------------


def test_every_symbol_of_the_catalogue_has_the_class_that_its_name_has() -> None:
    for symbol, instrument in default_catalogue().items():
        assert class_word(instrument.asset_class) == classify(symbol).asset_class != "unknown", symbol


def test_no_word_stands_in_two_tables() -> None:
    tables = [FIAT, STABLE, COINS, frozenset(INDICES)]
    assert sum(map(len, tables)) == len(frozenset().union(*tables))
    assert all(exchange == exchange.upper() for exchange in EXCHANGES)


def test_short_words_that_are_indices_alone_are_no_more_than_these() -> None:
    alone = {name for name in INDICES if name.isalpha() and len(name) <= 5 and classify(name).is_known}
    assert alone == {"DJI", "DJIA", "SPX", "NDX", "USTEC", "VIX", "DXY", "USDX"}


def test_no_other_word_of_five_capitals_is_known() -> None:
    stems = [word for word in {*INDICES, *METAL_NAMES, *COINS, *FIAT} if len(word) < 5]
    words = {stem + tail for stem in stems for tail in (*GLUED_SUFFIXES, *string.ascii_uppercase, "BTC", "USD")}
    known = {word for word in words if word.isalpha() and len(word) <= 5 and classify(word).is_known}
    assert known <= {"SPX", "NDX", "DJI", "DJIA", "VIX", "DXY", "USDX", "GOLD"}


@pytest.mark.parametrize(
    ("word", "kind"), [("fx", "forex"), ("Stocks", "equity"), ("crypto", "crypto"), ("oil", "unknown")]
)
def test_words_for_a_class(word: str, kind: str) -> None:
    assert class_word(word) == kind


# --- overrides --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key", "word", "kind"),
    [
        ("AAPL", "AAPL", "equity", "equity"),
        ("aapl ", "AAPL", "equity", "equity"),
        ("CAPITALCOM:AAPL", "aapl", "equity", "equity"),
        ("NASDAQ:QQQX", "nasdaq:qqqx", "index", "index"),
        ("EURUSD.xyz", "EURUSD.XYZ", "fx", "forex"),
        ("EURUSD.pro", "EURUSD", "unknown", "unknown"),  # by root; unknown refuses
        ("GOLD", "GOLD", "equity", "equity"),
        ("EURUSD", "EURUSD", "nonsense", "unknown"),
    ],
)
def test_the_table_of_overrides_wins(name: str, key: str, word: str, kind: str) -> None:
    found = classify(name, {key: word})
    assert (found.asset_class, found.rule) == (kind, "override")
    assert classify(found.root, {key: word}).asset_class == kind


def test_overrides_of_other_names_change_nothing() -> None:
    assert classify("EURUSD.a", {"AAPL": "equity"}) == classify("EURUSD.a")


# --- every name -------------------------------------------------------------------------------------------------------

_LETTERS = string.ascii_letters + string.digits + ".:/_-#+!&"
_PIECES = st.sampled_from(
    [*"./:_-#+!", "EUR", "USD", "usd", "XAU", "GOLD", "BTC", "USDT", "USDC", "US30", "SPX", "P", ".P", "PERP", "-SWAP",
     "m", "c", "C", ".pro", "ES", "1!", "Z24", "NASDAQ:", "BINANCE:", "OANDA:", "FOO", "CME:", "DAX", "AAPL"]
)  # fmt: skip
NAMES = st.one_of(st.text(max_size=80), st.text(_LETTERS, max_size=70), st.lists(_PIECES, max_size=6).map("".join))


@settings(max_examples=1500, deadline=None)
@given(NAMES, st.sampled_from(["none", "name", "behind the exchange", "root"]), st.sampled_from([*ASSET_CLASSES, "x"]))
@example("BTC/USDT:USDT:P", "none", "x")
@example("\u00df:\u0131.P", "name", "forex")
def test_any_name_has_a_class_and_its_root_has_the_same(name: str, overridden: str, word: str) -> None:
    keys = {"name": name, "behind the exchange": name.rpartition(":")[2], "root": classify(name).root}
    overrides = {keys[overridden]: word} if overridden in keys else {}
    found = classify(name, overrides)
    assert isinstance(found, Asset)
    assert found.asset_class in ASSET_CLASSES
    assert found.rule
    assert len(found.root) <= MAX_NAME
    again = classify(found.root, overrides)
    assert again.asset_class == found.asset_class
    assert classify(name, overrides) == found


@pytest.mark.parametrize(
    "name",
    ["A" * 1_000_000, "/" * MAX_NAME, "EUR" * 21, "USDC" * 16, "BTC" * 20 + ".P", "PERP" * 16, ":" * MAX_NAME,
     "Z2" * 32, "Z" * 63 + "!", "A.A" * 21, "\u202e" * 64, "\ud800", "\x00" * 10_000_000],
    ids=["million", "slashes", "euros", "stables", "coins", "perps", "colons", "contracts", "future", "dots", "rtl",
         "surrogate", "nul"],
)  # fmt: skip
@pytest.mark.clock
def test_hostile_names_are_answered_at_once(name: str) -> None:
    fastest = min(_seconds(f"{name[: MAX_NAME - 1]}{n}" if len(name) <= MAX_NAME else name) for n in range(5))
    assert fastest < 0.005
    assert not classify(name).is_known


def _seconds(name: str) -> float:
    started = time.perf_counter()
    classify(name)
    return time.perf_counter() - started

"""Regular expressions run in linear time, and what RE2 cannot do is said when the file is read."""

from __future__ import annotations

import time

import pytest

from zepix.alerts import AlertProcessor
from zepix.alerts.own import loads
from zepix.alerts.own.patterns import PATTERN_LIMIT, TEXT_LIMIT_BYTES, Pattern
from zepix.errors import ConfigError
from zepix.model import Catalogue

CATASTROPHIC = ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}$", "^(a+)*b$"]
HOSTILE = ["a" * 60_000 + "!", "a" * 16_000 + "!", "a" * 30, "ab" * 8_000, "\u00e9" * 8_000]


def best_of_three_ms(work: object) -> float:
    """In processor time: others may keep the machine busy."""
    taken = []
    for _ in range(3):
        start = time.thread_time()
        work()  # type: ignore[operator]
        taken.append((time.thread_time() - start) * 1e3)
    return min(taken)


@pytest.mark.parametrize("pattern", CATASTROPHIC)
@pytest.mark.clock
def test_a_catastrophic_pattern_takes_no_exponential_time(pattern: str) -> None:
    compiled = Pattern(pattern)
    for text in HOSTILE:
        assert best_of_three_ms(lambda text=text: compiled.groups(text)) < 50.0


@pytest.mark.clock
def test_a_hostile_body_is_answered_in_milliseconds(catalogue: Catalogue) -> None:
    own = loads("""
[dialect.csv]
regex = '^(?P<side>.*),(?P<symbol>.*),(?P<a>.*),(?P<b>.*),(?P<c>.*)$'
constants = { type = "entry" }
""")
    processor = AlertProcessor(catalogue, own=own)
    for body in ("," * 65_000, "," * 16_000, "a," * 8_000, "buy,EURUSD," + "," * 15_000):
        assert best_of_three_ms(lambda body=body: processor.parse(body, id="x")) < 25.0


@pytest.mark.parametrize(
    ("pattern", "part"),
    [
        (r"(?P<x>a)\1", "no backreferences"),
        (r"(?P<x>a)(?P=x)", "no backreferences"),
        (r"(?P<x>a)(?=b)", "no lookahead"),
        (r"(?P<x>a)(?!b)", "no lookahead"),
        (r"(?<=b)(?P<x>a)", "no lookbehind"),
        (r"(?<!b)(?P<x>a)", "no lookbehind"),
        (r"(?P<x>(?>a+))", "no atomic groups"),
        (r"(?P<x>a++)", "no possessive repetition"),
        (r"(?P<x>a)\Z", r"is \z or $ in RE2"),
        (r"(?P<x>a", "no regular expression"),
        (r"[", "no regular expression"),
        (r"(?P<x>a)|(?P<x>b)", "two groups are named x"),
        (r"((a{100}){100}){10}", "no regular expression"),
        ("(?P<x>a)" + "(?:ab?){700}", "too large"),
        ("a" * (PATTERN_LIMIT + 1), "1 to 1000 characters"),
    ],
)
def test_what_re2_cannot_do_is_a_config_error(pattern: str, part: str) -> None:
    with pytest.raises(ConfigError) as found:
        loads(f"[dialect.x]\nregex = '''{pattern}'''\nconstants = {{ type = 'exit' }}\n", "f")
    assert any(part in line for line in found.value.problems), found.value.problems


def test_a_pattern_without_a_named_group_reads_nothing() -> None:
    with pytest.raises(ConfigError, match="has no named group"):
        loads("[dialect.x]\nregex = 'buy|sell'\nconstants = { type = 'exit' }\n")


def test_a_text_longer_than_any_alert_matches_nothing() -> None:
    pattern = Pattern("(?P<x>a)")
    assert pattern.groups("a" * TEXT_LIMIT_BYTES) == {"x": "a"}
    assert pattern.groups("a" * (TEXT_LIMIT_BYTES + 1)) is None
    assert not pattern.matches("\u00e9" * TEXT_LIMIT_BYTES)


def test_groups_keep_letters_of_every_script() -> None:
    assert Pattern("^(?P<word>\\S+) \u2192 (?P<\u0441\u043b\u043e\u0432\u043e>.+)$").groups(
        "\u0434\u0430 \u2192 \u65e5\u672c "
    ) == {
        "word": "\u0434\u0430",
        "\u0441\u043b\u043e\u0432\u043e": "\u65e5\u672c",
    }

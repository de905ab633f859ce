"""An exit plan as settings: what can be written, what it means, and every problem of a bad one at once."""

from __future__ import annotations

import json
import tomllib

import pytest

from zepix.errors import ConfigError
from zepix.model.exit_plan import ExitPlan, Place
from zepix.model.quantity import Quantity

PAGE = """
levels = [
    { at = "tp1", portion = 0.5, stop_to = "2 pips" },
    { at = "tp2", portion = 0.3, stop_to = "tp1" },
    { at = "tp3", portion = 0.2 },
]
break_even = { start = "30 pips", buffer = "1 pip" }
trailing = { start = "tp1", step = "0.25R", distance = "0.5R" }
max_hold_min = 240
exit_alert = { portion = 0.8, runner = "in_profit", stop_to = "entry", again = "keep" }
"""


@pytest.mark.parametrize(
    ("word", "place"),
    [
        ("entry", Place("entry")),
        ("TP1", Place("tp", 1.0)),
        ("1.5R", Place("r", 1.5)),
        (" 2 r ", Place("r", 2.0)),
        ("20 pips", Place("quantity", 20.0, "pips")),
        ("1 pip", Place("quantity", 1.0, "pips")),
        ("-5 points", Place("quantity", -5.0, "points")),
        ("0.5 %", Place("quantity", 0.005, "fraction")),
        ("7 money", Place("quantity", 7.0, "money")),
        ("1.1050 price", Place("quantity", 1.105, "price")),
        (Quantity(3.0, "pips"), Place("quantity", 3.0, "pips")),
    ],
)
def test_words_name_places(word, place):
    assert Place.of(word) == place
    assert Place.of(str(place)) == place


@pytest.mark.parametrize(
    "word", ["", "tp0", "tp10", "R", "20", "20 parsecs", "1e9 pips", None, 20, "9" * 400 + " pips"]
)
def test_what_is_no_place_says_what_one_looks_like(word):
    with pytest.raises(ValueError, match="expected a place such as"):
        Place.of(word)


def test_a_table_of_settings_is_a_plan_and_its_dict_is_the_same_plan():
    plan = ExitPlan.of(tomllib.loads(PAGE))
    assert [str(level.at) for level in plan.levels] == ["tp1", "tp2", "tp3"]
    assert plan.portions == (0.5, 0.3, 0.2)
    assert plan.max_hold_min == 240.0
    assert ExitPlan.of(json.loads(json.dumps(plan.as_dict()))) == plan
    assert ExitPlan.of(plan) is plan


def test_what_the_portions_leave_over_is_one_more_portion():
    plan = ExitPlan.of({"levels": [{"at": "tp1", "portion": 0.4}, {"at": "tp2", "portion": 0.4}]})
    assert plan.portions == (0.4, 0.4, 0.2)


def test_three_thirds_may_be_written_with_two_digits():
    levels = [{"at": f"{n}R", "portion": p} for n, p in ((1, 0.33), (2, 0.33), (3, 0.34))]
    assert ExitPlan.of({"levels": levels}).portions == (0.33, 0.33, 0.34)


def test_an_empty_plan_is_one_ticket_without_a_target():
    assert ExitPlan.of({}).portions == (1.0,)
    assert ExitPlan.problems_of({}) == []


def test_all_problems_come_at_once_each_with_its_key_and_a_near_name():
    bad = {
        "levles": [],
        "levels": [
            {"at": "tp2", "portion": 0.8, "stop_to": "tp3"},
            {"at": "tp1", "portion": 0.4},
            {"at": "20 parsecs", "portion": 2},
            {"portion": True},
            "tp4",
        ],
        "break_even": {"start": "10 pips", "buffer": "10 pips"},
        "trailing": {"start": "7 money", "distance": "-1R"},
        "max_hold_min": 0,
        "exit_alert": {"portion": 1.5, "runner": "in profit", "again": "never"},
    }
    problems = ExitPlan.problems_of(bad)
    assert problems == [
        "levles: unknown key; did you mean 'levels'?",
        "levels[1].stop_to: tp3 must lie behind the level itself (tp2)",
        "levels[3].at: expected a place such as 'tp1', '1.5R', '20 pips' or 'entry', not '20 parsecs'",
        "levels[3].portion: expected a number above 0 and up to 1, not 2",
        "levels[4].at: missing",
        "levels[4].portion: expected a number above 0 and up to 1, not True",
        "levels[5]: expected a table, not 'tp4'",
        "levels: the portions sum to 1.2, more than 1",
        "levels[2].at: tp1 must lie beyond tp2, the level before it",
        "break_even.buffer: 10 pips must lie behind the start (10 pips)",
        "trailing.step: missing",
        "trailing.start: 7 money cannot be meant here; expected tp, r, points, pips, distance, fraction",
        "trailing.distance: -1R must lie above zero",
        "max_hold_min: expected a number above 0 and up to 527040, not 0",
        "exit_alert.portion: expected a number above 0 and up to 1, not 1.5",
        "exit_alert.runner: expected in_profit or always, not 'in profit'; did you mean 'in_profit'?",
        "exit_alert.again: expected all or keep, not 'never'",
    ]
    with pytest.raises(ConfigError) as caught:
        ExitPlan.of(bad)
    assert list(caught.value.problems) == problems


@pytest.mark.parametrize("given", [None, 5, "levels", [], {"levels": "tp1"}, {"levels": {}}, {"levels": [{}] * 9}])
def test_what_is_no_table_is_a_problem_and_no_crash(given):
    assert ExitPlan.problems_of(given)

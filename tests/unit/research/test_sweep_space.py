"""Which cells a sweep tries: grids, draws, ranges; and what is refused before anything runs."""

from __future__ import annotations

import numpy as np
import pytest

from zepix.errors import ConfigError
from zepix.research.sweep.space import MOST_CELLS, Range, space_of


def test_a_grid_is_every_combination_the_last_turns_fastest():
    space = space_of(grid={"account.balance": [1, 2], "costs": ["none", "instrument"]})
    assert [tuple(cell.values()) for cell in space.cells()] == [
        (1, "none"),
        (1, "instrument"),
        (2, "none"),
        (2, "instrument"),
    ]
    assert space.size() == 4


def test_tables_in_tables_are_dotted_keys():
    assert list(space_of(grid={"account": {"balance": [1], "leverage": [2]}}).domains) == [
        "account.balance",
        "account.leverage",
    ]


@pytest.mark.parametrize(
    ("given", "values"),
    [
        (("int", 1, 7, 2), [1, 3, 5, 7]),
        (("int", 1, 3), [1, 2, 3]),
        (("float", 0.1, 0.4, 0.1), [0.1, 0.2, 0.3, 0.4]),
        (["float", 1, 2, 0.5], [1.0, 1.5, 2.0]),
        (np.array([3, 4]), [3, 4]),
        ([np.float64(0.5)], [0.5]),
        (["float", "int"], ["float", "int"]),
    ],
)
def test_values_of_a_grid(given, values):
    found = [cell["x.y"] for cell in space_of(grid={"x.y": given}).cells()]
    assert found == pytest.approx(values) if isinstance(values[0], float) else found == values
    assert all(type(one) in (int, float, str) for one in found)


def test_draws_are_the_same_for_one_seed_and_lie_within():
    said = {"samples": 50, "seed": 3, "space": {"a.b": ("float", 1, 2), "c.d": ("int", 1, 100), "e.f": ("log", 1, 1e4)}}
    first, again = (list(space_of(random=said).cells()) for _ in range(2))
    assert first == again
    assert len(first) == 50
    assert all(1 <= cell["a.b"] <= 2 and 1 <= cell["c.d"] <= 100 and 1 <= cell["e.f"] <= 1e4 for cell in first)
    assert sum(cell["e.f"] < 100 for cell in first) > 15, "half of the logarithm lies below 100"
    assert list(space_of(random={**said, "seed": 4}).cells()) != first


def test_the_same_draw_is_not_tried_twice():
    cells = list(space_of(random={"samples": 50, "space": {"a.b": [1, 2, 3]}}).cells())
    assert sorted(cell["a.b"] for cell in cells) == [1, 2, 3]


def test_a_description_shows_no_password_and_no_address_in_memory():
    options = {"storage": "postgresql://me:secret@host/name", "objective": test_values_of_a_grid, "space": {"a.b": [1]}}
    told = space_of(study=options).as_dict()["options"]
    assert told["storage"] == "postgresql://me:***@host/name"
    assert told["objective"] == "function test_values_of_a_grid"


def test_both_ends_of_a_range_belong_to_it():
    assert Range("int", 1, 3).drawn(0.0) == 1
    assert Range("int", 1, 3).drawn(0.999999) == 3


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, ["one of grid, random and study"]),
        ({"grid": {"a.b": [1]}, "random": {"space": {"a.b": [1]}}}, ["grid, random"]),
        ({"grid": {}}, ["a table of parameters"]),
        ({"grid": {"a.b": []}}, ["no value"]),
        ({"grid": {"a.b": "x"}}, ["a list of values"]),
        ({"grid": {"a.b": 5}}, ["a list of values"]),
        ({"grid": {"a.b": [1, 2, 1]}}, ["1 stands twice"]),
        ({"grid": {"a.b": ("float", 1, 2)}}, ["a grid needs a step"]),
        ({"grid": {"a.b": ("int", 3, 1)}}, ["low must not lie above high"]),
        ({"grid": {"a.b": ("int", 1, 2.5)}}, ["whole numbers"]),
        ({"random": {"space": {"a.b": ("log", 0, 1)}}}, ["numbers above 0"]),
        ({"random": {"sample": 5, "space": {"a.b": [1]}}}, ["did you mean 'samples'"]),
        ({"random": {"samples": 0, "space": {"a.b": [1]}}}, ["from 1 to"]),
        ({"random": {"samples": True, "seed": -1, "space": {"a.b": [1]}}}, ["samples", "seed"]),
        ({"grid": {"out": ["x"], "telegram.notifier.token": ["y"]}}, ["where a run is written", "does not read it"]),
        ({"grid": {"strategy.api_key": ["y"]}}, ["a secret"]),
        ({"grid": {"account": [1], "account.balance": [1]}}, ["conflicts with account.*"]),
        ({"study": {"trials": 5}}, ["study.space"]),
    ],
)
def test_what_makes_no_sense_is_told(asked, words):
    with pytest.raises(ConfigError) as said:
        space_of(**asked)
    for word in words:
        assert word in str(said.value)


def test_too_many_cells_are_refused_with_the_sum():
    with pytest.raises(ConfigError, match="400 x 400 = 160,000 cells are too many"):
        space_of(grid={"a.b": list(range(400)), "c.d": list(range(400))})
    with pytest.raises(ConfigError, match="at most 3"):
        space_of(grid={"a.b": [1, 2, 3, 4]}, limit=3)
    with pytest.raises(ConfigError, match="too many"):
        space_of(grid={"a.b": ("int", 0, 10**15)})
    assert space_of(grid={"a.b": list(range(MOST_CELLS))}).size() == MOST_CELLS

"""Deflated and probabilistic Sharpe ratio, track records and overfitting: the papers' examples, and tables by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zepix.errors import ConfigError
from zepix.research.real.overfitting import effective_tries, overfitting, symmetric_cross_validation
from zepix.research.real.sharpe import (
    deflated_sharpe,
    expected_best_sharpe,
    minimum_track_record,
    moments,
    probabilistic_sharpe,
)

# -- Bailey and Lopez de Prado 2012: a fund's 24 months, mean 3.6 %, standard deviation 7.9 %, ratio 0.458 -------------


def test_24_months_of_a_fund_look_safe_as_if_normal_and_less_so_as_they_are() -> None:
    """The paper: 0.982 by the normal distribution, 0.913 by skewness -2.448 and kurtosis 10.164."""
    assert probabilistic_sharpe(0.458, 24) == pytest.approx(0.982, abs=0.001)
    assert probabilistic_sharpe(0.458, 24, skewness=-2.448, kurtosis=10.164) == pytest.approx(0.913, abs=0.001)


@pytest.mark.parametrize(
    ("periods", "skewness", "kurtosis", "years"),
    [(252, 0, 3, 2.73), (52, 0, 3, 2.83), (12, 0, 3, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_years_until_two_a_year_is_above_one_a_year(
    periods: int, skewness: float, kurtosis: float, years: float
) -> None:
    """The paper's example: daily, weekly and monthly returns, and those of a fund that is not normal."""
    root = math.sqrt(periods)
    found = minimum_track_record(2 / root, above=1 / root, skewness=skewness, kurtosis=kurtosis)
    assert found is not None
    assert found / periods == pytest.approx(years, abs=0.005)


# -- Bailey and Lopez de Prado 2014: 2.5 a year on 1,250 days, best of 100 whose ratios vary by 1/2 a year -------------


def test_the_best_of_a_hundred_is_no_longer_significant_and_of_46_it_would_be() -> None:
    """The paper: 0.1132 a day of luck, 0.9004 of 100 tries; about 0.95 of 46."""
    luck = expected_best_sharpe(0.5 / 250, 100)
    assert luck == pytest.approx(0.1132, abs=0.0001)
    given = {"variance": 0.5 / 250, "skewness": -3.0, "kurtosis": 10.0}
    assert deflated_sharpe(2.5 / math.sqrt(250), 1250, tries=100, **given) == pytest.approx(0.9004, abs=0.0002)
    assert deflated_sharpe(2.5 / math.sqrt(250), 1250, tries=46, **given) == pytest.approx(0.9505, abs=0.0005)


def test_one_try_is_not_deflated() -> None:
    assert expected_best_sharpe(0.01, 1) == 0
    assert deflated_sharpe(0.1, 500, variance=0.01, tries=1) == probabilistic_sharpe(0.1, 500)


def test_no_track_record_proves_a_ratio_that_is_not_above() -> None:
    assert minimum_track_record(0.1, above=0.1) is None
    assert minimum_track_record(-0.1) is None


def test_moments_by_hand() -> None:
    """Ten times 2, -1, -1: mean 0, sum of squares 60, of cubes 60, of fourth powers 180."""
    found = moments(np.array([2.0, -1.0, -1.0] * 10))
    assert found is not None
    assert (found.count, found.sharpe) == (30, 0)
    assert found.skewness == pytest.approx(2 / 2**1.5)
    assert found.kurtosis == pytest.approx(6 / 4)


@pytest.mark.parametrize("values", [[0.01] * 40, [0.01, -0.01] * 10, []])
def test_too_few_returns_and_equal_ones_have_no_moments(values: list[float]) -> None:
    assert moments(np.array(values)) is None


# -- Bailey, Borwein, Lopez de Prado and Zhu 2015 ----------------------------------------------------------------------


def test_two_blocks_by_hand() -> None:
    """A earns in the first half and loses in the second, B the other way round: the winner always comes last."""
    up, down = [1.0, 2.0, 1.0, 2.0], [-1.0, -2.0, -1.0, -2.0]
    table = np.array([up + down, down + up]).T
    found = symmetric_cross_validation(table, 2)
    assert found.logits.tolist() == pytest.approx([math.log((1 / 3) / (2 / 3))] * 2)
    assert (found.probability, found.loss_frac) == (1.0, 1.0)


def test_a_cell_that_is_best_everywhere_is_no_accident() -> None:
    noise = np.random.default_rng(1).normal(0, 0.01, (400, 20))
    noise[:, 7] += 0.02
    found = symmetric_cross_validation(noise, 10)
    assert (found.probability, found.loss_frac, len(found.logits)) == (0.0, 0.0, 252)


def test_sixteen_blocks_are_12870_choices() -> None:
    """The number that the paper gives."""
    table = np.random.default_rng(2).normal(0, 1, (64, 3))
    assert len(symmetric_cross_validation(table, 16).logits) == 12_870


def test_luck_alone_is_overfitted_about_every_second_time() -> None:
    """Without an edge the winner's rank elsewhere is as good as any: in the mean of many tables one half."""
    source = np.random.default_rng(3)
    found = [symmetric_cross_validation(source.normal(0, 1, (120, 12)), 6).probability for _ in range(200)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("blocks", "rows"), [(3, 100), (22, 1000), (0, 100), (8, 10), (True, 10)])
def test_blocks_that_cannot_be_are_refused(blocks: int, rows: int) -> None:
    with pytest.raises(ConfigError):
        symmetric_cross_validation(np.zeros((rows, 2)), blocks)


# -- of a sweep --------------------------------------------------------------------------------------------------------


def test_equal_cells_are_one_try_and_different_ones_many() -> None:
    source = np.random.default_rng(4)
    one = source.normal(0, 1, (500, 1))
    assert effective_tries(np.repeat(one, 30, axis=1)) == pytest.approx(1)
    assert effective_tries(source.normal(0, 1, (5000, 30))) == pytest.approx(30, abs=0.5)


def test_the_luckiest_of_a_hundred_without_an_edge_is_not_believed() -> None:
    source = np.random.default_rng(5)
    found = overfitting(source.normal(0, 0.01, (500, 100)))
    assert found.probabilistic is not None
    assert found.deflated is not None
    assert found.probabilistic > 0.95  # alone it would pass
    assert found.deflated < 0.9
    assert found.probability is not None
    assert found.probability > 0.25


def test_an_edge_is_believed() -> None:
    source = np.random.default_rng(6)
    table = source.normal(0, 0.01, (500, 20))
    table[:, 3] += 0.003
    found = overfitting(table)
    assert found.deflated is not None
    assert found.deflated > 0.95
    assert found.probability == 0


@pytest.mark.parametrize(
    ("shape", "said"),
    [((100, 1), "1 cell with returns"), ((20, 5), "20 days are fewer than 30"), ((100, 0), "0 cell")],
)
def test_what_has_no_figure_says_why(shape: tuple[int, int], said: str) -> None:
    found = overfitting(np.random.default_rng(7).normal(0, 1, shape))
    assert said in found.why[0]
    assert (found.deflated, found.probability) == (None, None)


def test_cells_that_never_moved_and_cells_that_are_all_the_same() -> None:
    assert "no cell has returns that differ" in overfitting(np.zeros((100, 4))).why[0]
    same = np.repeat(np.random.default_rng(8).normal(0, 1, (100, 1)), 4, axis=1)
    found = overfitting(same)
    assert "all cells have the same returns" in found.why[0]
    assert found.deflated == pytest.approx(found.probabilistic)


def test_more_tries_than_cells_deflate_more() -> None:
    table = np.random.default_rng(9).normal(0.0005, 0.01, (500, 20))
    few, many = overfitting(table), overfitting(table, tries=2000)
    assert few.deflated is not None
    assert many.deflated is not None
    assert many.deflated < few.deflated

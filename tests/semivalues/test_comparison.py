"""Comparison of valuations by player name."""

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from davinz_jax.semivalues.comparison import compare, on_opposite_sides, rank_correlations


def test_players_are_aligned_by_name():
    found = compare(
        ("a", "b", "c"), np.array([1.0, 2.0, 3.0]), ("c", "x", "b"), np.array([5.0, 9.0, 1.0])
    )
    assert found.players == ("b", "c")
    np.testing.assert_array_equal(found.differences, [-1.0, 2.0])
    assert np.abs(found.differences).max() == 2.0
    assert (found.only_first, found.only_second) == (("a",), ("x",))
    assert found.spearman == pytest.approx(1.0)
    assert list(found.to_frame()["player"]) == ["b", "c"]


def test_correlations_are_those_of_scipy():
    generator = np.random.default_rng(0)
    first = generator.integers(0, 5, 20).astype(float)
    second = first + generator.normal(size=20)
    spearman, kendall = rank_correlations(first, second)
    assert spearman == pytest.approx(spearmanr(first, second).statistic)
    assert kendall == pytest.approx(kendalltau(first, second).statistic)


def test_equal_values_have_no_correlation():
    assert np.isnan(rank_correlations(np.ones(3), np.arange(3.0))).all()


def test_nothing_in_common_is_refused():
    with pytest.raises(ValueError, match="at least 2 players in common, got 1"):
        compare(("a", "b"), np.zeros(2), ("a", "c"), np.zeros(2))


def test_opposite_sides_of_zero_are_beyond_the_intervals():
    """The second interval of b holds zero; c has no error measured, so that its value decides."""
    first = np.array([1.0, 1.0, -1.0, 1.0]), np.array([[0.5, 2], [0.5, 2], [np.nan] * 2, [0.1, 2]])
    second = np.array([-1.0, -1.0, 3.0, 2.0]), np.array([[-2, -0.1], [-2, 0.1], [1, 5], [1, 3]])
    assert on_opposite_sides(*first, *second).tolist() == [True, False, True, False]
    assert on_opposite_sides(*second, *first).tolist() == [True, False, True, False]

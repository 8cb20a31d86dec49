"""Spreads: variance of means and of differences, by hand and against their definition."""

import numpy as np
import pytest

from davinz_jax.semivalues.intervals import (
    Spread,
    above,
    blocks_of_players,
    half_width,
    spread_of_mean,
    without_rounding,
)


def test_variance_of_the_mean_by_hand():
    """Draws 1, 3: variance 2, so that of their mean is 1."""
    factor = spread_of_mean(np.array([[1.0], [3.0]]), np.array([1, 1]))
    np.testing.assert_allclose(np.square(factor).sum(axis=0), [1.0])


def test_groups_of_different_size_by_hand():
    """Means 0 of two draws and 3 of one: mean 1, σ² = (2·1 + 1·4)/1 = 6, of three draws 2."""
    factor = spread_of_mean(np.array([[0.0], [3.0]]), np.array([2, 1]))
    np.testing.assert_allclose(np.square(factor).sum(axis=0), [2.0])


def test_differences_are_paired():
    replicates = np.random.default_rng(0).normal(size=(6, 5))
    spread = Spread(spread_of_mean(replicates, np.ones(6, dtype=int)), 5)
    gaps = replicates[:, 1:3, None] - replicates[:, None, :]
    np.testing.assert_allclose(
        spread.differences(slice(1, 3)), gaps.var(axis=0, ddof=1) / 6, atol=1e-15
    )


def test_interval_by_hand():
    """Two draws 1, 3: one degree of freedom, t = 12.706, standard error 1."""
    spread = Spread(spread_of_mean(np.array([[1.0], [3.0]]), np.array([1, 1])), 1)
    np.testing.assert_allclose(half_width([spread], 0.95, 1), [12.7062], rtol=1e-5)
    assert np.isnan(half_width([], 0.95, 2)).all()


def test_a_constant_shift_between_players_is_beyond_doubt():
    """Draws vary by 10 but the first player is always ahead by 1."""
    replicates = np.array([[11.0, 10.0], [21.0, 20.0], [31.0, 30.0]])
    spread = Spread(spread_of_mean(replicates, np.ones(3, dtype=int)), 2)
    wins = above(replicates.mean(axis=0), [spread], 0.95, slice(0, 2))
    np.testing.assert_array_equal(wins, [[False, True], [False, False]])


def test_rounding_is_a_tie():
    values = np.array([0.1 + 0.2, 0.3, -5.0])
    assert values[0] != values[1]
    cleaned = without_rounding(values)
    assert cleaned[0] == cleaned[1]
    assert not above(values, [], 0.95, slice(0, 3))[:2, :2].any()
    np.testing.assert_array_equal(without_rounding(np.zeros(2)), np.zeros(2))


@pytest.mark.parametrize("num", [1, 512, 513, 1500])
def test_blocks_cover_all_players_once(num):
    covered = np.concatenate([np.arange(num)[rows] for rows in blocks_of_players(num)])
    np.testing.assert_array_equal(covered, np.arange(num))

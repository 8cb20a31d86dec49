"""Spreads: variance of means and of differences, by hand and against their definition."""

import itertools

import numpy as np
import pytest
from scipy.stats import t as student

from davinz_jax.semivalues.intervals import (
    Spread,
    above,
    blocks_of_players,
    half_width,
    joint_level,
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


# -- all pairs together ----------------------------------------------------------------------------


def replicates_of(values, num, key):
    """Normal replicates around values, their means and spread."""
    drawn = np.random.default_rng(key).normal(size=(num, len(values))) + values
    return drawn.mean(axis=0), [Spread(spread_of_mean(drawn, np.ones(num, dtype=int)), num - 1)]


def test_level_of_single_comparisons_by_hand():
    """Three pairs, none told apart: 1 − .05/3. One far from two alike: .05 for the last pair."""
    spreads = [Spread(np.full((2, 3), [1e-3, 0.0, -1e-3]), 1)]
    np.testing.assert_allclose(joint_level(np.zeros(3), spreads, 0.95), 1 - 0.05 / 3)
    np.testing.assert_allclose(joint_level(np.array([0.0, 9.0, 9.0]), spreads, 0.95), 0.95)
    np.testing.assert_allclose(joint_level(np.zeros(1), [], 0.95), 0.95)


@pytest.mark.parametrize("key", range(8))
def test_steps_are_those_of_holm(key):
    """Slow twin: p-values in order, the k-th against .05/(pairs − k + 1), until one is larger."""
    values, spreads = replicates_of(np.repeat([0.0, 3.0, 9.0], [3, 2, 2]), 6, key)
    chances = []
    for j, k in itertools.combinations(range(7), 2):
        error = np.sqrt(spreads[0].differences(slice(j, j + 1))[0, k])
        chances.append(2 * student.sf(abs(values[j] - values[k]) / error, 5))
    expected = 0
    for chance in sorted(chances):
        if chance > 0.05 / (21 - expected):
            break
        expected += 1
    wins = above(values, spreads, joint_level(values, spreads, 0.95), slice(0, 7))
    assert wins.sum() == expected
    assert 0 < expected < 21


@pytest.mark.parametrize(("num_players", "num"), [(5, 5), (10, 5), (20, 5), (10, 32)])
def test_equal_players_are_hardly_ever_told_apart(num_players, num):
    """Any pair of all in at most 5 of 100 cases; pair by pair it is a third to nearly all."""
    jointly, singly, cases = 0, 0, 400
    everyone = slice(0, num_players)
    for key in range(cases):
        values, spreads = replicates_of(np.zeros(num_players), num, key)
        single = joint_level(values, spreads, 0.95)
        jointly += above(values, spreads, single, everyone).any()
        singly += above(values, spreads, 0.95, everyone).any()
    assert jointly / cases < 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / cases)
    assert singly / cases > 0.25


@pytest.mark.parametrize("gap", [0.02, 0.3])
def test_order_is_hardly_ever_the_wrong_way_round(gap):
    """Players a little apart: told apart the wrong way round in fewer than 5 of 100 cases."""
    wrong = 0
    for key in range(300):
        values, spreads = replicates_of(gap * np.arange(8), 5, key)
        wins = above(values, spreads, joint_level(values, spreads, 0.95), slice(0, 8))
        wrong += np.triu(wins).any()
    assert wrong / 300 < 0.05


def test_many_players_are_asked_once():
    values = np.arange(2001.0)
    spreads = [Spread(np.zeros((2, 2001)), 1)]
    assert joint_level(values, spreads, 0.95) == 1 - (1 - 0.95) / (2001 * 1000)

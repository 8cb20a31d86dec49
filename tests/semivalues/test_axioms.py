"""Axioms that define semivalues, for every one of them, exact and sampled."""

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import (
    Sampling,
    banzhaf,
    beta_shapley,
    games,
    leave_one_out,
    shapley,
    standalone,
)
from davinz_jax.utility import all_coalitions

KEY = jax.random.key(11)
EXACT = {
    "leave_one_out": leave_one_out,
    "standalone": standalone,
    "shapley": shapley,
    "banzhaf": banzhaf,
    "beta": lambda game: beta_shapley(game, alpha=4, beta=1),
}
BY_PERMUTATIONS = {
    "permutation": lambda game: shapley(game, sampling=Sampling("permutation", 64), key=KEY),
    "antithetic": lambda game: shapley(game, sampling=Sampling("antithetic", 64), key=KEY),
    "stratified": lambda game: shapley(game, sampling=Sampling("stratified", 64), key=KEY),
    "weighted": lambda game: beta_shapley(
        game, alpha=4, beta=1, sampling=Sampling("permutation", 64), key=KEY
    ),
}
SAMPLED = {
    **BY_PERMUTATIONS,
    "reuse": lambda game: banzhaf(game, sampling=Sampling("sample_reuse", 640), key=KEY),
}
ALL = {**EXACT, **SAMPLED}


def random_game(seed, num_players=6):
    worths = np.random.default_rng(seed).normal(size=2**num_players)
    worths[0] = 0.0
    return games.table(worths)


def close(found, expected, name):
    """Within rounding, or within sampling error."""
    slack = 4.5 * found.stderr_sampling if name in SAMPLED else 0.0
    return bool((np.abs(found.values - expected) <= slack + 1e-12).all())


@pytest.mark.parametrize("name", ["shapley", "permutation", "antithetic", "stratified"])
def test_efficiency(name):
    """Shapley values sum to u(N) − u(∅), permutation by permutation."""
    game = random_game(0)
    worths = game.power_set()[0, 0]
    assert ALL[name](game).values.sum() == pytest.approx(worths[-1] - worths[0])


@pytest.mark.parametrize("name", ALL)
def test_symmetry(name):
    """Players 0 and 1 may be exchanged, so their values agree."""
    worths = random_game(1).power_set()[0, 0]
    index = np.arange(64)
    low, high = index & 1, index >> 1 & 1
    exchanged = (index & ~3) | low << 1 | high
    found = ALL[name](games.table(worths + worths[exchanged]))
    slack = 4.5 * np.hypot(*found.stderr_sampling[:2])
    assert abs(found.values[0] - found.values[1]) <= slack + 1e-12
    assert ("a0", "a1") in found.not_separable()


@pytest.mark.parametrize("name", ALL)
def test_null_player(name):
    """A player that adds nothing gets nothing, and exactly so without sample reuse."""
    worths = random_game(2).power_set()[0, 0]
    found = ALL[name](games.table(worths[np.arange(64) & ~(1 << 3)]))
    slack = 4.5 * found.stderr_sampling[3] if name == "reuse" else 0.0
    assert abs(found.values[3]) <= slack + 1e-13


@pytest.mark.parametrize("name", ALL)
def test_additivity(name):
    """Values of a sum of games are sums of values, sample by sample."""
    first, second = random_game(3), random_game(4)
    both = games.table(first.power_set()[0, 0] + second.power_set()[0, 0])
    value = ALL[name]
    expected = value(first).values + value(second).values
    np.testing.assert_allclose(value(both).values, expected, atol=1e-12)
    apart = value(games.combine({"a": [first], "b": [second]}))
    np.testing.assert_allclose(apart.values, expected, atol=1e-12)
    np.testing.assert_allclose(apart.term_values[0], value(first).values, atol=1e-12)


@pytest.mark.parametrize("name", ALL)
def test_additive_games_return_their_values(name):
    values = np.array([0.3, -1.0, 2.0, 0.0, 5.0])
    found = ALL[name](games.additive(values))
    assert close(found, values, name)


@pytest.mark.parametrize("name", ALL)
def test_replication(name):
    """Player 5 duplicates player 4: worth sees only that one of them is there; equal values."""
    worths = random_game(5, 5).power_set()[0, 0]
    index = np.arange(64)
    merged = (index & 15) | ((index >> 4 | index >> 5) & 1) << 4
    found = ALL[name](games.table(worths[merged]))
    slack = 4.5 * np.hypot(*found.stderr_sampling[4:])
    assert abs(found.values[4] - found.values[5]) <= slack + 1e-12
    if name == "leave_one_out":
        np.testing.assert_allclose(found.values[4:], 0.0, atol=1e-12)


def test_a_copy_takes_no_more_than_its_original_from_the_shapley_value():
    """Sharing a unanimity game of one with a copy: each gets half of what one had."""
    worths = np.array([0.0, 1.0, 1.0, 1.0])
    np.testing.assert_allclose(shapley(games.table(worths)).values, [0.5, 0.5])


@pytest.mark.parametrize("name", ALL)
def test_the_order_of_players_does_not_matter(name):
    """Exactly so for exact values, within errors for sampled ones."""
    game = random_game(6)
    order = np.random.default_rng(0).permutation(6)
    members = all_coalitions(6)
    original = np.empty_like(members)
    original[:, order] = members
    shuffled = games.table(game.coalitions(original)[0, 0])
    first, second = ALL[name](game), ALL[name](shuffled)
    slack = np.hypot(first.stderr_sampling[order], second.stderr_sampling)
    gap = np.abs(first.values[order] - second.values)
    assert (gap <= 4.5 * slack + 1e-12).all()

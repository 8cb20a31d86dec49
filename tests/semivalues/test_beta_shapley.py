"""Beta-Shapley values, exact and by weighted permutations."""

import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, beta_shapley, leave_one_out, shapley, standalone
from davinz_jax.semivalues.size_weights import beta_weights
from tests.semivalues.cases import sampling_variance


@pytest.mark.parametrize(("alpha", "beta"), [(16, 1), (1, 4), (0.5, 0.5)])
def test_exact_values(small_games, alpha, beta):
    for game in small_games.values():
        found = beta_shapley(game, alpha=alpha, beta=beta)
        weights = beta_weights(len(game.players), alpha=alpha, beta=beta)
        np.testing.assert_allclose(
            found.contributions, game.semivalue(weights), rtol=1e-11, atol=1e-13
        )


def test_beta_one_one_is_shapley(small_games, wide_game, key):
    for game in small_games.values():
        found = beta_shapley(game, alpha=1, beta=1)
        np.testing.assert_allclose(found.values, shapley(game).values, atol=1e-12)
    found = beta_shapley(wide_game, alpha=1, beta=1, sampling=Sampling(num_samples=64), key=key)
    same = shapley(wide_game, sampling=Sampling(num_samples=64), key=key)
    np.testing.assert_allclose(found.contributions, same.contributions, rtol=1e-9, atol=1e-12)


def test_limits_are_leave_one_out_and_standalone(small_games):
    game = small_games["airport"]
    last = beta_shapley(game, alpha=1, beta=1e7).values
    np.testing.assert_allclose(last, leave_one_out(game).values, atol=1e-5)
    first = beta_shapley(game, alpha=1e7, beta=1).values
    np.testing.assert_allclose(first, standalone(game).values, atol=1e-5)


@pytest.mark.parametrize("design", ["permutation", "antithetic", "stratified"])
def test_sampled_values_lie_within_their_errors(design, wide_game, key):
    found = beta_shapley(
        wide_game, alpha=4, beta=1, sampling=Sampling(method=design, num_samples=1600), key=key
    )
    errors = found.contributions - wide_game.semivalue(beta_weights(15, alpha=4, beta=1))
    assert (np.abs(errors) <= 4.5 * np.sqrt(sampling_variance(found)) + 1e-12).all()


def test_parameters_are_kept_and_checked(small_games):
    found = beta_shapley(small_games["glove"], alpha=4, beta=1)
    assert (found.description["alpha"], found.description["beta"]) == (4.0, 1.0)
    with pytest.raises(ValueError, match="alpha: wanted a positive"):
        beta_shapley(small_games["glove"], alpha=0, beta=1)
    with pytest.raises(ValueError, match="beta: wanted a positive"):
        beta_shapley(small_games["glove"], alpha=1, beta=-1)

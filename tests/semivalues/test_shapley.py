"""Shapley values, exact and sampled."""

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, games, shapley
from davinz_jax.semivalues.size_weights import shapley_weights
from tests.semivalues.cases import sampling_variance

DESIGNS = ["permutation", "antithetic", "stratified"]


def test_auto_is_exact_up_to_twelve_players(key):
    exact = shapley(games.majority(12))
    assert (exact.description["estimator"], exact.num_samples) == ("exact", 0)
    np.testing.assert_allclose(exact.values, 1 / 12)
    np.testing.assert_array_equal(exact.stderr_sampling, 0)
    sampled = shapley(games.majority(13), sampling=Sampling(num_samples=64), key=key)
    assert (sampled.description["estimator"], sampled.num_samples) == ("antithetic", 64)


@pytest.mark.parametrize("design", DESIGNS)
def test_sampled_values_lie_within_their_errors(design, wide_game, key):
    found = shapley(wide_game, sampling=Sampling(design, num_samples=1600), key=key)
    truth = wide_game.semivalue(shapley_weights(15))
    errors = found.contributions - truth
    assert (np.abs(errors) <= 4.5 * np.sqrt(sampling_variance(found)) + 1e-12).all()
    gap = np.abs(found.values - truth.sum(axis=0).mean(axis=0))
    assert (gap <= 4.5 * found.stderr_sampling).all()
    assert found.stderr_sampling.max() < 0.1


@pytest.mark.parametrize("design", DESIGNS)
def test_unbiased_and_calibrated_over_keys(design):
    """Over 40 keys the mean error is within its error, and its square is the stated variance."""
    game = games.glove(3, 5)
    truth = game.semivalue(shapley_weights(8))
    runs = [
        shapley(game, sampling=Sampling(design, num_samples=64), key=key)
        for key in jax.random.split(jax.random.key(2), 40)
    ]
    errors = np.array([run.contributions - truth for run in runs])
    variance = np.mean([sampling_variance(run) for run in runs], axis=0)
    assert (np.abs(errors.mean(axis=0)) <= 4.0 * np.sqrt(variance / 40)).all()
    assert 0.7 < np.mean(errors**2) / variance.mean() < 1.4


def test_a_table_by_hand():
    """Glove-like worths of three players: the first holds the only left glove."""
    worths = np.array([0, 0, 0, 1, 0, 1, 0, 1], dtype=float)
    np.testing.assert_allclose(shapley(games.table(worths)).values, [2 / 3, 1 / 6, 1 / 6])


def test_too_many_players_for_exact():
    with pytest.raises(ValueError, match="coalitions.*antithetic"):
        shapley(games.majority(30), sampling=Sampling(method="exact"))

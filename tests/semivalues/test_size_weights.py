"""Weights of the sizes of the coalitions that semivalues join players to."""

import numpy as np
import pytest
from scipy.stats import betabinom, binom

from davinz_jax.semivalues.size_weights import (
    banzhaf_weights,
    beta_weights,
    shapley_weights,
)


def test_three_players_by_hand():
    """Two others: sizes 0, 1, 2; of four coalitions 1, 2, 1 have these sizes."""
    np.testing.assert_allclose(shapley_weights(3), [1 / 3] * 3)
    np.testing.assert_allclose(banzhaf_weights(3), [0.25, 0.5, 0.25])


def test_beta_of_two_players_by_hand():
    """One other, size Bernoulli with mean β / (α + β)."""
    np.testing.assert_allclose(beta_weights(2, alpha=3, beta=1), [0.75, 0.25])


@pytest.mark.parametrize("num_players", [1, 2, 7, 1000])
def test_beta_one_one_is_shapley(num_players):
    np.testing.assert_allclose(
        beta_weights(num_players, alpha=1, beta=1), shapley_weights(num_players), rtol=1e-9
    )


def test_slow_twins_of_scipy():
    np.testing.assert_allclose(
        beta_weights(40, alpha=16, beta=2), betabinom.pmf(range(40), 39, 2, 16), rtol=1e-9
    )
    np.testing.assert_allclose(banzhaf_weights(40), binom.pmf(range(40), 39, 0.5), rtol=1e-9)


def test_many_players_neither_overflow_nor_lose_mass():
    for weights in (banzhaf_weights(20_000), beta_weights(20_000, alpha=0.5, beta=16)):
        assert weights.sum() == pytest.approx(1.0, rel=1e-6)


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), float("inf")])
def test_parameters_must_be_positive(bad):
    with pytest.raises(ValueError, match="alpha: wanted a positive"):
        beta_weights(3, alpha=bad, beta=1)
    with pytest.raises(ValueError, match="beta: wanted a positive"):
        beta_weights(3, alpha=1, beta=bad)

"""Designs of permutations."""

import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, games, shapley
from davinz_jax.semivalues.permutations import permutation_sampler, unit_of
from davinz_jax.semivalues.size_weights import beta_weights


def test_designs_by_hand():
    order = np.array([2, 0, 1])
    np.testing.assert_array_equal(unit_of(order, "permutation"), [[2, 0, 1]])
    np.testing.assert_array_equal(unit_of(order, "antithetic"), [[2, 0, 1], [1, 0, 2]])
    turned = [[2, 0, 1], [1, 2, 0], [0, 1, 2]]
    mirrored = [each[::-1] for each in turned]
    np.testing.assert_array_equal(unit_of(order, "stratified"), turned + mirrored)


@pytest.mark.parametrize("num", [8, 16, 100])
def test_quarters_hold_each_player_twice(num):
    orders = np.array(unit_of(np.random.default_rng(0).permutation(num), "stratified"))
    assert (np.sort(orders, axis=1) == np.arange(num)).all()
    quarters = np.sort(np.argsort(orders, axis=1) * 4 // num, axis=0)
    np.testing.assert_array_equal(quarters, np.tile(np.repeat(np.arange(4), 2), (num, 1)).T)


def test_strata_have_less_variance_than_pairs(key):
    """Worth √members: marginals fall with the position, steeply and not linearly."""
    game = games.game("root", 32, lambda members: np.sqrt(members.sum(axis=1)))
    paired, strata = (
        shapley(
            game, sampling=Sampling(method=design, num_samples=512), key=key
        ).stderr_sampling.mean()
        for design in ("antithetic", "stratified")
    )
    assert strata < 0.9 * paired


class Fixed(np.random.Generator):
    """Always the same permutation."""

    def permutation(self, num):
        return np.array([2, 0, 1])


def test_one_permutation_by_hand():
    """Runways 1, 2, 3 in the order 3, 1, 2 cost 3, 0, 0; weights 3 P(s) are by position."""
    fixed = Fixed(np.random.PCG64(0))
    game = games.airport(np.array([1.0, 2.0, 3.0]))
    sampler = permutation_sampler(game, np.array([0.5, 0.3, 0.2]), "permutation")
    (drawn,) = sampler.draw([fixed])
    np.testing.assert_allclose(drawn["marginals"][0, 0], [0, 0, 4.5])
    sampler = permutation_sampler(game, np.array([0.5, 0.3, 0.2]), "antithetic")
    (drawn,) = sampler.draw([fixed])  # the reverse 2, 1, 3 costs 2, 0, 1
    np.testing.assert_allclose(drawn["marginals"][0, 0], [0, 3.0 / 2, (4.5 + 0.6) / 2])


@pytest.mark.parametrize("design", ["permutation", "antithetic", "stratified"])
def test_an_additive_game_is_exact_in_every_design(design, key):
    values = np.linspace(-1, 1, 20)
    found = shapley(
        games.additive(values), sampling=Sampling(method=design, num_samples=16), key=key
    )
    np.testing.assert_allclose(found.values, values)
    np.testing.assert_allclose(found.stderr_sampling, 0, atol=1e-12)


def test_other_designs_have_less_variance(key):
    """Worth (members)²: marginals 2 s + 1 are linear in the position, so reversing is exact."""
    game = games.game("square", 32, lambda members: members.sum(axis=1) ** 2.0)
    single, paired, strata = (
        shapley(game, sampling=Sampling(method=design, num_samples=256), key=key).stderr_sampling
        for design in ("permutation", "antithetic", "stratified")
    )
    np.testing.assert_allclose(paired, 0.0, atol=1e-9)
    np.testing.assert_allclose(strata, 0.0, atol=1e-9)
    assert single.min() > 0.5


def test_weights_of_a_semivalue_average_to_one():
    assert 12 * beta_weights(12, alpha=4, beta=1).mean() == pytest.approx(1.0)

"""Designs of permutations."""

import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, beta_shapley, games, shapley
from davinz_jax.semivalues.permutations import permutation_sampler, unit_of
from davinz_jax.semivalues.sampling import SamplingRun, sample_semivalue
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
    np.testing.assert_allclose(drawn["marginals"][0, 0], [0, 3.0, 4.5 + 0.6])
    np.testing.assert_allclose(drawn["weights"], [0.9 + 0.9, 0.6 + 1.5, 1.5 + 0.6])


@pytest.mark.parametrize("design", ["permutation", "antithetic", "stratified"])
def test_an_additive_game_is_exact_in_every_design(design, key):
    values = np.linspace(-1, 1, 20)
    found = shapley(
        games.additive(values), sampling=Sampling(method=design, num_samples=16), key=key
    )
    np.testing.assert_allclose(found.values, values)
    np.testing.assert_allclose(found.stderr_sampling, 0, atol=1e-12)


@pytest.mark.parametrize("design", ["permutation", "antithetic", "stratified"])
def test_an_additive_game_is_exact_at_sizes_of_any_weight(design, key):
    """Means are by the weight each player met, so that it does not matter how much that was."""
    values = np.linspace(-1, 1, 20)
    sampling = Sampling(method=design, num_samples=16)
    found = beta_shapley(games.additive(values), alpha=1, beta=16, sampling=sampling, key=key)
    np.testing.assert_allclose(found.values, values)
    np.testing.assert_allclose(found.stderr_sampling, 0, atol=1e-12)


def test_weighed_means_by_hand():
    """Groups of weight 1 and 3 with means 1 and 5: 4 in all; each moves it by a quarter of its e.

    Group one: 1·(1 − 4) = −3, over total weight 4, times 2 groups: 4 − 3/4·2 = 2.5; two: 5.5.
    """
    sums = {
        "marginals": np.array([1.0, 15.0]).reshape(2, 1, 1, 1),
        "resampled": np.full((1, 1, 1, 1), 8.0),
        "weights": np.array([[1.0], [3.0]]),
        "powers": np.ones((1, 8, 1)),
    }
    sampler = permutation_sampler(games.additive(np.ones(1)), np.ones(1), "permutation")
    found = sampler.estimate(sums, np.array([2, 2]))
    np.testing.assert_allclose(found.contributions.ravel(), [4.0, 2.0])
    np.testing.assert_allclose(found.replicates.ravel(), [2.5, 5.5])


def test_players_who_met_no_size_of_weight_are_refused(key):
    """All weight on joining everybody else, which few of 40 players do in 2 permutations."""
    sampler = permutation_sampler(games.majority(40), np.eye(40)[-1], "permutation")
    run = SamplingRun(Sampling(num_samples=2), key, None, None)
    with pytest.raises(ValueError, match="num_samples: wanted each player at a size that weighs"):
        sample_semivalue(games.majority(40), sampler, "last", run)


def test_weighed_means_have_less_variance_than_weighed_sums(key):
    """Marginals near 1 at every size: what varies is the weight met, e^(±…) for Beta(1, 16)."""
    game = games.game("log", 20, lambda members: np.log1p(members.sum(axis=1)))
    found = beta_shapley(game, alpha=1, beta=16, sampling=Sampling("antithetic", 256), key=key)
    assert found.stderr_sampling.max() < 0.02 * found.values.max()


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

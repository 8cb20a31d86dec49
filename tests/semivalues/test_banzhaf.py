"""Banzhaf values, exact and by maximum sample reuse."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, banzhaf, games
from davinz_jax.semivalues.banzhaf import reuse_sampler
from davinz_jax.semivalues.size_weights import banzhaf_weights
from tests.semivalues.cases import sampling_variance


def test_exact_values(small_games):
    for game in small_games.values():
        weights = banzhaf_weights(len(game.players))
        np.testing.assert_allclose(
            banzhaf(game).contributions, game.semivalue(weights), rtol=1e-12, atol=1e-13
        )


def test_estimate_by_hand():
    """Two groups; worths 1, 3 with the player and 0, 1 without: 2 − 1/2, and groups' changes."""
    sums = {
        "inside": np.array([1.0, 3.0]).reshape(2, 1, 1, 1),
        "outside": np.array([0.0, 1.0]).reshape(2, 1, 1, 1),
        "count": np.array([[1.0], [1.0]]),
        "powers": np.ones((1, 8, 1)),
    }
    found = reuse_sampler(games.majority(1)).estimate(sums, np.array([2, 2]))
    np.testing.assert_allclose(found.contributions, [[[1.5]]])
    np.testing.assert_allclose(found.replicates.ravel(), [1.0, 2.0])  # the groups' own means


def test_evidence_is_that_of_the_worths(key):
    """Everybody of ten: worth 1 in about one of 1,024 coalitions, and each moves a value by 2."""
    found = banzhaf(games.unanimity(14, range(10)), sampling=Sampling(num_samples=5000), key=key)
    evidence = found.evidence
    pivotal = evidence.effective[0]
    assert 1 <= pivotal < 8
    np.testing.assert_allclose(pivotal, round(pivotal), rtol=0.02)
    np.testing.assert_allclose(evidence.deviation, 2.0, rtol=0.02)
    assert len(found.scarce) == 14


def test_replicates_average_to_the_value(wide_game, key):
    found = banzhaf(wide_game, sampling=Sampling(num_samples=77), key=key)
    weights = found.replicate_samples / 77
    mean = np.tensordot(weights, found.replicates, axes=1)
    np.testing.assert_allclose(mean, found.contributions, atol=1e-12)


def test_sampled_values_lie_within_their_errors(wide_game, key):
    found = banzhaf(wide_game, sampling=Sampling(num_samples=3200), key=key)
    errors = found.contributions - wide_game.semivalue(banzhaf_weights(15))
    assert (np.abs(errors) <= 4.5 * np.sqrt(sampling_variance(found))).all()
    assert found.stderr_sampling.max() < 0.1


def test_unbiased_and_calibrated_over_keys():
    game = games.glove(3, 5)
    truth = game.semivalue(banzhaf_weights(8))
    runs = [
        banzhaf(game, sampling=Sampling(method="sample_reuse", num_samples=160), key=key)
        for key in jax.random.split(jax.random.key(2), 40)
    ]
    errors = np.array([run.contributions - truth for run in runs])
    variance = np.mean([sampling_variance(run) for run in runs], axis=0)
    assert (np.abs(errors.mean(axis=0)) <= 4.0 * np.sqrt(variance / 40)).all()
    assert 0.7 < np.mean(errors**2) / variance.mean() < 1.4


@pytest.mark.parametrize(("num_rows", "batch"), [(15, 32), (1000, 8), (100_000, 1)])
def test_fewer_coalitions_at_a_time_of_more_rows(num_rows, batch):
    sizes = np.full(5, num_rows // 5)
    assert reuse_sampler(replace(games.majority(5), player_sizes=sizes)).batch == batch


def test_a_constant_added_to_the_worth_changes_nothing_but_rounding(key):
    game = games.glove(7, 8)
    raised = games.game("raised", 15, lambda members: game.worths[0][0](members) + 1000.0)
    plain, moved = (
        banzhaf(each, sampling=Sampling(num_samples=320), key=key) for each in (game, raised)
    )
    np.testing.assert_allclose(moved.values, plain.values, atol=1e-9)
    np.testing.assert_allclose(moved.stderr_sampling, plain.stderr_sampling, atol=1e-9)


def test_too_few_coalitions_are_refused(key):
    with pytest.raises(ValueError, match="with and without each player"):
        banzhaf(games.majority(500), sampling=Sampling(num_samples=2), key=key)

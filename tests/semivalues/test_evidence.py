"""Effective samples by hand, against their definition, and what intervals then cover."""

from functools import partial

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, beta_shapley, games, shapley
from davinz_jax.semivalues.evidence import Evidence, evidence_of, power_sums
from davinz_jax.semivalues.size_weights import beta_weights, shapley_weights


def evidence_from(marginals, weights, origin):
    """Evidence of samples (n, p), and the values."""
    sums = np.sum([power_sums(m, w, origin) for m, w in zip(marginals, weights, strict=True)], 0)
    total = weights.sum(axis=0)
    values = (weights * marginals).sum(axis=0) / total
    return evidence_of(sums, total, values, origin, len(marginals)), values


def test_pivots_by_hand():
    """Pivotal in 2, 0 and 50 of 100 samples: as many effective ones; M is 1, of the rarest."""
    marginals = np.zeros((100, 3))
    marginals[:2, 0] = marginals[:50, 2] = 1.0
    evidence, _ = evidence_from(marginals, np.ones((100, 3)), np.zeros(3))
    np.testing.assert_allclose(evidence.effective, [2.0, 0.0, 100.0], rtol=0.05)
    np.testing.assert_allclose(evidence.deviation, 1.0, rtol=0.03)
    assert evidence.is_scarce.tolist() == [True, True, False]
    np.testing.assert_allclose(evidence.variance, [2e-4, 2e-4, 0.0], rtol=0.06)


@pytest.mark.parametrize("origin", [0.0, 1.0, -20.0])
def test_power_sums_are_those_of_the_deviations(origin):
    draw = np.random.default_rng(0)
    marginals, weights = draw.standard_t(5, size=(200, 4)) + 3.0, draw.random((200, 4)) + 0.2
    evidence, values = evidence_from(marginals, weights, np.full(4, origin))
    away = weights * (marginals - values)
    expected = (away**2).sum(axis=0) ** 2 / (away**4).sum(axis=0)
    np.testing.assert_allclose(evidence.effective, expected, rtol=1e-7)
    largest = np.sqrt((away**4).sum(axis=0) / (away**2).sum(axis=0)).max()
    np.testing.assert_allclose(evidence.deviation, largest, rtol=1e-7)


def test_few_samples_may_hold_nearly_all_the_weight():
    """One of four weighs 1, the others nothing much: no more than one sample, whatever it says."""
    weights = np.array([[1.0], [1e-6], [1e-6], [1e-6]])
    evidence, _ = evidence_from(np.arange(4.0)[:, None], weights, np.zeros(1))
    np.testing.assert_allclose(evidence.effective, [1.0], rtol=1e-5)


def test_what_never_varies_for_anyone_is_certain(key):
    found = shapley(
        games.additive(np.linspace(0, 1, 14)), sampling=Sampling(num_samples=64), key=key
    )
    assert found.scarce == ()
    np.testing.assert_allclose(found.stderr_sampling, 0.0, atol=1e-12)


def test_sums_of_values_by_hand():
    """Of a sum, the best known part and the largest deviation count."""
    combined = Evidence(np.array([2.0, 30.0, 1.0]), np.full(3, 0.5), 64).combine(
        np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
    )
    np.testing.assert_allclose(combined.effective, [30.0, 1.0])
    np.testing.assert_allclose(combined.deviation, [0.5, 1.0])
    np.testing.assert_allclose(combined.variance, [0.0, 2.0 / 64**2])


def covered(run, game, size_weights, num_runs):
    """Share of runs whose interval holds each player's true value."""
    truth = game.semivalue(size_weights)[0, 0]
    limits = np.array(
        [run(game, key=k).intervals() for k in jax.random.split(jax.random.key(0), num_runs)]
    )
    return ((limits[..., 0] <= truth) & (truth <= limits[..., 1])).mean(axis=0)


def test_intervals_of_rare_pivots_cover():
    """Votes 1, …, 13, of which the least are pivotal in 1 of 50 orders or so, by 32 pairs."""
    run = partial(shapley, sampling=Sampling("antithetic", 64))
    hits = covered(run, games.voting(np.arange(1, 14)), shapley_weights(13), 40)
    assert hits.mean() > 0.94
    assert hits.min() > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("num_samples", [64, 1000])
@pytest.mark.parametrize("votes", [np.arange(1, 14), np.rint(1.35 ** np.arange(20)).astype(int)])
def test_intervals_of_rare_pivots_cover_at_length(votes, num_samples):
    """The worst player's too; the least of twenty are pivotal in 1 of 1,000 orders."""
    game, num = games.voting(votes), len(votes)
    run = partial(shapley, sampling=Sampling("auto" if num > 12 else "antithetic", num_samples))
    hits = covered(run, game, shapley_weights(num), 200)
    assert hits.mean() > 0.93
    assert hits.min() > 0.85


@pytest.mark.slow
@pytest.mark.parametrize("game", [games.glove(7, 8), games.voting(np.arange(1, 14))])
def test_intervals_of_weighed_sizes_cover(game):
    num = len(game.players)
    run = partial(beta_shapley, alpha=1, beta=16, sampling=Sampling(num_samples=1000))
    hits = covered(run, game, beta_weights(num, alpha=1, beta=16), 100)
    assert hits.mean() > 0.92
    assert hits.min() > 0.84

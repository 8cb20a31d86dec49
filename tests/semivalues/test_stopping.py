"""Stopping rules."""

import jax
import numpy as np
import pytest

from davinz_jax.semivalues import Sampling, Stopping, games, shapley


def run(stopping, game=None, num_samples=6400):
    game = games.airport(np.arange(1.0, 9.0)) if game is None else game
    sampling = Sampling("permutation", num_samples, stopping)
    return shapley(game, sampling=sampling, key=jax.random.key(0))


def test_standard_error_by_hand():
    """Group means 0 and 2, 1 sample each: standard error 1."""
    values, counts = np.array([[0.0], [2.0]]), np.ones(2, dtype=int)
    assert Stopping(stderr=1.0).is_accurate(values, counts, np.zeros(1))
    assert not Stopping(stderr=0.99).is_accurate(values, counts, np.zeros(1))
    assert Stopping(relative_stderr=1.0).is_accurate(values, counts, np.zeros(1))
    assert not Stopping(relative_stderr=0.99).is_accurate(values, counts, np.zeros(1))


def test_few_samples_are_not_accurate():
    """No spread at all, but a variance of 4 for what few samples cannot show: error 2."""
    values, counts, scarce = np.ones((3, 1)), np.ones(3, dtype=int), np.array([4.0])
    assert Stopping(stderr=2.0).is_accurate(values, counts, scarce)
    assert not Stopping(stderr=1.99).is_accurate(values, counts, scarce)


def test_rank_agreement_of_halves_by_hand():
    """Even groups rank the players 1 2 3, odd ones 1 3 2: correlation 1/2."""
    values = np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 2.0]] * 2)
    counts = np.ones(4, dtype=int)
    assert Stopping(rank_correlation=0.5).is_accurate(values, counts, np.zeros(3))
    assert not Stopping(rank_correlation=0.51).is_accurate(values, counts, np.zeros(3))
    assert not Stopping(rank_correlation=0.5, stderr=1e-9).is_accurate(values, counts, np.zeros(3))


def test_sampling_ends_once_accurate():
    valuation = run(Stopping(stderr=0.2))
    assert valuation.stderr_sampling.max() <= 0.2
    assert valuation.num_samples % 32 == 0
    assert valuation.num_samples < 6400
    assert valuation.description["stopped_by"] == "accuracy"
    assert run(Stopping(stderr=0.1)).num_samples > valuation.num_samples


def test_sampling_ends_once_ranks_are_stable():
    assert run(Stopping(rank_correlation=0.9)).num_samples < 6400


def test_equal_players_never_have_stable_ranks():
    valuation = run(Stopping(rank_correlation=0.99), games.majority(15), num_samples=320)
    assert valuation.description["stopped_by"] == "num_samples"


def test_sampling_ends_when_time_is_up():
    valuation = run(Stopping(seconds=1e-9))
    assert valuation.num_samples == 2
    assert valuation.description["stopped_by"] == "seconds"


def test_the_budget_ends_what_no_rule_does():
    valuation = run(Stopping(stderr=1e-12, seconds=1000), num_samples=100)
    assert valuation.num_samples == 100
    assert valuation.description["stopped_by"] == "num_samples"


@pytest.mark.parametrize("name", ["stderr", "relative_stderr", "seconds", "rank_correlation"])
def test_limits_must_be_positive(name):
    with pytest.raises(ValueError, match=f"{name}: wanted"):
        Stopping(**{name: 0.0})

"""Agreement of scores with the truth: by hand, against SciPy one by one, and pairing."""

import jax
import numpy as np
import pytest
from scipy import stats

from davinz_jax.evaluation import agreement

RNG = np.random.default_rng(0)
TRUTHS = [RNG.random(12), RNG.random(9)]


def scores_of(noise: float) -> list[np.ndarray]:
    """Three scores a draw: the truth, the truth with noise, and a constant."""
    rng = np.random.default_rng(1)
    return [
        np.stack([t, t + noise * rng.standard_normal(len(t)), np.zeros(len(t))]) for t in TRUTHS
    ]


def compare(num_resamples: int = 200) -> agreement.Agreement:
    return agreement.compare_scores(
        ("truth", "noisy", "constant"),
        scores_of(0.3),
        TRUTHS,
        key=jax.random.key(2),
        num_resamples=num_resamples,
    )


def test_ordered_pairs_by_hand():
    """Of three pairs one is tied in the score (½), one is alike, one is reversed: 1.5 / 3."""
    assert agreement.ordered_pairs(np.array([2, 1, 2]), np.array([1, 2, 3])) == 0.5


def test_pairs_of_equal_truth_do_not_count():
    assert agreement.ordered_pairs(np.array([1, 2, 3]), np.array([0, 0, 1])) == 1.0
    assert np.isnan(agreement.ordered_pairs(np.array([1, 2]), np.array([3, 3])))


def test_the_truth_agrees_with_itself_and_a_constant_with_nothing():
    found = compare()
    assert np.allclose(found.by_draw[:, 0], 1)
    assert np.allclose(found.resampled[:, 0], 1)
    assert (found.by_draw[:, 2] == 0).all()


def test_correlations_are_scipys_of_each_resample():
    scores, truth = scores_of(0.3)[0], TRUTHS[0]
    picks = np.random.default_rng(3).integers(12, size=(20, 12))
    found = agreement.rank_correlations(scores, truth, picks)
    for row, pick in zip(found, picks, strict=True):
        assert row[1] == pytest.approx(stats.spearmanr(scores[1][pick], truth[pick])[0])


def test_the_mean_is_over_draws_and_intervals_are_paired():
    found = compare()
    mean = found.mean("noisy")
    assert mean.value == pytest.approx(found.by_draw[:, 1].mean())
    assert mean.low < mean.value < mean.high
    difference = found.difference("truth", "noisy")
    assert difference.value == pytest.approx(1 - mean.value)
    assert difference.low == pytest.approx(1 - mean.high)
    nothing = found.difference("noisy", "noisy")
    assert (nothing.low, nothing.high) == (0, 0)


def test_draws_are_resampled_where_they_part_the_same_rows():
    """Two draws of one correlation 1 and −1: the mean is 0, and as likely 1 or −1 as not."""
    truth = np.arange(8.0)
    scores = [truth[None], -truth[None]]
    how = {"key": jax.random.key(0), "num_resamples": 400}
    apart = agreement.compare_scores(("score",), scores, [truth, truth], **how)
    np.testing.assert_allclose(apart.resampled, 0, atol=1e-12)
    found = agreement.compare_scores(("score",), scores, [truth, truth], of_draws=True, **how)
    assert np.unique(found.resampled.round(9)).tolist() == [-1, 0, 1]
    assert 0.4 < (found.resampled.round(9) == 0).mean() < 0.6
    assert found.mean("score").value == 0


def test_reliability_by_spearman_and_brown():
    """Two measurements have one split: r of the two columns, stepped up to 2r / (1 + r)."""
    measured = RNG.random((10, 2))
    correlation = stats.spearmanr(*measured.T)[0]
    found = agreement.split_half_reliability(measured, key=jax.random.key(0), num_splits=3)
    assert found == pytest.approx(2 * correlation / (1 + correlation))


def test_measurements_that_agree_are_reliable():
    measured = np.repeat(np.arange(8.0)[:, None], 4, axis=1)
    assert agreement.split_half_reliability(measured, key=jax.random.key(0)) == pytest.approx(1)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="scores: wanted shape"):
        agreement.compare_scores(
            ("a",), [np.zeros((2, 3))], [np.zeros(3)], key=jax.random.key(0), num_resamples=2
        )
    with pytest.raises(ValueError, match="measured: wanted two"):
        agreement.split_half_reliability(np.zeros((3, 1)), key=jax.random.key(0))

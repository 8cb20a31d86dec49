"""Cuts of a score: by hand, against all splits, and on drawn mixtures."""

import json

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from davinz_jax.detection import (
    check_classes_left,
    cut_false_discovery,
    cut_rate,
    cut_two_means,
    cut_wrong_labels,
    fit_label_mixture,
    fit_mixture,
)
from davinz_jax.detection.mixture import all_margins


def margins(seed=0, num_rows=2000, rate=0.1):
    rng = np.random.default_rng(seed)
    wrong = rng.random(num_rows) < rate
    return np.where(wrong, rng.normal(-0.8, 0.3, num_rows), rng.normal(0.7, 0.2, num_rows)), wrong


def squares(values):
    return np.sum((values - values.mean()) ** 2)


@pytest.mark.parametrize("seed", range(5))
def test_two_means_are_the_best_of_all_splits(seed):
    costs = np.random.default_rng(seed).exponential(size=40).round(1)
    cut = cut_two_means(costs)
    ordered = np.sort(costs)
    splits = {
        ordered[at]: squares(ordered[:at]) + squares(ordered[at:])
        for at in range(1, 40)
        if ordered[at] > ordered[at - 1]
    }
    found = squares(costs[cut.dropped]) + squares(costs[~cut.dropped])
    assert found == pytest.approx(min(splits.values()))
    assert cut.threshold == costs[cut.dropped].min()


def test_a_large_offset_does_not_move_the_cut():
    costs = np.random.default_rng(0).exponential(size=50)
    shifted = cut_two_means(costs + 1e8)
    np.testing.assert_array_equal(shifted.dropped, cut_two_means(costs).dropped)


def test_a_known_rate_drops_as_many():
    values, _ = margins()
    cut = cut_rate(values, rate=0.15)
    assert cut.dropped.sum() == 300
    assert values[cut.dropped].max() == cut.threshold < values[~cut.dropped].min()


@pytest.mark.parametrize("bound", [0.02, 0.1, 0.3])
def test_false_discoveries_stay_near_the_bound(bound):
    shares = []
    for seed in range(5):
        values, wrong = margins(seed)
        cut = cut_false_discovery(values, bound=bound)
        shares.append((cut.dropped & ~wrong).sum() / cut.dropped.sum())
        assert cut.details["expected_false_discoveries"] <= bound
    assert np.mean(shares) < bound + 0.03


def labels(seed, num_classes, rate, num_rows=3000):
    """Outputs that do not know the labels given, a share of which is wrong."""
    rng = np.random.default_rng(seed)
    right = rng.integers(0, num_classes, num_rows)
    outputs = np.eye(num_classes)[right] + 0.35 * rng.normal(size=(num_rows, num_classes))
    wrong = rng.random(num_rows) < rate
    shift = rng.integers(1, num_classes, num_rows)
    return outputs, np.where(wrong, (right + shift) % num_classes, right), wrong


@pytest.mark.parametrize("num_classes", [2, 10])
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.35])
def test_wrong_labels_are_counted_and_cut_within_the_bound(num_classes, rate):
    shares, found = [], []
    for seed in range(4):
        outputs, targets, wrong = labels(seed, num_classes, rate)
        found.append(fit_label_mixture(outputs, targets).share)
        cut = cut_wrong_labels(outputs, targets, bound=0.2)
        shares.append((cut.dropped & ~wrong).sum() / max(1, cut.dropped.sum()))
        assert cut.dropped[wrong].mean() > 0.2
    assert np.mean(found) == pytest.approx(rate, abs=0.03)
    assert np.mean(shares) < 0.24


def test_margins_under_each_label_by_hand():
    """Outputs 3, 1, 0: the first is 2 above the second, the others 2 and 3 below the first."""
    assert all_margins(np.array([[3.0, 1.0, 0.0]])).tolist() == [[2.0, -2.0, -3.0]]
    assert all_margins(np.array([[1.0, 1.0]])).tolist() == [[0.0, 0.0]]


def test_a_larger_bound_drops_more():
    values, _ = margins()
    counts = [cut_false_discovery(values, bound=b).dropped.sum() for b in (0.01, 0.05, 0.2, 0.5)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_the_mixture_is_that_of_scikit_learn():
    values, _ = margins()
    found = fit_mixture(values)
    twin = GaussianMixture(2, tol=1e-9, max_iter=2000, random_state=0).fit(values[:, None])
    low = int(twin.means_.ravel().argmin())
    assert found.low_share == pytest.approx(twin.weights_[low], rel=1e-3)
    np.testing.assert_allclose(found.means, np.sort(twin.means_.ravel()), rtol=1e-3)


def test_chances_fall_as_margins_rise():
    values, _ = margins()
    chance = fit_mixture(values).low_chance(np.sort(values))
    assert (np.diff(chance) <= 0).all()
    assert chance[0] > 0.99


def test_json_holds_each_cut():
    values, _ = margins()
    for cut in (
        cut_two_means(-values),
        cut_rate(values, rate=0.1),
        cut_false_discovery(values, bound=0.1),
    ):
        told = json.loads(json.dumps(cut.describe()))
        assert told["rule"] == cut.rule
        assert told["num_dropped"] == cut.dropped.sum()


def test_one_class_left_is_refused():
    cut = cut_rate(np.array([0.1, 0.2, 0.8, 0.9]), rate=0.5)
    check_classes_left(cut, np.array([0, 1, 0, 1]))
    with pytest.raises(ValueError, match="left, got only class 1 after dropping 2 of 4 rows"):
        check_classes_left(cut, np.array([0, 0, 1, 1]))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_shares_outside_zero_and_one_are_refused(share):
    with pytest.raises(ValueError, match=r"rate: wanted a share in \(0, 1\)"):
        cut_rate(np.arange(4.0), rate=share)
    with pytest.raises(ValueError, match=r"bound: wanted a share in \(0, 1\)"):
        cut_false_discovery(np.arange(4.0), bound=share)


def test_scores_that_tell_nothing_are_refused():
    with pytest.raises(ValueError, match="costs: wanted numbers that differ, got 3 equal ones"):
        cut_two_means(np.ones(3))
    with pytest.raises(ValueError, match="costs: wanted finite numbers"):
        cut_two_means(np.array([1.0, np.nan]))
    with pytest.raises(ValueError, match="margins: wanted four numbers or more that differ"):
        cut_false_discovery(np.ones(10), bound=0.1)

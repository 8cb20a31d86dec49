"""CG-scores against what leaving rows out by hand gives."""

import jax
import numpy as np
import pytest

from davinz_jax.baselines.complexity_gap import complexity_gaps, first_layer_kernel, row_values
from davinz_jax.evaluation import detection_auc


def unit_rows(number, seed=0):
    rows = np.random.default_rng(seed).normal(size=(number, 3))
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_kernel_is_the_mean_over_random_neurons():
    """H is the mean of x·x' where both inputs light a neuron of Gaussian weights."""
    unit = unit_rows(4)
    lit = np.random.default_rng(1).normal(size=(200_000, 3)) @ unit.T > 0
    both = (lit[:, :, None] & lit[:, None]).mean(axis=0)
    np.testing.assert_allclose(first_layer_kernel(unit), both * (unit @ unit.T), atol=5e-3)


def test_gaps_are_those_of_rows_left_out():
    unit, signs = unit_rows(7), np.array([1.0, -1, 1, 1, -1, 1, -1])
    kernel = first_layer_kernel(unit) + 1e-3 * np.eye(7)
    whole = signs @ np.linalg.solve(kernel, signs)
    for row, gap in enumerate(complexity_gaps(unit, signs, ridge=1e-3)):
        rest = np.arange(7) != row
        left = signs[rest] @ np.linalg.solve(kernel[np.ix_(rest, rest)], signs[rest])
        assert gap == pytest.approx(whole - left, rel=1e-9)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_wrong_labels_are_worth_least(num_classes):
    draw = np.random.default_rng(0)
    labels = np.arange(90) % num_classes
    inputs = draw.normal(size=(90, 4)) + 6 * np.eye(4)[labels]
    is_wrong = np.arange(90) < 6
    given = np.where(is_wrong, (labels + 1) % num_classes, labels)
    assert detection_auc(row_values(inputs, given, key=jax.random.key(0)), is_wrong) > 0.95


def test_what_has_no_score_is_refused():
    key = jax.random.key(0)
    with pytest.raises(ValueError, match="inputs: wanted rows other than zero, got 1"):
        row_values(np.array([[0.0, 0], [1, 1]]), np.array([0, 1]), key=key)
    with pytest.raises(ValueError, match="labels: wanted two classes or more, got 1"):
        row_values(np.ones((2, 2)), np.array([0, 0]), key=key)

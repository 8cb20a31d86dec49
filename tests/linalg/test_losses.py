"""Errors of predictions, by hand and against minimisation by SciPy."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from davinz_jax.linalg.losses import LOSSES, inverse_temperature

ONE = np.ones(2)


def test_two_rows_by_hand():
    """Squared errors .02 / 2 and .5 / 2; the second row's largest column is not its class."""
    predictions = np.array([[0.9, 0.1], [0.5, 0.5]])
    targets = np.eye(2)
    assert LOSSES["squared_error"](predictions, targets, ONE) == pytest.approx((0.01 + 0.25) / 2)
    assert LOSSES["misclassification"](predictions, targets, ONE) == 0.5
    assert LOSSES["misclassification"](predictions, targets, np.array([3.0, 1.0])) == 0.25


@pytest.mark.parametrize("scale", [1e-3, 1.0, 50.0])
def test_the_temperature_makes_cross_entropy_least(scale):
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 4, 60)
    outputs = scale * (np.eye(4)[classes] + rng.normal(size=(3, 60, 4)))
    weights = rng.integers(1, 4, 60).astype(float)

    def loss(log_beta, each):
        rows = log_softmax(np.exp(log_beta) * each, axis=1)[np.arange(60), classes]
        return -rows @ weights / weights.sum()

    twins = [minimize_scalar(loss, (-3, 3), args=(each,), tol=1e-10) for each in outputs]
    found = inverse_temperature(outputs, classes, weights)
    np.testing.assert_allclose(found, np.exp([twin.x for twin in twins]), rtol=1e-4)
    least = LOSSES["cross_entropy"](outputs, np.eye(4)[classes], weights)
    np.testing.assert_allclose(least, [twin.fun for twin in twins], rtol=1e-9)


def test_predictions_that_are_never_wrong_have_a_small_error():
    assert LOSSES["cross_entropy"](np.eye(2), np.eye(2), ONE) < 1e-6


def test_predictions_worse_than_chance_are_flattened():
    error = LOSSES["cross_entropy"](np.eye(2)[::-1], np.eye(2), ONE)
    assert error == pytest.approx(np.log(2), rel=1e-3)

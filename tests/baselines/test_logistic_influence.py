"""Influence against models that are really fitted with a row's weight lowered."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from davinz_jax.baselines.logistic_influence import row_values


@pytest.mark.parametrize("num_classes", [2, 3])
def test_equals_the_slope_of_refitted_models(num_classes):
    draw = np.random.default_rng(0)
    labels, others = np.arange(40) % num_classes, np.arange(15) % num_classes
    inputs = draw.normal(size=(40, 3)) + np.eye(3)[labels]
    validation = draw.normal(size=(15, 3)) + np.eye(3)[others]

    def loss(weights):
        model = LogisticRegression(max_iter=10_000, tol=1e-12)
        model.fit(inputs, labels, sample_weight=weights)
        return log_loss(others, model.predict_proba(validation))

    values = row_values(inputs, labels, validation, others, max_steps=10_000)
    step = 1e-2
    for row in range(0, 40, 9):
        less, more = np.ones(40), np.ones(40)
        less[row], more[row] = 1 - step, 1 + step
        slope = (loss(less) - loss(more)) / (2 * step)
        assert values[row] == pytest.approx(slope, rel=2e-2, abs=2e-6)


def test_one_class_is_refused():
    rows = np.ones((3, 2))
    with pytest.raises(ValueError, match="labels: wanted two classes or more, got 1"):
        row_values(rows, np.zeros(3, int), rows, np.zeros(3, int))

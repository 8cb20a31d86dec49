"""Validation performance by retraining."""

import numpy as np
import pytest

from davinz_jax.baselines import validation_performance
from davinz_jax.models import MLP, initialise
from davinz_jax.training import Schedule, evaluate, train

MODULE = MLP((), 3)
SCHEDULE = Schedule(learning_rate=0.2, min_epochs=10, max_epochs=10)


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_equals_retraining_by_hand(classes, key, metric):
    """Full batches, so that the order of rows, which the key decides, does not matter."""
    data, parties = classes
    start = initialise(MODULE, key, data.inputs)
    found = validation_performance(
        MODULE, start, data, parties, key=key, schedule=SCHEDULE, metric=metric
    )

    def worth(rows):
        fit = train(MODULE, start, data.take(rows), schedule=SCHEDULE, key=key)
        reached = evaluate(
            MODULE, fit.variables, data.validation.inputs, data.validation.targets, data.task
        )
        return reached.accuracy if metric == "accuracy" else -reached.loss

    everyone = np.arange(18)
    wanted = [worth(everyone) - worth(everyone[parties.indices != j]) for j in range(3)]
    np.testing.assert_allclose(found.values, wanted, atol=1e-5)
    assert found.seconds > 0
    assert found.description["metric"] == metric


def test_regression_has_no_accuracy(regression, key):
    data, parties, variables = regression
    with pytest.raises(ValueError, match="metric: wanted loss for regression"):
        validation_performance(
            MLP(()), variables, data, parties, key=key, metric="accuracy", schedule=SCHEDULE
        )

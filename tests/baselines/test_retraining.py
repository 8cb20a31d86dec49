"""Validation performance by retraining."""

import numpy as np
import pytest

from davinz_jax.baselines import validation_performance
from davinz_jax.training import Schedule, evaluate, train

SCHEDULE = Schedule(learning_rate=0.2, min_epochs=10, max_epochs=10)


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
def test_equals_retraining_by_hand(classes, make_context, key, metric):
    """Full batches, so that the order of rows, which the key decides, does not matter."""
    data, parties = classes
    context = make_context(data, parties, schedule=SCHEDULE)
    found = validation_performance(context, metric=metric)

    def worth(rows):
        start = context.variables
        fit = train(context.module, start, data.take(rows), schedule=SCHEDULE, key=key)
        reached = evaluate(
            context.module,
            fit.variables,
            data.validation.inputs,
            data.validation.targets,
            data.task,
        )
        return reached.accuracy if metric == "accuracy" else -reached.loss

    everyone = np.arange(18)
    wanted = [worth(everyone) - worth(everyone[parties.indices != j]) for j in range(3)]
    np.testing.assert_allclose(found.values, wanted, atol=1e-5)
    assert found.description["metric"] == metric


def test_finished_trainings_are_kept_in_the_folder(classes, make_context, tmp_path):
    context = make_context(*classes, schedule=SCHEDULE, folder=tmp_path)
    first = validation_performance(context)
    assert len(list(tmp_path.iterdir())) == 4  # all rows, and all but each of three parties
    np.testing.assert_array_equal(validation_performance(context).values, first.values)


def test_regression_has_no_accuracy(fitted):
    with pytest.raises(ValueError, match="metric: wanted loss for regression"):
        validation_performance(fitted, metric="accuracy")

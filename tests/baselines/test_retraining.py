"""Validation performance by retraining."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax.baselines import (
    RetrainingUtility,
    leave_one_out_members,
    validation_performance,
)
from davinz_jax.data import Parties
from davinz_jax.models import initialise
from davinz_jax.semivalues import leave_one_out
from davinz_jax.training import Schedule, evaluate, train
from davinz_jax.utility import Ingredients

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


def test_several_trainings_are_averaged_each_from_its_own_draw(classes, make_context, tmp_path):
    """Full batches: the mean of the values that each draw gives alone."""
    data, parties = classes
    context = make_context(data, parties, schedule=SCHEDULE)
    draws = [initialise(context.module, jax.random.key(seed), data.inputs) for seed in range(2)]
    alone = [
        validation_performance(make_context(data, parties, draw, schedule=SCHEDULE)).values
        for draw in draws
    ]
    both = Ingredients(context.module, data, parties, key=jax.random.key(0), initialisations=draws)
    averaged = replace(context, ingredients=both, num_trainings=2, folder=tmp_path)
    found = validation_performance(averaged)
    np.testing.assert_allclose(found.values, np.mean(alone, axis=0), atol=1e-5)
    assert found.description["num_trainings"] == 2
    assert len(list(tmp_path.iterdir())) == 8


def test_utility_gives_the_same_leave_one_out_values(classes, make_context):
    context = make_context(*classes, schedule=SCHEDULE, num_trainings=2)
    utility = RetrainingUtility(context)
    wanted = validation_performance(context, metric="accuracy").values
    found = leave_one_out(utility)
    np.testing.assert_allclose(found.values, wanted)
    assert found.contributions.shape == (1, 2, 3)
    (both,) = utility.trainings(np.array([[True, False, True]]))
    assert [each.num_rows for each in both] == [15, 15]
    assert utility.describe()["trainings"] == 2


def test_members_of_leave_one_out():
    members = leave_one_out_members(Parties(np.array([0, 1]), ("a", "b")))
    assert members.tolist() == [[True, True], [False, True], [True, False]]


def test_no_training_is_refused(classes, make_context):
    with pytest.raises(ValueError, match="num_trainings: wanted at least one network"):
        make_context(*classes, num_trainings=0)


def test_finished_trainings_are_kept_in_the_folder(classes, make_context, tmp_path):
    context = make_context(*classes, schedule=SCHEDULE, folder=tmp_path)
    first = validation_performance(context)
    assert len(list(tmp_path.iterdir())) == 4  # all rows, and all but each of three parties
    np.testing.assert_array_equal(validation_performance(context).values, first.values)


def test_regression_has_no_accuracy(fitted):
    with pytest.raises(ValueError, match="metric: wanted loss for regression"):
        validation_performance(fitted, metric="accuracy")

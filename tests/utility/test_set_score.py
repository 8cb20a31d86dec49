"""The score of all rows together."""

import jax
import numpy as np
import pytest

from davinz_jax import kernel_regression_utility
from davinz_jax.data import Dataset, Parties, Validation
from davinz_jax.data.folds import cross_fit
from davinz_jax.utility.metrics import make_metric
from davinz_jax.utility.set_score import Judging, score_set

RNG = np.random.default_rng(0)
TARGETS = np.arange(40) % 3
INPUTS = (RNG.normal(size=(40, 4)) + TARGETS[:, None]).astype(np.float32)
PARTIES = Parties(np.arange(30) % 2, ("a", "b"))


def utility(metric="accuracy", num_resamples=100):
    validation = Validation(INPUTS[30:], TARGETS[30:])
    dataset = Dataset(INPUTS[:30], TARGETS[:30], "classification", 3, validation)
    return kernel_regression_utility(
        None, dataset, PARTIES, key=jax.random.key(0), kernel="rbf", metric=metric,
        num_resamples=num_resamples,
    )  # fmt: skip


def test_by_the_utility_s_own_metric_it_is_the_utility_of_everyone():
    made = utility()
    assert isinstance(made, Judging)
    found = score_set(made, "accuracy")
    assert found.value == pytest.approx(made.grand().sum(0).mean())
    drawn = made.with_resamples().grand()[0, 1:]
    assert found.stderr == pytest.approx(drawn.std(ddof=1) * np.sqrt(10 / 9))


def test_another_metric_looks_at_the_same_predictions():
    made = utility("mse")
    found = score_set(made, "correlation")
    slow = make_metric("correlation", TARGETS[30:], 3)(made.predictions(), TARGETS[30:])[0]
    assert found[:2] == ("correlation", pytest.approx(slow))
    assert np.isnan(score_set(utility(num_resamples=0), "correlation").stderr)


def test_the_rows_of_folds_are_pooled():
    rows = Dataset(INPUTS, TARGETS, "classification", 3, Validation(INPUTS, TARGETS))
    dataset = cross_fit(rows, num_folds=4, key=jax.random.key(1))
    parties = Parties(np.arange(40) % 2, ("a", "b"))
    made = kernel_regression_utility(
        None, dataset, parties, key=jax.random.key(0), kernel="rbf", metric="accuracy"
    )
    assert len(made.judged().targets) == 40
    found = score_set(made, "accuracy")
    assert found.value == pytest.approx(made.grand().sum(0).mean())
    assert 0 < found.stderr < 0.2

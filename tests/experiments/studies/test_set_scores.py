"""Scores of bootstrap sets equal those of data sets that hold their rows as often."""

import jax
import numpy as np
import pytest

from davinz_jax import MLP, Ingredients, KernelOptions, load_digits
from davinz_jax.data import bootstrap, partition_random
from davinz_jax.mmd import mmd
from experiments.studies.set_scores import set_mmds, set_scores
from tests import reference


@pytest.fixture(scope="module")
def ingredients():
    key = jax.random.key(0)
    data = load_digits(num_rows=30, num_validation_rows=20)
    dataset, parties = partition_random(data, num=2, key=jax.random.key(2))
    options = KernelOptions(ridge=1e-2)
    model = MLP(widths=(8,), num_outputs=10)
    return Ingredients(
        model, dataset, parties, key=key, num_initialisations=2, kernel_options=options
    )


@pytest.fixture(scope="module")
def counts(ingredients):
    return bootstrap(ingredients.dataset, num=5, key=jax.random.key(1))


@pytest.fixture(scope="module")
def scores(ingredients, counts):
    return set_scores(ingredients, counts)


def test_mmd_is_that_of_the_rows_drawn(ingredients, counts):
    data = ingredients.dataset
    drawn = [data.take(np.repeat(np.arange(30), each)) for each in counts]
    slow = [mmd(each.inputs, data.validation.inputs, bandwidth=5.0) for each in drawn]
    np.testing.assert_allclose(set_mmds(ingredients, counts), slow, rtol=1e-9)


def test_complexity_is_that_of_the_rows_drawn(ingredients, counts, scores):
    """By the equation, each row with the times it was drawn."""
    slow = reference.complexities(ingredients.kernel(), np.ones((1, 30)), counts, ridge=1e-2)
    np.testing.assert_allclose(-scores["complexity_label"], slow.mean(0), rtol=1e-6)


def test_scores_are_named_and_finite(scores, counts):
    assert {"nu_label", "nu_trace", "mmd", "log_size", "kernel_regression_accuracy"} <= set(scores)
    assert all(each.shape == (5,) and np.isfinite(each).all() for each in scores.values())
    np.testing.assert_allclose(scores["log_size"], np.log(counts.sum(1)))


def test_one_kappa_for_all_sets(scores):
    """ν + MMD is the complexity part, scaled by the same κ > 0 for every set."""
    ratio = (scores["nu_label"] - scores["mmd"]) / scores["complexity_label"]
    assert ratio.min() > 0
    np.testing.assert_allclose(ratio, ratio[0])

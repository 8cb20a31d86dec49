"""Kernels computed once, and the utilities made of them."""

from contextlib import contextmanager
from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax import MLP, Ingredients, KernelOptions, davinz_utility, load_digits
from davinz_jax.data import partition_random, partition_rows
from davinz_jax.utility import DiscrepancyOptions

MODEL = MLP(widths=(8,), num_outputs=10)


@pytest.fixture(scope="module")
def data():
    return partition_random(
        load_digits(num_rows=30, num_validation_rows=20), num=3, key=jax.random.key(2)
    )


def make(data, **options):
    return Ingredients(MODEL, *data, key=jax.random.key(0), num_initialisations=2, **options)


@pytest.fixture(scope="module")
def ingredients(data):
    return make(data, kernel_options=KernelOptions(ridge=1e-2))


def test_parts_are_minus_the_costs(ingredients):
    """The higher the better; and ν is their sum, the first one times κ."""
    complexity, discrepancy = ingredients.complexity(), ingredients.discrepancy()
    np.testing.assert_array_equal(complexity.grand(), -ingredients.complexity_cost().grand())
    np.testing.assert_array_equal(discrepancy.grand(), -ingredients.discrepancy_cost().grand())
    score = ingredients.davinz(kappa=0.5)
    wanted = 0.5 * complexity.power_set() + discrepancy.power_set()
    np.testing.assert_allclose(score.power_set().sum(0), wanted[0], rtol=1e-14)
    kinds = [each.describe()["kind"] for each in (complexity, discrepancy, score)]
    assert kinds == ["complexity", "discrepancy", "davinz"]


def test_each_kernel_is_computed_once(data):
    entered = []

    @contextmanager
    def stage(name):
        entered.append(name)
        yield

    ingredients = make(data, stage=stage)
    ingredients.davinz()
    ingredients.complexity()
    ingredients.davinz(kappa_family="standalone")
    assert sorted(entered) == ["discrepancy", "kernel"]
    ingredients.kernel_regression()
    ingredients.kernel_regression(metric="mse")
    assert entered.count("kernel") == 2
    assert [kernel.output for kernel in ingredients.computed_kernels] == ["label", "trace"]


def test_rows_see_all_logits(data):
    rows = partition_rows(data[0])
    ingredients = make(rows)
    assert ingredients.values_rows
    assert ingredients.kernel().output == "trace"
    assert ingredients.kernel(with_validation=True) is not ingredients.kernel()
    wide = make(rows)
    assert wide.kernel(with_validation=True) is wide.kernel()


def test_features_of_the_network_have_their_own_bandwidth(data):
    options = DiscrepancyOptions(bandwidth="median", features="network")
    cost = make(data, discrepancy_options=options).discrepancy_cost()
    assert cost.num_initialisations == 2
    assert len({each for each in cost.bandwidths}) == 2


def test_short_way_is_the_long_way(data, ingredients):
    short = davinz_utility(
        MODEL, *data, key=jax.random.key(0), num_initialisations=2,
        kernel_options=KernelOptions(ridge=1e-2),
    )  # fmt: skip
    np.testing.assert_array_equal(short.grand(), ingredients.davinz().grand())


def test_kernel_regression_needs_labels(data):
    dataset, parties = data
    unlabelled = replace(dataset, validation=replace(dataset.validation, targets=None))
    with pytest.raises(ValueError, match="validation_targets: wanted"):
        make((unlabelled, parties)).kernel_regression()

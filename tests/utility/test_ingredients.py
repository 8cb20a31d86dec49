"""Kernels computed once, and the utilities made of them."""

import json
from contextlib import contextmanager
from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax import MLP, Ingredients, KernelChoice, KernelOptions, load_digits
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
    assert set(ingredients.computed_costs) == {"complexity", "discrepancy"}
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


def test_kernel_regression_needs_labels(data):
    dataset, parties = data
    unlabelled = replace(dataset, validation=replace(dataset.validation, targets=None))
    with pytest.raises(ValueError, match="validation_targets: wanted"):
        make((unlabelled, parties)).kernel_regression()


@pytest.mark.parametrize("kernel", ["ntk", "rbf", "laplace", "network_features", "sum"])
@pytest.mark.parametrize("cosine", [False, True])
def test_regression_with_each_kernel(data, kernel, cosine):
    ingredients = make(data, kernel_options=KernelOptions(ridge="auto", num_blocks=2))
    choice = KernelChoice(kernel, cosine=cosine)
    utility = ingredients.kernel_regression(kernel=choice, ensemble=True)
    assert utility.num_initialisations == 1
    assert utility.grand().item() > 0.4
    told = json.loads(json.dumps(utility.describe()))
    assert told["ridge"] == told["ridge_curve"]["ridge"] > 0
    assert told["num_blocks"] == 2
    if cosine:
        is_row = utility.kernel.rows >= 0
        diagonal = np.diagonal(utility.kernel.blocks, axis1=-2, axis2=-1)[:, is_row]
        np.testing.assert_allclose(diagonal, 1, rtol=1e-5)


def test_cosines_of_validation_rows_are_those_of_one_whole_kernel(data):
    """Every validation row is a data row too: its cosine with that row is 1."""
    dataset, parties = data
    own = replace(dataset, validation=replace(dataset.validation, inputs=dataset.inputs[:20]))
    kernel = make((own, parties)).regression_kernel(KernelChoice("ntk", cosine=True))
    np.testing.assert_allclose(np.diagonal(kernel.validation_kernel[0][:, :20]), 1, rtol=1e-4)


def test_kernels_of_raw_inputs_need_no_network(data):
    ingredients = Ingredients(None, *data, key=jax.random.key(0))
    assert ingredients.kernel_regression(kernel="rbf").num_initialisations == 1
    own = ingredients.kernel_regression(kernel=lambda x, y: np.einsum("aijc,bijc->ab", x, y) ** 2)
    assert own.grand().shape == (1, 1)
    with pytest.raises(ValueError, match="model: wanted a network"):
        ingredients.kernel_regression()
    with pytest.raises(ValueError, match="did you mean 'rbf'"):
        ingredients.kernel_regression(kernel="rbff")


def test_the_kernel_chosen_serves_every_regression(data):
    chosen = make(data, kernel_choice=KernelChoice("rbf", bandwidth=2.0))
    assert chosen.kernel_regression().describe()["bandwidth"] == 2.0
    assert chosen.regression_kernel() is chosen.regression_kernel(chosen.kernel_choice)
    assert chosen.regression_kernel("laplace").describe()["kernel"] == "laplace"


def test_a_ridge_that_nobody_names_is_the_papers_or_of_least_error(data):
    ingredients = make(data)
    assert ingredients.complexity_cost().ridge == 1e-4
    assert ingredients.kernel_regression(kernel="rbf").ridge_curve is not None


def test_relative_ridges_are_of_the_mean_diagonal(data):
    options = KernelOptions(ridge=0.1, ridge_unit="relative")
    ingredients = make(data, kernel_options=options)
    kernel = ingredients.kernel()
    scale = np.diagonal(kernel.blocks[:, 0], axis1=1, axis2=2).mean()
    assert ingredients.find_ridge(kernel) == pytest.approx(0.1 * scale, rel=1e-6)
    assert ingredients.complexity_cost().ridge == pytest.approx(0.1 * scale, rel=1e-6)


def test_the_ridge_of_least_error_serves_the_score_too(data):
    ingredients = make(data, kernel_options=KernelOptions(ridge="auto"))
    told = json.loads(json.dumps(ingredients.davinz().describe()))
    assert told["complexity"]["ridge_curve"]["criterion"] == "squared_error"


def test_cross_entropy_at_the_temperature_of_rows_left_out(data):
    ingredients = make(data, kernel_options=KernelOptions(ridge=1e-2))
    plain, fitted = (
        ingredients.kernel_regression(metric="cross_entropy", temperature=each)
        for each in (1.0, "auto")
    )
    assert fitted.describe()["temperature"] < 1
    assert fitted.grand().mean() > plain.grand().mean()


def test_left_out_initial_outputs_leave_the_targets(data):
    """The same kernel, one-hot residuals, and predictions that start from 0."""
    kept = make(data).kernel(with_validation=True)
    options = KernelOptions(initial_outputs=False)
    found = make(data, kernel_options=options).kernel(with_validation=True)
    np.testing.assert_array_equal(found.blocks, kept.blocks)
    assert set(np.unique(found.residual)) == {0, 1}
    assert not found.validation_outputs.any()
    assert kept.validation_outputs.any()

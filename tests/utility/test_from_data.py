"""Utilities in one call are those that `Ingredients` make, and fidelity's scores of a set."""

from dataclasses import replace

import jax
import numpy as np
import pytest

from davinz_jax import (
    MLP,
    Ingredients,
    KernelOptions,
    confidence_utility,
    davinz_utility,
    kernel_regression_utility,
    load_digits,
)
from davinz_jax.data import partition_random
from davinz_jax.kernels import RBF, Laplace, row_kernel
from davinz_jax.linalg import RidgeCurve
from experiments.studies.fidelity import regression

KEY = jax.random.key(0)
MODEL = MLP(widths=(8,), num_outputs=10)


@pytest.fixture(scope="module")
def data():
    """60 rows, of which the last 10 copy the first."""
    dataset = load_digits(num_rows=60, num_validation_rows=30)
    inputs = np.concatenate([dataset.inputs[:50], dataset.inputs[:10]])
    targets = np.concatenate([dataset.targets[:50], dataset.targets[:10]])
    copied = replace(dataset, inputs=inputs, targets=targets)
    return partition_random(copied, num=3, key=jax.random.key(2))


@pytest.fixture(scope="module")
def unlabelled(data):
    dataset, parties = data
    return replace(dataset, validation=replace(dataset.validation, targets=None)), parties


def test_the_paper_s_score(data):
    options = {"num_initialisations": 2, "kernel_options": KernelOptions(ridge=1e-2)}
    short = davinz_utility(MODEL, *data, key=KEY, **options)
    made = Ingredients(MODEL, *data, key=KEY, **options)
    np.testing.assert_array_equal(short.grand(), made.davinz().grand())


def test_defaults_go_by_whether_there_is_a_network(data):
    without = kernel_regression_utility(None, *data, key=KEY)
    assert without.describe()["kernel"] == "rbf"
    assert isinstance(without.ridge_curve, RidgeCurve)
    network = kernel_regression_utility(MODEL, *data, key=KEY, num_initialisations=2)
    assert network.is_ensemble
    assert network.kernel.num_initialisations == 2
    assert confidence_utility(None, *data, key=KEY).describe()["kernel"] == "laplace"
    assert kernel_regression_utility(None, *data, key=KEY, ridge=0.5).ridge == 0.5


def fidelity_fits(dataset, utility, function):
    """What the fidelity study finds of a set, on the ridges that the utility chose from."""
    kernel = row_kernel(function, dataset, with_validation=True)
    one_hot = np.eye(10)[dataset.targets]
    flat = dataset.inputs.reshape(len(dataset), -1)
    copies = np.unique(flat, axis=0, return_inverse=True)[1].ravel()
    set_of_rows = regression.Regression(
        kernel.blocks[0, 0], kernel.validation_kernel[0], 0 * one_hot, np.zeros((30, 10))
    )
    fits = regression.fit(set_of_rows, one_hot, copies)
    ridges = set_of_rows.relative * set_of_rows.scale
    return fits, int(np.argmin(abs(np.log(ridges / utility.ridge))))


def test_accuracy_is_the_fidelity_study_s_of_the_same_set(data):
    dataset, _ = data
    utility = kernel_regression_utility(None, *data, key=KEY)
    bandwidth = utility.describe()["bandwidth"]
    fits, place = fidelity_fits(dataset, utility, RBF(bandwidth))
    assert place == regression.choose(fits.left_out, np.eye(10)[dataset.targets])
    targets = dataset.validation.targets
    wanted = regression.measure(fits, place, "accuracy", targets, dataset.targets)
    assert utility.grand().item() == pytest.approx(wanted, abs=1e-12)


def test_confidence_is_the_fidelity_study_s_of_the_same_set(unlabelled):
    dataset, _ = unlabelled
    utility = confidence_utility(None, *unlabelled, key=KEY)
    fits, place = fidelity_fits(dataset, utility, Laplace(utility.describe()["bandwidth"]))
    assert place == regression.choose(fits.left_out, np.eye(10)[dataset.targets])
    wanted = regression.confidence(fits, place, dataset.targets)
    assert utility.grand().item() == pytest.approx(wanted, rel=1e-3)  # its ridges are rounded


def test_confidence_of_a_coalition_in_numpy(unlabelled):
    """The softmax of K_tS (K_SS + λ)⁻¹ Y_S over T, its largest share, its mean over t."""
    dataset, parties = unlabelled
    utility = confidence_utility(None, *unlabelled, key=KEY)
    told = utility.describe()
    assert (told["kind"], told["metric"], utility.terms) == (
        "confidence", "confidence", ("confidence",)
    )  # fmt: skip
    flat, others = (
        x.reshape(len(x), -1).astype(np.float64)
        for x in (dataset.inputs, dataset.validation.inputs)
    )
    members = parties.indices != 1
    rows = flat[members]

    def kernel(x, y):
        return np.exp(-np.linalg.norm(x[:, None] - y[None], axis=-1) / told["bandwidth"])

    shifted = kernel(rows, rows) + told["ridge"] * np.eye(len(rows))
    one_hot = np.eye(10)[dataset.targets[members]]
    logits = kernel(others, rows) @ np.linalg.solve(shifted, one_hot) / told["temperature"]
    shares = np.exp(logits - logits.max(1, keepdims=True))
    wanted = (shares / shares.sum(1, keepdims=True)).max(1).mean()
    found = utility.coalitions(np.array([[True, False, True], [False, False, False]]))
    np.testing.assert_allclose(found[0, 0], [wanted, 0.1], rtol=1e-6)


def test_confidence_looks_at_no_label_of_the_validation_set(data, unlabelled):
    known, unknown = (confidence_utility(None, *each, key=KEY) for each in (data, unlabelled))
    np.testing.assert_array_equal(known.power_set(), unknown.power_set())


def test_confidence_is_of_classes(data):
    dataset, parties = data
    numbers = replace(dataset, task="regression", targets=dataset.targets.astype(np.float64))
    with pytest.raises(ValueError, match="utility: wanted classes for the confidence"):
        confidence_utility(None, numbers, parties, key=KEY)

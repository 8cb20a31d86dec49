"""Regression with the tangent kernel, against the equation anew for each coalition."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.linalg import coalitions
from davinz_jax.types import Utility
from davinz_jax.utility import KernelRegressionUtility, kernel_algebra, make_metric
from tests import reference
from tests.utility.cases import RIDGE, check_answers, random_kernel, random_parties, row_parties

CLASSES = np.array([0, 1, 2, 2, 1, 0, 1])


def measure(outputs, metric):
    """Performance of predictions (..., m, k), written out."""
    if metric == "accuracy":
        return np.mean(outputs.argmax(-1) == CLASSES, axis=-1)
    if metric == "mse":
        return -np.mean((outputs - np.eye(3)[CLASSES]) ** 2, axis=(-2, -1))
    outputs = outputs - outputs.max(-1, keepdims=True)
    own = outputs[..., np.arange(7), CLASSES]
    return np.mean(own - np.log(np.exp(outputs).sum(-1)), axis=-1)


def equation(kernel, parties, weights, metric):
    """Performance of the equation's predictions, (1, i, c)."""

    def compute(members):
        rows = members[:, parties.indices]
        outputs = reference.predictions(kernel, rows, weights, ridge=RIDGE)
        return measure(outputs, metric)[None]

    return compute


@pytest.mark.parametrize(
    ("num_blocks", "metric", "has_multiplicity", "solver"),
    [
        (1, "mse", False, "lapack"),
        (3, "mse", True, "lapack"),
        (1, "cross_entropy", True, "lapack"),
        (3, "accuracy", False, "lapack"),
        (3, "mse", False, "jax"),
    ],
)
def test_answers_equal_the_equation(num_blocks, metric, has_multiplicity, solver):
    kernel, parties = random_kernel(num_blocks, num_validation_rows=7), random_parties()
    weights = np.ones(40)
    if has_multiplicity:
        weights = np.random.default_rng(8).integers(0, 4, 40).astype(float)
    utility = KernelRegressionUtility(
        kernel,
        parties,
        CLASSES,
        ridge=RIDGE,
        metric=metric,
        multiplicity=weights,
        solver=solver,
    )
    check_answers(utility, equation(kernel, parties, weights, metric), 8)


def test_prefixes_in_chunks_equal_those_at_once(monkeypatch):
    utility = KernelRegressionUtility(
        random_kernel(3, num_validation_rows=7),
        random_parties(),
        CLASSES,
        ridge=RIDGE,
        metric="mse",
    )
    permutation = np.array([3, 1, 7, 0, 2, 6, 5, 4])
    together = utility.prefixes(permutation)
    monkeypatch.setattr(coalitions, "CACHE", 3 * 21)
    np.testing.assert_allclose(utility.prefixes(permutation), together, rtol=1e-12)


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_rows_as_players_equal_the_equation(num_blocks):
    kernel, parties = random_kernel(num_blocks, num_rows=12, num_validation_rows=7), row_parties(12)
    utility = KernelRegressionUtility(kernel, parties, CLASSES, ridge=RIDGE, metric="mse")
    members = np.random.default_rng(0).random((20, 12)) < 0.5
    slow = equation(kernel, parties, np.ones(12), "mse")
    check_answers(utility, slow, 12, members=members)


def test_one_row_each_by_hand():
    """K = I, K_T = I, λ = 1, f₀ = 0, r = y = (2, 4): predictions y/2, u = −(1 + 4)/2."""
    kernel = random_kernel(1, num_rows=2, num_outputs=1, num_validation_rows=2)
    kernel = replace(
        kernel,
        blocks=np.tile(np.eye(2), (5, 1, 1, 1)),
        rows=np.arange(2)[None],
        residual=np.tile([[2.0], [4.0]], (5, 1, 1)),
        output="scalar",
        validation_kernel=np.tile(np.eye(2), (5, 1, 1)),
        validation_outputs=np.zeros((5, 2, 1)),
    )
    utility = KernelRegressionUtility(
        kernel, row_parties(2), np.array([2.0, 4.0]), ridge=1, metric="mse"
    )
    np.testing.assert_allclose(utility.power_set()[0, 0], [-10.0, -8.5, -4.0, -2.5], rtol=1e-14)
    np.testing.assert_allclose(utility.predictions()[0], [[1.0], [2.0]])


def one_draw(kernel, i):
    arrays = ("blocks", "residual", "validation_kernel", "validation_outputs")
    return replace(kernel, **{name: getattr(kernel, name)[[i]] for name in arrays})


def mean_outputs(kernel, parties, members):
    """Outputs of each coalition, mean over initialisations, each coalition's rows taken out."""
    found = []
    for mask in members:
        chosen = np.flatnonzero(mask[parties.indices])
        shares = []
        for i in range(5):
            change = 0
            for block, own in zip(kernel.blocks[i].astype(float), kernel.rows, strict=True):
                used = np.isin(own, chosen) & (own >= 0)
                rows, shifted = own[used], block[np.ix_(used, used)] + RIDGE * np.eye(used.sum())
                solved = np.linalg.solve(shifted, kernel.residual[i, rows])
                change += len(rows) * kernel.validation_kernel[i][:, rows] @ solved
            shares.append(kernel.validation_outputs[i] + change / max(1, len(chosen)))
        found.append(np.mean(shares, axis=0))
    return np.array(found)


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_an_ensemble_scores_the_mean_prediction(num_blocks):
    kernel, parties = random_kernel(num_blocks, num_validation_rows=7), random_parties()
    utility = KernelRegressionUtility(
        kernel, parties, CLASSES, ridge=RIDGE, metric="cross_entropy", is_ensemble=True
    )
    metric = make_metric("cross_entropy", CLASSES, 3)

    def slow(members):
        return metric(mean_outputs(kernel, parties, members), CLASSES)[None, None]

    check_answers(utility, slow, 8)
    assert utility.num_initialisations == 1
    assert utility.describe()["is_ensemble"]


def test_an_ensemble_of_one_is_that_one():
    kernel, parties = one_draw(random_kernel(1, num_validation_rows=7), 2), random_parties()
    alone, together = (
        KernelRegressionUtility(kernel, parties, CLASSES, ridge=RIDGE, is_ensemble=each)
        for each in (False, True)
    )
    np.testing.assert_array_equal(alone.power_set(), together.power_set())


def test_several_metrics_come_of_one_pass(monkeypatch):
    kernel, parties = random_kernel(1, num_validation_rows=7), random_parties()
    names = ["accuracy", "soft_accuracy", "auc"]
    several = KernelRegressionUtility(kernel, parties, CLASSES, ridge=RIDGE, metric=names)
    together = several.by_metric
    assert list(together) == names
    found = {"accuracy": together["accuracy"].power_set()}
    monkeypatch.setattr(kernel_algebra, "elimination_sums", None)  # a second pass would call it
    found |= {name: each.power_set() for name, each in together.items()}
    monkeypatch.undo()
    for name in names:
        alone = KernelRegressionUtility(kernel, parties, CLASSES, ridge=RIDGE, metric=name)
        np.testing.assert_array_equal(found[name], alone.power_set())
        np.testing.assert_array_equal(together[name].leave_one_out(), alone.leave_one_out())
        np.testing.assert_array_equal(together[name].grand(), alone.grand())
        assert together[name].describe()["metric"] == name


def test_any_function_is_a_metric():
    def least_output(outputs, targets):
        return outputs.min(axis=(1, 2))

    utility = KernelRegressionUtility(
        random_kernel(1, num_validation_rows=7),
        random_parties(),
        CLASSES,
        ridge=RIDGE,
        metric=least_output,
    )
    np.testing.assert_allclose(utility.grand()[0], utility.predictions().min(axis=(1, 2)))
    assert utility.metric == "least_output"


def test_is_a_utility_and_describes_itself():
    kernel = random_kernel(3, num_validation_rows=7)
    utility = KernelRegressionUtility(kernel, random_parties(), CLASSES, ridge=RIDGE)
    assert isinstance(utility, Utility)
    description = utility.describe()
    assert (description["metric"], description["num_validation_rows"]) == ("accuracy", 7)


def test_bad_input_is_refused():
    kernel, parties = random_kernel(1, num_validation_rows=7), random_parties()

    def make(kernel=kernel, targets=CLASSES, **options):
        return KernelRegressionUtility(kernel, parties, targets, ridge=RIDGE, **options)

    with pytest.raises(ValueError, match="with_validation=True"):
        make(random_kernel(1))
    with pytest.raises(ValueError, match="wanted 7 targets, one for each validation row, got 6"):
        make(targets=CLASSES[:6])
    with pytest.raises(ValueError, match=r"wanted classes 0..2, got 3"):
        make(targets=CLASSES + 1)
    scalar = random_kernel(1, num_outputs=1, num_validation_rows=7)
    with pytest.raises(ValueError, match="wanted mse or r2 for a single output, got accuracy"):
        make(scalar, metric="accuracy")
    with pytest.raises(ValueError, match="validation_kernel: wanted finite"):
        make(replace(kernel, validation_kernel=kernel.validation_kernel * np.nan))

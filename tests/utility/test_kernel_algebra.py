"""Utilities on a kernel that no network made."""

from dataclasses import dataclass

import numpy as np
import pytest

from davinz_jax.kernels import Kernel
from davinz_jax.linalg import NotPositiveDefiniteError
from davinz_jax.utility import ComplexityUtility, KernelRegressionUtility
from davinz_jax.utility.kernel_algebra import divide
from tests import reference
from tests.utility.cases import check_answers, random_parties

TARGETS = np.arange(7.0)


@dataclass
class PlainKernel:
    """An RBF kernel of random rows, in one block and two initialisations."""

    blocks: np.ndarray
    rows: np.ndarray
    residual: np.ndarray
    validation_kernel: np.ndarray | None = None
    validation_outputs: np.ndarray | None = None

    def describe(self):
        return {"kernel": "rbf"}


@pytest.fixture
def kernel():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(12, 3)), rng.normal(size=(7, 3))
    within, across = (np.exp(-((a[:, None] - x) ** 2).sum(-1)) for a in (x, t))
    return PlainKernel(
        np.tile(within, (2, 1, 1, 1)),
        np.arange(12)[None],
        rng.normal(size=(2, 12, 1)),
        np.tile(across, (2, 1, 1)),
        np.zeros((2, 7, 1)),
    )


def test_any_kernel_will_do(kernel):
    assert isinstance(kernel, Kernel)
    parties = random_parties(12, 4)
    utility = ComplexityUtility(kernel, parties, ridge=0.1)

    def slow(members):
        rows = members[:, parties.indices]
        return reference.complexities(kernel, rows, np.ones(12), ridge=0.1)[None]

    check_answers(utility, slow, 4)
    assert utility.describe()["kernel"] == "rbf"


def test_each_initialisation_may_have_a_ridge_of_its_own(kernel):
    parties = random_parties(12, 4)
    both = KernelRegressionUtility(
        kernel, parties, TARGETS, ridge=np.array([0.1, 2.0]), metric="mse"
    )
    for i, ridge in enumerate((0.1, 2.0)):
        alone = KernelRegressionUtility(kernel, parties, TARGETS, ridge=ridge, metric="mse")
        np.testing.assert_array_equal(both.power_set()[:, i], alone.power_set()[:, i])
        np.testing.assert_array_equal(both.leave_one_out()[:, i], alone.leave_one_out()[:, i])
    assert both.describe()["ridge"] == [0.1, 2.0]
    assert alone.describe()["ridge"] == 2.0


def test_answers_may_be_written_to(kernel):
    """What is kept between calls is not what is given out."""
    utility = ComplexityUtility(kernel, random_parties(12, 4), ridge=0.1)
    for answer in (utility.grand, utility.leave_one_out):
        first = answer()
        first += 1
        assert not np.isclose(first, answer()).any()


def test_kernels_that_are_not_finite_or_definite_are_refused(kernel):
    parties = random_parties(12, 4)
    indefinite = PlainKernel(kernel.blocks - 2 * np.eye(12), kernel.rows, kernel.residual)
    with pytest.raises(NotPositiveDefiniteError, match="smallest eigenvalue"):
        ComplexityUtility(indefinite, parties, ridge=0.1)
    for name in ("blocks", "residual", "validation_kernel", "validation_outputs"):
        spoilt = PlainKernel(**(vars(kernel) | {name: getattr(kernel, name) * np.nan}))
        argument = "kernel" if name == "blocks" else name
        with pytest.raises(ValueError, match=f"{argument}: wanted finite numbers"):
            KernelRegressionUtility(spoilt, parties, TARGETS, ridge=0.1, metric="mse")


def test_nobody_is_divided_by_nothing():
    np.testing.assert_array_equal(divide(np.array([3.0, 5.0]), np.array([2.0, 0.0])), [1.5, 0.0])
    assert divide(np.ones((2, 3, 4)), np.array([2.0, 0.0])).shape == (2, 3, 4)

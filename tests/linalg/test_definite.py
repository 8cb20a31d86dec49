"""Extreme eigenvalues and the refusal of indefinite kernels."""

import numpy as np
import pytest

from davinz_jax.linalg import (
    NotPositiveDefiniteError,
    condition_number,
    definite,
    extreme_eigenvalues,
    not_positive_definite,
)


def test_diagonal_by_hand():
    """Blocks diag(1, 4) and diag(3) with λ = 1: eigenvalues 2, 5 and 4; padding does not count."""
    blocks = np.zeros((1, 2, 2, 2))
    blocks[0, 0] = np.diag([1.0, 4.0])
    blocks[0, 1, 0, 0] = 3.0
    extremes = extreme_eigenvalues(blocks, np.array([[0, 1], [2, -1]]), ridge=1.0)
    np.testing.assert_allclose(extremes, [[2.0, 5.0]], rtol=1e-14)
    np.testing.assert_allclose(condition_number(extremes), [2.5])


@pytest.mark.parametrize("damping", [0.0, -5.0])
def test_lanczos_equals_dense(monkeypatch, damping):
    factor = np.random.default_rng(0).normal(size=(2, 1, 40, 60))
    blocks = factor @ factor.swapaxes(2, 3) + damping * np.eye(40)
    rows = np.arange(40)[None]
    dense = extreme_eigenvalues(blocks, rows, ridge=0.1)
    monkeypatch.setattr(definite, "DENSE_LIMIT", 10)
    np.testing.assert_allclose(extreme_eigenvalues(blocks, rows, ridge=0.1), dense, rtol=1e-8)


def test_refusal_names_eigenvalue_and_a_ridge_that_does():
    blocks = np.array([[[[1.0, 2.0], [2.0, 1.0]]]])  # eigenvalues -1 and 3
    error = not_positive_definite(blocks, np.array([[0, 1]]), ridge=0.5)
    assert isinstance(error, NotPositiveDefiniteError)
    assert error.min_eigenvalue == pytest.approx(-1.0)
    assert "smallest eigenvalue -1 of K with ridge 0.5; raise ridge to 2" in str(error)
    assert extreme_eigenvalues(blocks, np.array([[0, 1]]), ridge=error.ridge)[0, 0] > 0


def test_condition_number_of_an_indefinite_kernel_is_infinite():
    assert condition_number(np.array([[-1.0, 3.0]]))[0] == np.inf

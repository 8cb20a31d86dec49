"""Bilinear sums over rows."""

import numpy as np
import pytest

from davinz_jax.linalg import predictions, squares


@pytest.fixture
def system():
    """A positive definite matrix of 5 rows and right-hand sides: 2 residuals, 3 validation rows."""
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(5, 9))
    return factor @ factor.T, rng.normal(size=(5, 5))


def test_sums_by_hand():
    """Rows (1, 2) and (3, 4): squares 30; one residual, one validation row: 1·2 + 3·4 = 14."""
    rows = np.array([[1.0, 2], [3, 4]])
    assert squares().sum_rows(rows) == 30
    np.testing.assert_array_equal(predictions(1, 1).sum_rows(rows), [[14.0]])


@pytest.mark.parametrize("reduction", [squares(), predictions(3, 2)], ids=["squares", "regression"])
def test_whitened_rows_give_the_inverse(system, reduction):
    """pair(X, X) = pair(R, A R) with X = L⁻¹R, the identity that all algebra is built on."""
    matrix, rhs = system
    whitened = np.linalg.solve(np.linalg.cholesky(matrix), rhs)
    solved = np.linalg.solve(matrix, rhs)
    found = reduction.sum_rows(whitened)
    np.testing.assert_allclose(found, reduction.pair(rhs, solved), rtol=1e-10)
    assert np.shape(found) == reduction.shape


def test_one_row_equals_a_batch_of_products():
    rows = np.random.default_rng(1).normal(size=(4, 1, 5))
    found = predictions(3, 2).sum_rows(rows)
    wanted = rows[..., 2:].swapaxes(1, 2) @ rows[..., :2]
    np.testing.assert_allclose(found, wanted, rtol=1e-14)


def test_blocks_are_added_up_or_averaged():
    sizes = np.array([[2.0, 0.0], [1.0, 3.0]])
    np.testing.assert_array_equal(squares().block_factors(sizes), np.ones((2, 2)))
    factors = predictions(3, 2).block_factors(sizes)
    np.testing.assert_array_equal(factors[..., 0, 0], sizes)
    assert factors.shape == (2, 2, 1, 1)


def test_reductions_are_made_once():
    """Compiled code is kept by them."""
    assert squares() is squares()
    assert predictions(3, 2) is predictions(3, 2)

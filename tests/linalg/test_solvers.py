"""The primitives on both solvers, against NumPy."""

import numpy as np
import pytest

from davinz_jax.linalg import LapackSolver, XlaSolver, choose_solver


@pytest.fixture(params=["lapack", "jax"])
def solver(request):
    return choose_solver(request.param)


def positive_definite(shape, seed=0):
    factor = np.random.default_rng(seed).normal(size=(*shape, 2 * shape[-1]))
    return factor @ factor.swapaxes(-1, -2)


def test_gather_by_hand(solver):
    """Rows 2 and 0 of a block of three, then one row and padding, a row of the identity."""
    blocks, damping = np.arange(9.0).reshape(1, 3, 3), np.array([[0.1, 0.2, 0.3]])
    rhs = np.array([[[1.0], [2.0], [3.0]]])
    with solver.scope(9):
        matrix, sides = solver.gather(blocks, damping, rhs, np.array([[2, 0]]))
        np.testing.assert_allclose(matrix[0], [[8.3, 6.0], [2.0, 0.1]])
        np.testing.assert_array_equal(sides[0], [[3.0], [1.0]])
        matrix, sides = solver.gather(blocks, damping, rhs, np.array([[[1, -1]]]))
        np.testing.assert_allclose(matrix[0, 0], [[4.2, 0.0], [0.0, 1.0]])
        np.testing.assert_array_equal(sides[0, 0], [[2.0], [0.0]])


@pytest.mark.parametrize("shape", [(3,), (50,), (4, 3), (2, 3, 40)])
def test_whiten_and_inverse_equal_numpy(solver, shape):
    """Small matrices in one batch, large ones singly."""
    matrix = positive_definite((*shape, shape[-1])[:-1])
    rhs = np.random.default_rng(1).normal(size=(*shape, 2))
    with solver.scope(9):
        white = np.asarray(solver.whiten(matrix.copy(), rhs.copy()))
        inverse = np.asarray(solver.inverse(matrix.copy()))
    wanted = np.linalg.solve(np.linalg.cholesky(matrix), rhs)
    np.testing.assert_allclose(white, wanted, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(inverse, np.linalg.inv(matrix), rtol=1e-8, atol=1e-12)
    assert white.dtype == inverse.dtype == np.float64


@pytest.mark.parametrize("width", [2, 40])
def test_indefinite_matrices_give_nan(solver, width):
    matrix = np.eye(width)
    matrix[1, 1] = -1
    with solver.scope(9):
        assert np.isnan(np.asarray(solver.whiten(matrix.copy(), np.ones((width, 1)))[-1])).all()
        assert np.isnan(np.asarray(solver.inverse(matrix.copy()))).any()


def test_widths_are_few_where_each_costs_a_compilation():
    assert [choose_solver("lapack").round_up(width, 16) for width in (0, 1, 5, 16)] == [0, 1, 5, 16]
    assert [choose_solver("jax").round_up(width, 16) for width in (0, 1, 5, 16)] == [0, 4, 8, 16]


def test_choice():
    assert isinstance(choose_solver("lapack"), LapackSolver)
    assert isinstance(choose_solver("jax"), XlaSolver)
    assert choose_solver("auto") is choose_solver("auto")

"""Leave-one-out in closed form, against regressions refitted without the rows."""

import numpy as np
import pytest

from davinz_jax.linalg import leave_group_out_residuals, leave_one_out_residuals, spectrum

RIDGES = np.array([1e-3, 0.1, 4.0])


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(17, 9))
    return factor @ factor.T, rng.normal(size=(17, 3))


def refitted(kernel, residual, ridge, left_out, weights):
    """Residual of the rows left out, from a regression on the copies of all others."""
    kept = np.repeat(np.arange(len(kernel)), weights)
    kept = kept[~np.isin(kept, left_out)]
    shifted = kernel[np.ix_(kept, kept)] + ridge * np.eye(len(kept))
    fitted = kernel[np.ix_(left_out, kept)] @ np.linalg.solve(shifted, residual[kept])
    return residual[left_out] - fitted


def test_two_rows_by_hand():
    """K = [[2, 1], [1, 2]], λ = 1: row 0 is predicted by row 1 as r₁·1/(2 + 1)."""
    parts = spectrum(np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([[3.0], [6.0]]))
    left = leave_one_out_residuals(parts, np.array([1.0]))
    np.testing.assert_allclose(left[0, :, 0], [3 - 6 / 3, 6 - 3 / 3])


@pytest.mark.parametrize("weights", [np.ones(17, int), np.arange(17) % 3 + 1])
def test_each_row_equals_a_regression_without_it(problem, weights):
    parts = spectrum(*problem, weights)
    found = leave_one_out_residuals(parts, RIDGES)
    for at, ridge in enumerate(RIDGES):
        twin = [refitted(*problem, ridge, [row], weights)[0] for row in range(17)]
        np.testing.assert_allclose(found[at], twin, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("weights", [np.ones(17, int), np.arange(17) % 3 + 1])
def test_each_group_equals_a_regression_without_it(problem, weights):
    groups = np.array([5, 5, 5, 2, 2, 9, 2, 0, 0, 0, 0, 7, 8, 8, 1, 5, 9])
    found = leave_group_out_residuals(spectrum(*problem, weights), RIDGES, groups)
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        for at, ridge in enumerate(RIDGES):
            twin = refitted(*problem, ridge, rows, weights)
            np.testing.assert_allclose(found[at, rows], twin, rtol=1e-7, atol=1e-9)


def test_groups_of_one_row_are_leave_one_out(problem):
    parts = spectrum(*problem)
    alone = leave_group_out_residuals(parts, RIDGES, np.arange(17))
    np.testing.assert_allclose(alone, leave_one_out_residuals(parts, RIDGES), rtol=1e-9)


def test_order_of_rows_does_not_matter(problem):
    kernel, residual = problem
    order = np.random.default_rng(1).permutation(17)
    found = leave_one_out_residuals(spectrum(kernel, residual), RIDGES)
    moved = leave_one_out_residuals(spectrum(kernel[np.ix_(order, order)], residual[order]), RIDGES)
    np.testing.assert_allclose(moved, found[:, order], rtol=1e-8, atol=1e-10)


def test_a_large_ridge_leaves_the_whole_residual(problem):
    found = leave_one_out_residuals(spectrum(*problem), np.array([1e12]))
    np.testing.assert_allclose(found[0], problem[1], rtol=1e-9)


def test_float32_rounding_is_not_an_indefinite_kernel(problem):
    factor = np.random.default_rng(2).normal(size=(200, 5)).astype(np.float32)
    parts = spectrum(factor @ factor.T, np.ones((200, 1)))
    assert 0 <= parts.least_ridge < 1e-4 * parts.eigenvalues[-1]


def bad_number(kernel, residual):
    kernel = kernel.copy()
    kernel[3, 4] = np.nan
    return kernel, residual


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k, r: (k - 5 * np.eye(17), r), "kernel: wanted a positive semi-definite"),
        (bad_number, "kernel: wanted finite numbers"),
        (lambda k, r: (k, r * np.inf), "residual: wanted finite numbers"),
        (lambda k, r: (k, r, np.zeros(17)), "weights: wanted 17 finite numbers > 0"),
        (lambda k, r: (k[:0, :0], r[:0]), "kernel: wanted at least one row"),
    ],
)
def test_what_has_no_answer_is_refused(problem, change, message):
    with pytest.raises(ValueError, match=message):
        spectrum(*change(*problem))


def test_a_ridge_of_zero_is_refused(problem):
    with pytest.raises(ValueError, match="ridges: wanted finite numbers > 0"):
        leave_one_out_residuals(spectrum(*problem), np.array([0.0]))

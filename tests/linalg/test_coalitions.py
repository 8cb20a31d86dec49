"""Sums over coalitions, on both solvers, against a solve anew for each."""

import numpy as np
import pytest

from davinz_jax.linalg import (
    block_system,
    choose_solver,
    coalition_values,
    elimination_values,
    grand_sums,
    leave_one_out_values,
    prefix_values,
    squares,
)
from tests.linalg.brute import quadratic_form, random_blocks

RIDGE = 1e-2


def quadratic(_, sums, __):
    return sums


class Case:
    """A random system of 5 initialisations and 8 groups, and its slow twin."""

    def __init__(self, num_blocks, solver="lapack", *, num_groups=8, num_rows=40, has_weights=True):
        rng = np.random.default_rng(7)
        self.blocks, self.rows = random_blocks(
            rng, num_initialisations=5, num_rows=num_rows, num_blocks=num_blocks, rank=6
        )
        self.residual = rng.normal(size=(5, num_rows, 2))
        self.labels = np.concatenate(
            [np.arange(num_groups), rng.integers(0, num_groups, num_rows - num_groups)]
        )
        self.weights = (
            rng.integers(0, 4, num_rows).astype(float) if has_weights else np.ones(num_rows)
        )
        self.num_groups = num_groups
        self.system = block_system(
            self.blocks,
            self.rows,
            self.residual,
            self.labels,
            self.weights,
            ridge=RIDGE,
            solver=choose_solver(solver),
        )

    def brute(self, members):
        """Quadratic forms (i, c), each coalition anew."""
        return np.array([[self._one(i, mask) for mask in members] for i in range(5)])

    def _one(self, i, mask):
        chosen = np.flatnonzero(mask[self.labels] & (self.weights > 0))
        return quadratic_form(
            self.blocks[i],
            self.rows,
            self.residual[i],
            chosen,
            ridge=RIDGE,
            weights=self.weights,
        )


def all_members(num_groups):
    return (np.arange(2**num_groups)[:, None] >> np.arange(num_groups)) % 2 == 1


@pytest.fixture(scope="module", params=[(1, "lapack"), (3, "lapack"), (1, "jax"), (3, "jax")])
def case(request):
    return Case(*request.param)


@pytest.fixture(scope="module")
def brute_power_set():
    found = {}

    def compute(case):
        num_blocks = len(case.rows)
        if num_blocks not in found:
            found[num_blocks] = case.brute(all_members(8))
        return found[num_blocks]

    return compute


def test_two_rows_by_hand():
    """K = [[2, 1], [1, 2]], λ = 1, r = (1, 2): q = 1/3, 4/3, both 11/8."""
    system = block_system(
        np.array([[[[2.0, 1.0], [1.0, 2.0]]]]),
        np.array([[0, 1]]),
        np.array([[[1.0], [2.0]]]),
        np.array([0, 1]),
        np.ones(2),
        ridge=1.0,
        solver=choose_solver("lapack"),
    )
    expected = [0.0, 1 / 3, 4 / 3, 11 / 8]
    found = elimination_values(system, all_members(2), squares(), quadratic)
    np.testing.assert_allclose(found[0], expected, rtol=1e-14)
    prefixes = prefix_values(system, np.array([1, 0]), squares(), quadratic)
    np.testing.assert_allclose(prefixes[0], [0.0, 4 / 3, 11 / 8], rtol=1e-14)
    without = leave_one_out_values(system, squares(), quadratic)
    np.testing.assert_allclose(without[0], [4 / 3, 1 / 3], rtol=1e-14)


def test_power_set_equals_brute_force(case, brute_power_set):
    found = elimination_values(case.system, all_members(8), squares(), quadratic)
    np.testing.assert_allclose(found, brute_power_set(case), rtol=1e-8, atol=1e-12)


def test_power_set_depth_first_equals_one_batch(case, brute_power_set, monkeypatch):
    monkeypatch.setattr("davinz_jax.linalg.elimination.NODE_BUDGET", 4000)
    found = elimination_values(case.system, all_members(8), squares(), quadratic)
    np.testing.assert_allclose(found, brute_power_set(case), rtol=1e-8, atol=1e-12)


def test_prefixes_equal_brute_force(case):
    permutation = np.random.default_rng(3).permutation(8)
    members = np.zeros((9, 8), bool)
    for step, player in enumerate(permutation):
        members[step + 1 :, player] = True
    found = prefix_values(case.system, permutation, squares(), quadratic)
    np.testing.assert_allclose(found, case.brute(members), rtol=1e-8, atol=1e-12)


def test_leave_one_out_equals_brute_force(case):
    found = leave_one_out_values(case.system, squares(), quadratic)
    np.testing.assert_allclose(found, case.brute(~np.eye(8, dtype=bool)), rtol=1e-8)


@pytest.mark.parametrize("prefers", [True, False])
def test_coalitions_equal_brute_force(case, prefers, monkeypatch):
    monkeypatch.setattr("davinz_jax.linalg.coalitions._prefers_elimination", lambda *_: prefers)
    members = np.random.default_rng(4).random((12, 8)) < 0.5
    found = coalition_values(case.system, members, squares(), quadratic)
    np.testing.assert_allclose(found, case.brute(members), rtol=1e-8, atol=1e-12)


def test_grand_equals_brute_force(case):
    found = grand_sums(case.system, squares())
    np.testing.assert_allclose(found, case.brute(np.ones((1, 8), bool))[:, 0], rtol=1e-8)


@pytest.mark.parametrize("solver", ["lapack", "jax"])
def test_rows_as_groups_equal_brute_force(solver):
    case = Case(2, solver, num_groups=12, num_rows=12, has_weights=False)
    without = leave_one_out_values(case.system, squares(), quadratic)
    np.testing.assert_allclose(without, case.brute(~np.eye(12, dtype=bool)), rtol=1e-8)
    prefixes = prefix_values(case.system, np.arange(12), squares(), quadratic)
    members = np.tri(13, 12, -1, dtype=bool)
    np.testing.assert_allclose(prefixes, case.brute(members), rtol=1e-8, atol=1e-12)


def test_eigenvalues_near_the_ridge_stay_exact():
    """A kernel of rank 3 on 8 rows, λ = 1e-4: condition 1e6 and more."""
    rng = np.random.default_rng(0)
    blocks, rows = random_blocks(rng, num_initialisations=1, num_rows=24, num_blocks=1, rank=3)
    blocks *= 100.0
    residual = rng.normal(size=(1, 24, 1))
    labels = np.repeat(np.arange(8), 3)
    # float32 rounding alone puts eigenvalues of rank-deficient kernels near -1e-5·trace
    blocks[0, 0] += 2e-3 * np.eye(24, dtype=np.float32)
    system = block_system(
        blocks, rows, residual, labels, np.ones(24), ridge=1e-4, solver=choose_solver("lapack")
    )
    members = all_members(8)[1:]
    found = elimination_values(system, members, squares(), quadratic)
    expected = [
        quadratic_form(
            blocks[0],
            rows,
            residual[0],
            np.flatnonzero(mask[labels]),
            ridge=1e-4,
            weights=np.ones(24),
        )
        for mask in members
    ]
    np.testing.assert_allclose(found[0], expected, rtol=1e-8)


@pytest.mark.parametrize("ridge", [-1.0, np.nan, np.inf])
def test_bad_ridge_is_refused(ridge):
    with pytest.raises(ValueError, match="ridge: wanted a finite number"):
        block_system(
            np.ones((1, 1, 1, 1)),
            np.zeros((1, 1), int),
            np.ones((1, 1, 1)),
            np.zeros(1, int),
            np.ones(1),
            ridge=ridge,
            solver=choose_solver("lapack"),
        )

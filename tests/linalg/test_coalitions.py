"""Sums over coalitions, on both solvers, against the equation anew for each."""

import numpy as np
import pytest

from davinz_jax.linalg import (
    block_system,
    choose_solver,
    coalition_sums,
    grand_sums,
    leave_one_out_sums,
    prefix_sums,
    squares,
)
from tests.linalg.cases import Case, collect

CLOSE = dict(rtol=1e-8, atol=1e-12)


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
    prefixes, sizes = collect(prefix_sums(system, np.array([1, 0]), squares()), 3, 1)
    np.testing.assert_allclose(prefixes[0], [0.0, 4 / 3, 11 / 8], rtol=1e-14)
    np.testing.assert_array_equal(sizes[0], [0, 1, 2])
    without, sizes = collect(leave_one_out_sums(system, squares()), 2, 1)
    np.testing.assert_allclose(without[0], [4 / 3, 1 / 3], rtol=1e-14)
    np.testing.assert_array_equal(sizes[0], [1, 1])


@pytest.mark.parametrize("cache", [2**18, 3])
def test_prefixes_equal_the_equation(case, cache, monkeypatch):
    """At once and in chunks of three."""
    monkeypatch.setattr("davinz_jax.linalg.coalitions.CACHE", cache)
    permutation = np.random.default_rng(3).permutation(8)
    members = np.argsort(permutation) < np.arange(9)[:, None]
    found, sizes = collect(prefix_sums(case.system, permutation, squares()), 9)
    np.testing.assert_allclose(found, case.forms(members), **CLOSE)
    np.testing.assert_allclose(sizes[0], members @ case.system.group_sizes)


def test_leave_one_out_equals_the_equation(case):
    without = ~np.eye(8, dtype=bool)
    found, sizes = collect(leave_one_out_sums(case.system, squares()), 8)
    np.testing.assert_allclose(found, case.forms(without), rtol=1e-8)
    np.testing.assert_allclose(sizes[0], without @ case.system.group_sizes)


@pytest.mark.parametrize("prefers", [True, False])
def test_coalitions_equal_the_equation(case, prefers, monkeypatch):
    monkeypatch.setattr("davinz_jax.linalg.coalitions._prefers_elimination", lambda *_: prefers)
    members = np.random.default_rng(4).random((12, 8)) < 0.5
    found, sizes = collect(coalition_sums(case.system, members, squares()), 12)
    np.testing.assert_allclose(found, case.forms(members), **CLOSE)
    np.testing.assert_allclose(sizes[0], members @ case.system.group_sizes)


def test_no_coalition_has_no_sum(case):
    assert not list(coalition_sums(case.system, np.zeros((0, 8), bool), squares()))


def test_grand_equals_the_equation(case):
    found = grand_sums(case.system, squares())
    np.testing.assert_allclose(found, case.forms(np.ones((1, 8), bool))[:, 0], rtol=1e-8)


@pytest.mark.parametrize("solver", ["lapack", "jax"])
def test_rows_as_groups_equal_the_equation(solver):
    case = Case(2, solver, num_groups=12, num_rows=12, has_weights=False)
    without, _ = collect(leave_one_out_sums(case.system, squares()), 12)
    np.testing.assert_allclose(without, case.forms(~np.eye(12, dtype=bool)), rtol=1e-8)
    prefixes, _ = collect(prefix_sums(case.system, np.arange(12), squares()), 13)
    np.testing.assert_allclose(prefixes, case.forms(np.tri(13, 12, -1, dtype=bool)), **CLOSE)

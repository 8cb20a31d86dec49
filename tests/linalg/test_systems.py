"""Rows, groups and weights laid out in blocks."""

import numpy as np
import pytest

from davinz_jax.linalg import block_system, check_ridges, choose_solver
from davinz_jax.linalg.systems import group_index, group_positions
from tests.linalg.cases import Case

GROUPS = np.array([[0, 1, 0, -1], [1, 1, -1, -1]])


def test_sizes_of_groups_follow_the_weights():
    case = Case(3)
    wanted = np.bincount(case.groups, case.weights, minlength=8)
    np.testing.assert_allclose(case.system.group_sizes, wanted)


@pytest.mark.parametrize("solver", ["lapack", "jax"])
def test_a_row_that_counts_twice_has_half_the_ridge(solver):
    """And one that counts no time is left out."""
    system = block_system(
        np.ones((2, 1, 3, 3)),
        np.array([[2, 0, 1]]),
        np.ones((2, 3, 1)),
        np.array([0, 1, 0]),
        np.array([1.0, 0.0, 2.0]),
        ridge=np.array([0.5, 1.0]),
        solver=choose_solver(solver),
    )
    for i, ridge in enumerate((0.5, 1.0)):
        (stack,) = system.stacks[i]
        used = stack.groups[0] >= 0
        np.testing.assert_allclose(np.asarray(stack.damping)[0, used], [ridge / 2, ridge])
        np.testing.assert_array_equal(stack.weights[0, used], [2, 1])


def test_positions_of_groups_by_hand():
    np.testing.assert_array_equal(group_positions(GROUPS, 2), [[2, 0], [1, 2]])
    index = group_index(GROUPS, np.array([1]), 2)
    np.testing.assert_array_equal(index, [[[1, -1], [0, 1]]])


@pytest.mark.parametrize("ridge", [-1.0, np.nan, np.inf, np.array([1e-4, -1.0, 0, 0, 0])])
def test_bad_ridge_is_refused(ridge):
    case = Case(1)
    with pytest.raises(ValueError, match="ridge: wanted"):
        case.make_system(choose_solver("lapack"), ridge)


def test_ridges_are_one_or_one_an_initialisation():
    np.testing.assert_array_equal(check_ridges(0.5, 3), [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(check_ridges(np.array([1, 2]), 2), [1.0, 2.0])
    with pytest.raises(ValueError, match="one for each of 3 initialisations, got shape"):
        check_ridges(np.array([1.0, 2.0]), 3)

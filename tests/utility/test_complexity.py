"""The in-domain part, against the equation anew for each coalition."""

from dataclasses import replace

import numpy as np
import pytest

from davinz_jax.linalg import NotPositiveDefiniteError
from davinz_jax.types import Utility
from davinz_jax.utility import ComplexityUtility
from tests import reference
from tests.utility.cases import RIDGE, check_answers, random_kernel, random_parties, row_parties


def equation(kernel, parties, weights):
    """The equation's complexity of coalitions, (1, i, c)."""

    def compute(members):
        rows = members[:, parties.indices]
        return reference.complexities(kernel, rows, weights, ridge=RIDGE)[None]

    return compute


@pytest.mark.parametrize(
    ("num_blocks", "has_multiplicity", "solver"),
    [
        (1, False, "lapack"),
        (3, False, "lapack"),
        (1, True, "lapack"),
        (3, True, "lapack"),
        (3, True, "jax"),
    ],
)
def test_answers_equal_the_equation(num_blocks, has_multiplicity, solver):
    kernel, parties = random_kernel(num_blocks), random_parties()
    weights = np.ones(40)
    if has_multiplicity:
        weights = np.random.default_rng(8).integers(0, 4, 40).astype(float)
    utility = ComplexityUtility(
        kernel,
        parties,
        ridge=RIDGE,
        multiplicity=weights if has_multiplicity else None,
        solver=solver,
    )
    check_answers(utility, equation(kernel, parties, weights), 8)


@pytest.mark.parametrize("num_blocks", [1, 3])
def test_rows_as_players_equal_the_equation(num_blocks):
    kernel, parties = random_kernel(num_blocks, num_rows=12), row_parties(12)
    utility = ComplexityUtility(kernel, parties, ridge=RIDGE)
    members = np.random.default_rng(0).random((20, 12)) < 0.5
    check_answers(utility, equation(kernel, parties, np.ones(12)), 12, members=members)


def test_multiplicity_equals_repeated_rows():
    """Rows written out as often as they count, with the plain ridge, give the same."""
    kernel, parties = random_kernel(1, num_rows=12), random_parties(12, 3)
    weights = np.array([1, 2, 0, 3, 1, 1, 2, 1, 1, 4, 1, 1])
    drawn = np.repeat(np.arange(12), weights)
    place = np.argsort(kernel.rows[0])
    blocks = kernel.blocks[:, :, place][..., place][:, :, drawn][..., drawn]
    written_out = replace(
        kernel,
        blocks=blocks,
        rows=np.arange(len(drawn))[None],
        residual=kernel.residual[:, drawn],
    )
    labels = type(parties)(parties.indices[drawn], parties.names)
    expected = ComplexityUtility(written_out, labels, ridge=RIDGE)
    found = ComplexityUtility(kernel, parties, ridge=RIDGE, multiplicity=weights)
    np.testing.assert_allclose(found.power_set(), expected.power_set(), rtol=1e-8)
    np.testing.assert_array_equal(found.player_sizes, expected.player_sizes)


def test_identity_kernel_by_hand():
    """K = I, λ = 1, r = 1 everywhere: q(S)/n(S) = 1/2 for every coalition but the empty one."""
    kernel = random_kernel(1, num_rows=6, num_outputs=1)
    kernel = replace(
        kernel,
        blocks=np.tile(np.eye(6, dtype=np.float32), (5, 1, 1, 1)),
        residual=np.ones((5, 6, 1)),
    )
    utility = ComplexityUtility(kernel, random_parties(6, 3), ridge=1)
    np.testing.assert_allclose(utility.power_set()[0, 0], [0.0] + 7 * [np.sqrt(0.5)], rtol=1e-14)


def test_cost_falls_with_ridge():
    kernel, parties = random_kernel(3), random_parties()
    costs = [ComplexityUtility(kernel, parties, ridge=r).grand() for r in (1e-3, 1e-1, 10.0)]
    assert (np.diff(costs, axis=0) < 0).all()


def test_is_a_utility_and_describes_itself():
    utility = ComplexityUtility(random_kernel(3), random_parties(), ridge=RIDGE)
    assert isinstance(utility, Utility)
    assert utility.terms == ("complexity",)
    assert utility.player_sizes.sum() == 40
    description = utility.describe()
    assert (description["ridge"], description["num_blocks"]) == (RIDGE, 3)


def test_indefinite_kernel_is_refused_with_a_ridge_that_does():
    kernel, parties = random_kernel(1), random_parties()
    kernel.blocks[2, 0] -= 30 * np.eye(40, dtype=np.float32)
    with pytest.raises(NotPositiveDefiniteError, match="smallest eigenvalue") as caught:
        ComplexityUtility(kernel, parties, ridge=RIDGE)
    ComplexityUtility(kernel, parties, ridge=caught.value.ridge)


def test_bad_input_is_refused():
    kernel, parties = random_kernel(1), random_parties()
    with pytest.raises(ValueError, match="ridge: wanted"):
        ComplexityUtility(kernel, parties, ridge=-1e-4)
    with pytest.raises(ValueError, match="wanted at least two, got 1"):
        ComplexityUtility(kernel, random_parties(40, 1), ridge=RIDGE)
    with pytest.raises(ValueError, match="one party for each of 40 rows, got 41"):
        ComplexityUtility(kernel, random_parties(41), ridge=RIDGE)
    for weights in (np.full(40, -1.0), np.zeros(40), np.full(40, np.nan)):
        with pytest.raises(ValueError, match="multiplicity: wanted finite numbers"):
            ComplexityUtility(kernel, parties, ridge=RIDGE, multiplicity=weights)
    with pytest.raises(ValueError, match="multiplicity: wanted one number for each"):
        ComplexityUtility(kernel, parties, ridge=RIDGE, multiplicity=np.ones(3))
    kernel.residual[0, 0] = np.inf
    with pytest.raises(ValueError, match="residual: wanted finite numbers"):
        ComplexityUtility(kernel, parties, ridge=RIDGE)


def test_too_many_players_for_the_power_set():
    utility = ComplexityUtility(random_kernel(1), row_parties(40), ridge=RIDGE)
    with pytest.raises(ValueError, match="at most 24 for all coalitions, got 40"):
        utility.power_set()


@pytest.mark.parametrize("solver", ["lapack", "jax"])
@pytest.mark.parametrize("num_blocks", [1, 3])
def test_nobody_alone_costs_nothing(num_blocks, solver):
    """A batch that holds the empty coalition and no other."""
    utility = ComplexityUtility(
        random_kernel(num_blocks), random_parties(), ridge=RIDGE, solver=solver
    )
    assert not utility.coalitions(np.zeros((1, 8), bool)).any()
    assert not utility.coalitions(np.zeros((3, 8), bool)).any()

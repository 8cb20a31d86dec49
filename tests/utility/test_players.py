"""Checks that all utilities make of coalitions and permutations."""

import numpy as np
import pytest

from davinz_jax.utility import (
    ComplexityUtility,
    DiscrepancyUtility,
    FunctionUtility,
    all_coalitions,
)
from tests.utility.cases import RIDGE, random_inputs, random_kernel, random_parties


@pytest.fixture(scope="module", params=["complexity", "discrepancy", "function"])
def utility(request):
    if request.param == "complexity":
        return ComplexityUtility(random_kernel(1), random_parties(), ridge=RIDGE)
    if request.param == "discrepancy":
        return DiscrepancyUtility(*random_inputs(), random_parties(), bandwidth=2.0)
    return FunctionUtility(len, list("abcdefgh"))


def test_no_coalition_has_no_value(utility):
    num = utility.num_initialisations
    assert utility.coalitions(np.zeros((0, 8), bool)).shape == (1, num, 0)


def test_marks_of_other_players_are_refused(utility):
    with pytest.raises(ValueError, match="one mark for each of 8 players, got 7"):
        utility.coalitions(np.zeros((2, 7), bool))


@pytest.mark.parametrize("permutation", [[0, 1], [0, 0, 1, 2, 3, 4, 5, 6]])
def test_half_a_permutation_is_refused(utility, permutation):
    with pytest.raises(ValueError, match="permutation: wanted each of 0..7 once"):
        utility.prefixes(np.array(permutation))


def test_coalitions_are_listed_by_their_bits():
    members = all_coalitions(3)
    np.testing.assert_array_equal(members @ [1, 2, 4], np.arange(8))
    with pytest.raises(ValueError, match="at most 24 for all coalitions, got 25"):
        all_coalitions(25)

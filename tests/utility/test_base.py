"""Answers made of coalitions, and sums of utilities."""

import jax.numpy as jnp
import numpy as np
import pytest

from davinz_jax.types import Utility
from davinz_jax.utility import AbstractUtility, FunctionUtility, WeightedSum
from davinz_jax.utility.base import number_repeated
from tests.utility.cases import check_answers


class Sizes(AbstractUtility):
    """The least that a utility is: worth is the number of members, to the power i + 1."""

    terms = ("size",)

    def __init__(self, num_players=4, num_initialisations=2):
        self.players = tuple(f"p{j}" for j in range(num_players))
        self.player_sizes = np.ones(num_players, np.int64)
        self.num_initialisations = num_initialisations

    def coalitions(self, members):
        size = members.sum(1)
        return np.array([[size ** (i + 1.0) for i in range(self.num_initialisations)]])


def index_sum(num_players=4):
    """A utility of one initialisation: the sum of members' numbers."""
    names = [f"p{j}" for j in range(num_players)]
    return FunctionUtility(sum, names, receives="indices", term="index")


def test_a_utility_without_coalitions_is_none():
    with pytest.raises(TypeError, match="abstract"):
        AbstractUtility()  # pyright: ignore[reportAbstractUsage]


def test_all_answers_are_made_of_coalitions():
    utility = Sizes()
    assert isinstance(utility, Utility)
    check_answers(utility, utility.coalitions, 4)
    assert utility.describe() == {"kind": "Sizes", "terms": ["size"]}
    with pytest.raises(ValueError, match="permutation: wanted"):
        utility.prefixes(np.array([0, 0, 1, 2]))


def test_weighted_sum_by_hand():
    """3·size − index of {1, 2}: 3·2 and 3·4, minus 3 in both initialisations."""
    found = 3 * Sizes() - index_sum()
    members = np.array([[False, True, True, False]])
    np.testing.assert_array_equal(found.coalitions(members)[..., 0], [[6.0, 12.0], [-3.0, -3.0]])
    assert found.terms == ("size", "index")
    assert found.num_initialisations == 2


def test_all_answers_of_a_sum_are_sums_of_answers():
    size, index = Sizes(), index_sum()
    utility = 0.5 * size + index * 2

    def slow(members):
        doubled = np.repeat(2 * index.coalitions(members), 2, axis=1)
        return np.concatenate([0.5 * size.coalitions(members), doubled])

    assert isinstance(utility, Utility)
    check_answers(utility, slow, 4)


def test_sums_are_taken_apart_unless_they_have_a_name():
    size, index = Sizes(), index_sum()
    nested = 2 * (size - 3 * index)
    assert [weight for weight, _ in nested.summands] == [2, -6]
    assert nested.describe() == {
        "kind": "weighted_sum",
        "weights": {"Sizes": 2, "function": -6},
        "Sizes": size.describe(),
        "function": index.describe(),
    }
    named = (size - index).with_description(kind="net", unit="rows")
    assert named.describe()["unit"] == "rows"
    twice = 2 * named
    assert [utility for _, utility in twice.summands] == [named]
    assert twice.describe()["net"] == named.describe()
    np.testing.assert_array_equal(twice.power_set(), 2 * named.power_set())


@pytest.mark.parametrize("weight", [np.float64(2), np.array(2), jnp.array(2.0), 2])
def test_any_number_scales(weight):
    size = Sizes()
    assert isinstance(weight * size, WeightedSum)
    np.testing.assert_array_equal((size * weight).grand(), 2 * size.grand())
    np.testing.assert_array_equal((-size).grand(), -size.grand())


def test_a_term_that_occurs_twice_is_numbered():
    assert (Sizes() + Sizes()).terms == ("size", "size_2")
    assert number_repeated(["a", "b", "a", "a"]) == ("a", "b", "a_2", "a_3")


def test_summands_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="players and sizes of size, got others in index"):
        Sizes() + index_sum(5)
    with pytest.raises(ValueError, match="wanted 1 or 3 initialisations, got 2 in size"):
        Sizes() + Sizes(num_initialisations=3)
    with pytest.raises(ValueError, match="weight: wanted a finite number, got nan"):
        np.nan * Sizes()

"""Any function of a coalition."""

import numpy as np
import pytest

from davinz_jax.types import Utility
from davinz_jax.utility import FunctionUtility
from tests.utility.cases import check_answers


def weigh(indices):
    """Square of the sum of members' numbers, for two initialisations."""
    total = float(sum(j + 1 for j in indices))
    return [total**2, total]


def test_answers_agree():
    game = FunctionUtility(weigh, list("abcde"), receives="indices", num_initialisations=2)

    def slow(members):
        totals = members @ np.arange(1.0, 6.0)
        return np.array([[totals**2, totals]])

    assert isinstance(game, Utility)
    check_answers(game, slow, 5)


def test_each_coalition_is_evaluated_once_and_by_name():
    seen = []

    def length(names):
        seen.append(names)
        return len(names)

    game = FunctionUtility(length, ["b", "a"], empty=0)
    game.power_set()
    game.leave_one_out()
    game.prefixes(np.array([1, 0]))
    assert sorted(seen) == [("a",), ("b",), ("b", "a")]
    assert game.num_evaluations == 4
    assert game.describe()["kind"] == "function"
    np.testing.assert_array_equal(game.player_sizes, [1, 1])


@pytest.mark.parametrize("value", [np.nan, [1.0, 2.0]])
def test_bad_values_are_refused(value):
    with pytest.raises(ValueError, match=r"function: wanted 1 finite number.*\('a',\)"):
        FunctionUtility(lambda _: value, ["a", "b"], empty=0).power_set()


def test_bad_players_are_refused():
    for players in (["a"], ["a", "a"]):
        with pytest.raises(ValueError, match="two or more different names"):
            FunctionUtility(len, players)
    with pytest.raises(ValueError, match="sizes: wanted one for each of 2"):
        FunctionUtility(len, ["a", "b"], sizes=[1])

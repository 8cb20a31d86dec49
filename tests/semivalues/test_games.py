"""Games: their worths by hand, and their closed forms against enumeration."""

import itertools
import math

import numpy as np
import pytest

from davinz_jax.semivalues import games
from davinz_jax.semivalues.size_weights import banzhaf_weights, beta_weights, shapley_weights
from davinz_jax.types import Utility
from davinz_jax.utility import all_coalitions

NAMES = ["airport", "glove", "unanimity", "majority", "voting", "additive"]


def marginal_means(game, weights):
    """Definition, coalition by coalition: Σ_S P(|S|)/C(p−1, |S|) (u(S ∪ j) − u(S))."""
    num = len(game.players)
    values = np.zeros((len(game.terms), game.num_initialisations, num))
    for j in range(num):
        others = [k for k in range(num) if k != j]
        for size in range(num):
            for chosen in itertools.combinations(others, size):
                members = np.isin(np.arange(num), chosen)
                joined = members | (np.arange(num) == j)
                gain = np.diff(game.coalitions(np.stack([members, joined])))[..., 0]
                values[..., j] += weights[size] / math.comb(num - 1, size) * gain
    return values


def test_shapley_of_airport_by_hand():
    """Costs 1, 2, 4: levels of 1, 1, 2 are shared by three, two, one."""
    game = games.airport(np.array([1.0, 2.0, 4.0]))
    expected = [1 / 3, 1 / 3 + 1 / 2, 1 / 3 + 1 / 2 + 2]
    np.testing.assert_allclose(game.semivalue(shapley_weights(3))[0, 0], expected)


def test_shapley_of_one_left_and_two_right_gloves_by_hand():
    """The left glove is pivotal unless it comes first: 2/3; the others share 1/3."""
    np.testing.assert_allclose(
        games.glove(1, 2).semivalue(shapley_weights(3))[0, 0], [2 / 3, 1 / 6, 1 / 6]
    )


def test_banzhaf_of_majority_of_three_by_hand():
    """A voter is pivotal when just one of the two others agrees: 2 of 4 coalitions."""
    np.testing.assert_allclose(games.majority(3).semivalue(banzhaf_weights(3))[0, 0], [0.5] * 3)


def test_shapley_of_voting_by_hand():
    """Votes 2, 1, 1 of which 3 are needed: the first is pivotal unless it comes first: 2/3."""
    game = games.voting(np.array([2, 1, 1]))
    np.testing.assert_allclose(game.semivalue(shapley_weights(3))[0, 0], [2 / 3, 1 / 6, 1 / 6])


@pytest.mark.parametrize("name", NAMES)
def test_closed_forms_equal_the_definition(small_games, name):
    game = small_games[name]
    num = len(game.players)
    for weights in (
        shapley_weights(num),
        banzhaf_weights(num),
        beta_weights(num, alpha=4, beta=0.5),
    ):
        np.testing.assert_allclose(
            game.semivalue(weights), marginal_means(game, weights), atol=1e-12
        )


@pytest.mark.parametrize("name", NAMES)
def test_answers_agree_with_each_other(small_games, name):
    game = small_games[name]
    num = len(game.players)
    members, worths = all_coalitions(num), game.power_set()
    np.testing.assert_array_equal(worths, game.coalitions(members))
    order = np.random.default_rng(0).permutation(num)
    index = np.concatenate([[0], np.cumsum(1 << order)])
    np.testing.assert_array_equal(game.prefixes(order), worths[..., index])
    without = (1 << num) - 1 - (1 << np.arange(num))
    np.testing.assert_array_equal(game.leave_one_out(), worths[..., -1:] - worths[..., without])


def test_a_game_is_a_utility(small_games, wide_game):
    assert all(isinstance(game, Utility) for game in [*small_games.values(), wide_game])
    assert wide_game.power_set().shape == (2, 3, 2**15)


def test_a_table_has_its_entries_and_no_closed_form():
    game = games.table(np.array([0.0, 1.0, 2.0, 5.0]))
    np.testing.assert_array_equal(game.power_set()[0, 0], [0, 1, 2, 5])
    with pytest.raises(ValueError, match="known values"):
        game.semivalue(shapley_weights(2))
    with pytest.raises(ValueError, match="2\\^p entries"):
        games.table(np.zeros(3))


def test_combining_wants_equal_games():
    with pytest.raises(ValueError, match="as many games"):
        games.combine({"a": [games.majority(3)], "b": [games.majority(3)] * 2})
    with pytest.raises(ValueError, match="same players"):
        games.combine({"a": [games.majority(3)], "b": [games.majority(4)]})

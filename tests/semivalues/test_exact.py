"""Exact semivalues against closed forms."""

import jax
import numpy as np
import pytest

from davinz_jax import equations
from davinz_jax.semivalues import exact_semivalue, games
from davinz_jax.semivalues.exact import check_enumerable, semivalue_of_table
from davinz_jax.semivalues.size_weights import (
    banzhaf_weights,
    beta_weights,
    shapley_weights,
)

NAMES = ["airport", "glove", "unanimity", "majority", "additive"]


def several_weights(num_players):
    """Those of the semivalues, of leave-one-out, and of a player who joins nobody."""
    return (
        shapley_weights(num_players),
        banzhaf_weights(num_players),
        beta_weights(num_players, alpha=16, beta=1),
        beta_weights(num_players, alpha=1, beta=4),
        np.eye(num_players)[-1],
        np.eye(num_players)[0],
    )


def test_two_players_by_hand():
    """Worths 0, 1, 2, 5: marginals of the first 1 and 3, of the second 2 and 4."""
    table = np.array([0.0, 1.0, 2.0, 5.0])
    np.testing.assert_allclose(semivalue_of_table(table, shapley_weights(2)), [2.0, 3.0])


def test_shapley_equals_the_equation():
    table = np.random.default_rng(0).normal(size=2**7)
    with jax.enable_x64(True):
        wanted, without = equations.shapley(table), equations.leave_one_out(table)
    found = semivalue_of_table(table, shapley_weights(7))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
    last = semivalue_of_table(table, np.eye(7)[-1])
    np.testing.assert_allclose(last, without, rtol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_known_values(small_games, name):
    game = small_games[name]
    for weights in several_weights(len(game.players)):
        found = exact_semivalue(game, weights, "any").contributions
        np.testing.assert_allclose(found, game.semivalue(weights), rtol=1e-12, atol=1e-13)


def test_terms_and_initialisations_are_valued_apart(wide_game):
    for weights in several_weights(15):
        found = exact_semivalue(wide_game, weights, "any")
        np.testing.assert_allclose(found.contributions, wide_game.semivalue(weights), atol=1e-12)


def test_one_player_gets_everything():
    for weights in several_weights(1):
        np.testing.assert_allclose(semivalue_of_table(np.array([2.0, 5.0]), weights), [3.0])


def test_too_many_players_are_refused_with_the_cost(small_games):
    with pytest.raises(ValueError, match=r"at most 20 .* got 21 \(2\^21 = 2.1e\+06 .*antithetic"):
        exact_semivalue(games.majority(21), shapley_weights(21), "shapley")
    with pytest.raises(ValueError, match="at most 4"):
        exact_semivalue(small_games["majority"], shapley_weights(5), "shapley", max_players=4)
    check_enumerable(20)


def test_progress_is_told(small_games):
    told = []
    exact_semivalue(
        small_games["glove"],
        shapley_weights(6),
        "shapley",
        progress=lambda *said: told.append(said),
    )
    assert told == [(64, 64, "shapley")]

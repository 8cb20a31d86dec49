"""Leave-one-out against the definition."""

import numpy as np

from davinz_jax.semivalues import exact_semivalue, leave_one_out


def test_airport_by_hand(small_games):
    """Costs 1, 4, 2, 4, 7: only the longest runway is missed, 7 − 4."""
    valuation = leave_one_out(small_games["airport"])
    np.testing.assert_allclose(valuation.values, [0, 0, 0, 0, 3])
    assert valuation.method == "leave_one_out"
    assert valuation.num_samples == 0


def test_it_is_the_semivalue_of_the_largest_coalition(small_games):
    for game in small_games.values():
        exact = exact_semivalue(game, np.eye(len(game.players))[-1], "last")
        np.testing.assert_allclose(leave_one_out(game).values, exact.values, atol=1e-12)

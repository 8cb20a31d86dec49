"""Standalone values against single coalitions."""

import numpy as np

from davinz_jax.semivalues import standalone


def test_airport_by_hand(small_games):
    np.testing.assert_array_equal(standalone(small_games["airport"]).values, [1, 4, 2, 4, 7])


def test_batches_make_no_difference(wide_game):
    whole, parts = standalone(wide_game), standalone(wide_game, batch_size=4)
    np.testing.assert_array_equal(whole.contributions, parts.contributions)
    singles = wide_game.coalitions(np.eye(15, dtype=bool))
    np.testing.assert_array_equal(whole.contributions, singles)


def test_progress_counts_players(wide_game):
    told = []
    standalone(wide_game, batch_size=10, progress=lambda *said: told.append(said))
    assert told == [(10, 15, "standalone"), (15, 15, "standalone")]

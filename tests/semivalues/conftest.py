"""Games and estimators shared by the tests of semivalues."""

import numpy as np
import pytest

from davinz_jax.semivalues import games


@pytest.fixture(scope="session")
def small_games() -> dict[str, games.Game]:
    """Games of a few players, by name."""
    return {
        "airport": games.airport(np.array([1.0, 4.0, 2.0, 4.0, 7.0])),
        "glove": games.glove(2, 4),
        "unanimity": games.unanimity(6, [1, 3, 4]),
        "majority": games.majority(5),
        "voting": games.voting(np.array([1, 1, 2, 4])),
        "additive": games.additive(np.array([0.5, -1.0, 2.0, 0.0])),
    }


@pytest.fixture(scope="session")
def wide_game() -> games.Game:
    """A game of 15 players, two terms and three initialisations with known values."""
    runway = games.airport(np.arange(1.0, 16.0))
    return games.combine(
        {
            "cost": [runway, games.airport(np.arange(15) / 3 + 1), runway],
            "pairs": [games.glove(7, 8), games.majority(15), games.unanimity(15, [2, 5])],
        }
    )
